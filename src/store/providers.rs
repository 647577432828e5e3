//! Providers and what goes with them.

use super::models::ModelRow;
use super::{StoreError, json_column, json_list, query_one, rows, statements};
use crate::domain::advanced::Advanced;
use crate::domain::base_url::BaseUrl;
use crate::domain::ids::{ProjectId, ProviderId, SecretId};
use crate::domain::kind::{AuthMethod, Kind, OpenAiApiMode};
use crate::domain::protocol::Protocol;
use crate::domain::provider::{CredentialSource, Settings};
use crate::ports::{Db, Param, Statement};
use crate::seal::{Place, Sealed};
use serde::Deserialize;
use serde_json::Value;

/// The settings of a provider as one document. D1 takes 32 arguments a function, so what belongs together nests.
macro_rules! settings {
    () => {
        concat!(
            "json_object('kind', p.kind, 'protocol', p.protocol, 'auth_method', p.auth_method, 'base_url', p.base_url,
             'openai_api_mode', p.openai_api_mode, 'advanced', ",
            $crate::store::json_column!("p.advanced_json"),
            ")"
        )
    };
}
pub(crate) use settings;

/// The columns of a provider as one document. The sealed credential stays where it is.
macro_rules! document {
    () => {
        concat!(
            "json_object('id', p.id, 'project_id', p.project_id, 'name', p.name, 'settings', ",
            settings!(),
            ", 'credential_source', p.credential_source,
             'hint', coalesce(p.credential_hint, (SELECT s.hint FROM secrets s WHERE s.id = p.secret_id)),
             'header_names', ",
            json_list!("p.header_names_json"),
            ", 'secret_id', p.secret_id, 'enabled', p.enabled,
             'version', p.version, 'created_at', p.created_at, 'updated_at', p.updated_at)"
        )
    };
}

/// A page of a project's providers: ?1 project, ?2 and ?3 the position before it, ?4 its length, ?5 enabled ones only.
macro_rules! page {
    ($columns:expr) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM providers p WHERE p.project_id = ?1 AND (p.created_at, p.id) > (?2, ?3) AND (NOT ?5 OR p.enabled)
              ORDER BY p.created_at, p.id LIMIT ?4"
        )
    };
}

statements! { "providers";
    /// One.
    FIND OnDemand = concat!("SELECT ", document!(), " FROM providers p WHERE p.id = ?1");
    /// A page, oldest first.
    LIST OnDemand = page!(document!());
    /// The models of the same page.
    MODELS_OF_LIST OnDemand = concat!("SELECT ", super::models::document!(), " FROM models m
        LEFT JOIN providers o ON o.id = m.provider_id
        WHERE m.provider_id IN (", page!("p.id"), ") ORDER BY m.created_at, m.id");
    /// A new one.
    INSERT OnDemand = "INSERT INTO providers (id, project_id, created_at, updated_at, name, name_key, kind, protocol,
        auth_method, base_url, openai_api_mode, advanced_json, enabled, credential_source, credential,
        credential_hint, header_names_json, secret_id)
        VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
    /// Everything but the credential.
    UPDATE OnDemand = "UPDATE providers SET updated_at = ?2, name = ?3, name_key = ?4, kind = ?5, protocol = ?6,
        auth_method = ?7, base_url = ?8, openai_api_mode = ?9, advanced_json = ?10, enabled = ?11,
        version = version + 1 WHERE id = ?1";
    /// The credential.
    SET_CREDENTIAL OnDemand = "UPDATE providers SET credential_source = ?2, credential = ?3, credential_hint = ?4,
        header_names_json = ?5, secret_id = ?6 WHERE id = ?1";
    /// Gone, its users' own keys with it.
    DELETE OnDemand = "DELETE FROM providers WHERE id = ?1";
    /// Holds where the row is as it was read.
    UNCHANGED OnDemand = "INSERT INTO preconditions (holds)
        SELECT count(*) FROM providers WHERE id = ?1 AND version = ?2";
    /// Holds where nothing hangs on it.
    NO_DEPENDENTS OnDemand = "INSERT INTO preconditions (holds)
        SELECT NOT EXISTS (SELECT 1 FROM models WHERE provider_id = ?1)
           AND NOT EXISTS (SELECT 1 FROM user_provider_keys WHERE project_id = ?2 AND provider_id = ?1)";
    /// What hangs on it.
    DEPENDENTS OnDemand = "SELECT json_object(
        'models', (SELECT count(*) FROM models WHERE provider_id = ?1),
        'user_keys', (SELECT count(*) FROM user_provider_keys WHERE project_id = ?2 AND provider_id = ?1),
        'names', json((SELECT json_group_array(model) FROM
            (SELECT model FROM models WHERE provider_id = ?1 ORDER BY created_at, id LIMIT 20))))";
}

/// A provider's settings as they are stored.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "each is the column of its name; the migration explains them")]
pub struct SettingsRow {
    pub kind: String,
    pub protocol: Option<String>,
    pub auth_method: Option<String>,
    pub base_url: Option<String>,
    pub openai_api_mode: Option<String>,
    pub advanced: Option<Value>,
}

