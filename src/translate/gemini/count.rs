//! `:countTokens`.

use super::write_request;
use crate::domain::invalid::Invalid;
use crate::json::Members;
use crate::translate::neutral::{Bridge, Losses, Request, Target};
use serde_json::{Map, Value};

/// Writes the body for `:countTokens`: the whole request, so that tools and the system prompt are counted too.
///
/// # Errors
/// As [`write_request`].
pub fn write_count(
    request: Request,
    target: &Target<'_>,
    bridge: &mut Bridge,
    losses: &mut Losses,
) -> Result<Map<String, Value>, Invalid> {
    let mut counted = Map::new();
    counted.put("model", resource(target.model));
    counted.extend(write_request(request, target, bridge, losses)?);
    Ok(Map::from_iter([("generateContentRequest".to_owned(), counted.into())]))
}

/// The count; `None` if the answer has none.
pub fn read_count(body: &Value) -> Option<u64> {
    body.get("totalTokens").and_then(Value::as_u64)
}

/// `models/<m>`, as bodies name a model.
pub(super) fn resource(model: &str) -> String {
    if model.contains('/') { model.to_owned() } else { format!("models/{model}") }
}
