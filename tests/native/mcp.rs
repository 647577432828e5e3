//! MCP at `/mcp`: the routes as tools. Who may use which: `permissions.rs`; messages and revisions: `src/mcp/tests.rs`.

use crate::harness::{ADMIN_TOKEN, Api, K1};
use crate::json_schema::{Unnamed, assert_fits, fits};
use crate::mcp_client::REVISION;
use crate::usage;
use serde_json::{Value, json};
use sluice::access::route::TOOLS;
use sluice::mcp::Headers;

/// The tools as they are listed, by name.
fn listed(api: &Api) -> Vec<Value> {
    let body = api.root().mcp("tools/list", json!({})).must(200).body;
    body["result"]["tools"].as_array().expect("a list").clone()
}

fn sheet(api: &Api, name: &str) -> Value {
    listed(api).into_iter().find(|tool| tool["name"] == name).expect("a tool")
}

/// Calls a tool with what its schema takes, and asserts that what it comes to fits.
#[track_caller]
fn call(api: &Api, name: &str, arguments: Value) -> Value {
    let sheet = sheet(api, name);
    assert_fits(&arguments, &sheet["inputSchema"], Unnamed::Allowed);
    let body = api.root().tool(name, arguments).must(200).body;
    assert_fits(&body, &sheet["outputSchema"], Unnamed::Refused);
    body
}

#[test]
fn an_agent_manages_providers_with_document_001s_tools() {
    let api = Api::new();
    let secret = api.secret("key", "sk-0123456789abcdefghij");
    let made = call(
        &api,
        "create-ai-provider",
        json!({
            "name": "GPT", "provider": "openai", "secretId": secret, "defaultModel": "gpt-5.4", "config": {"temperature": 0.5},
        }),
    );
    let id = made["id"].as_str().expect("an id");
    let named = json!({"aiProviderId": id});
    assert_eq!((&made["secretId"], &made["defaultModel"]), (&json!(secret), &json!("gpt-5.4")));
    assert_eq!(call(&api, "get-ai-provider", named.clone()), made);
    assert_eq!(call(&api, "list-ai-providers", json!({})), json!({"data": [made]}));
    assert_eq!(api.get(&format!("/api/v1/ai-providers/{id}")).body, made, "REST shows the same");

    let change = json!({"aiProviderId": id, "name": "GPT 5", "baseUrl": "https://llm.example.com/v1", "config": null});
    let changed = call(&api, "update-ai-provider", change);
    assert_eq!(changed["name"], "GPT 5");
    assert_eq!((&changed["config"], &changed["defaultModel"]), (&Value::Null, &json!("gpt-5.4")));
    let audit = api.last_audit();
    assert_eq!((&audit["action"], &audit["id"]), (&json!("aiProviders:UpdateAiProvider"), &json!(id)));
    assert_eq!(audit["fields"], json!(["name", "base_url", "advanced_json"]));
    assert_eq!(audit["address"], "192.0.2.7");

    let held = json!({"aiProviderId": id, "models": "refuse"});
    let refused = api.changes_nothing(|| api.root().tool("delete-ai-provider", held));
    refused.refuses(409, "provider.in_use", "");
    assert_eq!(refused.body["error"]["details"]["models"], 1);
    assert_eq!(call(&api, "delete-ai-provider", named.clone()), json!({"deleted": true, "id": id}));
    api.root().tool("get-ai-provider", named).refuses(404, "not_found", "");
    assert_eq!(call(&api, "list-ai-providers", json!({})), json!({"data": []}));
}

