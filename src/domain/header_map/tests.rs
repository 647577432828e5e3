use proptest::prelude::*;
use serde_json::json;

use super::*;

fn custom(name: &str, value: &str) -> Result<CustomHeaders, Invalid> {
    CustomHeaders::new([(name, value)])
}

#[test]
fn headers_that_frame_the_message_are_refused_by_name_in_any_case() {
    for name in [
        "Host",
        "host",
        "HOST",
        "Content-Length",
        "content-length",
        "Connection",
        "CONNECTION",
        "Transfer-Encoding",
        "tRansfer-encoding",
        "Upgrade",
        "TE",
        "Trailer",
        "Keep-Alive",
        "Proxy-Connection",
    ] {
        let error = custom(name, "x").unwrap_err();
        assert_eq!(error.param, format!("custom_headers.{name}"));
        assert!(error.message.contains(name), "{name}");
    }
}

#[test]
fn only_tokens_are_names() {
    for name in ["", "a b", "a:b", "ä", "a\r\nb", "(a)", "a/b", "\"a\"", "a\u{0}"] {
        assert!(custom(name, "x").is_err(), "{name:?}");
    }
    for name in ["X-Api-Key", "x_y", "x!#$%&'*+-.^_`|~9", "Authorization", "cf-aig-authorization"] {
        assert!(custom(name, "x").is_ok(), "{name:?}");
    }
}

#[test]
fn values_are_visible_ascii_space_and_tab() {
    for value in
        ["", "  ", "a\nb", "a\rb", "a\u{0}", "a\u{7f}", "ä", "\u{2028}", "sk-…abcd", "sk-•••", "sk-***", "sk-...abcd"]
    {
        assert_eq!(custom("X-Key", value).unwrap_err().param, "custom_headers.X-Key", "{value:?}");
    }
    let headers = custom("X-Key", " Bearer a\tb ").unwrap();
    assert_eq!(headers.iter().collect::<Vec<_>>(), [("X-Key", "Bearer a\tb")]);
}

#[test]
fn a_refusal_repeats_no_value_and_no_credential_pasted_as_a_name() {
    for (name, value) in [
        ("X-Key", "hunter2\n"),
        ("X-Key", "hunter2…"),
        ("Host", "hunter2"),
        ("Authorization: Bearer hunter2", "x"),
        ("Authorization Bearer hunter2", "hunter2"),
    ] {
        assert!(!custom(name, value).unwrap_err().to_string().contains("hunter2"), "{name}");
    }
    let error = CustomHeaders::parse_json("{\"X-Key\": \"hunter2\", hunter2").unwrap_err();
    assert!(!error.to_string().contains("hunter2"));
}

#[test]
fn a_map_is_neither_empty_nor_ambiguous_nor_huge() {
    assert_eq!(CustomHeaders::new::<&str, &str>([]).unwrap_err().param, "custom_headers");
    assert_eq!(CustomHeaders::new([("X-A", "1"), ("x-a", "2")]).unwrap_err().param, "custom_headers.x-a");
    let many = |count: usize| CustomHeaders::new((0..count).map(|i| (format!("x-{i}"), "v")));
    assert!(many(MAX_HEADERS).is_ok());
    assert!(many(MAX_HEADERS + 1).is_err());
    assert!(custom("x", &"v".repeat(MAX_HEADER_BYTES - 1)).is_ok());
    assert!(custom("x", &"v".repeat(MAX_HEADER_BYTES)).is_err());
}

#[test]
fn a_map_comes_from_an_object_of_strings() {
    assert!(CustomHeaders::from_value(&json!({"X-A": "1", "X-B": "2"})).is_ok());
    for value in [json!(null), json!([]), json!("x"), json!({})] {
        assert_eq!(CustomHeaders::from_value(&value).unwrap_err().param, "custom_headers");
    }
    for value in [json!({"X-A": 1}), json!({"X-A": null}), json!({"X-A": ["a"]})] {
        assert_eq!(CustomHeaders::from_value(&value).unwrap_err().param, "custom_headers.X-A");
    }
}

