//! What is there already, by its id.

use super::{Resource, empty, orphan};
use crate::api::{Client, Failure};
use crate::diagnostics::{Diagnostics, Path};
use crate::value::{Object, Value};
use serde_json::Value as Json;

/// The state of which a reading makes the rest: the id, and the parent's where the path has it.
pub async fn import(resource: &Resource, client: &Client, id: &str, diagnostics: &mut Diagnostics) -> Option<Object> {
    let mut state = empty(resource.attributes);
    let Some(parent) = resource.parent else {
        state.insert("id".into(), Value::Text(id.into()));
        return Some(state);
    };
    let (parent_id, id) = match id.split_once('/') {
        Some((parent_id, id)) => (parent_id.to_owned(), id),
        None => match provider_of(client, id).await {
            Ok(Some(provider)) => (provider, id),
            Ok(None) => {
                let detail =
                    format!("No provider that the token may see has a model `{id}`; an id is mdl_…, or aip_…/mdl_….");
                diagnostics.error(&Path::default(), "There is no such model", detail);
                return None;
            }
            Err(failure) => {
                failure.tell(resource.attributes, "look for the model", "", diagnostics);
                return None;
            }
        },
    };
    state.insert(parent.into(), Value::Text(parent_id));
    state.insert("id".into(), Value::Text(id.into()));
    Some(state)
}

/// The provider that has a model: a model's path begins with it, so that somebody has to look.
async fn provider_of(client: &Client, model: &str) -> Result<Option<String>, Failure> {
    for of_project in orphan::projects(client).await? {
        for provider in client.list(&format!("/api/v1/providers?{}", of_project.trim_start_matches('&'))).await? {
            let models = provider.get("models").and_then(Json::as_array);
            let is_here = models
                .is_some_and(|models| models.iter().any(|row| row.get("id").and_then(Json::as_str) == Some(model)));
            if is_here {
                return Ok(provider.get("id").and_then(Json::as_str).map(str::to_owned));
            }
        }
    }
    Ok(None)
}
