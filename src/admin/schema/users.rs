//! Users.

use super::tokens::ROLE;
use super::*;

/// A user, and the bodies that make and change one.
pub static USER: Object = Object {
    name: "User",
    doc: "A person or service that owns tokens and own provider keys. Its role bounds whatever its tokens may do.",
    fields: &[
        id("usr_"),
        PROJECT_ID,
        field("name", NAME, "Trimmed, unique in its project whatever the case.").required().example(r#""ada""#),
        field(
            "email",
            text(3, 254).pattern(r"^\s*[^\s\x00-\x1f\x7f-\x9f]+@[^\s\x00-\x1f\x7f-\x9f]+\s*$"),
            "An address for other people to read: nothing is sent to it. At most 254 bytes.",
        )
        .or_null()
        .example(r#""ada@example.com""#),
        field("role", ROLE, "The most that its tokens may do.").default(r#""member""#),
        field("disabled", Type::Truth, "While it is, its tokens are refused.").default("false"),
        read("token_count", COUNT, "How many tokens it has."),
        CREATED_AT,
        UPDATED_AT,
    ],
    ..CLOSED
};
