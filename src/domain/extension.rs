//! WebAssembly filters: where in a call one runs, what becomes of a call whose filter fails, and which calls go through it.

use super::ids::{ProviderId, TokenId};
use super::invalid::Invalid;
use serde::{Deserialize, Serialize};

/// Where in a call an extension runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hook {
    /// Before the call is routed: it sees the client's body.
    Request,
    /// Before an answer that came whole goes out.
    Response,
    /// Before each event of a stream goes out.
    Event,
    /// When the call is over: it sees what it came to.
    Settle,
}

impl Hook {
    /// All of them, in the order of a call.
    pub const ALL: [Self; 4] = [Self::Request, Self::Response, Self::Event, Self::Settle];

    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Event => "event",
            Self::Settle => "settle",
        }
    }

    /// By its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hook| hook.as_str() == word)
    }
}

/// What becomes of a call whose extension fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// It goes on as if the extension had changed nothing.
    Open,
    /// It fails.
    Closed,
}

impl OnError {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Open, Self::Closed];

    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }

    /// By its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// Which of a project's calls go through an extension.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Those that one of these providers may serve; empty: whichever does.
    pub provider_ids: Vec<ProviderId>,
    /// Those of these tokens; empty: of all, and of root.
    pub token_ids: Vec<TokenId>,
}

impl Scope {
    /// Whether a call of this token, none for root, may go through it.
    pub fn has_token(&self, token: Option<&TokenId>) -> bool {
        self.token_ids.is_empty() || token.is_some_and(|token| self.token_ids.contains(token))
    }

    /// Whether it asks who serves the call.
    pub const fn asks_for_provider(&self) -> bool {
        !self.provider_ids.is_empty()
    }

    /// Whether a call that this provider may serve goes through it.
    pub fn has_provider(&self, provider: &ProviderId) -> bool {
        self.provider_ids.is_empty() || self.provider_ids.contains(provider)
    }
}

/// The largest module, in bytes.
pub const MAX_MODULE_BYTES: usize = 1 << 20;

/// The longest configuration, in bytes of JSON.
pub const MAX_CONFIG_BYTES: usize = 64 << 10;

/// How many ids a scope may list of each kind.
pub const MAX_SCOPE: usize = 32;

/// What one hook may take where nothing is said, in milliseconds.
pub const DEFAULT_TIME_LIMIT_MS: i64 = 50;

/// The most that one hook may take, in milliseconds.
pub const MAX_TIME_LIMIT_MS: i64 = 1000;

/// Reads a module as it was sent.
///
/// # Errors
/// It is too large, or no base64.
pub fn module(param: &str, base64: &str) -> Result<usize, Invalid> {
    let unpadded = base64.trim_end_matches('=');
    let bytes = unpadded.len() / 4 * 3 + (unpadded.len() % 4).saturating_sub(1);
    if bytes > MAX_MODULE_BYTES {
        return Err(Invalid::new(param, format!("the module must not exceed {MAX_MODULE_BYTES} bytes; it has {bytes}")));
    }
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    if bytes == 0 || unpadded.len() % 4 == 1 || base64.len() - unpadded.len() > 2 || !unpadded.bytes().all(is_base64) {
        return Err(Invalid::new(param, format!("{param} must be a WebAssembly module in base64")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_base64_of_at_most_a_mebibyte() {
        assert_eq!(module("m", "AGFzbQ=="), Ok(4));
        assert_eq!(module("m", "AGFzbQ"), Ok(4));
        for bad in ["", "=", "A", "AGFzbQ===", "AGF zbQ=", "AGFz-_=="] {
            assert!(module("m", bad).is_err(), "{bad}");
        }
        assert_eq!(module("m", &"AAAA".repeat(349_525)), Ok(1_048_575));
        let refused = module("m", &"AAAA".repeat(349_526)).expect_err("too large");
        assert!(refused.message.contains("1048576"), "{}", refused.message);
    }

    #[test]
    fn a_scope_without_ids_holds_every_call() {
        let scope = Scope::default();
        assert!(scope.has_token(None) && !scope.asks_for_provider());
        let own = TokenId::parse("tok_0123456789abcdef").expect("an id");
        let scope = Scope { token_ids: vec![own.clone()], ..Scope::default() };
        assert!(scope.has_token(Some(&own)) && !scope.has_token(None));
    }
}
