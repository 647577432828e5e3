//! Writes a whole answer for a client.

use super::{citations, usage};
use crate::json::{Members, json, object};
use crate::translate::neutral::{Answer, AnswerPart, Begin, Call, CallInput, FinishReason, Minter, Reasoned, Reply};
use serde_json::{Map, Value};

/// What stands between two trains of thought in the one field that there is for them.
pub(super) const BETWEEN_THOUGHTS: &str = "\n\n";

/// Writes an answer as a Chat Completions client reads it.
pub fn write_answer(answer: &Answer, reply: &Reply) -> Value {
    let mut message = Message::default();
    answer.parts.iter().for_each(|part| message.add(part));
    let finish_reason = finish_reason(&answer.finish, message.calls.len());
    let choice = object([
        ("index", 0.into()),
        ("message", message.into_value()),
        ("logprobs", Value::Null),
        ("finish_reason", finish_reason.into()),
    ]);
    let mut body = object([
        ("id", id(&answer.begin, reply).into()),
        ("object", "chat.completion".into()),
        ("created", created(&answer.begin, reply).into()),
        ("model", model(&answer.begin, reply).into()),
        ("choices", Value::Array(vec![choice])),
    ]);
    if let (Value::Object(body), Some(counts)) = (&mut body, answer.usage) {
        body.put("usage", usage::write(counts));
    }
    body
}

/// The upstream's id where it is one of this protocol's, else one of our own: clients look at the prefix.
pub(super) fn id(begin: &Begin, reply: &Reply) -> String {
    match &begin.id {
        Some(id) if id.starts_with("chatcmpl-") => id.clone(),
        _ => Minter::new(&reply.seed).mint("chatcmpl-"),
    }
}

pub(super) fn created(begin: &Begin, reply: &Reply) -> i64 {
    begin.created.unwrap_or(reply.created)
}

pub(super) fn model<'a>(begin: &'a Begin, reply: &'a Reply) -> &'a str {
    begin.model.as_deref().unwrap_or(&reply.model)
}

/// `tool_calls` is told by the calls, but a call that was cut at the limit must not look whole (PROTOCOLS.md section 4.1).
pub(super) const fn finish_reason(finish: &FinishReason, calls: usize) -> &'static str {
    match (finish, calls) {
        (FinishReason::Length | FinishReason::ContextFull, _) => "length",
        (FinishReason::Declined, _) => "content_filter",
        (_, 0) => "stop",
        _ => "tool_calls",
    }
}

/// One sealed piece of reasoning, and how many pieces of the message a client will see before it.
pub(super) fn reasoning_detail(packed: &str, index: usize) -> Value {
    json!({"type": "reasoning.encrypted", "data": packed, "index": index})
}

#[derive(Default)]
struct Message {
    content: String,
    refusal: String,
    reasoning: String,
    details: Vec<Value>,
    annotations: Vec<Value>,
    calls: Vec<Value>,
}

impl Message {
    fn add(&mut self, part: &AnswerPart) {
        match part {
            AnswerPart::Text { text, citations } => {
                let from = citations::characters(&self.content);
                let block = (from, from + citations::characters(text));
                self.content.push_str(text);
                self.annotations.extend(citations.iter().filter_map(|citation| citations::write(citation, block)));
            }
            AnswerPart::Refusal(text) => self.refusal.push_str(text),
            AnswerPart::Reasoning(Reasoned { text, signature }) => {
                if !text.is_empty() && !self.reasoning.is_empty() {
                    self.reasoning.push_str(BETWEEN_THOUGHTS);
                }
                self.reasoning.push_str(text);
                if let Some(signature) = signature {
                    self.details.push(reasoning_detail(&signature.pack(), self.pieces()));
                }
            }
            AnswerPart::Call(call) => self.calls.push(write_call(call)),
        }
    }

    fn pieces(&self) -> usize {
        usize::from(!self.content.is_empty()) + usize::from(!self.refusal.is_empty()) + self.calls.len()
    }

    fn into_value(self) -> Value {
        let says_something_else = !self.calls.is_empty() || !self.refusal.is_empty();
        let content = if self.content.is_empty() && says_something_else { Value::Null } else { self.content.into() };
        let refusal = if self.refusal.is_empty() { Value::Null } else { self.refusal.into() };
        let mut message = Map::new();
        message.put("role", "assistant");
        message.put("content", content);
        message.put("refusal", refusal);
        message.put("annotations", self.annotations);
        if !self.reasoning.is_empty() {
            message.put("reasoning_content", self.reasoning);
        }
        if !self.details.is_empty() {
            message.put("reasoning_details", self.details);
        }
        if !self.calls.is_empty() {
            message.put("tool_calls", self.calls);
        }
        Value::Object(message)
    }
}

fn write_call(call: &Call) -> Value {
    let Call { id, name, input } = call;
    match input {
        CallInput::Json(json) => {
            let arguments = if json.trim().is_empty() { "{}" } else { json };
            json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
        }
        CallInput::Text(text) => json!({"id": id, "type": "custom", "custom": {"name": name, "input": text}}),
    }
}
