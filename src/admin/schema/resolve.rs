//! Explanations of which models serve a call.

use super::*;
use crate::domain::protocol::Protocol;
use crate::gateway::admit::CredentialOrigin;
use crate::gateway::door::CLIENTS;
use crate::routing::{Dropped, Kept, Naming};

const WEIGHT: Type = Type::Number { from: Bound::Above(0.0), to: 1_000_000.0 };
const UPSTREAM_PROTOCOL: Type = Type::Word(|| Protocol::ALL.map(Protocol::as_str).into());
const NAMED_BY: Type = Type::Word(|| Naming::ALL.map(Naming::as_str).into());
const CREDENTIAL: Type = Type::Word(|| CredentialOrigin::ALL.map(CredentialOrigin::as_str).into());
const CLIENT_PROTOCOL: Type = Type::Word(|| CLIENTS.map(Protocol::as_str).into());
const REASON: Type =
    Type::Word(|| Kept::ALL.map(Kept::as_str).into_iter().chain(Dropped::ALL.map(Dropped::as_str)).collect());

/// Who would serve a call, and why.
pub static RESOLUTION: Object = Object {
    name: "Resolution",
    doc: "Which models would serve a call, in the order in which they are tried, and what became of the others.",
    fields: &[
        read("model", TEXT, "What the call asks for.").or_null(),
        read(
            "named_by",
            NAMED_BY,
            "What that is the name of; `auto`: of nothing, so that the gateway chooses. Null, with `?when=` only: nothing \
             would serve the call.",
        )
        .or_null(),
        read("protocol", CLIENT_PROTOCOL, "The client's protocol."),
        read(
            "may_call",
            Type::Truth,
            "Whether the token may call models at all; without, this is what a member's call would come to.",
        ),
        read("candidates", list(&Type::Object(&CANDIDATE)), "Whoever goes by the name: those that serve it first."),
        read("fallbacks", list(&Type::Object(&CANDIDATE)), "Whom the candidates name in `fallbacks`."),
        read("unknown_fallbacks", TEXTS, "Selectors among those that no model has."),
        read("condition_matches", Type::Truth, "Whether `?when=` matches the call. Null: none was to be tried.")
            .or_null(),
    ],
    ..CLOSED
};

/// A model that was looked at.
pub static CANDIDATE: Object = Object {
    name: "ResolvedModel",
    doc: "A model that was looked at, and whether it serves the call.",
    fields: &[
        read("selector", TEXT, "`provider^model`."),
        read("provider_id", Type::Id("aip_"), "Its provider."),
        read("provider_name", TEXT, "That provider's name."),
        read("model_id", Type::Id("mdl_"), "The model."),
        read("kept", Type::Truth, "Whether it serves the call, after those before it."),
        read("reason", REASON, "Why, or why not."),
        read("when_matches", Type::Truth, "Whether its `when` matches the call. Null: it has none.").or_null(),
        read("priority", Type::Whole(-1_000_000, 1_000_000), "Of those with one reason, the highest goes first."),
        read("weight", WEIGHT, "Its share among equals, relative to theirs."),
        read("is_default", Type::Truth, "Whether it is its provider's default."),
        read("credential", CREDENTIAL, "Whose key a call would go out with; `missing`: a call fails."),
        read("upstream_protocol", UPSTREAM_PROTOCOL, "What its provider is asked in first.").or_null(),
        read("unusable", Type::Object(&UNUSABLE), "Why a call passes it over all the same.").or_null(),
        read(
            "share",
            Type::Number { from: Bound::At(0.0), to: 1.0 },
            "Candidates only: how often it is the first of its equals. Null where it does not serve the call.",
        )
        .or_null()
        .sometimes(),
    ],
    ..CLOSED
};

/// `unusable`.
pub static UNUSABLE: Object = Object {
    name: "Unusable",
    doc: "What is wrong with a provider or a model.",
    fields: &[read("code", TEXT, "An error's code."), read("message", TEXT, "The error in words.")],
    ..CLOSED
};

/// Query parameters of an explanation.
pub const OF_RESOLVE: &[Field] = &[
    field("model", TEXT, "GET only, which needs it: the model that a call would ask for."),
    field("protocol", CLIENT_PROTOCOL, "The client's protocol.").default(r#""chat_completions""#),
    field("tags", TEXT, "What a call would have in `x-sluice-tags`.").example(r#""batch,nightly""#),
    field("country", text(2, 2), "Where the client would be: two letters.").example(r#""CH""#),
    field("when", TEXT, "A model's `when` as JSON, saved or not: whether it matches the call is `condition_matches`.")
        .example(r#""{\"stream\":true}""#),
];
