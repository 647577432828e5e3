//! What an upstream can do.

use super::*;
use crate::domain::protocol::Protocol;

/// A model that an upstream lists.
pub static AVAILABLE_MODEL: Object = Object {
    name: "AvailableModel",
    doc: "A model that the provider's upstream lists.",
    fields: &[
        read("model", text(1, 200), "The upstream's name: what a model's `model` is."),
        read("configured", Type::Truth, "Whether the provider has it registered."),
        read("model_id", Type::Id("mdl_"), "As which model; null where it is not.").or_null(),
        read(
            "capabilities",
            Type::Map { of: &Type::Any, least: 0, most: UNBOUNDED },
            "What the upstream says of it: `display_name`, `max_input_tokens`, `max_output_tokens`, `input_modalities`, \
             `output_modalities`, `methods`, as far as it does.",
        )
        .or_null(),
    ],
    ..CLOSED
};

/// The body of an import; it may be left out.
pub static IMPORT: Object = Object {
    name: "Import",
    doc: "Which models to import: all that the upstream lists, if nothing is said.",
    fields: &[field("models", TEXTS, "The upstream's names of those to register.").example(r#"["gpt-5.4-mini"]"#)],
    ..CLOSED
};

/// What an import came to.
pub static IMPORTED: Object = Object {
    name: "Imported",
    doc: "What was registered. What was there already stays as it was.",
    fields: &[
        read("fetched", COUNT, "How many models the upstream lists."),
        read("imported", COUNT, "How many were registered."),
        read("existing", COUNT, "How many of those asked for were registered already."),
    ],
    ..CLOSED
};

/// What a test came to.
pub static TESTED: Object = Object {
    name: "Tested",
    doc: "How one short call of the model went.",
    fields: &[
        read("success", Type::Truth, "Whether the model answered."),
        read("latency_ms", COUNT, "Milliseconds until all of the answer was there."),
        read(
            "protocol",
            Type::Word(|| Protocol::ALL.map(Protocol::as_str).into()),
            "In which dialect the upstream was asked; null if it never was.",
        )
        .or_null(),
        read("output_text", TEXT, "What the model said, on success; null if that is no text.").or_null().sometimes(),
        read("error", Type::Object(&TEST_ERROR), "What went wrong, on failure.").sometimes(),
    ],
    ..CLOSED
};

/// `error` of a test.
pub static TEST_ERROR: Object = Object {
    name: "TestError",
    doc: "Why a model did not answer.",
    fields: &[
        read("status", Type::Whole(0, 999), "The upstream's status, or the one that a call would have got."),
        read("message", TEXT, "The upstream's words, or Sluice's."),
    ],
    ..CLOSED
};
