//! Tokens: shown once, stored as a hash.

use crate::domain::ids::base62;
use crate::ports::{NoRandomness, Rng};
use sha2::{Digest, Sha256};
use std::fmt;
use std::hash::{Hash, Hasher};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A token in clear: `slu_` and 44 base62 characters, 262 bits.
pub struct PlainToken(Zeroizing<String>);

impl PlainToken {
    const PREFIX: &'static str = "slu_";

    /// A new random token.
    pub fn generate(rng: &dyn Rng) -> Result<Self, NoRandomness> {
        base62(rng, 44).map(|tail| Self(Zeroizing::new(format!("{}{tail}", Self::PREFIX))))
    }

    /// The token itself, for the one answer that shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What lists may show of it: the beginning, as the vendors do.
    pub fn hint(&self) -> String {
        self.0.chars().take(Self::PREFIX.len() + 4).collect::<String>() + "…"
    }
}

impl fmt::Debug for PlainToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainToken(…)")
    }
}

/// The token of an `authorization: Bearer` header (RFC 6750 section 2.1; the scheme's case does not matter).
pub fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The SHA-256 of a whole token. Compared in constant time; hashed in maps by its own random bits.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Hashes what the caller presented.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// Lower-case hexadecimal, as stored.
    pub fn hex(&self) -> String {
        use fmt::Write as _;
        self.0.iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenHash {}

impl Hash for TokenHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SystemRng;

    #[test]
    fn a_token_is_slu_and_44_base62_characters_and_no_two_are_alike() {
        let (one, other) = (PlainToken::generate(&SystemRng), PlainToken::generate(&SystemRng));
        let (one, other) = (one.expect("random"), other.expect("random"));
        assert_eq!(one.expose().len(), 48);
        assert_ne!(one.expose(), other.expose());
        assert!(one.hint().len() < 16 && one.expose().starts_with(one.hint().trim_end_matches('…')));
        assert_eq!(format!("{one:?}"), "PlainToken(…)");
    }

    #[test]
    fn a_hash_is_sha_256_of_the_whole_token() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(TokenHash::of("").hex(), empty);
        assert_ne!(TokenHash::of("slu_a"), TokenHash::of("slu_b"));
    }
}
