use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::Value as Tree;

use super::*;

fn members(document: &str) -> Vec<(String, String)> {
    Members::of(document.as_bytes())
        .unwrap()
        .map(|member| member.unwrap())
        .map(|member| (member.key.decoded().into_owned(), String::from_utf8(member.value.raw.to_vec()).unwrap()))
        .collect()
}

fn refusal(document: impl AsRef<[u8]>) -> String {
    let bytes = document.as_ref();
    let error = validate(bytes).unwrap_err();
    if let Some(members) = Members::of(bytes) {
        let by_members = members.filter_map(Result::err).next();
        assert_eq!(by_members, Some(error), "both ways of reading a document agree");
    }
    error.to_string()
}

/// What serde_json takes without building anything; it leaves UTF-8 in ignored strings unchecked, so that is added.
fn serde_accepts(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok() && serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

#[test]
fn members_are_listed_with_the_bytes_of_their_values() {
    let document = " {\n \"a\" : 1.50 ,\"b\":[1, {\"c\":null}],\"\":\"x\\\"y\" } ";
    assert_eq!(
        members(document),
        [("a", "1.50"), ("b", "[1, {\"c\":null}]"), ("", "\"x\\\"y\"")].map(|(k, v)| (k.to_owned(), v.to_owned()))
    );
    assert_eq!(members("{}"), []);
}

#[test]
fn an_escaped_key_is_recognised() {
    let document = br#"{"\u006dodel":1,"m\u006Fdel":2,"\\u006dodel":3,"mode":4,"models":5}"#;
    let is_model: Vec<bool> = Members::of(document).unwrap().map(|member| member.unwrap().key.is("model")).collect();
    assert_eq!(is_model, [true, true, false, false, false]);
}

#[test]
fn a_key_escaped_to_the_last_letter_is_recognised() {
    let escaped = |name: &str| name.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
    for name in ["m", "model", "ä", "€", "😀"] {
        assert!(Key { raw: escaped(name).as_bytes(), start: 0 }.is(name), "{name}");
    }
}

#[test]
fn spans_point_into_the_document() {
    let document = br#"{"a": {"b": [10, 20]}}"#;
    let member = Members::of(document).unwrap().next().unwrap().unwrap();
    assert_eq!(&document[member.value.span()], br#"{"b": [10, 20]}"#);
    let mut inner = None;
    Cursor::at(document, member.value.start).members(|key, cursor| {
        assert!(key.is("b"));
        inner = cursor.value();
    });
    assert_eq!(&document[inner.unwrap().span()], b"[10, 20]");
}

#[test]
fn a_refusal_says_what_was_expected_and_where() {
    assert_eq!(refusal("{\n  \"ä\": 1,\n  \"b\": 2 \"c\": 3}"), "expected `,` or `}` at line 3 column 10 (byte 22)");
    assert_eq!(refusal(""), "expected a value at line 1 column 1 (byte 0)");
    assert_eq!(refusal("{"), "expected a key in double quotes or `}` at line 1 column 2 (byte 1)");
    assert_eq!(refusal("{\"a\":1,}"), "expected a key in double quotes at line 1 column 8 (byte 7)");
    assert_eq!(refusal("{\"a\" 1}"), "expected `:` at line 1 column 6 (byte 5)");
    assert_eq!(refusal("[1 2]"), "expected `,` or `]` at line 1 column 4 (byte 3)");
    assert_eq!(refusal("[1,]"), "expected a value at line 1 column 4 (byte 3)");
    assert_eq!(refusal("[;"), "expected a value or `]` at line 1 column 2 (byte 1)");
    assert_eq!(refusal("{} x"), "expected nothing more after the document at line 1 column 4 (byte 3)");
    assert_eq!(
        refusal("{\"a\":\"b"),
        "expected a closing `\"`, but the document ends inside a string at line 1 column 8 (byte 7)"
    );
    assert_eq!(refusal("[\"a\nb\"]"), "a control character in a string has to be escaped at line 1 column 4 (byte 3)");
    assert_eq!(refusal(b"{\"a\":\"b\xff\"}"), "the bytes are not valid UTF-8 at line 1 column 8 (byte 7)");
    assert_eq!(refusal("[01]"), "a number cannot begin with a superfluous 0 at line 1 column 2 (byte 1)");
    assert_eq!(refusal("[1.]"), "expected a digit at line 1 column 4 (byte 3)");
    assert_eq!(
        refusal(r#"{"a":"\x"}"#),
        "expected an escape (one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u) at line 1 column 7 (byte 6)"
    );
    assert_eq!(
        refusal(r#"{"a":"\u12g4"}"#),
        "expected four hexadecimal digits after `\\u` at line 1 column 7 (byte 6)"
    );
}

#[test]
fn nesting_is_limited_and_the_limit_counts_the_top_level() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    assert_eq!(validate(nested(MAX_DEPTH).as_bytes()), Ok(Kind::Object));
    assert_eq!(members(&nested(MAX_DEPTH)).len(), 1);
    assert_eq!(refusal(nested(MAX_DEPTH + 1)), "nested deeper than 512 levels at line 1 column 517 (byte 516)");
    assert!(refusal("[".repeat(1_000_000)).starts_with("nested deeper"));
}

#[test]
fn levels_of_both_kinds_close_in_their_own_order() {
    assert_eq!(validate(br#"[{"a":[{"b":[]},{}]},[],{}]"#), Ok(Kind::Array));
    assert!(validate(b"[{]}").is_err());
    assert!(validate(br#"{"a":[}]"#).is_err());
    assert!(validate(br#"[[{"a":1]]]"#).is_err());
}

#[test]
fn strings_decode_as_their_escapes_say() {
    let check = |raw: &str, text: &str| assert_eq!(decode_string(raw.as_bytes()), text);
    check(r#""plain""#, "plain");
    check(r#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz");
    check(r#""\u00e4\uD83D\ude00!""#, "ä😀!");
    check(r#""lone \ud83d, \ude00 and \ud83dx""#, "lone \u{fffd}, \u{fffd} and \u{fffd}x");
    check(r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀");
    check(r#""""#, "");
}

#[test]
fn counts_are_read_in_every_spelling_that_is_integral() {
    for (spelling, count) in [
        ("0", Some(0)),
        ("12", Some(12)),
        ("12.0", Some(12)),
        ("1.2e1", Some(12)),
        ("12E0", Some(12)),
        ("18446744073709551615", Some(u64::MAX)),
        ("18446744073709551616", None),
        ("-0", Some(0)),
        ("-1", None),
        ("1.5", None),
        ("1e999", None),
        ("inf", None),
        ("nan", None),
        ("", None),
    ] {
        assert_eq!(read_u64(spelling.as_bytes()), count, "{spelling}");
    }
}

#[test]
fn a_huge_number_is_grammatical_although_no_machine_holds_it() {
    assert_eq!(validate(b"1e999"), Ok(Kind::Number));
}

fn tree() -> impl Strategy<Value = Tree> {
    let scalar = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::from),
        any::<i64>().prop_map(Tree::from),
        any::<f64>().prop_map(Tree::from),
        ".{0,40}".prop_map(Tree::from),
    ];
    scalar.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Tree::from),
            btree_map("\\PC{0,12}", inner, 0..6).prop_map(|members| Tree::Object(members.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = Tree> {
    btree_map("\\PC{0,12}", tree(), 0..6).prop_map(|members| Tree::Object(members.into_iter().collect()))
}

/// Byte soup made of what JSON is made of: much of it nearly parses.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\"a\"",
        "\"\\u00e4\"",
        "\\ud800",
        "0",
        "-",
        "1",
        ".5",
        "e+",
        "E7",
        "true",
        "false",
        "null",
        "nul",
        " ",
        "\n",
        "\t",
        "ä",
        "\u{2028}",
        "\u{1}",
        "\"b\":",
        "[1,2]",
        "{\"x\":{}}",
    ];
    vec(prop::sample::select(PIECES), 0..14).prop_map(|pieces| pieces.concat().into_bytes())
}

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    (tree(), any::<bool>(), any::<prop::sample::Index>(), any::<Option<u8>>()).prop_map(
        |(tree, pretty, index, byte)| {
            let mut bytes =
                if pretty { serde_json::to_vec_pretty(&tree).unwrap() } else { serde_json::to_vec(&tree).unwrap() };
            let at = index.index(bytes.len());
            match byte {
                Some(byte) => bytes[at] = byte,
                None => drop(bytes.remove(at)),
            }
            bytes
        },
    )
}

fn agrees_with_serde(bytes: &[u8]) -> Result<(), TestCaseError> {
    let ours = validate(bytes);
    prop_assert_eq!(ours.is_ok(), serde_accepts(bytes), "{:?}", ours);
    let mut passed = Cursor::new(bytes);
    let passed = passed.value().map(|value| value.raw);
    if ours.is_ok() {
        prop_assert_eq!(passed, Some(bytes.trim_ascii()));
    }
    let listed = Members::of(bytes).map(|mut members| members.find_map(Result::err));
    match (ours, listed) {
        (Ok(Kind::Object), listed) => prop_assert_eq!(listed, Some(None)),
        (Err(error), Some(listed)) => prop_assert_eq!(listed, Some(error)),
        (Ok(_) | Err(_), None) => {}
        (Ok(kind), Some(_)) => prop_assert!(false, "{:?} listed as an object", kind),
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_serialised_tree_is_accepted_and_its_spans_reproduce_it(tree in object(), pretty: bool) {
        let bytes = if pretty { serde_json::to_vec_pretty(&tree).unwrap() } else { serde_json::to_vec(&tree).unwrap() };
        let mut rebuilt = serde_json::Map::new();
        for member in Members::of(&bytes).unwrap() {
            let member = member.unwrap();
            prop_assert_eq!(&bytes[member.value.span()], member.value.raw);
            let value: Tree = serde_json::from_slice(member.value.raw).unwrap();
            let kind = match &value {
                Tree::Null => Kind::Null,
                Tree::Bool(_) => Kind::Bool,
                Tree::Number(_) => Kind::Number,
                Tree::String(text) => {
                    prop_assert_eq!(decode_string(member.value.raw), text.as_str());
                    Kind::String
                }
                Tree::Array(_) => Kind::Array,
                Tree::Object(_) => Kind::Object,
            };
            prop_assert_eq!(member.value.kind, kind);
            prop_assert!(member.key.is(&member.key.decoded()));
            rebuilt.insert(member.key.decoded().into_owned(), value);
        }
        let expected: Tree = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(Tree::Object(rebuilt), expected);
    }

    #[test]
    fn the_cursor_lists_what_the_validating_reader_lists(tree in object()) {
        let bytes = serde_json::to_vec_pretty(&tree).unwrap();
        let strict: Vec<_> = Members::of(&bytes).unwrap().map(|m| m.unwrap()).map(|m| (m.key.raw, m.key.start, m.value.raw)).collect();
        let mut lenient = Vec::new();
        Cursor::new(&bytes).members(|key, cursor| lenient.push((key.raw, key.start, cursor.value().unwrap().raw)));
        prop_assert_eq!(strict, lenient);
    }

    #[test]
    fn exactly_what_serde_json_accepts_is_accepted(bytes in soup()) {
        agrees_with_serde(&bytes)?;
    }

    #[test]
    fn one_changed_byte_is_judged_as_serde_json_judges_it(bytes in mutated()) {
        agrees_with_serde(&bytes)?;
    }

    #[test]
    fn arbitrary_bytes_are_judged_as_serde_json_judges_them(bytes in vec(any::<u8>(), 0..40)) {
        agrees_with_serde(&bytes)?;
    }

    #[test]
    fn a_string_is_judged_alike_wherever_its_special_byte_stands(before in 0_usize..20, special: u8, after in 0_usize..20) {
        let bytes = [b"\"", &[b'x'; 20][..before], &[special], &[b'y'; 20][..after], b"\""].concat();
        agrees_with_serde(&bytes)?;
    }

    #[test]
    fn the_cursor_ends_on_nonsense(bytes in soup(), start in 0_usize..20) {
        fn descend(cursor: &mut Cursor<'_>, calls: &mut usize) {
            *calls += 1;
            match cursor.kind() {
                Some(Kind::Object) => cursor.members(|key, cursor| {
                    let _ = key.decoded();
                    descend(cursor, calls);
                }),
                Some(Kind::Array) => cursor.elements(|cursor| descend(cursor, calls)),
                _ => drop(cursor.value()),
            }
        }
        let mut calls = 0;
        descend(&mut Cursor::at(&bytes, start), &mut calls);
        prop_assert!(calls <= bytes.len() + 1);
    }

    #[test]
    fn an_escaped_text_decodes_to_itself(text in any::<String>()) {
        let quoted = format!("\"{}\"", escape(&text));
        prop_assert_eq!(decode_string(quoted.as_bytes()), text.as_str());
        prop_assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text);
    }
}
