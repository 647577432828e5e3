use proptest::prelude::*;
use serde_json::json;

use super::*;

fn advanced(value: Value) -> Advanced {
    Advanced::parse(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

fn merged(provider: Value, model: Value) -> Effective {
    merge(Some(&advanced(provider)), Some(&advanced(model)))
}

#[test]
fn it_must_be_an_object() {
    for value in [json!(null), json!([]), json!("{}"), json!(1)] {
        assert_eq!(Advanced::parse(value).unwrap_err().param, "advanced_json");
    }
    assert!(Advanced::parse(json!({})).is_ok());
}

#[test]
fn what_belongs_to_the_call_is_refused_even_as_null() {
    for key in [
        "model",
        "messages",
        "input",
        "instructions",
        "system",
        "contents",
        "stream",
        "stream_options",
        "tools",
        "tool_choice",
    ] {
        for value in [json!({key: 1}), json!({key: null})] {
            let error = Advanced::parse(value).unwrap_err();
            assert_eq!(error.param, format!("advanced_json.{key}"));
            assert!(error.message.contains(key));
        }
    }
}

#[test]
fn a_reserved_key_holds_only_its_own_kind_of_value() {
    let cases = [
        ("extra_headers", json!("x"), "extra_headers"),
        ("extra_headers", json!({"Authorization": "x"}), "extra_headers.Authorization"),
        ("extra_headers", json!({"host": "x"}), "extra_headers.host"),
        ("extra_headers", json!({"x-a": 1}), "extra_headers.x-a"),
        ("anthropic_version", json!("latest"), "anthropic_version"),
        ("anthropic_version", json!("2023-13-01"), "anthropic_version"),
        ("anthropic_version", json!("2023-06-01\r\n"), "anthropic_version"),
        ("anthropic_version", json!(20_230_601), "anthropic_version"),
        ("anthropic_beta", json!([]), "anthropic_beta"),
        ("anthropic_beta", json!([1]), "anthropic_beta"),
        ("anthropic_beta", json!("a b"), "anthropic_beta"),
        ("anthropic_beta", json!({}), "anthropic_beta"),
        ("api_version", json!("2024&x=1"), "api_version"),
        ("api_version", json!(""), "api_version"),
        ("resource", json!("evil.com/"), "resource"),
        ("resource", json!("a.b"), "resource"),
        ("resource", json!("-a"), "resource"),
        ("resource", json!("a".repeat(64)), "resource"),
        ("deployments", json!(["a"]), "deployments"),
        ("deployments", json!({"gpt-5": 1}), "deployments.gpt-5"),
        ("deployments", json!({"gpt-5": ".."}), "deployments.gpt-5"),
        ("deployments", json!({"gpt-5": "a/b"}), "deployments.gpt-5"),
        ("region", json!("eu-west-1.evil"), "region"),
        ("region", json!("eu-west-1@evil"), "region"),
        ("timeout_ms", json!(0), "timeout_ms"),
        ("timeout_ms", json!(-1), "timeout_ms"),
        ("timeout_ms", json!(1.5), "timeout_ms"),
        ("timeout_ms", json!("1000"), "timeout_ms"),
        ("timeout_ms", json!(3_600_001), "timeout_ms"),
        ("first_byte_timeout_ms", json!(u64::MAX), "first_byte_timeout_ms"),
        ("first_byte_timeout_ms", json!(true), "first_byte_timeout_ms"),
    ];
    for (key, value, param) in cases {
        let error = Advanced::parse(json!({key: value.clone()})).expect_err(&format!("{key}: {value}"));
        assert_eq!(error.param, format!("advanced_json.{param}"), "{value}");
    }
}

#[test]
fn an_object_has_a_bounded_size() {
    let of_size = |size: usize| Advanced::parse(json!({"k": "v".repeat(size - r#"{"k":""}"#.len())}));
    assert!(of_size(MAX_ADVANCED_BYTES).is_ok());
    assert_eq!(of_size(MAX_ADVANCED_BYTES + 1).unwrap_err().param, "advanced_json");
}

#[test]
fn reserved_keys_steer_and_the_others_are_body_defaults() {
    let effective = merged(
        json!({
            "temperature": 0.20, "extra_headers": {"X-Title": "a"}, "anthropic_version": "2023-06-01",
            "anthropic_beta": ["a-1", "b-2"], "api_version": "2024-10-21", "resource": "my-res",
            "deployments": {"gpt-5": "prod"}, "region": "eu-west-1", "timeout_ms": 1000,
        }),
        json!({"first_byte_timeout_ms": 3_600_000, "reasoning": {"effort": "low"}}),
    );
    assert_eq!(
        effective.body_defaults,
        [("temperature".to_owned(), "0.2".to_owned()), ("reasoning".to_owned(), r#"{"effort":"low"}"#.to_owned())]
    );
    assert_eq!(effective.extra_headers.iter().collect::<Vec<_>>(), [("X-Title", "a")]);
    assert_eq!(effective.anthropic_version.as_deref(), Some("2023-06-01"));
    assert_eq!(effective.anthropic_beta.as_deref(), Some("a-1,b-2"));
    assert_eq!(effective.api_version.as_deref(), Some("2024-10-21"));
    assert_eq!(effective.resource.as_deref(), Some("my-res"));
    assert_eq!(effective.deployment("gpt-5"), Some("prod"));
    assert_eq!(effective.deployment("gpt-6"), None);
    assert_eq!(effective.region.as_deref(), Some("eu-west-1"));
    assert_eq!((effective.timeout_ms, effective.first_byte_timeout_ms), (Some(1000), Some(3_600_000)));
}

#[test]
fn the_model_wins_by_whole_keys_and_its_null_removes() {
    let effective = merged(
        json!({"reasoning": {"effort": "low", "summary": "auto"}, "seed": 1, "top_k": 5, "timeout_ms": 10, "n": null}),
        json!({"reasoning": {"effort": "high"}, "seed": null, "timeout_ms": null, "absent": null}),
    );
    assert_eq!(
        effective.body_defaults,
        [("top_k".to_owned(), "5".to_owned()), ("reasoning".to_owned(), r#"{"effort":"high"}"#.to_owned())]
    );
    assert_eq!(effective.timeout_ms, None);
}

#[test]
fn a_models_extra_headers_replace_the_providers_as_a_whole() {
    let effective = merged(json!({"extra_headers": {"X-A": "1", "X-B": "2"}}), json!({"extra_headers": {}}));
    assert!(effective.extra_headers.is_empty());
}

#[test]
fn nothing_merges_to_nothing() {
    assert_eq!(merge(None, None), Effective::default());
}

fn members() -> impl Strategy<Value = Value> {
    let value = prop_oneof![
        Just(json!(null)),
        any::<i32>().prop_map(|n| json!(n)),
        "[a-z]{0,4}".prop_map(|s| json!(s)),
        "[a-z]{1,3}".prop_map(|s| json!({ s: 1 })),
    ];
    prop::collection::vec(("[a-d]", value), 0..6).prop_map(|pairs| Value::Object(pairs.into_iter().collect()))
}

proptest! {
    #[test]
    fn a_merge_is_the_models_value_or_else_the_providers(provider in members(), model in members()) {
        let effective = merged(provider.clone(), model.clone());
        for key in ["a", "b", "c", "d"] {
            let expected = model.get(key).or(provider.get(key)).filter(|value| !value.is_null()).map(Value::to_string);
            let found: Vec<_> = effective.body_defaults.iter().filter(|(name, _)| name == key).collect();
            prop_assert!(found.len() <= 1);
            prop_assert_eq!(found.first().map(|(_, json)| json.clone()), expected);
        }
    }

    #[test]
    fn what_was_parsed_is_stored_and_read_back(object in members()) {
        let advanced = advanced(object);
        let read = Advanced::parse(serde_json::from_str(&advanced.to_json()).unwrap());
        prop_assert_eq!(read, Ok(advanced));
    }
}
