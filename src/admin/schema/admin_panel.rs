//! Document 002's providers, and what its users see.

use super::providers::{ADDRESS, KIND, PREFIX};
use super::*;
use crate::domain::header_map::MAX_HEADER_BYTES;

/// A provider as 002 has it.
pub static PANEL_PROVIDER: Object = Object {
    name: "PanelProvider",
    doc: "A provider as document 002 has it.",
    fields: &[
        id("aip_"),
        field("name", PREFIX, "What selectors call it. Unique in its project whatever the case.").required(),
        field("type", KIND, "The kind.").required().example(r#""openai""#),
        field("base_url", ADDRESS, "Where the upstream's API begins; null leaves it to the type.")
            .or_null()
            .example(r#""https://api.openai.com/v1""#),
        field(
            "api_key",
            text(0, MAX_HEADER_BYTES as u32),
            "The key, never shown again; `\"\"` for a server that takes none.",
        )
        .write_only(),
        field("enabled", Type::Truth, "Users see it and its models while it is.").default("true"),
        read("api_key_configured", Type::Truth, "Whether there is a key to send."),
        read("models_count", COUNT, "How many models it has."),
    ],
    ..CLOSED
};

/// The body of the toggle.
pub static TOGGLE: Object = Object {
    name: "Toggle",
    doc: "On or off.",
    fields: &[field("enabled", Type::Truth, "Whether users shall see it.").required()],
    ..CLOSED
};

/// The list of providers.
pub static PANEL_PROVIDERS: Object = Object {
    name: "PanelProviders",
    doc: "All of them, oldest first.",
    fields: &[read("providers", list(&Type::Object(&PANEL_PROVIDER)), "The providers.")],
    ..CLOSED
};

/// What fetching came to.
pub static FETCHED: Object = Object {
    name: "Fetched",
    doc: "What the upstream lists, and what of it is new.",
    fields: &[
        read("success", Type::Truth, "True: a refusal has another shape."),
        read("models_fetched", COUNT, "How many models the upstream lists."),
        read("models_imported", COUNT, "How many of them are new."),
        read("message", TEXT, "The same in words."),
    ],
    ..CLOSED
};

/// The answer to a deletion.
pub static MESSAGE: Object =
    Object { name: "Message", doc: "What was done.", fields: &[read("message", TEXT, "In words.")], ..CLOSED };

/// A model in a user's selector.
pub static PANEL_MODEL: Object = Object {
    name: "PanelModel",
    doc: "A model that a user may choose.",
    fields: &[
        id("mdl_"),
        read("name", TEXT, "The upstream's name."),
        read("display_name", TEXT, "The public name, else the upstream's."),
        read("selector", TEXT, "What a call names it by."),
        read("provider_id", Type::Id("aip_"), "Its provider."),
        read("provider_name", TEXT, "Its provider's name."),
        read("is_default", Type::Truth, "Whether the provider's name alone means it."),
    ],
    ..CLOSED
};

/// The list of models.
pub static PANEL_MODELS: Object = Object {
    name: "PanelModels",
    doc: "All that the token may choose, oldest first.",
    fields: &[read("models", list(&Type::Object(&PANEL_MODEL)), "The models.")],
    ..CLOSED
};

/// A refusal of the doors of documents 001 and 002.
pub static PLAIN_ERROR: Object = Object {
    name: "PlainError",
    doc: "Why the request was refused, and the way out.",
    fields: &[read("error", TEXT, "The field, the rule and the way out, in words.")],
    ..CLOSED
};
