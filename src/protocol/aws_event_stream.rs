//! Amazon's event stream (`application/vnd.amazon.eventstream`), in which Bedrock's ConverseStream answers.
//!
//! A message is `total length u32, headers' length u32, CRC-32 of these eight bytes, headers, payload, CRC-32 of all
//! before`, big-endian throughout (Smithy, "Amazon Event Stream Specification"). The reader keeps the bytes of the
//! current message only, and only when the message is not whole within one chunk.

mod error;
mod headers;
mod message;
#[cfg(test)]
mod tests;

pub use error::FrameError;
pub use message::{Message, MessageType};

/// An incremental reader. After an error it is dead: behind a frame that cannot be trusted nobody knows where the next
/// one begins.
#[derive(Debug)]
pub struct AwsEventStream {
    held: Vec<u8>,
    max_message_bytes: usize,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Reading,
    Dead,
}

impl AwsEventStream {
    /// A reader that gives up on a message of more than `max_message_bytes`, framing included.
    pub const fn new(max_message_bytes: usize) -> Self {
        Self { held: Vec::new(), max_message_bytes, phase: Phase::Reading }
    }

    /// Reads a chunk and calls `on_message` for every message that it completes.
    ///
    /// # Errors
    /// One [`FrameError`] is given to `on_message` where a frame is corrupt or too large, and then nothing any more.
    pub fn feed(&mut self, chunk: &[u8], on_message: &mut impl FnMut(Result<Message<'_>, FrameError>)) {
        let mut rest = chunk;
        while !rest.is_empty() && self.phase == Phase::Reading {
            match self.advance(rest, on_message) {
                Ok(after) => rest = after,
                Err(error) => {
                    self.phase = Phase::Dead;
                    self.held = Vec::new();
                    on_message(Err(error));
                }
            }
        }
    }

    /// Whether what was fed so far ends where a message ends. A stream that ends elsewhere was cut short, or was
    /// reported as corrupt before.
    pub fn at_boundary(&self) -> bool {
        self.held.is_empty() && self.phase == Phase::Reading
    }

    /// How many bytes are there of the message that is not complete.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Reads at most one message; what it gives back was not looked at.
    fn advance<'c>(
        &mut self,
        chunk: &'c [u8],
        on_message: &mut impl FnMut(Result<Message<'_>, FrameError>),
    ) -> Result<&'c [u8], FrameError> {
        if self.held.is_empty() {
            let total = message::total_bytes(chunk, self.max_message_bytes)?;
            if let Some((frame, after)) = total.and_then(|total| chunk.split_at_checked(total)) {
                on_message(Ok(message::read(frame)?));
                return Ok(after);
            }
        }
        let rest = self.hold_up_to(message::PRELUDE_BYTES, chunk);
        let Some(total) = message::total_bytes(&self.held, self.max_message_bytes)? else { return Ok(rest) };
        let rest = self.hold_up_to(total, rest);
        if self.held.len() == total {
            on_message(Ok(message::read(&self.held)?));
            self.held.clear();
        }
        Ok(rest)
    }

    /// Takes over what is missing of the current message's first `bytes`, or as much as there is.
    ///
    /// The buffer grows with what has come, never by what a length field announces.
    fn hold_up_to<'c>(&mut self, bytes: usize, chunk: &'c [u8]) -> &'c [u8] {
        let missing = bytes.saturating_sub(self.held.len());
        let (part, after) = chunk.split_at_checked(missing).unwrap_or((chunk, b""));
        self.held.extend_from_slice(part);
        after
    }
}
