//! `/api/v1/me/provider-keys`: set, shown by its end, deleted; nobody else's to see.

use crate::harness::{ADMIN_TOKEN, Answer, Api, Caller};
use serde_json::{Value, json};

const PATH: &str = "/api/v1/me/provider-keys";
pub const ADAS: &str = "sk-ada-0123456789-OWNPLAINTEXT-wxyz";
pub const ADAS_NEXT: &str = "sk-ada-9876543210-OWNPLAINTEXT-next";
pub const BOBS: &str = "sk-bob-0123456789-OWNPLAINTEXT-bobs";

pub fn at(provider: &str) -> String {
    format!("{PATH}/{provider}")
}

pub fn own(key: &str) -> Value {
    json!({"api_key": key})
}

pub fn set(caller: &Caller<'_>, provider: &str, key: &str) -> Answer {
    caller.put(&at(provider), own(key))
}

#[test]
fn an_own_key_is_set_replaced_shown_by_its_end_and_deleted() {
    let api = Api::new();
    let provider = api.provider("main");
    let token = api.token_of_user("ada");
    let ada = api.as_token(&token);
    ada.get(&at(&provider)).refuses(404, "not_found", "");
    let made = set(&ada, &provider, &format!(" {ADAS}\n")).must(201);
    let expected = json!({"provider_id": provider, "provider_name": "main", "hint": "wxyz",
        "created_at": "2026-11-20T06:44:34.007Z", "updated_at": "2026-11-20T06:44:34.007Z"});
    assert_eq!((&made.body, made.header("location")), (&expected, Some(at(&provider).as_str())));
    assert_eq!(ada.get(&at(&provider)).must(200).body, expected);
    assert_eq!(ada.get(PATH).must(200).body, json!({"data": [expected], "next_cursor": null}));
    let audit = api.last_audit();
    assert_eq!(
        (&audit["action"], &audit["type"], &audit["fields"]),
        (&json!("providerKeys:PutProviderKey"), &json!("provider_key"), &json!(["api_key"]))
    );
    api.clock.advance(5);
    let replaced = set(&ada, &provider, ADAS_NEXT).must(200).body;
    assert_eq!((&replaced["hint"], &replaced["created_at"]), (&json!("next"), &expected["created_at"]));
    assert_eq!(api.db.count("SELECT count(*) FROM user_provider_keys"), 1);
    api.changes_nothing(|| ada.clone().if_match(&made.etag()).put(&at(&provider), own(ADAS))).refuses(
        412,
        "request.precondition_failed",
        "",
    );
    ada.delete(&at(&provider)).must(204);
    assert_eq!(api.last_audit()["action"], "providerKeys:DeleteProviderKey");
    api.changes_nothing(|| ada.delete(&at(&provider))).refuses(404, "not_found", "");
    api.changes_nothing(|| ada.clone().if_match("*").put(&at(&provider), own(ADAS))).refuses(
        412,
        "request.precondition_failed",
        "",
    );
    assert_eq!(set(&ada, &provider, "short-key").must(201).body["hint"], Value::Null);
}

#[test]
fn a_list_of_own_keys_goes_on_by_its_cursor() {
    let api = Api::new();
    let token = api.token_of_user("ada");
    let ada = api.as_token(&token);
    for name in ["a", "b", "c"] {
        api.clock.advance(1);
        set(&ada, &api.provider(name), ADAS).must(201);
    }
    let first = ada.get(&format!("{PATH}?limit=2")).must(200);
    assert_eq!(first.column("provider_name"), ["a", "b"]);
    let cursor = first.body["next_cursor"].as_str().expect("a cursor");
    assert_eq!(ada.get(&format!("{PATH}?cursor={cursor}")).column("provider_name"), ["c"]);
}

#[test]
fn keys_that_cannot_be_are_refused_by_field() {
    let api = Api::new();
    let provider = api.provider("main");
    let token = api.token_of_user("ada");
    let ada = api.as_token(&token);
    for (body, param) in [
        (json!({}), "api_key"),
        (own(""), "api_key"),
        (own("   "), "api_key"),
        (json!({"api_key": null}), "api_key"),
        (json!({"api_key": 7}), "api_key"),
        (own("sk-…wxyz"), "api_key"),
        (own("sk-****wxyz"), "api_key"),
        (own("sk with space"), "api_key"),
        (json!({"api_key": ADAS, "user_id": "usr_0123456789abcdef"}), "user_id"),
        (json!({"api_key": ADAS, "hint": "wxyz"}), "hint"),
    ] {
        api.changes_nothing(|| ada.put(&at(&provider), body)).invalid(param);
    }
    for nowhere in ["aip_0123456789abcdef", "main"] {
        api.changes_nothing(|| set(&ada, nowhere, ADAS)).refuses(404, "not_found", "");
    }
}

