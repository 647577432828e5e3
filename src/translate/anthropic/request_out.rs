//! A request as Anthropic takes it (PROTOCOLS.md sections 3.3 and 3.6).

mod blocks;
mod messages;
mod tools;

#[cfg(test)]
mod tests;

use crate::domain::invalid::Invalid;
use crate::json::{Members, json};
use crate::translate::claude::{self, ClaudeThinking, Family, Sampling};
use crate::translate::neutral::{
    Body, Bridge, CacheMark, Delivery, Format, Given, Losses, Part, Request, ServiceTier, Summary, Target,
    ThinkingMode, Tool,
};
use serde_json::{Map, Number, Value};

/// Writes the body of a Messages call, `model` and `stream` included.
///
/// # Errors
/// None today: what Anthropic refuses is written so that it takes it, or named in `losses`.
pub fn write_request(
    mut request: Request,
    target: &Target<'_>,
    bridge: &mut Bridge,
    losses: &mut Losses,
) -> Result<Map<String, Value>, Invalid> {
    let family = Family::of(target.model);
    claude::forget_foreign_signatures(&mut request, target.provider);
    let thinking = claude::decide(&request, &family, max_tokens(&request, target, &family), losses);
    let mut marks = Marks::of(&mut request);
    let mut body = Map::new();
    body.put("model", target.model);
    body.put("max_tokens", thinking.max_tokens);
    body.put("stream", request.delivery == Delivery::Streamed);
    sampling(&request, &family, &thinking, &mut body, losses);
    who_and_how(&mut request, bridge, &mut body, losses);
    untranslatable(&request, losses);

    let mut instructions = Vec::new();
    let mut output_config = Map::new();
    thinking_config(&request, &thinking, &mut body, &mut output_config);
    if let Some(format) = request.format.take() {
        write_format(format, &family, &mut output_config, &mut instructions, losses);
    }
    if !output_config.is_empty() {
        body.put("output_config", output_config);
    }
    let freeform = tools::freeform_names(&request.tools);
    tools::write(&mut request, target, &family, &mut marks, bridge, &mut body, &mut instructions, losses);
    system(std::mem::take(&mut request.system), instructions, &mut marks, &mut body);
    let prefill = if thinking.thinks() || !family.prefill.yes() { Prefill::Refused } else { Prefill::Taken };
    let conversation = messages::Conversation::new(target, &family, freeform, prefill, marks, bridge, losses);
    body.put("messages", conversation.write(request.turns));
    Ok(body)
}

/// Whether the last message may be the assistant's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefill {
    Taken,
    Refused,
}

fn max_tokens(request: &Request, target: &Target<'_>, family: &Family) -> u64 {
    let said = request.max_output.as_ref().map(|given| given.value);
    let by_operator = || target.defaults.get("max_tokens").and_then(Value::as_u64);
    said.or_else(by_operator).unwrap_or(family.max_output)
}

/// The prompt's cache marks, of which Anthropic takes four: the last ones, which reach furthest.
#[derive(Debug)]
struct Marks {
    skipped: usize,
}

const MOST_MARKS: usize = 4;

impl Marks {
    /// Counts the request's marks. A client that names a cache and marks nothing means the whole prompt.
    fn of(request: &mut Request) -> Self {
        let of_parts = |parts: &[Part]| parts.iter().map(count_marks).sum::<usize>();
        let of_tool = |tool: &&Tool| matches!(tool, Tool::Function(function) if function.cache.is_some());
        let marks = request.tools.iter().filter(of_tool).count()
            + of_parts(&request.system)
            + request.turns.iter().map(|turn| of_parts(&turn.parts)).sum::<usize>();
        if marks == 0 && request.cache_key.is_some() {
            let last_said = request.turns.last_mut().and_then(|turn| turn.parts.last_mut());
            for part in [request.system.last_mut(), last_said].into_iter().flatten() {
                part.cache = Some(CacheMark::Default);
            }
        }
        Self { skipped: marks.saturating_sub(MOST_MARKS) }
    }

    /// Marks a block, in the order of the prompt: tools, system, messages.
    fn put(&mut self, mark: Option<CacheMark>, block: &mut Map<String, Value>) {
        let Some(mark) = mark else { return };
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        let control = match mark {
            CacheMark::Default => json!({"type": "ephemeral"}),
            CacheMark::Hour => json!({"type": "ephemeral", "ttl": "1h"}),
        };
        block.put("cache_control", control);
    }
}

fn count_marks(part: &Part) -> usize {
    let within = match &part.body {
        Body::Result(result) => result.content.iter().filter(|part| part.cache.is_some()).count(),
        _ => 0,
    };
    within + usize::from(part.cache.is_some())
}

fn sampling(
    request: &Request,
    family: &Family,
    thinking: &ClaudeThinking,
    body: &mut Map<String, Value>,
    losses: &mut Losses,
) {
    let takes = if thinking.thinks() { Sampling::Nothing } else { family.sampling };
    let has_temperature = request.temperature.is_some();
    for (key, given) in [("temperature", &request.temperature), ("top_p", &request.top_p), ("top_k", &request.top_k)] {
        let Some(Given { field, value }) = given else { continue };
        let says_nothing = key != "top_k" && value.as_f64() == Some(1.0);
        match takes {
            Sampling::Nothing if says_nothing => {}
            Sampling::Nothing if thinking.thinks() => losses.detail(*field, "cannot be tuned while this model thinks"),
            Sampling::Nothing => losses.detail(*field, "cannot be tuned at this model"),
            Sampling::OneOf if key == "top_p" && has_temperature => {
                losses.detail(*field, "cannot go together with `temperature` at this model: leave one of them out");
            }
            _ => {
                body.put(key, at_most_one(key, field, value, losses));
            }
        }
    }
}

