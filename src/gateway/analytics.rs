//! A call as a data point of Workers Analytics Engine, whose columns have numbers in place of names. SCALE.md tells
//! operators which is which: a column keeps its place for ever, and a new one goes to the end.

use crate::json::json;
use crate::store::usage::UsageRow;
use serde_json::Value;

/// The texts, blob1 to blob11, as the row calls them.
pub const BLOBS: [&str; 11] = [
    "provider_name",
    "provider_id",
    "model",
    "model_id",
    "token_id",
    "user_id",
    "protocol",
    "upstream_protocol",
    "status",
    "error_code",
    "streamed",
];

/// The numbers, double1 to double12. The row has money in billionths.
pub const DOUBLES: [&str; 12] = [
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_nano_usd",
    "billed_nano_usd",
    "latency_ms",
    "first_byte_ms",
    "attempts",
    "estimated",
    "priced",
];

/// The data point of a call, as `writeDataPoint` takes it: sampled by project, with empty texts and -1 where there is
/// nothing to say, and money in dollars.
pub fn point(row: &UsageRow) -> Value {
    let columns = row.columns();
    let value = |wanted: &str| columns.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
    let blobs: Vec<String> = BLOBS.iter().map(|name| text(value(name))).collect();
    let doubles: Vec<f64> =
        DOUBLES.iter().map(|name| number(value(name)) * if name.ends_with("_nano_usd") { 1e-9 } else { 1.0 }).collect();
    json!({"indexes": [row.project_id], "blobs": blobs, "doubles": doubles})
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn number(value: Option<&Value>) -> f64 {
    match value {
        Some(Value::Bool(yes)) => f64::from(u8::from(*yes)),
        Some(Value::Number(number)) => number.as_f64().unwrap_or(-1.0),
        _ => -1.0,
    }
}
