//! What each vendor's Chat Completions takes, by kind and by the family of the model: one table (PROTOCOLS.md sections 2,
//! 3.4 and 9).

use crate::domain::kind::Kind;
use crate::translate::claude::Takes;
use crate::translate::neutral::{Effort, ServiceTier};
use Effort::{High, Low, Max, Medium, Minimal, XHigh};

/// What is particular about an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quirks {
    /// What the limit of output tokens is called: OpenAI's reasoning models refuse `max_tokens`, most compatibles know
    /// nothing else.
    pub limit: &'static str,
    /// The role of what the operator says: `developer` at OpenAI's reasoning models.
    pub operator: &'static str,
    /// The tunings that it takes.
    pub tunings: &'static [&'static str],
    /// The tunings that it takes as long as it is told not to think.
    pub tunings_without_thinking: &'static [&'static str],
    /// Most stop sequences; what goes beyond is emulated.
    pub stops: usize,
    /// The words of `reasoning_effort` that it knows, from least to most; none if it refuses the field.
    pub efforts: &'static [(Effort, &'static str)],
    /// Whether a budget of tokens is turned into an effort. Where nobody knows whether the model thinks at all, only a
    /// client that names an effort gets one.
    pub budgets: Takes,
    /// How it thinks where it has tools.
    pub with_tools: WithTools,
    /// Groq's `reasoning_format`: without it some models think within `<think>` tags of the content.
    pub reasoning_format: Option<&'static str>,
    /// Whether what the model thought is sent back to it, in the field in which it came.
    pub reasoning_back: Takes,
    /// `strict` at tools and schemas.
    pub strict: Takes,
    /// Tools of `type: "custom"`; elsewhere they are wrapped as functions.
    pub freeform: Takes,
    /// `tool_choice: {"type":"allowed_tools"}`; elsewhere the other tools are left out.
    pub allowed_tools: Takes,
    /// `web_search_options`.
    pub web_search: Takes,
    /// `prompt_cache_breakpoint` at content parts.
    pub cache_breakpoints: Takes,
    /// Parts of type `file`.
    pub files: Takes,
    /// Parts of type `input_audio`.
    pub audio: Takes,
    /// `refusal` in an assistant's message; elsewhere it is said as text.
    pub refusals: Takes,
    /// Where the end user is named.
    pub end_user: Option<&'static str>,
    /// Its words for the service tier.
    pub tiers: Tiers,
}

/// How a model thinks where it has tools. From gpt-5.4 on, OpenAI answers 400 to tools together with `reasoning_effort` in
/// Chat Completions ("use /v1/responses"), from gpt-5.5 on also where nothing is said, because these think by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithTools {
    /// As it is told.
    AsTold,
    /// As it likes: the field is refused.
    Untold,
    /// Not at all, and it has to be told so.
    NotAtAll,
}

/// A vendor's words for the service tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tiers {
    /// OpenAI's.
    OpenAi,
    /// Groq's own (section 9.6).
    Groq,
    /// It has none.
    None,
}

impl Tiers {
    /// The vendor's word.
    pub fn word(self, tier: &ServiceTier) -> Option<&str> {
        match (self, tier) {
            (Self::OpenAi | Self::Groq, ServiceTier::Auto) => Some("auto"),
            (Self::OpenAi | Self::Groq, ServiceTier::Flex) => Some("flex"),
            (Self::OpenAi, ServiceTier::Standard) => Some("default"),
            (Self::OpenAi, ServiceTier::Priority) => Some("priority"),
            (Self::Groq, ServiceTier::Standard) => Some("on_demand"),
            (Self::Groq, ServiceTier::Priority) => Some("performance"),
            (Self::OpenAi, ServiceTier::Other(word)) => Some(word),
            (Self::Groq, ServiceTier::Other(_)) | (Self::None, _) => None,
        }
    }
}

const SAMPLING: &[&str] = &["temperature", "top_p", "presence_penalty", "frequency_penalty"];
const LOW_TO_HIGH: &[(Effort, &str)] = &[(Low, "low"), (Medium, "medium"), (High, "high")];
const NONE_TO_HIGH: &[(Effort, &str)] = &[(Effort::None, "none"), (Low, "low"), (Medium, "medium"), (High, "high")];
const NONE_TO_XHIGH: &[(Effort, &str)] =
    &[(Effort::None, "none"), (Low, "low"), (Medium, "medium"), (High, "high"), (XHigh, "xhigh")];
