//! Schemas as most vendors want them: what a tool takes has a plain object at its root, which OpenAI, Anthropic and Bedrock
//! insist on; and what OpenAI holds a model to names everything.

use crate::json::json;
use serde_json::{Map, Value};

/// The schema of a tool with a plain object at its root. OpenAI answers 400 to an object without `properties`, and nobody
/// takes a choice there.
pub(super) fn rooted(schema: Option<Value>) -> Value {
    let Some(Value::Object(mut schema)) = schema else { return json!({"type": "object", "properties": {}}) };
    dereference(&mut schema);
    for keyword in ["allOf", "anyOf", "oneOf"] {
        if let Some(Value::Array(variants)) = schema.shift_remove(keyword) {
            flatten(keyword, variants, &mut schema);
        }
    }
    if schema.get("type") != Some(&Value::from("object")) {
        // Anything else at the root could never be called: a call's input is an object.
        schema.insert("type".to_owned(), "object".into());
    }
    if !matches!(schema.get("properties"), Some(Value::Object(_))) {
        schema.insert("properties".to_owned(), json!({}));
    }
    give_items(&mut schema);
    Value::Object(schema)
}

/// Says of every array that does not say what it holds that it holds anything: OpenAI answers 400 ("array schema missing
/// items") to what everybody else takes.
fn give_items(schema: &mut Map<String, Value>) {
    let is_array = match schema.get("type") {
        Some(Value::String(name)) => name == "array",
        Some(Value::Array(names)) => names.iter().any(|name| name == "array"),
        _ => false,
    };
    if is_array && !schema.contains_key("items") && !schema.contains_key("prefixItems") {
        schema.insert("items".to_owned(), json!({}));
    }
    for (keyword, value) in schema.iter_mut() {
        match (keyword.as_str(), value) {
            ("properties" | "$defs" | "definitions" | "patternProperties", Value::Object(members)) => {
                members.values_mut().filter_map(Value::as_object_mut).for_each(give_items);
            }
            ("items" | "additionalProperties" | "not", Value::Object(inner)) => give_items(inner),
            ("items" | "prefixItems" | "anyOf" | "oneOf" | "allOf", Value::Array(variants)) => {
                variants.iter_mut().filter_map(Value::as_object_mut).for_each(give_items);
            }
            _ => {}
        }
    }
}

/// Puts what the root refers to in its place. Generators name the root's type and refer to it.
fn dereference(schema: &mut Map<String, Value>) {
    // A chain that is longer than this is a circle.
    for _ in 0..8 {
        if !schema.contains_key("$ref") {
            return;
        }
        let target = resolved_in(schema, schema).cloned().unwrap_or_default();
        schema.shift_remove("$ref");
        for (keyword, value) in target {
            schema.entry(keyword).or_insert(value);
        }
    }
}

/// Whether OpenAI takes the schema with `strict`: every object, however deep, requires all of its properties and no others,
/// and there is none of what it cannot hold a model to.
pub(super) fn is_strict(schema: &Value) -> bool {
    const REFUSED: [&str; 10] = [
        "allOf",
        "oneOf",
        "not",
        "if",
        "then",
        "else",
        "dependentRequired",
        "dependentSchemas",
        "patternProperties",
        "propertyNames",
    ];
    let object = match schema {
        Value::Array(schemas) => return schemas.iter().all(is_strict),
        Value::Object(object) => object,
        _ => return true,
    };
    let members = |key| object.get(key).and_then(Value::as_object);
    let is_object = object.contains_key("properties") || object.get("type") == Some(&Value::from("object"));
    let required = object.get("required").and_then(Value::as_array);
    let is_required = |key: &String| required.is_some_and(|names| names.iter().any(|name| name == key));
    let is_closed = object.get("additionalProperties") == Some(&Value::Bool(false));
    let is_complete = is_closed && members("properties").into_iter().flatten().all(|(key, _)| is_required(key));
    (!is_object || is_complete)
        && !REFUSED.iter().any(|keyword| object.contains_key(*keyword))
        && ["items", "anyOf"].iter().filter_map(|key| object.get(*key)).all(is_strict)
        && ["properties", "$defs", "definitions"]
            .iter()
            .filter_map(|key| members(key))
            .all(|schemas| schemas.values().all(is_strict))
}

