use super::*;
use crate::domain::protocol::Protocol;
use crate::translate::anthropic::golden::{reply, write_stream};
use crate::translate::neutral::Event;

fn opened(blocks: impl IntoIterator<Item = Event>) -> String {
    let mut events = vec![Event::Begin(Begin::default())];
    events.extend(blocks);
    write_stream(&events).split_once("\n\n").expect("a first event").1.to_owned()
}

fn signature(protocol: Protocol, payload: &str) -> Signature {
    Signature { protocol, provider: "aip_1".into(), payload: payload.into() }
}

fn delta(text: &str) -> Event {
    Event::Delta(text.into())
}

#[test]
fn a_text_is_written_event_by_event() {
    let usage = TokenCounts { input: 7, output: 3, cache_read: 5, cache_write: 2, reasoning: 1 };
    let begin = Begin { id: Some("chatcmpl-1".into()), model: Some("gpt".into()), created: None, usage: None };
    let written = write_stream(&[
        Event::Begin(begin),
        Event::Open(Block::Text),
        delta("Hi \"you\"\u{2028}"),
        Event::Close,
        Event::Usage(usage),
        Event::Finish(FinishReason::Done),
        Event::End,
    ]);
    let id = crate::translate::neutral::Minter::new(&reply().seed).mint("msg_");
    assert_eq!(
        written,
        format!(
            "event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"id\":\"{id}\",\"type\":\"message\",\
             \"role\":\"assistant\",\"model\":\"gpt\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":\
             {{\"input_tokens\":0,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":0}}}}}}\n\n\
             event: content_block_start\ndata: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":\
             {{\"type\":\"text\",\"text\":\"\"}}}}\n\n\
             event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":\
             {{\"type\":\"text_delta\",\"text\":\"Hi \\\"you\\\"\u{2028}\"}}}}\n\n\
             event: content_block_stop\ndata: {{\"type\":\"content_block_stop\",\"index\":0}}\n\n\
             event: message_delta\ndata: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"end_turn\",\
             \"stop_sequence\":null}},\"usage\":{{\"input_tokens\":7,\"cache_creation_input_tokens\":2,\
             \"cache_read_input_tokens\":5,\"output_tokens\":3,\"output_tokens_details\":{{\"thinking_tokens\":1}}}}}}\n\n\
             event: message_stop\ndata: {{\"type\":\"message_stop\"}}\n\n"
        )
    );
}

#[test]
fn a_call_begins_with_an_empty_input_and_goes_on_in_fragments() {
    let call = Block::Call { id: "a:b".into(), name: "f".into() };
    let written = opened([Event::Open(call), delta("{\"n\":"), delta("1.0}"), Event::Close]);
    assert!(written.contains("\"content_block\":{\"type\":\"tool_use\",\"id\":\"call_"), "{written}");
    let fragments: Vec<_> =
        written.split("\"partial_json\":").skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
    assert_eq!(fragments, ["\"\"", "\"{\\\"n\\\":\"", "\"1.0"]);
}

