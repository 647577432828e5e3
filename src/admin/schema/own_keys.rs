//! Users' own keys at providers.

use super::*;
use crate::domain::header_map::MAX_HEADER_BYTES;

/// An own key, and the body that sets it.
pub static OWN_KEY: Object = Object {
    name: "ProviderKey",
    doc: "A user's own key at a provider: that user's calls go out with it. It is never shown again.",
    fields: &[
        read("provider_id", Type::Id("aip_"), "The provider's id."),
        read("provider_name", TEXT, "The provider's name."),
        field(
            "api_key",
            text(1, MAX_HEADER_BYTES as u32).pattern(r"\S"),
            "The key, as the provider's auth method sends it (AWS's as JSON). Sealed.",
        )
        .required()
        .write_only()
        .example(r#""sk-proj-0123456789abcdefghij""#),
        read("hint", TEXT, "The last four characters of a key of 20 or more.").or_null(),
        CREATED_AT,
        UPDATED_AT,
    ],
    ..CLOSED
};
