//! Secrets.

use super::*;
use crate::domain::header_map::MAX_HEADER_BYTES;

/// A secret, and the bodies that make and change one.
pub static SECRET: Object = Object {
    name: "Secret",
    doc: "A named sealed value that providers may point to. It is never shown again.",
    fields: &[
        id("sec_"),
        PROJECT_ID,
        field("name", NAME, "Trimmed, unique in its project whatever the case.").required().example(r#""openai-prod""#),
        field(
            "value",
            text(1, MAX_HEADER_BYTES as u32).pattern(r"\S"),
            "A key, or what the auth method of a linked provider sends: a header map or AWS's access key, as JSON. \
             Another one reaches every linked provider's next call.",
        )
        .required()
        .write_only()
        .example(r#""sk-proj-0123456789abcdefghij""#),
        read("has_value", Type::Truth, "True: a secret always has one."),
        read("hint", TEXT, "The last four characters of a key of 20 or more.").or_null(),
        read("provider_count", COUNT, "How many providers point to it."),
        CREATED_AT,
        UPDATED_AT,
    ],
    ..CLOSED
};