impl SettingsRow {
    /// The settings as the domain reads them; the error names the column that cannot be read.
    pub fn read(&self) -> Result<Settings, StoreError> {
        fn word<T>(column: &str, text: &Option<String>, parse: fn(&str) -> Option<T>) -> Result<Option<T>, StoreError> {
            text.as_deref().map(|text| parse(text).ok_or_else(|| unreadable(column))).transpose()
        }
        let advanced =
            self.advanced.clone().map(|value| Advanced::parse(value).map_err(|_| unreadable("advanced_json")));
        Ok(Settings {
            kind: Kind::parse(&self.kind).ok_or_else(|| unreadable("kind"))?,
            protocol: word("protocol", &self.protocol, Protocol::parse)?,
            auth_method: word("auth_method", &self.auth_method, AuthMethod::parse)?,
            base_url: word("base_url", &self.base_url, |text| BaseUrl::parse(text).ok())?,
            openai_api_mode: word("openai_api_mode", &self.openai_api_mode, OpenAiApiMode::parse)?,
            advanced: advanced.transpose()?,
        })
    }
}

fn unreadable(column: &str) -> StoreError {
    StoreError::Corrupt(format!("providers.{column}"))
}

/// A stored provider, without its credential.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "each is the column of its name; the migration explains them")]
pub struct ProviderRow {
    pub id: ProviderId,
    pub project_id: ProjectId,
    pub name: String,
    pub settings: SettingsRow,
    pub credential_source: CredentialSource,
    pub hint: Option<String>,
    pub header_names: Vec<String>,
    pub secret_id: Option<SecretId>,
    #[serde(deserialize_with = "super::truth")]
    pub enabled: bool,
    pub version: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

/// The credential columns of a provider.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the column of its name; the migration explains them")]
pub struct StoredCredential {
    pub source: CredentialSource,
    pub sealed: Option<Sealed>,
    pub hint: Option<String>,
    pub header_names: Vec<String>,
    pub secret_id: Option<SecretId>,
}

impl StoredCredential {
    /// The columns in the order that INSERT and `SET_CREDENTIAL` have them.
    pub fn columns(&self) -> [Param; 5] {
        [
            self.source.as_str().into(),
            self.sealed.as_ref().map(Sealed::as_str).into(),
            self.hint.clone().into(),
            crate::json::json!(self.header_names).to_string().into(),
            self.secret_id.as_ref().map(SecretId::as_str).into(),
        ]
    }
}

/// Where a provider's own credential is sealed.
pub fn place<'a>(project: &'a ProjectId, id: &'a ProviderId) -> Place<'a> {
    Place { project: project.as_str(), table: "providers", column: "credential", row: id.as_str() }
}

/// Finds a provider and its models, in one round trip.
pub async fn find(db: &dyn Db, id: &ProviderId) -> Result<Option<(ProviderRow, Vec<ModelRow>)>, StoreError> {
    match db.batch(reads(id)).await?.as_slice() {
        [provider, models] => match rows(provider)?.into_iter().next() {
            Some(provider) => Ok(Some((provider, rows(models)?))),
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

/// The reads of a provider and its models.
pub fn reads(id: &ProviderId) -> Vec<Statement> {
    vec![FIND.with([id.as_str().into()]), super::models::OF_PROVIDER.with([id.as_str().into()])]
}

/// Which rows a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// All of them.
    All,
    /// Those that are switched on: what members see.
    Enabled,
}

/// A page of a project's providers after a position, with all their models, in one round trip.
pub async fn list(
    db: &dyn Db,
    project: &ProjectId,
    after: (i64, &str),
    limit: i64,
    show: Show,
) -> Result<(Vec<ProviderRow>, Vec<ModelRow>), StoreError> {
    let params = || super::page(project.as_str(), after, limit).chain([(show == Show::Enabled).into()]);
    match db.batch(vec![LIST.with(params()), MODELS_OF_LIST.with(params())]).await?.as_slice() {
        [providers, models] => Ok((rows(providers)?, rows(models)?)),
        _ => Ok((Vec::new(), Vec::new())),
    }
}

/// What hangs on a provider.
#[derive(Debug, Clone, Deserialize, serde::Serialize)]
pub struct Dependents {
    /// How many models.
    pub models: u64,
    /// How many users' own keys.
    pub user_keys: u64,
    /// The first 20 models' names.
    pub names: Vec<String>,
}

/// Counts what hangs on a provider.
pub async fn dependents(db: &dyn Db, provider: &ProviderRow) -> Result<Option<Dependents>, StoreError> {
    query_one(db, DEPENDENTS.with([provider.id.as_str().into(), provider.project_id.as_str().into()])).await
}

/// Demands that the row is as it was read.
pub fn unchanged(provider: &ProviderRow) -> Statement {
    UNCHANGED.with([provider.id.as_str().into(), provider.version.into()])
}