#[test]
fn what_is_not_a_json_object_of_strings_is_no_header_map() {
    for text in ["", "{", "[]", "\"x\"", "{\"a\":1}", "{\"a\":\"b\"} x", "{}", "{\"a\":\"1\",\"A\":\"2\"}"] {
        assert!(CustomHeaders::parse_json(text).is_err(), "{text}");
    }
}

#[test]
fn debug_shows_names_only() {
    let shown = format!("{:?}", custom("X-Key", "hunter2").unwrap());
    assert!(shown.contains("X-Key") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn extra_headers_never_carry_a_credential() {
    for name in [
        "Authorization",
        "proxy-authorization",
        "X-API-Key",
        "api-key",
        "x-goog-api-key",
        "Cookie",
        "Host",
        "content-length",
        "Connection",
        "Transfer-Encoding",
        "TE",
        "Upgrade",
    ] {
        let error = ExtraHeaders::from_value(&json!({name: "x"})).unwrap_err();
        assert_eq!(error.param, format!("extra_headers.{name}"));
    }
    let headers = ExtraHeaders::from_value(&json!({"X-Title": "Sluice"})).unwrap();
    assert_eq!(headers.iter().collect::<Vec<_>>(), [("X-Title", "Sluice")]);
    assert!(ExtraHeaders::from_value(&json!({})).unwrap().is_empty());
    assert!(ExtraHeaders::from_value(&json!("x")).is_err());
}

#[test]
fn an_api_key_is_visible_ascii_without_the_white_space_of_a_paste() {
    assert_eq!(api_key_text("api_key", "sk-abc\n"), Ok("sk-abc"));
    assert_eq!(api_key_text("api_key", " ey.J0.x_-=+/ "), Ok("ey.J0.x_-=+/"));
    let long = "k".repeat(8 * 1024 + 1);
    for text in
        ["", " ", "sk abc", "sk\u{0}a", "sk\nabc", "schlüssel", "sk-…abcd", "sk-***", "sk-...abcd", "••••", &long]
    {
        let error = api_key_text("value", text).unwrap_err();
        assert_eq!(error.param, "value");
        assert!(!error.message.contains("abc"));
    }
}

#[test]
fn a_masked_credential_is_recognised() {
    for (text, masked) in [
        ("sk-…abcd", true),
        ("••••••abcd", true),
        ("sk-***abcd", true),
        ("sk-...abcd", true),
        ("sk-abcd", false),
        ("a.b.c", false),
        ("a**b..c", false),
    ] {
        assert_eq!(looks_masked(text), masked, "{text}");
    }
}

proptest! {
    #[test]
    fn a_map_survives_its_json(pairs in prop::collection::btree_map("[a-z0-9-]{1,10}", "[ -~\t]{1,20}", 1..8)) {
        if let Ok(headers) = CustomHeaders::new(pairs) {
            let read = CustomHeaders::parse_json(&headers.expose_json()).unwrap();
            prop_assert_eq!(read.iter().collect::<Vec<_>>(), headers.iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn whatever_is_accepted_can_stand_in_a_header(name in "\\PC{0,12}", value in any::<String>()) {
        if let Ok(headers) = custom(&name, &value) {
            for (name, value) in headers.iter() {
                prop_assert!(!name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && b != b':'));
                prop_assert!(is_legal_value(value) && value.trim() == value && !value.is_empty());
            }
        }
    }

    #[test]
    fn the_json_of_a_map_never_outgrows_its_first_buffer(value in "[\"\\\\\t]{1,40}") {
        if let Ok(headers) = custom("x-key", &value) {
            prop_assert!(headers.expose_json().len() <= 5 + 2 * value.len() + 6 + 2);
        }
    }
}
