//! The key ring: the first key seals, all open.

use super::{Place, Plaintext, Sealed};
use crate::ports::{NoRandomness, Rng};
use crate::refusal::{Reason, Refusal};
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hkdf::Hkdf;
use sha2::Sha256;
use std::fmt;
use zeroize::Zeroizing;

/// Base64 as `openssl rand -base64 32` writes it, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

/// What a data key is for: each purpose derives another key (RFC 5869 `info`), so that what was sealed for one opens for
/// no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Credentials in rows.
    Credentials,
    /// Copies of rows outside the database.
    Copies,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Credentials => b"sluice v1 credentials",
            Self::Copies => b"sluice v1 copies",
        }
    }
}

/// Why a value could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealError {
    /// The ring cannot be read; the text says which entry breaks which rule.
    NotConfigured(String),
    /// The value was sealed with a key that the ring does not hold.
    KeyMissing(String),
    /// The value was changed, moved, or sealed with another key of the same id.
    Broken,
    /// No nonce could be made.
    NoRandomness,
}

impl From<NoRandomness> for SealError {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

impl From<SealError> for Refusal {
    fn from(error: SealError) -> Self {
        match error {
            SealError::NotConfigured(why) => Self::new(Reason::SealingNotConfigured, why),
            SealError::KeyMissing(id) => Self::new(
                Reason::SealingKeyMissing,
                format!("a credential is sealed with key `{id}`, which SEALING_KEYS does not hold: add it to the ring"),
            )
            .with_details(crate::json::json!({ "key_id": id })),
            SealError::Broken => Self::new(
                Reason::SealBroken,
                "a sealed credential does not open: it was changed, moved from another row, or its key was replaced \
                 under the same id; write the credential again",
            ),
            SealError::NoRandomness => NoRandomness.into(),
        }
    }
}

struct Key {
    id: String,
    credentials: Aes256Gcm,
    copies: Aes256Gcm,
}

impl Key {
    /// Derives the data keys; `None` where the material is not base64 of 32 bytes.
    fn derive(id: &str, material: &str) -> Option<Self> {
        let material = Zeroizing::new(BASE64.decode(material).ok().filter(|bytes| bytes.len() == KEY_BYTES)?);
        let credentials = data_key(&material, Purpose::Credentials)?;
        Some(Self { id: id.to_owned(), credentials, copies: data_key(&material, Purpose::Copies)? })
    }

    const fn cipher(&self, purpose: Purpose) -> &Aes256Gcm {
        match purpose {
            Purpose::Credentials => &self.credentials,
            Purpose::Copies => &self.copies,
        }
    }
}

/// The keys of `SEALING_KEYS`: `id:base64(32 bytes)` entries, comma-separated.
pub struct KeyRing {
    sealing: Key,
    older: Vec<Key>,
}

impl KeyRing {
    /// Reads the ring. Absent, empty, malformed, too short or ambiguous: [`SealError::NotConfigured`], which repeats
    /// ids but never key material.
    pub fn parse(text: Option<&str>) -> Result<Self, SealError> {
        let fail = |why: String| Err(SealError::NotConfigured(why));
        let text = text.map(str::trim).unwrap_or_default();
        if text.is_empty() {
            return fail(
                "SEALING_KEYS is not set: credentials cannot be sealed or opened. Set it to \
                 `k1:<output of openssl rand -base64 32>` with `wrangler secret put SEALING_KEYS`"
                    .into(),
            );
        }
        let mut keys: Vec<Key> = Vec::new();
        for (index, entry) in text.split(',').enumerate() {
            let nth = index + 1;
            let Some((id, material)) = entry.trim().split_once(':') else {
                return fail(format!("SEALING_KEYS: entry {nth} is not of the form id:base64"));
            };
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            if id.is_empty() || id.len() > 32 || !id.bytes().all(legal) {
                return fail(format!(
                    "SEALING_KEYS: the id of entry {nth} must be 1 to 32 letters, digits, `-` or `_`"
                ));
            }
            if keys.iter().any(|key| key.id == id) {
                return fail(format!("SEALING_KEYS: the id `{id}` stands twice"));
            }
            let Some(key) = Key::derive(id, material.trim()) else {
                return fail(format!("SEALING_KEYS: key `{id}` must be base64 of exactly {KEY_BYTES} bytes"));
            };
            keys.push(key);
        }
        let older = keys.split_off(1);
        match keys.pop() {
            Some(sealing) => Ok(Self { sealing, older }),
            None => fail("SEALING_KEYS holds no key".into()),
        }
    }

