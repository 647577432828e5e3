//! The audit log as its readers see it.

use crate::harness::{ADMIN_TOKEN, Api, K1};
use crate::usage;
use serde_json::{Value, json};

const LOG: &str = "/api/v1/audit-log";

/// An admin with a user, who makes, changes and deletes a provider, a second apart.
fn history() -> (Api, String, [String; 3]) {
    let api = Api::new();
    let user = api.post("/api/v1/users", json!({"name": "ada", "role": "admin"})).must(201).id();
    api.clock.advance(1);
    let minted = api.post("/api/v1/tokens", json!({"name": "ada's laptop", "user_id": user})).must(201);
    let (token, token_id) = (minted.body["token"].as_str().expect("one").to_owned(), minted.id());
    let admin = api.as_token(&token);
    api.clock.advance(1000);
    let body = json!({"name": "a", "provider": "openai", "api_key": "sk-0123456789abcdefghij"});
    let provider = admin.post("/api/v1/providers", body).must(201).id();
    api.clock.advance(1000);
    admin.patch(&format!("/api/v1/providers/{provider}"), json!({"name": "b", "enabled": false})).must(200);
    api.clock.advance(1000);
    admin.delete(&format!("/api/v1/providers/{provider}")).must(204);
    (api, token, [user, token_id, provider])
}

#[test]
fn it_tells_who_did_what_to_what_when_and_from_where_newest_first() {
    let (api, token, [user, token_id, provider]) = history();
    let log = api.as_token(&token).get(LOG).must(200);
    assert_eq!(
        log.column("action"),
        [
            "aiProviders:DeleteAiProvider",
            "aiProviders:UpdateAiProvider",
            "aiProviders:CreateAiProvider",
            "tokens:CreateToken",
            "users:CreateUser"
        ]
    );
    let changed = &log.body["data"][1];
    assert_eq!(
        (&changed["actor_id"], &changed["actor_name"], &changed["user_id"]),
        (&json!(token_id), &json!("ada's laptop"), &json!(user))
    );
    assert_eq!((&changed["resource_type"], &changed["resource_id"]), (&json!("provider"), &json!(provider)));
    assert_eq!(changed["fields"], json!(["name", "enabled"]));
    assert_eq!(changed["address"], "192.0.2.7");
    assert_eq!(changed["created_at"], "2026-11-20T06:44:36.008Z");
    assert_eq!(changed["project_id"], json!(api.default_project()));
    assert!(changed["id"].as_str().is_some_and(|id| id.starts_with("aud_")));
    assert!(changed["request_id"].as_str().is_some_and(|id| id.starts_with("req_")));
    let by_root = &log.body["data"][4];
    assert_eq!((&by_root["actor_id"], &by_root["user_id"]), (&json!("root"), &Value::Null));
    assert!(!log.text.contains("sk-0123456789"), "{}", log.text);
}

#[test]
fn filters_narrow_it_and_work_together() {
    let (api, _, [user, token_id, provider]) = history();
    let rows = |query: &str| api.get(&format!("{LOG}?{query}")).must(200).column("action").len();
    let request = api.get(LOG).body["data"][2]["request_id"].as_str().expect("one").to_owned();
    for (query, expected) in [
        ("actor=root".to_owned(), 2),
        (format!("actor={token_id}"), 3),
        ("actor=ada%27s+laptop".to_owned(), 3),
        (format!("actor={user}"), 3),
        ("actor=nobody".to_owned(), 0),
        ("action=aiProviders:UpdateAiProvider".to_owned(), 1),
        ("action=aiProviders:*".to_owned(), 3),
        ("action=*".to_owned(), 5),
        ("action=aiProviders".to_owned(), 0),
        ("resource_type=provider".to_owned(), 3),
        (format!("resource_id={provider}"), 3),
        (format!("resource_id={user}"), 1),
        (format!("request_id={request}"), 1),
        ("from=2026-11-20T06:44:36Z".to_owned(), 2),
        ("to=2026-11-20T06:44:36Z".to_owned(), 3),
        ("from=2026-11-21".to_owned(), 0),
        (format!("actor={token_id}&action=aiProviders:Create*&resource_id={provider}&from=2026-11-20"), 1),
    ] {
        assert_eq!(rows(&query), expected, "{query}");
    }
    api.get(&format!("{LOG}?from=yesterday")).invalid("from");
    api.get(&format!("{LOG}?from=2026-11-21&to=2026-11-20")).invalid("to");
    api.get(&format!("{LOG}?cursor=x")).invalid("cursor");
}

