//! An answer as an Anthropic client reads it.

#[cfg(test)]
mod tests;

use super::counts;
use crate::domain::protocol::Protocol;
use crate::json::{Members, json};
use crate::translate::neutral::{
    Answer, AnswerPart, Begin, Call, CallInput, Citation, FinishReason, Minter, Reasoned, Reply, Signature, fit_call_id,
};
use serde_json::{Map, Value};

/// The `message` object.
pub fn write_answer(answer: &Answer, reply: &Reply) -> Value {
    let has_refused = answer.parts.iter().any(|part| matches!(part, AnswerPart::Refusal(_)));
    let ending = Ending::of(&answer.finish, answer.has_calls(), has_refused);
    let mut message = head(&answer.begin, reply);
    message.put("content", last_shown(&answer.parts).iter().filter_map(block).collect::<Value>());
    message.put("stop_reason", ending.reason);
    message.put("stop_sequence", ending.sequence);
    message.put("usage", counts::write(answer.usage.unwrap_or_default()));
    Value::Object(message)
}

/// The parts up to the last that shows something. Agents take an answer's last block for what it says, and would find
/// nothing in a thought that only its issuer can read; a thought that leads to nothing is no loss to its issuer.
pub(super) fn last_shown(parts: &[AnswerPart]) -> &[AnswerPart] {
    let shows = |part: &AnswerPart| match part {
        AnswerPart::Text { text, .. } | AnswerPart::Refusal(text) => !text.is_empty(),
        AnswerPart::Reasoning(thought) => !thought.text.is_empty(),
        AnswerPart::Call(_) => true,
    };
    let shown = parts.iter().rposition(shows).map_or(0, |last| last + 1);
    parts.get(..shown).unwrap_or(parts)
}

/// What a message begins with.
pub(super) fn head(begin: &Begin, reply: &Reply) -> Map<String, Value> {
    let is_own = |id: &&String| id.starts_with("msg_");
    let id = begin.id.as_ref().filter(is_own).cloned().unwrap_or_else(|| Minter::new(&reply.seed).mint("msg_"));
    let mut message = Map::new();
    message.put("id", id);
    message.put("type", "message");
    message.put("role", "assistant");
    message.put("model", begin.model.as_ref().unwrap_or(&reply.model).as_str());
    message
}

/// How a message ends.
pub(super) struct Ending<'a> {
    /// `stop_reason`.
    pub(super) reason: &'static str,
    /// `stop_sequence`.
    pub(super) sequence: Option<&'a str>,
}

impl<'a> Ending<'a> {
    /// The words for a reason (PROTOCOLS.md section 4.1). Whether tools were called is told by the calls, unless the answer
    /// was cut: then the last call may be incomplete.
    pub(super) fn of(finish: &'a FinishReason, has_calls: bool, has_refused: bool) -> Self {
        let (reason, sequence) = match finish {
            FinishReason::StopSequence(Some(sequence)) => ("stop_sequence", Some(sequence.as_str())),
            FinishReason::Length => ("max_tokens", None),
            FinishReason::ContextFull => ("model_context_window_exceeded", None),
            FinishReason::Declined => ("refusal", None),
            FinishReason::Paused => ("pause_turn", None),
            FinishReason::Done | FinishReason::StopSequence(None) => match (has_calls, has_refused) {
                (true, _) => ("tool_use", None),
                (false, true) => ("refusal", None),
                (false, false) => ("end_turn", None),
            },
        };
        Self { reason, sequence }
    }
}

/// A block of the content; `None` for one that says nothing.
fn block(part: &AnswerPart) -> Option<Value> {
    match part {
        AnswerPart::Text { text, .. } | AnswerPart::Refusal(text) if text.is_empty() => None,
        AnswerPart::Text { text, citations } if !citations.is_empty() => {
            let citations: Value = citations.iter().map(citation).collect();
            Some(json!({"type": "text", "text": text, "citations": citations}))
        }
        AnswerPart::Text { text, .. } | AnswerPart::Refusal(text) => Some(json!({"type": "text", "text": text})),
        AnswerPart::Reasoning(Reasoned { text, signature: Some(signature) }) => {
            let shows = if text.is_empty() { Shows::Nothing } else { Shows::Thoughts };
            Some(match Proof::of(signature, shows) {
                Proof::Signature(signature) => json!({"type": "thinking", "thinking": text, "signature": signature}),
                Proof::Redacted(data) => json!({"type": "redacted_thinking", "data": data}),
            })
        }
        AnswerPart::Reasoning(Reasoned { text, signature: None }) if text.is_empty() => None,
        AnswerPart::Reasoning(Reasoned { text, signature: None }) => {
            Some(json!({"type": "thinking", "thinking": text, "signature": ""}))
        }
        AnswerPart::Call(Call { id, name, input }) => {
            let input = match input {
                CallInput::Json(json) => input_object(json),
                CallInput::Text(text) => json!({"input": text}),
            };
            Some(json!({"type": "tool_use", "id": fit_call_id(id), "name": name, "input": input}))
        }
    }
}

/// The object that a model wrote as JSON, or one around whatever else it wrote.
fn input_object(json: &str) -> Value {
    Value::Object(CallInput::Json(json.to_owned()).into_object())
}

/// What proves a thought, as a client has to send it back.
pub(super) enum Proof {
    /// `signature` of a `thinking` block.
    Signature(String),
    /// `data` of a `redacted_thinking` block.
    Redacted(String),
}

/// Whether a thought can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    /// It can.
    Thoughts,
    /// Only by its issuer.
    Nothing,
}

impl Proof {
    /// Claude's own proof as Claude made it, so that the history stays Anthropic's own; everybody else's is packed.
    pub(super) fn of(signature: &Signature, shows: Shows) -> Self {
        if let Some(own) = own_proof(signature, shows) {
            return own;
        }
        match shows {
            Shows::Nothing => Self::Redacted(signature.pack()),
            Shows::Thoughts => Self::Signature(signature.pack()),
        }
    }
}

fn own_proof(signature: &Signature, shows: Shows) -> Option<Proof> {
    if signature.protocol != Protocol::AnthropicMessages {
        return None;
    }
    let mut payload: Map<String, Value> = serde_json::from_str(&signature.payload).ok()?;
    let mut text = |key: &str| match payload.remove(key) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    match text("type")?.as_str() {
        "thinking" => text("signature").map(Proof::Signature),
        "redacted_thinking" if shows == Shows::Nothing => text("data").map(Proof::Redacted),
        _ => None,
    }
}

/// A source. Those without an address are of a document of the request's.
pub(super) fn citation(citation: &Citation) -> Value {
    let cited_text = citation.cited_text.as_deref().unwrap_or_default();
    match &citation.url {
        Some(url) => json!({
            "type": "web_search_result_location", "url": url, "title": citation.title, "cited_text": cited_text,
            "encrypted_index": "",
        }),
        None => json!({
            "type": "char_location", "cited_text": cited_text, "document_index": 0, "document_title": citation.title,
            "start_char_index": 0, "end_char_index": 0,
        }),
    }
}
