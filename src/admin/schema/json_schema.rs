//! The tables as JSON Schema (2020-12, which is OpenAPI 3.1's).

use super::{Bound, EXACT, Field, Null, Object, Rest, Shown, Type, UNBOUNDED, Written};
use crate::json::{Members, empty, json};
use serde_json::{Map, Value};

/// What an object is shown for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The body that makes one.
    Create,
    /// The body that changes one: any of its fields, one at least.
    Update,
    /// An answer that shows one.
    Read,
    /// The answer to its creation.
    Made,
}

/// How one object's schema speaks of another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum References {
    /// It holds it: MCP's tools, each of which stands alone.
    Inline,
    /// It names it: OpenAPI's components.
    Components,
}

/// An object's name among OpenAPI's components.
pub fn component(object: &Object, purpose: Purpose) -> String {
    let suffix = match purpose {
        Purpose::Create => "Create",
        Purpose::Update => "Update",
        Purpose::Read => "",
        // Where nothing is shown but once, what was made looks as it does later.
        Purpose::Made if object.fields.iter().any(|field| field.shown == Shown::Once) => "Made",
        Purpose::Made => "",
    };
    format!("{}{suffix}", object.name)
}

/// An object's schema.
pub fn schema(object: &Object, purpose: Purpose, references: References) -> Value {
    let fields = || object.fields.iter().filter(|field| is_there(field, purpose));
    let mut properties = empty();
    for field in fields() {
        properties.put(field.name, property(field, purpose, references));
    }
    let required: Vec<&str> = fields().filter(|field| is_required(field, purpose)).map(|field| field.name).collect();
    let mut schema = empty();
    schema.put("type", "object");
    schema.put("description", object.doc);
    schema.put("properties", Value::Object(properties));
    if !required.is_empty() {
        schema.put("required", json!(required));
    }
    match (object.rest, purpose) {
        (Rest::Kept(refused), _) => {
            schema.put("additionalProperties", true);
            if !refused.is_empty() {
                schema.put("propertyNames", json!({"not": {"enum": refused}}));
            }
        }
        (Rest::Refused, Purpose::Create | Purpose::Update) => schema.put("additionalProperties", false),
        // What a later version adds to an answer must not break who reads it.
        (Rest::Refused, Purpose::Read | Purpose::Made) => {}
    }
    match purpose {
        Purpose::Update => schema.put("minProperties", 1),
        // A tool's schema stands for itself, and models' APIs take no `anyOf` at its top: there the doc has to do.
        Purpose::Create if references == References::Components && !object.either.is_empty() => {
            let groups: Vec<Value> = object.either.iter().map(|group| json!({ "required": group })).collect();
            schema.put("anyOf", groups);
        }
        _ => {}
    }
    Value::Object(schema)
}

/// A query parameter's schema.
pub fn parameter(field: &Field) -> Value {
    let mut schema = of_type(&field.kind, Purpose::Create, References::Components);
    annotate(&mut schema, field, Purpose::Create);
    Value::Object(schema)
}

fn is_there(field: &Field, purpose: Purpose) -> bool {
    match purpose {
        Purpose::Create | Purpose::Update => field.written != Written::Never,
        Purpose::Read => matches!(field.shown, Shown::Always | Shown::Sometimes),
        Purpose::Made => field.shown != Shown::Never,
    }
}

fn is_required(field: &Field, purpose: Purpose) -> bool {
    match purpose {
        Purpose::Create => field.written == Written::Required,
        Purpose::Update => false,
        Purpose::Read | Purpose::Made => field.shown != Shown::Sometimes,
    }
}

/// A member's schema.
pub fn property(field: &Field, purpose: Purpose, references: References) -> Value {
    let mut schema = of_type(&field.kind, purpose, references);
    let takes_null = match purpose {
        Purpose::Create | Purpose::Update => field.null == Null::Clears,
        Purpose::Read | Purpose::Made => field.null != Null::Never,
    };
    if takes_null {
        schema = or_null(schema, references);
    }
    schema.put("description", field.doc);
    annotate(&mut schema, field, purpose);
    if field.shown == Shown::Never {
        schema.put("writeOnly", true);
    }
    if field.written == Written::Never {
        schema.put("readOnly", true);
    }
    Value::Object(schema)
}