#[test]
fn an_own_key_must_fit_the_providers_auth_method() {
    let api = Api::new();
    let token = api.token_of_user("ada");
    let ada = api.as_token(&token);
    let map = api.provider_with(json!({"name": "map", "provider": "openai", "auth_method": "custom_headers",
        "custom_headers": {"X-Key": "0123456789abcdef"}}));
    let open = api.provider_with(json!({"name": "open", "provider": "openai", "auth_method": "none"}));
    for (provider, word) in [(&map, "custom_headers"), (&open, "`none`")] {
        let refused = api.changes_nothing(|| set(&ada, provider, ADAS));
        refused.invalid("api_key");
        assert!(refused.message().contains(word), "{}", refused.message());
    }
    let aws = api.provider_with(json!({"name": "aws", "provider": "bedrock"}));
    api.changes_nothing(|| set(&ada, &aws, ADAS)).refuses(422, "validation.failed", "api_key");
    let pair = json!({"access_key_id": "AKIDEXAMPLE012345678", "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"});
    assert_eq!(
        set(&ada, &aws, &pair.to_string()).must(201).body["hint"],
        "5678",
        "of the key's id, which is no secret"
    );
}

#[test]
fn own_keys_take_a_token_of_a_user() {
    let api = Api::new();
    let provider = api.provider("main");
    let unbound = api.token_of_role("member");
    for token in [ADMIN_TOKEN, &unbound] {
        let caller = api.as_token(token);
        for refused in [
            caller.get(PATH),
            caller.get(&at(&provider)),
            api.changes_nothing(|| set(&caller, &provider, ADAS)),
            caller.delete(&at(&provider)),
        ] {
            refused.refuses(422, "validation.failed", "");
            assert!(refused.message().contains("`user_id`"), "{}", refused.message());
        }
    }
}

#[test]
fn members_manage_their_own_keys_and_viewers_do_not() {
    let api = Api::new();
    let provider = api.provider("main");
    let viewer = api.post("/api/v1/users", json!({"name": "v", "role": "viewer"})).must(201).id();
    let viewer = api.token(json!({"name": "v", "user_id": viewer}));
    let caller = api.as_token(&viewer);
    caller.get(PATH).refuses(403, "auth.forbidden", "");
    api.changes_nothing(|| set(&caller, &provider, ADAS)).refuses(403, "auth.forbidden", "");
    api.changes_nothing(|| caller.delete(&at(&provider))).refuses(403, "auth.forbidden", "");
    let ada = api.user("ada");
    let policy = json!([{"effect": "allow", "actions": ["providerKeys:*"], "resources": [provider]}]);
    let narrow = api.token(json!({"name": "n", "user_id": ada, "policy": policy}));
    set(&api.as_token(&narrow), &provider, ADAS).must(201);
    let other = api.provider("other");
    api.changes_nothing(|| set(&api.as_token(&narrow), &other, ADAS)).refuses(403, "auth.forbidden", "");
}

#[test]
fn a_users_keys_are_nobody_elses_in_any_list_or_row() {
    let api = Api::new();
    let provider = api.provider("main");
    let (ada, bob) = (api.token_of_user("ada"), api.token_of_user("bob"));
    set(&api.as_token(&ada), &provider, ADAS).must(201);
    let bob = api.as_token(&bob);
    assert_eq!(bob.get(PATH).must(200).body["data"], json!([]));
    bob.get(&at(&provider)).refuses(404, "not_found", "");
    api.changes_nothing(|| bob.delete(&at(&provider))).refuses(404, "not_found", "");
    set(&bob, &provider, BOBS).must(201);
    bob.delete(&at(&provider)).must(204);
    assert_eq!(api.as_token(&ada).get(&at(&provider)).must(200).body["hint"], "wxyz");
    let admin = api.token_of_role("admin");
    for caller in [api.root(), api.as_token(&admin), bob] {
        for path in ["/api/v1/providers", "/api/v1/users", "/api/v1/tokens", "/api/v1/secrets", "/api/v1/me"] {
            let shown = caller.get(path).text;
            assert!(!shown.contains("wxyz") && !shown.contains("uky_"), "{path}: {shown}");
        }
    }
}

#[test]
fn a_provider_of_another_project_takes_no_key() {
    let api = Api::new();
    let other = api.post("/api/v1/projects", json!({"name": "other"})).must(201).id();
    let foreign =
        api.post(&format!("/api/v1/providers?project_id={other}"), json!({"name": "f", "provider": "openai"}));
    let token = api.token_of_user("ada");
    api.changes_nothing(|| set(&api.as_token(&token), &foreign.must(201).id(), ADAS)).refuses(404, "not_found", "");
}

