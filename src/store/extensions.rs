//! Extensions, and the code that they run.

use super::{StoreError, json_column, json_list, page, query, query_one, statements};
use crate::domain::extension::{Hook, OnError, Scope};
use crate::domain::ids::{ExtensionId, ProjectId};
use crate::ports::{Db, Param, Statement};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The columns of an extension as one document, without its code.
macro_rules! document {
    () => {
        concat!("json_object('id', e.id, 'project_id', e.project_id, 'name', e.name, 'order', e.position,
         'enabled', e.enabled, 'on_error', e.on_error, 'time_limit_ms', e.time_limit_ms,
         'config', ", json_column!("e.config_json"), ", 'hooks', ", json_list!("e.hooks_json"), ",
         'scope', json_object('provider_ids', ", json_list!("e.providers_json"), ",
                              'token_ids', ", json_list!("e.tokens_json"), "),
         'bundled', e.bundled, 'module_sha256', e.module_sha256, 'module_bytes', e.module_bytes,
         'code_sha256', e.code_sha256, 'described', ", json_column!("e.described_json"), ",
         'failures', (SELECT json_object('since', f.since, 'failures', f.failures, 'code', f.code, 'message', f.message)
                      FROM extension_failures f WHERE f.extension_id = e.id),
         'version', e.version, 'created_at', e.created_at, 'updated_at', e.updated_at)")
    };
}

/// What an isolate needs to run one, as text: only JavaScript reads it.
macro_rules! run {
    () => {
        concat!("json_object('id', e.id, 'name', e.name, 'version', e.version, 'on_error', e.on_error,
         'time_limit_ms', e.time_limit_ms, 'hooks', ", json_list!("e.hooks_json"), ", 'bundled', e.bundled,
         'code', e.code_sha256, 'config', ", json_column!("e.config_json"), ") || ''")
    };
}

/// Those that calls go through, in their order, as calls see them.
macro_rules! of_calls {
    ($project:expr) => {
        concat!("SELECT json_object('id', e.id, 'name', e.name, 'on_error', e.on_error, 'hooks', ", json_list!("e.hooks_json"), ",
            'scope', json_object('provider_ids', ", json_list!("e.providers_json"), ",
                                 'token_ids', ", json_list!("e.tokens_json"), "),
            'run', ", $crate::store::extensions::run!(), ") AS document
        FROM extensions e WHERE e.project_id = ", $project, " AND e.enabled = 1")
    };
}
pub(super) use {of_calls, run};

statements! { "extensions";
    /// One.
    FIND OnDemand = concat!("SELECT ", document!(), " FROM extensions e WHERE e.id = ?1");
    /// A page of a project's, oldest first.
    LIST OnDemand = concat!("SELECT ", document!(), " FROM extensions e
        WHERE e.project_id = ?1 AND (e.created_at, e.id) > (?2, ?3) ORDER BY e.created_at, e.id LIMIT ?4");
    /// A new one.
    INSERT OnDemand = "INSERT INTO extensions (id, project_id, created_at, updated_at, name, name_key, position, enabled,
        on_error, time_limit_ms, config_json, hooks_json, providers_json, tokens_json, bundled, module_sha256,
        module_bytes, code_sha256, described_json)
        VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";
    /// Another state.
    UPDATE OnDemand = "UPDATE extensions SET updated_at = ?2, name = ?3, name_key = ?4, position = ?5, enabled = ?6,
        on_error = ?7, time_limit_ms = ?8, config_json = ?9, hooks_json = ?10, providers_json = ?11, tokens_json = ?12,
        bundled = ?13, module_sha256 = ?14, module_bytes = ?15, code_sha256 = ?16, described_json = ?17,
        version = version + 1 WHERE id = ?1";
    /// Gone.
    DELETE OnDemand = "DELETE FROM extensions WHERE id = ?1";
    /// Holds where the row is as it was read.
    UNCHANGED OnDemand = "INSERT INTO preconditions (holds)
        SELECT count(*) FROM extensions WHERE id = ?1 AND version = ?2";
    /// A part of some code, whose time begins anew where it was there.
    KEEP_PART OnDemand = "INSERT INTO extension_modules (sha256, part, created_at, data) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (sha256, part) DO UPDATE SET created_at = excluded.created_at, data = excluded.data";
    /// Code that nothing has run since ?1: what other isolates still know of is younger.
    DROP_UNUSED OnDemand = "DELETE FROM extension_modules WHERE created_at < ?1
        AND sha256 NOT IN (SELECT code_sha256 FROM extensions WHERE code_sha256 IS NOT NULL)";
    /// The parts of some code, base64.
    CODE PerCall = "SELECT json_quote(data) AS part FROM extension_modules WHERE sha256 = ?1 ORDER BY part";
    /// It has failed often enough to be told of.
    FAILS PerCall = "INSERT INTO extension_failures (extension_id, since, failures, code, message)
        SELECT id, ?2, ?3, ?4, ?5 FROM extensions WHERE id = ?1
        ON CONFLICT (extension_id) DO UPDATE SET failures = excluded.failures, code = excluded.code, message = excluded.message";
    /// It has succeeded again, or is another one now.
    RECOVERS PerCall = "DELETE FROM extension_failures WHERE extension_id = ?1";
    /// The ids of ?2 and ?3 that are no provider and no token of the project.
    STRANGERS OnDemand = "SELECT json_quote(value) FROM json_each(?2)
        WHERE value NOT IN (SELECT id FROM providers WHERE project_id = ?1)
        UNION ALL SELECT json_quote(value) FROM json_each(?3)
        WHERE value NOT IN (SELECT id FROM tokens WHERE project_id = ?1)";
}

