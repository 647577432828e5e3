//! Objects with one key, which is how Converse tells kinds apart.

use serde_json::{Map, Value};

/// `{key: value}`, moved.
pub(super) fn one(key: &str, value: impl Into<Value>) -> Value {
    crate::json::object([(key, value.into())])
}

/// The string at a key, moved out.
pub(super) fn take_text(map: &mut Map<String, Value>, key: &str) -> Option<String> {
    match map.get_mut(key)?.take() {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// The object at a key, moved out.
pub(super) fn take_object(map: &mut Map<String, Value>, key: &str) -> Option<Map<String, Value>> {
    match map.get_mut(key)?.take() {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// The array at a key, moved out.
pub(super) fn take_array(map: &mut Map<String, Value>, key: &str) -> Option<Vec<Value>> {
    match map.get_mut(key)?.take() {
        Value::Array(values) => Some(values),
        _ => None,
    }
}
