//! Why a request body is refused.

use std::fmt;

use crate::protocol::json::{Kind, SyntaxError};

/// A request body that the gateway does not pass on. Rendered as 400 in the client's protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// The body is no JSON.
    Malformed(SyntaxError),
    /// The body is JSON, but no object.
    NotAnObject(Kind),
    /// A field that the gateway reads has a type that no protocol gives it.
    WrongType {
        /// The field, dotted for nesting.
        field: &'static str,
        /// The type that it has to have, with its article.
        expected: &'static str,
        /// The type that it has.
        found: Kind,
    },
    /// A field that the gateway decides by is there twice.
    Duplicate {
        /// The field, dotted for nesting.
        field: &'static str,
    },
    /// A key that parsers which ignore case take for a field that the gateway decides by.
    Lookalike {
        /// The field that it resembles, dotted for nesting.
        field: &'static str,
        /// The key as the client wrote it.
        key: String,
    },
    /// The top level has more than [`super::MAX_MEMBERS`] members.
    TooManyMembers,
}

impl BodyError {
    pub(super) const fn wrong_type(field: &'static str, expected: &'static str, found: Kind) -> Self {
        Self::WrongType { field, expected, found }
    }

    /// The field at fault, for the error's `param`; `None` when the whole body is at fault.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::WrongType { field, .. } | Self::Duplicate { field } | Self::Lookalike { field, .. } => Some(field),
            Self::Malformed(_) | Self::NotAnObject(_) | Self::TooManyMembers => None,
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => write!(f, "the request body is not valid JSON: {error}"),
            Self::NotAnObject(found) => {
                write!(f, "the request body has to be a JSON object, not {}", found.described())
            }
            Self::WrongType { field, expected, found } => {
                write!(f, "`{field}` has to be {expected}, not {}", found.described())
            }
            Self::Duplicate { field } => write!(f, "`{field}` is given more than once"),
            Self::Lookalike { field, key } => {
                write!(f, "the key {key:?} could be read as `{field}`: write it as `{field}`, once")
            }
            Self::TooManyMembers => {
                write!(f, "the request body has more than {} top level members", super::MAX_MEMBERS)
            }
        }
    }
}

impl std::error::Error for BodyError {}
