//! Tokens.

use super::*;
use crate::access::Role;
use crate::domain::glob::MAX_GLOB_BYTES;

/// A role's name.
pub(super) const ROLE: Type = Type::Word(|| Role::ALL.map(Role::as_str).into());

const GLOB: Type = text(1, MAX_GLOB_BYTES as u32).pattern(r"^[^\x00-\x1f\x7f-\x9f]*$");
const GLOBS: Type = Type::List { of: &GLOB, least: 1, most: 32 };

/// A token, and the bodies that mint and change one.
pub static TOKEN: Object = Object {
    name: "Token",
    doc: "What a client or an operator presents. It has the rights of its role or its policy, and never more than its \
          user's.",
    fields: &[
        id("tok_"),
        PROJECT_ID,
        field(
            "user_id",
            Type::Id("usr_"),
            "The user that it acts for: its calls go out with that user's own keys. A token stays with its user.",
        )
        .or_null(),
        field("name", NAME, "What people call it.").required().example(r#""ci""#),
        read("hint", TEXT, "The token's first characters."),
        field(
            "role",
            ROLE,
            "A named policy. A token has a role or a policy: giving one takes the place of the other. Without either it \
             gets its user's role, or `member`.",
        )
        .or_null()
        .example(r#""member""#),
        field(
            "policy",
            Type::List { of: &Type::Object(&STATEMENT), least: 1, most: 32 },
            "What it may do, in statements. What none allows is denied, and a deny wins.",
        )
        .or_null()
        .example(r#"[{"effect": "allow", "actions": ["llm:Invoke", "models:*"]}]"#),
        field(
            "allowed_models",
            Type::List { of: &GLOB, least: 1, most: 64 },
            "Patterns of the selectors that it may call, `*` standing for anything. Null: all.",
        )
        .or_null()
        .example(r#"["OpenAI^gpt-5*"]"#),
        field("expires_at", Type::Time, "When it ends. Null: never.").or_null().example(r#""2030-01-31T12:00:00Z""#),
        field("disabled", Type::Truth, "Whether it is refused for now.").default("false"),
        CREATED_AT,
        UPDATED_AT,
        read("token", text(48, 48), "The token itself. It is shown this once.").once(),
    ],
    ..CLOSED
};

/// An element of `policy`.
pub static STATEMENT: Object = Object {
    name: "Statement",
    doc: "Gives, or takes, the right to some actions on some resources.",
    fields: &[
        field("effect", Type::Word(|| vec!["allow", "deny"]), "Gives or takes.").required(),
        field("actions", GLOBS, "Patterns of actions, such as `models:*`.").required(),
        field("resources", GLOBS, "Patterns of resources: ids, and selectors for `llm:Invoke`. Absent: all of them.")
            .sometimes()
            .or_null(),
    ],
    ..CLOSED
};
