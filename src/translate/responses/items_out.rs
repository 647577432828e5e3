//! The conversation as an upstream's `input`.

use super::quirks::{Quirks, System};
use crate::domain::kind::Kind;
use crate::domain::protocol::Protocol;
use crate::json::{Members, json};
use crate::translate::neutral::{
    Body, Bridge, Call, CallInput, Client, Document, Image, Losses, Outcome, Part, Role, Sent, Source, Target,
    ToolResult, Turn, fit_call_id,
};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Writes turns as items.
pub(super) struct Items<'a> {
    pub(super) client: Client,
    pub(super) target: &'a Target<'a>,
    pub(super) quirks: Quirks,
    pub(super) bridge: &'a mut Bridge,
    pub(super) losses: &'a mut Losses,
    /// Freeform calls that went as such: their results have a type of their own.
    freeform: HashSet<String>,
    items: Vec<Value>,
}

impl<'a> Items<'a> {
    pub(super) fn new(
        client: Client,
        target: &'a Target<'a>,
        quirks: Quirks,
        bridge: &'a mut Bridge,
        losses: &'a mut Losses,
    ) -> Self {
        Self { client, target, quirks, bridge, losses, freeform: HashSet::new(), items: Vec::new() }
    }

    /// The operator's first words, as a message.
    pub(super) fn system(&mut self, text: String) {
        self.items.push(message("system", vec![json!({"type": "input_text", "text": text})]));
    }

    /// The conversation.
    pub(super) fn turns(mut self, turns: Vec<Turn>) -> Vec<Value> {
        for turn in turns {
            match turn.role {
                Role::Assistant => self.assistant(turn.parts),
                Role::User => self.human("user", turn.parts),
                Role::System => {
                    let role = match self.quirks.system {
                        System::Instructions if matches!(self.target.kind, Kind::OpenAi | Kind::Azure) => "developer",
                        System::Instructions | System::Message => "system",
                    };
                    self.human(role, turn.parts);
                }
            }
        }
        if self.items.is_empty() {
            // Somebody who says nothing says it in a message: an empty list is refused.
            self.items.push(message("user", vec![json!({"type": "input_text", "text": ""})]));
        }
        self.items
    }

    fn human(&mut self, role: &str, parts: Vec<Part>) {
        let mut content = Vec::new();
        for part in parts {
            match part.body {
                Body::Result(result) => self.result(result, &mut content),
                body => content.extend(self.content(&part.at, body)),
            }
        }
        if !content.is_empty() {
            self.items.push(message(role, content));
        }
    }

    /// The model's turn. Sealed reasoning waits for the item that it led to, and goes with the turn if there is none: alone
    /// it is refused.
    fn assistant(&mut self, parts: Vec<Part>) {
        let mut reasoning: Vec<Value> = Vec::new();
        let mut content: Vec<Value> = Vec::new();
        for part in parts {
            match part.body {
                Body::Text(text) => {
                    self.items.append(&mut reasoning);
                    content.push(json!({"type": "output_text", "text": text}));
                }
                Body::Refusal(refusal) => {
                    self.items.append(&mut reasoning);
                    content.push(json!({"type": "refusal", "refusal": refusal}));
                }
                Body::Reasoning(reasoned) => {
                    self.flush(&mut content);
                    let item = reasoned.signature.and_then(|signature| {
                        signature.payload_for(Protocol::Responses, self.target.provider).filter(is_restorable)
                    });
                    reasoning.extend(item);
                }
                Body::Call(call) => {
                    self.flush(&mut content);
                    self.items.append(&mut reasoning);
                    let call = self.call(call);
                    self.items.push(call);
                }
                Body::Image(_) | Body::Document(_) | Body::Audio { .. } | Body::Result(_) => {
                    self.losses.meaning(part.at, "is the model's own, but the Responses API takes text only from it");
                }
            }
        }
        self.flush(&mut content);
    }

    fn flush(&mut self, content: &mut Vec<Value>) {
        if !content.is_empty() {
            self.items.push(message("assistant", std::mem::take(content)));
        }
    }

