//! How much a request asks a model to read, counted in place: the characters of its texts, and its images.

use super::body::RequestBody;
use super::json::{Cursor, Kind};
use std::borrow::Cow;

/// Where the three client protocols, and embeddings, put what a model reads.
const TEXTS: [&str; 4] = ["messages", "input", "system", "instructions"];

/// What each protocol calls an image; the last one is what Responses' clients send back from a computer.
const IMAGES: [&str; 4] = ["image_url", "input_image", "image", "computer_screenshot"];

/// Message, its content, a tool's result in it, the result's content: nothing that a model reads lies deeper.
const MAX_DEPTH: u32 = 5;

/// The size of a prompt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Characters of the system prompt, the messages and the tools' results. What the tools are and what they were
    /// called with does not count.
    pub chars: u64,
    /// Images among them.
    pub images: u64,
}

impl Prompt {
    /// Measures a request of any of the client protocols. One pass over the members that hold texts.
    pub fn of(body: &RequestBody) -> Self {
        let mut prompt = Self::default();
        for value in TEXTS.into_iter().filter_map(|key| body.get(key)) {
            prompt.add(&mut Cursor::new(value.raw), MAX_DEPTH);
        }
        prompt
    }

    /// Adds a text, a part, or a list of either.
    fn add(&mut self, cursor: &mut Cursor<'_>, depth: u32) {
        match cursor.kind() {
            Some(Kind::String) => self.add_text(cursor),
            Some(Kind::Array) if depth > 0 => cursor.elements(|element| match element.kind() {
                Some(Kind::String) => self.add_text(element),
                Some(Kind::Object) => self.add_part(element, depth - 1),
                _ => {}
            }),
            Some(Kind::Object) if depth > 0 => self.add_part(cursor, depth - 1),
            _ => {}
        }
    }

    /// Adds a message, an item or a part: all three are told apart by the same keys.
    fn add_part(&mut self, cursor: &mut Cursor<'_>, depth: u32) {
        cursor.members(|key, value| {
            if key.is("text") {
                self.add_text(value);
            } else if key.is("content") || key.is("output") {
                self.add(value, depth);
            } else if key.is("type") {
                let kind = value.value().and_then(|value| value.text());
                self.images += u64::from(kind.is_some_and(|kind| IMAGES.contains(&&*kind)));
            }
        });
    }

    fn add_text(&mut self, cursor: &mut Cursor<'_>) {
        let text = cursor.value().and_then(|value| value.text());
        self.chars += text.map_or(0, |text| u64::try_from(text.chars().count()).unwrap_or(u64::MAX));
    }
}

/// The first text of a conversation: what stays the same in all of its turns, however a client spells them.
pub fn opening(body: &RequestBody) -> Option<Cow<'_, str>> {
    let conversation = body.get("messages").or_else(|| body.get("input"))?;
    let mut first = None;
    find_text(&mut Cursor::new(conversation.raw), MAX_DEPTH, &mut first);
    first
}

fn find_text<'a>(cursor: &mut Cursor<'a>, depth: u32, first: &mut Option<Cow<'a, str>>) {
    match cursor.kind() {
        _ if first.is_some() => {}
        Some(Kind::String) => *first = cursor.value().and_then(|value| value.text()),
        Some(Kind::Array) if depth > 0 => cursor.elements(|element| find_text(element, depth - 1, first)),
        Some(Kind::Object) if depth > 0 => cursor.members(|key, value| {
            if key.is("text") || key.is("content") {
                find_text(value, depth - 1, first);
            }
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn measured(body: Value) -> (u64, u64) {
        let body = RequestBody::parse(body.to_string().into_bytes()).expect("a body");
        let Prompt { chars, images } = Prompt::of(&body);
        (chars, images)
    }

    #[test]
    fn each_protocols_texts_and_images_count_alike() {
        let chat = json!({"messages": [
            {"role": "system", "content": "héé"},
            {"role": "user", "content": [{"type": "text", "text": "a\n\"b"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]},
            {"role": "assistant", "content": null, "tool_calls": [{"id": "1", "type": "function",
                "function": {"name": "f", "arguments": "{\"text\": \"not read\"}"}}]},
            {"role": "tool", "tool_call_id": "1", "content": "12345"}]});
        let responses = json!({"instructions": "héé", "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "a\n\"b"},
                {"type": "input_image", "image_url": "https://x.example/text.png"}]},
            {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{\"text\": \"not read\"}"},
            {"type": "function_call_output", "call_id": "1", "output": "12345"}]});
        let anthropic = json!({"system": [{"type": "text", "text": "héé"}], "messages": [
            {"role": "user", "content": [{"type": "text", "text": "a\n\"b"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {"text": "no"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1",
                "content": [{"type": "text", "text": "12345"}]}]}]});
        for body in [chat, responses, anthropic] {
            assert_eq!(measured(body.clone()), (3 + 4 + 5, 1), "{body}");
        }
    }

    #[test]
    fn an_input_may_be_one_text_or_many() {
        assert_eq!(measured(json!({"input": "four"})), (4, 0));
        assert_eq!(measured(json!({"input": ["four", "2x", 7]})), (6, 0));
        assert_eq!(measured(json!({"messages": "odd", "input": {"content": [[["deep"]]]}})), (3, 0));
        assert_eq!(measured(json!({})), (0, 0));
    }

    #[test]
    fn a_conversation_opens_alike_in_each_of_its_turns() {
        for body in [
            json!({"input": "hi"}),
            json!({"input": [{"role": "user", "content": "hi"}, {"type": "reasoning", "encrypted_content": "x"}]}),
            json!({"instructions": "now", "input": [{"content": [{"type": "input_text", "text": "hi"}]}]}),
            json!({"messages": [{"role": "user", "content": [{"cache_control": {}, "type": "text", "text": "hi"}]}]}),
        ] {
            let body = RequestBody::parse(body.to_string().into_bytes()).expect("a body");
            assert_eq!(opening(&body).as_deref(), Some("hi"));
        }
    }

    #[test]
    fn an_image_in_a_tools_result_counts() {
        let result = json!([{"type": "image", "source": {}}, {"type": "text", "text": "ab"}]);
        let body = json!({"messages": [{"role": "user", "content": [{"type": "tool_result", "content": result}]}]});
        assert_eq!(measured(body), (2, 1));
        let screenshot = json!({"type": "computer_screenshot", "image_url": "data:"});
        assert_eq!(measured(json!({"input": [{"type": "computer_call_output", "output": screenshot}]})), (0, 1));
    }
}
