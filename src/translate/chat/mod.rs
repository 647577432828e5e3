//! OpenAI Chat Completions: its clients, and OpenAI, Azure and everything that calls itself compatible upstream.

mod answer_out;
mod assembly;
mod citations;
mod fault;
mod messages_in;
mod messages_out;
mod parts_in;
mod parts_out;
mod quirks;
mod request_in;
mod request_out;
mod said;
mod stream_in;
mod stream_out;
#[cfg(test)]
mod tests;
mod tools_in;
mod tools_out;
mod usage;

pub use answer_out::write_answer;
pub use fault::{read_fault, reported, write_fault};
pub use request_in::read_request;
pub use request_out::write_request;
pub use stream_in::{StreamReader, read_answer};
pub use stream_out::StreamWriter;
pub use usage::read as read_usage;
