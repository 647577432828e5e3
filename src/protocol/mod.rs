//! Wire formats and framing. Knows bytes; decides nothing.

pub mod body;
pub mod json;
pub mod meter;
pub mod path;
pub mod sse;
