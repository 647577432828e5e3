//! The strict grammar of RFC 8259, in one pass and without recursion.

use super::string::plain_run;
use super::{Fault, Kind};

/// How deep arrays and objects may be nested in a client's or an upstream's document. Deeper ones are refused: a parser
/// further down the road would recurse into them.
pub const MAX_DEPTH: usize = 512;

/// A position in a document. After an error, `at` is the place of the fault.
pub(super) struct Scanner<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    #[inline]
    pub(super) fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    #[inline]
    pub(super) fn expect(&mut self, byte: u8, fault: Fault) -> Result<(), Fault> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(fault)
    }

    /// Reads over one value of any kind, from its first byte to its last. `outer` levels are open around it.
    pub(super) fn value(&mut self, outer: usize) -> Result<Kind, Fault> {
        let kind = self.scalar_or_opening(Fault::Value)?;
        match kind {
            Kind::Array | Kind::Object => self.container(kind, outer)?,
            Kind::Null | Kind::Bool | Kind::Number | Kind::String => {}
        }
        Ok(kind)
    }

    /// Reads over what follows the opening bracket, up to and including the closing one.
    fn container(&mut self, outermost: Kind, outer: usize) -> Result<(), Fault> {
        let mut open = Nesting::new(outer);
        self.open(&mut open, outermost)?;
        let mut entry = Entry::First;
        loop {
            self.skip_whitespace();
            let opened = self.entry(open.innermost, entry)?;
            match opened {
                Opened::Level(kind) => {
                    self.open(&mut open, kind)?;
                    entry = Entry::First;
                    continue;
                }
                Opened::Nothing => {}
                Opened::EmptyLevel => {
                    if open.pop().is_none() {
                        return Ok(());
                    }
                }
            }
            loop {
                self.skip_whitespace();
                let (closing, fault) = match open.innermost {
                    Level::Object => (b'}', Fault::CommaOrBrace),
                    Level::Array => (b']', Fault::CommaOrBracket),
                };
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        entry = Entry::AfterComma;
                        break;
                    }
                    Some(byte) if byte == closing => {
                        self.at += 1;
                        if open.pop().is_none() {
                            return Ok(());
                        }
                    }
                    _ => return Err(fault),
                }
            }
        }
    }

    fn open(&mut self, open: &mut Nesting, kind: Kind) -> Result<(), Fault> {
        let level = if kind == Kind::Object { Level::Object } else { Level::Array };
        open.push(level).inspect_err(|_| self.at -= 1)
    }

    /// One member or element, or the end of a level that has none.
    #[inline]
    fn entry(&mut self, level: Level, entry: Entry) -> Result<Opened, Fault> {
        let fault = match level {
            Level::Object => {
                match (self.peek(), entry) {
                    (Some(b'"'), _) => {}
                    (Some(b'}'), Entry::First) => {
                        self.at += 1;
                        return Ok(Opened::EmptyLevel);
                    }
                    (_, Entry::First) => return Err(Fault::KeyOrEnd),
                    (_, Entry::AfterComma) => return Err(Fault::Key),
                }
                self.string()?;
                self.skip_whitespace();
                self.expect(b':', Fault::Colon)?;
                self.skip_whitespace();
                Fault::Value
            }
            Level::Array => match (self.peek(), entry) {
                (Some(b']'), Entry::First) => {
                    self.at += 1;
                    return Ok(Opened::EmptyLevel);
                }
                (_, Entry::First) => Fault::ValueOrEnd,
                (_, Entry::AfterComma) => Fault::Value,
            },
        };
        Ok(match self.scalar_or_opening(fault)? {
            kind @ (Kind::Array | Kind::Object) => Opened::Level(kind),
            Kind::Null | Kind::Bool | Kind::Number | Kind::String => Opened::Nothing,
        })
    }

    /// Reads over a scalar, or over just the opening bracket of a container.
    #[inline]
    fn scalar_or_opening(&mut self, fault: Fault) -> Result<Kind, Fault> {
        match self.peek() {
            Some(b'"') => self.string().map(|()| Kind::String),
            Some(b'{') => {
                self.at += 1;
                Ok(Kind::Object)
            }
            Some(b'[') => {
                self.at += 1;
                Ok(Kind::Array)
            }
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| Kind::Number),
            Some(b't') => self.literal(b"true", fault).map(|()| Kind::Bool),
            Some(b'f') => self.literal(b"false", fault).map(|()| Kind::Bool),
            Some(b'n') => self.literal(b"null", fault).map(|()| Kind::Null),
            _ => Err(fault),
        }
    }

    fn literal(&mut self, word: &[u8], fault: Fault) -> Result<(), Fault> {
        if self.rest().starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        Err(fault)
    }

    fn number(&mut self) -> Result<(), Fault> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if let Some(b'0'..=b'9') = self.peek() {
                self.at -= 1;
                return Err(Fault::LeadingZero);
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let first = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == first { Err(Fault::Digit) } else { Ok(()) }
    }

    /// Reads over a string, quotes included. UTF-8 is checked per string, and only where a byte above 0x7F was met:
    /// anywhere else in a document such a byte is a syntax error already.
    #[inline]
    pub(super) fn string(&mut self) -> Result<(), Fault> {
        self.expect(b'"', Fault::Key)?;
        let first = self.at;
        let mut non_ascii = 0;
        loop {
            let run = plain_run(self.rest());
            non_ascii |= run.non_ascii;
            self.at += run.len;
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(Fault::ControlCharacter),
                None => return Err(Fault::ClosingQuote),
            }
        }
        if non_ascii != 0 {
            self.check_utf8(first)?;
        }
        self.at += 1;
        Ok(())
    }

    fn check_utf8(&mut self, first: usize) -> Result<(), Fault> {
        let text = self.bytes.get(first..self.at).unwrap_or_default();
        if let Err(error) = std::str::from_utf8(text) {
            self.at = first + error.valid_up_to();
            return Err(Fault::Utf8);
        }
        Ok(())
    }

    /// Lone surrogates pass, as they do through serde_json's `IgnoredAny`: the grammar allows them, and the upstream, not
    /// the gateway, is who reads the text.
    fn escape(&mut self) -> Result<(), Fault> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 2..self.at + 6).unwrap_or_default();
                if digits.len() != 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(Fault::HexDigits);
                }
                self.at += 6;
                Ok(())
            }
            _ => Err(Fault::Escape),
        }
    }
}

