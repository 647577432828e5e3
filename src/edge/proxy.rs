//! The raw pass-through: native streams on both sides.

use super::call::MAX_ERROR_BYTES;
use super::limiter;
use super::request::Incoming;
use super::response::{Head, rendered_onto};
use super::system::Platform;
use super::upstream::{self, Answer, Outgoing};
use crate::deployment::Deployment;
use crate::gateway::admit::Admitted;
use crate::gateway::answer::mask;
use crate::gateway::limit::is_rate_limit;
use crate::gateway::proxy::{Raw, headers, plan};
use crate::gateway::settle::{Consumed, Ending, Record};
use crate::limits::Amounts;
use crate::ports::Clock;
use crate::refusal::{Reason, Refusal, render};
use crate::store::usage::UsageRow;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::Response;
use worker::Env;

/// Serves one raw call. Its row has no tokens: what it costs is between the operator and the upstream.
pub async fn serve(
    incoming: &Incoming,
    env: &Env,
    deployment: &Deployment,
    admitted: &Admitted,
    (provider, rest): (&str, &str),
) -> (Result<Response, JsValue>, UsageRow) {
    let mut record = Record::new(incoming.id.clone(), incoming.started);
    let asked = (provider, rest, incoming.query());
    let answered = match plan(admitted, deployment, asked, incoming.headers()) {
        Ok(raw) => {
            record.provider = Some(Rc::clone(&raw.provider));
            match limiter::reserve(env, admitted, &mut record, Amounts::default()).await {
                Ok(()) => {
                    record.calls(Platform.now());
                    relay(incoming, &raw, &mut record).await
                }
                Err(refusal) => Err(refusal),
            }
        }
        Err(refusal) => Err(refusal),
    };
    let (response, status, error) = match answered {
        Ok((response, status)) => (response, status, (status >= 400).then_some(Reason::UpstreamError)),
        Err(refusal) => {
            record.failed(refusal.reason, &refusal.message, Platform.now());
            let rendered = render(&refusal, incoming.dialect(), incoming.id.as_str());
            let status = rendered.status;
            let response = rendered_onto(incoming, head(incoming, status, &record), rendered);
            (response, status, Some(refusal.reason))
        }
    };
    let ending = Ending { status, error, consumed: Consumed::Nothing };
    (response, record.settle(admitted, "proxy", ending, Platform.now()))
}

fn head(incoming: &Incoming, status: u16, record: &Record) -> Head {
    let mut head = Head::new(incoming, status);
    if let Some(provider) = &record.provider {
        head.set_name("x-sluice-provider", provider.name());
    }
    head.set("x-sluice-attempts", &record.attempts.to_string());
    limiter::announce(&mut head, record, incoming.dialect());
    head
}

type Relayed = (Result<Response, JsValue>, u16);

async fn relay(incoming: &Incoming, raw: &Raw, record: &mut Record) -> Result<Relayed, Refusal> {
    let outgoing = Outgoing {
        provider: raw.provider.name(),
        method: incoming.method(),
        url: &raw.url,
        headers: &raw.headers,
        body: incoming.unread_body(),
    };
    let mut answer = upstream::call(incoming, &outgoing, raw.first_byte_timeout).await?;
    record.answers(answer.status, Platform.now());
    let status = answer.status;
    if !(200..=599).contains(&status) {
        answer.abort.abort();
        let message = format!("provider `{}` answered with the status {status}", raw.provider.name());
        return Err(Refusal::new(Reason::UpstreamMalformed, message));
    }
    let error = if status >= 400 { Some(read_error(incoming, raw, &mut answer).await?) } else { None };
    let mut head = head(incoming, status, record);
    let upstream = answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in headers(upstream, raw.protocol) {
        if record.limited.is_none() || !is_rate_limit(name) {
            head.set(name, value);
        }
    }
    head.set("x-request-id", incoming.id.as_str());
    // Whatever comes back, a page of it must not act as one of ours.
    head.set("content-security-policy", "sandbox");
    let response = match &error {
        Some(body) if incoming.method() != "HEAD" => head.bytes(body),
        _ => head.relay(answer.response.body().as_ref()),
    };
    Ok((response, status))
}

/// An error is small, and may repeat the credential.
async fn read_error(incoming: &Incoming, raw: &Raw, answer: &mut Answer) -> Result<Vec<u8>, Refusal> {
    let wait = raw.first_byte_timeout;
    let body = upstream::read_body(incoming, raw.provider.name(), answer, wait, MAX_ERROR_BYTES).await?;
    Ok(mask(&raw.secrets, &body.to_vec()))
}
