mod answers;
mod conversation;
mod embeddings;
mod faults;
mod request;

use super::*;
use crate::domain::kind::Kind;
use crate::domain::protocol::Protocol;
use crate::translate::neutral::*;
use serde_json::{Map, Value, json};

const PROVIDER: &str = "aip_golden";

struct Wrote {
    body: Value,
    bridge: Bridge,
    losses: Losses,
}

impl Wrote {
    fn lost(&self) -> Vec<(&str, Severity)> {
        self.losses.as_slice().iter().map(|loss| (loss.field.as_str(), loss.severity)).collect()
    }
}

fn write(request: Request, model: &str) -> Wrote {
    let (mut bridge, mut losses, defaults) = (Bridge::default(), Losses::default(), Map::new());
    let target =
        Target { protocol: Protocol::Gemini, kind: Kind::Google, model, provider: PROVIDER, defaults: &defaults };
    let body = write_request(request, &target, &mut bridge, &mut losses).expect("a body");
    Wrote { body: body.into(), bridge, losses }
}

fn asks(turns: Vec<(Role, Vec<Body>)>) -> Request {
    let mut request = Request::new(Client::ChatCompletions);
    for (place, (role, bodies)) in turns.into_iter().enumerate() {
        for body in bodies {
            request.say(role, Part::new(format!("messages[{place}]"), body));
        }
    }
    request.pair_results(&mut Losses::default());
    request
}

fn hello() -> Request {
    asks(vec![(Role::User, vec![said("Hi")])])
}

fn said(text: &str) -> Body {
    Body::Text(text.into())
}

fn called(id: &str, name: &str, args: &str) -> Body {
    Body::Call(Call { id: id.into(), name: name.into(), input: CallInput::Json(args.into()) })
}

fn returned(id: &str, content: Vec<Body>, outcome: Outcome) -> Body {
    let content = content.into_iter().map(|body| Part::new("messages[9].content[0]", body)).collect();
    Body::Result(ToolResult { call_id: id.into(), name: None, content, outcome })
}

fn signed(payload: Value) -> Body {
    signed_by(PROVIDER, payload)
}

fn signed_by(provider: &str, payload: Value) -> Body {
    let signature = Signature { protocol: Protocol::Gemini, provider: provider.into(), payload: payload.to_string() };
    Body::Reasoning(Reasoned { text: "hm".into(), signature: Some(signature) })
}

fn picture() -> Image {
    let source = Source::Base64 { media_type: "image/jpeg".into(), data: "iVBORw0KGgo=".into() };
    Image { source, detail: None }
}

fn function(name: &str, parameters: Option<Value>) -> Tool {
    Tool::Function(Function {
        at: "tools[0]".into(),
        name: name.into(),
        description: Some("It does.".into()),
        parameters,
        strict: None,
        cache: None,
    })
}

fn origin() -> Origin {
    Origin { provider: PROVIDER.into(), model: "gemini".into(), kind: Kind::Google, seed: "req_1".into() }
}
