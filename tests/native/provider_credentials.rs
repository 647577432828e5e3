//! A provider's credential: exactly one, for its auth method, never shown again.

use crate::harness::{Answer, Api};
use serde_json::{Value, json};

const PATH: &str = "/api/v1/providers";
const KEY: &str = "sk-0123456789abcdefghijWXYZ";

fn at(id: &str) -> String {
    format!("{PATH}/{id}")
}

fn source(api: &Api, id: &str) -> String {
    api.db.one(&format!("SELECT credential_source FROM providers WHERE id = '{id}'"))
}

fn sealed(api: &Api, id: &str) -> String {
    api.db.one(&format!("SELECT coalesce(credential, '') FROM providers WHERE id = '{id}'"))
}

fn register(api: &Api, extra: Value) -> Answer {
    let mut body = json!({"name": "p", "provider": "custom", "base_url": "https://llm.example.com"});
    body.as_object_mut().expect("object").extend(extra.as_object().expect("object").clone());
    api.post(PATH, body)
}

#[test]
fn a_key_is_shown_by_its_last_four_characters_and_only_a_long_one() {
    let api = Api::new();
    let long = register(&api, json!({"api_key": format!("  {KEY}\n")})).must(201);
    assert_eq!(long.body["credential"], json!({"configured": true, "source": "inline", "hint": "WXYZ"}));
    let short = api.patch(&at(&long.id()), json!({"api_key": "short-key-of-19-chs"})).must(200);
    assert_eq!(short.body["credential"], json!({"configured": true, "source": "inline", "hint": null}));
    assert!(sealed(&api, &long.id()).starts_with("v1.k1."));
}

#[test]
fn an_empty_key_is_keyless_on_purpose_and_none_at_all_is_unset() {
    let api = Api::new();
    let keyless = register(&api, json!({"api_key": ""})).must(201);
    assert_eq!(keyless.body["credential"], json!({"configured": false, "source": "none", "hint": null}));
    let unset = register(&api, json!({"name": "q"})).must(201);
    assert_eq!(unset.body["credential"], json!({"configured": false, "source": null, "hint": null}));
    api.changes_nothing(|| register(&api, json!({"name": "r", "api_key": "   "}))).invalid("api_key");
    let now = api.patch(&at(&unset.id()), json!({"api_key": KEY})).must(200);
    assert_eq!(now.body["credential"]["source"], "inline");
    let again = api.patch(&at(&unset.id()), json!({"api_key": ""})).must(200);
    assert_eq!(again.body["credential"], json!({"configured": false, "source": "none", "hint": null}));
    assert_eq!(sealed(&api, &unset.id()), "");
}

#[test]
fn two_credentials_at_once_are_refused() {
    let api = Api::new();
    let secret = api.secret("s", KEY);
    let headers = json!({"X-Key": "v"});
    for (body, param) in [
        (json!({"api_key": KEY, "secret_id": secret}), "api_key"),
        (json!({"api_key": "", "custom_headers": headers}), "api_key"),
        (json!({"secret_id": secret, "custom_headers": headers, "auth_method": "custom_headers"}), "secret_id"),
    ] {
        api.changes_nothing(|| register(&api, body)).invalid(param);
    }
}

#[test]
fn a_null_link_beside_a_credential_is_no_second_credential() {
    let api = Api::new();
    let secret = api.secret("s", KEY);
    let made = register(&api, json!({"api_key": KEY, "secret_id": null})).must(201);
    assert_eq!(made.body["credential"]["source"], "inline");
    api.patch(&at(&made.id()), json!({"secret_id": secret})).must(200);
    let back = api.patch(&at(&made.id()), json!({"api_key": KEY, "secret_id": null})).must(200);
    assert_eq!((&back.body["credential"]["source"], &back.body["secret_id"]), (&json!("inline"), &Value::Null));
}

