//! The last event of a stream that broke.

use crate::domain::protocol::Protocol;
use crate::protocol::json::escape;

/// Where the relayed bytes end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// At the end of an event.
    AtBoundary,
    /// Within an event, which has to be closed first, or it would swallow the error's lines as its own.
    MidEvent,
}

/// What the client is told about a stream that broke.
#[derive(Debug, Clone, Copy)]
pub struct StreamFailure<'a> {
    /// What happened, as a sentence.
    pub message: &'a str,
    /// A stable word for programs (`upstream.truncated`); Anthropic's errors have no place for it.
    pub code: &'a str,
    /// Responses only: the number that follows the last event's.
    pub sequence_number: u64,
    /// Where the relayed bytes end.
    pub position: Position,
}

/// The error event of `protocol` that ends a stream without a success terminator (PROTOCOLS.md section 6).
///
/// Responses gets both spellings in one: the documented flat fields, and the nested `error` that the official SDKs raise
/// for. Protocols that no client speaks get the Chat Completions form.
pub fn terminal_error_event(protocol: Protocol, failure: &StreamFailure<'_>) -> Vec<u8> {
    let closing = match failure.position {
        Position::AtBoundary => "",
        Position::MidEvent => "\n\n",
    };
    let (message, code, number) = (escape(failure.message), escape(failure.code), failure.sequence_number);
    let error = format!(r#"{{"message":"{message}","type":"server_error","param":null,"code":"{code}"}}"#);
    let event = match protocol {
        Protocol::ChatCompletions | Protocol::Gemini | Protocol::BedrockConverse => {
            format!("{closing}data: {{\"error\":{error}}}\n\n")
        }
        Protocol::Responses => format!(
            "{closing}event: error\ndata: {{\"type\":\"error\",\"code\":\"{code}\",\"message\":\"{message}\",\
             \"param\":null,\"sequence_number\":{number},\"error\":{error}}}\n\n"
        ),
        Protocol::AnthropicMessages => format!(
            "{closing}event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"api_error\",\
             \"message\":\"{message}\"}}}}\n\n"
        ),
    };
    event.into_bytes()
}
