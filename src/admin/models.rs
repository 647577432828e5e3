//! Models under a provider.

use super::form::Form;
use super::page::Page;
use super::reply::{check_if_match, time};
use super::schema::models::MODEL;
use super::{Call, Reply, not_found, providers};
use crate::access::Operation;
use crate::domain::advanced::Advanced;
use crate::domain::ids::{ModelId, ProjectId, ProviderId};
use crate::domain::invalid::Invalid;
use crate::domain::money::{Multiplier, Price, Prices};
use crate::domain::name::{Name, key};
use crate::domain::selector::Selector;
use crate::domain::when::When;
use crate::json::json;
use crate::ports::{Param, Statement};
use crate::refusal::{Reason, Refusal};
use crate::store::models::{self, Filter, ModelRow};
use crate::store::providers::{ProviderRow, Show};
use crate::store::{StoreError, write_and_read, write_if, written};
use serde_json::Value;

pub fn view(model: &ModelRow) -> Value {
    let prices = model.prices.prices();
    let usd = |price: Option<Price>| price.map(Price::usd_per_1k);
    json!({
        "id": model.id,
        "provider_id": model.provider_id,
        "model": model.model,
        "name": model.name,
        "selector": selector(model),
        "orphaned": model.provider_id.is_none(),
        "priority": model.priority,
        "is_default": model.is_default,
        "enabled": model.enabled,
        "tags": model.tags,
        "when": model.when,
        "weight": model.weight,
        "fallbacks": model.fallbacks,
        "advanced_json": model.advanced,
        "multiplier": model.prices.multiplier().number(),
        "cost_per_1k_input": usd(prices.input),
        "cost_per_1k_output": usd(prices.output),
        "cost_per_1k_cache_write": usd(prices.cache_write),
        "cost_per_1k_cache_read": usd(prices.cache_read),
        "capabilities": model.capabilities,
        "created_at": time(model.created_at),
        "updated_at": time(model.updated_at),
    })
}

/// `provider^model`; an orphan has none.
pub fn selector(model: &ModelRow) -> Option<String> {
    model.provider_name.as_ref().map(|provider| format!("{provider}^{}", model.model))
}

/// Finds a model under the provider that the path names, or an orphan of the same project: the path then names the
/// provider that is to take it on.
pub async fn find(call: &Call<'_>, provider: &ProviderRow, id: &str) -> Result<ModelRow, Refusal> {
    let model = match ModelId::parse(id) {
        Some(id) => models::find(call.world.db, &id).await?,
        None => None,
    };
    let here = |model: &ModelRow| match &model.provider_id {
        Some(owner) => *owner == provider.id,
        None => model.project_id == provider.project_id && call.manages(&provider.id),
    };
    let visible = |model: &ModelRow| model.enabled || call.manages(&provider.id);
    model.filter(|model| here(model) && visible(model)).ok_or_else(|| not_found("model", id))
}

fn conflict(error: StoreError) -> Refusal {
    match error {
        StoreError::Taken(columns) if columns.contains("name_key") => Refusal::new(
            Reason::ModelConflict,
            "a model of this public name exists in the project (names that differ in case only are the same): choose \
             another name",
        )
        .on("name"),
        StoreError::Taken(_) => Refusal::new(
            Reason::ModelConflict,
            "the provider has this model already (names that differ in case only are the same): PATCH that one",
        )
        .on("model"),
        other => other.into(),
    }
}

pub async fn list(call: &Call<'_>, provider: &str) -> Result<Reply, Refusal> {
    let page = Page::of(call)?;
    let (provider, _) = providers::find(call, provider).await?;
    let show = if call.manages(&provider.id) { Show::All } else { Show::Enabled };
    let rows = models::list_of_provider(call.world.db, &provider.id, page.after(), page.read_ahead(), show).await?;
    Ok(page.reply(rows, |row| (row.created_at, row.id.as_str()), |row| listed(call, row)))
}

