//! Images and documents.

use super::fields::one;
use super::model::Model;
use crate::json::{Members, members};
use crate::translate::neutral::{Client, Document, Image, Losses, Source};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::collections::HashSet;

/// The longest name of a document, in characters; room is left for what makes it unique.
const LONGEST_NAME: usize = 190;

/// What has no bytes in the request.
const NEEDS_BYTES: &str = "is at a URL, and Bedrock takes bytes only: send it as base64";
const NEEDS_UPLOAD: &str = "names a file that is kept at another vendor: send it as base64";

/// Writes images and documents, each document under a name of its own.
#[derive(Debug)]
pub(super) struct Media {
    client: Client,
    model: Model,
    names: HashSet<String>,
}

impl Media {
    /// Those of one request.
    pub(super) fn new(client: Client, model: Model) -> Self {
        Self { client, model, names: HashSet::new() }
    }

    /// An image; `None` where it is lost.
    pub(super) fn image(&self, image: Image, at: &str, losses: &mut Losses) -> Option<Value> {
        if image.detail.as_deref().is_some_and(|detail| detail != "auto") {
            let field = if self.client == Client::ChatCompletions { "image_url.detail" } else { "detail" };
            losses.detail(format!("{at}.{field}"), "has no counterpart at Bedrock");
        }
        let (media_type, data) = bytes(image.source, at, losses)?;
        let Some(format) = image_format(&media_type, &data) else {
            losses.meaning(at, "is an image that Bedrock does not take: send PNG, JPEG, GIF or WebP");
            return None;
        };
        let source = one("bytes", data);
        Some(one("image", members([("format", format.into()), ("source", source)])))
    }

    /// A document; `None` where it is lost.
    pub(super) fn document(&mut self, document: Document, at: &str, losses: &mut Losses) -> Option<Value> {
        let Document { source, title, context } = document;
        let (format, data) = match source {
            Source::Text(text) => ("txt", STANDARD.encode(text)),
            source => {
                let (media_type, data) = bytes(source, at, losses)?;
                let Some(format) = document_format(&media_type, &data, title.as_deref()) else {
                    losses.meaning(
                        at,
                        "is a kind of document that Bedrock does not take: send PDF, text, HTML or Office",
                    );
                    return None;
                };
                (format, data)
            }
        };
        if data.is_empty() {
            losses.detail(at, "is an empty document, which Bedrock refuses");
            return None;
        }
        let name = self.name(title.as_deref());
        let mut written = members([("format", format.into()), ("name", name.into()), ("source", one("bytes", data))]);
        match context {
            Some(context) if self.model.family().is_some() => {
                written.put("context", context);
            }
            Some(_) => losses.detail(format!("{at}.context"), "is for Claude only"),
            None => {}
        }
        Some(one("document", written))
    }

    /// A name that Bedrock takes and that no other document of the request has.
    fn name(&mut self, title: Option<&str>) -> String {
        let fitted = title.map(fitting).filter(|name| name.bytes().any(|byte| byte.is_ascii_alphanumeric()));
        let name = fitted.unwrap_or_else(|| "Document".to_owned());
        let mut unique = name.clone();
        let mut nth = 1_u32;
        while !self.names.insert(unique.clone()) {
            nth += 1;
            unique = format!("{name} ({nth})");
        }
        unique
    }
}

/// The title in the characters that Bedrock takes: letters, digits, single spaces, hyphens and brackets.
fn fitting(title: &str) -> String {
    let plain = |character: char| match character {
        ' ' | '(' | ')' | '[' | ']' => character,
        _ if character.is_ascii_alphanumeric() => character,
        _ if character.is_whitespace() => ' ',
        _ => '-',
    };
    let plain: String = title.chars().map(plain).take(LONGEST_NAME).collect();
    plain.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

fn bytes(source: Source, at: &str, losses: &mut Losses) -> Option<(String, String)> {
    match source {
        Source::Base64 { media_type, data } => return Some((media_type, data)),
        Source::Text(text) => return Some(("text/plain".to_owned(), STANDARD.encode(text))),
        Source::Url(_) => losses.meaning(at, NEEDS_BYTES),
        Source::File(_) => losses.meaning(at, NEEDS_UPLOAD),
    }
    None
}

/// By the bytes, because clients err and Bedrock compares.
fn image_format(media_type: &str, base64: &str) -> Option<&'static str> {
    // `WEBP` is what the bytes 8 to 11 say; the last three of them are these four digits.
    let is_webp = base64.starts_with("UklGR") && base64.get(12..16) == Some("RUJQ");
    match media_type {
        _ if base64.starts_with("iVBORw0KGgo") => Some("png"),
        _ if base64.starts_with("/9j/") => Some("jpeg"),
        _ if base64.starts_with("R0lGOD") => Some("gif"),
        _ if is_webp => Some("webp"),
        "image/png" => Some("png"),
        "image/jpeg" | "image/jpg" => Some("jpeg"),
        "image/gif" => Some("gif"),
        "image/webp" => Some("webp"),
        _ => None,
    }
}

const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const EXCEL: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// By the bytes, what the client says, and the file's name, in this order.
fn document_format(media_type: &str, base64: &str, title: Option<&str>) -> Option<&'static str> {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let by_type = match essence {
        _ if base64.starts_with("JVBERi") => Some("pdf"),
        "application/pdf" => Some("pdf"),
        "text/csv" => Some("csv"),
        "text/html" => Some("html"),
        "text/markdown" => Some("md"),
        "application/msword" => Some("doc"),
        WORD => Some("docx"),
        "application/vnd.ms-excel" => Some("xls"),
        EXCEL => Some("xlsx"),
        _ => None,
    };
    let extension = title.and_then(|title| title.rsplit_once('.')).map(|(_, extension)| extension.to_ascii_lowercase());
    let by_name = || {
        const KNOWN: [&str; 9] = ["pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"];
        KNOWN.into_iter().find(|known| extension.as_deref() == Some(known))
    };
    let is_text = essence.starts_with("text/") || essence == "application/json";
    by_type.or_else(by_name).or(if is_text { Some("txt") } else { None })
}
