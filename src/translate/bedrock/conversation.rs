//! `system` and `messages`: strictly alternating, the user first, no blank text.

use super::cache::{Marks, Place};
use super::fields::one;
use super::media::Media;
use super::model::Model;
use super::tools::sent_call_name;
use crate::domain::protocol::Protocol;
use crate::json::{Members, json, members};
use crate::translate::claude::Takes;
use crate::translate::neutral::{
    Body, Bridge, Call, Client, Losses, Outcome, Part, Reasoned, Role, Target, ToolResult, Turn, fit_call_id,
};
use serde_json::Value;

/// What is said where Converse wants the user to speak and the client did not.
const CONTINUE: &str = "Continue.";

/// What the model reads and who wrote it.
struct Message {
    role: &'static str,
    content: Vec<Value>,
    /// How many of the blocks are the tools' results, which come first.
    results: usize,
}

/// Writes a request's conversation.
pub(super) struct Conversation<'a> {
    target: &'a Target<'a>,
    model: Model,
    media: Media,
    messages: Vec<Message>,
}

impl<'a> Conversation<'a> {
    /// An empty one.
    pub(super) fn new(target: &'a Target<'a>, model: Model, client: Client) -> Self {
        Self { target, model, media: Media::new(client, model), messages: Vec::new() }
    }

    /// Adds a turn.
    pub(super) fn add(&mut self, turn: Turn, bridge: &mut Bridge, marks: &mut Marks, losses: &mut Losses) {
        let role = match turn.role {
            Role::Assistant => "assistant",
            // Converse knows no operator in the midst of a conversation.
            Role::System | Role::User => "user",
        };
        for part in turn.parts {
            let Part { at, body, cache } = part;
            let is_result = matches!(body, Body::Result(_));
            let inner_mark = match &body {
                Body::Result(result) => result.content.iter().rev().find_map(|part| part.cache),
                _ => None,
            };
            let block = self.block(body, turn.role, &at, bridge, losses);
            let blocks = block.into_iter().collect::<Vec<_>>();
            let point = marks.point(cache.or(inner_mark), Place::Prompt, &at, losses);
            self.push(role, is_result, blocks, point);
        }
    }

    fn push(&mut self, role: &'static str, is_result: bool, mut blocks: Vec<Value>, point: Option<Value>) {
        let continues = self.messages.last().is_some_and(|message| message.role == role);
        if !continues {
            if blocks.is_empty() {
                return;
            }
            self.messages.push(Message { role, content: Vec::new(), results: 0 });
        }
        let Some(message) = self.messages.last_mut() else { return };
        let before = if is_result { message.results.checked_sub(1) } else { message.content.len().checked_sub(1) };
        let last = blocks.last().or_else(|| message.content.get(before?));
        if last.is_some_and(|last| !is(last, "cachePoint")) {
            blocks.extend(point);
        }
        if is_result {
            let (at, count) = (message.results, blocks.len());
            message.content.splice(at..at, blocks);
            message.results += count;
        } else {
            message.content.extend(blocks);
        }
    }

    fn block(&mut self, body: Body, role: Role, at: &str, bridge: &mut Bridge, losses: &mut Losses) -> Option<Value> {
        match body {
            Body::Text(text) if role == Role::System => text_block(format!("Note from the operator:\n{text}")),
            Body::Text(text) | Body::Refusal(text) => text_block(text),
            Body::Image(_) | Body::Document(_) if role == Role::Assistant => {
                losses.meaning(at, "is in an assistant's turn, where Bedrock takes text only: put it in a user's turn");
                None
            }
            Body::Image(image) => self.media.image(image, at, losses),
            Body::Document(document) => self.media.document(document, at, losses),
            Body::Audio { .. } => {
                losses.meaning(at, "is sound, which Bedrock's Converse does not take: send a transcript");
                None
            }
            Body::Call(call) => Some(write_call(call, bridge)),
            Body::Result(result) => Some(self.result(result, losses)),
            Body::Reasoning(reasoned) => self.reasoning(&reasoned),
        }
    }

    fn result(&mut self, result: ToolResult, losses: &mut Losses) -> Value {
        let ToolResult { call_id, content, outcome, .. } = result;
        let mut blocks = Vec::new();
        let failed = outcome == Outcome::Failed;
        if failed && !self.model.result_status.yes() {
            blocks.push(one("text", "The tool failed:"));
        }
        for Part { at, body, .. } in content {
            blocks.extend(match body {
                Body::Text(text) => text_block(text),
                Body::Image(image) => self.media.image(image, &at, losses),
                Body::Document(document) => self.media.document(document, &at, losses),
                _ => {
                    losses.meaning(
                        at,
                        "is nothing that Bedrock takes in a tool's result: give text, images or documents",
                    );
                    None
                }
            });
        }
        if blocks.is_empty() {
            blocks.push(one("text", "(no output)"));
        }
        let id = fit_call_id(&call_id).into_owned();
        let mut written = members([("toolUseId", id.into()), ("content", blocks.into())]);
        if failed && self.model.result_status.yes() {
            written.put("status", "error");
        }
        one("toolResult", written)
    }

