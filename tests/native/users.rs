//! `/api/v1/users`, and tokens that are bound to one.

use crate::data_plane::Isolate;
use crate::harness::{Answer, Api};
use serde_json::{Value, json};
use sluice::gateway::admit::Presented;
use sluice::refusal::Reason;

const PATH: &str = "/api/v1/users";
const TOKENS: &str = "/api/v1/tokens";

fn at(id: &str) -> String {
    format!("{PATH}/{id}")
}

/// A user of a role; its id.
fn user(api: &Api, name: &str, role: &str) -> String {
    api.post(PATH, json!({"name": name, "role": role})).must(201).id()
}

/// A token that a user's policy narrows to these actions.
fn with_actions(api: &Api, actions: Value) -> String {
    api.token(json!({"name": "narrow", "policy": [{"effect": "allow", "actions": actions}]}))
}

#[test]
fn a_user_is_made_read_changed_and_deleted() {
    let api = Api::new();
    let made = api.post(PATH, json!({"name": " Ada ", "email": "ada@example.com", "role": "admin"})).must(201);
    let id = made.id();
    assert!(id.starts_with("usr_") && made.header("location") == Some(at(&id).as_str()), "{made:?}");
    let expected = json!({"id": id, "project_id": api.default_project(), "name": "Ada", "email": "ada@example.com",
        "role": "admin", "disabled": false, "token_count": 0,
        "created_at": "2026-11-20T06:44:34.007Z", "updated_at": "2026-11-20T06:44:34.007Z"});
    assert_eq!(made.body, expected);
    assert_eq!(api.get(&at(&id)).must(200).body, expected);
    assert_eq!(api.get(PATH).must(200).body, json!({"data": [expected], "next_cursor": null}));
    api.clock.advance(1);
    let changed = api.patch(&at(&id), json!({"email": null, "role": "viewer", "disabled": true})).must(200).body;
    assert_eq!(
        (&changed["name"], &changed["email"], &changed["role"], &changed["disabled"], &changed["updated_at"]),
        (&json!("Ada"), &Value::Null, &json!("viewer"), &json!(true), &json!("2026-11-20T06:44:34.008Z"))
    );
    let audit = api.last_audit();
    assert_eq!(
        (&audit["action"], &audit["type"], &audit["id"]),
        (&json!("users:UpdateUser"), &json!("user"), &json!(id))
    );
    assert_eq!(audit["fields"], json!(["email", "role", "disabled"]));
    api.changes_nothing(|| api.root().if_match(&made.etag()).delete(&at(&id))).refuses(
        412,
        "request.precondition_failed",
        "",
    );
    api.root().if_match(&api.get(&at(&id)).etag()).delete(&at(&id)).must(204);
    api.get(&at(&id)).refuses(404, "not_found", "");
}

#[test]
fn a_user_that_says_nothing_of_its_role_is_a_member() {
    let api = Api::new();
    let made = api.post(PATH, json!({"name": "x"})).must(201).body;
    assert_eq!((&made["role"], &made["email"], &made["disabled"]), (&json!("member"), &Value::Null, &json!(false)));
}

#[test]
fn a_name_is_unique_in_its_project_whatever_its_case() {
    let api = Api::new();
    let ada = user(&api, "Æda", "member");
    api.clock.advance(1);
    let bob = user(&api, "bob", "member");
    api.changes_nothing(|| api.post(PATH, json!({"name": "ÆDA "}))).refuses(409, "user.name_conflict", "name");
    api.changes_nothing(|| api.patch(&at(&bob), json!({"name": "æda"}))).refuses(409, "user.name_conflict", "name");
    api.patch(&at(&ada), json!({"name": "ÆDA"})).must(200);
    let other = api.post("/api/v1/projects", json!({"name": "other"})).must(201).id();
    api.post(PATH, json!({"name": "bob", "project_id": other})).must(201);
    assert_eq!(api.get(&format!("{PATH}?project_id=other")).column("name"), ["bob"]);
    assert_eq!(api.get(PATH).column("name"), ["ÆDA", "bob"]);
}

#[test]
fn bad_users_are_refused_by_field() {
    let api = Api::new();
    let id = user(&api, "x", "member");
    for (field, value) in [
        ("name", json!("")),
        ("name", Value::Null),
        ("name", json!("a\nb")),
        ("email", json!("ada")),
        ("email", json!("a b@example.com")),
        ("email", json!(7)),
        ("role", json!("root")),
        ("role", Value::Null),
        ("disabled", json!("yes")),
        ("disabled", Value::Null),
        ("id", json!("usr_1")),
        ("token_count", json!(1)),
        ("password", json!("x")),
    ] {
        api.changes_nothing(|| api.patch(&at(&id), json!({field: value}))).invalid(field);
        let mut body = json!({"name": "y"});
        body[field] = value;
        api.changes_nothing(|| api.post(PATH, body)).invalid(field);
    }
    api.post(PATH, json!({})).invalid("name");
    api.changes_nothing(|| api.patch(&at(&id), json!({}))).refuses(422, "validation.failed", "");
    for nobody in ["nobody", "usr_0123456789abcdef"] {
        api.get(&at(nobody)).refuses(404, "not_found", "");
    }
}

