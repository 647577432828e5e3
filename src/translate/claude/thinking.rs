//! How much Claude shall think.

use super::family::Family;
use crate::domain::protocol::Protocol;
use crate::translate::neutral::{
    Body, Client, Effort, Losses, Part, Request, Role, Thinking, ThinkingMode, ToolChoice, Turn,
};

/// The least budget that Anthropic takes.
const LEAST_BUDGET: u64 = 1024;

/// `thinking` and `output_config.effort`, as a family takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaudeThinking {
    /// `thinking.type`; [`ThinkingMode::Unsaid`] leaves `thinking` out.
    pub mode: ThinkingMode,
    /// `output_config.effort`; never [`Effort::None`] or [`Effort::Minimal`].
    pub effort: Option<Effort>,
    /// Least `max_tokens` that goes with it.
    pub max_tokens: u64,
}

impl ClaudeThinking {
    /// Whether the model thinks before it answers, for then it takes no sampling and no prefill.
    pub const fn thinks(&self) -> bool {
        matches!(self.mode, ThinkingMode::Adaptive | ThinkingMode::Budget(_) | ThinkingMode::BetweenTools)
    }
}

/// Takes away the signatures that were not made by this provider's Claude: it refuses them. To be called before
/// [`decide`], which counts the signatures that are left.
pub fn forget_foreign_signatures(request: &mut Request, provider: &str) {
    for part in request.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
        if let Body::Reasoning(reasoned) = &mut part.body {
            reasoned.signature.take_if(|signature| {
                signature.protocol != Protocol::AnthropicMessages
                    || !(signature.provider.is_empty() || signature.provider == provider)
            });
        }
    }
}

/// Decides for a request. `max_tokens` is what the call will have.
pub fn decide(request: &Request, family: &Family, max_tokens: u64, losses: &mut Losses) -> ClaudeThinking {
    let Some(given) = &request.thinking else {
        return ClaudeThinking { mode: ThinkingMode::Unsaid, effort: None, max_tokens };
    };
    let (field, wanted) = (given.field, given.value);
    let (mode, effort) = match wanted.mode {
        ThinkingMode::Off => off(wanted.effort, family),
        ThinkingMode::BetweenTools if family.between_tools.yes() => (ThinkingMode::BetweenTools, wanted.effort),
        ThinkingMode::BetweenTools => {
            losses.detail(field, "asks for thoughts between tool calls only, which this model does not know");
            off(wanted.effort, family)
        }
        ThinkingMode::Adaptive => on(wanted.effort, Effort::High, family),
        ThinkingMode::Budget(tokens) if family.budget.yes() => (ThinkingMode::Budget(tokens), wanted.effort),
        ThinkingMode::Budget(tokens) => on(wanted.effort, Effort::of_budget(tokens), family),
        ThinkingMode::Unsaid => by_effort_alone(request.client, wanted, family),
    };
    let wants_thoughts = matches!(wanted.mode, ThinkingMode::Adaptive | ThinkingMode::Budget(_))
        || wanted.effort.is_some_and(|effort| effort != Effort::None);
    if mode == ThinkingMode::Unsaid && wants_thoughts && !family.adaptive.yes() {
        losses.detail(field, "asks for more than this model can: it does not think, or knows no effort");
    }
    let (mode, effort) = match mode {
        ThinkingMode::Budget(tokens) => manual(tokens, effort, request, family, max_tokens, field, losses),
        mode => (mode, effort),
    };
    ClaudeThinking { mode, effort: effort.and_then(|effort| fitted(effort, mode, family)), max_tokens }
}

/// Not at all, or as little as the family lets itself be told.
fn off(effort: Option<Effort>, family: &Family) -> (ThinkingMode, Option<Effort>) {
    let thinks = family.adaptive.yes() || family.budget.yes();
    match (thinks, family.disabled.yes(), family.between_tools.yes()) {
        (false, ..) => (ThinkingMode::Unsaid, None),
        (_, true, _) => (ThinkingMode::Off, effort),
        (_, _, true) => (ThinkingMode::BetweenTools, effort),
        _ => (ThinkingMode::Adaptive, Some(Effort::Low)),
    }
}

