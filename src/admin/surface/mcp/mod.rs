//! MCP: the same routes as tools. A tool takes its route with what it was given in the path, the query or the body, under
//! the caller's token, and what comes of it, refusals included, is its result.

mod tools;

pub use tools::{Tool, tool};

use super::super::form::check_body;
use super::super::{Call, Reply, dispatch};
use crate::access::route::{TOOLS, of_tool};
use crate::domain::invalid::Invalid;
use crate::domain::origins::Origins;
use crate::json::json;
use crate::mcp::{Asked, Fault, Posted, Server, What, discovered, initialized, listed, read, replied, told};
use crate::refusal::{Dialect, Reason, Refusal, render};
use serde_json::{Map, Value};

const SERVER: Server = Server {
    name: "sluice",
    title: "Sluice",
    version: env!("CARGO_PKG_VERSION"),
    instructions: "Sluice is an LLM gateway. A provider is an account at an upstream, a model is one of its models, and \
                   a call names a model by its selector, `provider^model`. The tools see and change one project: the \
                   token's own. Nothing shows a credential again: keys live in secrets, which providers link to.",
};

pub async fn serve(call: &Call<'_>) -> Result<Reply, Refusal> {
    check_origin(call)?;
    check_body(call.request)?;
    match read(&call.request.mcp, &call.request.body) {
        Posted::Noted => Ok(Reply { status: 202, headers: Vec::new(), body: None }),
        Posted::One(asked) => {
            let (status, message) = answer(call, asked).await;
            Ok(Reply::json(status, &message))
        }
        Posted::Many(all) => {
            let mut messages = Vec::with_capacity(all.len());
            for asked in all {
                messages.push(answer(call, asked).await.1);
            }
            Ok(Reply::json(200, &Value::Array(messages)))
        }
    }
}

/// A web page sends its origin. It has no business here unless the deployment has named it, whatever name it was served
/// under: that is how one is kept from reaching a server that only its visitor can reach.
fn check_origin(call: &Call<'_>) -> Result<(), Refusal> {
    let origins: &Origins = &call.world.deployment.cors_origins;
    match call.request.mcp.origin.as_deref() {
        Some(origin) if origins.allow(origin).is_none() => {
            let message = "a web page of this origin may not call: the deployment's CORS_ORIGINS lists those that may";
            Err(Refusal::new(Reason::Forbidden, message).on("origin"))
        }
        _ => Ok(()),
    }
}

/// The HTTP status, where this is the only message, and the message.
async fn answer(call: &Call<'_>, asked: Result<Asked, Box<Fault>>) -> (u16, Value) {
    let outcome = match asked {
        Ok(asked) => result(call, &asked).await.map(|result| replied(&SERVER, &asked, result)),
        Err(fault) => Err(fault),
    };
    outcome.map_or_else(|fault| (fault.status, fault.to_json()), |message| (200, message))
}

async fn result(call: &Call<'_>, asked: &Asked) -> Result<Map<String, Value>, Box<Fault>> {
    Ok(match &asked.what {
        What::Initialize(agreed) => initialized(&SERVER, *agreed),
        What::Discover => discovered(&SERVER),
        What::Ping => Map::new(),
        What::ListTools => {
            let usable = TOOLS
                .iter()
                .filter(|(name, ..)| of_tool(name).is_some_and(|(_, _, operation)| call.principal.could(operation)));
            listed(asked.revision, usable.filter_map(|(name, ..)| tool(name)).map(Tool::to_json).collect())
        }
        What::CallTool { name, arguments } => {
            let Some(tool) = tool(name) else {
                let shown: String = name.chars().take(100).collect();
                return Err(Fault::of_params(&asked.id, format!("there is no tool `{shown}`: tools/list lists them")));
            };
            let outcome = run(call, tool, arguments.clone()).await;
            told(outcome.map_err(|refusal| render(&refusal, Dialect::Admin, call.request.id.as_str()).body))
        }
    })
}

/// Takes the tool's route.
async fn run(call: &Call<'_>, tool: &Tool, arguments: Map<String, Value>) -> Result<Value, Refusal> {
    let Some((method, pattern, operation)) = of_tool(tool.name) else { return Err(super::super::no_handler()) };
    let segments: Vec<&str> =
        tool.path.iter().filter_map(|field| arguments.get(field.name)).filter_map(Value::as_str).collect();
    call.principal.require(operation, &segments)?;
    if let Some(missing) = tool.path.iter().find(|field| !arguments.get(field.name).is_some_and(Value::is_string)) {
        let rule = if arguments.contains_key(missing.name) { "must be a string" } else { "is required" };
        return Err(Invalid::new(missing.name, format!("{} {rule}", missing.name)).into());
    }
    let request = tool.request(call.request, (method, pattern), &arguments)?;
    let inner = call.of(call.world, &request, operation);
    let reply = Box::pin(dispatch(&inner, &segments)).await?;
    let body = reply.body.as_deref().map_or(Ok(Value::Null), serde_json::from_str);
    let body = body.map_err(|_| Refusal::new(Reason::Internal, "an answer is not JSON"))?;
    Ok(match body {
        Value::Null => json!({"deleted": true, "id": segments.last()}),
        Value::Array(all) => crate::json::object([("data", Value::Array(all))]),
        body => body,
    })
}
