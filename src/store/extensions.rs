//! Extensions, and the code that they run.
//!
//! What is shown of one is built by SQL as it is shown, and an update keeps by SQL what it does not name: nothing of a row
//! but the few things that decide something comes to be a field of Rust's.

use super::{StoreError, each, json_column, json_list, page, query, query_one, statements};
use crate::domain::ids::{ExtensionId, ProjectId};
use crate::ports::{Db, Statement};
use serde::Deserialize;
use serde_json::Value;

/// Milliseconds as times are shown.
macro_rules! shown_time {
    ($column:literal) => {
        concat!("strftime('%Y-%m-%dT%H:%M:%fZ', ", $column, " / 1000.0, 'unixepoch')")
    };
}

/// An extension, and what is shown of it.
macro_rules! document {
    () => {
        concat!(
            "json_object('id', e.id, 'project_id', e.project_id, 'version', e.version, 'created_at', e.created_at,
         'bundled', e.bundled, 'code', e.code_sha256, 'view', json_object(
         'id', e.id, 'project_id', e.project_id, 'name', e.name, 'order', e.position,
         'enabled', json(iif(e.enabled, 'true', 'false')), 'on_error', e.on_error, 'time_limit_ms', e.time_limit_ms,
         'config', ",
            json_column!("e.config_json"),
            ", 'hooks', ",
            json_list!("e.hooks_json"),
            ",
         'scope', json_object('provider_ids', ",
            json_list!("e.providers_json"),
            ",
                              'token_ids', ",
            json_list!("e.tokens_json"),
            "),
         'bundled', e.bundled, 'source', iif(e.bundled IS NULL, 'uploaded', 'bundled'),
         'module', json_object('name', e.described_json ->> 'name', 'version', e.described_json ->> 'version',
             'description', e.described_json ->> 'description',
             'hooks', json((SELECT json_group_array(value) FROM json_each(e.described_json, '$.hooks')
                       WHERE value IN ('request', 'response', 'event', 'settle'))),
             'sha256', e.module_sha256, 'bytes', e.module_bytes),
         'health', json((SELECT json_object('status', iif(f.since IS NULL, 'ok', 'failing'), 'since', ",
            shown_time!("f.since"),
            ",
                 'failures', coalesce(f.failures, 0), 'code', f.code, 'message', f.message)
             FROM (SELECT 1) LEFT JOIN extension_failures f ON f.extension_id = e.id)),
         'created_at', ",
            shown_time!("e.created_at"),
            ", 'updated_at', ",
            shown_time!("e.updated_at"),
            "))"
        )
    };
}

/// What an isolate needs to run one, as text: only JavaScript reads it.
macro_rules! run {
    () => {
        concat!(
            "json_object('id', e.id, 'name', e.name, 'version', e.version, 'on_error', e.on_error,
         'time_limit_ms', e.time_limit_ms, 'hooks', ",
            json_list!("e.hooks_json"),
            ", 'bundled', e.bundled,
         'code', e.code_sha256, 'config', ",
            json_column!("e.config_json"),
            ") || ''"
        )
    };
}

/// Those that calls go through, as calls see them.
macro_rules! of_calls {
    ($project:expr) => {
        concat!("SELECT json_object('name', e.name, 'ids', json((SELECT json_group_array(value) FROM (
                SELECT value FROM json_each(e.providers_json) UNION ALL SELECT value FROM json_each(e.tokens_json)))),
            'demanded', e.on_error = 'closed' AND EXISTS (SELECT 1 FROM json_each(e.hooks_json) WHERE value = 'request'),
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
    /// A new one; null is what holds where nothing is said. ?4 to ?18 are [`Change`]'s.
    INSERT OnDemand = "INSERT INTO extensions (id, project_id, created_at, updated_at, name, name_key, position, enabled,
        on_error, time_limit_ms, config_json, hooks_json, providers_json, tokens_json, bundled, module_sha256,
        module_bytes, code_sha256, described_json)
        VALUES (?1, ?2, ?3, ?3, ?4, ?5, coalesce(?6, 0), coalesce(?7, 1), coalesce(?8, 'closed'), coalesce(?9, 50),
            coalesce(?10, '{}'), ?11, coalesce(?12, '[]'), coalesce(?13, '[]'), ?14, ?15, ?16, ?17, ?18)";
    /// Another state: a null keeps what is there, and another module takes the place of the whole module.
    UPDATE OnDemand = "UPDATE extensions SET updated_at = ?3, name = coalesce(?4, name), name_key = coalesce(?5, name_key),
        position = coalesce(?6, position), enabled = coalesce(?7, enabled), on_error = coalesce(?8, on_error),
        time_limit_ms = coalesce(?9, time_limit_ms), config_json = coalesce(?10, config_json),
        hooks_json = coalesce(?11, hooks_json), providers_json = coalesce(?12, providers_json),
        tokens_json = coalesce(?13, tokens_json),
        bundled = CASE WHEN ?15 IS NULL THEN bundled ELSE ?14 END, module_sha256 = coalesce(?15, module_sha256),
        module_bytes = coalesce(?16, module_bytes),
        code_sha256 = CASE WHEN ?15 IS NULL THEN code_sha256 ELSE ?17 END,
        described_json = coalesce(?18, described_json), version = version + 1 WHERE id = ?1 AND project_id = ?2";
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
    /// Those of ?1, a JSON array, that have failed often enough to be told of.
    FAIL PerCall = "INSERT INTO extension_failures (extension_id, since, failures, code, message)
        SELECT e.id, value ->> 'since', value ->> 'failures', value ->> 'code', value ->> 'message'
        FROM json_each(?1) JOIN extensions e ON e.id = value ->> 'id' WHERE value ->> 'failures' > 0
        ON CONFLICT (extension_id) DO UPDATE SET failures = excluded.failures, code = excluded.code, message = excluded.message";
    /// Those of ?1 that have succeeded again.
    RECOVER PerCall = "DELETE FROM extension_failures WHERE extension_id IN (
        SELECT value ->> 'id' FROM json_each(?1) WHERE value ->> 'failures' = 0)";
    /// It is another one now.
    FORGET_FAILURES OnDemand = "DELETE FROM extension_failures WHERE extension_id = ?1";
    /// The ids of ?2 and ?3 that are no provider and no token of the project.
    STRANGERS OnDemand = "SELECT json_quote(value) FROM json_each(?2)
        WHERE value NOT IN (SELECT id FROM providers WHERE project_id = ?1)
        UNION ALL SELECT json_quote(value) FROM json_each(?3)
        WHERE value NOT IN (SELECT id FROM tokens WHERE project_id = ?1)";
}