/// As the family thinks. `implied` is the effort that the client's mode stands for where it names none.
fn on(effort: Option<Effort>, implied: Effort, family: &Family) -> (ThinkingMode, Option<Effort>) {
    if family.adaptive.yes() {
        return (ThinkingMode::Adaptive, effort.or(Some(implied)));
    }
    match effort.unwrap_or(implied).budget() {
        Some(budget) if family.budget.yes() => (ThinkingMode::Budget(budget), None),
        _ => (ThinkingMode::Unsaid, None),
    }
}

fn by_effort_alone(client: Client, wanted: Thinking, family: &Family) -> (ThinkingMode, Option<Effort>) {
    match (wanted.effort, client) {
        (Some(Effort::None), _) => off(None, family),
        // Anthropic's effort is about the whole answer and does not switch thinking on.
        (effort, Client::AnthropicMessages) => (ThinkingMode::Unsaid, effort),
        (Some(effort), _) => on(Some(effort), effort, family),
        (None, _) => (ThinkingMode::Unsaid, None),
    }
}

/// A budget, if the request can have one (PROTOCOLS.md sections 2.2 and 5).
fn manual(
    tokens: u64,
    effort: Option<Effort>,
    request: &Request,
    family: &Family,
    max_tokens: u64,
    field: &'static str,
    losses: &mut Losses,
) -> (ThinkingMode, Option<Effort>) {
    let why_not = if max_tokens <= LEAST_BUDGET {
        Some("needs an output limit of more than 1024 tokens: raise the limit to let this model think")
    } else if is_forced(request, family) {
        Some("cannot go together with a forced tool at this model: it answers without thinking")
    } else if lacks_its_thoughts(&request.turns) {
        Some("is switched off for this call: the last tool calls came without the signed thoughts that led to them")
    } else {
        None
    };
    match why_not {
        None => (ThinkingMode::Budget(tokens.clamp(LEAST_BUDGET, max_tokens - 1)), effort),
        Some(_) if family.adaptive.yes() => {
            (ThinkingMode::Adaptive, effort.or_else(|| Some(Effort::of_budget(tokens))))
        }
        Some(why) => {
            losses.detail(field, why);
            off(effort, family)
        }
    }
}

fn is_forced(request: &Request, family: &Family) -> bool {
    let forces = |choice: &ToolChoice| {
        matches!(choice, ToolChoice::Required | ToolChoice::Named(_) | ToolChoice::AllowedRequired(_))
    };
    family.forced_tool.yes() && request.tool_choice.as_ref().is_some_and(|choice| forces(&choice.value))
}

/// Whether the request is in the midst of a round of tool calls that did not begin with signed thoughts. Only the round's
/// first turn need have them: without interleaving, the model does not think again between its calls.
fn lacks_its_thoughts(turns: &[Turn]) -> bool {
    let answers_a_tool = |turn: &Turn| turn.parts.iter().any(|part| matches!(part.body, Body::Result(_)));
    let round = turns.iter().rev().take_while(|turn| turn.role != Role::User || answers_a_tool(turn));
    let mut calling = round.filter(|turn| turn.role == Role::Assistant).filter(|turn| calls(turn)).peekable();
    calling.peek().is_some() && !calling.any(|turn| turn.parts.first().is_some_and(is_signed))
}

fn calls(turn: &Turn) -> bool {
    turn.parts.iter().any(|part| matches!(part.body, Body::Call(_)))
}

fn is_signed(part: &Part) -> bool {
    let Body::Reasoning(reasoned) = &part.body else { return false };
    reasoned.signature.as_ref().is_some_and(|signature| signature.protocol == Protocol::AnthropicMessages)
}

/// The effort as the family knows it; `None` where it knows none.
fn fitted(effort: Effort, mode: ThinkingMode, family: &Family) -> Option<Effort> {
    if !family.adaptive.yes() {
        return None;
    }
    let is_curbed = matches!(mode, ThinkingMode::Off | ThinkingMode::BetweenTools);
    match effort {
        Effort::None => None,
        Effort::Minimal => Some(Effort::Low),
        Effort::XHigh | Effort::Max if is_curbed => Some(Effort::High),
        // `xhigh` came with the families that take no budget any more.
        Effort::XHigh if family.budget.yes() => Some(Effort::High),
        effort => Some(effort),
    }
}

#[cfg(test)]
mod tests;