#[test]
fn a_token_of_a_user_says_whose_it_is() {
    let api = Api::new();
    let id = api.post(PATH, json!({"name": "Ada", "email": "a@b.c", "role": "viewer"})).must(201).id();
    let minted = api.post(TOKENS, json!({"name": "t", "user_id": id})).must(201).body;
    assert_eq!((&minted["user_id"], &minted["role"]), (&json!(id), &json!("viewer")), "its user's role");
    assert_eq!(api.get(&at(&id)).body["token_count"], 1);
    let me = api.as_token(minted["token"].as_str().expect("a token")).get("/api/v1/me").must(200).body;
    assert_eq!(me["user_id"], json!(id));
    assert_eq!(me["user"], json!({"id": id, "name": "Ada", "email": "a@b.c", "role": "viewer"}));
    let unbound = api.token_of_role("admin");
    assert_eq!(api.as_token(&unbound).get("/api/v1/me").body["user"], Value::Null);
    assert_eq!(api.get("/api/v1/me").body["user"], Value::Null);
}

#[test]
fn a_token_without_a_user_may_get_one_and_a_users_token_stays_with_it() {
    let api = Api::new();
    let (ada, bob) = (user(&api, "ada", "member"), user(&api, "bob", "member"));
    let token = api.post(TOKENS, json!({"name": "t"})).must(201).id();
    let path = format!("{TOKENS}/{token}");
    api.changes_nothing(|| api.patch(&path, json!({"user_id": "usr_0123456789abcdef"}))).invalid("user_id");
    assert_eq!(api.patch(&path, json!({"user_id": ada})).must(200).body["user_id"], json!(ada));
    for other in [json!(bob), Value::Null] {
        api.changes_nothing(|| api.patch(&path, json!({"user_id": other}))).invalid("user_id");
    }
    assert_eq!(api.patch(&path, json!({"user_id": ada, "name": "u"})).must(200).body["name"], "u");
    assert_eq!(api.patch(&path, json!({"name": "v"})).must(200).body["user_id"], json!(ada), "kept");
    let admin = api.post(TOKENS, json!({"name": "t", "role": "admin"})).must(201).id();
    api.changes_nothing(|| api.patch(&format!("{TOKENS}/{admin}"), json!({"user_id": ada}))).invalid("role");
}

#[test]
fn a_token_never_has_more_than_its_user() {
    let api = Api::new();
    let ada = user(&api, "ada", "member");
    let mint = |body: Value| api.post(TOKENS, body);
    mint(json!({"name": "t", "user_id": ada, "role": "member"})).must(201);
    api.changes_nothing(|| mint(json!({"name": "t", "user_id": ada, "role": "admin"}))).invalid("role");
    let policy = json!([{"effect": "allow", "actions": ["*"]}]);
    let wide = api.token(json!({"name": "t", "user_id": ada, "policy": policy}));
    api.as_token(&wide).get("/api/v1/providers").must(200);
    api.as_token(&wide).get("/api/v1/secrets").refuses(403, "auth.forbidden", "");
    api.changes_nothing(|| api.as_token(&wide).post(TOKENS, json!({"name": "x"}))).refuses(403, "auth.forbidden", "");
    // What the user loses, its tokens lose; what it gets back, they get back.
    api.patch(&at(&ada), json!({"role": "admin"})).must(200);
    let minted = mint(json!({"name": "t", "user_id": ada, "role": "admin"})).must(201);
    let id = minted.id();
    let token = minted.body["token"].as_str().expect("a token").to_owned();
    let secrets = || api.as_token(&token).get("/api/v1/secrets");
    secrets().must(200);
    api.patch(&at(&ada), json!({"role": "member"})).must(200);
    secrets().refuses(403, "auth.forbidden", "");
    let me = api.as_token(&token).get("/api/v1/me").must(200).body;
    assert!(!me["actions"].as_array().expect("a list").contains(&json!("secrets:ListSecrets")), "{me}");
    api.as_token(&token).get("/api/v1/providers").must(200);
    api.patch(&format!("{TOKENS}/{id}"), json!({"name": "renamed"})).must(200);
    api.patch(&at(&ada), json!({"role": "admin"})).must(200);
    secrets().must(200);
}

