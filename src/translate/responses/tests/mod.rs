//! What the wire says, in both directions.

mod answers_in;
mod answers_out;
mod faults;
mod golden;
mod requests_in;
mod requests_out;

use super::*;
use crate::domain::invalid::Invalid;
use crate::domain::kind::Kind;
use crate::domain::protocol::Protocol;
use crate::protocol::sse::{Content, EventStream};
use crate::translate::neutral::{
    Answer, Begin, Bridge, Event, Losses, Origin, Reader, Reply, Request, Severity, Target, UsageChunk, Writer,
};
use serde_json::{Map, Value, json};

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("no object: {other}"),
    }
}

fn read(body: Value) -> (Request, Losses) {
    let mut losses = Losses::default();
    let request = read_request(object(body), &mut losses).expect("a request");
    (request, losses)
}

fn refused(body: Value) -> Invalid {
    read_request(object(body), &mut Losses::default()).expect_err("refused")
}

fn named(losses: &Losses, severity: Severity) -> Vec<&str> {
    let of_severity = losses.as_slice().iter().filter(|loss| loss.severity == severity);
    of_severity.map(|loss| loss.field.as_str()).collect()
}

struct Written {
    body: Value,
    bridge: Bridge,
    losses: Losses,
}

fn write_for(request: Request, kind: Kind, model: &str) -> Written {
    let defaults = Map::new();
    let target = Target { protocol: Protocol::Responses, kind, model, provider: "aip_golden", defaults: &defaults };
    let (mut bridge, mut losses) = (Bridge::default(), Losses::default());
    let body = write_request(request, &target, &mut bridge, &mut losses).expect("a body");
    Written { body: Value::Object(body), bridge, losses }
}

fn origin() -> Origin {
    Origin { provider: "aip_golden".into(), model: "m".into(), kind: Kind::OpenAi, seed: "req_1".into() }
}

fn reply(echo: Value) -> Reply {
    Reply {
        seed: "req_1".into(),
        model: "m".into(),
        created: 1_700_000_000,
        usage_chunk: UsageChunk::Unwanted,
        echo: object(echo),
    }
}

/// The events of an SSE stream: names and data.
fn frames(stream: &[u8]) -> Vec<(Option<String>, Vec<u8>)> {
    let mut framer = EventStream::new(1 << 20);
    let mut found = Vec::new();
    framer.feed(stream, &mut |frame| {
        if let Content::Event(event) = frame.content {
            let name = event.name.map(|name| String::from_utf8_lossy(name).into_owned());
            found.push((name, event.data.into_owned()));
        }
    });
    found
}

/// A client's stream as JSON, with names and numbers checked.
fn told(stream: &[u8]) -> Vec<Value> {
    let events = frames(stream).into_iter().enumerate();
    events
        .map(|(number, (name, data))| {
            let data: Value = serde_json::from_slice(&data).expect("JSON");
            assert_eq!(data["type"], json!(name.expect("a name")));
            assert_eq!(data["sequence_number"], json!(number), "{data}");
            data
        })
        .collect()
}

fn streamed(stream: &[u8]) -> Vec<Event> {
    let mut reader = StreamReader::new(origin());
    let mut events = Vec::new();
    for (name, data) in frames(stream) {
        reader.event(name.as_deref(), &data, &mut events);
    }
    reader.finish(&mut events);
    events
}

fn added_up(events: Vec<Event>) -> Answer {
    let mut answer = Answer::new(Begin::default());
    events.into_iter().for_each(|event| answer.add(event));
    answer
}

/// What a client's stream is for these events.
fn write_stream(events: &[Event], reply: Reply) -> Vec<u8> {
    let (mut writer, mut out) = (StreamWriter::new(reply), Vec::new());
    let (mut usage, mut finish) = (None, crate::translate::neutral::FinishReason::Done);
    for event in events {
        match event {
            Event::Begin(begin) => writer.begin(begin, &mut out),
            Event::Open(block) => writer.open(block, &mut out),
            Event::Delta(text) => writer.delta(text, &mut out),
            Event::Cite(citation) => writer.cite(citation, &mut out),
            Event::Sign(signature) => writer.sign(signature, &mut out),
            Event::Close => writer.close(&mut out),
            Event::Usage(counts) => usage = Some(*counts),
            Event::Finish(reason) => finish = reason.clone(),
            Event::End => writer.end(&finish, usage, &mut out),
            Event::Error(fault) => writer.error(fault, &mut out),
        }
    }
    out
}

fn types(told: &[Value]) -> Vec<&str> {
    told.iter().filter_map(|event| event["type"].as_str()?.strip_prefix("response.")).collect()
}
