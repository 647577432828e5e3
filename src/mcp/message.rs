//! What a client posts: a request, a notification, or, in one revision, a batch of them.

use super::fault::{Code, Fault};
use super::revision::{Era, Revision};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// `_meta`'s keys that make a request of the stateless era.
const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// Messages of a batch, at most.
const MOST: usize = 32;

/// The headers of an HTTP request that the protocol looks at.
#[derive(Debug, Clone, Default)]
pub struct Headers {
    /// `origin`: the web page that sent it.
    pub origin: Option<String>,
    /// `mcp-protocol-version`.
    pub version: Option<String>,
    /// `mcp-method`.
    pub method: Option<String>,
    /// `mcp-name`.
    pub name: Option<String>,
}

/// What was posted.
#[derive(Debug, PartialEq)]
pub enum Posted {
    /// Nothing that is answered: notifications.
    Noted,
    /// One request.
    One(Result<Asked, Box<Fault>>),
    /// The requests of a batch.
    Many(Vec<Result<Asked, Box<Fault>>>),
}

/// A request.
#[derive(Debug, PartialEq)]
pub struct Asked {
    /// A string or a whole number.
    pub id: Value,
    /// What it speaks.
    pub revision: Revision,
    /// What it asks.
    pub what: What,
}

/// The methods that there are.
#[derive(Debug, PartialEq)]
pub enum What {
    /// `initialize`: the handshake, and the revision that it agrees on.
    Initialize(Revision),
    /// `server/discover`: what is spoken here.
    Discover,
    /// `ping`.
    Ping,
    /// `tools/list`.
    ListTools,
    /// `tools/call`.
    CallTool {
        /// The tool.
        name: String,
        /// What it is given.
        arguments: Map<String, Value>,
    },
}

/// Reads the body of a POST.
pub fn read(headers: &Headers, body: &[u8]) -> Posted {
    match serde_json::from_slice(body) {
        Ok(Value::Array(messages)) => batch(headers, messages),
        Ok(message) => match message_of(headers, message, Place::Alone) {
            Some(asked) => Posted::One(asked),
            None => Posted::Noted,
        },
        Err(error) => {
            // serde_json's text may quote the body, and the body may hold a credential.
            let message =
                format!("the body is not valid JSON: it breaks at line {}, column {}", error.line(), error.column());
            Posted::One(Err(Fault::of_frame(None, Code::Parse, message)))
        }
    }
}

fn batch(headers: &Headers, messages: Vec<Value>) -> Posted {
    let refuse = |message: String| Posted::One(Err(Fault::of_frame(None, Code::InvalidRequest, message)));
    if headers.version.as_deref().is_some_and(|version| version != Revision::UNNAMED.as_str()) {
        return refuse(format!("batches are {}'s only: send one message a POST", Revision::UNNAMED.as_str()));
    }
    if messages.is_empty() || messages.len() > MOST {
        return refuse(format!("a batch holds 1 to {MOST} messages"));
    }
    let asked: Vec<_> =
        messages.into_iter().filter_map(|message| message_of(headers, message, Place::InBatch)).collect();
    if asked.is_empty() { Posted::Noted } else { Posted::Many(asked) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Alone,
    InBatch,
}

/// A request, or what is wrong with it; `None` for what is not answered.
fn message_of(headers: &Headers, message: Value, place: Place) -> Option<Result<Asked, Box<Fault>>> {
    let refuse = |id: Option<&Value>, message: &str| Some(Err(Fault::of_frame(id, Code::InvalidRequest, message)));
    let Value::Object(mut message) = message else {
        return refuse(None, "a message is a JSON object");
    };
    let id = message.remove("id");
    let id = match &id {
        Some(Value::String(_)) => id,
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => id,
        Some(_) => return refuse(None, "`id` must be a string or a whole number"),
        None => None,
    };
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return refuse(id.as_ref(), "`jsonrpc` must be \"2.0\"");
    }
    let method = match (message.remove("method"), &id) {
        (Some(Value::String(method)), _) => method,
        // Nothing is ever asked of a client here, so this answers nothing.
        (None, Some(_)) if message.contains_key("result") || message.contains_key("error") => {
            let named = headers.version.as_deref().and_then(Revision::parse);
            return match named.map(Revision::era) {
                Some(Era::Stateless) => refuse(None, "a client sends requests, and no responses"),
                _ => None,
            };
        }
        _ => return refuse(id.as_ref(), "`method` must be a string"),
    };
    let params = match message.remove("params") {
        None => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => return refuse(id.as_ref(), "`params` must be an object"),
    };
    let id = id?;
    Some(revision_of(headers, &id, &method, &params).and_then(|revision| {
        if place == Place::InBatch && method == "initialize" {
            let message = "`initialize` must not be part of a batch";
            return Err(Fault::of_frame(Some(&id), Code::InvalidRequest, message));
        }
        what(&id, revision, &method, params).map(|what| Asked { id, revision, what })
    }))
}

