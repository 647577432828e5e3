use proptest::prelude::*;
use serde_json::json;

use super::*;

/// A request from a flat JSON object.
struct Request {
    values: Map<String, Value>,
    tags: Option<Vec<String>>,
}

fn request(value: Value) -> Request {
    let tags = value.get("tags").map(|tags| serde_json::from_value(tags.clone()).unwrap());
    Request { values: value.as_object().unwrap().clone(), tags }
}

impl Attributes for Request {
    fn attribute(&self, name: &str) -> Option<Attribute<'_>> {
        if name == "tags" {
            return self.tags.as_deref().map(|tags| Attribute::List(tags.into()));
        }
        match self.values.get(name)? {
            Value::String(text) => Some(Attribute::Text(text.into())),
            Value::Number(number) => number.as_f64().map(Attribute::Number),
            Value::Bool(truth) => Some(Attribute::Bool(*truth)),
            _ => None,
        }
    }
}

fn when(value: Value) -> When {
    When::parse(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

#[test]
fn a_condition_is_checked_against_the_request() {
    let cases = [
        (json!({}), true),
        (json!({"model": "gpt-5"}), true),
        (json!({"model": "GPT-5"}), false),
        (json!({"model": "gpt-5", "stream": true}), true),
        (json!({"model": "gpt-5", "stream": false}), false),
        (json!({"max_tokens": 100}), true),
        (json!({"max_tokens": 100.0}), true),
        (json!({"max_tokens": "100"}), false),
        (json!({"metadata.count": 7}), false),
        (json!({"metadata.count": "7"}), true),
        (json!({"stream": "true"}), false),
        (json!({"stream": 1}), false),
        (json!({"country": "DE"}), false),
        (json!({"metadata.tier": "gold"}), true),
        (json!({"metadata": {"tier": "gold"}}), true),
        (json!({"metadata": {"tier": "gold", "count": "8"}}), false),
        (json!({"metadata": {"team": {"name": "a"}}}), true),
        (json!({"metadata": {"team": {"name": {"$ne": "a"}}}}), false),
        (json!({"model": {"$in": ["a", "gpt-5"]}}), true),
        (json!({"model": {"$in": ["a"]}}), false),
        (json!({"max_tokens": {"$in": ["100"]}}), false),
        (json!({"model": {"$nin": ["a"]}}), true),
        (json!({"model": {"$nin": ["gpt-5"]}}), false),
        (json!({"max_tokens": {"$ne": "100"}}), true),
        (json!({"max_tokens": {"$ne": 100}}), false),
        (json!({"max_tokens": {"$gt": 99, "$lt": 101}}), true),
        (json!({"max_tokens": {"$gt": 100}}), false),
        (json!({"max_tokens": {"$gte": 100, "$lte": 100}}), true),
        (json!({"max_tokens": {"$lt": 100}}), false),
        (json!({"model": {"$gt": 1}}), false),
        (json!({"model": {"$prefix": "gpt-"}}), true),
        (json!({"model": {"$prefix": "claude"}}), false),
        (json!({"max_tokens": {"$prefix": "1"}}), false),
        (json!({"model": {"$glob": "*-5"}}), true),
        (json!({"model": {"$glob": "GPT*"}}), false),
        (json!({"model": {"$exists": true}}), true),
        (json!({"model": {"$exists": false}}), false),
    ];
    let request = request(json!({
        "model": "gpt-5", "stream": true, "max_tokens": 100, "metadata.tier": "gold", "metadata.count": "7",
        "metadata.team.name": "a",
    }));
    for (condition, expected) in cases {
        assert_eq!(when(condition.clone()).matches(&request), expected, "{condition}");
    }
}

#[test]
fn a_missing_attribute_matches_only_its_absence() {
    let request = request(json!({}));
    for operand in [
        json!("DE"),
        json!({"$in": ["DE"]}),
        json!({"$nin": ["DE"]}),
        json!({"$ne": "DE"}),
        json!({"$gt": 0}),
        json!({"$lt": 0}),
        json!({"$prefix": ""}),
        json!({"$glob": "*"}),
        json!({"$exists": true}),
        json!({"$exists": false, "$ne": "DE"}),
    ] {
        assert!(!when(json!({"country": operand.clone()})).matches(&request), "{operand}");
    }
    assert!(when(json!({"country": {"$exists": false}})).matches(&request));
}

#[test]
fn a_list_is_asked_for_any_element_and_denied_for_all() {
    let cases = [
        (json!("beta"), true),
        (json!("gamma"), false),
        (json!({"$in": ["gamma", "beta"]}), true),
        (json!({"$ne": "beta"}), false),
        (json!({"$ne": "gamma"}), true),
        (json!({"$nin": ["gamma", "alpha"]}), false),
        (json!({"$nin": ["gamma"]}), true),
        (json!({"$prefix": "al"}), true),
        (json!({"$glob": "*eta"}), true),
        (json!({"$gt": 0}), false),
    ];
    let tagged = request(json!({"tags": ["alpha", "beta"]}));
    for (operand, expected) in cases {
        assert_eq!(when(json!({"tags": operand.clone()})).matches(&tagged), expected, "{operand}");
    }
    let untagged = request(json!({"tags": []}));
    assert!(when(json!({"tags": {"$ne": "beta"}})).matches(&untagged));
    assert!(when(json!({"tags": {"$exists": true}})).matches(&untagged));
    assert!(!when(json!({"tags": "beta"})).matches(&untagged));
}

#[test]
fn what_could_never_hold_is_refused_naming_the_attribute() {
    let cases = [
        (json!(null), "when"),
        (json!([]), "when"),
        (json!("model"), "when"),
        (json!({"modle": "x"}), "when.modle"),
        (json!({"": "x"}), "when."),
        (json!({"metadata": "x"}), "when.metadata"),
        (json!({"metadata": {"$exists": true}}), "when.metadata"),
        (json!({"metadata.": "x"}), "when.metadata."),
        (json!({"metadata": {"": "x"}}), "when.metadata."),
        (json!({"metadatax.a": "x"}), "when.metadatax.a"),
        (json!({"model": {"name": "x"}}), "when.model.name"),
        (json!({"$in": ["a"]}), "when.$in"),
        (json!({"model": {"$regex": "a"}}), "when.model.$regex"),
        (json!({"model": {"$": "a"}}), "when.model.$"),
        (json!({"model": {"$in": ["a"], "x": 1}}), "when.model"),
        (json!({"model": {}}), "when.model"),
        (json!({"metadata": {}}), "when.metadata"),
        (json!({"model": null}), "when.model"),
        (json!({"model": ["a"]}), "when.model"),
        (json!({"model": {"$in": "a"}}), "when.model.$in"),
        (json!({"model": {"$in": []}}), "when.model.$in"),
        (json!({"model": {"$in": [["a"]]}}), "when.model.$in"),
        (json!({"model": {"$nin": [null]}}), "when.model.$nin"),
        (json!({"model": {"$ne": {}}}), "when.model.$ne"),
        (json!({"max_tokens": {"$gt": "1"}}), "when.max_tokens.$gt"),
        (json!({"max_tokens": {"$lte": true}}), "when.max_tokens.$lte"),
        (json!({"model": {"$exists": 1}}), "when.model.$exists"),
        (json!({"model": {"$prefix": 1}}), "when.model.$prefix"),
        (json!({"model": {"$glob": ""}}), "when.model.$glob"),
        (json!({"model": {"$glob": ["*"]}}), "when.model.$glob"),
    ];
    for (condition, param) in cases {
        assert_eq!(When::parse(condition.clone()).expect_err(&condition.to_string()).param, param, "{condition}");
    }
    let unknown = When::parse(json!({"model": {"$regex": "a"}})).unwrap_err();
    assert!(unknown.message.contains("`$regex`"));
}

#[test]
fn size_and_depth_are_bounded() {
    let error = When::parse(json!({"model": "x".repeat(MAX_WHEN_BYTES)})).unwrap_err();
    assert_eq!(error.param, "when");
    let deep = (0..100).fold(json!("x"), |inner, _| json!({ "a": inner }));
    assert!(When::parse(json!({ "metadata": deep })).is_err());
}

#[test]
fn an_empty_object_is_no_condition() {
    assert!(when(json!({})).is_empty());
    assert!(!when(json!({"stream": true})).is_empty());
    assert_eq!(When::default(), when(json!({})));
}

#[test]
fn it_is_shown_as_it_was_written() {
    let written = json!({"metadata": {"tier": {"$in": ["a"]}}, "max_tokens": 1});
    assert_eq!(when(written.clone()).as_map(), written.as_object().unwrap());
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("model"),
        Just("metadata"),
        Just("tags"),
        Just("max_tokens"),
        Just("$in"),
        Just("$gt"),
        Just("$exists"),
        Just("$x"),
        Just("a"),
    ];
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn reading_and_matching_never_panic(value in any_json()) {
        if let Ok(when) = When::parse(value) {
            when.matches(&request(json!({"model": "a", "tags": ["a"], "max_tokens": 1})));
        }
    }

    #[test]
    fn ne_is_the_opposite_of_equality_where_the_attribute_exists(found in -3..3_i32, expected in -3..3_i32) {
        let request = request(json!({"max_tokens": found}));
        prop_assert_eq!(when(json!({"max_tokens": expected})).matches(&request), found == expected);
        prop_assert_eq!(when(json!({"max_tokens": {"$ne": expected}})).matches(&request), found != expected);
        prop_assert_eq!(when(json!({"max_tokens": {"$gt": expected}})).matches(&request), found > expected);
        prop_assert_eq!(when(json!({"max_tokens": {"$lte": expected}})).matches(&request), found <= expected);
    }
}
