//! Errors in Anthropic's words (PROTOCOLS.md section 7).

use crate::json::{Members, json};
use crate::protocol::error_type;
use crate::translate::neutral::Fault;
use crate::translate::wire;
use serde_json::{Map, Value};

/// OpenAI's code for a prompt that does not fit, which has no counterpart at Anthropic but words.
const TOO_LONG: &str = "context_length_exceeded";
/// Those words. Agents look for them to shorten their history.
const TOO_LONG_IN_WORDS: &str = "prompt is too long";
/// More than that of a page that is no answer helps nobody.
const EXCERPT: usize = 300;

/// The body of an error for an Anthropic client.
pub fn write_fault(fault: &Fault, request_id: &str) -> Value {
    json!({"type": "error", "error": error_object(fault), "request_id": request_id})
}

/// The `error` member, in a body or an event.
pub(super) fn error_object(fault: &Fault) -> Value {
    let is_too_long = fault.code.as_deref() == Some(TOO_LONG) && !says_too_long(&fault.message);
    let message = if is_too_long { format!("{TOO_LONG_IN_WORDS}: {}", fault.message) } else { fault.message.clone() };
    let mut error = json!({"type": error_type::anthropic(fault.status), "message": message});
    if let (Some(code), Some(error)) = (&fault.code, error.as_object_mut()) {
        error.put("details", json!({"error_code": code}));
    }
    error
}

/// Reads the body of an upstream's error. Whatever it is, there are words for it.
pub fn read_fault(status: u16, _: Option<&str>, body: &[u8]) -> Fault {
    match wire::read::<Map<String, Value>>(body) {
        Ok(body) => fault_of(status, &body),
        Err(_) => Fault::new(status, excerpt(status, body)),
    }
}

/// An `error` object of Anthropic's in a 200 body or in a stream, where its type is all there is of a status.
pub(super) fn fault_by_type(body: &Map<String, Value>) -> Fault {
    let kind = body.get("error").and_then(|error| error.get("type")).and_then(Value::as_str);
    fault_of(kind.map_or(500, status_of), body)
}

fn fault_of(status: u16, body: &Map<String, Value>) -> Fault {
    let error = body.get("error").and_then(Value::as_object).unwrap_or(body);
    let text = |key: &str| error.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    // Compatible servers also answer `{"error":"words"}` and `{"message":"words"}`.
    let words = text("message").or_else(|| body.get("error").and_then(Value::as_str));
    let message = words.map_or_else(|| Value::Object(body.clone()).to_string(), str::to_owned);
    let detail = error.get("details").and_then(|details| details.get("error_code")).and_then(Value::as_str);
    let mut fault = Fault::new(status, message);
    fault.code =
        if says_too_long(&fault.message) { Some(TOO_LONG) } else { detail.or_else(|| text("type")) }.map(str::to_owned);
    fault
}

fn says_too_long(message: &str) -> bool {
    message.to_ascii_lowercase().contains(TOO_LONG_IN_WORDS)
}

fn excerpt(status: u16, body: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(body).trim().chars().take(EXCERPT).collect();
    match text.as_str() {
        "" => format!("the upstream answered with status {status} and no words"),
        text => format!("the upstream answered with status {status} and no JSON: {text}"),
    }
}

/// The status that a type of error stands for.
fn status_of(kind: &str) -> u16 {
    match kind {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "conflict_error" => 409,
        "request_too_large" => 413,
        "rate_limit_error" => 429,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        _ => 500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_the_type_of_its_status_and_the_upstreams_words() {
        let fault = Fault::new(429, "slow down").with_code("rate_limit_exceeded");
        assert_eq!(
            write_fault(&fault, "req_1"),
            json!({"type": "error", "error": {"type": "rate_limit_error", "message": "slow down",
                   "details": {"error_code": "rate_limit_exceeded"}}, "request_id": "req_1"})
        );
        assert_eq!(write_fault(&Fault::new(400, "no"), "r")["error"]["type"], "invalid_request_error");
    }

    #[test]
    fn a_prompt_that_is_too_long_is_known_by_the_words_that_agents_look_for() {
        let fault = Fault::new(400, "maximum context length is 8192 tokens").with_code("context_length_exceeded");
        assert_eq!(
            write_fault(&fault, "r")["error"]["message"],
            "prompt is too long: maximum context length is 8192 tokens"
        );
        let body =
            br#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 > 8"}}"#;
        let fault = read_fault(400, None, body);
        assert_eq!(fault.code.as_deref(), Some("context_length_exceeded"));
        assert_eq!(write_fault(&fault, "r")["error"]["message"], "prompt is too long: 9 > 8");
    }

    #[test]
    fn an_upstreams_error_is_read_whatever_it_is() {
        let body =
            br#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_0"}"#;
        assert_eq!(read_fault(529, None, body), Fault::new(529, "Overloaded").with_code("overloaded_error"));
        assert_eq!(read_fault(404, None, br#"{"error":"model not found"}"#).message, "model not found");
        assert!(read_fault(502, None, b"<html>Bad Gateway</html>").message.contains("<html>Bad Gateway"));
        assert_eq!(read_fault(503, None, b"").message, "the upstream answered with status 503 and no words");
    }

    #[test]
    fn an_error_without_a_status_gets_the_one_of_its_type() {
        for (kind, status) in [("overloaded_error", 529), ("rate_limit_error", 429), ("api_error", 500), ("new", 500)] {
            let body = json!({"type": "error", "error": {"type": kind, "message": "m"}});
            assert_eq!(fault_by_type(body.as_object().expect("an object")).status, status);
        }
    }
}
