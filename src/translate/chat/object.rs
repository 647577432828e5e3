//! Objects whose members are moved in: `json!` copies them, and some are megabytes long.

use serde_json::Value;

/// An object of these members, in this order.
pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}
