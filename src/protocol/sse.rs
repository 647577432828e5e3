//! Server-sent events, framed as they arrive (WHATWG HTML section 9.2).
//!
//! Lines end with LF, CRLF or CR and with nothing else: U+2028 and its kin are text. The framer keeps the bytes of the
//! current event only, and only when the event is not whole within one chunk.

mod block;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use block::Boundary;

/// One event, as its receiver dispatches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    /// The `event:` field; `None` where the event has none (Chat Completions never has one).
    pub name: Option<&'a [u8]>,
    /// The `data:` lines joined with LF; borrowed when there is only one.
    pub data: Cow<'a, [u8]>,
}

/// A piece of the stream. The `raw` bytes of all frames, in order, and what is [`EventStream::held`] are the stream's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The bytes as they came, the blank line that ends an event included.
    pub raw: &'a [u8],
    /// What they are.
    pub content: Content<'a>,
}

/// What a [`Frame`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content<'a> {
    /// An event.
    Event(Event<'a>),
    /// Comments and blank lines, which dispatch nothing.
    Silence,
    /// The first part of an event that is larger than the limit, with its name if that came first.
    Oversized {
        /// The `event:` field.
        name: Option<&'a [u8]>,
    },
    /// More of what the frame before began: of an oversized event, or the LF of a CRLF that two chunks share.
    Continuation,
}

/// An incremental framer.
#[derive(Debug)]
pub struct EventStream {
    boundary: Boundary,
    held: Vec<u8>,
    limit: usize,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing was read: a byte order mark may come.
    Fresh,
    Framing,
    /// Within an event that is larger than the limit.
    PassingOversized,
}

impl EventStream {
    /// A framer that gives up on an event of more than `limit` bytes, names it [`Content::Oversized`] and goes on with
    /// the next one.
    pub const fn new(limit: usize) -> Self {
        Self { boundary: Boundary::new(), held: Vec::new(), limit, phase: Phase::Fresh }
    }

    /// Reads a chunk and calls `on_frame` for every frame that it completes.
    pub fn feed(&mut self, chunk: &[u8], on_frame: &mut impl FnMut(Frame<'_>)) {
        let mut rest = chunk;
        if let Some((line_feed, after)) = rest.split_at_checked(self.boundary.shared_line_feed(chunk)) {
            if !line_feed.is_empty() {
                on_frame(Frame { raw: line_feed, content: Content::Continuation });
            }
            rest = after;
        }
        while !rest.is_empty() {
            let end = self.boundary.end_of_block(rest);
            let (block, after) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, b""));
            rest = after;
            match end {
                Some(_) => self.complete(block, on_frame),
                None => self.hold(block, on_frame),
            }
        }
    }

    /// Whether what was fed so far ends where an event ends, so that something else may be sent in between.
    pub fn at_boundary(&self) -> bool {
        self.boundary.is_between_blocks() && self.held.is_empty() && self.phase != Phase::PassingOversized
    }

    /// The bytes of the event that is not complete.
    pub fn held(&self) -> &[u8] {
        &self.held
    }

    /// The event that [`Self::held`] would be if the blank line had come: a receiver drops it by the standard, but an
    /// upstream that forgets the last line ends is no truncated stream.
    pub fn unfinished(&self) -> Option<Event<'_>> {
        block::read_event(self.without_mark(&self.held))
    }

    fn complete(&mut self, block: &[u8], on_frame: &mut impl FnMut(Frame<'_>)) {
        if self.phase == Phase::PassingOversized {
            self.phase = Phase::Framing;
            return on_frame(Frame { raw: block, content: Content::Continuation });
        }
        if self.held.is_empty() {
            self.emit(block, on_frame);
        } else {
            let mut held = std::mem::take(&mut self.held);
            held.extend_from_slice(block);
            self.emit(&held, on_frame);
            held.clear();
            self.held = held;
        }
        self.phase = Phase::Framing;
    }

    fn emit(&self, raw: &[u8], on_frame: &mut impl FnMut(Frame<'_>)) {
        let text = self.without_mark(raw);
        let content = if raw.len() > self.limit {
            Content::Oversized { name: block::read_name(text) }
        } else {
            block::read_event(text).map_or(Content::Silence, Content::Event)
        };
        on_frame(Frame { raw, content });
    }

    fn hold(&mut self, part: &[u8], on_frame: &mut impl FnMut(Frame<'_>)) {
        if self.phase == Phase::PassingOversized {
            return on_frame(Frame { raw: part, content: Content::Continuation });
        }
        self.held.extend_from_slice(part);
        if self.held.len() > self.limit {
            let held = std::mem::take(&mut self.held);
            self.emit(&held, on_frame);
            self.phase = Phase::PassingOversized;
        }
    }

    /// The bytes without the byte order mark that may open a stream.
    fn without_mark<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        match self.phase {
            Phase::Fresh => bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes),
            Phase::Framing | Phase::PassingOversized => bytes,
        }
    }
}
