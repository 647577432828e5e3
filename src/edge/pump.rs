//! Relays an event stream: the client reads one end of a native pipe at once, and a future of its own fills the other.
//!
//! Back-pressure is the awaited write; a client that left is a write that fails, or the request's signal.

use super::isolate;
use super::js::IdentityTransformStream;
use super::request::{Incoming, chunk_of};
use super::system::Platform;
use super::upstream::{Answer, client_left};
use crate::domain::timestamp::Timestamp;
use crate::gateway::admit::Admitted;
use crate::gateway::answer::{NoAnswer, ended_before_it_began, failed_at_once};
use crate::gateway::door::CallDoor;
use crate::gateway::plan::Plan;
use crate::gateway::relay::StreamRelay;
use crate::gateway::settle::{Consumed, Ending, Record};
use crate::ports::Clock;
use crate::protocol::meter::{End, Progress, Relay};
use crate::refusal::Reason;
use crate::routing::breaker;
use crate::store::usage::UsageRow;
use futures_util::future::{Either, select};
use js_sys::Uint8Array;
use std::pin::Pin;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, ReadableStream, ReadableStreamDefaultReader, WritableStreamDefaultWriter};
use worker::Delay;

/// How long events that only announce an answer (`response.created`, pings) are held back in the hope of its first
/// meaningful one. An upstream that fails does so within it; a client does not notice it.
const LEAD_IN: Duration = Duration::from_secs(2);

/// The upstream's half of a stream.
pub struct Pump {
    reader: ReadableStreamDefaultReader,
    /// A read that was begun and not yet answered: dropping it would lose its chunk.
    reading: Option<JsFuture>,
    /// The upstream's head.
    pub answer: Answer,
    client: AbortSignal,
    bounds: Bounds,
    stream: StreamRelay,
    /// What was read before the status was committed.
    held: Vec<Uint8Array>,
    /// How the upstream's stream ended, if it did so before the status was committed: an answer without a word.
    ended: Option<End>,
    bytes: Vec<u8>,
}

/// How long a stream may take.
pub struct Bounds {
    /// Between two chunks of the upstream's.
    pub idle: Duration,
    /// When the answer has to be over, where the operator bounds it.
    pub deadline: Option<Timestamp>,
    /// How long the client hears nothing before it gets a comment, if it ever does.
    pub ping_interval: Option<Duration>,
}

/// What keeps those on the way from cutting an idle connection, and clients do not notice: a comment.
const PING: &[u8] = b": ping\n\n";

impl Bounds {
    /// What is left for the next chunk, the last one having been dealt with at `last_chunk`; or which bound is reached.
    fn left(&self, last_chunk: Timestamp) -> Result<Duration, Over> {
        let until_deadline = self.deadline.map(until).unwrap_or(Duration::MAX);
        match (self.idle.saturating_sub(since(last_chunk)), until_deadline) {
            (_, Duration::ZERO) => Err(Over::Late),
            (Duration::ZERO, _) => Err(Over::Silent),
            (idle, deadline) => Ok(idle.min(deadline)),
        }
    }
}

/// What a read brought.
enum Read {
    /// Bytes for the client, of which there may be none.
    Chunk(Uint8Array),
    /// No more of them.
    Over(Over),
    /// Nothing before the timer rang.
    NotYet,
}

/// Why no more chunks come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    /// The upstream ended its body.
    Ended,
    /// The connection to the upstream broke.
    Broken,
    /// The upstream fell silent.
    Silent,
    /// The whole call took too long.
    Late,
    /// The client left.
    ClientLeft,
}

impl Pump {
    /// Takes the upstream's body.
    pub fn new(incoming: &Incoming, answer: Answer, bounds: Bounds, stream: StreamRelay) -> Result<Self, JsValue> {
        let body = answer.response.body().ok_or_else(|| JsValue::from_str("the upstream's stream has no body"))?;
        Ok(Self {
            reader: body.get_reader().unchecked_into(),
            reading: None,
            client: incoming.signal(),
            answer,
            bounds,
            stream,
            held: Vec::new(),
            ended: None,
            bytes: Vec::new(),
        })
    }

    /// Reads on until the answer has begun: an error, or the end, before that is a failure that the status can still
    /// tell (SPEC section 6).
    pub async fn lead_in(&mut self, plan: &Plan) -> Result<(), NoAnswer> {
        let mut timer = Box::pin(Delay::from(LEAD_IN));
        while self.stream.progress() == Progress::LeadIn {
            match self.read(timer.as_mut()).await {
                Read::Chunk(chunk) => self.held.push(chunk),
                Read::NotYet => break,
                Read::Over(Over::ClientLeft) => {
                    self.answer.abort.abort();
                    return Err(client_left().into());
                }
                Read::Over(Over::Ended) if self.is_whole() => return Ok(()),
                Read::Over(_) => {
                    self.answer.abort.abort();
                    return Err(ended_before_it_began(plan).into());
                }
            }
        }
        if self.stream.progress() != Progress::ErrorReported {
            return Ok(());
        }
        self.answer.abort.abort();
        let held: Vec<u8> = self.held.iter().flat_map(Uint8Array::to_vec).collect();
        Err(failed_at_once(plan, self.stream.fault(), &held))
    }

