//! The condition under which a model takes a request (SPEC sections 2 and 6).
//!
//! Read once into tests, so that a request is matched without looking at JSON. There are no regular expressions.

use serde_json::{Map, Value};

use super::invalid::Invalid;

mod attributes;
mod read;
mod test;

pub use attributes::{Attribute, Attributes};

use test::Test;

/// Most bytes of the object as JSON.
pub const MAX_WHEN_BYTES: usize = 4 * 1024;

const PARAM: &str = "when";

/// A checked `when` object: all of its conditions must hold.
///
/// - A plain value must equal the attribute; numbers and strings never equal each other, strings compare by case.
/// - A missing attribute fails every test but `$exists: false`.
/// - A list (`tags`) passes `=`, `$in`, `$prefix` and `$glob` when any element does, and `$ne` and `$nin` when none is
///   among the values. An empty list exists.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct When {
    conditions: Vec<Condition>,
    written: Map<String, Value>,
}

/// One attribute and one thing that must be true of it.
#[derive(Debug, Clone, PartialEq)]
struct Condition {
    attribute: String,
    test: Test,
}

impl When {
    /// Takes the object of a request body or a stored row.
    ///
    /// # Errors
    /// [`Invalid`] on `when` or `when.<attribute>`: not an object, larger than [`MAX_WHEN_BYTES`], an attribute that
    /// no request has, an unknown operator, an operand of the wrong type, or operators mixed with plain keys.
    pub fn parse(value: Value) -> Result<Self, Invalid> {
        let Value::Object(written) = value else {
            return Err(Invalid::new(PARAM, "It must be a JSON object; an empty one sets no condition."));
        };
        if serde_json::to_string(&written).map_or(usize::MAX, |json| json.len()) > MAX_WHEN_BYTES {
            return Err(Invalid::new(PARAM, format!("It has at most {MAX_WHEN_BYTES} bytes.")));
        }
        let conditions = read::conditions(&written).map_err(|invalid| invalid.within(PARAM))?;
        Ok(Self { conditions, written })
    }

    /// Whether there is no condition. Such a model is never chosen by `auto`, but by name or as a default.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// Whether every condition holds for a request. Without conditions it does: ask [`When::is_empty`] first where
    /// that must not count.
    pub fn matches(&self, request: &dyn Attributes) -> bool {
        self.conditions.iter().all(|condition| condition.test.holds(request.attribute(&condition.attribute).as_ref()))
    }

    /// The object as it was written.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.written
    }
}

#[cfg(test)]
mod tests;
