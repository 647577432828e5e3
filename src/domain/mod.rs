//! What the product talks about. Constructors validate; a value that exists is a valid one.
//!
//! Invariant: nothing here knows SQL, HTTP or the Worker.

pub mod address;
pub mod advanced;
pub mod base_url;
pub mod email;
pub mod extension;
pub mod glob;
pub mod header_map;
pub mod ids;
pub mod invalid;
pub mod kind;
pub mod limits;
pub mod media_url;
pub mod money;
pub mod name;
pub mod origins;
pub mod protocol;
pub mod provider;
pub mod retention;
pub mod selector;
pub mod timestamp;
pub mod usage;
pub mod when;
