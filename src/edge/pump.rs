//! Relays an event stream: the client reads one end of a native pipe at once, and what is left of its request fills the other.
//! Each chunk goes round in JavaScript; wasm reads it, dozens of them at once where the client gets them as they came.
//!
//! Back-pressure is the awaited write; a client that left is a write that fails, or the request's signal.

mod relaying;

use super::executor::{Alarm, Awaited};
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
use js_sys::{Promise, Uint8Array};
pub use relaying::Relaying;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortSignal, ReadableStream, ReadableStreamDefaultReader};

/// How long events that only announce an answer (`response.created`, pings) are held back in the hope of its first
/// meaningful one. An upstream that fails does so within it; a client does not notice it.
const LEAD_IN: Duration = Duration::from_secs(2);

/// The upstream's half of a stream.
pub struct Pump {
    reader: ReadableStreamDefaultReader,
    /// A read that was begun and not yet answered: dropping it would lose its chunk.
    begun: Option<Promise>,
    /// The upstream's head.
    pub answer: Answer,
    client: AbortSignal,
    bounds: Bounds,
    reading: Rc<RefCell<Reading>>,
    /// What was read before the status was committed.
    held: Vec<Uint8Array>,
    /// How the upstream's stream ended, if it did so before the status was committed: an answer without a word.
    ended: Option<End>,
}

/// What reads the chunks.
struct Reading {
    stream: StreamRelay,
    /// The chunk in question; kept to be filled again.
    bytes: Vec<u8>,
}

impl Reading {
    /// What the client gets for a chunk: other bytes, of which there may be none, or the chunk itself.
    fn feed(&mut self, chunk: &Uint8Array) -> Option<Uint8Array> {
        self.bytes.resize(usize::try_from(chunk.length()).unwrap_or_default(), 0);
        chunk.copy_to(&mut self.bytes);
        match self.stream.feed(&self.bytes) {
            Relay::AsIs => None,
            Relay::Rewritten(other) => Some(Uint8Array::new_from_slice(other)),
        }
    }
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
        let now = Platform.now();
        let until_deadline = self.deadline.map_or(Duration::MAX, |deadline| deadline.since(now));
        match (self.idle.saturating_sub(now.since(last_chunk)), until_deadline) {
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
    pub fn new(incoming: &Incoming, mut answer: Answer, bounds: Bounds, stream: StreamRelay) -> Result<Self, JsValue> {
        let body = answer.response.body().ok_or_else(|| JsValue::from_str("the upstream's stream has no body"))?;
        // It would ring in the midst of the answer.
        answer.forget_timer();
        Ok(Self {
            reader: body.get_reader().unchecked_into(),
            begun: None,
            client: incoming.signal(),
            answer,
            bounds,
            reading: Rc::new(RefCell::new(Reading { stream, bytes: Vec::new() })),
            held: Vec::new(),
            ended: None,
        })
    }

    /// Reads on until the answer has begun: an error, or the end, before that is a failure that the status can still
    /// tell (SPEC section 6).
    pub async fn lead_in(&mut self, plan: &Plan) -> Result<(), NoAnswer> {
        let mut timer = Alarm::after(LEAD_IN);
        while self.progress() == Progress::LeadIn {
            match self.read(&mut timer).await {
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
        if self.progress() != Progress::ErrorReported {
            return Ok(());
        }
        self.answer.abort.abort();
        let held: Vec<u8> = self.held.iter().flat_map(Uint8Array::to_vec).collect();
        Err(failed_at_once(plan, self.reading.borrow().stream.fault(), &held))
    }

    /// Whether the upstream has said anything yet that makes it an answer.
    pub fn has_begun(&self) -> bool {
        self.ended.is_some() || self.progress() != Progress::LeadIn
    }

    fn progress(&self) -> Progress {
        self.reading.borrow().stream.progress()
    }

    /// Whether an answer that has ended was all there is: a model may have nothing to say.
    fn is_whole(&mut self) -> bool {
        let mut reading = self.reading.borrow_mut();
        let finish = reading.stream.finish();
        self.held.push(Uint8Array::new_from_slice(finish.flush));
        self.ended = Some(finish.end);
        matches!(finish.end, End::Complete | End::Unterminated)
    }

    /// The next chunk as the client gets it, unless `timer` rings first.
    async fn read(&mut self, timer: &mut Alarm) -> Read {
        let begun = self.begun.take().unwrap_or_else(|| self.reader.read());
        let read = match select(Awaited::from(begun.clone()), timer).await {
            Either::Left((read, _)) => read.and_then(|read| chunk_of(&read)),
            Either::Right(((), _)) => {
                self.begun = Some(begun);
                return Read::NotYet;
            }
        };
        let chunk = match read {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Read::Over(Over::Ended),
            Err(_) if self.client.aborted() => return Read::Over(Over::ClientLeft),
            Err(_) => return Read::Over(Over::Broken),
        };
        let other = self.reading.borrow_mut().feed(&chunk);
        Read::Chunk(other.unwrap_or(chunk))
    }

    /// Opens the client's half; [`Stream::run`] fills it.
    pub fn open(self) -> Result<(Relaying, ReadableStream), JsValue> {
        let pipe = IdentityTransformStream::new()?;
        Ok((Relaying { pump: self, writer: pipe.writable().get_writer()? }, pipe.readable()))
    }
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
            let (status, error) = match self.relaying.pump.progress() {
                Progress::Complete => return Ending { status, error: None, consumed: self.consumed() },
                Progress::ErrorReported => (status, Reason::UpstreamError),
                Progress::LeadIn | Progress::Answering => (499, Reason::ClientClosed),
            };
            return Ending { status, error: Some(error), consumed: self.consumed_so_far() };
        }
        let (end, mut last) = match self.relaying.pump.ended {
            Some(end) => (end, Vec::new()),
            None => {
                let mut reading = self.relaying.pump.reading.borrow_mut();
                let finish = reading.stream.finish();
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
            let mut reading = self.relaying.pump.reading.borrow_mut();
            last.extend(reading.stream.terminal_error(&message, reason.code()));
        }
        // A client that left by now has what it waited for.
        let _ = self.relaying.write_last(&last).await;
        if over != Over::Ended {
            self.relaying.pump.answer.abort.abort();
        }
        match (failure, end) {
            (Some((reason, _)), _) => Ending { status, error: Some(reason), consumed: self.consumed_so_far() },
            (None, End::ErrorReported) => {
                let said = self.relaying.pump.reading.borrow().stream.said();
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
        let usage = self.relaying.pump.reading.borrow().stream.usage();
        usage.map_or_else(|| self.consumed_so_far(), Consumed::Reported)
    }

    /// What an answer that was cut short consumed.
    fn consumed_so_far(&self) -> Consumed {
        let reading = self.relaying.pump.reading.borrow();
        let stream = &reading.stream;
        Consumed::of_cut_stream(stream.usage(), self.record.input_tokens, stream.text_bytes())
    }
}
