//! One service behind every door: what one made, each shows with the same meaning; what one refuses, none lets through.

use crate::harness::Api;
use serde_json::{Value, json};

const DOORS: [&str; 4] = ["/api/v1/providers", "/v1/llm-providers", "/api/v1/ai-providers", "/api/admin/providers"];

/// The name, kind and address of every provider, as a door lists them.
fn listed(api: &Api, door: &str) -> Vec<[Value; 3]> {
    let body = api.get(door).must(200).body;
    let (rows, kind, base_url) = match door {
        "/api/v1/ai-providers" => (&body, "provider", "baseUrl"),
        "/api/admin/providers" => (&body["providers"], "type", "base_url"),
        _ => (&body["data"], "provider", "base_url"),
    };
    let rows = rows.as_array().expect("a list");
    rows.iter().map(|row| [row["name"].clone(), row[kind].clone(), row[base_url].clone()]).collect()
}

#[test]
fn a_provider_made_through_one_door_is_seen_through_every_other() {
    let api = Api::new();
    for door in DOORS {
        let (kind, base_url) = match door {
            "/api/v1/ai-providers" => ("provider", "baseUrl"),
            "/api/admin/providers" => ("type", "base_url"),
            _ => ("provider", "base_url"),
        };
        let body = json!({"name": door, kind: "groq", base_url: "https://llm.example.com/v1"});
        api.post(door, body).must(201);
    }
    let expected: Vec<[Value; 3]> =
        DOORS.iter().map(|door| [json!(door), json!("groq"), json!("https://llm.example.com/v1")]).collect();
    for door in DOORS {
        let mut seen = listed(&api, door);
        seen.sort_by_key(|row| DOORS.iter().position(|door| row[0] == *door));
        assert_eq!(seen, expected, "{door}");
    }
}

#[test]
fn what_one_door_changes_every_other_shows() {
    let api = Api::new();
    let id = api.provider("a");
    let own = || api.get(&format!("/api/v1/providers/{id}")).must(200).body;
    api.root().put(&format!("/api/admin/providers/{id}"), json!({"name": "by 002"})).must(200);
    assert_eq!(own()["name"], "by 002");
    api.patch(&format!("/api/v1/ai-providers/{id}"), json!({"config": {"seed": 7}, "defaultModel": "m"})).must(200);
    assert_eq!((&own()["advanced_json"], &own()["default_model"]), (&json!({"seed": 7}), &json!("m")));
    assert_eq!(api.get("/api/admin/providers").body["providers"][0]["models_count"], 1);
    api.patch(&format!("/v1/llm-providers/{id}"), json!({"base_url": "https://llm.example.com"})).must(200);
    assert_eq!(api.get(&format!("/api/v1/ai-providers/{id}")).body["baseUrl"], "https://llm.example.com");
    api.root().put(&format!("/api/admin/providers/{id}/toggle"), json!({"enabled": false})).must(200);
    assert_eq!(own()["enabled"], false);
}

#[test]
fn every_write_through_any_door_leaves_one_audit_row_with_the_services_field_names() {
    let api = Api::new();
    let id =
        api.post("/api/v1/ai-providers", json!({"name": "a", "provider": "openai", "baseUrl": null})).must(201).id();
    assert_eq!(api.last_audit()["action"], "aiProviders:CreateAiProvider");
    let mut fields: Vec<String> = serde_json::from_value(api.last_audit()["fields"].clone()).expect("names");
    fields.sort();
    assert_eq!(fields, ["base_url", "name", "provider"]);
    let before = api.audit_rows();
    api.root().put(&format!("/api/admin/providers/{id}"), json!({"type": "xai"})).must(200);
    assert_eq!((api.audit_rows(), api.last_audit()["fields"].clone()), (before + 1, json!(["provider"])));
    api.delete(&format!("/api/admin/providers/{id}")).must(200);
    assert_eq!(
        (api.audit_rows(), api.last_audit()["action"].clone()),
        (before + 2, json!("aiProviders:DeleteAiProvider"))
    );
}

#[test]
fn a_deletion_through_any_door_takes_the_three_modes() {
    for door in DOORS {
        let api = Api::new();
        let id = api.provider("a");
        api.model(&id, "m");
        let refused = api.changes_nothing(|| api.delete(&format!("{door}/{id}?models=refuse")));
        assert_eq!(refused.status, 409, "{door}: {}", refused.text);
        let refused = api.changes_nothing(|| api.delete(&format!("{door}/{id}?models=perhaps")));
        assert_eq!(refused.status, 422, "{door}: {}", refused.text);
        let gone = api.delete(&format!("{door}/{id}?models=orphan"));
        assert!([200, 204].contains(&gone.status), "{door}: {}", gone.text);
        assert_eq!(api.get("/api/v1/models?orphaned=true").column("model"), ["m"], "{door}");
    }
}

#[test]
fn a_provider_that_someone_changes_meanwhile_is_not_overwritten_by_any_door() {
    for door in ["/api/v1/ai-providers", "/api/admin/providers"] {
        let api = Api::new();
        let id = api.provider("a");
        api.db.before_next_write(|db| db.run("UPDATE providers SET version = version + 1"));
        let method = if door.contains("admin") { "PUT" } else { "PATCH" };
        let refused = api.root().send(method, &format!("{door}/{id}"), b"{\"name\":\"b\"}".to_vec());
        refused.says(412, &["read it again"]);
        assert_eq!(api.get(&format!("/api/v1/providers/{id}")).body["name"], "a");
    }
}

#[test]
fn a_creation_with_an_idempotency_key_is_done_once_through_any_door() {
    for (door, body) in [
        ("/api/v1/ai-providers", json!({"name": "a", "provider": "openai", "defaultModel": "m"})),
        ("/api/admin/providers", json!({"name": "a", "type": "openai"})),
    ] {
        let api = Api::new();
        let caller = api.root().idempotency_key("once");
        let (first, again) = (caller.post(door, body.clone()).must(201), caller.post(door, body).must(201));
        assert_eq!((&first.body, again.header("idempotency-replayed")), (&again.body, Some("true")), "{door}");
        assert_eq!(api.db.count("SELECT count(*) FROM providers"), 1);
        caller.post(door, json!({"name": "b"})).says(422, &["Idempotency-Key"]);
    }
}
