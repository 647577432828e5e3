//! The stored form of a sealed value, and the place it is bound to.

use crate::seal::ring::SealError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a sealed value lives. It opens nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The project of the row.
    pub project: &'a str,
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row's id.
    pub row: &'a str,
}

impl Place<'_> {
    /// The additional data of the seal: version, table, row, column and project, each behind its length, so that no
    /// two places share one encoding.
    pub(super) fn additional_data(&self) -> Vec<u8> {
        let parts = [VERSION, self.table, self.row, self.column, self.project];
        let mut data = Vec::with_capacity(parts.iter().map(|part| part.len() + 4).sum());
        for part in parts {
            data.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            data.extend_from_slice(part.as_bytes());
        }
        data
    }
}

const VERSION: &str = "v1";

/// `v1.<key id>.<base64url of nonce and ciphertext>`: safe to store, to copy and to show in a debugger.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

impl Sealed {
    pub(super) fn assemble(key_id: &str, nonce_and_ciphertext: &[u8]) -> Self {
        Self(format!("{VERSION}.{key_id}.{}", URL_SAFE_NO_PAD.encode(nonce_and_ciphertext)))
    }

    /// Takes over what a column holds.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// What the column holds.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key that sealed it.
    pub fn key_id(&self) -> Result<&str, SealError> {
        self.parts().map(|(key_id, _)| key_id)
    }

    pub(super) fn parts(&self) -> Result<(&str, Vec<u8>), SealError> {
        let rest = self.0.strip_prefix(VERSION).and_then(|rest| rest.strip_prefix('.')).ok_or(SealError::Broken)?;
        let (key_id, payload) = rest.split_once('.').ok_or(SealError::Broken)?;
        Ok((key_id, URL_SAFE_NO_PAD.decode(payload).map_err(|_| SealError::Broken)?))
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({})", self.key_id().unwrap_or("broken"))
    }
}
