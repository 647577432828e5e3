//! What is remembered of a sealed value: a salted hash, by which the next plan sees whether the configuration has
//! another one. Whoever reads a state must guess the value to learn it, and each guess takes 100,000 rounds of
//! HMAC-SHA-256.

use crate::schema::Type;
use crate::value::{Value, canonical};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use ring::pbkdf2::{PBKDF2_HMAC_SHA256, derive, verify};
use ring::rand::{SecureRandom, SystemRandom};
use std::num::NonZeroU32;

const ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(99_999);
const MARK: &str = "pbkdf2-sha256";

/// The fingerprint of a known value, with a salt of its own; `None` where the system has no random numbers.
pub fn of(kind: Type, value: &Value) -> Option<String> {
    let mut salt = [0; 16];
    SystemRandom::new().fill(&mut salt).ok()?;
    let mut hash = [0; 32];
    derive(PBKDF2_HMAC_SHA256, ROUNDS, &salt, text(kind, value).as_bytes(), &mut hash);
    Some(format!("{MARK}:{}:{}", BASE64.encode(salt), BASE64.encode(hash)))
}

/// Whether a fingerprint is of this value.
pub fn fits(fingerprint: &str, kind: Type, value: &Value) -> bool {
    let mut parts = fingerprint.splitn(3, ':');
    let (mark, salt, hash) = (parts.next(), parts.next(), parts.next());
    let decoded = |text: Option<&str>| BASE64.decode(text.unwrap_or_default()).unwrap_or_default();
    let (salt, hash) = (decoded(salt), decoded(hash));
    mark == Some(MARK)
        && !hash.is_empty()
        && verify(PBKDF2_HMAC_SHA256, ROUNDS, &salt, text(kind, value).as_bytes(), &hash).is_ok()
}

fn text(kind: Type, value: &Value) -> String {
    canonical(kind, value).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_fits_its_value_and_no_other_and_is_another_each_time() {
        let key = Value::Text("sk-0123456789".into());
        let [one, two] = [(); 2].map(|()| of(Type::Text, &key).expect("random numbers"));
        assert_ne!(one, two);
        assert!(fits(&one, Type::Text, &key) && fits(&two, Type::Text, &key));
        assert!(!fits(&one, Type::Text, &Value::Text("sk-0123456780".into())));
        for nothing in ["", "pbkdf2-sha256::", "pbkdf2-sha256:AAAA:"] {
            assert!(!fits(nothing, Type::Text, &key), "{nothing}");
        }
    }
}
