//! A client's request.

use super::{items_in, tools_in};
use crate::domain::invalid::Invalid;
use crate::json::Members;
use crate::translate::neutral::{
    Body, Client, Delivery, Effort, Fields, Format, Given, Losses, Parallel, Part, Request, ServiceTier, Summary,
    Thinking, ThinkingMode,
};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// What a `Response` repeats of its request (PROTOCOLS.md section 4.3).
const ECHOED: [&str; 15] = [
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "parallel_tool_calls",
    "prompt_cache_key",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_p",
    "user",
];

/// Reads a Responses request.
///
/// # Errors
/// A field has a type or a value that the Responses API does not know; the error names it.
pub fn read_request(body: Map<String, Value>, losses: &mut Losses) -> Result<Request, Invalid> {
    let mut request = Request::new(Client::Responses);
    for key in ECHOED {
        if let Some(value) = body.get(key).filter(|value| !value.is_null()) {
            request.echo.put(key, value.clone());
        }
    }
    let mut fields = Fields::of_request(body);
    fields.ignore(&["model"]);
    let history = state(&mut fields, losses)?;
    if let Some(text) = fields.text("instructions")?.filter(|text| !text.is_empty()) {
        request.system.push(Part::new("instructions", Body::Text(text)));
    }
    match (fields.take("input"), history) {
        (Some(input), _) => items_in::read(input, &mut request, losses)?,
        (None, History::Elsewhere) => {}
        (None, History::Here) => {
            return Err(Invalid::new("input", "`input` is missing: it must be a string or an array of items"));
        }
    }
    if let Some(tools) = fields.take("tools") {
        // Those of the request come first, whatever the conversation brought.
        let brought = std::mem::take(&mut request.tools);
        tools_in::read(tools, "tools", &mut request.tools, losses)?;
        request.tools.extend(brought);
    }
    // A conversation brings a tool as often as it was found.
    let mut known = HashSet::new();
    request.tools.retain(|tool| tool.name().is_none_or(|name| known.insert(name.to_owned())));
    if let Some(choice) = fields.take("tool_choice") {
        request.tool_choice = Fields::given("tool_choice", tools_in::choice(choice, losses)?);
    }
    let parallel = fields.boolean("parallel_tool_calls")?;
    let parallel = parallel.map(|allowed| if allowed { Parallel::Allowed } else { Parallel::Forbidden });
    request.parallel = Fields::given("parallel_tool_calls", parallel);
    request.max_output = Fields::given("max_output_tokens", fields.count("max_output_tokens")?);
    request.temperature = Fields::given("temperature", fields.number("temperature")?);
    request.top_p = Fields::given("top_p", fields.number("top_p")?);
    request.thinking = thinking(&mut fields, losses)?;
    text(&mut fields, &mut request, losses)?;
    identity(&mut fields, &mut request)?;
    tunings(&mut fields, losses)?;
    if fields.boolean("stream")? == Some(true) {
        request.delivery = Delivery::Streamed;
    }
    fields.rest(losses);
    request.weigh_offers(losses);
    request.weigh_choice(losses);
    request.pair_results(losses);
    Ok(request)
}

/// Where the conversation is.
enum History {
    /// In the request.
    Here,
    /// At OpenAI: `input` may be missing.
    Elsewhere,
}

/// What relies on OpenAI's memory.
fn state(fields: &mut Fields, losses: &mut Losses) -> Result<History, Invalid> {
    const ESSENTIAL: [(&str, &str); 3] = [
        ("previous_response_id", "names an answer that is kept at OpenAI only: send the whole conversation as `input`"),
        ("conversation", "names a conversation that is kept at OpenAI only: send all of it as `input`"),
        ("prompt", "names a template that is kept at OpenAI only: send its text as `instructions` and `input`"),
    ];
    let mut history = History::Here;
    for (key, why) in ESSENTIAL {
        if fields.take(key).is_some() {
            losses.essence(key, why);
            history = History::Elsewhere;
        }
    }
    if fields.boolean("background")? == Some(true) {
        losses.essence("background", "must be false: nobody would keep the answer until it is fetched");
    }
    if fields.boolean("store")? == Some(true) {
        losses.meaning("store", "must be false: answers are not kept, so send the whole conversation each time");
    }
    Ok(history)
}

