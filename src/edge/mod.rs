//! wasm only: the Worker around the core. The one folder that knows `worker`, D1 and fetch.
//!
//! Requests and responses are raw `web_sys` types, because `worker`'s own cost twice as much on the data plane.

mod admission;
mod analytics;
mod background;
mod call;
mod control;
mod d1;
mod executor;
mod extensions;
mod files;
mod isolate;
mod js;
mod limiter;
mod limiter_object;
mod media;
mod outside;
mod proxy;
mod pump;
mod queue;
mod request;
mod response;
mod shelf;
mod system;
mod timer;
mod upstream;

use crate::admin;
use crate::deployment::Deployment;
use crate::domain::ids::RequestId;
use crate::domain::origins::Origins;
use crate::gateway::{cors, door};
use crate::ports::Clock;
use crate::refusal::{Refusal, render};
use crate::retention;
use background::Settlement;
use js::Held;
use js_sys::Promise;
use request::Incoming;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use worker::{Context, Env, ScheduleContext, ScheduledEvent, event, worker_sys};

#[event(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// Answers a request, then does what it leaves to be done.
#[wasm_bindgen]
pub fn fetch(request: web_sys::Request, env: Env, context: worker_sys::Context) -> Promise {
    let held = Held::new(&context);
    let answered = held.answered();
    executor::run(async move {
        let (response, settlement) = serve(request, &env, &Rc::new(Context::new(context))).await;
        match response {
            Ok(response) => held.answer(&response),
            Err(error) => held.fail(&error),
        }
        if let Some(settlement) = settlement {
            background::settle(&env, settlement).await;
        }
        held.end();
    });
    answered
}

/// A response, or the platform's refusal to build one; and what a call leaves to be done after it.
type Answered = (Result<web_sys::Response, JsValue>, Option<Settlement>);

async fn serve(request: web_sys::Request, env: &Env, context: &Rc<Context>) -> Answered {
    let id = match RequestId::at(system::Platform.now(), &system::Drawn) {
        Ok(id) => id,
        Err(error) => return (Err(js_sys::Error::new(&error.to_string()).into()), None),
    };
    let incoming = Incoming::new(request, id);
    match isolate::deployment(env) {
        Err(refusal) => (refused(&incoming, &refusal), None),
        Ok(deployment) if door::is_data_plane(incoming.path()) => {
            data_plane(&incoming, env, context, &deployment).await
        }
        Ok(deployment) => (control::serve(&incoming, env, &deployment).await, None),
    }
}

/// A request of the data plane, which a web page may have made.
async fn data_plane(incoming: &Incoming, env: &Env, context: &Rc<Context>, deployment: &Rc<Deployment>) -> Answered {
    let origins = &deployment.cors_origins;
    if *origins == Origins::None {
        return call::serve(incoming, env, context, deployment).await;
    }
    let origin = incoming.header("origin");
    let asked = cors::Asked {
        method: incoming.method(),
        origin,
        request_method: incoming.header("access-control-request-method"),
        request_headers: incoming.header("access-control-request-headers"),
    };
    match cors::preflight(origins, asked) {
        Some(headers) => (response::preflight(incoming, &headers), None),
        None => {
            let (answered, settlement) = call::serve(incoming, env, context, deployment).await;
            (answered.map(|answer| response::shared(answer, &cors::headers(origins, origin))), settlement)
        }
    }
}

/// The Cron trigger of `wrangler.toml`.
#[event(scheduled)]
async fn scheduled(_: ScheduledEvent, env: Env, _: ScheduleContext) {
    let kept = match isolate::deployment(&env) {
        Ok(deployment) => deployment.retention,
        Err(refusal) => return js::log_error(&format!("retention: {}", refusal.message)),
    };
    match retention::run(&d1::D1(&env), kept, system::Platform.now()).await {
        Ok(report) if report.unfinished => js::log_error(&format!("retention: goes on at the next run: {report:?}")),
        Ok(_) => {}
        Err(error) => js::log_error(&format!("retention: cut off, goes on at the next run: {error:?}")),
    }
}

/// A refusal in the shape that the path's callers read.
fn refused(incoming: &Incoming, refusal: &Refusal) -> Result<web_sys::Response, JsValue> {
    js::log_refusal(&incoming.id, refusal);
    let is_data_plane = door::is_data_plane(incoming.path());
    let dialect = if is_data_plane { incoming.dialect() } else { admin::dialect(incoming.path()) };
    let mut rendered = render(refusal, dialect, incoming.id.as_str());
    if !is_data_plane {
        rendered.headers.push(("cache-control", "no-store".into()));
    }
    response::rendered(incoming, rendered)
}
