//! Addresses of people, for other people to read: nothing is ever sent to them.

use crate::domain::invalid::Invalid;

/// A trimmed address of at most 254 characters (RFC 5321), with something on each side of its last `@`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Trims and checks.
    ///
    /// # Errors
    /// [`Invalid`] on `param`.
    pub fn parse(param: &str, text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let sides = text.rsplit_once('@').filter(|(local, host)| !local.is_empty() && !host.is_empty());
        let is_clean = text.len() <= 254 && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
        match sides {
            Some(_) if is_clean => Ok(Self(text.to_owned())),
            _ => Err(Invalid::new(
                param,
                format!("{param} must be an address such as ada@example.com, at most 254 bytes long; null for none"),
            )),
        }
    }

    /// Takes over what a column holds.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_two_sides_and_no_white_space() {
        assert_eq!(Email::parse("email", " ada@example.com ").expect("an address").as_str(), "ada@example.com");
        assert!(Email::parse("email", "дарья@пример.рф").is_ok());
        for bad in ["", "ada", "@example.com", "ada@", "a da@example.com", "a\n@b", &format!("a@{}", "b".repeat(253))] {
            assert_eq!(Email::parse("email", bad).expect_err(bad).param, "email");
        }
    }
}
