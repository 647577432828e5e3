//! The request log.

use super::usage::{FROM, TO};
use super::*;
use crate::domain::protocol::Protocol;

const PROTOCOL: Type = Type::Word(|| Protocol::ALL.map(Protocol::as_str).into());
const STATUS: Type = Type::Whole(100, 599);
const MILLISECONDS: Type = COUNT;

/// One call of the data plane.
pub static REQUEST: Object = Object {
    name: "Request",
    doc: "A call as it was logged: what was asked, what came of it, what it cost. No bodies.",
    fields: &[
        read("request_id", Type::Id("req_"), "Its id: the answer's `x-request-id`."),
        read("project_id", Type::Id("prj_"), "The project that it was made in."),
        read("created_at", Type::Time, "When it began."),
        read("token_id", TEXT, "The token that made it.").or_null(),
        read("user_id", TEXT, "That token's user.").or_null(),
        read("provider_id", TEXT, "The provider that answered, or failed last.").or_null(),
        read("provider_name", TEXT, "What that provider was called then.").or_null(),
        read("model_id", TEXT, "The model that answered, or failed last.").or_null(),
        read("model", TEXT, "The upstream's name of that model.").or_null(),
        read("requested_model", TEXT, "The model that the client asked for.").or_null(),
        read("protocol", TEXT, "What the client spoke: a protocol, or another of the endpoints that Sluice has."),
        read("upstream_protocol", PROTOCOL, "What the upstream was spoken to in.").or_null(),
        read("streamed", Type::Truth, "Whether the answer was a stream."),
        read("status", STATUS, "The HTTP status that the client got, or would have got."),
        read("error_code", TEXT, "Why it failed.").or_null(),
        read("attempts", COUNT, "How many upstream calls it took."),
        read("input_tokens", COUNT, "Input tokens that no cache had to do with."),
        read("output_tokens", COUNT, "Output tokens, reasoning included."),
        read("cache_read_tokens", COUNT, "Input tokens that the upstream's cache served."),
        read("cache_write_tokens", COUNT, "Input tokens that were written to the upstream's cache."),
        read("reasoning_tokens", COUNT, "Output tokens that were reasoning."),
        read("cost_usd", USD, "What the tokens cost."),
        read("billed_usd", USD, "The same times the model's multiplier."),
        read("priced", Type::Truth, "Whether the model's prices were known."),
        read("estimated", Type::Truth, "Whether the tokens are an estimate: the stream was cut off."),
        read("latency_ms", MILLISECONDS, "Milliseconds to the answer's end."),
        read("first_byte_ms", MILLISECONDS, "Milliseconds to its first byte.").or_null(),
        read("attempts_log", list(&Type::Object(&ATTEMPT)), "The upstream calls, in order."),
    ],
    ..CLOSED
};

/// An element of `attempts_log`.
pub static ATTEMPT: Object = Object {
    name: "Attempt",
    doc: "One upstream call.",
    fields: &[
        read("attempt", COUNT, "Its number, from 1."),
        read("created_at", Type::Time, "When it began."),
        read("provider_id", TEXT, "The provider.").or_null(),
        read("model_id", TEXT, "The model.").or_null(),
        read("status", STATUS, "The upstream's HTTP status.").or_null(),
        read("error_code", TEXT, "Why it failed.").or_null(),
        read("error_message", TEXT, "The upstream's own words, secrets masked.").or_null(),
        read("latency_ms", MILLISECONDS, "Milliseconds that it took."),
    ],
    ..CLOSED
};

/// Query parameters of the log, beside a page's.
pub const OF_REQUESTS: &[Field] = &[
    FROM,
    TO,
    field("status", text(3, 3).pattern("^([1-5]xx|[1-5][0-9][0-9])$"), "Only this status, or a hundred of them.")
        .example(r#""5xx""#),
    field("error_code", TEXT, "Only those that failed for this reason."),
    field("streamed", Type::Truth, "Only streams, or only others."),
    field("provider", TEXT, "Only this provider's: its id, or the name of one that is there."),
    field("model", TEXT, "Only this model's: its id, its name, or what was asked for."),
    field("user", TEXT, "Only this user's: its id, or the name of one that is there."),
    field("token", TEXT, "Only this token's: its id, or the name of one that is there."),
];
