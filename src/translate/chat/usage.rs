//! `usage`, both ways (PROTOCOLS.md section 4.2).

use crate::domain::kind::Kind;
use crate::domain::usage::{OpenAiCounts, Reasoning, TokenCounts};
use crate::json::json;
use crate::translate::wire::count;
use serde_json::Value;

/// Reads a usage object, Chat's or Responses'; `None` for what counts nothing. Both spellings are read, because some
/// compatibles send both with one of them zero.
pub fn read(usage: &Value, kind: Kind) -> Option<TokenCounts> {
    let larger = |keys: [&str; 2]| keys.iter().filter_map(|key| count(usage.get(key)?)).max();
    let detail = |keys: [&str; 2], name: &str| keys.iter().filter_map(|key| count(usage.get(key)?.get(name)?)).max();
    let of_input = ["prompt_tokens_details", "input_tokens_details"];
    let of_output = ["completion_tokens_details", "output_tokens_details"];
    let unless_told = if kind == Kind::XAi { Reasoning::Beside } else { Reasoning::Within };
    OpenAiCounts {
        input: larger(["prompt_tokens", "input_tokens"]),
        output: larger(["completion_tokens", "output_tokens"]),
        total: usage.get("total_tokens").and_then(count),
        // The second ones are Moonshot's and DeepSeek's own spellings.
        cache_read: detail(of_input, "cached_tokens")
            .max(larger(["cached_tokens", "prompt_cache_hit_tokens"]))
            .unwrap_or_default(),
        cache_write: detail(of_input, "cache_write_tokens").unwrap_or_default(),
        reasoning: detail(of_output, "reasoning_tokens").unwrap_or_default(),
    }
    .normalised(unless_told)
}

/// The usage object that a client reads.
pub(super) fn write(usage: TokenCounts) -> Value {
    let TokenCounts { input, output, cache_read, cache_write, reasoning } = usage;
    let prompt = input.saturating_add(cache_read).saturating_add(cache_write);
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": prompt.saturating_add(output),
        "prompt_tokens_details": {"cached_tokens": cache_read, "cache_write_tokens": cache_write},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cached_is_told_apart_and_comes_back() {
        let openai = json!({"prompt_tokens": 2006, "completion_tokens": 300, "total_tokens": 2306,
            "prompt_tokens_details": {"cached_tokens": 1920, "cache_write_tokens": 6},
            "completion_tokens_details": {"reasoning_tokens": 256}});
        let counts = TokenCounts { input: 80, output: 300, cache_read: 1920, cache_write: 6, reasoning: 256 };
        assert_eq!(read(&openai, Kind::OpenAi), Some(counts));
        assert_eq!(write(counts), openai);
    }

    #[test]
    fn xai_counts_reasoning_outside_of_the_completion_and_sometimes_the_cache_outside_of_the_prompt() {
        let xai = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 115,
            "prompt_tokens_details": {"cached_tokens": 64}, "completion_tokens_details": {"reasoning_tokens": 100}});
        let counts = TokenCounts { input: 10, output: 105, cache_read: 64, cache_write: 0, reasoning: 100 };
        assert_eq!(read(&xai, Kind::XAi), Some(counts));
        let without_total = json!({"prompt_tokens": 10, "completion_tokens": 50,
            "completion_tokens_details": {"reasoning_tokens": 20}});
        assert_eq!(read(&without_total, Kind::XAi).map(|counts| counts.output), Some(70));
        assert_eq!(read(&without_total, Kind::OpenAi).map(|counts| counts.output), Some(50));
    }

    #[test]
    fn what_counts_nothing_is_no_usage() {
        for nothing in [json!(null), json!({}), json!([1]), json!({"prompt_tokens": "7"})] {
            assert_eq!(read(&nothing, Kind::Custom), None, "{nothing}");
        }
    }
}
