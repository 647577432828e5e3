//! JSON as upstreams write it, which is not always text.

use crate::protocol::json;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads JSON. Where an upstream has cut a character in two, as servers do that stream token by token, its halves read as
/// U+FFFD: an answer must not break off for half an emoji. Work is linear, and twice that only for such JSON.
///
/// # Errors
/// What is no JSON.
pub(in crate::translate) fn read<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(json).or_else(|error| match mended(json) {
        Some(mended) => serde_json::from_slice(&mended),
        None => Err(error),
    })
}

/// A count, as the meter of native answers reads it, too.
pub(super) fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => json::read_u64(number.as_str().as_bytes()),
        _ => None,
    }
}

/// The JSON with U+FFFD for lone surrogates and for bytes that are no UTF-8; `None` if it has neither.
fn mended(json: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(json);
    let (mut mended, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some(backslash) = memchr::memchr(b'\\', rest) {
        let (plain, escape) = rest.split_at_checked(backslash)?;
        mended.extend_from_slice(plain);
        let (kept, length) = match (unit(escape), unit(escape.get(6..).unwrap_or_default())) {
            (Some(0xD800..0xDC00), Some(0xDC00..0xE000)) => (escape.get(..12)?, 12),
            (Some(0xD800..0xE000), _) => ("\u{FFFD}".as_bytes(), 6),
            _ => (escape.get(..2).unwrap_or(escape), 2),
        };
        mended.extend_from_slice(kept);
        rest = escape.get(length..).unwrap_or_default();
    }
    mended.extend_from_slice(rest);
    (mended != json).then_some(mended)
}

/// The UTF-16 unit of the `\uXXXX` that comes next.
fn unit(escape: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(escape.strip_prefix(b"\\u")?.get(..4)?).ok()?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn half_a_character_reads_as_a_replacement_and_a_whole_one_as_itself() {
        for (json, text) in [
            (r#""a\ud83d""#, "a\u{FFFD}"),
            (r#""\ude00b""#, "\u{FFFD}b"),
            (r#""\ud83d\ude00\ud83d""#, "😀\u{FFFD}"),
            (r#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"),
            (r#""\\ud83d \ud83d \"é\"""#, "\\ud83d \u{FFFD} \"é\""),
            (r#""\ud83d\n""#, "\u{FFFD}\n"),
        ] {
            assert_eq!(read::<Value>(json.as_bytes()).expect(json), json!(text));
        }
        assert_eq!(read::<Value>(b"\"a\xF0\x9F\"").expect("mended"), json!("a\u{FFFD}"));
    }

    #[test]
    fn what_is_no_json_stays_so() {
        for json in [&b"{"[..], b"\"\\ud83d", b"\"\\u12\"", b"\\", b"\xFF", b""] {
            assert!(read::<Value>(json).is_err(), "{json:?}");
        }
    }

    #[test]
    fn counts_are_whole_numbers_however_spelled() {
        assert_eq!(count(&serde_json::from_str("12.0").expect("JSON")), Some(12));
        assert_eq!([json!("12"), json!(-1), json!(null)].map(|value| count(&value)), [None; 3]);
    }
}
