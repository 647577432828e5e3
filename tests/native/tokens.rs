//! `/api/v1/tokens`: minted once, never stronger than their maker.

use crate::harness::{Answer, Api};
use serde_json::{Value, json};

const PATH: &str = "/api/v1/tokens";

fn at(id: &str) -> String {
    format!("{PATH}/{id}")
}

fn mint_as(api: &Api, token: &str, body: Value) -> Answer {
    api.as_token(token).post(PATH, body)
}

#[test]
fn a_token_is_shown_once_and_then_by_its_beginning() {
    let api = Api::new();
    let made = api.post(PATH, json!({"name": "ci", "role": "admin", "allowed_models": ["openai^*"], "expires_at": "2027-01-01T01:00:00+01:00"})).must(201);
    let token = made.body["token"].as_str().expect("a token").to_owned();
    assert!(token.starts_with("slu_") && token.len() == 48, "{token}");
    assert_eq!(made.body["hint"], format!("{}…", &token[..8]));
    let mut expected = made.body.clone();
    expected.as_object_mut().expect("object").remove("token");
    assert_eq!(
        expected,
        json!({"id": made.id(), "project_id": api.default_project(), "user_id": null, "name": "ci", "hint": expected["hint"], "role": "admin",
        "policy": null, "allowed_models": ["openai^*"], "limits": null, "expires_at": "2027-01-01T00:00:00.000Z", "disabled": false,
        "created_at": "2026-11-20T06:44:34.007Z", "updated_at": "2026-11-20T06:44:34.007Z"})
    );
    let read = api.get(&at(&made.id())).must(200);
    assert_eq!(read.body, expected);
    assert_eq!(read.etag(), made.etag(), "the tag is of the resource, which the token is no part of");
    assert_eq!(api.get(PATH).must(200).body["data"], json!([expected]));
    assert_eq!(api.as_token(&token).get("/api/v1/me").must(200).body["id"], made.body["id"]);
}

#[test]
fn a_token_that_says_nothing_of_its_rights_is_a_members() {
    let api = Api::new();
    assert_eq!(api.post(PATH, json!({"name": "x"})).must(201).body["role"], "member");
    assert_eq!(api.post(PATH, json!({"name": "x", "role": null, "policy": null})).must(201).body["role"], "member");
}

#[test]
fn bad_tokens_are_refused_by_field() {
    let api = Api::new();
    let id = api.post(PATH, json!({"name": "x", "role": "admin"})).must(201).id();
    for (field, value, param) in [
        ("name", json!(""), "name"),
        ("name", Value::Null, "name"),
        ("name", json!(1), "name"),
        ("role", json!("root"), "role"),
        ("role", json!(1), "role"),
        ("policy", json!([]), "policy"),
        ("policy", json!({}), "policy"),
        ("policy", json!([{"effect": "maybe", "actions": ["*"]}]), "policy"),
        ("policy", json!([{"effect": "allow", "actions": ["*"], "extra": 1}]), "policy"),
        ("policy", json!([{"effect": "allow", "actions": []}]), "policy.0.actions"),
        ("allowed_models", json!([]), "allowed_models"),
        ("allowed_models", json!("*"), "allowed_models"),
        ("allowed_models", json!([""]), "allowed_models"),
        ("allowed_models", json!(vec!["a"; 65]), "allowed_models"),
        ("expires_at", json!("tomorrow"), "expires_at"),
        ("expires_at", json!(5), "expires_at"),
        ("disabled", Value::Null, "disabled"),
        ("disabled", json!(0), "disabled"),
        ("token", json!("slu_mine"), "token"),
        ("hash", json!("x"), "hash"),
        ("id", json!("x"), "id"),
    ] {
        api.changes_nothing(|| api.patch(&at(&id), json!({field: value}))).invalid(param);
        let mut body = json!({"name": "y"});
        body[field] = value;
        api.changes_nothing(|| api.post(PATH, body)).invalid(param);
    }
    api.post(PATH, json!({})).invalid("name");
    let policy = json!([{"effect": "allow", "actions": ["*"]}]);
    api.post(PATH, json!({"name": "x", "role": "admin", "policy": policy})).invalid("policy");
    for user in ["usr_0123456789abcdef", "nobody"] {
        api.changes_nothing(|| api.post(PATH, json!({"name": "x", "user_id": user}))).invalid("user_id");
    }
    // What a read shows of a token without a user may be sent back.
    api.patch(&at(&id), json!({"user_id": null})).must(200);
}

