//! JSON values, built by calls.
//!
//! `serde_json`'s own `json!` and `Map::insert` are inlined where they are used: a key's allocation, a hasher's seed, a
//! serializer and a drop a member. That was a good twentieth of the Worker. What is here is written alike and costs a
//! call a member.

use serde::Serialize;
use serde_json::{Map, Value};

/// `serde_json::json!`, in the same notation and with the same meaning: what is named is copied.
macro_rules! json {
    (@elements [$($done:expr,)*]) => { vec![$($done,)*] };
    (@elements [$($done:expr,)*] null $(, $($rest:tt)*)?) => {
        $crate::json::json!(@elements [$($done,)* serde_json::Value::Null,] $($($rest)*)?)
    };
    (@elements [$($done:expr,)*] [$($array:tt)*] $(, $($rest:tt)*)?) => {
        $crate::json::json!(@elements [$($done,)* $crate::json::json!([$($array)*]),] $($($rest)*)?)
    };
    (@elements [$($done:expr,)*] {$($object:tt)*} $(, $($rest:tt)*)?) => {
        $crate::json::json!(@elements [$($done,)* $crate::json::json!({$($object)*}),] $($($rest)*)?)
    };
    (@elements [$($done:expr,)*] $next:expr $(, $($rest:tt)*)?) => {
        $crate::json::json!(@elements [$($done,)* $crate::json::json!($next),] $($($rest)*)?)
    };

    (@members $object:ident) => {};
    (@members $object:ident $key:tt : null $(, $($rest:tt)*)?) => {
        $crate::json::put(&mut $object, $key, serde_json::Value::Null);
        $crate::json::json!(@members $object $($($rest)*)?);
    };
    (@members $object:ident $key:tt : [$($array:tt)*] $(, $($rest:tt)*)?) => {
        $crate::json::put(&mut $object, $key, $crate::json::json!([$($array)*]));
        $crate::json::json!(@members $object $($($rest)*)?);
    };
    (@members $object:ident $key:tt : {$($inner:tt)*} $(, $($rest:tt)*)?) => {
        $crate::json::put(&mut $object, $key, $crate::json::json!({$($inner)*}));
        $crate::json::json!(@members $object $($($rest)*)?);
    };
    (@members $object:ident $key:tt : $value:expr $(, $($rest:tt)*)?) => {
        $crate::json::copy(&mut $object, $key, &$value);
        $crate::json::json!(@members $object $($($rest)*)?);
    };

    (null) => { serde_json::Value::Null };
    ([$($elements:tt)*]) => { serde_json::Value::Array($crate::json::json!(@elements [] $($elements)*)) };
    ({$($members:tt)*}) => {{
        #[allow(unused_mut, clippy::allow_attributes, reason = "an empty object has no members")]
        let mut object = $crate::json::empty();
        $crate::json::json!(@members object $($members)*);
        serde_json::Value::Object(object)
    }};
    ($value:expr) => { $crate::json::of(&$value) };
}
pub(crate) use json;

/// An object's members, set by name.
pub trait Members {
    /// Sets a member, in its old place or at the end.
    fn put(&mut self, key: &str, value: impl Into<Value>);

    /// Sets a member, if there is a value for it.
    fn put_some(&mut self, key: &str, value: Option<impl Into<Value>>);
}

impl Members for Map<String, Value> {
    #[inline]
    fn put(&mut self, key: &str, value: impl Into<Value>) {
        put(self, key, value.into());
    }

    #[inline]
    fn put_some(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            put(self, key, value.into());
        }
    }
}

/// An object of these members, moved in: `json!` copies them, and some are megabytes long.
pub fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(self::members(members))
}

/// The members that [`object`] makes an object of.
#[inline(never)]
pub fn members<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    let mut object = empty();
    for (key, value) in members {
        put(&mut object, key, value);
    }
    object
}

#[inline(never)]
pub(crate) fn empty() -> Map<String, Value> {
    Map::new()
}

#[inline(never)]
pub(crate) fn put(object: &mut Map<String, Value>, key: &str, value: Value) {
    object.insert(key.to_owned(), value);
}

#[inline(never)]
pub(crate) fn copy<T: Serialize + ?Sized>(object: &mut Map<String, Value>, key: &str, value: &T) {
    put(object, key, of(value));
}

/// What a value is in JSON; `null` for what has no JSON, such as a map whose keys are no strings.
#[inline(never)]
pub(crate) fn of<T: Serialize + ?Sized>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_says_what_serde_jsons_own_says() {
        let (text, many, none, key) = ("t".to_owned(), vec![1_u64, 2], None::<&str>, "k");
        macro_rules! literal {
            ($($json:ident)::+) => {
                $($json)::+!({
                    "null": null, "yes": true, "not": !true, "text": text, "calculated": 1 + 2,
                    "list": [null, {}, [], "a", {"b": -1.5}],
                    "inner": {"many": many, "none": none, key: (text.len(), 7).0},
                    "more": [text.as_str(), 12_345_678_901_234_567_890_u64],
                })
            };
        }
        assert_eq!(literal!(json).to_string(), literal!(serde_json::json).to_string());
    }

    #[test]
    fn a_member_that_is_set_again_stays_in_its_place() {
        let mut object = members([("a", Value::Null), ("b", "x".into())]);
        object.put("a", 1);
        object.put_some("c", None::<u8>);
        assert_eq!(Value::Object(object).to_string(), r#"{"a":1,"b":"x"}"#);
    }
}
