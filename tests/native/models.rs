//! `/api/v1/providers/{id}/models` and `/api/v1/models`.

use crate::harness::{Answer, Api};
use serde_json::{Value, json};

fn at(provider: &str) -> String {
    format!("/api/v1/providers/{provider}/models")
}

fn one(provider: &str, id: &str) -> String {
    format!("/api/v1/providers/{provider}/models/{id}")
}

fn register(api: &Api, provider: &str, body: Value) -> Answer {
    api.post(&at(provider), body)
}

/// The provider's default, of which there is one.
fn default_of(api: &Api, provider: &str) -> String {
    let defaults = api.db.all(&format!("SELECT model FROM models WHERE provider_id = '{provider}' AND is_default = 1"));
    assert_eq!(defaults.len(), 1, "{defaults:?}");
    defaults[0].clone()
}

#[test]
fn a_model_is_registered_with_its_defaults() {
    let api = Api::new();
    let p = api.provider("OpenAI");
    let made = register(&api, &p, json!({"model": " gpt-5 "})).must(201);
    assert_eq!(made.header("location"), Some(one(&p, &made.id()).as_str()));
    let expected = json!({
        "id": made.id(), "provider_id": p, "model": "gpt-5", "name": null, "selector": "OpenAI^gpt-5", "orphaned": false,
        "priority": 0, "is_default": true, "enabled": true, "tags": [], "when": null, "weight": 1.0, "fallbacks": [],
        "advanced_json": null, "multiplier": 1.0, "cost_per_1k_input": null, "cost_per_1k_output": null,
        "cost_per_1k_cache_write": null, "cost_per_1k_cache_read": null, "capabilities": null,
        "created_at": "2026-11-20T06:44:34.007Z", "updated_at": "2026-11-20T06:44:34.007Z",
    });
    assert_eq!(made.body, expected);
    assert_eq!(api.get(&one(&p, &made.id())).must(200).body, expected);
    assert_eq!(api.get(&at(&p)).must(200).body, json!({"data": [expected], "next_cursor": null}));
    let provider = api.get(&format!("/api/v1/providers/{p}")).body;
    assert_eq!((&provider["model_count"], &provider["models"]), (&json!(1), &json!([expected])));
    assert_eq!(api.last_audit()["action"], "models:CreateModel");
}

fn everything() -> Value {
    json!({
        "model": "acme/gpt^5:latest", "name": "Best", "priority": -7, "is_default": true, "enabled": false,
        "tags": ["fast", "eu"], "when": {"protocol": "responses", "max_tokens": {"$lte": 4096}}, "weight": 2.5,
        "fallbacks": ["other^model"], "advanced_json": {"temperature": 0.5, "seed": null}, "multiplier": 1.25,
        "cost_per_1k_input": 0.00125, "cost_per_1k_output": 0.01, "cost_per_1k_cache_write": 0.0, "cost_per_1k_cache_read": 0.000125,
    })
}

#[test]
fn every_field_reads_back_as_it_was_written() {
    let api = Api::new();
    let p = api.provider("a");
    let made = register(&api, &p, everything()).must(201);
    for (field, value) in everything().as_object().expect("object") {
        assert_eq!(&made.body[field], value, "{field}");
    }
    assert_eq!(made.body["selector"], "a^acme/gpt^5:latest");
}

#[test]
fn an_update_keeps_what_it_leaves_out_and_clears_what_it_nulls() {
    let api = Api::new();
    let p = api.provider("a");
    let before = register(&api, &p, everything()).must(201);
    let path = one(&p, &before.id());
    api.clock.advance(1000);
    let mut expected = before.body.clone();
    expected["priority"] = json!(4);
    expected["updated_at"] = json!("2026-11-20T06:44:35.007Z");
    assert_eq!(api.patch(&path, json!({"priority": 4})).must(200).body, expected);
    for field in [
        "name",
        "when",
        "advanced_json",
        "cost_per_1k_input",
        "cost_per_1k_output",
        "cost_per_1k_cache_write",
        "cost_per_1k_cache_read",
    ] {
        expected[field] = Value::Null;
        assert_eq!(api.patch(&path, json!({field: null})).must(200).body, expected, "{field}");
    }
    for field in
        ["model", "priority", "is_default", "enabled", "tags", "weight", "fallbacks", "multiplier", "provider_id"]
    {
        api.changes_nothing(|| api.patch(&path, json!({field: null}))).invalid(field);
    }
    let set = json!({"tags": [], "fallbacks": [], "weight": 1, "multiplier": 2, "enabled": true, "model": "x", "name": "y", "when": {}, "advanced_json": {}});
    let now = api.patch(&path, set.clone()).must(200).body;
    for (field, value) in set.as_object().expect("object") {
        assert!(now[field] == *value || now[field].as_f64() == value.as_f64(), "{field}: {}", now[field]);
    }
}