/// Nobody takes a choice at the root: the properties of all variants are put together, and the choice is told in words.
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
    schema.insert("properties".to_owned(), Value::Object(properties));
    let own = schema.shift_remove("required");
    let mut all = own.and_then(|own| own.as_array().cloned()).unwrap_or_default();
    for name in required.unwrap_or_default() {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    if !all.is_empty() {
        schema.insert("required".to_owned(), Value::Array(all));
    }
    if keyword != "allOf" {
        let told = format!("({keyword}: {})", Value::Array(variants));
        let description = match schema.get("description").and_then(Value::as_str) {
            Some(said) => format!("{said} {told}"),
            None => told,
        };
        schema.insert("description".to_owned(), description.into());
    }
}

/// A variant, or what it refers to within the schema.
fn resolved<'a>(variant: &'a Value, schema: &'a Map<String, Value>) -> Option<&'a Map<String, Value>> {
    resolved_in(variant.as_object()?, schema)
}

fn resolved_in<'a>(variant: &'a Map<String, Value>, schema: &'a Map<String, Value>) -> Option<&'a Map<String, Value>> {
    let Some(reference) = variant.get("$ref").and_then(Value::as_str) else { return Some(variant) };
    let (place, name) = reference.strip_prefix("#/")?.split_once('/')?;
    schema.get(place)?.get(name)?.as_object()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_a_plain_object_with_properties() {
        let nothing = json!({"type": "object", "properties": {}});
        for schema in [None, Some(Value::Null), Some(json!({})), Some(json!({"type": "object"})), Some(json!(true))] {
            assert_eq!(rooted(schema), nothing);
        }
        let plain = json!({"$schema": "x", "type": "object", "properties": {"a": {"minimum": 1.0}}, "required": ["a"]});
        assert_eq!(rooted(Some(plain.clone())), plain);
    }

    #[test]
    fn a_choice_at_the_root_becomes_all_of_its_properties() {
        let schema = json!({"anyOf": [
            {"type": "object", "properties": {"a": {"type": "string"}, "c": {}}, "required": ["a", "c"]},
            {"$ref": "#/$defs/b"}
        ], "$defs": {"b": {"properties": {"b": {"type": "string"}, "c": {}}, "required": ["b", "c"]}}});
        let written = rooted(Some(schema));
        assert_eq!(
            written["properties"].as_object().map(|all| all.keys().collect::<Vec<_>>()).unwrap(),
            ["a", "c", "b"]
        );
        assert_eq!((&written["type"], &written["required"]), (&json!("object"), &json!(["c"])));
        assert!(written.get("anyOf").is_none() && written["description"].as_str().unwrap().contains("anyOf"));
    }

    #[test]
    fn a_root_that_only_refers_is_what_it_refers_to() {
        let tree = json!({"type": "object", "properties": {"next": {"$ref": "#/definitions/Tree"}}});
        let written = rooted(Some(json!({"$ref": "#/definitions/Tree", "definitions": {"Tree": tree}})));
        assert_eq!(written["properties"], tree["properties"]);
        assert!(written.get("$ref").is_none());
        let circle = json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}});
        assert_eq!(rooted(Some(circle))["properties"], json!({}));
    }

    #[test]
    fn an_array_that_does_not_say_what_it_holds_holds_anything() {
        let tags = json!({"type": "array"});
        let schema = json!({"type": "object", "properties": {
            "tags": tags, "type": {"type": "string"}, "deep": {"anyOf": [{"type": ["array", "null"]}, {"type": "null"}]},
            "pairs": {"type": "array", "prefixItems": [{}, {}]}
        }});
        let written = rooted(Some(schema));
        assert_eq!(written["properties"]["tags"], json!({"type": "array", "items": {}}));
        assert_eq!(written["properties"]["deep"]["anyOf"][0]["items"], json!({}));
        assert!(written["properties"]["pairs"].get("items").is_none());
    }

    #[test]
    fn strict_is_what_names_everything() {
        let closed = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
        assert!(is_strict(&closed(json!({"a": {"minimum": 1}}), json!(["a"]))));
        assert!(!is_strict(&closed(json!({"a": {}, "b": {}}), json!(["a"]))));
        assert!(!is_strict(&json!({"type": "object"})));
        assert!(!is_strict(&closed(json!({"a": {"items": {"type": "object"}}}), json!(["a"]))));
        assert!(!is_strict(&closed(json!({"a": {"oneOf": [{"const": 1}]}}), json!(["a"]))));
        assert!(is_strict(&closed(json!({"oneOf": {"type": "string"}}), json!(["oneOf"]))), "a property of that name");
    }
}
