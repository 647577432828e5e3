//! Models, and which of a provider's is the default.

use super::providers::Show;
use super::{StoreError, WHOLE, json_column, json_list, page, query, query_one, rows, statements, write_and_read};
use crate::domain::ids::{ModelId, ProjectId, ProviderId};
use crate::domain::money::{Multiplier, Price, Prices};
use crate::ports::{Db, Statement};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a model's tokens cost, as one document; `m` is the model.
macro_rules! prices {
    () => {
        "json_object('input', m.price_input, 'output', m.price_output, 'cache_write', m.price_cache_write,
         'cache_read', m.price_cache_read, 'multiplier', m.multiplier)"
    };
}
pub(crate) use prices;

/// The columns of a model as one document; `m` is the model, `o` its provider. In two calls, because D1 takes 32
/// arguments a function where SQLite takes 127.
macro_rules! document {
    () => {
        concat!("json_insert(json_object('id', m.id, 'project_id', m.project_id, 'provider_id', m.provider_id, 'provider_name', o.name,
         'model', m.model, 'name', m.name, 'priority', m.priority, 'is_default', m.is_default, 'enabled', m.enabled,
         'tags', ", json_list!("m.tags_json"), ", 'when', ", json_column!("m.when_json"), ", 'weight', m.weight,
         'fallbacks', ", json_list!("m.fallbacks_json"), "),
         '$.advanced', ", json_column!("m.advanced_json"), ", '$.prices', ", $crate::store::models::prices!(), ", '$.capabilities', ", json_column!("m.capabilities_json"), ",
         '$.version', m.version, '$.created_at', m.created_at, '$.updated_at', m.updated_at)")
    };
}
pub(crate) use document;