#[test]
fn a_freeform_call_is_an_object_around_its_text() {
    let call = Block::FreeformCall { id: "a".into(), name: "f".into() };
    let written = opened([Event::Open(call), delta("a\"b\n"), Event::Close]);
    let mut json = String::new();
    for line in written.lines().filter_map(|line| line.strip_prefix("data: ")) {
        let data: Value = serde_json::from_str(line).expect("JSON");
        json.push_str(data["delta"]["partial_json"].as_str().unwrap_or_default());
    }
    assert_eq!(json, r#"{"input":"a\"b\n"}"#);
}

#[test]
fn a_thought_is_signed_last_however_early_the_signature_came() {
    let packed = signature(Protocol::Responses, "{}");
    let written = opened([Event::Open(Block::Reasoning), Event::Sign(packed.clone()), delta("hm"), Event::Close]);
    let kinds: Vec<_> = written
        .split("\n\n")
        .filter(|event| !event.is_empty())
        .map(|event| {
            let data: Value = serde_json::from_str(event.split_once("data: ").expect("data").1).expect("JSON");
            data["delta"]["type"].as_str().or(data["content_block"]["type"].as_str()).unwrap_or("stop").to_owned()
        })
        .collect();
    assert_eq!(kinds, ["thinking", "thinking_delta", "signature_delta", "stop"]);
    assert!(written.contains(&packed.pack()));
}

#[test]
fn a_thought_that_shows_nothing_is_redacted_unless_claude_left_it_out_itself() {
    let call = || Event::Open(Block::Call { id: "c".into(), name: "f".into() });
    let empty = |signature: Signature| {
        opened([Event::Open(Block::Reasoning), Event::Sign(signature), Event::Close, call(), Event::Close])
    };
    let packed = signature(Protocol::Gemini, "{}");
    assert!(
        empty(packed.clone()).contains(&format!("{{\"type\":\"redacted_thinking\",\"data\":\"{}\"}}", packed.pack()))
    );
    let redacted = signature(Protocol::AnthropicMessages, r#"{"type":"redacted_thinking","data":"raw"}"#);
    assert!(empty(redacted).contains(r#"{"type":"redacted_thinking","data":"raw"}"#));
    let omitted = signature(Protocol::AnthropicMessages, r#"{"type":"thinking","thinking":"","signature":"raw"}"#);
    let written = empty(omitted);
    assert!(written.contains(r#""content_block":{"type":"thinking","thinking":"","signature":""}"#), "{written}");
    assert!(written.contains(r#"{"type":"signature_delta","signature":"raw"}"#), "{written}");
}

#[test]
fn a_thought_that_shows_nothing_and_leads_to_nothing_is_not_told() {
    let written = opened([Event::Open(Block::Reasoning), Event::Sign(signature(Protocol::Gemini, "{}")), Event::Close]);
    assert_eq!(written, "");
}

#[test]
fn thoughts_that_show_nothing_are_all_told_before_what_they_lead_to_and_none_without_it() {
    let thought = |payload: &str| {
        [Event::Open(Block::Reasoning), Event::Sign(signature(Protocol::Gemini, payload)), Event::Close]
    };
    let silence = [Event::Open(Block::Text), Event::Close];
    assert_eq!(opened([thought("1"), thought("2")].into_iter().flatten().chain(silence.clone())), "");
    let text = [Event::Open(Block::Text), delta("x"), Event::Close];
    let written = opened([thought("1"), thought("2")].into_iter().flatten().chain(silence).chain(text));
    let starts: Vec<_> = written.lines().filter(|line| line.contains("content_block_start\"")).collect();
    let [first, second, third] = starts[..] else { panic!("{written}") };
    for (index, line, payload) in [(0, first, "1"), (1, second, "2")] {
        assert!(line.contains(&format!("\"index\":{index}")), "{line}");
        assert!(line.contains(&signature(Protocol::Gemini, payload).pack()), "{line}");
    }
    assert!(third.contains("\"index\":2") && third.contains("\"type\":\"text\""), "{third}");
}

#[test]
fn blocks_that_say_nothing_leave_no_gap_in_the_indexes() {
    let written = opened([
        Event::Open(Block::Reasoning),
        Event::Close,
        Event::Open(Block::Text),
        Event::Close,
        Event::Open(Block::Text),
        delta("x"),
        Event::Close,
    ]);
    assert_eq!(written.matches("content_block_start\n").count(), 1);
    assert!(written.contains("\"index\":0") && !written.contains("\"index\":1"));
}

#[test]
fn a_refusal_is_a_text_that_ends_as_one() {
    let written = opened([
        Event::Open(Block::Refusal),
        delta("No."),
        Event::Close,
        Event::Finish(FinishReason::Done),
        Event::End,
    ]);
    assert!(written.contains("\"stop_reason\":\"refusal\""), "{written}");
}

#[test]
fn an_error_before_or_within_a_block_ends_the_stream_without_message_stop() {
    let fault = Fault::new(502, "it broke");
    let written = opened([Event::Open(Block::Text), delta("a"), Event::Error(fault.clone())]);
    assert!(written.ends_with(
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"it broke\"}}\n\n"
    ));
    assert!(!written.contains("message_stop") && !write_stream(&[Event::Error(fault)]).contains("message_start"));
}
