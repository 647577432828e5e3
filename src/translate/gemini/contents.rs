//! `contents`: turns of the user and the model that alternate, with every call answered in the turn after it.

use super::family::Family;
use super::media::{self, Medium};
use super::tools::ToolNames;
use crate::domain::protocol::Protocol;
use crate::json::{Members, json, object};
use crate::translate::neutral::{
    Body, Call, CallInput, Client, Document, Losses, Outcome, Part, Reasoned, Role, ToolResult, Turn, fit_call_id,
};
use serde_json::{Map, Value};

/// Stands where a conversation has to begin or to end with the user, and no user said anything.
const STAND_IN: &str = "Continue.";
/// What Gemini 3 takes for a signature of its own (PROTOCOLS.md section 5).
const SENTINEL: &str = "skip_thought_signature_validator";
/// Where Gemini knows the operator only before the conversation.
const OPERATOR: &str = "[From the operator of this conversation, not from the user:]";

/// Writes the conversation.
#[derive(Debug)]
pub(super) struct Conversation<'a, 'n> {
    client: Client,
    family: Family,
    provider: &'a str,
    named: &'a mut ToolNames<'n>,
    losses: &'a mut Losses,
    contents: Vec<(Side, Vec<Value>)>,
    /// The calls of the last turn of the model's, each answered at its place in the turn that follows.
    awaited: Vec<Awaited>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    User,
    Model,
}

#[derive(Debug)]
struct Awaited {
    call_id: String,
    name: String,
    answer: Answered,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answered {
    No,
    Yes,
}

/// A piece of the model's turn, as far as Gemini takes it back.
enum Piece {
    /// A signature, or a step of a tool of Google's own.
    Signed(Map<String, Value>),
    Said(Part),
}

impl<'a, 'n> Conversation<'a, 'n> {
    pub(super) fn new(
        client: Client,
        family: Family,
        provider: &'a str,
        named: &'a mut ToolNames<'n>,
        losses: &'a mut Losses,
    ) -> Self {
        Self { client, family, provider, named, losses, contents: Vec::new(), awaited: Vec::new() }
    }

    /// `systemInstruction`: the operator's first words, and a line of the gateway's where the model refuses a field.
    pub(super) fn system(&mut self, parts: Vec<Part>, instruction: Option<String>) -> Option<Value> {
        let mut said = Vec::new();
        for part in parts {
            self.note_cache(&part);
            said.extend(self.pieces(&part.at, part.body));
        }
        said.extend(instruction.map(text));
        if said.is_empty() { None } else { Some(object([("parts", said.into())])) }
    }

    /// All of it.
    pub(super) fn write(mut self, turns: Vec<Turn>) -> Value {
        let last_at = turns.last().and_then(|turn| turn.parts.first()).map(|part| part.at.clone());
        for turn in turns {
            match turn.role {
                Role::Assistant => self.model(turn.parts),
                Role::User => turn.parts.into_iter().for_each(|part| self.user(part)),
                Role::System => self.operator(turn.parts),
            }
        }
        if let Some((Side::Model, _)) = self.contents.last()
            && !self.family.continues()
        {
            self.losses
                .detail(last_at.unwrap_or_default(), "cannot end the conversation at this model: it is told to go on");
            self.push(Side::User, vec![text(STAND_IN)]);
        }
        if self.contents.is_empty() {
            self.push(Side::User, vec![text(STAND_IN)]);
        }
        let written = |(side, parts): (Side, Vec<Value>)| {
            let role = match side {
                Side::User => "user",
                Side::Model => "model",
            };
            object([("role", role.into()), ("parts", parts.into())])
        };
        self.contents.into_iter().map(written).collect()
    }

    fn push(&mut self, side: Side, mut parts: Vec<Value>) {
        if parts.is_empty() {
            return;
        }
        match self.contents.last_mut() {
            Some((last, said)) if *last == side => said.append(&mut parts),
            None if side == Side::Model => {
                self.contents.extend([(Side::User, vec![text(STAND_IN)]), (side, parts)]);
            }
            _ => self.contents.push((side, parts)),
        }
    }

