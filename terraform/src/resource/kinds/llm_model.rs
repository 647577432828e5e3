//! A model under a provider.

use super::{CREATED_AT, ID, alone, as_given};
use crate::diagnostics::Diagnostics;
use crate::resource::{Resource, all_of, broken, broken_json};
use crate::schema::{Attribute, Type, computed, either, optional, required};
use crate::value::{Object, Value, at};
use sluice::admin::schema::models::MODEL as FIELDS;
use sluice::domain::advanced::Advanced;
use sluice::domain::ids::ProviderId;
use sluice::domain::invalid::Invalid;
use sluice::domain::money::{Multiplier, Price};
use sluice::domain::name::Name;
use sluice::domain::selector::Selector;
use sluice::domain::when::When;

const ATTRIBUTES: &[Attribute] = &[
    ID,
    required("provider_id", "provider_id", Type::Text, "Its `sluice_llm_provider`.").replaces(),
    required(
        "remote_model_name",
        "model",
        Type::Text,
        "The upstream's own name of it, unique under its provider whatever the case.",
    ),
    optional(
        "name",
        "name",
        Type::Text,
        "A public name, by which clients may call it without its provider's: unique in the organization, without `^`.",
    ),
    computed("selector", "selector", Type::Text, "`provider^model`: what a call names it by.")
        .follows(&["provider_id", "remote_model_name"]),
    optional("priority", "priority", Type::Number, "Among those that could serve a call the highest goes first.")
        .default("0"),
    either(
        "is_default",
        "is_default",
        Type::Truth,
        "Whether its provider's name alone means it. A provider with models always has one default: the first one is, unless \
         another says so.",
    ),
    optional("enabled", "enabled", Type::Truth, "A disabled model is not called, and members do not see it.")
        .default("true"),
    optional("tags", "tags", Type::Set(&Type::Text), "Words to filter and match by, 32 at most.").default("[]"),
    optional(
        "when",
        "when",
        Type::Json,
        "JSON, by `jsonencode`: which requests it takes before others, and without being named, such as \
         `jsonencode({ stream = true, max_tokens = { \"$lte\" = 4096 } })`.",
    ),
    optional("weight", "weight", Type::Number, "Its share of the calls among its equals in priority.").default("1"),
    optional(
        "fallbacks",
        "fallbacks",
        Type::List(&Type::Text),
        "Selectors of the models that take over when it fails, in this order, 10 at most.",
    )
    .default("[]"),
    optional("advanced_json", "advanced_json", Type::Json, "As the provider's; its keys go before those."),
    optional("multiplier", "multiplier", Type::Number, "What is billed of what a call costs.").default("1"),
    optional("cost_per_1k_input", "cost_per_1k_input", Type::Number, "USD for 1,000 input tokens."),
    optional(
        "cost_per_1k_output",
        "cost_per_1k_output",
        Type::Number,
        "USD for 1,000 output tokens, reasoning included.",
    ),
    optional(
        "cost_per_1k_cache_write",
        "cost_per_1k_cache_write",
        Type::Number,
        "USD for 1,000 input tokens that are written to the upstream's cache; without it the input price.",
    ),
    optional(
        "cost_per_1k_cache_read",
        "cost_per_1k_cache_read",
        Type::Number,
        "USD for 1,000 input tokens that the upstream's cache served; without it the input price.",
    ),
    CREATED_AT,
];

/// `sluice_llm_model`.
pub static LLM_MODEL: Resource = Resource {
    name: "llm_model",
    noun: "the model",
    doc: "An LLM model is one upstream model under a provider, with its routing and its price. One whose provider was deleted \
          by others, and that was kept, is given to the provider that takes its place.",
    attributes: ATTRIBUTES,
    fields: &FIELDS,
    collection: |state| format!("/api/v1/providers/{}/models", at(state, "provider_id").text().unwrap_or_default()),
    parent: Some("provider_id"),
    check,
    settle: as_given,
    along: alone,
    deletion: |_| ("", ""),
};

fn check(config: &Object, diagnostics: &mut Diagnostics) {
    let number = |name: &'static str, parse: fn(&str, f64) -> Result<(), Invalid>| match at(config, name) {
        Value::Number(digits) => digits.parse().map_or(Ok(()), |number| parse(name, number)),
        _ => Ok(()),
    };
    let price = |name: &str, usd: f64| Price::from_usd_per_1k(name, usd).map(|_| ());
    let each_fallback = match at(config, "fallbacks") {
        Value::List(selectors) => selectors
            .iter()
            .enumerate()
            .find_map(|(index, selector)| Selector::parse(&format!("fallbacks.{index}"), selector.text()?).err()),
        _ => None,
    };
    let checks = [
        broken(config, "provider_id", |id| {
            ProviderId::parse(id).ok_or_else(|| Invalid::new("provider_id", "provider_id must be an id (aip_…)"))
        }),
        broken(config, "name", |name| Name::parse_prefix("name", name)),
        broken_json(config, "when", When::parse),
        broken_json(config, "advanced_json", Advanced::parse),
        each_fallback.map_or(Ok(()), Err),
        number("multiplier", |name, value| Multiplier::from_number(name, value).map(|_| ())),
        number("cost_per_1k_input", price),
        number("cost_per_1k_output", price),
        number("cost_per_1k_cache_write", price),
        number("cost_per_1k_cache_read", price),
    ];
    all_of(ATTRIBUTES, diagnostics, checks);
}
