//! An AWS credential, as a provider's `api_key` stores it.

use crate::domain::header_map::looks_masked;
use crate::domain::invalid::Invalid;
use crate::seal::Plaintext;
use serde_json::Value;
use zeroize::Zeroizing;

/// Most bytes of one field: a session token has no limit that AWS would name, and stays well below.
const MAX_FIELD_BYTES: usize = 8192;

const API_KEY: &str = "api_key";
const SHAPE: &str = "An AWS credential is a JSON object with the strings `access_key_id` and `secret_access_key`, and \
                     with `session_token` where it is temporary.";

/// An access key. What is secret of it is wiped when dropped and shown by nothing.
#[derive(Debug, Clone)]
pub struct Credentials {
    access_key_id: String,
    secret_access_key: Plaintext,
    session_token: Option<Plaintext>,
}

impl Credentials {
    /// Reads `{"access_key_id": "…", "secret_access_key": "…", "session_token": "…"}`; the token may be left out.
    ///
    /// # Errors
    /// [`Invalid`] on `api_key` for text that is no JSON object, and on `api_key.<field>` for a field that is unknown,
    /// missing, no string, empty, masked, longer than 8 KiB or not visible ASCII. No message repeats a value.
    pub fn parse_json(text: &str) -> Result<Self, Invalid> {
        // The parser's own message may quote the text.
        let Ok(Value::Object(members)) = serde_json::from_str(text) else { return Err(Invalid::new(API_KEY, SHAPE)) };
        let (mut access_key_id, mut secret_access_key, mut session_token) = (None, None, None);
        for (name, value) in members {
            let field = match name.as_str() {
                "access_key_id" => &mut access_key_id,
                "secret_access_key" => &mut secret_access_key,
                "session_token" => &mut session_token,
                _ => return Err(refused(&name, &format!("There is no such field. {SHAPE}"))),
            };
            let Value::String(value) = value else { return Err(refused(&name, "It must be a string.")) };
            *field = Some(checked(&name, &Zeroizing::new(value))?);
        }
        let required = |field: Option<Plaintext>, name| field.ok_or_else(|| refused(name, "It is missing."));
        let access_key_id = required(access_key_id, "access_key_id")?.expose().to_owned();
        // It stands between separators in the header.
        if !access_key_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(refused("access_key_id", "It has only letters, digits and `_`, such as AKIDEXAMPLE."));
        }
        Ok(Self { access_key_id, secret_access_key: required(secret_access_key, "secret_access_key")?, session_token })
    }

    /// The key's name, which every signature shows: not secret.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// What must not be repeated to anybody.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        [Some(&self.secret_access_key), self.session_token.as_ref()].into_iter().flatten().map(Plaintext::expose)
    }

    pub(super) fn secret_access_key(&self) -> &str {
        self.secret_access_key.expose()
    }

    pub(super) fn session_token(&self) -> Option<&str> {
        self.session_token.as_ref().map(Plaintext::expose)
    }
}

fn refused(field: &str, message: &str) -> Invalid {
    Invalid::new(field, message).within(API_KEY)
}

fn checked(field: &str, value: &str) -> Result<Plaintext, Invalid> {
    let value = value.trim();
    let rules = [
        (value.is_empty(), "It is empty."),
        (value.len() > MAX_FIELD_BYTES, "It has at most 8192 characters."),
        (looks_masked(value), "It is masked; send the value itself."),
        (
            !value.bytes().all(|byte| byte.is_ascii_graphic()),
            "It has only visible ASCII characters, without white space or line breaks.",
        ),
    ];
    match rules.into_iter().find(|(broken, _)| *broken) {
        Some((_, rule)) => Err(refused(field, rule)),
        None => Ok(Plaintext::new(value.to_owned())),
    }
}
