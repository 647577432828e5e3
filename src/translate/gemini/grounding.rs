//! `groundingMetadata`: which words rest on which page.

use crate::translate::neutral::Citation;
use serde_json::Value;

/// The sources of an answer. In a stream they come late and may come twice, so the last that say something count.
#[derive(Debug, Clone, Default)]
pub(super) struct Grounding {
    chunks: Vec<Value>,
    supports: Vec<Value>,
}

impl Grounding {
    pub(super) fn learn(&mut self, metadata: &mut Value) {
        for (key, known) in [("groundingChunks", &mut self.chunks), ("groundingSupports", &mut self.supports)] {
            if let Some(Value::Array(values)) = metadata.get_mut(key)
                && !values.is_empty()
            {
                *known = std::mem::take(values);
            }
        }
    }

    /// The citations of the text, and nothing the next time.
    pub(super) fn cite(&mut self, text: &Extent) -> Vec<Citation> {
        let (chunks, supports) = (std::mem::take(&mut self.chunks), std::mem::take(&mut self.supports));
        if supports.is_empty() {
            return chunks.iter().filter_map(|chunk| source(chunk, None, None)).collect();
        }
        let mut citations = Vec::new();
        for support in supports {
            let segment = support.get("segment");
            let span = segment.and_then(|segment| text.span(segment));
            let words = segment.and_then(|segment| segment.get("text")).and_then(Value::as_str);
            let indices = support.get("groundingChunkIndices").and_then(Value::as_array);
            for index in indices.into_iter().flatten().filter_map(Value::as_u64) {
                let chunk = usize::try_from(index).ok().and_then(|index| chunks.get(index));
                citations.extend(chunk.and_then(|chunk| source(chunk, words, span)));
            }
        }
        citations
    }
}

fn source(chunk: &Value, words: Option<&str>, span: Option<(u64, u64)>) -> Option<Citation> {
    let place = ["web", "retrievedContext", "maps"].into_iter().find_map(|kind| chunk.get(kind))?;
    let text = |key: &str| place.get(key).and_then(Value::as_str).map(str::to_owned);
    Some(Citation { url: text("uri"), title: text("title"), cited_text: words.map(str::to_owned), span })
}

/// How long a text is and how wide its characters are: all that is needed to turn Google's bytes into characters, without
/// holding the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// Bytes per character, and for how many characters on end.
    runs: Vec<(u64, u64)>,
    bytes: u64,
    /// Where the parts of the first chunk begin, by their index; in later chunks Google counts through the whole text.
    parts: Vec<(u64, u64)>,
}

impl Extent {
    pub(super) fn add(&mut self, text: &str) {
        for character in text.chars() {
            let width = u64::try_from(character.len_utf8()).unwrap_or(1);
            self.bytes += width;
            match self.runs.last_mut() {
                Some((same, count)) if *same == width => *count += 1,
                _ => self.runs.push((width, 1)),
            }
        }
    }

    /// A part with this index begins here.
    pub(super) fn begin_part(&mut self, index: u64) {
        self.parts.push((index, self.bytes));
    }

    pub(super) fn forget_parts(&mut self) {
        self.parts.clear();
    }

    fn span(&self, segment: &Value) -> Option<(u64, u64)> {
        let number = |key: &str| segment.get(key).and_then(Value::as_u64);
        let part = number("partIndex").unwrap_or(0);
        let base = self.parts.iter().find(|(index, _)| *index == part).map_or(0, |(_, begins)| *begins);
        let from = self.characters(base.checked_add(number("startIndex").unwrap_or(0))?)?;
        let to = self.characters(base.checked_add(number("endIndex")?)?)?;
        if from < to { Some((from, to)) } else { None }
    }

    /// The characters before a byte; `None` behind the text.
    fn characters(&self, byte: u64) -> Option<u64> {
        let (mut left, mut characters) = (byte, 0);
        for (width, count) in &self.runs {
            if left < width * count {
                return Some(characters + left / width);
            }
            left -= width * count;
            characters += count;
        }
        if left == 0 { Some(characters) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bytes_become_characters() {
        let mut extent = Extent::default();
        extent.add("aé");
        extent.add("😀b");
        for (byte, characters) in [(0, Some(0)), (1, Some(1)), (3, Some(2)), (7, Some(3)), (8, Some(4)), (9, None)] {
            assert_eq!(extent.characters(byte), characters, "{byte}");
        }
        assert_eq!(extent.span(&json!({"startIndex": 3, "endIndex": 7})), Some((2, 3)));
        assert_eq!(extent.span(&json!({"endIndex": 99})), None);
    }
}
