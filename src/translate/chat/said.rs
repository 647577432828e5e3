//! What a message, or a chunk's delta, says: the two are spelled alike.

use super::citations;
use crate::translate::neutral::Citation;
use serde_json::{Map, Value};

/// What an upstream says in one go.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// What it thinks, and the field that it thinks in.
    pub(super) reasoning: Option<(&'static str, String)>,
    /// Text.
    pub(super) content: String,
    /// What the text rests on.
    pub(super) citations: Vec<Citation>,
    /// That it declines.
    pub(super) refusal: String,
    /// Calls, or pieces of calls.
    pub(super) calls: Vec<Fragment>,
}

/// A call, or a piece of one.
#[derive(Debug, Default)]
pub(super) struct Fragment {
    /// Which call of the message it belongs to.
    pub(super) index: Option<u64>,
    /// The call's id.
    pub(super) id: Option<String>,
    /// The tool's name.
    pub(super) name: Option<String>,
    /// More of the input.
    pub(super) input: String,
    /// What the input is.
    pub(super) form: Form,
}

/// What a call's input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Form {
    /// A JSON object.
    #[default]
    Json,
    /// Free text.
    Text,
}

impl Said {
    /// Reads a `message` or a `delta`.
    pub(super) fn of(mut message: Map<String, Value>) -> Self {
        let mut said = Self::default();
        for field in ["reasoning_content", "reasoning"] {
            if said.reasoning.is_none() {
                said.reasoning = take_text(&mut message, field).map(|text| (field, text));
            }
        }
        match message.get_mut("content").map(Value::take) {
            Some(Value::String(text)) => said.content = text,
            Some(Value::Array(parts)) => said.parts(parts),
            _ => {}
        }
        said.refusal = take_text(&mut message, "refusal").unwrap_or_default();
        if let Some(Value::Array(annotations)) = message.get("annotations") {
            said.citations = annotations.iter().filter_map(citations::read).collect();
        }
        if let Some(Value::Array(calls)) = message.get_mut("tool_calls").map(Value::take) {
            said.calls = calls.into_iter().filter_map(Fragment::of).collect();
        }
        if let Some(Value::Object(call)) = message.get_mut("function_call").map(Value::take)
            && said.calls.is_empty()
        {
            said.calls.push(Fragment { index: Some(0), ..Fragment::of_function(call) });
        }
        said
    }

    /// Content as parts, which OpenAI does not send and some compatibles do.
    fn parts(&mut self, parts: Vec<Value>) {
        for part in parts {
            let Value::Object(mut part) = part else { continue };
            match part.get("type").and_then(Value::as_str) {
                Some("text") => self.content.push_str(&take_text(&mut part, "text").unwrap_or_default()),
                Some("refusal") => self.refusal.push_str(&take_text(&mut part, "refusal").unwrap_or_default()),
                Some("thinking") => {
                    if let Some(Value::Array(thoughts)) = part.get_mut("thinking").map(Value::take) {
                        let texts = thoughts.iter().filter_map(|thought| thought.get("text")?.as_str());
                        let (_, thinking) = self.reasoning.get_or_insert(("reasoning_content", String::new()));
                        texts.for_each(|text| thinking.push_str(text));
                    }
                }
                _ => {}
            }
        }
    }
}

impl Fragment {
    fn of(call: Value) -> Option<Self> {
        let Value::Object(mut call) = call else { return None };
        let (index, id) = (call.get("index").and_then(Value::as_u64), take_text(&mut call, "id"));
        if let Some(Value::Object(mut custom)) = call.get_mut("custom").map(Value::take) {
            let input = take_text(&mut custom, "input").unwrap_or_default();
            return Some(Self { index, id, name: take_text(&mut custom, "name"), input, form: Form::Text });
        }
        let Some(Value::Object(function)) = call.get_mut("function").map(Value::take) else {
            return id.is_some().then(|| Self { index, id, ..Self::default() });
        };
        Some(Self { index, id, ..Self::of_function(function) })
    }

    fn of_function(mut function: Map<String, Value>) -> Self {
        let input = match function.get_mut("arguments").map(Value::take) {
            Some(Value::String(arguments)) => arguments,
            // Some servers forget to spell the object as a string.
            Some(object @ Value::Object(_)) => object.to_string(),
            _ => String::new(),
        };
        Self { name: take_text(&mut function, "name"), input, ..Self::default() }
    }
}

/// Takes a text that is not empty.
pub(super) fn take_text(map: &mut Map<String, Value>, key: &str) -> Option<String> {
    match map.get_mut(key)?.take() {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}
