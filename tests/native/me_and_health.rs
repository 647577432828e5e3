//! `/api/v1/me` and `/healthz`.

use crate::harness::{ADMIN_TOKEN, Api, K1};
use serde_json::{Value, json};

#[test]
fn root_is_told_that_it_is_root() {
    let api = Api::new();
    let me = api.get("/api/v1/me").must(200).body;
    assert_eq!((&me["kind"], &me["id"], &me["project_id"]), (&json!("root"), &json!("root"), &Value::Null));
    assert!(me["actions"].as_array().is_some_and(|actions| actions.contains(&json!("sealingKeys:RotateSealingKeys"))));
}

#[test]
fn a_token_is_told_what_it_may_do() {
    let api = Api::new();
    let token = api
        .token(json!({"name": "m", "role": "member", "allowed_models": ["a^*"], "expires_at": "2027-01-01T00:00:00Z"}));
    let me = api.as_token(&token).get("/api/v1/me").must(200).body;
    assert_eq!(
        (&me["kind"], &me["name"], &me["project_id"]),
        (&json!("token"), &json!("m"), &json!(api.default_project()))
    );
    assert_eq!(
        (&me["allowed_models"], &me["expires_at"], &me["user_id"]),
        (&json!(["a^*"]), &json!("2027-01-01T00:00:00.000Z"), &Value::Null)
    );
    let actions: Vec<_> = me["actions"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(actions.contains(&"llm:Invoke") && actions.contains(&"aiProviders:ListAiProviders"), "{actions:?}");
    assert!(
        !actions
            .iter()
            .any(|action| action.contains("Create") || action.contains("Update") || action.starts_with("sealingKeys")),
        "{actions:?}"
    );
}

#[test]
fn a_token_is_told_what_decides_row_by_row() {
    let api = Api::new();
    let user = api.post("/api/v1/users", json!({"name": "u", "role": "viewer"})).must(201).body["id"].clone();
    let statements = json!([
        {"effect": "allow", "actions": ["aiProviders:*"], "resources": ["aip_1*"]},
        {"effect": "deny", "actions": ["usage:*"]},
    ]);
    let token = api.token(json!({"name": "t", "policy": statements}));
    let me = api.as_token(&token).get("/api/v1/me").must(200).body;
    let lists = |name: &str, action: &str| me[name].as_array().is_some_and(|actions| actions.contains(&json!(action)));
    assert!(!lists("actions", "aiProviders:DeleteAiProvider"), "{me}");
    assert!(lists("possible_actions", "aiProviders:DeleteAiProvider") && !lists("possible_actions", "usage:ListUsage"));
    assert_eq!(
        me["policies"],
        json!([[
            {"effect": "allow", "actions": ["aiProviders:*"], "resources": ["aip_1*"]},
            {"effect": "deny", "actions": ["usage:*"], "resources": ["*"]},
        ]])
    );
    let hers = api.token(json!({"name": "h", "role": "viewer", "user_id": user}));
    let me = api.as_token(&hers).get("/api/v1/me").must(200).body;
    let policies = me["policies"].as_array().expect("lists");
    assert!(policies.len() == 2 && policies[0] == policies[1], "{me}");
    assert_eq!(api.get("/api/v1/me").must(200).body["policies"], Value::Null);
}

fn checks(api: &Api, code: u16, status: &str) -> Value {
    let health = api.authorized(None).get("/healthz").must(code).body;
    assert_eq!(health["status"], status);
    health["checks"].clone()
}

#[test]
fn health_needs_no_token_and_says_what_is_missing() {
    let ok = json!("ok");
    let api = Api::new();
    assert_eq!(checks(&api, 200, "ok"), json!({"admin_token": "ok", "sealing_keys": "ok", "database": "ok"}));
    api.db.away.set(true);
    let away = checks(&api, 503, "degraded");
    assert!(away["admin_token"] == ok && away["sealing_keys"] == ok && away["database"] != ok, "{away}");
    let api = Api::with(&[("SEALING_KEYS", K1)]);
    assert!(checks(&api, 503, "unavailable")["admin_token"].as_str().is_some_and(|why| why.contains("ADMIN_TOKEN")));
    let api = Api::with(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", "k1:c2hvcnQtc2VjcmV0LWtleQ==")]);
    let keys = checks(&api, 503, "unavailable")["sealing_keys"].as_str().expect("text").to_owned();
    assert!(keys.contains("k1") && !keys.contains("c2hvcnQ"), "{keys}");
}

#[test]
fn without_an_admin_token_nothing_but_health_answers() {
    for token in [None, Some("short"), Some("0123456789012345678901234567890")] {
        let mut variables = vec![("SEALING_KEYS", K1)];
        variables.extend(token.map(|token| ("ADMIN_TOKEN", token)));
        let api = Api::with(&variables);
        for path in ["/api/v1/me", "/api/v1/providers", "/nowhere", "/api/v1/providers/x"] {
            for caller in [api.authorized(None), api.as_token(token.unwrap_or("x")), api.as_token("")] {
                caller.get(path).refuses(503, "admin.not_configured", "");
            }
        }
    }
}
