//! Provider kinds: one table of what each brings (SPEC sections 1 and 2).

use crate::domain::protocol::Protocol;
use Protocol::{AnthropicMessages, BedrockConverse, ChatCompletions, Gemini, Responses};

/// How a credential becomes headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthMethod {
    /// `Authorization: Bearer <key>`.
    Bearer,
    /// `x-api-key: <key>`.
    XApiKey,
    /// The provider's own header map.
    CustomHeaders,
    /// Azure's `api-key: <key>`.
    ApiKey,
    /// Google's `x-goog-api-key: <key>`.
    XGoogApiKey,
    /// AWS Signature Version 4.
    AwsSigv4,
    /// No header at all.
    None,
}

impl AuthMethod {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Bearer, Self::XApiKey, Self::CustomHeaders, Self::ApiKey, Self::XGoogApiKey, Self::AwsSigv4, Self::None];

    /// The name in JSON and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::XApiKey => "x_api_key",
            Self::CustomHeaders => "custom_headers",
            Self::ApiKey => "api_key",
            Self::XGoogApiKey => "x_goog_api_key",
            Self::AwsSigv4 => "aws_sigv4",
            Self::None => "none",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }
}

/// 000's spelling of the protocol, for OpenAI's dialects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenAiApiMode {
    /// The client's own dialect where the upstream has it.
    Auto,
    /// Responses only.
    Responses,
    /// Chat Completions only.
    ChatCompletions,
}

impl OpenAiApiMode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Responses, Self::ChatCompletions];

    /// The name in JSON and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Responses => "responses",
            Self::ChatCompletions => "chat_completions",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }

    /// The protocol that it pins; `auto` pins none.
    pub const fn pins(self) -> Option<Protocol> {
        match self {
            Self::Auto => None,
            Self::Responses => Some(Responses),
            Self::ChatCompletions => Some(ChatCompletions),
        }
    }
}

/// The provider slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the vendors' own names")]
pub enum Kind {
    OpenAi,
    Anthropic,
    Google,
    XAi,
    Groq,
    Ollama,
    Azure,
    Bedrock,
    Gateway,
    Custom,
}

/// What a kind brings, where the provider says nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traits {
    /// The slug in JSON and SQL.
    pub slug: &'static str,
    /// Where it is; `None` where only the operator knows.
    pub base_url: Option<&'static str>,
    /// What it speaks, its own dialect first.
    pub protocols: &'static [Protocol],
    /// How its credential becomes headers.
    pub auth_method: AuthMethod,
    /// Other methods that it takes.
    pub other_auth: &'static [AuthMethod],
}

const ANY_HEADER: &[AuthMethod] = &[AuthMethod::XApiKey, AuthMethod::ApiKey, AuthMethod::XGoogApiKey];
const OPENAI_DIALECTS: &[Protocol] = &[Responses, ChatCompletions];

impl Kind {
    /// All of them, in the order of 001's table.
    pub const ALL: [Self; 10] = [
        Self::OpenAi,
        Self::Anthropic,
        Self::Google,
        Self::XAi,
        Self::Groq,
        Self::Ollama,
        Self::Azure,
        Self::Bedrock,
        Self::Gateway,
        Self::Custom,
    ];

    /// The table.
    #[rustfmt::skip]
    pub const fn traits(self) -> Traits {
        match self {
            Self::OpenAi => Traits { slug: "openai", base_url: Some("https://api.openai.com/v1"), protocols: OPENAI_DIALECTS, auth_method: AuthMethod::Bearer, other_auth: &[AuthMethod::XApiKey] },
            Self::Anthropic => Traits { slug: "anthropic", base_url: Some("https://api.anthropic.com"), protocols: &[AnthropicMessages], auth_method: AuthMethod::XApiKey, other_auth: &[AuthMethod::Bearer] },
            Self::Google => Traits { slug: "google", base_url: Some("https://generativelanguage.googleapis.com/v1beta"), protocols: &[Gemini], auth_method: AuthMethod::XGoogApiKey, other_auth: &[AuthMethod::Bearer] },
            Self::XAi => Traits { slug: "xai", base_url: Some("https://api.x.ai/v1"), protocols: OPENAI_DIALECTS, auth_method: AuthMethod::Bearer, other_auth: &[] },
            Self::Groq => Traits { slug: "groq", base_url: Some("https://api.groq.com/openai/v1"), protocols: &[ChatCompletions, Responses], auth_method: AuthMethod::Bearer, other_auth: &[] },
            Self::Ollama => Traits { slug: "ollama", base_url: Some("http://localhost:11434/v1"), protocols: &[ChatCompletions, Responses, AnthropicMessages], auth_method: AuthMethod::Bearer, other_auth: &[] },
            Self::Azure => Traits { slug: "azure", base_url: None, protocols: &[ChatCompletions, Responses], auth_method: AuthMethod::ApiKey, other_auth: &[AuthMethod::Bearer] },
            Self::Bedrock => Traits { slug: "bedrock", base_url: None, protocols: &[BedrockConverse], auth_method: AuthMethod::AwsSigv4, other_auth: &[AuthMethod::Bearer] },
            Self::Gateway => Traits { slug: "gateway", base_url: None, protocols: &[ChatCompletions], auth_method: AuthMethod::Bearer, other_auth: ANY_HEADER },
            Self::Custom => Traits { slug: "custom", base_url: None, protocols: &[ChatCompletions], auth_method: AuthMethod::Bearer, other_auth: ANY_HEADER },
        }
    }

    /// The slug in JSON and SQL.
    pub const fn as_str(self) -> &'static str {
        self.traits().slug
    }

    /// Reads the slug.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == slug)
    }

    /// Whether `openai_api_mode` means anything for it: it speaks OpenAI's dialects.
    pub fn speaks_openai(self) -> bool {
        self.traits().protocols.iter().any(|protocol| matches!(protocol, ChatCompletions | Responses))
    }

    /// Whether it takes the method. Header maps and no credential at all go with every kind.
    pub fn takes(self, method: AuthMethod) -> bool {
        let traits = self.traits();
        matches!(method, AuthMethod::CustomHeaders | AuthMethod::None)
            || traits.auth_method == method
            || traits.other_auth.contains(&method)
    }
}
