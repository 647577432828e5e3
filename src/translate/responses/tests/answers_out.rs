use super::*;
use crate::domain::usage::TokenCounts;
use crate::translate::neutral::{AnswerPart, Call, CallInput, Citation, Fault, FinishReason, Reasoned, Signature};

fn answer(parts: Vec<AnswerPart>, finish: FinishReason) -> Answer {
    let usage = TokenCounts { input: 5, output: 7, cache_read: 2, cache_write: 1, reasoning: 3 };
    Answer { begin: Begin::default(), parts, finish, usage: Some(usage) }
}

fn text(text: &str) -> AnswerPart {
    AnswerPart::Text { text: text.into(), citations: Vec::new() }
}

fn call(id: &str, name: &str, input: CallInput) -> AnswerPart {
    AnswerPart::Call(Call { id: id.into(), name: name.into(), input })
}

fn signature() -> Signature {
    Signature { protocol: Protocol::AnthropicMessages, provider: "aip_1".into(), payload: "{}".into() }
}

/// What the whole answer is, after a look at whether the stream says the same.
fn both(answer: &Answer, echo: Value) -> (Value, Vec<Value>) {
    let whole = write_answer(answer, &reply(echo.clone()));
    let stream = told(&write_stream(&answer.clone().into_events(), reply(echo)));
    assert_eq!(stream.last().expect("an end")["response"], whole);
    (whole, stream)
}

#[test]
fn a_response_has_every_member_that_the_sdks_require() {
    let (whole, _) =
        both(&answer(vec![text("hi")], FinishReason::Done), json!({"instructions": "Be brief.", "temperature": 0.5}));
    for member in [
        "id",
        "object",
        "created_at",
        "status",
        "error",
        "incomplete_details",
        "instructions",
        "model",
        "tools",
        "output",
        "parallel_tool_calls",
        "metadata",
        "tool_choice",
        "temperature",
        "top_p",
        "text",
        "reasoning",
        "truncation",
        "max_output_tokens",
        "previous_response_id",
        "store",
        "usage",
        "background",
        "service_tier",
        "user",
    ] {
        assert!(whole.get(member).is_some(), "{member}");
    }
    assert!(whole["id"].as_str().expect("an id").starts_with("resp_"));
    assert_eq!((&whole["instructions"], &whole["temperature"]), (&json!("Be brief."), &json!(0.5)));
    assert_eq!(
        (&whole["status"], &whole["created_at"], &whole["model"]),
        (&json!("completed"), &json!(1_700_000_000), &json!("m"))
    );
    assert_eq!(
        whole["usage"],
        json!({"input_tokens": 8, "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 1},
            "output_tokens": 7, "output_tokens_details": {"reasoning_tokens": 3}, "total_tokens": 15})
    );
}

#[test]
fn a_stream_has_the_events_of_its_items_in_their_order() {
    let reasoned = Reasoned { text: "hm".into(), signature: Some(signature()) };
    let parts = vec![
        AnswerPart::Reasoning(reasoned),
        text("ok"),
        call("c1", "f", CallInput::Json("{\"a\":1.0}".into())),
        call("c2", "patch", CallInput::Text("x".into())),
    ];
    let (whole, stream) = both(&answer(parts, FinishReason::Done), json!({}));
    assert_eq!(
        types(&stream),
        [
            "created",
            "in_progress",
            "output_item.added",
            "reasoning_summary_part.added",
            "reasoning_summary_text.delta",
            "reasoning_summary_text.done",
            "reasoning_summary_part.done",
            "output_item.done",
            "output_item.added",
            "content_part.added",
            "output_text.delta",
            "output_text.done",
            "content_part.done",
            "output_item.done",
            "output_item.added",
            "function_call_arguments.delta",
            "function_call_arguments.done",
            "output_item.done",
            "output_item.added",
            "custom_tool_call_input.delta",
            "custom_tool_call_input.done",
            "output_item.done",
            "completed",
        ]
    );
    let delta = &stream[10];
    assert_eq!(
        (&delta["logprobs"], &delta["content_index"], &delta["output_index"]),
        (&json!([]), &json!(0), &json!(1))
    );
    assert_eq!(delta["item_id"], whole["output"][1]["id"]);
    assert_eq!((&stream[14]["item"]["arguments"], &stream[14]["item"]["status"]), (&json!(""), &json!("in_progress")));
    assert_eq!(stream[16]["arguments"], "{\"a\":1.0}");
    let output = &whole["output"];
    assert_eq!(output[0]["encrypted_content"], signature().pack());
    for (index, prefix) in ["rs_", "msg_", "fc_", "ctc_"].into_iter().enumerate() {
        assert!(output[index]["id"].as_str().expect("an id").starts_with(prefix));
    }
    assert_eq!((&output[2]["call_id"], &output[3]["input"]), (&json!("c1"), &json!("x")));
}

