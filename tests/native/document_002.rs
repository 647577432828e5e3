//! Document 002, `/api/admin/providers`: its examples as they stand there.

use crate::harness::{ADMIN_TOKEN, Api, K1};
use serde_json::{Value, json};

const PATH: &str = "/api/admin/providers";

fn at(id: &str) -> String {
    format!("{PATH}/{id}")
}

fn at_home() -> Api {
    Api::with(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1), ("ALLOW_PRIVATE_UPSTREAMS", "true")])
}

/// "Adding a Provider".
fn openai() -> Value {
    json!({
        "name": "OpenAI",
        "type": "openai",
        "base_url": "https://api.openai.com/v1",
        "api_key": "sk-0123456789abcdefghijkl",
        "enabled": true
    })
}

#[test]
fn adding_a_provider_shows_it_without_its_key() {
    let api = Api::new();
    let made = api.post(PATH, openai()).must(201);
    let id = made.id();
    let expected = json!({
        "id": id, "name": "OpenAI", "type": "openai", "base_url": "https://api.openai.com/v1", "enabled": true,
        "api_key_configured": true, "models_count": 0,
    });
    assert_eq!(made.body, expected);
    assert_eq!(made.header("location"), Some(at(&id).as_str()));
    assert_eq!(api.get(&at(&id)).must(200).body, expected);
    api.model(&id, "gpt-5.4");
    let mut with_model = expected;
    with_model["models_count"] = json!(1);
    assert_eq!(api.get(PATH).must(200).body, json!({"providers": [with_model]}));
    assert!(!api.transcript.borrow().contains("0123456789abcdefghijkl"));
    // The same to the service's own door, the key's hint included.
    let own = api.get(&format!("/api/v1/providers/{id}")).body;
    assert_eq!((&own["provider"], &own["credential"]["hint"]), (&json!("openai"), &json!("ijkl")));
}

#[test]
fn a_local_ollama_is_an_openai_without_a_key() {
    let body = json!({
        "name": "Local Ollama",
        "type": "openai",
        "base_url": "http://localhost:11434/v1",
        "api_key": "",
        "enabled": true
    });
    let api = at_home();
    let made = api.post(PATH, body.clone()).must(201);
    assert_eq!(made.body["api_key_configured"], false);
    assert_eq!(api.get(&format!("/api/v1/providers/{}", made.id())).body["credential"]["source"], "none");
    // On a deployment that may not call private addresses it is refused, by the field.
    let guarded = Api::new();
    guarded.changes_nothing(|| guarded.post(PATH, body)).says(422, &["base_url", "ALLOW_PRIVATE_UPSTREAMS"]);
}

#[test]
fn each_type_of_the_table_is_taken_with_its_example_of_a_base_url() {
    let api = at_home();
    for (name, kind, base_url) in [
        ("OpenAI", "openai", Some("https://api.openai.com/v1")),
        ("Anthropic", "anthropic", Some("https://api.anthropic.com")),
        ("Google AI", "google", None),
        ("Ollama", "openai", Some("http://localhost:11434/v1")),
        ("Custom", "openai", Some("https://llm.example.com/v1")),
    ] {
        let made = api.post(PATH, json!({"name": name, "type": kind, "base_url": base_url, "api_key": ""})).must(201);
        assert_eq!((&made.body["type"], &made.body["base_url"]), (&json!(kind), &json!(base_url)));
        assert_eq!(made.body["enabled"], true);
    }
}

