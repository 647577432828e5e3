//! Amazon Bedrock's Converse and ConverseStream, as an upstream.
//!
//! The framing of the stream and its signatures are elsewhere: this folder knows the JSON within (PROTOCOLS.md section 9.3).

mod answer_in;
mod cache;
mod conversation;
mod count;
mod fault;
mod fields;
mod media;
mod model;
mod request_out;
mod settings;
mod stream_in;
mod thinking;
mod tools;

pub use answer_in::read_answer;
pub use count::{read_count, write_count};
pub use fault::{exception, read_fault};
pub use request_out::write_request;
pub use stream_in::StreamReader;

#[cfg(test)]
mod tests;
