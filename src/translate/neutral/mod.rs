//! The one form that every translation goes through: what a request asks and what an answer says, without a dialect.
//!
//! A client protocol is read into it and written from it, an upstream protocol the other way round, so a new protocol is
//! one folder and not a pair with every other.

mod answer;
mod blocks;
mod bridge;
mod event;
mod fault;
mod fields;
mod given;
mod ids;
mod loss;
mod names;
mod pairing;
mod part;
mod request;
mod signature;
mod target;
mod tool;

pub use answer::{Answer, AnswerPart, Citation, FinishReason};
pub use blocks::Blocks;
pub use bridge::Bridge;
pub use event::{Begin, Block, Event, Reader, Reply, Writer};
pub use fault::Fault;
pub use fields::{Elements, Fields};
pub use given::Given;
pub use ids::{Minter, fit_call_id};
pub use loss::{Judged, Loss, LossPolicy, Losses, Severity};
pub use names::{Names, Sent};
pub use part::{
    Body, CacheMark, Call, CallInput, Document, Image, Outcome, Part, Reasoned, Role, Source, ToolResult, Turn,
};
pub use request::{
    Client, Delivery, Effort, Format, Parallel, Request, ServiceTier, Summary, Thinking, ThinkingMode, UsageChunk,
};
pub use signature::{PREFIX as SIGNATURE_PREFIX, Signature};
pub use target::{Origin, Target};
pub use tool::{Freeform, Function, Tool, ToolChoice, WebSearch};
