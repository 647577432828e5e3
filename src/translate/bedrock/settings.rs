//! `inferenceConfig`, `additionalModelRequestFields`, `outputConfig`, `requestMetadata`, `serviceTier`.

use super::fields::one;
use super::model::Model;
use super::thinking::{Decided, Samples};
use crate::json::{Members, json, members};
use crate::translate::claude::{Sampling, is_recursive, relaxed};
use crate::translate::neutral::{Bridge, Client, Delivery, Format, Given, Losses, Request, ServiceTier};
use serde_json::{Map, Number, Value};

const NO_PLACE: &str = "has no counterpart in Bedrock's Converse";

/// `inferenceConfig` and, where the model has it elsewhere, `additionalModelRequestFields`.
pub(super) fn write_inference(
    request: &mut Request,
    model: &Model,
    decided: Decided,
    bridge: &mut Bridge,
    body: &mut Map<String, Value>,
    losses: &mut Losses,
) {
    let mut inference = Map::new();
    let Decided { max_tokens, fields: mut additional, samples } = decided;
    inference.put_some("maxTokens", max_tokens);
    write_sampling(request, model, samples, &mut inference, &mut additional, losses);
    if let Some(Given { value, .. }) = request.stop.take() {
        write_stops(value, model, request, &mut inference, bridge, body);
    }
    for (key, members) in [("inferenceConfig", inference), ("additionalModelRequestFields", additional)] {
        if !members.is_empty() {
            body.put(key, members);
        }
    }
}

/// Adds the operator's defaults to the objects that were begun: a default is filled in for a whole member only.
pub(super) fn fill(begun: &mut Map<String, Value>, defaults: &Map<String, Value>) {
    for (key, members) in begun {
        let (Value::Object(members), Some(Value::Object(missing))) = (members, defaults.get(key)) else { continue };
        for (key, value) in missing {
            members.entry(key).or_insert_with(|| value.clone());
        }
    }
}

fn write_sampling(
    request: &mut Request,
    model: &Model,
    samples: Samples,
    inference: &mut Map<String, Value>,
    additional: &mut Map<String, Value>,
    losses: &mut Losses,
) {
    let temperature = request.temperature.take();
    let top_p = request.top_p.take();
    let top_k = request.top_k.take();
    let has_temperature = temperature.is_some();
    let refused = |field: &str, value: &Number| match (model.sampling, samples, field) {
        (Sampling::Nothing, ..) => Some("is not taken by this model any more"),
        (Sampling::OneOf, _, "topP") if has_temperature => Some("cannot be set together with the temperature"),
        (_, Samples::AsItThinks, "temperature") if value.as_f64() == Some(1.0) => None,
        (_, Samples::AsItThinks, "topP") if value.as_f64() >= Some(0.95) => None,
        (_, Samples::AsItThinks, _) => Some("cannot be set while the model thinks"),
        (_, _, "top_k") if model.family().is_none() => Some(NO_PLACE),
        _ => None,
    };
    for (field, given) in [("temperature", temperature), ("topP", top_p), ("top_k", top_k)] {
        let Some(Given { field: name, value }) = given else { continue };
        if let Some(why) = refused(field, &value) {
            losses.detail(name, why);
        } else if field == "top_k" {
            additional.put(field, value);
        } else if field == "temperature" && value.as_f64() > Some(1.0) {
            losses.detail(name, "is lowered to 1, the most that Bedrock takes");
            inference.put(field, 1);
        } else {
            inference.put(field, value);
        }
    }
}

/// As many as the model takes; the gateway looks for the others itself.
fn write_stops(
    stops: Vec<String>,
    model: &Model,
    request: &Request,
    inference: &mut Map<String, Value>,
    bridge: &mut Bridge,
    body: &mut Map<String, Value>,
) {
    let stops = stops.into_iter().filter(|stop| !stop.is_empty());
    let (mut sent, emulated): (Vec<String>, Vec<String>) = stops.partition(|stop| !stop.trim().is_empty());
    let rest = sent.split_off(sent.len().min(model.stops));
    bridge.stops = rest.into_iter().chain(emulated).collect();
    if sent.is_empty() {
        return;
    }
    inference.put("stopSequences", sent);
    // Which one it was is told by Claude only, and only if it is asked.
    if model.family().is_some() && request.client == Client::AnthropicMessages {
        let path = match request.delivery {
            Delivery::Whole => "/stop_sequence",
            Delivery::Streamed => "/delta/stop_sequence",
        };
        body.put("additionalModelResponseFieldPaths", json!([path]));
    }
}

