//! A filter for any proxy of proxy-wasm, built with the public `proxy-wasm` crate and nothing of Sluice's: it turns clients
//! away by their user agent, puts house rules before a chat, and notes in the answer how long the model took.
//!
//! ```json
//! {"deny_agents": ["curl/"], "rules": "Answer in one sentence."}
//! ```
#![expect(missing_docs, reason = "the public crate's macro makes a function without")]

use std::time::{Duration, SystemTime};

use log::{info, warn};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};
use serde_json::{Value, json};

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Root::default()));
}}

#[derive(Default, Clone)]
struct Settings {
    deny_agents: Vec<String>,
    rules: Option<String>,
}

#[derive(Default)]
struct Root {
    settings: Settings,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        let bytes = self.get_plugin_configuration().unwrap_or_default();
        let Ok(config) = serde_json::from_slice::<Value>(&bytes) else {
            warn!("the configuration is not JSON");
            return false;
        };
        let texts = |value: &Value| value.as_str().map(str::to_owned);
        self.settings = Settings {
            deny_agents: config
                .get("deny_agents")
                .and_then(Value::as_array)
                .map(|agents| agents.iter().filter_map(texts).collect())
                .unwrap_or_default(),
            rules: config.get("rules").and_then(texts),
        };
        true
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Filter { settings: self.settings.clone(), began: None }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Filter {
    settings: Settings,
    began: Option<SystemTime>,
}

impl Context for Filter {}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        self.began = Some(self.get_current_time());
        let agent = self.get_http_request_header("user-agent").unwrap_or_default();
        if self.settings.deny_agents.iter().any(|denied| agent.starts_with(denied)) {
            self.send_http_response(403, vec![("content-type", "text/plain")], Some(b"this client may not call"));
            return Action::Pause;
        }
        self.set_http_request_header("content-length", None);
        self.add_http_request_header("x-sluice-tag-client", agent.split('/').next().unwrap_or_default());
        Action::Continue
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if !end_of_stream {
            return Action::Pause;
        }
        let Some(rules) = &self.settings.rules else { return Action::Continue };
        let bytes = self.get_http_request_body(0, size).unwrap_or_default();
        let Ok(mut body) = serde_json::from_slice::<Value>(&bytes) else { return Action::Continue };
        if let Some(Value::Array(messages)) = body.get_mut("messages") {
            messages.insert(0, json!({"role": "system", "content": rules}));
            self.set_http_request_body(0, size, body.to_string().as_bytes());
        }
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if !end_of_stream {
            return Action::Pause;
        }
        let status = self.get_property(vec!["response", "code"]).and_then(|bytes| bytes.first_chunk().copied());
        if status.map(i64::from_le_bytes) != Some(200) {
            return Action::Continue;
        }
        let bytes = self.get_http_response_body(0, size).unwrap_or_default();
        if let Ok(Value::Object(mut body)) = serde_json::from_slice::<Value>(&bytes) {
            let took = self.began.and_then(|began| self.get_current_time().duration_since(began).ok());
            body.insert("filter_ms".to_owned(), json!(took.unwrap_or(Duration::ZERO).as_millis() as u64));
            self.set_http_response_body(0, size, Value::Object(body).to_string().as_bytes());
        }
        Action::Continue
    }

    fn on_log(&mut self) {
        info!("done: {}", self.get_http_request_header(":path").unwrap_or_default());
    }
}
