use proptest::prelude::*;

use super::*;

fn glob(pattern: &str) -> Glob {
    Glob::parse("pattern", pattern, Case::Insensitive).unwrap()
}

/// The definition of a match, exponential and obviously right.
fn naive(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((b'*', tail)), None) => naive(tail, text),
        (Some((b'*', tail)), Some((_, rest))) => naive(tail, text) || naive(pattern, rest),
        (Some((a, tail)), Some((b, rest))) => a.eq_ignore_ascii_case(b) && naive(tail, rest),
        (Some(_), None) => false,
    }
}

#[test]
fn a_star_is_any_run_of_characters_and_nothing_else_is_special() {
    let cases = [
        ("*", "", true),
        ("*", "anything^at/all", true),
        ("gpt-*", "gpt-5", true),
        ("gpt-*", "gpt-", true),
        ("gpt-*", "xgpt-5", false),
        ("*mini", "gpt-5-mini", true),
        ("*mini", "gpt-5-minimal", false),
        ("open*^gpt*mini", "openai^gpt-5-mini", true),
        ("a*b*c", "aXbYbZc", true),
        ("a?c", "abc", false),
        ("a?c", "a?c", true),
        ("[ab]", "a", false),
        ("[ab]", "[ab]", true),
        ("GPT-5", "gpt-5", true),
        ("**a**", "bab", true),
        ("aiProviders:List*", "aiproviders:ListAiProviders", true),
        ("ü*", "über", true),
    ];
    for (pattern, text, expected) in cases {
        assert_eq!(glob(pattern).matches(text), expected, "{pattern} against {text}");
    }
}

#[test]
fn case_counts_where_it_is_asked_to() {
    let sensitive = Glob::parse("p", "DE*", Case::Sensitive).unwrap();
    assert!(sensitive.matches("DEU"));
    assert!(!sensitive.matches("deu"));
}

#[test]
fn a_pattern_of_many_stars_is_answered_at_once() {
    let pattern = format!("{}b", "a*".repeat(200));
    assert!(!glob(&pattern).matches(&"a".repeat(20_000)));
}

#[test]
fn a_pattern_covers_what_it_matches_entirely() {
    let cases = [
        ("*", "*", true),
        ("*", "gpt-*", true),
        ("gpt-*", "gpt-5*", true),
        ("gpt-*", "GPT-5", true),
        ("gpt-5*", "gpt-*", false),
        ("gpt-5", "gpt-*", false),
        ("gpt-*", "*", false),
        ("a*", "a*b*", true),
        ("*a*", "a*", true),
        ("a*b", "a*", false),
        ("**", "*", true),
    ];
    for (wide, narrow, expected) in cases {
        assert_eq!(glob(wide).covers(&glob(narrow)), expected, "{wide} over {narrow}");
    }
}

#[test]
fn a_case_sensitive_pattern_covers_an_insensitive_one_only_as_a_star() {
    let sensitive = |pattern| Glob::parse("p", pattern, Case::Sensitive).unwrap();
    assert!(sensitive("*").covers(&glob("a")));
    assert!(!sensitive("a").covers(&glob("a")));
    assert!(glob("a").covers(&sensitive("A")));
}

#[test]
fn empty_long_and_control_patterns_are_refused() {
    for pattern in ["", &"a".repeat(MAX_GLOB_BYTES + 1), "a\nb"] {
        assert_eq!(Glob::parse("allowed_models", pattern, Case::Sensitive).unwrap_err().param, "allowed_models");
    }
}

proptest! {
    #[test]
    fn matching_agrees_with_its_definition(pattern in "[abA*]{1,8}", text in "[abAB]{0,10}") {
        prop_assert_eq!(glob(&pattern).matches(&text), naive(pattern.as_bytes(), text.as_bytes()));
    }

    #[test]
    fn whatever_a_covered_pattern_matches_is_matched(wide in "[ab*]{1,5}", narrow in "[ab*]{1,5}", text in "[ab]{0,8}") {
        if glob(&wide).covers(&glob(&narrow)) && glob(&narrow).matches(&text) {
            prop_assert!(glob(&wide).matches(&text));
        }
    }

    #[test]
    fn what_is_not_covered_has_a_witness(wide in "[ab*]{1,5}", narrow in "[ab*]{1,5}") {
        if !glob(&wide).covers(&glob(&narrow)) {
            let witness = narrow.replace('*', "z");
            prop_assert!(glob(&narrow).matches(&witness) && !glob(&wide).matches(&witness));
        }
    }
}
