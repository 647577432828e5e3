//! A call as a data point of Workers Analytics Engine, whose columns have numbers in place of names. SCALE.md tells
//! operators which is which: a column keeps its place for ever, and a new one goes to the end.

use crate::store::usage::UsageRow;

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

/// A data point.
#[derive(Debug, Clone, PartialEq)]
pub struct Point<'a> {
    /// What it is sampled by: the project's id.
    pub index: &'a str,
    /// Its texts; empty where there is none.
    pub blobs: [String; BLOBS.len()],
    /// Its numbers; -1 where there is none.
    pub doubles: [f64; DOUBLES.len()],
}

/// The data point of a call.
pub fn point(row: &UsageRow) -> Point<'_> {
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let usd = |nano: i64| nano as f64 / 1e9;
    let truth = |yes: bool| f64::from(u8::from(yes));
    Point {
        index: &row.project_id,
        blobs: [
            optional(&row.provider_name),
            optional(&row.provider_id),
            optional(&row.model),
            optional(&row.model_id),
            optional(&row.token_id),
            optional(&row.user_id),
            row.protocol.to_owned(),
            row.upstream_protocol.unwrap_or_default().to_owned(),
            row.status.to_string(),
            row.error_code.unwrap_or_default().to_owned(),
            row.streamed.to_string(),
        ],
        doubles: [
            row.input_tokens as f64,
            row.output_tokens as f64,
            row.cache_read_tokens as f64,
            row.cache_write_tokens as f64,
            row.reasoning_tokens as f64,
            usd(row.cost_nano_usd),
            usd(row.billed_nano_usd),
            row.latency_ms as f64,
            row.first_byte_ms.map_or(-1.0, |ms| ms as f64),
            f64::from(row.attempts),
            truth(row.estimated),
            truth(row.priced),
        ],
    }
}
