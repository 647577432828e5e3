//! The third phase: what the upstream said, as the client gets to read it.

use super::plan::Plan;
use crate::domain::protocol::Protocol;
use crate::domain::usage::TokenCounts;
use crate::protocol::error_type;
use crate::protocol::json;
use crate::protocol::meter::{Outcome, unary_usage};
use crate::refusal::{Reason, Refusal};
use crate::routing::headers_out::response_disposition;
use serde_json::{Value, json};

/// What the upstream's status line and headers announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    /// An event stream, to be relayed as it comes.
    Stream,
    /// A body, to be read whole.
    Body,
    /// An error, to be read whole and told in the client's protocol.
    Error,
    /// A redirect: never followed, because the credential would go along.
    Redirect,
    /// A status that HTTP does not have, and that no response of ours could carry.
    Nonsense,
}

/// Reads the status line and the content type.
pub fn announced(status: u16, content_type: Option<&str>) -> Announced {
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    match status {
        200..=299 if essence.eq_ignore_ascii_case("text/event-stream") => Announced::Stream,
        200..=299 => Announced::Body,
        300..=399 => Announced::Redirect,
        400..=599 => Announced::Error,
        _ => Announced::Nonsense,
    }
}

/// The upstream's headers that reach the client. Names are in lower case.
pub fn headers<'h>(
    upstream: impl Iterator<Item = (&'h str, &'h str)>,
    protocol: Protocol,
) -> impl Iterator<Item = (&'h str, &'h str)> {
    // The same protocol on both sides: translation comes between them later.
    upstream.filter(move |(name, _)| response_disposition(name, protocol, protocol).passes())
}

/// Checks the body of a success and reads what it says of usage. What it answers is relayed byte for byte.
pub fn check_body(protocol: Protocol, plan: &Plan, body: &[u8]) -> Result<Option<TokenCounts>, Refusal> {
    match unary_usage(protocol, body) {
        Ok(facts) if facts.outcome == Outcome::Answered => Ok(facts.usage),
        Ok(_) => {
            let message = format!("the upstream said 200 and then an error: {}", words(plan, body));
            Err(Refusal::new(Reason::UpstreamError, message))
        }
        Err(malformed) => {
            let message = format!(
                "provider `{}` did not answer in its protocol: {malformed}; it began {:?}",
                plan.candidate.provider.name(),
                words(plan, body)
            );
            Err(Refusal::new(Reason::UpstreamMalformed, message))
        }
    }
}

/// A stream whose first meaningful event is an error: the status is not committed yet, so it can tell.
pub fn failed_at_once(plan: &Plan, events: &[u8]) -> Refusal {
    let data = events.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"data:")).next_back();
    let event: Option<Value> = data.and_then(|data| serde_json::from_slice(data).ok());
    let told = event.as_ref().and_then(|event| {
        let places = ["/error/message", "/response/error/message", "/message", "/error"];
        places.iter().find_map(|place| event.pointer(place).and_then(Value::as_str))
    });
    let said = words(plan, told.map_or(events, str::as_bytes));
    let message = format!("provider `{}` said 200 and then an error: {said}", plan.candidate.provider.name());
    Refusal::new(Reason::UpstreamError, message)
}

/// A stream that ended before its answer began.
pub fn ended_before_it_began(plan: &Plan) -> Refusal {
    let message = format!("provider `{}` ended its stream before the answer began", plan.candidate.provider.name());
    Refusal::new(Reason::UpstreamTruncated, message)
}

/// The body of an upstream's error for the client: as it came where it has the shape of the client's protocol, else
/// wrapped in it. A credential that the upstream repeats is masked.
pub fn error_body(protocol: Protocol, plan: &Plan, status: u16, body: &[u8], request_id: &str) -> Vec<u8> {
    let masked = mask(&plan.secrets, body);
    if is_error_of(protocol, &masked) {
        return masked;
    }
    let provider = plan.candidate.provider.name();
    let said = words(plan, &masked);
    let message = if said.is_empty() {
        format!("provider `{provider}` answered {status} without a word")
    } else {
        format!("provider `{provider}` answered {status}: {said}")
    };
    let code = Reason::UpstreamError.code();
    let body = match protocol {
        Protocol::AnthropicMessages => {
            json!({"type": "error", "error": {"type": error_type::anthropic(status), "message": message}, "request_id": request_id})
        }
        _ => json!({"error": {"message": message, "type": error_type::openai(status), "param": null, "code": code}}),
    };
    body.to_string().into_bytes()
}

