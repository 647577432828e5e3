//! Document 001, `/api/v1/ai-providers`: its data model, slugs and permissions as they stand there.

use crate::harness::{ADMIN_TOKEN, Answer, Api, K1};
use serde_json::{Value, json};

const PATH: &str = "/api/v1/ai-providers";

fn at(id: &str) -> String {
    format!("{PATH}/{id}")
}

/// A deployment that may call servers of its own.
fn at_home() -> Api {
    Api::with(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1), ("ALLOW_PRIVATE_UPSTREAMS", "true")])
}

fn made(api: &Api, body: Value) -> Answer {
    api.post(PATH, body).must(201)
}

#[test]
fn a_provider_has_the_fields_of_the_data_model_and_no_others() {
    let api = Api::new();
    let project = api.default_project();
    let secret = api.secret("openai-key", "sk-0123456789abcdefghijkl");
    let body = json!({
        "projectId": project, "secretId": secret, "name": "GPT", "provider": "openai", "defaultModel": "gpt-5.4",
        "baseUrl": "https://llm.example.com/v1", "config": {"temperature": 0.5, "timeout_ms": 60000},
    });
    let made = made(&api, body);
    let id = made.id();
    assert!(id.starts_with("aip_"));
    assert_eq!(made.header("location"), Some(at(&id).as_str()));
    let expected = json!({
        "id": id, "projectId": project, "secretId": secret, "name": "GPT", "provider": "openai",
        "defaultModel": "gpt-5.4", "baseUrl": "https://llm.example.com/v1",
        "config": {"temperature": 0.5, "timeout_ms": 60000},
        "createdAt": "2026-11-20T06:44:34.007Z", "updatedAt": "2026-11-20T06:44:34.007Z",
    });
    assert_eq!(made.body, expected);
    let read = api.get(&at(&id)).must(200);
    assert_eq!((&read.body, read.etag()), (&expected, made.etag()));
    // A bare array.
    assert_eq!(api.get(PATH).must(200).body, json!([expected]));
    assert_eq!(api.get(&format!("{PATH}?projectId={project}")).must(200).body, json!([expected]));
}

#[test]
fn what_is_optional_is_null() {
    let api = Api::new();
    let made = made(&api, json!({"name": "Claude", "provider": "anthropic", "defaultModel": "claude-sonnet-4-6"}));
    for field in ["secretId", "baseUrl", "config"] {
        assert_eq!(made.body[field], Value::Null, "{field}");
    }
    assert_eq!(made.body["projectId"], api.default_project().as_str());
}

#[test]
fn each_slug_of_the_table_is_taken() {
    let api = at_home();
    for slug in ["openai", "anthropic", "google", "xai", "groq", "ollama", "azure", "bedrock", "gateway", "custom"] {
        let base = matches!(slug, "azure" | "gateway" | "custom").then_some("https://llm.example.com/v1");
        let body = json!({"name": slug, "provider": slug, "defaultModel": "m", "baseUrl": base});
        assert_eq!(made(&api, body).body["provider"], slug);
    }
    api.post(PATH, json!({"name": "x", "provider": "mistral", "defaultModel": "m"}))
        .says(422, &["provider", "gateway"]);
    assert_eq!(api.get(PATH).body.as_array().map(Vec::len), Some(10));
}

#[test]
fn the_default_model_is_registered_where_it_is_not_there() {
    let api = Api::new();
    let id = made(&api, json!({"name": "main", "provider": "openai", "defaultModel": "gpt-5.4"})).id();
    let models = format!("/api/v1/providers/{id}/models");
    assert_eq!(api.get(&models).column("selector"), ["main^gpt-5.4"]);
    api.clock.advance(1);
    // One that is there becomes the default again, whatever its case; no second one is made.
    assert_eq!(api.patch(&at(&id), json!({"defaultModel": "gpt-6"})).must(200).body["defaultModel"], "gpt-6");
    assert_eq!(api.patch(&at(&id), json!({"defaultModel": "GPT-5.4"})).must(200).body["defaultModel"], "gpt-5.4");
    assert_eq!(api.get(&models).column("model"), ["gpt-5.4", "gpt-6"]);
    let defaults = api.db.all("SELECT model FROM models WHERE is_default = 1");
    assert_eq!(defaults, ["gpt-5.4"]);
    assert_eq!(api.last_audit()["action"], "aiProviders:UpdateAiProvider");
    assert_eq!(api.last_audit()["fields"], json!(["default_model"]));
}

#[test]
fn a_provider_without_models_has_an_empty_default_because_the_document_knows_no_null() {
    let api = Api::new();
    let id = api.provider("main");
    assert_eq!(api.get(&at(&id)).must(200).body["defaultModel"], "");
    api.changes_nothing(|| api.patch(&at(&id), json!({"defaultModel": null}))).says(422, &["defaultModel", "null"]);
    api.changes_nothing(|| api.patch(&at(&id), json!({"defaultModel": "  "}))).says(422, &["defaultModel", "1 to 200"]);
}