#[test]
fn rights_change_from_a_role_to_a_policy_and_back_and_are_never_none() {
    let api = Api::new();
    let id = api.post(PATH, json!({"name": "x", "role": "viewer"})).must(201).id();
    let policy = json!([{"effect": "allow", "actions": ["models:*"]}, {"effect": "deny", "actions": ["*"], "resources": ["aip_x"]}]);
    let changed = api.patch(&at(&id), json!({"policy": policy, "role": null})).must(200).body;
    assert_eq!((&changed["role"], &changed["policy"]), (&Value::Null, &policy));
    api.changes_nothing(|| api.patch(&at(&id), json!({"policy": null}))).invalid("policy");
    let back = api.patch(&at(&id), json!({"role": "admin"})).must(200).body;
    assert_eq!((&back["role"], &back["policy"]), (&json!("admin"), &Value::Null));
    api.changes_nothing(|| api.patch(&at(&id), json!({"role": null}))).invalid("role");
}

#[test]
fn a_nullable_field_is_kept_cleared_and_set() {
    let api = Api::new();
    let id = api
        .post(PATH, json!({"name": "x", "allowed_models": ["a^*"], "expires_at": "2027-01-01T00:00:00Z"}))
        .must(201)
        .id();
    let kept = api.patch(&at(&id), json!({"name": "y"})).must(200).body;
    assert_eq!((&kept["allowed_models"], &kept["expires_at"]), (&json!(["a^*"]), &json!("2027-01-01T00:00:00.000Z")));
    let cleared = api.patch(&at(&id), json!({"allowed_models": null, "expires_at": null})).must(200).body;
    assert_eq!((&cleared["allowed_models"], &cleared["expires_at"]), (&Value::Null, &Value::Null));
}

#[test]
fn disabled_expired_and_deleted_tokens_are_401_at_once() {
    let api = Api::new();
    let made =
        api.post(PATH, json!({"name": "x", "role": "admin", "expires_at": "2026-11-20T06:44:35.000Z"})).must(201);
    let token = made.body["token"].as_str().expect("a token").to_owned();
    let me = || api.as_token(&token).get("/api/v1/me");
    me().must(200);
    api.patch(&at(&made.id()), json!({"disabled": true})).must(200);
    me().refuses(401, "auth.invalid_token", "");
    api.patch(&at(&made.id()), json!({"disabled": false})).must(200);
    me().must(200);
    api.clock.advance(992);
    me().must(200);
    api.clock.advance(1);
    me().refuses(401, "auth.invalid_token", "");
    api.patch(&at(&made.id()), json!({"expires_at": null})).must(200);
    me().must(200);
    api.delete(&at(&made.id())).must(204);
    me().refuses(401, "auth.invalid_token", "");
}

/// A token that may mint, with these rights besides.
fn minter(api: &Api, body: Value) -> String {
    let mut full = json!({"name": "minter"});
    full.as_object_mut().expect("object").extend(body.as_object().expect("object").clone());
    api.token(full)
}

#[test]
fn nobody_mints_rights_beyond_their_own() {
    let api = Api::new();
    let allow = |actions: Value| json!([{"effect": "allow", "actions": actions}]);
    let mine = minter(&api, json!({"policy": allow(json!(["tokens:*", "models:*", "llm:Invoke"]))}));
    for (body, param) in [
        (json!({"role": "admin"}), "role"),
        (json!({"role": "member"}), "role"),
        (json!({"role": "viewer"}), "role"),
        (json!({}), "role"),
        (json!({"policy": allow(json!(["*"]))}), "policy"),
        (json!({"policy": allow(json!(["*:*"]))}), "policy"),
        (json!({"policy": allow(json!(["secrets:GetSecret"]))}), "policy"),
        // Actions that only a later version has are no way round it.
        (json!({"policy": allow(json!(["users:*"]))}), "policy"),
        (json!({"policy": allow(json!(["usage:GetUsage"]))}), "policy"),
        (json!({"policy": allow(json!(["models:ListModels", "audit:*"]))}), "policy"),
    ] {
        let mut full = body;
        full["name"] = json!("x");
        api.changes_nothing(|| mint_as(&api, &mine, full)).refuses(403, "auth.forbidden", param);
    }
    for policy in
        [allow(json!(["models:*"])), allow(json!(["models:Get*", "llm:Invoke"])), allow(json!(["tokens:CreateToken"]))]
    {
        mint_as(&api, &mine, json!({"name": "x", "policy": policy})).must(201);
    }
}

