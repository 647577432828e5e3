//! How the vendors' Responses differ (PROTOCOLS.md sections 0.8 and 9).

use crate::domain::kind::Kind;

/// Whether a vendor takes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// It does.
    Yes,
    /// It refuses it, or acts as if it were not there.
    No,
}

impl Takes {
    /// Whether it does.
    pub(super) const fn yes(self) -> bool {
        matches!(self, Self::Yes)
    }
}

/// Where the operator's words go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    /// `instructions`, and a `developer` message in the midst.
    Instructions,
    /// A first message of role `system`, and such messages in the midst.
    Message,
}

/// Who may be named as the one who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndUser {
    /// `safety_identifier`.
    SafetyIdentifier,
    /// `user`, which OpenAI has left behind.
    User,
    /// Nobody.
    Nobody,
}

/// When `include: ["reasoning.encrypted_content"]` may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Include {
    /// With every model.
    Always,
    /// With models that think.
    Thinking,
    /// Never.
    Never,
}

/// What a vendor takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quirks {
    /// Where the operator's words go.
    pub(super) system: System,
    /// `include: ["reasoning.encrypted_content"]`.
    pub(super) include: Include,
    /// `store`.
    pub(super) store: Takes,
    /// `reasoning.summary`.
    pub(super) summary: Takes,
    /// Tools of type `custom`.
    pub(super) custom_tools: Takes,
    /// `tool_choice` of type `allowed_tools`.
    pub(super) allowed_tools: Takes,
    /// Tools of type `web_search`.
    pub(super) web_search: Takes,
    /// `parallel_tool_calls`.
    pub(super) parallel: Takes,
    /// Lists with images and files as a tool's output.
    pub(super) rich_results: Takes,
    /// `text.verbosity`.
    pub(super) verbosity: Takes,
    /// `prompt_cache_key`.
    pub(super) cache_key: Takes,
    /// `metadata`.
    pub(super) metadata: Takes,
    /// `service_tier` in OpenAI's words.
    pub(super) service_tier: Takes,
    /// Who asks.
    pub(super) end_user: EndUser,
}

const OPENAI: Quirks = Quirks {
    system: System::Instructions,
    include: Include::Thinking,
    store: Takes::Yes,
    summary: Takes::Yes,
    custom_tools: Takes::Yes,
    allowed_tools: Takes::Yes,
    web_search: Takes::Yes,
    parallel: Takes::Yes,
    rich_results: Takes::Yes,
    verbosity: Takes::Yes,
    cache_key: Takes::Yes,
    metadata: Takes::Yes,
    service_tier: Takes::Yes,
    end_user: EndUser::SafetyIdentifier,
};

/// The deployment's API version decides whether it knows `safety_identifier`; `user` it always knows.
const AZURE: Quirks = Quirks { end_user: EndUser::User, ..OPENAI };

/// Took no `instructions` at first, and has functions and its own search only.
const XAI: Quirks = Quirks {
    system: System::Message,
    include: Include::Always,
    custom_tools: Takes::No,
    allowed_tools: Takes::No,
    verbosity: Takes::No,
    metadata: Takes::No,
    service_tier: Takes::No,
    end_user: EndUser::User,
    ..OPENAI
};

/// Keeps nothing, and answers 400 to what it does not know.
const GROQ: Quirks = Quirks {
    system: System::Instructions,
    include: Include::Never,
    store: Takes::No,
    summary: Takes::No,
    web_search: Takes::No,
    rich_results: Takes::No,
    cache_key: Takes::No,
    metadata: Takes::Yes,
    ..XAI
};

/// Keeps nothing, and does not know how to make one call at a time.
const OLLAMA: Quirks = Quirks { parallel: Takes::No, metadata: Takes::No, end_user: EndUser::Nobody, ..GROQ };

/// A server that nobody here knows: what every client of OpenAI's sends, and no more.
const OTHER: Quirks = Quirks {
    include: Include::Thinking,
    store: Takes::Yes,
    summary: Takes::Yes,
    rich_results: Takes::Yes,
    end_user: EndUser::User,
    ..GROQ
};

impl Quirks {
    /// The vendor's.
    pub(super) const fn of(kind: Kind) -> Self {
        match kind {
            Kind::OpenAi => OPENAI,
            Kind::Azure => AZURE,
            Kind::XAi => XAI,
            Kind::Groq => GROQ,
            Kind::Ollama => OLLAMA,
            Kind::Anthropic | Kind::Google | Kind::Bedrock | Kind::Gateway | Kind::Custom => OTHER,
        }
    }
}
