//! Wire formats and framing. Knows bytes; decides nothing.

pub mod json;
