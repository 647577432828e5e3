//! What Bedrock says when it fails.

use crate::translate::neutral::Fault;
use crate::translate::wire;
use serde_json::{Map, Value};

/// The longest text of an error that is no JSON, in characters.
const LONGEST: usize = 500;

/// What its exceptions stand for (PROTOCOLS.md section 7), by their names without `Exception`.
const STATUSES: [(&str, u16); 18] = [
    ("accessdenied", 403),
    ("conflict", 409),
    ("expiredtoken", 403),
    ("incompletesignature", 403),
    ("internalserver", 500),
    ("invalidsignature", 403),
    ("missingauthenticationtoken", 403),
    ("modelerror", 424),
    ("modelnotready", 429),
    ("modelstreamerror", 424),
    ("modeltimeout", 408),
    ("resourcenotfound", 404),
    ("servicequotaexceeded", 400),
    ("serviceunavailable", 503),
    ("throttling", 429),
    ("toomanyrequests", 429),
    ("unrecognizedclient", 403),
    ("validation", 400),
];

/// Reads the body of an error's answer. `error_type` is the header `x-amzn-errortype`, such as
/// `ThrottlingException:http://internal.amazon.com/…`.
pub fn read_fault(status: u16, error_type: Option<&str>, body: &[u8]) -> Fault {
    let json = wire::read::<Map<String, Value>>(body).unwrap_or_default();
    let code = error_type.or_else(|| json.get("__type").and_then(Value::as_str)).and_then(exception_name);
    let words = message(&json).or_else(|| plain_text(body));
    let message = words.unwrap_or_else(|| match code {
        Some(code) => format!("the upstream answered {status} {code} without a word"),
        None => format!("the upstream answered {status} without a word"),
    });
    // An error that comes as a success has to be one all the same.
    let status = if status < 400 { code.and_then(status_of).unwrap_or(502) } else { status };
    let fault = Fault::new(status, message);
    match code {
        Some(code) => fault.with_code(code),
        None => fault,
    }
}

/// Reads an exception in a stream: its `:exception-type` and its payload.
pub fn exception(kind: &str, payload: &[u8]) -> Fault {
    let status = status_of(kind).unwrap_or(500);
    let json = wire::read::<Map<String, Value>>(payload).unwrap_or_default();
    let message = message(&json).or_else(|| plain_text(payload));
    Fault::new(status, message.unwrap_or_else(|| format!("the upstream's stream broke off with {kind}")))
        .with_code(kind)
}

/// `Name` of `Name:url`, and of `prefix#Name`.
fn exception_name(text: &str) -> Option<&str> {
    let name = text.rsplit('#').next().unwrap_or(text);
    let name = name.split(':').next().unwrap_or(name).trim();
    if name.is_empty() { None } else { Some(name) }
}

fn status_of(kind: &str) -> Option<u16> {
    let kind = kind.to_ascii_lowercase();
    let name = kind.strip_suffix("exception").unwrap_or(&kind);
    STATUSES.iter().find(|(known, _)| *known == name).map(|(_, status)| *status)
}

fn message(json: &Map<String, Value>) -> Option<String> {
    let words = ["message", "Message", "originalMessage"].into_iter().filter_map(|key| json.get(key)?.as_str());
    words.map(str::trim).find(|words| !words.is_empty()).map(str::to_owned)
}

/// A short text that is no JSON and no page of a proxy's.
fn plain_text(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let is_words = !text.is_empty() && !text.starts_with(['<', '{', '[']);
    if is_words { Some(text.chars().take(LONGEST).collect()) } else { None }
}
