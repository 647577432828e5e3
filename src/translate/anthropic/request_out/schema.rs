//! What a tool takes: an object at the root, which Anthropic insists on.

use crate::json::{Members, json};
use serde_json::{Map, Value};

/// The schema with a plain object at its root.
pub(super) fn rooted(schema: Option<Value>) -> Value {
    let Some(Value::Object(mut schema)) = schema else { return json!({"type": "object", "properties": {}}) };
    for keyword in ["allOf", "anyOf", "oneOf"] {
        if let Some(Value::Array(variants)) = schema.shift_remove(keyword) {
            flatten(keyword, variants, &mut schema);
        }
    }
    if schema.get("type") != Some(&Value::from("object")) {
        // Anything else at the root could never be called: a call's input is an object.
        schema.put("type", "object");
    }
    if schema.is_empty() || !(schema.contains_key("properties") || schema.contains_key("$ref")) {
        schema.put("properties", json!({}));
    }
    Value::Object(schema)
}

/// Anthropic takes no choice at the root: the properties of all variants are put together, and the choice is told in words.
fn flatten(keyword: &str, variants: Vec<Value>, schema: &mut Map<String, Value>) {
    let mut required: Option<Vec<Value>> = None;
    let mut properties = match schema.shift_remove("properties") {
        Some(Value::Object(properties)) => properties,
        _ => Map::new(),
    };
    for variant in &variants {
        let Some(variant) = resolved(variant, schema) else { continue };
        for (name, property) in variant.get("properties").and_then(Value::as_object).into_iter().flatten() {
            properties.entry(name).or_insert_with(|| property.clone());
        }
        let needs = variant.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        required = Some(match required {
            None => needs,
            Some(before) if keyword == "allOf" => before.into_iter().chain(needs).collect(),
            Some(before) => before.into_iter().filter(|name| needs.contains(name)).collect(),
        });
    }
    schema.put("properties", properties);
    let own = schema.shift_remove("required");
    let mut all = own.and_then(|own| own.as_array().cloned()).unwrap_or_default();
    for name in required.unwrap_or_default() {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    if !all.is_empty() {
        schema.put("required", all);
    }
    if keyword != "allOf" {
        let told = format!("({keyword}: {})", Value::Array(variants));
        let description = match schema.get("description").and_then(Value::as_str) {
            Some(said) => format!("{said} {told}"),
            None => told,
        };
        schema.put("description", description);
    }
}

/// A variant, or what it refers to within the schema.
fn resolved<'a>(variant: &'a Value, schema: &'a Map<String, Value>) -> Option<&'a Map<String, Value>> {
    let variant = variant.as_object()?;
    let Some(reference) = variant.get("$ref").and_then(Value::as_str) else { return Some(variant) };
    let (place, name) = reference.strip_prefix("#/")?.split_once('/')?;
    schema.get(place)?.get(name)?.as_object()
}
