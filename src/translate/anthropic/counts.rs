//! What a call consumed, in Anthropic's words.

use crate::domain::usage::TokenCounts;
use crate::json::{Members, json};
use crate::translate::wire;
use serde_json::{Map, Value};

/// A `usage` object.
pub(super) fn write(counts: TokenCounts) -> Value {
    let mut usage = json!({
        "input_tokens": counts.input,
        "cache_creation_input_tokens": counts.cache_write,
        "cache_read_input_tokens": counts.cache_read,
        "output_tokens": counts.output,
    });
    if let (1.., Some(usage)) = (counts.reasoning, usage.as_object_mut()) {
        usage.put("output_tokens_details", json!({"thinking_tokens": counts.reasoning}));
    }
    usage
}

/// Reads a `usage` object into what is known already. A stream's later ones are cumulative and may leave fields out, so
/// each field replaces only itself.
pub(super) fn read(usage: &Value, counts: &mut Option<TokenCounts>) {
    let Some(usage) = usage.as_object() else { return };
    let details = usage.get("output_tokens_details").and_then(Value::as_object);
    for (count, field) in [
        (count(usage, "input_tokens"), (|counts| &mut counts.input) as fn(&mut TokenCounts) -> &mut u64),
        (count(usage, "cache_creation_input_tokens"), |counts| &mut counts.cache_write),
        (count(usage, "cache_read_input_tokens"), |counts| &mut counts.cache_read),
        (count(usage, "output_tokens"), |counts| &mut counts.output),
        (details.and_then(|details| count(details, "thinking_tokens")), |counts| &mut counts.reasoning),
    ] {
        if let Some(count) = count {
            *field(counts.get_or_insert_default()) = count;
        }
    }
}

fn count(usage: &Map<String, Value>, field: &str) -> Option<u64> {
    usage.get(field).and_then(wire::count)
}
