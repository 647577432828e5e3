//! Values as Terraform has them: any part may be null, or not known yet.

mod decimal;
mod wire;

pub use decimal::canonical as canonical_decimal;
pub use wire::{Undecodable, decode, encode};

use crate::schema::{Attribute, Type};
use serde_json::Value as Json;
use sluice::domain::timestamp::Timestamp;
use std::collections::BTreeMap;

/// A value. It has no `Debug`, because it may be a credential.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// None.
    Null,
    /// Not known before it was applied.
    Unknown,
    /// A bool.
    Truth(bool),
    /// A number, in canonical decimal digits: Terraform's have more of them than a float.
    Number(String),
    /// A string.
    Text(String),
    /// A list or a set.
    List(Vec<Value>),
    /// A map or an object.
    Map(Object),
}

/// An object's attributes, or a map's elements.
pub type Object = BTreeMap<String, Value>;

impl Value {
    /// The string, if it is one and known.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether all of it is known.
    pub fn is_known(&self) -> bool {
        match self {
            Self::Unknown => false,
            Self::List(of) => of.iter().all(Self::is_known),
            Self::Map(of) => of.values().all(Self::is_known),
            _ => true,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is known and not null.
    pub fn is_given(&self) -> bool {
        !self.is_null() && self.is_known()
    }
}

/// A member; null where there is none.
pub fn at<'v>(object: &'v Object, name: &str) -> &'v Value {
    object.get(name).unwrap_or(&Value::Null)
}

/// What the API shows, as Terraform has it.
pub fn from_api(kind: Type, json: &Json) -> Value {
    match (kind, json) {
        (_, Json::Null) => Value::Null,
        (Type::Json, any) => Value::Text(any.to_string()),
        (_, Json::Bool(truth)) => Value::Truth(*truth),
        (Type::Number, Json::Number(number)) => number_of(&number.to_string()),
        (Type::Number, Json::String(digits)) => number_of(digits),
        (_, Json::Number(number)) => Value::Text(number.to_string()),
        (_, Json::String(text)) => Value::Text(text.clone()),
        (Type::Object(attributes), Json::Object(_)) => Value::Map(object_from_api(attributes, json)),
        (Type::Objects(attributes), Json::Array(of)) => {
            Value::List(of.iter().map(|json| Value::Map(object_from_api(attributes, json))).collect())
        }
        (Type::List(of) | Type::Set(of), Json::Array(elements)) => {
            Value::List(elements.iter().map(|json| from_api(*of, json)).collect())
        }
        (Type::Map(of), Json::Object(elements)) => {
            Value::Map(elements.iter().map(|(name, json)| (name.clone(), from_api(*of, json))).collect())
        }
        (_, Json::Array(_) | Json::Object(_)) => Value::Text(json.to_string()),
    }
}

fn number_of(digits: &str) -> Value {
    canonical_decimal(digits).map_or(Value::Null, Value::Number)
}

/// An object of the API's by a table of attributes; what is not shown is null.
pub fn object_from_api(attributes: &[Attribute], json: &Json) -> Object {
    let shown = |attribute: &Attribute| match json.get(attribute.field) {
        Some(shown) => from_api(attribute.kind, shown),
        None => Value::Null,
    };
    attributes.iter().map(|attribute| (attribute.name.to_owned(), shown(attribute))).collect()
}

/// A known value as the API takes it. What is not JSON where JSON is due was refused before.
pub fn to_api(kind: Type, value: &Value) -> Json {
    match (kind, value) {
        (_, Value::Null | Value::Unknown) => Json::Null,
        (Type::Json, Value::Text(text)) => serde_json::from_str(text).unwrap_or(Json::Null),
        (_, Value::Truth(truth)) => Json::Bool(*truth),
        (_, Value::Number(digits)) => digits.parse().map_or(Json::Null, Json::Number),
        (_, Value::Text(text)) => Json::String(text.clone()),
        (Type::List(of) | Type::Set(of), Value::List(elements)) => {
            Json::Array(elements.iter().map(|element| to_api(*of, element)).collect())
        }
        (Type::Map(of), Value::Map(elements)) => {
            Json::Object(elements.iter().map(|(name, element)| (name.clone(), to_api(*of, element))).collect())
        }
        (Type::Object(attributes), Value::Map(members)) => Json::Object(
            attributes
                .iter()
                .map(|attribute| (attribute.field.to_owned(), to_api(attribute.kind, at(members, attribute.name))))
                .collect(),
        ),
        (_, Value::List(_) | Value::Map(_)) => Json::Null,
    }
}

/// What two spellings of the same have in common: the API trims names, drops an address's trailing slash, writes times
/// in UTC, and keeps JSON's meaning rather than its spelling.
pub fn canonical(kind: Type, value: &Value) -> Json {
    match (kind, value) {
        (Type::Text, Value::Text(text)) => Json::String(text.trim().to_owned()),
        (Type::Address, Value::Text(text)) => Json::String(text.trim().trim_end_matches('/').to_owned()),
        (Type::Time, Value::Text(text)) => {
            Timestamp::parse("", text).map_or_else(|_| Json::String(text.clone()), |time| Json::from(time.ms()))
        }
        (Type::Json, Value::Text(text)) => match serde_json::from_str(text) {
            Ok(json) => canonical_json(json),
            Err(_) => Json::String(text.clone()),
        },
        (Type::Set(of), Value::List(elements)) => {
            let mut elements: Vec<Json> = elements.iter().map(|element| canonical(*of, element)).collect();
            elements.sort_by_key(Json::to_string);
            elements.dedup();
            Json::Array(elements)
        }
        (Type::List(of), Value::List(elements)) => {
            Json::Array(elements.iter().map(|element| canonical(*of, element)).collect())
        }
        (Type::Object(attributes), Value::Map(members)) => Json::Object(
            attributes
                .iter()
                .map(|attribute| (attribute.name.to_owned(), canonical(attribute.kind, at(members, attribute.name))))
                .collect(),
        ),
        (kind, value) => to_api(kind, value),
    }
}

/// JSON with its numbers in canonical digits. An object's members have no order.
fn canonical_json(json: Json) -> Json {
    match json {
        Json::Number(number) => {
            let digits = canonical_decimal(&number.to_string()).and_then(|digits| digits.parse().ok());
            Json::Number(digits.unwrap_or(number))
        }
        Json::Array(elements) => Json::Array(elements.into_iter().map(canonical_json).collect()),
        Json::Object(members) => {
            Json::Object(members.into_iter().map(|(name, member)| (name, canonical_json(member))).collect())
        }
        other => other,
    }
}

/// Whether the API would take the two for the same.
pub fn is_same(kind: Type, one: &Value, other: &Value) -> bool {
    one == other || (one.is_known() && other.is_known() && canonical(kind, one) == canonical(kind, other))
}

#[cfg(test)]
mod tests;
