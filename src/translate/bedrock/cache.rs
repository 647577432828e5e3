//! Marks for the prompt cache.

use super::model::{Caching, Model};
use crate::json::json;
use crate::translate::neutral::{CacheMark, Client, Losses};
use serde_json::Value;

/// The most marks of one request.
const MOST: usize = 4;

/// Writes a request's marks, as long as the model takes them.
#[derive(Debug)]
pub(super) struct Marks {
    left: usize,
    model: Model,
    field: &'static str,
}

/// Where a mark is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// After a tool.
    Tools,
    /// After a piece of the system prompt or of a message.
    Prompt,
}

impl Marks {
    /// The marks of a request, which are told as lost under the name that its client gave them.
    pub(super) fn new(model: Model, client: Client) -> Self {
        let field = match client {
            Client::AnthropicMessages => "cache_control",
            Client::ChatCompletions | Client::Responses => "prompt_cache_breakpoint",
        };
        Self { left: MOST, model, field }
    }

    /// The block that marks the prompt up to here.
    pub(super) fn point(
        &mut self,
        mark: Option<CacheMark>,
        place: Place,
        at: &str,
        losses: &mut Losses,
    ) -> Option<Value> {
        let mark = mark?;
        let fits = matches!((self.model.caching, place), (Caching::Everywhere, _) | (Caching::Prompt, Place::Prompt));
        if !fits || self.left == 0 {
            let why =
                if fits { "is one mark too many: Bedrock takes four" } else { "marks what this model does not cache" };
            losses.detail(format!("{at}.{}", self.field), why);
            return None;
        }
        self.left -= 1;
        Some(match mark {
            CacheMark::Hour if self.model.cache_hour.yes() => json!({"cachePoint": {"type": "default", "ttl": "1h"}}),
            CacheMark::Default | CacheMark::Hour => json!({"cachePoint": {"type": "default"}}),
        })
    }
}