/// Whether a level may still close, or owes an entry.
#[derive(Clone, Copy)]
enum Entry {
    First,
    AfterComma,
}

/// What reading an entry led to.
enum Opened {
    Nothing,
    Level(Kind),
    EmptyLevel,
}

#[derive(Clone, Copy)]
enum Level {
    Array,
    Object,
}

/// The levels that are open, one bit each: 64 bytes of stack whatever the document.
struct Nesting {
    innermost: Level,
    depth: usize,
    base: usize,
    is_object: [u64; MAX_DEPTH / 64],
}

impl Nesting {
    const fn new(outer: usize) -> Self {
        Self { innermost: Level::Array, depth: outer, base: outer, is_object: [0; MAX_DEPTH / 64] }
    }

    fn push(&mut self, level: Level) -> Result<(), Fault> {
        let word = self.is_object.get_mut(self.depth / 64).ok_or(Fault::Depth)?;
        let bit = 1 << (self.depth % 64);
        match level {
            Level::Object => *word |= bit,
            Level::Array => *word &= !bit,
        }
        self.depth += 1;
        self.innermost = level;
        Ok(())
    }

    /// Closes the innermost level; `None` when it was the outermost one.
    fn pop(&mut self) -> Option<()> {
        self.depth -= 1;
        if self.depth == self.base {
            return None;
        }
        let above = self.depth - 1;
        let word = self.is_object.get(above / 64)?;
        self.innermost = if word >> (above % 64) & 1 == 1 { Level::Object } else { Level::Array };
        Some(())
    }
}