/// Whether a list of models, or their provider, shows one to this caller.
pub fn is_listed(call: &Call<'_>, model: &ModelRow) -> bool {
    let provider = model.provider_id.as_ref().map(ProviderId::as_str);
    let path: Vec<&str> = provider.into_iter().chain([model.id.as_str()]).collect();
    call.lists(Operation::GetModel, &path)
}

fn listed(call: &Call<'_>, model: &ModelRow) -> Option<Value> {
    is_listed(call, model).then(|| view(model))
}

/// Every model of the project that a selector reaches; or those that none does any more.
pub async fn list_selectable(call: &Call<'_>) -> Result<Reply, Refusal> {
    let page = Page::of(call)?;
    let project = call.project().await?;
    match call.query("orphaned").as_deref() {
        None | Some("false") => {}
        Some("true") => return list_orphaned(call, &page, &project).await,
        Some(_) => return Err(Invalid::new("orphaned", "orphaned must be true or false").into()),
    }
    let (provider, tag) = (call.query("provider").map(|name| name_or_id(&name)), call.query("tag"));
    let filter = Filter { provider: provider.as_deref(), tag: tag.as_deref() };
    let rows = models::list_selectable(call.world.db, &project, page.after(), page.read_ahead(), filter).await?;
    Ok(page.reply(rows, |row| (row.created_at, row.id.as_str()), |row| listed(call, row)))
}

/// What is left of deleted providers: for those who can attach it to another one.
async fn list_orphaned(call: &Call<'_>, page: &Page, project: &ProjectId) -> Result<Reply, Refusal> {
    let rows = match call.manages_providers() {
        true => models::list_orphaned(call.world.db, project, page.after(), page.read_ahead()).await?,
        false => Vec::new(),
    };
    Ok(page.reply(rows, |row| (row.created_at, row.id.as_str()), |row| listed(call, row)))
}

fn name_or_id(text: &str) -> String {
    match ProviderId::parse(text) {
        Some(id) => id.as_str().to_owned(),
        None => key(text),
    }
}

pub async fn get(call: &Call<'_>, provider: &str, id: &str) -> Result<Reply, Refusal> {
    let (provider, _) = providers::find(call, provider).await?;
    Ok(Reply::resource(call.request, &view(&find(call, &provider, id).await?)))
}

/// A model's fields, each of the body's over what is stored.
struct Change {
    is_default: Option<bool>,
    /// From `model` to `price_cache_read`, in the order that INSERT and UPDATE have them.
    columns: [Param; 16],
}

