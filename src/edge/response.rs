//! Responses, built from raw parts.

use super::request::Incoming;
use crate::refusal::Rendered;
use js_sys::{Array, Uint8Array};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::cell::OnceCell;
use wasm_bindgen::JsValue;
use web_sys::{Headers, ReadableStream, Response, ResponseInit};

/// Beside all that is not ASCII; `%` itself, so that what was encoded can be told from what was not.
const NOT_IN_HEADERS: &AsciiSet = &CONTROLS.add(b'%');

/// The head of a response: a status, and headers of which a later one replaces an earlier one of its name.
pub struct Head {
    status: u16,
    headers: Headers,
}

impl Head {
    /// A status, and the request's id.
    pub fn new(incoming: &Incoming, status: u16) -> Result<Self, JsValue> {
        let headers = everywhere(incoming)?;
        headers.set("x-request-id", incoming.id.as_str())?;
        Ok(Self { status, headers })
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// Sets a header to a name that people gave, percent-encoded where a header cannot hold it.
    pub fn set_name(&self, header: &str, name: &str) {
        self.set(header, &utf8_percent_encode(name, NOT_IN_HEADERS).to_string());
    }

    /// Sets a header. A value that cannot stand in one is left out: it came from an upstream or from a name, and an
    /// answer without it is better than none.
    pub fn set(&self, name: &str, value: &str) {
        let _ = self.headers.set(name, value);
    }

    fn init(&self) -> ResponseInit {
        let init = ResponseInit::new();
        init.set_status(self.status);
        init.set_headers(&self.headers);
        init
    }

    /// No body.
    pub fn empty(&self) -> Result<Response, JsValue> {
        Response::new_with_opt_str_and_init(None, &self.init())
    }

    /// Bytes.
    pub fn bytes(&self, body: &[u8]) -> Result<Response, JsValue> {
        let array = Uint8Array::new_from_slice(body);
        Response::new_with_opt_js_u8_array_and_init(Some(&array), &self.init())
    }

    /// Bytes that are JavaScript's already.
    pub fn buffer(&self, body: &Uint8Array) -> Result<Response, JsValue> {
        Response::new_with_opt_js_u8_array_and_init(Some(body), &self.init())
    }

    /// An upstream's body, handed on as it is.
    pub fn relay(&self, body: Option<&ReadableStream>) -> Result<Response, JsValue> {
        // Fetch has no body for these, and refuses one.
        let body = body.filter(|_| !matches!(self.status, 101 | 204 | 205 | 304));
        Response::new_with_opt_readable_stream_and_init(body, &self.init())
    }

    /// A stream.
    pub fn stream(&self, body: &ReadableStream) -> Result<Response, JsValue> {
        Response::new_with_opt_readable_stream_and_init(Some(body), &self.init())
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

thread_local! {
    /// Made once an isolate and copied as a whole: one crossing into JavaScript, however many headers there are.
    static PLAIN: OnceCell<Headers> = const { OnceCell::new() };
    static TLS: OnceCell<Headers> = const { OnceCell::new() };
}

fn everywhere(incoming: &Incoming) -> Result<Headers, JsValue> {
    let (template, more) = if incoming.is_tls() { (&TLS, Some(OVER_TLS)) } else { (&PLAIN, None) };
    template.with(|cell| {
        if let Some(headers) = cell.get() {
            return Headers::new_with_headers(headers);
        }
        let headers = Headers::new()?;
        for (name, value) in EVERYWHERE.into_iter().chain(more) {
            headers.set(name, value)?;
        }
        Headers::new_with_headers(cell.get_or_init(|| headers))
    })
}

/// Which methods a path takes.
pub fn allow(incoming: &Incoming, methods: &str) -> Result<Response, JsValue> {
    let head = Head::new(incoming, 204)?;
    head.set("allow", methods);
    head.empty()
}

/// The answer to a browser's preflight.
pub fn preflight(incoming: &Incoming, headers: &[(&'static str, &str)]) -> Result<Response, JsValue> {
    let head = Head::new(incoming, 204)?;
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
pub fn json(incoming: &Incoming, head: &Head, body: &str) -> Result<Response, JsValue> {
    head.set("content-type", "application/json");
    if incoming.method() == "HEAD" { head.empty() } else { head.bytes(body.as_bytes()) }
}

/// A rendered refusal.
pub fn rendered(incoming: &Incoming, rendered: Rendered) -> Result<Response, JsValue> {
    rendered_onto(incoming, &Head::new(incoming, rendered.status)?, rendered)
}

/// A rendered refusal, on a head that already says something.
pub fn rendered_onto(incoming: &Incoming, head: &Head, rendered: Rendered) -> Result<Response, JsValue> {
    for (name, value) in &rendered.headers {
        head.set(name, value);
    }
    json(incoming, head, &rendered.body)
}

/// An array of JavaScript values.
pub fn array<const N: usize>(values: [&JsValue; N]) -> Array {
    values.into_iter().collect()
}
