//! Anthropic Messages: as a client's protocol and as an upstream's.

mod answer_in;
mod answer_out;
mod counts;
mod fault;
mod request_in;
mod request_out;
mod stream_in;
mod stream_out;

pub use answer_in::read_answer;
pub use answer_out::write_answer;
pub use fault::{read_fault, write_fault};
pub use request_in::read_request;
pub use request_out::write_request;
pub use stream_in::StreamReader;
pub use stream_out::StreamWriter;

#[cfg(test)]
mod golden;