    /// The key that seals.
    pub fn sealing_id(&self) -> &str {
        &self.sealing.id
    }

    /// Every key, the sealing one first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.sealing).chain(&self.older).map(|key| key.id.as_str())
    }

    /// Seals a value for one place, under a fresh random nonce.
    pub fn seal(&self, plaintext: &Plaintext, place: &Place<'_>, rng: &dyn Rng) -> Result<Sealed, SealError> {
        self.encrypt(Purpose::Credentials, plaintext.expose(), &place.additional_data(), rng)
    }

    /// Opens a value in the place it was sealed for.
    pub fn open(&self, sealed: &Sealed, place: &Place<'_>) -> Result<Plaintext, SealError> {
        self.decrypt(Purpose::Credentials, sealed, &place.additional_data())
    }

    /// Seals a copy of rows, to be kept under a name where others may write.
    pub fn seal_copy(&self, rows: &str, name: &str, rng: &dyn Rng) -> Result<Sealed, SealError> {
        self.encrypt(Purpose::Copies, rows, name.as_bytes(), rng)
    }

    /// Opens a copy that was kept under this name. What anybody else put there does not open.
    pub fn open_copy(&self, sealed: &Sealed, name: &str) -> Result<Plaintext, SealError> {
        self.decrypt(Purpose::Copies, sealed, name.as_bytes())
    }

    #[inline(never)]
    fn encrypt(&self, purpose: Purpose, text: &str, place: &[u8], rng: &dyn Rng) -> Result<Sealed, SealError> {
        let mut sealed = vec![0u8; NONCE_BYTES];
        rng.fill(&mut sealed)?;
        let nonce = Nonce::try_from(sealed.as_slice()).map_err(|_| SealError::NoRandomness)?;
        let payload = Payload { msg: text.as_bytes(), aad: place };
        let ciphertext = self.sealing.cipher(purpose).encrypt(&nonce, payload).map_err(|_| SealError::Broken)?;
        sealed.extend_from_slice(&ciphertext);
        Ok(Sealed::assemble(&self.sealing.id, &sealed))
    }

    #[inline(never)]
    fn decrypt(&self, purpose: Purpose, sealed: &Sealed, place: &[u8]) -> Result<Plaintext, SealError> {
        let (key_id, bytes) = sealed.parts()?;
        let key = std::iter::once(&self.sealing)
            .chain(&self.older)
            .find(|key| key.id == key_id)
            .ok_or_else(|| SealError::KeyMissing(key_id.to_owned()))?;
        let (nonce, ciphertext) = bytes.split_at_checked(NONCE_BYTES).ok_or(SealError::Broken)?;
        let nonce = Nonce::try_from(nonce).map_err(|_| SealError::Broken)?;
        let payload = Payload { msg: ciphertext, aad: place };
        let cipher = key.cipher(purpose);
        let plaintext = Zeroizing::new(cipher.decrypt(&nonce, payload).map_err(|_| SealError::Broken)?);
        let text = std::str::from_utf8(&plaintext).map_err(|_| SealError::Broken)?;
        Ok(Plaintext::new(text.to_owned()))
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

/// Derives a purpose's key by HKDF-SHA256. In the Worker once.
#[inline(never)]
fn data_key(material: &[u8], purpose: Purpose) -> Option<Aes256Gcm> {
    let mut derived = Zeroizing::new([0u8; KEY_BYTES]);
    Hkdf::<Sha256>::new(None, material).expand(purpose.label(), derived.as_mut_slice()).ok()?;
    Aes256Gcm::new_from_slice(derived.as_slice()).ok()
}

#[cfg(test)]
mod tests;