#[test]
fn fields_out_of_their_range_are_refused_by_name() {
    let api = Api::new();
    let p = api.provider("a");
    let id = api.model(&p, "m");
    for (field, value) in [
        ("model", json!("")),
        ("model", json!("  ")),
        ("model", json!("x".repeat(201))),
        ("model", json!("a\u{0}b")),
        ("model", json!(5)),
        ("name", json!("")),
        ("name", json!("a^b")),
        ("name", json!("x".repeat(101))),
        ("priority", json!(1.5)),
        ("priority", json!("1")),
        ("priority", json!(1_000_001)),
        ("is_default", json!(1)),
        ("enabled", json!("yes")),
        ("tags", json!("a")),
        ("tags", json!([1])),
        ("tags", json!([""])),
        ("tags", json!(vec!["t"; 33])),
        ("when", json!([])),
        ("weight", json!(0)),
        ("weight", json!(-1)),
        ("weight", json!("1")),
        ("fallbacks", json!(["no-selector"])),
        ("fallbacks", json!(["^x"])),
        ("fallbacks", json!(vec!["a^b"; 11])),
        ("advanced_json", json!("x")),
        ("multiplier", json!(0)),
        ("multiplier", json!(-1)),
        ("multiplier", json!(1e9)),
        ("cost_per_1k_input", json!(-0.1)),
        ("cost_per_1k_output", json!("0.1")),
        ("cost_per_1k_cache_read", json!(1e300)),
        ("provider_id", json!("aip_0123456789abcdef")),
        ("capabilities", json!({})),
        ("selector", json!("a^b")),
        ("orphaned", json!(true)),
        ("id", json!("x")),
        ("nope", json!(1)),
    ] {
        api.changes_nothing(|| api.patch(&one(&p, &id), json!({field: value}))).invalid(field);
        let mut body = json!({"model": "new"});
        body[field] = value;
        api.changes_nothing(|| register(&api, &p, body)).invalid(field);
    }
    register(&api, &p, json!({})).invalid("model");
    register(&api, &p, json!({"model": "x", "when": {"model": {"$regex": "x"}}})).invalid("when.model.$regex");
    register(&api, &p, json!({"model": "x", "advanced_json": {"stream": true}})).invalid("advanced_json.stream");
}

#[test]
fn names_conflict_whatever_their_case() {
    let api = Api::new();
    let (p, q) = (api.provider("a"), api.provider("b"));
    let id = register(&api, &p, json!({"model": "Gpt-5", "name": "Bestes"})).must(201).id();
    let other = api.model(&p, "gpt-6");
    api.changes_nothing(|| register(&api, &p, json!({"model": "GPT-5"}))).refuses(409, "model.conflict", "model");
    api.changes_nothing(|| api.patch(&one(&p, &other), json!({"model": "gPT-5"}))).refuses(
        409,
        "model.conflict",
        "model",
    );
    api.changes_nothing(|| register(&api, &q, json!({"model": "x", "name": "BESTES"}))).refuses(
        409,
        "model.conflict",
        "name",
    );
    api.changes_nothing(|| register(&api, &q, json!({"model": "x", "name": "besteS", "is_default": true}))).refuses(
        409,
        "model.conflict",
        "name",
    );
    api.model(&q, "GPT-5");
    assert_eq!(api.patch(&one(&p, &id), json!({"model": "GPT-5", "name": "BESTES"})).must(200).body["model"], "GPT-5");
}

#[test]
fn the_first_model_is_the_default_whatever_it_says() {
    let api = Api::new();
    let p = api.provider("a");
    assert_eq!(register(&api, &p, json!({"model": "m1", "is_default": false})).must(201).body["is_default"], true);
    assert_eq!(register(&api, &p, json!({"model": "m2"})).must(201).body["is_default"], false);
    assert_eq!(default_of(&api, &p), "m1");
}

#[test]
fn setting_a_default_clears_the_other() {
    let api = Api::new();
    let (p, q) = (api.provider("a"), api.provider("b"));
    api.model(&p, "m1");
    api.model(&q, "other");
    register(&api, &p, json!({"model": "m2", "is_default": true})).must(201);
    assert_eq!(default_of(&api, &p), "m2");
    let m3 = api.model(&p, "m3");
    assert_eq!(api.patch(&one(&p, &m3), json!({"is_default": true})).must(200).body["is_default"], true);
    assert_eq!((default_of(&api, &p), default_of(&api, &q)), ("m3".into(), "other".into()));
}

#[test]
fn unsetting_the_default_promotes_the_best_of_the_others() {
    let api = Api::new();
    let p = api.provider("a");
    let m1 = api.model_with(&p, json!({"model": "m1", "priority": 100}));
    api.clock.advance(1);
    api.model_with(&p, json!({"model": "young", "priority": 5}));
    api.model_with(&p, json!({"model": "low", "priority": 1}));
    api.clock.advance(-1);
    api.model_with(&p, json!({"model": "old", "priority": 5}));
    assert_eq!(api.patch(&one(&p, &m1), json!({"is_default": false})).must(200).body["is_default"], false);
    assert_eq!(default_of(&api, &p), "old", "by priority, then age; the one just unset comes last");
}

