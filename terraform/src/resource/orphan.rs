//! A model whose provider was deleted from under it: it is still there, and can be given to another provider.

use crate::api::{Client, Failure};
use crate::value::{Object, at};
use serde_json::Value as Json;

/// A model without a provider.
pub struct Orphan {
    /// As the API shows it.
    pub model: Json,
    /// What a list's query says of its project.
    pub of_project: String,
}

/// Looks for one by its id, in every project that the token may see.
///
/// # Errors
/// As [`Client::send`].
pub async fn find(client: &Client, state: &Object) -> Result<Option<Orphan>, Failure> {
    let id = at(state, "id").text().unwrap_or_default();
    for of_project in projects(client).await? {
        let orphans = client.list(&format!("/api/v1/models?orphaned=true{of_project}")).await?;
        let found = orphans.into_iter().find(|row| row.get("id").and_then(Json::as_str) == Some(id));
        if let Some(model) = found {
            return Ok(Some(Orphan { model, of_project }));
        }
    }
    Ok(None)
}

/// What a list's query says of each project that the token may see; nothing, where it has one and may not list it.
///
/// # Errors
/// As [`Client::send`].
pub async fn projects(client: &Client) -> Result<Vec<String>, Failure> {
    let rows = match client.list("/api/v1/projects").await {
        Err(Failure::Refused(refused)) if refused.status == 403 => return Ok(vec![String::new()]),
        rows => rows?,
    };
    let of_project = |row: &Json| Some(format!("&project_id={}", row.get("id")?.as_str()?));
    Ok(rows.iter().filter_map(of_project).collect())
}

/// The path under which an orphan can be deleted: that of any provider of its project. `None` where there is neither.
pub async fn path(client: &Client, state: &Object) -> Result<Option<String>, Failure> {
    let Some(orphan) = find(client, state).await? else { return Ok(None) };
    let providers = client.list(&format!("/api/v1/providers?{}", orphan.of_project.trim_start_matches('&'))).await?;
    let provider = providers.first().and_then(|row| row.get("id")).and_then(Json::as_str);
    let id = at(state, "id").text().unwrap_or_default();
    match provider {
        Some(provider) => Ok(Some(format!("/api/v1/providers/{provider}/models/{id}"))),
        None => Err(Failure::Unreachable(
            "The model has no provider any more, and its organization has none under which it could be deleted: make one first."
                .into(),
        )),
    }
}