/// A stored extension: what is shown of it, and the few things beside that decide something. Read as JSON, because a
/// reader of its own would be a hundredth of the Worker.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct ExtensionRow(Value);

impl ExtensionRow {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    fn number(&self, name: &str) -> i64 {
        self.0.get(name).and_then(Value::as_i64).unwrap_or_default()
    }

    /// Its id.
    pub fn id(&self) -> &str {
        self.text("id").unwrap_or_default()
    }

    /// Its project.
    pub fn project(&self) -> Option<ProjectId> {
        ProjectId::parse(self.text("project_id")?)
    }

    /// Milliseconds.
    pub fn created_at(&self) -> i64 {
        self.number("created_at")
    }

    /// The name of its module, where that was built in.
    pub fn bundled(&self) -> Option<&str> {
        self.text("bundled")
    }

    /// The hash of its code, where that is stored.
    pub fn code(&self) -> Option<&str> {
        self.text("code")
    }

    /// What is shown of it.
    pub fn view(&self) -> &Value {
        self.0.get("view").unwrap_or(&Value::Null)
    }

    /// Holds where the row is as it was read.
    pub fn unchanged(&self) -> Statement {
        UNCHANGED.with([self.id().into(), self.number("version").into()])
    }
}

/// An extension as calls need it.
#[derive(Debug, Clone)]
pub struct SnapshotExtension {
    /// Its name.
    pub name: String,
    /// The providers and the tokens whose calls go through it: none of a kind is all of that kind.
    pub ids: Vec<String>,
    /// Whether no request may go around it: it sees requests, and fails closed.
    pub demanded: bool,
    /// What its isolate needs to know, JSON.
    pub run: String,
}

impl SnapshotExtension {
    /// Reads documents of them.
    pub fn read(documents: &[String]) -> Result<Vec<Self>, StoreError> {
        let documents: Vec<Value> = each(documents)?;
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let read = |document: &Value| Self {
            name: text(document.get("name")),
            ids: document
                .get("ids")
                .and_then(Value::as_array)
                .map(|ids| ids.iter().map(|id| text(Some(id))).collect())
                .unwrap_or_default(),
            demanded: document.get("demanded").and_then(Value::as_i64) == Some(1),
            run: text(document.get("run")),
        };
        Ok(documents.iter().map(read).collect())
    }
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

/// The id in two lists, JSON arrays, that is neither a provider nor a token of the project, if there is one.
pub async fn stranger(
    db: &dyn Db,
    project: &ProjectId,
    providers: &str,
    tokens: &str,
) -> Result<Option<String>, StoreError> {
    query_one(db, STRANGERS.with([project.as_str().into(), providers.into(), tokens.into()])).await
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
