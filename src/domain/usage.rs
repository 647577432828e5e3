//! What a call consumed.

/// Tokens of one call, normalised over the protocols.
///
/// `input` excludes what was read from or written to a prompt cache; `output` includes reasoning
/// (PROTOCOLS.md section 4.2: OpenAI's own `prompt_tokens` includes the cached ones, Anthropic's does not).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenCounts {
    /// Input tokens billed at the full input price.
    pub input: u64,
    /// Output tokens, reasoning included.
    pub output: u64,
    /// Input tokens served from a prompt cache.
    pub cache_read: u64,
    /// Input tokens written to a prompt cache.
    pub cache_write: u64,
    /// The part of `output` that was reasoning.
    pub reasoning: u64,
}
