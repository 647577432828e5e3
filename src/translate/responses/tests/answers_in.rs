use super::*;
use crate::translate::neutral::{AnswerPart, Block, Call, CallInput, FinishReason, Signature};

fn sse(events: &[Value]) -> Vec<u8> {
    events
        .iter()
        .flat_map(|event| {
            format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default()).into_bytes()
        })
        .collect()
}

fn completed(output: Value) -> Value {
    json!({"type": "response.completed", "response": {"id": "resp_1", "status": "completed", "output": output}})
}

fn kinds(events: &[Event]) -> Vec<&'static str> {
    events
        .iter()
        .map(|event| match event {
            Event::Begin(_) => "begin",
            Event::Open(Block::Call { .. }) => "call",
            Event::Open(_) => "open",
            Event::Delta(_) => "delta",
            Event::Cite(_) => "cite",
            Event::Sign(_) => "sign",
            Event::Close => "close",
            Event::Usage(_) => "usage",
            Event::Finish(_) => "finish",
            Event::End => "end",
            Event::Error(_) => "error",
        })
        .collect()
}

#[test]
fn fragments_of_parallel_calls_that_interleave_are_told_one_call_after_the_other() {
    let added = |index: u64| {
        json!({"type": "response.output_item.added", "output_index": index, "item":
            {"type": "function_call", "id": format!("fc_{index}"), "call_id": format!("c{index}"), "name": "f", "arguments": ""}})
    };
    let delta = |index: u64, text: &str| json!({"type": "response.function_call_arguments.delta", "output_index": index, "delta": text});
    let done = |index: u64, arguments: &str| {
        json!({"type": "response.output_item.done", "output_index": index, "item":
            {"type": "function_call", "call_id": format!("c{index}"), "name": "f", "arguments": arguments}})
    };
    let events = streamed(&sse(&[
        added(0),
        added(1),
        delta(0, "{\"a\""),
        delta(1, "{\"b\""),
        delta(0, ":1}"),
        delta(1, ":2}"),
        done(1, "{\"b\":2}"),
        done(0, "{\"a\":1}"),
        completed(json!([])),
    ]));
    assert_eq!(
        kinds(&events),
        ["begin", "call", "delta", "delta", "close", "call", "delta", "delta", "close", "finish", "end"]
    );
    let call = |id: &str, json: &str| {
        AnswerPart::Call(Call { id: id.into(), name: "f".into(), input: CallInput::Json(json.into()) })
    };
    assert_eq!(added_up(events).parts, [call("c0", "{\"a\":1}"), call("c1", "{\"b\":2}")]);
}

#[test]
fn what_follows_the_end_of_an_item_that_waits_leaves_no_block_open() {
    let added =
        |index: u64| json!({"type": "response.output_item.added", "output_index": index, "item": {"type": "message"}});
    let delta =
        |index: u64, text: &str| json!({"type": "response.output_text.delta", "output_index": index, "delta": text});
    let done =
        |index: u64| json!({"type": "response.output_item.done", "output_index": index, "item": {"type": "message"}});
    let late = json!({"type": "response.output_text.done", "output_index": 1, "text": "b"});
    let events = streamed(&sse(&[
        added(0),
        added(1),
        delta(0, "a"),
        delta(1, "b"),
        done(1),
        late,
        delta(1, "c"),
        done(0),
        completed(json!([])),
    ]));
    assert_eq!(
        kinds(&events),
        ["begin", "open", "delta", "close", "open", "delta", "close", "open", "delta", "close", "finish", "end"]
    );
}

#[test]
fn what_was_not_streamed_is_taken_from_the_done_events() {
    let message = json!({"type": "message", "id": "msg_1", "content": [{"type": "output_text", "text": "hello", "annotations": []}]});
    let call = json!({"type": "custom_tool_call", "call_id": "c", "name": "patch", "input": "x"});
    let by_done_events = sse(&[
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "content": []}}),
        json!({"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": "hello"}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": message}),
        json!({"type": "response.output_item.done", "output_index": 1, "item": call}),
        completed(json!([])),
    ]);
    let by_items = sse(&[
        json!({"type": "response.output_item.done", "output_index": 0, "item": message}),
        json!({"type": "response.output_item.done", "output_index": 1, "item": call}),
        completed(json!([])),
    ]);
    let at_the_end = sse(&[completed(json!([message, call]))]);
    for stream in [by_done_events, by_items, at_the_end] {
        let answer = added_up(streamed(&stream));
        assert_eq!(answer.parts.len(), 2);
        assert!(matches!(&answer.parts[0], AnswerPart::Text { text, .. } if text == "hello"));
        assert!(matches!(&answer.parts[1], AnswerPart::Call(Call { input: CallInput::Text(text), .. }) if text == "x"));
    }
}

