//! Extensions.

use super::*;
use crate::domain::extension::{HOOKS, MAX_MODULE_BYTES, MAX_SCOPE, MAX_TIME_LIMIT_MS, ON_ERROR};

/// The most characters that a module has in base64.
const MAX_BASE64: u32 = (MAX_MODULE_BYTES as u32).div_ceil(3) * 4;

const HOOK: Type = Type::Word(|| HOOKS.into());

/// An extension, and the bodies that make and change one.
pub static EXTENSION: Object = Object {
    name: "Extension",
    doc: "A WebAssembly filter that calls go through: after the caller is known, before the call is routed, and on its way \
          back. It has no network, and sees no credential.",
    fields: &[
        id("ext_"),
        PROJECT_ID,
        field("name", NAME, "What people call it, unique in its project whatever the case.")
            .required()
            .example(r#""pii""#),
        field("order", Type::Whole(-1000, 1000), "Calls go through the lowest first; equals by age.").default("0"),
        field("enabled", Type::Truth, "Whether calls go through it.").default("true"),
        field(
            "on_error",
            Type::Word(|| ON_ERROR.into()),
            "What becomes of a call if it fails: `closed` refuses the call, `open` goes on without it.",
        )
        .default(r#""closed""#),
        field(
            "time_limit_ms",
            Type::Whole(1, MAX_TIME_LIMIT_MS),
            "What one hook may take, in milliseconds, reckoned by its instructions.",
        )
        .default("50"),
        field(
            "config",
            Type::Map { of: &Type::Any, least: 0, most: UNBOUNDED },
            "What it is configured with, as it understands it.",
        )
        .default("{}")
        .example(r#"{"cards": true}"#),
        field(
            "hooks",
            Type::List { of: &HOOK, least: 1, most: 4 },
            "Where it runs. A creation without them takes all that the module has.",
        )
        .example(r#"["request"]"#),
        field("scope", Type::Object(&SCOPE), "Which calls go through it. An update takes the place of the whole.")
            .default(r#"{"provider_ids": [], "token_ids": []}"#),
        field(
            "module_base64",
            text(1, MAX_BASE64),
            "The module, in base64: an extension has it or `bundled`. 1 MiB at most. Null sends none.",
        )
        .or_null()
        .write_only()
        .example(r#""AGFzbQEAAAA=""#),
        field("bundled", text(1, 64), "The name of a module that was built into the Worker.").or_null_when_read(),
        read("source", Type::Word(|| vec!["uploaded", "bundled"]), "Where its module comes from."),
        read("module", Type::Object(&MODULE), "What runs."),
        read("health", Type::Object(&HEALTH), "How it does."),
        CREATED_AT,
        UPDATED_AT,
    ],
    either: &[&["module_base64"], &["bundled"]],
    ..CLOSED
};

const PROVIDERS: Type = Type::List { of: &Type::Id("aip_"), least: 0, most: MAX_SCOPE as u32 };
const TOKENS: Type = Type::List { of: &Type::Id("tok_"), least: 0, most: MAX_SCOPE as u32 };

/// `scope`.
pub static SCOPE: Object = Object {
    name: "ExtensionScope",
    doc: "Which of the project's calls go through an extension: those that match both lists.",
    fields: &[
        field("provider_ids", PROVIDERS, "Those that one of these providers may serve. Empty: all.").default("[]"),
        field("token_ids", TOKENS, "Those of these tokens. Empty: all, and those of `ADMIN_TOKEN`.").default("[]"),
    ],
    ..CLOSED
};

/// `module`.
pub static MODULE: Object = Object {
    name: "ExtensionModule",
    doc: "A module, and what it says of itself.",
    fields: &[
        read("name", TEXT, "Its name for itself.").or_null_when_read(),
        read("version", TEXT, "Its version.").or_null_when_read(),
        read("description", TEXT, "What it does.").or_null_when_read(),
        read("hooks", TEXTS, "The hooks that it has."),
        read("sha256", text(64, 64), "SHA-256 of the bytes that were uploaded or built in, hexadecimal."),
        read("bytes", COUNT, "How many those are."),
    ],
    ..CLOSED
};

/// `health`.
pub static HEALTH: Object = Object {
    name: "ExtensionHealth",
    doc: "How an extension does: it is failing once it has failed three times in a row, until it succeeds.",
    fields: &[
        read("status", Type::Word(|| vec!["ok", "failing"]), "Whether it fails."),
        read("since", Type::Time, "When the first of those failures was.").or_null_when_read(),
        read("failures", COUNT, "How many there were in a row when that was last written down."),
        read("code", TEXT, "How the latest failed, in a word such as `trap`, `out_of_fuel` or `invalid_answer`.")
            .or_null_when_read(),
        read("message", TEXT, "The same in words.").or_null_when_read(),
    ],
    ..CLOSED
};