#[test]
fn an_agent_finds_and_tries_models_and_reads_what_they_cost() {
    let api = Api::new();
    let provider = api.provider("a");
    let model = api.model(&provider, "gpt-5.4");
    api.clock.advance(1);
    api.model(&provider, "gpt-5.4-mini");
    let page = call(&api, "list-models", json!({"limit": 1, "provider": "a"}));
    assert_eq!(page["data"][0]["selector"], "a^gpt-5.4");
    let rest = call(&api, "list-models", json!({"cursor": page["next_cursor"], "limit": 1}));
    assert_eq!((&rest["data"][0]["model"], &rest["next_cursor"]), (&json!("gpt-5.4-mini"), &Value::Null));
    assert_eq!(call(&api, "list-models", json!({"tag": "ä & b=c"})), json!({"data": [], "next_cursor": null}));
    assert_eq!(call(&api, "list-models", json!({"orphaned": true}))["data"], json!([]));

    api.upstream.lists(&["gpt-5.4", "gpt-6"]);
    let available = call(&api, "list-available-models", json!({"provider_id": provider}));
    let configured: Vec<_> = available["data"].as_array().expect("a list").iter().map(|m| &m["configured"]).collect();
    assert_eq!(configured, [true, false]);

    api.upstream.answers(
        200,
        json!({"id": "resp_1", "object": "response", "status": "completed", "error": null,
        "output": [{"type": "message", "role": "assistant", "id": "msg_1", "status": "completed",
            "content": [{"type": "output_text", "text": "pong", "annotations": []}]}],
        "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}}),
    );
    let tested = call(&api, "test-model", json!({"provider_id": provider, "model_id": model}));
    assert_eq!((&tested["success"], &tested["output_text"]), (&json!(true), &json!("pong")));
    api.upstream.answers(401, json!({"error": {"message": "Incorrect API key provided"}}));
    let failed = call(&api, "test-model", json!({"provider_id": provider, "model_id": model}));
    assert_eq!((&failed["success"], &failed["error"]["status"]), (&json!(false), &json!(401)));

    usage::write(&api, &[usage::row(&api, "req_0123456789abcdef")]);
    let totals = call(&api, "get-usage", json!({"group_by": "model", "limit": 10}));
    assert!(totals["data"].as_array().is_some_and(|rows| rows.iter().any(|row| row["calls"] == 2)), "{totals}");
}

#[test]
fn a_refusal_is_a_result_with_the_codes_and_words_of_rest() {
    let api = Api::new();
    let provider = api.provider("a");
    for (arguments, status, code, param) in [
        (json!({"name": "a", "provider": "openai"}), 409, "provider.name_conflict", "name"),
        (json!({"provider": "openai"}), 422, "validation.failed", "name"),
        (json!({"name": "b", "provider": "nobody"}), 422, "validation.failed", "provider"),
        (json!({"name": "b", "provider": "openai", "api_key": "sk-1"}), 422, "validation.failed", "api_key"),
        (
            json!({"name": "b", "provider": "openai", "secretId": "sec_0000000000000000"}),
            422,
            "validation.failed",
            "secretId",
        ),
        (
            json!({"name": "b", "provider": "openai", "baseUrl": "http://127.0.0.1/"}),
            422,
            "validation.failed",
            "baseUrl",
        ),
    ] {
        let refused = api.changes_nothing(|| api.root().tool("create-ai-provider", arguments.clone()));
        refused.refuses(status, code, param);
        api.post("/api/v1/ai-providers", arguments).says(status, &[refused.message()]);
    }
    for (tool, arguments, param) in [
        ("get-ai-provider", json!({}), "aiProviderId"),
        ("get-ai-provider", json!({"aiProviderId": 1}), "aiProviderId"),
        ("get-ai-provider", json!({"aiProviderId": provider, "verbose": true}), "verbose"),
        ("update-ai-provider", json!({"aiProviderId": provider, "kind": "x"}), "kind"),
        ("update-ai-provider", json!({"aiProviderId": provider}), ""),
        ("test-model", json!({"provider_id": provider}), "model_id"),
        ("list-models", json!({"limit": "1"}), "limit"),
        ("list-models", json!({"limit": 1000}), "limit"),
        ("list-models", json!({"tag": ["x"]}), "tag"),
        ("list-models", json!({"orphaned": "yes"}), "orphaned"),
        ("get-usage", json!({"group_by": "colour"}), "group_by"),
        ("get-usage", json!({"format": "csv"}), "format"),
        ("delete-ai-provider", json!({"aiProviderId": provider, "models": "burn"}), "models"),
    ] {
        let refused = api.changes_nothing(|| api.root().tool(tool, arguments.clone()));
        refused.refuses(422, "validation.failed", param);
        // What the schema cannot tell is told by the service alone.
        let schema = &sheet(&api, tool)["inputSchema"];
        let says_nothing = fits(&arguments, schema, Unnamed::Allowed).is_ok();
        assert!(!says_nothing || ["group_by", ""].contains(&param), "{tool} takes {arguments}");
    }
    for id in ["aip_0000000000000000", "../models", "a/b?c#d", ""] {
        api.root().tool("get-ai-provider", json!({"aiProviderId": id})).refuses(404, "not_found", "");
    }
    let answer = api.root().mcp("tools/call", json!({"name": "drop-tables", "arguments": {}}));
    assert_eq!((answer.status, &answer.body["error"]["code"]), (200, &json!(-32602)));
}

#[test]
fn each_tool_is_told_in_a_schema_that_stands_alone_and_hints_at_what_it_does() {
    let api = Api::new();
    let sheets = listed(&api);
    let names: Vec<&str> = sheets.iter().map(|sheet| sheet["name"].as_str().expect("a name")).collect();
    assert_eq!(names, TOOLS.iter().map(|(name, ..)| *name).collect::<Vec<_>>(), "each tool, in one order");
    for sheet in &sheets {
        let name = &sheet["name"];
        for schema in [&sheet["inputSchema"], &sheet["outputSchema"]] {
            assert_eq!(schema["type"], "object", "{name}");
            for keyword in ["anyOf", "oneOf", "allOf", "$ref"] {
                assert_eq!(schema.get(keyword), None, "{name}: models' APIs refuse it at the top");
            }
            for unportable in ["$ref", r#""type":["#] {
                assert!(!schema.to_string().contains(unportable), "{name}: not every model's API knows {unportable}");
            }
        }
        assert_eq!(sheet["inputSchema"]["additionalProperties"], false, "{name}");
        for (field, schema) in sheet["inputSchema"]["properties"].as_object().expect("an object") {
            assert!(schema["description"].as_str().is_some_and(|doc| doc.ends_with('.')), "{name}.{field}");
        }
        assert!(sheet["description"].as_str().is_some_and(|doc| doc.ends_with('.')), "{name}");
    }
    let hints = |name: &str| {
        let annotations = sheet(&api, name)["annotations"].clone();
        ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"].map(|hint| annotations[hint] == true)
    };
    for name in ["list-ai-providers", "get-ai-provider", "list-models", "get-usage"] {
        assert_eq!(hints(name), [true, false, true, false], "{name}");
    }
    assert_eq!(hints("list-available-models"), [true, false, true, true]);
    assert_eq!(hints("create-ai-provider"), [false, false, false, false]);
    assert_eq!(hints("update-ai-provider"), [false, true, true, false]);
    assert_eq!(hints("delete-ai-provider"), [false, true, true, false]);
    assert_eq!(hints("test-model"), [false, false, false, true]);
}

#[test]
fn a_client_with_a_handshake_is_served_without_a_session() {
    let api = Api::new();
    let said = |method: &str, params: Value| {
        let headers = Headers { version: Some("2025-11-25".into()), ..Headers::default() };
        let message = json!({"jsonrpc": "2.0", "id": "x", "method": method, "params": params});
        api.root().mcp_headers(headers).post("/mcp", message)
    };
    let begun = api.root().post(
        "/mcp",
        json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"},
        }}),
    );
    let result = &begun.body["result"];
    assert_eq!((begun.status, &result["protocolVersion"]), (200, &json!("2025-06-18")));
    assert_eq!((&result["capabilities"], &result["serverInfo"]["name"]), (&json!({"tools": {}}), &json!("sluice")));
    assert!(begun.header("mcp-session-id").is_none());
    let noted = api.root().post("/mcp", json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    assert_eq!((noted.status, noted.text.as_str()), (202, ""));
    let listed = said("tools/list", json!({}));
    assert_eq!(listed.body["result"].as_object().expect("an object").keys().collect::<Vec<_>>(), ["tools"]);
    assert_eq!(said("ping", json!({})).body, json!({"jsonrpc": "2.0", "id": "x", "result": {}}));
    let called = said("tools/call", json!({"name": "list-ai-providers"}));
    assert_eq!(called.body["result"]["structuredContent"], json!({"data": []}));
    assert_eq!(said("server/discover", json!({})).must(200).body["error"]["code"], -32601);
}

