//! `/api/v1/me/provider-keys`: whose key a call goes out with, and who gets to see it.

use crate::data_plane::{Isolate, sent};
use crate::harness::{ADMIN_TOKEN, Answer, Api, Caller, K1, K2, NOW};
use serde_json::{Value, json};
use sluice::domain::timestamp::Timestamp;
use sluice::gateway::admit::{Admitted, Presented};
use sluice::gateway::plan::Plan;
use sluice::gateway::proxy;
use sluice::refusal::{Reason, Refusal};

const PATH: &str = "/api/v1/me/provider-keys";
const SHARED: &str = "sk-0123456789abcdefghijkl";
const ADAS: &str = "sk-ada-0123456789-OWNPLAINTEXT-wxyz";
const ADAS_NEXT: &str = "sk-ada-9876543210-OWNPLAINTEXT-next";
const BOBS: &str = "sk-bob-0123456789-OWNPLAINTEXT-bobs";

fn at(provider: &str) -> String {
    format!("{PATH}/{provider}")
}

fn own(key: &str) -> Value {
    json!({"api_key": key})
}

fn set(caller: &Caller<'_>, provider: &str, key: &str) -> Answer {
    caller.put(&at(provider), own(key))
}

/// A call in the isolate, so many milliseconds after the beginning.
fn admit(isolate: &Isolate, token: &str, at: i64) -> Admitted {
    let bearer = format!("Bearer {token}");
    let presented = Presented { authorization: Some(&bearer), ..Presented::default() };
    isolate.admit_with(presented, at).expect("admitted")
}

fn call(isolate: &Isolate, token: &str, at: i64, model: &str) -> Result<Plan, Refusal> {
    let body = json!({"model": model, "messages": []}).to_string();
    isolate.plan_as(&admit(isolate, token, at), "/v1/chat/completions", &[], &body)
}

