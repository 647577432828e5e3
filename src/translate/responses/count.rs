//! `POST /v1/responses/input_tokens`: how many tokens a request has.

use super::write_request;
use crate::domain::invalid::Invalid;
use crate::translate::neutral::{Bridge, Losses, Request, Target};
use serde_json::{Map, Value};

/// What the endpoint takes of a request to answer.
const COUNTED: [&str; 8] =
    ["model", "input", "instructions", "tools", "tool_choice", "text", "reasoning", "parallel_tool_calls"];

/// The body that asks for a request's tokens.
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
    Ok(body)
}

/// The count in the answer.
pub fn read_count(body: &Value) -> Option<u64> {
    body.get("input_tokens")?.as_u64()
}
