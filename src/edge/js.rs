//! What the platform offers and no crate declares.

use crate::domain::ids::RequestId;
use crate::refusal::{Fault, Refusal};
use js_sys::{Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use worker::Env;

#[wasm_bindgen]
extern "C" {
    /// The global `fetch`.
    #[wasm_bindgen(js_name = fetch, catch)]
    pub fn fetch(url: &str, init: &Object) -> Result<Promise, JsValue>;

    /// A pipe whose readable half is native: what is written to one side is read from the other, with back-pressure.
    pub type IdentityTransformStream;

    #[wasm_bindgen(constructor, catch)]
    pub fn new() -> Result<IdentityTransformStream, JsValue>;

    #[wasm_bindgen(method, getter)]
    pub fn readable(this: &IdentityTransformStream) -> web_sys::ReadableStream;

    #[wasm_bindgen(method, getter)]
    pub fn writable(this: &IdentityTransformStream) -> web_sys::WritableStream;

    /// `AbortSignal.any`, which `web_sys` declares for browsers only.
    #[wasm_bindgen(js_namespace = AbortSignal, js_name = any, catch)]
    pub fn any_signal(signals: &js_sys::Array) -> Result<web_sys::AbortSignal, JsValue>;

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

    /// `Array.from(headers)`: all pairs at once.
    #[wasm_bindgen(js_namespace = Array, js_name = from)]
    pub fn pairs(headers: &web_sys::Headers) -> js_sys::Array;

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

/// Whatever the deployment binds to a name: a text, or one of the platform's services.
pub fn binding(env: &Env, name: &str) -> Option<JsValue> {
    Reflect::get(env, &name.into()).ok().filter(|value| !value.is_undefined())
}

/// A binding as the deployment's configuration reads it. wrangler.toml may say `5` and `true` without quotes; a service
/// has no text of its own.
pub fn text_of(value: &JsValue) -> String {
    if value.is_object() { "a service".to_owned() } else { string(value) }
}