#[test]
fn a_client_without_one_learns_what_is_spoken() {
    let api = Api::new();
    let result = api.root().mcp("server/discover", json!({})).must(200).body["result"].clone();
    assert_eq!(result["supportedVersions"][0], REVISION);
    assert_eq!((&result["capabilities"], &result["resultType"]), (&json!({"tools": {}}), &json!("complete")));
    assert_eq!(api.root().mcp("resources/list", json!({})).must(404).body["error"]["code"], -32601);
}

#[test]
fn a_batch_is_answered_as_one_and_one_bad_message_spoils_no_other() {
    let api = Api::new();
    let call =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list-models", "arguments": {}}});
    let answer =
        api.post("/mcp", json!([call, {"jsonrpc": "2.0", "method": "notifications/x"}, {"jsonrpc": "2.0", "id": 2}]));
    let answers = answer.must(200).body;
    assert_eq!(answers[0]["result"]["structuredContent"], json!({"data": [], "next_cursor": null}));
    assert_eq!((&answers[1]["id"], &answers[1]["error"]["code"], answers.get(2)), (&json!(2), &json!(-32600), None));
}

#[test]
fn the_door_takes_posts_of_json_from_programs_and_from_pages_that_the_deployment_names() {
    let api =
        Api::with(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1), ("CORS_ORIGINS", "https://agents.example")]);
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    for method in ["GET", "DELETE", "PUT"] {
        let answer = api.root().send(method, "/mcp", Vec::new());
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST, OPTIONS")), "{method}");
        assert_eq!(api.authorized(None).send(method, "/mcp", Vec::new()).status, 401);
    }
    let without = api.authorized(None).post("/mcp", ping.clone());
    without.refuses(401, "auth.invalid_token", "");
    assert!(without.header("www-authenticate").is_some_and(|scheme| scheme.starts_with("Bearer")));
    api.root().content_type(Some("text/plain")).post("/mcp", ping.clone()).refuses(
        415,
        "request.unsupported_media_type",
        "",
    );
    let from = |origin: &str| {
        let headers = Headers { origin: Some(origin.into()), ..Headers::default() };
        api.root().mcp_headers(headers).post("/mcp", ping.clone())
    };
    from("https://evil.example").refuses(403, "auth.forbidden", "origin");
    from("null").refuses(403, "auth.forbidden", "origin");
    assert_eq!(from("https://agents.example").status, 200);
}

#[test]
fn an_idempotency_key_that_a_client_sends_with_every_message_keeps_no_answer() {
    let api = Api::new();
    let client = api.root().idempotency_key("always the same");
    assert_eq!(client.tool("list-ai-providers", json!({})).must(200).body["data"], json!([]));
    client.tool("create-ai-provider", json!({"name": "a", "provider": "openai"})).must(200);
    assert_eq!(client.tool("list-ai-providers", json!({})).body["data"].as_array().map(Vec::len), Some(1));
}
