//! What an upstream says when it fails.

use std::fmt;

/// An upstream's error, whatever its protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The HTTP status: the upstream's, or the one that its error stands for where it came in a stream.
    pub status: u16,
    /// The upstream's own words.
    pub message: String,
    /// The upstream's code or type, such as `context_length_exceeded`, `rate_limit_error`, `RESOURCE_EXHAUSTED`.
    pub code: Option<String>,
    /// The field that it names, where it does.
    pub param: Option<String>,
    /// Seconds until another try, where the body says so.
    pub retry_after: Option<u32>,
}

impl Fault {
    /// An error that has nothing but words.
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), code: None, param: None, retry_after: None }
    }

    /// The same with the upstream's code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Data that is not what the protocol promises.
    pub fn malformed(what: impl fmt::Display) -> Self {
        Self::new(502, format!("the upstream's stream is not what its protocol promises: {what}"))
            .with_code("upstream.malformed")
    }
}
