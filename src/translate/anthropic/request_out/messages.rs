//! The conversation: who speaks when, and results where Anthropic wants them.

use super::{Marks, Prefill, blocks};
use crate::domain::protocol::Protocol;
use crate::json::{Members, json};
use crate::translate::claude::Family;
use crate::translate::neutral::{
    Body, Bridge, CacheMark, Call, CallInput, Losses, Outcome, Part, Reasoned, Role, Sent, Target, ToolResult, Turn,
    fit_call_id,
};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// What a user says where the protocol wants one to speak and there is nothing to say.
const GO_ON: &str = "Continue.";
/// What tells the model that a late instruction is not the user's, where there is no place for the operator's words.
const FROM_THE_OPERATOR: &str = "Instruction from the operator of this service, not from the user:\n";

/// Writes the messages.
pub(super) struct Conversation<'a> {
    target: &'a Target<'a>,
    family: &'a Family,
    freeform: HashSet<String>,
    prefill: Prefill,
    marks: Marks,
    bridge: &'a mut Bridge,
    losses: &'a mut Losses,
    messages: Vec<Message>,
}

struct Message {
    role: &'static str,
    blocks: Vec<Value>,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(
        target: &'a Target<'a>,
        family: &'a Family,
        freeform: HashSet<String>,
        prefill: Prefill,
        marks: Marks,
        bridge: &'a mut Bridge,
        losses: &'a mut Losses,
    ) -> Self {
        Self { target, family, freeform, prefill, marks, bridge, losses, messages: Vec::new() }
    }

    /// The `messages` array.
    pub(super) fn write(mut self, turns: Vec<Turn>) -> Value {
        let mut turns = turns.into_iter().peekable();
        let mut last_at = String::new();
        while let Some(turn) = turns.next() {
            if let Some(part) = turn.parts.last() {
                last_at.clone_from(&part.at);
            }
            let next = turns.peek().map(|turn| turn.role);
            match turn.role {
                Role::User => self.user(turn.parts),
                Role::Assistant => self.assistant(turn.parts),
                Role::System => self.operator(turn.parts, next),
            }
        }
        self.begin_with_the_user();
        self.end_with_the_user(&last_at);
        let write = |message: Message| {
            let mut written = Map::new();
            written.put("role", message.role);
            written.put("content", message.blocks);
            Value::Object(written)
        };
        self.messages.into_iter().map(write).collect()
    }

    fn user(&mut self, parts: Vec<Part>) {
        for part in parts {
            match part.body {
                Body::Result(result) => self.result(result, part.cache),
                _ => {
                    if let Some(block) = self.said(part) {
                        self.add("user", |message| message.blocks.push(block));
                    }
                }
            }
        }
    }

    fn assistant(&mut self, parts: Vec<Part>) {
        let mut said = Vec::new();
        for part in parts {
            let (at, cache) = (part.at.clone(), part.cache);
            match part.body {
                Body::Call(call) => {
                    let block = self.call(call);
                    said.push(blocks::marked(block, cache, &mut self.marks));
                }
                Body::Reasoning(Reasoned { signature, .. }) => said
                    .extend(signature.and_then(|signature| {
                        signature.payload_for(Protocol::AnthropicMessages, self.target.provider)
                    })),
                Body::Image(_) | Body::Document(_) => {
                    self.losses.meaning(at, "cannot be said by the assistant at Anthropic: let the user say it");
                }
                _ => said.extend(self.said(part)),
            }
        }
        // Nothing may end with thoughts, such as an answer that was cut while the model was thinking.
        while said.last().is_some_and(is_thought) {
            said.pop();
        }
        if !said.is_empty() {
            self.add("assistant", |message| message.blocks.extend(said));
        }
    }

