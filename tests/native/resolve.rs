//! `/api/v1/models/resolve`.

use crate::harness::{Answer, Api};
use serde_json::{Value, json};

/// The selectors and reasons of a list, in its order.
fn told(answer: &Answer, list: &str) -> Vec<(String, String)> {
    let text = |entry: &Value, field: &str| entry[field].as_str().expect(field).to_owned();
    let entries = answer.body[list].as_array().expect(list);
    entries.iter().map(|entry| (text(entry, "selector"), text(entry, "reason"))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(selector, reason)| ((*selector).to_owned(), (*reason).to_owned())).collect()
}

/// Three providers of `m`, one of them for streams only, one switched off; and a spare elsewhere.
fn project() -> Api {
    let api = Api::new();
    let (a, b, c, off) = (api.provider("a"), api.provider("b"), api.provider("c"), api.provider("off"));
    api.model_with(&a, json!({"model": "m", "weight": 3, "fallbacks": ["c^spare", "off^m", "gone^m", "b^m"]}));
    api.clock.advance(1);
    api.model_with(&b, json!({"model": "m", "weight": 1}));
    api.model_with(&c, json!({"model": "spare"}));
    api.model_with(&c, json!({"model": "m", "when": {"stream": true}}));
    api.model(&off, "m");
    api.patch(&format!("/api/v1/providers/{off}"), json!({"enabled": false})).must(200);
    api
}

#[test]
fn a_decision_is_explained_candidate_by_candidate_with_its_share() {
    let api = project();
    let answer = api.get("/api/v1/models/resolve?model=m").must(200);
    assert_eq!(
        told(&answer, "candidates"),
        pairs(&[
            ("a^m", "unconditional"),
            ("b^m", "unconditional"),
            ("off^m", "provider_disabled"),
            ("c^m", "when_unmatched")
        ])
    );
    assert_eq!(
        told(&answer, "fallbacks"),
        pairs(&[("c^spare", "fallback"), ("off^m", "provider_disabled"), ("b^m", "repeated")])
    );
    assert_eq!(answer.body["unknown_fallbacks"], json!(["gone^m"]));
    let first = &answer.body["candidates"][0];
    assert_eq!(
        (&first["share"], &first["weight"], &first["priority"], &first["kept"], &first["when_matches"]),
        (&json!(0.75), &json!(3.0), &json!(0), &json!(true), &Value::Null)
    );
    assert_eq!((&first["credential"], &first["upstream_protocol"]), (&json!("provider"), &json!("chat_completions")));
    assert_eq!(answer.body["candidates"][1]["share"], json!(0.25));
    let dropped = &answer.body["candidates"][3];
    assert_eq!(
        (&dropped["kept"], &dropped["share"], &dropped["when_matches"]),
        (&json!(false), &Value::Null, &json!(false))
    );
    assert_eq!((&answer.body["model"], &answer.body["named_by"]), (&json!("m"), &json!("upstream_name")));
    assert!(!answer.text.contains("0123456789abcdefghijkl") && !answer.text.contains("v1.k1."), "no credential");
}

#[test]
fn a_posted_body_is_read_as_the_call_would_be() {
    let api = project();
    let posted = |query: &str, body: Value| api.post(&format!("/api/v1/models/resolve{query}"), body).must(200);
    for (query, body) in [
        ("", json!({"model": "m", "stream": true, "messages": []})),
        ("?protocol=responses", json!({"model": "m", "stream": true, "input": "hi"})),
        ("?protocol=anthropic_messages", json!({"model": "m", "stream": true, "max_tokens": 1, "messages": []})),
    ] {
        let answer = posted(query, body);
        assert_eq!(told(&answer, "candidates")[0], ("c^m".to_owned(), "when_matched".to_owned()), "{query}");
    }
    let auto = posted("", json!({"stream": true}));
    assert_eq!((&auto.body["model"], &auto.body["named_by"]), (&Value::Null, &json!("auto")));
    assert_eq!(told(&auto, "candidates"), pairs(&[("c^m", "when_matched")]));
    let unmatched = posted("", json!({"model": "auto"}));
    assert_eq!(told(&unmatched, "candidates")[0].1, "default");
    let before = api.audit_rows();
    posted("", json!({"model": "m"}));
    assert_eq!(api.audit_rows(), before, "nothing was changed");
}

