//! An upstream's answer.

use super::fault;
use crate::domain::protocol::Protocol;
use crate::domain::usage::TokenCounts;
use crate::json::Members;
use crate::translate::chat::read_usage;
use crate::translate::neutral::{
    Answer, AnswerPart, Begin, Call, CallInput, Citation, Fault, FinishReason, Minter, Origin, Reasoned, Signature,
    fit_call_id,
};
use serde_json::{Map, Value};

/// Reads a whole answer.
///
/// # Errors
/// The upstream reports a failure in its answer, or what came is no answer (502, `upstream.malformed`).
pub fn read_answer(body: Value, origin: &Origin) -> Result<Answer, Fault> {
    let Value::Object(mut body) = body else {
        return Err(no_answer("it is no object"));
    };
    if let Some(failure) = failure(&body) {
        return Err(failure);
    }
    let Some(Value::Array(items)) = body.shift_remove("output") else {
        return Err(no_answer("it has no `output`"));
    };
    let mut answer = Answer::new(begin(&body));
    let mut minter = Minter::new(&origin.seed);
    for item in items {
        answer.parts.extend(parts(item, origin, &mut minter));
    }
    answer.finish = finish(&body);
    answer.usage = usage(&body, origin);
    Ok(answer)
}

fn no_answer(what: &str) -> Fault {
    Fault::new(502, format!("the upstream's answer is not what its protocol promises: {what}"))
        .with_code("upstream.malformed")
}

/// The failure that an answer or a terminal event tells.
pub(super) fn failure(response: &Map<String, Value>) -> Option<Fault> {
    let status = response.get("status").and_then(Value::as_str);
    let error = response.get("error").filter(|error| !error.is_null() && **error != Value::Bool(false));
    if let Some(error) = error {
        let read = fault::read_object(500, error).or_else(|| match error {
            Value::String(message) => Some(Fault::new(500, message.clone())),
            _ => None,
        });
        return Some(read.unwrap_or_else(|| Fault::new(500, UNEXPLAINED)));
    }
    match status {
        Some("failed") => Some(Fault::new(500, UNEXPLAINED).with_code("server_error")),
        Some("cancelled") => Some(Fault::new(500, "the upstream cancelled its answer").with_code("cancelled")),
        Some(pending @ ("queued" | "in_progress")) => Some(no_answer(&format!("it is still {pending}"))),
        _ => None,
    }
}

const UNEXPLAINED: &str = "the upstream failed without an explanation";

/// What is known of an answer when it begins.
pub(super) fn begin(response: &Map<String, Value>) -> Begin {
    let text = |key: &str| response.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    // The specification says seconds, and some servers write them with a fraction.
    let created = response.get("created_at").and_then(|time| time.as_i64().or_else(|| whole(time.as_f64()?)));
    Begin { id: text("id"), model: text("model"), created, usage: None }
}

#[expect(clippy::cast_possible_truncation, reason = "a time in seconds is far from what 64 bits cannot hold")]
fn whole(seconds: f64) -> Option<i64> {
    seconds.is_finite().then_some(seconds as i64)
}

/// What it consumed.
pub(super) fn usage(response: &Map<String, Value>, origin: &Origin) -> Option<TokenCounts> {
    read_usage(response.get("usage")?, origin.kind)
}

/// Why an answer ended. A refusal in so many words is an answer like any other.
pub(super) fn finish(response: &Map<String, Value>) -> FinishReason {
    let is_incomplete = response.get("status").is_some_and(|status| status == "incomplete");
    let reason = response.get("incomplete_details").and_then(|details| details.get("reason")?.as_str());
    match reason.filter(|_| is_incomplete) {
        Some("max_output_tokens" | "max_tokens") => FinishReason::Length,
        Some("content_filter") => FinishReason::Declined,
        None if is_incomplete => FinishReason::Length,
        _ => FinishReason::Done,
    }
}

