//! Responses, built from raw parts.

use super::js;
use super::request::Incoming;
use crate::protocol::head_lines::HeadLines;
use crate::refusal::Rendered;
use js_sys::Uint8Array;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use wasm_bindgen::JsValue;
use web_sys::{ReadableStream, Response};

/// Beside all that is not ASCII; `%` itself, so that what was encoded can be told from what was not.
const NOT_IN_HEADERS: &AsciiSet = &CONTROLS.add(b'%');

/// The head of a response: a status, and headers of which a later one replaces an earlier one of its name.
pub struct Head {
    status: u16,
    lines: HeadLines,
}

impl Head {
    /// A status, what every answer says, and the request's id.
    pub fn new(incoming: &Incoming, status: u16) -> Self {
        let lines = HeadLines::of_status(status);
        let mut head = Self { status, lines };
        let over_tls = incoming.is_tls().then_some(OVER_TLS);
        for (name, value) in EVERYWHERE.into_iter().chain(over_tls) {
            head.set(name, value);
        }
        head.set("x-request-id", incoming.id.as_str());
        head
    }

    /// Sets a header to a name that people gave, percent-encoded where a header cannot hold it.
    pub fn set_name(&mut self, header: &str, name: &str) {
        self.set(header, &utf8_percent_encode(name, NOT_IN_HEADERS).to_string());
    }

    /// Sets a header. A value that cannot stand in one is left out: it came from an upstream or from a name, and an
    /// answer without it is better than none.
    pub fn set(&mut self, name: &str, value: &str) {
        let _ = self.lines.add(name, value);
    }

    fn with(&self, body: &JsValue) -> Result<Response, JsValue> {
        js::respond(self.lines.as_str(), body)
    }

    /// No body.
    pub fn empty(&self) -> Result<Response, JsValue> {
        self.with(&JsValue::NULL)
    }

    /// Bytes.
    pub fn bytes(&self, body: &[u8]) -> Result<Response, JsValue> {
        self.with(&Uint8Array::new_from_slice(body))
    }

    /// Bytes that are JavaScript's already.
    pub fn buffer(&self, body: &Uint8Array) -> Result<Response, JsValue> {
        self.with(body)
    }

    /// An upstream's body, handed on as it is.
    pub fn relay(&self, body: Option<&ReadableStream>) -> Result<Response, JsValue> {
        // Fetch has no body for these, and refuses one.
        match body.filter(|_| !matches!(self.status, 101 | 204 | 205 | 304)) {
            Some(body) => self.with(body),
            None => self.empty(),
        }
    }

    /// A stream.
    pub fn stream(&self, body: &ReadableStream) -> Result<Response, JsValue> {
        self.with(body)
    }
}

/// What every answer says: it is no page, no script and no frame of any, and nobody sniffs, embeds or refers to it.
const EVERYWHERE: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Over TLS: a browser that was here once comes back by TLS only (RFC 6797, which wants it said nowhere else).
const OVER_TLS: (&str, &str) = ("strict-transport-security", "max-age=31536000");

/// Which methods a path takes.
pub fn allow(incoming: &Incoming, methods: &str) -> Result<Response, JsValue> {
    let mut head = Head::new(incoming, 204);
    head.set("allow", methods);
    head.empty()
}

/// The answer to a browser's preflight.
pub fn preflight(incoming: &Incoming, headers: &[(&'static str, &str)]) -> Result<Response, JsValue> {
    let mut head = Head::new(incoming, 204);
    for (name, value) in headers {
        head.set(name, value);
    }
    head.empty()
}

/// Says to whom an answer may be shown, whatever else it says.
pub fn shared(response: Response, headers: &[(&'static str, &str)]) -> Response {
    let own = response.headers();
    for (name, value) in headers {
        // What an answer depends on adds up. A value that cannot stand in a header came from the request: it is no origin.
        let _ = if *name == "vary" { own.append(name, value) } else { own.set(name, value) };
    }
    response
}

/// JSON; to HEAD without its body.
pub fn json(incoming: &Incoming, mut head: Head, body: &str) -> Result<Response, JsValue> {
    head.set("content-type", "application/json");
    if incoming.method() == "HEAD" { head.empty() } else { head.bytes(body.as_bytes()) }
}

/// A rendered refusal.
pub fn rendered(incoming: &Incoming, rendered: Rendered) -> Result<Response, JsValue> {
    rendered_onto(incoming, Head::new(incoming, rendered.status), rendered)
}

/// A rendered refusal, on a head that already says something.
pub fn rendered_onto(incoming: &Incoming, mut head: Head, rendered: Rendered) -> Result<Response, JsValue> {
    for (name, value) in &rendered.headers {
        head.set(name, value);
    }
    json(incoming, head, &rendered.body)
}
