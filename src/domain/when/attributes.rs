//! What a request shows to `when`.

use std::borrow::Cow;

/// One attribute's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Attribute<'a> {
    /// A string.
    Text(Cow<'a, str>),
    /// A number; integers beyond 2^53 lose their last digits, as in JSON.
    Number(f64),
    /// A truth value.
    Bool(bool),
    /// A list of strings (`tags`), or what goes by several names: `user` and `token` by id and by name.
    List(Cow<'a, [String]>),
}

/// A request, seen as named attributes.
pub trait Attributes {
    /// The value under a dotted name (`model`, `metadata.tier`); `None` when the request has none. A null in the
    /// client's metadata is `None` too.
    fn attribute(&self, name: &str) -> Option<Attribute<'_>>;
}

/// The attributes that every request may have (SPEC section 6); `metadata.*` and `tags.*` come on top.
pub(super) const NAMES: [&str; 12] = [
    "protocol",
    "stream",
    "model",
    "user",
    "token",
    "project",
    "tags",
    "max_tokens",
    "tools",
    "images",
    "input_chars",
    "country",
];

/// The root of the client's own attributes.
pub(super) const METADATA: &str = "metadata";

/// The root of what extensions say of a request.
pub(super) const TAGS: &str = "tags";

/// Whether a dotted name can ever name an attribute.
pub(super) fn exists(name: &str) -> bool {
    NAMES.contains(&name)
        || [METADATA, TAGS]
            .into_iter()
            .filter_map(|root| name.strip_prefix(root)?.strip_prefix('.'))
            .any(|path| path.split('.').all(|segment| !segment.is_empty()))
}
