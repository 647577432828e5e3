//! `/openapi.json`: what this API is, for programs. It holds nothing that is not in the source.

use super::{Reply, World};
use crate::refusal::Refusal;

/// OpenAPI 3.1, made of the tables by `tests/native/openapi`, which fails where it is stale.
const DOCUMENT: &str = include_str!("../../openapi.json");

/// The document. It needs no token, but a deployment that is open for business.
pub fn get(world: World<'_>) -> Result<Reply, Refusal> {
    world.deployment.root()?;
    Ok(Reply {
        status: 200,
        headers: vec![("cache-control", "public, max-age=300".into())],
        body: Some(DOCUMENT.to_owned()),
    })
}
