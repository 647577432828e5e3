//! What there is, as far as it can be read.

use super::{Resource, orphan};
use crate::api::{Client, Failure};
use crate::schema::{Attribute, Kept};
use crate::value::{Object, Value, at, from_api, is_same};
use serde_json::Value as Json;

/// The state as Sluice has it; `None` where it is gone.
///
/// # Errors
/// As [`Client::send`].
pub async fn read(resource: &Resource, client: &Client, state: &Object) -> Result<Option<Object>, Failure> {
    match client.get(&resource.path(state)).await {
        Ok(answer) => Ok(Some(refreshed(resource.attributes, state, &answer.body))),
        Err(failure) if failure.is_gone() && resource.parent.is_some() => {
            let orphan = orphan::find(client, state).await?;
            Ok(orphan.map(|orphan| refreshed(resource.attributes, state, &orphan.model)))
        }
        Err(failure) if failure.is_gone() => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// What is shown, in the spelling of before where it is the same. What is not shown stays.
fn refreshed(attributes: &[Attribute], before: &Object, json: &Json) -> Object {
    let mut state: Object = attributes
        .iter()
        .map(|attribute| {
            let kept = at(before, attribute.name);
            let value = match json.get(attribute.field).filter(|_| attribute.is_shown()) {
                Some(shown) => {
                    let shown = from_api(attribute.kind, shown);
                    if is_same(attribute.kind, kept, &shown) { kept.clone() } else { shown }
                }
                None => kept.clone(),
            };
            (attribute.name.to_owned(), value)
        })
        .collect();
    for attribute in attributes {
        let Kept::Sealed(seal) = attribute.kept else { continue };
        // Somebody else set another value: what was remembered is of one that is no longer there.
        if at(before, seal.witness) != at(&state, seal.witness) {
            state.insert(seal.hash.to_owned(), Value::Null);
        }
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::ALL;
    use serde_json::json;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn a_value_that_somebody_else_set_is_not_taken_for_the_one_that_was_remembered() {
        let secret = ALL.iter().find(|resource| resource.name == "secret").expect("a resource");
        let state = Object::from([
            ("id".to_owned(), text("sec_1")),
            ("name".to_owned(), text(" key")),
            ("hint".to_owned(), text("abcd")),
            ("value_hash".to_owned(), text("pbkdf2-sha256:…")),
        ]);
        let as_it_was = json!({"id": "sec_1", "name": "key", "hint": "abcd", "project_id": "prj_1"});
        let seen = refreshed(secret.attributes, &state, &as_it_was);
        assert!(at(&seen, "name") == &text(" key"), "a spelling that is the same stays");
        assert!(at(&seen, "value_hash") == &text("pbkdf2-sha256:…"));
        let rotated = json!({"id": "sec_1", "name": "other", "hint": "efgh", "project_id": "prj_1"});
        let seen = refreshed(secret.attributes, &state, &rotated);
        assert!(at(&seen, "name") == &text("other"));
        assert!(at(&seen, "value_hash").is_null());
    }
}
