//! Which models serve a call, and in which order (SPEC section 6).

use crate::data_plane::{Isolate, call_door};
use crate::harness::NOW;
use proptest::prelude::*;
use serde_json::{Value, json};
use sluice::domain::ids::RequestId;
use sluice::domain::protocol::Protocol;
use sluice::domain::timestamp::Timestamp;
use sluice::gateway::plan::{self, Asked};
use sluice::ports::{NoRandomness, Rng};
use sluice::protocol::body::RequestBody;
use sluice::translate::media::Media;
use sluice::translate::neutral::Signature;
use std::cell::Cell;
use std::collections::HashMap;

const CHAT: &str = "/v1/chat/completions";
const RESPONSES: &str = "/v1/responses";
const MESSAGES: &str = "/v1/messages";

/// Numbers that follow from a seed.
struct Seeded(Cell<u64>);

impl Seeded {
    fn at(seed: u64) -> Self {
        Self(Cell::new(seed))
    }
}

impl Rng for Seeded {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        let next = self.0.get().wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        self.0.set(next);
        bytes.copy_from_slice(&next.to_be_bytes()[..bytes.len()]);
        Ok(())
    }
}

/// For calls in which nothing is left to chance.
struct NoDice;

impl Rng for NoDice {
    fn fill(&self, _: &mut [u8]) -> Result<(), NoRandomness> {
        panic!("a number was drawn where there was nothing to decide")
    }
}

impl Isolate {
    /// A provider with one model; the provider's id.
    fn serves(&self, provider: &str, model: Value) -> String {
        let id = self.api.provider(provider);
        self.api.clock.advance(1);
        self.api.model_with(&id, model);
        self.cache.borrow_mut().overtake();
        id
    }

    /// The selectors that are tried, in their order; or the refusal's code.
    fn order_with(&self, path: &str, headers: &[(&str, &str)], body: &Value, rng: &dyn Rng) -> Vec<String> {
        let admitted = self.admit(0).expect("admitted");
        let body = RequestBody::parse(body.to_string().into_bytes()).expect("a body");
        let asked = Asked {
            admitted: &admitted,
            deployment: &self.api.deployment,
            door: call_door(path),
            headers: headers.iter().copied(),
            body: &body,
            request: &RequestId::parse("req_0123456789abcdef").expect("an id"),
            started: Timestamp::from_ms(NOW),
            chat_only: &self.chat_only,
            media: &Media::default(),
            tags: "",
        };
        match plan::candidates(&asked, rng) {
            Ok(candidates) => candidates.iter().map(|candidate| candidate.selector()).collect(),
            Err(refusal) => vec![format!("!{}", refusal.reason.code())],
        }
    }

    fn order(&self, path: &str, body: Value) -> Vec<String> {
        self.order_with(path, &[], &body, &NoDice)
    }

    fn order_of(&self, model: &str) -> Vec<String> {
        self.order(CHAT, json!({"model": model, "messages": []}))
    }
}

