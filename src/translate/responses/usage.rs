//! `usage`, written (PROTOCOLS.md section 4.2). It is read as Chat Completions' is.

use crate::domain::usage::TokenCounts;
use crate::json::json;
use serde_json::Value;

/// Writes a usage object, with every counter that the SDKs require.
pub(super) fn write(usage: TokenCounts) -> Value {
    let input = usage.input.saturating_add(usage.cache_read).saturating_add(usage.cache_write);
    json!({
        "input_tokens": input,
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": input.saturating_add(usage.output),
    })
}
