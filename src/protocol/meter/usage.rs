//! Usage objects, normalised (PROTOCOLS.md section 4.2).

use crate::domain::protocol::Protocol;
use crate::domain::usage::{OpenAiCounts, Reasoning, TokenCounts};
use crate::protocol::json::{Cursor, Kind};

/// Reads the usage object that comes next into `usage`; what is no object, or counts nothing, leaves it as it was.
pub(super) fn read(protocol: Protocol, cursor: &mut Cursor<'_>, usage: &mut Option<TokenCounts>) {
    if cursor.kind() != Some(Kind::Object) {
        return;
    }
    match protocol {
        Protocol::ChatCompletions | Protocol::Responses => *usage = read_openai(cursor).or(*usage),
        Protocol::AnthropicMessages => read_anthropic(cursor, usage),
        Protocol::Gemini | Protocol::BedrockConverse => {}
    }
}

/// Both of OpenAI's spellings. Where a compatible server sends both, one of them is zero, so the larger one counts. The
/// vendor is not known here: one that counts reasoning beside the output is found out by its numbers, or not at all.
fn read_openai(cursor: &mut Cursor<'_>) -> Option<TokenCounts> {
    let mut counts = OpenAiCounts::default();
    cursor.members(|key, cursor| match key.raw {
        b"prompt_tokens" | b"input_tokens" => counts.input = counts.input.max(count(cursor)),
        b"completion_tokens" | b"output_tokens" => counts.output = counts.output.max(count(cursor)),
        b"total_tokens" => counts.total = count(cursor),
        // Moonshot's and DeepSeek's own spellings.
        b"cached_tokens" | b"prompt_cache_hit_tokens" => raise(&mut counts.cache_read, cursor),
        b"prompt_tokens_details" | b"input_tokens_details" => cursor.members(|key, cursor| match key.raw {
            b"cached_tokens" => raise(&mut counts.cache_read, cursor),
            b"cache_write_tokens" => raise(&mut counts.cache_write, cursor),
            _ => {}
        }),
        b"completion_tokens_details" | b"output_tokens_details" => cursor.members(|key, cursor| {
            if key.raw == b"reasoning_tokens" {
                raise(&mut counts.reasoning, cursor);
            }
        }),
        _ => {}
    });
    counts.normalised(Reasoning::Within)
}

/// A stream's later usage objects are cumulative and may leave fields out, so each field replaces only itself.
fn read_anthropic(cursor: &mut Cursor<'_>, usage: &mut Option<TokenCounts>) {
    cursor.members(|key, cursor| {
        let field: fn(&mut TokenCounts) -> &mut u64 = match key.raw {
            b"input_tokens" => |counts| &mut counts.input,
            b"output_tokens" => |counts| &mut counts.output,
            b"cache_read_input_tokens" => |counts| &mut counts.cache_read,
            b"cache_creation_input_tokens" => |counts| &mut counts.cache_write,
            b"output_tokens_details" => {
                return cursor.members(|key, cursor| {
                    if let (b"thinking_tokens", Some(thinking)) = (key.raw, count(cursor)) {
                        usage.get_or_insert_default().reasoning = thinking;
                    }
                });
            }
            _ => return,
        };
        if let Some(count) = count(cursor) {
            *field(usage.get_or_insert_default()) = count;
        }
    });
}

fn count(cursor: &mut Cursor<'_>) -> Option<u64> {
    cursor.value()?.number()
}

fn raise(counted: &mut u64, cursor: &mut Cursor<'_>) {
    *counted = count(cursor).unwrap_or_default().max(*counted);
}
