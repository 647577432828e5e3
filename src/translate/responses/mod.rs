//! OpenAI Responses, as clients speak it and as upstreams do (PROTOCOLS.md sections 2, 3, 4 and 6.2).

mod answer_in;
mod answer_out;
mod content_in;
mod count;
mod draft;
mod fault;
mod items_in;
mod items_out;
mod model;
mod namespace;
mod own_tools;
mod quirks;
mod request_in;
mod request_out;
mod stream_in;
mod stream_out;
mod tools_in;
mod tools_out;
mod usage;

#[cfg(test)]
mod tests;

pub use answer_in::read_answer;
pub use answer_out::write_answer;
pub use count::{read_count, write_count};
pub use fault::{read_fault, write_fault};
pub use request_in::read_request;
pub use request_out::write_request;
pub use stream_in::StreamReader;
pub use stream_out::StreamWriter;
