//! What a provider's upstream can do: its list of models, which of them to register, and whether one of them answers.

use super::form::Form;
use super::schema::discovery::IMPORT;
use super::{Call, Reply, models, not_found, providers};
use crate::discovery::{Ability, Account, Listed, Probe, available};
use crate::domain::advanced::merge;
use crate::domain::ids::ModelId;
use crate::domain::invalid::Invalid;
use crate::domain::name::key;
use crate::domain::protocol::Protocol;
use crate::gateway::admit::{Presented, admit};
use crate::gateway::limit::check_test;
use crate::json::json;
use crate::ports::{NoShelf, Param, Shelf};
use crate::refusal::{Reason, Refusal};
use crate::routing::Snapshot;
use crate::store::models::{Imported, ModelRow, PROMOTE};
use crate::store::providers::ProviderRow;
use crate::store::{StoreError, models as rows, snapshot, usage};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Whether a list of a moment ago will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    /// It will.
    Recent,
    /// The upstream is to be asked.
    Now,
}

/// What the provider's upstream lists with the provider's own credential.
async fn listed(call: &Call<'_>, provider: &ProviderRow, age: Age) -> Result<Rc<Vec<Listed>>, Refusal> {
    let world = call.world;
    let gone = || not_found("provider", provider.id.as_str());
    let project = &provider.project_id;
    let read = snapshot::read(world.db, snapshot::Caller::Root(project.as_str()), None).await?;
    let (Some((_, revision)), Some(rows)) = (read.project, read.rows) else { return Err(gone()) };
    let known = world.catalogues.borrow().fresh(&provider.id, revision, call.now);
    if let (Some(known), Age::Recent) = (known, age) {
        return Ok(known);
    }
    let state = Snapshot::of((project.clone(), revision), rows);
    let routed = state.account(&provider.id).ok_or_else(gone)?;
    let (settings, resolved) = routed.settled(world.deployment.private_upstreams)?;
    let effective = merge(settings.advanced.as_ref(), None);
    let opened = routed.credential(project, resolved.auth_method, world.deployment.ring())?;
    let account = Account {
        name: &provider.name,
        kind: settings.kind,
        resolved,
        effective: &effective,
        opened,
        now: world.clock.now(),
    };
    let models = Rc::new(available(world.upstream, &account).await?);
    world.catalogues.borrow_mut().keep(&provider.id, revision, world.clock.now(), &models);
    Ok(models)
}

/// What could be registered, and what is.
pub async fn list(call: &Call<'_>, provider: &str) -> Result<Reply, Refusal> {
    let (provider, registered) = providers::find(call, provider).await?;
    let listed = listed(call, &provider, Age::Recent).await?;
    let registered: HashMap<String, &ModelRow> = registered.iter().map(|model| (key(&model.model), model)).collect();
    let view = |listed: &Listed| {
        let model = registered.get(&key(&listed.model));
        json!({
            "model": listed.model,
            "configured": model.is_some(),
            "model_id": model.map(|model| &model.id),
            "capabilities": listed.capabilities,
        })
    };
    Ok(Reply::json(200, &json!({"data": listed.iter().map(view).collect::<Vec<_>>(), "next_cursor": null})))
}

/// How an import went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Import {
    /// How many models the upstream lists.
    pub fetched: usize,
    /// How many of those that were asked for are new.
    pub imported: usize,
    /// How many were there already.
    pub existing: usize,
}

pub async fn import(call: &Call<'_>, provider: &str) -> Result<Reply, Refusal> {
    let (provider, _) = providers::find(call, provider).await?;
    let mut form = Form::read_if_any(call.request, &IMPORT)?;
    let chosen = form.texts("models")?.given("models")?;
    let Import { fetched, imported, existing } = register_listed(call, &provider, chosen).await?;
    Ok(Reply::json(200, &json!({"fetched": fetched, "imported": imported, "existing": existing})))
}

