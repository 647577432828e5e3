//! Sealing keys.

use super::*;

/// Rows that one call of rotate re-seals at most.
pub const MAX_BATCH: i64 = 100;

/// A key of the ring, or one that rows are still sealed with.
pub static SEALING_KEY: Object = Object {
    name: "SealingKey",
    doc: "A key id, and how many rows it seals.",
    fields: &[
        read("id", TEXT, "Its id in `SEALING_KEYS`."),
        read("rows", COUNT, "How many rows are sealed with it."),
        read("sealing", Type::Truth, "Whether new values are sealed with it: it is the ring's first."),
        read(
            "in_ring",
            Type::Truth,
            "Whether the ring has it. What is sealed with one that is not there does not open.",
        ),
    ],
    ..CLOSED
};

/// What one call of rotate did.
pub static ROTATION: Object = Object {
    name: "Rotation",
    doc: "What one batch came to. Run again until `remaining` is 0.",
    fields: &[
        read("sealing_key_id", TEXT, "The key that rows are re-sealed to."),
        read("dry_run", Type::Truth, "Whether it only looked."),
        read("checked", COUNT, "Rows that were opened."),
        read("resealed", COUNT, "Rows that were written."),
        read("remaining", COUNT, "Rows that other keys still seal."),
    ],
    ..CLOSED
};

/// Query parameters of rotate.
pub const ON_ROTATE: &[Field] = &[
    field("dry_run", Type::Truth, "Opens the batch and writes nothing.").default("false"),
    field("limit", Type::Whole(1, MAX_BATCH), "Rows at most.").default("100"),
];
