//! A request as the platform hands it in, each part read at most once.

use super::executor::Awaited;
use super::js;
use crate::domain::ids::RequestId;
use crate::domain::timestamp::Timestamp;
use crate::edge::system::Platform;
use crate::gateway::door;
use crate::gateway::plan::ClientHeaders;
use crate::ports::Clock;
use crate::protocol::head_lines;
use crate::refusal::{Dialect, Reason, Refusal};
use js_sys::{IteratorNext, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::ReadableStreamDefaultReader;

/// An incoming request.
pub struct Incoming {
    /// Its id.
    pub id: RequestId,
    /// When it came.
    pub started: Timestamp,
    raw: web_sys::Request,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
}

impl Incoming {
    /// Reads the head.
    pub fn new(raw: web_sys::Request, id: RequestId) -> Self {
        let head = js::request_head(&raw);
        let ([method, url], headers) = head_lines::read(&head);
        Self { id, started: Platform.now(), method: method.to_owned(), url: url.to_owned(), headers, raw }
    }

    /// The HTTP method, in upper case.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path as it was sent, without the query.
    pub fn path(&self) -> &str {
        let (path, _) = self.path_and_query();
        path
    }

    /// Whether it came by TLS.
    pub fn is_tls(&self) -> bool {
        self.url.starts_with("https:")
    }

    /// The query as it was sent, without `?`.
    pub fn query(&self) -> &str {
        self.path_and_query().1
    }

    /// The URL is absolute and already parsed by the platform: what follows the authority is path and query.
    fn path_and_query(&self) -> (&str, &str) {
        let after_scheme = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let from_path = after_scheme.find('/').and_then(|slash| after_scheme.get(slash..)).unwrap_or("/");
        let without_fragment = from_path.split('#').next().unwrap_or(from_path);
        without_fragment.split_once('?').unwrap_or((without_fragment, ""))
    }

    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All headers, names in lower case.
    pub fn headers(&self) -> ClientHeaders<'_> {
        ClientHeaders::of(&self.headers)
    }

    /// In whose shape errors go out.
    pub fn dialect(&self) -> Dialect {
        door::dialect(self.path(), self.header("anthropic-version"))
    }

    /// The request itself.
    pub fn raw(&self) -> &web_sys::Request {
        &self.raw
    }

    /// Fires when the client leaves.
    pub fn signal(&self) -> web_sys::AbortSignal {
        self.raw.signal()
    }

    /// Whether the client has left.
    pub fn is_abandoned(&self) -> bool {
        self.raw.signal().aborted()
    }

    /// Resolves when the client leaves.
    pub async fn abandonment(&self) {
        let signal = self.signal();
        if signal.aborted() {
            return;
        }
        let left = Promise::new(&mut |resolve, _| signal.set_onabort(Some(&resolve)));
        // It resolves or stays pending: nothing rejects it.
        let _ = Awaited::from(left).await;
    }

    /// The body as the platform has it, unread; undefined where there is none.
    pub fn unread_body(&self) -> JsValue {
        self.raw.body().map_or(JsValue::UNDEFINED, JsValue::from)
    }

    /// The body, up to `limit` bytes. A larger one is refused as soon as that is known: by its declared length, or
    /// while it is read.
    pub async fn body(&self, limit: usize) -> Result<Vec<u8>, Refusal> {
        let declared = self.header("content-length").and_then(|length| length.parse::<usize>().ok());
        if declared.is_some_and(|length| length > limit) {
            return Err(too_large(limit));
        }
        if declared.is_some() {
            // The platform holds the client to its declared length.
            let promise = self.raw.array_buffer().map_err(|error| broken(self, &error))?;
            let buffer = Awaited::from(promise).await.map_err(|error| broken(self, &error))?;
            return Ok(Uint8Array::new(&buffer).to_vec());
        }
        let Some(stream) = self.raw.body() else { return Ok(Vec::new()) };
        let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
        let mut body = Vec::new();
        loop {
            let read = Awaited::from(reader.read()).await.map_err(|error| broken(self, &error))?;
            let Some(chunk) = chunk_of(&read).map_err(|error| broken(self, &error))? else { break };
            body.extend_from_slice(&chunk.to_vec());
            if body.len() > limit {
                // Whether the client hears of it does not matter: nobody reads on.
                let _ = reader.cancel();
                return Err(too_large(limit));
            }
        }
        Ok(body)
    }
}

/// The chunk that a read of a stream of bytes brought; `None` at the stream's end.
pub fn chunk_of(read: &JsValue) -> Result<Option<Uint8Array>, JsValue> {
    let read: &IteratorNext = read.unchecked_ref();
    if read.done() { Ok(None) } else { read.value().dyn_into().map(Some) }
}

fn too_large(limit: usize) -> Refusal {
    let message = format!("the request body must not exceed {limit} bytes: send large files by URL or by id");
    Refusal::new(Reason::TooLarge, message)
}

fn broken(incoming: &Incoming, error: &JsValue) -> Refusal {
    if incoming.is_abandoned() {
        return Refusal::new(Reason::ClientClosed, "the client closed the connection");
    }
    let why = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message())).unwrap_or_default();
    Refusal::new(Reason::BadRequest, format!("the request body could not be read to its end: {why}"))
}
