//! Headers that an operator writes down: the credential map of `custom_headers`, and `advanced_json.extra_headers`.
//!
//! The same rules serve both; what differs is which names are forbidden and that the values of the first are secret.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde::ser::Serializer as _;
use serde_json::Value;
use zeroize::Zeroizing;

use super::invalid::Invalid;

mod rules;

pub use rules::{api_key_text, is_credential, is_framing, is_legal_value, looks_masked};

/// Most headers in one map.
pub const MAX_HEADERS: usize = 32;
/// Most bytes of names and values together in one map.
pub const MAX_HEADER_BYTES: usize = 8 * 1024;

const CUSTOM: &str = "custom_headers";
const EXTRA: &str = "extra_headers";

/// The credential of a provider whose `auth_method` is `custom_headers` (SPEC section 2).
///
/// Values are secret: wiped when dropped, absent from `Debug`, and reachable only through [`CustomHeaders::iter`] and
/// [`CustomHeaders::expose_json`].
#[derive(Clone)]
pub struct CustomHeaders(Vec<(String, Zeroizing<String>)>);

impl CustomHeaders {
    /// Takes a header map; white space around values is dropped, names keep their spelling.
    ///
    /// # Errors
    /// [`Invalid`] on `custom_headers`, or on `custom_headers.<Name>` for one header: an empty map, more than
    /// [`MAX_HEADERS`] or [`MAX_HEADER_BYTES`], a name that is no RFC 9110 token or that frames the message, a name
    /// given twice in different case, a value that is empty, masked, or holds more than visible ASCII, space and tab.
    pub fn new<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Result<Self, Invalid>
    where
        N: AsRef<str>,
        V: AsRef<str>,
    {
        let mut map = rules::Collector::new(CUSTOM, rules::refuse_framing);
        for (name, value) in pairs {
            map.push(name.as_ref(), value.as_ref(), secret)?;
        }
        Self::from_collected(map.finish())
    }

    /// Takes the map as it stands in a request body: an object whose values are strings.
    ///
    /// # Errors
    /// As [`CustomHeaders::new`], and for a value of another JSON type.
    pub fn from_value(value: &Value) -> Result<Self, Invalid> {
        let mut map = rules::Collector::new(CUSTOM, rules::refuse_framing);
        rules::each_string(CUSTOM, value, |name, value| map.push(name, value, secret))?;
        Self::from_collected(map.finish())
    }

    /// Reads what [`CustomHeaders::expose_json`] wrote, or what an operator put into a linked secret.
    ///
    /// # Errors
    /// As [`CustomHeaders::new`], and for text that is not a JSON object of strings. The message repeats none of it.
    pub fn parse_json(text: &str) -> Result<Self, Invalid> {
        let mut json = serde_json::Deserializer::from_str(text);
        let pairs = json.deserialize_map(Pairs).and_then(|pairs| json.end().map(|()| pairs));
        // The parser's own message may quote the text.
        Self::new(
            pairs
                .map_err(|_| Invalid::new(CUSTOM, "The header map must be a JSON object whose values are strings."))?,
        )
    }

    fn from_collected(headers: Vec<(String, Zeroizing<String>)>) -> Result<Self, Invalid> {
        if headers.is_empty() {
            return Err(Invalid::new(CUSTOM, "The header map is empty; name at least one header."));
        }
        Ok(Self(headers))
    }

    /// The headers' names, which are not secret.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Names and secret values, for the header builder alone.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The whole map as a JSON object, to be sealed.
    pub fn expose_json(&self) -> Zeroizing<String> {
        // Room for every value escaped throughout: a buffer that grows leaves copies of the secret behind.
        let room = self.iter().map(|(name, value)| name.len() + 2 * value.len() + 6).sum::<usize>() + 2;
        let mut json = Zeroizing::new(Vec::with_capacity(room));
        // Strings into a Vec: neither half can fail.
        let _ = serde_json::Serializer::new(&mut *json).collect_map(self.iter());
        Zeroizing::new(String::from_utf8(std::mem::take(&mut *json)).unwrap_or_default())
    }
}

impl fmt::Debug for CustomHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.names().map(|name| (name, format_args!("[secret]")))).finish()
    }
}

fn secret(value: &str) -> Zeroizing<String> {
    Zeroizing::new(value.to_owned())
}

/// Collects an object's members without a tree, so that each value exists once and is wiped.
struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(String, Zeroizing<String>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some((name, value)) = object.next_entry::<String, String>()? {
            pairs.push((name, Zeroizing::new(value)));
        }
        Ok(pairs)
    }
}

/// The headers of `advanced_json.extra_headers`: sent with every call, shown in full, never a credential (SPEC
/// section 2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExtraHeaders(Vec<(String, String)>);

impl ExtraHeaders {
    /// Takes the map as it stands in `advanced_json`; an empty one is allowed.
    ///
    /// # Errors
    /// [`Invalid`] on `extra_headers` or `extra_headers.<Name>`: as [`CustomHeaders::new`], and for a name that
    /// carries a credential.
    pub fn from_value(value: &Value) -> Result<Self, Invalid> {
        let mut map = rules::Collector::new(EXTRA, rules::refuse_framing_and_credentials);
        rules::each_string(EXTRA, value, |name, value| map.push(name, value, str::to_owned))?;
        Ok(Self(map.finish()))
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests;
