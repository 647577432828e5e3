//! The control plane's way in and out.

use super::d1::D1;
use super::extensions::Isolates;
use super::files::Assets;
use super::isolate;
use super::js;
use super::limiter::Objects;
use super::outside::Outside;
use super::request::Incoming;
use super::response::{Head, json};
use super::system::Platform;
use crate::admin::{Reply, Request, World, most_body_bytes, serve as answer, writes};
use crate::deployment::Deployment;
use crate::mcp;
use wasm_bindgen::JsValue;
use worker::Env;

/// Serves one request of the control plane.
pub async fn serve(incoming: &Incoming, env: &Env, deployment: &Deployment) -> Result<web_sys::Response, JsValue> {
    let body = match incoming.body(most_body_bytes(incoming.path())).await {
        Ok(body) => body,
        Err(refusal) => return super::refused(incoming, &refusal),
    };
    let header = |name: &str| incoming.header(name).map(str::to_owned);
    let request = Request {
        id: incoming.id.clone(),
        method: incoming.method().to_owned(),
        path: incoming.path().to_owned(),
        query: incoming.query().to_owned(),
        authorization: header("authorization"),
        content_type: header("content-type"),
        if_match: header("if-match"),
        if_none_match: header("if-none-match"),
        accept: header("accept"),
        idempotency_key: header("idempotency-key"),
        address: header("cf-connecting-ip"),
        mcp: mcp::Headers {
            origin: header("origin"),
            version: header("mcp-protocol-version"),
            method: header("mcp-method"),
            name: header("mcp-name"),
        },
        body,
    };
    let (database, outside, catalogues) = (D1(env), Outside(incoming), isolate::catalogues());
    let world = World {
        db: &database,
        clock: &Platform,
        rng: &Platform,
        deployment,
        upstream: &outside,
        catalogues: &catalogues,
        limiters: &Objects(env),
        files: &Assets(env),
        extensions: &Isolates(env),
    };
    let reply = answer(world, &request).await;
    if reply.status < 300 && writes(&request) {
        // What was written here counts here at once; other isolates follow within CONFIG_TTL_MS.
        isolate::cache().borrow_mut().overtake();
    }
    respond(incoming, &reply)
}

fn respond(incoming: &Incoming, reply: &Reply) -> Result<web_sys::Response, JsValue> {
    if let (500.., Some(body)) = (reply.status, &reply.body) {
        js::log_error(body);
    }
    let mut head = Head::new(incoming, reply.status);
    for (name, value) in &reply.headers {
        head.set(name, value);
    }
    match &reply.body {
        Some(body) if reply.headers.iter().any(|(name, _)| *name == "content-type") => {
            if incoming.method() == "HEAD" {
                head.empty()
            } else {
                head.bytes(body.as_bytes())
            }
        }
        Some(body) => json(incoming, head, body),
        None => head.empty(),
    }
}