/// The first words of what an upstream said: 500 characters at most, nothing secret among them.
fn words(plan: &Plan, body: &[u8]) -> String {
    let masked = mask(&plan.secrets, body);
    let text: String = String::from_utf8_lossy(&masked).chars().take(500).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Replaces every occurrence of a secret.
pub fn mask(secrets: &[String], body: &[u8]) -> Vec<u8> {
    let mut text = body.to_vec();
    for secret in secrets {
        // In JSON the secret may be escaped, by some writers its slashes, too.
        let escaped = json::escape(secret);
        for spelling in [secret.as_str(), &escaped, &escaped.replace('/', "\\/")] {
            if spelling.is_empty() || memchr::memmem::find(&text, spelling.as_bytes()).is_none() {
                continue;
            }
            let mut masked = Vec::with_capacity(text.len());
            let mut rest = text.as_slice();
            while let Some((before, after)) = split_around(rest, spelling.as_bytes()) {
                masked.extend_from_slice(before);
                masked.extend_from_slice(b"[credential]");
                rest = after;
            }
            masked.extend_from_slice(rest);
            text = masked;
        }
    }
    text
}

fn split_around<'a>(text: &'a [u8], needle: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memchr::memmem::find(text, needle)?;
    Some((text.get(..at)?, text.get(at + needle.len()..)?))
}

/// Whether a body is an error as the protocol's clients read it.
fn is_error_of(protocol: Protocol, body: &[u8]) -> bool {
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else { return false };
    let error = fields.get("error").and_then(Value::as_object);
    let has_message = error.is_some_and(|error| error.get("message").is_some_and(Value::is_string));
    match protocol {
        Protocol::AnthropicMessages => has_message && fields.get("type").is_some_and(|kind| kind == "error"),
        _ => has_message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_however_often_and_however_it_is_spelled() {
        let secrets = ["sk-\"quoted\"".to_owned()];
        let body = br#"{"a":"sk-\"quoted\"","b":"x"} sk-"quoted" end"#;
        let masked = String::from_utf8(mask(&secrets, body)).expect("text");
        assert_eq!(masked, r#"{"a":"[credential]","b":"x"} [credential] end"#);
        assert_eq!(mask(&[String::new()], b"as it was"), b"as it was");
        assert_eq!(mask(&["sk-a/b".to_owned()], br#""sk-a\/b" sk-a/b"#), br#""[credential]" [credential]"#);
    }

    #[test]
    fn only_a_200_with_the_streams_content_type_is_a_stream() {
        assert_eq!(announced(200, Some("text/event-stream; charset=utf-8")), Announced::Stream);
        assert_eq!(announced(200, Some("application/json")), Announced::Body);
        assert_eq!(announced(200, None), Announced::Body);
        assert_eq!(announced(429, Some("text/event-stream")), Announced::Error);
        assert_eq!(announced(302, None), Announced::Redirect);
        assert_eq!([announced(600, None), announced(999, None)], [Announced::Nonsense; 2]);
    }

    #[test]
    fn an_error_is_relayed_as_it_came_only_in_its_own_protocol() {
        let openai = br#"{"error":{"message":"m","type":"t","param":null,"code":null}}"#;
        let anthropic = br#"{"type":"error","error":{"type":"t","message":"m"}}"#;
        assert!(is_error_of(Protocol::ChatCompletions, openai));
        assert!(!is_error_of(Protocol::AnthropicMessages, openai));
        assert!(is_error_of(Protocol::AnthropicMessages, anthropic));
        for other in [&b"<html>"[..], b"[]", b"{}", br#"{"error":"flat"}"#] {
            assert!(!is_error_of(Protocol::ChatCompletions, other));
        }
    }
}