#[test]
fn a_null_link_leaves_a_credential_alone_that_is_not_a_link() {
    let api = Api::new();
    let inline = register(&api, json!({"api_key": KEY})).must(201).id();
    let keyless = register(&api, json!({"name": "k", "api_key": ""})).must(201).id();
    let headers =
        register(&api, json!({"name": "h", "auth_method": "custom_headers", "custom_headers": {"X-Key": "v"}}))
            .must(201)
            .id();
    for (id, kept) in [(inline, "inline"), (keyless, "keyless"), (headers, "headers")] {
        let before = sealed(&api, &id);
        // What a GET showed, sent back with another name.
        api.patch(&at(&id), json!({"name": format!("{kept} renamed"), "secret_id": null})).must(200);
        assert_eq!((source(&api, &id).as_str(), sealed(&api, &id)), (kept, before), "{kept}");
    }
}

#[test]
fn a_link_is_cut_by_null_and_nothing_takes_its_place() {
    let api = Api::new();
    let secret = api.secret("s", KEY);
    let id = register(&api, json!({"secret_id": secret})).must(201).id();
    let linked = api.get(&at(&id)).body;
    assert_eq!(linked["credential"], json!({"configured": true, "source": "secret", "hint": "WXYZ"}));
    assert_eq!(linked["secret_id"], json!(secret));
    let cut = api.patch(&at(&id), json!({"secret_id": null})).must(200).body;
    assert_eq!(
        (&cut["credential"], &cut["secret_id"]),
        (&json!({"configured": false, "source": null, "hint": null}), &Value::Null)
    );
}

#[test]
fn only_a_secret_of_the_same_project_can_be_linked() {
    let api = Api::new();
    let project = api.post("/api/v1/projects", json!({"name": "other"})).must(201).id();
    let foreign =
        api.post(&format!("/api/v1/secrets?project_id={project}"), json!({"name": "s", "value": KEY})).must(201).id();
    for bad in [foreign.as_str(), "sec_0123456789abcdef", "nope", ""] {
        api.changes_nothing(|| register(&api, json!({"secret_id": bad}))).invalid("secret_id");
    }
    // Someone pastes the key into the wrong field.
    let pasted = register(&api, json!({"secret_id": KEY}));
    pasted.invalid("secret_id");
    assert!(!pasted.text.contains(KEY), "{}", pasted.text);
}

#[test]
fn masked_credentials_are_never_written_back() {
    let api = Api::new();
    let id = api.provider("a");
    let before = sealed(&api, &id);
    for masked in ["sk-…abcd", "sk-...abcd", "sk-***abcd", "••••••••abcd", "********"] {
        api.changes_nothing(|| api.patch(&at(&id), json!({"api_key": masked}))).invalid("api_key");
        let headers = json!({"auth_method": "custom_headers", "custom_headers": {"X-Key": masked}});
        api.changes_nothing(|| api.patch(&at(&id), headers)).invalid("custom_headers.X-Key");
    }
    assert_eq!(sealed(&api, &id), before);
}

#[test]
fn keys_that_no_header_can_carry_are_refused_and_not_repeated() {
    let api = Api::new();
    for bad in ["sk-with space", "sk-with\r\nX-Evil: 1", "sk-ключ", "sk-\u{0}"] {
        let answer = api.changes_nothing(|| register(&api, json!({"api_key": bad})));
        answer.invalid("api_key");
        assert!(!answer.text.contains("sk-"), "{}", answer.text);
    }
    register(&api, json!({"api_key": "k".repeat(9000)})).invalid("api_key");
}

