//! What goes with a provider, what stays, and how it comes back.

use crate::harness::Api;
use serde_json::{Value, json};

fn at(id: &str) -> String {
    format!("/api/v1/providers/{id}")
}

/// A user with a key of their own at the provider.
fn own_key(api: &Api, provider: &str) {
    let token = api.token_of_user("u");
    let key = json!({"api_key": "sk-own-0123456789abcdefgh"});
    api.as_token(&token).put(&format!("/api/v1/me/provider-keys/{provider}"), key).must(201);
}

#[test]
fn by_default_its_models_and_users_keys_go_along() {
    for query in ["", "?models=cascade"] {
        let api = Api::new();
        let (id, other) = (api.provider("a"), api.provider("b"));
        api.model(&id, "m1");
        api.model(&id, "m2");
        let kept = api.model(&other, "m1");
        own_key(&api, &id);
        let gone = api.delete(&format!("{}{query}", at(&id))).must(204);
        assert_eq!(gone.text, "");
        api.get(&at(&id)).refuses(404, "not_found", "");
        assert_eq!(api.db.all("SELECT id FROM models"), [kept]);
        assert_eq!(api.db.count("SELECT count(*) FROM user_provider_keys"), 0);
        assert_eq!(api.last_audit()["action"], "aiProviders:DeleteAiProvider");
    }
}

#[test]
fn orphaning_keeps_the_models_and_they_come_back_under_another_provider() {
    let api = Api::new();
    let id = api.provider("a");
    let (m1, m2) = (
        api.model_with(&id, json!({"model": "m1", "name": "one", "priority": 3, "cost_per_1k_input": 0.5})),
        api.model(&id, "m2"),
    );
    let before = api.get(&format!("{}/models/{m1}", at(&id))).body;
    api.clock.advance(10);
    api.delete(&format!("{}?models=orphan", at(&id))).must(204);
    let other = api.provider("b");
    let path = format!("{}/models/{m1}", at(&other));
    let orphan = api.get(&path).must(200).body;
    assert_eq!(
        (&orphan["orphaned"], &orphan["selector"], &orphan["provider_id"], &orphan["is_default"]),
        (&json!(true), &Value::Null, &Value::Null, &json!(false))
    );
    assert_eq!(api.get("/api/v1/models").column("id"), Vec::<String>::new());
    assert_eq!(api.get(&format!("{}/models", at(&other))).column("id"), Vec::<String>::new());

    api.changes_nothing(|| api.patch(&path, json!({"priority": 5}))).refuses(404, "model.orphaned", "provider_id");
    api.changes_nothing(|| api.patch(&path, json!({"provider_id": "aip_0123456789abcdef"}))).invalid("provider_id");
    let back = api.patch(&path, json!({"provider_id": other})).must(200).body;
    assert_eq!(
        (&back["selector"], &back["orphaned"], &back["is_default"]),
        (&json!("b^m1"), &json!(false), &json!(true))
    );
    for field in ["name", "priority", "cost_per_1k_input", "created_at", "id"] {
        assert_eq!(back[field], before[field], "{field}");
    }
    // The second one joins and leaves the default alone, unless it asks for it.
    let joined = api.patch(&format!("{}/models/{m2}", at(&other)), json!({"provider_id": other})).must(200).body;
    assert_eq!(joined["is_default"], false);
    assert_eq!(api.get(&at(&other)).body["default_model"], "m1");
}

#[test]
fn an_orphan_that_comes_back_as_the_default_is_the_only_one() {
    let api = Api::new();
    let (a, b) = (api.provider("a"), api.provider("b"));
    let orphan = api.model(&a, "m1");
    api.model(&b, "m2");
    api.delete(&format!("{}?models=orphan", at(&a))).must(204);
    api.patch(&format!("{}/models/{orphan}", at(&b)), json!({"provider_id": b, "is_default": true})).must(200);
    assert_eq!(api.db.all("SELECT model FROM models WHERE is_default = 1"), ["m1"]);
}

#[test]
fn an_orphan_does_not_come_back_over_a_model_that_is_there() {
    let api = Api::new();
    let (a, b) = (api.provider("a"), api.provider("b"));
    let orphan = api.model(&a, "GPT-5");
    api.model(&b, "gpt-5");
    api.delete(&format!("{}?models=orphan", at(&a))).must(204);
    let path = format!("{}/models/{orphan}", at(&b));
    api.changes_nothing(|| api.patch(&path, json!({"provider_id": b}))).refuses(409, "model.conflict", "model");
    api.patch(&path, json!({"provider_id": b, "model": "gpt-5-old"})).must(200);
}

#[test]
fn an_orphan_can_be_deleted_and_is_not_seen_from_another_project() {
    let api = Api::new();
    let (a, b) = (api.provider("a"), api.provider("b"));
    let orphan = api.model(&a, "m1");
    let project = api.post("/api/v1/projects", json!({"name": "other"})).must(201).id();
    let foreign = api
        .post(&format!("/api/v1/providers?project_id={project}"), json!({"name": "c", "provider": "openai"}))
        .must(201)
        .id();
    api.delete(&format!("{}?models=orphan", at(&a))).must(204);
    api.changes_nothing(|| api.delete(&format!("{}/models/{orphan}", at(&foreign)))).refuses(404, "not_found", "");
    api.delete(&format!("{}/models/{orphan}", at(&b))).must(204);
    assert_eq!(api.db.count("SELECT count(*) FROM models"), 0);
}

#[test]
fn refusing_names_the_dependents() {
    let api = Api::new();
    let id = api.provider("a");
    let names: Vec<String> = (0..25).map(|n| format!("m{n:02}")).collect();
    for name in &names {
        api.clock.advance(1);
        api.model(&id, name);
    }
    own_key(&api, &id);
    let refused = api.changes_nothing(|| api.delete(&format!("{}?models=refuse", at(&id))));
    refused.refuses(409, "provider.in_use", "");
    assert_eq!(refused.body["error"]["details"], json!({"models": 25, "user_keys": 1, "names": names[..20]}));
    let empty = api.provider("empty");
    api.delete(&format!("{}?models=refuse", at(&empty))).must(204);
    assert_eq!(api.db.count("SELECT count(*) FROM preconditions"), 0);
}

#[test]
fn a_users_own_key_alone_is_a_dependent() {
    let api = Api::new();
    let id = api.provider("a");
    own_key(&api, &id);
    let refused = api.changes_nothing(|| api.delete(&format!("{}?models=refuse", at(&id))));
    assert_eq!(refused.body["error"]["details"], json!({"models": 0, "user_keys": 1, "names": []}));
    api.delete(&format!("{}?models=orphan", at(&id))).must(204);
    assert_eq!(api.db.count("SELECT count(*) FROM user_provider_keys"), 0);
}

#[test]
fn an_unknown_mode_is_refused() {
    let api = Api::new();
    let id = api.provider("a");
    for query in ["?models=keep", "?models=", "?models"] {
        api.changes_nothing(|| api.delete(&format!("{}{query}", at(&id)))).invalid("models");
    }
}

#[test]
fn a_deletion_honours_if_match() {
    let api = Api::new();
    let id = api.provider("a");
    let tag = api.get(&at(&id)).etag();
    api.model(&id, "m");
    api.changes_nothing(|| api.root().if_match(&tag).delete(&at(&id))).refuses(412, "request.precondition_failed", "");
    let tag = api.get(&at(&id)).etag();
    api.root().if_match(&tag).delete(&at(&id)).must(204);
}
