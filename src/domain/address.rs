//! Where a URL's host points, as a browser or `fetch` would read it.
//!
//! The host is parsed to an address first and judged second, and only global unicast is public: a list of forbidden
//! spellings always has a gap (CRAFT section 4). What a public *name* resolves to is not known here: a Worker's `fetch`
//! resolves on Cloudflare's edge, which has no route into anybody's private network.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::invalid::Invalid;

mod reach;

pub use reach::Reach;

/// Longest DNS name in bytes, without the trailing dot (RFC 1035 section 2.3.4).
const MAX_NAME_BYTES: usize = 253;
/// Longest label of a DNS name in bytes (RFC 1035 section 2.3.4).
const MAX_LABEL_BYTES: usize = 63;

/// The host of a URL in its canonical form (WHATWG URL section 3.5, without percent-decoding and IDNA).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// An IPv4 address, whichever way it was spelt.
    V4(Ipv4Addr),
    /// An IPv6 address; written in brackets.
    V6(Ipv6Addr),
    /// A DNS name: lower case, without the root's trailing dot.
    Name(String),
}

impl Host {
    /// Reads a host as it stands in a URL, brackets of an IPv6 address included.
    ///
    /// # Errors
    /// [`Invalid`] on `host`: empty, percent-encoded, not ASCII (an international name must be written in punycode),
    /// a malformed address, an IPv6 zone, or a name that DNS cannot hold.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Err(refused("A host is required, such as `api.example.com`."));
        }
        if !text.is_ascii() {
            return Err(refused("Write an international host name in punycode (`xn--…`), in ASCII characters only."));
        }
        if let Some(rest) = text.strip_prefix('[') {
            return parse_v6(rest).map(Self::V6);
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        if ends_in_a_number(name) { parse_v4(name).map(Self::V4) } else { parse_name(name).map(Self::Name) }
    }

    /// Whether the host is on the public internet.
    pub fn reach(&self) -> Reach {
        match self {
            Self::V4(address) => reach::of_v4(*address),
            Self::V6(address) => reach::of_v6(*address),
            Self::Name(name) => reach::of_name(name),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => write!(f, "[{address}]"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

fn refused(message: &str) -> Invalid {
    Invalid::new("host", message)
}

fn parse_v6(after_bracket: &str) -> Result<Ipv6Addr, Invalid> {
    let inner = after_bracket.strip_suffix(']').ok_or_else(|| refused("An IPv6 address ends with `]`."))?;
    if inner.contains('%') {
        return Err(refused("An IPv6 zone (`%…`) means nothing outside its own machine; leave it out."));
    }
    inner.parse().map_err(|_| refused("What stands in brackets is not an IPv6 address."))
}

/// A name whose last label is a number is an IPv4 address or an error, never a name (WHATWG "ends in a number").
fn ends_in_a_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    !last.is_empty() && (last.bytes().all(|byte| byte.is_ascii_digit()) || parse_number(last).is_some())
}

/// WHATWG's IPv4 parser: one to four numbers, each decimal, octal (`0…`) or hexadecimal (`0x…`), the last of which
/// fills all bytes that are left.
fn parse_v4(name: &str) -> Result<Ipv4Addr, Invalid> {
    let not_an_address = || refused("A host that ends in a number must be an IPv4 address.");
    let numbers: Vec<u64> = name.split('.').map(parse_number).collect::<Option<_>>().ok_or_else(not_an_address)?;
    let (&last, leading) = numbers.split_last().ok_or_else(not_an_address)?;
    let bytes_left = 4_u32.checked_sub(u32::try_from(leading.len()).unwrap_or(u32::MAX)).filter(|left| *left > 0);
    let bits_left = bytes_left.ok_or_else(not_an_address)? * 8;
    if last >= 1 << bits_left || leading.iter().any(|number| *number > 255) {
        return Err(not_an_address());
    }
    let high = leading.iter().fold(0, |bits, number| bits << 8 | number);
    u32::try_from(high << bits_left | last).map(Ipv4Addr::from_bits).map_err(|_| not_an_address())
}

fn parse_number(label: &str) -> Option<u64> {
    let (digits, radix) = match label.as_bytes() {
        [b'0', b'x' | b'X', digits @ ..] => (digits, 16),
        [b'0', digits @ ..] if !digits.is_empty() => (digits, 8),
        digits => (digits, 10),
    };
    match digits {
        // WHATWG reads a bare `0x` as zero.
        [] => (radix == 16).then_some(0),
        digits => digits.iter().try_fold(0_u64, |value, byte| {
            let digit = char::from(*byte).to_digit(radix)?;
            // Saturates: anything over 32 bits is refused by the range check, however long it is.
            Some(value.saturating_mul(u64::from(radix)).saturating_add(u64::from(digit)))
        }),
    }
}

fn parse_name(name: &str) -> Result<String, Invalid> {
    if name.contains('%') {
        return Err(refused("A host may not be percent-encoded."));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !name.bytes().all(allowed) {
        return Err(refused("A host name has only letters, digits, `-`, `_` and `.`."));
    }
    if name.len() > MAX_NAME_BYTES {
        return Err(refused("A host name has at most 253 characters."));
    }
    if name.split('.').any(|label| label.is_empty() || label.len() > MAX_LABEL_BYTES) {
        return Err(refused("Each part of a host name between dots has 1 to 63 characters."));
    }
    Ok(name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