#[test]
fn a_reasoning_items_signature_is_the_item_that_has_to_come_back() {
    let body = json!({"status": "completed", "output": [
        {"type": "reasoning", "id": "rs_1", "status": "completed", "summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}], "encrypted_content": "gAA"},
        {"type": "reasoning", "id": "rs_2", "summary": [], "content": [{"type": "reasoning_text", "text": "raw"}]},
        {"type": "reasoning", "id": "rs_3", "summary": []},
    ]});
    let answer = read_answer(body, &origin()).expect("an answer");
    assert_eq!(answer.parts.len(), 2);
    let AnswerPart::Reasoning(first) = &answer.parts[0] else { panic!("{answer:?}") };
    assert_eq!(first.text, "a\n\nb");
    let Some(Signature { provider, payload, .. }) = &first.signature else { panic!("unsigned") };
    assert_eq!(provider, "aip_golden");
    let payload: Value = serde_json::from_str(payload).expect("JSON");
    assert_eq!(
        (&payload["id"], &payload["encrypted_content"], payload.get("status")),
        (&json!("rs_1"), &json!("gAA"), None)
    );
    assert!(matches!(&answer.parts[1], AnswerPart::Reasoning(raw) if raw.text == "raw" && raw.signature.is_some()));
}

#[test]
fn calls_without_an_id_get_the_same_one_whole_and_streamed() {
    let item = json!({"type": "function_call", "id": "fc_1", "name": "f", "arguments": ""});
    let whole = read_answer(json!({"output": [item]}), &origin()).expect("an answer");
    let stream = added_up(streamed(&sse(&[
        json!({"type": "response.output_item.added", "output_index": 0, "item": item}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": item}),
        completed(json!([])),
    ])));
    assert_eq!(whole.parts, stream.parts);
    let AnswerPart::Call(call) = &whole.parts[0] else { panic!("{whole:?}") };
    assert!(call.id.starts_with("call_"));
    assert_eq!(call.input, CallInput::Json("{}".into()));
}

#[test]
fn why_an_answer_ended_is_told_by_its_status() {
    for (status, reason, output, finish) in [
        ("completed", Value::Null, json!([]), FinishReason::Done),
        ("incomplete", json!({"reason": "max_output_tokens"}), json!([]), FinishReason::Length),
        ("incomplete", json!({"reason": "content_filter"}), json!([]), FinishReason::Declined),
        (
            "completed",
            Value::Null,
            json!([{"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}]),
            FinishReason::Done,
        ),
    ] {
        let body = json!({"status": status, "incomplete_details": reason, "output": output});
        assert_eq!(read_answer(body.clone(), &origin()).expect("an answer").finish, finish);
        let last = json!({"type": format!("response.{status}"), "response": body});
        assert_eq!(added_up(streamed(&sse(&[last]))).finish, finish);
    }
}

#[test]
fn usage_is_counted_without_the_cache_and_with_the_reasoning() {
    let usage = |usage: Value| {
        read_answer(json!({"output": [], "usage": usage}), &origin()).expect("an answer").usage.expect("usage")
    };
    let openai =
        usage(json!({"input_tokens": 100, "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10},
        "output_tokens": 50, "output_tokens_details": {"reasoning_tokens": 40}, "total_tokens": 150}));
    assert_eq!(
        (openai.input, openai.cache_read, openai.cache_write, openai.output, openai.reasoning),
        (30, 60, 10, 50, 40)
    );
    let xai = usage(
        json!({"input_tokens": 100, "output_tokens": 10, "output_tokens_details": {"reasoning_tokens": 40}, "total_tokens": 150}),
    );
    assert_eq!((xai.output, xai.reasoning), (50, 40));
}

#[test]
fn a_failure_in_an_answer_is_a_fault() {
    let failed = json!({"status": "failed", "error": {"code": "server_error", "message": "boom"}, "output": []});
    let fault = read_answer(failed, &origin()).expect_err("a fault");
    assert_eq!((fault.status, fault.message.as_str(), fault.code.as_deref()), (500, "boom", Some("server_error")));
    for no_answer in [json!([]), json!({"choices": []}), json!({"status": "in_progress", "output": []})] {
        let fault = read_answer(no_answer, &origin()).expect_err("a fault");
        assert_eq!((fault.status, fault.code.as_deref()), (502, Some("upstream.malformed")));
    }
}

#[test]
fn every_shape_of_error_event_is_a_fault_with_a_status() {
    for (event, status) in [
        (
            json!({"type": "error", "code": "rate_limit_exceeded", "message": "slow", "param": null, "sequence_number": 3}),
            429,
        ),
        (
            json!({"type": "error", "error": {"type": "invalid_request_error", "code": "context_length_exceeded", "message": "long", "param": "input"}}),
            400,
        ),
        (
            json!({"type": "response.failed", "response": {"status": "failed", "error": {"code": "server_error", "message": "boom"}}}),
            500,
        ),
        (json!({"type": "response.failed", "response": {"status": "failed"}}), 500),
        (json!({"error": {"message": "busy", "code": 503}}), 503),
        (json!({"type": "error", "code": "server_is_overloaded", "message": "busy"}), 503),
    ] {
        let events = streamed(format!("data: {event}\n\n").as_bytes());
        let Some(Event::Error(fault)) = events.last() else { panic!("{events:?}") };
        assert_eq!(fault.status, status, "{event}");
    }
    let events = streamed(b"event: response.created\ndata: {\"type\"\n\n");
    assert!(matches!(events.as_slice(), [Event::Error(fault)] if fault.code.as_deref() == Some("upstream.malformed")));
}

#[test]
fn a_stream_that_stops_has_no_end_and_nothing_counts_after_one() {
    let delta = json!({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "x"});
    assert!(!streamed(&sse(std::slice::from_ref(&delta))).contains(&Event::End));
    let after = streamed(&sse(&[completed(json!([])), delta]));
    assert_eq!(after.last(), Some(&Event::End));
}

fn item(index: u64, item: Value) -> [Value; 2] {
    ["added", "done"]
        .map(|of| json!({"type": format!("response.output_item.{of}"), "output_index": index, "item": item}))
}

fn said(part: &AnswerPart) -> &str {
    match part {
        AnswerPart::Text { text, .. } | AnswerPart::Refusal(text) => text,
        AnswerPart::Reasoning(reasoned) => &reasoned.text,
        AnswerPart::Call(call) => &call.name,
    }
}

#[test]
fn what_no_delta_said_is_told_by_the_events_that_end_things_and_nothing_is_told_twice() {
    let text = |of: &str, at: Value| {
        let mut event = json!({"type": format!("response.{of}"), "output_index": 0});
        event.as_object_mut().unwrap().extend(object(at));
        event
    };
    let [thinks, thought] = item(
        0,
        json!({"type": "reasoning", "id": "rs_1", "summary": [{"text": "a"}, {"text": "b"}], "encrypted_content": "x"}),
    );
    let [says, has_said] = item(
        1,
        json!({"type": "message", "content": [
        {"type": "output_text", "text": "yes"}, {"type": "refusal", "refusal": "but no"}]}),
    );
    let [searches, found] = item(2, json!({"type": "web_search_call", "id": "ws_1", "status": "completed"}));
    let [calls, called] =
        item(3, json!({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{\"x\":1}"}));
    let events = streamed(&sse(&[
        thinks,
        text("reasoning_summary_text.delta", json!({"summary_index": 0, "delta": "a"})),
        text("reasoning_summary_text.done", json!({"summary_index": 0, "text": "a"})),
        text("reasoning_summary_text.done", json!({"summary_index": 1, "text": "b"})),
        says,
        calls,
        called.clone(),
        searches,
        json!({"type": "response.web_search_call.searching", "output_index": 2, "item_id": "ws_1"}),
        found.clone(),
        json!({"type": "response.something.new", "output_index": 9, "delta": "?"}),
        has_said,
        thought,
        // Late repetitions.
        json!({"type": "response.output_text.done", "output_index": 1, "content_index": 0, "text": "yes"}),
        called,
        found,
        json!({"type": "keepalive"}),
        completed(json!([])),
    ]));
    let answer = added_up(events);
    assert_eq!(answer.parts.iter().map(said).collect::<Vec<_>>(), ["a\n\nb", "yes", "but no", "f"]);
    let AnswerPart::Call(Call { input: CallInput::Json(json), .. }) = &answer.parts[3] else { panic!("{answer:?}") };
    assert_eq!(json, "{\"x\":1}");
}

#[test]
fn a_failure_without_words_is_one_all_the_same() {
    for last in [
        json!({"type": "response.failed", "response": {"status": "failed", "error": null}}),
        json!({"type": "response.failed"}),
        json!({"type": "error", "code": null, "message": null}),
    ] {
        let events = streamed(&sse(&[json!({"type": "response.created", "response": {}}), last]));
        assert!(matches!(&events[1..], [Event::Error(fault)] if fault.status == 500), "{events:?}");
    }
}

#[test]
fn half_an_emoji_does_not_end_an_answer() {
    let delta = r#"{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"\ud83d"}"#;
    let mut stream = format!("data: {delta}\n\ndata: {delta}\n\n").into_bytes();
    stream.extend(sse(&[completed(json!([]))]));
    let answer = added_up(streamed(&stream));
    assert_eq!(answer.parts.iter().map(said).collect::<String>(), "\u{FFFD}\u{FFFD}");
}
