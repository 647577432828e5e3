//! One message: its lengths, its checksums, and what it says.

use crc::{CRC_32_ISO_HDLC, Crc, Table};

use super::FrameError;
use super::headers;

/// One table of 1 KiB: the faster tables are 16 KiB each, incompressible, for streams of a few kilobytes a second.
static CRC32: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

pub(super) fn crc32(bytes: &[u8]) -> u32 {
    CRC32.checksum(bytes)
}

/// The two lengths and their checksum.
pub(super) const PRELUDE_BYTES: usize = 12;
const CHECKSUM_BYTES: usize = 4;
const FRAMING_BYTES: usize = PRELUDE_BYTES + CHECKSUM_BYTES;

/// What kind a message is of (the header `:message-type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageType {
    /// An event of the modelled stream.
    Event,
    /// An error that the service's model knows.
    Exception,
    /// An error that it does not know.
    Error,
    /// Anything else, or nothing said.
    Other,
}

/// A whole message whose checksums match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// What kind it is of.
    pub message_type: MessageType,
    /// `:event-type` of an event, `:exception-type` of an exception, `:error-code` of an error; empty where the
    /// message does not say.
    pub event_type: &'a str,
    /// `:error-message`, which an error has in place of a payload.
    pub error_message: Option<&'a str>,
    /// The body: JSON, from Bedrock.
    pub payload: &'a [u8],
}

/// How long the message is that begins here; `None` until its prelude is there.
pub(super) fn total_bytes(bytes: &[u8], max: usize) -> Result<Option<usize>, FrameError> {
    let Some((lengths, rest)) = bytes.split_first_chunk::<8>() else { return Ok(None) };
    let Some(checksum) = rest.first_chunk() else { return Ok(None) };
    // First of all: lengths that were corrupted on the way are not to be called too large.
    if crc32(lengths) != u32::from_be_bytes(*checksum) {
        return Err(FrameError::PreludeChecksum);
    }
    let [t0, t1, t2, t3, h0, h1, h2, h3] = *lengths;
    let (total, headers) = (u32::from_be_bytes([t0, t1, t2, t3]), u32::from_be_bytes([h0, h1, h2, h3]));
    let total_bytes = usize::try_from(total).unwrap_or(usize::MAX);
    if total_bytes < FRAMING_BYTES.saturating_add(usize::try_from(headers).unwrap_or(usize::MAX)) {
        return Err(FrameError::Lengths { total, headers });
    }
    if total_bytes > max {
        return Err(FrameError::TooLarge { total, max });
    }
    Ok(Some(total_bytes))
}

/// Reads one whole frame, whose prelude [`total_bytes`] has accepted.
pub(super) fn read(frame: &[u8]) -> Result<Message<'_>, FrameError> {
    let (content, checksum) = frame.split_last_chunk::<CHECKSUM_BYTES>().ok_or(FrameError::MessageChecksum)?;
    if crc32(content) != u32::from_be_bytes(*checksum) {
        return Err(FrameError::MessageChecksum);
    }
    let headers_bytes = content
        .get(4..8)
        .and_then(|length| length.first_chunk())
        .and_then(|length| usize::try_from(u32::from_be_bytes(*length)).ok());
    let (headers, payload) = content
        .get(PRELUDE_BYTES..)
        .zip(headers_bytes)
        .and_then(|(body, length)| body.split_at_checked(length))
        .ok_or(FrameError::HeaderCutShort)?;
    let headers = headers::read(headers)?;
    let (message_type, event_type) = match headers.message_type {
        Some("event") => (MessageType::Event, headers.event_type),
        Some("exception") => (MessageType::Exception, headers.exception_type),
        Some("error") => (MessageType::Error, headers.error_code),
        _ => (MessageType::Other, None),
    };
    Ok(Message {
        message_type,
        event_type: event_type.unwrap_or_default(),
        error_message: headers.error_message,
        payload,
    })
}
