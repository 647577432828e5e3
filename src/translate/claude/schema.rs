//! JSON Schemas as Claude's structured output takes them.

use crate::json::Members;
use serde_json::{Map, Value};

/// The keywords that Claude holds its answers to (PROTOCOLS.md section 3.3 point 10).
const KEPT: [&str; 13] = [
    "$defs",
    "$ref",
    "allOf",
    "anyOf",
    "const",
    "default",
    "definitions",
    "description",
    "enum",
    "items",
    "properties",
    "required",
    "title",
];

/// Notes for tools, of no use to a model.
const UNSPOKEN: [&str; 4] = ["$schema", "$id", "$comment", "$anchor"];

/// The formats that Claude holds its answers to.
const FORMATS: [&str; 10] =
    ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"];

/// The schema without what Claude refuses. A constraint that it is not held to is told in the `description`, so that it
/// still has a chance to be met.
pub fn relaxed(schema: Value) -> Value {
    match schema {
        Value::Object(map) => Value::Object(relaxed_object(map)),
        // `true` and `false` are schemas too, but none that Claude takes: an empty one says the same as `true`.
        Value::Bool(_) => Value::Object(Map::new()),
        other => other,
    }
}

/// Whether the schema refers to itself, which Claude's structured output refuses.
pub fn is_recursive(schema: &Value) -> bool {
    let definitions = |place| schema.get(place).and_then(Value::as_object).into_iter().flatten();
    let mut refers: Vec<(String, Vec<&str>)> = Vec::new();
    for place in ["$defs", "definitions"] {
        for (name, definition) in definitions(place) {
            refers.push((format!("#/{place}/{name}"), references(definition)));
        }
    }
    if references(schema).contains(&"#") {
        return true;
    }
    // A definition that only refers to finished ones is finished; what never is refers to itself.
    let mut unfinished = refers;
    loop {
        let open: Vec<String> = unfinished.iter().map(|(name, _)| name.clone()).collect();
        unfinished.retain(|(_, to)| to.iter().any(|to| open.iter().any(|name| name == to)));
        if unfinished.len() == open.len() {
            return !open.is_empty();
        }
    }
}

fn references(schema: &Value) -> Vec<&str> {
    match schema {
        Value::Array(schemas) => schemas.iter().flat_map(references).collect(),
        Value::Object(map) => {
            let own = map.get("$ref").and_then(Value::as_str);
            own.into_iter().chain(map.values().flat_map(references)).collect()
        }
        _ => Vec::new(),
    }
}

fn relaxed_object(schema: Map<String, Value>) -> Map<String, Value> {
    let (mut kept, mut told) = (Map::new(), Vec::new());
    let has_any_of = schema.contains_key("anyOf");
    for (keyword, value) in schema {
        match keyword.as_str() {
            "properties" | "$defs" | "definitions" => {
                kept.insert(keyword, each_member(value));
            }
            "items" | "anyOf" | "allOf" => {
                kept.insert(keyword, each_element(value));
            }
            "oneOf" if !has_any_of => {
                kept.put("anyOf", each_element(value));
            }
            "type" => {
                kept.insert(keyword, value);
            }
            "format" if value.as_str().is_some_and(|format| FORMATS.contains(&format)) => {
                kept.insert(keyword, value);
            }
            "minItems" if matches!(value.as_u64(), Some(0 | 1)) => {
                kept.insert(keyword, value);
            }
            "additionalProperties" if value == Value::Bool(false) => {}
            known if KEPT.contains(&known) => {
                kept.insert(keyword, value);
            }
            unspoken if UNSPOKEN.contains(&unspoken) => {}
            _ => told.push(format!("{keyword}: {value}")),
        }
    }
    if is_object(&kept) {
        kept.entry("type").or_insert_with(|| Value::from("object"));
        kept.put("additionalProperties", false);
    }
    if !told.is_empty() {
        let constraints = format!("({})", told.join("; "));
        let description = match kept.get("description").and_then(Value::as_str) {
            Some(said) if !said.is_empty() => format!("{said} {constraints}"),
            _ => constraints,
        };
        kept.put("description", description);
    }
    kept
}

fn each_member(value: Value) -> Value {
    match value {
        Value::Object(members) => members.into_iter().map(|(name, schema)| (name, relaxed(schema))).collect(),
        other => other,
    }
}

fn each_element(value: Value) -> Value {
    match value {
        Value::Array(schemas) => schemas.into_iter().map(relaxed).collect(),
        schema => relaxed(schema),
    }
}

fn is_object(schema: &Map<String, Value>) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => name == "object",
        Some(Value::Array(names)) => names.iter().any(|name| name == "object"),
        _ => schema.contains_key("properties"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_object_is_closed_however_deep_it_is() {
        let schema = json!({"type": "object", "properties": {
            "a": {"properties": {"b": {"type": ["object", "null"], "additionalProperties": true}}},
            "c": {"type": "array", "items": {"type": "object"}}
        }, "$defs": {"d": {"type": "object"}}});
        assert_eq!(
            relaxed(schema),
            json!({"type": "object", "additionalProperties": false, "properties": {
                "a": {"type": "object", "additionalProperties": false, "properties": {
                    "b": {"type": ["object", "null"], "additionalProperties": false,
                          "description": "(additionalProperties: true)"}}},
                "c": {"type": "array", "items": {"type": "object", "additionalProperties": false}}
            }, "$defs": {"d": {"type": "object", "additionalProperties": false}}})
        );
    }

    #[test]
    fn a_constraint_that_claude_refuses_is_told_in_the_description() {
        let schema = json!({"type": "integer", "description": "Stars.", "minimum": 1, "maximum": 5});
        assert_eq!(relaxed(schema), json!({"type": "integer", "description": "Stars. (minimum: 1; maximum: 5)"}));
        assert_eq!(
            relaxed(json!({"type": "string", "pattern": "^a+$", "format": "regex"})),
            json!({"type": "string", "description": "(pattern: \"^a+$\"; format: \"regex\")"})
        );
        assert_eq!(
            relaxed(json!({"type": "array", "minItems": 3})),
            json!({"type": "array", "description": "(minItems: 3)"})
        );
    }

    #[test]
    fn what_claude_takes_stays_and_one_of_becomes_any_of() {
        let kept = json!({"type": "array", "minItems": 1, "items": {"type": "string", "format": "date"}});
        assert_eq!(relaxed(kept.clone()), kept);
        assert_eq!(
            relaxed(json!({"$schema": "x", "oneOf": [{"type": "object"}, {"const": 1}]})),
            json!({"anyOf": [{"type": "object", "additionalProperties": false}, {"const": 1}]})
        );
    }

    #[test]
    fn a_schema_that_refers_to_itself_is_known() {
        let list = |next: Value| {
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"next": next}}, "b": {"items": {"$ref": "#/$defs/c"}},
                   "c": {"type": "string"}}})
        };
        assert!(is_recursive(&list(json!({"$ref": "#/$defs/a"}))));
        assert!(is_recursive(&list(json!({"$ref": "#"}))));
        assert!(!is_recursive(&list(json!({"$ref": "#/$defs/b"}))));
        assert!(!is_recursive(&json!({"type": "object"})));
    }

    #[test]
    fn a_property_that_is_called_like_a_keyword_is_a_property() {
        let schema = json!({"type": "object", "properties": {"minimum": {"type": "string"}, "oneOf": true},
                            "additionalProperties": false});
        assert_eq!(
            relaxed(schema),
            json!({"type": "object", "properties": {"minimum": {"type": "string"}, "oneOf": {}},
                   "additionalProperties": false})
        );
    }
}
