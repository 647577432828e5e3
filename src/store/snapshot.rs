//! Everything that calls of one project need, in one round trip.

use super::extensions::{SnapshotExtension, of_calls};
use super::models::{PricesRow, prices};
use super::providers::{SettingsRow, settings};
use super::tokens::{self, TokenRow};
use super::user_keys::{self, SnapshotUserKey};
use super::{StoreError, each, json_column, json_list, statements};
use crate::access::TokenHash;
use crate::domain::ids::{ModelId, ProjectId, ProviderId, SecretId};
use crate::domain::provider::CredentialSource;
use crate::ports::{Db, Outcome, Param};
use crate::seal::Sealed;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The project of the token whose hash is ?1; or, for root, the one that ?2 names by id or lower-cased name.
macro_rules! project {
    () => {
        "coalesce((SELECT project_id FROM tokens WHERE hash = ?1), (SELECT id FROM projects WHERE id = ?2),
                  (SELECT id FROM projects WHERE name_key = ?2))"
    };
}

/// Nothing, where ?3 is the revision that the isolate already has.
macro_rules! if_changed {
    () => {
        concat!("(SELECT id FROM projects WHERE id = ", project!(), " AND revision <> ?3)")
    };
}

statements! { "snapshot";
    /// The project and its revision.
    PROJECT PerCall = concat!("SELECT json_object('id', id, 'revision', revision) FROM projects WHERE id = ", project!());
    /// Its providers, with their sealed credentials.
    PROVIDERS PerCall = concat!("SELECT json_object('id', p.id, 'name', p.name, 'settings', ", settings!(), ",
            'credential_source', p.credential_source, 'credential', p.credential, 'secret_id', p.secret_id,
            'secret_value', s.value, 'enabled', p.enabled)
        FROM providers p LEFT JOIN secrets s ON s.id = p.secret_id
        WHERE p.project_id = ", if_changed!(), " ORDER BY p.created_at, p.id");
    /// Its models, 64 a document: few rows to cross the border, none near D1's 2 MB a value. And, as a document that is
    /// an object, each extension that calls go through: a statement of their own would be paid by who has none.
    MODELS PerCall = concat!("SELECT json_group_array(json_object('id', m.id, 'provider_id', m.provider_id,
            'model', m.model, 'name', m.name, 'priority', m.priority, 'is_default', m.is_default,
            'enabled', m.enabled, 'when', ", json_column!("m.when_json"), ", 'weight', min(m.weight, 1000000.0),
            'fallbacks', CASE WHEN m.fallbacks_json <> '[]' THEN ", json_list!("m.fallbacks_json"), " END,
            'advanced', ", json_column!("m.advanced_json"), ", 'prices', ", prices!(), ", 'created_at', m.created_at))
        FROM models m WHERE m.project_id = ", if_changed!(), " GROUP BY m.rowid >> 6
        UNION ALL SELECT document FROM (", of_calls!(if_changed!()), " ORDER BY e.position, e.created_at, e.id)");
}

/// A provider as calls need it.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "each is the column of its name; the migration explains them")]
pub struct SnapshotProvider {
    pub id: ProviderId,
    pub name: String,
    pub settings: SettingsRow,
    pub credential_source: CredentialSource,
    pub credential: Option<Sealed>,
    pub secret_id: Option<SecretId>,
    pub secret_value: Option<Sealed>,
    #[serde(deserialize_with = "super::truth")]
    pub enabled: bool,
}

/// A model as calls need it.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "each is the column of its name; the migration explains them")]
pub struct SnapshotModel {
    pub id: ModelId,
    pub provider_id: Option<ProviderId>,
    pub model: String,
    pub name: Option<String>,
    pub priority: i64,
    #[serde(deserialize_with = "super::truth")]
    pub is_default: bool,
    #[serde(deserialize_with = "super::truth")]
    pub enabled: bool,
    /// As it was stored: read at the first call that asks.
    pub when: Option<Value>,
    pub weight: f64,
    /// None where there are none.
    pub fallbacks: Option<Value>,
    pub advanced: Option<Value>,
    pub prices: PricesRow,
    pub created_at: i64,
}