#[test]
fn at_a_disabled_provider_a_key_is_not_listed_can_be_deleted_and_comes_back_with_it() {
    let api = Api::new();
    let (main, off) = (api.provider("main"), api.provider("off"));
    let token = api.token_of_user("ada");
    let ada = api.as_token(&token);
    for provider in [&main, &off] {
        set(&ada, provider, ADAS).must(201);
    }
    let enabled = |provider: &str, on: bool| {
        api.patch(&format!("/api/v1/providers/{provider}"), json!({"enabled": on})).must(200);
    };
    enabled(&off, false);
    assert_eq!(ada.get(PATH).column("provider_name"), ["main"]);
    ada.get(&at(&off)).refuses(404, "not_found", "");
    api.changes_nothing(|| set(&ada, &off, ADAS_NEXT)).refuses(404, "not_found", "");
    enabled(&off, true);
    assert_eq!(ada.get(PATH).column("provider_name").len(), 2);
    enabled(&off, false);
    ada.delete(&at(&off)).must(204);
}

#[test]
fn no_answer_and_no_row_holds_an_own_key_in_clear() {
    let api = Api::new();
    let provider = api.provider("main");
    let token = api.token_of_user("ada");
    let ada = api.as_token(&token);
    set(&ada, &provider, ADAS).must(201);
    set(&ada, &provider, ADAS_NEXT).must(200);
    for (body, param) in [
        (json!({"api_key": [ADAS]}), "api_key"),
        (own(&format!("{ADAS} with space")), "api_key"),
        (json!({"api_key": ADAS, "other": ADAS}), "other"),
    ] {
        api.changes_nothing(|| ada.put(&at(&provider), body)).invalid(param);
    }
    ada.send("PUT", &at(&provider), format!("{{\"api_key\": \"{ADAS}\" oops").into_bytes()).must(400);
    ada.get(PATH).must(200);
    ada.get("/api/v1/me").must(200);
    for (what, text) in [("an answer", api.transcript.borrow().clone()), ("a row", api.db.dump())] {
        assert!(!text.contains("OWNPLAINTEXT"), "{what} shows an own key");
    }
    let no_ring = api.with_ring("");
    let ada = no_ring.as_token(&token);
    no_ring.changes_nothing(|| set(&ada, &provider, ADAS)).refuses(503, "sealing.not_configured", "");
    ada.get(PATH).must(200);
}

#[test]
fn what_someone_else_writes_meanwhile_is_not_overwritten() {
    let api = Api::new();
    let provider = api.provider("main");
    let token = api.token_of_user("ada");
    let ada = api.as_token(&token);
    // Two tokens of one user set their first key at the same time.
    let sql = format!(
        "INSERT INTO user_provider_keys (id, project_id, user_id, provider_id, credential, created_at, updated_at)
         SELECT 'uky_0123456789abcdef', project_id, id, '{provider}', 'v1.k1.theirs', 1, 1 FROM users"
    );
    api.db.before_next_write(move |db| db.run(&sql));
    set(&ada, &provider, ADAS).refuses(412, "request.precondition_failed", "");
    assert_eq!(api.db.all("SELECT credential FROM user_provider_keys"), ["v1.k1.theirs"]);
    set(&ada, &provider, ADAS).must(200);
    for write in ["PUT", "DELETE"] {
        api.db.before_next_write(|db| db.run("UPDATE user_provider_keys SET hint = 'them', version = version + 1"));
        let answer = ada.send(write, &at(&provider), own(ADAS_NEXT).to_string().into_bytes());
        answer.refuses(412, "request.precondition_failed", "");
        assert_eq!(api.db.all("SELECT hint FROM user_provider_keys"), ["them"], "{write}");
    }
    ada.delete(&at(&provider)).must(204);
    api.db.before_next_write(|db| db.run("DELETE FROM providers"));
    set(&ada, &provider, ADAS).refuses(404, "not_found", "");
    assert_eq!(api.db.count("SELECT count(*) FROM audit_log WHERE resource_type = 'provider_key'"), 2);
    assert_eq!(api.db.count("SELECT count(*) FROM preconditions"), 0);
}

#[test]
fn a_503_means_that_no_key_was_written() {
    for answered in 0..5 {
        let api = Api::new();
        let provider = api.provider("main");
        let token = api.token_of_user("ada");
        let before = api.db.dump();
        api.db.answers.set(Some(answered));
        let answer = set(&api.as_token(&token), &provider, ADAS);
        match answer.status {
            503 => assert_eq!(api.db.dump(), before, "after {answered} batches"),
            status => assert_eq!(status, 201, "{answer:?}"),
        }
    }
}
