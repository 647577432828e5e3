//! Google's errors.

use crate::translate::neutral::Fault;
use crate::translate::wire;
use serde_json::Value;

/// Google's words for a status, for errors that name no number (PROTOCOLS.md section 7).
const STATUSES: [(&str, u16); 15] = [
    ("INVALID_ARGUMENT", 400),
    ("FAILED_PRECONDITION", 400),
    ("OUT_OF_RANGE", 400),
    ("UNAUTHENTICATED", 401),
    ("PERMISSION_DENIED", 403),
    ("NOT_FOUND", 404),
    ("ABORTED", 409),
    ("ALREADY_EXISTS", 409),
    ("RESOURCE_EXHAUSTED", 429),
    ("CANCELLED", 499),
    ("INTERNAL", 500),
    ("UNKNOWN", 500),
    ("UNIMPLEMENTED", 501),
    ("UNAVAILABLE", 503),
    ("DEADLINE_EXCEEDED", 504),
];

/// Reads the body of an error answer, whatever it is. `_error_type` is another vendor's header.
pub fn read_fault(status: u16, _error_type: Option<&str>, body: &[u8]) -> Fault {
    let error = wire::read(body).ok().and_then(error_of);
    match error {
        Some(error) => Fault { status, ..of_error(&error, status) },
        None => Fault::new(status, words(status, body)),
    }
}

/// The `error` of a body; without `alt=sse` Google puts it into an array.
pub(super) fn error_of(body: Value) -> Option<Value> {
    match body {
        Value::Object(mut body) => body.shift_remove("error"),
        Value::Array(bodies) => bodies.into_iter().next().and_then(error_of),
        _ => None,
    }
}

/// An error in an answer that began well: its own number counts, then its word, then `otherwise`.
pub(super) fn of_error(error: &Value, otherwise: u16) -> Fault {
    let text = |key: &str| error.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let details = || error.get("details").and_then(Value::as_array).into_iter().flatten();
    let word = text("status");
    let numbered = error.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
    let status = numbered
        .filter(|code| (400..600).contains(code))
        .or_else(|| STATUSES.iter().find(|(known, _)| Some(*known) == word).map(|(_, status)| *status))
        .unwrap_or(otherwise);
    // A bad key is `INVALID_ARGUMENT` like any other mistake; the reason tells.
    let reason = details()
        .filter_map(|detail| detail.get("reason")?.as_str())
        .find(|reason| matches!(*reason, "API_KEY_INVALID" | "API_KEY_EXPIRED"));
    let message = text("message").or(error.as_str()).map_or_else(|| words(status, b""), str::to_owned);
    Fault {
        status,
        message,
        code: reason.or(word).map(str::to_owned),
        param: details()
            .filter_map(|detail| detail.get("fieldViolations")?.as_array()?.first()?.get("field")?.as_str())
            .find(|field| !field.is_empty())
            .map(str::to_owned),
        retry_after: details().filter_map(|detail| detail.get("retryDelay")?.as_str()).find_map(seconds),
    }
}

/// `7s` or `7.5s`, rounded up: earlier is too early.
fn seconds(delay: &str) -> Option<u32> {
    let (whole, part) = delay.strip_suffix('s')?.split_once('.').unwrap_or((delay.strip_suffix('s')?, ""));
    let seconds: u32 = whole.parse().ok()?;
    Some(seconds.saturating_add(u32::from(part.bytes().any(|digit| digit != b'0'))))
}

/// What can be said of a body that is none of Google's.
fn words(status: u16, body: &[u8]) -> String {
    const MOST: usize = 300;
    let plain = std::str::from_utf8(body).map(str::trim).unwrap_or_default();
    if plain.is_empty() || plain.starts_with('<') {
        return format!("the upstream answered {status} and did not say why");
    }
    plain.chars().take(MOST).collect()
}
