//! What the platform offers and no crate declares.

use crate::domain::ids::RequestId;
use crate::refusal::{Fault, Refusal};
use js_sys::{Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, ReadableStreamDefaultReader, Request, Response, WritableStreamDefaultWriter};
use worker::{Env, worker_sys};

/// What the client gets for a chunk: other bytes, or undefined for the chunk itself.
pub type Feed = Closure<dyn FnMut(Uint8Array) -> JsValue>;

/// Is told a promise's number, whether it was kept, and its value or error.
pub type Listener = Closure<dyn Fn(u32, bool, JsValue)>;

/// Heads are [`crate::protocol::head_lines`].
#[wasm_bindgen(module = "/src/edge/platform.js")]
extern "C" {
    /// Tells `listener` from now on what becomes of the promises that are watched.
    pub fn listen(listener: &Listener);

    /// Watches a promise.
    pub fn watch(promise: &Promise, id: u32);

    /// Tells after so many milliseconds; what it returns is for [`clear_timeout`].
    pub fn ring(wait: i32, id: u32) -> i32;

    /// Tells soon, but not within the turn that asks for it.
    pub fn wake(id: u32);

    /// A request that the platform holds until it is over.
    pub type Held;

    #[wasm_bindgen(constructor)]
    pub fn new(context: &worker_sys::Context) -> Held;

    /// The promise of its answer.
    #[wasm_bindgen(method, getter)]
    pub fn answered(this: &Held) -> Promise;

    /// Keeps that.
    #[wasm_bindgen(method)]
    pub fn answer(this: &Held, response: &Response);

    /// Breaks it.
    #[wasm_bindgen(method)]
    pub fn fail(this: &Held, error: &JsValue);

    /// Lets the platform go.
    #[wasm_bindgen(method)]
    pub fn end(this: &Held);

    /// A request's method, URL and headers.
    #[wasm_bindgen(js_name = requestHead)]
    pub fn request_head(request: &Request) -> String;

    /// A response's status and headers.
    #[wasm_bindgen(js_name = responseHead)]
    pub fn response_head(response: &Response) -> String;

    /// Calls an upstream: method, URL and headers, and a body or undefined. Ends when `client`'s sender leaves, or by
    /// `abort`.
    #[wasm_bindgen(catch)]
    pub fn send(head: &str, body: &JsValue, client: &Request, abort: &AbortController) -> Result<Promise, JsValue>;

    /// Passes a stream's chunks on.
    pub type Flow;

    /// `feed` is told of chunks once there are `room` bytes of them; of each before it is passed on where there is no room.
    #[wasm_bindgen(constructor)]
    pub fn new(
        reader: &ReadableStreamDefaultReader,
        writer: &WritableStreamDefaultWriter,
        feed: &Feed,
        room: u32,
    ) -> Flow;

    /// Goes on, first with a read that was begun, until one of the words "ended", "broken" or "left".
    #[wasm_bindgen(method)]
    pub fn run(this: &Flow, begun: &JsValue) -> Promise;

    /// Tells `feed` of all that was passed on.
    #[wasm_bindgen(method)]
    pub fn tell(this: &Flow);

    /// Nothing that is read from now on is passed on; `feed` is told of what was.
    #[wasm_bindgen(method)]
    pub fn stop(this: &Flow);

    /// When a chunk was last dealt with, in milliseconds; infinite while the client takes its time with one.
    #[wasm_bindgen(method, getter)]
    pub fn moved(this: &Flow) -> f64;

    /// When the client last heard something.
    #[wasm_bindgen(method, getter)]
    pub fn heard(this: &Flow) -> f64;

    /// A response: status and headers, and a body or null.
    #[wasm_bindgen(catch)]
    pub fn respond(head: &str, body: &JsValue) -> Result<Response, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// A pipe whose readable half is native: what is written to one side is read from the other, with back-pressure.
    pub type IdentityTransformStream;

    #[wasm_bindgen(constructor, catch)]
    pub fn new() -> Result<IdentityTransformStream, JsValue>;

    #[wasm_bindgen(method, getter)]
    pub fn readable(this: &IdentityTransformStream) -> web_sys::ReadableStream;

    #[wasm_bindgen(method, getter)]
    pub fn writable(this: &IdentityTransformStream) -> web_sys::WritableStream;

    /// The time in milliseconds.
    #[wasm_bindgen(js_namespace = Date)]
    pub fn now() -> f64;

    /// Forgets a timer.
    #[wasm_bindgen(js_name = clearTimeout)]
    pub fn clear_timeout(timer: i32);

    /// One of the edge's caches.
    pub type EdgeCache;

    /// `caches.open`.
    #[wasm_bindgen(js_namespace = caches, js_name = open, catch)]
    pub fn open_cache(name: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub fn put(this: &EdgeCache, url: &str, response: &web_sys::Response) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, js_name = match, catch)]
    pub fn find(this: &EdgeCache, url: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub fn delete(this: &EdgeCache, url: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_name = String)]
    fn string(value: &JsValue) -> String;

    /// One line in the Worker's log.
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub fn log_error(line: &str);
}

/// Tells the operator of a refusal that an operator has to act on; what clients and upstreams do wrong stands in the
/// usage rows.
pub fn log_refusal(request: &RequestId, refusal: &Refusal) {
    if refusal.reason.fault() == Fault::Ours {
        log_error(&format!("{}: {} {}", request.as_str(), refusal.reason.code(), refusal.message));
    }
}

/// An object of these members.
pub fn object(members: &[(&str, JsValue)]) -> Result<Object, JsValue> {
    let object = Object::new();
    for (name, value) in members {
        Reflect::set(&object, &(*name).into(), value)?;
    }
    Ok(object)
}

/// Whatever the deployment binds to a name: a text, or one of the platform's services.
pub fn binding(env: &Env, name: &str) -> Option<JsValue> {
    Reflect::get(env, &name.into()).ok().filter(|value| !value.is_undefined())
}

/// A binding as the deployment's configuration reads it. wrangler.toml may say `5` and `true` without quotes; a service
/// has no text of its own.
pub fn text_of(value: &JsValue) -> String {
    if value.is_object() { "a service".to_owned() } else { string(value) }
}
