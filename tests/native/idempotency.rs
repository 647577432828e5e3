//! `Idempotency-Key`: a POST that is sent again is answered again, and done once.

use crate::harness::{Answer, Api, K1, K2};
use crate::usage;
use serde_json::{Value, json};

const HOUR: i64 = 3_600_000;

fn provider() -> Value {
    json!({"name": "a", "provider": "openai", "api_key": "sk-0123456789abcdefghij"})
}

fn post(api: &Api, key: &str, path: &str, body: Value) -> Answer {
    api.root().idempotency_key(key).post(path, body)
}

/// What the client gets, the mark of a replay aside.
fn told(answer: &Answer) -> (u16, Vec<(&'static str, String)>, String) {
    let mut headers = answer.headers.clone();
    headers.retain(|(name, _)| *name != "idempotency-replayed");
    headers.sort();
    (answer.status, headers, answer.text.clone())
}

fn is_replay(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

#[test]
fn the_same_request_gets_the_same_answer_and_is_done_once() {
    let api = Api::new();
    let provider_id = api.provider("b");
    let models = format!("/api/v1/providers/{provider_id}/models");
    for (path, body, table) in [
        ("/api/v1/providers", provider(), "providers"),
        (models.as_str(), json!({"model": "m"}), "models"),
        ("/api/v1/secrets", json!({"name": "s", "value": "sk-0123456789abcdefghij"}), "secrets"),
        ("/api/v1/users", json!({"name": "u"}), "users"),
        ("/api/v1/projects", json!({"name": "p"}), "projects"),
        ("/api/v1/tokens", json!({"name": "t"}), "tokens"),
    ] {
        let count = || api.db.count(&format!("SELECT count(*) FROM {table}"));
        let before = count();
        let first = post(&api, &format!("key of {table}"), path, body.clone()).must(201);
        assert!(!is_replay(&first), "{path}");
        let rows = api.audit_rows();
        api.clock.advance(23 * HOUR);
        let again = post(&api, &format!("key of {table}"), path, body);
        assert_eq!(told(&again), told(&first), "{path}");
        assert!(is_replay(&again), "{path}");
        assert_eq!((count(), api.audit_rows()), (before + 1, rows), "{path}");
    }
    // A token's is shown once more to whoever has the key, and is in no row in clear.
    let token = post(&api, "key of tokens", "/api/v1/tokens", json!({"name": "t"})).body["token"].clone();
    let token = token.as_str().expect("a token");
    assert!(!api.db.dump().contains(token));
    api.as_token(token).get("/api/v1/me").must(200);
}

#[test]
fn a_refusal_that_would_be_the_same_again_is_the_same_again() {
    let api = Api::new();
    api.provider("a");
    let refused = post(&api, "k", "/api/v1/providers", provider());
    refused.refuses(409, "provider.name_conflict", "name");
    api.db.run("DELETE FROM providers");
    let again = post(&api, "k", "/api/v1/providers", provider());
    assert_eq!(told(&again), told(&refused));
    assert!(is_replay(&again));
    let invalid = post(&api, "l", "/api/v1/providers", json!({"nonsense": 1}));
    invalid.invalid("nonsense");
    assert_eq!(told(&post(&api, "l", "/api/v1/providers", json!({"nonsense": 1}))), told(&invalid));
}

#[test]
fn a_failure_of_ours_is_tried_again() {
    let api = Api::new();
    // The key and the project are looked up, the write fails.
    api.db.answers.set(Some(2));
    post(&api, "k", "/api/v1/secrets", json!({"name": "s", "value": "sk-01234567"})).refuses(
        503,
        "database.unavailable",
        "",
    );
    api.db.answers.set(None);
    let made = post(&api, "k", "/api/v1/secrets", json!({"name": "s", "value": "sk-01234567"})).must(201);
    assert!(!is_replay(&made));
}

#[test]
fn a_key_belongs_to_one_request() {
    let api = Api::new();
    post(&api, "k", "/api/v1/providers", provider()).must(201);
    let mut other = provider();
    other["name"] = json!("b");
    for (path, body) in [
        ("/api/v1/providers", other),
        ("/v1/llm-providers", provider()),
        ("/api/v1/providers?project_id=default", provider()),
        ("/api/v1/secrets", provider()),
    ] {
        api.changes_nothing(|| post(&api, "k", path, body)).refuses(422, "idempotency.key_reused", "idempotency-key");
    }
}

#[test]
fn keys_of_two_callers_are_two_keys_and_a_replay_takes_the_right_to_the_request() {
    let api = Api::new();
    let admin = api.token_of_role("admin");
    let first = post(&api, "k", "/api/v1/users", json!({"name": "u"})).must(201);
    let second = api.as_token(&admin).idempotency_key("k").post("/api/v1/users", json!({"name": "v"})).must(201);
    assert_ne!(first.id(), second.id());
    let id = api.db.one("SELECT id FROM tokens");
    api.patch(&format!("/api/v1/tokens/{id}"), json!({"role": "viewer"})).must(200);
    api.as_token(&admin).idempotency_key("k").post("/api/v1/users", json!({"name": "v"})).refuses(
        403,
        "auth.forbidden",
        "",
    );
}

#[test]
fn a_day_later_a_key_is_new_and_the_hourly_run_takes_the_old_ones() {
    let api = Api::new();
    post(&api, "k", "/api/v1/users", json!({"name": "u"})).must(201);
    post(&api, "l", "/api/v1/users", json!({"name": "v"})).must(201);
    api.clock.advance(24 * HOUR);
    let anew = post(&api, "k", "/api/v1/users", json!({"name": "u"}));
    anew.refuses(409, "user.name_conflict", "name");
    assert!(!is_replay(&anew));
    assert_eq!(usage::prune(&api).idempotency_keys_deleted, 1);
    assert_eq!(api.db.count("SELECT count(*) FROM idempotency_keys"), 1);
}

#[test]
fn a_twin_that_was_first_is_not_done_twice() {
    let api = Api::new();
    // The twin comes between this one's look-up and its write: its rows are there when this one writes.
    let first = post(&api, "k", "/api/v1/users", json!({"name": "u"})).must(201);
    api.db.run("CREATE TABLE kept AS SELECT * FROM idempotency_keys; DELETE FROM idempotency_keys");
    api.db.before_next_write(|db| db.run("INSERT INTO idempotency_keys SELECT * FROM kept"));
    let second = post(&api, "k", "/api/v1/users", json!({"name": "u"}));
    assert_eq!(told(&second), told(&first));
    assert_eq!(api.db.count("SELECT count(*) FROM users"), 1);
}

#[test]
fn a_change_whose_answer_was_lost_is_answered_and_not_made_again() {
    let api = Api::new();
    for (path, body) in [
        ("/api/v1/providers", provider()),
        ("/api/v1/secrets", json!({"name": "s", "value": "sk-0123456789abcdefghij"})),
        ("/api/v1/tokens", json!({"name": "t"})),
    ] {
        // The key, the project and the change, and then the isolate is gone, with the answer.
        api.db.answers.set(Some(3));
        let lost = post(&api, path, path, body.clone()).must(201);
        api.db.answers.set(None);
        let dump = api.db.dump();
        let again = post(&api, path, path, body.clone());
        assert_eq!(told(&again), told(&lost), "{path}");
        assert_ne!(api.db.dump(), dump, "now the answer is kept");
        assert_eq!(told(&post(&api, path, path, body)), told(&lost), "{path}");
    }
}

#[test]
fn what_makes_no_row_is_refused_while_its_first_is_under_way_and_done_again_if_that_one_died() {
    let api = Api::new();
    api.provider("a");
    let api = api.with_ring(&format!("{K2},{K1}"));
    let rotate = || post(&api, "k", "/api/v1/sealing-keys/rotate", json!({}));
    // It reads, claims and writes, and is gone.
    api.db.answers.set(Some(3));
    rotate().must(200);
    api.db.answers.set(None);
    let twin = rotate();
    twin.refuses(409, "idempotency.in_progress", "idempotency-key");
    assert_eq!(twin.header("retry-after"), Some("1"));
    api.clock.advance(61_000);
    assert!(!is_replay(&rotate().must(200)));
    assert!(is_replay(&rotate().must(200)));
}

#[test]
fn answers_are_resealed_with_everything_else() {
    let api = Api::new();
    let first = post(&api, "k", "/api/v1/tokens", json!({"name": "t"})).must(201);
    let api = api.with_ring(&format!("{K2},{K1}"));
    let rotated = api.post("/api/v1/sealing-keys/rotate", json!({})).must(200);
    assert_eq!((&rotated.body["resealed"], &rotated.body["remaining"]), (&json!(1), &json!(0)));
    let api = api.with_ring(K2);
    assert_eq!(told(&post(&api, "k", "/api/v1/tokens", json!({"name": "t"}))), told(&first));
}

#[test]
fn what_could_not_be_kept_is_not_done() {
    let api = Api::with(&[("ADMIN_TOKEN", crate::harness::ADMIN_TOKEN)]);
    let refused = api.changes_nothing(|| post(&api, "k", "/api/v1/users", json!({"name": "u"})));
    refused.refuses(503, "sealing.not_configured", "");
}

#[test]
fn a_key_that_cannot_be_is_refused_and_other_methods_need_none() {
    let api = Api::new();
    for bad in ["", " ", "ключ", "a\tb", "x".repeat(256).as_str()] {
        api.changes_nothing(|| post(&api, bad, "/api/v1/users", json!({"name": "u"}))).invalid("idempotency-key");
    }
    let user = post(&api, &"x".repeat(255), "/api/v1/users", json!({"name": "u"})).must(201).id();
    let path = format!("/api/v1/users/{user}");
    for name in ["v", "w"] {
        let changed = api.root().idempotency_key("k").patch(&path, json!({"name": name})).must(200);
        assert_eq!(changed.body["name"], name);
    }
    let refused = api.authorized(None).idempotency_key("k").post("/api/v1/users", json!({"name": "u"}));
    refused.refuses(401, "auth.invalid_token", "");
}
