//! A request in Converse's terms.

use super::cache::Marks;
use super::conversation::{Conversation, write_system};
use super::model::Model;
use super::thinking::{self, Samples};
use super::{settings, tools};
use crate::domain::invalid::Invalid;
use crate::json::Members;
use crate::translate::claude::{self, Takes};
use crate::translate::neutral::{Bridge, Losses, Request, Target};
use serde_json::{Map, Value};

/// Writes the body of Converse and ConverseStream, which is the same: model and delivery are in the path.
///
/// # Errors
/// None yet: what Converse cannot say is a loss.
pub fn write_request(
    mut request: Request,
    target: &Target<'_>,
    bridge: &mut Bridge,
    losses: &mut Losses,
) -> Result<Map<String, Value>, Invalid> {
    let model = Model::of(target.model);
    let mut marks = Marks::new(model, request.client);
    let mut notes = Vec::new();
    let mut settings = Map::new();

    if model.family().is_some() {
        claude::forget_foreign_signatures(&mut request, target.provider);
    }
    let decided = thinking::write(&request, &model, target, losses);
    let prefill = if decided.samples == Samples::Freely { model.prefill } else { Takes::No };
    settings::write_inference(&mut request, &model, decided, bridge, &mut settings, losses);
    settings::fill(&mut settings, target.defaults);
    settings::write_format(&mut request, &model, &mut settings, &mut notes, losses);
    settings::write_metadata(&mut request, &mut settings, losses);
    settings::write_tier(&mut request, &mut settings, losses);
    settings::name_losses(&request, losses);

    // In the order in which the model reads them: the first marks count if there are too many.
    let tool_config = tools::write(&mut request, &model, bridge, &mut marks, &mut notes, losses);
    let system = write_system(std::mem::take(&mut request.system), notes, &mut marks, losses);
    let mut conversation = Conversation::new(target, model, request.client);
    for turn in request.turns {
        conversation.add(turn, bridge, &mut marks, losses);
    }

    let mut body = Map::new();
    body.put("messages", conversation.finish(prefill));
    body.put_some("system", system);
    body.put_some("toolConfig", tool_config);
    body.append(&mut settings);
    Ok(body)
}