const NONE_TO_MAX: &[(Effort, &str)] =
    &[(Effort::None, "none"), (Low, "low"), (Medium, "medium"), (High, "high"), (XHigh, "xhigh"), (Max, "max")];
const LOW_TO_MAX: &[(Effort, &str)] =
    &[(Low, "low"), (Medium, "medium"), (High, "high"), (XHigh, "xhigh"), (Max, "max")];

/// OpenAI's models that do not think.
const OPENAI: Quirks = Quirks {
    limit: "max_completion_tokens",
    operator: "system",
    tunings: &[
        "temperature",
        "top_p",
        "presence_penalty",
        "frequency_penalty",
        "seed",
        "parallel_tool_calls",
        "prompt_cache_key",
        "store",
    ],
    tunings_without_thinking: &[],
    stops: 4,
    efforts: &[],
    budgets: Takes::Yes,
    with_tools: WithTools::AsTold,
    reasoning_format: None,
    reasoning_back: Takes::No,
    strict: Takes::Yes,
    freeform: Takes::No,
    allowed_tools: Takes::No,
    web_search: Takes::No,
    cache_breakpoints: Takes::No,
    files: Takes::Yes,
    audio: Takes::Yes,
    refusals: Takes::Yes,
    end_user: Some("safety_identifier"),
    tiers: Tiers::OpenAi,
};

/// The models that search the web by themselves, and refuse to be tuned.
const OPENAI_SEARCH: Quirks = Quirks { tunings: &["store"], stops: 0, web_search: Takes::Yes, ..OPENAI };

/// o1, o3, o4: they refuse sampling, `stop` and `parallel_tool_calls`.
const O_SERIES: Quirks = Quirks {
    operator: "developer",
    tunings: &["seed", "prompt_cache_key", "store"],
    stops: 0,
    efforts: LOW_TO_HIGH,
    audio: Takes::No,
    ..OPENAI
};

const GPT_5: Quirks = Quirks {
    tunings: &["seed", "parallel_tool_calls", "prompt_cache_key", "store", "verbosity"],
    efforts: &[(Minimal, "minimal"), (Low, "low"), (Medium, "medium"), (High, "high")],
    freeform: Takes::Yes,
    allowed_tools: Takes::Yes,
    ..O_SERIES
};

const GPT_5_PRO: Quirks = Quirks { efforts: &[(High, "high")], ..GPT_5 };
const GPT_5_1: Quirks = Quirks { efforts: NONE_TO_HIGH, tunings_without_thinking: SAMPLING, ..GPT_5 };
const GPT_5_2: Quirks = Quirks { efforts: NONE_TO_XHIGH, ..GPT_5_1 };
const GPT_5_4: Quirks = Quirks { with_tools: WithTools::Untold, ..GPT_5_2 };
const GPT_5_5: Quirks = Quirks { with_tools: WithTools::NotAtAll, ..GPT_5_2 };
const GPT_5_6: Quirks = Quirks { efforts: NONE_TO_MAX, cache_breakpoints: Takes::Yes, ..GPT_5_5 };
const GPT_6_NONE: Quirks = Quirks { tunings_without_thinking: &[], ..GPT_5_6 };
/// It cannot be told not to think, so nothing but Responses has its tools if it refuses them here.
const GPT_6: Quirks = Quirks { efforts: LOW_TO_MAX, with_tools: WithTools::AsTold, ..GPT_6_NONE };

/// Section 9.5. Its own models that do not think.
const XAI: Quirks = Quirks {
    tunings: &["temperature", "top_p", "presence_penalty", "frequency_penalty", "seed", "parallel_tool_calls"],
    files: Takes::No,
    audio: Takes::No,
    refusals: Takes::No,
    end_user: Some("user"),
    tiers: Tiers::None,
    strict: Takes::No,
    ..OPENAI
};
const XAI_REASONING: Quirks =
    Quirks { tunings: &["temperature", "top_p", "seed", "parallel_tool_calls"], stops: 0, ..XAI };
const GROK_3_MINI: Quirks = Quirks { efforts: &[(Low, "low"), (High, "high")], ..XAI_REASONING };
const GROK_4_3: Quirks = Quirks { efforts: NONE_TO_HIGH, ..XAI_REASONING };
const GROK_NEWER: Quirks = Quirks { efforts: LOW_TO_HIGH, ..XAI_REASONING };

/// Section 9.6.
const GROQ: Quirks = Quirks { tiers: Tiers::Groq, ..XAI };
const GROQ_GPT_OSS: Quirks = Quirks { efforts: LOW_TO_HIGH, strict: Takes::Yes, ..GROQ };
const GROQ_QWEN: Quirks =
    Quirks { efforts: &[(Effort::None, "none"), (Medium, "default")], reasoning_format: Some("parsed"), ..GROQ };
