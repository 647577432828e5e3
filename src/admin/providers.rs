//! Providers.

pub(super) mod credential;
mod view;
mod write;

pub use view::view;
pub use write::{UnknownDefault, change, register, remove};

use super::form::Form;
use super::page::Page;
use super::reply::check_if_match;
use super::schema::providers::PROVIDER;
use super::{Call, Reply, not_found};
use crate::access::Operation;
use crate::domain::ids::{ProjectId, ProviderId};
use crate::refusal::Refusal;
use crate::store::WHOLE;
use crate::store::models::ModelRow;
use crate::store::providers::{self, ProviderRow, Show};
use serde_json::Value;

/// A provider and its models.
pub type Found = (ProviderRow, Vec<ModelRow>);

/// Finds a provider that the caller may know of: of its project, and switched on unless the caller manages providers.
pub async fn find(call: &Call<'_>, id: &str) -> Result<Found, Refusal> {
    let found = match ProviderId::parse(id) {
        Some(id) => providers::find(call.world.db, &id).await?,
        None => None,
    };
    found
        .filter(|(provider, _)| call.sees(&provider.project_id) && (provider.enabled || call.manages(&provider.id)))
        .ok_or_else(|| not_found("provider", id))
}

/// All of a project's providers that the caller may know of, oldest first, for the doors that have no pages.
pub async fn all(call: &Call<'_>, project: &ProjectId, show: Show) -> Result<Vec<Found>, Refusal> {
    let (rows, models) = providers::list(call.world.db, project, WHOLE.0, WHOLE.1, show).await?;
    let of = |provider: &ProviderRow| {
        models.iter().filter(|model| model.provider_id.as_ref() == Some(&provider.id)).cloned().collect()
    };
    let listed = rows.into_iter().filter(|row| call.lists(Operation::GetProvider, &[row.id.as_str()]));
    Ok(listed.map(|row| (of(&row), row)).map(|(models, row)| (row, models)).collect())
}

pub async fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let page = Page::of(call)?;
    let project = call.project().await?;
    let show = call.shown_providers();
    let (rows, models) = providers::list(call.world.db, &project, page.after(), page.read_ahead(), show).await?;
    let of = |provider: &ProviderRow| {
        models.iter().filter(|model| model.provider_id.as_ref() == Some(&provider.id)).collect::<Vec<_>>()
    };
    let shown =
        |row: &ProviderRow| call.lists(Operation::GetProvider, &[row.id.as_str()]).then(|| view(call, row, &of(row)));
    Ok(page.reply(rows, |row| (row.created_at, row.id.as_str()), shown))
}

pub async fn get(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let found = find(call, id).await?;
    Ok(Reply::resource(call.request, &shown(call, &found)))
}

/// The provider as this surface shows it.
pub fn shown(call: &Call<'_>, (provider, models): &Found) -> Value {
    view(call, provider, &models.iter().collect::<Vec<_>>())
}

pub async fn create(call: &Call<'_>) -> Result<Reply, Refusal> {
    let made = register(call, Form::read(call.request, &PROVIDER)?, UnknownDefault::Refused).await?;
    Ok(Reply::created(format!("/api/v1/providers/{}", made.0.id), &shown(call, &made)))
}

pub async fn update(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let found = find(call, id).await?;
    check_if_match(call.request, &shown(call, &found))?;
    let form = Form::read_update(call.request, &PROVIDER)?;
    let changed = change(call, &found, form, UnknownDefault::Refused).await?;
    Ok(Reply::resource(call.request, &shown(call, &changed)))
}

pub async fn delete(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let found = find(call, id).await?;
    check_if_match(call.request, &shown(call, &found))?;
    remove(call, &found.0).await?;
    Ok(Reply::gone())
}
