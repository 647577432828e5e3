//! Answers, and the tags that tell one version of a resource from the next.

use super::Request;
use crate::domain::timestamp::Timestamp;
use crate::refusal::Refusal;
use crate::store::StoreError;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// An answer of the control plane. The edge adds `x-request-id` and, to a body that says no other, JSON's `content-type`.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, unless a header says otherwise; none where there is nothing to say.
    pub body: Option<String>,
}

impl Reply {
    /// JSON under a status.
    pub fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: vec![("cache-control", "no-store".into())], body: Some(body.to_string()) }
    }

    /// A resource as it stands, with its tag; 304 where the caller already has it.
    pub fn resource(request: &Request, view: &Value) -> Self {
        Self::json(200, view).tagged(request)
    }

    /// With the tag of what it shows; 304 to a reader who already has it.
    fn tagged(mut self, request: &Request) -> Self {
        let tag = etag(self.body.as_deref().unwrap_or_default());
        let has_it = request.if_none_match.as_deref().is_some_and(|tags| names(tags, &tag));
        if reads(request) && has_it {
            self = Self { status: 304, headers: vec![], body: None };
        }
        self.headers.push(("etag", tag));
        self
    }

    /// As it goes out: nothing of the control plane is for a cache, and whatever is read can be told from what it was.
    pub(super) fn finished(self, request: &Request) -> Self {
        let has = |reply: &Self, name: &str| reply.headers.iter().any(|(known, _)| *known == name);
        let untagged = self.status == 200 && reads(request) && !has(&self, "etag");
        let mut reply = if untagged { self.tagged(request) } else { self };
        if !has(&reply, "cache-control") {
            reply.headers.push(("cache-control", "no-store".into()));
        }
        reply
    }

    /// The methods of a path.
    pub(super) fn allow(methods: String) -> Self {
        Self { status: 204, headers: vec![("allow", methods)], body: None }
    }

    /// A resource that was just made.
    pub fn created(location: String, view: &Value) -> Self {
        let mut reply = Self::json(201, view);
        reply.headers.push(("location", location));
        reply.headers.push(("etag", etag(&view.to_string())));
        reply
    }

    /// Done, and nothing to show.
    pub fn gone() -> Self {
        Self { status: 204, headers: vec![], body: None }
    }
}

/// The name of a header that an answer of the control plane may have.
pub fn header_name(name: &str) -> Option<&'static str> {
    const NAMES: [&str; 9] = [
        "allow",
        "cache-control",
        "content-disposition",
        "content-type",
        "etag",
        "location",
        "retry-after",
        "vary",
        "www-authenticate",
    ];
    NAMES.into_iter().find(|known| *known == name)
}

/// Refuses with 412 where the caller demands a version that is no longer the current one.
pub fn check_if_match(request: &Request, current: &Value) -> Result<(), Refusal> {
    match request.if_match.as_deref() {
        Some(tags) if !names(tags, &etag(&current.to_string())) => Err(StoreError::Precondition.into()),
        _ => Ok(()),
    }
}

fn reads(request: &Request) -> bool {
    matches!(request.method.as_str(), "GET" | "HEAD")
}

/// The tag of a representation: it changes with anything that a reader could see.
fn etag(shown: &str) -> String {
    let digest = Sha256::digest(shown.as_bytes());
    let hex: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

/// Whether a list of tags names this one (RFC 9110 section 13.1).
fn names(tags: &str, tag: &str) -> bool {
    tags.split(',').map(str::trim).any(|given| given == "*" || given.trim_start_matches("W/") == tag)
}

/// A stored time as the API shows it.
pub fn time(ms: i64) -> String {
    Timestamp::from_ms(ms).to_string()
}
