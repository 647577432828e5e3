//! Reasoning of another upstream's in a body that goes through as it is.
//!
//! An agent may go on at Claude with a conversation that it began at a GPT. What the gateway packed for it then means
//! nothing to Claude, which refuses signatures that are not its own (PROTOCOLS.md section 5).

use super::neutral::{SIGNATURE_PREFIX, Signature};
use crate::domain::ids::ProviderId;
use crate::domain::protocol::Protocol;
use memchr::memmem;
use serde_json::{Map, Value};

/// The body without reasoning that the gateway had packed; untouched, to the byte, where there is none.
pub fn without_foreign_signatures(protocol: Protocol, body: Vec<u8>) -> Vec<u8> {
    if memmem::find(&body, SIGNATURE_PREFIX.as_bytes()).is_none() {
        return body;
    }
    let Ok(Value::Object(mut request)) = serde_json::from_slice(&body) else { return body };
    let removed = match protocol {
        Protocol::ChatCompletions => each(&mut request, "messages", without_details),
        Protocol::Responses => without_items(&mut request),
        Protocol::AnthropicMessages => each(&mut request, "messages", without_blocks),
        Protocol::Gemini | Protocol::BedrockConverse => Found::Nothing,
    };
    match removed {
        Found::Packed => Value::Object(request).to_string().into_bytes(),
        Found::Nothing => body,
    }
}

/// The providers that made what a body carries and only its maker can read back, as far as the gateway packed it; the
/// latest last. A vendor's own signatures do not say which account made them.
pub fn issuers(body: &[u8]) -> Vec<ProviderId> {
    let packed = |at: usize| {
        let rest = body.get(at..).unwrap_or_default();
        let is_legal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let end = rest.iter().position(|byte| !is_legal(byte)).unwrap_or(rest.len());
        let text = std::str::from_utf8(rest.get(..end)?).ok()?;
        ProviderId::parse(&Signature::unpack(text)?.provider)
    };
    memmem::find_iter(body, SIGNATURE_PREFIX).filter_map(packed).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Packed,
    Nothing,
}

fn each(request: &mut Map<String, Value>, list: &str, remove: fn(&mut Map<String, Value>) -> Found) -> Found {
    let elements = request.get_mut(list).and_then(Value::as_array_mut);
    let objects = elements.into_iter().flatten().filter_map(Value::as_object_mut);
    objects.map(remove).fold(Found::Nothing, |found, one| if one == Found::Packed { one } else { found })
}

/// Chat Completions: the extension fields, which OpenAI has no names for.
fn without_details(message: &mut Map<String, Value>) -> Found {
    let details = message.get("reasoning_details").and_then(Value::as_array);
    let is_ours = details.is_some_and(|details| details.iter().any(|detail| is_packed(detail.get("data"))));
    if !is_ours {
        return Found::Nothing;
    }
    message.shift_remove("reasoning_details");
    message.shift_remove("reasoning_content");
    Found::Packed
}

/// Anthropic: the thinking blocks.
fn without_blocks(message: &mut Map<String, Value>) -> Found {
    let Some(blocks) = message.get_mut("content").and_then(Value::as_array_mut) else { return Found::Nothing };
    without(blocks, |block| is_packed(block.get("signature")) || is_packed(block.get("data")))
}

/// Responses: the reasoning items, and the ids of the others, which were the gateway's, too.
fn without_items(request: &mut Map<String, Value>) -> Found {
    let Some(items) = request.get_mut("input").and_then(Value::as_array_mut) else { return Found::Nothing };
    let found = without(items, |item| is_packed(item.get("encrypted_content")));
    if found == Found::Packed {
        for item in items.iter_mut().filter_map(Value::as_object_mut) {
            let kind = item.get("type").and_then(Value::as_str);
            if matches!(kind, None | Some("message" | "function_call" | "custom_tool_call")) {
                item.shift_remove("id");
            }
        }
    }
    found
}

fn without(elements: &mut Vec<Value>, is_foreign: impl Fn(&Value) -> bool) -> Found {
    let before = elements.len();
    elements.retain(|element| !is_foreign(element));
    if elements.len() == before { Found::Nothing } else { Found::Packed }
}

fn is_packed(value: Option<&Value>) -> bool {
    value.and_then(Value::as_str).is_some_and(|text| text.starts_with(SIGNATURE_PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(protocol: Protocol, body: Value, expected: Value) {
        let stripped = without_foreign_signatures(protocol, body.to_string().into_bytes());
        assert_eq!(serde_json::from_slice::<Value>(&stripped).expect("JSON"), expected);
    }

    fn packed() -> String {
        Signature { protocol: Protocol::Gemini, provider: "aip_1".into(), payload: "{}".into() }.pack()
    }

    #[test]
    fn a_conversation_that_moves_to_another_vendor_leaves_its_reasoning_behind() {
        check(
            Protocol::AnthropicMessages,
            json!({"messages": [{"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": packed()},
                {"type": "redacted_thinking", "data": packed()},
                {"type": "thinking", "thinking": "own", "signature": "EqQB"},
                {"type": "text", "text": "yes"}]}]}),
            json!({"messages": [{"role": "assistant", "content": [
                {"type": "thinking", "thinking": "own", "signature": "EqQB"}, {"type": "text", "text": "yes"}]}]}),
        );
        check(
            Protocol::Responses,
            json!({"input": [{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": packed()},
                {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": "{}"}]}),
            json!({"input": [{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}]}),
        );
        check(
            Protocol::ChatCompletions,
            json!({"messages": [{"role": "assistant", "content": "yes", "reasoning_content": "hm",
                "reasoning_details": [{"type": "reasoning.encrypted", "data": packed(), "index": 0}]}]}),
            json!({"messages": [{"role": "assistant", "content": "yes"}]}),
        );
    }

    #[test]
    fn a_body_says_who_made_what_was_packed_for_it() {
        let made_by = |provider: &str| {
            Signature { protocol: Protocol::Gemini, provider: provider.into(), payload: "{}".into() }.pack()
        };
        let (one, other) = ("aip_0123456789abcdef", "aip_fedcba9876543210");
        let body = json!({"messages": [made_by(one), "sluice.v1.?", made_by("nobody"), {"signature": made_by(other)}]});
        let found = issuers(body.to_string().as_bytes());
        assert_eq!(found.iter().map(ProviderId::as_str).collect::<Vec<_>>(), [one, other]);
        assert_eq!(issuers(br#"{"signature": "EqQB"}"#), []);
    }

    #[test]
    fn a_body_that_only_speaks_of_it_stays_as_it_is_to_the_byte() {
        let body = br#"{ "messages":[{"role":"user","content":"what is sluice.v1.?"}], "seed": 1.0 }"#.to_vec();
        assert_eq!(without_foreign_signatures(Protocol::ChatCompletions, body.clone()), body);
    }
}
