//! What registers, changes and removes a provider, whichever door asks for it.

use super::super::form::{Form, Patch};
use super::super::schema::models::MODEL;
use super::super::{Call, models as model};
use super::Found;
use super::credential::{self, Given};
use crate::domain::advanced::Advanced;
use crate::domain::base_url::{BaseUrl, PrivateUpstreams};
use crate::domain::ids::{ProjectId, ProviderId};
use crate::domain::invalid::Invalid;
use crate::domain::kind::{AuthMethod, Kind, OpenAiApiMode};
use crate::domain::name::{Name, key};
use crate::domain::protocol::Protocol;
use crate::domain::provider::{CredentialSource, Settings};
use crate::json::json;
use crate::ports::{Param, Statement};
use crate::refusal::{Reason, Refusal};
use crate::store::models::{self, ModelRow};
use crate::store::providers::{self, ProviderRow, SettingsRow};
use crate::store::{StoreError, rows, write_and_read, write_if, written};

/// What becomes of a `default_model` that the provider does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownDefault {
    /// It is refused: a model is registered by itself.
    Refused,
    /// It is registered with the provider (001: a provider *is* its model there).
    Registered,
}

fn conflict(error: StoreError) -> Refusal {
    match error {
        // Another write registered the default model meanwhile.
        StoreError::Taken(columns) if columns.contains("models.") => StoreError::Precondition.into(),
        StoreError::Taken(_) => Refusal::new(
            Reason::ProviderNameConflict,
            "a provider of this name exists in the project (names that differ in case only are the same): choose \
             another name",
        )
        .on("name"),
        StoreError::Reference => {
            Invalid::new("secret_id", "the secret was deleted meanwhile: link one that exists").into()
        }
        other => other.into(),
    }
}

/// What the body says of the settings, each field over what is stored.
struct Change {
    name: Name,
    settings: Settings,
    enabled: bool,
    credential: Option<Given>,
    default_model: Patch<String>,
}

impl Change {
    fn read(form: &mut Form, stored: Option<(&ProviderRow, &Settings)>) -> Result<Self, Refusal> {
        let name = form.text("name")?;
        let name = match stored {
            None => name.required("name")?,
            Some((provider, _)) => name.given("name")?.unwrap_or_else(|| provider.name.clone()),
        };
        let kind = form.word("provider", Kind::parse)?.given("provider")?;
        let before = stored.map(|(_, settings)| settings.clone());
        let protocol = form.word("protocol", Protocol::parse)?;
        let protocol = protocol.over(before.as_ref().and_then(|settings| settings.protocol));
        let auth_method = form.word("auth_method", AuthMethod::parse)?;
        let auth_method = auth_method.over(before.as_ref().and_then(|settings| settings.auth_method));
        let base_url = form.text("base_url")?.map(|text| BaseUrl::parse(&text))?;
        let base_url = base_url.over(before.as_ref().and_then(|settings| settings.base_url.clone()));
        let mode = form.word("openai_api_mode", OpenAiApiMode::parse)?;
        let openai_api_mode = mode.over(before.as_ref().and_then(|settings| settings.openai_api_mode));
        let advanced = form.value("advanced_json")?.map(Advanced::parse)?;
        let advanced = advanced.over(before.as_ref().and_then(|settings| settings.advanced.clone()));
        let kind = match (kind, &before) {
            (Some(kind), _) => kind,
            (None, Some(before)) => before.kind,
            // 003's way of registering: protocol and endpoint instead of a kind.
            (None, None) if protocol.is_some() && base_url.is_some() => Kind::Custom,
            (None, None) => {
                let missing = match (protocol, &base_url) {
                    (None, Some(_)) => "protocol",
                    (Some(_), None) => "base_url",
                    _ => "provider",
                };
                let message = "provider is required, or protocol and base_url in its place";
                return Err(Invalid::new(missing, message).into());
            }
        };
        let enabled = form.truth("enabled")?.given("enabled")?;
        let enabled = enabled.unwrap_or(stored.is_none_or(|(provider, _)| provider.enabled));
        Ok(Self {
            name: Name::parse_prefix("name", &name)?,
            settings: Settings { kind, protocol, auth_method, base_url, openai_api_mode, advanced },
            enabled,
            credential: Given::read(form, stored.map(|(provider, _)| provider))?,
            default_model: form.text("default_model")?,
        })
    }

