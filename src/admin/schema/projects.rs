//! Projects.

use super::*;

/// A project, and the bodies that make and change one.
pub static PROJECT: Object = Object {
    name: "Project",
    doc: "The tenant: everything belongs to one.",
    fields: &[
        id("prj_"),
        field("name", NAME, "Trimmed, unique whatever the case.").required().example(r#""research""#),
        CREATED_AT,
        UPDATED_AT,
    ],
    ..CLOSED
};
