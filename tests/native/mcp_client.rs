//! An MCP client without a handshake: one request, one answer.

use crate::harness::{Answer, Caller};
use serde_json::{Value, json};
use sluice::mcp::Headers;
use sluice::refusal::Reason;

/// The newest revision.
pub const REVISION: &str = "2026-07-28";

impl Caller<'_> {
    /// A request of the newest revision, and the HTTP answer to it.
    pub fn mcp(&self, method: &str, params: Value) -> Answer {
        let mut params = params;
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": REVISION,
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let headers = Headers {
            origin: None,
            version: Some(REVISION.into()),
            method: Some(method.into()),
            name: params["name"].as_str().map(str::to_owned),
        };
        self.clone()
            .mcp_headers(headers)
            .post("/mcp", json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
    }

    /// A tool's outcome as its route would answer: a result's structured content, or a refusal under its status.
    pub fn tool(&self, name: &str, arguments: Value) -> Answer {
        let mut answer = self.mcp("tools/call", json!({"name": name, "arguments": arguments}));
        if answer.status != 200 {
            return answer;
        }
        let result = answer.body["result"].clone();
        let text = result["content"][0]["text"].as_str().expect("a text").to_owned();
        answer.body = serde_json::from_str(&text).expect("JSON");
        if result["isError"] == true {
            assert_eq!(result.get("structuredContent"), None, "a refusal does not fit the output schema");
            answer.status = status_of(answer.body["error"]["code"].as_str().expect("a code"));
        } else {
            assert_eq!(result["structuredContent"], answer.body, "the text says what is structured");
        }
        answer.text = text;
        answer
    }

    /// The names that `tools/list` shows.
    pub fn tools(&self) -> Vec<String> {
        let listed = self.mcp("tools/list", json!({})).must(200).body;
        let tools = listed["result"]["tools"].as_array().expect("a list").clone();
        tools.iter().map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
    }
}

fn status_of(code: &str) -> u16 {
    Reason::ALL.iter().find(|reason| reason.code() == code).map_or(0, |reason| reason.status())
}