statements! { "models";
    /// One.
    FIND OnDemand = concat!("SELECT ", document!(), " FROM models m
        LEFT JOIN providers o ON o.id = m.provider_id WHERE m.id = ?1");
    /// All of a provider's, oldest first.
    OF_PROVIDER OnDemand = concat!("SELECT ", document!(), " FROM models m
        LEFT JOIN providers o ON o.id = m.provider_id WHERE m.provider_id = ?1 ORDER BY m.created_at, m.id");
    /// A page of a provider's; ?5: enabled ones only.
    LIST_OF_PROVIDER OnDemand = concat!("SELECT ", document!(), " FROM models m
        LEFT JOIN providers o ON o.id = m.provider_id
        WHERE m.provider_id = ?1 AND (m.created_at, m.id) > (?2, ?3) AND (NOT ?5 OR m.enabled)
        ORDER BY m.created_at, m.id LIMIT ?4");
    /// A page of what can be selected in a project: enabled, of an enabled provider. ?5: this provider's name, lower
    /// case; ?6: with this tag.
    LIST_SELECTABLE OnDemand = concat!("SELECT ", document!(), " FROM models m
        JOIN providers o ON o.id = m.provider_id
        WHERE m.project_id = ?1 AND m.enabled AND o.enabled AND (m.created_at, m.id) > (?2, ?3)
          AND (?5 IS NULL OR o.name_key = ?5 OR o.id = ?5)
          AND (?6 IS NULL OR EXISTS (SELECT 1 FROM json_each(CASE WHEN json_valid(m.tags_json) THEN m.tags_json END) WHERE value = ?6))
        ORDER BY m.created_at, m.id LIMIT ?4");
    /// A page of a project's models without a provider.
    LIST_ORPHANED OnDemand = concat!("SELECT ", document!(), " FROM models m
        LEFT JOIN providers o ON o.id = m.provider_id
        WHERE m.project_id = ?1 AND m.provider_id IS NULL AND (m.created_at, m.id) > (?2, ?3)
        ORDER BY m.created_at, m.id LIMIT ?4");
    /// A new one. ?4: the default if this says so, or if it is the provider's first. From ?6 on: the columns.
    INSERT OnDemand = "INSERT INTO models (id, project_id, created_at, updated_at, is_default, provider_id,
        model, model_key, name, name_key, priority, enabled, tags_json, when_json, weight, fallbacks_json,
        advanced_json, multiplier, price_input, price_output, price_cache_write, price_cache_read)
        VALUES (?1, ?2, ?3, ?3, ?4 OR NOT EXISTS (SELECT 1 FROM models WHERE provider_id = ?5), ?5,
        ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)";
    /// What an upstream lists: ?1 an array of id, model, key and capabilities; ?2 project, ?3 provider, ?4 now. What is
    /// there already stays as it is.
    IMPORT OnDemand = "INSERT INTO models (id, project_id, created_at, updated_at, provider_id, model, model_key,
        capabilities_json)
        SELECT value ->> 'id', ?2, ?4, ?4, ?3, value ->> 'model', value ->> 'key', value ->> 'capabilities'
        FROM json_each(?1) WHERE true ON CONFLICT (provider_id, model_key) DO NOTHING";
    /// How many of ?1, as above, were imported: D1 counts what triggers change among a statement's changes.
    COUNT_IMPORTED OnDemand = "SELECT json_object('imported', count(*))
        FROM json_each(?1) JOIN models ON models.id = value ->> 'id'";
    /// What was discovered of those that are there: ?1 as above, ?2 provider. Nothing that an operator writes.
    DISCOVER OnDemand = "UPDATE models SET capabilities_json = found.capabilities
        FROM (SELECT value ->> 'key' AS model_key, value ->> 'capabilities' AS capabilities FROM json_each(?1)) AS found
        WHERE models.provider_id = ?2 AND models.model_key = found.model_key
          AND found.capabilities IS NOT NULL AND models.capabilities_json IS NOT found.capabilities";
    /// Everything but `is_default`. From ?4 on: the columns, in the order of INSERT.
    UPDATE OnDemand = "UPDATE models SET updated_at = ?2, provider_id = ?3, model = ?4, model_key = ?5, name = ?6,
        name_key = ?7, priority = ?8, enabled = ?9, tags_json = ?10, when_json = ?11, weight = ?12,
        fallbacks_json = ?13, advanced_json = ?14, multiplier = ?15, price_input = ?16, price_output = ?17,
        price_cache_write = ?18, price_cache_read = ?19, version = version + 1 WHERE id = ?1";
    /// No default for a moment: another one follows in the same batch.
    CLEAR_DEFAULT OnDemand = "UPDATE models SET is_default = 0 WHERE provider_id = ?1 AND is_default = 1";
    /// This one is not the default.
    UNSET_DEFAULT OnDemand = "UPDATE models SET is_default = 0 WHERE id = ?1";
    /// This one is the default.
    SET_DEFAULT OnDemand = "UPDATE models SET is_default = 1 WHERE id = ?1";
    /// Where a provider has no default, its best: by priority, then age. ?2 comes last: it was just unset.
    PROMOTE OnDemand = "UPDATE models SET is_default = 1 WHERE id = (
            SELECT id FROM models WHERE provider_id = ?1 ORDER BY id = ?2, priority DESC, created_at, id LIMIT 1)
        AND NOT EXISTS (SELECT 1 FROM models WHERE provider_id = ?1 AND is_default = 1)";
    /// Gone.
    DELETE OnDemand = "DELETE FROM models WHERE id = ?1";
    /// A provider's, all of them.
    DELETE_OF_PROVIDER OnDemand = "DELETE FROM models WHERE provider_id = ?1";
    /// A provider's lose it.
    ORPHAN_OF_PROVIDER OnDemand = "UPDATE models SET provider_id = NULL, is_default = 0, updated_at = ?2,
        version = version + 1 WHERE provider_id = ?1";
    /// Holds where the row is as it was read.
    UNCHANGED OnDemand = "INSERT INTO preconditions (holds)
        SELECT count(*) FROM models WHERE id = ?1 AND version = ?2";
}

/// What a model's tokens cost, as it is stored.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct PricesRow {
    input: Option<i64>,
    output: Option<i64>,
    cache_write: Option<i64>,
    cache_read: Option<i64>,
    multiplier: i64,
}

impl PricesRow {
    /// Its prices.
    pub fn prices(&self) -> Prices {
        Prices {
            input: self.input.map(Price::from_stored),
            output: self.output.map(Price::from_stored),
            cache_write: self.cache_write.map(Price::from_stored),
            cache_read: self.cache_read.map(Price::from_stored),
        }
    }

    /// What its cost is scaled by.
    pub fn multiplier(&self) -> Multiplier {
        Multiplier::from_stored(self.multiplier)
    }
}

/// A stored model.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "each is the column of its name; the migration explains them")]
pub struct ModelRow {
    pub id: ModelId,
    pub project_id: ProjectId,
    pub provider_id: Option<ProviderId>,
    pub provider_name: Option<String>,
    pub model: String,
    pub name: Option<String>,
    pub priority: i64,
    #[serde(deserialize_with = "super::truth")]
    pub is_default: bool,
    #[serde(deserialize_with = "super::truth")]
    pub enabled: bool,
    pub tags: Vec<String>,
    pub when: Option<Value>,
    pub weight: f64,
    pub fallbacks: Vec<String>,
    pub advanced: Option<Value>,
    pub prices: PricesRow,
    pub capabilities: Option<Value>,
    pub version: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

/// Finds a model.
pub async fn find(db: &dyn Db, id: &ModelId) -> Result<Option<ModelRow>, StoreError> {
    query_one(db, FIND.with([id.as_str().into()])).await
}

/// A page of a provider's models after a position.
pub async fn list_of_provider(
    db: &dyn Db,
    provider: &ProviderId,
    after: (i64, &str),
    limit: i64,
    show: Show,
) -> Result<Vec<ModelRow>, StoreError> {
    let params = page(provider.as_str(), after, limit).chain([(show == Show::Enabled).into()]);
    query(db, LIST_OF_PROVIDER.with(params)).await
}

/// Which selectable models a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// A provider's lower-cased name, or its id.
    pub provider: Option<&'a str>,
    /// A tag.
    pub tag: Option<&'a str>,
}

/// A page of a project's selectable models after a position.
pub async fn list_selectable(
    db: &dyn Db,
    project: &ProjectId,
    after: (i64, &str),
    limit: i64,
    filter: Filter<'_>,
) -> Result<Vec<ModelRow>, StoreError> {
    let params = page(project.as_str(), after, limit).chain([filter.provider.into(), filter.tag.into()]);
    query(db, LIST_SELECTABLE.with(params)).await
}

/// A page of a project's models whose provider was deleted.
pub async fn list_orphaned(
    db: &dyn Db,
    project: &ProjectId,
    after: (i64, &str),
    limit: i64,
) -> Result<Vec<ModelRow>, StoreError> {
    query(db, LIST_ORPHANED.with(page(project.as_str(), after, limit))).await
}

/// All that can be selected in a project.
pub async fn all_selectable(db: &dyn Db, project: &ProjectId) -> Result<Vec<ModelRow>, StoreError> {
    list_selectable(db, project, WHOLE.0, WHOLE.1, Filter::default()).await
}

/// A model as it is imported.
#[derive(Debug, Serialize)]
pub struct Imported<'a> {
    /// Its id, if it is new.
    pub id: ModelId,
    /// The upstream's name.
    pub model: &'a str,
    /// What the name is compared by.
    pub key: String,
    /// What the upstream says of it, if anything.
    pub capabilities: Option<&'a Map<String, Value>>,
}

