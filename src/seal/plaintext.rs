//! A credential in clear, for as long as it must be.

use std::fmt;
use zeroize::Zeroizing;

/// A plaintext credential. Wiped when dropped; shown by nothing; compared with nothing.
#[derive(Clone)]
pub struct Plaintext(Zeroizing<String>);

impl Plaintext {
    /// Takes the value over.
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value itself: for sealing and for the header that carries it upstream, and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The last four characters, and only of a value long enough that they give nothing away (SPEC section 3).
    pub fn hint(&self) -> Option<String> {
        let length = self.0.chars().count();
        (length >= 20).then(|| self.0.chars().skip(length - 4).collect())
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plaintext(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_the_last_four_characters_of_a_long_value_only() {
        assert_eq!(Plaintext::new("sk-0123456789abcdefgh".into()).hint().as_deref(), Some("efgh"));
        assert_eq!(Plaintext::new("0123456789abcdefghi".into()).hint(), None);
        assert_eq!(Plaintext::new("ключ-0123456789abcdé€".into()).hint().as_deref(), Some("cdé€"));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Plaintext::new("hunter2".into())), "Plaintext(…)");
    }
}
