//! A JSON body as three-state fields: absent keeps, null clears, a value sets (SPEC section 2).

use super::{MAX_BODY_BYTES, Request};
use crate::domain::invalid::Invalid;
use crate::refusal::{Reason, Refusal};
use serde_json::{Map, Value};

/// What a body says of one field.
#[derive(Debug, Clone, PartialEq)]
pub enum Patch<T> {
    /// Absent.
    Keep,
    /// Null.
    Clear,
    /// A value.
    Set(T),
}

impl<T> Patch<T> {
    /// Raises the value; what it says of the field stays.
    pub fn map<U, E>(self, raise: impl FnOnce(T) -> Result<U, E>) -> Result<Patch<U>, E> {
        Ok(match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(raise(value)?),
        })
    }

    /// The new value of a field that may be null.
    pub fn over(self, current: Option<T>) -> Option<T> {
        match self {
            Self::Keep => current,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }

    /// The value of a field that may not be null, if it was given.
    pub fn given(self, param: &str) -> Result<Option<T>, Invalid> {
        match self {
            Self::Keep => Ok(None),
            Self::Clear => Err(Invalid::new(param, format!("{param} cannot be null"))),
            Self::Set(value) => Ok(Some(value)),
        }
    }

    /// The value of a field that must be there.
    pub fn required(self, param: &str) -> Result<T, Invalid> {
        self.given(param)?.ok_or_else(|| Invalid::new(param, format!("{param} is required")))
    }
}

/// Which fields a resource has.
#[derive(Debug)]
pub struct Fields {
    /// Those that a caller may write.
    pub writable: &'static [&'static str],
    /// Those that reads show and nobody writes.
    pub read_only: &'static [&'static str],
}

/// A body whose fields are all known.
#[derive(Debug)]
pub struct Form {
    fields: Map<String, Value>,
    names: Vec<&'static str>,
}

impl Form {
    /// Reads the body of a create or an update.
    pub fn read(request: &Request, known: &Fields) -> Result<Self, Refusal> {
        Ok(Self::check(object(request)?, known)?)
    }

    /// Reads a body that need not be there.
    pub fn read_if_any(request: &Request, known: &Fields) -> Result<Self, Refusal> {
        if request.body.is_empty() { Ok(Self::check(Map::new(), known)?) } else { Self::read(request, known) }
    }

    /// Takes an object that came otherwise than as a body.
    pub fn of(object: Value, known: &Fields) -> Result<Self, Invalid> {
        match object {
            Value::Object(fields) => Self::check(fields, known),
            _ => Err(Invalid::new("", "the fields must be a JSON object")),
        }
    }

    fn check(fields: Map<String, Value>, known: &Fields) -> Result<Self, Invalid> {
        let mut names = Vec::with_capacity(fields.len());
        for field in fields.keys() {
            if let Some(name) = known.writable.iter().find(|name| *name == field) {
                names.push(*name);
            } else if known.read_only.contains(&field.as_str()) {
                return Err(Invalid::new(field, format!("{field} is read-only: leave it out")));
            } else {
                let message = format!("there is no field `{field}`; there are {}", known.writable.join(", "));
                return Err(Invalid::new(field, message));
            }
        }
        Ok(Self { fields, names })
    }

    /// Reads the body of an update, which must say something.
    pub fn read_update(request: &Request, known: &Fields) -> Result<Self, Refusal> {
        let form = Self::read(request, known)?;
        if form.fields.is_empty() {
            return Err(Refusal::new(
                Reason::ValidationFailed,
                format!("the update changes nothing: name at least one of {}", known.writable.join(", ")),
            ));
        }
        Ok(form)
    }

    /// The names of the fields that were given, for the audit log.
    pub fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// The same under the service's names; a pair is a door's name and the service's.
    pub fn renamed(mut self, pairs: &[(&'static str, &'static str)]) -> Self {
        for (theirs, ours) in pairs {
            if let Some(value) = self.fields.remove(*theirs) {
                self.fields.insert((*ours).to_owned(), value);
            }
            for name in self.names.iter_mut().filter(|name| *name == theirs) {
                *name = ours;
            }
        }
        self
    }

