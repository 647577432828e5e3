//! Models.

use super::providers::ADVANCED;
use super::*;

const TAG: Type = text(1, 64).pattern(r"^[^\x00-\x1f\x7f-\x9f]*\S[^\x00-\x1f\x7f-\x9f]*$");

/// `provider_name^model_name`.
const SELECTOR: Type = text(3, UNBOUNDED).pattern(r"^[^^]*[^^\s][^^]*\^[\s\S]*\S[\s\S]*$");

/// USD for 1,000 tokens.
const PRICE: Type = Type::Number { from: Bound::At(0.0), to: 1000.0 };

/// A model, and the bodies that make and change one.
pub static MODEL: Object = Object {
    name: "Model",
    doc: "One upstream model under a provider, with its routing and its price.",
    fields: &[
        id("mdl_"),
        field(
            "provider_id",
            Type::Id("aip_"),
            "Its provider. A body may only say what the path says; an orphaned model (null) is attached to the path's \
             provider by giving that one's id.",
        )
        .or_null_when_read(),
        field(
            "model",
            text(1, 200).pattern(r"^[^\x00-\x1f\x7f-\x9f]*\S[^\x00-\x1f\x7f-\x9f]*$"),
            "The upstream's own name of it. Trimmed, unique under its provider whatever the case.",
        )
        .required()
        .example(r#""gpt-5-mini""#),
        field(
            "name",
            NAME.pattern(r"^[^\x00-\x1f\x7f-\x9f^]*[^\s\x00-\x1f\x7f-\x9f^][^\x00-\x1f\x7f-\x9f^]*$"),
            "A public name, unique in the project, by which clients may call it without its provider's.",
        )
        .or_null()
        .example(r#""fast""#),
        read("selector", TEXT, "`provider^model`: what a call names it by. Null while it is orphaned.").or_null(),
        read(
            "orphaned",
            Type::Truth,
            "Whether its provider was deleted. It resolves no more until it has another one.",
        ),
        field(
            "priority",
            Type::Whole(-1_000_000, 1_000_000),
            "Among those that could serve a call the highest goes first.",
        )
        .default("0"),
        field(
            "is_default",
            Type::Truth,
            "Whether its provider's name alone means it. A provider that has models has one default: the first one is, \
             and unsetting it promotes another.",
        ),
        field("enabled", Type::Truth, "A disabled model is not called, and members do not see it.").default("true"),
        field("tags", Type::List { of: &TAG, least: 0, most: 32 }, "Words to filter and match by.")
            .default("[]")
            .example(r#"["cheap", "eu"]"#),
        field(
            "when",
            Type::Map { of: &Type::Any, least: 0, most: UNBOUNDED },
            "Which requests it takes before others, and without being named: attribute to value, all of which must \
             hold. An object of `$in $nin $ne $gt $gte $lt $lte $exists $prefix $glob` compares otherwise. Null or \
             empty: no condition.",
        )
        .or_null()
        .example(r#"{"stream": true, "max_tokens": {"$lte": 4096}}"#),
        field(
            "weight",
            Type::Number { from: Bound::Above(0.0), to: 1_000_000.0 },
            "Its share of the calls among its equals in priority.",
        )
        .default("1"),
        field(
            "fallbacks",
            Type::List { of: &SELECTOR, least: 0, most: 10 },
            "Selectors of the models that take over when it fails, in this order.",
        )
        .default("[]")
        .example(r#"["Anthropic^claude-haiku-4-5"]"#),
        field("advanced_json", Type::Object(&ADVANCED), "What steers its calls; its keys go before the provider's.")
            .or_null(),
        field(
            "multiplier",
            Type::Number { from: Bound::Above(0.0), to: 1000.0 },
            "What `billed_usd` is of `cost_usd`: at most 6 decimals.",
        )
        .default("1"),
        field("cost_per_1k_input", PRICE, "USD for 1,000 input tokens: at most 12 decimals. Null is unknown.")
            .or_null()
            .example("0.00025"),
        field("cost_per_1k_output", PRICE, "USD for 1,000 output tokens, reasoning included. Null is unknown.")
            .or_null()
            .example("0.002"),
        field(
            "cost_per_1k_cache_write",
            PRICE,
            "USD for 1,000 input tokens that are written to the upstream's cache. Null counts as the input price.",
        )
        .or_null(),
        field(
            "cost_per_1k_cache_read",
            PRICE,
            "USD for 1,000 input tokens that the upstream's cache served. Null counts as the input price.",
        )
        .or_null(),
        read(
            "capabilities",
            Type::Map { of: &Type::Any, least: 0, most: UNBOUNDED },
            "What its upstream says it can do, as far as it was asked.",
        )
        .or_null(),
        CREATED_AT,
        UPDATED_AT,
    ],
    ..CLOSED
};

/// Query parameters of `GET /api/v1/models`, beside a page's.
pub const OF_SELECTABLE: &[Field] = &[
    field("provider", TEXT, "Only this provider's: its name or id."),
    field("tag", TEXT, "Only those with this tag."),
    field("orphaned", Type::Truth, "Instead those whose provider was deleted, for who can attach them to another one.")
        .default("false"),
];