fn thinking(fields: &mut Fields, losses: &mut Losses) -> Result<Option<Given<Thinking>>, Invalid> {
    let Some(mut reasoning) = fields.object("reasoning")? else { return Ok(None) };
    let effort = match reasoning.text("effort")? {
        None => None,
        Some(word) => Some(Effort::parse(&word).ok_or_else(|| {
            let known = "`none`, `minimal`, `low`, `medium`, `high`, `xhigh` or `max`";
            Invalid::new("reasoning.effort", format!("`reasoning.effort` must be {known}, not `{word}`"))
        })?),
    };
    let (summary, former) = (reasoning.text("summary")?, reasoning.text("generate_summary")?);
    let summary = match summary.or(former).as_deref() {
        None => Summary::Unsaid,
        Some("auto") => Summary::Wanted,
        Some("concise") => Summary::Concise,
        Some("detailed") => Summary::Detailed,
        Some("none") => Summary::Omitted,
        Some(other) => {
            let rule = format!("`reasoning.summary` must be `auto`, `concise` or `detailed`, not `{other}`");
            return Err(Invalid::new("reasoning.summary", rule));
        }
    };
    reasoning.rest(losses);
    let says_something = effort.is_some() || summary != Summary::Unsaid;
    let field = if effort.is_some() { "reasoning.effort" } else { "reasoning.summary" };
    let thinking = Thinking { mode: ThinkingMode::Unsaid, effort, summary };
    Ok(says_something.then(|| Given::new(field, thinking)))
}

fn text(fields: &mut Fields, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    let Some(mut text) = fields.object("text")? else { return Ok(()) };
    request.verbosity = Fields::given("text.verbosity", text.text("verbosity")?);
    if let Some(mut format) = text.object("format")? {
        request.format = Fields::given("text.format", read_format(&mut format)?);
        format.rest(losses);
    }
    text.rest(losses);
    Ok(())
}

fn read_format(format: &mut Fields) -> Result<Option<Format>, Invalid> {
    let kind = format.need_text("type")?;
    match kind.as_str() {
        "text" => Ok(None),
        "json_object" => Ok(Some(Format::JsonObject)),
        "json_schema" => Ok(Some(Format::JsonSchema {
            name: format.text("name")?,
            description: format.text("description")?,
            schema: format.take("schema").ok_or_else(|| {
                Invalid::new("text.format.schema", "`text.format.schema` is missing: it must be a JSON Schema")
            })?,
            strict: format.boolean("strict")?,
        })),
        other => Err(Invalid::new(
            "text.format.type",
            format!("`text.format.type` must be `text`, `json_object` or `json_schema`, not `{other}`"),
        )),
    }
}

/// Who asks, and under which account's terms.
fn identity(fields: &mut Fields, request: &mut Request) -> Result<(), Invalid> {
    // `safety_identifier` replaces `user`; whoever sends both means the newer.
    let user = Fields::given("user", fields.text("user")?);
    let safety_identifier = Fields::given("safety_identifier", fields.text("safety_identifier")?);
    request.end_user = safety_identifier.or(user);
    request.cache_key = Fields::given("prompt_cache_key", fields.text("prompt_cache_key")?);
    let metadata = fields.object("metadata")?.map(Fields::into_map).filter(|metadata| !metadata.is_empty());
    request.metadata = Fields::given("metadata", metadata);
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

/// What is no loss at its default, or honoured without being carried.
fn tunings(fields: &mut Fields, losses: &mut Losses) -> Result<(), Invalid> {
    if let Some(truncation) = fields.text("truncation")?.filter(|word| word != "disabled") {
        losses.detail(
            "truncation",
            format!("is `{truncation}`, but this model's provider does not shorten conversations"),
        );
    }
    if let Some(include) = fields.array("include")? {
        for (place, value) in include {
            // Reasoning always comes back sealed, so that the next turn can bring it.
            if value != "reasoning.encrypted_content" {
                losses.detail(place, "asks for more of what OpenAI's own tools found");
            }
        }
    }
    // Padding against eavesdroppers who measure chunks; there is none to switch off.
    fields.ignore(&["stream_options"]);
    if let Some(count) = fields.count("top_logprobs")?.filter(|count| *count > 0) {
        losses.detail("top_logprobs", format!("is {count}, but this model's provider tells no probabilities here"));
    }
    Ok(())
}
