//! Which extensions a call goes through, and what is said between it and them. Running them is the edge's.

use super::admit::Admitted;
use super::door::{CallDoor, Work};
use super::plan::ClientHeaders;
use crate::domain::ids::{ProviderId, RequestId, TokenId};
use crate::domain::money;
use crate::domain::protocol::Protocol;
use crate::json::{Members, json};
use crate::ports::Statement;
use crate::protocol::body::{Changes, RequestBody, StreamUsage};
use crate::protocol::meter::{Position, StreamFailure, terminal_error_event};
use crate::refusal::{Reason, Refusal};
use crate::routing::{Candidate, RoutedProvider, Snapshot};
use crate::store::extensions::{FAIL, RECOVER, SnapshotExtension};
use crate::store::usage::UsageRow;
use serde_json::Value;
use std::rc::Rc;

/// The client's headers that extensions see. None of them is a credential.
const HEADERS: [&str; 6] =
    ["user-agent", "accept-language", "content-type", "anthropic-version", "anthropic-beta", "openai-beta"];

/// Where a stream's last event has the words of what happened.
const WORDS: &str = "{message}";

/// The extensions of a call, by their places in the project's order.
#[derive(Debug)]
pub struct Chain {
    snapshot: Rc<Snapshot>,
    /// The places of those that are still to be asked whether they join.
    waiting: Vec<usize>,
    /// All of the project's as their isolates need them: JSON.
    pub runs: String,
}

impl SnapshotExtension {
    /// Whether calls of this caller may go through it.
    fn takes(&self, admitted: &Admitted) -> bool {
        let token = admitted.holder().map(|holder| holder.id.as_str());
        self.names(TokenId::PREFIX, token.into_iter())
    }

    /// Whether its scope names one of these, or none of their kind.
    fn names<'a>(&self, kind: &str, mut given: impl Iterator<Item = &'a str>) -> bool {
        let named = || self.ids.iter().filter(|id| id.starts_with(kind));
        named().next().is_none() || given.any(|given| named().any(|id| id == given))
    }
}

impl Chain {
    /// Those of a call of this caller; none where there are none, which costs a look.
    pub fn of(admitted: &Admitted) -> Option<Self> {
        let all = &admitted.snapshot.extensions;
        if all.is_empty() {
            return None;
        }
        let waiting: Vec<usize> =
            all.iter().enumerate().filter(|(_, extension)| extension.takes(admitted)).map(|(place, _)| place).collect();
        if waiting.is_empty() {
            return None;
        }
        let mut runs = String::new();
        for extension in all {
            runs.push(if runs.is_empty() { '[' } else { ',' });
            runs.push_str(&extension.run);
        }
        runs.push(']');
        Some(Self { snapshot: Rc::clone(&admitted.snapshot), waiting, runs })
    }

    /// The places of those that join, commas between them: those of no provider before the call is routed, and then those
    /// of a provider that may serve it, so that no prompt reaches a provider around its extensions.
    pub fn joining(&mut self, candidates: &[Candidate]) -> String {
        let mut joining = String::new();
        let all = &self.snapshot.extensions;
        self.waiting.retain(|place| {
            let serving = candidates.iter().map(|candidate| candidate.provider.id().as_str());
            let joins = all.get(*place).is_some_and(|extension| extension.names(ProviderId::PREFIX, serving));
            if joins {
                if !joining.is_empty() {
                    joining.push(',');
                }
                joining.push_str(&place.to_string());
            }
            !joins
        });
        joining
    }
}

/// The 403 of a raw call that would have to go through an extension which fails closed: nobody can show it one.
pub fn check_raw(admitted: &Admitted, provider: &RoutedProvider) -> Result<(), Refusal> {
    let demands = |extension: &&SnapshotExtension| {
        extension.demanded
            && extension.takes(admitted)
            && extension.names(ProviderId::PREFIX, std::iter::once(provider.id().as_str()))
    };
    match admitted.snapshot.extensions.iter().find(demands) {
        None => Ok(()),
        Some(extension) => {
            let message = format!(
                "requests have to go through extension `{}`, and what /v1/proxy sends cannot be shown to it: call a model \
                 by its own endpoint",
                extension.name
            );
            Err(Refusal::new(Reason::ExtensionsUnenforceable, message))
        }
    }
}

/// The call as extensions see it: the envelope's `call`, JSON.
pub fn call(
    admitted: &Admitted,
    (request, path): (&RequestId, &str),
    door: CallDoor,
    headers: ClientHeaders<'_>,
    body: &RequestBody,
) -> String {
    let mut shown = crate::json::empty();
    for (name, value) in headers.filter(|(name, _)| HEADERS.contains(name)) {
        shown.put(name, value);
    }
    let holder = admitted.holder();
    let protocol = if door.work == Work::Embed { "embeddings" } else { door.protocol.as_str() };
    json!({
        "request_id": request.as_str(),
        "protocol": protocol,
        "path": path,
        "stream": body.streams(),
        "model": body.model(),
        "project_id": admitted.snapshot.project,
        "token_id": holder.map(|holder| holder.id.as_str()),
        "user_id": holder.and_then(|holder| holder.user.as_ref()).map(|user| user.as_str()),
        "headers": Value::Object(shown),
    })
    .to_string()
}

