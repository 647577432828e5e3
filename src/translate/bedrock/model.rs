//! What the models behind Bedrock take. Converse is one shape for all of them, but not one set of features.

use crate::translate::claude::{Family, Sampling, Takes};

/// Where a model's prompt may be marked for its cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caching {
    /// Nowhere: a mark is refused.
    Nowhere,
    /// In the system prompt and the messages.
    Prompt,
    /// After the tools too.
    Everywhere,
}

/// Which forced choices of a tool a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forced {
    /// `auto` only.
    Neither,
    /// `any`.
    Any,
    /// `any` and `tool`.
    Named,
}

/// Where a model reads how much it shall think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ThinkingField {
    /// Nowhere.
    Nowhere,
    /// Anthropic's `thinking` and `output_config.effort`.
    Claude(Family),
    /// `reasoningConfig`.
    Nova,
    /// `reasoning_effort`, from low to high.
    Flat,
    /// `reasoning.effort`.
    Nested,
}

/// What a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Model {
    /// Where its prompt may be marked for the cache.
    pub(super) caching: Caching,
    /// Whether a mark may ask for an hour.
    pub(super) cache_hour: Takes,
    /// How many stop sequences it takes.
    pub(super) stops: usize,
    /// Which forced choices of a tool.
    pub(super) forced: Forced,
    /// `toolResult.status`.
    pub(super) result_status: Takes,
    /// Where it reads how much it shall think.
    pub(super) thinking: ThinkingField,
    /// `outputConfig.textFormat`, and `strict` tools.
    pub(super) schema: Takes,
    /// `temperature` and `topP`.
    pub(super) sampling: Sampling,
    /// A last message of the assistant's.
    pub(super) prefill: Takes,
}

/// A model of which nothing is known, such as one behind an application's inference profile: only what most models take,
/// because Bedrock refuses the rest; a forced tool is tried, for there is nothing as good.
const OTHER: Model = Model {
    caching: Caching::Nowhere,
    cache_hour: Takes::No,
    stops: 0,
    forced: Forced::Named,
    result_status: Takes::No,
    thinking: ThinkingField::Nowhere,
    schema: Takes::No,
    sampling: Sampling::All,
    prefill: Takes::No,
};
const NOVA: Model =
    Model { caching: Caching::Prompt, stops: 4, result_status: Takes::Yes, prefill: Takes::Yes, ..OTHER };
const NOVA_2: Model = Model { thinking: ThinkingField::Nova, ..NOVA };
const OPEN_WEIGHT: Model = Model { schema: Takes::Yes, forced: Forced::Neither, ..OTHER };
const GPT_OSS: Model = Model { thinking: ThinkingField::Flat, ..OPEN_WEIGHT };
const GPT: Model = Model { thinking: ThinkingField::Nested, schema: Takes::Yes, sampling: Sampling::Nothing, ..OTHER };
const MISTRAL: Model = Model { forced: Forced::Any, ..OTHER };
const LLAMA: Model = Model { forced: Forced::Neither, ..OTHER };

/// By a part of the model's id; the first that is in it counts.
const MODELS: [(&str, Model); 11] = [
    ("amazon.nova-2", NOVA_2),
    ("amazon.nova", NOVA),
    ("openai.gpt-oss", GPT_OSS),
    ("openai.", GPT),
    ("moonshot", GPT_OSS),
    ("qwen.qwen3", OPEN_WEIGHT),
    ("deepseek.v3", OPEN_WEIGHT),
    ("minimax.", OPEN_WEIGHT),
    ("mistral.", MISTRAL),
    ("meta.llama", LLAMA),
    ("deepseek.r1", LLAMA),
];

/// The most stop sequences that Converse takes.
const MOST_STOPS: usize = 2500;

impl Model {
    /// The model by its id, with or without a region's prefix, or by its ARN.
    pub(super) fn of(id: &str) -> Self {
        let id = id.to_ascii_lowercase();
        if is_claude(&id) {
            return claude(&id);
        }
        MODELS.iter().find(|(part, _)| id.contains(part)).map_or(OTHER, |(_, model)| *model)
    }

    /// Claude's family.
    pub(super) fn family(&self) -> Option<&Family> {
        match &self.thinking {
            ThinkingField::Claude(family) => Some(family),
            _ => None,
        }
    }
}

/// Whether a model's reasoning is Claude's, whose blocks are Anthropic's wherever it is served.
pub(super) fn is_claude(id: &str) -> bool {
    id.to_ascii_lowercase().contains("claude")
}

fn claude(id: &str) -> Model {
    let family = Family::of(id);
    // Bedrock has structured outputs and the hour from 4.5 on, Anthropic itself from 4.1 on.
    let since_45 = if id.contains("opus-4-1") { Takes::No } else { family.native_schema };
    // The first Claude 3 has no prompt cache at Bedrock.
    let is_first = family.max_output <= 4096;
    Model {
        caching: if is_first { Caching::Nowhere } else { Caching::Everywhere },
        cache_hour: since_45,
        stops: MOST_STOPS,
        forced: if family.forced_tool.yes() { Forced::Named } else { Forced::Neither },
        result_status: Takes::Yes,
        thinking: ThinkingField::Claude(family),
        schema: since_45,
        sampling: family.sampling,
        prefill: family.prefill,
    }
}
