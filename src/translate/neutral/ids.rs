//! Ids of tool calls: each vendor has its own rule, and one spelling fits all of them.

use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// OpenAI's limit, which is the least (PROTOCOLS.md section 4.4).
const LONGEST: usize = 40;

/// The id, or a stand-in that every vendor takes. The same id always has the same stand-in, so that calls and results pair,
/// and a later turn's prompt begins like the one before.
pub fn fit_call_id(id: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (1..=LONGEST).contains(&id.len()) && id.bytes().all(is_plain) {
        return Cow::Borrowed(id);
    }
    Cow::Owned(format!("call_{}", digest(&[id], 24)))
}

/// Makes ids for what the upstream left without one, unique to one call of a client.
#[derive(Debug, Clone)]
pub struct Minter {
    seed: String,
    made: u32,
}

impl Minter {
    /// Ids that stem from the request's own id.
    pub fn new(seed: &str) -> Self {
        Self { seed: seed.to_owned(), made: 0 }
    }

    /// The next id: the prefix and 24 letters and digits.
    pub fn mint(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}{}", digest(&[&self.seed, &self.made.to_string(), prefix], 24))
    }
}

/// The first `length` hexadecimal digits of a hash over the parts.
pub(super) fn digest(parts: &[&str], length: usize) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digits = hash.finalize().iter().flat_map(|byte| [byte >> 4, byte & 15]).take(length).collect::<Vec<_>>();
    digits.into_iter().filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_every_vendor_takes_stays_and_others_get_a_stand_in() {
        for fine in ["call_abc", "toolu_01A-b", &"x".repeat(40)] {
            assert_eq!(fit_call_id(fine), fine);
        }
        for foreign in ["", "a:b", "id.with.dots", &"x".repeat(41), "ü"] {
            let fitted = fit_call_id(foreign);
            assert!(fitted.len() == 29 && fitted.starts_with("call_"), "{fitted}");
            assert_eq!(fitted, fit_call_id(foreign));
        }
        assert_ne!(fit_call_id("a:b"), fit_call_id("a;b"));
    }

    #[test]
    fn minted_ids_differ_and_repeat_for_the_same_call() {
        let mut minter = Minter::new("req_1");
        let (first, second) = (minter.mint("call_"), minter.mint("call_"));
        assert_ne!(first, second);
        assert_eq!(Minter::new("req_1").mint("call_"), first);
        assert_ne!(Minter::new("req_2").mint("call_"), first);
    }
}
