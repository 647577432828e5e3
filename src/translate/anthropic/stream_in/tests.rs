use super::*;
use crate::translate::anthropic::golden::origin;
use crate::translate::neutral::{AnswerPart, Begin, FinishReason};
use serde_json::json;

fn read(events: &[Value]) -> Vec<Event> {
    let (mut reader, mut read) = (StreamReader::new(origin()), Vec::new());
    for event in events {
        reader.event(event["type"].as_str(), event.to_string().as_bytes(), &mut read);
    }
    reader.finish(&mut read);
    read
}

fn begun() -> Event {
    Event::Begin(Begin::default())
}

fn start(index: u32, block: Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn delta(index: u32, delta: Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn stop(index: u32) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

#[test]
fn a_stream_that_was_cut_has_no_end() {
    let events =
        read(&[start(0, json!({"type": "text", "text": ""})), delta(0, json!({"type": "text_delta", "text": "a"}))]);
    assert_eq!(events, [begun(), Event::Open(Block::Text), Event::Delta("a".into())]);
}

#[test]
fn usage_is_merged_field_by_field() {
    let message =
        json!({"id": "msg_1", "usage": {"input_tokens": 9, "cache_read_input_tokens": 4, "output_tokens": 1}});
    let events = read(&[
        json!({"type": "message_start", "message": message}),
        json!({"type": "message_delta", "delta": {"stop_reason": "stop_sequence", "stop_sequence": "X"},
               "usage": {"output_tokens": 20, "cache_read_input_tokens": null}}),
        json!({"type": "message_stop"}),
    ]);
    let usage = TokenCounts { input: 9, output: 20, cache_read: 4, cache_write: 0, reasoning: 0 };
    assert_eq!(
        &events[2..],
        [Event::Usage(usage), Event::Finish(FinishReason::StopSequence(Some("X".into()))), Event::End]
    );
}

#[test]
fn what_anthropic_calls_itself_is_skipped_with_its_input() {
    let events = read(&[
        start(0, json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}})),
        delta(0, json!({"type": "input_json_delta", "partial_json": "{\"q\":1}"})),
        stop(0),
    ]);
    assert_eq!(events, [begun()]);
}

