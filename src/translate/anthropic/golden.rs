//! The golden fixtures of this protocol, through both of its sides.

use super::{StreamReader, StreamWriter, read_answer, read_request, write_answer, write_request};
use crate::domain::kind::Kind;
use crate::domain::protocol::Protocol;
use crate::translate::neutral::{
    Answer, Begin, Bridge, Event, Losses, Origin, Reader, Reply, Target, UsageChunk, Writer,
};
use serde_json::{Map, Value, json};

pub(super) fn fixture(path: &str) -> String {
    let path = format!("{}/tests/golden/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(super) fn origin() -> Origin {
    Origin { provider: "aip_golden".into(), model: "claude-golden".into(), kind: Kind::Anthropic, seed: "req_1".into() }
}

pub(super) fn reply() -> Reply {
    Reply {
        seed: "req_1".into(),
        model: "m".into(),
        created: 1_700_000_000,
        usage_chunk: UsageChunk::Unwanted,
        echo: Map::new(),
    }
}

/// A stream's events: name and data.
pub(super) fn events_of(sse: &str) -> Vec<(Option<String>, String)> {
    let field = |event: &str, name: &str| event.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
    let events = sse.split("\n\n").filter_map(|event| Some((field(event, "event: "), field(event, "data: ")?)));
    events.collect()
}

pub(super) fn read_stream(sse: &str) -> Vec<Event> {
    let (mut reader, mut events) = (StreamReader::new(origin()), Vec::new());
    for (name, data) in events_of(sse) {
        reader.event(name.as_deref(), data.as_bytes(), &mut events);
    }
    reader.finish(&mut events);
    events
}

pub(super) fn write_stream(events: &[Event]) -> String {
    let (mut writer, mut out) = (StreamWriter::new(reply()), Vec::new());
    let (mut finish, mut usage) = (None, None);
    for event in events {
        match event {
            Event::Begin(begin) => writer.begin(begin, &mut out),
            Event::Open(block) => writer.open(block, &mut out),
            Event::Delta(text) => writer.delta(text, &mut out),
            Event::Cite(citation) => writer.cite(citation, &mut out),
            Event::Sign(signature) => writer.sign(signature, &mut out),
            Event::Close => writer.close(&mut out),
            Event::Usage(counts) => usage = Some(*counts),
            Event::Finish(reason) => finish = Some(reason.clone()),
            Event::End => writer.end(finish.as_ref().expect("a reason"), usage, &mut out),
            Event::Error(fault) => writer.error(fault, &mut out),
        }
    }
    String::from_utf8(out).expect("UTF-8")
}

fn added_up(events: Vec<Event>) -> Answer {
    let mut answer = Answer::new(Begin::default());
    events.into_iter().for_each(|event| answer.add(event));
    answer.begin.usage = None;
    answer
}

const ANSWERS: [&str; 8] =
    ["text", "tools", "thinking_tools", "thinking_text", "refusal", "length", "citations", "unicode"];

#[test]
fn a_stream_says_the_same_as_the_whole_answer_with_the_same_usage() {
    for scenario in ANSWERS {
        let whole = fixture(&format!("answers/anthropic_messages/{scenario}.json"));
        let whole = read_answer(serde_json::from_str(&whole).expect("JSON"), &origin()).expect("an answer");
        let events = read_stream(&fixture(&format!("answers/anthropic_messages/{scenario}.sse")));
        assert_eq!(events.last(), Some(&Event::End), "{scenario}");
        assert_eq!(added_up(events), whole, "{scenario}");
    }
}

#[test]
fn an_answer_of_anthropics_comes_out_as_it_went_in() {
    for scenario in ANSWERS.into_iter().filter(|scenario| *scenario != "citations") {
        let original: Value =
            serde_json::from_str(&fixture(&format!("answers/anthropic_messages/{scenario}.json"))).expect("JSON");
        let written = write_answer(&read_answer(original.clone(), &origin()).expect("an answer"), &reply());
        for member in ["id", "type", "role", "model", "content", "stop_reason", "stop_sequence"] {
            assert_eq!(written[member], original[member], "{scenario}: {member}");
        }
        let streamed = write_stream(&read_stream(&fixture(&format!("answers/anthropic_messages/{scenario}.sse"))));
        assert_eq!(
            added_up(read_stream(&streamed)),
            added_up(read_stream(&fixture(&format!("answers/anthropic_messages/{scenario}.sse")))),
            "{scenario}"
        );
        assert!(streamed.split_terminator("\n\n").all(|event| event.starts_with("event: ")), "{streamed}");
    }
}

#[test]
fn what_nobody_knows_in_a_stream_is_skipped() {
    let answer = added_up(read_stream(&fixture("answers/anthropic_messages/unknown_events.sse")));
    assert_eq!(write_answer(&answer, &reply())["content"], json!([{"type": "text", "text": "Still here."}]));
}

#[test]
fn an_error_in_the_midst_of_a_stream_is_its_last_event() {
    let events = read_stream(&fixture("answers/anthropic_messages/error.sse"));
    let Some(Event::Error(fault)) = events.last() else { panic!("{events:?}") };
    assert_eq!((fault.status, fault.message.as_str()), (529, "Overloaded"));
    let written = write_stream(&events);
    assert!(written.ends_with(
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\",\
         \"details\":{\"error_code\":\"overloaded_error\"}}}\n\n"
    ), "{written}");
    assert!(!written.contains("message_stop"));
}

fn request(scenario: &str) -> Map<String, Value> {
    serde_json::from_str(&fixture(&format!("requests/anthropic_messages/{scenario}.json"))).expect("JSON")
}

fn through(scenario: &str, model: &str) -> (Map<String, Value>, Losses) {
    let mut losses = Losses::default();
    let read = read_request(request(scenario), &mut losses).expect("a request");
    let defaults = Map::new();
    let target = Target {
        protocol: Protocol::AnthropicMessages,
        kind: Kind::Anthropic,
        model,
        provider: "aip_golden",
        defaults: &defaults,
    };
    let written = write_request(read, &target, &mut Bridge::default(), &mut losses).expect("written");
    (written, losses)
}

#[test]
fn the_ordinary_requests_lose_nothing() {
    for scenario in ["hello", "tools", "images", "documents", "structured", "thinking", "thinking_anthropic"] {
        let (written, losses) = through(scenario, "claude-sonnet-4-5");
        assert_eq!(losses.as_slice(), &[], "{scenario}");
        assert_eq!(written["max_tokens"], request(scenario)["max_tokens"], "{scenario}");
    }
}

#[test]
fn claude_codes_request_comes_out_with_its_thoughts_marks_and_order() {
    let (written, losses) = through("agent", "claude-opus-4-8");
    let lost: Vec<_> = losses.as_slice().iter().map(|loss| loss.field.as_str()).collect();
    assert_eq!(lost, ["x-anthropic-billing-header", "context_management"]);
    let original = request("agent");
    let prompt = original["system"].as_array().expect("blocks").get(1..).expect("a prompt").to_vec();
    assert_eq!(written["system"], Value::Array(prompt));
    assert_eq!(written["messages"][1], original["messages"][1]);
    assert_eq!(written["messages"][0], original["messages"][0]);
    assert_eq!(written["messages"][4]["content"][0]["cache_control"], json!({"type": "ephemeral"}));
    assert_eq!(written["messages"][2]["content"][0]["is_error"], true);
    assert_eq!(written["thinking"], json!({"type": "adaptive", "display": "summarized"}));
    assert_eq!(written["output_config"], json!({"effort": "high"}));
    assert_eq!((&written["stream"], &written["metadata"]), (&json!(true), &original["metadata"]));
}

#[test]
fn a_packed_thought_of_anothers_is_dropped_and_the_call_goes_on() {
    let (own, _) = through("thinking_anthropic", "claude-sonnet-4-5");
    assert_eq!(
        own["messages"][1]["content"][0],
        json!({"type": "thinking", "thinking": "I need the weather.", "signature": "EqQBCgIYAhIMgolden"})
    );
    assert_eq!(own["thinking"], json!({"type": "enabled", "budget_tokens": 2048}));
    for foreign in ["thinking_responses", "thinking_gemini"] {
        let (written, losses) = through(foreign, "claude-sonnet-4-5");
        assert_eq!(written["messages"][1]["content"][0]["type"], "tool_use", "{foreign}");
        assert_eq!(written["thinking"], json!({"type": "disabled"}), "{foreign}");
        assert_eq!(losses.as_slice().len(), 1, "{foreign}");
    }
}

#[test]
fn numbers_keep_their_spelling_through_a_history_of_calls() {
    let (written, _) = through("tools", "claude-sonnet-4-5");
    let calls = written["messages"][1]["content"].to_string();
    assert!(calls.contains(r#""days":1.0"#) && calls.contains(r#""serial":12345678901234567890"#), "{calls}");
}

#[test]
fn every_field_that_cannot_be_carried_is_named() {
    let mut losses = Losses::default();
    read_request(request("losses"), &mut losses).expect("a request");
    let lost: Vec<_> = losses.as_slice().iter().map(|loss| (loss.field.as_str(), loss.severity)).collect();
    use crate::translate::neutral::Severity::{Detail, Meaning};
    assert_eq!(
        lost,
        [
            ("messages[0].content[0].citations", Detail),
            ("messages[0].content[1]", Meaning),
            ("messages[0].content[3].citations", Detail),
            ("messages[1].content[0]", Detail),
            ("messages[1].content[1]", Detail),
            ("tools[0]", Meaning),
            ("tools[1]", Meaning),
            ("tools[3].input_examples", Detail),
            ("metadata.team", Detail),
            ("container", Meaning),
            ("mcp_servers", Meaning),
            ("inference_geo", Meaning),
            ("context_management", Detail),
            ("speed", Detail),
            ("diagnostics", Detail),
            ("new_field", Detail),
        ]
    );
}