#[test]
fn a_when_reads_each_attribute_in_each_protocols_spelling() {
    let isolate = Isolate::new();
    let plain = isolate.serves("plain", json!({"model": "m"}));
    let choosy = isolate.api.provider("choosy");
    let model = isolate.api.model_with(&choosy, json!({"model": "m", "when": {"stream": true}}));
    let user = isolate.api.user("Ada");
    let minted = isolate.api.post("/api/v1/tokens", json!({"name": "hers", "user_id": user})).must(201);
    let token = minted.body["token"].as_str().expect("a token").to_owned();
    let isolate = Isolate { token, ..isolate };
    let hello = json!([{"role": "user", "content": "hello"}]);
    let chat = |extra: Value| (CHAT, merged(json!({"model": "m", "messages": hello}), extra));
    let responses = |extra: Value| (RESPONSES, merged(json!({"model": "m", "input": "hello"}), extra));
    let messages = |extra: Value| (MESSAGES, merged(json!({"model": "m", "max_tokens": 9, "messages": hello}), extra));
    let picture =
        json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.example"}}]}]);
    let tool = json!({"tools": [{"type": "function"}, {"type": "function"}]});
    let (nothing, project) = (json!({}), isolate.api.default_project());
    for (when, (path, body), matches) in [
        (json!({"protocol": "chat_completions"}), chat(nothing.clone()), true),
        (json!({"protocol": "responses"}), responses(nothing.clone()), true),
        (json!({"protocol": "anthropic_messages"}), messages(nothing.clone()), true),
        (json!({"protocol": "responses"}), chat(nothing.clone()), false),
        (json!({"stream": true}), chat(json!({"stream": true})), true),
        (json!({"stream": false}), chat(nothing.clone()), true),
        (json!({"model": "m"}), chat(nothing.clone()), true),
        (json!({"model": {"$prefix": "n"}}), chat(nothing.clone()), false),
        (json!({"user": "Ada"}), chat(nothing.clone()), true),
        (json!({"user": {"$in": [user]}}), chat(nothing.clone()), true),
        (json!({"user": {"$ne": "Ada"}}), chat(nothing.clone()), false),
        (json!({"token": "hers"}), chat(nothing.clone()), true),
        (json!({"token": minted.id()}), chat(nothing.clone()), true),
        (json!({"project": project}), chat(nothing.clone()), true),
        (json!({"max_tokens": {"$gte": 100}}), chat(json!({"max_tokens": 100})), true),
        (json!({"max_tokens": 100}), chat(json!({"max_completion_tokens": 100, "max_tokens": 7})), true),
        (json!({"max_tokens": {"$gt": 100}}), responses(json!({"max_output_tokens": 101})), true),
        (json!({"max_tokens": {"$lt": 10}}), messages(nothing.clone()), true),
        (json!({"max_tokens": {"$exists": false}}), chat(nothing.clone()), true),
        (json!({"tools": 2}), chat(tool.clone()), true),
        (json!({"tools": {"$gt": 0}}), messages(tool.clone()), true),
        (json!({"tools": 0}), responses(nothing.clone()), true),
        (json!({"images": 1}), chat(json!({"messages": picture})), true),
        (
            json!({"images": {"$gt": 0}}),
            responses(json!({"input": [{"role": "user", "content": [
            {"type": "input_image", "image_url": "https://x.example"}]}]})),
            true,
        ),
        (
            json!({"images": 1}),
            messages(json!({"messages": [{"role": "user", "content": [
            {"type": "image", "source": {"type": "url", "url": "https://x.example"}}]}]})),
            true,
        ),
        (json!({"images": 0}), chat(nothing.clone()), true),
        (json!({"input_chars": 5}), chat(nothing.clone()), true),
        (json!({"input_chars": {"$gte": 8}}), responses(json!({"instructions": "éé!"})), true),
        (json!({"input_chars": {"$gt": 8}}), messages(json!({"system": "éé!"})), false),
        (json!({"metadata.tier": "gold"}), chat(json!({"metadata": {"tier": "gold"}})), true),
        (json!({"metadata": {"user_id": {"$prefix": "u"}}}), messages(json!({"metadata": {"user_id": "u1"}})), true),
        (json!({"metadata.team.name": "a"}), responses(json!({"metadata": {"team": {"name": "a"}}})), true),
        (json!({"metadata.team.name": "a"}), responses(json!({"metadata": {"team.name": "a"}})), true),
        (json!({"metadata.n": 7}), chat(json!({"metadata": {"n": "7"}})), false),
        (json!({"metadata.n": {"$gt": -1.5}}), chat(json!({"metadata": {"n": -1.25e0}})), true),
        (json!({"metadata.on": true}), chat(json!({"metadata": {"on": true}})), true),
        (json!({"metadata.tier": {"$exists": true}}), chat(json!({"metadata": {"tier": null}})), false),
        (json!({"metadata.tier": "gold"}), chat(json!({"metadata": "tier"})), false),
        (json!({"tags": "b"}), chat(json!({"metadata": {"tags": "a, b"}})), true),
        (json!({"tags": {"$prefix": "b"}}), chat(json!({"metadata": {"tags": ["a", "bc"]}})), true),
        (json!({"tags": {"$nin": ["a"]}}), chat(json!({"metadata": {"tags": "a"}})), false),
        (json!({"tags": {"$exists": false}}), chat(json!({"metadata": {"tags": " , "}})), true),
        (json!({"country": {"$exists": false}}), chat(nothing.clone()), true),
    ] {
        let path_of_model = format!("/api/v1/providers/{choosy}/models/{model}");
        isolate.api.patch(&path_of_model, json!({"when": when})).must(200);
        isolate.cache.borrow_mut().overtake();
        let expected: &[&str] = if matches { &["choosy^m", "plain^m"] } else { &["plain^m"] };
        assert_eq!(isolate.order(path, body.clone()), expected, "{when} {body}");
    }
    for (when, header) in [
        (json!({"tags": {"$in": ["x", "blue"]}}), ("x-sluice-tags", "red, blue")),
        (json!({"country": {"$in": ["CH", "DE"]}}), ("cf-ipcountry", "DE")),
    ] {
        isolate.api.patch(&format!("/api/v1/providers/{choosy}/models/{model}"), json!({"when": when})).must(200);
        isolate.cache.borrow_mut().overtake();
        let body = json!({"model": "m"});
        assert_eq!(isolate.order_with(CHAT, &[header], &body, &NoDice), ["choosy^m", "plain^m"], "{when}");
        assert_eq!(isolate.order_with(CHAT, &[], &body, &NoDice), ["plain^m"], "{when}");
    }
    isolate.api.delete(&format!("/api/v1/providers/{plain}")).must(204);
}

