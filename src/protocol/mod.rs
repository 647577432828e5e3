//! Wire formats and framing. Knows bytes; decides nothing.

pub mod aws_event_stream;
pub mod body;
pub mod error_type;
pub mod head_lines;
pub mod json;
pub mod meter;
pub mod path;
pub mod prompt;
pub mod query;
pub mod retry_after;
pub mod sse;
