//! What Anthropic answers.

#[cfg(test)]
mod tests;

use super::{counts, fault};
use crate::domain::protocol::Protocol;
use crate::translate::neutral::{
    Answer, AnswerPart, Begin, Call, CallInput, Citation, Fault, FinishReason, Minter, Origin, Reasoned, Signature,
    fit_call_id,
};
use serde_json::{Map, Value};

/// Reads a `message` object.
///
/// # Errors
/// An error in a 200 body, with the status that it stands for; or a body that is no message (502, `upstream.malformed`).
pub fn read_answer(body: Value, origin: &Origin) -> Result<Answer, Fault> {
    let Value::Object(mut message) = body else { return Err(Fault::malformed("the body is no object")) };
    if message.get("error").is_some_and(|error| !error.is_null()) {
        return Err(fault::fault_by_type(&message));
    }
    let Some(Value::Array(content)) = message.remove("content") else {
        return Err(Fault::malformed("the message has no `content`"));
    };
    let mut answer = Answer::new(begin(&message));
    let mut minter = Minter::new(&origin.seed);
    answer.parts = content.into_iter().filter_map(|block| part(block, origin, &mut minter)).collect();
    answer.finish = finish(&message).unwrap_or(FinishReason::Done);
    if let Some(usage) = message.get("usage") {
        counts::read(usage, &mut answer.usage);
    }
    Ok(answer)
}

/// What a message says of itself.
pub(super) fn begin(message: &Map<String, Value>) -> Begin {
    let text = |key: &str| message.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    Begin { id: text("id"), model: text("model"), created: None, usage: None }
}

/// Why it ends, from a message or a `message_delta`; `None` where that is not said.
pub(super) fn finish(said: &Map<String, Value>) -> Option<FinishReason> {
    let sequence = || said.get("stop_sequence").and_then(Value::as_str).map(str::to_owned);
    Some(match said.get("stop_reason")?.as_str()? {
        "stop_sequence" => FinishReason::StopSequence(sequence()),
        "max_tokens" => FinishReason::Length,
        "model_context_window_exceeded" => FinishReason::ContextFull,
        "refusal" => FinishReason::Declined,
        "pause_turn" => FinishReason::Paused,
        _ => FinishReason::Done,
    })
}

/// A block; `None` for one that says nothing or is of a tool that Anthropic ran itself.
fn part(block: Value, origin: &Origin, minter: &mut Minter) -> Option<AnswerPart> {
    let Value::Object(mut block) = block else { return None };
    match block.get("type")?.as_str()? {
        "text" => {
            let text = take_text(&mut block, "text");
            let citations = citations(block.get("citations"));
            (!text.is_empty()).then_some(AnswerPart::Text { text, citations })
        }
        "thinking" => {
            let text = block.get("thinking").and_then(Value::as_str).unwrap_or_default().to_owned();
            let signature = sign(block, origin);
            (!text.is_empty() || signature.is_some()).then_some(AnswerPart::Reasoning(Reasoned { text, signature }))
        }
        "redacted_thinking" => {
            let signature = Some(sign(block, origin)?);
            Some(AnswerPart::Reasoning(Reasoned { text: String::new(), signature }))
        }
        "tool_use" => {
            let (id, name) = (take_text(&mut block, "id"), take_text(&mut block, "name"));
            let id = call_id(&id, minter);
            let input = block.remove("input").filter(|input| !input.is_null());
            let json = input.map_or_else(|| "{}".to_owned(), |input| input.to_string());
            Some(AnswerPart::Call(Call { id, name, input: CallInput::Json(json) }))
        }
        _ => None,
    }
}

/// The id of a call, as every client can send it back.
pub(super) fn call_id(id: &str, minter: &mut Minter) -> String {
    if id.is_empty() { minter.mint("call_") } else { fit_call_id(id).into_owned() }
}

/// The whole block as its own proof; `None` for one that nothing proves.
pub(super) fn sign(block: Map<String, Value>, origin: &Origin) -> Option<Signature> {
    let proof = block.get("signature").or_else(|| block.get("data")).and_then(Value::as_str);
    proof.filter(|proof| !proof.is_empty())?;
    Some(Signature {
        protocol: Protocol::AnthropicMessages,
        provider: origin.provider.clone(),
        payload: Value::Object(block).to_string(),
    })
}

/// What a text block rests on.
pub(super) fn citations(list: Option<&Value>) -> Vec<Citation> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(citation).collect()
}

/// A source, of any of Anthropic's kinds.
pub(super) fn citation(citation: &Value) -> Option<Citation> {
    let citation = citation.as_object()?;
    let text = |key: &str| citation.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    // A search result's `source` is an address only if it looks like one.
    let source = || text("source").filter(|source| source.starts_with("http"));
    Some(Citation {
        url: text("url").or_else(source),
        title: text("title").or_else(|| text("document_title")),
        cited_text: text("cited_text"),
        span: None,
    })
}

fn take_text(block: &mut Map<String, Value>, key: &str) -> String {
    match block.remove(key) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}
