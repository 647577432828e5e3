//! `limits` of `/api/v1/tokens`: what a token may use, and where it stands.

use crate::harness::{Answer, Api};
use serde_json::{Value, json};
use sluice::limits::{BudgetStanding, Rate, Standing};

const PATH: &str = "/api/v1/tokens";

fn at(id: &str) -> String {
    format!("{PATH}/{id}")
}

fn minted(api: &Api, limits: Value) -> Answer {
    api.post(PATH, json!({"name": "intern", "limits": limits}))
}

fn limits(requests: Value, tokens: Value, budget: Value, period: Value) -> Value {
    json!({"requests_per_minute": requests, "tokens_per_minute": tokens, "budget_usd": budget, "budget_period": period})
}

#[test]
fn limits_are_shown_as_they_were_given_and_null_is_none() {
    let api = Api::new();
    let full =
        json!({"requests_per_minute": 60, "tokens_per_minute": 100_000, "budget_usd": 5, "budget_period": "month"});
    let made = minted(&api, full.clone()).must(201);
    assert_eq!(made.body["limits"], full);
    assert_eq!(api.get(&at(&made.id())).must(200).body["limits"], full);
    assert_eq!(api.post(PATH, json!({"name": "free"})).must(201).body["limits"], Value::Null);
    assert_eq!(minted(&api, Value::Null).must(201).body["limits"], Value::Null);
    assert_eq!(minted(&api, json!({})).must(201).body["limits"], Value::Null, "no limit is no limits");
    let one = minted(&api, json!({"requests_per_minute": 1})).must(201).body["limits"].clone();
    assert_eq!(one, limits(json!(1), Value::Null, Value::Null, Value::Null));
}

