//! Public identifiers: a prefix that says what it is, and 16 random base62 characters (SPEC section 1). A request's, which SPEC
//! does not name, begin with its time.

use super::timestamp::Timestamp;
use crate::ports::{NoRandomness, Rng};
use serde::{Deserialize, Serialize};
use std::fmt;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `length` random base62 characters, each equally likely.
pub fn base62(rng: &dyn Rng, length: usize) -> Result<String, NoRandomness> {
    let mut text = String::with_capacity(length);
    let mut bytes = [0u8; 32];
    while text.len() < length {
        rng.fill(&mut bytes)?;
        // 248 is the largest multiple of 62 in a byte: what lies above would favour the first characters.
        let fair = bytes.iter().filter(|byte| **byte < 248);
        let letters = fair.filter_map(|byte| ALPHABET.get(usize::from(byte % 62)));
        text.extend(letters.take(length - text.len()).map(|letter| char::from(*letter)));
    }
    Ok(text)
}

/// A number's last `length` base62 digits, in an order that is also the text's: the alphabet's is ASCII's.
fn base62_digits(mut number: u64, length: usize) -> String {
    let mut digits = vec!['0'; length];
    for digit in digits.iter_mut().rev() {
        let value = usize::try_from(number % 62).unwrap_or_default();
        *digit = ALPHABET.get(value).map_or('0', |letter| char::from(*letter));
        number /= 62;
    }
    digits.into_iter().collect()
}

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        id!($(#[$doc])* $name, $prefix);

        impl $name {
            /// A new random id.
            pub fn generate(rng: &dyn Rng) -> Result<Self, NoRandomness> {
                base62(rng, 16).map(|tail| Self(format!("{}{tail}", Self::PREFIX)))
            }
        }
    };
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// What the id begins with.
            pub const PREFIX: &'static str = $prefix;

            /// Reads an id that a client named; `None` if it cannot be one.
            pub fn parse(text: &str) -> Option<Self> {
                let tail = text.strip_prefix(Self::PREFIX)?;
                let fits = tail.len() == 16 && tail.bytes().all(|byte| byte.is_ascii_alphanumeric());
                fits.then(|| Self(text.to_owned()))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

random_id!(
    /// A project: the tenant that everything belongs to.
    ProjectId, "prj_"
);
random_id!(
    /// A provider: an account at an upstream.
    ProviderId, "aip_"
);
random_id!(
    /// A model under a provider.
    ModelId, "mdl_"
);
random_id!(
    /// A named sealed value.
    SecretId, "sec_"
);
random_id!(
    /// A person or service.
    UserId, "usr_"
);
random_id!(
    /// A token that a client or operator presents.
    TokenId, "tok_"
);
random_id!(
    /// A user's own key at a provider.
    UserKeyId, "uky_"
);
random_id!(
    /// A WebAssembly filter that calls go through.
    ExtensionId, "ext_"
);
random_id!(
    /// A row of the audit log.
    AuditId, "aud_"
);
id!(
    /// One request, on either plane: `x-request-id`. Later ones come later in the alphabet.
    RequestId, "req_"
);

/// Digits of a request's id that say when it came, in milliseconds since 1970: enough until 2081.
const TIME_DIGITS: usize = 7;

impl RequestId {
    /// A new id for a request that came at `now`: the time, then random characters, of which a millisecond has 10^16. Rows of
    /// one time lie together in an index of ids, so that a group of them is a page or two to write, not one each.
    pub fn at(now: Timestamp, rng: &dyn Rng) -> Result<Self, NoRandomness> {
        let time = base62_digits(u64::try_from(now.ms()).unwrap_or_default(), TIME_DIGITS);
        base62(rng, 16 - TIME_DIGITS).map(|tail| Self(format!("{}{time}{tail}", Self::PREFIX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::collections::HashSet;

    struct Counting(Cell<u8>);
    impl Rng for Counting {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
            for byte in bytes {
                *byte = self.0.replace(self.0.get().wrapping_add(1));
            }
            Ok(())
        }
    }

    #[test]
    fn an_id_is_its_prefix_and_16_base62_characters_and_reads_back() {
        let rng = Counting(Cell::new(7));
        let ids: HashSet<_> = (0..50).filter_map(|_| ProviderId::generate(&rng).ok()).collect();
        assert!(ids.len() > 5);
        for id in ids {
            assert_eq!(id.as_str().len(), 20);
            assert_eq!(ProviderId::parse(id.as_str()), Some(id));
        }
    }

    #[test]
    fn requests_come_in_the_order_of_their_ids_and_those_of_one_millisecond_differ() {
        let rng = Counting(Cell::new(9));
        let ids: Vec<_> = [0, 1, 61, 62, 1_795_157_074_007, 1_795_157_074_008, 3_521_614_606_207]
            .into_iter()
            .filter_map(|ms| RequestId::at(Timestamp::from_ms(ms), &rng).ok())
            .collect();
        assert_eq!(ids.len(), 7);
        assert!(ids.is_sorted(), "{ids:?}");
        assert!(ids.iter().all(|id| RequestId::parse(id.as_str()).as_ref() == Some(id)));
        let again = RequestId::at(Timestamp::from_ms(1_795_157_074_007), &rng).expect("randomness");
        assert_ne!(ids.get(4), Some(&again));
    }

    #[test]
    fn text_that_cannot_be_an_id_is_none() {
        for bad in [
            "",
            "aip_",
            "mdl_0123456789abcdef",
            "aip_0123456789abcde",
            "aip_0123456789abcdeff",
            "aip_0123456789abcd'\"",
        ] {
            assert_eq!(ProviderId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_base62_character_is_equally_likely() {
        let text = base62(&Counting(Cell::new(0)), 62 * 40).expect("randomness");
        let counts: Vec<_> = ALPHABET.iter().map(|letter| text.bytes().filter(|byte| byte == letter).count()).collect();
        assert_eq!((counts.iter().min(), counts.iter().max()), (Some(&40), Some(&40)));
    }
}
