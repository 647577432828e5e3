//! Where the words are in each protocol's bodies and events, so that a filter is written once for all of them.

use serde_json::Value;

use crate::envelope::{Call, Event, Protocol};

/// Whose words a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The application's: system and developer messages, instructions.
    System,
    /// The user's.
    User,
    /// The model's.
    Assistant,
    /// A tool's: what it was given and what it said.
    Tool,
}

impl Role {
    fn named(name: Option<&Value>) -> Self {
        match name.and_then(Value::as_str) {
            Some("system" | "developer") => Self::System,
            Some("assistant") => Self::Assistant,
            Some("tool" | "function") => Self::Tool,
            _ => Self::User,
        }
    }
}

type Visit<'v> = &'v mut dyn FnMut(Role, &mut String);

impl Call {
    /// Visits every text of a request's body: messages, instructions, inputs, tools' arguments and results.
    pub fn texts_in_request(&self, body: &mut Value, mut visit: impl FnMut(Role, &mut String)) {
        let visit: Visit<'_> = &mut visit;
        match self.protocol {
            Protocol::Responses => {
                member(body, "instructions", Role::System, visit);
                items(body, "input", Role::User, visit);
            }
            Protocol::Embeddings => member(body, "input", Role::User, visit),
            Protocol::ChatCompletions | Protocol::AnthropicMessages | Protocol::Other => {
                member(body, "system", Role::System, visit);
                each(body, "messages", |message| self::message(message, visit));
            }
        }
    }

    /// Visits every text of a whole answer that a reader would see.
    pub fn texts_in_response(&self, body: &mut Value, mut visit: impl FnMut(&mut String)) {
        let visit: Visit<'_> = &mut |_, text| visit(text);
        match self.protocol {
            Protocol::Responses => items(body, "output", Role::Assistant, visit),
            Protocol::AnthropicMessages => member(body, "content", Role::Assistant, visit),
            _ => each(body, "choices", |choice| {
                if let Some(message) = choice.get_mut("message") {
                    self::message(message, visit);
                }
            }),
        }
    }

    /// Visits the piece of text that an event of a streamed answer brings. A word may be cut in two anywhere between
    /// two events.
    pub fn text_in_event(&self, event: &mut Event, mut visit: impl FnMut(&mut String)) {
        let visit: Visit<'_> = &mut |_, text| visit(text);
        let data = &mut event.data;
        match self.protocol {
            Protocol::Responses => {
                if data.get("type").and_then(Value::as_str) == Some("response.output_text.delta") {
                    member(data, "delta", Role::Assistant, visit);
                }
            }
            Protocol::AnthropicMessages => {
                if let Some(delta) = data.get_mut("delta") {
                    member(delta, "text", Role::Assistant, visit);
                }
            }
            _ => each(data, "choices", |choice| {
                if let Some(delta) = choice.get_mut("delta") {
                    member(delta, "content", Role::Assistant, visit);
                }
            }),
        }
    }
}

fn each(value: &mut Value, name: &str, act: impl FnMut(&mut Value)) {
    if let Some(Value::Array(values)) = value.get_mut(name) {
        values.iter_mut().for_each(act);
    }
}

/// A member that is a text, a list of texts, or a list of parts with texts.
fn member(value: &mut Value, name: &str, role: Role, visit: Visit<'_>) {
    if let Some(content) = value.get_mut(name) {
        self::content(content, role, visit);
    }
}

fn content(content: &mut Value, role: Role, visit: Visit<'_>) {
    match content {
        Value::String(text) => visit(role, text),
        Value::Array(parts) => parts.iter_mut().for_each(|each| part(each, role, visit)),
        _ => {}
    }
}

fn part(part: &mut Value, role: Role, visit: Visit<'_>) {
    match part.get("type").and_then(Value::as_str) {
        None => content(part, role, visit),
        Some("tool_use") => {
            if let Some(input) = part.get_mut("input") {
                strings(input, visit);
            }
        }
        Some("tool_result") => member(part, "content", Role::Tool, visit),
        Some("thinking" | "redacted_thinking") => {}
        Some(_) => {
            member(part, "text", role, visit);
            member(part, "refusal", role, visit);
        }
    }
}

fn message(message: &mut Value, visit: Visit<'_>) {
    let role = Role::named(message.get("role"));
    member(message, "content", role, visit);
    each(message, "tool_calls", |call| {
        if let Some(function) = call.get_mut("function") {
            arguments(function, visit);
        }
    });
}

/// The `input` or `output` of Responses: a text, or a list of items.
fn items(body: &mut Value, name: &str, role: Role, visit: Visit<'_>) {
    match body.get_mut(name) {
        Some(Value::String(text)) => visit(role, text),
        Some(Value::Array(items)) => items.iter_mut().for_each(|item| {
            match item.get("type").and_then(Value::as_str) {
                Some("function_call") => arguments(item, visit),
                Some("function_call_output") => member(item, "output", Role::Tool, visit),
                // A summary belongs to a signed piece of reasoning: changed, the upstream refuses it.
                Some("reasoning") => {}
                _ => message(item, visit),
            }
        }),
        _ => {}
    }
}

