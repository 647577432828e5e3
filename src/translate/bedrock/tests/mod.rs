//! What goes over the wire, both ways.

mod answers;
mod faults;
mod requests;
mod settings;
mod streams;
mod tools;

use super::*;
use crate::domain::kind::Kind;
use crate::domain::protocol::Protocol;
use crate::translate::neutral::*;
use serde_json::{Map, Value, json};

pub(super) const CLAUDE_37: &str = "us.anthropic.claude-3-7-sonnet-20250219-v1:0";
pub(super) const CLAUDE_45: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
pub(super) const CLAUDE_46: &str = "global.anthropic.claude-opus-4-6-v1";
pub(super) const CLAUDE_5_5: &str = "anthropic.claude-sonnet-5-5-v1:0";
pub(super) const NOVA: &str = "amazon.nova-lite-v1:0";
pub(super) const NOVA_2: &str = "us.amazon.nova-2-lite-v1:0";
pub(super) const GPT_OSS: &str = "openai.gpt-oss-120b-1:0";
pub(super) const GPT: &str = "us.openai.gpt-5.6-terra";
pub(super) const LLAMA: &str = "us.meta.llama3-3-70b-instruct-v1:0";

/// What was written, and what it cost.
pub(super) struct Written {
    pub(super) body: Value,
    pub(super) bridge: Bridge,
    pub(super) losses: Losses,
}

impl Written {
    pub(super) fn lost(&self) -> Vec<(&str, Severity)> {
        self.losses.as_slice().iter().map(|loss| (loss.field.as_str(), loss.severity)).collect()
    }
}

pub(super) fn target<'a>(model: &'a str, defaults: &'a Map<String, Value>) -> Target<'a> {
    Target { protocol: Protocol::BedrockConverse, kind: Kind::Bedrock, model, provider: "aip_1", defaults }
}

pub(super) fn write(model: &str, request: Request) -> Written {
    write_with(model, request, &Map::new())
}

pub(super) fn write_with(model: &str, request: Request, defaults: &Map<String, Value>) -> Written {
    let (mut bridge, mut losses) = (Bridge::default(), Losses::default());
    let body = write_request(request, &target(model, defaults), &mut bridge, &mut losses).expect("written");
    Written { body: body.into(), bridge, losses }
}

pub(super) fn request() -> Request {
    Request::new(Client::ChatCompletions)
}

/// A request with one word of the user's.
pub(super) fn hello() -> Request {
    let mut request = request();
    say(&mut request, Role::User, text("Hello"));
    request
}

pub(super) fn say(request: &mut Request, role: Role, body: Body) {
    let at = format!("messages[{}]", request.turns.len());
    request.say(role, Part::new(at, body));
}

pub(super) fn text(text: &str) -> Body {
    Body::Text(text.into())
}

pub(super) fn call(id: &str, name: &str, input: &str) -> Body {
    Body::Call(Call { id: id.into(), name: name.into(), input: CallInput::Json(input.into()) })
}

pub(super) fn result(id: &str, words: &str, outcome: Outcome) -> Body {
    let content = if words.is_empty() { Vec::new() } else { vec![Part::new("inner", text(words))] };
    Body::Result(ToolResult { call_id: id.into(), name: None, content, outcome })
}

pub(super) fn function(name: &str) -> Tool {
    Tool::Function(Function {
        at: "tools[0]".into(),
        name: name.into(),
        description: Some("Does it.".into()),
        parameters: Some(json!({"type": "object", "properties": {"x": {"type": "number"}}})),
        strict: None,
        cache: None,
    })
}

/// A request whose history has a call and its result.
pub(super) fn looped() -> Request {
    let mut request = hello();
    say(&mut request, Role::Assistant, call("call_1", "get_weather", r#"{"city":"Paris"}"#));
    say(&mut request, Role::User, result("call_1", "sunny", Outcome::Done));
    request.pair_results(&mut Losses::default());
    request
}

pub(super) fn given<T>(field: &'static str, value: T) -> Option<Given<T>> {
    Some(Given::new(field, value))
}

pub(super) fn number(spelled: &str) -> serde_json::Number {
    serde_json::from_str(spelled).expect("a number")
}

pub(super) fn origin(model: &str) -> Origin {
    Origin { provider: "aip_1".into(), model: model.into(), kind: Kind::Bedrock, seed: "req_1".into() }
}

pub(super) fn golden(name: &str) -> String {
    let path = format!("{}/tests/golden/answers/bedrock_converse/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The events of a recorded stream, its end included.
pub(super) fn read_stream(model: &str, recorded: &str) -> Vec<Event> {
    let mut reader = StreamReader::new(origin(model));
    let mut events = Vec::new();
    for line in recorded.lines() {
        let line: Value = serde_json::from_str(line).expect("a line of JSON");
        reader.event(line["event"].as_str(), line["data"].to_string().as_bytes(), &mut events);
    }
    reader.finish(&mut events);
    events
}

pub(super) fn add_up(events: Vec<Event>) -> Answer {
    let mut answer = Answer::new(Begin::default());
    events.into_iter().for_each(|event| answer.add(event));
    answer
}
