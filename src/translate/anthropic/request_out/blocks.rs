//! Blocks of content: texts, images, documents.

use super::Marks;
use crate::json::{Members, json};
use crate::translate::neutral::{CacheMark, Document, Image, Losses, Source};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// What an image begins with, as base64 (PNG, JPEG, GIF, WebP).
const IMAGES: [(&str, &str); 4] =
    [("iVBORw0KGgo", "image/png"), ("/9j/", "image/jpeg"), ("R0lGOD", "image/gif"), ("UklGR", "image/webp")];
/// `%PDF`.
const PDF: &str = "JVBER";

/// An object as a block that may be marked.
pub(super) fn marked(block: Value, mark: Option<CacheMark>, marks: &mut Marks) -> Value {
    match block {
        Value::Object(mut block) => {
            marks.put(mark, &mut block);
            Value::Object(block)
        }
        other => other,
    }
}

/// A text block.
pub(super) fn text(text: String, mark: Option<CacheMark>, marks: &mut Marks) -> Value {
    let mut block = Map::new();
    block.put("type", "text");
    block.put("text", text);
    marks.put(mark, &mut block);
    Value::Object(block)
}

/// An image block; `None` for one that Anthropic cannot see.
pub(super) fn image(image: Image, at: &str, losses: &mut Losses) -> Option<Value> {
    if image.detail.is_some_and(|detail| detail != "auto") {
        losses.detail(format!("{at}.detail"), "has no counterpart in Anthropic's protocol");
    }
    let source = match image.source {
        Source::Url(url) => json!({"type": "url", "url": url}),
        Source::Base64 { media_type, data } => {
            let Some(media_type) = image_type(&media_type, &data) else {
                losses.meaning(at, format!("is `{media_type}`: Anthropic sees PNG, JPEG, GIF and WebP"));
                return None;
            };
            base64_source(media_type.to_owned(), data)
        }
        Source::File(_) => {
            losses.meaning(at, "names a file that is kept at another vendor: send its bytes");
            return None;
        }
        Source::Text(_) => {
            losses.meaning(at, "is text and no image");
            return None;
        }
    };
    Some(json!({"type": "image", "source": source}))
}

/// What the bytes are: clients err, and Anthropic compares.
fn image_type(said: &str, data: &str) -> Option<&'static str> {
    let by_bytes = IMAGES.iter().find(|(magic, _)| data.starts_with(magic));
    let said = if said.eq_ignore_ascii_case("image/jpg") { "image/jpeg" } else { said };
    let by_word = || IMAGES.iter().find(|(_, media_type)| media_type.eq_ignore_ascii_case(said));
    by_bytes.or_else(by_word).map(|(_, media_type)| *media_type)
}

/// A document block; `None` for one that Anthropic cannot read.
pub(super) fn document(document: Document, at: &str, losses: &mut Losses) -> Option<Value> {
    let source = match document.source {
        Source::Url(url) => json!({"type": "url", "url": url}),
        Source::Text(text) if text.trim().is_empty() => return None,
        Source::Text(text) => text_source(text),
        Source::Base64 { data, .. } if data.starts_with(PDF) => base64_source("application/pdf".to_owned(), data),
        Source::Base64 { media_type, data } => match media_type.split(';').next().unwrap_or_default().trim() {
            "application/pdf" => base64_source("application/pdf".to_owned(), data),
            kind if is_text(kind) => match STANDARD.decode(data).map(String::from_utf8) {
                Ok(Ok(text)) => text_source(text),
                _ => {
                    losses.meaning(at, "is no base64 of a text in UTF-8");
                    return None;
                }
            },
            other => {
                losses.meaning(at, format!("is `{other}`: Anthropic reads PDFs and plain text"));
                return None;
            }
        },
        Source::File(_) => {
            losses.meaning(at, "names a file that is kept at another vendor: send its bytes");
            return None;
        }
    };
    let mut block = Map::new();
    block.put("type", "document");
    block.put("source", source);
    block.put_some("title", document.title);
    block.put_some("context", document.context);
    Some(Value::Object(block))
}

fn is_text(media_type: &str) -> bool {
    media_type.starts_with("text/")
        || matches!(media_type, "application/json" | "application/xml" | "application/yaml" | "application/x-yaml")
}

fn text_source(text: String) -> Value {
    json!({"type": "text", "media_type": "text/plain", "data": text})
}

/// Built by hand, because `json!` would copy the bytes.
fn base64_source(media_type: String, data: String) -> Value {
    let mut source = Map::new();
    source.put("type", "base64");
    source.put("media_type", media_type);
    source.put("data", data);
    Value::Object(source)
}