#[test]
fn nobody_mints_for_or_makes_a_user_stronger_than_themselves() {
    let api = Api::new();
    let (admin, member) = (user(&api, "admin", "admin"), user(&api, "member", "member"));
    let narrow = with_actions(&api, json!(["tokens:*", "users:*", "llm:Invoke"]));
    let caller = api.as_token(&narrow);
    let invoke = json!([{"effect": "allow", "actions": ["llm:Invoke"]}]);
    for strong in [&admin, &member] {
        let body = json!({"name": "t", "user_id": strong, "policy": invoke});
        api.changes_nothing(|| caller.post(TOKENS, body)).refuses(403, "auth.forbidden", "user_id");
        api.changes_nothing(|| caller.patch(&at(strong), json!({"name": "x"}))).refuses(403, "auth.forbidden", "role");
        api.changes_nothing(|| caller.delete(&at(strong))).refuses(403, "auth.forbidden", "role");
    }
    for role in ["admin", "member", "viewer"] {
        let made = api.changes_nothing(|| caller.post(PATH, json!({"name": "x", "role": role})));
        made.refuses(403, "auth.forbidden", "role");
    }
    let full = api.token_of_role("admin");
    let caller = api.as_token(&full);
    caller.post(PATH, json!({"name": "x", "role": "admin"})).must(201);
    caller.post(TOKENS, json!({"name": "t", "user_id": admin, "role": "admin"})).must(201);
    // A user's token is no stronger for it: its user bounds what it mints.
    let bounded = api.token(json!({"name": "b", "user_id": admin, "role": "admin"}));
    api.as_token(&bounded).post(TOKENS, json!({"name": "t", "role": "admin"})).must(201);
    api.patch(&at(&admin), json!({"role": "member"})).must(200);
    api.as_token(&bounded).post(TOKENS, json!({"name": "t"})).refuses(403, "auth.forbidden", "");
}

fn refused_for_its_user(answer: &Answer) {
    answer.refuses(401, "auth.invalid_token", "");
    assert!(answer.message().contains("user of this token is disabled"), "{}", answer.message());
}

#[test]
fn a_disabled_users_tokens_are_refused_and_come_back_with_it() {
    let isolate = Isolate::new();
    let api = &isolate.api;
    let ada = api.user("ada");
    let token = api.token(json!({"name": "t", "user_id": ada}));
    let bearer = format!("Bearer {token}");
    let presented = Presented { authorization: Some(&bearer), ..Presented::default() };
    isolate.admit_with(presented, 0).expect("admitted");
    api.patch(&at(&ada), json!({"disabled": true})).must(200);
    refused_for_its_user(&api.as_token(&token).get("/api/v1/me"));
    let refusal = isolate.admit_with(presented, 1000).expect_err("refused at the next reading");
    assert_eq!(refusal.reason, Reason::Unauthenticated);
    assert!(refusal.message.contains("user of this token is disabled"), "{}", refusal.message);
    api.patch(&at(&ada), json!({"disabled": false})).must(200);
    api.as_token(&token).get("/api/v1/me").must(200);
    isolate.admit_with(presented, 2000).expect("admitted again");
}

#[test]
fn a_deleted_user_takes_its_tokens_and_keys_along_and_each_is_in_the_audit_log() {
    let isolate = Isolate::new();
    let api = &isolate.api;
    let (ada, bob) = (api.user("ada"), api.user("bob"));
    let provider = api.provider("main");
    let minted = api.post(TOKENS, json!({"name": "t", "user_id": ada})).must(201);
    let token = minted.body["token"].as_str().expect("a token").to_owned();
    let kept = api.post(TOKENS, json!({"name": "kept", "user_id": bob})).must(201).id();
    let key = json!({"api_key": "sk-own-0123456789abcdefgh"});
    api.as_token(&token).put(&format!("/api/v1/me/provider-keys/{provider}"), key).must(201);
    let key = api.db.one("SELECT id FROM user_provider_keys");
    let bearer = format!("Bearer {token}");
    let presented = Presented { authorization: Some(&bearer), ..Presented::default() };
    isolate.admit_with(presented, 0).expect("admitted");
    api.delete(&at(&ada)).must(204);
    assert_eq!(api.db.count("SELECT count(*) FROM user_provider_keys"), 0);
    assert_eq!(api.db.all("SELECT id FROM tokens WHERE user_id IS NOT NULL"), [kept]);
    let logged = api.db.all(
        "SELECT resource_type || ' ' || resource_id FROM audit_log WHERE action = 'users:DeleteUser' ORDER BY resource_type",
    );
    assert_eq!(logged, [format!("provider_key {key}"), format!("token {}", minted.id()), format!("user {ada}")]);
    assert_eq!(api.db.count("SELECT count(*) FROM audit_log WHERE id NOT LIKE 'aud_________________'"), 0);
    api.as_token(&token).get("/api/v1/me").refuses(401, "auth.invalid_token", "");
    assert_eq!(isolate.admit_with(presented, 1000).expect_err("revoked").reason, Reason::Unauthenticated);
}

#[test]
fn a_user_that_went_while_a_token_was_minted_for_it_is_named() {
    let api = Api::new();
    let ada = api.user("ada");
    api.db.before_next_write(|db| db.run("DELETE FROM users"));
    api.post(TOKENS, json!({"name": "t", "user_id": ada})).invalid("user_id");
    assert_eq!(api.db.count("SELECT count(*) FROM tokens"), 0);
}