#[test]
fn header_maps_are_checked_header_by_header() {
    let api = Api::new();
    for (map, param) in [
        (json!({}), "custom_headers"),
        (json!([]), "custom_headers"),
        (json!("X: y"), "custom_headers"),
        (json!({"Host": "x"}), "custom_headers.Host"),
        (json!({"content-LENGTH": "1"}), "custom_headers.content-LENGTH"),
        (json!({"CONNECTION": "close"}), "custom_headers.CONNECTION"),
        (json!({"Transfer-Encoding": "chunked"}), "custom_headers.Transfer-Encoding"),
        (json!({"X Key": "v"}), "custom_headers.X"),
        (json!({"X-Key": "a\nb"}), "custom_headers.X-Key"),
        (json!({"X-Key": "a\u{7f}"}), "custom_headers.X-Key"),
        (json!({"X-Key": 1}), "custom_headers.X-Key"),
        (json!({"X-Key": ""}), "custom_headers.X-Key"),
        (json!({"X-Key": "a", "x-key": "b"}), "custom_headers.x-key"),
    ] {
        api.changes_nothing(|| register(&api, json!({"auth_method": "custom_headers", "custom_headers": map})))
            .invalid(param);
    }
    let made = register(
        &api,
        json!({"auth_method": "custom_headers", "custom_headers": {"X-Key": "hidden-value-of-it", "x-team": "blue"}}),
    )
    .must(201);
    assert_eq!(made.body["header_names"], json!(["X-Key", "x-team"]));
    assert_eq!(made.body["credential"], json!({"configured": true, "source": "headers", "hint": null}));
    assert!(!made.text.contains("hidden-value"), "{}", made.text);
}

#[test]
fn each_credential_goes_with_its_own_auth_method() {
    let api = Api::new();
    let map = json!({"X-Key": "v"});
    for (body, param) in [
        (json!({"custom_headers": map}), "custom_headers"),
        (json!({"auth_method": "x_api_key", "custom_headers": map}), "custom_headers"),
        (json!({"auth_method": "custom_headers", "api_key": KEY}), "api_key"),
        (json!({"auth_method": "custom_headers", "api_key": ""}), "api_key"),
        (json!({"auth_method": "none", "api_key": KEY}), "api_key"),
        (json!({"auth_method": "aws_sigv4", "api_key": KEY}), "auth_method"),
    ] {
        api.changes_nothing(|| register(&api, body)).invalid(param);
    }
}

#[test]
fn changing_the_auth_method_takes_the_new_credential_along() {
    let api = Api::new();
    let id = register(&api, json!({"api_key": KEY})).must(201).id();
    for body in [
        json!({"auth_method": "x_api_key"}),
        json!({"auth_method": "custom_headers"}),
        json!({"provider": "anthropic"}),
        json!({"auth_method": "custom_headers", "secret_id": null}),
    ] {
        api.changes_nothing(|| api.patch(&at(&id), body)).invalid("auth_method");
    }
    api.patch(&at(&id), json!({"auth_method": "bearer"})).must(200);
    let headers = json!({"auth_method": "custom_headers", "custom_headers": {"X-Key": "v"}});
    let changed = api.patch(&at(&id), headers).must(200).body;
    assert_eq!((&changed["auth_method"], &changed["header_names"]), (&json!("custom_headers"), &json!(["X-Key"])));
    let back = api.patch(&at(&id), json!({"auth_method": null, "api_key": KEY})).must(200).body;
    assert_eq!(
        (&back["auth_method"], &back["header_names"], &back["credential"]["source"]),
        (&Value::Null, &json!([]), &json!("inline"))
    );
}

#[test]
fn changing_to_none_needs_no_credential_and_drops_the_old_one() {
    let api = Api::new();
    let id = register(&api, json!({"api_key": KEY})).must(201).id();
    let none = api.patch(&at(&id), json!({"auth_method": "none"})).must(200).body;
    assert_eq!(none["credential"], json!({"configured": false, "source": "none", "hint": null}));
    assert_eq!(sealed(&api, &id), "");
    api.changes_nothing(|| api.patch(&at(&id), json!({"auth_method": "bearer"}))).invalid("auth_method");
    let unset = register(&api, json!({"name": "unset"})).must(201).id();
    api.patch(&at(&unset), json!({"auth_method": "none"})).must(200);
    assert_eq!(source(&api, &unset), "keyless", "no header is wanted, so none is missing");
    let made = register(&api, json!({"name": "made", "auth_method": "none", "secret_id": null})).must(201).id();
    assert_eq!(source(&api, &made), "keyless");
}