/// Anthropic's temperatures end at 1, where OpenAI's end at 2.
fn at_most_one(key: &str, field: &'static str, value: &Number, losses: &mut Losses) -> Number {
    if key == "temperature" && value.as_f64().is_some_and(|temperature| temperature > 1.0) {
        losses.detail(field, "goes up to 1 at Anthropic: it is sent as 1");
        return Number::from(1);
    }
    value.clone()
}

fn who_and_how(request: &mut Request, bridge: &mut Bridge, body: &mut Map<String, Value>, losses: &mut Losses) {
    if let Some(user) = request.end_user.take() {
        body.put("metadata", json!({"user_id": user.value}));
    }
    if let Some(Given { value, .. }) = request.stop.take() {
        // Anthropic refuses blanks: the gateway looks for them.
        let (stops, blanks): (Vec<String>, _) = value.into_iter().partition(|stop| !stop.trim().is_empty());
        bridge.stops = blanks;
        if !stops.is_empty() {
            body.put("stop_sequences", stops);
        }
    }
    match request.service_tier.take().map(|given| (given.field, given.value)) {
        None => {}
        Some((_, ServiceTier::Auto)) => {
            body.put("service_tier", "auto");
        }
        Some((_, ServiceTier::Standard)) => {
            body.put("service_tier", "standard_only");
        }
        Some((field, _)) => losses.detail(field, "is no tier of Anthropic's: use `auto` or `default`"),
    }
}

fn untranslatable(request: &Request, losses: &mut Losses) {
    let is_some = |penalty: &Option<Given<Number>>| {
        penalty.as_ref().filter(|given| given.value.as_f64() != Some(0.0)).map(|given| given.field)
    };
    for field in [
        request.seed.as_ref().map(|given| given.field),
        is_some(&request.presence_penalty),
        is_some(&request.frequency_penalty),
        request.verbosity.as_ref().map(|given| given.field),
        request.metadata.as_ref().filter(|given| !given.value.is_empty()).map(|given| given.field),
        request.store.as_ref().filter(|given| given.value).map(|given| given.field),
    ]
    .into_iter()
    .flatten()
    {
        losses.detail(field, "has no counterpart in Anthropic's protocol");
    }
}

fn thinking_config(
    request: &Request,
    thinking: &ClaudeThinking,
    body: &mut Map<String, Value>,
    output_config: &mut Map<String, Value>,
) {
    // Newer models show nothing of what they think unless they are asked to.
    let display = match request.thinking.as_ref().map(|given| given.value.summary) {
        Some(Summary::Omitted) => "omitted",
        _ => "summarized",
    };
    let config = match thinking.mode {
        ThinkingMode::Unsaid => None,
        ThinkingMode::Off => Some(json!({"type": "disabled"})),
        ThinkingMode::BetweenTools => Some(json!({"type": "between_tools"})),
        ThinkingMode::Adaptive => Some(json!({"type": "adaptive", "display": display})),
        ThinkingMode::Budget(tokens) => Some(json!({"type": "enabled", "budget_tokens": tokens})),
    };
    body.put_some("thinking", config);
    output_config.put_some("effort", thinking.effort.map(|effort| effort.as_str()));
}

fn write_format(
    Given { field, value }: Given<Format>,
    family: &Family,
    output_config: &mut Map<String, Value>,
    instructions: &mut Vec<String>,
    losses: &mut Losses,
) {
    const ONLY: &str = "and with nothing else: no prose, no code fence";
    match value {
        Format::JsonSchema { schema, .. } if family.native_schema.yes() && !claude::is_recursive(&schema) => {
            let format = json!({"type": "json_schema", "schema": claude::relaxed(schema)});
            output_config.put("format", format);
        }
        Format::JsonSchema { schema, .. } => {
            instructions.push(format!("Answer with JSON that is valid against this JSON Schema {ONLY}.\n{schema}"));
            losses.detail(field, "is told to this model in words: it is not held to the schema");
        }
        Format::JsonObject => {
            instructions.push(format!("Answer with one JSON object {ONLY}."));
            losses.detail(field, "is told to this model in words: send a JSON Schema to hold it to JSON");
        }
    }
}

fn system(parts: Vec<Part>, instructions: Vec<String>, marks: &mut Marks, body: &mut Map<String, Value>) {
    let mut blocks: Vec<Value> = Vec::new();
    for part in parts {
        if let Body::Text(text) = part.body
            && !text.trim().is_empty()
        {
            blocks.push(blocks::text(text, part.cache, marks));
        }
    }
    blocks.extend(instructions.into_iter().map(|instruction| blocks::text(instruction, None, marks)));
    if !blocks.is_empty() {
        body.put("system", blocks);
    }
}