/// Models in one statement: a document far from the 2 MB that D1 takes.
const GROUP: usize = 500;

/// Registers what is not there yet, together with `more`, and says how many those are.
pub async fn import(
    db: &dyn Db,
    (project, provider): (&ProjectId, &ProviderId),
    models: &[Imported<'_>],
    now: i64,
    more: Vec<Statement>,
) -> Result<usize, StoreError> {
    #[derive(Deserialize)]
    struct Count {
        imported: usize,
    }
    let groups = models
        .chunks(GROUP)
        .map(|group| serde_json::to_string(group).map_err(|error| StoreError::Corrupt(format!("models: {error}"))));
    let (mut statements, mut counts) = (Vec::new(), Vec::new());
    for group in groups.collect::<Result<Vec<_>, _>>()? {
        let place = [project.as_str().into(), provider.as_str().into(), now.into()];
        statements.push(DISCOVER.with([group.as_str().into(), provider.as_str().into()]));
        statements.push(IMPORT.with([group.as_str().into()].into_iter().chain(place)));
        counts.push(COUNT_IMPORTED.with([group.into()]));
    }
    statements.extend(more);
    let mut imported = 0;
    for outcome in write_and_read(db, None, statements, counts).await? {
        imported += rows::<Count>(&outcome)?.iter().map(|count| count.imported).sum::<usize>();
    }
    Ok(imported)
}

/// Demands that the row is as it was read.
pub fn unchanged(model: &ModelRow) -> Statement {
    UNCHANGED.with([model.id.as_str().into(), model.version.into()])
}