#[test]
fn updating_changes_what_is_given_and_renames() {
    let api = Api::new();
    let id = api.post(PATH, openai()).must(201).id();
    let updated = api
        .root()
        .put(&at(&id), json!({"name": "Updated Name", "base_url": "https://new-url.com/v1", "enabled": true}))
        .must(200);
    let expected = json!({
        "id": id, "name": "Updated Name", "type": "openai", "base_url": "https://new-url.com/v1", "enabled": true,
        "api_key_configured": true, "models_count": 0,
    });
    assert_eq!(updated.body, expected);
    let rekeyed = api.root().put(&at(&id), json!({"api_key": "sk-another-0123456789wxyz"})).must(200);
    assert_eq!(rekeyed.body, expected);
    assert_eq!(api.get(&format!("/api/v1/providers/{id}")).body["credential"]["hint"], "wxyz");
    assert_eq!(api.root().put(&at(&id), json!({"base_url": null})).must(200).body["base_url"], Value::Null);
    assert_eq!(api.root().put(&at(&id), json!({"api_key": ""})).must(200).body["api_key_configured"], false);
}

#[test]
fn toggling_takes_a_boolean_and_nothing_else() {
    let api = Api::new();
    let id = api.post(PATH, openai()).must(201).id();
    let toggle = format!("{}/toggle", at(&id));
    assert_eq!(api.root().put(&toggle, json!({"enabled": false})).must(200).body["enabled"], false);
    assert_eq!(api.last_audit()["action"], "aiProviders:UpdateAiProvider");
    assert_eq!(api.root().put(&toggle, json!({"enabled": true})).must(200).body["enabled"], true);
    for body in [json!({}), json!({"enabled": "false"}), json!({"enabled": null}), json!({"enabled": 0})] {
        api.changes_nothing(|| api.root().put(&toggle, body)).says(400, &["enabled"]);
    }
    api.changes_nothing(|| api.root().put(&toggle, json!({"enabled": true, "name": "x"}))).says(422, &["name"]);
    api.root().put(&format!("{PATH}/aip_0123456789abcdef/toggle"), json!({"enabled": true})).says(404, &["provider"]);
    let got = api.get(&toggle);
    got.says(405, &["GET"]);
    assert_eq!(got.header("allow"), Some("PUT, OPTIONS"));
}

#[test]
fn a_disabled_provider_is_hidden_from_users_and_comes_back_unchanged() {
    let api = Api::new();
    let id = api.post(PATH, openai()).must(201).id();
    api.model_with(&id, json!({"model": "gpt-5.4", "name": "fast", "priority": 3}));
    let token = api.token_of_role("member");
    let user = api.as_token(&token);
    let seen = || (user.get("/api/providers").must(200).body, user.get("/api/models").must(200).body);
    let before = (seen(), api.get(&format!("/api/v1/providers/{id}")).body);
    assert_eq!(before.0.0["providers"][0]["models_count"], 1);
    assert_eq!(before.0.1["models"][0]["selector"], "OpenAI^gpt-5.4");
    api.root().put(&format!("{}/toggle", at(&id)), json!({"enabled": false})).must(200);
    assert_eq!(seen(), (json!({"providers": []}), json!({"models": []})));
    assert_eq!(user.get(PATH).must(200).body, json!({"providers": []}));
    // Those who manage providers see it where they manage them, and not where users choose.
    assert_eq!(api.get(PATH).body["providers"][0]["enabled"], false);
    assert_eq!(api.get("/api/providers").must(200).body, json!({"providers": []}));
    api.root().put(&format!("{}/toggle", at(&id)), json!({"enabled": true})).must(200);
    assert_eq!((seen(), api.get(&format!("/api/v1/providers/{id}")).body), before);
}

#[test]
fn a_users_selector_offers_what_its_token_may_call() {
    let api = Api::new();
    let id = api.post(PATH, openai()).must(201).id();
    let fast = api.model_with(&id, json!({"model": "gpt-5.4-mini", "name": "fast"}));
    api.clock.advance(1);
    api.model(&id, "gpt-5.4");
    let off = api.model(&id, "off");
    api.patch(&format!("/api/v1/providers/{id}/models/{off}"), json!({"enabled": false})).must(200);
    let all = api.get("/api/models").must(200).body;
    assert_eq!(
        all["models"][0],
        json!({"id": fast, "name": "gpt-5.4-mini", "display_name": "fast", "selector": "OpenAI^gpt-5.4-mini",
               "provider_id": id, "provider_name": "OpenAI", "is_default": true})
    );
    assert_eq!(all["models"].as_array().map(Vec::len), Some(2));
    let token = api.token(json!({"name": "t", "role": "member", "allowed_models": ["*mini"]}));
    assert_eq!(api.as_token(&token).get("/api/models").must(200).body["models"], json!([all["models"][0]]));
}

