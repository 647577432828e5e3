//! What can be wrong with a frame.

use std::fmt;

/// Why a stream cannot be read any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// The CRC-32 of the two lengths is another one than was sent.
    PreludeChecksum,
    /// The CRC-32 of the message is another one than was sent.
    MessageChecksum,
    /// The message is shorter than its framing and its headers.
    Lengths {
        /// The message's length in bytes, as it was announced.
        total: u32,
        /// The headers' length in bytes, as it was announced.
        headers: u32,
    },
    /// The message is larger than the reader's bound.
    TooLarge {
        /// The message's length in bytes, as it was announced.
        total: u32,
        /// The bound in bytes.
        max: usize,
    },
    /// A header ends outside of the headers.
    HeaderCutShort,
    /// A header's value has a type that the format does not know.
    HeaderType(u8),
    /// A header that says what the message is stands twice.
    HeaderTwice,
    /// A header that says what the message is holds no UTF-8.
    HeaderText,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PreludeChecksum => f.write_str("the checksum of an event stream message's prelude does not match"),
            Self::MessageChecksum => f.write_str("the checksum of an event stream message does not match"),
            Self::Lengths { total, headers } => {
                write!(f, "an event stream message of {total} bytes cannot hold {headers} bytes of headers")
            }
            Self::TooLarge { total, max } => {
                write!(f, "an event stream message has {total} bytes, and at most {max} are read")
            }
            Self::HeaderCutShort => f.write_str("a header of an event stream message is cut short"),
            Self::HeaderType(value_type) => {
                write!(f, "a header of an event stream message has the unknown value type {value_type}")
            }
            Self::HeaderTwice => f.write_str("an event stream message says twice what it is"),
            Self::HeaderText => f.write_str("a header of an event stream message is not UTF-8"),
        }
    }
}

impl std::error::Error for FrameError {}