/// A stored extension.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "each is the column of its name; the migration explains them")]
pub struct ExtensionRow {
    pub id: ExtensionId,
    pub project_id: ProjectId,
    pub name: String,
    pub order: i64,
    #[serde(deserialize_with = "super::truth")]
    pub enabled: bool,
    pub on_error: OnError,
    pub time_limit_ms: i64,
    pub config: Value,
    pub hooks: Vec<Hook>,
    pub scope: Scope,
    pub bundled: Option<String>,
    pub module_sha256: String,
    pub module_bytes: u64,
    pub code_sha256: Option<String>,
    pub described: Value,
    /// Where it fails, and has failed since.
    pub failures: Option<Failures>,
    pub version: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

/// How an extension fails.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Failures {
    /// Milliseconds.
    pub since: i64,
    /// In a row, in the isolate that told of it.
    pub failures: i64,
    /// The latest one's code.
    pub code: String,
    /// The latest one's words.
    pub message: String,
}

/// An extension as calls need it.
#[derive(Debug, Clone, Deserialize)]
pub struct SnapshotExtension {
    /// Its id.
    pub id: ExtensionId,
    /// Its name.
    pub name: String,
    /// What becomes of a call if it fails.
    pub on_error: OnError,
    /// Where it runs.
    pub hooks: Vec<Hook>,
    /// Which calls go through it.
    pub scope: Scope,
    /// What its isolate needs to know, JSON.
    pub run: String,
}

/// Finds an extension.
pub async fn find(db: &dyn Db, id: &ExtensionId) -> Result<Option<ExtensionRow>, StoreError> {
    query_one(db, FIND.with([id.as_str().into()])).await
}

/// A page of a project's extensions after a position.
pub async fn list(
    db: &dyn Db,
    project: &ProjectId,
    after: (i64, &str),
    limit: i64,
) -> Result<Vec<ExtensionRow>, StoreError> {
    query(db, LIST.with(page(project.as_str(), after, limit))).await
}

/// The id in a scope that is neither a provider nor a token of the project, if there is one.
pub async fn stranger(db: &dyn Db, project: &ProjectId, scope: &Scope) -> Result<Option<String>, StoreError> {
    if scope == &Scope::default() {
        return Ok(None);
    }
    let list = |ids: &[&str]| Param::Text(crate::json::json!(ids).to_string());
    let providers: Vec<&str> = scope.provider_ids.iter().map(|id| id.as_str()).collect();
    let tokens: Vec<&str> = scope.token_ids.iter().map(|id| id.as_str()).collect();
    query_one(db, STRANGERS.with([project.as_str().into(), list(&providers), list(&tokens)])).await
}

/// Holds where the row is as it was read.
pub fn unchanged(row: &ExtensionRow) -> Statement {
    UNCHANGED.with([row.id.as_str().into(), row.version.into()])
}

/// The most characters of code in a row.
const PART: usize = 1_000_000;

/// How long code that nothing runs any more is kept for isolates that do not know that yet.
const KEPT_MS: i64 = 3_600_000;

/// Keeps code, which is base64, under its hash.
pub fn keep_code(sha256: &str, code: &str, now: i64) -> Vec<Statement> {
    let parts = code.as_bytes().chunks(PART);
    let part = |(number, part): (i64, &[u8])| {
        KEEP_PART.with([sha256.into(), number.into(), now.into(), String::from_utf8_lossy(part).into_owned().into()])
    };
    (0..).zip(parts).map(part).collect()
}

/// Drops code that nothing runs any more.
pub fn drop_unused(now: i64) -> Statement {
    DROP_UNUSED.with([(now - KEPT_MS).into()])
}