    /// Whether the upstream has said anything yet that makes it an answer.
    pub fn has_begun(&self) -> bool {
        self.ended.is_some() || self.stream.progress() != Progress::LeadIn
    }

    /// Whether an answer that has ended was all there is: a model may have nothing to say.
    fn is_whole(&mut self) -> bool {
        let finish = self.stream.finish();
        self.held.push(Uint8Array::new_from_slice(finish.flush));
        self.ended = Some(finish.end);
        matches!(finish.end, End::Complete | End::Unterminated)
    }

    /// The next chunk as the client gets it, unless `timer` rings first.
    async fn read(&mut self, timer: Pin<&mut Delay>) -> Read {
        let mut reading = self.reading.take().unwrap_or_else(|| JsFuture::from(self.reader.read()));
        let read = match select(&mut reading, timer).await {
            Either::Left((read, _)) => read.and_then(|read| chunk_of(&read)),
            Either::Right(((), _)) => {
                self.reading = Some(reading);
                return Read::NotYet;
            }
        };
        let chunk = match read {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Read::Over(Over::Ended),
            Err(_) if self.client.aborted() => return Read::Over(Over::ClientLeft),
            Err(_) => return Read::Over(Over::Broken),
        };
        self.bytes.resize(usize::try_from(chunk.length()).unwrap_or_default(), 0);
        chunk.copy_to(&mut self.bytes);
        Read::Chunk(match self.stream.feed(&self.bytes) {
            Relay::AsIs => chunk,
            Relay::Rewritten(other) => Uint8Array::new_from_slice(other),
        })
    }

    /// Opens the client's half; [`Stream::run`] fills it.
    pub fn open(self) -> Result<(Relaying, ReadableStream), JsValue> {
        let pipe = IdentityTransformStream::new()?;
        Ok((Relaying { pump: self, writer: pipe.writable().get_writer()? }, pipe.readable()))
    }
}

/// A stream with both its halves.
pub struct Relaying {
    pump: Pump,
    writer: WritableStreamDefaultWriter,
}

/// A stream and the call that it answers.
pub struct Stream {
    /// Its halves.
    pub relaying: Relaying,
    /// The call so far.
    pub record: Record,
    /// Who called.
    pub admitted: Admitted,
    /// In which protocol.
    pub door: CallDoor,
    /// The breaker's rules, where it is not told yet what to think of an upstream that took its time to begin.
    pub unjudged: Option<breaker::Rules>,
}

impl Stream {
    /// Relays to the end, and says what is to be recorded.
    pub async fn run(mut self) -> UsageRow {
        let over = self.relaying.relay().await;
        let ending = self.end(over).await;
        self.judge(ending.error);
        self.record.settle(&self.admitted, self.door.name, ending, Platform.now())
    }

    /// Tells the breaker what it was not told when the stream began. One that breaks later has answered.
    fn judge(&self, error: Option<Reason>) {
        let (Some(rules), Some(candidate)) = (self.unjudged, &self.record.candidate) else { return };
        let (line, now) = (self.admitted.line(candidate), Platform.now());
        let has_answered = self.relaying.pump.has_begun();
        isolate::breaker(|breaker| match error {
            Some(Reason::ClientClosed) => breaker.abandoned(line, now),
            Some(_) if !has_answered => breaker.failed(line, rules, None, now),
            _ => breaker.answered(line),
        });
    }