    /// The operator's words stay where they are, for the prompt before them to stay what it was.
    fn operator(&mut self, parts: Vec<Part>, next: Option<Role>) {
        let is_placed = self.family.mid_system.yes() && next.is_none_or(|role| role == Role::Assistant);
        let follows_user = self.messages.last().is_some_and(|message| message.role == "user");
        for part in parts {
            let cache = part.cache;
            match part.body {
                Body::Text(text) if text.trim().is_empty() => {}
                Body::Text(text) if is_placed && follows_user => {
                    let block = blocks::text(text, cache, &mut self.marks);
                    self.add("system", |message| message.blocks.push(block));
                }
                Body::Text(text) => {
                    let block = blocks::text(format!("{FROM_THE_OPERATOR}{text}"), cache, &mut self.marks);
                    self.add("user", |message| message.blocks.push(block));
                }
                _ => {}
            }
        }
    }

    /// What users, tools and the assistant can say alike; `None` for what says nothing or cannot be carried.
    fn said(&mut self, part: Part) -> Option<Value> {
        let block = match part.body {
            Body::Text(text) | Body::Refusal(text) => {
                let says = !text.trim().is_empty();
                return says.then(|| blocks::text(text, part.cache, &mut self.marks));
            }
            Body::Image(image) => blocks::image(image, &part.at, self.losses)?,
            Body::Document(document) => blocks::document(document, &part.at, self.losses)?,
            Body::Audio { .. } => {
                self.losses.meaning(part.at, "is sound, which Anthropic's models do not hear: send a transcript");
                return None;
            }
            Body::Call(_) | Body::Result(_) | Body::Reasoning(_) => return None,
        };
        Some(blocks::marked(block, part.cache, &mut self.marks))
    }

    fn call(&mut self, call: Call) -> Value {
        let is_freeform = matches!(call.input, CallInput::Text(_)) || self.freeform.contains(&call.name);
        let sent = if is_freeform { Sent::Wrapped } else { Sent::AsIs };
        let name = self.bridge.names.fit(&call.name, sent);
        json!({"type": "tool_use", "id": fit_call_id(&call.id), "name": name, "input": call.input.into_object()})
    }

    fn result(&mut self, result: ToolResult, cache: Option<CacheMark>) {
        let mut content: Vec<Value> = result.content.into_iter().filter_map(|part| self.said(part)).collect();
        let mut block = Map::new();
        block.put("type", "tool_result");
        block.put("tool_use_id", fit_call_id(&result.call_id));
        if result.outcome == Outcome::Failed {
            if content.is_empty() {
                content.push(json!({"type": "text", "text": "Error"}));
            }
            block.put("is_error", true);
        }
        if !content.is_empty() {
            block.put("content", content);
        }
        self.marks.put(cache, &mut block);
        self.add("user", |message| message.blocks.push(Value::Object(block)));
    }

    /// Adds to the last message if it is this role's, else to a new one.
    fn add(&mut self, role: &'static str, add: impl FnOnce(&mut Message)) {
        if self.messages.last().is_none_or(|message| message.role != role) {
            self.messages.push(Message { role, blocks: Vec::new() });
        }
        if let Some(message) = self.messages.last_mut() {
            add(message);
        }
    }

    fn begin_with_the_user(&mut self) {
        if self.messages.first().is_none_or(|message| message.role != "user") {
            let blocks = vec![json!({"type": "text", "text": GO_ON})];
            self.messages.insert(0, Message { role: "user", blocks });
        }
    }

    /// A last message of the assistant's is one to be continued, where the family does that.
    fn end_with_the_user(&mut self, at: &str) {
        let Some(last) = self.messages.last_mut().filter(|message| message.role == "assistant") else { return };
        if self.prefill == Prefill::Refused {
            self.losses
                .detail(at, "cannot be continued by this model: it begins a new message after the assistant's last");
            let go_on = json!({"type": "text", "text": GO_ON});
            self.add("user", |message| message.blocks.push(go_on));
            return;
        }
        if let Some(Value::String(text)) = last.blocks.last_mut().and_then(|block| block.get_mut("text")) {
            text.truncate(text.trim_end().len());
        }
    }
}

fn is_thought(block: &Value) -> bool {
    matches!(block.get("type").and_then(Value::as_str), Some("thinking" | "redacted_thinking"))
}
