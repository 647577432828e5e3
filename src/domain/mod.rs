//! What the product talks about. Constructors validate; a value that exists is a valid one.
//!
//! Invariant: nothing here knows SQL, HTTP or the Worker.

pub mod ids;
pub mod invalid;
pub mod money;
pub mod protocol;
pub mod timestamp;
pub mod usage;