#[test]
fn unsetting_what_is_not_the_default_changes_no_default() {
    let api = Api::new();
    let p = api.provider("a");
    api.model(&p, "default");
    let m2 = api.model(&p, "m2");
    api.model_with(&p, json!({"model": "better", "priority": 9}));
    api.patch(&one(&p, &m2), json!({"is_default": false})).must(200);
    assert_eq!(default_of(&api, &p), "default");
}

#[test]
fn an_only_model_stays_the_default() {
    let api = Api::new();
    let p = api.provider("a");
    let id = api.model(&p, "m1");
    assert_eq!(api.patch(&one(&p, &id), json!({"is_default": false})).must(200).body["is_default"], true);
}

#[test]
fn deleting_the_default_promotes_the_best() {
    let api = Api::new();
    let p = api.provider("a");
    let m1 = api.model(&p, "m1");
    let m2 = api.model_with(&p, json!({"model": "m2", "priority": 1}));
    let m3 = api.model_with(&p, json!({"model": "m3", "priority": 2}));
    api.delete(&one(&p, &m1)).must(204);
    assert_eq!(default_of(&api, &p), "m3");
    api.delete(&one(&p, &m2)).must(204);
    assert_eq!(default_of(&api, &p), "m3");
    api.delete(&one(&p, &m3)).must(204);
    assert_eq!(api.db.count("SELECT count(*) FROM models"), 0);
    assert_eq!(api.get(&format!("/api/v1/providers/{p}")).body["default_model"], Value::Null);
}

#[test]
fn a_model_is_found_under_its_own_provider_only() {
    let api = Api::new();
    let (p, q) = (api.provider("a"), api.provider("b"));
    let id = api.model(&p, "m");
    for path in [one(&q, &id), one(&p, "mdl_0123456789abcdef"), one(&p, "x"), one("aip_0123456789abcdef", &id)] {
        api.get(&path).refuses(404, "not_found", "");
        api.changes_nothing(|| api.patch(&path, json!({"priority": 1}))).refuses(404, "not_found", "");
        api.changes_nothing(|| api.delete(&path)).refuses(404, "not_found", "");
    }
}

#[test]
fn the_selectable_models_are_the_enabled_ones_of_enabled_providers() {
    let api = Api::new();
    let (p, q, off) = (api.provider("Alpha"), api.provider("beta"), api.provider("off"));
    api.model_with(&p, json!({"model": "a1", "tags": ["fast", "eu"]}));
    api.clock.advance(1);
    api.model_with(&p, json!({"model": "hidden", "enabled": false, "tags": ["fast"]}));
    api.model_with(&q, json!({"model": "b1", "tags": ["fast"]}));
    api.clock.advance(1);
    api.model(&q, "b2");
    api.model(&off, "c1");
    api.patch(&format!("/api/v1/providers/{off}"), json!({"enabled": false})).must(200);
    let listed = |query: &str| api.get(&format!("/api/v1/models{query}")).must(200).column("selector");
    assert_eq!(listed(""), ["Alpha^a1", "beta^b1", "beta^b2"]);
    assert_eq!(listed("?provider=ALPHA"), ["Alpha^a1"]);
    assert_eq!(listed(&format!("?provider={q}")), ["beta^b1", "beta^b2"]);
    assert_eq!(listed("?tag=fast"), ["Alpha^a1", "beta^b1"]);
    assert_eq!(listed("?tag=fast&provider=beta"), ["beta^b1"]);
    assert_eq!(listed("?tag=fas"), Vec::<String>::new());
    assert_eq!(listed("?provider=nobody"), Vec::<String>::new());
    api.patch(&format!("/api/v1/providers/{off}"), json!({"enabled": true})).must(200);
    assert_eq!(listed("?provider=off"), ["off^c1"]);
}

#[test]
fn a_members_list_goes_on_past_the_models_it_may_not_see() {
    let api = Api::new();
    let p = api.provider("a");
    for n in 0..10 {
        api.clock.advance(1);
        api.model_with(&p, json!({"model": format!("m{n}"), "enabled": n % 3 == 0}));
    }
    let token = api.token_of_role("member");
    let member = api.as_token(&token);
    let (mut seen, mut path) = (Vec::new(), format!("{}?limit=2", at(&p)));
    loop {
        let page = member.get(&path).must(200);
        seen.extend(page.column("model"));
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        path = format!("{}?limit=2&cursor={cursor}", at(&p));
    }
    assert_eq!(seen, ["m0", "m3", "m6", "m9"]);
}
