//! wasm only.
use worker::{Context, Env, event};

#[event(fetch)]
async fn fetch(_request: web_sys::Request, _env: Env, _ctx: Context) -> worker::Result<web_sys::Response> {
    web_sys::Response::new_with_opt_str(Some("sluice\n")).map_err(worker::Error::from)
}
