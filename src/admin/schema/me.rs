//! Who is asking.

use super::tokens::{LIMITS, ROLE, STANDING, STATEMENT};
use super::*;

/// The caller.
pub static ME: Object = Object {
    name: "Me",
    doc: "Who the presented token is, and what it may do.",
    fields: &[
        read("kind", Type::Word(|| vec!["root", "token"]), "`root` is `ADMIN_TOKEN`."),
        read("id", TEXT, "The token's id, or `root`."),
        read("name", TEXT, "The token's name."),
        read("project_id", Type::Id("prj_"), "Its project; null for root, which reaches all.").or_null(),
        read("user_id", Type::Id("usr_"), "The user that it acts for.").or_null(),
        read("allowed_models", TEXTS, "Patterns of the selectors that it may call; null: all.").or_null(),
        read("limits", Type::Object(&LIMITS), "What its calls may use; null: any amount.").or_null(),
        read("standing", Type::Object(&STANDING), "What they have used; null without limits, or while nobody can say.")
            .or_null(),
        read("expires_at", Type::Time, "When it ends; null: never.").or_null(),
        read("user", Type::Object(&ME_USER), "That user.").or_null(),
        read("actions", TEXTS, "The actions that it may do on everything in its project."),
        read("possible_actions", TEXTS, "Those that it may do on some of it at least."),
        read(
            "policies",
            Type::List { of: &Type::List { of: &Type::Object(&STATEMENT), least: 1, most: 32 }, least: 1, most: 2 },
            "What decides row by row: its own statements, and its user's, each of which must allow. Null for root.",
        )
        .or_null(),
    ],
    ..CLOSED
};

/// `user`.
pub static ME_USER: Object = Object {
    name: "MeUser",
    doc: "The user that the caller acts for.",
    fields: &[
        read("id", Type::Id("usr_"), "Its id."),
        read("name", TEXT, "Its name."),
        read("email", TEXT, "Its address.").or_null(),
        read("role", ROLE, "The most that its tokens may do."),
    ],
    ..CLOSED
};
