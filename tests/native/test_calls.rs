//! `POST /api/v1/providers/{id}/models/{model_id}/test` (003's Test action): one short call through the real path.

use crate::harness::{ADMIN_TOKEN, Answer, Api, K1};
use serde_json::{Value, json};
use sluice::refusal::Reason;

const KEY: &str = "sk-0123456789abcdefghijkl";

fn test(api: &Api, provider: &str, model: &str) -> Answer {
    api.post(&format!("/api/v1/providers/{provider}/models/{model}/test"), json!({}))
}

fn chat(text: &str) -> Value {
    json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}})
}

fn response(text: &str) -> Value {
    json!({"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "m", "error": null,
        "output": [{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                    "content": [{"type": "output_text", "text": text, "annotations": []}]}],
        "usage": {"input_tokens": 12, "output_tokens": 3, "total_tokens": 15}})
}

fn message(text: &str) -> Value {
    json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
        "stop_sequence": null, "content": [{"type": "text", "text": text}],
        "usage": {"input_tokens": 12, "output_tokens": 3}})
}

/// The last usage row, as JSON.
fn usage(api: &Api) -> Value {
    let row = api.db.one(
        "SELECT json_object('status', status, 'error', error_code, 'input', input_tokens, 'output', output_tokens,
         'cost', cost_nano_usd, 'model', model, 'protocol', protocol, 'upstream', upstream_protocol, 'user', user_id,
         'attempts', attempts) FROM usage ORDER BY created_at DESC LIMIT 1",
    );
    serde_json::from_str(&row).expect("JSON")
}

#[test]
fn a_model_that_answers_is_a_success_with_what_it_said_and_leaves_a_usage_row() {
    let api = Api::new();
    let id = api.provider("main");
    let model = api.model_with(&id, json!({"model": "gpt-5.4", "cost_per_1k_input": 1, "cost_per_1k_output": 2}));
    api.upstream.answers(200, response("OK"));
    let tested = test(&api, &id, &model).must(200);
    assert_eq!(tested.body, json!({"success": true, "latency_ms": 0, "protocol": "responses", "output_text": "OK"}));
    let asked = api.upstream.taken();
    assert_eq!((asked[0].method, asked[0].url.as_str()), ("POST", "https://api.openai.com/v1/responses"));
    assert_eq!(asked[0].header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!((&asked[0].body["model"], &asked[0].body["store"]), (&json!("gpt-5.4"), &json!(false)));
    assert!(asked[0].wait.as_secs() <= 30);
    assert_eq!(
        usage(&api),
        json!({"status": 200, "error": null, "input": 12, "output": 3, "cost": 18_000_000, "model": "gpt-5.4",
               "protocol": "responses", "upstream": "responses", "user": null, "attempts": 1})
    );
}

#[test]
fn each_kind_is_tested_in_its_own_dialect() {
    let api = Api::with(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1), ("ALLOW_PRIVATE_UPSTREAMS", "true")]);
    let aws = json!({"access_key_id": "AKIDEXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"});
    let gemini = json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "OK"}]}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 12, "candidatesTokenCount": 3, "totalTokenCount": 15}});
    let converse = json!({"output": {"message": {"role": "assistant", "content": [{"text": "OK"}]}}, "stopReason": "end_turn",
        "usage": {"inputTokens": 12, "outputTokens": 3, "totalTokens": 15}, "metrics": {"latencyMs": 1}});
    for (kind, extra, answer, protocol, path) in [
        ("openai", json!({}), response("OK"), "responses", "/v1/responses"),
        ("xai", json!({}), response("OK"), "responses", "/v1/responses"),
        ("anthropic", json!({}), message("OK"), "anthropic_messages", "/v1/messages"),
        ("google", json!({}), gemini, "gemini", ":generateContent"),
        ("groq", json!({}), chat("OK"), "chat_completions", "/chat/completions"),
        ("ollama", json!({"api_key": ""}), chat("OK"), "chat_completions", "/v1/chat/completions"),
        (
            "azure",
            json!({"advanced_json": {"resource": "r"}}),
            chat("OK"),
            "chat_completions",
            "/openai/v1/chat/completions",
        ),
        ("bedrock", json!({"api_key": aws.to_string()}), converse, "bedrock_converse", "/model/m1/converse"),
        (
            "gateway",
            json!({"base_url": "https://gw.example.com"}),
            chat("OK"),
            "chat_completions",
            "/v1/chat/completions",
        ),
        (
            "custom",
            json!({"base_url": "https://gw.example.com", "protocol": "anthropic_messages", "auth_method": "bearer"}),
            message("OK"),
            "anthropic_messages",
            "/v1/messages",
        ),
    ] {
        let mut body = json!({"name": kind, "provider": kind, "api_key": KEY});
        body.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
        let id = api.provider_with(body);
        let model = api.model(&id, "m1");
        api.upstream.answers(200, answer);
        let tested = test(&api, &id, &model).must(200).body;
        assert_eq!((&tested["success"], &tested["output_text"]), (&json!(true), &json!("OK")), "{kind}: {tested}");
        assert_eq!(tested["protocol"], protocol);
        let asked = api.upstream.taken();
        assert!(asked[0].url.ends_with(path), "{kind}: {}", asked[0].url);
        assert_eq!((usage(&api)["input"].clone(), usage(&api)["output"].clone()), (json!(12), json!(3)), "{kind}");
        api.clock.advance(1);
    }
}

