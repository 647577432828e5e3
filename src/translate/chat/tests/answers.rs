//! Whole answers, both ways.

use super::{golden, origin, read_stream, reply, sum};
use crate::domain::kind::Kind;
use crate::domain::protocol::Protocol;
use crate::domain::usage::TokenCounts;
use crate::translate::chat::{read_answer, write_answer};
use crate::translate::neutral::{
    Answer, AnswerPart, Begin, Call, CallInput, Citation, Event, FinishReason, Reasoned, Signature, UsageChunk,
};
use serde_json::{Value, json};

fn read(body: Value) -> Answer {
    read_answer(body, &origin(Kind::OpenAi)).unwrap()
}

fn message(message: Value) -> Answer {
    read(json!({"choices": [{"message": message}]}))
}

#[test]
fn every_golden_answer_says_the_same_streamed_and_comes_out_as_it_came_in() {
    for scenario in ["text", "tools", "thinking_tools", "thinking_text", "refusal", "length", "citations", "unicode"] {
        let body: Value = serde_json::from_str(&golden(&format!("answers/chat_completions/{scenario}.json"))).unwrap();
        let answer = read(body.clone());
        let events = read_stream(Kind::OpenAi, &golden(&format!("answers/chat_completions/{scenario}.sse")));
        assert_eq!(events.last(), Some(&Event::End), "{scenario}");
        assert_eq!(sum(&events), answer, "{scenario}");
        assert_eq!(answer.begin.id, Some(format!("chatcmpl-{scenario}")));

        let written = write_answer(&answer, &reply(UsageChunk::Unwanted));
        let (mut expected, choice) = (body["choices"][0]["message"].clone(), &written["choices"][0]);
        if let Some(reasoning) = expected.as_object_mut().unwrap().shift_remove("reasoning") {
            expected["reasoning_content"] = reasoning;
        }
        assert_eq!(choice["message"], expected, "{scenario}");
        assert_eq!(choice["finish_reason"], body["choices"][0]["finish_reason"], "{scenario}");
        assert_eq!(written["usage"]["total_tokens"], body["usage"]["total_tokens"], "{scenario}");
        assert_eq!(written["model"], "gpt-golden");
    }
}

#[test]
fn an_upstream_that_leaves_out_most_of_it_is_still_read() {
    let answer = read(json!({"choices": [{"message": {"content": "hi", "tool_calls": [
        {"function": {"name": "f", "arguments": {"x": 1}}}, {"id": "a.b", "function": {"name": "g", "arguments": ""}}]}}]}));
    assert_eq!(
        (answer.begin.clone(), answer.usage, answer.finish.clone()),
        (Begin::default(), None, FinishReason::Done)
    );
    let calls = answer.parts.iter().filter_map(|part| match part {
        AnswerPart::Call(Call { id, name, input: CallInput::Json(json) }) => {
            Some((id.as_str(), name.as_str(), json.as_str()))
        }
        _ => None,
    });
    let calls: Vec<_> = calls.collect();
    assert_eq!((calls[0].1, calls[0].2, calls[1].1, calls[1].2), ("f", "{\"x\":1}", "g", "{}"));
    assert!(calls.iter().all(|(id, ..)| id.starts_with("call_")));
    let parts = message(json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "hi"}]}));
    assert!(matches!(&parts.parts[..], [AnswerPart::Reasoning(_), AnswerPart::Text { .. }]));
    let legacy = message(json!({"content": null, "function_call": {"name": "f", "arguments": "{}"}}));
    assert!(legacy.has_calls());
}

#[test]
fn calls_decide_whether_tools_were_called_and_a_cut_one_says_length() {
    let answer = read(json!({"choices": [{"finish_reason": "stop", "message": {"tool_calls": [
        {"id": "1", "type": "custom", "custom": {"name": "p", "input": "raw"}}]}}]}));
    let choice = &write_answer(&answer, &reply(UsageChunk::Unwanted))["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(choice["message"]["content"], Value::Null);
    let custom = json!({"id": "1", "type": "custom", "custom": {"name": "p", "input": "raw"}});
    assert_eq!(choice["message"]["tool_calls"][0], custom);
    let cut = Answer { finish: FinishReason::Length, ..answer };
    assert_eq!(write_answer(&cut, &reply(UsageChunk::Unwanted))["choices"][0]["finish_reason"], "length");
}

#[test]
fn an_error_or_no_answer_under_status_200_is_a_fault() {
    let fault = |body: Value| read_answer(body, &origin(Kind::OpenAi)).unwrap_err();
    assert_eq!(fault(json!({"error": {"message": "slow", "type": "rate_limit_error"}})).status, 429);
    for body in [json!([]), json!({}), json!({"choices": []}), json!("<html>")] {
        let fault = fault(body);
        assert_eq!((fault.status, fault.code.as_deref()), (502, Some("upstream.malformed")));
    }
    assert!(
        read_answer(json!({"error": null, "choices": [{"message": {"content": "x"}}]}), &origin(Kind::XAi)).is_ok()
    );
}

#[test]
fn an_answer_of_another_vendor_is_written_whole() {
    let signature = |provider: &str| Signature {
        protocol: Protocol::AnthropicMessages,
        provider: provider.into(),
        payload: "{}".into(),
    };
    let thought = |text: &str, provider: &str| {
        AnswerPart::Reasoning(Reasoned { text: text.into(), signature: Some(signature(provider)) })
    };
    let text = |text: &str, citations| AnswerPart::Text { text: text.into(), citations };
    let cited = |url: Option<&str>| Citation {
        url: url.map(str::to_owned),
        title: Some("T".into()),
        cited_text: Some("quote".into()),
        span: None,
    };
    let call = Call { id: "toolu_1".into(), name: "f".into(), input: CallInput::Json(" ".into()) };
    let answer = Answer {
        begin: Begin { id: Some("msg_1".into()), ..Begin::default() },
        parts: vec![
            thought("one", "a"),
            text("Ünï ", vec![]),
            text("two", vec![cited(Some("https://e.com")), cited(None)]),
            thought("two", "b"),
            AnswerPart::Call(call),
        ],
        finish: FinishReason::Done,
        usage: Some(TokenCounts { input: 1, output: 2, cache_read: 3, cache_write: 4, reasoning: 1 }),
    };
    let written = write_answer(&answer, &reply(UsageChunk::Unwanted));
    assert!(written["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert_eq!((&written["model"], &written["created"]), (&json!("public-name"), &json!(1_795_000_001)));
    assert_eq!(
        written["choices"][0]["message"],
        json!({
            "role": "assistant", "content": "Ünï two", "refusal": null,
            "annotations": [{"type": "url_citation", "url_citation":
                {"start_index": 4, "end_index": 7, "url": "https://e.com", "title": "T"}}],
            "reasoning_content": "one\n\ntwo",
            "reasoning_details": [
                {"type": "reasoning.encrypted", "data": signature("a").pack(), "index": 0},
                {"type": "reasoning.encrypted", "data": signature("b").pack(), "index": 1},
            ],
            "tool_calls": [{"id": "toolu_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        })
    );
    assert_eq!(written["usage"]["prompt_tokens"], 8);
}