/// A tool's arguments, JSON within a text: its strings are visited, so that it stays JSON.
fn arguments(function: &mut Value, visit: Visit<'_>) {
    let Some(Value::String(text)) = function.get_mut("arguments") else { return };
    match serde_json::from_str::<Value>(text) {
        Ok(mut arguments) => {
            let before = arguments.clone();
            strings(&mut arguments, visit);
            if arguments != before {
                *text = arguments.to_string();
            }
        }
        Err(_) => visit(Role::Tool, text),
    }
}

fn strings(value: &mut Value, visit: Visit<'_>) {
    match value {
        Value::String(text) => visit(Role::Tool, text),
        Value::Array(values) => values.iter_mut().for_each(|each| strings(each, visit)),
        Value::Object(members) => members.values_mut().for_each(|each| strings(each, visit)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(protocol: Protocol) -> Call {
        Call {
            request_id: String::new(),
            protocol,
            path: String::new(),
            stream: false,
            model: String::new(),
            project_id: String::new(),
            token_id: String::new(),
            user_id: None,
            headers: Default::default(),
        }
    }

    fn seen(protocol: Protocol, mut body: Value) -> (Vec<String>, Value) {
        let mut seen = Vec::new();
        call(protocol).texts_in_request(&mut body, |role, text| {
            seen.push(format!("{role:?}:{text}"));
            text.make_ascii_uppercase();
        });
        (seen, body)
    }

    #[test]
    fn every_text_of_a_chat_is_visited_and_can_be_changed() {
        let (seen, body) = seen(
            Protocol::ChatCompletions,
            json!({"model": "m", "messages": [
                {"role": "developer", "content": "a"},
                {"role": "user", "content": [{"type": "text", "text": "b"}, {"type": "image_url", "image_url": {"url": "u"}}]},
                {"role": "assistant", "content": null, "tool_calls": [{"id": "1", "type": "function",
                    "function": {"name": "f", "arguments": "{\"q\":[\"c\",1]}"}}]},
                {"role": "tool", "tool_call_id": "1", "content": "d"}]}),
        );
        assert_eq!(seen, ["System:a", "User:b", "Tool:c", "Tool:d"]);
        assert_eq!(body["messages"][2]["tool_calls"][0]["function"]["arguments"], r#"{"q":["C",1]}"#);
        assert_eq!(body["messages"][1]["content"][1]["image_url"]["url"], "u");
    }

    #[test]
    fn every_text_of_anthropic_messages_is_visited_and_thinking_is_left_alone() {
        let (seen, _) = seen(
            Protocol::AnthropicMessages,
            json!({"system": [{"type": "text", "text": "a"}], "messages": [
                {"role": "user", "content": "b"},
                {"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "signature": "s"},
                    {"type": "tool_use", "id": "1", "name": "f", "input": {"q": "c"}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1",
                    "content": [{"type": "text", "text": "d"}]}]}]}),
        );
        assert_eq!(seen, ["System:a", "User:b", "Tool:c", "Tool:d"]);
    }

    #[test]
    fn every_text_of_responses_and_of_embeddings_is_visited() {
        let (seen_items, _) = seen(
            Protocol::Responses,
            json!({"instructions": "a", "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "b"}]},
                {"type": "function_call", "call_id": "1", "name": "f", "arguments": "not json"},
                {"type": "function_call_output", "call_id": "1", "output": "d"},
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "r"}]}]}),
        );
        assert_eq!(seen_items, ["System:a", "User:b", "Tool:not json", "Tool:d"]);
        assert_eq!(seen(Protocol::Responses, json!({"input": "a"})).0, ["User:a"]);
        assert_eq!(seen(Protocol::Embeddings, json!({"input": ["a", "b"]})).0, ["User:a", "User:b"]);
        assert_eq!(seen(Protocol::ChatCompletions, json!({"messages": "?"})).0, [""; 0]);
    }

    #[test]
    fn answers_and_events_give_their_text_in_each_protocol() {
        let cases = [
            (
                Protocol::ChatCompletions,
                json!({"choices": [{"message": {"role": "assistant", "content": "x"}}]}),
                json!({"choices": [{"delta": {"content": "x"}}]}),
            ),
            (
                Protocol::Responses,
                json!({"output": [{"type": "message", "content": [{"type": "output_text", "text": "x"}]}]}),
                json!({"type": "response.output_text.delta", "delta": "x"}),
            ),
            (
                Protocol::AnthropicMessages,
                json!({"content": [{"type": "text", "text": "x"}]}),
                json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "x"}}),
            ),
        ];
        for (protocol, mut body, data) in cases {
            let mut count = 0;
            call(protocol).texts_in_response(&mut body, |text| count += text.len());
            call(protocol).text_in_event(&mut Event { name: None, data }, |text| count += text.len());
            assert_eq!(count, 2, "{protocol:?}");
        }
    }
}
