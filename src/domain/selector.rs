//! `provider^model`: how a client, a fallback list and a token's permissions name one model under one provider.

use std::fmt;

use super::glob::{Case, Glob};
use super::invalid::Invalid;

/// Stands between the provider's name and the model's. A provider's name may not hold it, a model's may.
pub const SEPARATOR: char = '^';

/// A provider's name and a model's name under it (SPEC section 1). Neither is known to exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selector {
    provider: String,
    model: String,
}

impl Selector {
    /// Reads `provider^model`, split at the first `^`; white space around either side is dropped.
    ///
    /// # Errors
    /// [`Invalid`] on `param` when there is no `^` or a side is empty.
    pub fn parse(param: &str, text: &str) -> Result<Self, Invalid> {
        let (provider, model) = Self::split(text).ok_or_else(|| {
            Invalid::new(param, "A selector is written `provider^model`, with a name on either side of the `^`.")
        })?;
        Ok(Self { provider: provider.to_owned(), model: model.to_owned() })
    }

    /// The two sides of `text`, if it is a selector: for the data plane, where anything else is a public name.
    pub fn split(text: &str) -> Option<(&str, &str)> {
        let (provider, model) = text.split_once(SEPARATOR)?;
        match (provider.trim(), model.trim()) {
            ("", _) | (_, "") => None,
            sides => Some(sides),
        }
    }

    /// The provider's name, before the first `^`.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The upstream's model name, which may hold further `^`.
    pub fn model(&self) -> &str {
        &self.model
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{SEPARATOR}{}", self.provider, self.model)
    }
}

/// One entry of a token's `allowed_models`: a wildcard over selectors and public names, blind to ASCII case
/// (SPEC section 4).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SelectorGlob(Glob);

impl SelectorGlob {
    /// Reads a pattern; white space around it is dropped.
    ///
    /// # Errors
    /// [`Invalid`] on `param` when the pattern is empty, too long or holds a control character.
    pub fn parse(param: &str, text: &str) -> Result<Self, Invalid> {
        Glob::parse(param, text.trim(), Case::Insensitive).map(Self)
    }

    /// Whether a selector or public name fits the pattern.
    pub fn matches(&self, name: &str) -> bool {
        self.0.matches(name)
    }

    /// Whether every name that `other` lets in is let in here: a token may only be minted within its maker's own.
    pub fn covers(&self, other: &Self) -> bool {
        self.0.covers(&other.0)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The pattern, to be held against a policy's resources.
    pub fn as_glob(&self) -> &Glob {
        &self.0
    }
}

impl fmt::Display for SelectorGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
