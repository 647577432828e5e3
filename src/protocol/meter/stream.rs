//! Metering a stream while it is relayed.

use super::failure::{Position, StreamFailure, terminal_error_event};
use super::observed::{Choices, Observed, Progress, Purpose};
use crate::domain::protocol::Protocol;
use crate::domain::usage::TokenCounts;
use crate::protocol::json;
use crate::protocol::sse::{Content, EventStream};

/// The largest event that is read, in bytes: Responses repeats the whole answer, images included, in its last one. A larger
/// one is relayed unread, so what it says about usage is lost.
pub const MAX_EVENT_BYTES: usize = 16 << 20;

/// Who the usage chunk of a Chat Completions stream is for. The other protocols have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageChunk {
    /// The client asked for it, or nobody did: the stream's bytes are never touched.
    Keep,
    /// The gateway asked for it: the event without choices that carries the usage is left out, and until an event is
    /// complete its bytes are held back. The `"usage":null` that the other chunks then have stays: taking it out would be
    /// an edit of every chunk, and clients that did not ask ignore it.
    Strip,
}

/// What to send to the client for a chunk of the upstream's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relay<'a> {
    /// The chunk itself.
    AsIs,
    /// These bytes instead, of which there may be none.
    Rewritten(&'a [u8]),
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With its protocol's terminator.
    Complete,
    /// With an error that the upstream reported in the stream, and that the client has received.
    ErrorReported,
    /// Chat Completions only: a choice said why it finished, but `[DONE]` is missing. Some compatible servers never send it
    /// (PROTOCOLS.md section 9.7), so the answer is whole as far as anybody can tell.
    Unterminated,
    /// In the midst of the answer. The client is owed a [`StreamMeter::terminal_error`].
    Truncated,
}

/// The last word on a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finish<'a> {
    /// How it ended.
    pub end: End,
    /// Bytes that were held back and are still the client's; empty except under [`UsageChunk::Strip`].
    pub flush: &'a [u8],
}

/// Reads a stream in the client's protocol as its chunks go by.
#[derive(Debug)]
pub struct StreamMeter {
    protocol: Protocol,
    usage_chunk: UsageChunk,
    frames: EventStream,
    observed: Observed,
    outgoing: Vec<u8>,
    last_purpose: Purpose,
}

impl StreamMeter {
    /// A meter for a stream of which nothing was read yet.
    pub const fn new(protocol: Protocol, usage_chunk: UsageChunk) -> Self {
        Self {
            protocol,
            usage_chunk,
            frames: EventStream::new(MAX_EVENT_BYTES),
            observed: Observed::new(protocol),
            outgoing: Vec::new(),
            last_purpose: Purpose::Answer,
        }
    }

    /// Whether [`Self::feed`] will never have anything else for the client than the chunk.
    pub const fn passes_as_it_comes(&self) -> bool {
        matches!(self.usage_chunk, UsageChunk::Keep)
    }

    /// Reads a chunk, and says what the client gets for it. Work is linear in the chunk.
    pub fn feed(&mut self, chunk: &[u8]) -> Relay<'_> {
        let Self { usage_chunk, frames, observed, outgoing, last_purpose, .. } = self;
        let nothing_was_held = frames.held().is_empty();
        outgoing.clear();
        frames.feed(chunk, &mut |frame| {
            *last_purpose = match frame.content {
                Content::Event(event) => observed.event(&event),
                Content::Oversized { name } => {
                    observed.oversized(name);
                    Purpose::Answer
                }
                Content::Silence => Purpose::Answer,
                Content::Continuation => *last_purpose,
            };
            match (*usage_chunk, *last_purpose) {
                (UsageChunk::Keep, _) | (UsageChunk::Strip, Purpose::UsageOnly) => {}
                (UsageChunk::Strip, Purpose::Answer) => outgoing.extend_from_slice(frame.raw),
            }
        });
        match self.usage_chunk {
            UsageChunk::Keep => Relay::AsIs,
            UsageChunk::Strip if nothing_was_held && self.outgoing.len() == chunk.len() => Relay::AsIs,
            UsageChunk::Strip => Relay::Rewritten(&self.outgoing),
        }
    }

    /// Reads what the upstream left unfinished, and judges the end. To be called once, when no chunk follows.
    pub fn finish(&mut self) -> Finish<'_> {
        let mut purpose = Purpose::Answer;
        if let Some(event) = self.frames.unfinished() {
            let is_whole = event.data.starts_with(b"[DONE]") || json::validate(&event.data).is_ok();
            if is_whole {
                purpose = self.observed.event(&event);
            }
        }
        let end = match (self.observed.progress, self.observed.choices) {
            (Progress::Complete, _) => End::Complete,
            (Progress::ErrorReported, _) => End::ErrorReported,
            (Progress::LeadIn | Progress::Answering, Choices::Finished) => End::Unterminated,
            (Progress::LeadIn | Progress::Answering, Choices::Open) => End::Truncated,
        };
        let is_for_the_client =
            self.usage_chunk == UsageChunk::Strip && purpose == Purpose::Answer && end != End::Truncated;
        Finish { end, flush: if is_for_the_client { self.frames.held() } else { b"" } }
    }

    /// How far the stream has come.
    pub fn progress(&self) -> Progress {
        self.observed.progress
    }

    /// What the stream has reported so far. Anthropic's first event counts the input, and output only as far as it was
    /// known then: of a stream that did not complete, take the output from [`Self::text_bytes`] if that says more.
    pub fn usage(&self) -> Option<TokenCounts> {
        self.observed.usage
    }

    /// Bytes of generated text that were relayed, for an estimate when usage was not reported: content, reasoning, refusals
    /// and the arguments of calls, as they stand in JSON (an escape counts as written). About four bytes of English a token.
    pub fn text_bytes(&self) -> u64 {
        self.observed.text_bytes
    }

    /// Whether something of the gateway's own, such as a ping, may be sent now.
    pub fn at_boundary(&self) -> bool {
        let is_held_back = self.usage_chunk == UsageChunk::Strip && !self.frames.held().is_empty();
        is_held_back || self.frames.at_boundary()
    }

    /// The event that tells the client that the stream broke, as it has to stand after what was relayed.
    pub fn terminal_error(&self, message: &str, code: &str) -> Vec<u8> {
        let position = if self.at_boundary() { Position::AtBoundary } else { Position::MidEvent };
        let sequence_number = self.observed.next_sequence_number;
        terminal_error_event(self.protocol, &StreamFailure { message, code, sequence_number, position })
    }
}