/// Registers what the upstream lists, or what was chosen of it. What is there keeps all that an operator wrote.
pub async fn register_listed(
    call: &Call<'_>,
    provider: &ProviderRow,
    chosen: Option<Vec<String>>,
) -> Result<Import, Refusal> {
    // Who chooses has just seen the list.
    let age = if chosen.is_some() { Age::Recent } else { Age::Now };
    let listed = listed(call, provider, age).await?;
    let wanted: Vec<&Listed> = match chosen {
        None => listed.iter().collect(),
        Some(chosen) => chosen.iter().map(|name| find(&listed, name)).collect::<Result<_, _>>()?,
    };
    // One moment for all of them: their order is that of the ids, and the first of the list shall be the first.
    let mut ids = wanted.iter().map(|_| ModelId::generate(call.world.rng)).collect::<Result<Vec<_>, _>>()?;
    ids.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
    let models: Vec<Imported<'_>> = wanted
        .iter()
        .zip(ids)
        .map(|(listed, id)| Imported {
            id,
            model: &listed.model,
            key: key(&listed.model),
            capabilities: listed.capabilities.as_ref(),
        })
        .collect();
    let place = (&provider.project_id, &provider.id);
    let more = vec![
        PROMOTE.with([provider.id.as_str().into(), Param::Null]),
        call.audit(Some(&provider.project_id), ("provider", provider.id.as_str()), &["models"])?,
    ];
    let imported = rows::import(call.world.db, place, &models, call.now.ms(), more).await;
    let imported = imported.map_err(|error| match error {
        StoreError::Reference => not_found("provider", provider.id.as_str()),
        other => other.into(),
    })?;
    Ok(Import { fetched: listed.len(), imported, existing: models.len().saturating_sub(imported) })
}

fn find<'l>(listed: &'l [Listed], name: &str) -> Result<&'l Listed, Invalid> {
    let wanted = key(name);
    listed.iter().find(|listed| key(&listed.model) == wanted).ok_or_else(|| {
        let shown: String = name.chars().take(200).collect();
        Invalid::new(
            "models",
            format!(
                "the upstream does not list `{shown}`: GET …/available-models shows what it lists, and a model that it \
                     does not list is registered with POST …/models"
            ),
        )
    })
}

/// One short call, as the caller would make it: with the caller's own key where there is one. A model or a provider that
/// is switched off is called all the same, so that it can be tried before it is switched on.
pub async fn test(call: &Call<'_>, provider: &str, id: &str) -> Result<Reply, Refusal> {
    let (provider, _) = providers::find(call, provider).await?;
    let model = models::find(call, &provider, id).await?;
    if model.provider_id.is_none() {
        let message = "the model is orphaned: attach it to a provider, then it can be called";
        return Ok(told(0, None, Err((Reason::ModelOrphaned.status(), message.to_owned()))));
    }
    let world = call.world;
    let presented = Presented {
        authorization: call.request.authorization.as_deref(),
        x_api_key: None,
        project: Some(provider.project_id.as_str()),
    };
    // A reading of its own: a test is about what is stored, not about what this isolate remembers.
    let sources = (world.db, &NoShelf as &dyn Shelf);
    let admitted = admit(sources, world.deployment, &RefCell::default(), presented, call.now).await;
    // A test is allowed; the call that it makes may not be.
    let admitted = admitted.map_err(|refusal| refusal.on("model"))?.admitted;
    check_test(admitted.limits())?;
    let candidate = admitted.snapshot.model(&model.id).ok_or_else(|| not_found("model", id))?;
    if !admitted.may_call(candidate) {
        let message = format!("a test is a call, and this token may not call `{}`", candidate.selector());
        return Err(Refusal::new(Reason::ModelForbidden, message).on("model"));
    }
    let probe = Probe {
        upstream: world.upstream,
        clock: world.clock,
        deployment: world.deployment,
        admitted: &admitted,
        request: &call.request.id,
    };
    let embeds = Listed::only_embeds(&model.model, model.capabilities.as_ref());
    let (tested, row) = probe.run(candidate, if embeds { Ability::Embed } else { Ability::Generate }).await;
    // The call was made and has its price, whoever asked for it.
    usage::insert(world.db, &[row]).await?;
    Ok(told(tested.latency_ms, tested.protocol, tested.outcome))
}

fn told(latency_ms: i64, protocol: Option<Protocol>, outcome: Result<Option<String>, (u16, String)>) -> Reply {
    let mut told = json!({
        "success": outcome.is_ok(),
        "latency_ms": latency_ms,
        "protocol": protocol.map(Protocol::as_str),
    });
    if let Value::Object(fields) = &mut told {
        match outcome {
            Ok(text) => fields.insert("output_text".into(), json!(text)),
            Err((status, message)) => fields.insert("error".into(), json!({"status": status, "message": message})),
        };
    }
    Reply::json(200, &told)
}
