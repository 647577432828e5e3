//! Document 001: `/api/v1/ai-providers`. A provider there is one model at one vendor, its key in a secret.

use super::super::form::Form;
use super::super::providers::{self, Found, UnknownDefault, change, find, register, remove};
use super::super::reply::check_if_match;
use super::super::schema::ai_providers::AI_PROVIDER;
use super::super::schema::providers::PROVIDER;
use super::super::{Call, Reply, no_handler};
use super::{Names, told};
use crate::access::Operation::{CreateProvider, DeleteProvider, GetProvider, ListProviders, UpdateProvider};
use crate::domain::kind::{AuthMethod, Kind};
use crate::json::json;
use crate::refusal::Refusal;
use serde_json::Value;

/// Whose names differ from the service's.
const NAMES: Names = &[
    ("projectId", "project_id"),
    ("secretId", "secret_id"),
    ("defaultModel", "default_model"),
    ("baseUrl", "base_url"),
    ("config", "advanced_json"),
];

pub async fn dispatch(call: &Call<'_>, segments: &[&str]) -> Result<Reply, Refusal> {
    match (call.operation, segments) {
        (ListProviders, []) => list(call).await,
        (CreateProvider, []) => create(call).await,
        (GetProvider, [id]) => get(call, id).await,
        (UpdateProvider, [id]) => update(call, id).await,
        (DeleteProvider, [id]) => delete(call, id).await,
        _ => Err(no_handler()),
    }
}

/// The document's fields and no others. `defaultModel` is a string there: empty where there is no model yet.
fn view(call: &Call<'_>, found: &Found) -> Value {
    let mut shown = providers::shown(call, found);
    let mut take = |field: &str| shown.get_mut(field).map(Value::take).unwrap_or_default();
    let default_model = Some(take("default_model")).filter(Value::is_string).unwrap_or_else(|| json!(""));
    json!({
        "id": take("id"),
        "projectId": take("project_id"),
        "secretId": take("secret_id"),
        "name": take("name"),
        "provider": take("provider"),
        "defaultModel": default_model,
        "baseUrl": take("base_url"),
        "config": take("advanced_json"),
        "createdAt": take("created_at"),
        "updatedAt": take("updated_at"),
    })
}

async fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let project = call.project_named(call.query("projectId")).await.map_err(told(NAMES))?;
    let all = providers::all(call, &project, call.shown_providers()).await?;
    Ok(Reply::json(200, &all.iter().map(|found| view(call, found)).collect()))
}

async fn get(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    Ok(Reply::resource(call.request, &view(call, &find(call, id).await?)))
}

async fn create(call: &Call<'_>) -> Result<Reply, Refusal> {
    let form = Form::read(call.request, &AI_PROVIDER)?.complete()?;
    let made = register(call, translated(form, None)?, UnknownDefault::Registered).await.map_err(told(NAMES))?;
    Ok(Reply::created(format!("/api/v1/ai-providers/{}", made.0.id), &view(call, &made)))
}

async fn update(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let found = find(call, id).await?;
    check_if_match(call.request, &view(call, &found))?;
    let form = translated(Form::read_update(call.request, &AI_PROVIDER)?, Some(&found))?;
    let changed = change(call, &found, form, UnknownDefault::Registered).await.map_err(told(NAMES))?;
    Ok(Reply::resource(call.request, &view(call, &changed)))
}

async fn delete(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let found = find(call, id).await?;
    check_if_match(call.request, &view(call, &found))?;
    remove(call, &found.0).await?;
    Ok(Reply::gone())
}

/// The body as the service reads it.
fn translated(form: Form, stored: Option<&Found>) -> Result<Form, Refusal> {
    // A string in the document's data model, never null.
    form.refuse_null("defaultModel")?;
    let mut form = form.renamed(NAMES, &PROVIDER);
    // The secret is optional there, and without one no key is sent. For a server of one's own that is all it needs; a
    // vendor would refuse the call, so there it stays "none configured", which says how to mend it.
    let unlinks = match stored {
        None => !form.has("secret_id") || form.is_null("secret_id"),
        // A map of headers in a secret is another door's: the link goes, and nothing is put in its place.
        Some((provider, _)) => {
            let sends_key = provider.settings.auth_method.as_deref() != Some(AuthMethod::CustomHeaders.as_str());
            form.is_null("secret_id") && provider.secret_id.is_some() && sends_key
        }
    };
    let kind = form.peek_text("provider").or(stored.map(|(provider, _)| provider.settings.kind.as_str()));
    if unlinks && matches!(kind.and_then(Kind::parse), Some(Kind::Ollama | Kind::Gateway | Kind::Custom)) {
        form.put("api_key", json!(""));
    }
    Ok(form)
}
