use super::*;
use crate::domain::kind::Kind;
use crate::domain::protocol::Protocol;
use crate::translate::neutral::{
    Call, CallInput, Client, Document, Effort, Freeform, Function, Image, Outcome, Parallel, Reasoned, Role, Sent,
    Severity, Signature, Source, Thinking, ToolChoice, ToolResult, WebSearch,
};

mod conversation;
mod settings;

const OLD: &str = "claude-sonnet-4-5";
const NEW: &str = "claude-opus-5-5";

struct Written {
    body: Map<String, Value>,
    lost: Vec<String>,
    bridge: Bridge,
}

fn write(request: Request, model: &str) -> Written {
    write_with(request, model, &Map::new())
}

fn write_with(request: Request, model: &str, defaults: &Map<String, Value>) -> Written {
    let (mut bridge, mut losses) = (Bridge::default(), Losses::default());
    let (protocol, kind) = (Protocol::AnthropicMessages, Kind::Anthropic);
    let target = Target { protocol, kind, model, provider: "aip_1", defaults };
    let body = write_request(request, &target, &mut bridge, &mut losses).expect("written");
    let lost = losses.as_slice().iter().map(|loss| loss.field.clone()).collect();
    Written { body, lost, bridge }
}

fn empty() -> Request {
    Request::new(Client::ChatCompletions)
}

fn asked() -> Request {
    said([(Role::User, text("hi"))])
}

fn said(parts: impl IntoIterator<Item = (Role, Body)>) -> Request {
    let mut request = empty();
    for (index, (role, body)) in parts.into_iter().enumerate() {
        request.say(role, Part::new(format!("messages[{index}]"), body));
    }
    request.pair_results(&mut Losses::default());
    request
}

fn text(text: &str) -> Body {
    Body::Text(text.into())
}

fn call(id: &str, json: &str) -> Body {
    Body::Call(Call { id: id.into(), name: "f".into(), input: CallInput::Json(json.into()) })
}

fn result(id: &str, said: &str) -> Body {
    let content = if said.is_empty() { Vec::new() } else { vec![Part::new("r", text(said))] };
    Body::Result(ToolResult { call_id: id.into(), name: None, content, outcome: Outcome::Done })
}

fn function(name: &str, parameters: Option<Value>) -> Tool {
    Tool::Function(Function {
        at: "tools[0]".into(),
        name: name.into(),
        description: None,
        parameters,
        strict: None,
        cache: None,
    })
}

fn with_tool(mut request: Request) -> Request {
    request.tools = vec![function("f", None)];
    request
}

fn said_text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}
