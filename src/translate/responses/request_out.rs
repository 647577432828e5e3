//! A request for an upstream.

use super::items_out::Items;
use super::model::{Model, Reasons};
use super::quirks::{EndUser, Include, Quirks, System};
use super::tools_out;
use crate::domain::invalid::Invalid;
use crate::json::{Members, json};
use crate::translate::neutral::{
    Body, Bridge, Client, Delivery, Effort, Format, Given, Losses, Part, Request, ServiceTier, Summary, Target,
    Thinking, ThinkingMode,
};
use serde_json::{Map, Number, Value};
use sha2::{Digest, Sha256};

/// The least `max_output_tokens` that Responses takes.
const LEAST_OUTPUT: u64 = 16;
/// The most characters of an end user's id.
const LONGEST_USER: usize = 64;

/// Writes a request for an upstream that speaks Responses.
///
/// # Errors
/// None today: whatever cannot be carried is a loss.
pub fn write_request(
    mut request: Request,
    target: &Target<'_>,
    bridge: &mut Bridge,
    losses: &mut Losses,
) -> Result<Map<String, Value>, Invalid> {
    let quirks = Quirks::of(target.kind);
    let model = Model::of(target.kind, target.model);
    let mut body = Map::new();
    body.put("model", target.model);
    conversation(&mut request, target, quirks, &mut body, bridge, losses);
    tools_out::write(&mut request, &quirks, &mut body, bridge, losses);
    reasoning(&request, &model, &quirks, &mut body, losses);
    limits(&mut request, &model, &mut body, bridge, losses);
    text(&mut request, &model, &quirks, &mut body, losses);
    identity(&mut request, &quirks, &mut body, losses);
    body.put("stream", request.delivery == Delivery::Streamed);
    Ok(body)
}

fn conversation(
    request: &mut Request,
    target: &Target<'_>,
    quirks: Quirks,
    body: &mut Map<String, Value>,
    bridge: &mut Bridge,
    losses: &mut Losses,
) {
    let system = joined(std::mem::take(&mut request.system));
    let mut items = Items::new(request.client, target, quirks, bridge, losses);
    match (system, quirks.system) {
        (None, _) => {}
        (Some(text), System::Instructions) if !request.turns.is_empty() => {
            body.put("instructions", text);
        }
        // An empty `input` is refused everywhere.
        (Some(text), System::Instructions | System::Message) => items.system(text),
    }
    let input = items.turns(std::mem::take(&mut request.turns));
    body.put("input", input);
}

fn joined(system: Vec<Part>) -> Option<String> {
    let mut texts = system.into_iter().filter_map(|part| match part.body {
        Body::Text(text) => Some(text),
        _ => None,
    });
    let mut instructions = texts.next()?;
    for text in texts {
        instructions.push_str("\n\n");
        instructions.push_str(&text);
    }
    Some(instructions)
}

/// How much to think, and that it comes back sealed: the answer is kept nowhere.
fn reasoning(request: &Request, model: &Model, quirks: &Quirks, body: &mut Map<String, Value>, losses: &mut Losses) {
    let keep = request.store.as_ref().is_some_and(|store| store.value);
    match (quirks.store.yes(), &request.store) {
        (true, _) => {
            body.put("store", keep);
        }
        (false, Some(store)) if keep => {
            losses.detail(store.field, "is not what this model's provider can do: it keeps nothing")
        }
        (false, _) => {}
    }
    let mut wanted = Map::new();
    if let Some(Given { field, value: thinking }) = request.thinking {
        // To a model that may not be able to think there is nothing to forbid.
        let is_moot = thinking.mode == ThinkingMode::Off && model.reasons == Reasons::Unknown;
        let effort = effort(thinking).filter(|_| !is_moot);
        if model.reasons == Reasons::No {
            if effort.is_some_and(|effort| effort != Effort::None) {
                losses.detail(field, "is for models that think before they answer, which this one does not");
            }
        } else {
            match effort.map(|effort| model.nearest(effort)) {
                Some(Some(effort)) => {
                    wanted.put("effort", effort.as_str());
                }
                Some(None) if effort == Some(Effort::None) => {}
                Some(None) => losses.detail(field, "cannot be set: this model thinks as much as it sees fit"),
                None => {}
            }
            if let Some(summary) = summary(request.client, thinking).filter(|_| quirks.summary.yes()) {
                wanted.put("summary", summary);
            }
        }
    }
    // Where the name does not tell, the client that asks for thought knows that the model thinks.
    let thinks = model.reasons == Reasons::Yes || !wanted.is_empty();
    let is_included = match quirks.include {
        Include::Always => model.reasons != Reasons::No,
        Include::Thinking => thinks,
        Include::Never => false,
    };
    if !wanted.is_empty() {
        body.put("reasoning", wanted);
    }
    if is_included {
        body.put("include", json!(["reasoning.encrypted_content"]));
    }
}

