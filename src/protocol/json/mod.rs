//! JSON read in place: no tree, no allocation, byte ranges instead of values.
//!
//! Two readers share the string skipper. [`Members`] validates a whole document while it lists the top level's members;
//! [`Cursor`] descends into bytes that were validated before (or that only matter if they happen to be valid).

mod cursor;
mod error;
mod members;
mod number;
mod scanner;
mod string;
#[cfg(test)]
mod tests;

pub use cursor::Cursor;
pub use error::{Fault, SyntaxError};
pub use members::{Members, validate};
pub use number::read_u64;
pub use scanner::MAX_DEPTH;
pub use string::{decode_string, escape};

use std::ops::Range;

/// The type of a JSON value, as its first byte tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// Any number, as it was spelled.
    Number,
    /// A string, escapes and quotes included in its span.
    String,
    /// `[…]`
    Array,
    /// `{…}`
    Object,
}

impl Kind {
    /// The type's name with its article, for error messages.
    pub const fn described(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

/// How many bytes of JSON one byte of a text may take at most.
pub(super) const MAX_ESCAPED_LENGTH: usize = 6;

/// An object member's key.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// The bytes between the quotes, escapes undecoded.
    pub raw: &'a [u8],
    /// Where `raw` begins in the document: the byte after the opening quote.
    pub start: usize,
}

impl<'a> Key<'a> {
    /// Whether the key, once decoded, is `name`: `"\u006dodel"` is `model` to every upstream, so it is here.
    pub fn is(&self, name: &str) -> bool {
        if self.raw == name.as_bytes() {
            return true;
        }
        // An escape is longer than what it stands for, but at most six times (`\u006d`): a key of any other length is not
        // worth decoding, however long a client makes it.
        let can_be_escaped = (name.len() + 1..=MAX_ESCAPED_LENGTH * name.len()).contains(&self.raw.len());
        can_be_escaped && memchr::memchr(b'\\', self.raw).is_some() && self.decoded() == name
    }

    /// The key's text.
    pub fn decoded(&self) -> std::borrow::Cow<'a, str> {
        decode_string(self.raw)
    }
}

/// A value in place: what it is, and its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Value<'a> {
    /// The value's type.
    pub kind: Kind,
    /// The value's bytes exactly as they stand, a string's quotes included, surrounding white space not.
    pub raw: &'a [u8],
    /// Where `raw` begins in the document.
    pub start: usize,
}

impl<'a> Value<'a> {
    /// The value's byte range in the document.
    pub fn span(&self) -> Range<usize> {
        self.start..self.start + self.raw.len()
    }

    /// The text of a string value; `None` for every other kind. Lone surrogates read as U+FFFD.
    pub fn text(&self) -> Option<std::borrow::Cow<'a, str>> {
        (self.kind == Kind::String).then(|| decode_string(self.raw))
    }

    /// A non-negative integral number; `None` for anything else.
    pub fn number(&self) -> Option<u64> {
        (self.kind == Kind::Number).then(|| read_u64(self.raw)).flatten()
    }

    /// Any number, rounded to the nearest double; `None` for anything else.
    pub fn decimal(&self) -> Option<f64> {
        let text = (self.kind == Kind::Number).then(|| std::str::from_utf8(self.raw).ok())?;
        text.and_then(|text| text.parse().ok())
    }

    /// A boolean; `None` for anything else.
    pub fn boolean(&self) -> Option<bool> {
        (self.kind == Kind::Bool).then(|| self.raw.first() == Some(&b't'))
    }
}

/// An object's member.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// What it is called.
    pub key: Key<'a>,
    /// What it holds.
    pub value: Value<'a>,
}