/// What came back of a request: another body, another model, or neither.
///
/// # Errors
/// What an extension made of the body is none that can be sent.
pub fn rewritten(body: RequestBody, replaced: Option<Vec<u8>>, model: Option<&str>) -> Result<RequestBody, Refusal> {
    let streams = body.streams();
    let mut changed = match replaced {
        None => body,
        Some(bytes) => parsed(bytes)?,
    };
    if let Some(model) = model {
        let changes = Changes { model, defaults: &[], stream_usage: StreamUsage::AsTheClientAsks };
        changed = parsed(changed.for_upstream(&changes).into_owned())?;
    }
    if changed.streams() == streams { Ok(changed) } else { Err(broken("`stream` is the client's to choose")) }
}

fn parsed(bytes: Vec<u8>) -> Result<RequestBody, Refusal> {
    RequestBody::parse(bytes).map_err(|error| broken(&error.to_string()))
}

fn broken(why: &str) -> Refusal {
    Refusal::new(Reason::ExtensionFailed, format!("what the extensions made of the request cannot be sent: {why}"))
}

/// Reads why a call is not to go on.
pub fn refusal(said: &str) -> Refusal {
    let said: Value = serde_json::from_str(said).unwrap_or_default();
    let text = |name: &str| said.get(name).and_then(Value::as_str);
    let status = said.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let message = text("message").unwrap_or("an extension failed");
    match (text("kind"), status) {
        (Some("refused"), Some(status)) => {
            let code = text("code").unwrap_or(Reason::ExtensionRefused.code());
            Refusal::new(Reason::ExtensionRefused, message).with_own(status, code.to_owned())
        }
        (Some("tampered"), _) => Refusal::new(Reason::ExtensionTampered, message),
        (Some("unavailable"), _) => Refusal::new(Reason::ExtensionsUnavailable, message),
        _ => Refusal::new(Reason::ExtensionFailed, message),
    }
}

/// What ends a stream in whose midst an extension fails, with `{message}` where the words belong.
pub fn last_event(protocol: Protocol) -> String {
    let failure = StreamFailure {
        message: WORDS,
        code: Reason::ExtensionFailed.code(),
        sequence_number: 0,
        position: Position::AtBoundary,
    };
    String::from_utf8_lossy(&terminal_error_event(protocol, &failure)).into_owned()
}

/// Says in its row that an extension broke a stream off: it looks there as if the client had left.
pub fn broke_off(row: &mut UsageRow) {
    row.status = 200;
    row.error_code = Some(Reason::ExtensionFailed.code());
}

/// What the call came to, as extensions see it: JSON.
pub fn usage(row: &UsageRow) -> String {
    json!({
        "status": row.status,
        "error_code": row.error_code,
        "provider": row.provider_name,
        "model": row.model,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "cached_input_tokens": row.cache_read_tokens,
        "cache_write_tokens": row.cache_write_tokens,
        "reasoning_tokens": row.reasoning_tokens,
        "cost_usd": money::usd(row.cost_nano_usd.into()),
        "billed_usd": money::usd(row.billed_nano_usd.into()),
        "attempts": row.attempts,
        "first_byte_ms": row.first_byte_ms,
        "total_ms": row.latency_ms,
        "estimated": row.estimated,
    })
    .to_string()
}

/// Writes down which extensions fail, and which work again. `told` is the isolate's, JSON.
pub fn health(told: &str) -> Vec<Statement> {
    vec![FAIL.with([told.into()]), RECOVER.with([told.into()])]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> RequestBody {
        RequestBody::parse(text.as_bytes().to_vec()).expect("a body")
    }

    #[test]
    fn another_model_is_spliced_in_and_leaves_the_rest_as_it_was() {
        let changed = rewritten(body(r#"{"n":1.0, "model":"a"}"#), None, Some("two^b")).expect("a body");
        assert_eq!(changed.bytes(), br#"{"n":1.0, "model":"two^b"}"#);
        let changed = rewritten(body(r#"{"model":"a"}"#), Some(br#"{"x":2}"#.to_vec()), Some("b")).expect("a body");
        assert_eq!(changed.bytes(), br#"{"model":"b","x":2}"#);
    }

    #[test]
    fn a_body_that_cannot_be_sent_is_the_extensions_failure() {
        for bad in [r#"{"model":1}"#, r#"{"model":"a","stream":true}"#, "[]"] {
            let refused =
                rewritten(body(r#"{"model":"a"}"#), Some(bad.as_bytes().to_vec()), None).expect_err("refused");
            assert_eq!(refused.reason, Reason::ExtensionFailed, "{bad}");
        }
    }

    #[test]
    fn a_refusal_has_the_extensions_status_and_code_or_sluices_own() {
        let refused = refusal(r#"{"kind":"refused","status":451,"code":"pii.card","message":"no cards"}"#);
        assert_eq!((refused.reason, refused.own.clone()), (Reason::ExtensionRefused, Some((451, "pii.card".into()))));
        assert_eq!(refusal(r#"{"kind":"tampered","message":"m"}"#).reason, Reason::ExtensionTampered);
        assert_eq!(refusal(r#"{"kind":"failed","message":"m"}"#).reason, Reason::ExtensionFailed);
        assert_eq!(refusal("nonsense").reason, Reason::ExtensionFailed);
    }

    #[test]
    fn a_streams_last_event_has_a_place_for_the_words() {
        for protocol in [Protocol::ChatCompletions, Protocol::Responses, Protocol::AnthropicMessages] {
            assert!(last_event(protocol).contains(r#""message":"{message}""#), "{protocol:?}");
        }
    }
}
