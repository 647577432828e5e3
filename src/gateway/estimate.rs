//! How many tokens a request has, reckoned where the upstream cannot say (PROTOCOLS.md section 10).

use crate::protocol::json::{Cursor, Key, Kind};
use memchr::memmem;

/// Bytes of text that make a token, roughly.
const BYTES_PER_TOKEN: u64 = 4;

/// What an image or a page costs, roughly, whatever its bytes.
const TOKENS_PER_MEDIUM: u64 = 1_600;

/// Where the input stands in any of the three protocols, and in a request for embeddings. What else there is steers the
/// answer.
const INPUT: [&str; 6] = ["messages", "system", "tools", "tool_choice", "input", "instructions"];

/// An estimate of a request's input tokens: its text and its keys by their length, images and documents by their number.
/// The body was validated before.
pub fn input_tokens(body: &[u8]) -> u64 {
    let mut seen = Seen::default();
    Cursor::new(body).members(|key, value| {
        if INPUT.iter().any(|counted| key.is(counted)) {
            seen.value(value);
        }
    });
    seen.text_bytes.div_ceil(BYTES_PER_TOKEN) + seen.media * TOKENS_PER_MEDIUM
}

/// Below this a body has no room for an image that would count for more than its bytes.
const SMALL: usize = 16 << 10;

/// How a medium in a body gives itself away, in any of the protocols.
const MEDIA: [&[u8]; 2] = [b"base64", b"input_audio"];

/// The same, for what may never be asked for: a body without media by its length alone, so that a call pays next to
/// nothing.
pub fn roughly(body: &[u8]) -> u64 {
    let may_have_media = || MEDIA.iter().any(|sign| memmem::find(body, sign).is_some());
    if body.len() > SMALL && may_have_media() { input_tokens(body) } else { length(body).div_ceil(BYTES_PER_TOKEN) }
}

#[derive(Default)]
struct Seen {
    text_bytes: u64,
    media: u64,
}

impl Seen {
    fn value(&mut self, cursor: &mut Cursor<'_>) {
        match cursor.kind() {
            Some(Kind::Object) => cursor.members(|key, value| self.member(&key, value)),
            Some(Kind::Array) => cursor.elements(|value| self.value(value)),
            _ => match cursor.value() {
                // OpenAI's images and files.
                Some(value) if value.raw.starts_with(b"\"data:") => self.media += 1,
                Some(value) => self.text_bytes += length(value.raw),
                None => {}
            },
        }
    }

    fn member(&mut self, key: &Key<'_>, value: &mut Cursor<'_>) {
        self.text_bytes += length(key.raw);
        // Anthropic's images and documents, OpenAI's audio.
        let is_medium = (key.is("source") || key.is("input_audio")) && value.kind() == Some(Kind::Object);
        if is_medium {
            self.media += 1;
            value.value();
        } else {
            self.value(value);
        }
    }
}

fn length(raw: &[u8]) -> u64 {
    u64::try_from(raw.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tokens(body: serde_json::Value) -> u64 {
        input_tokens(body.to_string().as_bytes())
    }

    #[test]
    fn more_text_is_more_tokens_and_what_steers_the_answer_is_none() {
        let asked = |text: &str| json!({"model": "m", "messages": [{"role": "user", "content": text}]});
        let (short, long) = (tokens(asked("hi")), tokens(asked(&"word ".repeat(400))));
        assert!((5..20).contains(&short), "{short}");
        assert!((480..540).contains(&long), "{long}");
        let mut steered = asked("hi");
        steered["metadata"] = json!({"user_id": "x".repeat(1000)});
        assert_eq!(tokens(steered), short);
    }

    #[test]
    fn an_image_counts_by_number_not_by_bytes() {
        let image = |bytes: usize| {
            json!({"messages": [{"role": "user", "content": [
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A".repeat(bytes)}}]}]})
        };
        assert_eq!(tokens(image(10)), tokens(image(1_000_000)));
        assert!(tokens(image(10)) > TOKENS_PER_MEDIUM);
    }

    #[test]
    fn a_large_body_is_reckoned_by_its_length_unless_it_has_media() {
        let text = json!({"messages": [{"role": "user", "content": "word ".repeat(10_000)}]}).to_string();
        let length = u64::try_from(text.len()).expect("a length");
        assert_eq!(roughly(text.as_bytes()), length.div_ceil(BYTES_PER_TOKEN));
        let data = "A".repeat(100_000);
        for content in [
            json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{data}")}}),
            json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}),
            json!({"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}),
        ] {
            let body = json!({"messages": [{"role": "user", "content": [content]}]}).to_string();
            assert_eq!(roughly(body.as_bytes()), input_tokens(body.as_bytes()), "its media count by their number");
        }
    }

    #[test]
    fn every_protocol_has_its_input_counted() {
        let word = "word ".repeat(400);
        for body in [
            json!({"input": word}),
            json!({"input": [{"role": "user", "content": [{"type": "input_text", "text": word}]}]}),
            json!({"instructions": word, "input": "hi", "max_output_tokens": 5}),
            json!({"messages": [{"role": "user", "content": word}], "max_completion_tokens": 100}),
        ] {
            assert!((480..560).contains(&tokens(body.clone())), "{body}");
        }
        let data = format!("data:image/png;base64,{}", "A".repeat(100_000));
        for content in [
            json!({"type": "image_url", "image_url": {"url": data}}),
            json!({"type": "input_image", "image_url": data}),
            json!({"type": "input_audio", "input_audio": {"data": "A".repeat(100_000), "format": "wav"}}),
        ] {
            let counted = tokens(json!({"messages": [{"role": "user", "content": [content]}]}));
            assert!((TOKENS_PER_MEDIUM..TOKENS_PER_MEDIUM + 50).contains(&counted), "{counted}");
        }
    }

    #[test]
    fn the_deepest_body_that_is_let_in_is_survived() {
        let depth = crate::protocol::json::MAX_DEPTH - 1;
        let body = ["{\"messages\":", &"[".repeat(depth), &"]".repeat(depth), "}"].concat();
        assert_eq!(input_tokens(body.as_bytes()), 0);
    }
}