#[test]
fn an_upstreams_error_is_told_with_its_status_and_words_and_never_its_key() {
    let api = Api::new();
    let id = api.provider("main");
    let model = api.model(&id, "gpt-5.4");
    api.upstream.answers(
        401,
        json!({"error": {"message": format!("Incorrect API key provided: {KEY}"), "type": "invalid_request_error", "param": null, "code": "invalid_api_key"}}),
    );
    let tested = test(&api, &id, &model).must(200);
    assert_eq!(
        tested.body,
        json!({"success": false, "latency_ms": 0, "protocol": "responses",
               "error": {"status": 401, "message": "Incorrect API key provided: [credential]"}})
    );
    assert_eq!((&usage(&api)["status"], &usage(&api)["error"]), (&json!(401), &json!("upstream.error")));

    for (reason, status) in [(Reason::UpstreamUnreachable, 502), (Reason::UpstreamTimeout, 504)] {
        api.clock.advance(1);
        api.upstream.fails(reason, "provider `main` could not be reached");
        let tested = test(&api, &id, &model).must(200).body;
        assert_eq!(tested["error"], json!({"status": status, "message": "provider `main` could not be reached"}));
        assert_eq!(usage(&api)["error"], reason.code());
    }
    for (status, body, word) in [(200, "<html>", "protocol"), (302, "", "redirect"), (500, "", "500")] {
        api.clock.advance(1);
        api.upstream.says(status, body);
        let tested = test(&api, &id, &model).must(200).body;
        assert_eq!(tested["success"], false);
        assert!(tested["error"]["message"].as_str().is_some_and(|message| message.contains(word)), "{tested}");
    }
    assert_eq!(api.db.count("SELECT count(*) FROM usage"), 6);
}

#[test]
fn a_provider_without_a_responses_endpoint_is_asked_again_in_chat() {
    let api = Api::new();
    let id = api.provider("main");
    let model = api.model(&id, "gpt-5.4");
    api.upstream.says(404, "Not Found");
    api.upstream.answers(200, chat("OK"));
    let tested = test(&api, &id, &model).must(200).body;
    assert_eq!((&tested["protocol"], &tested["output_text"]), (&json!("chat_completions"), &json!("OK")));
    assert_eq!(usage(&api)["attempts"], 2);
    let log = api.db.all(
        "SELECT attempt || ' ' || status || ' ' || coalesce(error_code, '-') FROM request_attempts ORDER BY attempt",
    );
    assert_eq!(log, ["1 404 upstream.error", "2 200 -"]);
}

#[test]
fn what_the_model_said_is_shown_as_it_said_it_and_not_at_length() {
    let api = Api::new();
    let id = api.provider("main");
    let model = api.model(&id, "gpt-5.4");
    api.upstream.answers(200, response(&format!("a\n  b {KEY}{}", "é".repeat(600))));
    let tested = test(&api, &id, &model).must(200).body;
    let said = tested["output_text"].as_str().expect("text");
    assert!(said.starts_with("a\n  b [credential]éé"), "{said}");
    assert_eq!(said.chars().count(), 500);
}

#[test]
fn an_embedding_model_is_asked_for_an_embedding() {
    let api = Api::new();
    let id = api.provider("main");
    let model = api.model(&id, "text-embedding-3-small");
    api.upstream.answers(
        200,
        json!({"object": "list", "model": "m", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
               "usage": {"prompt_tokens": 6, "total_tokens": 6}}),
    );
    let tested = test(&api, &id, &model).must(200).body;
    assert_eq!((&tested["success"], &tested["output_text"]), (&json!(true), &Value::Null));
    assert!(api.upstream.taken()[0].url.ends_with("/v1/embeddings"));
}

