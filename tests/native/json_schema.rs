//! JSON Schema, as much of it as the tables write: what does not fit is told in a sentence.

use serde_json::{Map, Value};
use sluice::domain::timestamp::Timestamp;

/// What becomes of members that a schema does not name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unnamed {
    /// What the standard says: they may be there.
    Allowed,
    /// An answer has the members that its schema names, in that order, and no others.
    Refused,
    /// The same, but for the order.
    RefusedInAnyOrder,
}

/// Asserts that a value fits.
#[track_caller]
pub fn assert_fits(value: &Value, schema: &Value, unnamed: Unnamed) {
    if let Err(why) = fits(value, schema, unnamed) {
        panic!("{why}\nin {value:#}");
    }
}

/// Whether a value fits, or the first reason why not.
pub fn fits(value: &Value, schema: &Value, unnamed: Unnamed) -> Result<(), String> {
    fits_within(&Value::Null, value, schema, unnamed)
}

/// The same of a schema whose references lead into a document.
pub fn fits_within(document: &Value, value: &Value, schema: &Value, unnamed: Unnamed) -> Result<(), String> {
    check(value, schema, Rules { document, unnamed }, "$")
}

#[derive(Clone, Copy)]
struct Rules<'d> {
    document: &'d Value,
    unnamed: Unnamed,
}

fn check(value: &Value, schema: &Value, within: Rules<'_>, at: &str) -> Result<(), String> {
    let rules = schema.as_object().expect("a schema is an object");
    for (keyword, rule) in rules {
        let holds = match keyword.as_str() {
            "type" => match rule {
                Value::Array(types) => types.iter().any(|name| is_a(value, name)),
                name => is_a(value, name),
            },
            "$ref" => {
                let to = rule.as_str().expect("a reference").trim_start_matches('#');
                let named = within.document.pointer(to).unwrap_or_else(|| panic!("nothing is at {to}"));
                check(value, named, within, at)?;
                true
            }
            "enum" => rule.as_array().expect("a list").contains(value),
            "anyOf" => rule.as_array().expect("a list").iter().any(|schema| check(value, schema, within, at).is_ok()),
            "not" => check(value, rule, within, at).is_err(),
            "minLength" => text(value).is_none_or(|text| text.chars().count() >= size(rule)),
            "maxLength" => text(value).is_none_or(|text| text.chars().count() <= size(rule)),
            "pattern" => text(value).is_none_or(|text| is_id_where_it_must_be(text, rule)),
            "format" => text(value).is_none_or(|text| match rule.as_str() {
                Some("date-time") => Timestamp::parse("", text).is_ok(),
                Some("date") => text.len() == 10 && Timestamp::parse_time_or_day("", text).is_ok(),
                Some("uri") => text.contains("://"),
                other => panic!("this test does not know the format {other:?}"),
            }),
            "minimum" => value.as_f64().is_none_or(|number| number >= bound(rule)),
            "exclusiveMinimum" => value.as_f64().is_none_or(|number| number > bound(rule)),
            "maximum" => value.as_f64().is_none_or(|number| number <= bound(rule)),
            "minItems" => value.as_array().is_none_or(|list| list.len() >= size(rule)),
            "maxItems" => value.as_array().is_none_or(|list| list.len() <= size(rule)),
            "items" => {
                for (index, element) in value.as_array().into_iter().flatten().enumerate() {
                    check(element, rule, within, &format!("{at}[{index}]"))?;
                }
                true
            }
            "minProperties" => value.as_object().is_none_or(|object| object.len() >= size(rule)),
            "maxProperties" => value.as_object().is_none_or(|object| object.len() <= size(rule)),
            "required" => value.as_object().is_none_or(|object| {
                rule.as_array().expect("a list").iter().all(|name| object.contains_key(name.as_str().expect("a name")))
            }),
            "propertyNames" => {
                let mut names = value.as_object().into_iter().flat_map(Map::keys);
                names.all(|name| check(&Value::from(name.as_str()), rule, within, at).is_ok())
            }
            "properties" | "additionalProperties" => match value {
                Value::Object(object) => members_fit(object, rules, within, at)?,
                _ => true,
            },
            "description" | "default" | "examples" | "readOnly" | "writeOnly" => true,
            other => panic!("this test does not know the keyword {other}"),
        };
        if !holds {
            return Err(format!("{at}: {keyword} {rule} does not hold of {value}"));
        }
    }
    Ok(())
}

fn members_fit(
    object: &Map<String, Value>,
    rules: &Map<String, Value>,
    within: Rules<'_>,
    at: &str,
) -> Result<bool, String> {
    let nothing = Map::new();
    let named = rules.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
    let others = rules.get("additionalProperties");
    let mut places = Vec::new();
    for (name, member) in object {
        let at = format!("{at}.{name}");
        match (named.get(name), others) {
            (Some(schema), _) => {
                places.push(named.keys().position(|key| key == name));
                check(member, schema, within, &at)?;
            }
            (None, Some(Value::Object(_))) => check(member, &others.cloned().unwrap_or_default(), within, &at)?,
            (None, Some(Value::Bool(true))) => {}
            (None, None) if within.unnamed == Unnamed::Allowed => {}
            (None, _) => return Err(format!("{at} is in no table")),
        }
    }
    if within.unnamed == Unnamed::Refused && !places.is_sorted() {
        return Err(format!("{at} shows its fields in another order than its table"));
    }
    Ok(true)
}

fn is_a(value: &Value, name: &Value) -> bool {
    match name.as_str().expect("a type") {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("there is no type {other}"),
    }
}

fn text(value: &Value) -> Option<&str> {
    value.as_str()
}

fn size(rule: &Value) -> usize {
    usize::try_from(rule.as_u64().expect("a size")).expect("a size")
}

fn bound(rule: &Value) -> f64 {
    rule.as_f64().expect("a number")
}

/// Ids are the patterns that matter here; the others are the linter's and Schemathesis's, which know regular expressions.
fn is_id_where_it_must_be(text: &str, pattern: &Value) -> bool {
    let pattern = pattern.as_str().expect("a pattern");
    match pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix("_[0-9A-Za-z]{16}$")) {
        None => true,
        Some(prefix) => text
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix('_'))
            .is_some_and(|tail| tail.len() == 16 && tail.bytes().all(|byte| byte.is_ascii_alphanumeric())),
    }
}