/// The effort, with Anthropic's switch translated (PROTOCOLS.md section 2.2). Adaptive thinking without a word on effort is
/// what every model does by default.
fn effort(thinking: Thinking) -> Option<Effort> {
    match thinking.mode {
        ThinkingMode::Unsaid | ThinkingMode::Adaptive => thinking.effort,
        ThinkingMode::Off => Some(Effort::None),
        ThinkingMode::BetweenTools => thinking.effort.or(Some(Effort::Low)),
        ThinkingMode::Budget(tokens) => thinking.effort.or_else(|| Some(Effort::of_budget(tokens))),
    }
}

/// An Anthropic client that switches thinking on gets to read it unless it says otherwise.
fn summary(client: Client, thinking: Thinking) -> Option<&'static str> {
    let is_on = matches!(thinking.mode, ThinkingMode::Adaptive | ThinkingMode::Budget(_) | ThinkingMode::BetweenTools);
    match thinking.summary {
        Summary::Unsaid if client == Client::AnthropicMessages && is_on => Some("auto"),
        Summary::Unsaid | Summary::Omitted => None,
        Summary::Wanted => Some("auto"),
        Summary::Concise => Some("concise"),
        Summary::Detailed => Some("detailed"),
    }
}

fn limits(
    request: &mut Request,
    model: &Model,
    body: &mut Map<String, Value>,
    bridge: &mut Bridge,
    losses: &mut Losses,
) {
    if let Some(limit) = &request.max_output {
        body.put("max_output_tokens", limit.value.max(LEAST_OUTPUT));
    }
    // Responses has no stop sequences: the gateway looks for them.
    if let Some(stop) = request.stop.take() {
        bridge.stops = stop.value;
    }
    let refuses_sampling = model.reasons == Reasons::Yes;
    for (key, given) in [("temperature", request.temperature.take()), ("top_p", request.top_p.take())] {
        let Some(Given { field, value }) = given else { continue };
        if refuses_sampling {
            losses.detail(field, "is refused by models that think before they answer");
        } else {
            body.put(key, value);
        }
    }
    let without_place: [&Option<Given<Number>>; 4] =
        [&request.top_k, &request.seed, &request.presence_penalty, &request.frequency_penalty];
    for given in without_place.into_iter().flatten() {
        losses.detail(given.field, "has no counterpart in the Responses API");
    }
}

fn text(request: &mut Request, model: &Model, quirks: &Quirks, body: &mut Map<String, Value>, losses: &mut Losses) {
    let mut text = Map::new();
    if let Some(format) = request.format.take() {
        text.put("format", written_format(format.value));
    }
    if let Some(verbosity) = request.verbosity.take() {
        if quirks.verbosity.yes() && model.takes_verbosity() {
            text.put("verbosity", verbosity.value);
        } else {
            losses.detail(verbosity.field, "is not known to this model");
        }
    }
    if !text.is_empty() {
        body.put("text", text);
    }
}

fn written_format(format: Format) -> Value {
    let Format::JsonSchema { name, description, schema, strict } = format else {
        return json!({"type": "json_object"});
    };
    let mut written = Map::new();
    written.put("type", "json_schema");
    written.put("name", name.unwrap_or_else(|| "response".to_owned()));
    if let Some(description) = description {
        written.put("description", description);
    }
    written.put("schema", schema);
    written.put("strict", strict.unwrap_or(false));
    Value::Object(written)
}

fn identity(request: &mut Request, quirks: &Quirks, body: &mut Map<String, Value>, losses: &mut Losses) {
    if let Some(user) = request.end_user.take() {
        let key = match quirks.end_user {
            EndUser::SafetyIdentifier => Some("safety_identifier"),
            EndUser::User => Some("user"),
            EndUser::Nobody => None,
        };
        match key {
            Some(key) => {
                body.put(key, fit_user(user.value));
            }
            None => losses.detail(user.field, NOT_TAKEN),
        }
    }
    if let Some(key) = request.cache_key.take() {
        if quirks.cache_key.yes() {
            body.put("prompt_cache_key", key.value);
        } else {
            losses.detail(key.field, NOT_TAKEN);
        }
    }
    if let Some(metadata) = request.metadata.take() {
        if quirks.metadata.yes() {
            body.put("metadata", metadata.value);
        } else {
            losses.detail(metadata.field, NOT_TAKEN);
        }
    }
    if let Some(tier) = request.service_tier.take() {
        let word = match &tier.value {
            ServiceTier::Auto => Some("auto"),
            ServiceTier::Standard => Some("default"),
            ServiceTier::Flex => Some("flex"),
            ServiceTier::Priority => Some("priority"),
            ServiceTier::Other(word) => ["scale", "fast"].into_iter().find(|known| known == word),
        };
        match word.filter(|_| quirks.service_tier.yes()) {
            Some(word) => {
                body.put("service_tier", word);
            }
            None => losses.detail(tier.field, NOT_TAKEN),
        }
    }
}

const NOT_TAKEN: &str = "is not known to this model's provider";

/// Claude Code's user ids are longer than OpenAI takes; the same user always has the same stand-in.
fn fit_user(user: String) -> String {
    if user.chars().count() <= LONGEST_USER {
        return user;
    }
    Sha256::digest(user.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
