//! The audit log.

use super::usage::{FROM, TO};
use super::*;

/// One change.
pub static AUDIT_ENTRY: Object = Object {
    name: "AuditEntry",
    doc: "Who changed which fields of what, when and from where. No values.",
    fields: &[
        id("aud_"),
        read("project_id", TEXT, "The project of the row; none for what belongs to the deployment.").or_null(),
        read("created_at", Type::Time, "When."),
        read("actor_id", TEXT, "The token that did it; `root` is `ADMIN_TOKEN`."),
        read("actor_name", TEXT, "What that token was called then."),
        read("user_id", TEXT, "The user that the token acted for.").or_null(),
        read("action", TEXT, "What was done: `module:Operation`."),
        read("resource_type", TEXT, "What kind of row was changed."),
        read("resource_id", TEXT, "Which row."),
        read("fields", TEXTS, "The names of the fields that were written."),
        read("address", TEXT, "The address that it came from.").or_null(),
        read("request_id", Type::Id("req_"), "The request: its answer's `x-request-id`."),
    ],
    ..CLOSED
};

/// Query parameters of the log, beside a page's.
pub const OF_AUDIT_LOG: &[Field] = &[
    FROM,
    TO,
    field("actor", TEXT, "Only what this token did (its id or name, or `root`), or what was done for this user's id."),
    field("action", TEXT, "Only this action, or those that begin as it does before its `*`.")
        .example(r#""aiProviders:*""#),
    field("resource_type", TEXT, "Only changes of this kind of row.").example(r#""provider""#),
    field("resource_id", TEXT, "Only changes of this row."),
    field("request_id", TEXT, "Only what this request did."),
];
