//! `generationConfig.thinkingConfig`.

use super::family::{Depth, Family};
use crate::json::{Members, json};
use crate::translate::neutral::{Client, Effort, Given, Losses, Summary, Thinking, ThinkingMode};
use serde_json::{Map, Value};

/// What the model is told about its thinking; `None` where nothing is to be said.
pub(super) fn write(
    given: Given<Thinking>,
    client: Client,
    family: Family,
    losses: &mut Losses,
) -> Option<Map<String, Value>> {
    let Given { field, value: thinking } = given;
    let effort = effort(thinking);
    let mut config = Map::new();
    match family.depth() {
        Depth::Unknown => {
            if effort != Some(Effort::None) {
                losses.detail(field, "has no counterpart at this model, which does not think");
            }
            return None;
        }
        Depth::Budget { least, off, most } => {
            let budget = match (thinking.mode, effort) {
                (ThinkingMode::Budget(tokens), _) => Some(tokens.clamp(least, most)),
                (_, Some(effort)) => Some(budget(effort, least, off, most)),
                // Flash-Lite thinks only when it is told to.
                (ThinkingMode::Adaptive | ThinkingMode::BetweenTools, None) => {
                    config.put("thinkingBudget", json!(-1));
                    None
                }
                _ => None,
            };
            if let Some(budget) = budget {
                config.put("thinkingBudget", json!(budget));
            }
            if effort == Some(Effort::None) && off != 0 {
                losses.detail(field, "cannot be switched off at this model: it thinks as little as it can");
            }
        }
        Depth::Level { least, medium } => {
            if let Some(effort) = effort {
                config.put("thinkingLevel", json!(level(effort, least, medium)));
            }
            if effort == Some(Effort::None) {
                losses.detail(field, "cannot be switched off at this model: it thinks as little as it can");
            }
        }
    }
    if shows_thoughts(thinking, client) {
        config.put("includeThoughts", json!(true));
    }
    if config.is_empty() { None } else { Some(config) }
}

/// The one effort that the client's words come down to.
fn effort(thinking: Thinking) -> Option<Effort> {
    match (thinking.mode, thinking.effort) {
        (ThinkingMode::Off, _) => Some(Effort::None),
        (_, Some(effort)) => Some(effort),
        (ThinkingMode::Budget(tokens), None) => Some(Effort::of_budget(tokens)),
        _ => None,
    }
}

/// Google's own figures for OpenAI's efforts.
fn budget(effort: Effort, least: u64, off: u64, most: u64) -> u64 {
    let tokens = match effort {
        Effort::None => return off,
        Effort::Minimal => 512,
        Effort::Low => 1024,
        Effort::Medium => 8192,
        Effort::High => 24_576,
        Effort::XHigh | Effort::Max => most,
    };
    tokens.clamp(least, most)
}

fn level(effort: Effort, least: &'static str, medium: &'static str) -> &'static str {
    match effort {
        Effort::None | Effort::Minimal => least,
        Effort::Low => "LOW",
        Effort::Medium => medium,
        Effort::High | Effort::XHigh | Effort::Max => "HIGH",
    }
}

fn shows_thoughts(thinking: Thinking, client: Client) -> bool {
    match client {
        Client::AnthropicMessages => {
            !matches!(thinking.mode, ThinkingMode::Off | ThinkingMode::Unsaid) && thinking.summary != Summary::Omitted
        }
        Client::Responses => matches!(thinking.summary, Summary::Wanted | Summary::Concise | Summary::Detailed),
        Client::ChatCompletions => thinking.effort.is_some_and(|effort| effort != Effort::None),
    }
}
