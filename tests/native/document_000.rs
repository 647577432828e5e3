//! Document 000, `/v1/llm-providers`: its tables, field by field.

use crate::harness::Api;
use serde_json::{Value, json};

const PATH: &str = "/v1/llm-providers";

fn anthropic() -> Value {
    json!({"name": "anthropic-main", "provider": "anthropic", "api_key": "sk-ant-0123456789abcdef"})
}

/// "Create Provider", every field of the table.
#[test]
fn each_field_of_create_provider_is_taken_and_the_key_is_stored_sealed() {
    let api = Api::new();
    let body = json!({
        "name": "openai-main", "provider": "openai", "api_key": "sk-0123456789abcdefghijkl",
        "base_url": "https://llm.example.com/v1", "openai_api_mode": "auto", "advanced_json": {"service_tier": "flex"},
    });
    let made = api.post(PATH, body.clone()).must(201);
    for field in ["name", "provider", "base_url", "openai_api_mode", "advanced_json"] {
        assert_eq!(made.body[field], body[field], "{field}");
    }
    assert!(made.body.get("api_key").is_none());
    assert!(api.db.one("SELECT credential FROM providers").starts_with("v1.k1."));
    assert_eq!(api.get(PATH).must(200).body["data"], json!([made.body]));
    for mode in ["responses", "chat_completions"] {
        let mode = json!({"name": mode, "provider": "openai", "api_key": "sk-0123456789abcdefghijkl", "openai_api_mode": mode});
        api.post(PATH, mode).must(201);
    }
    for (field, value) in [("name", json!("a^b")), ("openai_api_mode", json!("both")), ("advanced_json", json!([]))] {
        let mut bad = body.clone();
        bad["name"] = json!("other");
        bad[field] = value;
        api.changes_nothing(|| api.post(PATH, bad)).invalid(field);
    }
    api.post(PATH, json!({"provider": "openai", "api_key": "sk-0123456789abcdefghijkl"})).invalid("name");
    api.post(PATH, json!({"name": "x", "api_key": "sk-0123456789abcdefghijkl"})).invalid("provider");
}

/// "Update Provider", every field of the table, and null where it says so.
#[test]
fn each_field_of_update_provider_is_changed_alone_and_null_clears_what_may_be_null() {
    let api = Api::new();
    let id = api
        .post(PATH, json!({"name": "a", "provider": "openai", "api_key": "sk-0123456789abcdefghijkl"}))
        .must(201)
        .id();
    let at = format!("{PATH}/{id}");
    for (field, value) in [
        ("name", json!("b")),
        ("provider", json!("xai")),
        ("base_url", json!("https://llm.example.com/v1")),
        ("openai_api_mode", json!("responses")),
        ("advanced_json", json!({"store": false})),
    ] {
        let before = api.get(&at).body;
        let after = api.patch(&at, json!({ field: value })).must(200).body;
        assert_eq!(after[field], value);
        for kept in ["name", "provider", "base_url", "openai_api_mode", "advanced_json"] {
            assert!(kept == field || after[kept] == before[kept], "{field} changed {kept}");
        }
    }
    let rekeyed = api.patch(&at, json!({"api_key": "sk-another-0123456789wxyz"})).must(200).body;
    assert_eq!(rekeyed["credential"]["hint"], "wxyz");
    for field in ["base_url", "openai_api_mode", "advanced_json"] {
        assert_eq!(api.patch(&at, json!({ field: null })).must(200).body[field], Value::Null);
    }
    for field in ["name", "provider", "api_key"] {
        api.changes_nothing(|| api.patch(&at, json!({ field: null }))).invalid(field);
    }
}

/// "Create Provider Model" and "Update Provider Model": every field of the table through both.
#[test]
fn each_field_of_a_model_is_taken_at_creation_and_changed_alone() {
    let api = Api::new();
    let id = api.post(PATH, anthropic()).must(201).id();
    let models = format!("{PATH}/{id}/models");
    let body = json!({
        "model": "claude-sonnet-4-20250514", "priority": 10, "is_default": true, "tags": ["chat", "prod"],
        "when": {"tools": {"$gt": 0}}, "advanced_json": {"max_tokens": 4096}, "multiplier": 1.5,
        "cost_per_1k_input": 0.003, "cost_per_1k_output": 0.015, "cost_per_1k_cache_write": 0.00375,
        "cost_per_1k_cache_read": 0.0003,
    });
    let made = api.post(&models, body.clone()).must(201);
    for (field, value) in body.as_object().expect("an object") {
        assert_eq!(made.body[field], *value, "{field}");
    }
    assert_eq!(made.body["selector"], "anthropic-main^claude-sonnet-4-20250514");
    assert_eq!(api.get(&models).must(200).body["data"], json!([made.body]));
    let at = format!("{models}/{}", made.id());
    for (field, value) in [
        ("model", json!("claude-opus-4-1")),
        ("priority", json!(-1)),
        ("tags", json!([])),
        ("when", json!({"stream": true})),
        ("advanced_json", json!({"top_k": 5})),
        ("multiplier", json!(2.0)),
        ("cost_per_1k_input", json!(0.1)),
        ("cost_per_1k_output", json!(0.2)),
        ("cost_per_1k_cache_write", json!(0.3)),
        ("cost_per_1k_cache_read", json!(0.4)),
    ] {
        let before = api.get(&at).body;
        let after = api.patch(&at, json!({ field: value })).must(200).body;
        assert_eq!(after[field], value, "{field}");
        for kept in body.as_object().expect("an object").keys() {
            assert!(kept == field || after[kept] == before[kept], "{field} changed {kept}");
        }
    }
    api.delete(&at).must(204);
    api.get(&at).refuses(404, "not_found", "");
}

#[test]
fn deleting_a_provider_removes_its_nested_model_list() {
    let api = Api::new();
    let id = api.post(PATH, anthropic()).must(201).id();
    api.post(&format!("{PATH}/{id}/models"), json!({"model": "claude-sonnet-4-20250514"})).must(201);
    api.delete(&format!("{PATH}/{id}")).must(204);
    api.get(&format!("{PATH}/{id}/models")).refuses(404, "not_found", "");
    assert_eq!(api.db.count("SELECT count(*) FROM models"), 0);
}

#[test]
fn all_endpoints_require_the_bearer_token() {
    let api = Api::new();
    let id = api.post(PATH, anthropic()).must(201).id();
    for (method, path) in [
        ("GET", PATH.to_owned()),
        ("POST", PATH.to_owned()),
        ("PATCH", format!("{PATH}/{id}")),
        ("DELETE", format!("{PATH}/{id}")),
        ("GET", format!("{PATH}/{id}/models")),
        ("POST", format!("{PATH}/{id}/models")),
        ("GET", format!("{PATH}/{id}/available-models")),
    ] {
        api.authorized(None).send(method, &path, b"{}".to_vec()).refuses(401, "auth.invalid_token", "");
    }
}
