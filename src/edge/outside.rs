//! The port to upstreams: answers that are read whole.

use super::request::Incoming;
use super::system::Platform;
use super::upstream::{Outgoing, call, read_body};
use crate::ports::{Clock, Inbound, Local, Outbound, Upstream};
use crate::refusal::Refusal;
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;

/// The world outside, for as long as the request's client waits.
pub struct Outside<'a>(pub &'a Incoming);

impl Upstream for Outside<'_> {
    fn call(&self, request: Outbound) -> Local<'_, Result<Inbound, Refusal>> {
        let Self(incoming) = self;
        Box::pin(async move {
            let body = if request.body.is_empty() {
                JsValue::UNDEFINED
            } else {
                Uint8Array::new_from_slice(&request.body).into()
            };
            let outgoing = Outgoing {
                provider: &request.provider,
                method: request.method,
                url: &request.url,
                headers: &request.headers,
                body,
            };
            let began = Platform.now();
            let mut answer = call(incoming, &outgoing, request.wait).await?;
            let left = request.wait.saturating_sub(Platform.now().since(began));
            let body = read_body(incoming, &request.provider, &mut answer, left, request.limit).await?.to_vec();
            Ok(Inbound { status: answer.status, headers: answer.headers, body })
        })
    }
}
