//! `usage`, read and written (PROTOCOLS.md section 4.2).

use crate::domain::usage::TokenCounts;
use crate::json::json;
use serde_json::Value;

/// Reads a usage object; `None` if it counts nothing. Compatible servers write Chat's names too.
pub(super) fn read(usage: &Value) -> Option<TokenCounts> {
    let count = |key: &str| usage.get(key).and_then(Value::as_u64);
    let detail = |names: [&str; 2], key: &str| {
        let counted = names.into_iter().filter_map(|name| usage.get(name)?.get(key)?.as_u64());
        counted.max().unwrap_or_default()
    };
    let input = count("input_tokens").max(count("prompt_tokens"));
    let output = count("output_tokens").max(count("completion_tokens"));
    if input.is_none() && output.is_none() {
        return None;
    }
    let (input, output) = (input.unwrap_or_default(), output.unwrap_or_default());
    let inputs = ["input_tokens_details", "prompt_tokens_details"];
    let (cache_read, cache_write) = (detail(inputs, "cached_tokens"), detail(inputs, "cache_write_tokens"));
    let reasoning = detail(["output_tokens_details", "completion_tokens_details"], "reasoning_tokens");
    // xAI leaves reasoning out of the output, and its total gives that away.
    let with_reasoning = output.saturating_add(reasoning);
    let is_apart = count("total_tokens") == Some(input.saturating_add(with_reasoning));
    Some(TokenCounts {
        input: input.saturating_sub(cache_read).saturating_sub(cache_write),
        output: if is_apart { with_reasoning } else { output },
        cache_read,
        cache_write,
        reasoning,
    })
}

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
