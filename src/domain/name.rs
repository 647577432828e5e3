//! Names that people give.

use crate::domain::invalid::Invalid;
use std::fmt;

/// A trimmed name of 1 to 100 characters, with the key that uniqueness goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Trims and checks.
    pub fn parse(param: &str, text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let length = text.chars().count();
        if length == 0 || length > 100 {
            return Err(Invalid::new(param, format!("{param} must have 1 to 100 characters")));
        }
        if text.chars().any(char::is_control) {
            return Err(Invalid::new(param, format!("{param} must not hold control characters")));
        }
        Ok(Self(text.to_owned()))
    }

    /// A name that a selector begins with: it holds no `^`, where a selector is split.
    pub fn parse_prefix(param: &str, text: &str) -> Result<Self, Invalid> {
        let name = Self::parse(param, text)?;
        if name.0.contains('^') {
            return Err(Invalid::new(param, format!("{param} must not contain `^`: it separates provider and model")));
        }
        Ok(name)
    }

    /// The name as it was given, trimmed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What uniqueness goes by: names that differ in case only are the same.
    pub fn key(&self) -> String {
        key(&self.0)
    }
}

/// What a name of any kind is compared by.
pub fn key(text: &str) -> String {
    text.trim().to_lowercase()
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_compared_without_case() {
        let name = Name::parse("name", "  Ærø OpenAI ").expect("a name");
        assert_eq!((name.as_str(), name.key().as_str()), ("Ærø OpenAI", "ærø openai"));
    }

    #[test]
    fn names_that_cannot_be_are_refused() {
        for bad in ["", "   ", &"x".repeat(101), "a\nb"] {
            assert_eq!(Name::parse("name", bad).expect_err("refused").param, "name");
        }
        assert!(Name::parse("name", &"é".repeat(100)).is_ok());
        assert!(Name::parse_prefix("name", "a^b").is_err());
    }
}
