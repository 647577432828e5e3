//! How much text a whole answer has, for an estimate where its upstream counts nothing.

use super::observed::{chat_delta, string_bytes};
use crate::domain::protocol::Protocol;
use crate::protocol::json::Cursor;

/// Bytes of generated text in an answer in `protocol`: what [`super::StreamMeter::text_bytes`] says of its streamed twin,
/// as they stand in JSON.
pub fn answer_text_bytes(protocol: Protocol, body: &[u8]) -> u64 {
    let mut bytes = 0;
    Cursor::new(body).members(|key, cursor| match (protocol, key.raw) {
        (Protocol::ChatCompletions, b"choices") => cursor.elements(|cursor| {
            cursor.members(|key, cursor| {
                if key.raw == b"message" {
                    bytes += chat_delta(cursor);
                }
            });
        }),
        (Protocol::Responses, b"output") => cursor.elements(|cursor| bytes += item(cursor)),
        (Protocol::AnthropicMessages, b"content") => cursor.elements(|cursor| bytes += block(cursor)),
        _ => {}
    });
    bytes
}

/// An item of Responses' output: a message's parts, a summary, the arguments or the input of a call.
fn item(cursor: &mut Cursor<'_>) -> u64 {
    let mut bytes = 0;
    cursor.members(|key, cursor| match key.raw {
        b"content" | b"summary" => cursor.elements(|cursor| {
            cursor.members(|key, cursor| {
                if let b"text" | b"refusal" = key.raw {
                    bytes += string_bytes(cursor);
                }
            });
        }),
        b"arguments" | b"input" => bytes += string_bytes(cursor),
        _ => {}
    });
    bytes
}

/// A block of Anthropic's content. A call's input is an object here, and its JSON in a stream.
fn block(cursor: &mut Cursor<'_>) -> u64 {
    let mut bytes = 0;
    cursor.members(|key, cursor| match key.raw {
        b"text" | b"thinking" => bytes += string_bytes(cursor),
        b"input" => bytes += cursor.value().map_or(0, |value| value.raw.len() as u64),
        _ => {}
    });
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use Protocol::{AnthropicMessages, ChatCompletions, Gemini, Responses};

    #[test]
    fn the_text_of_an_answer_counts_and_what_is_about_it_does_not() {
        for (protocol, body, expected) in [
            (
                ChatCompletions,
                r#"{"id":"chatcmpl-1","choices":[{"message":{"role":"assistant","content":"12345"}}]}"#,
                5,
            ),
            (
                ChatCompletions,
                r#"{"choices":[{"message":{"content":null,"tool_calls":[{"id":"call_1","function":{"name":"abc","arguments":"{}"}}]}},{"message":{"content":"xy"}}]}"#,
                7,
            ),
            (
                Responses,
                r#"{"instructions":"not this","output":[{"type":"reasoning","summary":[{"text":"123"}]},{"type":"message","content":[{"type":"output_text","text":"12345"}]},{"type":"function_call","arguments":"{}"}]}"#,
                10,
            ),
            (
                AnthropicMessages,
                r#"{"content":[{"type":"thinking","thinking":"123","signature":"sig"},{"type":"text","text":"1234"},{"type":"tool_use","input":{"a":1}}]}"#,
                14,
            ),
            (ChatCompletions, r#"{"object":"list","data":[{"embedding":[0.1]}]}"#, 0),
            (Gemini, r#"{"content":[{"text":"1234"}]}"#, 0),
            (Responses, "[]", 0),
        ] {
            assert_eq!(answer_text_bytes(protocol, body.as_bytes()), expected, "{body}");
        }
    }
}
