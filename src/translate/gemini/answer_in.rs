//! The answer of `:generateContent`.

use super::fault;
use super::stream_in::StreamReader;
use crate::translate::neutral::{Answer, Begin, Event, Fault, Origin, Reader};
use serde_json::Value;

/// Reads the body of an answer with a status of success.
///
/// # Errors
/// The body is an error all the same, is no answer, or the model's output cannot be used: status 502, or the error's own.
pub fn read_answer(body: Value, origin: &Origin) -> Result<Answer, Fault> {
    let chunk = match body {
        Value::Object(chunk) => chunk,
        other => return Err(fault::error_of(other).map_or_else(malformed, |error| fault::of_error(&error, 502))),
    };
    let has_candidate = chunk.get("candidates").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    let is_blocked = chunk.get("promptFeedback").is_some_and(|feedback| feedback.get("blockReason").is_some());
    if !(has_candidate || is_blocked || chunk.contains_key("error")) {
        return Err(malformed());
    }
    let (mut reader, mut events) = (StreamReader::new(origin.clone()), Vec::new());
    reader.chunk(chunk, &mut events);
    reader.finish(&mut events);
    let mut answer = Answer::new(Begin::default());
    for event in events {
        match event {
            Event::Error(fault) => return Err(fault),
            event => answer.add(event),
        }
    }
    Ok(answer)
}

fn malformed() -> Fault {
    Fault::new(502, "the upstream's answer is not what its protocol promises: it has no candidates")
        .with_code("upstream.malformed")
}
