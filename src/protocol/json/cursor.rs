//! Descending into JSON without validating it (again).

use super::string::plain_run;
use super::{Key, Kind, Value};

/// Reads bytes that were validated before, or that matter only if they are valid: a stream's event, of which the bytes
/// reach the client as they are anyway. One pass, whatever the depth of what is looked for.
///
/// Nonsense never panics and never loops: it reads as an early end.
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Reads from the first byte.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Reads the value that begins at `start` of `document`, so that every span is one of the document.
    pub const fn at(document: &'a [u8], start: usize) -> Self {
        Self { bytes: document, at: start }
    }

    /// Calls `each` with every member of the object that comes next, the cursor standing at the member's value. What
    /// `each` does not read is passed over. Anything but an object is passed over whole.
    pub fn members(&mut self, mut each: impl FnMut(Key<'a>, &mut Self)) {
        if self.begin() != Some(b'{') {
            self.pass();
            return;
        }
        self.at += 1;
        while self.begin() == Some(b'"') {
            let start = self.at + 1;
            self.pass_string();
            let raw = self.bytes.get(start..self.at.saturating_sub(1)).unwrap_or_default();
            if self.begin() != Some(b':') {
                return self.give_up();
            }
            self.at += 1;
            self.begin();
            let value = self.at;
            each(Key { raw, start }, self);
            if self.at == value {
                self.pass();
            }
            self.comma();
        }
        self.close(b'}');
    }

    /// Calls `each` for every element of the array that comes next, the cursor standing at the element. What `each` does
    /// not read is passed over. Anything but an array is passed over whole.
    pub fn elements(&mut self, mut each: impl FnMut(&mut Self)) {
        if self.begin() != Some(b'[') {
            self.pass();
            return;
        }
        self.at += 1;
        while let Some(byte) = self.begin() {
            if byte == b']' {
                break;
            }
            let element = self.at;
            each(self);
            if self.at == element {
                self.pass();
            }
            if self.at == element {
                return self.give_up();
            }
            self.comma();
        }
        self.close(b']');
    }

    /// The value that comes next, read over; `None` when there is none.
    pub fn value(&mut self) -> Option<Value<'a>> {
        let kind = self.kind()?;
        let start = self.at;
        self.pass();
        Some(Value { kind, raw: self.bytes.get(start..self.at)?, start })
    }

    /// What kind of value comes next, without reading it.
    pub fn kind(&mut self) -> Option<Kind> {
        Some(match self.begin()? {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'"' => Kind::String,
            b't' | b'f' => Kind::Bool,
            b'n' => Kind::Null,
            b'-' | b'0'..=b'9' => Kind::Number,
            _ => return None,
        })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Skips white space and looks at what follows it.
    #[inline]
    fn begin(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
        self.peek()
    }

    fn comma(&mut self) {
        if self.begin() == Some(b',') {
            self.at += 1;
        }
    }

    fn close(&mut self, bracket: u8) {
        if self.begin() == Some(bracket) {
            self.at += 1;
        } else {
            self.give_up();
        }
    }

    /// Ends the reading at every level: nothing comes after the end of the bytes.
    fn give_up(&mut self) {
        self.at = self.bytes.len();
    }

    /// Passes over one value.
    fn pass(&mut self) {
        match self.begin() {
            Some(b'"') => self.pass_string(),
            Some(b'{' | b'[') => self.pass_container(),
            _ => {
                while let Some(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.') = self.peek() {
                    self.at += 1;
                }
            }
        }
    }

    fn pass_container(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.pass_string();
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    fn pass_string(&mut self) {
        self.at += 1;
        loop {
            self.at += plain_run(self.bytes.get(self.at..).unwrap_or_default()).len;
            match self.peek() {
                Some(b'\\') => self.at += 2,
                Some(b'"') => {
                    self.at += 1;
                    return;
                }
                Some(_) => self.at += 1,
                None => return self.give_up(),
            }
        }
    }
}
