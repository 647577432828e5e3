//! JSON strings: skipped eight bytes at a time, decoded only when somebody asks.

use std::borrow::Cow;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Where the plain run of a string ends, and whether bytes above 0x7F were met on the way.
pub(super) struct PlainRun {
    /// Bytes before the first `"`, `\` or control character (or before the end).
    pub(super) len: usize,
    /// Bits other than zero in here mean that the run, or the few bytes after it, are not all ASCII.
    pub(super) non_ascii: u64,
}

/// The bytes up to the first one that ends a plain run: `"`, `\` or a control character.
#[inline]
pub(super) fn plain_run(bytes: &[u8]) -> PlainRun {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut non_ascii = 0;
    let mut len = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        non_ascii |= word & HIGH_BITS;
        let stops = stops_in(word);
        if stops != 0 {
            return PlainRun { len: len + (stops.trailing_zeros() / 8) as usize, non_ascii };
        }
        len += 8;
    }
    for &byte in rest {
        if byte < 0x20 || byte == b'"' || byte == b'\\' {
            break;
        }
        non_ascii |= u64::from(byte & 0x80);
        len += 1;
    }
    PlainRun { len, non_ascii }
}

/// The high bit of every byte that may end a plain run. The lowest bit set is always a true one: the subtractions borrow
/// only upwards, so a false one can stand only above it.
#[inline]
const fn stops_in(word: u64) -> u64 {
    let quotes = word ^ (ONES * b'"' as u64);
    let backslashes = word ^ (ONES * b'\\' as u64);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = quotes.wrapping_sub(ONES) & !quotes;
    let backslash = backslashes.wrapping_sub(ONES) & !backslashes;
    (control | quote | backslash) & HIGH_BITS
}

/// The text of a JSON string, given with or without its quotes. Borrows when there is no escape.
///
/// A lone surrogate (`\ud800`) is grammatical JSON but no text: it reads as U+FFFD. So does everything that a validated
/// string cannot hold.
pub fn decode_string(raw: &[u8]) -> Cow<'_, str> {
    let inner = raw.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(raw);
    if memchr::memchr(b'\\', inner).is_none() {
        return String::from_utf8_lossy(inner);
    }
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(backslash) = memchr::memchr(b'\\', rest) {
        let (plain, escape) = rest.split_at_checked(backslash).unwrap_or((rest, b""));
        text.push_str(&String::from_utf8_lossy(plain));
        let (decoded, length) = decode_escape(escape);
        text.push(decoded);
        rest = escape.get(length..).unwrap_or_default();
    }
    text.push_str(&String::from_utf8_lossy(rest));
    Cow::Owned(text)
}

/// The character that an escape stands for and the escape's length in bytes, backslash included.
fn decode_escape(escape: &[u8]) -> (char, usize) {
    let character = match escape.get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return decode_unicode_escape(escape),
        Some(&same) => char::from(same),
        None => char::REPLACEMENT_CHARACTER,
    };
    (character, 2)
}

fn decode_unicode_escape(escape: &[u8]) -> (char, usize) {
    let Some(first) = hex_unit(escape) else { return (char::REPLACEMENT_CHARACTER, 2) };
    if let Some(character) = char::from_u32(first) {
        return (character, 6);
    }
    let second = escape.get(6..).and_then(hex_unit).filter(|unit| (0xDC00..0xE000).contains(unit));
    match second {
        Some(second) if first < 0xDC00 => {
            let scalar = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            (char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
        }
        _ => (char::REPLACEMENT_CHARACTER, 6),
    }
}

/// The UTF-16 unit of a `\uXXXX` that `escape` begins with.
fn hex_unit(escape: &[u8]) -> Option<u32> {
    let digits = escape.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit, &digit| Some(unit << 4 | char::from(digit).to_digit(16)?))
}

/// `text` as the inside of a JSON string, without quotes. Borrows when nothing has to be escaped.
pub fn escape(text: &str) -> Cow<'_, str> {
    if plain_run(text.as_bytes()).len == text.len() {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            control if control < ' ' => {
                escaped.push_str("\\u00");
                for shift in [4, 0] {
                    escaped.extend(char::from_digit(u32::from(control) >> shift & 0xF, 16));
                }
            }
            plain => escaped.push(plain),
        }
    }
    Cow::Owned(escaped)
}
