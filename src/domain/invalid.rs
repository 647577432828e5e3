//! The domain's one error: a value that breaks a rule.

use std::fmt;

/// A value was refused. Rendered as 422 on the admin surfaces.
///
/// `message` names the field, the rule and the way out, and never repeats a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The field at fault, dotted for nesting (`limits.budget_usd`).
    pub param: String,
    /// What the rule is and how to meet it, as a sentence for the person who reads it.
    pub message: String,
}

impl Invalid {
    /// Refuses `param` with a sentence that says which rule it broke.
    #[cold]
    pub fn new(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { param: param.into(), message: message.into() }
    }

    /// The same refusal seen from one level further out: `limits` + `budget_usd` → `limits.budget_usd`.
    #[must_use]
    pub fn within(mut self, parent: &str) -> Self {
        self.param = format!("{parent}.{}", self.param);
        self
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.param, self.message)
    }
}

impl std::error::Error for Invalid {}
