//! How a credential becomes headers (SPEC section 1, auth method).

use std::fmt;

use zeroize::Zeroizing;

use crate::domain::header_map::{CustomHeaders, is_legal_value};
use crate::domain::invalid::Invalid;

/// An unsealed credential and the way it is presented. Azure's, Google's and Anthropic's keys differ only in the
/// header's name; `aws_sigv4` signs the request elsewhere and is `None` here.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// `authorization: Bearer …`.
    Bearer(&'a str),
    /// `x-api-key: …`.
    XApiKey(&'a str),
    /// `api-key: …`, Azure.
    ApiKey(&'a str),
    /// `x-goog-api-key: …`, Google.
    XGoogApiKey(&'a str),
    /// The operator's own header map.
    Custom(&'a CustomHeaders),
    /// Nothing: keyless on purpose, or signed elsewhere.
    None,
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bearer(_) => "Bearer([secret])",
            Self::XApiKey(_) => "XApiKey([secret])",
            Self::ApiKey(_) => "ApiKey([secret])",
            Self::XGoogApiKey(_) => "XGoogApiKey([secret])",
            Self::Custom(_) => "Custom([secret])",
            Self::None => "None",
        })
    }
}

/// One header that carries a credential. Its value is wiped when dropped and absent from `Debug`.
pub struct CredentialHeader<'a> {
    name: &'a str,
    value: Zeroizing<String>,
}

impl<'a> CredentialHeader<'a> {
    /// A header whose value was made elsewhere in routing: a signature.
    pub(in crate::routing) const fn new(name: &'a str, value: Zeroizing<String>) -> Self {
        Self { name, value }
    }

    /// The header's name.
    pub fn name(&self) -> &str {
        self.name
    }

    /// The secret value, for the upstream request alone.
    pub fn expose(&self) -> &str {
        &self.value
    }
}

impl fmt::Debug for CredentialHeader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: [secret]", self.name)
    }
}

impl<'a> Credential<'a> {
    /// The headers that present the credential, to be set over all others of their names.
    ///
    /// # Errors
    /// [`Invalid`] on `credential` when a key is empty or holds what cannot stand in a header; the message repeats
    /// none of it. Header maps were checked when they were made.
    pub fn headers(self) -> Result<Vec<CredentialHeader<'a>>, Invalid> {
        match self {
            Self::Bearer(key) => keyed("authorization", "Bearer ", key),
            Self::XApiKey(key) => keyed("x-api-key", "", key),
            Self::ApiKey(key) => keyed("api-key", "", key),
            Self::XGoogApiKey(key) => keyed("x-goog-api-key", "", key),
            Self::Custom(map) => Ok(map
                .iter()
                .map(|(name, value)| CredentialHeader { name, value: Zeroizing::new(value.to_owned()) })
                .collect()),
            Self::None => Ok(Vec::new()),
        }
    }
}

fn keyed<'a>(name: &'a str, scheme: &str, key: &str) -> Result<Vec<CredentialHeader<'a>>, Invalid> {
    // A secret that another provider shares may end in the line break of a paste.
    let key = key.trim();
    if key.is_empty() || !is_legal_value(key) {
        return Err(Invalid::new(
            "credential",
            "The stored credential is empty or has characters that cannot stand in a header; save it again.",
        ));
    }
    let mut value = Zeroizing::new(String::with_capacity(scheme.len() + key.len()));
    value.push_str(scheme);
    value.push_str(key);
    Ok(vec![CredentialHeader { name, value }])
}