#[test]
fn a_budget_keeps_its_billionths_and_is_for_ever_unless_a_period_is_given() {
    let api = Api::new();
    let made = minted(&api, json!({"budget_usd": 0.123456789})).must(201);
    assert!(made.text.contains(r#""budget_usd":0.123456789,"budget_period":"total""#), "{}", made.text);
    assert_eq!(minted(&api, json!({"budget_usd": 0})).must(201).body["limits"]["budget_usd"], json!(0));
}

#[test]
fn bad_limits_are_refused_by_field() {
    let api = Api::new();
    let id = minted(&api, json!({"requests_per_minute": 5})).must(201).id();
    for (bad, param) in [
        (json!("5"), "limits"),
        (json!([5]), "limits"),
        (json!({"requests": 5}), "limits.requests"),
        (json!({"requests_per_minute": 0}), "limits.requests_per_minute"),
        (json!({"requests_per_minute": 1.5}), "limits.requests_per_minute"),
        (json!({"requests_per_minute": "60"}), "limits.requests_per_minute"),
        (json!({"requests_per_minute": 1_000_000_001}), "limits.requests_per_minute"),
        (json!({"tokens_per_minute": -1}), "limits.tokens_per_minute"),
        (json!({"budget_usd": -0.01}), "limits.budget_usd"),
        (json!({"budget_usd": "5"}), "limits.budget_usd"),
        (json!({"budget_usd": 1e10}), "limits.budget_usd"),
        (json!({"budget_usd": 0.0000000001}), "limits.budget_usd"),
        (json!({"budget_usd": 5, "budget_period": "week"}), "limits.budget_period"),
        (json!({"budget_usd": 5, "budget_period": null}), "limits.budget_period"),
        (json!({"budget_period": "day"}), "limits.budget_period"),
    ] {
        api.changes_nothing(|| minted(&api, bad.clone())).invalid(param);
        api.changes_nothing(|| api.patch(&at(&id), json!({"limits": bad}))).invalid(param);
    }
}

#[test]
fn each_limit_is_kept_cleared_and_set_by_itself_and_null_clears_all() {
    let api = Api::new();
    let id = minted(&api, json!({"requests_per_minute": 60, "budget_usd": 5, "budget_period": "day"})).must(201).id();
    let patched = |limits: Value| api.patch(&at(&id), json!({"limits": limits})).must(200).body["limits"].clone();
    assert_eq!(patched(json!({"tokens_per_minute": 900})), limits(json!(60), json!(900), json!(5), json!("day")));
    assert_eq!(patched(json!({"budget_usd": 7.5})), limits(json!(60), json!(900), json!(7.5), json!("day")));
    assert_eq!(patched(json!({"budget_period": "total"})), limits(json!(60), json!(900), json!(7.5), json!("total")));
    assert_eq!(
        patched(json!({"requests_per_minute": null, "budget_usd": null})),
        limits(Value::Null, json!(900), Value::Null, Value::Null)
    );
    assert_eq!(api.patch(&at(&id), json!({"name": "kept"})).must(200).body["limits"]["tokens_per_minute"], json!(900));
    assert_eq!(patched(json!({"tokens_per_minute": null})), Value::Null);
    patched(json!({"requests_per_minute": 3}));
    assert_eq!(patched(Value::Null), Value::Null);
    assert_eq!(api.last_audit()["fields"], json!(["limits"]));
}

#[test]
fn nobody_mints_weaker_limits_than_their_own() {
    let api = Api::new();
    let mine = api.token(json!({"name": "lead", "role": "admin", "limits":
        {"requests_per_minute": 10, "tokens_per_minute": 1000, "budget_usd": 5, "budget_period": "month"}}));
    let base = limits(json!(10), json!(1000), json!(5), json!("month"));
    let with = |field: &str, value: Value| {
        let mut limits = base.clone();
        limits[field] = value;
        limits
    };
    let mint = |limits: Value| api.as_token(&mine).post(PATH, json!({"name": "child", "limits": limits}));
    for (limits, param) in [
        (Value::Null, "limits.requests_per_minute"),
        (with("requests_per_minute", json!(11)), "limits.requests_per_minute"),
        (with("tokens_per_minute", Value::Null), "limits.tokens_per_minute"),
        (with("budget_usd", json!(5.01)), "limits.budget_usd"),
        (with("budget_period", json!("day")), "limits.budget_usd"),
    ] {
        api.changes_nothing(|| mint(limits)).refuses(403, "auth.forbidden", param);
    }
    let child = mint(with("budget_period", json!("total"))).must(201).id();
    mint(with("requests_per_minute", json!(1))).must(201);
    let widen = json!({"limits": {"budget_usd": 6}});
    api.changes_nothing(|| api.as_token(&mine).patch(&at(&child), widen.clone())).refuses(
        403,
        "auth.forbidden",
        "limits.budget_usd",
    );
    let own = api.as_token(&mine).get("/api/v1/me").must(200).id();
    api.changes_nothing(|| api.as_token(&mine).patch(&at(&own), json!({"limits": null}))).refuses(
        403,
        "auth.forbidden",
        "limits.requests_per_minute",
    );
}

/// Two calls of ten, and a budget of five dollars of which half is gone.
pub const STANDING: Standing = Standing {
    requests: Some(Rate { limit: 10, used: 2, resets_at: 1_795_157_100_000 }),
    tokens: None,
    budget: Some(BudgetStanding {
        limit: 5_000_000_000,
        period: sluice::domain::limits::Period::Day,
        spent: 2_400_000_000,
        reserved: 100_000_000,
        resets_at: Some(1_795_219_200_000),
    }),
};

fn shown() -> Value {
    json!({
        "requests_per_minute": {"limit": 10, "used": 2, "remaining": 8, "resets_at": "2026-11-20T06:45:00.000Z"},
        "tokens_per_minute": null,
        "budget": {"limit_usd": 5, "period": "day", "spent_usd": 2.4, "reserved_usd": 0.1, "remaining_usd": 2.5,
            "resets_at": "2026-11-21T00:00:00.000Z"},
    })
}

#[test]
fn where_a_limited_token_stands_is_told_to_it_and_to_who_may_read_it() {
    let api = Api::new();
    let given = json!({"requests_per_minute": 10, "budget_usd": 5, "budget_period": "day"});
    let made = minted(&api, given).must(201);
    api.limiters.standing.set(Some(STANDING));
    let read = api.get(&at(&made.id())).must(200);
    assert_eq!(read.body["standing"], shown());
    assert_eq!(read.etag(), made.etag(), "the tag is of the token, whatever it has used");
    let me = api.as_token(made.body["token"].as_str().expect("a token")).get("/api/v1/me").must(200).body;
    assert_eq!((&me["limits"], &me["standing"]), (&made.body["limits"], &shown()));
    // Whoever has the tag has the token as it is, but not where it stands.
    let again = api.root().if_none_match(&made.etag()).get(&at(&made.id())).must(200);
    assert_eq!(again.body["standing"], shown());
}

#[test]
fn a_limiter_that_does_not_answer_leaves_the_token_readable() {
    let api = Api::new();
    let id = minted(&api, json!({"requests_per_minute": 10})).must(201).id();
    assert_eq!(api.get(&at(&id)).must(200).body["standing"], Value::Null);
}

#[test]
fn nobody_asks_the_limiter_of_a_token_without_limits() {
    let api = Api::new();
    api.limiters.standing.set(Some(STANDING));
    let made = api.post(PATH, json!({"name": "free"})).must(201);
    assert_eq!(api.get(&at(&made.id())).must(200).body.get("standing"), None);
    let me = api.as_token(made.body["token"].as_str().expect("a token")).get("/api/v1/me").must(200).body;
    assert_eq!((&me["limits"], &me["standing"]), (&Value::Null, &Value::Null));
    assert_eq!(api.limiters.asked.get(), 0);
}

#[test]
fn what_a_deleted_token_used_is_forgotten_with_it() {
    let api = Api::new();
    let id = minted(&api, json!({"budget_usd": 5})).must(201).id();
    let user = api.user("ada");
    let of_user = api.post(PATH, json!({"name": "ada's", "user_id": user})).must(201).id();
    api.delete(&at(&id)).must(204);
    assert_eq!(api.limiters.forgotten.borrow().as_slice(), std::slice::from_ref(&id));
    api.delete(&format!("/api/v1/users/{user}")).must(204);
    assert_eq!(*api.limiters.forgotten.borrow(), [id, of_user]);
}
