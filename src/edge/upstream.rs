//! The upstream call: made with the plan's bytes and headers, bounded in time, aborted when the client leaves.

use super::js;
use super::request::{Incoming, pairs};
use super::response::array;
use crate::gateway::plan::Plan;
use crate::refusal::{Reason, Refusal};
use futures_util::future::{Either, select};
use js_sys::{Object, Reflect, Uint8Array};
use std::pin::pin;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, Response};
use worker::Delay;

/// An upstream's answer, its body still to be read.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The response.
    pub response: Response,
    /// Ends the upstream call.
    pub abort: AbortController,
}

impl Answer {
    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Calls the upstream and waits for its headers.
pub async fn call(incoming: &Incoming, plan: &Plan, wait: Duration) -> Result<Answer, Refusal> {
    let abort = AbortController::new().map_err(|error| unreachable(plan, &error))?;
    let sent = send(incoming, plan, &abort).map_err(|error| unreachable(plan, &error))?;
    let response = match select(pin!(JsFuture::from(sent)), pin!(Delay::from(wait))).await {
        Either::Left((Ok(response), _)) => response.unchecked_into::<Response>(),
        Either::Left((Err(_), _)) if incoming.is_abandoned() => return Err(client_left()),
        Either::Left((Err(error), _)) => return Err(unreachable(plan, &error)),
        Either::Right(((), _)) => {
            abort.abort();
            return Err(timed_out(plan, "did not begin its answer", wait));
        }
    };
    Ok(Answer { status: response.status(), headers: pairs(&response.headers()), response, abort })
}

fn send(incoming: &Incoming, plan: &Plan, abort: &AbortController) -> Result<js_sys::Promise, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in &plan.headers {
        headers.set(name, value)?;
    }
    let signal = js::any_signal(&array([&incoming.signal(), &abort.signal()]))?;
    let init = Object::new();
    for (name, value) in [
        ("method", &JsValue::from_str("POST")),
        ("headers", &headers),
        ("body", &Uint8Array::new_from_slice(&plan.body)),
        // A redirect would take the credential along.
        ("redirect", &JsValue::from_str("manual")),
        ("signal", &signal),
    ] {
        Reflect::set(&init, &name.into(), value)?;
    }
    js::fetch(&plan.url, &init)
}

/// Reads the body whole, within `wait`.
pub async fn read_body(
    incoming: &Incoming,
    plan: &Plan,
    answer: &Answer,
    wait: Duration,
) -> Result<Uint8Array, Refusal> {
    let body = answer.response.array_buffer().map_err(|error| unreachable(plan, &error))?;
    match select(pin!(JsFuture::from(body)), pin!(Delay::from(wait))).await {
        Either::Left((Ok(buffer), _)) => Ok(Uint8Array::new(&buffer)),
        Either::Left((Err(_), _)) if incoming.is_abandoned() => Err(client_left()),
        Either::Left((Err(_), _)) => {
            let message = format!("provider `{}` broke off its answer", plan.candidate.provider.name());
            Err(Refusal::new(Reason::UpstreamTruncated, message))
        }
        Either::Right(((), _)) => {
            answer.abort.abort();
            Err(timed_out(plan, "did not finish its answer", wait))
        }
    }
}

fn client_left() -> Refusal {
    Refusal::new(Reason::ClientClosed, "the client closed the connection")
}

/// The platform's own words name the address at most, never a header.
fn unreachable(plan: &Plan, error: &JsValue) -> Refusal {
    let why = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message())).unwrap_or_default();
    let message = format!("provider `{}` could not be reached: {why}", plan.candidate.provider.name());
    Refusal::new(Reason::UpstreamUnreachable, message)
}

fn timed_out(plan: &Plan, what: &str, wait: Duration) -> Refusal {
    let message = format!("provider `{}` {what} within {} ms", plan.candidate.provider.name(), wait.as_millis());
    Refusal::new(Reason::UpstreamTimeout, message)
}
