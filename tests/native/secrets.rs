//! `/api/v1/secrets`.

use crate::harness::{Api, NOW};
use serde_json::{Value, json};

const PATH: &str = "/api/v1/secrets";
const VALUE: &str = "sk-0123456789abcdefghijWXYZ";

fn at(id: &str) -> String {
    format!("{PATH}/{id}")
}

#[test]
fn a_secret_is_sealed_and_never_shown() {
    let api = Api::new();
    let made = api.post(PATH, json!({"name": " Main key ", "value": VALUE})).must(201);
    let expected = json!({"id": made.id(), "project_id": api.default_project(), "name": "Main key", "has_value": true,
        "hint": "WXYZ", "provider_count": 0, "created_at": "2026-11-20T06:44:34.007Z", "updated_at": "2026-11-20T06:44:34.007Z"});
    assert_eq!((&made.body, made.header("location")), (&expected, Some(at(&made.id()).as_str())));
    assert_eq!(api.get(&at(&made.id())).must(200).body, expected);
    assert_eq!(api.get(PATH).must(200).body, json!({"data": [expected], "next_cursor": null}));
    assert!(api.db.one("SELECT value FROM secrets").starts_with("v1.k1."));
    assert_eq!(
        api.last_audit(),
        json!({"project": api.default_project(), "actor": "root", "action": "secrets:CreateSecret", "type": "secret",
        "id": made.id(), "fields": ["name", "value"], "address": "192.0.2.7", "at": NOW})
    );
}

#[test]
fn two_secrets_of_one_value_are_sealed_differently() {
    let api = Api::new();
    api.secret("a", VALUE);
    api.secret("b", VALUE);
    assert_eq!(api.db.count("SELECT count(DISTINCT value) FROM secrets"), 2);
}

#[test]
fn bad_secrets_are_refused_by_field() {
    let api = Api::new();
    let id = api.secret("a", VALUE);
    for (field, value) in [
        ("name", json!("")),
        ("name", json!(1)),
        ("name", Value::Null),
        ("value", json!("")),
        ("value", json!("  ")),
        ("value", json!(1)),
        ("value", Value::Null),
        ("value", json!("sk-…WXYZ")),
        ("value", json!("********")),
        ("value", json!("x".repeat(8193))),
        ("has_value", json!(true)),
        ("hint", json!("x")),
        ("other", json!(1)),
    ] {
        api.changes_nothing(|| api.patch(&at(&id), json!({field: value}))).invalid(field);
        let mut body = json!({"name": "b", "value": VALUE});
        body[field] = value;
        api.changes_nothing(|| api.post(PATH, body)).invalid(field);
    }
    api.post(PATH, json!({"value": VALUE})).invalid("name");
    api.post(PATH, json!({"name": "x"})).invalid("value");
    api.changes_nothing(|| api.post(PATH, json!({"name": "A", "value": VALUE}))).refuses(
        409,
        "secret.name_conflict",
        "name",
    );
    let other = api.secret("b", VALUE);
    api.changes_nothing(|| api.patch(&at(&other), json!({"name": "A"}))).refuses(409, "secret.name_conflict", "name");
}

#[test]
fn renaming_keeps_the_value_and_rotating_keeps_the_name() {
    let api = Api::new();
    let id = api.secret("a", VALUE);
    let sealed = api.db.one("SELECT value FROM secrets");
    api.clock.advance(1000);
    let renamed = api.patch(&at(&id), json!({"name": "b"})).must(200).body;
    assert_eq!(
        (&renamed["name"], &renamed["hint"], api.db.one("SELECT value FROM secrets")),
        (&json!("b"), &json!("WXYZ"), sealed.clone())
    );
    assert_eq!(renamed["updated_at"], "2026-11-20T06:44:35.007Z");
    let rotated = api.patch(&at(&id), json!({"value": "short"})).must(200).body;
    assert_eq!((&rotated["name"], &rotated["hint"]), (&json!("b"), &Value::Null));
    assert_ne!(api.db.one("SELECT value FROM secrets"), sealed);
}

#[test]
fn white_space_around_a_pasted_value_is_not_part_of_it() {
    let api = Api::new();
    let made = api.post(PATH, json!({"name": "a", "value": format!("  {VALUE}\n")})).must(201);
    assert_eq!(made.body["hint"], "WXYZ");
}

#[test]
fn a_secret_in_use_is_not_deleted_and_its_users_are_named() {
    let api = Api::new();
    let id = api.secret("a", VALUE);
    let first = api.provider_with(json!({"name": "one", "provider": "openai", "secret_id": id}));
    api.clock.advance(1);
    let second = api.provider_with(json!({"name": "two", "provider": "groq", "secret_id": id}));
    assert_eq!(api.get(&at(&id)).body["provider_count"], 2);
    let refused = api.changes_nothing(|| api.delete(&at(&id)));
    refused.refuses(409, "secret.in_use", "");
    assert!(refused.message().contains("one, two"), "{}", refused.message());
    assert_eq!(
        refused.body["error"]["details"],
        json!({"providers": [{"id": first, "name": "one"}, {"id": second, "name": "two"}]})
    );
    api.delete(&format!("/api/v1/providers/{first}")).must(204);
    api.patch(&format!("/api/v1/providers/{second}"), json!({"secret_id": null})).must(200);
    api.delete(&at(&id)).must(204);
    api.get(&at(&id)).refuses(404, "not_found", "");
    assert_eq!(api.last_audit()["action"], "secrets:DeleteSecret");
}

#[test]
fn without_a_ring_nothing_is_sealed_and_everything_else_works() {
    for ring in [
        "",
        "k1:c2hvcnQ=",
        "nonsense",
        "k1:!!!!",
        "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=,k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    ] {
        let api = Api::new().with_ring(ring);
        for (path, body) in [
            (PATH, json!({"name": "a", "value": VALUE})),
            ("/api/v1/providers", json!({"name": "a", "provider": "openai", "api_key": VALUE})),
            ("/api/v1/sealing-keys/rotate", json!({})),
        ] {
            let refused = api.changes_nothing(|| api.post(path, body));
            refused.refuses(503, "sealing.not_configured", "");
            assert!(refused.message().contains("SEALING_KEYS"), "{}", refused.message());
        }
        api.get("/api/v1/sealing-keys").refuses(503, "sealing.not_configured", "");
        let id = api.provider_with(json!({"name": "keyless", "provider": "openai", "api_key": ""}));
        api.model(&id, "m");
        api.get(PATH).must(200);
    }
}
