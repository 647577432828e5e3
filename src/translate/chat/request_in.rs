//! Reads a client's request.

use super::{messages_in, tools_in};
use crate::domain::invalid::Invalid;
use crate::translate::neutral::{
    Client, Delivery, Effort, Elements, Fields, Format, Given, Losses, Request, ServiceTier, Summary, Thinking,
    ThinkingMode, UsageChunk,
};
use serde_json::{Map, Value};

/// Reads a Chat Completions request, and names what no other protocol has a place for.
///
/// # Errors
/// What is no request of this protocol, by its field.
pub fn read_request(body: Map<String, Value>, losses: &mut Losses) -> Result<Request, Invalid> {
    let mut fields = Fields::of_request(body);
    fields.ignore(&["model"]);
    let mut request = Request::new(Client::ChatCompletions);
    messages_in::read(elements(&mut fields, "messages")?, &mut request, losses)?;
    tools_in::read(&mut fields, &mut request, losses)?;
    read_limits(&mut fields, &mut request)?;
    read_tunings(&mut fields, &mut request)?;
    read_notes(&mut fields, &mut request)?;
    read_delivery(&mut fields, &mut request, losses)?;
    read_format(&mut fields, &mut request, losses)?;
    read_several_answers(&mut fields, losses)?;
    fields.rest(losses);
    request.weigh_choice(losses);
    request.pair_results(losses);
    Ok(request)
}

/// An array that has to be there.
fn elements(fields: &mut Fields, key: &str) -> Result<Elements, Invalid> {
    let place = fields.place(key);
    fields.array(key)?.ok_or_else(|| Invalid::new(&place, format!("`{place}` is missing: it must be an array")))
}

/// A word that is none of those that the protocol has.
pub(super) fn unknown_word(place: &str, known: &str, found: &str) -> Invalid {
    Invalid::new(place, format!("`{place}` must be one of {known}, not `{found}`"))
}

fn read_limits(fields: &mut Fields, request: &mut Request) -> Result<(), Invalid> {
    let legacy = fields.count("max_tokens")?;
    let limit = fields.count("max_completion_tokens")?;
    request.max_output = Fields::given("max_completion_tokens", limit).or_else(|| Fields::given("max_tokens", legacy));
    let stop = match fields.peek("stop") {
        Some(Value::String(_)) => fields.text("stop")?.map(|text| vec![text]),
        _ => fields.texts("stop")?,
    };
    let stop = stop.map(|stop| stop.into_iter().filter(|sequence| !sequence.is_empty()).collect::<Vec<_>>());
    request.stop = Fields::given("stop", stop.filter(|stop| !stop.is_empty()));
    Ok(())
}

fn read_tunings(fields: &mut Fields, request: &mut Request) -> Result<(), Invalid> {
    request.temperature = Fields::given("temperature", fields.number("temperature")?);
    request.top_p = Fields::given("top_p", fields.number("top_p")?);
    // Not OpenAI's, but a custom of its compatibles, and some of those who are asked here know it.
    request.top_k = Fields::given("top_k", fields.number("top_k")?);
    request.seed = Fields::given("seed", fields.number("seed")?);
    request.presence_penalty = Fields::given("presence_penalty", fields.number("presence_penalty")?);
    request.frequency_penalty = Fields::given("frequency_penalty", fields.number("frequency_penalty")?);
    request.verbosity = Fields::given("verbosity", fields.text("verbosity")?);
    let effort = fields.text("reasoning_effort")?.map(|word| {
        let known = "`none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`";
        Effort::parse(&word).ok_or_else(|| unknown_word("reasoning_effort", known, &word))
    });
    request.thinking = effort.transpose()?.map(|effort| {
        let thinking = Thinking { mode: ThinkingMode::Unsaid, effort: Some(effort), summary: Summary::Unsaid };
        Given::new("reasoning_effort", thinking)
    });
    Ok(())
}

fn read_notes(fields: &mut Fields, request: &mut Request) -> Result<(), Invalid> {
    let user = fields.text("user")?;
    let safety_identifier = fields.text("safety_identifier")?;
    request.end_user = Fields::given("safety_identifier", safety_identifier).or_else(|| Fields::given("user", user));
    request.cache_key = Fields::given("prompt_cache_key", fields.text("prompt_cache_key")?);
    request.metadata = Fields::given("metadata", fields.object("metadata")?.map(Fields::into_map))
        .filter(|metadata| !metadata.value.is_empty());
    request.store = Fields::given("store", fields.boolean("store")?);
    let tier = fields.text("service_tier")?.map(|word| match word.as_str() {
        "auto" => ServiceTier::Auto,
        "default" => ServiceTier::Standard,
        "flex" => ServiceTier::Flex,
        "priority" => ServiceTier::Priority,
        _ => ServiceTier::Other(word),
    });
    request.service_tier = Fields::given("service_tier", tier);
    Ok(())
}

fn read_delivery(fields: &mut Fields, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    if fields.boolean("stream")? == Some(true) {
        request.delivery = Delivery::Streamed;
    }
    let Some(mut options) = fields.object("stream_options")? else { return Ok(()) };
    if options.boolean("include_usage")? == Some(true) {
        request.usage_chunk = UsageChunk::Wanted;
    }
    // Padding of the vendor's: whoever translates pads nothing.
    options.ignore(&["include_obfuscation"]);
    options.rest(losses);
    Ok(())
}

fn read_format(fields: &mut Fields, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    let Some(mut format) = fields.object("response_format")? else { return Ok(()) };
    let read = match format.need_text("type")?.as_str() {
        "text" => None,
        "json_object" => Some(Format::JsonObject),
        "json_schema" => {
            let place = format.place("json_schema");
            let mut schema = format.object("json_schema")?.ok_or_else(|| {
                Invalid::new(&place, format!("`{place}` is missing: it must be an object with a `schema`"))
            })?;
            let read = Format::JsonSchema {
                name: schema.text("name")?,
                description: schema.text("description")?,
                schema: schema.take("schema").unwrap_or_else(|| Value::Object(Map::new())),
                strict: schema.boolean("strict")?,
            };
            schema.rest(losses);
            Some(read)
        }
        other => {
            return Err(unknown_word("response_format.type", "`text`, `json_object`, `json_schema`", other));
        }
    };
    format.rest(losses);
    request.format = Fields::given("response_format", read);
    Ok(())
}

/// What asks for more, or for something else, than one answer of text and calls.
fn read_several_answers(fields: &mut Fields, losses: &mut Losses) -> Result<(), Invalid> {
    if fields.count("n")?.is_some_and(|n| n != 1) {
        losses.meaning("n", "must be 1, because this model's provider gives one answer a call: call it several times");
    }
    if fields.texts("modalities")?.is_some_and(|modalities| modalities.iter().any(|modality| modality != "text")) {
        losses.meaning("modalities", "must be `text`: what this model's provider speaks has no sound in its answers");
    }
    if fields.take("audio").is_some() {
        losses.meaning("audio", "asks for a spoken answer, which this model's provider does not give: leave it out");
    }
    Ok(())
}
