//! The bounds of each field, as the API's own tables have them.

use crate::schema::Attribute;
use crate::value::{Value, to_api};
use serde_json::Value as Json;
use sluice::admin::schema::{Bound, Object as Fields, Type as Field};
use sluice::domain::invalid::Invalid;

/// Holds a value against the table of the API's fields; what is not known yet is not at fault.
pub fn check(fields: &Fields, attribute: &Attribute, value: &Value) -> Result<(), Invalid> {
    let known = fields.fields.iter().find(|field| field.name == attribute.field);
    match known {
        Some(field) if value.is_given() => {
            within(&field.kind, &to_api(attribute.kind, value)).map_err(|expected| {
                // A sealed value is not repeated, and no other needs to be.
                Invalid::new(attribute.field, format!("{} must be {expected}", attribute.name))
            })
        }
        _ => Ok(()),
    }
}

fn within(kind: &Field, json: &Json) -> Result<(), String> {
    let count = |length: usize, (least, most): (u32, u32), what: &str| {
        let fits = u32::try_from(length).is_ok_and(|length| (least..=most).contains(&length));
        fits.then_some(()).ok_or_else(|| match (least, most) {
            (0, most) => format!("at most {most} {what}"),
            (least, u32::MAX) => format!("at least {least} {what}"),
            (least, most) => format!("{least} to {most} {what}"),
        })
    };
    match (kind, json) {
        (_, Json::Null) => Ok(()),
        (Field::Text { least, most, .. }, Json::String(text)) => {
            count(text.trim().chars().count(), (*least, *most), "characters")
        }
        (Field::Id(prefix), Json::String(text)) if !text.starts_with(prefix) => Err(format!("an id: `{prefix}…`")),
        (Field::Word(words), Json::String(text)) if !words().contains(&text.as_str()) => Err(kind.expected()),
        (Field::Whole(from, to), Json::Number(number)) => match number.as_i64() {
            Some(number) if (*from..=*to).contains(&number) => Ok(()),
            _ => Err(kind.expected()),
        },
        (Field::Number { from, to }, Json::Number(number)) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            match from {
                Bound::At(from) if (*from..=*to).contains(&number) => Ok(()),
                Bound::Above(from) if number > *from && number <= *to => Ok(()),
                Bound::At(from) => Err(format!("a number from {from} to {to}")),
                Bound::Above(from) => Err(format!("a number above {from}, {to} at most")),
            }
        }
        (Field::List { of, least, most }, Json::Array(elements)) => {
            count(elements.len(), (*least, *most), "elements")?;
            elements.iter().try_for_each(|element| {
                within(of, element).map_err(|expected| format!("a list, each element {expected}"))
            })
        }
        (Field::Map { of, least, most }, Json::Object(elements)) => {
            count(elements.len(), (*least, *most), "elements")?;
            elements.values().try_for_each(|element| {
                within(of, element).map_err(|expected| format!("a map, each element {expected}"))
            })
        }
        (Field::Object(nested), Json::Object(members)) => nested.fields.iter().try_for_each(|field| {
            let member = members.get(field.name).unwrap_or(&Json::Null);
            within(&field.kind, member).map_err(|expected| format!("an object whose {} is {expected}", field.name))
        }),
        (Field::Object(_) | Field::Map { .. }, other) if !other.is_object() => Err("a JSON object".into()),
        (Field::List { .. }, other) if !other.is_array() => Err("a list".into()),
        _ => Ok(()),
    }
}