const GROQ_PARSED: Quirks = Quirks { reasoning_format: Some("parsed"), ..GROQ };

/// Section 9.4.
const OLLAMA: Quirks = Quirks {
    limit: "max_tokens",
    tunings: &["temperature", "top_p", "presence_penalty", "frequency_penalty", "seed"],
    efforts: NONE_TO_HIGH,
    budgets: Takes::No,
    end_user: None,
    strict: Takes::No,
    tiers: Tiers::None,
    ..XAI
};

/// Section 9.7: nobody knows what it takes, so it gets what every compatible server knows, and whatever the client has of
/// media is tried. What it thought goes back to it: it was its own field, and DeepSeek's kind refuses a loop without it.
const CUSTOM: Quirks = Quirks {
    efforts: &[
        (Effort::None, "none"),
        (Minimal, "minimal"),
        (Low, "low"),
        (Medium, "medium"),
        (High, "high"),
        (XHigh, "xhigh"),
        (Max, "max"),
    ],
    reasoning_back: Takes::Yes,
    files: Takes::Yes,
    audio: Takes::Yes,
    end_user: Some("user"),
    ..OLLAMA
};

/// The same for a model that everybody knows not to think: agents name an effort in every call, and a strict server refuses
/// the field.
const CUSTOM_PLAIN: Quirks = Quirks { efforts: &[], ..CUSTOM };

/// What is known of models by the beginning of their names, the first that fits counts.
#[rustfmt::skip]
const OPENAI_MODELS: &[(&str, Quirks)] = &[
    ("gpt-4o-search", OPENAI_SEARCH), ("gpt-4o-mini-search", OPENAI_SEARCH), ("gpt-5-search", OPENAI_SEARCH),
    ("gpt-3", OPENAI), ("gpt-4", OPENAI), ("gpt-5-chat", OPENAI), ("gpt-oss", OPENAI),
    ("gpt-5-pro", GPT_5_PRO), ("gpt-5.1", GPT_5_1),
    ("gpt-5.2", GPT_5_2), ("gpt-5.3", GPT_5_2), ("gpt-5.4", GPT_5_4), ("gpt-5.5", GPT_5_5),
    ("gpt-5.", GPT_5_6), ("gpt-5", GPT_5), ("gpt-6-sol", GPT_6_NONE), ("gpt-6-luna", GPT_6_NONE),
    ("gpt-audio", OPENAI), ("gpt-realtime", OPENAI), ("gpt-", GPT_6),
    ("o1", O_SERIES), ("o2", O_SERIES), ("o3", O_SERIES), ("o4", O_SERIES), ("codex-mini", O_SERIES),
    ("computer-use", O_SERIES),
];
/// Azure's `safety_identifier` came late, and older API versions refuse it; `user` is taken by all of them.
const AZURE_END_USER: Option<&str> = Some("user");
#[rustfmt::skip]
const XAI_MODELS: &[(&str, Quirks)] = &[
    ("grok-2", XAI), ("grok-3-mini", GROK_3_MINI), ("grok-3", XAI), ("grok-4.20", XAI_REASONING),
    ("grok-4.1", XAI_REASONING), ("grok-4.3", GROK_4_3), ("grok-4.", GROK_NEWER), ("grok-4", XAI_REASONING),
    ("grok-code", XAI_REASONING), ("grok-build", XAI_REASONING), ("grok-", GROK_NEWER),
];
const GROQ_MODELS: &[(&str, Quirks)] =
    &[("gpt-oss", GROQ_GPT_OSS), ("qwen3", GROQ_QWEN), ("qwen-qwq", GROQ_PARSED), ("deepseek-r1", GROQ_PARSED)];
const CUSTOM_MODELS: &[(&str, Quirks)] = &[
    ("gpt-3", CUSTOM_PLAIN),
    ("gpt-4", CUSTOM_PLAIN),
    ("chatgpt", CUSTOM_PLAIN),
    ("llama", CUSTOM_PLAIN),
    ("gemma", CUSTOM_PLAIN),
    ("mixtral", CUSTOM_PLAIN),
];

