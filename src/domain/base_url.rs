//! The address of an upstream: where its API begins (SPEC section 2, `base_url`).
//!
//! Parsed here rather than by the `url` crate, whose tables weigh 189 KB of wasm (CRAFT section 2). What a URL parser
//! would repair, this one refuses: a URL that two parsers could read differently never gets in.

use std::fmt;

use super::address::{Host, Reach};
use super::invalid::Invalid;

/// Longest base URL in bytes, as written.
pub const MAX_BASE_URL_BYTES: usize = 2048;

/// Whether the deployment lets providers point into private networks (`ALLOW_PRIVATE_UPSTREAMS`, SPEC section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrivateUpstreams {
    /// https and public hosts only; the default.
    Refused,
    /// Any host, http too: local development and self-hosting.
    Allowed,
}

/// The two schemes that an upstream may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Scheme {
    Http,
    Https,
}

impl Scheme {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// An absolute http or https URL without userinfo, query, fragment, dot segments or trailing slash.
///
/// Kept in canonical form: scheme and host in lower case, addresses as `fetch` would write them, no default port. The
/// path stays as it was written, percent-encoding included.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    scheme: Scheme,
    host: Host,
    text: String,
    origin_bytes: usize,
}

impl BaseUrl {
    /// Reads a base URL.
    ///
    /// # Errors
    /// [`Invalid`] on `base_url`, naming the rule. The message never repeats the URL: it may carry a password.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() > MAX_BASE_URL_BYTES {
            return Err(refused("It has at most 2048 characters."));
        }
        if let Some((_, rule)) = BANNED.iter().find(|(banned, _)| text.contains(banned)) {
            return Err(refused(rule));
        }
        let (scheme, rest) = split_scheme(text)?;
        let (authority, path) = match rest.find('/').and_then(|slash| rest.split_at_checked(slash)) {
            Some(parts) => parts,
            None => (rest, ""),
        };
        if authority.contains('@') {
            return Err(refused("It may not carry a user name or password; put the credential in its own field."));
        }
        let (host_text, port) = split_port(authority)?;
        let host = Host::parse(host_text).map_err(|invalid| Invalid::new(PARAM, invalid.message))?;
        let path = path.trim_end_matches('/');
        check_path(path)?;

        let mut text = format!("{}://{host}", scheme.as_str());
        if let Some(port) = port.filter(|port| *port != scheme.default_port()) {
            text.push_str(&format!(":{port}"));
        }
        let origin_bytes = text.len();
        text.push_str(path);
        Ok(Self { scheme, host, text, origin_bytes })
    }

    /// Refuses what this deployment may not call. Asked at write and again before every call, because the variable
    /// may have changed in between.
    ///
    /// # Errors
    /// [`Invalid`] on `base_url` when private upstreams are refused and the URL is not https or its host not public.
    pub fn check_reach(&self, private: PrivateUpstreams) -> Result<(), Invalid> {
        match (private, self.scheme, self.host.reach()) {
            (PrivateUpstreams::Allowed, _, _) | (_, Scheme::Https, Reach::Public) => Ok(()),
            (PrivateUpstreams::Refused, _, Reach::Private(what)) => {
                Err(refused(&format!("Its host is {what}, and upstreams must be on the public internet. {WAY_OUT}")))
            }
            (PrivateUpstreams::Refused, Scheme::Http, Reach::Public) => {
                Err(refused(&format!("It must be https, so that the credential is not sent in the clear. {WAY_OUT}")))
            }
        }
    }

    /// Scheme, host and port, such as `https://api.openai.com`. A redirect keeps the credential only within it.
    pub fn origin(&self) -> &str {
        self.text.get(..self.origin_bytes).unwrap_or(&self.text)
    }

    /// The host alone.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The path without a trailing slash: empty, or `/` and more.
    pub fn path(&self) -> &str {
        self.text.get(self.origin_bytes..).unwrap_or_default()
    }

    /// The whole URL in its canonical form.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

const PARAM: &str = "base_url";
const WAY_OUT: &str =
    "For local development or self-hosting, set the deployment variable ALLOW_PRIVATE_UPSTREAMS to \"true\".";

type CharacterClass = fn(char) -> bool;

/// Characters that are refused before anything else is read, because parsers disagree on them.
const BANNED: [(CharacterClass, &str); 4] = [
    (|c| c.is_whitespace() || c.is_control(), "It may not hold white space or control characters."),
    (|c| c == '\\', "It may not hold a backslash."),
    (|c| c == '?', "It may not carry a query; put `api_version` and the like in `advanced_json`."),
    (|c| c == '#', "It may not carry a fragment."),
];

fn refused(message: &str) -> Invalid {
    Invalid::new(PARAM, message)
}

fn split_scheme(text: &str) -> Result<(Scheme, &str), Invalid> {
    let (scheme, rest) = text
        .split_once("://")
        .ok_or_else(|| refused("It must be an absolute URL, such as `https://api.example.com/v1`."))?;
    match scheme.to_ascii_lowercase().as_str() {
        "http" => Ok((Scheme::Http, rest)),
        "https" => Ok((Scheme::Https, rest)),
        _ => Err(refused("It must begin with `https://` or `http://`.")),
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), Invalid> {
    let host_end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let (bracketed, after) = authority.split_at_checked(host_end).unwrap_or((authority, ""));
    let Some((name, port)) = after.split_once(':') else { return Ok((authority, None)) };
    let host = match (bracketed, name) {
        ("", name) => name,
        (bracketed, "") => bracketed,
        _ => authority,
    };
    let digits_only = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(port @ 1..) if digits_only => Ok((host, Some(port))),
        _ => Err(refused("Its port must be a number from 1 to 65535.")),
    }
}

/// `path` is empty or begins with `/`, and does not end with one.
fn check_path(path: &str) -> Result<(), Invalid> {
    let Some(inner) = path.strip_prefix('/') else { return Ok(()) };
    if !inner.bytes().all(is_path_byte) {
        return Err(refused("Its path holds a character that must be percent-encoded."));
    }
    if !escapes_are_whole(inner) {
        return Err(refused("In its path, `%` must be followed by two hexadecimal digits."));
    }
    // An upstream may decode before it splits, so an encoded slash counts as one when dots are looked for.
    let decoded = inner.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
    if decoded.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err(refused("Its path may not hold `.` or `..` segments."));
    }
    if inner.split('/').any(str::is_empty) {
        return Err(refused("Its path may not hold an empty segment (`//`)."));
    }
    Ok(())
}

/// RFC 3986 `pchar`, `/` and the `%` of an escape.
const fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+')
        || matches!(byte, b',' | b';' | b'=' | b':' | b'@' | b'/' | b'%')
}

fn escapes_are_whole(path: &str) -> bool {
    path.split('%')
        .skip(1)
        .all(|after| matches!(after.as_bytes(), [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests;
