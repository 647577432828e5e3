//! The upstream call: made with the plan's bytes and headers, bounded in time, aborted when the client leaves.

use super::executor::Awaited;
use super::js;
use super::request::{Incoming, chunk_of};
use super::timer::{Elapsed, Timer};
use crate::gateway::plan::Plan;
use crate::protocol::head_lines::{self, BrokenLine, HeadLines};
use crate::refusal::{Reason, Refusal};
use js_sys::Uint8Array;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortController, ReadableStreamDefaultReader, Response};

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
    /// What bounded the wait for it, and may bound the next.
    timer: Option<Timer>,
}

impl Answer {
    /// Nothing more is waited for with the timer that bounded the wait for it.
    pub fn forget_timer(&mut self) {
        self.timer = None;
    }

    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What goes to an upstream.
pub struct Outgoing<'a> {
    /// Whose it is, for the messages.
    pub provider: &'a str,
    /// The HTTP method.
    pub method: &'a str,
    /// Where to.
    pub url: &'a str,
    /// Headers in the order in which they are set.
    pub headers: &'a [(String, String)],
    /// Bytes, or the client's own stream, which wasm does not touch; undefined where there is none.
    pub body: JsValue,
}

impl<'a> Outgoing<'a> {
    /// A model call.
    pub fn of(plan: &'a Plan) -> Self {
        let provider = plan.candidate.provider.name();
        let body = Uint8Array::new_from_slice(&plan.body).into();
        Self { provider, method: "POST", url: &plan.url, headers: &plan.headers, body }
    }
}

/// Calls the upstream and waits for its headers.
pub async fn call(incoming: &Incoming, outgoing: &Outgoing<'_>, wait: Duration) -> Result<Answer, Refusal> {
    let provider = outgoing.provider;
    let abort = AbortController::new().map_err(|error| unreachable(provider, &error))?;
    let sent = send(incoming, outgoing, &abort).map_err(|error| unreachable(provider, &error))?;
    let mut timer = Timer::after(wait);
    let response = match timer.bound(Awaited::from(sent), wait).await {
        Ok(Ok(response)) => response.unchecked_into::<Response>(),
        Ok(Err(_)) if incoming.is_abandoned() => return Err(client_left()),
        Ok(Err(error)) => return Err(unreachable(provider, &error)),
        Err(Elapsed) => {
            abort.abort();
            return Err(timed_out(provider, "did not begin its answer", wait));
        }
    };
    let head = js::response_head(&response);
    let ([status], headers) = head_lines::read(&head);
    // The platform's statuses are numbers of three digits.
    Ok(Answer { status: status.parse().unwrap_or_default(), headers, response, abort, timer: Some(timer) })
}

fn send(incoming: &Incoming, outgoing: &Outgoing<'_>, abort: &AbortController) -> Result<js_sys::Promise, JsValue> {
    let broken = |_: BrokenLine| JsValue::from(js_sys::Error::new("a line break in a header or in the address"));
    let mut head = HeadLines::beginning(&[outgoing.method, outgoing.url]).map_err(broken)?;
    for (name, value) in outgoing.headers {
        head.add(name, value).map_err(broken)?;
    }
    js::send(head.as_str(), &outgoing.body, incoming.raw(), abort)
}

/// Reads the body whole, within `wait` and up to `limit` bytes.
pub async fn read_body(
    incoming: &Incoming,
    provider: &str,
    answer: &mut Answer,
    wait: Duration,
    limit: u32,
) -> Result<Uint8Array, Refusal> {
    let mut timer = answer.timer.take().unwrap_or_else(|| Timer::after(wait));
    match timer.bound(bytes_of(answer, limit), wait).await {
        Ok(Ok(Some(body))) => Ok(body),
        Ok(Ok(None)) => {
            answer.abort.abort();
            let status = answer.status;
            let message = format!("provider `{provider}` answered {status} with more than {limit} bytes");
            Err(Refusal::new(Reason::UpstreamMalformed, message))
        }
        Ok(Err(_)) if incoming.is_abandoned() => Err(client_left()),
        Ok(Err(_)) => {
            let message = format!("provider `{provider}` broke off its answer");
            Err(Refusal::new(Reason::UpstreamTruncated, message))
        }
        Err(Elapsed) => {
            answer.abort.abort();
            Err(timed_out(provider, "did not finish its answer", wait))
        }
    }
}

/// The body's bytes; `None` as soon as there are more than `limit`: an isolate serves many calls, and none of them may
/// fill its memory.
async fn bytes_of(answer: &Answer, limit: u32) -> Result<Option<Uint8Array>, JsValue> {
    let declared = answer.header("content-length").and_then(|length| length.parse::<u32>().ok());
    if declared.is_some_and(|length| length <= limit) && answer.header("content-encoding").is_none() {
        // The platform holds the upstream to its declared length, and hands it over in one piece.
        return Ok(Some(Uint8Array::new(&Awaited::from(answer.response.array_buffer()?).await?)));
    }
    let Some(stream) = answer.response.body() else { return Ok(Some(Uint8Array::new_with_length(0))) };
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let (mut chunks, mut length) = (Vec::new(), 0_u32);
    while let Some(chunk) = chunk_of(&Awaited::from(reader.read()).await?)? {
        length = length.saturating_add(chunk.length());
        if length > limit {
            return Ok(None);
        }
        chunks.push(chunk);
    }
    if let [whole] = chunks.as_slice() {
        return Ok(Some(whole.clone()));
    }
    let whole = Uint8Array::new_with_length(length);
    let mut at = 0;
    for chunk in &chunks {
        whole.set(chunk, at);
        at += chunk.length();
    }
    Ok(Some(whole))
}

/// Of a client that nobody answers any more.
pub fn client_left() -> Refusal {
    Refusal::new(Reason::ClientClosed, "the client closed the connection")
}

/// The platform's own words name the address at most, never a header.
fn unreachable(provider: &str, error: &JsValue) -> Refusal {
    let why = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message())).unwrap_or_default();
    let message = format!("provider `{provider}` could not be reached: {why}");
    Refusal::new(Reason::UpstreamUnreachable, message)
}

fn timed_out(provider: &str, what: &str, wait: Duration) -> Refusal {
    let message = format!("provider `{provider}` {what} within {} ms", wait.as_millis());
    Refusal::new(Reason::UpstreamTimeout, message)
}