#[test]
fn tags_and_the_country_come_in_the_query() {
    let api = Api::new();
    let p = api.provider("p");
    api.model_with(&p, json!({"model": "swiss", "when": {"country": "CH", "tags": "pii"}}));
    let reason = |query: &str| {
        let answer = api.get(&format!("/api/v1/models/resolve?model=auto{query}")).must(200);
        told(&answer, "candidates")[0].1.clone()
    };
    assert_eq!(
        [reason("&country=CH&tags=a,pii"), reason("&country=CH"), reason("")],
        ["when_matched", "default", "default"]
    );
}

#[test]
fn a_condition_that_is_not_saved_is_tried_on_the_call() {
    let api = Api::new();
    let asked = |when: &str, body: Value| api.post(&format!("/api/v1/models/resolve?when={when}&tags=pii"), body);
    let matches = |when: &str, body: Value| asked(when, body).must(200).body["condition_matches"].clone();
    let long = "%7B%22input_chars%22:%7B%22$gt%22:2%7D,%22tags%22:%22pii%22%7D";
    let saying = |text: &str| json!({"model": "m", "messages": [{"role": "user", "content": text}]});
    assert_eq!(matches(long, saying("long")), json!(true));
    assert_eq!(matches(long, saying("ab")), json!(false));
    let alone = asked(long, saying("long")).must(200);
    assert_eq!(
        (&alone.body["named_by"], &alone.body["candidates"]),
        (&Value::Null, &json!([])),
        "there is no model yet"
    );
    let p = api.provider("p");
    api.model(&p, "m");
    assert_eq!(told(&asked(long, saying("long")).must(200), "candidates").len(), 1);
    assert_eq!(api.get("/api/v1/models/resolve?model=m").must(200).body["condition_matches"], Value::Null);
    asked("%7B%22modle%22:1%7D", saying("")).refuses(422, "validation.failed", "when.modle");
    asked("%7B", saying("")).refuses(422, "validation.failed", "when");
    asked("[]", saying("")).refuses(422, "validation.failed", "when");
}

#[test]
fn each_caller_sees_its_own_decision_and_members_nothing_that_is_switched_off() {
    let api = project();
    let fenced = api.token(json!({"name": "fenced", "allowed_models": ["b^*"]}));
    let answer = api.as_token(&fenced).get("/api/v1/models/resolve?model=m").must(200);
    assert_eq!(
        told(&answer, "candidates"),
        pairs(&[("b^m", "unconditional"), ("a^m", "not_allowed"), ("c^m", "not_allowed")])
    );
    let viewer = api.token_of_role("viewer");
    let seen = api.as_token(&viewer).get("/api/v1/models/resolve?model=m").must(200);
    assert_eq!((&seen.body["may_call"], &seen.body["candidates"][0]["kept"]), (&json!(false), &json!(true)));
    assert!(!seen.text.contains("off^m"), "{}", seen.text);
    let read_nothing_of_a = json!([{"effect": "allow", "actions": ["*"]},
        {"effect": "deny", "actions": ["models:GetModel"], "resources": [first_provider(&api)]}]);
    let kept_out = api.token(json!({"name": "kept out", "policy": read_nothing_of_a}));
    let seen = api.as_token(&kept_out).get("/api/v1/models/resolve?model=m").must(200);
    assert!(!seen.text.contains("a^m") && seen.text.contains("b^m"), "{}", seen.text);
    let blind = api.token(json!({"name": "blind", "policy": [{"effect": "allow", "actions": ["llm:Invoke"]}]}));
    api.as_token(&blind).get("/api/v1/models/resolve?model=m").refuses(403, "auth.forbidden", "");
}

