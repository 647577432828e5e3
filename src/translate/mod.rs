//! Client protocol × upstream protocol: requests, answers and streams, through one neutral form.
//!
//! `request → chat | responses | anthropic (read) → neutral → chat | responses | anthropic | gemini | bedrock (write)`, and
//! the answer the other way round, through [`restore`]. Each protocol's wire names are in its own folder and nowhere else.

pub mod anthropic;
pub mod bedrock;
pub mod chat;
pub mod claude;
mod exchange;
pub mod gemini;
mod limits;
pub mod media;
mod native;
pub mod neutral;
pub mod responses;
pub mod restore;
mod side;
mod stream;
#[cfg(test)]
mod tests;
mod tool_schema;
mod wire;

pub use exchange::{
    Circumstances, Exchange, Translated, TranslatedAnswer, Untranslatable, read_fault, reported_status, status_for,
    translate, write_fault,
};
pub use native::{issuers, without_foreign_signatures};
pub use side::{count, embeddings, read_count, read_embeddings};
pub use stream::StreamTranslator;
