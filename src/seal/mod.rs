//! Credentials at rest: AES-256-GCM under a key ring (SPEC section 3).
//!
//! Invariants: there is no plaintext fallback and no default key; a sealed value opens only in the row, column and
//! project that it was sealed for; a plaintext has no `Debug`, `Display` or equality that shows it.

mod envelope;
mod plaintext;
mod ring;

pub use envelope::{Place, Sealed};
pub use plaintext::Plaintext;
pub use ring::{KeyRing, SealError};