#[test]
fn pages_meet_without_a_gap_though_rows_of_one_moment_share_their_time() {
    let api = Api::new();
    for name in ["a", "b", "c", "d", "e"] {
        api.provider(name);
    }
    let whole = api.get(LOG).must(200).column("id");
    let mut paged = Vec::new();
    let mut path = format!("{LOG}?limit=2");
    loop {
        let page = api.get(&path).must(200);
        paged.extend(page.column("id"));
        match page.body["next_cursor"].as_str() {
            Some(cursor) => path = format!("{LOG}?limit=2&cursor={cursor}"),
            None => break,
        }
        // What happens meanwhile is newer, and changes no page behind.
        api.clock.advance(1000);
        api.provider(&format!("later {}", paged.len()));
    }
    assert_eq!(paged, whole);
}

#[test]
fn a_project_reads_its_own_and_root_everybodys_and_the_deployments() {
    let api = Api::with(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1)]);
    api.provider("mine");
    let other = api.post("/api/v1/projects", json!({"name": "other"})).must(201).id();
    api.clock.advance(1000);
    let minted = api.post("/api/v1/tokens", json!({"name": "o", "role": "admin", "project_id": other})).must(201);
    let stranger = api.as_token(minted.body["token"].as_str().expect("one"));
    let api = &api;
    assert_eq!(stranger.get(LOG).must(200).column("resource_type"), ["token", "project"]);
    stranger.get(&format!("{LOG}?project_id={}", api.default_project())).refuses(404, "not_found", "project_id");
    assert_eq!(api.get(&format!("{LOG}?project_id=default")).must(200).column("resource_type"), ["provider"]);
    assert_eq!(api.get(LOG).must(200).column("resource_type").len(), 3);
    for role in ["member", "viewer"] {
        let token = api.token_of_role(role);
        api.as_token(&token).get(LOG).refuses(403, "auth.forbidden", "");
    }
    let policy = json!([{"effect": "allow", "actions": ["audit:ListAuditLog"]}]);
    let auditor = api.token(json!({"name": "auditor", "policy": policy}));
    api.as_token(&auditor).get(LOG).must(200);
}

#[test]
fn rotations_of_sealing_keys_are_in_roots_log() {
    let api = Api::new();
    api.provider("a");
    api.clock.advance(1000);
    let api = api.with_ring(&format!("{},{K1}", crate::harness::K2));
    api.post("/api/v1/sealing-keys/rotate", json!({})).must(200);
    let log = api.get(LOG).must(200);
    assert_eq!(log.body["data"][0]["action"], "sealingKeys:RotateSealingKeys");
    assert_eq!(log.body["data"][0]["project_id"], Value::Null);
}

#[test]
fn rows_are_kept_for_audit_retention_days_and_0_is_for_ever() {
    for (days, left) in [("1", 1), ("0", 3)] {
        let api = Api::with(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1), ("AUDIT_RETENTION_DAYS", days)]);
        api.provider("old");
        api.provider("old too");
        api.clock.advance(2 * 86_400_000);
        api.provider("new");
        let report = usage::prune(&api);
        assert_eq!(api.get(LOG).must(200).column("id").len(), left, "{days}");
        assert_eq!(report.audit_rows_deleted, if left == 1 { 2 } else { 0 });
    }
}
