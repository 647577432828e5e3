//! Reads a JSON object field by field and knows what nobody read.
//!
//! A field that a translation does not take is a loss that is named, never one that is silent; so a reader takes what it
//! knows and then calls [`Fields::rest`].

use super::given::Given;
use super::loss::Losses;
use crate::domain::invalid::Invalid;
use serde_json::{Map, Number, Value};

/// An object of the client's request, with its place in it. A field that is `null` counts as absent.
#[derive(Debug)]
pub struct Fields {
    map: Map<String, Value>,
    at: String,
}

impl Fields {
    /// The request itself.
    pub fn of_request(map: Map<String, Value>) -> Self {
        Self { map, at: String::new() }
    }

    /// A value that must be an object. `at` is its place, such as `messages[2]`.
    ///
    /// # Errors
    /// It is none.
    pub fn of(value: Value, at: impl Into<String>) -> Result<Self, Invalid> {
        let at = at.into();
        match value {
            Value::Object(map) => Ok(Self { map, at }),
            other => Err(wrong(&at, "an object", &other)),
        }
    }

    /// Its place; empty for the request itself.
    pub fn at(&self) -> &str {
        &self.at
    }

    /// The place of one of its fields.
    pub fn place(&self, key: &str) -> String {
        if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) }
    }

    /// Whether it has the field, and not `null`.
    pub fn has(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(|value| !value.is_null())
    }

    /// A look at a field without taking it.
    pub fn peek(&self, key: &str) -> Option<&Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// Takes a field, whatever it is.
    pub fn take(&mut self, key: &str) -> Option<Value> {
        self.map.shift_remove(key).filter(|value| !value.is_null())
    }

    /// Takes fields that mean nothing to another protocol and are no loss, such as what the gateway itself had answered
    /// and the client sends back.
    pub fn ignore(&mut self, keys: &[&str]) {
        for key in keys {
            self.map.shift_remove(*key);
        }
    }

    /// Takes a string.
    ///
    /// # Errors
    /// It is something else.
    pub fn text(&mut self, key: &str) -> Result<Option<String>, Invalid> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong(&self.place(key), "a string", &other)),
        }
    }

    /// Takes a string that has to be there.
    ///
    /// # Errors
    /// It is missing or something else.
    pub fn need_text(&mut self, key: &str) -> Result<String, Invalid> {
        self.text(key)?.ok_or_else(|| missing(&self.place(key), "a string"))
    }

    /// Takes a boolean.
    ///
    /// # Errors
    /// It is something else.
    pub fn boolean(&mut self, key: &str) -> Result<Option<bool>, Invalid> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Bool(boolean)) => Ok(Some(boolean)),
            Some(other) => Err(wrong(&self.place(key), "a boolean", &other)),
        }
    }

    /// Takes a number as it is spelled.
    ///
    /// # Errors
    /// It is something else.
    pub fn number(&mut self, key: &str) -> Result<Option<Number>, Invalid> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(number)),
            Some(other) => Err(wrong(&self.place(key), "a number", &other)),
        }
    }

    /// Takes a whole number that is not negative.
    ///
    /// # Errors
    /// It is something else.
    pub fn count(&mut self, key: &str) -> Result<Option<u64>, Invalid> {
        match self.number(key)? {
            None => Ok(None),
            Some(number) => number.as_u64().map(Some).ok_or_else(|| {
                Invalid::new(
                    self.place(key),
                    format!("`{}` must be a whole number from 0, not {number}", self.place(key)),
                )
            }),
        }
    }

    /// Takes an object.
    ///
    /// # Errors
    /// It is something else.
    pub fn object(&mut self, key: &str) -> Result<Option<Fields>, Invalid> {
        let place = self.place(key);
        self.take(key).map(|value| Self::of(value, place)).transpose()
    }

    /// Takes an array.
    ///
    /// # Errors
    /// It is something else.
    pub fn array(&mut self, key: &str) -> Result<Option<Elements>, Invalid> {
        let place = self.place(key);
        match self.take(key) {
            None => Ok(None),
            Some(Value::Array(values)) => Ok(Some(Elements::new(values, place))),
            Some(other) => Err(wrong(&place, "an array", &other)),
        }
    }

    /// Takes an array of strings.
    ///
    /// # Errors
    /// It is something else.
    pub fn texts(&mut self, key: &str) -> Result<Option<Vec<String>>, Invalid> {
        let Some(elements) = self.array(key)? else { return Ok(None) };
        let text = |(place, value): (String, Value)| match value {
            Value::String(text) => Ok(text),
            other => Err(wrong(&place, "a string", &other)),
        };
        elements.map(text).collect::<Result<_, _>>().map(Some)
    }

    /// A field's value under its name.
    pub fn given<T>(field: &'static str, value: Option<T>) -> Option<Given<T>> {
        value.map(|value| Given::new(field, value))
    }

    /// What nobody took is a detail that is lost. `null`, `[]`, `{}`, `""` and `false` say nothing and are none.
    pub fn rest(self, losses: &mut Losses) {
        for (key, value) in &self.map {
            let says_nothing = match value {
                Value::Null | Value::Bool(false) => true,
                Value::Array(values) => values.is_empty(),
                Value::Object(map) => map.is_empty(),
                Value::String(text) => text.is_empty(),
                _ => false,
            };
            if !says_nothing {
                losses.detail(self.place(key), "has no counterpart in the protocol that this model's provider speaks");
            }
        }
    }

    /// What nobody took, as it is.
    pub fn into_map(self) -> Map<String, Value> {
        self.map
    }
}

