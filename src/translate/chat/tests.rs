//! What clients say and read, what upstreams get and say.

mod answers;
mod reading;
mod streams;
mod writing;

use super::{StreamReader, StreamWriter};
use crate::domain::kind::Kind;
use crate::translate::neutral::{Answer, Event, Origin, Reader, Reply, UsageChunk, Writer};
use serde_json::{Map, Value};
use std::path::PathBuf;

fn golden(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

fn origin(kind: Kind) -> Origin {
    Origin { provider: "aip_1".into(), model: "m".into(), kind, seed: "req_1".into() }
}

fn reply(usage_chunk: UsageChunk) -> Reply {
    Reply { seed: "req_1".into(), model: "public-name".into(), created: 1_795_000_001, usage_chunk, echo: Map::new() }
}

/// The events of a stream's bytes.
fn read_stream(kind: Kind, stream: &str) -> Vec<Event> {
    let (mut reader, mut events) = (StreamReader::new(origin(kind)), Vec::new());
    for block in stream.split("\n\n") {
        let data: Vec<&str> = block.lines_of_data().collect();
        if !data.is_empty() {
            reader.event(None, data.join("\n").as_bytes(), &mut events);
        }
    }
    reader.finish(&mut events);
    events
}

trait Data {
    fn lines_of_data(&self) -> impl Iterator<Item = &str>;
}

impl Data for str {
    fn lines_of_data(&self) -> impl Iterator<Item = &str> {
        self.split('\n').filter_map(|line| line.strip_prefix("data: "))
    }
}

/// Chunks of deltas as a stream, ended as told.
fn stream_of(deltas: &[Value], end: &str) -> String {
    let chunk = |delta: &Value| {
        format!("data: {}\n\n", serde_json::json!({"id": "c", "choices": [{"index": 0, "delta": delta}]}))
    };
    deltas.iter().map(chunk).collect::<String>() + end
}

const STOP: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

fn sum(events: &[Event]) -> Answer {
    let mut answer = Answer::new(Default::default());
    events.iter().cloned().for_each(|event| answer.add(event));
    answer
}

/// The bytes that a client gets for events.
fn write_stream(events: &[Event], reply: Reply) -> String {
    let (mut writer, mut out) = (StreamWriter::new(reply), Vec::new());
    let (mut finish, mut usage) = (crate::translate::neutral::FinishReason::Done, None);
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
    String::from_utf8(out).expect("UTF-8")
}
