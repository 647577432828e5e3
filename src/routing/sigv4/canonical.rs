//! The canonical request: the one spelling of a request that both sides hash.

use super::{AUTHORIZATION, HOST, Request, X_AMZ_DATE, X_AMZ_SECURITY_TOKEN, hex};
use crate::protocol::path::SEGMENT;
use percent_encoding::{percent_decode_str, percent_encode, utf8_percent_encode};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The canonical request and the names in it. Holds the session token: wiped when dropped.
pub(super) struct CanonicalRequest {
    text: Zeroizing<String>,
    signed_headers: String,
}

impl CanonicalRequest {
    pub(super) fn new(request: &Request<'_>, amz_date: &str, session_token: Option<&str>) -> Self {
        let (host, path, query) = split_url(request.url);
        let headers = in_order(request, host, amz_date, session_token);
        let (uri, query) = (canonical_uri(path), canonical_query(query));
        // Room for all of it: a buffer that grows leaves copies of the token behind.
        let lines: usize = headers.iter().map(|(name, value)| 2 * name.len() + value.len() + 4).sum();
        let mut text =
            Zeroizing::new(String::with_capacity(request.method.len() + uri.len() + query.len() + lines + 80));
        for line in [request.method, &uri, &query] {
            text.push_str(line);
            text.push('\n');
        }
        let mut signed_headers = String::new();
        for values in headers.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((name, _)) = values.first() else { continue };
            if !signed_headers.is_empty() {
                signed_headers.push(';');
            }
            signed_headers.push_str(name);
            text.push_str(name);
            text.push(':');
            push_values(&mut text, values.iter().map(|(_, value)| *value));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&signed_headers);
        text.push('\n');
        text.push_str(&hex(&Sha256::digest(request.body)));
        Self { text, signed_headers }
    }

    /// The names of the headers that are signed, `content-type;host;x-amz-date`.
    pub(super) fn signed_headers(&self) -> &str {
        &self.signed_headers
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    #[cfg(test)]
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

/// What is signed, by name; the values of one name stay in their order.
fn in_order<'a>(
    request: &Request<'a>,
    host: &'a str,
    amz_date: &'a str,
    session_token: Option<&'a str>,
) -> Vec<(String, &'a str)> {
    let given = request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), *value));
    let ours = [(HOST, Some(host)), (X_AMZ_DATE, Some(amz_date)), (X_AMZ_SECURITY_TOKEN, session_token)];
    let is_ours = |name: &str| name == AUTHORIZATION || ours.iter().any(|(ours, _)| *ours == name);
    let ours = ours.iter().filter_map(|(name, value)| Some(((*name).to_owned(), (*value)?)));
    let mut headers: Vec<(String, &str)> = Vec::with_capacity(request.headers.len() + 3);
    for (name, value) in given.filter(|(name, _)| !is_ours(name)).chain(ours) {
        insert_in_order(&mut headers, (name, value), |(before, _), (new, _)| before <= new);
    }
    headers
}

/// Host and port, path, and query of an absolute URL.
fn split_url(url: &str) -> (&str, &str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split('#').next().unwrap_or_default();
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, path) = before.find('/').and_then(|slash| before.split_at_checked(slash)).unwrap_or((before, ""));
    (host, path, query)
}

/// The path without dot and empty segments, encoded once more than it is on the wire: of the services, only S3 leaves
/// out either.
fn canonical_uri(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let mut uri = String::with_capacity(path.len() + 1);
    for segment in &segments {
        uri.push('/');
        uri.extend(utf8_percent_encode(segment, SEGMENT));
    }
    if segments.is_empty() || ["/", "/.", "/.."].iter().any(|end| path.ends_with(end)) {
        uri.push('/');
    }
    uri
}

/// The parameters in the order of their encoded names, then of their encoded values.
fn canonical_query(query: &str) -> String {
    // Decoded first, so that it does not matter what the client left unencoded.
    let encode = |text: &str| percent_encode(&percent_decode_str(text).collect::<Vec<u8>>(), SEGMENT).to_string();
    let mut parameters: Vec<(String, String)> = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        insert_in_order(&mut parameters, (encode(name), encode(value)), |before, new| before <= new);
    }
    let parameters: Vec<String> = parameters.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    parameters.join("&")
}

/// Puts one in behind all that may stand before it. There are a handful; the library's sorts are 10 KiB of code each.
fn insert_in_order<T>(list: &mut Vec<T>, new: T, may_precede: impl Fn(&T, &T) -> bool) {
    let at = list.partition_point(|before| may_precede(before, &new));
    list.insert(at, new);
}

/// The values of one header, each without the white space around it and with single spaces within.
fn push_values<'v>(text: &mut String, values: impl Iterator<Item = &'v str>) {
    for (nth, value) in values.enumerate() {
        if nth > 0 {
            text.push(',');
        }
        for (nth, word) in value.split_ascii_whitespace().enumerate() {
            if nth > 0 {
                text.push(' ');
            }
            text.push_str(word);
        }
    }
}