#[test]
fn what_is_switched_off_can_be_tried_before_it_is_switched_on() {
    let api = Api::new();
    let id = api.provider("main");
    let model = api.model_with(&id, json!({"model": "gpt-5.4", "enabled": false}));
    api.patch(&format!("/api/v1/providers/{id}"), json!({"enabled": false})).must(200);
    api.upstream.answers(200, response("OK"));
    assert_eq!(test(&api, &id, &model).must(200).body["success"], true);
}

#[test]
fn a_call_that_cannot_be_made_fails_the_test_with_the_reason() {
    let api = Api::new();
    let unset = api.provider_with(json!({"name": "unset", "provider": "openai"}));
    let model = api.model(&unset, "m");
    let tested = test(&api, &unset, &model).must(200).body;
    assert_eq!((&tested["success"], &tested["protocol"]), (&json!(false), &Value::Null));
    assert_eq!(tested["error"]["status"], 502);
    assert!(tested["error"]["message"].as_str().is_some_and(|message| message.contains("no credential")), "{tested}");
    assert_eq!(usage(&api)["error"], "credential.missing");

    let other = api.provider("other");
    api.delete(&format!("/api/v1/providers/{unset}?models=orphan")).must(204);
    let tested = test(&api, &other, &model).must(200).body;
    assert_eq!((&tested["success"], &tested["error"]["status"]), (&json!(false), &json!(404)));
    test(&api, &other, "mdl_0123456789abcdef").refuses(404, "not_found", "");
    assert!(api.upstream.taken().is_empty());
}

#[test]
fn a_test_goes_out_with_the_callers_own_key_and_only_to_what_it_may_call() {
    let api = Api::new();
    let id = api.provider("main");
    let model = api.model(&id, "gpt-5.4");
    let user = api.post("/api/v1/users", json!({"name": "ann", "role": "admin"})).must(201).id();
    let token = api.token(json!({"name": "t", "user_id": user, "role": "admin"}));
    let ann = api.as_token(&token);
    ann.put(&format!("/api/v1/me/provider-keys/{id}"), json!({"api_key": "sk-own-0123456789abcdefgh"})).must(201);
    api.upstream.answers(200, response("OK"));
    let path = format!("/api/v1/providers/{id}/models/{model}/test");
    assert_eq!(ann.post(&path, json!({})).must(200).body["success"], true);
    assert_eq!(api.upstream.taken()[0].header("authorization"), Some("Bearer sk-own-0123456789abcdefgh"));
    assert_eq!(usage(&api)["user"], user.as_str());

    let narrow = api.token(json!({"name": "n", "role": "admin", "allowed_models": ["other^*"]}));
    api.as_token(&narrow).post(&path, json!({})).refuses(403, "model.forbidden", "model");
    let member = api.token_of_role("member");
    api.as_token(&member).post(&path, json!({})).refuses(403, "auth.forbidden", "");
    assert!(api.upstream.taken().is_empty());
}

#[test]
fn anthropics_bound_is_the_operators_where_there_is_one() {
    let api = Api::new();
    for (name, advanced, expected) in [("a", json!({}), 1024), ("b", json!({"max_tokens": 64}), 64)] {
        let id = api
            .provider_with(json!({"name": name, "provider": "anthropic", "api_key": KEY, "advanced_json": advanced}));
        let model = api.model(&id, "claude-sonnet-4-6");
        api.upstream.answers(200, message("OK"));
        assert_eq!(test(&api, &id, &model).must(200).body["success"], true);
        assert_eq!(api.upstream.taken()[0].body["max_tokens"], expected);
    }
}

#[test]
fn a_token_with_limits_makes_no_call_that_they_do_not_count() {
    let api = Api::new();
    let id = api.provider("main");
    let model = api.model(&id, "gpt-5.4");
    let limited = api.token(json!({"name": "lead", "role": "admin", "limits": {"budget_usd": 5}}));
    let path = format!("/api/v1/providers/{id}/models/{model}/test");
    let refused = api.changes_nothing(|| api.as_token(&limited).post(&path, json!({})));
    refused.refuses(403, "limits.unenforceable", "");
    assert!(api.upstream.taken().is_empty());
}