/// What an item says. Items that nobody knows, and those of the vendor's own tools, say nothing.
pub(super) fn parts(item: Value, origin: &Origin, minter: &mut Minter) -> Vec<AnswerPart> {
    let Value::Object(mut item) = item else { return Vec::new() };
    match item.get("type").and_then(Value::as_str) {
        Some("message") => content_of(item.shift_remove("content")).into_iter().filter_map(said).collect(),
        Some("reasoning") => {
            let text = reasoning_text(&item);
            let signature = signature(&mut item, origin);
            let is_something = !text.is_empty() || signature.is_some();
            is_something.then_some(AnswerPart::Reasoning(Reasoned { text, signature })).into_iter().collect()
        }
        Some("function_call") => {
            let json = string(&mut item, "arguments").filter(|json| !json.trim().is_empty());
            call(&mut item, CallInput::Json(json.unwrap_or_else(|| "{}".to_owned())), minter).into_iter().collect()
        }
        Some("custom_tool_call") => {
            let text = string(&mut item, "input").unwrap_or_default();
            call(&mut item, CallInput::Text(text), minter).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn content_of(content: Option<Value>) -> Vec<Value> {
    match content {
        Some(Value::Array(parts)) => parts,
        _ => Vec::new(),
    }
}

fn said(part: Value) -> Option<AnswerPart> {
    let Value::Object(mut part) = part else { return None };
    match part.get("type").and_then(Value::as_str) {
        Some("output_text" | "text") => {
            let text = string(&mut part, "text").filter(|text| !text.is_empty())?;
            let annotations = part.get("annotations").and_then(Value::as_array).into_iter().flatten();
            Some(AnswerPart::Text { text, citations: annotations.filter_map(citation).collect() })
        }
        Some("refusal") => string(&mut part, "refusal").filter(|text| !text.is_empty()).map(AnswerPart::Refusal),
        _ => None,
    }
}

fn call(item: &mut Map<String, Value>, input: CallInput, minter: &mut Minter) -> Option<AnswerPart> {
    let name = string(item, "name")?;
    let id = call_id(item.get("call_id").and_then(Value::as_str), minter);
    Some(AnswerPart::Call(Call { id, name, input }))
}

/// The id that the result will name: never the item's own.
pub(super) fn call_id(given: Option<&str>, minter: &mut Minter) -> String {
    match given.filter(|id| !id.is_empty()) {
        Some(id) => fit_call_id(id).into_owned(),
        None => minter.mint("call_"),
    }
}

fn string(map: &mut Map<String, Value>, key: &str) -> Option<String> {
    match map.get_mut(key).map(Value::take) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// What a reasoning item shows: its summary, or what raw models think aloud.
pub(super) fn reasoning_text(item: &Map<String, Value>) -> String {
    let summary = paragraphs(item.get("summary"));
    if summary.is_empty() { paragraphs(item.get("content")) } else { summary }
}

fn paragraphs(parts: Option<&Value>) -> String {
    let mut text = String::new();
    for part in parts.and_then(Value::as_array).into_iter().flatten() {
        let paragraph = part.get("text").and_then(Value::as_str).unwrap_or_default();
        if !text.is_empty() && !paragraph.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(paragraph);
    }
    text
}

/// The item as it has to come back: with its id, and without what the vendor says of its state.
pub(super) fn signature(item: &mut Map<String, Value>, origin: &Origin) -> Option<Signature> {
    let is_sealed = item.get("encrypted_content").and_then(Value::as_str).is_some_and(|sealed| !sealed.is_empty());
    let is_raw = item.get("content").and_then(Value::as_array).is_some_and(|content| !content.is_empty());
    if !is_sealed && !is_raw {
        return None;
    }
    let mut payload = Map::new();
    for key in ["type", "id", "summary", "content", "encrypted_content"] {
        if let Some(value) = item.get_mut(key).map(Value::take).filter(|value| !value.is_null()) {
            payload.put(key, value);
        }
    }
    payload.entry("summary").or_insert_with(|| Value::Array(Vec::new()));
    let payload = Value::Object(payload).to_string();
    Some(Signature { protocol: Protocol::Responses, provider: origin.provider.clone(), payload })
}

/// A citation. Those of files name what only the vendor has.
pub(super) fn citation(annotation: &Value) -> Option<Citation> {
    let text =
        |key: &str| annotation.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let number = |key: &str| annotation.get(key).and_then(Value::as_u64);
    match annotation.get("type").and_then(Value::as_str) {
        Some("url_citation") => Some(Citation {
            url: Some(text("url")?),
            title: text("title"),
            cited_text: None,
            span: number("start_index").zip(number("end_index")),
        }),
        Some("file_citation" | "container_file_citation") => Some(Citation {
            url: None,
            title: text("filename"),
            cited_text: None,
            span: number("start_index").zip(number("end_index")),
        }),
        _ => None,
    }
}