    fn operator(&mut self, parts: Vec<Part>) {
        for part in parts {
            self.note_cache(&part);
            if let Body::Text(said) = part.body {
                self.push(Side::User, vec![text(format!("{OPERATOR}\n{said}"))]);
            }
        }
    }

    fn user(&mut self, part: Part) {
        self.note_cache(&part);
        let Part { at, body, .. } = part;
        match body {
            Body::Result(result) => self.result(result),
            other => {
                let parts = self.pieces(&at, other);
                self.push(Side::User, parts);
            }
        }
    }

    /// Text and media.
    fn pieces(&mut self, at: &str, body: Body) -> Vec<Value> {
        match body {
            Body::Text(said) | Body::Refusal(said) => vec![text(said)],
            Body::Image(image) => {
                if image.detail.is_some_and(|detail| detail != "auto") {
                    self.losses.detail(format!("{at}.detail"), "has no counterpart in the Gemini API");
                }
                media::write(image.source, Medium::Image, at, self.family, self.losses).into_iter().collect()
            }
            Body::Document(Document { source, title, context }) => {
                let about = [title, context].into_iter().flatten().collect::<Vec<_>>().join("\n");
                let document = media::write(source, Medium::Document, at, self.family, self.losses);
                let about = Some(about).filter(|about| !about.is_empty() && document.is_some());
                about.map(text).into_iter().chain(document).collect()
            }
            Body::Audio { data, format } => vec![media::inline(&format!("audio/{format}"), data)],
            Body::Call(_) | Body::Result(_) | Body::Reasoning(_) => Vec::new(),
        }
    }

    /// A result takes the place that is kept for it, which is that of its call.
    fn result(&mut self, result: ToolResult) {
        let ToolResult { call_id, content, outcome, .. } = result;
        let (mut words, mut enclosed, mut beside) = (Vec::new(), Vec::new(), Vec::new());
        for part in content {
            self.note_cache(&part);
            for piece in self.pieces(&part.at, part.body) {
                match piece {
                    Value::Object(mut piece) if piece.contains_key("text") => {
                        if let Some(Value::String(said)) = piece.shift_remove("text") {
                            words.push(said);
                        }
                    }
                    Value::Object(piece) if self.family.pairs_by_id() && piece.contains_key("inlineData") => {
                        enclosed.push(Value::Object(piece));
                    }
                    piece => beside.push(piece),
                }
            }
        }
        let words = words.join("\n");
        let place = self
            .awaited
            .iter_mut()
            .enumerate()
            .find(|(_, awaited)| awaited.call_id == call_id && awaited.answer == Answered::No);
        let Some((place, awaited)) = place else { return };
        awaited.answer = Answered::Yes;
        let told = match outcome {
            Outcome::Done => "output",
            Outcome::Failed => "error",
        };
        let mut response = response(self.family, awaited, object([(told, words.into())]));
        if !enclosed.is_empty() {
            response.put("parts", enclosed);
        }
        let returned = text(format!("[Returned by {}:]", awaited.name));
        let kept = self.contents.last_mut().and_then(|(_, parts)| parts.get_mut(place));
        if let Some(kept) = kept {
            *kept = object([("functionResponse", response.into())]);
        }
        if !beside.is_empty() {
            beside.insert(0, returned);
            self.push(Side::User, beside);
        }
    }