fn annotate(schema: &mut Map<String, Value>, field: &Field, purpose: Purpose) {
    let read = |json: &str| serde_json::from_str::<Value>(json).ok();
    if purpose == Purpose::Create {
        schema.put_some("default", read(field.default));
    }
    schema.put_some("examples", read(field.example).map(|example| vec![example]));
}

/// The same or null. A tool's schema says so by a branch: not every model's API knows a list of types.
fn or_null(mut schema: Map<String, Value>, references: References) -> Map<String, Value> {
    let name = schema.get("type").cloned().filter(|_| references == References::Components);
    let Some(name) = name else {
        let mut either = empty();
        either.put("anyOf", vec![Value::Object(schema), json!({"type": "null"})]);
        return either;
    };
    schema.put("type", vec![name, "null".into()]);
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.push(Value::Null);
    }
    schema
}

fn of_type(kind: &Type, purpose: Purpose, references: References) -> Map<String, Value> {
    let mut schema = empty();
    let name = match kind {
        Type::Text { .. } | Type::Id(_) | Type::Time | Type::Word(_) => "string",
        Type::Truth => "boolean",
        Type::Whole(..) => "integer",
        Type::Number { .. } => "number",
        Type::List { .. } => "array",
        Type::Map { .. } => "object",
        Type::Object(object) => return of_object(object, purpose, references),
        Type::Either(kinds) => {
            let kinds = kinds.iter().map(|kind| Value::Object(of_type(kind, purpose, references)));
            schema.put("anyOf", kinds.collect::<Vec<_>>());
            return schema;
        }
        Type::Any => return schema,
    };
    schema.put("type", name);
    let bounded = |bound: u32, none: u32| Some(bound).filter(|bound| *bound != none);
    match kind {
        Type::Text { least, most, format, pattern } => {
            let told = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            schema.put_some("minLength", bounded(*least, 0));
            schema.put_some("maxLength", bounded(*most, UNBOUNDED));
            schema.put_some("format", told(format));
            schema.put_some("pattern", told(pattern));
        }
        Type::Id(prefix) => schema.put("pattern", format!("^{prefix}[0-9A-Za-z]{{16}}$")),
        Type::Time => schema.put("format", "date-time"),
        Type::Word(words) => schema.put("enum", words()),
        Type::Whole(from, to) => {
            schema.put("minimum", *from);
            schema.put_some("maximum", Some(*to).filter(|to| *to != EXACT));
        }
        Type::Number { from, to } => {
            match from {
                Bound::At(from) => schema.put("minimum", *from),
                Bound::Above(from) => schema.put("exclusiveMinimum", *from),
            }
            schema.put_some("maximum", Some(*to).filter(|to| to.is_finite()));
        }
        Type::List { of, least, most } => {
            schema.put("items", Value::Object(of_type(of, purpose, references)));
            schema.put_some("minItems", bounded(*least, 0));
            schema.put_some("maxItems", bounded(*most, UNBOUNDED));
        }
        Type::Map { of, least, most } => {
            schema.put("additionalProperties", Value::Object(of_type(of, purpose, references)));
            schema.put_some("minProperties", bounded(*least, 0));
            schema.put_some("maxProperties", bounded(*most, UNBOUNDED));
        }
        _ => {}
    }
    schema
}

/// An object within another: a body gives it whole, in an update, too, and what is made with another one is shown as it
/// is read later.
fn of_object(object: &Object, purpose: Purpose, references: References) -> Map<String, Value> {
    let purpose = match purpose {
        Purpose::Create | Purpose::Update => Purpose::Create,
        Purpose::Read | Purpose::Made => Purpose::Read,
    };
    let mut schema = empty();
    match references {
        References::Components => {
            schema.put("$ref", format!("#/components/schemas/{}", component(object, purpose)));
            schema
        }
        References::Inline => match self::schema(object, purpose, references) {
            Value::Object(members) => members,
            _ => schema,
        },
    }
}