#[test]
fn what_is_denied_to_the_maker_stays_denied_now_and_in_later_versions() {
    let api = Api::new();
    let policy = |denied: &str| json!([{"effect": "allow", "actions": ["*"]}, {"effect": "deny", "actions": [denied]}]);
    for denied in ["secrets:*", "users:*", "usage:GetUsage"] {
        let mine = minter(&api, json!({"policy": policy(denied)}));
        api.changes_nothing(|| mint_as(&api, &mine, json!({"name": "x", "role": "admin"}))).refuses(
            403,
            "auth.forbidden",
            "role",
        );
        mint_as(&api, &mine, json!({"name": "x", "policy": policy(denied)})).must(201);
        mint_as(&api, &mine, json!({"name": "x", "role": "member"})).must(201);
    }
}

#[test]
fn nobody_mints_models_or_time_beyond_their_own() {
    let api = Api::new();
    let mine = minter(
        &api,
        json!({"role": "admin", "allowed_models": ["openai^*", "best"], "expires_at": "2027-01-01T00:00:00Z"}),
    );
    let base = json!({"name": "x", "role": "member", "allowed_models": ["openai^gpt-*"], "expires_at": "2026-12-31T00:00:00Z"});
    let with = |field: &str, value: Value| {
        let mut body = base.clone();
        body[field] = value;
        body
    };
    for (field, value) in [
        ("allowed_models", json!(null)),
        ("allowed_models", json!(["*"])),
        ("allowed_models", json!(["openai^gpt-5", "anthropic^x"])),
        ("allowed_models", json!(["best*"])),
        ("expires_at", json!(null)),
        ("expires_at", json!("2027-01-01T00:00:00.001Z")),
    ] {
        api.changes_nothing(|| mint_as(&api, &mine, with(field, value))).refuses(403, "auth.forbidden", field);
    }
    mint_as(&api, &mine, base.clone()).must(201);
    mint_as(&api, &mine, with("allowed_models", json!(["BEST", "OpenAI^*"]))).must(201);
}

#[test]
fn nobody_widens_a_token_beyond_their_own() {
    let api = Api::new();
    let mine = minter(&api, json!({"policy": [{"effect": "allow", "actions": ["tokens:*", "llm:Invoke"]}]}));
    let weak = mint_as(&api, &mine, json!({"name": "w", "policy": [{"effect": "allow", "actions": ["llm:Invoke"]}]}))
        .must(201)
        .id();
    api.changes_nothing(|| api.as_token(&mine).patch(&at(&weak), json!({"role": "admin"}))).refuses(
        403,
        "auth.forbidden",
        "role",
    );
    let strong = api.post(PATH, json!({"name": "s", "role": "admin", "disabled": true})).must(201).id();
    api.changes_nothing(|| api.as_token(&mine).patch(&at(&strong), json!({"disabled": false}))).refuses(
        403,
        "auth.forbidden",
        "role",
    );
}

#[test]
fn a_token_mints_in_its_own_project_only() {
    let api = Api::new();
    let other = api.post("/api/v1/projects", json!({"name": "other"})).must(201).id();
    let mine = minter(&api, json!({"role": "admin"}));
    api.changes_nothing(|| api.as_token(&mine).post(&format!("{PATH}?project_id={other}"), json!({"name": "x"})))
        .refuses(404, "not_found", "project_id");
    let made = mint_as(&api, &mine, json!({"name": "x", "role": "admin"})).must(201);
    assert_eq!(made.body["project_id"], json!(api.default_project()));
    assert_eq!(api.last_audit()["actor"], api.as_token(&mine).get("/api/v1/me").body["id"]);
}
