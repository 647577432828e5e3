//! What an Anthropic client asks.

mod content;
mod tools;

#[cfg(test)]
mod tests;

use crate::domain::invalid::Invalid;
use crate::translate::neutral::{
    Body, Client, Delivery, Effort, Elements, Fields, Format, Given, Losses, Request, Role, ServiceTier, Summary,
    Thinking, ThinkingMode,
};
use crate::translate::tool_schema::is_strict;
use serde_json::{Map, Value};

/// Reads a Messages request. What Anthropic's protocol knows and others do not is named in `losses`.
///
/// # Errors
/// The request is not what Anthropic's protocol promises.
pub fn read_request(body: Map<String, Value>, losses: &mut Losses) -> Result<Request, Invalid> {
    let mut fields = Fields::of_request(body);
    let mut request = Request::new(Client::AnthropicMessages);
    fields.ignore(&["model"]);
    request.system = content::system(&mut fields, losses)?;
    messages(&mut fields, &mut request, losses)?;
    tools::read(&mut fields, &mut request, losses)?;
    limits(&mut fields, &mut request, losses)?;
    sampling(&mut fields, &mut request)?;
    thinking_and_format(&mut fields, &mut request, losses)?;
    who_and_how(&mut fields, &mut request, losses)?;
    vendors_own(&mut fields, losses);
    automatic_cache(&mut fields, &mut request, losses)?;
    fields.rest(losses);
    request.weigh_offers(losses);
    request.weigh_choice(losses);
    request.pair_results(losses);
    Ok(request)
}

fn messages(fields: &mut Fields, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    let messages = fields.array("messages")?;
    let mut messages = messages.ok_or_else(|| refused("messages", "is missing: it must be an array of messages"))?;
    let mut heard = false;
    while let Some(message) = messages.next_object() {
        let mut message = message?;
        heard = true;
        let role = match message.need_text("role")?.as_str() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "system" => Role::System,
            other => {
                let rule = format!("must be `user`, `assistant` or `system`, not `{other}`");
                return Err(refused(&message.place("role"), &rule));
            }
        };
        for part in content::of_message(&mut message, role, losses)? {
            if role == Role::System && request.turns.is_empty() {
                request.system.push(part);
            } else {
                request.say(role, part);
            }
        }
        message.rest(losses);
    }
    if heard { Ok(()) } else { Err(refused("messages", "must have at least one message")) }
}

fn limits(fields: &mut Fields, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    let max_tokens = fields.count("max_tokens")?;
    let max_tokens =
        max_tokens.ok_or_else(|| refused("max_tokens", "is missing: it must be the most tokens of the answer"))?;
    if max_tokens == 0 {
        losses.meaning("max_tokens", "of 0 fills Anthropic's prompt cache only: ask for at least one token");
    }
    request.max_output = Some(Given::new("max_tokens", max_tokens.max(1)));
    let stops = fields.texts("stop_sequences")?.filter(|stops| !stops.is_empty());
    request.stop = Fields::given("stop_sequences", stops);
    if fields.boolean("stream")? == Some(true) {
        request.delivery = Delivery::Streamed;
    }
    Ok(())
}

fn sampling(fields: &mut Fields, request: &mut Request) -> Result<(), Invalid> {
    request.temperature = Fields::given("temperature", fields.number("temperature")?);
    request.top_p = Fields::given("top_p", fields.number("top_p")?);
    request.top_k = Fields::given("top_k", fields.number("top_k")?);
    Ok(())
}

fn thinking_and_format(fields: &mut Fields, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    let (mut effort, mut format) = (None, None);
    if let Some(mut config) = fields.object("output_config")? {
        if let Some(word) = config.text("effort")? {
            let place = config.place("effort");
            effort = Some(Effort::parse(&word).ok_or_else(|| {
                refused(&place, &format!("must be `low`, `medium`, `high`, `xhigh` or `max`, not `{word}`"))
            })?);
        }
        if let Some(shape) = config.object("format")? {
            format = Some(Given::new("output_config.format", read_format(shape, losses)?));
        }
        config.rest(losses);
    }
    if let Some(shape) = fields.object("output_format")? {
        let shape = Given::new("output_format", read_format(shape, losses)?);
        format = format.or(Some(shape));
    }
    request.format = format;
    request.thinking = match fields.object("thinking")? {
        Some(thinking) => Some(Given::new("thinking", read_thinking(thinking, effort, losses)?)),
        None => effort.map(|effort| {
            let thinking = Thinking { mode: ThinkingMode::Unsaid, effort: Some(effort), summary: Summary::Unsaid };
            Given::new("output_config.effort", thinking)
        }),
    };
    Ok(())
}

