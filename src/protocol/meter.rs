//! What a response tells on its way to the client: what it consumed, and whether it ended as its protocol ends.
//!
//! Reads only; the one exception is the usage chunk of a Chat Completions stream that the gateway, not the client, asked
//! for ([`UsageChunk::Strip`]).

mod failure;
mod observed;
mod stream;
#[cfg(test)]
mod tests;
mod text;
mod usage;

pub use failure::{Position, StreamFailure, terminal_error_event};
pub use observed::Progress;
pub use stream::{End, Finish, MAX_EVENT_BYTES, Relay, StreamMeter, UsageChunk};
pub use text::answer_text_bytes;

use std::fmt;

use super::json::{self, Cursor, Kind, Members, SyntaxError, Value};
use crate::domain::protocol::Protocol;
use crate::domain::usage::TokenCounts;

/// What the body of a response that is no stream tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseFacts {
    /// What the call consumed; `None` when the upstream does not say.
    pub usage: Option<TokenCounts>,
    /// Whether the body is an answer or an error, whatever the status said.
    pub outcome: Outcome,
}

/// What a body turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// An answer.
    Answered,
    /// A body with an `error` that is neither `null` nor `false`.
    ErrorReported,
}

/// A body that no protocol's response looks like: an upstream's HTML page, or a body cut short (PROTOCOLS.md section 7:
/// 502 in the client's protocol).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MalformedResponse {
    /// It is no JSON.
    Syntax(SyntaxError),
    /// It is JSON, but no object.
    NotAnObject(Kind),
}

impl fmt::Display for MalformedResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(error) => write!(f, "the upstream's response is not valid JSON: {error}"),
            Self::NotAnObject(kind) => {
                write!(f, "the upstream's response is {}, not a JSON object", kind.described())
            }
        }
    }
}

impl std::error::Error for MalformedResponse {}

/// Reads the body of a response in `protocol`, in one pass and without a tree. Embeddings are Chat Completions here: their
/// usage is spelled alike. Protocols that no client speaks tell nothing.
///
/// # Errors
/// What is no JSON object.
pub fn unary_usage(protocol: Protocol, body: &[u8]) -> Result<ResponseFacts, MalformedResponse> {
    let Some(members) = Members::of(body) else {
        return Err(match json::validate(body) {
            Ok(kind) => MalformedResponse::NotAnObject(kind),
            Err(error) => MalformedResponse::Syntax(error),
        });
    };
    let mut facts = ResponseFacts { usage: None, outcome: Outcome::Answered };
    for member in members {
        let member = member.map_err(MalformedResponse::Syntax)?;
        match member.key.raw {
            b"usage" => usage::read(protocol, &mut Cursor::at(body, member.value.start), &mut facts.usage),
            b"error" if is_truthy(&member.value) => facts.outcome = Outcome::ErrorReported,
            _ => {}
        }
    }
    Ok(facts)
}

/// Whether an `error` member reports one: many upstreams send `"error":null`, or an empty one, with every answer.
fn is_truthy(value: &Value<'_>) -> bool {
    value.kind != Kind::Null && value.boolean() != Some(false) && value.raw != b"\"\""
}
