//! Writes a request for OpenAI and whoever calls itself compatible.

use super::quirks::{Quirks, WithTools};
use super::{messages_out, tools_out};
use crate::domain::invalid::Invalid;
use crate::json::{Members, json, object};
use crate::translate::neutral::{
    Bridge, Delivery, Effort, Format, Given, Losses, Request, ServiceTier, Target, Thinking, ThinkingMode,
};
use crate::translate::tool_schema::is_strict;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// OpenAI's limit for `user`, `safety_identifier` and `prompt_cache_key`, in bytes.
const LONGEST_NAME: usize = 64;

/// Writes a Chat Completions request as the target's vendor and model take it.
///
/// # Errors
/// None: whatever cannot be carried is a loss.
pub fn write_request(
    request: Request,
    target: &Target<'_>,
    bridge: &mut Bridge,
    losses: &mut Losses,
) -> Result<Map<String, Value>, Invalid> {
    let quirks = Quirks::of(target.kind, target.model);
    let mut request = request;
    let mut writer = Writer { body: Map::new(), quirks: &quirks, told: None, losses };
    writer.set("model", target.model);
    let messages = messages_out::write(&mut request, target, &quirks, bridge, writer.losses);
    writer.set("messages", messages);
    tools_out::write(&mut request, &mut writer, bridge);
    writer.thinking(request.thinking.take());
    writer.limits(&mut request, bridge);
    writer.tunings(&mut request);
    writer.notes(&mut request);
    writer.format(request.format.take());
    writer.set("stream", request.delivery == Delivery::Streamed);
    if request.delivery == Delivery::Streamed {
        // Always: a streamed call has to be counted like its unary twin, whether or not the client reads it.
        writer.set("stream_options", json!({"include_usage": true}));
    }
    Ok(writer.body)
}

/// The body as far as it is written.
pub(super) struct Writer<'a> {
    pub(super) body: Map<String, Value>,
    pub(super) quirks: &'a Quirks,
    /// The effort that the model is told.
    told: Option<Effort>,
    pub(super) losses: &'a mut Losses,
}

