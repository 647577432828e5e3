//! Lists, which come in pages.

use super::*;

/// Rows of a page that is not told how many.
pub const DEFAULT_LIMIT: i64 = 50;

/// Most rows of a page.
pub const MAX_LIMIT: i64 = 200;

/// Query parameters of every list.
pub const PAGE: &[Field] = &[
    field("limit", Type::Whole(1, MAX_LIMIT), "Rows of a page.").default("50"),
    field("cursor", TEXT, "The `next_cursor` of the page before, as it was given."),
];

/// Which project a list is about.
pub const IN_PROJECT: &[Field] = &[field(
    "project_id",
    text(1, 100),
    "The project, where that is not the token's own: `ADMIN_TOKEN` gives an id or a name, and means `default` without one.",
)];

/// The members of every list: `data`, whose elements are another table's objects, and `next_cursor`.
pub const NEXT_CURSOR: Field =
    read("next_cursor", TEXT, "The next page's `cursor`; null where this is the last.").or_null();
