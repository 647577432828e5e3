//! Which upstream takes a call, and with which headers.
//!
//! Invariant: nothing here does I/O or knows the Worker.

pub mod azure;
pub mod breaker;
pub mod headers_out;
mod own_keys;
pub mod sigv4;
mod snapshot;
pub mod url;

pub use own_keys::OwnKeys;
pub use snapshot::{Candidate, Opened, RoutedProvider, Snapshot};