impl Change {
    fn read(form: &mut Form, stored: Option<&ModelRow>) -> Result<Self, Invalid> {
        let model = form.text("model")?;
        let model = match stored {
            None => model.required("model")?,
            Some(stored) => model.given("model")?.unwrap_or_else(|| stored.model.clone()),
        };
        let model = model.trim().to_owned();
        if model.is_empty() || model.chars().count() > 200 || model.chars().any(char::is_control) {
            return Err(Invalid::new("model", "model must be the upstream's name of 1 to 200 characters"));
        }
        let name = form.text("name")?.map(|name| public_name(&name))?;
        let name = name.over(match stored.and_then(|stored| stored.name.as_deref()) {
            Some(name) => Some(Name::parse("name", name)?),
            None => None,
        });
        let priority = form.whole("priority")?.given("priority")?;
        let enabled = form.truth("enabled")?.given("enabled")?;
        let tags = form.texts("tags")?.given("tags")?.map(check_tags).transpose()?;
        let when = form.value("when")?.map(When::parse)?.map(|when| Ok::<_, Invalid>(json!(when.as_map())))?;
        let weight = form.number("weight")?.given("weight")?.map(check_weight).transpose()?;
        let fallbacks = form.texts("fallbacks")?.given("fallbacks")?.map(check_fallbacks).transpose()?;
        let advanced = form.value("advanced_json")?.map(Advanced::parse)?;
        let advanced = advanced.map(|advanced| Ok::<_, Invalid>(json!(advanced.as_map())))?;
        let multiplier = form.number("multiplier")?.given("multiplier")?;
        let multiplier = multiplier.map(|number| Multiplier::from_number("multiplier", number)).transpose()?;
        let before = stored.map(|stored| stored.prices.prices()).unwrap_or_default();
        let mut price = |param: &str, before: Option<Price>| {
            let price = form.number(param)?.map(|usd| Price::from_usd_per_1k(param, usd))?;
            Ok::<_, Invalid>(price.over(before))
        };
        let prices = Prices {
            input: price("cost_per_1k_input", before.input)?,
            output: price("cost_per_1k_output", before.output)?,
            cache_write: price("cost_per_1k_cache_write", before.cache_write)?,
            cache_read: price("cost_per_1k_cache_read", before.cache_read)?,
        };
        let stored_or = |get: fn(&ModelRow) -> Option<Value>| stored.and_then(get);
        let document = |value: Option<Value>| value.map(|value| value.to_string()).into();
        Ok(Self {
            is_default: form.truth("is_default")?.given("is_default")?,
            columns: [
                model.as_str().into(),
                key(&model).into(),
                name.as_ref().map(Name::as_str).into(),
                name.as_ref().map(Name::key).into(),
                priority.unwrap_or(stored.map_or(0, |stored| stored.priority)).into(),
                enabled.unwrap_or(stored.is_none_or(|stored| stored.enabled)).into(),
                json!(tags.unwrap_or(stored.map(|stored| stored.tags.clone()).unwrap_or_default())).to_string().into(),
                document(when.over(stored_or(|stored| stored.when.clone()))),
                weight.unwrap_or(stored.map_or(1.0, |stored| stored.weight)).into(),
                json!(fallbacks.unwrap_or(stored.map(|stored| stored.fallbacks.clone()).unwrap_or_default()))
                    .to_string()
                    .into(),
                document(advanced.over(stored_or(|stored| stored.advanced.clone()))),
                multiplier
                    .or(stored.map(|stored| stored.prices.multiplier()))
                    .unwrap_or(Multiplier::ONE)
                    .stored()
                    .into(),
                prices.input.map(Price::stored).into(),
                prices.output.map(Price::stored).into(),
                prices.cache_write.map(Price::stored).into(),
                prices.cache_read.map(Price::stored).into(),
            ],
        })
    }
}

/// A public name must not look like a selector, or it could never be reached.
fn public_name(text: &str) -> Result<Name, Invalid> {
    Name::parse_prefix("name", text)
}

fn check_tags(tags: Vec<String>) -> Result<Vec<String>, Invalid> {
    let legal =
        |tag: &String| !tag.trim().is_empty() && tag.chars().count() <= 64 && !tag.chars().any(char::is_control);
    if tags.len() > 32 || !tags.iter().all(legal) {
        return Err(Invalid::new("tags", "tags must be at most 32 strings of 1 to 64 characters"));
    }
    Ok(tags)
}

fn check_weight(weight: f64) -> Result<f64, Invalid> {
    if weight > 0.0 && weight <= 1_000_000.0 {
        return Ok(weight);
    }
    Err(Invalid::new("weight", "weight must be above 0 and at most 1000000"))
}

fn check_fallbacks(fallbacks: Vec<String>) -> Result<Vec<String>, Invalid> {
    if fallbacks.len() > 10 {
        return Err(Invalid::new("fallbacks", "fallbacks must be at most 10 selectors"));
    }
    fallbacks.iter().map(|text| Selector::parse("fallbacks", text).map(|selector| selector.to_string())).collect()
}

/// The id of a new model, and the statements that register it.
pub fn registration(
    call: &Call<'_>,
    (project, provider): (&ProjectId, &ProviderId),
    mut form: Form,
) -> Result<(ModelId, Vec<Statement>), Refusal> {
    let change = Change::read(&mut form, None)?;
    let id = ModelId::generate(call.world.rng)?;
    let is_default = change.is_default == Some(true);
    let mut statements = Vec::new();
    if is_default {
        statements.push(models::CLEAR_DEFAULT.with([provider.as_str().into()]));
    }
    let own = [
        id.as_str().into(),
        project.as_str().into(),
        call.now.ms().into(),
        is_default.into(),
        provider.as_str().into(),
    ];
    statements.push(models::INSERT.with(own.into_iter().chain(change.columns)));
    statements.push(call.audit(Some(project), ("model", id.as_str()), form.names())?);
    Ok((id, statements))
}