#[test]
fn a_create_that_fails_on_its_model_or_its_secret_leaves_nothing() {
    let api = Api::new();
    let with = |extra: Value| {
        let mut body = json!({"name": "main", "provider": "openai", "defaultModel": "gpt-5.4"});
        body.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
        api.changes_nothing(|| api.post(PATH, body))
    };
    with(json!({"defaultModel": ""})).says(422, &["defaultModel"]);
    with(json!({"defaultModel": "x".repeat(201)})).says(422, &["defaultModel"]);
    with(json!({"defaultModel": 5})).says(422, &["defaultModel", "string"]);
    with(json!({"secretId": "sec_0123456789abcdef"})).says(422, &["secret", "sec_0123456789abcdef"]);
    with(json!({"secretId": 1})).says(422, &["secretId"]);
    with(json!({"config": {"messages": []}})).says(422, &["config.messages"]);
    with(json!({"config": []})).says(422, &["config", "object"]);
    with(json!({"baseUrl": "http://localhost:1234"})).says(422, &["baseUrl"]);
    with(json!({"projectId": "prj_0123456789abcdef"})).says(404, &["project"]);
    // The service's own names are not this door's.
    for (field, value) in [("api_key", json!("sk-0123456789")), ("base_url", Value::Null), ("enabled", json!(true))] {
        with(json!({ field: value })).says(422, &[field, "defaultModel", "baseUrl"]);
    }
    for field in ["id", "createdAt", "updatedAt"] {
        with(json!({ field: "x" })).says(422, &[field, "read-only"]);
    }
}

#[test]
fn what_the_document_demands_is_demanded_by_name() {
    let api = Api::new();
    api.post(PATH, json!({"provider": "openai"})).says(422, &["name is required"]);
    api.post(PATH, json!({"name": "x", "baseUrl": "https://llm.example.com"})).says(422, &["provider is required"]);
    api.root().send("POST", PATH, b"{".to_vec()).says(400, &["line 1"]);
    api.root().content_type(Some("text/plain")).post(PATH, json!({})).says(415, &["application/json"]);
}

#[test]
fn an_update_is_partial_and_a_null_clears() {
    let api = Api::new();
    let secret = api.secret("k", "sk-0123456789abcdefghijkl");
    let id = made(
        &api,
        json!({"name": "a", "provider": "openai", "defaultModel": "m", "baseUrl": "https://llm.example.com/v1",
               "config": {"top_p": 1}, "secretId": secret}),
    )
    .id();
    let before = api.get(&at(&id)).body;
    let renamed = api.patch(&at(&id), json!({"name": "b"})).must(200).body;
    let mut expected = before;
    expected["name"] = json!("b");
    assert_eq!(renamed, expected);
    let cleared = api.patch(&at(&id), json!({"baseUrl": null, "config": null, "secretId": null})).must(200).body;
    for field in ["baseUrl", "config", "secretId"] {
        assert_eq!(cleared[field], Value::Null, "{field}");
    }
    for field in ["name", "provider", "projectId"] {
        api.changes_nothing(|| api.patch(&at(&id), json!({ field: null }))).says(422, &[field, "null"]);
    }
    api.changes_nothing(|| api.patch(&at(&id), json!({}))).says(422, &["changes nothing", "baseUrl"]);
    api.changes_nothing(|| api.patch(&at(&id), json!({"projectId": "prj_0123456789abcdef"}))).says(422, &["projectId"]);
    let stale = api.root().if_match("\"0\"");
    api.changes_nothing(|| stale.patch(&at(&id), json!({"name": "c"}))).says(412, &["read it again"]);
    api.changes_nothing(|| stale.delete(&at(&id))).says(412, &["read it again"]);
}

#[test]
fn a_name_that_is_taken_is_a_conflict() {
    let api = Api::new();
    api.provider("main");
    let body = json!({"name": "MAIN", "provider": "groq", "defaultModel": "m"});
    api.changes_nothing(|| api.post(PATH, body)).says(409, &["name"]);
}

#[test]
fn a_deleted_provider_is_gone_with_its_model() {
    let api = Api::new();
    let id = made(&api, json!({"name": "a", "provider": "openai", "defaultModel": "m"})).id();
    let gone = api.delete(&at(&id)).must(204);
    assert_eq!(gone.text, "");
    api.get(&at(&id)).says(404, &["provider", &id]);
    api.delete(&at(&id)).says(404, &[&id]);
    assert_eq!(api.db.count("SELECT count(*) FROM models"), 0);
}

