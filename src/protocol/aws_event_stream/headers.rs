//! A message's headers: `name's length u8, name, value's type u8, value`, one after the other.

use super::FrameError;

/// The headers that say what a message is.
#[derive(Default)]
pub(super) struct Headers<'a> {
    pub(super) message_type: Option<&'a str>,
    pub(super) event_type: Option<&'a str>,
    pub(super) exception_type: Option<&'a str>,
    pub(super) error_code: Option<&'a str>,
    pub(super) error_message: Option<&'a str>,
}

impl<'a> Headers<'a> {
    fn slot(&mut self, name: &[u8]) -> Option<&mut Option<&'a str>> {
        match name {
            b":message-type" => Some(&mut self.message_type),
            b":event-type" => Some(&mut self.event_type),
            b":exception-type" => Some(&mut self.exception_type),
            b":error-code" => Some(&mut self.error_code),
            b":error-message" => Some(&mut self.error_message),
            _ => None,
        }
    }
}

/// Reads all headers and keeps those that say what the message is, where they are strings.
pub(super) fn read(bytes: &[u8]) -> Result<Headers<'_>, FrameError> {
    let mut headers = Headers::default();
    let mut reader = Reader { rest: bytes };
    while !reader.rest.is_empty() {
        let name_bytes = reader.byte()?;
        let name = reader.take(usize::from(name_bytes))?;
        let value = reader.value()?;
        if let (Value::Text(text), Some(slot)) = (value, headers.slot(name)) {
            let text = std::str::from_utf8(text).map_err(|_| FrameError::HeaderText)?;
            if slot.replace(text).is_some() {
                return Err(FrameError::HeaderTwice);
            }
        }
    }
    Ok(headers)
}

enum Value<'a> {
    Text(&'a [u8]),
    Other,
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> Result<Value<'a>, FrameError> {
        let skipped = match self.byte()? {
            // true and false are their types.
            0 | 1 => 0,
            // byte
            2 => 1,
            // short
            3 => 2,
            // integer
            4 => 4,
            // long, timestamp
            5 | 8 => 8,
            // byte array
            6 => usize::from(self.length()?),
            7 => {
                let length = self.length()?;
                return self.take(usize::from(length)).map(Value::Text);
            }
            // UUID
            9 => 16,
            unknown => return Err(FrameError::HeaderType(unknown)),
        };
        self.take(skipped)?;
        Ok(Value::Other)
    }

    fn length(&mut self) -> Result<u16, FrameError> {
        let (length, rest) = self.rest.split_first_chunk().ok_or(FrameError::HeaderCutShort)?;
        self.rest = rest;
        Ok(u16::from_be_bytes(*length))
    }

    fn byte(&mut self) -> Result<u8, FrameError> {
        let (byte, rest) = self.rest.split_first().ok_or(FrameError::HeaderCutShort)?;
        self.rest = rest;
        Ok(*byte)
    }

    fn take(&mut self, bytes: usize) -> Result<&'a [u8], FrameError> {
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or(FrameError::HeaderCutShort)?;
        self.rest = rest;
        Ok(taken)
    }
}
