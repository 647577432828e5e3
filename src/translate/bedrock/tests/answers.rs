use super::*;
use crate::domain::usage::TokenCounts;

fn read(model: &str, name: &str) -> Answer {
    let body = serde_json::from_str(&golden(&format!("{name}.json"))).expect("JSON");
    read_answer(body, &origin(model)).expect("an answer")
}

#[test]
fn text_and_what_it_consumed_are_read() {
    let answer = read(CLAUDE_46, "text");
    let text = "The capital of France is Paris.".to_owned();
    assert_eq!(answer.parts, [AnswerPart::Text { text, citations: Vec::new() }]);
    assert_eq!(answer.finish, FinishReason::Done);
    assert_eq!(answer.begin, Begin::default());
    let usage = TokenCounts { input: 13, output: 21, cache_read: 1024, cache_write: 256, reasoning: 0 };
    assert_eq!(answer.usage, Some(usage));
}

#[test]
fn calls_keep_their_ids_and_the_spelling_of_numbers() {
    let answer = read(CLAUDE_46, "tools");
    let AnswerPart::Call(call) = &answer.parts[2] else { panic!("{answer:?}") };
    assert_eq!((call.id.as_str(), call.name.as_str()), ("tooluse_2aPZ3mQxTmqYVbEwLk9d1A", "get_time"));
    let input = r#"{"city":"Tōkyō","limit":1.0,"id":12345678901234567890}"#;
    assert_eq!(call.input, CallInput::Json(input.into()));
    assert_eq!(answer.finish, FinishReason::Done);
}

#[test]
fn reasoning_is_anthropics_block_with_claude_and_bedrocks_with_others() {
    let signatures = |model| -> Vec<_> {
        let parts = read(model, "thinking_text").parts;
        let signature = |part| match part {
            AnswerPart::Reasoning(Reasoned { text, signature }) => Some((text, signature.expect("signed"))),
            _ => None,
        };
        parts.into_iter().filter_map(signature).collect()
    };
    let claude = signatures(CLAUDE_46);
    let payload: Value = serde_json::from_str(&claude[0].1.payload).expect("JSON");
    assert_eq!((claude[0].0.as_str(), claude[0].1.protocol), ("Two and two.", Protocol::AnthropicMessages));
    assert_eq!((payload["type"].as_str(), payload["thinking"].as_str()), (Some("thinking"), Some("Two and two.")));
    let payload: Value = serde_json::from_str(&claude[1].1.payload).expect("JSON");
    assert_eq!(payload, json!({"type": "redacted_thinking", "data": "RW1zS0FoZ0I0eHJlZGFjdGVk"}));
    let other = signatures(GPT);
    assert_eq!((other[1].1.protocol, other[1].1.provider.as_str()), (Protocol::BedrockConverse, "aip_1"));
}

#[test]
fn what_an_answer_reasoned_goes_back_as_it_came() {
    let body: Value = serde_json::from_str(&golden("thinking_tools.json")).expect("JSON");
    for model in [CLAUDE_46, GPT] {
        let answer = read_answer(body.clone(), &origin(model)).expect("an answer");
        let mut request = hello();
        for part in answer.parts {
            let body = match part {
                AnswerPart::Reasoning(reasoned) => Body::Reasoning(reasoned),
                AnswerPart::Call(call) => Body::Call(call),
                other => panic!("{other:?}"),
            };
            say(&mut request, Role::Assistant, body);
        }
        let written = write(model, request);
        assert_eq!(written.body["messages"][1]["content"], body["output"]["message"]["content"], "{model}");
    }
}

#[test]
fn citations_rest_on_their_text() {
    let answer = read(CLAUDE_46, "citations");
    assert_eq!(answer.parts.len(), 5);
    let AnswerPart::Text { text, citations } = &answer.parts[1] else { panic!() };
    assert_eq!((text.as_str(), citations[0].title.as_deref()), ("the grass is green", Some("Facts")));
    assert_eq!(citations[0].cited_text.as_deref(), Some("The grass is green. "));
    let AnswerPart::Text { citations, .. } = &answer.parts[3] else { panic!() };
    assert_eq!(citations[0].url.as_deref(), Some("https://example.com/sky"));
}

#[test]
fn every_stop_reason_has_its_meaning() {
    for (word, finish) in [
        ("end_turn", FinishReason::Done),
        ("tool_use", FinishReason::Done),
        ("stop_sequence", FinishReason::StopSequence(None)),
        ("max_tokens", FinishReason::Length),
        ("model_context_window_exceeded", FinishReason::ContextFull),
        ("guardrail_intervened", FinishReason::Declined),
        ("content_filtered", FinishReason::Declined),
        ("malformed_model_output", FinishReason::Done),
        ("malformed_tool_use", FinishReason::Done),
        ("something_new", FinishReason::Done),
    ] {
        let body = json!({"output": {"message": {"role": "assistant", "content": []}}, "stopReason": word});
        assert_eq!(read_answer(body, &origin(NOVA)).expect("an answer").finish, finish, "{word}");
    }
    let body = json!({
        "output": {"message": {"content": []}}, "stopReason": "stop_sequence",
        "additionalModelResponseFields": {"stop_sequence": "END"},
    });
    let answer = read_answer(body, &origin(CLAUDE_46)).expect("an answer");
    assert_eq!(answer.finish, FinishReason::StopSequence(Some("END".into())));
}

#[test]
fn ids_that_others_refuse_get_a_stand_in_and_missing_ones_are_made() {
    let body = json!({"output": {"message": {"content": [
        {"toolUse": {"toolUseId": "a.b:c", "name": "f", "input": {}}},
        {"toolUse": {"name": "f"}},
        {"toolUse": {"toolUseId": "srv", "name": "nova_grounding", "type": "server_tool_use", "input": {}}},
        {"video": {}}, {"text": ""}, 7,
    ]}}, "stopReason": "tool_use"});
    let answer = read_answer(body, &origin(NOVA)).expect("an answer");
    let calls: Vec<_> = answer
        .parts
        .iter()
        .map(|part| match part {
            AnswerPart::Call(call) => (call.id.clone(), call.input.clone()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].0, fit_call_id("a.b:c"));
    assert_eq!(calls[1], (Minter::new("req_1").mint("call_"), CallInput::Json("{}".into())));
}

#[test]
fn what_is_no_answer_is_a_fault() {
    for (body, status, code) in [
        (json!([]), 502, Some("upstream.malformed")),
        (json!({"ok": true}), 502, Some("upstream.malformed")),
        (json!({"output": {"message": "hi"}}), 502, Some("upstream.malformed")),
        (json!({"__type": "com.amazon#ThrottlingException", "message": "slow"}), 429, Some("ThrottlingException")),
        (json!({"message": "no"}), 502, None),
    ] {
        let fault = read_answer(body, &origin(NOVA)).expect_err("a fault");
        assert_eq!((fault.status, fault.code.as_deref()), (status, code));
    }
}
