//! Which upstream takes a call, and with which headers.
//!
//! Invariant: nothing here does I/O or knows the Worker.

pub mod azure;
pub mod breaker;
mod candidate;
pub mod headers_out;
mod own_keys;
mod selection;
pub mod sigv4;
mod snapshot;
pub mod url;

pub use candidate::{Candidate, Condition, RoutedModel};
pub use own_keys::OwnKeys;
pub use selection::{Asking, Dropped, Entry, Kept, Nothing, Selection, Verdict};
pub use snapshot::{Naming, Opened, RoutedProvider, Snapshot};