    fn model(&mut self, parts: Vec<Part>) {
        let mut pieces = Vec::with_capacity(parts.len());
        for part in parts {
            self.note_cache(&part);
            match part.body {
                Body::Reasoning(reasoned) => pieces.extend(self.own(&reasoned).map(Piece::Signed)),
                _ => pieces.push(Piece::Said(part)),
            }
        }
        let (mut written, mut awaited): (Vec<Value>, Vec<Awaited>) = (Vec::new(), Vec::new());
        let mut signature: Option<Value> = None;
        let mut pieces = pieces.into_iter().peekable();
        while let Some(piece) = pieces.next() {
            match piece {
                Piece::Signed(mut own) if own.len() == 1 && own.contains_key("thoughtSignature") => {
                    let before_call = matches!(pieces.peek(), Some(Piece::Said(Part { body: Body::Call(_), .. })));
                    let own = own.shift_remove("thoughtSignature");
                    signature = if before_call { own } else { attach(own, written.last_mut()) };
                }
                Piece::Signed(step) => written.push(step.into()),
                Piece::Said(Part { body: Body::Call(call), .. }) => {
                    if signature.is_none() && awaited.is_empty() && self.family.pairs_by_id() {
                        signature = Some(SENTINEL.into());
                    }
                    let (call, expected) = self.call(call);
                    written.push(signed(object([("functionCall", call)]), signature.take()));
                    awaited.push(expected);
                }
                Piece::Said(Part { at, body, .. }) => {
                    for part in self.pieces(&at, body) {
                        written.push(signed(part, signature.take()));
                    }
                }
            }
        }
        if written.is_empty() {
            return;
        }
        self.push(Side::Model, written);
        let kept = awaited.iter().map(|awaited| {
            let missing = response(self.family, awaited, json!({"error": "no result"}));
            object([("functionResponse", missing.into())])
        });
        let kept = kept.collect();
        self.push(Side::User, kept);
        self.awaited = awaited;
    }

    /// What this provider's Gemini made and wants back: nothing else of a payload is sent.
    fn own(&self, reasoned: &Reasoned) -> Option<Map<String, Value>> {
        const TAKEN_BACK: [&str; 3] = ["toolCall", "toolResponse", "thoughtSignature"];
        let payload = reasoned.signature.as_ref()?.payload_for(Protocol::Gemini, self.provider)?;
        let Value::Object(mut payload) = payload else { return None };
        payload.retain(|key, _| TAKEN_BACK.contains(&key.as_str()));
        if payload.is_empty() { None } else { Some(payload) }
    }

    fn call(&mut self, call: Call) -> (Value, Awaited) {
        let name = match call.input {
            CallInput::Json(_) => self.named.function(&call.name),
            CallInput::Text(_) => self.named.freeform(&call.name),
        };
        let mut written = Map::new();
        if self.family.pairs_by_id() {
            written.put("id", fit_call_id(&call.id));
        }
        written.put("name", name.clone());
        written.put("args", call.input.into_object());
        (written.into(), Awaited { call_id: call.id, name, answer: Answered::No })
    }

    fn note_cache(&mut self, part: &Part) {
        if part.cache.is_some() {
            let mark = match self.client {
                Client::AnthropicMessages => "cache_control",
                Client::ChatCompletions | Client::Responses => "prompt_cache_breakpoint",
            };
            self.losses.detail(format!("{}.{mark}", part.at), "is not needed: Gemini caches prompts by itself");
        }
    }
}

fn text(said: impl Into<String>) -> Value {
    object([("text", Value::String(said.into()))])
}

fn response(family: Family, awaited: &Awaited, response: Value) -> Map<String, Value> {
    let mut written = Map::new();
    if family.pairs_by_id() {
        written.put("id", fit_call_id(&awaited.call_id));
    }
    written.put("name", awaited.name.clone());
    written.put("response", response);
    written
}

/// Signs the text that was just said; gives the signature back where there is none, for the text to come.
fn attach(signature: Option<Value>, last: Option<&mut Value>) -> Option<Value> {
    match last {
        Some(Value::Object(part)) if part.contains_key("text") && !part.contains_key("thoughtSignature") => {
            part.put_some("thoughtSignature", signature);
            None
        }
        _ => signature,
    }
}

fn signed(mut part: Value, signature: Option<Value>) -> Value {
    if let (Value::Object(part), Some(signature)) = (&mut part, signature) {
        part.put("thoughtSignature", signature);
    }
    part
}
