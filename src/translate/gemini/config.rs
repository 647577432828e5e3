//! `generationConfig`, and what Gemini has no field for.

use super::family::Family;
use super::thinking;
use crate::json::Members;
use crate::translate::neutral::{Format, Given, Losses, Request, ServiceTier};
use serde_json::{Map, Number, Value};

/// Gemini's own limit.
const MOST_STOPS: usize = 5;

/// What is said of the answer's making.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// `generationConfig`.
    pub(super) config: Map<String, Value>,
    /// A line for the system prompt that stands in for what this model refuses.
    pub(super) instruction: Option<String>,
}

/// Writes it. `tools` are what the request brings: some models take no JSON mime type together with any. `stops` gets the
/// stop sequences where they are too many.
pub(super) fn write(
    request: &mut Request,
    family: Family,
    tools: &[Value],
    stops: &mut Vec<String>,
    losses: &mut Losses,
) -> Written {
    let mut written = Written::default();
    let config = &mut written.config;
    for (key, given) in
        [("temperature", request.temperature.take()), ("topP", request.top_p.take()), ("topK", request.top_k.take())]
    {
        match given {
            Some(given) if family.samples() => put(config, key, given.value),
            Some(given) => losses.detail(given.field, "is not heeded by this model any more"),
            None => {}
        }
    }
    if let Some(most) = request.max_output.take() {
        put(config, "maxOutputTokens", most.value);
    }
    if let Some(given) = request.stop.take() {
        let sequences: Vec<String> = given.value.into_iter().filter(|sequence| !sequence.is_empty()).collect();
        match sequences.len() {
            0 => {}
            1..=MOST_STOPS => put(config, "stopSequences", sequences),
            _ => *stops = sequences,
        }
    }
    if let Some(seed) = request.seed.take() {
        match seed.value.as_i64().and_then(|seed| i32::try_from(seed).ok()) {
            Some(fitting) => put(config, "seed", fitting),
            None => losses.detail(seed.field, "is left out: Gemini takes whole numbers of 32 bits"),
        }
    }
    for (key, given) in
        [("presencePenalty", request.presence_penalty.take()), ("frequencyPenalty", request.frequency_penalty.take())]
    {
        // Some models refuse the field at any value, and zero is what all of them do without it.
        if let Some(given) = given.filter(|given| is_set(&given.value)) {
            put(config, key, given.value);
        }
    }
    if let Some(format) = request.format.take() {
        if tools.is_empty() || family.combines_tools() {
            shape(config, format, losses);
        } else {
            losses.detail(format.field, "is asked for in words: this model takes no JSON format together with tools");
            written.instruction = Some(instruction(format.value));
        }
    }
    if let Some(given) = request.thinking.take()
        && let Some(thinking) = thinking::write(given, request.client, family, losses)
    {
        written.config.put("thinkingConfig", thinking);
    }
    name_the_rest(request, losses);
    written
}

fn put(config: &mut Map<String, Value>, key: &str, value: impl Into<Value>) {
    config.put(key, value);
}

fn is_set(number: &Number) -> bool {
    number.as_f64() != Some(0.0)
}

fn shape(config: &mut Map<String, Value>, format: Given<Format>, losses: &mut Losses) {
    put(config, "responseMimeType", "application/json");
    if let Format::JsonSchema { schema, description, .. } = format.value {
        put(config, "responseJsonSchema", schema);
        if description.is_some() {
            losses.detail(format!("{}.description", format.field), "has no counterpart at Gemini");
        }
    }
}

fn instruction(format: Format) -> String {
    match format {
        Format::JsonObject => "Answer with one JSON object and nothing else.".to_owned(),
        Format::JsonSchema { schema, description, .. } => {
            let what = description.map(|description| format!(" ({description})")).unwrap_or_default();
            format!(
                "When you answer without calling a function, answer with JSON that is valid against this JSON \
                 Schema{what}, and with nothing else:\n{schema}"
            )
        }
    }
}

/// Hints and notes that nothing at Gemini stands for.
fn name_the_rest(request: &mut Request, losses: &mut Losses) {
    const NOTHING: &str = "has no counterpart in the Gemini API";
    let mut note = |field: Option<&'static str>| {
        if let Some(field) = field {
            losses.detail(field, NOTHING);
        }
    };
    note(request.verbosity.take().map(|given| given.field));
    note(request.end_user.take().map(|given| given.field));
    note(request.cache_key.take().map(|given| given.field));
    note(request.metadata.take().filter(|given| !given.value.is_empty()).map(|given| given.field));
    let ordinary = |tier: &ServiceTier| matches!(tier, ServiceTier::Auto | ServiceTier::Standard);
    note(request.service_tier.take().filter(|given| !ordinary(&given.value)).map(|given| given.field));
    note(request.store.take().filter(|given| given.value).map(|given| given.field));
}