    /// From `name` to `enabled`, in the order that INSERT and UPDATE have them.
    fn columns(&self) -> [Param; 9] {
        let settings = &self.settings;
        [
            self.name.as_str().into(),
            self.name.key().into(),
            settings.kind.as_str().into(),
            settings.protocol.map(Protocol::as_str).into(),
            settings.auth_method.map(AuthMethod::as_str).into(),
            settings.base_url.as_ref().map(BaseUrl::as_str).into(),
            settings.openai_api_mode.map(OpenAiApiMode::as_str).into(),
            settings.advanced.as_ref().map(Advanced::to_json).into(),
            self.enabled.into(),
        ]
    }
}

/// Registers a provider.
pub async fn register(call: &Call<'_>, mut form: Form, unknown: UnknownDefault) -> Result<Found, Refusal> {
    let change = Change::read(&mut form, None)?;
    let resolved = change.settings.resolve(call.world.deployment.private_upstreams)?;
    let default = match (&change.default_model, unknown) {
        (Patch::Set(_), UnknownDefault::Refused) => {
            return Err(no_such_model(
                "a new provider has no models yet: register them first, the first becomes its default",
            ));
        }
        (Patch::Set(name), UnknownDefault::Registered) => Some(name),
        (Patch::Keep | Patch::Clear, _) => None,
    };
    let project = call.project_for(&mut form).await?;
    let id = ProviderId::generate(call.world.rng)?;
    let credential = credential::store(call, &project, &id, resolved.auth_method, change.credential.as_ref()).await?;
    let own = [id.as_str().into(), project.as_str().into(), call.now.ms().into()];
    let mut statements =
        vec![providers::INSERT.with(own.into_iter().chain(change.columns()).chain(credential.columns()))];
    if let Some(name) = default {
        statements.extend(register_default(call, (&project, &id), name)?);
    }
    statements.push(call.audit(Some(&project), ("provider", id.as_str()), form.names())?);
    write_and_find(call, &id, None, statements).await
}

/// The statements that register a provider's default model; what is wrong with it is wrong with `default_model`.
fn register_default(
    call: &Call<'_>,
    provider: (&ProjectId, &ProviderId),
    name: &str,
) -> Result<Vec<Statement>, Refusal> {
    let form = Form::of(json!({"model": name, "is_default": true}), &MODEL)?;
    model::registration(call, provider, form).map(|(_, statements)| statements).map_err(|refusal| {
        let message = refusal.message.replacen("model", "default_model", 1);
        Refusal::new(refusal.reason, message).on("default_model")
    })
}

/// Writes, and reads the provider as the write left it.
async fn write_and_find(
    call: &Call<'_>,
    id: &ProviderId,
    precondition: Option<Statement>,
    statements: Vec<Statement>,
) -> Result<Found, Refusal> {
    let read = write_and_read(call.world.db, precondition, statements, providers::reads(id)).await.map_err(conflict)?;
    Ok((written(&read)?, read.get(1).map_or(Ok(Vec::new()), rows)?))
}

/// Changes a provider that was found, if it still is as it was found.
pub async fn change(
    call: &Call<'_>,
    (provider, models): &Found,
    mut form: Form,
    unknown: UnknownDefault,
) -> Result<Found, Refusal> {
    call.stays_in(&mut form, &provider.project_id)?;
    let stored = &provider.settings;
    let before = stored.read().or_else(|_| without_written(stored, &form).read())?;
    let change = Change::read(&mut form, Some((provider, &before)))?;
    // What the body leaves alone is checked at each call: a provider whose address the deployment no longer allows
    // can still be renamed and switched off.
    let addressed = form.names().iter().any(|name| ["provider", "base_url", "advanced_json"].contains(name));
    let private = if addressed { call.world.deployment.private_upstreams } else { PrivateUpstreams::Allowed };
    let resolved = change.settings.resolve(private)?;
    let own = [provider.id.as_str().into(), call.now.ms().into()];
    let mut statements = vec![providers::UPDATE.with(own.into_iter().chain(change.columns()))];

    let becomes_keyless =
        resolved.auth_method == AuthMethod::None && provider.credential_source != CredentialSource::Keyless;
    if change.credential.is_some() || becomes_keyless {
        let new = credential::store(
            call,
            &provider.project_id,
            &provider.id,
            resolved.auth_method,
            change.credential.as_ref(),
        )
        .await?;
        let own = [provider.id.as_str().into()];
        statements.push(providers::SET_CREDENTIAL.with(own.into_iter().chain(new.columns())));
    } else if before.resolved_auth_method() != Ok(resolved.auth_method)
        && provider.credential_source != CredentialSource::Unset
    {
        return Err(Invalid::new(
            "auth_method",
            format!(
                "changing the auth method to `{}` takes the new credential in the same request: the stored one was \
                 made for another method",
                resolved.auth_method.as_str()
            ),
        )
        .into());
    }
    statements.extend(choose_default(call, (provider, models), &change.default_model, unknown)?);
    statements.push(call.audit(Some(&provider.project_id), ("provider", provider.id.as_str()), form.names())?);
    write_and_find(call, &provider.id, Some(providers::unchanged(provider)), statements).await
}