fn merged(mut body: Value, extra: Value) -> Value {
    for (key, value) in extra.as_object().expect("an object") {
        body[key] = value.clone();
    }
    body
}

#[test]
fn a_matching_when_comes_before_any_priority_and_one_that_does_not_match_drops_out() {
    let isolate = Isolate::new();
    isolate.serves("high", json!({"model": "m", "priority": 10}));
    isolate.serves("streams", json!({"model": "m", "when": {"stream": true}}));
    isolate.serves("tools", json!({"model": "m", "priority": 99, "when": {"tools": {"$gt": 0}}}));
    assert_eq!(isolate.order_of("m"), ["high^m"]);
    assert_eq!(isolate.order(CHAT, json!({"model": "m", "stream": true})), ["streams^m", "high^m"]);
    let both = json!({"model": "m", "stream": true, "tools": [{}]});
    assert_eq!(isolate.order(CHAT, both), ["tools^m", "streams^m", "high^m"]);
}

#[test]
fn where_every_when_fails_whoever_was_asked_for_serves() {
    let isolate = Isolate::new();
    isolate.serves("a", json!({"model": "m", "name": "public", "when": {"stream": true}}));
    isolate.serves("b", json!({"model": "m", "priority": 1, "when": {"tools": 1}}));
    assert_eq!(isolate.order_of("m"), ["b^m", "a^m"]);
    for named in ["a^m", "public", "a"] {
        assert_eq!(isolate.order_of(named), ["a^m"], "{named}");
    }
}

#[test]
fn auto_takes_the_models_that_match_and_else_the_best_default() {
    let isolate = Isolate::new();
    assert_eq!(isolate.order_of("auto"), ["!model.not_found"]);
    let first = isolate.serves("first", json!({"model": "one"}));
    isolate.api.model_with(&first, json!({"model": "other", "priority": 100}));
    isolate.serves("second", json!({"model": "two", "priority": 5, "when": {}}));
    isolate.serves("third", json!({"model": "three", "priority": 1}));
    for asked in
        [json!({"model": "auto"}), json!({"model": "AUTO "}), json!({"model": ""}), json!({"model": null}), json!({})]
    {
        assert_eq!(isolate.order(CHAT, asked.clone()), ["second^two"], "{asked}");
    }
    isolate.api.model_with(&first, json!({"model": "streams", "when": {"stream": true}}));
    isolate.api.model_with(&first, json!({"model": "tools", "when": {"tools": {"$gt": 0}}, "priority": 1}));
    isolate.cache.borrow_mut().overtake();
    assert_eq!(isolate.order_of("auto"), ["second^two"]);
    assert_eq!(isolate.order(CHAT, json!({"stream": true})), ["first^streams"]);
    assert_eq!(isolate.order(MESSAGES, json!({"stream": true, "tools": [{}]})), ["first^tools", "first^streams"]);
}

#[test]
fn auto_is_a_name_like_any_other_once_a_model_has_it() {
    let isolate = Isolate::new();
    isolate.serves("a", json!({"model": "one", "priority": 9}));
    isolate.serves("b", json!({"model": "two", "name": "Auto"}));
    assert_eq!(isolate.order_of("auto"), ["b^two"]);
    assert_eq!(isolate.order(CHAT, json!({})), ["a^one"]);
}

