//! What Claude's families take, wherever they are served (PROTOCOLS.md sections 2.2, 3.3 and 11).

mod family;
mod schema;
mod thinking;

pub use family::{Family, Sampling, Takes};
pub use schema::{is_recursive, relaxed};
pub use thinking::{ClaudeThinking, decide, forget_foreign_signatures};
