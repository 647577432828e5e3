//! Errors of the protocol itself: a message that cannot be served. A tool's own are results.

use super::revision::{Era, Revision};
use crate::json::{Members, empty, json};
use serde_json::Value;

/// JSON-RPC's codes, and those that the protocol adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Not JSON.
    Parse,
    /// Not a message.
    InvalidRequest,
    /// No such method.
    MethodNotFound,
    /// The method's parameters are wrong.
    InvalidParams,
    /// The headers do not say what the body says.
    HeaderMismatch,
    /// The revision is not spoken here.
    UnsupportedVersion,
}

impl Code {
    /// The number on the wire.
    pub const fn number(self) -> i32 {
        match self {
            Self::Parse => -32700,
            Self::InvalidRequest => -32600,
            Self::MethodNotFound => -32601,
            Self::InvalidParams => -32602,
            Self::HeaderMismatch => -32020,
            Self::UnsupportedVersion => -32022,
        }
    }
}

/// A message that cannot be served.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Whose answer it is; none where the message's id cannot be told.
    pub id: Option<Value>,
    /// The HTTP status, where it is the only message.
    pub status: u16,
    /// Which rule.
    pub code: Code,
    /// The rule in words.
    pub message: String,
    data: Option<Value>,
}

impl Fault {
    /// A message that is none, or whose frame is wrong: 400.
    pub fn of_frame(id: Option<&Value>, code: Code, message: impl Into<String>) -> Box<Self> {
        Box::new(Self { id: id.cloned(), status: 400, code, message: message.into(), data: None })
    }

    /// What a method says of its parameters: an answer like any other.
    pub fn of_params(id: &Value, message: impl Into<String>) -> Box<Self> {
        let (id, message) = (Some(id.clone()), message.into());
        Box::new(Self { id, status: 200, code: Code::InvalidParams, message, data: None })
    }

    /// A method that is not served in that revision.
    pub fn no_method(id: &Value, revision: Revision, method: &str) -> Box<Self> {
        let status = match revision.era() {
            Era::Handshake => 200,
            Era::Stateless => 404,
        };
        let shown: String = method.chars().take(100).collect();
        let message = format!("there is no method `{shown}` in {}", revision.as_str());
        Box::new(Self { id: Some(id.clone()), status, code: Code::MethodNotFound, message, data: None })
    }

    /// A revision that is not spoken here.
    pub fn unsupported(id: Option<&Value>, requested: &str) -> Box<Self> {
        let supported = Revision::ALL.map(Revision::as_str);
        let requested: String = requested.chars().take(100).collect();
        let message =
            format!("protocol version `{requested}` is not spoken here: take one of {}", supported.join(", "));
        let data = json!({"supported": supported, "requested": requested});
        Box::new(Self { data: Some(data), ..*Self::of_frame(id, Code::UnsupportedVersion, message) })
    }

    /// The message that says it.
    pub fn to_json(&self) -> Value {
        let mut error = json!({"code": self.code.number(), "message": self.message});
        if let Value::Object(error) = &mut error {
            error.put_some("data", self.data.clone());
        }
        let mut message = empty();
        message.put("jsonrpc", "2.0");
        message.put_some("id", self.id.clone());
        message.put("error", error);
        Value::Object(message)
    }
}