#[test]
fn an_input_that_came_with_the_start_counts_unless_deltas_follow() {
    let block = json!({"type": "tool_use", "id": "a", "name": "f", "input": {"n": 1}});
    let inputs = |events: &[Event]| -> String {
        events
            .iter()
            .filter_map(|event| if let Event::Delta(text) = event { Some(text.as_str()) } else { None })
            .collect()
    };
    assert_eq!(inputs(&read(&[start(0, block.clone()), stop(0)])), r#"{"n":1}"#);
    let fragment = delta(0, json!({"type": "input_json_delta", "partial_json": "{}"}));
    assert_eq!(inputs(&read(&[start(0, block), fragment, stop(0)])), "{}");
}

#[test]
fn data_that_is_no_json_is_a_fault_and_the_last_event() {
    let (mut reader, mut events) = (StreamReader::new(origin()), Vec::new());
    reader.event(Some("ping"), b"{", &mut events);
    reader.event(Some("message_stop"), br#"{"type":"message_stop"}"#, &mut events);
    let [Event::Error(fault)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(fault.code.as_deref(), Some("upstream.malformed"));
}

fn added_up(events: Vec<Event>) -> crate::translate::neutral::Answer {
    let mut answer = crate::translate::neutral::Answer::new(Begin::default());
    events.into_iter().for_each(|event| answer.add(event));
    answer
}

#[test]
fn citations_that_come_before_their_text_are_kept() {
    let cited = |url: &str| json!({"type": "web_search_result_location", "url": url, "title": "t", "cited_text": "c"});
    let cite = |url: &str| delta(0, json!({"type": "citations_delta", "citation": cited(url)}));
    let events = read(&[
        start(0, json!({"type": "text", "text": "", "citations": [cited("https://a")]})),
        cite("https://b"),
        delta(0, json!({"type": "text_delta", "text": "x"})),
        cite("https://c"),
        delta(0, json!({"type": "text_delta", "text": "y"})),
        stop(0),
        start(1, json!({"type": "text", "text": ""})),
        delta(1, json!({"type": "text_delta", "text": "z"})),
        stop(1),
    ]);
    let parts = added_up(events).parts;
    let [AnswerPart::Text { text, citations }, AnswerPart::Text { citations: none, .. }] = &parts[..] else {
        panic!("{parts:?}")
    };
    let urls: Vec<_> = citations.iter().filter_map(|citation| citation.url.as_deref()).collect();
    assert_eq!((text.as_str(), &urls[..], none.len()), ("xy", &["https://a", "https://b", "https://c"][..], 0));
}

#[test]
fn whatever_a_stream_leaves_out_or_says_twice_it_begins_once_and_ends_once() {
    let begin = json!({"type": "message_start", "message": {"id": "msg_1", "usage": null}});
    let end = json!({"type": "message_stop"});
    let ping = json!({"type": "ping"});
    let events = read(&[
        ping.clone(),
        begin.clone(),
        begin,
        ping.clone(),
        start(0, json!({"type": "text", "text": "pre"})),
        ping.clone(),
        delta(0, json!({"type": "text_delta", "text": "filled"})),
        // The next block begins although this one was not stopped.
        start(1, json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}})),
        delta(1, json!({"type": "input_json_delta", "partial_json": "{}"})),
        stop(1),
        start(2, json!({"type": "web_search_tool_result", "tool_use_id": "s", "content": []})),
        stop(2),
        start(3, json!({"type": "redacted_thinking", "data": "EmwK"})),
        stop(3),
        start(4, json!({"type": "tool_use", "id": "", "name": "f", "input": {}})),
        delta(4, json!({"type": "input_json_delta", "partial_json": ""})),
        stop(4),
        json!({"type": "message_delta", "delta": {"stop_reason": "a_new_one", "stop_sequence": null}}),
        json!({"type": "message_delta", "delta": {"stop_reason": null}, "usage": {"output_tokens": null}}),
        end.clone(),
        end,
        ping,
    ]);
    let begins = events.iter().filter(|event| matches!(event, Event::Begin(_))).count();
    let ends = events.iter().filter(|event| **event == Event::End).count();
    assert_eq!((begins, ends, events.last()), (1, 1, Some(&Event::End)));
    let answer = added_up(events);
    let [AnswerPart::Text { text, .. }, AnswerPart::Reasoning(redacted), AnswerPart::Call(call)] = &answer.parts[..]
    else {
        panic!("{answer:?}")
    };
    assert_eq!((text.as_str(), redacted.text.as_str(), call.name.as_str()), ("prefilled", "", "f"));
    assert!(redacted.signature.as_ref().is_some_and(|signature| signature.payload.contains("EmwK")));
    assert!(call.id.starts_with("call_"));
    assert_eq!((answer.finish, answer.usage), (FinishReason::Done, None));
}

#[test]
fn an_error_or_an_end_may_be_the_first_thing_that_is_said() {
    let events = read(&[json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})]);
    assert_eq!(events, [Event::Error(Fault::new(529, "Overloaded").with_code("overloaded_error"))]);
    let [Event::Error(fault)] = &read(&[json!({"type": "message_stop"})])[..] else { panic!("no error") };
    assert_eq!(fault.code.as_deref(), Some("upstream.malformed"));
}

#[test]
fn half_an_emoji_does_not_end_an_answer() {
    let (mut reader, mut events) = (StreamReader::new(origin()), Vec::new());
    let delta = |text: &str| {
        format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#)
    };
    reader.event(None, start(0, json!({"type": "text", "text": ""})).to_string().as_bytes(), &mut events);
    for text in [r"\ud83d", r"\ude00!"] {
        reader.event(None, delta(text).as_bytes(), &mut events);
    }
    assert_eq!(events[2..], [Event::Delta("\u{FFFD}".into()), Event::Delta("\u{FFFD}!".into())]);
}