    /// The model's own reasoning, unmodified; what another one signed is dropped.
    fn reasoning(&self, reasoned: &Reasoned) -> Option<Value> {
        let signature = reasoned.signature.as_ref()?;
        if self.model.family().is_some() {
            let block = signature.payload_for(Protocol::AnthropicMessages, self.target.provider)?;
            return of_claude(block);
        }
        let Value::Object(mut block) = signature.payload_for(Protocol::BedrockConverse, self.target.provider)? else {
            return None;
        };
        let is_own = block.get("model").and_then(Value::as_str) == Some(self.target.model);
        let content = block.get_mut("reasoningContent").map(Value::take);
        content.filter(|_| is_own).map(|content| one("reasoningContent", content))
    }

    /// The messages, as Converse wants them begun and ended. `prefill` is whether the model goes on with its own words.
    pub(super) fn finish(mut self, prefill: Takes) -> Value {
        for message in &mut self.messages {
            // Claude refuses a turn that ends with its thoughts.
            while message.role == "assistant" && message.content.last().is_some_and(|last| is(last, "reasoningContent"))
            {
                message.content.pop();
            }
        }
        self.messages.retain(|message| !message.content.is_empty());
        let said = |role| Message { role, content: vec![one("text", CONTINUE)], results: 0 };
        if self.messages.first().is_none_or(|first| first.role != "user") {
            self.messages.insert(0, said("user"));
        }
        if let Some(last) = self.messages.last_mut().filter(|last| last.role == "assistant") {
            trim_end(last);
            if !prefill.yes() {
                self.messages.push(said("user"));
            }
        }
        Value::Array(alternating(self.messages).into_iter().map(write_message).collect())
    }
}

/// The system prompt: what the operator said first, then what the model has to be told in words. `None` for nothing.
pub(super) fn write_system(
    parts: Vec<Part>,
    notes: Vec<String>,
    marks: &mut Marks,
    losses: &mut Losses,
) -> Option<Value> {
    let mut blocks = Vec::new();
    for Part { at, body, cache } in parts {
        let Body::Text(text) = body else { continue };
        blocks.extend(text_block(text));
        if !blocks.is_empty() {
            blocks.extend(marks.point(cache, Place::Prompt, &at, losses));
        }
    }
    blocks.extend(notes.into_iter().filter_map(text_block));
    if blocks.is_empty() { None } else { Some(blocks.into()) }
}

fn write_message(message: Message) -> Value {
    let Message { role, mut content, .. } = message;
    // A document alone is refused.
    if content.iter().any(|block| is(block, "document")) && !content.iter().any(|block| is(block, "text")) {
        content.push(one("text", "The document is attached."));
    }
    members([("role", role.into()), ("content", content.into())]).into()
}

/// Messages whose neighbour between them said nothing are one.
fn alternating(messages: Vec<Message>) -> Vec<Message> {
    let mut joined: Vec<Message> = Vec::with_capacity(messages.len());
    for mut message in messages {
        match joined.last_mut() {
            Some(last) if last.role == message.role => {
                let rest = message.content.split_off(message.results);
                last.content.splice(last.results..last.results, message.content);
                last.results += message.results;
                last.content.extend(rest);
            }
            _ => joined.push(message),
        }
    }
    joined
}

fn text_block(text: String) -> Option<Value> {
    if text.trim().is_empty() { None } else { Some(one("text", text)) }
}

/// The last text of a turn that the model is to continue must not end in white space.
fn trim_end(message: &mut Message) {
    if let Some(Value::String(text)) = message.content.last_mut().and_then(|last| last.get_mut("text")) {
        text.truncate(text.trim_end().len());
    }
}

fn is(block: &Value, kind: &str) -> bool {
    block.get(kind).is_some()
}

fn write_call(call: Call, bridge: &mut Bridge) -> Value {
    let name = sent_call_name(&call, bridge);
    let id = fit_call_id(&call.id).into_owned();
    one(
        "toolUse",
        members([("toolUseId", id.into()), ("name", name.into()), ("input", call.input.into_object().into())]),
    )
}

/// Anthropic's block in Converse's terms.
fn of_claude(mut block: Value) -> Option<Value> {
    let kind = block.get("type")?.as_str()?.to_owned();
    let content = match kind.as_str() {
        "thinking" => {
            let (text, signature) = (block.get_mut("thinking")?.take(), block.get_mut("signature")?.take());
            json!({"reasoningText": {"text": text, "signature": signature}})
        }
        "redacted_thinking" => json!({"redactedContent": block.get_mut("data")?.take()}),
        _ => return None,
    };
    Some(one("reasoningContent", content))
}
