//! Which web pages may call from a browser: `CORS_ORIGINS`.

/// The origins whose pages may read answers (Fetch standard, section 3.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origins {
    /// None: no answer says anything of origins.
    #[default]
    None,
    /// `*`: every page, and files and sandboxed frames, whose origin is `null`.
    Any,
    /// These, as browsers spell them.
    These(Vec<String>),
}

impl Origins {
    /// Reads a list, separated by commas; `None` where an entry could never be a browser's: it is compared as it is.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "" => Some(Self::None),
            "*" => Some(Self::Any),
            list => {
                let origins: Vec<&str> = list.split(',').map(str::trim).collect();
                let fit = origins.iter().all(|origin| is_origin(origin));
                fit.then(|| Self::These(origins.into_iter().map(str::to_owned).collect()))
            }
        }
    }

    /// What answers say to a page of that origin: whom they are for. `None`: not for it.
    pub fn allow<'o>(&self, origin: &'o str) -> Option<&'o str> {
        match self {
            Self::None => None,
            Self::Any => Some("*"),
            Self::These(origins) => origins.iter().any(|known| known == origin).then_some(origin),
        }
    }
}

/// `scheme://host[:port]` in lower case, and nothing after it.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    let scheme_legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    !scheme.is_empty() && scheme.bytes().all(scheme_legal) && !authority.is_empty() && authority.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_allowed_if_it_is_listed_and_as_it_is_listed() {
        let origins = Origins::parse("https://app.example.com, http://localhost:5173").expect("origins");
        assert_eq!(origins.allow("http://localhost:5173"), Some("http://localhost:5173"));
        for other in ["http://localhost", "https://localhost:5173", "https://app.example.com.evil.test", "null", ""] {
            assert_eq!(origins.allow(other), None, "{other}");
        }
        assert_eq!(Origins::parse(" * ").expect("any").allow("null"), Some("*"));
        assert_eq!(Origins::parse("").expect("none").allow("https://app.example.com"), None);
    }

    #[test]
    fn what_no_browser_would_ever_send_is_not_taken() {
        for bad in [
            "example.com",
            "https://example.com/",
            "https://Example.com",
            "https://*.example.com",
            "https://example.com,",
            "*, https://example.com",
            "https://",
            "null",
        ] {
            assert_eq!(Origins::parse(bad), None, "{bad}");
        }
    }
}
