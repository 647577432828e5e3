//! The `Shelf` port on the Cache API.

use super::executor::Awaited;
use super::js::{self, EdgeCache};
use super::system::Platform;
use crate::ports::{Local, Make, Shelf};
use std::future::Future;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Headers, Response, ResponseInit};
use worker::Context;

/// A cache of its own, which no request from outside is ever answered from.
const NAME: &str = "sluice-copies";

/// A host that no name server knows and nobody is routed to: its addresses are names of copies, and nothing else.
const HOST: &str = "https://copies.sluice.invalid/";

/// The edge's cache, written to after the answer.
pub struct CacheShelf<'a>(pub &'a Context);

impl CacheShelf<'_> {
    /// What goes wrong is the operator's to read, and nobody's to wait for.
    fn later(&self, work: impl Future<Output = Result<(), JsValue>> + 'static) {
        self.0.wait_until(async {
            if let Err(error) = work.await {
                js::log_error(&format!("copies: {error:?}"));
            }
        });
    }
}

impl Shelf for CacheShelf<'_> {
    fn keep(&self, name: String, keep_for: Duration, make: Make) {
        self.later(async move {
            let Some(copy) = make(&Platform) else { return Ok(()) };
            let headers = Headers::new()?;
            headers.set("cache-control", &format!("max-age={}", keep_for.as_secs().max(1)))?;
            headers.set("content-type", "text/plain")?;
            let init = ResponseInit::new();
            init.set_headers(&headers);
            let response = Response::new_with_opt_str_and_init(Some(&copy), &init)?;
            Awaited::from(open().await?.put(&address(&name), &response)?).await.map(|_| ())
        });
    }

    fn find<'a>(&'a self, name: &'a str) -> Local<'a, Option<String>> {
        Box::pin(async move { read(name).await.ok().flatten() })
    }

    fn clear(&self, name: String) {
        self.later(async move { Awaited::from(open().await?.delete(&address(&name))?).await.map(|_| ()) });
    }
}

async fn open() -> Result<EdgeCache, JsValue> {
    Ok(Awaited::from(js::open_cache(NAME)?).await?.unchecked_into())
}

async fn read(name: &str) -> Result<Option<String>, JsValue> {
    let found = Awaited::from(open().await?.find(&address(name))?).await?;
    if found.is_undefined() {
        return Ok(None);
    }
    Ok(Awaited::from(found.unchecked_into::<Response>().text()?).await?.as_string())
}

fn address(name: &str) -> String {
    format!("{HOST}{name}")
}
