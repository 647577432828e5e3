//! Writes the conversation.

use super::parts_out::{Media, joined, user_content};
use super::quirks::Quirks;
use crate::domain::protocol::Protocol;
use crate::json::{Members, json, object};
use crate::translate::neutral::{
    Body, Bridge, Call, CallInput, Losses, Outcome, Part, Reasoned, Request, Role, Sent, Target, ToolResult, Turn,
    fit_call_id,
};
use serde_json::{Map, Value};

/// Writes the system prompt and all turns as messages.
pub(super) fn write(
    request: &mut Request,
    target: &Target<'_>,
    quirks: &Quirks,
    bridge: &mut Bridge,
    losses: &mut Losses,
) -> Vec<Value> {
    let mut writer = Writer { messages: Vec::new(), target, quirks, bridge, losses, client: request.client.protocol() };
    writer.operator(std::mem::take(&mut request.system));
    for Turn { role, parts } in std::mem::take(&mut request.turns) {
        match role {
            Role::System => writer.operator(parts),
            Role::User => writer.user(parts),
            Role::Assistant => writer.assistant(parts),
        }
    }
    if writer.messages.is_empty() {
        // Somebody who says nothing says it in a message: an empty list is refused.
        writer.messages.push(json!({"role": "user", "content": ""}));
    }
    writer.messages
}

struct Writer<'a> {
    messages: Vec<Value>,
    target: &'a Target<'a>,
    quirks: &'a Quirks,
    bridge: &'a mut Bridge,
    losses: &'a mut Losses,
    client: Protocol,
}

impl Writer<'_> {
    fn operator(&mut self, parts: Vec<Part>) {
        if !parts.is_empty() {
            let content = self.content(parts);
            self.messages.push(object([("role", self.quirks.operator.into()), ("content", content)]));
        }
    }

    fn content(&mut self, parts: Vec<Part>) -> Value {
        user_content(parts, self.quirks, self.client, self.losses)
    }

    /// Results first, each in a message of its own right after the calls, then what else there is.
    fn user(&mut self, parts: Vec<Part>) {
        let mut said = Vec::new();
        for part in parts {
            match part.body {
                Body::Result(result) => said.extend(self.result(result)),
                _ => said.push(part),
            }
        }
        if !said.is_empty() {
            let content = self.content(said);
            // Nothing may be left of what cannot be carried.
            if content != Value::Array(Vec::new()) {
                self.messages.push(object([("role", "user".into()), ("content", content)]));
            }
        }
    }

    /// A tool's message has text only: returns what has to follow in a user's (PROTOCOLS.md section 3.2).
    fn result(&mut self, result: ToolResult) -> Vec<Part> {
        let ToolResult { call_id, name, content, outcome } = result;
        let (mut texts, mut moved) = (Vec::new(), Vec::new());
        let tool = name.as_deref().unwrap_or("a tool");
        for part in content {
            match Media::of(&part.body) {
                None => texts.push(part),
                Some(media) => {
                    texts.push(Part::new(&part.at, Body::Text(format!("({media}: see the user's next message)"))));
                    moved.push(Part::new(&part.at, Body::Text(format!("{media} from tool {tool}"))));
                    moved.push(part);
                }
            }
        }
        let text = joined(texts, "\n");
        let text = match outcome {
            Outcome::Done => text,
            Outcome::Failed => format!("Error: {text}"),
        };
        let id = fit_call_id(&call_id).into_owned();
        self.messages.push(object([("role", "tool".into()), ("tool_call_id", id.into()), ("content", text.into())]));
        moved
    }

    fn assistant(&mut self, parts: Vec<Part>) {
        let (mut content, mut refusal, mut calls) = (String::new(), String::new(), Vec::new());
        let mut thoughts: Option<(String, String)> = None;
        for part in parts {
            match part.body {
                Body::Text(text) => content.push_str(&text),
                Body::Refusal(text) if self.quirks.refusals.yes() => refusal.push_str(&text),
                Body::Refusal(text) => content.push_str(&text),
                Body::Call(call) => calls.push(self.call(call)),
                Body::Reasoning(reasoned) => self.thought(reasoned, &mut thoughts),
                Body::Image(_) | Body::Document(_) | Body::Audio { .. } | Body::Result(_) => {
                    self.losses.meaning(part.at, "has no place in an assistant's message: let the user say it");
                }
            }
        }
        if content.is_empty() && refusal.is_empty() && calls.is_empty() {
            return;
        }
        let mut message = Map::new();
        message.put("role", "assistant");
        let content = if content.is_empty() { Value::Null } else { content.into() };
        message.put("content", content);
        if !refusal.is_empty() {
            message.put("refusal", refusal);
        }
        if let Some((field, text)) = thoughts {
            message.insert(field, text.into());
        }
        if !calls.is_empty() {
            message.put("tool_calls", calls);
        }
        self.messages.push(Value::Object(message));
    }

    /// What this provider thought goes back into the field in which it came; what others thought is nobody's here.
    fn thought(&self, reasoned: Reasoned, thoughts: &mut Option<(String, String)>) {
        let Reasoned { text, signature: Some(signature) } = reasoned else { return };
        let payload = signature.payload_for(Protocol::ChatCompletions, self.target.provider);
        let field = payload.as_ref().and_then(|payload| payload.get("field")?.as_str());
        let Some(field @ ("reasoning_content" | "reasoning")) = field else { return };
        if !self.quirks.reasoning_back.yes() || text.is_empty() {
            return;
        }
        match thoughts {
            Some((_, told)) => {
                told.push_str("\n\n");
                told.push_str(&text);
            }
            None => *thoughts = Some((field.to_owned(), text)),
        }
    }

    fn call(&mut self, call: Call) -> Value {
        let Call { id, name, input } = call;
        let id = Value::String(fit_call_id(&id).into_owned());
        match input {
            CallInput::Text(input) if self.quirks.freeform.yes() => {
                let name = self.bridge.names.fit(&name, Sent::AsIs);
                object([
                    ("id", id),
                    ("type", "custom".into()),
                    ("custom", object([("name", name.into()), ("input", input.into())])),
                ])
            }
            CallInput::Text(input) => {
                let name = self.bridge.names.fit(&name, Sent::Wrapped);
                let arguments = json!({"input": input}).to_string();
                function_call(id, name, arguments)
            }
            CallInput::Json(json) => {
                let name = self.bridge.names.fit(&name, Sent::AsIs);
                let arguments = if json.trim().is_empty() { "{}".to_owned() } else { json };
                function_call(id, name, arguments)
            }
        }
    }
}

fn function_call(id: Value, name: String, arguments: String) -> Value {
    let function = object([("name", name.into()), ("arguments", arguments.into())]);
    object([("id", id), ("type", "function".into()), ("function", function)])
}