    /// Without an item `id`: OpenAI would look for the reasoning that it belongs to.
    fn call(&mut self, call: Call) -> Value {
        let call_id = fit_call_id(&call.id).into_owned();
        match call.input {
            CallInput::Json(json) => {
                let name = self.bridge.names.fit(&call.name, Sent::AsIs);
                json!({"type": "function_call", "call_id": call_id, "name": name, "arguments": json})
            }
            CallInput::Text(text) if self.quirks.custom_tools.yes() => {
                let name = self.bridge.names.fit(&call.name, Sent::AsIs);
                self.freeform.insert(call.id);
                json!({"type": "custom_tool_call", "call_id": call_id, "name": name, "input": text})
            }
            CallInput::Text(text) => {
                let name = self.bridge.names.fit(&call.name, Sent::Wrapped);
                let arguments = json!({ "input": text }).to_string();
                json!({"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments})
            }
        }
    }

    /// A tool's output. What the vendor does not take there is put before what the user says next.
    fn result(&mut self, result: ToolResult, following: &mut Vec<Value>) {
        let ToolResult { call_id, name, content, outcome } = result;
        let mut output: Vec<Value> = Vec::new();
        let mut shown: Vec<Value> = Vec::new();
        for part in content {
            let is_text = matches!(part.body, Body::Text(_));
            let Some(value) = self.content(&part.at, part.body) else { continue };
            if is_text || is_input_text(&value) || self.quirks.rich_results.yes() {
                output.push(value);
            } else {
                shown.push(value);
            }
        }
        if outcome == Outcome::Failed {
            mark_failed(&mut output);
        }
        if !shown.is_empty() {
            let tool = name.as_deref().unwrap_or("the tool");
            following.push(json!({"type": "input_text", "text": format!("Shown by {tool}:")}));
            following.append(&mut shown);
        }
        let kind = if self.freeform.contains(&call_id) { "custom_tool_call_output" } else { "function_call_output" };
        let output =
            if output.iter().all(is_input_text) { Value::String(joined(output)) } else { Value::Array(output) };
        self.items.push(json!({"type": kind, "call_id": fit_call_id(&call_id), "output": output}));
    }

    /// A part of what a human or a tool says.
    fn content(&mut self, at: &str, body: Body) -> Option<Value> {
        match body {
            Body::Text(text) => Some(json!({"type": "input_text", "text": text})),
            Body::Refusal(text) => Some(json!({"type": "input_text", "text": text})),
            Body::Image(image) => self.image(at, image),
            Body::Document(document) => self.document(at, document),
            Body::Audio { .. } => {
                self.losses.meaning(at, "is sound, which the Responses API does not hear: send its transcript");
                None
            }
            Body::Call(_) | Body::Result(_) | Body::Reasoning(_) => None,
        }
    }

    fn image(&mut self, at: &str, Image { source, detail }: Image) -> Option<Value> {
        let (key, value) = match source {
            Source::Base64 { media_type, data } => ("image_url", data_url(&media_type, data)),
            Source::Url(url) => ("image_url", url),
            Source::File(id) => ("file_id", self.kept_file(at, id)?),
            Source::Text(text) => return Some(json!({"type": "input_text", "text": text})),
        };
        let mut image = Map::new();
        image.put("type", "input_image");
        image.put(key, value);
        image.put("detail", detail.unwrap_or_else(|| "auto".to_owned()));
        Some(Value::Object(image))
    }

    fn document(&mut self, at: &str, Document { source, title, context }: Document) -> Option<Value> {
        if context.is_some() && !matches!(source, Source::Text(_)) {
            self.losses
                .detail(format!("{at}.context"), "is a note on a document, which the Responses API has no place for");
        }
        let mut file = Map::new();
        file.put("type", "input_file");
        match source {
            Source::Base64 { media_type, data } => {
                file.put("filename", title.unwrap_or_else(|| file_name(&media_type)));
                file.put("file_data", data_url(&media_type, data));
            }
            Source::Url(url) => {
                file.put("file_url", url);
            }
            Source::File(id) => {
                file.put("file_id", self.kept_file(at, id)?);
            }
            Source::Text(text) => {
                let about = [title, context].into_iter().flatten();
                let text = about.chain([text]).collect::<Vec<_>>().join("\n\n");
                return Some(json!({"type": "input_text", "text": text}));
            }
        }
        Some(Value::Object(file))
    }

    /// OpenAI's ids are the same in both of its APIs; any other vendor's mean nothing here.
    fn kept_file(&mut self, at: &str, id: String) -> Option<String> {
        if self.client == Client::ChatCompletions && self.target.kind == Kind::OpenAi {
            return Some(id);
        }
        self.losses.meaning(at, "names a file that is kept at another vendor: send its content");
        None
    }
}

fn message(role: &str, content: Vec<Value>) -> Value {
    json!({"type": "message", "role": role, "content": content})
}

/// An item that its issuer did not keep and that is not sealed would be looked up in vain.
fn is_restorable(item: &Value) -> bool {
    let is_sealed = item.get("encrypted_content").is_some_and(Value::is_string);
    let is_plain = item.get("content").and_then(Value::as_array).is_some_and(|content| !content.is_empty());
    item.is_object() && (is_sealed || is_plain)
}

fn is_input_text(part: &Value) -> bool {
    part.get("type").is_some_and(|kind| kind == "input_text")
}

fn joined(parts: Vec<Value>) -> String {
    let mut texts = parts.into_iter().filter_map(|mut part| match part.get_mut("text").map(Value::take) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    });
    let mut output = texts.next().unwrap_or_default();
    for text in texts {
        output.push_str("\n\n");
        output.push_str(&text);
    }
    output
}

/// The Responses API has no flag for it.
fn mark_failed(output: &mut Vec<Value>) {
    const MARK: &str = "Error: ";
    match output.first_mut().filter(|part| is_input_text(part)).and_then(|part| part.get_mut("text")) {
        Some(Value::String(text)) => text.insert_str(0, MARK),
        _ => output.insert(0, json!({"type": "input_text", "text": format!("{MARK}the tool failed")})),
    }
}

/// The bytes with their head, without a second copy of them.
fn data_url(media_type: &str, mut data: String) -> String {
    data.insert_str(0, &format!("data:{media_type};base64,"));
    data
}

fn file_name(media_type: &str) -> String {
    match media_type {
        "application/pdf" => "document.pdf".to_owned(),
        "text/plain" => "document.txt".to_owned(),
        _ => "document".to_owned(),
    }
}
