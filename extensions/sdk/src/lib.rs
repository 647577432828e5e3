//! An extension of Sluice in Rust: a type that implements [`Extension`], handed to [`export!`].
//!
//! ```
//! use sluice_extension::{Call, Description, Extension, RequestOutcome, Value, export};
//!
//! struct Polite;
//!
//! impl Extension for Polite {
//!     type Config = Value;
//!
//!     fn describe() -> Description {
//!         Description::new("polite", "1.0.0", &["request"])
//!     }
//!
//!     fn configure(_: Value) -> Result<Self, String> {
//!         Ok(Polite)
//!     }
//!
//!     fn request(&mut self, call: &Call, mut body: Value) -> RequestOutcome {
//!         call.texts_in_request(&mut body, |_, text| text.insert_str(0, "Please: "));
//!         RequestOutcome::rewrite(body)
//!     }
//! }
//!
//! export!(Polite);
//! # fn main() {}
//! ```
//!
//! Built with `cargo build --release --target wasm32-unknown-unknown` from a crate of the type `cdylib`, this is the module
//! to upload. `EXTENSIONS.md` in Sluice's repository is the contract underneath; [`testing`] runs an extension natively.

mod abi;
mod envelope;
mod extension;
mod log;
mod outcome;
pub mod testing;
mod texts;

pub use abi::exported;
pub use envelope::{Call, Description, Event, Protocol, Response, Usage};
pub use extension::Extension;
pub use log::{Level, log};
pub use outcome::{EventOutcome, RequestOutcome, ResponseOutcome};
pub use serde_json::{Value, json};
pub use texts::Role;

/// The document's own example is built with the crate that it is about.
#[cfg(doctest)]
#[doc = include_str!("../../../EXTENSIONS.md")]
struct Document;