impl Writer<'_> {
    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.body.put(key, value);
    }

    /// Whether it takes a tuning; one that it refuses is a detail that is left out.
    fn tune(&mut self, key: &str, given: Option<Given<impl Into<Value>>>) {
        let Some(Given { field, value }) = given else { return };
        if self.quirks.tunes(key, self.told) {
            self.set(key, value);
        } else {
            self.losses.detail(field, "is refused by this model");
        }
    }

    fn thinking(&mut self, given: Option<Given<Thinking>>) {
        if let Some(format) = self.quirks.reasoning_format {
            self.set("reasoning_format", format);
        }
        let with_tools = match self.body.contains_key("tools") {
            true => self.quirks.with_tools,
            false => WithTools::AsTold,
        };
        if with_tools == WithTools::NotAtAll {
            self.tell(Effort::None);
        }
        let Some(Given { field, value }) = given else { return };
        let Some((wanted, is_named)) = wanted_effort(value) else { return };
        match with_tools {
            WithTools::AsTold if (is_named || self.quirks.budgets.yes()) && self.tell(wanted) => {}
            // What does not think does as it was asked.
            _ if wanted == Effort::None => {}
            WithTools::AsTold => self.losses.detail(field, "is for models that think: this one is not told how much"),
            WithTools::Untold | WithTools::NotAtAll => {
                self.losses.detail(field, "is refused by this model's Chat Completions together with tools");
            }
        }
    }

    /// Says how hard to think, if that can be said to the model.
    fn tell(&mut self, wanted: Effort) -> bool {
        let Some((told, word)) = self.quirks.effort(wanted) else { return false };
        self.told = Some(told);
        self.set("reasoning_effort", word);
        true
    }

    fn limits(&mut self, request: &mut Request, bridge: &mut Bridge) {
        if let Some(limit) = request.max_output.take() {
            self.set(self.quirks.limit, limit.value.max(1));
        }
        let Some(Given { value: mut stop, .. }) = request.stop.take() else { return };
        bridge.stops.extend(stop.split_off(stop.len().min(self.quirks.stops)));
        if !stop.is_empty() {
            self.set("stop", stop);
        }
    }

    fn tunings(&mut self, request: &mut Request) {
        self.tune("temperature", request.temperature.take().map(number));
        self.tune("top_p", request.top_p.take().map(number));
        self.tune("top_k", request.top_k.take().map(number));
        self.tune("seed", request.seed.take().map(number));
        self.tune("presence_penalty", request.presence_penalty.take().map(number));
        self.tune("frequency_penalty", request.frequency_penalty.take().map(number));
        self.tune("verbosity", request.verbosity.take());
    }

    fn notes(&mut self, request: &mut Request) {
        match (self.quirks.end_user, request.end_user.take()) {
            (Some(key), Some(user)) => self.set(key, short(user.value)),
            (None, Some(user)) => self.losses.detail(user.field, "has no place at this model's provider"),
            (_, None) => {}
        }
        self.tune("prompt_cache_key", request.cache_key.take().map(|key| Given::new(key.field, short(key.value))));
        // Not to keep the answer is what happens anyway.
        let store = request.store.take().filter(|store| store.value);
        let is_stored = store.is_some() && self.quirks.tunes("store", None);
        self.tune("store", store);
        match request.metadata.take() {
            Some(metadata) if is_stored => self.set("metadata", metadata.value),
            Some(metadata) => {
                self.losses.detail(metadata.field, "is kept by OpenAI only, and only with `store: true`");
            }
            None => {}
        }
        if let Some(Given { field, value }) = request.service_tier.take() {
            match self.quirks.tiers.word(&value).map(str::to_owned) {
                Some(word) => self.set("service_tier", word),
                None if matches!(value, ServiceTier::Auto | ServiceTier::Standard) => {}
                None => self.losses.detail(field, "is a tier that this model's provider does not have"),
            }
        }
    }

    fn format(&mut self, given: Option<Given<Format>>) {
        let Some(Given { field, value }) = given else { return };
        let format = match value {
            Format::JsonObject => json!({"type": "json_object"}),
            Format::JsonSchema { name, description, schema, strict } => {
                let mut inner = Map::new();
                inner.put("name", name.map_or_else(|| "response".to_owned(), |name| plain(&name)));
                if let Some(description) = description {
                    inner.put("description", description);
                }
                if self.quirks.strict.yes() {
                    let can_be_strict = is_strict(&schema);
                    if strict == Some(true) && !can_be_strict {
                        self.losses.detail(format!("{field}.strict"), NOT_STRICT);
                    }
                    inner.put("strict", strict != Some(false) && can_be_strict);
                }
                inner.put("schema", schema);
                object([("type", "json_schema".into()), ("json_schema", inner.into())])
            }
        };
        self.set("response_format", format);
    }
}

/// Why a schema is sent without `strict`.
pub(super) const NOT_STRICT: &str =
    "needs every property in `required` and `additionalProperties: false` in every object at OpenAI";

fn number(given: Given<serde_json::Number>) -> Given<Value> {
    Given::new(given.field, Value::Number(given.value))
}

/// How hard the model shall think, and whether the client said so in that word or by a budget.
fn wanted_effort(thinking: Thinking) -> Option<(Effort, bool)> {
    let named = thinking.effort.map(|effort| (effort, true));
    match thinking.mode {
        ThinkingMode::Off => Some((Effort::None, thinking.effort.is_some())),
        ThinkingMode::Unsaid => named,
        ThinkingMode::Adaptive => named.or(Some((Effort::Medium, false))),
        ThinkingMode::BetweenTools => named.or(Some((Effort::Low, false))),
        ThinkingMode::Budget(tokens) => named.or(Some((Effort::of_budget(tokens), false))),
    }
}

/// A name of somebody or something, or the same stand-in for it each time where it is too long.
fn short(name: String) -> String {
    if name.len() <= LONGEST_NAME { name } else { URL_SAFE_NO_PAD.encode(Sha256::digest(name.as_bytes())) }
}

/// A schema's name as OpenAI takes it.
fn plain(name: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_') { letter } else { '_' };
    name.chars().map(plain).take(LONGEST_NAME).collect()
}
