//! Totals of what was used.

use super::*;

/// A day, or a moment.
const TIME_OR_DAY: Type = text(10, UNBOUNDED)
    .pattern(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2}))?$");

/// Where a span of time begins.
pub const FROM: Field =
    field("from", TIME_OR_DAY, "From then on: a day (its midnight in UTC), or an RFC 3339 timestamp.")
        .example(r#""2026-11-01""#);

/// Where it ends.
pub const TO: Field = field("to", TIME_OR_DAY, "Until just before then. Later than `from`.").example(r#""2026-12-01""#);

/// A row of totals.
pub static TOTALS: Object = Object {
    name: "Totals",
    doc: "The sums of one group of calls; the fields that name the group are those of `group_by`.",
    fields: &[
        read("model_id", TEXT, "The group's model.").or_null().sometimes(),
        read("model", TEXT, "What that model was called last.").or_null().sometimes(),
        read("provider_id", TEXT, "The group's provider.").or_null().sometimes(),
        read("provider_name", TEXT, "What that provider was called last.").or_null().sometimes(),
        read("user_id", TEXT, "The group's user.").or_null().sometimes(),
        read("user_name", TEXT, "That user's name, if it is still there.").or_null().sometimes(),
        read("token_id", TEXT, "The group's token.").or_null().sometimes(),
        read("token_name", TEXT, "That token's name, if it is still there.").or_null().sometimes(),
        read("day", text(10, 10).format("date"), "The group's day, UTC.").sometimes(),
        read("hour", Type::Time, "The beginning of the group's hour.").sometimes(),
        read("calls", COUNT, "How many calls."),
        read("errors", COUNT, "How many of them failed."),
        read("input_tokens", COUNT, "Input tokens that no cache had to do with."),
        read("output_tokens", COUNT, "Output tokens, reasoning included."),
        read("cache_read_tokens", COUNT, "Input tokens that the upstreams' caches served."),
        read("cache_write_tokens", COUNT, "Input tokens that were written to the upstreams' caches."),
        read("reasoning_tokens", COUNT, "Output tokens that were reasoning."),
        read("cost_usd", USD, "What the tokens cost."),
        read("billed_usd", USD, "The same times the models' multipliers."),
        read("estimated_calls", COUNT, "Calls whose tokens are an estimate."),
        read("unpriced_calls", COUNT, "Calls whose prices were not known: they count as nothing."),
    ],
    ..CLOSED
};

/// Query parameters of totals, beside a page's.
pub const OF_USAGE: &[Field] = &[
    field(
        "group_by",
        text(0, UNBOUNDED),
        "What to group by, separated by commas: model, provider, user, token, day, hour. Without it: one row.",
    )
    .example(r#""model,day""#),
    FROM,
    TO,
    field("provider", TEXT, "Only this provider's: its id, or the name of one that is there."),
    field("model", TEXT, "Only this model's: its id, or the name of one that is there."),
    field("user", TEXT, "Only this user's: its id, or the name of one that is there."),
    field("token", TEXT, "Only this token's: its id, or the name of one that is there."),
    field(
        "format",
        Type::Word(|| vec!["json", "csv"]),
        "JSON, or a whole CSV file; `accept: text/csv` asks for it, too.",
    ),
];
