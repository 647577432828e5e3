//! A call's way through its project's extensions, which run in JavaScript (`extensions/worker`), each in an isolate of
//! its own.

use super::call::Call;
use super::d1::D1;
use super::executor::Awaited;
use super::js;
use crate::gateway::extensions::{self as gateway, Chain};
use crate::json::json;
use crate::ports::{Checked, Db, Extensions, Local, Module};
use crate::protocol::body::RequestBody;
use crate::refusal::{Reason, Refusal};
use crate::routing::Candidate;
use crate::store::extensions::CODE;
use crate::store::usage::UsageRow;
use js_sys::{Promise, Uint8Array};
use serde_json::Value;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::Response;
use worker::Env;

// The build puts `build/extensions.js` in its place (`scripts/build/extension-host.mjs`).
#[wasm_bindgen(module = "cloudflare:sluice-extensions")]
extern "C" {
    /// One call's way.
    type Passage;

    #[wasm_bindgen(constructor)]
    fn new(env: &Env, extensions: &str, call: &str, sql: &str) -> Passage;

    #[wasm_bindgen(method)]
    fn request(this: &Passage, body: &Uint8Array, joining: &str) -> Promise;

    #[wasm_bindgen(method)]
    fn respond(this: &Passage, response: &Response, failure: &str) -> Promise;

    #[wasm_bindgen(method)]
    fn settle(this: &Passage, usage: &str) -> Promise;

    #[wasm_bindgen(method, getter)]
    fn body(this: &Passage) -> Option<Uint8Array>;

    #[wasm_bindgen(method, getter)]
    fn model(this: &Passage) -> Option<String>;

    #[wasm_bindgen(method, getter)]
    fn tags(this: &Passage) -> Option<String>;

    #[wasm_bindgen(method, getter)]
    fn refusal(this: &Passage) -> Option<String>;

    #[wasm_bindgen(method)]
    fn broke(this: &Passage) -> Promise;

    #[wasm_bindgen(js_name = check)]
    fn check_module(env: &Env, module: &str, config: &str, sql: &str) -> Promise;
}

/// A call's way, as far as it has come.
pub struct Way {
    passage: Rc<Passage>,
    chain: Chain,
    /// What extensions have said of the call, JSON; empty where none has.
    pub tags: String,
}

/// What is left of it when the call is over.
pub struct Left(Rc<Passage>);

impl Way {
    /// The way of a call, if there is any.
    pub fn of(call: &Call<'_>, body: &RequestBody) -> Option<Self> {
        let chain = Chain::of(&call.admitted)?;
        let incoming = call.incoming;
        let seen = gateway::call(&call.admitted, (&incoming.id, incoming.path()), call.door, incoming.headers(), body);
        let passage = Rc::new(Passage::new(call.env, &chain.runs, &seen, CODE.text));
        Some(Self { passage, chain, tags: String::new() })
    }

    /// The body after those that join now that these may serve the call; and whether any did. Nobody may serve it yet
    /// before it is routed.
    pub async fn request(
        &mut self,
        body: RequestBody,
        candidates: &[Candidate],
    ) -> Result<(RequestBody, bool), Refusal> {
        let joining = self.chain.joining(candidates);
        if joining.is_empty() {
            return Ok((body, false));
        }
        let bytes = Uint8Array::new_from_slice(body.bytes());
        Awaited::from(self.passage.request(&bytes, &joining)).await.map_err(broken)?;
        self.check()?;
        self.tags = self.passage.tags().unwrap_or_default();
        let replaced = self.passage.body().map(|body| body.to_vec());
        Ok((gateway::rewritten(body, replaced, self.passage.model().as_deref())?, true))
    }

    fn check(&self) -> Result<(), Refusal> {
        self.passage.refusal().map_or(Ok(()), |said| Err(gateway::refusal(&said)))
    }

    /// The answer as it goes out, and the refusal that stands in its place where there is one.
    pub async fn respond(&self, call: &Call<'_>, response: &Response) -> Result<Response, Refusal> {
        let failure = gateway::last_event(call.door.protocol);
        let was_refused = self.passage.refusal().is_some();
        let answer = Awaited::from(self.passage.respond(response, &failure)).await.map_err(broken)?;
        if !was_refused {
            self.check()?;
        }
        Ok(answer.unchecked_into())
    }

    /// What is to be done when the call is over.
    pub fn left(&self) -> Left {
        Left(Rc::clone(&self.passage))
    }
}

impl Left {
    /// Mends a row, and says of it what the extensions are to be shown.
    pub async fn read(&self, row: &mut UsageRow) -> String {
        if Awaited::from(self.0.broke()).await.is_ok_and(|broke| broke.is_truthy()) {
            gateway::broke_off(row);
        }
        gateway::usage(row)
    }

    /// Shows the extensions what the call came to, and writes down how they do.
    pub async fn settle(self, env: &Env, usage: &str) {
        let told = Awaited::from(self.0.settle(usage)).await;
        let Some(told) = told.ok().and_then(|told| told.as_string()) else { return };
        if let Err(error) = D1(env).batch(gateway::health(&told)).await {
            js::log_error(&format!("extensions: their health is not written: {error}"));
        }
    }
}

fn broken(error: JsValue) -> Refusal {
    Refusal::new(Reason::Internal, format!("the extensions could not be run: {error:?}"))
}

/// The deployment's isolates for extensions, under the binding `EXTENSIONS`.
pub struct Isolates<'a>(pub &'a Env);

impl Extensions for Isolates<'_> {
    fn check<'a>(&'a self, module: Module<'a>, config: &'a Value) -> Local<'a, Result<Checked, Refusal>> {
        let module = match module {
            Module::Uploaded(base64) => json!({ "uploaded": base64 }),
            Module::Bundled(name) => json!({ "bundled": name }),
            Module::Stored(hash) => json!({ "stored": hash }),
        };
        Box::pin(async move {
            let said = check_module(self.0, &module.to_string(), &config.to_string(), CODE.text);
            let said = Awaited::from(said).await.map_err(broken)?.as_string().unwrap_or_default();
            said_of_module(&said)
        })
    }
}

fn said_of_module(said: &str) -> Result<Checked, Refusal> {
    let said: Value = serde_json::from_str(said).unwrap_or_default();
    let text = |name: &str| said.get(name).and_then(Value::as_str).map(str::to_owned);
    if said.get("unavailable").is_some() {
        let message = "this deployment runs no uploaded extensions: uncomment `worker_loaders` in wrangler.toml and deploy \
                       again, if the account's plan has it; what is bundled with the Worker runs without";
        return Err(Refusal::new(Reason::ExtensionsUnavailable, message));
    }
    if let Some(words) = text("config_problem") {
        return Err(
            Refusal::new(Reason::ExtensionInvalid, format!("the extension refuses its config: {words}")).on("config")
        );
    }
    match said.get("description") {
        Some(described) => Ok(Checked {
            described: described.clone(),
            sha256: text("sha256"),
            bytes: said.get("bytes").and_then(Value::as_i64),
            code: text("code_sha256").zip(text("code")),
        }),
        None => {
            let words = text("problem").unwrap_or_default();
            Err(Refusal::new(Reason::ExtensionInvalid, format!("the module cannot run here: {words}"))
                .on("module_base64"))
        }
    }
}