/// The elements of an array, each with its place.
#[derive(Debug)]
pub struct Elements {
    values: std::iter::Enumerate<std::vec::IntoIter<Value>>,
    at: String,
}

impl Elements {
    /// An array at a place.
    pub fn new(values: Vec<Value>, at: impl Into<String>) -> Self {
        Self { values: values.into_iter().enumerate(), at: at.into() }
    }

    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.values.len() == 0
    }

    /// The next element, which must be an object.
    ///
    /// # Errors
    /// It is none.
    pub fn next_object(&mut self) -> Option<Result<Fields, Invalid>> {
        self.next().map(|(place, value)| Fields::of(value, place))
    }
}

impl Iterator for Elements {
    type Item = (String, Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.values.next().map(|(index, value)| (format!("{}[{index}]", self.at), value))
    }
}

#[cold]
pub(crate) fn wrong(place: &str, expected: &str, found: &Value) -> Invalid {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    Invalid::new(place, format!("`{place}` must be {expected}, not {found}"))
}

#[cold]
pub(crate) fn missing(place: &str, expected: &str) -> Invalid {
    Invalid::new(place, format!("`{place}` is missing: it must be {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(value: Value) -> Fields {
        Fields::of(value, "messages[3]").expect("an object")
    }

    #[test]
    fn what_nobody_takes_is_named_with_its_place_unless_it_says_nothing() {
        let mut fields =
            fields(json!({"role": "user", "name": "Ann", "refusal": null, "tool_calls": [], "audio": {"id": "a"}}));
        assert_eq!(fields.need_text("role"), Ok("user".into()));
        let mut losses = Losses::default();
        fields.rest(&mut losses);
        let named: Vec<_> = losses.as_slice().iter().map(|loss| loss.field.as_str()).collect();
        assert_eq!(named, ["messages[3].name", "messages[3].audio"]);
    }

    #[test]
    fn a_value_of_another_type_is_refused_by_place_and_rule() {
        let mut fields = fields(json!({"role": 5, "content": "x", "n": -1}));
        let refused = fields.text("role").expect_err("refused");
        assert_eq!(
            (refused.param.as_str(), refused.message.as_str()),
            ("messages[3].role", "`messages[3].role` must be a string, not a number")
        );
        assert!(fields.array("content").expect_err("refused").message.contains("an array, not a string"));
        assert!(fields.count("n").expect_err("refused").message.contains("from 0, not -1"));
        assert!(fields.need_text("role").expect_err("refused").message.contains("missing"));
    }

    #[test]
    fn an_elements_place_has_its_index() {
        let mut fields = fields(json!({"content": [{"type": "text"}, 7]}));
        let mut elements = fields.array("content").expect("an array").expect("there");
        assert_eq!(elements.next_object().expect("one").expect("an object").at(), "messages[3].content[0]");
        assert_eq!(elements.next_object().expect("two").expect_err("refused").param, "messages[3].content[1]");
    }
}
