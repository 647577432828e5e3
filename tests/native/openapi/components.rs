//! What operations share: parameters, headers, and the schemas that any of them names.

use super::document::{query_parameter, reference};
use super::operations::{Answer, GROUPS};
use super::vendors;
use serde_json::{Map, Value, json};
use sluice::admin::schema::admin_panel::PLAIN_ERROR;
use sluice::admin::schema::error::ERROR;
use sluice::admin::schema::page::{IN_PROJECT, NEXT_CURSOR, PAGE};
use sluice::admin::schema::{CLOSED, Field, Object, Purpose, References, Type, component, schema};
use std::collections::BTreeMap;

/// Query parameters that most lists have, by their names here: that of a path may be the same.
pub fn shared_query() -> impl Iterator<Item = (String, &'static Field)> {
    PAGE.iter().chain(IN_PROJECT).map(|field| (format!("query-{}", field.name), field))
}

pub fn parameters() -> Value {
    let mut parameters: Map<String, Value> =
        shared_query().map(|(name, field)| (name, query_parameter(field))).collect();
    for (name, prefix, of) in [
        ("project_id", "prj", "A project's id."),
        ("provider_id", "aip", "A provider's id."),
        ("model_id", "mdl", "A model's id."),
        ("secret_id", "sec", "A secret's id."),
        ("user_id", "usr", "A user's id."),
        ("extension_id", "ext", "An extension's id."),
        ("token_id", "tok", "A token's id."),
        ("request_id", "req", "A request's id, as `x-request-id` gave it."),
    ] {
        let pattern = format!("^{prefix}_[0-9A-Za-z]{{16}}$");
        parameters.insert(
            name.into(),
            json!({
                "name": name, "in": "path", "required": true, "description": of,
                "schema": {"type": "string", "pattern": pattern, "examples": [format!("{prefix}_0123456789abcdef")]},
            }),
        );
    }
    let text = || json!({"type": "string"});
    let key = json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]*[!-~][ -~]*$"});
    for (name, doc, mut schema, example) in [
        ("if-match", "The `ETag` of the version that the write is meant for, or `*`. Another one is 412.", text(), "*"),
        (
            "if-none-match",
            "The `ETag` of the version that the caller has. The same one is 304, without a body.",
            text(),
            "\"0123456789abcdef01234567\"",
        ),
        (
            "idempotency-key",
            "A name for this request, such as a UUID. Sent again with it within 24 hours, the request is not done again: \
             it gets the same answer, marked `idempotency-replayed`.",
            key,
            "6f1c1c5e-8f5e-4b7c-9d39-0b9c1f5d2a11",
        ),
    ] {
        schema["examples"] = json!([example]);
        parameters.insert(name.into(), json!({"name": name, "in": "header", "description": doc, "schema": schema}));
    }
    Value::Object(parameters)
}

pub fn headers() -> Value {
    let text =
        |doc: &str, example: &str| json!({"description": doc, "schema": {"type": "string", "examples": [example]}});
    json!({
        "RequestId": text("The request, for the log and for whoever is asked about it.", "req_0123456789abcdef"),
        "ETag": text("The version, for `If-Match` and `If-None-Match`.", "\"0123456789abcdef01234567\""),
        "Location": text("Where the new row is.", "/api/v1/providers/aip_0123456789abcdef"),
        "Replayed": text("`true` where the answer is that of an earlier request with the same `Idempotency-Key`.", "true"),
        "Authenticate": text("`Bearer`, with what is wrong with the one that came.", "Bearer error=\"invalid_token\""),
        "RetryAfter": {"description": "Seconds until it may be worth another try.",
            "schema": {"type": "integer", "minimum": 0, "examples": [1]}},
        "Provider": text("The provider that served the call, percent-encoded.", "OpenAI production"),
        "Model": text("The selector of the model that served the call, percent-encoded.", "OpenAI^gpt-5-mini"),
        "Attempts": {"description": "How many upstream calls it took.",
            "schema": {"type": "integer", "minimum": 0, "examples": [1]}},
        "Dropped": text("Fields of the request that the upstream's protocol has no place for.", "logit_bias"),
    })
}

/// The schemas that the paths name, and those that these name.
pub fn used_schemas(document: &Value) -> Value {
    let mut known: BTreeMap<String, Value> = vendors::schemas();
    let roots = GROUPS.iter().flat_map(|group| group.routes).flat_map(|described| {
        let answer = match described.answer {
            Answer::One(object)
            | Answer::Plain(object)
            | Answer::Page(object)
            | Answer::Bare(object)
            | Answer::PageOrCsv(object)
            | Answer::Made(object)
            | Answer::Set(object)
            | Answer::Health(object) => Some(object),
            Answer::Nothing | Answer::Json(_) => None,
        };
        answer.into_iter().chain(described.body.map(|body| body.object))
    });
    for object in roots.chain([&ERROR, &PLAIN_ERROR]).flat_map(with_nested) {
        for purpose in [Purpose::Create, Purpose::Update, Purpose::Made, Purpose::Read] {
            known.insert(component(object, purpose), schema(object, purpose, References::Components));
        }
        known.insert(format!("{}Page", object.name), page_schema(object));
    }
    let mut used: BTreeMap<String, Value> = BTreeMap::new();
    let mut wanted = named(document);
    while let Some(name) = wanted.pop() {
        let schema = known.get(&name).unwrap_or_else(|| panic!("there is no schema {name}"));
        if used.insert(name, schema.clone()).is_none() {
            wanted.extend(named(schema));
        }
    }
    json!(used)
}

/// A table, and those that it holds.
fn with_nested(object: &'static Object) -> Vec<&'static Object> {
    let nested = object.fields.iter().flat_map(|field| held(&field.kind)).flat_map(with_nested);
    std::iter::once(object).chain(nested).collect()
}

fn held(kind: &'static Type) -> Vec<&'static Object> {
    match kind {
        Type::Either(kinds) => kinds.iter().flat_map(held).collect(),
        other => other.object().into_iter().collect(),
    }
}

/// The names of the schemas that something refers to.
fn named(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => {
            let own =
                members.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix("#/components/schemas/"));
            own.map(str::to_owned).into_iter().chain(members.values().flat_map(named)).collect()
        }
        Value::Array(elements) => elements.iter().flat_map(named).collect(),
        _ => Vec::new(),
    }
}

fn page_schema(object: &Object) -> Value {
    let end = Object { fields: Box::leak(Box::new([NEXT_CURSOR])), ..CLOSED };
    let next = schema(&end, Purpose::Read, References::Components)["properties"]["next_cursor"].clone();
    json!({
        "type": "object",
        "description": format!("A page of a list. {}", object.doc),
        "properties": {"data": {"type": "array", "items": {"$ref": reference(object, Purpose::Read)}}, "next_cursor": next},
        "required": ["data", "next_cursor"],
    })
}
