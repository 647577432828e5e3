//! What a stream says, event by event, and who reads and writes it.

use super::answer::{Citation, FinishReason};
use super::fault::Fault;
use super::request::UsageChunk;
use super::signature::Signature;
use crate::domain::usage::TokenCounts;
use serde_json::{Map, Value};

/// One event of an upstream's stream.
///
/// A reader keeps this order: `Begin (Open (Delta | Cite | Sign)* Close)* … End`, with `Usage` and `Finish` anywhere
/// between `Begin` and `End`. Blocks never interleave, an empty text or refusal is never opened, `Sign` comes within a
/// reasoning block and `Cite` within a text block. [`super::Blocks`] keeps it for them.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The answer begins. Once.
    Begin(Begin),
    /// A block begins.
    Open(Block),
    /// More of the open block: text, or the input of a call as JSON text. Never empty in a stream.
    Delta(String),
    /// What the open text rests on.
    Cite(Citation),
    /// The open reasoning's signature.
    Sign(Signature),
    /// The open block is complete.
    Close,
    /// What the call consumed up to now; a later one replaces it.
    Usage(TokenCounts),
    /// Why the answer ends; a later one replaces it.
    Finish(FinishReason),
    /// The upstream ended its answer as its protocol ends. Without it the stream was cut.
    End,
    /// The upstream reported an error. Nothing counts after it.
    Error(Fault),
}

/// What is known when an answer begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Begin {
    /// The upstream's id of the answer.
    pub id: Option<String>,
    /// The model as the upstream names it.
    pub model: Option<String>,
    /// When, in seconds since 1970.
    pub created: Option<i64>,
    /// The input, where the upstream counts it first.
    pub usage: Option<TokenCounts>,
}

/// A block of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Text.
    Text,
    /// The model declines.
    Refusal,
    /// The model thinks.
    Reasoning,
    /// A call with a JSON object.
    Call {
        /// The id that the result will name.
        id: String,
        /// The tool.
        name: String,
    },
    /// A call with free text.
    FreeformCall {
        /// The id that the result will name.
        id: String,
        /// The tool.
        name: String,
    },
}

/// Reads an upstream's stream.
pub trait Reader {
    /// Reads one event: its name, where its framing has names, and its data. What is unknown is skipped; data that is not
    /// what the protocol promises is an [`Event::Error`].
    fn event(&mut self, name: Option<&str>, data: &[u8], events: &mut Vec<Event>);

    /// The upstream's stream is over. A protocol without a terminator says [`Event::End`] here if its answer was complete.
    fn finish(&mut self, events: &mut Vec<Event>);
}

/// Writes a client's stream. Called in the order that [`Event`] has, with `end` or `error` last, and neither where the
/// client has left.
pub trait Writer {
    /// The answer begins.
    fn begin(&mut self, begin: &Begin, out: &mut Vec<u8>);
    /// A block begins.
    fn open(&mut self, block: &Block, out: &mut Vec<u8>);
    /// More of the open block.
    fn delta(&mut self, text: &str, out: &mut Vec<u8>);
    /// What the open text rests on.
    fn cite(&mut self, citation: &Citation, out: &mut Vec<u8>);
    /// The open reasoning's signature.
    fn sign(&mut self, signature: &Signature, out: &mut Vec<u8>);
    /// The open block is complete.
    fn close(&mut self, out: &mut Vec<u8>);
    /// The answer is complete.
    fn end(&mut self, finish: &FinishReason, usage: Option<TokenCounts>, out: &mut Vec<u8>);
    /// The answer broke off: the protocol's terminal error, and no success terminator. May come in an open block, and
    /// before `begin`.
    fn error(&mut self, fault: &Fault, out: &mut Vec<u8>);
}

/// What a client's writer has to know of the request.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// What ids are minted from: the request's own.
    pub seed: String,
    /// The model, where the upstream names none.
    pub model: String,
    /// When the call began, in seconds since 1970, where the upstream says nothing.
    pub created: i64,
    /// Whether a Chat Completions client gets the usage chunk.
    pub usage_chunk: UsageChunk,
    /// What a Responses answer repeats of its request.
    pub echo: Map<String, Value>,
}