#[test]
fn auto_chooses_among_what_the_token_may_call() {
    let isolate = Isolate::new();
    isolate.serves("a", json!({"model": "one", "priority": 9}));
    isolate.serves("b", json!({"model": "two", "when": {"stream": true}}));
    let fenced = |globs: &[&str]| isolate.api.token(json!({"name": "fenced", "allowed_models": globs}));
    let (only_b, none) = (fenced(&["b^*"]), fenced(&["x^*"]));
    let only_b = Isolate { token: only_b, ..isolate };
    assert_eq!(only_b.order(CHAT, json!({})), ["b^two"], "the best default that it may call");
    assert_eq!(only_b.order_of("one"), ["!model.forbidden"]);
    let none = Isolate { token: none, ..only_b };
    assert_eq!(none.order(CHAT, json!({"stream": true})), ["!model.not_found"]);
}

#[test]
fn what_is_switched_off_or_forbidden_does_not_keep_the_others_from_being_dropped() {
    let isolate = Isolate::new();
    let off = isolate.serves("off", json!({"model": "m"}));
    isolate.serves("picky", json!({"model": "m", "when": {"stream": true}}));
    isolate.api.patch(&format!("/api/v1/providers/{off}"), json!({"enabled": false})).must(200);
    isolate.cache.borrow_mut().overtake();
    assert_eq!(isolate.order_of("m"), ["picky^m"]);
}

#[test]
fn equals_share_by_weight_and_lower_priorities_wait() {
    let isolate = Isolate::new();
    isolate.serves("three", json!({"model": "m", "weight": 3}));
    isolate.serves("one", json!({"model": "m", "weight": 1}));
    isolate.serves("tiny", json!({"model": "m", "weight": 0.01}));
    isolate.serves("spare", json!({"model": "m", "priority": -1}));
    let rng = Seeded::at(7);
    let (mut firsts, mut seconds) = (HashMap::<String, u32>::new(), HashMap::<String, u32>::new());
    for _ in 0..4000 {
        let order = isolate.order_with(CHAT, &[], &json!({"model": "m"}), &rng);
        assert_eq!((order.len(), order[3].as_str()), (4, "spare^m"));
        *firsts.entry(order[0].clone()).or_default() += 1;
        if order[0] == "three^m" {
            *seconds.entry(order[1].clone()).or_default() += 1;
        }
    }
    let of = |counts: &HashMap<String, u32>, name: &str| counts.get(name).copied().unwrap_or_default();
    assert!((2900..3080).contains(&of(&firsts, "three^m")), "{firsts:?}");
    assert!((900..1100).contains(&of(&firsts, "one^m")), "{firsts:?}");
    assert!((1..40).contains(&of(&firsts, "tiny^m")), "{firsts:?}");
    assert!(of(&seconds, "one^m") > 50 * of(&seconds, "tiny^m"), "the rest share by weight, too: {seconds:?}");
}

#[test]
fn fallbacks_come_after_the_candidates_each_once_and_only_those_that_can_be_called() {
    let isolate = Isolate::new();
    let chain = json!(["b^two", "gone^away", "OFF^m", "A^one", "b^two", "secret^m", "c^three", "a^spare"]);
    let a = isolate.serves("a", json!({"model": "one", "fallbacks": chain}));
    isolate.api.model_with(&a, json!({"model": "spare", "when": {"stream": true}}));
    isolate.serves("b", json!({"model": "two", "fallbacks": ["d^four", "a^one"]}));
    isolate.serves("c", json!({"model": "three"}));
    isolate.serves("d", json!({"model": "four"}));
    isolate.serves("secret", json!({"model": "m"}));
    let off = isolate.serves("off", json!({"model": "m"}));
    isolate.api.patch(&format!("/api/v1/providers/{off}"), json!({"enabled": false})).must(200);
    let token = isolate.api.token(json!({"name": "fenced", "allowed_models": ["a^*", "b^*", "c^*", "d^*", "off^*"]}));
    let isolate = Isolate { token, ..isolate };
    isolate.cache.borrow_mut().overtake();
    assert_eq!(isolate.order_of("a^one"), ["a^one", "b^two", "c^three", "a^spare"]);
    assert_eq!(isolate.order_of("c^three"), ["c^three"], "a selector without fallbacks stays with its provider");
    assert_eq!(isolate.order_of("two"), ["b^two", "d^four", "a^one"]);
}

/// What the gateway packed for a client of another protocol.
fn packed(provider: &str) -> String {
    Signature { protocol: Protocol::Responses, provider: provider.into(), payload: "{}".into() }.pack()
}