/// What a request speaks, by itself or by the handshake before it.
fn revision_of(
    headers: &Headers,
    id: &Value,
    method: &str,
    params: &Map<String, Value>,
) -> Result<Revision, Box<Fault>> {
    let refuse = |code, message: String| Err(Fault::of_frame(Some(id), code, message));
    let named = headers.version.as_deref();
    let meta = params.get("_meta").and_then(Value::as_object);
    let Some(claimed) = meta.and_then(|meta| meta.get(VERSION)) else {
        return match named.map(|named| (named, Revision::parse(named))) {
            None => Ok(Revision::UNNAMED),
            _ if method == "initialize" => Ok(Revision::UNNAMED),
            Some((_, Some(revision))) if revision.era() == Era::Handshake => Ok(revision),
            Some((_, Some(_))) => {
                refuse(Code::InvalidParams, format!("`params._meta` must have `{VERSION}` and `{CAPABILITIES}`"))
            }
            Some((named, None)) => Err(Fault::unsupported(Some(id), named)),
        };
    };
    let Some(claimed) = claimed.as_str() else {
        return refuse(Code::InvalidParams, format!("`{VERSION}` must be a string"));
    };
    if named != Some(claimed) {
        return refuse(Code::HeaderMismatch, format!("the header MCP-Protocol-Version must repeat `{VERSION}`"));
    }
    let spoken = Revision::parse(claimed).filter(|revision| revision.era() == Era::Stateless);
    let Some(revision) = spoken else { return Err(Fault::unsupported(Some(id), claimed)) };
    if !meta.and_then(|meta| meta.get(CAPABILITIES)).is_some_and(Value::is_object) {
        return refuse(Code::InvalidParams, format!("`params._meta` must have `{CAPABILITIES}`, an object"));
    }
    if headers.method.as_deref() != Some(method) {
        return refuse(Code::HeaderMismatch, "the header Mcp-Method must repeat `method`".into());
    }
    let name = params.get("name").and_then(Value::as_str).filter(|_| method == "tools/call");
    if let Some(name) = name
        && headers.name.as_deref().and_then(plain).as_deref() != Some(name)
    {
        return refuse(Code::HeaderMismatch, "the header Mcp-Name must repeat `params.name`".into());
    }
    Ok(revision)
}

/// A header's value, which is in base64 where ASCII cannot say it.
fn plain(value: &str) -> Option<String> {
    match value.strip_prefix("=?base64?").and_then(|value| value.strip_suffix("?=")) {
        None => Some(value.to_owned()),
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok(),
    }
}

fn what(id: &Value, revision: Revision, method: &str, mut params: Map<String, Value>) -> Result<What, Box<Fault>> {
    let wrong = |message: &str| Fault::of_params(id, message);
    match (method, revision.era()) {
        ("initialize", Era::Handshake) => match params.get("protocolVersion").and_then(Value::as_str) {
            Some(asked) => Ok(What::Initialize(Revision::agreed(asked))),
            None => Err(wrong("`protocolVersion` must be a string")),
        },
        ("ping", Era::Handshake) => Ok(What::Ping),
        ("server/discover", Era::Stateless) => Ok(What::Discover),
        ("tools/list", _) if params.get("cursor").is_none_or(Value::is_null) => Ok(What::ListTools),
        ("tools/list", _) => Err(wrong("`cursor` is none that was given: the list has one page")),
        ("tools/call", _) => {
            let Some(Value::String(name)) = params.remove("name") else {
                return Err(wrong("`name` must be a string: the tool's"));
            };
            match params.remove("arguments") {
                None => Ok(What::CallTool { name, arguments: Map::new() }),
                Some(Value::Object(arguments)) => Ok(What::CallTool { name, arguments }),
                Some(_) => Err(wrong("`arguments` must be an object")),
            }
        }
        _ => Err(Fault::no_method(id, revision, method)),
    }
}
