//! Runs an extension natively, through the same envelopes as the host does.

use serde_json::{Value, json};

use crate::abi::{Hook, run};
use crate::envelope::ABI;
use crate::extension::Extension;

/// A configured extension.
pub struct Configured<E>(Option<E>);

impl<E: Extension> Configured<E> {
    /// Hands the configuration over.
    ///
    /// # Errors
    /// The extension's own words when it refuses the configuration.
    pub fn with(config: Value) -> Result<Self, String> {
        let mut state = None;
        match told(&mut state, Hook::Configure, &json!({"abi": ABI, "hook": "configure", "config": config})) {
            None => Ok(Self(state)),
            Some(answer) => Err(answer.get("error").and_then(Value::as_str).unwrap_or_default().to_owned()),
        }
    }

    /// A call of this protocol, to this model, with this body; the answer, `None` for no change.
    pub fn request(&mut self, protocol: &str, body: Value) -> Option<Value> {
        let call = call(protocol, body.get("model").cloned().unwrap_or_else(|| json!("model")));
        told(&mut self.0, Hook::Request, &json!({"abi": ABI, "hook": "request", "call": call, "body": body}))
    }

    /// A whole answer.
    pub fn response(&mut self, protocol: &str, body: Value) -> Option<Value> {
        let call = call(protocol, json!("model"));
        told(
            &mut self.0,
            Hook::Response,
            &json!({"abi": ABI, "hook": "response", "call": call, "status": 200, "body": body}),
        )
    }

    /// What a call came to.
    pub fn settle(&mut self, usage: Value) {
        let call = call("responses", json!("model"));
        told(&mut self.0, Hook::Settle, &json!({"abi": ABI, "hook": "settle", "call": call, "usage": usage}));
    }

    /// An event of a streamed answer.
    pub fn event(&mut self, protocol: &str, name: Option<&str>, data: Value) -> Option<Value> {
        let call = call(protocol, json!("model"));
        let event = json!({"name": name, "data": data});
        told(&mut self.0, Hook::Event, &json!({"abi": ABI, "hook": "event", "call": call, "event": event}))
    }
}

fn told<E: Extension>(state: &mut Option<E>, hook: Hook, envelope: &Value) -> Option<Value> {
    run(state, hook, envelope.to_string().as_bytes()).and_then(|answer| serde_json::from_str(&answer).ok())
}

fn call(protocol: &str, model: Value) -> Value {
    json!({
        "request_id": "req_test", "protocol": protocol, "path": "/v1/test", "stream": false, "model": model,
        "project_id": "prj_test", "token_id": "tok_test", "user_id": null, "headers": {"user-agent": "test"},
    })
}
