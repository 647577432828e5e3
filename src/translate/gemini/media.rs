//! Bytes that are no text: `inlineData` and `fileData`.

use super::family::Family;
use crate::json::{json, object};
use crate::translate::neutral::{Losses, Source};
use serde_json::Value;

/// What the bytes are to be, where nothing else tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium {
    Image,
    Document,
}

/// The part for bytes; `None` where they are out of reach, which is told as a loss. A text has no part of its own here.
pub(super) fn write(source: Source, medium: Medium, at: &str, family: Family, losses: &mut Losses) -> Option<Value> {
    match source {
        Source::Base64 { media_type, data } => {
            let mime = sniffed(&data).map_or(media_type, str::to_owned);
            Some(inline(&mime, data))
        }
        Source::Url(url) if family.fetches() => {
            let mime = of_extension(&url).or((medium == Medium::Document).then_some("application/pdf"));
            Some(match mime {
                Some(mime) => json!({"fileData": {"fileUri": url, "mimeType": mime}}),
                None => json!({"fileData": {"fileUri": url}}),
            })
        }
        Source::Url(_) => {
            losses.meaning(at, "is behind an address, and this model fetches none: send its bytes as base64");
            None
        }
        Source::File(_) => {
            losses.meaning(at, "names a file that is kept at another vendor: send its bytes as base64");
            None
        }
        Source::Text(text) => Some(object([("text", text.into())])),
    }
}

/// Bytes in the request itself.
pub(super) fn inline(mime: &str, data: String) -> Value {
    object([("inlineData", object([("mimeType", mime.into()), ("data", data.into())]))])
}

/// The type that the first bytes tell, because clients err about it.
fn sniffed(data: &str) -> Option<&'static str> {
    const MAGIC: [(&str, &str); 5] = [
        ("iVBORw0KGgo", "image/png"),
        ("/9j/", "image/jpeg"),
        ("R0lGOD", "image/gif"),
        ("JVBERi0", "application/pdf"),
        ("UklGR", "image/webp"),
    ];
    // `RIFF` is sound too; the bytes 9 to 12 of an image are `EBP`, which base64 keeps together.
    let is_webp = || data.get(12..16) == Some("RUJQ");
    MAGIC
        .into_iter()
        .find(|(magic, mime)| data.starts_with(magic) && (*mime != "image/webp" || is_webp()))
        .map(|(_, mime)| mime)
}

fn of_extension(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next()?;
    let (_, extension) = path.rsplit('/').next()?.rsplit_once('.')?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "heic" => "image/heic",
        "heif" => "image/heif",
        "pdf" => "application/pdf",
        "txt" | "md" => "text/plain",
        "html" | "htm" => "text/html",
        "csv" => "text/csv",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn the_bytes_say_what_they_are() {
        let webp = STANDARD.encode(b"RIFF\x24\x01\x02\x03WEBPVP8 ");
        let wav = STANDARD.encode(b"RIFF\x24\x01\x02\x03WAVEfmt ");
        assert_eq!(sniffed(&webp), Some("image/webp"));
        assert_eq!(sniffed(&wav), None);
        assert_eq!(sniffed(&STANDARD.encode(b"\x89PNG\r\n\x1a\n\0\0")), Some("image/png"));
        assert_eq!(sniffed(&STANDARD.encode(b"%PDF-1.7")), Some("application/pdf"));
        assert_eq!(sniffed("é"), None);
    }

    #[test]
    fn an_address_tells_its_type_by_its_extension() {
        assert_eq!(of_extension("https://example.com/a.b/cat.JPG?x=1.png"), Some("image/jpeg"));
        assert_eq!(of_extension("https://example.com/cat"), None);
    }
}
