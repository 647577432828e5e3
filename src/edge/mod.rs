//! wasm only: the Worker around the core. The one folder that knows `worker`, D1 and fetch.
//!
//! Requests and responses are raw `web_sys` types, because `worker`'s own cost twice as much on the data plane.

mod background;
mod call;
mod control;
mod d1;
mod isolate;
mod js;
mod media;
mod proxy;
mod pump;
mod request;
mod response;
mod system;
mod upstream;

use crate::domain::ids::RequestId;
use crate::gateway::door;
use crate::refusal::{Dialect, Refusal, render};
use request::Incoming;
use worker::{Context, Env, event};

#[event(start)]
fn start() {
    console_error_panic_hook::set_once();
}

#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, context: Context) -> worker::Result<web_sys::Response> {
    let id = RequestId::generate(&system::Platform).map_err(|error| worker::Error::RustError(error.to_string()))?;
    let incoming = Incoming::new(request, id);
    let answered = match isolate::deployment(&env) {
        Err(refusal) => refused(&incoming, &refusal),
        Ok(deployment) if door::is_data_plane(incoming.path()) => {
            call::serve(&incoming, &env, &context, &deployment).await
        }
        Ok(deployment) => control::serve(&incoming, &env, &deployment).await,
    };
    answered.map_err(worker::Error::from)
}

/// A refusal in the shape that the path's callers read.
fn refused(incoming: &Incoming, refusal: &Refusal) -> Result<web_sys::Response, wasm_bindgen::JsValue> {
    js::log_refusal(&incoming.id, refusal);
    let dialect = if door::is_data_plane(incoming.path()) { incoming.dialect() } else { Dialect::Admin };
    response::rendered(incoming, render(refusal, dialect, incoming.id.as_str()))
}
