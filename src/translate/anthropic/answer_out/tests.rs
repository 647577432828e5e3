use super::*;
use crate::domain::usage::TokenCounts;
use crate::translate::anthropic::golden::reply;

fn written(parts: Vec<AnswerPart>, finish: FinishReason) -> Value {
    write_answer(&Answer { begin: Begin::default(), parts, finish, usage: None }, &reply())
}

fn call(json: &str) -> AnswerPart {
    AnswerPart::Call(Call { id: "c".into(), name: "f".into(), input: CallInput::Json(json.into()) })
}

fn text(text: &str) -> AnswerPart {
    AnswerPart::Text { text: text.into(), citations: Vec::new() }
}

#[test]
fn a_message_has_all_that_an_sdk_wants() {
    let usage = TokenCounts { input: 1, output: 2, cache_read: 3, cache_write: 4, reasoning: 0 };
    let begin = Begin { id: Some("msg_1".into()), model: None, created: Some(1), usage: None };
    let answer = Answer { begin, parts: vec![text("a"), text("")], finish: FinishReason::Done, usage: Some(usage) };
    assert_eq!(
        write_answer(&answer, &reply()),
        json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m",
               "content": [{"type": "text", "text": "a"}], "stop_reason": "end_turn", "stop_sequence": null,
               "usage": {"input_tokens": 1, "cache_creation_input_tokens": 4, "cache_read_input_tokens": 3,
                         "output_tokens": 2}})
    );
}

#[test]
fn the_reason_is_told_by_the_calls_unless_the_answer_was_cut() {
    for (finish, parts, reason) in [
        (FinishReason::Done, vec![text("a")], "end_turn"),
        (FinishReason::Done, vec![call("{}")], "tool_use"),
        (FinishReason::Length, vec![call("{}")], "max_tokens"),
        (FinishReason::StopSequence(None), vec![text("a")], "end_turn"),
        (FinishReason::ContextFull, vec![], "model_context_window_exceeded"),
        (FinishReason::Declined, vec![], "refusal"),
        (FinishReason::Done, vec![AnswerPart::Refusal("no".into())], "refusal"),
        (FinishReason::Paused, vec![], "pause_turn"),
    ] {
        assert_eq!(written(parts, finish)["stop_reason"], reason);
    }
    let stopped = written(vec![text("a")], FinishReason::StopSequence(Some("END".into())));
    assert_eq!((&stopped["stop_reason"], &stopped["stop_sequence"]), (&json!("stop_sequence"), &json!("END")));
}

#[test]
fn an_input_is_always_an_object() {
    for (json, input) in [("", json!({})), ("3", json!({"value": 3})), ("{\"a", json!({"_raw": "{\"a"}))] {
        assert_eq!(written(vec![call(json)], FinishReason::Done)["content"][0]["input"], input);
    }
    let freeform = Call { id: "c".into(), name: "f".into(), input: CallInput::Text("x".into()) };
    let written = written(vec![AnswerPart::Call(freeform)], FinishReason::Done);
    assert_eq!(written["content"][0]["input"], json!({"input": "x"}));
}

#[test]
fn thoughts_carry_their_proof_packed_unless_it_is_claudes() {
    let signature = Signature { protocol: Protocol::Responses, provider: "aip_1".into(), payload: "{}".into() };
    let thought = |text: &str, signature: Option<Signature>| {
        let parts = vec![AnswerPart::Reasoning(Reasoned { text: text.into(), signature }), call("{}")];
        written(parts, FinishReason::Done)["content"][0].clone()
    };
    assert_eq!(thought("t", None), json!({"type": "thinking", "thinking": "t", "signature": ""}));
    assert_eq!(
        thought("t", Some(signature.clone())),
        json!({"type": "thinking", "thinking": "t", "signature": signature.pack()})
    );
    assert_eq!(thought("", Some(signature.clone())), json!({"type": "redacted_thinking", "data": signature.pack()}));
    let payload = r#"{"type":"thinking","thinking":"t","signature":"raw"}"#.to_owned();
    let claudes = Signature { protocol: Protocol::AnthropicMessages, payload, ..signature };
    assert_eq!(thought("t", Some(claudes))["signature"], "raw");
}

#[test]
fn sources_are_told_as_what_they_are() {
    let source = |url: Option<&str>| Citation {
        url: url.map(str::to_owned),
        title: Some("T".into()),
        cited_text: None,
        span: None,
    };
    let citations = vec![source(Some("https://x")), source(None)];
    let written = written(vec![AnswerPart::Text { text: "a".into(), citations }], FinishReason::Done);
    let citations = &written["content"][0]["citations"];
    assert_eq!(
        (&citations[0]["url"], &citations[0]["type"]),
        (&json!("https://x"), &json!("web_search_result_location"))
    );
    assert_eq!((&citations[1]["document_title"], &citations[1]["type"]), (&json!("T"), &json!("char_location")));
}

#[test]
fn a_thought_that_shows_nothing_is_told_only_where_something_follows() {
    let unshown = || {
        let signature = Signature { protocol: Protocol::Gemini, provider: "aip_1".into(), payload: "{}".into() };
        AnswerPart::Reasoning(Reasoned { text: String::new(), signature: Some(signature) })
    };
    let text = || AnswerPart::Text { text: "hi".into(), citations: Vec::new() };
    assert_eq!(last_shown(&[unshown(), text(), unshown()]), [unshown(), text()]);
    assert_eq!(last_shown(&[unshown()]), []);
    let silence = AnswerPart::Text { text: String::new(), citations: Vec::new() };
    assert_eq!(last_shown(&[unshown(), unshown(), silence]), []);
}
