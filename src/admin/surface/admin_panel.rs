//! Document 002: `/api/admin/providers` for those who manage providers, `/api/providers` and `/api/models` for those who
//! use them.

use super::super::form::Form;
use super::super::providers::{self, Found, UnknownDefault, change, find, register, remove};
use super::super::reply::check_if_match;
use super::super::schema::admin_panel::{PANEL_PROVIDER, TOGGLE};
use super::super::schema::providers::PROVIDER;
use super::super::{Call, Reply, discovery, models, no_handler};
use super::{Names, told};
use crate::access::Operation::{
    CreateProvider, DeleteProvider, GetProvider, ImportModels, ListModels, ListProviders, UpdateProvider,
};
use crate::access::Principal;
use crate::json::json;
use crate::refusal::{Reason, Refusal};
use crate::store::models::{ModelRow, all_selectable};
use crate::store::providers::Show;
use serde_json::Value;

/// Whose names differ from the service's.
const NAMES: Names = &[("type", "provider")];

pub async fn dispatch(call: &Call<'_>, segments: &[&str]) -> Result<Reply, Refusal> {
    let is_administered = call.request.path.starts_with("/api/admin/");
    let toggles = call.request.path.trim_end_matches('/').ends_with("/toggle");
    match (call.operation, segments) {
        (ListProviders, []) if is_administered => list(call, call.shown_providers()).await,
        (ListProviders, []) => list(call, Show::Enabled).await,
        (CreateProvider, []) => create(call).await,
        (GetProvider, [id]) => get(call, id).await,
        (UpdateProvider, [id]) if toggles => toggle(call, id).await,
        (UpdateProvider, [id]) => update(call, id).await,
        (ImportModels, [id]) => fetch(call, id).await,
        (DeleteProvider, [id]) => delete(call, id).await,
        (ListModels, []) => list_models(call).await,
        _ => Err(no_handler()),
    }
}

fn view(call: &Call<'_>, found: &Found) -> Value {
    let mut shown = providers::shown(call, found);
    let configured = shown.pointer("/credential/configured").cloned();
    let mut take = |field: &str| shown.get_mut(field).map(Value::take).unwrap_or_default();
    json!({
        "id": take("id"),
        "name": take("name"),
        "type": take("provider"),
        "base_url": take("base_url"),
        "enabled": take("enabled"),
        "api_key_configured": configured,
        "models_count": take("model_count"),
    })
}

async fn list(call: &Call<'_>, show: Show) -> Result<Reply, Refusal> {
    let all = providers::all(call, &call.project().await?, show).await?;
    let all: Vec<Value> = all.iter().map(|found| view(call, found)).collect();
    Ok(Reply::json(200, &json!({"providers": all})))
}

async fn get(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    Ok(Reply::resource(call.request, &view(call, &find(call, id).await?)))
}

async fn create(call: &Call<'_>) -> Result<Reply, Refusal> {
    let form = Form::read(call.request, &PANEL_PROVIDER)?.complete()?;
    let made = register(call, form.renamed(NAMES, &PROVIDER), UnknownDefault::Refused).await.map_err(told(NAMES))?;
    Ok(Reply::created(format!("/api/admin/providers/{}", made.0.id), &view(call, &made)))
}

async fn update(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let found = find(call, id).await?;
    check_if_match(call.request, &view(call, &found))?;
    let form = Form::read_update(call.request, &PANEL_PROVIDER)?;
    changed(call, &found, form.renamed(NAMES, &PROVIDER)).await
}

/// On or off, and nothing else. Without a boolean it is 400.
async fn toggle(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let found = find(call, id).await?;
    check_if_match(call.request, &view(call, &found))?;
    let form = Form::read(call.request, &TOGGLE)?;
    if !form.is_truth("enabled") {
        return Err(Refusal::new(Reason::BadRequest, "enabled must be given as true or false").on("enabled"));
    }
    changed(call, &found, form).await
}

async fn changed(call: &Call<'_>, found: &Found, form: Form) -> Result<Reply, Refusal> {
    let changed = change(call, found, form, UnknownDefault::Refused).await.map_err(told(NAMES))?;
    Ok(Reply::resource(call.request, &view(call, &changed)))
}

/// Asks the upstream for its models and registers those that are not there yet.
async fn fetch(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let (provider, _) = find(call, id).await?;
    let done = discovery::register_listed(call, &provider, None).await?;
    let message = format!("provider `{}` lists {} models; {} are new", provider.name, done.fetched, done.imported);
    Ok(Reply::json(
        200,
        &json!({
            "success": true,
            "models_fetched": done.fetched,
            "models_imported": done.imported,
            "message": message,
        }),
    ))
}

async fn delete(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let found = find(call, id).await?;
    check_if_match(call.request, &view(call, &found))?;
    remove(call, &found.0).await?;
    Ok(Reply::json(200, &json!({"message": format!("provider `{}` was deleted", found.0.name)})))
}

/// What a model selector offers: what is switched on, and what the caller's token may call.
async fn list_models(call: &Call<'_>) -> Result<Reply, Refusal> {
    let rows = all_selectable(call.world.db, &call.project().await?).await?;
    let offered: Vec<Value> = rows.iter().filter(|model| is_offered(call, model)).map(selectable).collect();
    Ok(Reply::json(200, &json!({"models": offered})))
}

fn is_offered(call: &Call<'_>, model: &ModelRow) -> bool {
    if !models::is_listed(call, model) {
        return false;
    }
    match &call.principal {
        Principal::Root => true,
        Principal::Token(holder) => {
            let selector = models::selector(model);
            holder.may_call([selector.as_deref(), model.name.as_deref()].into_iter().flatten())
        }
    }
}

fn selectable(model: &ModelRow) -> Value {
    json!({
        "id": model.id,
        "name": model.model,
        "display_name": model.name.as_deref().unwrap_or(&model.model),
        "selector": models::selector(model),
        "provider_id": model.provider_id,
        "provider_name": model.provider_name,
        "is_default": model.is_default,
    })
}
