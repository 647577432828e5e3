//! What may be a header's name and value (RFC 9110 sections 5.1 and 5.5, SPEC section 2).

use serde_json::Value;

use super::{Invalid, MAX_HEADER_BYTES, MAX_HEADERS};

/// Longest API key in bytes.
const MAX_API_KEY_BYTES: usize = 8 * 1024;

/// Headers that frame the message: the platform writes them.
const FRAMING: [&str; 9] = [
    "host",
    "content-length",
    "connection",
    "transfer-encoding",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
];

/// Headers that carry a credential, whoever's it is.
const CREDENTIALS: [&str; 16] = [
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "cookie",
    "set-cookie",
    "apikey",
    "x-auth-token",
    "x-access-token",
    "x-amz-security-token",
    "x-goog-iam-authorization-token",
    "ocp-apim-subscription-key",
    "cf-aig-authorization",
    "cf-access-client-id",
    "cf-access-client-secret",
];

/// What stands for hidden characters in a masked credential.
const MASKS: [&str; 6] = ["…", "...", "•", "●", "***", "∗∗∗"];

/// Whether the header frames the message, in any case.
pub fn is_framing(name: &str) -> bool {
    FRAMING.iter().any(|framing| name.eq_ignore_ascii_case(framing))
}

/// Whether the header carries a credential, in any case.
pub fn is_credential(name: &str) -> bool {
    CREDENTIALS.iter().any(|credential| name.eq_ignore_ascii_case(credential))
}

/// Whether a text can stand in a header as it is: visible ASCII, space and tab. RFC 9110 lets bytes above 0x7F pass
/// too, but every reader takes them for something else.
pub fn is_legal_value(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'))
}

/// Whether a credential is the masked form that some console showed (`sk-…abcd`, asterisks, dots): SPEC section 2
/// refuses to write it back over the real one.
pub fn looks_masked(text: &str) -> bool {
    MASKS.iter().any(|mask| text.contains(mask))
}

/// Checks an API key as it was pasted; gives it back without the white space around it.
///
/// # Errors
/// [`Invalid`] on `param`: empty, longer than 8 KiB, masked, or holding anything but visible ASCII. The message never
/// repeats the key.
pub fn api_key_text<'k>(param: &str, text: &'k str) -> Result<&'k str, Invalid> {
    let key = text.trim();
    let rules = [
        (key.is_empty(), "The API key is empty."),
        (key.len() > MAX_API_KEY_BYTES, "An API key has at most 8192 characters."),
        (
            looks_masked(key),
            "This is the masked form of a key; send the key itself, or leave the field out to keep it.",
        ),
        (
            !key.bytes().all(|byte| byte.is_ascii_graphic()),
            "An API key has only visible ASCII characters, without white space or line breaks.",
        ),
    ];
    match rules.into_iter().find(|(broken, _)| *broken) {
        Some((_, rule)) => Err(Invalid::new(param, rule)),
        None => Ok(key),
    }
}

/// Why a name is refused in a map; `None` when it may stand.
pub(super) type NameRule = fn(&str) -> Option<&'static str>;

pub(super) fn refuse_framing(name: &str) -> Option<&'static str> {
    is_framing(name).then_some("is managed by Sluice and cannot be set")
}

pub(super) fn refuse_framing_and_credentials(name: &str) -> Option<&'static str> {
    refuse_framing(name).or_else(|| {
        is_credential(name).then_some("carries a credential; use `api_key` or `custom_headers`, which are sealed")
    })
}

/// Builds a map header by header, each checked against the rules and against the ones before it.
pub(super) struct Collector<T> {
    param: &'static str,
    name_rule: NameRule,
    headers: Vec<(String, T)>,
    bytes: usize,
}

impl<T> Collector<T> {
    pub(super) fn new(param: &'static str, name_rule: NameRule) -> Self {
        Self { param, name_rule, headers: Vec::new(), bytes: 0 }
    }

    pub(super) fn push(&mut self, name: &str, value: &str, keep: fn(&str) -> T) -> Result<(), Invalid> {
        let shown = shown(name);
        let refused = |message: String| {
            Err(Invalid::new(format!("{}.{shown}", self.param), format!("The header `{shown}` {message}.")))
        };
        if name.is_empty() || !name.bytes().all(is_token_byte) {
            return refused("has a name that is not allowed: letters, digits and !#$%&'*+-.^_`|~ only".to_owned());
        }
        if let Some(rule) = (self.name_rule)(name) {
            return refused(rule.to_owned());
        }
        if self.headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            return refused("is given twice; case makes no difference".to_owned());
        }
        let value = value.trim_matches([' ', '\t']);
        if value.is_empty() {
            return refused("has no value".to_owned());
        }
        if looks_masked(value) {
            return refused("has a masked value; send the value itself".to_owned());
        }
        if !is_legal_value(value) {
            return refused("has a value with control or non-ASCII characters".to_owned());
        }
        self.bytes = self.bytes.saturating_add(name.len()).saturating_add(value.len());
        if self.headers.len() >= MAX_HEADERS || self.bytes > MAX_HEADER_BYTES {
            let message = format!("A header map has at most {MAX_HEADERS} headers and {MAX_HEADER_BYTES} bytes.");
            return Err(Invalid::new(self.param, message));
        }
        self.headers.push((name.to_owned(), keep(value)));
        Ok(())
    }

    pub(super) fn finish(self) -> Vec<(String, T)> {
        self.headers
    }
}

/// Walks a JSON object of strings.
pub(super) fn each_string(
    param: &str,
    value: &Value,
    mut each: impl FnMut(&str, &str) -> Result<(), Invalid>,
) -> Result<(), Invalid> {
    let object = value
        .as_object()
        .ok_or_else(|| Invalid::new(param, "It must be an object of header names and string values."))?;
    for (name, value) in object {
        let text = value.as_str().ok_or_else(|| {
            let shown = shown(name);
            Invalid::new(format!("{param}.{shown}"), format!("The value of the header `{shown}` must be a string."))
        })?;
        each(name, text)?;
    }
    Ok(())
}

/// A name as an error may repeat it: someone may have pasted `Authorization: Bearer sk-…` as the name.
fn shown(name: &str) -> String {
    name.chars().take_while(|c| u8::try_from(*c).is_ok_and(is_token_byte)).take(64).collect()
}

/// RFC 9110 section 5.6.2, `tchar`.
const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+')
        || matches!(byte, b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}