pub async fn create(call: &Call<'_>, provider: &str) -> Result<Reply, Refusal> {
    let (provider, _) = providers::find(call, provider).await?;
    let mut form = Form::read(call.request, &MODEL)?;
    check_owner(&mut form, &provider)?;
    let (id, statements) = registration(call, (&provider.project_id, &provider.id), form)?;
    let read = vec![models::FIND.with([id.as_str().into()])];
    let made = write_and_read(call.world.db, None, statements, read).await.map_err(|error| match error {
        StoreError::Reference => not_found("provider", provider.id.as_str()),
        other => conflict(other),
    })?;
    Ok(Reply::created(format!("/api/v1/providers/{}/models/{id}", provider.id), &view(&written(&made)?)))
}

/// `provider_id` in a body may only say what the path says.
fn check_owner(form: &mut Form, provider: &ProviderRow) -> Result<Option<()>, Invalid> {
    match form.text("provider_id")?.given("provider_id")? {
        None => Ok(None),
        Some(id) if id == provider.id.as_str() => Ok(Some(())),
        Some(_) => Err(Invalid::new(
            "provider_id",
            "provider_id must be the provider of the path; to take on an orphaned model, PATCH it under the provider \
             that shall have it, with that provider's id",
        )),
    }
}

pub async fn update(call: &Call<'_>, provider: &str, id: &str) -> Result<Reply, Refusal> {
    let (provider, _) = providers::find(call, provider).await?;
    let model = find(call, &provider, id).await?;
    check_if_match(call.request, &view(&model))?;
    let mut form = Form::read_update(call.request, &MODEL)?;
    if check_owner(&mut form, &provider)?.is_none() && model.provider_id.is_none() {
        let message = "the model is orphaned: give provider_id to attach it to a provider first";
        return Err(Refusal::new(Reason::ModelOrphaned, message).on("provider_id"));
    }
    let change = Change::read(&mut form, Some(&model))?;
    let provider_id = || Param::from(provider.id.as_str());
    let own = [model.id.as_str().into(), call.now.ms().into(), provider_id()];
    let mut statements = vec![models::UPDATE.with(own.into_iter().chain(change.columns))];
    match change.is_default {
        Some(true) => {
            statements.push(models::CLEAR_DEFAULT.with([provider_id()]));
            statements.push(models::SET_DEFAULT.with([model.id.as_str().into()]));
        }
        // This one's flag alone: another model's default is not this body's to unset.
        Some(false) => statements.push(models::UNSET_DEFAULT.with([model.id.as_str().into()])),
        None => {}
    }
    // What was just unset comes last; an only model stays the default whatever the body says.
    statements.push(models::PROMOTE.with([provider_id(), model.id.as_str().into()]));
    statements.push(call.audit(Some(&model.project_id), ("model", id), form.names())?);
    let read = vec![models::FIND.with([model.id.as_str().into()])];
    let precondition = Some(models::unchanged(&model));
    let changed = write_and_read(call.world.db, precondition, statements, read).await.map_err(conflict)?;
    Ok(Reply::resource(call.request, &view(&written(&changed)?)))
}

pub async fn delete(call: &Call<'_>, provider: &str, id: &str) -> Result<Reply, Refusal> {
    let (provider, _) = providers::find(call, provider).await?;
    let model = find(call, &provider, id).await?;
    check_if_match(call.request, &view(&model))?;
    let statements = vec![
        models::DELETE.with([model.id.as_str().into()]),
        models::PROMOTE.with([provider.id.as_str().into(), Param::Null]),
        call.audit(Some(&model.project_id), ("model", id), &[])?,
    ];
    write_if(call.world.db, models::unchanged(&model), statements).await?;
    Ok(Reply::gone())
}
