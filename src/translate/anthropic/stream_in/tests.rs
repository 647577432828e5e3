use super::*;
use crate::translate::anthropic::golden::origin;
use crate::translate::neutral::FinishReason;
use serde_json::json;

fn read(events: &[Value]) -> Vec<Event> {
    let (mut reader, mut read) = (StreamReader::new(origin()), Vec::new());
    for event in events {
        reader.event(event["type"].as_str(), event.to_string().as_bytes(), &mut read);
    }
    reader.finish(&mut read);
    read
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
    assert_eq!(events, [Event::Open(Block::Text), Event::Delta("a".into())]);
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
    assert_eq!(events, []);
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