/// What `default_model` asks for: a name makes that model the default, null unsets the one that is.
fn choose_default(
    call: &Call<'_>,
    (provider, models): (&ProviderRow, &[ModelRow]),
    chosen: &Patch<String>,
    unknown: UnknownDefault,
) -> Result<Vec<Statement>, Refusal> {
    let provider_id = || Param::from(provider.id.as_str());
    Ok(match chosen {
        Patch::Keep => Vec::new(),
        Patch::Clear => models.iter().find(|model| model.is_default).map_or(Vec::new(), |model| {
            let model_id = || Param::from(model.id.as_str());
            vec![models::UNSET_DEFAULT.with([model_id()]), models::PROMOTE.with([provider_id(), model_id()])]
        }),
        Patch::Set(name) => {
            let wanted = key(name);
            let Some(model) = models.iter().find(|model| key(&model.model) == wanted) else {
                if unknown == UnknownDefault::Registered {
                    return register_default(call, (&provider.project_id, &provider.id), name);
                }
                return Err(no_such_model(&format!(
                    "the provider has no model `{name}`: register it first, then make it the default"
                )));
            };
            vec![
                // A model that went meanwhile must not leave the provider without a default.
                models::unchanged(model),
                models::CLEAR_DEFAULT.with([provider_id()]),
                models::SET_DEFAULT.with([model.id.as_str().into()]),
            ]
        }
    })
}

fn no_such_model(message: &str) -> Refusal {
    Invalid::new("default_model", message).into()
}

/// What becomes of a provider's models when it goes.
enum Models {
    /// They go along (000, 002).
    Cascade,
    /// They stay, orphaned (003).
    Orphan,
    /// The provider stays while it has any.
    Refuse,
}

/// Removes a provider that was found, and with its models what `?models=` says.
pub async fn remove(call: &Call<'_>, provider: &ProviderRow) -> Result<(), Refusal> {
    let mode = match call.query("models").as_deref() {
        None | Some("cascade") => Models::Cascade,
        Some("orphan") => Models::Orphan,
        Some("refuse") => Models::Refuse,
        Some(_) => return Err(Invalid::new("models", "models must be one of cascade, orphan, refuse").into()),
    };
    let provider_id = || Param::from(provider.id.as_str());
    let mut statements = match mode {
        Models::Cascade => vec![models::DELETE_OF_PROVIDER.with([provider_id()])],
        Models::Orphan => vec![models::ORPHAN_OF_PROVIDER.with([provider_id(), call.now.ms().into()])],
        Models::Refuse => vec![providers::NO_DEPENDENTS.with([provider_id(), provider.project_id.as_str().into()])],
    };
    statements.push(providers::DELETE.with([provider_id()]));
    statements.push(call.audit(Some(&provider.project_id), ("provider", provider.id.as_str()), &[])?);
    match (write_if(call.world.db, providers::unchanged(provider), statements).await, mode) {
        (Ok(_), _) => Ok(()),
        (Err(StoreError::Precondition), Models::Refuse) => {
            let dependents = providers::dependents(call.world.db, provider).await?;
            if dependents.as_ref().is_none_or(|counted| counted.models == 0 && counted.user_keys == 0) {
                return Err(StoreError::Precondition.into());
            }
            let message = "the provider still has models or users' keys: delete it with ?models=cascade to take them \
                           along, or ?models=orphan to keep the models";
            Err(Refusal::new(Reason::ProviderInUse, message).with_details(json!(dependents)))
        }
        (Err(other), _) => Err(other.into()),
    }
}

/// The settings without the columns that the body writes anew: that is how a row that cannot be read is mended.
fn without_written(stored: &SettingsRow, form: &Form) -> SettingsRow {
    let mut row = stored.clone();
    if form.has("provider") && Kind::parse(&row.kind).is_none() {
        row.kind = Kind::Custom.as_str().to_owned();
    }
    for (field, column) in [
        ("protocol", &mut row.protocol),
        ("auth_method", &mut row.auth_method),
        ("base_url", &mut row.base_url),
        ("openai_api_mode", &mut row.openai_api_mode),
    ] {
        if form.has(field) {
            *column = None;
        }
    }
    if form.has("advanced_json") {
        row.advanced = None;
    }
    row
}
