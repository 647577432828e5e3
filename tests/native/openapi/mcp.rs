//! `/mcp`: one path, whose messages are another specification's. What its tools take and give they tell by `tools/list`.

use serde_json::{Map, Value, json};
use sluice::access::Operation;
use sluice::admin::schema::error::ERROR;
use sluice::refusal::Reason;

const TAG: &str = "MCP";

pub fn tag() -> Value {
    json!({
        "name": TAG,
        "description": "The same as tools of the Model Context Protocol.",
        "externalDocs": {"description": "The protocol.", "url": "https://modelcontextprotocol.io/specification"},
    })
}

pub fn path() -> (String, Value) {
    let message = json!({"type": ["object", "array"], "additionalProperties": true, "minItems": 1, "maxItems": 32,
        "description": "A JSON-RPC 2.0 message, or, in the protocol's first revision, a batch of them."});
    let content = json!({"application/json": {"schema": message}});
    let answer = |doc: &str, content: &Value| {
        let headers = json!({"x-request-id": {"$ref": "#/components/headers/RequestId"}});
        json!({"description": doc, "headers": headers, "content": content})
    };
    let mut responses = Map::new();
    responses
        .insert("200".into(), answer("The answer, a tool's refusal among them: its result has `isError`.", &content));
    responses.insert("202".into(), json!({"description": "A notification was taken: there is nothing to answer."}));
    responses.insert("400".into(), answer("The message is none, or its headers do not say what it says.", &content));
    responses.insert("404".into(), answer("There is no such method in the revision of the message.", &content));
    for reasons in [
        &[Reason::Unauthenticated][..],
        &[Reason::Forbidden],
        &[Reason::TooLarge],
        &[Reason::UnsupportedMediaType],
        &[Reason::AdminNotConfigured, Reason::DeploymentInvalid, Reason::DatabaseAway],
    ] {
        let told: Vec<String> = reasons.iter().map(|reason| format!("`{}`: {}", reason.code(), reason.doc())).collect();
        let schema = json!({"$ref": format!("#/components/schemas/{}", ERROR.name)});
        let content = json!({"application/json": {"schema": schema}});
        let status = reasons.iter().map(|reason| reason.status()).next().unwrap_or_default();
        responses.insert(status.to_string(), answer(&told.join(" "), &content));
    }
    let operation = json!({
        "operationId": "useTools",
        "tags": [TAG],
        "summary": Operation::UseTools.summary().trim_end_matches('.'),
        "description": "Streamable HTTP without sessions: one message a POST, and JSON in answer. Any valid token may; a tool takes \
                        the action of the route that it takes.",
        "requestBody": {"required": true, "content": {"application/json": {
            "schema": message,
            "example": {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
        }}},
        "responses": responses,
    });
    ("/mcp".into(), json!({ "post": operation }))
}