#[test]
fn deleting_takes_the_models_along_and_says_so() {
    let api = Api::new();
    let id = api.post(PATH, openai()).must(201).id();
    api.model(&id, "gpt-5.4");
    let gone = api.delete(&at(&id)).must(200);
    assert!(gone.body["message"].as_str().is_some_and(|message| message.contains("OpenAI")), "{}", gone.text);
    assert_eq!(gone.body.as_object().map(serde_json::Map::len), Some(1));
    assert_eq!(api.db.count("SELECT count(*) FROM models"), 0);
    api.delete(&at(&id)).says(404, &[&id]);
}

#[test]
fn bad_input_gets_the_services_refusal_in_this_doors_words() {
    let api = Api::new();
    let id = api.post(PATH, openai()).must(201).id();
    let with = |field: &str, value: Value| {
        let mut body = openai();
        body["name"] = json!("Another");
        body[field] = value;
        api.changes_nothing(|| api.post(PATH, body))
    };
    with("type", json!("claude")).says(422, &["type must be one of openai, anthropic"]);
    with("type", json!(null)).says(422, &["type cannot be null"]);
    with("name", json!("a^b")).says(422, &["name", "^"]);
    with("name", json!("openai")).says(409, &["name"]);
    with("enabled", json!("yes")).says(422, &["enabled"]);
    with("api_key", json!("sk-…abcd")).says(422, &["api_key"]);
    with("provider", json!("openai")).says(422, &["provider", "type"]);
    with("models_count", json!(1)).says(422, &["models_count", "read-only"]);
    api.post(PATH, json!({"name": "x"})).says(422, &["type is required"]);
    api.post(PATH, json!({"type": "openai"})).says(422, &["name is required"]);
    api.changes_nothing(|| api.root().put(&at(&id), json!({}))).says(422, &["changes nothing", "type"]);
    api.root().send("POST", PATH, b"{".to_vec()).says(400, &["line 1"]);
    api.authorized(None).get(PATH).says(401, &["token"]);
    let token = api.token_of_role("member");
    api.changes_nothing(|| api.as_token(&token).post(PATH, openai())).says(403, &["aiProviders:CreateAiProvider"]);
    api.changes_nothing(|| api.as_token(&token).put(&format!("{}/toggle", at(&id)), json!({"enabled": false})))
        .says(403, &["aiProviders:UpdateAiProvider"]);
    api.get("/api/admin/nowhere").says(404, &["/api/admin/nowhere"]);
    let patch = api.patch(&at(&id), json!({}));
    patch.says(405, &["PATCH"]);
    assert_eq!(patch.header("allow"), Some("GET, HEAD, PUT, DELETE, OPTIONS"));
}

/// "Admin Keys vs. User Keys": set by each user, for the provider that this door made.
#[test]
fn a_user_key_is_set_for_a_provider_of_this_door() {
    let api = Api::new();
    let id = api.post(PATH, json!({"name": "OpenAI", "type": "openai"})).must(201).id();
    assert_eq!(api.get(PATH).body["providers"][0]["api_key_configured"], false);
    let token = api.token_of_user("ann");
    let key = json!({"api_key": "sk-own-0123456789abcdefgh"});
    api.as_token(&token).put(&format!("/api/v1/me/provider-keys/{id}"), key).must(201);
    // An own key is nobody else's to see: the admin's is still missing.
    assert_eq!(api.get(PATH).body["providers"][0]["api_key_configured"], false);
}