fn first_provider(api: &Api) -> String {
    api.db.one("SELECT id FROM providers WHERE name = 'a'")
}

#[test]
fn an_explanation_is_made_anew_whatever_key_it_comes_under() {
    let api = project();
    let asked = || {
        let answer = api.root().idempotency_key("k-1").post("/api/v1/models/resolve", json!({"model": "m"})).must(200);
        told(&answer, "candidates").len()
    };
    assert_eq!(asked(), 4);
    api.delete(&format!("/api/v1/providers/{}", first_provider(&api))).must(204);
    assert_eq!(asked(), 3);
}

#[test]
fn it_says_where_the_credential_comes_from() {
    let api = Api::new();
    let own = api.provider("own");
    api.model(&own, "m");
    for (name, fields) in [("keyless", json!({"api_key": ""})), ("bare", json!({}))] {
        let mut body = json!({"name": name, "provider": "ollama"});
        body.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        body["base_url"] = json!("https://llm.example.com");
        api.model(&api.provider_with(body), "m");
    }
    let token = api.token_of_user("Ada");
    let caller = api.as_token(&token);
    let origins = || -> Vec<String> {
        let answer = caller.get("/api/v1/models/resolve?model=m").must(200);
        let entries = answer.body["candidates"].as_array().expect("a list").clone();
        let mut all: Vec<String> =
            entries.iter().map(|e| format!("{} {}", e["provider_name"], e["credential"]).replace('"', "")).collect();
        all.sort();
        all
    };
    assert_eq!(origins(), ["bare missing", "keyless keyless", "own provider"]);
    caller.put(&format!("/api/v1/me/provider-keys/{own}"), json!({"api_key": "sk-of-ada-0123456789"})).must(201);
    assert_eq!(origins(), ["bare missing", "keyless keyless", "own own"]);
}

#[test]
fn root_names_the_project_and_a_token_stays_in_its_own() {
    let api = project();
    api.post("/api/v1/projects", json!({"name": "Other"})).must(201);
    api.get("/api/v1/models/resolve?model=m&project_id=other").refuses(404, "model.not_found", "model");
    api.get("/api/v1/models/resolve?model=m&project_id=nowhere").refuses(404, "not_found", "project_id");
    let member = api.token_of_role("member");
    api.as_token(&member).get("/api/v1/models/resolve?model=m&project_id=other").refuses(
        404,
        "not_found",
        "project_id",
    );
}

#[test]
fn what_a_call_is_refused_with_refuses_the_explanation() {
    let api = project();
    let member = api.token(json!({"name": "m", "allowed_models": ["b^*"]}));
    for (asked, status, code) in
        [("nothing", 404, "model.not_found"), ("a^m", 403, "model.forbidden"), ("off", 403, "provider.disabled")]
    {
        api.as_token(&member).get(&format!("/api/v1/models/resolve?model={asked}")).refuses(status, code, "model");
    }
    api.get("/api/v1/models/resolve").invalid("model");
    api.get("/api/v1/models/resolve?model=m&protocol=gemini").invalid("protocol");
    api.post("/api/v1/models/resolve", json!({"model": 7})).refuses(400, "request.invalid", "model");
    api.root().content_type(None).post("/api/v1/models/resolve", json!({})).refuses(
        415,
        "request.unsupported_media_type",
        "",
    );
    api.root().send("PUT", "/api/v1/models/resolve", vec![]).refuses(405, "request.method_not_allowed", "");
    let broken = api.provider("broken");
    api.model(&broken, "x");
    api.db.run(&format!("UPDATE providers SET base_url = 'http://10.0.0.1' WHERE id = '{broken}'"));
    api.get("/api/v1/models/resolve?model=x").refuses(502, "upstream.address_refused", "");
}

#[test]
fn a_country_is_two_letters() {
    let api = Api::new();
    api.model(&api.provider("main"), "gpt-5");
    api.get("/api/v1/models/resolve?model=gpt-5&country=CHE").invalid("country");
    api.get("/api/v1/models/resolve?model=gpt-5&country=CH").must(200);
}
