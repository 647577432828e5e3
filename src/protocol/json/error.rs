//! Why a document is not JSON, and where.

use std::fmt;

/// What is wrong at the place where the scanner stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A value had to begin here.
    Value,
    /// A quoted key had to begin here.
    Key,
    /// A quoted key or the end of the object had to come here.
    KeyOrEnd,
    /// A value or the end of the array had to come here.
    ValueOrEnd,
    /// The key had to be followed by a colon.
    Colon,
    /// An object's member had to be followed by a comma or the end.
    CommaOrBrace,
    /// An array's element had to be followed by a comma or the end.
    CommaOrBracket,
    /// The document was over, but bytes follow.
    End,
    /// The document ended inside a string.
    ClosingQuote,
    /// A backslash was followed by something that is no escape.
    Escape,
    /// `\u` was not followed by four hexadecimal digits.
    HexDigits,
    /// A control character (below U+0020) stands unescaped in a string.
    ControlCharacter,
    /// The bytes of a string are not UTF-8.
    Utf8,
    /// A number lacks a digit.
    Digit,
    /// A number begins with a zero that another digit follows.
    LeadingZero,
    /// Arrays and objects are nested deeper than [`super::MAX_DEPTH`].
    Depth,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value => "expected a value",
            Self::Key => "expected a key in double quotes",
            Self::KeyOrEnd => "expected a key in double quotes or `}`",
            Self::ValueOrEnd => "expected a value or `]`",
            Self::Colon => "expected `:`",
            Self::CommaOrBrace => "expected `,` or `}`",
            Self::CommaOrBracket => "expected `,` or `]`",
            Self::End => "expected nothing more after the document",
            Self::ClosingQuote => "expected a closing `\"`, but the document ends inside a string",
            Self::Escape => "expected an escape (one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u)",
            Self::HexDigits => "expected four hexadecimal digits after `\\u`",
            Self::ControlCharacter => "a control character in a string has to be escaped",
            Self::Utf8 => "the bytes are not valid UTF-8",
            Self::Digit => "expected a digit",
            Self::LeadingZero => "a number cannot begin with a superfluous 0",
            Self::Depth => return write!(f, "nested deeper than {} levels", super::MAX_DEPTH),
        })
    }
}

/// A document that is not JSON (RFC 8259).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong.
    pub fault: Fault,
    /// Bytes before the place, so 0 is the first byte.
    pub offset: usize,
    /// The place's line; the first one is 1.
    pub line: usize,
    /// The place's column in characters; the first one is 1.
    pub column: usize,
}

impl SyntaxError {
    /// Locates `offset` in `bytes`. Walks the document once more, which only a refused one pays for.
    pub(super) fn locate(fault: Fault, bytes: &[u8], offset: usize) -> Self {
        let before = bytes.get(..offset).unwrap_or(bytes);
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let is_first_byte_of_character = |byte: &&u8| **byte & 0xC0 != 0x80;
        let column = before.iter().skip(line_start).filter(is_first_byte_of_character).count() + 1;
        Self { fault, offset: before.len(), line, column }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at line {} column {} (byte {})", self.fault, self.line, self.column, self.offset)
    }
}

impl std::error::Error for SyntaxError {}
