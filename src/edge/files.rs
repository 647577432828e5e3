//! The `Files` port on the binding `ASSETS` of `wrangler.toml`.

use super::executor::Awaited;
use super::js;
use crate::ports::{Files, Local};
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use web_sys::Response;
use worker::Env;

#[wasm_bindgen]
extern "C" {
    /// What serves the static files.
    type Server;

    #[wasm_bindgen(method, catch)]
    fn fetch(this: &Server, url: &str) -> Result<Promise, JsValue>;
}

/// The static files of this deployment.
pub struct Assets<'a>(pub &'a Env);

impl Files for Assets<'_> {
    fn read<'a>(&'a self, path: &'a str) -> Local<'a, Option<String>> {
        Box::pin(async move {
            // The host means nothing: the binding goes by the path.
            let url = format!("https://assets{path}");
            let server: Server = js::binding(self.0, "ASSETS")?.unchecked_into();
            let response: Response = Awaited::from(server.fetch(&url).ok()?).await.ok()?.unchecked_into();
            // What is not there is answered with the console's page.
            let is_page =
                response.headers().get("content-type").ok().flatten().is_some_and(|kind| kind.contains("html"));
            if !response.ok() || is_page {
                return None;
            }
            Awaited::from(response.text().ok()?).await.ok()?.as_string()
        })
    }
}
