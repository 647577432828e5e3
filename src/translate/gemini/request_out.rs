//! A request for `:generateContent` and `:streamGenerateContent`, which take the same body.

use super::config;
use super::contents::Conversation;
use super::family::Family;
use super::tools::{self, ToolNames};
use crate::domain::invalid::Invalid;
use crate::json::Members;
use crate::translate::neutral::{Bridge, Losses, Request, Target};
use serde_json::{Map, Value};

/// Writes the body. The model and the delivery are in the address, not in the body.
///
/// # Errors
/// None at present: what Gemini cannot do is a loss.
pub fn write_request(
    mut request: Request,
    target: &Target<'_>,
    bridge: &mut Bridge,
    losses: &mut Losses,
) -> Result<Map<String, Value>, Invalid> {
    let family = Family::of(target.model);
    let mut named = ToolNames::new(&mut bridge.names);
    let tools = tools::write(&mut request, family, &mut named, &mut bridge.calls, losses);
    let generation = config::write(&mut request, family, &tools.tools, &mut bridge.stops, losses);
    let mut conversation = Conversation::new(request.client, family, target.provider, &mut named, losses);
    let system = conversation.system(request.system, generation.instruction);
    let mut body = Map::new();
    body.put("contents", conversation.write(request.turns));
    body.put_some("systemInstruction", system);
    if !tools.tools.is_empty() {
        body.put("tools", tools.tools);
    }
    for (key, part) in [("toolConfig", tools.config), ("generationConfig", generation.config)] {
        if !part.is_empty() {
            body.put(key, part);
        }
    }
    Ok(body)
}