#[test]
fn texts_that_follow_each_other_are_parts_of_one_message() {
    let parts =
        vec![text("a"), AnswerPart::Refusal("b".into()), call("c", "f", CallInput::Json(String::new())), text("d")];
    let (whole, stream) = both(&answer(parts, FinishReason::Done), json!({}));
    let output = whole["output"].as_array().expect("output");
    assert_eq!(output.len(), 3);
    assert_eq!(output[0]["content"][1], json!({"type": "refusal", "refusal": "b"}));
    assert_eq!(output[1]["arguments"], "{}");
    let arguments: Vec<_> =
        stream.iter().filter(|event| event["type"] == "response.function_call_arguments.delta").collect();
    assert_eq!((arguments.len(), &arguments[0]["delta"]), (1, &json!("{}")));
}

#[test]
fn a_call_of_a_namespaced_tool_comes_back_with_its_namespace_and_short_name() {
    let echo =
        json!({"tools": [{"type": "namespace", "name": "crm", "tools": [{"type": "function", "name": "find"}]}]});
    let (whole, _) =
        both(&answer(vec![call("c", "crm__find", CallInput::Json("{}".into()))], FinishReason::Done), echo);
    assert_eq!((&whole["output"][0]["name"], &whole["output"][0]["namespace"]), (&json!("find"), &json!("crm")));
}

#[test]
fn reasoning_that_shows_nothing_has_no_summary_but_its_seal() {
    let parts = vec![AnswerPart::Reasoning(Reasoned { text: String::new(), signature: Some(signature()) }), text("x")];
    let (whole, stream) = both(&answer(parts, FinishReason::Done), json!({}));
    assert_eq!(whole["output"][0]["summary"], json!([]));
    assert!(!types(&stream).contains(&"reasoning_summary_part.added"));
}

#[test]
fn citations_of_pages_are_annotations_in_characters_and_others_are_left_out() {
    let citation =
        |url: Option<&str>, span| Citation { url: url.map(str::to_owned), title: None, cited_text: None, span };
    let citations = vec![
        citation(Some("https://e.com"), None),
        citation(None, None),
        citation(Some("https://f.com"), Some((1, 2))),
    ];
    let parts = vec![AnswerPart::Text { text: "äöü".into(), citations }];
    let (whole, stream) = both(&answer(parts, FinishReason::Done), json!({}));
    let annotations = &whole["output"][0]["content"][0]["annotations"];
    assert_eq!(
        annotations,
        &json!([
            {"type": "url_citation", "start_index": 0, "end_index": 3, "url": "https://e.com", "title": "https://e.com"},
            {"type": "url_citation", "start_index": 1, "end_index": 2, "url": "https://f.com", "title": "https://f.com"},
        ])
    );
    assert_eq!(types(&stream).iter().filter(|kind| **kind == "output_text.annotation.added").count(), 2);
}

#[test]
fn the_status_tells_why_the_answer_ended() {
    for (finish, status, reason) in [
        (FinishReason::Done, "completed", Value::Null),
        (FinishReason::StopSequence(Some("x".into())), "completed", Value::Null),
        (FinishReason::Length, "incomplete", json!("max_output_tokens")),
        (FinishReason::ContextFull, "incomplete", json!("max_output_tokens")),
        (FinishReason::Declined, "incomplete", json!("content_filter")),
        (FinishReason::Paused, "completed", Value::Null),
    ] {
        let (whole, stream) = both(&answer(vec![text("x")], finish.clone()), json!({}));
        let told = whole["incomplete_details"].get("reason").cloned().unwrap_or_default();
        assert_eq!((&whole["status"], told), (&json!(status), reason), "{finish:?}");
        assert_eq!(stream.last().expect("an end")["type"], format!("response.{status}"));
    }
    let (whole, _) = both(&answer(vec![AnswerPart::Refusal("no".into())], FinishReason::Declined), json!({}));
    assert_eq!(whole["status"], "completed");
    let (cut, _) =
        both(&answer(vec![text("a"), call("c", "f", CallInput::Json("{\"a".into()))], FinishReason::Length), json!({}));
    assert_eq!((&cut["output"][0]["status"], &cut["output"][1]["status"]), (&json!("completed"), &json!("incomplete")));
}

#[test]
fn a_broken_stream_ends_with_the_response_so_far_and_with_what_the_sdks_raise_for() {
    let fault = Fault::new(429, "slow \"down\"").with_code("rate_limit_error");
    let events = [
        Event::Begin(Begin::default()),
        Event::Open(crate::translate::neutral::Block::Text),
        Event::Delta("Hel\u{2028}\n".into()),
        Event::Error(fault.clone()),
    ];
    let stream = told(&write_stream(&events, reply(json!({}))));
    let [.., failed, error] = stream.as_slice() else { panic!("{stream:?}") };
    assert_eq!(failed["type"], "response.failed");
    assert_eq!(failed["response"]["status"], "failed");
    assert_eq!(failed["response"]["error"], json!({"code": "rate_limit_exceeded", "message": "slow \"down\""}));
    assert_eq!(failed["response"]["output"][0]["content"][0]["text"], "Hel\u{2028}\n");
    assert_eq!((&error["type"], &error["error"]["message"]), (&json!("error"), &json!("slow \"down\"")));
    let at_once = told(&write_stream(&[Event::Error(fault)], reply(json!({}))));
    assert_eq!(at_once[0]["type"], "response.created");
    assert_eq!(at_once.len(), 4);
}
