//! Every "no" that Sluice says, on either plane, and the one place that puts it into words.
//!
//! Layers below have their own errors; at the seam they become a [`Refusal`], and [`render`] gives it the shape of the
//! protocol or the API that the caller speaks.

mod reason;
mod render;

pub use reason::{Fault, Reason};
pub use render::{Dialect, Rendered, render};

use crate::domain::invalid::Invalid;
use crate::ports::NoRandomness;
use serde_json::Value;
use std::ops::{Deref, DerefMut};

/// A refusal. Boxed, because most results are none.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal(Box<Told>);

/// Why, in words for the person who reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Which of the known reasons.
    pub reason: Reason,
    /// The field, the rule and the way out. Never a credential.
    pub message: String,
    /// The field at fault.
    pub param: Option<String>,
    /// What a program may want to read (dependents' counts, an upstream's status).
    pub details: Option<Value>,
    /// The status and the code that an operator's own program gave it, in place of the reason's.
    pub own: Option<(u16, String)>,
    /// Headers that go with it, such as `retry-after` and `allow`.
    pub headers: Vec<(&'static str, String)>,
}

impl Refusal {
    /// Refuses for `reason`.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Told { reason, message, param: None, details: None, own: None, headers: Vec::new() }))
    }

    /// Names the field at fault.
    #[must_use]
    pub fn on(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// Adds what a program may want to read.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// Says it with a status and a code of an operator's own program.
    #[must_use]
    pub fn with_own(mut self, status: u16, code: String) -> Self {
        self.own = Some((status, code));
        self
    }

    /// Adds a response header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Deref for Refusal {
    type Target = Told;

    fn deref(&self) -> &Told {
        &self.0
    }
}

impl DerefMut for Refusal {
    fn deref_mut(&mut self) -> &mut Told {
        &mut self.0
    }
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        Self::new(Reason::ValidationFailed, invalid.message).on(invalid.param)
    }
}

impl From<NoRandomness> for Refusal {
    fn from(error: NoRandomness) -> Self {
        Self::new(Reason::Internal, format!("{error}; try again"))
    }
}
