//! One event's lines: where they end, and what they say.

use std::borrow::Cow;

use super::Event;

/// Looks for the blank line that ends an event.
#[derive(Debug)]
pub(super) struct Boundary {
    place: Place,
}

/// Where the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the first byte of an event, or after an empty line.
    BlockStart,
    /// As `BlockStart`, but an LF would still belong to the CR that ended the last event.
    BlockStartAfterCr,
    /// At the first byte of a further line.
    LineStart,
    /// As `LineStart`, but an LF would still belong to the CR that ended the line.
    LineStartAfterCr,
    InLine,
}

impl Boundary {
    pub(super) const fn new() -> Self {
        Self { place: Place::BlockStart }
    }

    pub(super) const fn is_between_blocks(&self) -> bool {
        matches!(self.place, Place::BlockStart | Place::BlockStartAfterCr)
    }

    /// How many bytes at the chunk's start (none or one) belong to the event that the chunk before has ended.
    pub(super) fn shared_line_feed(&mut self, chunk: &[u8]) -> usize {
        let Some(first) = chunk.first() else { return 0 };
        let shared = usize::from(self.place == Place::BlockStartAfterCr && *first == b'\n');
        if self.place == Place::BlockStartAfterCr {
            self.place = Place::BlockStart;
        }
        shared
    }

    /// How many of `bytes` belong to the current event, the blank line included; `None` when it goes on after them.
    pub(super) fn end_of_block(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let first = *rest.first()?;
            match (self.place, first) {
                (Place::InLine, _) => {
                    let end = memchr::memchr2(b'\n', b'\r', rest)?;
                    at += end + 1;
                    let is_cr = rest.get(end) == Some(&b'\r');
                    self.place = if is_cr { Place::LineStartAfterCr } else { Place::LineStart };
                }
                (Place::LineStartAfterCr, b'\n') => {
                    at += 1;
                    self.place = Place::LineStart;
                }
                (_, b'\n') => {
                    self.place = Place::BlockStart;
                    return Some(at + 1);
                }
                (_, b'\r') => {
                    let next = rest.get(1);
                    self.place = if next.is_some() { Place::BlockStart } else { Place::BlockStartAfterCr };
                    return Some(at + 1 + usize::from(next == Some(&b'\n')));
                }
                _ => self.place = Place::InLine,
            }
        }
    }
}

/// What the lines dispatch; `None` without a `data` field.
pub(super) fn read_event(block: &[u8]) -> Option<Event<'_>> {
    let mut name = None;
    let mut data: Option<Cow<'_, [u8]>> = None;
    for (field, value) in fields(block) {
        match (field, &mut data) {
            (b"event", _) => name = Some(value),
            (b"data", None) => data = Some(Cow::Borrowed(value)),
            (b"data", Some(lines)) => {
                let lines = lines.to_mut();
                lines.push(b'\n');
                lines.extend_from_slice(value);
            }
            _ => {}
        }
    }
    Some(Event { name: name.filter(|name| !name.is_empty()), data: data? })
}

/// The `event` field, if it is there.
pub(super) fn read_name(block: &[u8]) -> Option<&[u8]> {
    fields(block).find(|(field, _)| *field == b"event").map(|(_, name)| name)
}

/// Each line's field and value, split at the first colon and one space after it.
fn fields(block: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = block;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        // An empty line between CR and LF is no field, so the two need not be told from two line ends.
        let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let line = rest.get(..end)?;
        rest = rest.get(end + 1..).unwrap_or_default();
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        Some((line.get(..colon)?, value.strip_prefix(b" ").unwrap_or(value)))
    })
}
