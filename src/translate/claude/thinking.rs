//! How much Claude shall think.

use super::family::Family;
use crate::translate::neutral::{Effort, Losses, Request, ThinkingMode};

/// `thinking` and `output_config.effort`, as a family takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaudeThinking {
    /// `thinking.type`; [`ThinkingMode::Unsaid`] leaves `thinking` out.
    pub mode: ThinkingMode,
    /// `output_config.effort`.
    pub effort: Option<Effort>,
    /// Least `max_tokens` that goes with it.
    pub max_tokens: u64,
}

/// Decides for a request. `max_tokens` is what the call will have.
pub fn decide(request: &Request, family: &Family, max_tokens: u64, losses: &mut Losses) -> ClaudeThinking {
    let _ = (request, family, losses);
    ClaudeThinking { mode: ThinkingMode::Unsaid, effort: None, max_tokens }
}