#[test]
fn a_provider_without_credential_changes_its_method_freely() {
    let api = Api::new();
    let id = register(&api, json!({})).must(201).id();
    api.patch(&at(&id), json!({"auth_method": "custom_headers"})).must(200);
    api.patch(&at(&id), json!({"custom_headers": {"X-Key": "v"}})).must(200);
    assert_eq!(source(&api, &id), "headers");
}

#[test]
fn a_linked_secret_must_hold_what_the_method_sends() {
    let api = Api::new();
    let key = api.secret("key", KEY);
    let map = api.secret("map", r#"{"X-Key": "hidden", "X-Team": "blue"}"#);
    let forbidden = api.secret("forbidden", r#"{"Host": "hidden"}"#);
    for bad in [&key, &forbidden] {
        let answer = api.changes_nothing(|| register(&api, json!({"auth_method": "custom_headers", "secret_id": bad})));
        answer.invalid("secret_id");
        assert!(!answer.text.contains("hidden") && !answer.text.contains(KEY), "{}", answer.text);
    }
    register(&api, json!({"secret_id": map})).invalid("secret_id");
    let made = register(&api, json!({"auth_method": "custom_headers", "secret_id": map})).must(201);
    assert_eq!(made.body["credential"]["source"], "secret");
}

#[test]
fn a_secret_that_header_maps_depend_on_is_rotated_to_a_header_map_only() {
    let api = Api::new();
    let map = api.secret("map", r#"{"X-Key": "hidden"}"#);
    register(&api, json!({"auth_method": "custom_headers", "secret_id": map})).must(201);
    let path = format!("/api/v1/secrets/{map}");
    api.changes_nothing(|| api.patch(&path, json!({"value": KEY}))).invalid("value");
    api.patch(&path, json!({"value": r#"{"X-Key": "another"}"#})).must(200);
    let key = api.secret("key", KEY);
    register(&api, json!({"name": "q", "secret_id": key})).must(201);
    api.changes_nothing(|| api.patch(&format!("/api/v1/secrets/{key}"), json!({"value": "two words"})))
        .invalid("value");
}

#[test]
fn a_header_map_has_no_hint_because_its_last_characters_may_be_a_whole_value() {
    let api = Api::new();
    let made = api.post("/api/v1/secrets", json!({"name": "map", "value": r#"{"Authorization":"pw"}"#})).must(201);
    assert_eq!(made.body["hint"], Value::Null);
}

#[test]
fn an_aws_key_is_an_object_and_is_shown_by_the_end_of_its_id() {
    let api = Api::new();
    let bedrock = |name: &str, key: Value| {
        api.post(
            PATH,
            json!({"name": name, "provider": "bedrock", "auth_method": "aws_sigv4", "api_key": key.to_string()}),
        )
    };
    let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    let made = bedrock("b", json!({"access_key_id": "AKIDEXAMPLE0123456WXYZ", "secret_access_key": secret})).must(201);
    assert_eq!(made.body["credential"], json!({"configured": true, "source": "inline", "hint": "WXYZ"}));
    for (key, field) in [
        (json!("AKIDEXAMPLE"), "api_key"),
        (json!({"access_key_id": "AKIDEXAMPLE"}), "api_key.secret_access_key"),
        (json!({"access_key_id": "AKIDEXAMPLE", "secret_access_key": secret, "region": "us-east-1"}), "api_key.region"),
    ] {
        let refused = api.changes_nothing(|| bedrock("other", key.clone()));
        refused.invalid(field);
        assert!(!refused.text.contains(secret));
    }
}

#[test]
fn a_secret_that_an_aws_provider_links_to_holds_such_an_object_and_stays_one() {
    let api = Api::new();
    let key = json!({"access_key_id": "AKIDEXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG"}).to_string();
    let (fits, other) = (api.secret("aws", &key), api.secret("plain", KEY));
    let provider = |secret: &str| api.post(PATH, json!({"name": "b", "provider": "bedrock", "secret_id": secret}));
    api.changes_nothing(|| provider(&other)).invalid("secret_id");
    provider(&fits).must(201);
    api.changes_nothing(|| api.patch(&format!("/api/v1/secrets/{fits}"), json!({"value": KEY}))).invalid("value");
}