/// The shape of the answer: in its own field, or in words.
pub(super) fn write_format(
    request: &mut Request,
    model: &Model,
    body: &mut Map<String, Value>,
    notes: &mut Vec<String>,
    losses: &mut Losses,
) {
    let Some(Given { field, value }) = request.format.take() else { return };
    match value {
        Format::JsonObject => {
            notes
                .push("Answer with one JSON object and nothing else: no words and no code fence around it.".to_owned());
            losses.detail(field, "is told to the model in words, because Bedrock has no such mode");
        }
        Format::JsonSchema { name, description, schema, .. } if model.schema.yes() && !is_recursive(&schema) => {
            write_schema(name, description, relaxed(schema), body);
        }
        Format::JsonSchema { schema, .. } => {
            notes.push(format!(
                "Answer with JSON that is valid against this JSON Schema and nothing else: no words and no code fence \
                 around it.\n{schema}"
            ));
            losses.detail(field, "is told to the model in words, because this model cannot be held to such a schema");
        }
    }
}

fn write_schema(name: Option<String>, description: Option<String>, schema: Value, body: &mut Map<String, Value>) {
    let additional = body.get_mut("additionalModelRequestFields");
    let own = additional.and_then(|fields| fields.get_mut("output_config")).and_then(Value::as_object_mut);
    // Claude's effort is in its own `output_config`, into which Converse would write the format as well: one of them.
    if let Some(own) = own {
        own.put("format", json!({"type": "json_schema", "schema": schema}));
        return;
    }
    let mut definition = members([("schema", schema.to_string().into())]);
    for (key, words) in [("name", name), ("description", description)] {
        definition.put_some(key, words);
    }
    let structure = one("jsonSchema", definition);
    let format = members([("type", "json_schema".into()), ("structure", structure)]);
    body.put("outputConfig", one("textFormat", format));
}

/// The most pairs of `requestMetadata`.
const MOST_PAIRS: usize = 16;
/// The longest key or value of one, in characters.
const LONGEST: usize = 256;

/// Who asks and the client's notes, which Bedrock writes in its log of invocations.
pub(super) fn write_metadata(request: &mut Request, body: &mut Map<String, Value>, losses: &mut Losses) {
    let mut pairs = Map::new();
    if let Some(Given { field, value }) = request.end_user.take() {
        if is_plain(&value) {
            pairs.put("end_user", value);
        } else {
            losses.detail(field, "has letters that Bedrock does not take in its metadata, or more than 256");
        }
    }
    if let Some(Given { field, value }) = request.metadata.take() {
        for (key, value) in value {
            let fits = !key.is_empty() && is_plain(&key) && value.as_str().is_some_and(is_plain);
            if fits && pairs.len() < MOST_PAIRS && !pairs.contains_key(&key) {
                pairs.insert(key, value);
            } else {
                losses.detail(
                    format!("{field}.{key}"),
                    "is more than Bedrock takes: 16 pairs of plain words of at most 256 letters",
                );
            }
        }
    }
    if !pairs.is_empty() {
        body.put("requestMetadata", pairs);
    }
}

fn is_plain(text: &str) -> bool {
    let is_plain = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b' ' | b'.' | b'_' | b':' | b'/' | b'=' | b'+' | b'$' | b'@' | b'-')
    };
    text.len() <= LONGEST && text.bytes().all(is_plain)
}

/// How fast and how dear.
pub(super) fn write_tier(request: &mut Request, body: &mut Map<String, Value>, losses: &mut Losses) {
    let Some(Given { field, value }) = request.service_tier.take() else { return };
    let tier = match value {
        ServiceTier::Auto => return,
        ServiceTier::Standard => "default",
        ServiceTier::Flex => "flex",
        ServiceTier::Priority => "priority",
        ServiceTier::Other(_) => {
            losses.detail(field, "names a tier that Bedrock does not have");
            return;
        }
    };
    body.put("serviceTier", json!({"type": tier}));
}

/// What Converse has no place for.
pub(super) fn name_losses(request: &Request, losses: &mut Losses) {
    let numbers = [&request.seed, &request.presence_penalty, &request.frequency_penalty];
    let numbers = numbers.into_iter().flatten().map(|given| given.field);
    let words = [&request.verbosity, &request.cache_key].into_iter().flatten().map(|given| given.field);
    let store = request.store.iter().filter(|given| given.value).map(|given| given.field);
    for field in numbers.chain(words).chain(store) {
        losses.detail(field, NO_PLACE);
    }
}
