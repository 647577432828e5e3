//! Results, in the shape of the revision that asked.

use super::message::Asked;
use super::revision::{Era, Revision};
use crate::json::{Members, empty, json};
use serde_json::{Map, Value};

/// How long a client may keep what it was told of the server.
const DISCOVERED_KEPT_MS: u64 = 3_600_000;

/// How long it may keep the list of tools, which follows the token's policy.
const LISTED_KEPT_MS: u64 = 60_000;

/// Who answers.
#[derive(Debug, Clone, Copy)]
pub struct Server {
    /// Its name for programs.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Its version.
    pub version: &'static str,
    /// What a model should know of it beside what the tools say.
    pub instructions: &'static str,
}

impl Server {
    fn info(&self) -> Value {
        json!({"name": self.name, "title": self.title, "version": self.version})
    }
}

/// The message that carries a result.
pub fn replied(server: &Server, asked: &Asked, mut result: Map<String, Value>) -> Value {
    if asked.revision.era() == Era::Stateless {
        result.put("resultType", "complete");
        result.put("_meta", json!({"io.modelcontextprotocol/serverInfo": server.info()}));
    }
    let mut message = empty();
    message.put("jsonrpc", "2.0");
    message.put("id", asked.id.clone());
    message.put("result", Value::Object(result));
    Value::Object(message)
}

fn capabilities() -> Value {
    json!({"tools": {}})
}

/// The result of `initialize`.
pub fn initialized(server: &Server, agreed: Revision) -> Map<String, Value> {
    crate::json::members([
        ("protocolVersion", agreed.as_str().into()),
        ("capabilities", capabilities()),
        ("serverInfo", server.info()),
        ("instructions", server.instructions.into()),
    ])
}

/// The result of `server/discover`.
pub fn discovered(server: &Server) -> Map<String, Value> {
    crate::json::members([
        ("supportedVersions", json!(Revision::ALL.map(Revision::as_str))),
        ("capabilities", capabilities()),
        ("instructions", server.instructions.into()),
        ("ttlMs", DISCOVERED_KEPT_MS.into()),
        ("cacheScope", "private".into()),
    ])
}

/// The result of `tools/list`.
pub fn listed(revision: Revision, tools: Vec<Value>) -> Map<String, Value> {
    let mut result = empty();
    result.put("tools", tools);
    if revision.era() == Era::Stateless {
        result.put("ttlMs", LISTED_KEPT_MS);
        result.put("cacheScope", "private");
    }
    result
}

/// The result of `tools/call`: what the tool came to, or its refusal. A refusal is text only, because what is structured
/// must fit the tool's output schema.
pub fn told(outcome: Result<Value, String>) -> Map<String, Value> {
    let text = |text: String| json!([{"type": "text", "text": text}]);
    let mut result = empty();
    match outcome {
        Ok(value) => {
            result.put("content", text(value.to_string()));
            result.put("structuredContent", value);
        }
        Err(refusal) => {
            result.put("content", text(refusal));
            result.put("isError", true);
        }
    }
    result
}