impl Quirks {
    /// What is particular about a model of a vendor's. The model may carry a publisher (`openai/gpt-oss-120b`) or be
    /// somebody's own (`ft:gpt-4o:…`).
    pub fn of(kind: Kind, model: &str) -> Self {
        let model = model.to_ascii_lowercase();
        let name = model.rsplit_once('/').map_or(model.as_str(), |(_, name)| name);
        let name = name.strip_prefix("ft:").unwrap_or(name);
        let among = |models: &[(&str, Self)], otherwise: Self| {
            models.iter().find(|(prefix, _)| name.starts_with(prefix)).map_or(otherwise, |(_, quirks)| *quirks)
        };
        match kind {
            Kind::OpenAi => among(OPENAI_MODELS, OPENAI),
            Kind::Azure => Self { end_user: AZURE_END_USER, ..among(OPENAI_MODELS, OPENAI) },
            Kind::XAi if name.contains("non-reasoning") => XAI,
            Kind::XAi => among(XAI_MODELS, XAI),
            Kind::Groq => among(GROQ_MODELS, GROQ),
            Kind::Ollama => OLLAMA,
            Kind::Gateway | Kind::Custom | Kind::Anthropic | Kind::Google | Kind::Bedrock => {
                among(CUSTOM_MODELS, CUSTOM)
            }
        }
    }

    /// Its word for an effort: the least that is not below what is wanted, else its most.
    pub fn effort(&self, wanted: Effort) -> Option<(Effort, &'static str)> {
        self.efforts.iter().find(|(effort, _)| *effort >= wanted).or(self.efforts.last()).copied()
    }

    /// Whether it takes a tuning, given the effort that it is told.
    pub fn tunes(&self, tuning: &str, told: Option<Effort>) -> bool {
        self.tunings.contains(&tuning)
            || (told == Some(Effort::None) && self.tunings_without_thinking.contains(&tuning))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_known_by_its_name_with_or_without_a_publisher() {
        for (kind, model, quirks) in [
            (Kind::OpenAi, "gpt-4o-mini", OPENAI),
            (Kind::OpenAi, "ft:gpt-4o:acme::1", OPENAI),
            (Kind::OpenAi, "gpt-4o-search-preview", OPENAI_SEARCH),
            (Kind::OpenAi, "o4-mini", O_SERIES),
            (Kind::OpenAi, "gpt-5-chat-latest", OPENAI),
            (Kind::OpenAi, "GPT-5-nano", GPT_5),
            (Kind::OpenAi, "gpt-5.1-codex", GPT_5_1),
            (Kind::OpenAi, "gpt-5.6", GPT_5_6),
            (Kind::OpenAi, "gpt-6-mini", GPT_6),
            (Kind::OpenAi, "gpt-6-sol", GPT_6_NONE),
            (Kind::OpenAi, "something-else", OPENAI),
            (Kind::Azure, "our-deployment", Quirks { end_user: Some("user"), ..OPENAI }),
            (Kind::XAi, "grok-4-1-fast-non-reasoning", XAI),
            (Kind::XAi, "grok-4-0709", XAI_REASONING),
            (Kind::XAi, "grok-4.5", GROK_NEWER),
            (Kind::XAi, "grok-5", GROK_NEWER),
            (Kind::Groq, "openai/gpt-oss-120b", GROQ_GPT_OSS),
            (Kind::Groq, "qwen/qwen3-32b", GROQ_QWEN),
            (Kind::Groq, "llama-3.3-70b-versatile", GROQ),
            (Kind::Custom, "gpt-6", CUSTOM),
            (Kind::Gateway, "openai/gpt-4.1", CUSTOM_PLAIN),
        ] {
            assert_eq!(Quirks::of(kind, model), quirks, "{model}");
        }
    }

    #[test]
    fn an_effort_that_a_model_does_not_know_becomes_the_next_that_it_does() {
        assert_eq!(GPT_5.effort(Effort::None), Some((Minimal, "minimal")));
        assert_eq!(GPT_6.effort(Effort::Minimal), Some((Low, "low")));
        assert_eq!(O_SERIES.effort(Max), Some((High, "high")));
        assert_eq!(GROQ_QWEN.effort(High), Some((Medium, "default")));
        assert_eq!(OPENAI.effort(High), None);
    }

    #[test]
    fn sampling_is_for_models_that_do_not_think() {
        assert!(OPENAI.tunes("temperature", None));
        assert!(!GPT_5.tunes("temperature", Some(Effort::None)));
        assert!(GPT_5_1.tunes("temperature", Some(Effort::None)) && !GPT_5_1.tunes("temperature", None));
        assert!(!GPT_6_NONE.tunes("top_p", Some(Effort::None)));
        assert!(!XAI_REASONING.tunes("presence_penalty", None) && XAI_REASONING.tunes("temperature", None));
    }
}
