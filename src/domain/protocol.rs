//! The wire dialects that clients and upstreams speak.

/// A wire dialect (SPEC section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// OpenAI Chat Completions, `POST /v1/chat/completions`.
    ChatCompletions,
    /// OpenAI Responses, `POST /v1/responses`.
    Responses,
    /// Anthropic Messages, `POST /v1/messages`.
    AnthropicMessages,
    /// Google's generateContent.
    Gemini,
    /// Amazon Bedrock's Converse.
    BedrockConverse,
}

impl Protocol {
    /// Every protocol, in the order that lists show them.
    pub const ALL: [Self; 5] =
        [Self::ChatCompletions, Self::Responses, Self::AnthropicMessages, Self::Gemini, Self::BedrockConverse];

    /// The name used in JSON, SQL and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat_completions",
            Self::Responses => "responses",
            Self::AnthropicMessages => "anthropic_messages",
            Self::Gemini => "gemini",
            Self::BedrockConverse => "bedrock_converse",
        }
    }

    /// Reads the name; `None` for anything else.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.as_str() == name)
    }
}
