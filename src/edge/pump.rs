//! Relays an event stream: the client reads one end of a native pipe at once, and a future of its own fills the other.
//!
//! Back-pressure is the awaited write; a client that left is a write that fails, or the request's signal.

use super::js::IdentityTransformStream;
use super::request::{Incoming, next_chunk};
use super::system::Platform;
use super::upstream::Answer;
use crate::domain::protocol::Protocol;
use crate::domain::timestamp::Timestamp;
use crate::gateway::plan::Plan;
use crate::gateway::settle::{Consumed, Ending};
use crate::ports::Clock;
use crate::protocol::meter::{End, Relay, StreamMeter, UsageChunk};
use crate::refusal::Reason;
use futures_util::future::{Either, select};
use js_sys::Uint8Array;
use std::pin::pin;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, ReadableStream, ReadableStreamDefaultReader, WritableStreamDefaultWriter};
use worker::Delay;

/// A stream in the making.
pub struct Pump {
    reader: ReadableStreamDefaultReader,
    writer: WritableStreamDefaultWriter,
    answer: Answer,
    client: AbortSignal,
    idle_timeout: Duration,
    usage_chunk: UsageChunk,
    provider: String,
}

/// Why no more chunks come.
enum Over {
    /// The upstream ended its body.
    Ended,
    /// The connection to the upstream broke.
    Broken,
    /// The upstream fell silent.
    Silent,
    /// The client left.
    ClientLeft,
}

impl Pump {
    /// A pipe from the upstream's body, and the end that the client reads.
    pub fn new(
        incoming: &Incoming,
        answer: Answer,
        idle_timeout: Duration,
        plan: &Plan,
    ) -> Result<(Self, ReadableStream), JsValue> {
        let pipe = IdentityTransformStream::new()?;
        let body = answer.response.body().ok_or_else(|| JsValue::from_str("the upstream's stream has no body"))?;
        let pump = Self {
            reader: body.get_reader().unchecked_into(),
            writer: pipe.writable().get_writer()?,
            client: incoming.signal(),
            answer,
            idle_timeout,
            usage_chunk: plan.usage_chunk,
            provider: plan.candidate.provider.name().to_owned(),
        };
        Ok((pump, pipe.readable()))
    }

    /// Relays to the end, and says how it went.
    pub async fn run(self, protocol: Protocol, request_bytes: usize) -> Ending {
        let mut meter = StreamMeter::new(protocol, self.usage_chunk);
        let over = self.relay(&mut meter).await;
        let status = self.answer.status;
        let (text_bytes, cut) = (meter.text_bytes(), |meter: &StreamMeter| meter.usage());
        let estimate = |meter: &StreamMeter| Consumed::of_cut_stream(cut(meter), request_bytes, text_bytes);
        if matches!(over, Over::ClientLeft) {
            self.answer.abort.abort();
            return Ending { status: 499, error: Some(Reason::ClientClosed), consumed: estimate(&meter) };
        }
        let (end, flush) = {
            let finish = meter.finish();
            (finish.end, finish.flush.to_vec())
        };
        let failure = match (&over, end) {
            (_, End::Complete | End::ErrorReported) | (Over::Ended, End::Unterminated) => None,
            (Over::Silent, _) => Some((Reason::UpstreamTimeout, "fell silent in the midst of its answer")),
            (Over::Broken, _) => Some((Reason::UpstreamTruncated, "broke off in the midst of its answer")),
            (Over::Ended | Over::ClientLeft, _) => {
                Some((Reason::UpstreamTruncated, "ended its stream before the answer was complete"))
            }
        };
        let mut last = flush;
        if let Some((reason, what)) = failure {
            last.extend(meter.terminal_error(&format!("provider `{}` {what}", self.provider), reason.code()));
        }
        let reached = self.write_last(&last).await;
        if !matches!(over, Over::Ended) {
            self.answer.abort.abort();
        }
        match (failure, end, reached) {
            (Some((reason, _)), _, _) => Ending { status, error: Some(reason), consumed: estimate(&meter) },
            (None, End::ErrorReported, _) => {
                Ending { status, error: Some(Reason::UpstreamError), consumed: estimate(&meter) }
            }
            (None, _, _) => {
                let consumed = meter.usage().map_or_else(|| estimate(&meter), Consumed::Reported);
                Ending { status, error: None, consumed }
            }
        }
    }

    async fn relay(&self, meter: &mut StreamMeter) -> Over {
        let mut bytes = Vec::new();
        let mut last_chunk = Platform.now();
        // One timer for many chunks: it is asked again when it rings, not set anew for each of them.
        let mut timer = Box::pin(Delay::from(self.idle_timeout));
        loop {
            let mut reading = pin!(next_chunk(&self.reader));
            let chunk = loop {
                match select(reading.as_mut(), timer.as_mut()).await {
                    Either::Left((chunk, _)) => break chunk,
                    Either::Right(((), _)) => match self.idle_timeout.checked_sub(since(last_chunk)) {
                        Some(rest) if !rest.is_zero() => timer.set(Delay::from(rest)),
                        _ => return Over::Silent,
                    },
                }
            };
            let chunk = match chunk {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return Over::Ended,
                Err(_) if self.client.aborted() => return Over::ClientLeft,
                Err(_) => return Over::Broken,
            };
            last_chunk = Platform.now();
            bytes.resize(usize::try_from(chunk.length()).unwrap_or_default(), 0);
            chunk.copy_to(&mut bytes);
            let written = match meter.feed(&bytes) {
                Relay::AsIs => self.write(&chunk).await,
                Relay::Rewritten([]) => Ok(()),
                Relay::Rewritten(other) => self.write(&Uint8Array::new_from_slice(other)).await,
            };
            if written.is_err() {
                return Over::ClientLeft;
            }
        }
    }

    async fn write(&self, chunk: &Uint8Array) -> Result<(), JsValue> {
        JsFuture::from(self.writer.write_with_chunk(chunk)).await.map(|_| ())
    }

    /// The last bytes and the end of the client's stream. A client that has left by now has what it waited for.
    async fn write_last(&self, last: &[u8]) -> Result<(), JsValue> {
        if !last.is_empty() {
            self.write(&Uint8Array::new_from_slice(last)).await?;
        }
        JsFuture::from(self.writer.close()).await.map(|_| ())
    }
}

fn since(earlier: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(Platform.now().ms_since(earlier)).unwrap_or_default())
}
