//! How much the model shall think, in the model's own field.

use super::fields::one;
use super::model::{Model, ThinkingField};
use crate::json::{json, members};
use crate::translate::claude::{ClaudeThinking, decide};
use crate::translate::neutral::{Effort, Given, Losses, Request, Summary, Target, Thinking, ThinkingMode};
use serde_json::{Map, Value};

/// What was decided.
#[derive(Debug, Default)]
pub(super) struct Decided {
    /// `inferenceConfig.maxTokens`.
    pub(super) max_tokens: Option<u64>,
    /// Members of `additionalModelRequestFields`.
    pub(super) fields: Map<String, Value>,
    /// Whether the model thinks, so that sampling and a begun answer are refused.
    pub(super) samples: Samples,
}

/// Whether sampling may be set.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Samples {
    /// As the model allows.
    #[default]
    Freely,
    /// Not while the model thinks.
    AsItThinks,
}

/// Decides for a request from which the signatures of others were taken.
pub(super) fn write(request: &Request, model: &Model, target: &Target<'_>, losses: &mut Losses) -> Decided {
    let given = request.max_output.as_ref().map(|given| given.value);
    match &model.thinking {
        ThinkingField::Claude(family) => {
            let max_tokens = given.or_else(|| default_max(target)).unwrap_or(family.max_output);
            let decided = decide(request, family, max_tokens, losses);
            of_claude(decided, max_tokens, request.thinking.as_ref().map(|given| given.value.summary))
        }
        field => {
            let Some(Given { field: name, value }) = &request.thinking else {
                return Decided { max_tokens: given, ..Decided::default() };
            };
            let fields = effort(value).map_or_else(Map::new, |effort| other(*field, effort, request, name, losses));
            Decided { max_tokens: given, fields, samples: Samples::Freely }
        }
    }
}

/// The operator's own default, before one is made up.
fn default_max(target: &Target<'_>) -> Option<u64> {
    target.defaults.get("inferenceConfig")?.get("maxTokens")?.as_u64()
}

/// Claude's thinking in its own fields. `max_tokens` is what the call would have without it.
pub(super) fn of_claude(decided: ClaudeThinking, max_tokens: u64, summary: Option<Summary>) -> Decided {
    let display = match summary {
        Some(Summary::Omitted) => "omitted",
        // Newer models show nothing unless they are asked to.
        _ => "summarized",
    };
    let thinking = match decided.mode {
        ThinkingMode::Unsaid => None,
        ThinkingMode::Off => Some(json!({"type": "disabled"})),
        ThinkingMode::BetweenTools => Some(json!({"type": "between_tools"})),
        ThinkingMode::Adaptive => Some(json!({"type": "adaptive", "display": display})),
        ThinkingMode::Budget(tokens) => Some(json!({"type": "enabled", "budget_tokens": tokens})),
    };
    let samples = match decided.mode {
        ThinkingMode::Unsaid | ThinkingMode::Off => Samples::Freely,
        _ => Samples::AsItThinks,
    };
    let effort = decided.effort.map(|effort| one("effort", effort.as_str()));
    let members = [("thinking", thinking), ("output_config", effort)];
    let fields = members.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
    Decided { max_tokens: Some(max_tokens.max(decided.max_tokens)), fields, samples }
}

/// The effort that the client's words come to; `None` where it only spoke of how thoughts are shown.
fn effort(thinking: &Thinking) -> Option<Effort> {
    match thinking.mode {
        ThinkingMode::Off => Some(Effort::None),
        ThinkingMode::Budget(tokens) => Some(thinking.effort.unwrap_or(Effort::of_budget(tokens))),
        ThinkingMode::Adaptive | ThinkingMode::BetweenTools => Some(thinking.effort.unwrap_or(Effort::Medium)),
        ThinkingMode::Unsaid => thinking.effort,
    }
}

fn other(
    field: ThinkingField,
    effort: Effort,
    request: &Request,
    name: &'static str,
    losses: &mut Losses,
) -> Map<String, Value> {
    let three = match effort {
        Effort::None | Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High | Effort::XHigh | Effort::Max => "high",
    };
    match field {
        ThinkingField::Nova if effort == Effort::None => members([("reasoningConfig", json!({"type": "disabled"}))]),
        ThinkingField::Nova => {
            // Nova thinks hard only where nothing bounds it.
            let is_bound = request.max_output.is_some() || request.temperature.is_some() || request.top_p.is_some();
            let level = if is_bound && three == "high" { "medium" } else { three };
            if level != three {
                losses.detail(name, "is lowered to medium, because Nova takes no higher one with a limit or sampling");
            }
            members([("reasoningConfig", json!({"type": "enabled", "maxReasoningEffort": level}))])
        }
        ThinkingField::Flat => {
            if effort == Effort::None {
                losses.detail(name, "cannot be switched off with this model: it thinks as little as it can");
            }
            members([("reasoning_effort", three.into())])
        }
        ThinkingField::Nested => {
            let word = if effort == Effort::Minimal { Effort::Low } else { effort };
            members([("reasoning", one("effort", word.as_str()))])
        }
        ThinkingField::Nowhere | ThinkingField::Claude(_) => {
            losses.detail(name, "cannot be set with this model at Bedrock");
            Map::new()
        }
    }
}
