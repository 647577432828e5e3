//! Errors, read and written (PROTOCOLS.md section 7).

use crate::json::json;
use crate::protocol::error_type;
use crate::translate::neutral::Fault;
use crate::translate::wire;
use serde_json::Value;

/// Most bytes of an answer without JSON that are repeated to the client.
const LONGEST_WORDS: usize = 500;

/// An error body as OpenAI's SDKs read it. They find the request's id in a header.
pub fn write_fault(fault: &Fault, _request_id: &str) -> Value {
    json!({ "error": error_object(fault) })
}

/// `{message, type, param, code}`: the SDKs require all four.
pub(super) fn error_object(fault: &Fault) -> Value {
    json!({
        "message": fault.message,
        "type": error_type::openai(fault.status),
        "param": fault.param,
        "code": fault.code,
    })
}

/// The word for `response.error.code`, out of those that clients tell apart: Codex tries again after some and gives up after
/// others.
pub(super) fn response_code(fault: &Fault) -> &str {
    const KNOWN: [&str; 7] = [
        "context_length_exceeded",
        "insufficient_quota",
        "invalid_prompt",
        "rate_limit_exceeded",
        "server_error",
        "server_is_overloaded",
        "usage_not_included",
    ];
    match (fault.code.as_deref(), fault.status) {
        (Some(code), _) if KNOWN.contains(&code) => code,
        (_, 429) => "rate_limit_exceeded",
        (_, 400 | 404 | 413 | 422) => "invalid_prompt",
        (_, 503 | 529) => "server_is_overloaded",
        _ => "server_error",
    }
}

/// Reads an upstream's error answer. What is no JSON gives words, too.
pub fn read_fault(status: u16, error_type: Option<&str>, body: &[u8]) -> Fault {
    let mut fault = match wire::read::<Value>(body) {
        Ok(body) => read_object(status, &body),
        Err(_) => None,
    }
    .unwrap_or_else(|| Fault::new(status, words(status, body)));
    fault.status = status;
    fault.code = fault.code.or_else(|| error_type.map(str::to_owned));
    fault
}

/// Reads the error in a body or an event: `{"error": {…}}`, xAI's `{"code", "error": "…"}`, the flat `{code, message}`, and
/// what frameworks answer (`{"detail": "…"}`). `status` is for errors that do not give theirs away.
pub(super) fn read_object(status: u16, body: &Value) -> Option<Fault> {
    // Some proxies put the error in a list.
    let body = body.as_array().map_or(Some(body), |list| list.first())?;
    let (error, outer) = match body.get("error").filter(|error| !error.is_null()) {
        Some(error) => (error, Some(body)),
        None => (body, None),
    };
    let text = |value: &Value, key: &str| value.get(key).and_then(word);
    let message = match error {
        Value::String(message) => Some(message.clone()),
        error => text(error, "message").or_else(|| text(error, "detail")).or_else(|| text(error, "msg")),
    };
    let code = text(error, "code").or_else(|| outer.and_then(|outer| text(outer, "code")));
    let kind = text(error, "type").filter(|kind| kind != "error");
    if message.is_none() && code.is_none() && kind.is_none() {
        return None;
    }
    let status = status_of(code.as_deref()).or_else(|| status_of(kind.as_deref())).unwrap_or(status);
    let code = code.or(kind);
    let message = message.unwrap_or_else(|| code.clone().unwrap_or_default());
    Some(Fault { status, message, param: text(error, "param"), code, retry_after: None })
}

/// A word, or a number that stands for one (Azure: `"code": 429`).
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The status that a code or a type stands for, where the error came without one.
fn status_of(code: Option<&str>) -> Option<u16> {
    let code = code?;
    if let Some(status) = code.parse().ok().filter(|status| (400..600).contains(status)) {
        return Some(status);
    }
    Some(match code {
        "rate_limit_exceeded" | "rate_limit_error" | "insufficient_quota" | "rate_limit_reached" => 429,
        "invalid_api_key" | "authentication_error" => 401,
        "permission_error" => 403,
        "model_not_found" | "not_found_error" => 404,
        "server_is_overloaded" | "slow_down" | "overloaded_error" | "overloaded" | "service_unavailable" => 503,
        "vector_store_timeout" | "timeout" | "timeout_error" => 504,
        "server_error" | "internal_error" | "internal_server_error" | "api_error" => 500,
        "invalid_prompt"
        | "invalid_request_error"
        | "context_length_exceeded"
        | "content_filter"
        | "bio_policy"
        | "failed_to_download_image"
        | "empty_image_file"
        | "misalignment_policy_violation" => 400,
        code if code.starts_with("invalid_") || code.starts_with("unsupported_") || code.starts_with("image_") => 400,
        _ => return None,
    })
}

/// Something to say about an answer that explains nothing.
fn words(status: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.is_empty() || text.starts_with('<') || text.starts_with('{') || text.starts_with('[') {
        return format!("the upstream answered {status} without an explanation");
    }
    text.chars().take(LONGEST_WORDS).collect()
}
