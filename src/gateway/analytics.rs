//! A call as a data point of Workers Analytics Engine, whose columns have numbers in place of names. SCALE.md tells
//! operators which is which: a column keeps its place for ever, and a new one goes to the end.

use crate::json::json;
use crate::store::usage::UsageRow;
use serde_json::Value;

/// The texts: blob1 to blob11.
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

/// The numbers: double1 to double12.
pub const DOUBLES: [&str; 12] = [
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_usd",
    "billed_usd",
    "latency_ms",
    "first_byte_ms",
    "attempts",
    "estimated",
    "priced",
];

/// The data point of a call, as `writeDataPoint` takes it: sampled by project, with empty texts and -1 where there is
/// nothing to say.
pub fn point(row: &UsageRow) -> Value {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let usd = |nano: i64| nano as f64 / 1e9;
    json!({
        "indexes": [row.project_id],
        "blobs": [
            text(&row.provider_name),
            text(&row.provider_id),
            text(&row.model),
            text(&row.model_id),
            text(&row.token_id),
            text(&row.user_id),
            row.protocol,
            row.upstream_protocol.unwrap_or_default(),
            row.status.to_string(),
            row.error_code.unwrap_or_default(),
            row.streamed.to_string(),
        ],
        "doubles": [
            row.input_tokens,
            row.output_tokens,
            row.cache_read_tokens,
            row.cache_write_tokens,
            row.reasoning_tokens,
            usd(row.cost_nano_usd),
            usd(row.billed_nano_usd),
            row.latency_ms,
            row.first_byte_ms.unwrap_or(-1),
            row.attempts,
            u64::from(row.estimated),
            u64::from(row.priced),
        ],
    })
}
