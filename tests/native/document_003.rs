//! Document 003: its two tables and its two registrations, in the words of the API that its Terraform resources speak.

use crate::harness::Api;
use serde_json::{Value, json};

const PATH: &str = "/api/v1/providers";

/// "Register a provider", with Terraform: organization, name, endpoint, protocol, auth method and secret, and no kind.
#[test]
fn both_registrations_of_the_document_need_no_kind() {
    let api = Api::new();
    for (name, endpoint, protocol, auth_method) in [
        ("openai-prod", "https://api.openai.com/v1", "responses", "bearer"),
        ("anthropic-prod", "https://api.anthropic.com/v1", "anthropic_messages", "x_api_key"),
    ] {
        let secret = api.secret(&format!("{name}-key"), "sk-0123456789abcdefghijkl");
        let made = api
            .post(
                PATH,
                json!({"project_id": api.default_project(), "name": name, "base_url": endpoint, "protocol": protocol,
                       "auth_method": auth_method, "secret_id": secret}),
            )
            .must(201);
        assert_eq!(
            made.body["resolved"],
            json!({"base_url": endpoint, "protocols": [protocol], "auth_method": auth_method})
        );
        assert_eq!(made.body["credential"]["source"], "secret");
        assert_eq!(made.body["model_count"], 0);
    }
}

#[test]
fn custom_headers_take_a_full_map_without_the_four_that_the_proxy_manages() {
    let api = Api::new();
    let with = |headers: Value| {
        let body = json!({"name": "gw", "base_url": "https://gw.example.com", "protocol": "responses",
            "auth_method": "custom_headers", "custom_headers": headers});
        api.post(PATH, body)
    };
    for forbidden in ["Host", "Content-Length", "Connection", "Transfer-Encoding", "transfer-encoding", "HOST"] {
        let refused = api.changes_nothing(|| with(json!({"x-gateway-key": "k-0123456789", forbidden: "x"})));
        assert_eq!(refused.status, 422);
        assert!(refused.message().to_lowercase().contains(&forbidden.to_lowercase()), "{}", refused.text);
    }
    let made = with(json!({"x-gateway-key": "k-0123456789abcdefghij", "x-team": "ml"})).must(201);
    assert_eq!(made.body["header_names"], json!(["x-gateway-key", "x-team"]));
    assert!(!made.text.contains("k-0123456789"), "masked after save");
}

/// "Edit and delete": its models stay, orphaned, and can be attached to another provider.
#[test]
fn deleting_with_orphan_leaves_the_models_to_be_found_and_taken_on() {
    let api = Api::new();
    let id = api.provider("openai-prod");
    let model = api.model_with(&id, json!({"model": "gpt-5.4", "name": "fast"}));
    let dependents = api.delete(&format!("{PATH}/{id}?models=refuse"));
    dependents.refuses(409, "provider.in_use", "");
    assert_eq!(dependents.body["error"]["details"], json!({"models": 1, "user_keys": 0, "names": ["gpt-5.4"]}));
    api.delete(&format!("{PATH}/{id}?models=orphan")).must(204);

    assert_eq!(api.get("/api/v1/models").column("id"), Vec::<String>::new());
    let orphans = api.get("/api/v1/models?orphaned=true").must(200);
    assert_eq!(orphans.column("id"), std::slice::from_ref(&model));
    let orphan = &orphans.body["data"][0];
    assert_eq!((&orphan["orphaned"], &orphan["selector"]), (&json!(true), &Value::Null));
    assert_eq!(api.get("/api/v1/models?orphaned=false").column("id"), Vec::<String>::new());
    api.get("/api/v1/models?orphaned=maybe").invalid("orphaned");
    // Only who manages providers can do anything about them.
    let token = api.token_of_role("member");
    assert_eq!(api.as_token(&token).get("/api/v1/models?orphaned=true").column("id"), Vec::<String>::new());

    let other = api.provider("openai-next");
    let at = format!("{PATH}/{other}/models/{model}");
    let back = api.patch(&at, json!({"provider_id": other})).must(200);
    assert_eq!((&back.body["selector"], &back.body["name"]), (&json!("openai-next^gpt-5.4"), &json!("fast")));
    assert_eq!(api.get("/api/v1/models?orphaned=true").column("id"), Vec::<String>::new());
    assert_eq!(api.get("/api/v1/models").column("id"), [model]);
}

#[test]
fn an_orphan_can_be_deleted() {
    let api = Api::new();
    let (id, other) = (api.provider("a"), api.provider("b"));
    let model = api.model(&id, "m");
    api.delete(&format!("{PATH}/{id}?models=orphan")).must(204);
    api.delete(&format!("{PATH}/{other}/models/{model}")).must(204);
    assert_eq!(api.get("/api/v1/models?orphaned=true").column("id"), Vec::<String>::new());
}
