//! Images and documents that a client names by their address, for upstreams that want the bytes (PROTOCOLS.md sections 9.1
//! and 9.3).

use super::exchange::read;
use super::neutral::{Body, Client, Losses, Part, Request, Source};
use crate::domain::protocol::Protocol;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use std::collections::HashMap;

/// What was fetched, by address.
#[derive(Debug, Clone, Default)]
pub struct Media(HashMap<String, Fetched>);

#[derive(Debug, Clone)]
struct Fetched {
    media_type: String,
    data: String,
}

/// Something to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where it is in the client's request.
    pub field: String,
    /// Its address, as the client wrote it.
    pub url: String,
}

impl Media {
    /// Adds what an address had. `media_type` is as its server says.
    pub fn add(&mut self, url: String, media_type: &str, bytes: &[u8]) {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        self.0.insert(url, Fetched { media_type: essence, data: STANDARD.encode(bytes) });
    }

    /// Whether nothing was fetched.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts the bytes in the place of their addresses. Work is linear in the request, and an address that occurs twice is
    /// copied.
    pub(super) fn inline(&self, request: &mut Request) {
        if self.is_empty() {
            return;
        }
        for_each_source(request, &mut |_, source| {
            if let Source::Url(url) = source
                && let Some(Fetched { media_type, data }) = self.0.get(url)
            {
                *source = Source::Base64 { media_type: media_type.clone(), data: data.clone() };
            }
        });
    }
}

/// Whether an upstream of this protocol wants bytes where a client gives an address.
pub const fn wants_bytes(upstream: Protocol) -> bool {
    matches!(upstream, Protocol::Gemini | Protocol::BedrockConverse)
}

/// What a request names by its address, each address once. A request that cannot be read names nothing: its translation
/// will say what is wrong with it.
pub fn wanted(client: Client, body: &[u8]) -> Vec<Wanted> {
    if memmem::find(body, b"http").is_none() {
        return Vec::new();
    }
    let Ok(mut request) = read(client, body, &mut Losses::default()) else { return Vec::new() };
    let mut wanted: Vec<Wanted> = Vec::new();
    for_each_source(&mut request, &mut |field, source| {
        if let Source::Url(url) = source
            && !wanted.iter().any(|known| known.url == *url)
        {
            wanted.push(Wanted { field: field.to_owned(), url: url.clone() });
        }
    });
    wanted
}

fn for_each_source(request: &mut Request, visit: &mut impl FnMut(&str, &mut Source)) {
    request.turns.iter_mut().flat_map(|turn| &mut turn.parts).for_each(|part| visit_part(part, visit));
}

fn visit_part(part: &mut Part, visit: &mut impl FnMut(&str, &mut Source)) {
    match &mut part.body {
        Body::Image(image) => visit(&part.at, &mut image.source),
        Body::Document(document) => visit(&part.at, &mut document.source),
        // Results hold no results, so this goes one level deep.
        Body::Result(result) => {
            for inner in &mut result.content {
                match &mut inner.body {
                    Body::Image(image) => visit(&inner.at, &mut image.source),
                    Body::Document(document) => visit(&inner.at, &mut document.source),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}