/// The key that a call goes out with.
fn key_of(isolate: &Isolate, token: &str, at: i64) -> String {
    let plan = call(isolate, token, at, "m").expect("planned");
    sent(&plan, "authorization").expect("a key").trim_start_matches("Bearer ").to_owned()
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
fn a_call_goes_out_with_the_users_key_else_the_providers_else_none_else_says_so() {
    let isolate = Isolate::new();
    let api = &isolate.api;
    let main = api.provider("main");
    api.model(&main, "m");
    let bare = api.provider_with(json!({"name": "bare", "provider": "openai"}));
    api.model(&bare, "bare-m");
    let local = api.provider_with(json!({"name": "local", "provider": "openai", "api_key": ""}));
    api.model(&local, "local-m");
    let (ada, bob) = (api.token_of_user("ada"), api.token_of_user("bob"));
    for provider in [&main, &bare, &local] {
        set(&api.as_token(&ada), provider, ADAS).must(201);
    }
    set(&api.as_token(&bob), &main, BOBS).must(201);
    let authorization = |token: &str, model: &str| {
        let plan = call(&isolate, token, 0, model).map_err(|refusal| refusal.reason)?;
        Ok::<_, Reason>(sent(&plan, "authorization").map(str::to_owned))
    };
    let bearer = |key: &str| Ok(Some(format!("Bearer {key}")));
    for (token, expected) in [(&ada, bearer(ADAS)), (&bob, bearer(BOBS)), (&isolate.token, bearer(SHARED))] {
        assert_eq!(authorization(token, "m"), expected);
    }
    for (token, expected) in
        [(&ada, bearer(ADAS)), (&bob, Err(Reason::CredentialMissing)), (&isolate.token, Err(Reason::CredentialMissing))]
    {
        assert_eq!(authorization(token, "bare-m"), expected);
    }
    for (token, expected) in [(&ada, bearer(ADAS)), (&bob, Ok(None)), (&isolate.token, Ok(None))] {
        assert_eq!(authorization(token, "local-m"), expected);
    }
    let missing = call(&isolate, &bob, 0, "bare-m").expect_err("missing");
    assert_eq!(missing.reason.status(), 502);
    assert!(missing.message.contains("`bare`") && missing.message.contains(&at(&bare)), "{}", missing.message);
}

#[test]
fn what_goes_out_with_an_own_key_masks_that_key() {
    let isolate = Isolate::new();
    isolate.api.model(&isolate.api.provider("main"), "m");
    let ada = isolate.api.token_of_user("ada");
    let provider = isolate.api.db.one("SELECT id FROM providers");
    set(&isolate.api.as_token(&ada), &provider, ADAS).must(201);
    let plan = call(&isolate, &ada, 0, "m").expect("planned");
    assert_eq!(plan.secrets, [ADAS]);
    let raw =
        proxy::plan(&admit(&isolate, &ada, 0), &isolate.api.deployment, ("main", "files", ""), std::iter::empty());
    let raw = raw.expect("planned");
    let header = raw.headers.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    assert_eq!(header.map(|(_, value)| value.as_str()), Some(format!("Bearer {ADAS}").as_str()));
    assert_eq!(raw.secrets, [ADAS]);
    let shown = format!("{:?} {plan:?} {raw:?} {:?}", admit(&isolate, &ada, 0), isolate.cache);
    assert!(!shown.contains("OWNPLAINTEXT"), "{shown}");
}

#[test]
fn a_cold_call_with_an_own_key_takes_one_round_trip_and_a_warm_one_none() {
    let isolate = Isolate::new();
    let provider = isolate.api.provider("main");
    isolate.api.model(&provider, "m");
    let ada = isolate.api.token_of_user("ada");
    set(&isolate.api.as_token(&ada), &provider, ADAS).must(201);
    for (at, trips) in [(0, 1), (999, 0), (1000, 1)] {
        assert_eq!(isolate.round_trips(|| key_of(&isolate, &ada, at)), (trips, ADAS.to_owned()), "at {at}");
    }
}

#[test]
fn a_changed_key_counts_at_once_where_it_was_written_and_within_the_ttl_elsewhere() {
    let isolate = Isolate::new();
    let provider = isolate.api.provider("main");
    isolate.api.model(&provider, "m");
    let token = isolate.api.token_of_user("ada");
    let ada = isolate.api.as_token(&token);
    let path = at(&provider);
    assert_eq!(key_of(&isolate, &token, 0), SHARED);
    set(&ada, &provider, ADAS).must(201);
    assert_eq!(key_of(&isolate, &token, 999), SHARED, "another isolate waits for its TTL");
    assert_eq!(key_of(&isolate, &token, 1000), ADAS);
    set(&ada, &provider, ADAS_NEXT).must(200);
    isolate.cache.borrow_mut().overtake();
    assert_eq!(key_of(&isolate, &token, 1001), ADAS_NEXT);
    ada.delete(&path).must(204);
    isolate.cache.borrow_mut().overtake();
    assert_eq!(key_of(&isolate, &token, 1002), SHARED, "back to the provider's");
}

#[test]
fn a_key_written_between_two_readings_of_the_project_is_not_missed() {
    // Another token's reading brings the new revision first: the user's own reading must not take it for its own.
    let isolate = Isolate::new();
    let provider = isolate.api.provider("main");
    isolate.api.model(&provider, "m");
    let ada = isolate.api.token_of_user("ada");
    assert_eq!(key_of(&isolate, &ada, 0), SHARED);
    set(&isolate.api.as_token(&ada), &provider, ADAS).must(201);
    assert_eq!(key_of(&isolate, &isolate.token, 500), SHARED);
    assert_eq!(key_of(&isolate, &ada, 1000), ADAS);
}

#[test]
fn an_own_key_goes_on_while_d1_is_away() {
    let isolate = Isolate::new();
    let provider = isolate.api.provider("main");
    isolate.api.model(&provider, "m");
    let ada = isolate.api.token_of_user("ada");
    set(&isolate.api.as_token(&ada), &provider, ADAS).must(201);
    assert_eq!(key_of(&isolate, &ada, 0), ADAS);
    isolate.api.db.away.set(true);
    assert_eq!(key_of(&isolate, &ada, 5000), ADAS);
}

#[test]
fn a_key_that_no_longer_fits_is_refused_and_nobody_elses_takes_its_place() {
    let isolate = Isolate::new();
    let provider = isolate.api.provider_with(json!({"name": "main", "provider": "custom", "api_key": SHARED,
        "protocol": "chat_completions", "base_url": "https://llm.example.com"}));
    isolate.api.model(&provider, "m");
    let ada = isolate.api.token_of_user("ada");
    set(&isolate.api.as_token(&ada), &provider, ADAS).must(201);
    let path = format!("/api/v1/providers/{provider}");
    for (at, change, fits) in [
        (1000, json!({"auth_method": "custom_headers", "custom_headers": {"X-Key": SHARED}}), false),
        (2000, json!({"auth_method": "none"}), false),
        (3000, json!({"auth_method": "x_api_key", "api_key": SHARED}), true),
    ] {
        isolate.api.patch(&path, change).must(200);
        match call(&isolate, &ada, at, "m") {
            Ok(plan) => assert_eq!((fits, sent(&plan, "x-api-key")), (true, Some(ADAS))),
            Err(refusal) => {
                assert_eq!((fits, refusal.reason), (false, Reason::CredentialInvalid));
                assert!(refusal.message.contains("your own key for provider `main`"), "{}", refusal.message);
                assert!(refusal.message.contains(&self::at(&provider)), "{}", refusal.message);
            }
        }
    }
}

#[test]
fn a_key_moved_to_another_users_row_does_not_open() {
    let isolate = Isolate::new();
    let provider = isolate.api.provider("main");
    isolate.api.model(&provider, "m");
    let (ada, bob) = (isolate.api.token_of_user("ada"), isolate.api.token_of_user("bob"));
    set(&isolate.api.as_token(&ada), &provider, ADAS).must(201);
    let adas = isolate.api.db.one("SELECT credential FROM user_provider_keys");
    set(&isolate.api.as_token(&bob), &provider, BOBS).must(201);
    isolate.api.db.run(&format!("UPDATE user_provider_keys SET credential = '{adas}'"));
    assert_eq!(key_of(&isolate, &ada, 0), ADAS);
    let refusal = call(&isolate, &bob, 0, "m").expect_err("does not open");
    assert_eq!(refusal.reason, Reason::SealBroken);
    assert!(refusal.message.contains("your own key for provider `main`"), "{}", refusal.message);
}

#[test]
fn rotation_counts_and_reseals_own_keys_and_calls_go_on() {
    let mut isolate = Isolate::new();
    let provider = isolate.api.provider("main");
    isolate.api.model(&provider, "m");
    let ada = isolate.api.token_of_user("ada");
    set(&isolate.api.as_token(&ada), &provider, ADAS).must(201);
    let rows = |api: &Api| api.get("/api/v1/sealing-keys").must(200).body["data"][0]["rows"].clone();
    assert_eq!(rows(&isolate.api), 2);
    assert_eq!(key_of(&isolate, &ada, 0), ADAS);
    let updated = isolate.api.db.one("SELECT updated_at FROM user_provider_keys");
    let both = format!("{K2},{K1}");
    isolate.api = isolate.api.with_ring(&both);
    let said = isolate.api.post("/api/v1/sealing-keys/rotate", json!({})).must(200).body;
    assert_eq!((&said["resealed"], &said["remaining"]), (&json!(2), &json!(0)));
    assert!(isolate.api.db.one("SELECT credential FROM user_provider_keys").starts_with("v1.k2."));
    assert_eq!(isolate.api.db.one("SELECT updated_at FROM user_provider_keys"), updated);
    isolate.api = isolate.api.with_ring(K2);
    assert_eq!((key_of(&isolate, &ada, 2000), rows(&isolate.api)), (ADAS.to_owned(), json!(2)));
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
fn the_usage_row_names_the_user() {
    use sluice::domain::ids::RequestId;
    use sluice::gateway::settle::{Consumed, Ending, Record};
    let isolate = Isolate::new();
    let ada = isolate.api.user("ada");
    let token = isolate.api.token(json!({"name": "t", "user_id": ada}));
    let admitted = admit(&isolate, &token, 0);
    let record = Record::new(RequestId::parse("req_0123456789abcdef").expect("an id"), Timestamp::from_ms(NOW));
    let ending = Ending { status: 200, error: None, consumed: Consumed::Nothing };
    let row = record.settle(&admitted, "responses", ending, Timestamp::from_ms(NOW));
    assert_eq!(row.user_id, Some(ada));
}