fn read_thinking(mut fields: Fields, effort: Option<Effort>, losses: &mut Losses) -> Result<Thinking, Invalid> {
    let mode = match fields.need_text("type")?.as_str() {
        "enabled" => {
            let budget = fields.count("budget_tokens")?;
            ThinkingMode::Budget(
                budget.ok_or_else(|| refused("thinking.budget_tokens", "is missing: it must be a number of tokens"))?,
            )
        }
        "disabled" => ThinkingMode::Off,
        "adaptive" => ThinkingMode::Adaptive,
        "between_tools" => ThinkingMode::BetweenTools,
        other => {
            let rule = format!("must be `enabled`, `adaptive`, `between_tools` or `disabled`, not `{other}`");
            return Err(refused("thinking.type", &rule));
        }
    };
    let summary = match fields.text("display")?.as_deref() {
        None => Summary::Unsaid,
        Some("summarized") => Summary::Wanted,
        Some("omitted") => Summary::Omitted,
        Some(other) => {
            return Err(refused("thinking.display", &format!("must be `summarized` or `omitted`, not `{other}`")));
        }
    };
    fields.rest(losses);
    Ok(Thinking { mode, effort, summary })
}

fn read_format(mut fields: Fields, losses: &mut Losses) -> Result<Format, Invalid> {
    let kind = fields.need_text("type")?;
    if kind != "json_schema" {
        return Err(refused(&fields.place("type"), &format!("must be `json_schema`, not `{kind}`")));
    }
    let place = fields.place("schema");
    let schema = fields.take("schema").filter(Value::is_object);
    let schema = schema.ok_or_else(|| refused(&place, "must be a JSON Schema"))?;
    fields.rest(losses);
    // Anthropic always holds the model to the schema. OpenAI does so only with schemas that name every property.
    let strict = Some(is_strict(&schema));
    Ok(Format::JsonSchema { name: None, description: None, schema, strict })
}

fn who_and_how(fields: &mut Fields, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    if let Some(mut metadata) = fields.object("metadata")? {
        request.end_user = Fields::given("metadata.user_id", metadata.text("user_id")?);
        metadata.rest(losses);
    }
    let tier = fields.text("service_tier")?.map(|word| match word.as_str() {
        "auto" => ServiceTier::Auto,
        "standard_only" => ServiceTier::Standard,
        _ => ServiceTier::Other(word),
    });
    request.service_tier = Fields::given("service_tier", tier);
    Ok(())
}

/// What only Anthropic does. Claude Code always sends `context_management`, whose edits save tokens and change no answer.
fn vendors_own(fields: &mut Fields, losses: &mut Losses) {
    let says = |value: &Value| match value {
        Value::Array(values) => !values.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::String(word) => !matches!(word.as_str(), "" | "global" | "standard"),
        _ => true,
    };
    let mut said = |key: &str| fields.take(key).is_some_and(|value| says(&value));
    if said("container") {
        losses.meaning("container", "is kept at Anthropic only: leave it out, or ask a model of Anthropic's");
    }
    if said("mcp_servers") {
        losses.meaning(
            "mcp_servers",
            "are called by Anthropic only: call them yourself and pass their tools in `tools`, or ask a model of Anthropic's",
        );
    }
    if said("inference_geo") {
        losses.meaning("inference_geo", "is promised by Anthropic only: ask a model of Anthropic's, or leave it out");
    }
    if said("context_management") {
        losses.detail("context_management", "is done by Anthropic only: the whole conversation is sent");
    }
    if said("speed") {
        losses.detail("speed", "is offered by Anthropic only: the model answers as fast as it does");
    }
}

/// A mark for the whole request stands for one on its last block.
fn automatic_cache(fields: &mut Fields, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    let Some(mark) = content::cache_mark(fields, losses)? else { return Ok(()) };
    let last = request.turns.last_mut().and_then(|turn| turn.parts.last_mut());
    if let Some(part) = last.filter(|part| !matches!(part.body, Body::Reasoning(_))) {
        part.cache = Some(mark);
    }
    Ok(())
}

/// A refusal whose sentence begins with the place.
fn refused(place: &str, rule: &str) -> Invalid {
    Invalid::new(place, format!("`{place}` {rule}"))
}

/// The next element of an array with its `type`.
fn next_typed(elements: &mut Elements) -> Option<Result<(String, Fields), Invalid>> {
    elements.next_object().map(|block| {
        let mut block = block?;
        Ok((block.need_text("type")?, block))
    })
}
