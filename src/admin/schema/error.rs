//! Refusals.

use super::*;
use crate::refusal::Reason;

/// The body of every refusal of the control plane.
pub static ERROR: Object = Object {
    name: "Error",
    doc: "Why the request was refused, and the way out.",
    fields: &[read("error", Type::Object(&ERROR_DETAIL), "The refusal.")],
    ..CLOSED
};

/// `error`.
pub static ERROR_DETAIL: Object = Object {
    name: "ErrorDetail",
    doc: "The refusal: `code` is for programs, `message` for people.",
    fields: &[
        read("code", Type::Word(|| Reason::ALL.iter().map(|reason| reason.code()).collect()), "Which rule."),
        read("message", TEXT, "The field, the rule and the way out, in words."),
        read("request_id", Type::Id("req_"), "The request, as in `x-request-id`."),
        read("param", TEXT, "The field or parameter at fault, dotted where it is nested.").sometimes(),
        read("details", Type::Any, "What else a program may need, such as the rows that are in the way.").sometimes(),
    ],
    ..CLOSED
};
