//! Document 001's providers.

use super::providers::{ADDRESS, ADVANCED, KIND, PREFIX};
use super::*;

/// 001's data model.
pub static AI_PROVIDER: Object = Object {
    name: "AiProvider",
    doc: "A provider as document 001 has it: one model at one vendor, its key in a secret.",
    fields: &[
        id("aip_"),
        field("projectId", text(1, 100), "The project it belongs to: the token's own, where a body leaves it out."),
        field(
            "secretId",
            Type::Id("sec_"),
            "The secret that holds the key. Without one no key is sent to a server of one's own (`ollama`, `gateway`, \
             `custom`), and a vendor's account is not configured.",
        )
        .or_null(),
        field("name", PREFIX, "What selectors call it. Unique in its project whatever the case.").required(),
        field("provider", KIND, "The slug.")
            .required()
            .example(r#""openai""#),
        field(
            "defaultModel",
            text(0, 200),
            "The upstream's name of the model. It is registered where it is not there; `\"\"` is shown where there is none.",
        )
        .example(r#""gpt-5.4""#),
        field(
            "baseUrl",
            ADDRESS,
            "Where the upstream's API begins; null leaves it to the slug.",
        )
        .or_null()
        .example(r#""https://api.openai.com/v1""#),
        field("config", Type::Object(&ADVANCED), "What steers calls beyond the fields here.").or_null(),
        read("createdAt", Type::Time, "When it was made."),
        read("updatedAt", Type::Time, "When it was last changed."),
    ],
    ..CLOSED
};

/// Which project the list is about.
pub const IN_PROJECT: &[Field] = &[field(
    "projectId",
    text(1, 100),
    "The project, where that is not the token's own: `ADMIN_TOKEN` gives an id or a name, and means `default` without one.",
)];
