//! The third phase: what the upstream said, as the client gets to read it.

use super::attempts::Verdict;
use super::plan::{Plan, Way};
use crate::domain::protocol::Protocol;
use crate::domain::usage::TokenCounts;
use crate::json::json;
use crate::protocol::error_type;
use crate::protocol::json;
use crate::protocol::meter::{Outcome, answer_text_bytes, unary_usage};
use crate::refusal::{Reason, Refusal};
use crate::routing::headers_out::response_disposition;
use crate::translate::neutral::{Client, Delivery, Fault};
use crate::translate::{self, read_fault, reported_status, status_for, write_fault};
use serde_json::Value;

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

/// The content types of streams: server-sent events, and Amazon's framing.
const STREAMS: [&str; 2] = ["text/event-stream", "application/vnd.amazon.eventstream"];

/// Reads the status line and the content type.
pub fn announced(status: u16, content_type: Option<&str>) -> Announced {
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    match status {
        200..=299 if STREAMS.iter().any(|stream| essence.eq_ignore_ascii_case(stream)) => Announced::Stream,
        200..=299 => Announced::Body,
        300..=399 => Announced::Redirect,
        400..=599 => Announced::Error,
        _ => Announced::Nonsense,
    }
}

/// The upstream's headers that reach a client of `client`'s protocol. Names are in lower case.
pub fn headers<'h>(
    upstream: impl Iterator<Item = (&'h str, &'h str)>,
    plan: &Plan,
    client: Protocol,
) -> impl Iterator<Item = (&'h str, &'h str)> {
    let spoken = plan.protocol;
    upstream.filter(move |(name, _)| response_disposition(name, spoken, client).passes())
}

/// What a success says of its consumption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// The upstream's own counts.
    Reported(TokenCounts),
    /// Nothing; so many bytes of text are all there is to reckon by.
    Unreported {
        /// Of generated text.
        text_bytes: u64,
    },
}

/// A success's body, for the client.
#[derive(Debug)]
pub enum Body {
    /// The upstream's bytes.
    AsItCame(Counted),
    /// Other bytes, in the client's protocol.
    Rewritten {
        /// Them.
        body: Vec<u8>,
        /// Whether they are a stream's events.
        delivery: Delivery,
        /// What the call consumed.
        counted: Counted,
    },
}

/// Reads the body of a success: what it says of usage, and what the client gets for it.
///
/// # Errors
/// An error with a success's status, or a body that is no answer.
pub fn read_body(client: Protocol, plan: &Plan, body: &[u8]) -> Result<Body, NoAnswer> {
    let whole = |body: Vec<u8>, counted| Body::Rewritten { body, delivery: Delivery::Whole, counted };
    let counted = |usage: Option<TokenCounts>| match usage {
        Some(usage) => Counted::Reported(usage),
        None => Counted::Unreported { text_bytes: answer_text_bytes(plan.protocol, body) },
    };
    match &plan.way {
        Way::Same { .. } => check_body(client, plan, body).map(|usage| Body::AsItCame(counted(usage))),
        Way::Translated(exchange) => match exchange.answer(body) {
            Ok(answer) => {
                let (delivery, counted) = (exchange.delivery(), counted(answer.usage));
                Ok(Body::Rewritten { body: answer.body, delivery, counted })
            }
            Err(fault) => Err(failed(plan, &fault, body)),
        },
        Way::Embeddings(encoding) => match translate::read_embeddings(body, plan.candidate.model.model(), *encoding) {
            Ok(body) => {
                // Google says how many there were, or not, which OpenAI's shape spells as 0.
                let usage = unary_usage(Protocol::ChatCompletions, &body).ok().and_then(|facts| facts.usage);
                let usage = usage.filter(|usage| usage.input > 0);
                Ok(whole(body, counted(usage)))
            }
            Err(fault) => Err(failed(plan, &fault, body)),
        },
        Way::Count => match translate::read_count(plan.protocol, body) {
            Some(tokens) => Ok(whole(json!({"input_tokens": tokens}).to_string().into_bytes(), counted(None))),
            None => Err(failed(plan, &Fault::malformed("it has no count of tokens"), body)),
        },
    }
}

/// A success that is none: why, and what it means for another try.
#[derive(Debug)]
pub struct NoAnswer {
    /// What the client is told, if it comes to that.
    pub refusal: Refusal,
    /// Who is at fault.
    pub verdict: Verdict,
}

impl From<Refusal> for NoAnswer {
    fn from(refusal: Refusal) -> Self {
        Self { verdict: Verdict::of_reason(refusal.reason), refusal }
    }
}

/// A success that is none: an error with a success's status, or a body that is no answer.
fn failed(plan: &Plan, fault: &Fault, body: &[u8]) -> NoAnswer {
    let said = words(plan, fault.message.as_bytes());
    if fault.code.as_deref() == Some("upstream.malformed") {
        return malformed(plan, &said, body);
    }
    NoAnswer { refusal: error_in_success(plan, &said), verdict: verdict_of(plan, Some(fault.status)) }
}

fn malformed(plan: &Plan, why: &str, body: &[u8]) -> NoAnswer {
    let (provider, began) = (plan.candidate.provider.name(), words(plan, body));
    let message = format!("provider `{provider}` did not answer in its protocol: {why}; it began {began:?}");
    Refusal::new(Reason::UpstreamMalformed, message).into()
}

