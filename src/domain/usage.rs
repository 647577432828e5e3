//! What a call consumed.

/// What a usage object in one of OpenAI's spellings counts (PROTOCOLS.md section 4.2): whoever relays an answer and whoever
/// translates it must come to the same counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenAiCounts {
    /// `prompt_tokens` or `input_tokens`.
    pub input: Option<u64>,
    /// `completion_tokens` or `output_tokens`.
    pub output: Option<u64>,
    /// `total_tokens`.
    pub total: Option<u64>,
    /// Input tokens served from a prompt cache.
    pub cache_read: u64,
    /// Input tokens written to a prompt cache.
    pub cache_write: u64,
    /// Output tokens that were reasoning.
    pub reasoning: u64,
}

/// Where a vendor counts reasoning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reasoning {
    /// In the output.
    Within,
    /// Beside it: xAI.
    Beside,
}

impl OpenAiCounts {
    /// The counts; `None` if there are none. `unless_told` is for where the numbers themselves do not tell.
    pub fn normalised(self, unless_told: Reasoning) -> Option<TokenCounts> {
        let Self { total, cache_read, cache_write, reasoning, .. } = self;
        self.input.or(self.output)?;
        let (input, output) = (self.input.unwrap_or_default(), self.output.unwrap_or_default());
        let with_reasoning = output.saturating_add(reasoning);
        let is_beside = match total {
            _ if reasoning > output => true,
            Some(total) => total == input.saturating_add(with_reasoning),
            None => unless_told == Reasoning::Beside,
        };
        Some(TokenCounts {
            // Some count what was cached outside of the prompt, and show it where that is more than the prompt.
            input: input.checked_sub(cache_read.saturating_add(cache_write)).unwrap_or(input),
            output: if is_beside { with_reasoning } else { output },
            cache_read,
            cache_write,
            reasoning,
        })
    }
}

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
