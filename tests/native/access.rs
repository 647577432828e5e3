//! 401 before 403 before 404; a row of another project is not there.

use crate::harness::{ADMIN_TOKEN, Api};
use serde_json::{Value, json};

#[test]
fn a_caller_without_a_valid_token_learns_nothing() {
    let api = Api::new();
    let id = api.provider("a");
    let callers = [
        None,
        Some(String::new()),
        Some("Bearer".into()),
        Some("Bearer ".into()),
        Some("Bearer nope".into()),
        Some(format!("Basic {ADMIN_TOKEN}")),
        Some(ADMIN_TOKEN.into()),
        Some(format!("Bearer {ADMIN_TOKEN}x")),
        Some(format!("Bearer {}", &ADMIN_TOKEN[..32])),
        Some("Bearer slu_0123456789abcdefghijABCDEFGHIJ0123456789abcd".into()),
    ];
    for authorization in callers {
        let caller = api.authorized(authorization);
        for path in [
            "/api/v1/me",
            "/api/v1/providers",
            &format!("/api/v1/providers/{id}"),
            "/api/v1/nowhere",
            "/api/v1/providers/aip_0123456789abcdef",
        ] {
            let refused = caller.get(path);
            refused.refuses(401, "auth.invalid_token", "");
            assert!(refused.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")), "{refused:?}");
        }
        api.changes_nothing(|| caller.send("PUT", "/api/v1/providers", b"{".to_vec())).refuses(
            401,
            "auth.invalid_token",
            "",
        );
    }
    api.authorized(Some(format!("bEARER   {ADMIN_TOKEN} "))).get("/api/v1/me").must(200);
}

#[test]
fn a_member_is_403_before_it_could_learn_what_is_there() {
    let api = Api::new();
    let id = api.provider("a");
    let model = api.model(&id, "m");
    let secret = api.secret("s", "sk-0123456789abcdefghij");
    for role in ["member", "viewer"] {
        let token = api.token_of_role(role);
        let member = api.as_token(&token);
        for (method, path) in [
            ("POST", "/api/v1/providers".to_owned()),
            ("PATCH", format!("/api/v1/providers/{id}")),
            ("DELETE", format!("/api/v1/providers/{id}")),
            ("PATCH", "/api/v1/providers/aip_0123456789abcdef".to_owned()),
            ("POST", format!("/api/v1/providers/{id}/models")),
            ("PATCH", format!("/api/v1/providers/{id}/models/{model}")),
            ("DELETE", format!("/api/v1/providers/{id}/models/{model}")),
            ("GET", "/api/v1/secrets".to_owned()),
            ("GET", format!("/api/v1/secrets/{secret}")),
            ("POST", "/api/v1/secrets".to_owned()),
            ("PATCH", format!("/api/v1/secrets/{secret}")),
            ("DELETE", "/api/v1/secrets/nope".to_owned()),
            ("GET", "/api/v1/tokens".to_owned()),
            ("POST", "/api/v1/tokens".to_owned()),
            ("GET", "/api/v1/tokens/tok_0123456789abcdef".to_owned()),
            ("GET", "/api/v1/users".to_owned()),
            ("POST", "/api/v1/users".to_owned()),
            ("PATCH", "/api/v1/users/usr_0123456789abcdef".to_owned()),
            ("DELETE", "/api/v1/users/nope".to_owned()),
            ("POST", "/api/v1/projects".to_owned()),
            ("GET", "/api/v1/sealing-keys".to_owned()),
            ("POST", "/api/v1/sealing-keys/rotate".to_owned()),
        ] {
            // Not even the body is looked at.
            api.changes_nothing(|| member.send(method, &path, b"{nonsense".to_vec())).refuses(
                403,
                "auth.forbidden",
                "",
            );
        }
        member.get("/api/v1/providers").must(200);
        member.get(&format!("/api/v1/providers/{id}/models/{model}")).must(200);
        member.get("/api/v1/models").must(200);
    }
}

#[test]
fn sealing_keys_are_roots_alone() {
    let api = Api::new();
    let token = api.token_of_role("admin");
    let admin = api.as_token(&token);
    admin.get("/api/v1/sealing-keys").refuses(403, "auth.forbidden", "");
    api.changes_nothing(|| admin.post("/api/v1/sealing-keys/rotate", json!({}))).refuses(403, "auth.forbidden", "");
}

#[test]
fn a_row_of_another_project_is_404_for_its_reader_and_its_writer() {
    let api = Api::new();
    let (provider, secret) = (api.provider("a"), api.secret("s", "sk-0123456789abcdefghij"));
    let model = api.model(&provider, "m");
    let token_id = api.post("/api/v1/tokens", json!({"name": "t"})).must(201).id();
    let user = api.user("u");
    let other = api.post("/api/v1/projects", json!({"name": "other"})).must(201).id();
    let minted =
        api.post(&format!("/api/v1/tokens?project_id={other}"), json!({"name": "o", "role": "admin"})).must(201);
    let stranger = api.as_token(minted.body["token"].as_str().expect("a token"));
    for path in [
        format!("/api/v1/providers/{provider}"),
        format!("/api/v1/providers/{provider}/models/{model}"),
        format!("/api/v1/secrets/{secret}"),
        format!("/api/v1/tokens/{token_id}"),
        format!("/api/v1/users/{user}"),
        format!("/api/v1/projects/{}", api.default_project()),
    ] {
        stranger.get(&path).refuses(404, "not_found", "");
        api.changes_nothing(|| stranger.patch(&path, json!({"name": "mine"}))).refuses(404, "not_found", "");
        if !path.contains("projects") {
            api.changes_nothing(|| stranger.delete(&path)).refuses(404, "not_found", "");
        }
    }
    api.changes_nothing(|| stranger.post(&format!("/api/v1/providers/{provider}/models"), json!({"model": "x"})))
        .refuses(404, "not_found", "");
    stranger.get(&format!("/api/v1/providers/{provider}/models")).refuses(404, "not_found", "");
    for path in ["/api/v1/providers", "/api/v1/models", "/api/v1/secrets", "/api/v1/users"] {
        assert_eq!(stranger.get(path).must(200).body["data"], json!([]), "{path}");
        stranger.get(&format!("{path}?project_id={}", api.default_project())).refuses(404, "not_found", "project_id");
    }
    assert_eq!(stranger.get("/api/v1/tokens").column("name"), ["o"]);
    let body = json!({"name": "p", "provider": "openai", "secret_id": secret});
    api.changes_nothing(|| stranger.post("/api/v1/providers", body)).invalid("secret_id");
    api.changes_nothing(|| stranger.post("/api/v1/tokens", json!({"name": "p", "user_id": user}))).invalid("user_id");
}

#[test]
fn a_member_sees_no_disabled_provider_and_nothing_of_credentials() {
    let api = Api::new();
    let secret = api.secret("s", "sk-0123456789abcdefWXYZ");
    let on = api.provider_with(json!({"name": "on", "provider": "openai", "secret_id": secret, "advanced_json": {"extra_headers": {"X-Org": "acme"}}}));
    let headers = api.provider_with(json!({"name": "headers", "provider": "openai", "auth_method": "custom_headers", "custom_headers": {"X-Hidden-Name": "v"}}));
    let off = api.provider_with(
        json!({"name": "off", "provider": "openai", "api_key": "sk-9876543210abcdefQRST", "enabled": false}),
    );
    let model = api.model(&off, "m");
    api.model_with(&on, json!({"model": "dark", "enabled": false}));
    for role in ["member", "viewer"] {
        let token = api.token_of_role(role);
        let member = api.as_token(&token);
        let list = member.get("/api/v1/providers").must(200);
        let mut names = list.column("name");
        names.sort();
        assert_eq!(names, ["headers", "on"]);
        for hidden in ["WXYZ", "QRST", "X-Hidden-Name", "acme", "dark", secret.as_str()] {
            assert!(!list.text.contains(hidden), "{hidden}: {}", list.text);
        }
        let one = member.get(&format!("/api/v1/providers/{on}")).must(200).body;
        assert_eq!(
            (&one["credential"], &one["secret_id"]),
            (&json!({"configured": true, "source": null, "hint": null}), &Value::Null)
        );
        assert_eq!(member.get(&format!("/api/v1/providers/{headers}")).body["header_names"], json!([]));
        for path in [
            format!("/api/v1/providers/{off}"),
            format!("/api/v1/providers/{off}/models"),
            format!("/api/v1/providers/{off}/models/{model}"),
        ] {
            member.get(&path).refuses(404, "not_found", "");
        }
    }
    let token = api.token_of_role("admin");
    let admin = api.as_token(&token);
    assert_eq!(admin.get(&format!("/api/v1/providers/{off}")).must(200).body["credential"]["hint"], "QRST");
    admin.patch(&format!("/api/v1/providers/{off}"), json!({"enabled": true})).must(200);
    let member = api.token_of_role("member");
    assert_eq!(
        api.as_token(&member).get(&format!("/api/v1/providers/{off}/models/{model}")).must(200).body["model"],
        "m"
    );
}

#[test]
fn a_deny_wins_over_any_allow_and_resources_narrow_an_allow() {
    let api = Api::new();
    let (a, b) = (api.provider("a"), api.provider("b"));
    let policy = json!([{"effect": "allow", "actions": ["aiProviders:*"]}, {"effect": "deny", "actions": ["aiProviders:UpdateAiProvider"], "resources": [b]}]);
    let fenced = api.token(json!({"name": "f", "policy": policy}));
    api.as_token(&fenced).patch(&format!("/api/v1/providers/{a}"), json!({"enabled": false})).must(200);
    api.changes_nothing(|| api.as_token(&fenced).patch(&format!("/api/v1/providers/{b}"), json!({"enabled": false})))
        .refuses(403, "auth.forbidden", "");
    let narrow = api.token(
        json!({"name": "n", "policy": [{"effect": "allow", "actions": ["aiProviders:Get*"], "resources": [a]}]}),
    );
    api.patch(&format!("/api/v1/providers/{a}"), json!({"enabled": true})).must(200);
    api.as_token(&narrow).get(&format!("/api/v1/providers/{a}")).must(200);
    api.as_token(&narrow).get(&format!("/api/v1/providers/{b}")).refuses(403, "auth.forbidden", "");
    api.as_token(&narrow).get("/api/v1/providers").refuses(403, "auth.forbidden", "");
}

#[test]
fn a_token_that_may_change_one_provider_only_can_switch_it_off_and_on_again() {
    let api = Api::new();
    let a = api.provider("a");
    let token = api
        .token(json!({"name": "n", "policy": [{"effect": "allow", "actions": ["aiProviders:*"], "resources": [a]}]}));
    let path = format!("/api/v1/providers/{a}");
    api.as_token(&token).patch(&path, json!({"enabled": false})).must(200);
    assert_eq!(
        api.as_token(&token).patch(&path, json!({"enabled": true})).must(200).body["credential"]["source"],
        "inline"
    );
}

#[test]
fn whoever_writes_is_named_in_the_audit_log() {
    let api = Api::new();
    let token = api.token_of_role("admin");
    api.as_token(&token).post("/api/v1/providers", json!({"name": "a", "provider": "openai"})).must(201);
    assert_eq!(api.db.one("SELECT actor_name FROM audit_log ORDER BY rowid DESC LIMIT 1"), "admin");
    assert_eq!(api.last_audit()["actor"], json!(api.db.one("SELECT id FROM tokens")));
    assert!(api.db.one("SELECT request_id FROM audit_log ORDER BY rowid DESC LIMIT 1").starts_with("req_"));
}
