//! A JSON body as three-state fields: absent keeps, null clears, a value sets (SPEC section 2).

use super::schema::{Object, Type, Written};
use super::{Request, most_body_bytes};
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

/// A body whose fields are all known.
#[derive(Debug)]
pub struct Form {
    fields: Map<String, Value>,
    names: Vec<&'static str>,
    known: &'static Object,
}

impl Form {
    /// Reads the body of a create or an update.
    pub fn read(request: &Request, known: &'static Object) -> Result<Self, Refusal> {
        Ok(Self::nested(object(request)?, known)?)
    }

    /// Reads a body that need not be there.
    pub fn read_if_any(request: &Request, known: &'static Object) -> Result<Self, Refusal> {
        if request.body.is_empty() { Ok(Self::nested(Map::new(), known)?) } else { Self::read(request, known) }
    }

    /// Takes an object that came otherwise than as a body.
    pub fn of(object: Value, known: &'static Object) -> Result<Self, Invalid> {
        match object {
            Value::Object(fields) => Self::nested(fields, known),
            _ => Err(Invalid::new("", "the fields must be a JSON object")),
        }
    }

    /// Reads an object within a body.
    pub fn nested(fields: Map<String, Value>, known: &'static Object) -> Result<Self, Invalid> {
        let mut names = Vec::with_capacity(fields.len());
        for field in fields.keys() {
            match known.field(field) {
                Some(known) if known.written != Written::Never => names.push(known.name),
                Some(_) => return Err(Invalid::new(field, format!("{field} is read-only: leave it out"))),
                None => {
                    let message = format!("there is no field `{field}`; there are {}", writable(known));
                    return Err(Invalid::new(field, message));
                }
            }
        }
        Ok(Self { fields, names, known })
    }

    /// Reads the body of an update, which must say something.
    pub fn read_update(request: &Request, known: &'static Object) -> Result<Self, Refusal> {
        let form = Self::read(request, known)?;
        if form.fields.is_empty() {
            return Err(Refusal::new(
                Reason::ValidationFailed,
                format!("the update changes nothing: name at least one of {}", writable(known)),
            ));
        }
        Ok(form)
    }

    /// The names of the fields that were given, for the audit log.
    pub fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// The same under the names of the service's own table; a pair is a door's name and the service's.
    pub fn renamed(mut self, pairs: &[(&'static str, &'static str)], known: &'static Object) -> Self {
        for (theirs, ours) in pairs {
            if let Some(value) = self.fields.remove(*theirs) {
                self.fields.insert((*ours).to_owned(), value);
            }
            for name in self.names.iter_mut().filter(|name| *name == theirs) {
                *name = ours;
            }
        }
        Self { known, ..self }
    }

    /// Refuses unless all that a creation must have was given: for a table that demands more than the service does.
    pub fn complete(self) -> Result<Self, Invalid> {
        let mut required = self.known.fields.iter().filter(|field| field.written == Written::Required);
        match required.find(|field| !self.has(field.name)) {
            Some(field) => Err(Invalid::new(field.name, format!("{} is required", field.name))),
            None => Ok(self),
        }
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

    fn take<T>(&mut self, name: &str, read: impl FnOnce(Value) -> Option<T>) -> Result<Patch<T>, Invalid> {
        match self.fields.remove(name) {
            None => Ok(Patch::Keep),
            Some(Value::Null) => Ok(Patch::Clear),
            Some(value) => read(value).map(Patch::Set).ok_or_else(|| {
                let expected = self.known.field(name).map_or(Type::Any, |field| field.kind).expected();
                Invalid::new(name, format!("{name} must be {expected}"))
            }),
        }
    }

    /// A string.
    pub fn text(&mut self, name: &str) -> Result<Patch<String>, Invalid> {
        self.take(name, |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
    }

    /// One of a closed list of words.
    pub fn word<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<Patch<T>, Invalid> {
        self.take(name, |value| value.as_str().and_then(parse))
    }

    /// A boolean.
    pub fn truth(&mut self, name: &str) -> Result<Patch<bool>, Invalid> {
        self.take(name, |value| value.as_bool())
    }

    /// A whole number in its range.
    pub fn whole(&mut self, name: &str) -> Result<Patch<i64>, Invalid> {
        let (from, to) = match self.known.field(name).map(|field| field.kind) {
            Some(Type::Whole(from, to)) => (from, to),
            _ => (i64::MIN, i64::MAX),
        };
        self.take(name, |value| value.as_i64().filter(|number| (from..=to).contains(number)))
    }

    /// A number.
    pub fn number(&mut self, name: &str) -> Result<Patch<f64>, Invalid> {
        self.take(name, |value| value.as_f64())
    }

    /// A list of strings.
    pub fn texts(&mut self, name: &str) -> Result<Patch<Vec<String>>, Invalid> {
        self.take(name, |value| serde_json::from_value(value).ok())
    }

    /// Any JSON but null, for the domain to check.
    pub fn value(&mut self, name: &str) -> Result<Patch<Value>, Invalid> {
        self.take(name, Some)
    }
}

fn writable(known: &Object) -> String {
    known.writable().map(|field| field.name).collect::<Vec<_>>().join(", ")
}

/// Refuses a body that is too large or not declared as JSON.
pub fn check_body(request: &Request) -> Result<(), Refusal> {
    let most = most_body_bytes(&request.path);
    if request.body.len() > most {
        let message = format!("the body must not exceed {most} bytes");
        return Err(Refusal::new(Reason::TooLarge, message));
    }
    let media_type = request.content_type.as_deref().unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") && !essence.to_ascii_lowercase().ends_with("+json") {
        let message = format!("send the body as `content-type: application/json`, not `{essence}`");
        return Err(Refusal::new(Reason::UnsupportedMediaType, message));
    }
    Ok(())
}

fn object(request: &Request) -> Result<Map<String, Value>, Refusal> {
    check_body(request)?;
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