    /// Refuses unless each of the fields was given: what a document demands and the service does not.
    pub fn demand(&self, fields: &[&str]) -> Result<(), Invalid> {
        let missing = fields.iter().find(|field| !self.has(field));
        missing.map_or(Ok(()), |field| Err(Invalid::new(*field, format!("{field} is required"))))
    }

    /// Refuses a null where the service would take one.
    pub fn refuse_null(&self, name: &str) -> Result<(), Invalid> {
        if self.is_null(name) { Err(Invalid::new(name, format!("{name} cannot be null"))) } else { Ok(()) }
    }

    /// Whether a field was given as null.
    pub fn is_null(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(Value::is_null)
    }

    /// Whether a field was given as true or false.
    pub fn is_truth(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(Value::is_boolean)
    }

    /// A field that was given as a string, left where it is.
    pub fn peek_text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// Says in the caller's place what its door has no words for.
    pub fn put(&mut self, name: &str, value: Value) {
        self.fields.insert(name.to_owned(), value);
    }

    /// Takes a field that was given as null.
    pub fn take_null(&mut self, name: &str) -> bool {
        let null = self.is_null(name);
        if null {
            self.fields.remove(name);
        }
        null
    }

    /// Whether a field was given.
    pub fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    fn take<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Patch<T>, Invalid> {
        match self.fields.remove(name) {
            None => Ok(Patch::Keep),
            Some(Value::Null) => Ok(Patch::Clear),
            Some(value) => {
                read(value).map(Patch::Set).ok_or_else(|| Invalid::new(name, format!("{name} must be {expected}")))
            }
        }
    }

    /// A string.
    pub fn text(&mut self, name: &str) -> Result<Patch<String>, Invalid> {
        self.take(name, "a string", |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
    }

    /// One of a closed list of words.
    pub fn word<T>(
        &mut self,
        name: &str,
        words: &[&str],
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Patch<T>, Invalid> {
        self.take(name, &format!("one of {}", words.join(", ")), |value| value.as_str().and_then(parse))
    }

    /// A boolean.
    pub fn truth(&mut self, name: &str) -> Result<Patch<bool>, Invalid> {
        self.take(name, "true or false", |value| value.as_bool())
    }

    /// A whole number in a range.
    pub fn whole(&mut self, name: &str, range: std::ops::RangeInclusive<i64>) -> Result<Patch<i64>, Invalid> {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        self.take(name, &expected, |value| value.as_i64().filter(|number| range.contains(number)))
    }

    /// A number.
    pub fn number(&mut self, name: &str) -> Result<Patch<f64>, Invalid> {
        self.take(name, "a number", |value| value.as_f64())
    }

    /// A list of strings.
    pub fn texts(&mut self, name: &str) -> Result<Patch<Vec<String>>, Invalid> {
        self.take(name, "a list of strings", |value| serde_json::from_value(value).ok())
    }

    /// Any JSON but null, for the domain to check.
    pub fn value(&mut self, name: &str) -> Result<Patch<Value>, Invalid> {
        self.take(name, "a value", Some)
    }
}

fn object(request: &Request) -> Result<Map<String, Value>, Refusal> {
    if request.body.len() > MAX_BODY_BYTES {
        let message = format!("the body must not exceed {MAX_BODY_BYTES} bytes");
        return Err(Refusal::new(Reason::TooLarge, message));
    }
    let media_type = request.content_type.as_deref().unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") && !essence.to_ascii_lowercase().ends_with("+json") {
        let message = format!("send the body as `content-type: application/json`, not `{essence}`");
        return Err(Refusal::new(Reason::UnsupportedMediaType, message));
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Refusal::new(Reason::ValidationFailed, "the body must be a JSON object")),
        Err(error) => {
            // serde_json's text may quote the body, and the body may hold a credential.
            let (line, column) = (error.line(), error.column());
            let message = format!("the body is not valid JSON: it breaks at line {line}, column {column}");
            let details = crate::json::json!({"line": line, "column": column});
            Err(Refusal::new(Reason::MalformedJson, message).with_details(details))
        }
    }
}
