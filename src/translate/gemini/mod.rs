//! Google Gemini's generateContent, as an upstream (PROTOCOLS.md sections 4, 5, 6.4, 7 and 9.1).

mod answer_in;
mod config;
mod contents;
pub mod count;
pub mod embeddings;
mod family;
mod fault;
mod grounding;
mod media;
mod request_out;
mod stream_in;
mod thinking;
mod tools;

pub use answer_in::read_answer;
pub use fault::read_fault;
pub use request_out::write_request;
pub use stream_in::StreamReader;

use crate::json::object;

#[cfg(test)]
mod tests;
