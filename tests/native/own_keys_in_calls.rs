//! Whose key a call goes out with: the user's own, else the provider's, else none, else a refusal that says so.

use crate::data_plane::{Isolate, sent};
use crate::harness::{Api, K1, K2, NOW};
use crate::own_keys::{ADAS, ADAS_NEXT, BOBS, at, set};
use serde_json::json;
use sluice::domain::timestamp::Timestamp;
use sluice::gateway::admit::{Admitted, Presented};
use sluice::gateway::plan::Plan;
use sluice::gateway::proxy;
use sluice::refusal::{Reason, Refusal};

const SHARED: &str = "sk-0123456789abcdefghijkl";

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
