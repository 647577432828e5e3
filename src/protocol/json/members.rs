//! A whole document, validated while its top level is listed.

use super::scanner::Scanner;
use super::{Fault, Key, Kind, Member, SyntaxError, Value};

/// Checks that `bytes` are one JSON document and nothing else, and says what kind of value it is.
///
/// # Errors
/// The first fault, and its place.
pub fn validate(bytes: &[u8]) -> Result<Kind, SyntaxError> {
    let mut scanner = Scanner::new(bytes);
    scanner.skip_whitespace();
    let outcome = scanner.value(0).and_then(|kind| {
        scanner.skip_whitespace();
        if scanner.at == bytes.len() { Ok(kind) } else { Err(Fault::End) }
    });
    outcome.map_err(|fault| SyntaxError::locate(fault, bytes, scanner.at))
}

/// The members of a document whose top level is an object, in their order, in one validating pass.
///
/// The document is known to be valid only once the iterator has ended without an error.
pub struct Members<'a> {
    scanner: Scanner<'a>,
    next: Next,
}

#[derive(Clone, Copy)]
enum Next {
    First,
    Further,
    Nothing,
}

impl<'a> Members<'a> {
    /// The members of `bytes`; `None` when the first byte that is not white space does not open an object.
    pub fn of(bytes: &'a [u8]) -> Option<Self> {
        let mut scanner = Scanner::new(bytes);
        scanner.skip_whitespace();
        scanner.expect(b'{', Fault::Value).ok()?;
        Some(Self { scanner, next: Next::First })
    }

    /// Reads one member, or the end of the document.
    fn advance(&mut self) -> Result<Option<Member<'a>>, Fault> {
        let scanner = &mut self.scanner;
        scanner.skip_whitespace();
        let fault = match (self.next, scanner.peek()) {
            (Next::Nothing, _) => return Ok(None),
            (Next::First | Next::Further, Some(b'}')) => {
                scanner.at += 1;
                scanner.skip_whitespace();
                self.next = Next::Nothing;
                return if scanner.at == scanner.bytes.len() { Ok(None) } else { Err(Fault::End) };
            }
            (Next::First, _) => Fault::KeyOrEnd,
            (Next::Further, _) => {
                scanner.expect(b',', Fault::CommaOrBrace)?;
                scanner.skip_whitespace();
                Fault::Key
            }
        };
        if scanner.peek() != Some(b'"') {
            return Err(fault);
        }
        let key_start = scanner.at + 1;
        scanner.string()?;
        let key = Key { raw: between(scanner.bytes, key_start, scanner.at - 1), start: key_start };
        scanner.skip_whitespace();
        scanner.expect(b':', Fault::Colon)?;
        scanner.skip_whitespace();
        let start = scanner.at;
        let kind = scanner.value(1)?;
        let value = Value { kind, raw: between(scanner.bytes, start, scanner.at), start };
        self.next = Next::Further;
        Ok(Some(Member { key, value }))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<Member<'a>, SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        let outcome = self.advance();
        if outcome.is_err() {
            self.next = Next::Nothing;
        }
        outcome.map_err(|fault| SyntaxError::locate(fault, self.scanner.bytes, self.scanner.at)).transpose()
    }
}

fn between(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    bytes.get(start..end).unwrap_or_default()
}