#[test]
fn what_only_its_issuer_can_read_back_narrows_the_candidates_to_the_issuer() {
    let isolate = Isolate::new();
    let fallbacks = json!(["c^three"]);
    isolate.serves("a", json!({"model": "m", "priority": 5}));
    let b = isolate.serves("b", json!({"model": "m", "fallbacks": fallbacks}));
    let c = isolate.serves("c", json!({"model": "three"}));
    let thought = |provider: &str| {
        let block = json!({"type": "thinking", "thinking": "hm", "signature": packed(provider)});
        json!({"model": "m", "max_tokens": 9, "messages": [{"role": "assistant", "content": [block]}]})
    };
    assert_eq!(isolate.order(MESSAGES, thought(&b)), ["b^m", "c^three"]);
    assert_eq!(isolate.order(MESSAGES, thought(&c)), ["a^m", "b^m", "c^three"], "an issuer that is no candidate");
    assert_eq!(isolate.order(MESSAGES, thought("aip_0000000000000000")), ["a^m", "b^m", "c^three"]);
    let mut moved = thought(&b);
    moved["system"] = json!(format!("earlier: {}", packed(&c)));
    assert_eq!(isolate.order(MESSAGES, moved), ["b^m", "c^three"]);
}

#[test]
fn a_conversation_whose_reasoning_only_one_account_can_read_stays_with_that_account() {
    let isolate = Isolate::new();
    isolate.serves("a", json!({"model": "m"}));
    isolate.serves("b", json!({"model": "m"}));
    let rng = Seeded::at(1);
    let first = |path: &str, body: Value| isolate.order_with(path, &[], &body, &rng)[0].clone();
    let mut chosen = HashMap::<String, u32>::new();
    for number in 0..200 {
        let opening = format!("task {number}");
        let include = json!(["reasoning.encrypted_content"]);
        let one = first(RESPONSES, json!({"model": "m", "include": include, "input": opening}));
        let item = json!({"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAA"});
        let turns = json!([{"role": "user", "content": [{"type": "input_text", "text": opening}]}, item, {"role": "user", "content": "go on"}]);
        let two = first(RESPONSES, json!({"model": "m", "include": include, "input": turns, "instructions": "new"}));
        assert_eq!(one, two);
        let thinking = json!({"type": "enabled", "budget_tokens": 1024});
        let ask = json!({"role": "user", "content": opening});
        let claude = first(MESSAGES, json!({"model": "m", "thinking": thinking, "messages": [ask]}));
        let signed =
            json!({"role": "assistant", "content": [{"type": "thinking", "thinking": "", "signature": "EqQB"}]});
        assert_eq!(claude, first(MESSAGES, json!({"model": "m", "thinking": thinking, "messages": [ask, signed]})));
        *chosen.entry(one).or_default() += 1;
    }
    assert!(chosen.values().all(|count| (70..130).contains(count)), "conversations still share: {chosen:?}");
    let plain: Vec<String> = (0..40).map(|_| first(CHAT, json!({"model": "m", "messages": []}))).collect();
    assert!(plain.iter().any(|selector| *selector != plain[0]), "others are drawn for each call");
}