/// Who a call comes from, as far as the database is concerned.
#[derive(Debug, Clone, Copy)]
pub enum Caller<'a> {
    /// A stored token.
    Token(&'a TokenHash),
    /// Root, for a project by id or lower-cased name.
    Root(&'a str),
}

/// What one round trip brought.
#[derive(Debug, Clone)]
pub struct Read {
    /// The token's record; none for root, or where the hash is not known.
    pub token: Option<TokenRow>,
    /// Its user's own keys.
    pub own_keys: Vec<SnapshotUserKey>,
    /// The project and its revision; none where there is no such project.
    pub project: Option<(ProjectId, i64)>,
    /// Its rows; none where the isolate's revision is current.
    pub rows: Option<ProjectRows>,
}

/// A project's providers, its models, and the extensions that its calls go through, in their order.
pub type ProjectRows = (Vec<SnapshotProvider>, Vec<SnapshotModel>, Vec<SnapshotExtension>);

/// Reads what a call needs; the project's rows only if its revision is not `known`.
pub async fn read(db: &dyn Db, caller: Caller<'_>, known: Option<i64>) -> Result<Read, StoreError> {
    documents(db, caller, known).await?.read(known)
}

/// What one round trip brought, as it came: what may be copied, because credentials are still sealed in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Documents {
    token: Vec<String>,
    own_keys: Vec<String>,
    project: Vec<String>,
    /// Empty where the isolate's revision is current.
    #[serde(skip)]
    rows: Rows,
}

/// A project's providers, models and extensions, as they came.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Rows {
    providers: Vec<String>,
    models: Vec<String>,
    #[serde(default)]
    extensions: Vec<String>,
}

/// The same as [`read`], unread.
pub async fn documents(db: &dyn Db, caller: Caller<'_>, known: Option<i64>) -> Result<Documents, StoreError> {
    let (hash, name) = match caller {
        Caller::Token(hash) => (Param::Text(hash.hex()), Param::Null),
        Caller::Root(name) => (Param::Null, Param::from(name)),
    };
    let with_known = || [hash.clone(), name.clone(), known.unwrap_or(NO_REVISION).into()];
    let outcomes = db
        .batch(vec![
            tokens::BY_HASH.with([hash.clone()]),
            user_keys::OF_CALLER.with([hash.clone()]),
            PROJECT.with([hash.clone(), name.clone()]),
            PROVIDERS.with(with_known()),
            MODELS.with(with_known()),
        ])
        .await?;
    let Ok([token, own_keys, project, providers, models]) = <[Outcome; 5]>::try_from(outcomes) else {
        return Err(StoreError::Away("the database answered a batch in part".into()));
    };
    let (models, extensions) = models.rows.into_iter().partition(|document| document.starts_with('['));
    let rows = Rows { providers: providers.rows, models, extensions };
    Ok(Documents { token: token.rows, own_keys: own_keys.rows, project: project.rows, rows })
}

/// Revisions count from 1.
const NO_REVISION: i64 = 0;

impl Documents {
    /// Reads them. `known` is what they were asked for with: where the project's revision is that one, there are no rows.
    pub fn read(&self, known: Option<i64>) -> Result<Read, StoreError> {
        #[derive(Deserialize)]
        struct Project {
            id: ProjectId,
            revision: i64,
        }
        let project = each::<Project>(&self.project)?.into_iter().next().map(|project| (project.id, project.revision));
        let rows_changed = project.as_ref().is_some_and(|(_, revision)| Some(*revision) != known);
        Ok(Read {
            token: each(&self.token)?.into_iter().next(),
            own_keys: each(&self.own_keys)?,
            project,
            rows: if rows_changed { Some(self.rows.read()?) } else { None },
        })
    }

    /// The project's rows.
    pub const fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The same with the project's rows from elsewhere.
    #[must_use]
    pub fn with_rows(self, rows: Rows) -> Self {
        Self { rows, ..self }
    }
}

impl Rows {
    fn read(&self) -> Result<ProjectRows, StoreError> {
        let models = each::<Vec<SnapshotModel>>(&self.models)?.into_iter().flatten().collect();
        Ok((each(&self.providers)?, models, SnapshotExtension::read(&self.extensions)?))
    }
}
