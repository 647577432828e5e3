//! A value with the name that the client gave it.

/// What a client set, and under which name: a loss is told in the client's own words.
#[derive(Debug, Clone, PartialEq)]
pub struct Given<T> {
    /// The field's path in the client's request, such as `reasoning.effort`.
    pub field: &'static str,
    /// The value.
    pub value: T,
}

impl<T> Given<T> {
    /// A value under its name.
    pub const fn new(field: &'static str, value: T) -> Self {
        Self { field, value }
    }
}