/// The document's table, row by row.
#[test]
fn each_permission_allows_its_endpoint_and_no_other() {
    let api = Api::new();
    let id = made(&api, json!({"name": "a", "provider": "openai", "defaultModel": "m"})).id();
    let endpoints = [
        ("aiProviders:ListAiProviders", "GET", PATH.to_owned(), 200),
        ("aiProviders:GetAiProvider", "GET", at(&id), 200),
        ("aiProviders:CreateAiProvider", "POST", PATH.to_owned(), 201),
        ("aiProviders:UpdateAiProvider", "PATCH", at(&id), 200),
        ("aiProviders:DeleteAiProvider", "DELETE", at(&id), 204),
    ];
    for (permission, ..) in &endpoints {
        let policy = json!([{"effect": "allow", "actions": [permission]}]);
        let token = api.token(json!({"name": permission, "policy": policy}));
        for (needed, method, path, expected) in &endpoints {
            let body = match *method {
                "POST" => json!({"name": permission, "provider": "openai", "defaultModel": "m"}),
                _ => json!({"name": "a"}),
            };
            let answer = api.as_token(&token).send(method, path, body.to_string().into_bytes());
            if permission == needed {
                answer.must(*expected);
            } else {
                answer.says(403, &[needed]);
            }
        }
    }
}

#[test]
fn strangers_get_401_and_other_projects_404() {
    let api = Api::new();
    let id = made(&api, json!({"name": "a", "provider": "openai", "defaultModel": "m"})).id();
    let nobody = api.authorized(None).get(&at(&id));
    nobody.says(401, &["token"]);
    assert_eq!(nobody.header("www-authenticate"), Some("Bearer"));
    api.authorized(None).get("/api/v1/ai-providers/x/y").says(401, &["token"]);
    let other = api.post("/api/v1/projects", json!({"name": "other"})).must(201).id();
    let token = api.token(json!({"name": "t", "role": "admin", "project_id": other}));
    let there = api.as_token(&token);
    for method in ["GET", "PATCH", "DELETE"] {
        there.send(method, &at(&id), b"{\"name\":\"z\"}".to_vec()).says(404, &[&id]);
    }
    assert_eq!(there.get(PATH).must(200).body, json!([]));
    there.get(&format!("{PATH}?projectId={}", api.default_project())).says(404, &["project"]);
    assert_eq!(api.get(&format!("{PATH}?projectId={other}")).must(200).body, json!([]));
    let put = api.root().put(&at(&id), json!({}));
    put.says(405, &["PUT"]);
    assert_eq!(put.header("allow"), Some("GET, HEAD, PATCH, DELETE, OPTIONS"));
    api.get("/api/v1/ai-providers/x/y").says(404, &["/api/v1/ai-providers/x/y"]);
}

#[test]
fn a_server_of_ones_own_needs_no_secret() {
    let api = at_home();
    let source = |id: &str| api.get(&format!("/api/v1/providers/{id}")).body["credential"]["source"].clone();
    let local = made(&api, json!({"name": "local", "provider": "ollama", "defaultModel": "llama4"})).id();
    assert_eq!(source(&local), "none");
    let secret = api.secret("k", "sk-0123456789abcdefghijkl");
    api.patch(&at(&local), json!({"secretId": secret})).must(200);
    assert_eq!(source(&local), "secret");
    // Back to none: the server still takes calls.
    api.patch(&at(&local), json!({"secretId": null})).must(200);
    assert_eq!(source(&local), "none");
    // A vendor's account without a key is one that nobody has configured.
    let vendor = made(&api, json!({"name": "v", "provider": "openai", "defaultModel": "m", "secretId": null})).id();
    assert_eq!(source(&vendor), Value::Null);
    // A secret that holds a map of headers is unlinked, too.
    let map = api.secret("map", "{\"x-key\": \"k-0123456789abcdef\"}");
    let mapped = api.provider_with(json!({"name": "m", "provider": "gateway", "base_url": "https://gw.example.com",
        "auth_method": "custom_headers", "secret_id": map}));
    api.patch(&at(&mapped), json!({"secretId": null})).must(200);
    assert_eq!(source(&mapped), Value::Null);
    // Nothing that is set by another door is lost to a null that this one shows.
    let keyed = api.provider_with(json!({"name": "k", "provider": "custom", "base_url": "https://llm.example.com",
        "api_key": "sk-0123456789abcdefghijkl"}));
    api.patch(&at(&keyed), json!({"secretId": null, "name": "k2"})).must(200);
    assert_eq!(source(&keyed), "inline");
}

#[test]
fn the_list_has_no_pages_and_members_see_what_is_enabled_without_secrets() {
    let api = Api::new();
    let secret = api.secret("k", "sk-0123456789abcdefghijkl");
    for number in 0..60 {
        let body = json!({"name": format!("p{number}"), "provider": "openai", "defaultModel": "m", "secretId": secret,
            "config": {"top_p": 1}});
        made(&api, body);
    }
    assert_eq!(api.get(PATH).must(200).body.as_array().map(Vec::len), Some(60));
    let id = api.db.one("SELECT id FROM providers WHERE name = 'p0'");
    api.patch(&format!("/api/v1/providers/{id}"), json!({"enabled": false})).must(200);
    let token = api.token_of_role("member");
    let seen = api.as_token(&token).get(PATH).must(200).body;
    assert_eq!(seen.as_array().map(Vec::len), Some(59));
    assert_eq!((&seen[0]["secretId"], &seen[0]["config"]), (&Value::Null, &Value::Null));
    api.as_token(&token).get(&at(&id)).says(404, &[&id]);
}
