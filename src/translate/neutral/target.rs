//! The upstream that a request is written for.

use crate::domain::kind::Kind;
use crate::domain::protocol::Protocol;
use serde_json::{Map, Value};

/// Who is going to be asked.
#[derive(Debug, Clone)]
pub struct Target<'a> {
    /// In which dialect.
    pub protocol: Protocol,
    /// Whose, which decides its quirks.
    pub kind: Kind,
    /// The upstream's name of the model, whose family decides what it takes.
    pub model: &'a str,
    /// The provider's id: signatures come back to their issuer only.
    pub provider: &'a str,
    /// The operator's defaults for the upstream's body, in the upstream's terms. They are filled in after the translation;
    /// a writer looks at them where it would have to make something up.
    pub defaults: &'a Map<String, Value>,
}

/// The upstream whose answer is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The provider's id.
    pub provider: String,
    /// The model that was asked.
    pub model: String,
    /// Whose, which decides its quirks.
    pub kind: Kind,
    /// What ids are minted from where the upstream gives none: the request's own.
    pub seed: String,
}
