use proptest::prelude::*;

use super::*;

#[test]
fn a_selector_splits_at_the_first_caret() {
    let cases = [
        ("openai^gpt-5", Some(("openai", "gpt-5"))),
        ("openai^a^b", Some(("openai", "a^b"))),
        ("My Provider ^ gpt-5 ", Some(("My Provider", "gpt-5"))),
        ("openai^^", Some(("openai", "^"))),
        ("gpt-5", None),
        ("^gpt-5", None),
        ("openai^", None),
        (" ^ ", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(Selector::split(text), expected, "{text}");
        let parsed = Selector::parse("fallbacks", text);
        assert_eq!(parsed.as_ref().ok().map(|s| (s.provider(), s.model())), expected, "{text}");
    }
    assert_eq!(Selector::parse("fallbacks", "gpt-5").unwrap_err().param, "fallbacks");
}

#[test]
fn an_allowed_model_is_a_wildcard_blind_to_case() {
    let glob = SelectorGlob::parse("allowed_models", " OpenAI^gpt-* ").unwrap();
    assert_eq!(glob.as_str(), "OpenAI^gpt-*");
    assert!(glob.matches("openai^GPT-5"));
    assert!(!glob.matches("azure^gpt-5"));
    assert!(SelectorGlob::parse("allowed_models", " ").is_err());
}

#[test]
fn a_grant_may_narrow_but_not_widen() {
    let glob = |text| SelectorGlob::parse("allowed_models", text).unwrap();
    assert!(glob("openai^*").covers(&glob("OpenAI^gpt-*")));
    assert!(!glob("openai^*").covers(&glob("*")));
    assert!(!glob("openai^*").covers(&glob("o*^gpt-5")));
}

proptest! {
    #[test]
    fn a_selector_reads_back_from_what_it_displays(text in "[a-z ^]{0,12}") {
        if let Ok(selector) = Selector::parse("model", &text) {
            prop_assert_eq!(Selector::parse("model", &selector.to_string()), Ok(selector));
        }
    }
}