    async fn end(&mut self, over: Over) -> Ending {
        let status = self.relaying.pump.answer.status;
        if over == Over::ClientLeft {
            self.relaying.pump.answer.abort.abort();
            // A client that hangs up on the terminator, or on an error, has had all there was.
            let (status, error) = match self.relaying.pump.stream.progress() {
                Progress::Complete => return Ending { status, error: None, consumed: self.consumed() },
                Progress::ErrorReported => (status, Reason::UpstreamError),
                Progress::LeadIn | Progress::Answering => (499, Reason::ClientClosed),
            };
            return Ending { status, error: Some(error), consumed: self.consumed_so_far() };
        }
        let (end, mut last) = match self.relaying.pump.ended {
            Some(end) => (end, Vec::new()),
            None => {
                let finish = self.relaying.pump.stream.finish();
                (finish.end, finish.flush.to_vec())
            }
        };
        let failure = match (over, end) {
            (_, End::Complete | End::ErrorReported) | (Over::Ended, End::Unterminated) => None,
            (Over::Late, _) => Some((Reason::UpstreamTimeout, "did not finish its answer in the time that it has")),
            (Over::Silent, _) => Some((Reason::UpstreamTimeout, "fell silent in the midst of its answer")),
            (Over::Broken, _) => Some((Reason::UpstreamTruncated, "broke off in the midst of its answer")),
            (Over::Ended | Over::ClientLeft, _) => {
                Some((Reason::UpstreamTruncated, "ended its stream before the answer was complete"))
            }
        };
        if let Some((reason, what)) = failure {
            let provider =
                self.record.candidate.as_ref().map(|candidate| candidate.provider.name()).unwrap_or_default();
            let message = format!("provider `{provider}` {what}");
            self.record.failed(reason, &message, Platform.now());
            last.extend(self.relaying.pump.stream.terminal_error(&message, reason.code()));
        }
        // A client that left by now has what it waited for.
        let _ = self.relaying.write_last(&last).await;
        if over != Over::Ended {
            self.relaying.pump.answer.abort.abort();
        }
        match (failure, end) {
            (Some((reason, _)), _) => Ending { status, error: Some(reason), consumed: self.consumed_so_far() },
            (None, End::ErrorReported) => {
                let said = self.relaying.pump.stream.said();
                let said =
                    said.as_deref().unwrap_or("the upstream ended its stream with an error, which the client got");
                self.record.failed(Reason::UpstreamError, said, Platform.now());
                Ending { status, error: Some(Reason::UpstreamError), consumed: self.consumed_so_far() }
            }
            (None, _) => Ending { status, error: None, consumed: self.consumed() },
        }
    }

    /// What a whole answer consumed: as reported, or reckoned where the upstream reports nothing.
    fn consumed(&self) -> Consumed {
        self.relaying.pump.stream.usage().map_or_else(|| self.consumed_so_far(), Consumed::Reported)
    }

    /// What an answer that was cut short consumed.
    fn consumed_so_far(&self) -> Consumed {
        let stream = &self.relaying.pump.stream;
        Consumed::of_cut_stream(stream.usage(), self.record.input_tokens, stream.text_bytes())
    }
}

impl Relaying {
    async fn relay(&mut self) -> Over {
        for chunk in std::mem::take(&mut self.pump.held) {
            if self.write(&chunk).await.is_err() {
                return Over::ClientLeft;
            }
        }
        if self.pump.ended.is_some() {
            return Over::Ended;
        }
        let mut last_chunk = Platform.now();
        // When the client heard something: a chunk may have nothing for it.
        let mut heard = last_chunk;
        // One timer for many chunks: it is asked again when it rings, not set anew for each of them.
        let mut timer = Box::pin(match self.pump.bounds.left(last_chunk) {
            Ok(left) => Delay::from(self.until_ping(left, heard)),
            Err(over) => return over,
        });
        loop {
            match self.pump.read(timer.as_mut()).await {
                Read::Over(over) => return over,
                Read::NotYet => {
                    let left = match self.pump.bounds.left(last_chunk) {
                        Ok(left) => left,
                        Err(over) => return over,
                    };
                    if self.owes_ping(heard) {
                        if self.pump.stream.at_boundary()
                            && self.write(&Uint8Array::new_from_slice(PING)).await.is_err()
                        {
                            return Over::ClientLeft;
                        }
                        heard = Platform.now();
                    }
                    timer.set(Delay::from(self.until_ping(left, heard)));
                }
                Read::Chunk(chunk) => {
                    if self.write(&chunk).await.is_err() {
                        return Over::ClientLeft;
                    }
                    // After the write: a client that takes its time is no upstream that fell silent.
                    last_chunk = Platform.now();
                    if chunk.length() > 0 {
                        heard = last_chunk;
                    }
                }
            }
        }
    }

    /// Whether the client has heard nothing since `heard` for so long that it gets a ping.
    fn owes_ping(&self, heard: Timestamp) -> bool {
        self.pump.bounds.ping_interval.is_some_and(|interval| since(heard) >= interval)
    }

    /// `left`, or until the next ping is due.
    fn until_ping(&self, left: Duration, heard: Timestamp) -> Duration {
        self.pump.bounds.ping_interval.map_or(left, |interval| left.min(interval.saturating_sub(since(heard))))
    }

    async fn write(&self, chunk: &Uint8Array) -> Result<(), JsValue> {
        if chunk.length() == 0 {
            return Ok(());
        }
        JsFuture::from(self.writer.write_with_chunk(chunk)).await.map(|_| ())
    }

    /// The last bytes and the end of the client's stream.
    async fn write_last(&self, last: &[u8]) -> Result<(), JsValue> {
        self.write(&Uint8Array::new_from_slice(last)).await?;
        JsFuture::from(self.writer.close()).await.map(|_| ())
    }
}

fn since(earlier: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(Platform.now().ms_since(earlier)).unwrap_or_default())
}

fn until(later: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(later.ms_since(Platform.now())).unwrap_or_default())
}
