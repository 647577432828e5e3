//! `/openapi.json`: what this API is, for programs. It holds nothing that is not in the source.

use super::{Reply, World};
use crate::refusal::{Reason, Refusal};

/// OpenAPI 3.1, made of the tables by `tests/native/openapi`, which fails where it is stale. It is a static file, because
/// it would be a fortieth of the wasm.
const FILE: &str = "/openapi.json";

/// The document. It needs no token, but a deployment that is open for business.
pub async fn get(world: World<'_>) -> Result<Reply, Refusal> {
    world.deployment.root()?;
    let Some(document) = world.files.read(FILE).await else {
        let message = "openapi.json was not deployed beside the Worker: deploy again with `npm run deploy`";
        return Err(Refusal::new(Reason::Internal, message));
    };
    Ok(Reply { status: 200, headers: vec![("cache-control", "public, max-age=300".into())], body: Some(document) })
}