fn error_in_success(plan: &Plan, said: &str) -> Refusal {
    let message = format!("provider `{}` said 200 and then an error: {said}", plan.candidate.provider.name());
    Refusal::new(Reason::UpstreamError, message)
}

/// Checks the body of a success and reads what it says of usage. What it answers is relayed byte for byte.
fn check_body(protocol: Protocol, plan: &Plan, body: &[u8]) -> Result<Option<TokenCounts>, NoAnswer> {
    match unary_usage(protocol, body) {
        Ok(facts) if facts.outcome == Outcome::Answered => Ok(facts.usage),
        Ok(_) => Err(NoAnswer {
            refusal: error_in_success(plan, &words(plan, body)),
            verdict: verdict_of(plan, status_of(serde_json::from_slice(body).ok().as_ref())),
        }),
        Err(why) => Err(malformed(plan, &why.to_string(), body)),
    }
}

/// A stream whose first meaningful event is an error: the status is not committed yet, so it can tell. `fault` is the
/// error where a translation has read it, `events` is what was read otherwise.
pub fn failed_at_once(plan: &Plan, fault: Option<&Fault>, events: &[u8]) -> NoAnswer {
    if let Some(fault) = fault {
        return failed(plan, fault, events);
    }
    let data = events.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"data:")).next_back();
    let event: Option<Value> = data.and_then(|data| serde_json::from_slice(data).ok());
    let said = words(plan, event.as_ref().and_then(message_of).map_or(events, str::as_bytes));
    NoAnswer { refusal: error_in_success(plan, &said), verdict: verdict_of(plan, status_of(event.as_ref())) }
}

/// The words of an error, wherever a vendor puts them.
fn message_of(error: &Value) -> Option<&str> {
    let places = ["/error/message", "/response/error/message", "/message", "/error"];
    places.iter().find_map(|place| error.pointer(place).and_then(Value::as_str))
}

/// Who is at fault where an error came with a success's status: one client's bad requests must not make a provider that
/// works rest for everybody.
fn verdict_of(plan: &Plan, status: Option<u16>) -> Verdict {
    match status.map(|status| Verdict::of_status(plan.protocol, status)) {
        Some(Verdict::Refused) => Verdict::Blamed,
        _ => Verdict::Failed,
    }
}

/// The status that an error in the client's protocol stands for.
fn status_of(error: Option<&Value>) -> Option<u16> {
    let error = error?;
    reported_status(error.get("response").unwrap_or(error))
}

/// What the request log keeps of an upstream's error: its words, nothing secret among them.
pub fn said(plan: &Plan, body: &[u8]) -> String {
    let error: Option<Value> = serde_json::from_slice(body).ok();
    words(plan, error.as_ref().and_then(message_of).map_or(body, str::as_bytes))
}

/// A stream that ended before its answer began.
pub fn ended_before_it_began(plan: &Plan) -> Refusal {
    let message = format!("provider `{}` ended its stream before the answer began", plan.candidate.provider.name());
    Refusal::new(Reason::UpstreamTruncated, message)
}

/// An upstream's error, as it came.
#[derive(Debug, Clone, Copy)]
pub struct UpstreamError<'a> {
    /// Its status.
    pub status: u16,
    /// Bedrock's `x-amzn-errortype`.
    pub error_type: Option<&'a str>,
    /// Its body.
    pub body: &'a [u8],
}

/// An upstream's error as the client gets it.
#[derive(Debug, PartialEq, Eq)]
pub struct ErrorAnswer {
    /// The status.
    pub status: u16,
    /// The body, in the client's protocol.
    pub body: Vec<u8>,
    /// Seconds until another try, where only the upstream's body says so.
    pub retry_after: Option<u32>,
}

/// Tells an upstream's error in the client's protocol: as it came where it has that protocol's shape, else in the
/// upstream's own words. A credential that the upstream repeats is masked.
pub fn error_answer(client: Protocol, plan: &Plan, error: UpstreamError<'_>, request: &str) -> ErrorAnswer {
    let masked = mask(&plan.secrets, error.body);
    match Client::of(client) {
        Some(speaks) if plan.protocol != client && !matches!(plan.way, Way::Same { .. }) => {
            let mut fault = read_fault(plan.protocol, error.status, error.error_type, &masked);
            fault.status = status_for(speaks, error.status);
            if fault.message.trim().is_empty() {
                let provider = plan.candidate.provider.name();
                fault.message = format!("provider `{provider}` answered {} without a word", error.status);
            }
            let body = write_fault(speaks, &fault, request).to_string().into_bytes();
            ErrorAnswer { status: fault.status, body, retry_after: fault.retry_after }
        }
        _ => {
            let body = error_body(client, plan, error.status, masked, request);
            ErrorAnswer { status: error.status, body, retry_after: None }
        }
    }
}

/// The body of an error of the same protocol: as it came where it has its shape, else wrapped in it.
fn error_body(protocol: Protocol, plan: &Plan, status: u16, masked: Vec<u8>, request_id: &str) -> Vec<u8> {
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
    first_words(&plan.secrets, body)
}

/// The same, of an upstream that was asked otherwise than by a model call.
pub fn first_words(secrets: &[String], body: &[u8]) -> String {
    let masked = mask(secrets, body);
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
