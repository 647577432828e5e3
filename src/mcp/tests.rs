//! What is read of a POST, and which revision it is answered in.

use super::*;
use serde_json::{Value, json};

fn headers(version: Option<&str>, method: Option<&str>, name: Option<&str>) -> Headers {
    let text = |header: Option<&str>| header.map(str::to_owned);
    Headers { origin: None, version: text(version), method: text(method), name: text(name) }
}

fn stateless(method: &str, params: Value) -> Value {
    let mut params = params;
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

fn asked(headers: &Headers, message: &Value) -> Asked {
    match read(headers, message.to_string().as_bytes()) {
        Posted::One(Ok(asked)) => asked,
        other => panic!("{other:?}"),
    }
}

fn fault(headers: &Headers, message: &Value) -> (u16, i32) {
    match read(headers, message.to_string().as_bytes()) {
        Posted::One(Err(fault)) => (fault.status, fault.code.number()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_handshake_agrees_on_what_was_asked_for_or_on_the_newest_that_has_one() {
    for (wanted, agreed) in [
        ("2025-03-26", Revision::V20250326),
        ("2025-06-18", Revision::V20250618),
        ("2025-11-25", Revision::V20251125),
        ("2026-07-28", Revision::V20251125),
        ("2024-11-05", Revision::V20251125),
        ("2031-01-01", Revision::V20251125),
    ] {
        let message =
            json!({"jsonrpc": "2.0", "id": "a", "method": "initialize", "params": {"protocolVersion": wanted}});
        let asked = asked(&Headers::default(), &message);
        assert_eq!((asked.id, asked.what), (json!("a"), What::Initialize(agreed)), "{wanted}");
    }
}

#[test]
fn after_a_handshake_the_header_says_the_revision_and_none_is_the_first() {
    let message = json!({"jsonrpc": "2.0", "id": 7, "method": "tools/list"});
    for (header, revision) in [
        (None, Revision::V20250326),
        (Some("2025-06-18"), Revision::V20250618),
        (Some("2025-11-25"), Revision::V20251125),
    ] {
        assert_eq!(asked(&headers(header, None, None), &message).revision, revision);
    }
    assert_eq!(fault(&headers(Some("2019-01-01"), None, None), &message), (400, -32022));
}

#[test]
fn a_request_that_stands_alone_says_what_it_is_in_its_body_and_its_headers_repeat_it() {
    let call = stateless("tools/call", json!({"name": "list-models", "arguments": {"limit": 1}}));
    let right = headers(Some("2026-07-28"), Some("tools/call"), Some("list-models"));
    let expected = What::CallTool {
        name: "list-models".into(),
        arguments: json!({"limit": 1}).as_object().expect("an object").clone(),
    };
    let read = asked(&right, &call);
    assert_eq!((read.revision, read.what), (Revision::V20260728, expected));
    let encoded = headers(Some("2026-07-28"), Some("tools/call"), Some("=?base64?bGlzdC1tb2RlbHM=?="));
    assert_eq!(asked(&encoded, &call).revision, Revision::V20260728);
    for wrong in [
        headers(None, Some("tools/call"), Some("list-models")),
        headers(Some("2025-11-25"), Some("tools/call"), Some("list-models")),
        headers(Some("2026-07-28"), None, Some("list-models")),
        headers(Some("2026-07-28"), Some("tools/list"), Some("list-models")),
        headers(Some("2026-07-28"), Some("tools/call"), None),
        headers(Some("2026-07-28"), Some("tools/call"), Some("delete-ai-provider")),
        headers(Some("2026-07-28"), Some("tools/call"), Some("=?base64?%%%?=")),
    ] {
        assert_eq!(fault(&wrong, &call), (400, -32020), "{wrong:?}");
    }
}

#[test]
fn a_revision_that_is_not_spoken_is_refused_with_those_that_are() {
    let mut message = stateless("tools/list", json!({}));
    for version in ["2030-01-01", "2025-11-25"] {
        message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!(version);
        let headers = headers(Some(version), Some("tools/list"), None);
        let Posted::One(Err(fault)) = read(&headers, message.to_string().as_bytes()) else { panic!("served") };
        assert_eq!(
            fault.to_json(),
            json!({"jsonrpc": "2.0", "id": 1, "error": {
                "code": -32022,
                "message": fault.message,
                "data": {"supported": ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"], "requested": version},
            }})
        );
    }
}

#[test]
fn what_a_stateless_request_must_say_is_demanded() {
    let head = headers(Some("2026-07-28"), Some("tools/list"), None);
    let bare = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    assert_eq!(fault(&head, &bare), (400, -32602));
    let mut message = stateless("tools/list", json!({}));
    message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!(null);
    assert_eq!(fault(&head, &message), (400, -32602));
    message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!(20_260_728);
    assert_eq!(fault(&head, &message), (400, -32602));
}

#[test]
fn a_method_is_served_in_the_revisions_that_have_it() {
    let first = |method: &str| json!({"jsonrpc": "2.0", "id": 1, "method": method});
    let plain = Headers::default();
    assert_eq!(asked(&plain, &first("ping")).what, What::Ping);
    for method in ["server/discover", "resources/list", "prompts/list", "logging/setLevel", ""] {
        assert_eq!(fault(&plain, &first(method)), (200, -32601), "{method}");
    }
    for method in ["ping", "initialize", "resources/list", "subscriptions/listen"] {
        let head = headers(Some("2026-07-28"), Some(method), None);
        assert_eq!(fault(&head, &stateless(method, json!({}))), (404, -32601), "{method}");
    }
    let head = headers(Some("2026-07-28"), Some("server/discover"), None);
    assert_eq!(asked(&head, &stateless("server/discover", json!({}))).what, What::Discover);
}

#[test]
fn notifications_and_responses_are_not_answered() {
    for message in [
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}),
        json!({"jsonrpc": "2.0", "id": 1, "result": {}}),
        json!([{"jsonrpc": "2.0", "method": "notifications/initialized"}]),
    ] {
        assert_eq!(read(&Headers::default(), message.to_string().as_bytes()), Posted::Noted, "{message}");
    }
    let response = json!({"jsonrpc": "2.0", "id": 1, "result": {}});
    assert_eq!(fault(&headers(Some("2026-07-28"), None, None), &response), (400, -32600));
}

#[test]
fn a_batch_is_the_first_revisions_and_each_of_its_requests_is_answered() {
    let ping = |id: u8| json!({"jsonrpc": "2.0", "id": id, "method": "ping"});
    let batch = json!([ping(1), {"jsonrpc": "2.0", "method": "notifications/x"}, ping(2), {"id": 3}, 4]);
    let Posted::Many(asked) = read(&headers(Some("2025-03-26"), None, None), batch.to_string().as_bytes()) else {
        panic!("no batch")
    };
    let ids: Vec<Option<Value>> = asked
        .iter()
        .map(|asked| match asked {
            Ok(asked) => Some(asked.id.clone()),
            Err(fault) => fault.id.clone(),
        })
        .collect();
    assert_eq!(ids, [Some(json!(1)), Some(json!(2)), Some(json!(3)), None]);
    assert_eq!(asked.iter().filter(|asked| asked.is_ok()).count(), 2);
    assert_eq!(fault(&headers(Some("2025-06-18"), None, None), &batch), (400, -32600));
    assert_eq!(fault(&Headers::default(), &json!([])), (400, -32600));
    assert_eq!(fault(&Headers::default(), &json!(vec![ping(1); 33])), (400, -32600));
    let begins =
        json!([{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-03-26"}}]);
    let Posted::Many(begun) = read(&Headers::default(), begins.to_string().as_bytes()) else { panic!("no batch") };
    assert!(matches!(begun.as_slice(), [Err(fault)] if fault.code == Code::InvalidRequest), "{begun:?}");
}

#[test]
fn what_is_no_message_is_refused_without_quoting_it() {
    let Posted::One(Err(broken)) = read(&Headers::default(), b"{\"api_key\": sk-secret}") else { panic!("read") };
    assert_eq!((broken.status, broken.code), (400, Code::Parse));
    assert!(!broken.message.contains("sk-"), "{}", broken.message);
    assert_eq!(broken.to_json().get("id"), None);
    for message in [
        json!("x"),
        json!({"id": 1, "method": "ping"}),
        json!({"jsonrpc": "1.0", "id": 1, "method": "ping"}),
        json!({"jsonrpc": "2.0", "id": null, "method": "ping"}),
        json!({"jsonrpc": "2.0", "id": 1.5, "method": "ping"}),
        json!({"jsonrpc": "2.0", "id": {}, "method": "ping"}),
        json!({"jsonrpc": "2.0", "id": 1, "method": 2}),
        json!({"jsonrpc": "2.0", "id": 1}),
        json!({"jsonrpc": "2.0"}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}),
    ] {
        assert_eq!(fault(&Headers::default(), &message), (400, -32600), "{message}");
    }
    for (method, params) in [
        ("tools/call", json!({})),
        ("tools/call", json!({"name": 1})),
        ("tools/call", json!({"name": "x", "arguments": []})),
        ("tools/list", json!({"cursor": "x"})),
        ("initialize", json!({})),
    ] {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        assert_eq!(fault(&Headers::default(), &message), (200, -32602), "{message}");
    }
}

#[test]
fn a_result_says_what_its_revision_has_it_say() {
    let server = Server { name: "n", title: "T", version: "1", instructions: "i" };
    let of = |revision| Asked { id: json!(1), revision, what: What::ListTools };
    let told = |revision| replied(&server, &of(revision), listed(revision, Vec::new()));
    assert_eq!(told(Revision::V20251125), json!({"jsonrpc": "2.0", "id": 1, "result": {"tools": []}}));
    let alone = told(Revision::V20260728);
    assert_eq!(alone["result"]["resultType"], "complete");
    assert_eq!(alone["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "n");
    assert!(alone["result"]["ttlMs"].is_u64() && alone["result"]["cacheScope"] == "private");
}
