//! `POST /model/{id}/count-tokens`.

use super::fields::one;
use super::request_out::write_request;
use crate::domain::invalid::Invalid;
use crate::translate::neutral::{Bridge, Losses, Request, Target};
use serde_json::{Map, Value};

/// What is counted.
const COUNTED: [&str; 3] = ["messages", "system", "toolConfig"];

/// Writes the body that asks how many tokens the request's prompt has.
///
/// # Errors
/// As [`write_request`].
pub fn write_count(
    request: Request,
    target: &Target<'_>,
    bridge: &mut Bridge,
    losses: &mut Losses,
) -> Result<Map<String, Value>, Invalid> {
    let mut body = write_request(request, target, bridge, losses)?;
    body.retain(|key, _| COUNTED.contains(&key.as_str()));
    Ok([("input".to_owned(), one("converse", body))].into_iter().collect())
}

/// Reads the answer; `None` if it is none.
pub fn read_count(body: &Value) -> Option<u64> {
    body.get("inputTokens")?.as_u64()
}
