//! Writes the pieces of a message.

use super::quirks::Quirks;
use crate::domain::protocol::Protocol;
use crate::json::{Members, json, object};
use crate::translate::neutral::{Body, CacheMark, Document, Image, Losses, Part, Source};
use serde_json::{Map, Value};
use std::fmt;

/// A piece that a tool's message has no place for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    Image,
    Document,
    Audio,
}

impl Media {
    /// What of that a piece is; a document that is text is none.
    pub(super) const fn of(body: &Body) -> Option<Self> {
        match body {
            Body::Image(_) => Some(Self::Image),
            Body::Document(Document { source: Source::Text(_), .. }) => None,
            Body::Document(_) => Some(Self::Document),
            Body::Audio { .. } => Some(Self::Audio),
            _ => None,
        }
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Image => "image",
            Self::Document => "document",
            Self::Audio => "audio",
        })
    }
}

/// A message's content: one string where there are only texts, because every compatible server takes that, else parts. The
/// cache marks need parts, so they are kept only where the model knows them; elsewhere it caches by itself.
pub(super) fn user_content(parts: Vec<Part>, quirks: &Quirks, client: Protocol, losses: &mut Losses) -> Value {
    let is_text = |part: &Part| matches!(part.body, Body::Text(_)) || document_text(&part.body);
    let is_marked = quirks.cache_breakpoints.yes() && parts.iter().any(|part| part.cache.is_some());
    if parts.iter().all(is_text) && !is_marked {
        return Value::String(joined(parts, "\n\n"));
    }
    let mut writer = Writer { written: Vec::new(), quirks, client, losses };
    parts.into_iter().for_each(|part| writer.part(part));
    Value::Array(writer.written)
}

fn document_text(body: &Body) -> bool {
    matches!(body, Body::Document(Document { source: Source::Text(_), .. }))
}

/// The texts in one.
pub(super) fn joined(parts: Vec<Part>, between: &str) -> String {
    let mut texts = parts.into_iter().filter_map(|part| match part.body {
        Body::Text(text) => Some(text),
        Body::Document(document) => text_of(document).ok(),
        _ => None,
    });
    let mut joined = texts.next().unwrap_or_default();
    for text in texts {
        joined.push_str(between);
        joined.push_str(&text);
    }
    joined
}

/// A document that is text, as text.
fn text_of(document: Document) -> Result<String, Document> {
    let Document { source: Source::Text(text), title, context } = document else { return Err(document) };
    if title.is_none() && context.is_none() {
        return Ok(text);
    }
    let title = title.map(|title| format!(" title={}", Value::String(title))).unwrap_or_default();
    let context = context.map(|context| format!("{context}\n\n")).unwrap_or_default();
    Ok(format!("<document{title}>\n{context}{text}\n</document>"))
}

struct Writer<'a> {
    written: Vec<Value>,
    quirks: &'a Quirks,
    client: Protocol,
    losses: &'a mut Losses,
}

impl Writer<'_> {
    fn part(&mut self, part: Part) {
        let Part { at, body, cache } = part;
        let written = match body {
            Body::Text(text) => Some(said(text)),
            Body::Image(image) => self.image(image, &at),
            Body::Document(document) => self.document(document, &at),
            Body::Audio { data, format } if self.quirks.audio.yes() => {
                Some(part_of("input_audio", object([("data", data.into()), ("format", format.into())])))
            }
            Body::Audio { .. } => {
                self.losses.meaning(&at, "is sound, which this model does not hear: send its transcript");
                None
            }
            Body::Refusal(text) => Some(said(text)),
            Body::Call(_) | Body::Result(_) | Body::Reasoning(_) => None,
        };
        let Some(mut written) = written else { return };
        if let (true, Some(CacheMark::Default | CacheMark::Hour)) = (self.quirks.cache_breakpoints.yes(), cache) {
            written.put("prompt_cache_breakpoint", json!({"mode": "explicit"}));
        }
        self.written.push(Value::Object(written));
    }

    fn image(&mut self, image: Image, at: &str) -> Option<Map<String, Value>> {
        let Image { source, detail } = image;
        let url = match source {
            Source::Url(url) => url,
            Source::Base64 { media_type, data } => data_url(&media_type, data),
            Source::File(_) | Source::Text(_) => {
                self.losses.meaning(at, "names an image that is kept at another vendor: send its bytes or its address");
                return None;
            }
        };
        let inner = match detail {
            Some(detail) => object([("url", url.into()), ("detail", detail.into())]),
            None => object([("url", url.into())]),
        };
        Some(part_of("image_url", inner))
    }

    fn document(&mut self, document: Document, at: &str) -> Option<Map<String, Value>> {
        let Document { source, title, context } = match text_of(document) {
            Ok(text) => return Some(said(text)),
            Err(document) => document,
        };
        // An id of OpenAI's is one in both of its dialects.
        let is_openai = self.client != Protocol::AnthropicMessages && self.quirks.refusals.yes();
        let why = match source {
            Source::Base64 { media_type, data } if self.quirks.files.yes() => {
                if let Some(context) = context {
                    self.written.push(Value::Object(said(context)));
                }
                let name = title.unwrap_or_else(|| "document.pdf".to_owned());
                let data = data_url(&media_type, data);
                return Some(part_of("file", object([("filename", name.into()), ("file_data", data.into())])));
            }
            Source::File(id) if is_openai => return Some(part_of("file", object([("file_id", id.into())]))),
            Source::File(_) => "names a file that is kept at another vendor: send its bytes",
            Source::Url(_) => "is at an address, which Chat Completions does not read: send its bytes",
            Source::Base64 { .. } | Source::Text(_) => "is a file, and this model's provider reads none: send its text",
        };
        self.losses.meaning(at, why);
        None
    }
}

/// `{"type":"text","text":…}`
fn said(text: String) -> Map<String, Value> {
    let mut part = Map::new();
    part.put("type", "text");
    part.put("text", text);
    part
}

/// `{"type":kind, kind:{…}}`
fn part_of(kind: &str, inner: Value) -> Map<String, Value> {
    let mut part = Map::new();
    part.put("type", kind);
    part.insert(kind.to_owned(), inner);
    part
}

/// The bytes behind their type, in the same string.
fn data_url(media_type: &str, mut data: String) -> String {
    data.insert_str(0, &format!("data:{media_type};base64,"));
    data
}
