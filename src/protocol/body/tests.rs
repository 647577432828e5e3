use std::borrow::Cow;

use proptest::prelude::*;
use serde_json::{Value as Tree, json};

use super::*;

fn parse(body: &str) -> RequestBody {
    RequestBody::parse(body.as_bytes().to_vec()).unwrap()
}

fn refusal(body: &str) -> String {
    RequestBody::parse(body.as_bytes().to_vec()).unwrap_err().to_string()
}

fn edited(body: &str, defaults: &[(&str, &[u8])], stream_usage: StreamUsage) -> String {
    let edited = parse(body).for_upstream(&Changes { model: "up/stream", defaults, stream_usage }).into_owned();
    assert_eq!(edited.capacity(), edited.len(), "one allocation of the exact size");
    String::from_utf8(edited).unwrap()
}

fn metered(body: &str) -> String {
    edited(body, &[], StreamUsage::Requested)
}

#[test]
fn the_fields_that_the_gateway_decides_by_are_read() {
    let body = parse(r#" {"messages":[{"model":"inner"}],"mode\u006c":"a\u002fb", "stream" : true}"#);
    assert_eq!(body.model().unwrap(), "a/b");
    assert!(body.streams());
    assert!(!body.asks_for_stream_usage());
    assert_eq!(body.get("messages").unwrap().raw, br#"[{"model":"inner"}]"#);
    assert!(body.get("tools").is_none());
    assert_eq!(body.keys().map(|key| key.decoded()).collect::<Vec<_>>(), ["messages", "model", "stream"]);
}

#[test]
fn null_counts_as_absent() {
    let body = parse(r#"{"model":null,"stream":null,"stream_options":null}"#);
    assert_eq!(body.model(), None);
    assert!(!body.streams());
    assert_eq!(edited(r#"{"a":1,"model":null}"#, &[], StreamUsage::AsTheClientAsks), r#"{"a":1,"model":"up/stream"}"#);
}

#[test]
fn a_refusal_names_the_field_or_the_place() {
    assert_eq!(refusal(r#"{"model":7}"#), "`model` has to be a string, not a number");
    assert_eq!(refusal(r#"{"stream":"yes"}"#), "`stream` has to be a boolean, not a string");
    assert_eq!(refusal("[]"), "the request body has to be a JSON object, not an array");
    assert_eq!(
        refusal("{\"model\":\"m\"\n\"stream\":true}"),
        "the request body is not valid JSON: expected `,` or `}` at line 2 column 1 (byte 13)"
    );
    assert_eq!(refusal("nul"), "the request body is not valid JSON: expected a value at line 1 column 1 (byte 0)");
    assert_eq!(refusal(r#"{"model":"a","mod\u0065l":"b"}"#), "`model` is given more than once");
    assert_eq!(refusal(r#"{"stream":true,"stream":false}"#), "`stream` is given more than once");
    assert_eq!(
        refusal(r#"{"stream_options":{"include_usage":true,"include_usage":false}}"#),
        "`stream_options.include_usage` is given more than once"
    );
    let error = RequestBody::parse(br#"{"model":[]}"#.to_vec()).unwrap_err();
    assert_eq!(error.field(), Some("model"));
}

#[test]
fn a_key_that_a_case_blind_upstream_takes_for_the_model_is_refused() {
    for body in [r#"{"model":"cheap","Model":"dear"}"#, r#"{"MODEL":"dear"}"#, r#"{"\u004dodel":"dear"}"#] {
        assert!(refusal(body).contains("could be read as `model`"), "{body}");
    }
    assert!(refusal(r#"{"ſtream":true}"#).contains("could be read as `stream`"));
    assert_eq!(parse(r#"{"models":1,"mod":2,"m\u00f6del":3}"#).keys().count(), 3);
}

#[test]
fn a_body_full_of_keys_is_refused_before_it_fills_the_memory() {
    let body = |members: usize| format!("{{{}}}", vec!["\"\":0"; members].join(","));
    assert_eq!(parse(&body(MAX_MEMBERS)).keys().count(), MAX_MEMBERS);
    assert_eq!(refusal(&body(MAX_MEMBERS + 1)), "the request body has more than 1024 top level members");
}

#[test]
fn only_the_model_changes() {
    let as_asked = StreamUsage::AsTheClientAsks;
    assert_eq!(
        edited(" {\"temperature\": 1.00 ,\"model\" : \"gpt\",\n\t\"x\":1e5}\n", &[], as_asked),
        " {\"temperature\": 1.00 ,\"model\" : \"up/stream\",\n\t\"x\":1e5}\n"
    );
    assert_eq!(edited("{ }", &[], as_asked), r#"{"model":"up/stream" }"#);
    assert_eq!(edited(r#"{ "x":1 }"#, &[], as_asked), r#"{"model":"up/stream", "x":1 }"#);
}

#[test]
fn a_model_name_is_escaped() {
    let body = parse(r#"{"model":"x"}"#);
    let changes = Changes { model: "a\"\\\n\u{1}ä", defaults: &[], stream_usage: StreamUsage::AsTheClientAsks };
    assert_eq!(body.for_upstream(&changes), r#"{"model":"a\"\\\n\u0001ä"}"#.as_bytes());
}

#[test]
fn a_default_is_added_only_where_the_client_left_the_key_out() {
    let defaults: &[(&str, &[u8])] =
        &[("max_tokens", b"10"), ("a\"b", b"[1]"), ("temp", b"0"), ("model", b"\"no\""), ("stream", b"true")];
    assert_eq!(
        edited("{\"model\":\"m\",\"t\\u0065mp\":null }", defaults, StreamUsage::Requested),
        "{\"model\":\"up/stream\",\"t\\u0065mp\":null,\"max_tokens\":10,\"a\\\"b\":[1] }"
    );
    assert_eq!(
        edited("{}", &[("max_tokens", b"10")], StreamUsage::AsTheClientAsks),
        r#"{"model":"up/stream","max_tokens":10}"#
    );
}

#[test]
fn usage_is_requested_however_the_client_left_it() {
    for (client, upstream) in [
        ("", r#","stream_options":{"include_usage":true}"#),
        (r#","stream_options":null"#, r#","stream_options":{"include_usage":true}"#),
        (r#","stream_options":{ }"#, r#","stream_options":{"include_usage":true }"#),
        (r#","stream_options": {"o":1}"#, r#","stream_options": {"include_usage":true,"o":1}"#),
        (r#","stream_options":{"include_usage": false }"#, r#","stream_options":{"include_usage": true }"#),
        (r#","stream_options":{"include_usage":null}"#, r#","stream_options":{"include_usage":true}"#),
        (
            r#","stream_options":{"o":{"include_usage":true}}"#,
            r#","stream_options":{"include_usage":true,"o":{"include_usage":true}}"#,
        ),
        (r#","stream_options":{"include\u005fusage":false}"#, r#","stream_options":{"include\u005fusage":true}"#),
        (r#","stream_options":{"include_usage":true}"#, r#","stream_options":{"include_usage":true}"#),
        (r#","stream_options":"odd""#, r#","stream_options":"odd""#),
        (r#","stream_options":{"include_usage":1}"#, r#","stream_options":{"include_usage":1}"#),
    ] {
        let body = format!(r#"{{"stream":true,"model":"m"{client}}}"#);
        assert_eq!(metered(&body), format!(r#"{{"stream":true,"model":"up/stream"{upstream}}}"#));
        assert_eq!(parse(&body).asks_for_stream_usage(), client.ends_with("true}") && !client.contains("\"o\""));
        let flag_first = format!(r#"{{"stream":true{client},"model":"m"}}"#);
        let tree: Tree = serde_json::from_str(&metered(&flag_first)).unwrap();
        assert_eq!(tree["model"], "up/stream");
    }
}

#[test]
fn usage_is_not_requested_for_an_answer_that_is_no_stream() {
    for stream in ["", r#","stream":false"#, r#","stream":null"#] {
        let body = format!(r#"{{"model":"up/stream"{stream}}}"#);
        assert_eq!(metered_borrowed(&body), body);
    }
}

fn metered_borrowed(body: &str) -> String {
    let parsed = parse(body);
    let changes = Changes { model: "up/stream", defaults: &[], stream_usage: StreamUsage::Requested };
    let Cow::Borrowed(same) = parsed.for_upstream(&changes) else { panic!("nothing was to be changed") };
    String::from_utf8(same.to_vec()).unwrap()
}

#[test]
fn a_default_for_the_stream_options_is_merged_with_the_request_for_usage() {
    let defaults: &[(&str, &[u8])] = &[("stream_options", br#"{"include_obfuscation":false}"#)];
    assert_eq!(
        edited(r#"{"model":"m","stream":true}"#, defaults, StreamUsage::Requested),
        r#"{"model":"up/stream","stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}"#
    );
}

/// Members of a body without the fields that the gateway decides by, in any order and white space.
fn body() -> impl Strategy<Value = (Vec<(String, Tree)>, bool)> {
    let value = prop_oneof![
        Just(json!(null)),
        any::<i32>().prop_map(Tree::from),
        ".{0,20}".prop_map(Tree::from),
        Just(json!([{"model": "inner", "stream": 1}, {"x": [1.5]}])),
    ];
    let flag =
        prop::sample::select(vec![json!(null), json!({}), json!({"include_usage": false, "a": 1}), json!({"b": 2})]);
    let field = prop_oneof![
        Just(("model".to_owned(), json!("client"))),
        Just(("stream".to_owned(), json!(true))),
        flag.prop_map(|flag| ("stream_options".to_owned(), flag)),
    ];
    let other = ("[a-d]{1,3}|[ä\"\\\\]", value);
    (prop::collection::vec(prop_oneof![3 => other, 2 => field], 0..8), any::<bool>())
}

fn unique(members: Vec<(String, Tree)>) -> serde_json::Map<String, Tree> {
    members.into_iter().collect()
}

proptest! {
    #[test]
    fn an_edited_body_is_the_clients_with_the_model_and_the_defaults((members, pretty) in body(), usage: bool) {
        let client = Tree::Object(unique(members));
        let bytes = if pretty { serde_json::to_vec_pretty(&client).unwrap() } else { serde_json::to_vec(&client).unwrap() };
        let stream_usage = if usage { StreamUsage::Requested } else { StreamUsage::AsTheClientAsks };
        let changes = Changes { model: "gpt \"5\"", defaults: &[("a", b"[true]"), ("new", b" 1.0")], stream_usage };
        let edited = RequestBody::parse(bytes).unwrap().for_upstream(&changes).into_owned();

        let mut expected = client.clone();
        expected["model"] = json!("gpt \"5\"");
        if client.get("a").is_none() {
            expected["a"] = json!([true]);
        }
        expected["new"] = json!(1.0);
        if usage && client["stream"] == true {
            expected["stream_options"]["include_usage"] = json!(true);
        }
        prop_assert_eq!(serde_json::from_slice::<Tree>(&edited).unwrap(), expected);

        let again = RequestBody::parse(edited.clone()).unwrap();
        prop_assert!(matches!(again.for_upstream(&changes), Cow::Borrowed(same) if same == edited));
    }

    #[test]
    fn every_byte_around_the_model_stays(before in "[ \\n\\t]{0,4}", after in "[ \\n\\t]{0,4}", number in "-?[1-9][0-9]{0,3}(\\.[0-9]{1,9})?(e[0-9])?") {
        let body = |model: &str| format!("{before}{{{after}\"n\":{number}{after},\"model\"{before}:{model}{after}}}{before}");
        prop_assert_eq!(edited(&body("\"x\""), &[], StreamUsage::AsTheClientAsks), body("\"up/stream\""));
    }

    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let _ = RequestBody::parse(bytes);
    }
}
