//! Terraform's MessagePack: null is nil, what is not known yet an extension, and a number that is no 64-bit integer and
//! no float its digits in a string.

use super::{Object, Value, decimal};
use crate::plugin::messages::DynamicValue;
use crate::schema::{Attribute, Type};
use rmpv::Value as Packed;
use serde_json::Value as Json;

/// What Terraform sent is not what the schema says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecodable(&'static str);

impl std::fmt::Display for Undecodable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Terraform sent a value that does not fit the schema: {}", self.0)
    }
}

/// An object by its table of attributes; `None` is null.
///
/// # Errors
/// Where the value does not fit the table. The message repeats none of it.
pub fn decode(attributes: &'static [Attribute], value: Option<&DynamicValue>) -> Result<Option<Object>, Undecodable> {
    let Some(value) = value else { return Ok(None) };
    let decoded = if value.msgpack.is_empty() {
        if value.json.is_empty() {
            return Ok(None);
        }
        let json = serde_json::from_slice(&value.json).map_err(|_| Undecodable("it is no JSON"))?;
        from_json(Type::Object(attributes), &json)?
    } else {
        let packed = rmpv::decode::read_value(&mut value.msgpack.as_slice());
        unpack(Type::Object(attributes), &packed.map_err(|_| Undecodable("it is no MessagePack"))?)?
    };
    match decoded {
        Value::Map(object) => Ok(Some(object)),
        Value::Null => Ok(None),
        _ => Err(Undecodable("it is no object")),
    }
}

fn members(attributes: &[Attribute], value: impl Fn(&str) -> Option<Value>) -> Value {
    let member = |attribute: &Attribute| (attribute.name.to_owned(), value(attribute.name).unwrap_or(Value::Null));
    Value::Map(attributes.iter().map(member).collect())
}

fn unpack(kind: Type, packed: &Packed) -> Result<Value, Undecodable> {
    let each = |of: Type, elements: &[Packed]| {
        elements.iter().map(|element| unpack(of, element)).collect::<Result<_, _>>().map(Value::List)
    };
    match (kind, packed) {
        (_, Packed::Nil) => Ok(Value::Null),
        (_, Packed::Ext(..)) => Ok(Value::Unknown),
        (Type::Truth, Packed::Boolean(truth)) => Ok(Value::Truth(*truth)),
        (Type::Number, Packed::Integer(number)) => Ok(Value::Number(number.to_string())),
        (Type::Number, Packed::F64(float)) => number(decimal::of_float(*float)),
        (Type::Number, Packed::F32(float)) => number(decimal::of_float((*float).into())),
        (Type::Number, Packed::String(digits)) => number(digits.as_str().and_then(decimal::canonical)),
        (Type::Text | Type::Address | Type::Time | Type::Json, Packed::String(text)) => {
            text.as_str().map(|text| Value::Text(text.to_owned())).ok_or(Undecodable("a string is no UTF-8"))
        }
        (Type::List(of) | Type::Set(of), Packed::Array(elements)) => each(*of, elements),
        (Type::Objects(attributes), Packed::Array(elements)) => each(Type::Object(attributes), elements),
        (Type::Map(of), Packed::Map(elements)) => {
            let mut map = Object::new();
            for (name, element) in elements {
                let name = name.as_str().ok_or(Undecodable("a key is no string"))?;
                map.insert(name.to_owned(), unpack(*of, element)?);
            }
            Ok(Value::Map(map))
        }
        (Type::Object(attributes), Packed::Map(elements)) => {
            let mut object = Object::new();
            for attribute in attributes {
                let packed = elements.iter().find(|(name, _)| name.as_str() == Some(attribute.name));
                let value = packed.map_or(Ok(Value::Null), |(_, packed)| unpack(attribute.kind, packed))?;
                object.insert(attribute.name.to_owned(), value);
            }
            Ok(Value::Map(object))
        }
        _ => Err(Undecodable("an attribute is of another type")),
    }
}

fn number(digits: Option<String>) -> Result<Value, Undecodable> {
    digits.map(Value::Number).ok_or(Undecodable("a number has no digits"))
}

/// A stored state, which is JSON. What the schema has no more is left out, and what it had not yet is null.
fn from_json(kind: Type, json: &Json) -> Result<Value, Undecodable> {
    match (kind, json) {
        (_, Json::Null) => Ok(Value::Null),
        (Type::Truth, Json::Bool(truth)) => Ok(Value::Truth(*truth)),
        (Type::Number, Json::Number(digits)) => number(decimal::canonical(&digits.to_string())),
        (Type::Number, Json::String(digits)) => number(decimal::canonical(digits)),
        (Type::Text | Type::Address | Type::Time | Type::Json, Json::String(text)) => Ok(Value::Text(text.clone())),
        (Type::List(of) | Type::Set(of), Json::Array(elements)) => {
            elements.iter().map(|element| from_json(*of, element)).collect::<Result<_, _>>().map(Value::List)
        }
        (Type::Objects(attributes), Json::Array(elements)) => {
            let each = elements.iter().map(|element| from_json(Type::Object(attributes), element));
            each.collect::<Result<_, _>>().map(Value::List)
        }
        (Type::Map(of), Json::Object(elements)) => {
            let each = elements.iter().map(|(name, element)| Ok((name.clone(), from_json(*of, element)?)));
            each.collect::<Result<_, _>>().map(Value::Map)
        }
        (Type::Object(attributes), Json::Object(elements)) => {
            let each = attributes.iter().map(|attribute| {
                let json = elements.get(attribute.name).unwrap_or(&Json::Null);
                Ok((attribute.name.to_owned(), from_json(attribute.kind, json)?))
            });
            each.collect::<Result<_, _>>().map(Value::Map)
        }
        _ => Err(Undecodable("an attribute of the state is of another type")),
    }
}

/// The object in MessagePack; `None` is null.
pub fn encode(attributes: &[Attribute], object: Option<&Object>) -> DynamicValue {
    let packed = object.map_or(Packed::Nil, |object| {
        // Every attribute must be there.
        pack(&members(attributes, |name| object.get(name).cloned()))
    });
    let mut msgpack = Vec::new();
    // Into a Vec: it cannot fail.
    let _ = rmpv::encode::write_value(&mut msgpack, &packed);
    DynamicValue { msgpack, json: Vec::new() }
}

fn pack(value: &Value) -> Packed {
    match value {
        Value::Null => Packed::Nil,
        Value::Unknown => Packed::Ext(0, vec![0]),
        Value::Truth(truth) => Packed::Boolean(*truth),
        Value::Number(digits) => match digits.parse::<i64>() {
            Ok(number) => Packed::from(number),
            Err(_) => Packed::from(digits.as_str()),
        },
        Value::Text(text) => Packed::from(text.as_str()),
        Value::List(elements) => Packed::Array(elements.iter().map(pack).collect()),
        Value::Map(elements) => {
            Packed::Map(elements.iter().map(|(name, element)| (Packed::from(name.as_str()), pack(element))).collect())
        }
    }
}