#[test]
fn a_row_that_somebody_edited_by_hand_keeps_nobody_else_from_serving() {
    let isolate = Isolate::new();
    isolate.serves("whole", json!({"model": "m"}));
    isolate.serves("broken", json!({"model": "m", "priority": 9, "when": {"stream": true}, "fallbacks": ["whole^m"]}));
    for (column, value) in [
        ("when_json", r#"{"stream": "#),
        ("when_json", r#"{"no_such": 1}"#),
        ("when_json", "[]"),
        ("fallbacks_json", "[1, {}, null]"),
        ("fallbacks_json", "{"),
    ] {
        isolate.api.db.run(&format!("UPDATE models SET {column} = '{value}' WHERE priority = 9"));
        isolate.cache.borrow_mut().overtake();
        assert_eq!(isolate.order_of("m"), ["whole^m"], "{column} = {value}");
        assert_eq!(isolate.order_of("broken^m").first().map(String::as_str), Some("broken^m"), "{column} = {value}");
    }
}

/// One model of a made-up project.
#[derive(Debug, Clone)]
struct Made {
    provider: usize,
    name: usize,
    priority: i8,
    weight: u8,
    when: usize,
    enabled: bool,
    fallback: Option<(usize, usize)>,
}

fn made() -> impl Strategy<Value = Made> {
    let fallback = prop::option::of((0..3usize, 0..3usize));
    (0..3usize, 0..3usize, -1..2i8, 1..4u8, 0..4usize, prop::bool::weighted(0.85), fallback).prop_map(
        |(provider, name, priority, weight, when, enabled, fallback)| Made {
            provider,
            name,
            priority,
            weight,
            when,
            enabled,
            fallback,
        },
    )
}

const NAMES: [&str; 3] = ["m", "n", "o"];

fn when_of(made: &Made) -> Option<Value> {
    [None, Some(json!({})), Some(json!({"stream": true})), Some(json!({"tools": {"$gt": 0}}))][made.when].clone()
}

#[test]
fn whatever_a_project_holds_the_order_is_total_stable_and_by_priority_and_never_another_model() {
    proptest!(ProptestConfig::with_cases(48), |(
        project in prop::collection::vec(made(), 1..10), seed: u64, asked in 0..8usize, stream: bool, tool: bool,
    )| {
        let isolate = Isolate::new();
        let providers = ["p", "q", "r"].map(|name| isolate.api.provider(name));
        let mut stored = HashMap::<String, Made>::new();
        for made in &project {
            let selector = format!("{}^{}", ["p", "q", "r"][made.provider], NAMES[made.name]);
            if stored.contains_key(&selector) {
                continue;
            }
            let fallback = made.fallback.map(|(p, n)| format!("{}^{}", ["p", "q", "r"][p], NAMES[n]));
            isolate.api.model_with(&providers[made.provider], json!({
                "model": NAMES[made.name], "priority": made.priority, "weight": made.weight, "when": when_of(made),
                "enabled": made.enabled, "fallbacks": Vec::from_iter(fallback)}));
            stored.insert(selector, made.clone());
        }
        isolate.cache.borrow_mut().overtake();
        let model = ["m", "n", "o", "p^m", "q^n", "p", "auto", ""][asked];
        let tools = if tool { json!([{}]) } else { json!([]) };
        let body = json!({"model": model, "stream": stream, "tools": tools});
        let order = isolate.order_with(CHAT, &[], &body, &Seeded::at(seed));
        isolate.cache.borrow_mut().overtake();
        isolate.api.db.run("UPDATE projects SET revision = revision + 1");
        prop_assert_eq!(&order, &isolate.order_with(CHAT, &[], &body, &Seeded::at(seed)), "another reading, the same order");
        if order[0].starts_with('!') {
            prop_assert_eq!(&order, &["!model.not_found"]);
            return Ok(());
        }
        let mut unique = order.clone();
        unique.sort();
        unique.dedup();
        prop_assert_eq!(unique.len(), order.len(), "each once");
        let matches = |made: &Made| match made.when { 2 => Some(stream), 3 => Some(tool), _ => None };
        let goes_by = |selector: &String| match model {
            "m" | "n" | "o" => selector.ends_with(&format!("^{model}")),
            "p^m" | "q^n" => selector == model,
            "p" => selector.starts_with("p^"),
            // Chosen for its condition, or a default.
            _ => matches(&stored[selector]) == Some(true) || !stored.values().any(|made| made.enabled && matches(made) == Some(true)),
        };
        let named: Vec<&String> = order.iter().take_while(|selector| goes_by(selector)).collect();
        prop_assert!(!named.is_empty(), "{order:?}");
        let fallbacks: Vec<String> = named.iter().filter_map(|selector| stored[*selector].fallback)
            .map(|(p, n)| format!("{}^{}", ["p", "q", "r"][p], NAMES[n])).collect();
        for later in &order[named.len()..] {
            prop_assert!(fallbacks.contains(later), "{later} is no fallback of {named:?}");
        }
        for selector in &order {
            prop_assert!(stored[selector].enabled, "{selector} is switched off");
        }
        let rank = |selector: &&&String| {
            let made = &stored[**selector];
            let by_condition = if model == "p" { 0 } else { match matches(made) { Some(true) => 0, None => 1, Some(false) => 2 } };
            (by_condition, -made.priority)
        };
        // A fallback may go by the same name as the candidates: it stands where it was added.
        let own: Vec<&&String> = named.iter().filter(|selector| !fallbacks.contains(selector)).collect();
        if model != "auto" && !model.is_empty() {
            let ranks: Vec<_> = own.iter().map(rank).collect();
            prop_assert!(ranks.is_sorted(), "{order:?}");
            prop_assert!(ranks.iter().all(|(by, _)| *by != 2) || ranks.iter().all(|(by, _)| *by == 2), "{order:?}");
        }
    });
}
