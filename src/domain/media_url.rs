//! The address of an image or a document that a client names and the gateway fetches for an upstream that cannot.
//!
//! It is the client's word, so it may lead to the public internet only, like an upstream's address (SPEC section 2).

use super::base_url::{BaseUrl, PrivateUpstreams};
use super::invalid::Invalid;

/// Longest address in bytes.
const MAX_BYTES: usize = 8192;

const PARAM: &str = "url";

/// An address that may be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaUrl(String);

impl MediaUrl {
    /// Reads an address; a fragment is left out.
    ///
    /// # Errors
    /// [`Invalid`] on `url`, naming the rule: not http or https, a user name, a host that is not public, characters that
    /// must be percent-encoded.
    pub fn parse(text: &str, private: PrivateUpstreams) -> Result<Self, Invalid> {
        let text = text.split('#').next().unwrap_or_default();
        if text.len() > MAX_BYTES {
            return Err(Invalid::new(PARAM, "An address has at most 8192 characters."));
        }
        let authority = text.find("://").map_or(0, |scheme| scheme + 3);
        let path = text.get(authority..).and_then(|rest| rest.find(['/', '?'])).map_or(text.len(), |at| authority + at);
        let (origin, rest) = text.split_at_checked(path).unwrap_or((text, ""));
        let base = BaseUrl::parse(origin).map_err(|invalid| Invalid::new(PARAM, invalid.message))?;
        base.check_reach(private).map_err(|invalid| Invalid::new(PARAM, invalid.message))?;
        if !rest.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return Err(Invalid::new(PARAM, "It holds a character that must be percent-encoded."));
        }
        let slash = if rest.starts_with('/') { "" } else { "/" };
        Ok(Self(format!("{}{slash}{rest}", base.origin())))
    }

    /// Where a redirect from here leads.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn redirected(&self, location: &str, private: PrivateUpstreams) -> Result<Self, Invalid> {
        let is_absolute = location.contains("://");
        let is_path = location.starts_with('/') && !location.starts_with("//");
        match (is_absolute, is_path, BaseUrl::parse(self.origin())) {
            (true, ..) => Self::parse(location, private),
            (_, true, Ok(base)) => Self::parse(&format!("{}{location}", base.origin()), private),
            _ => Err(Invalid::new(PARAM, "It redirects to an address that is not absolute.")),
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn origin(&self) -> &str {
        let authority = self.0.find("://").map_or(0, |scheme| scheme + 3);
        let end = self.0.get(authority..).and_then(|rest| rest.find('/')).map_or(self.0.len(), |at| authority + at);
        self.0.get(..end).unwrap_or(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PrivateUpstreams::{Allowed, Refused};

    #[test]
    fn an_address_keeps_its_path_and_query_and_loses_its_fragment() {
        for (text, expected) in [
            ("https://Example.com/a%20b.png?size=1&x=/y#top", "https://example.com/a%20b.png?size=1&x=/y"),
            ("https://example.com", "https://example.com/"),
            ("https://example.com?x=1", "https://example.com/?x=1"),
        ] {
            assert_eq!(MediaUrl::parse(text, Refused).expect(text).as_str(), expected);
        }
    }

    #[test]
    fn only_the_public_internet_is_fetched() {
        for text in [
            "https://127.0.0.1/x.png",
            "https://0x7f.1/x.png",
            "https://[::1]/x",
            "https://169.254.169.254/latest/meta-data",
            "https://localhost/x",
            "http://example.com/x.png",
            "https://user@example.com/x",
            "https://example.com\\@127.0.0.1/x",
            "ftp://example.com/x",
            "file:///etc/passwd",
            "data:image/png;base64,AAAA",
            "https://example.com/a b",
            "",
        ] {
            assert!(MediaUrl::parse(text, Refused).is_err(), "{text}");
        }
        assert!(MediaUrl::parse("http://127.0.0.1:8080/x.png", Allowed).is_ok());
    }

    #[test]
    fn a_redirect_leads_to_the_public_internet_too() {
        let from = MediaUrl::parse("https://example.com:8443/a/b.png", Refused).expect("an address");
        let to = |location| from.redirected(location, Refused).map(|url| url.0);
        assert_eq!(to("/c.png?x"), Ok("https://example.com:8443/c.png?x".into()));
        assert_eq!(to("https://cdn.example.com/c.png"), Ok("https://cdn.example.com/c.png".into()));
        for refused in ["//169.254.169.254/x", "https://10.0.0.1/x", "c.png", ""] {
            assert!(to(refused).is_err(), "{refused}");
        }
    }
}
