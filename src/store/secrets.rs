//! Secrets.

use super::{StoreError, page, query, query_one, statements};
use crate::domain::ids::{ProjectId, SecretId};
use crate::domain::kind::{AuthMethod, Kind};
use crate::ports::{Db, Statement};
use crate::seal::{Place, Sealed};
use serde::Deserialize;

/// The columns of a secret as one document. Its value stays where it is.
macro_rules! document {
    () => {
        "json_object('id', s.id, 'project_id', s.project_id, 'name', s.name, 'hint', s.hint, 'version', s.version,
         'created_at', s.created_at, 'updated_at', s.updated_at,
         'provider_count', (SELECT count(*) FROM providers p WHERE p.project_id = s.project_id AND p.secret_id = s.id))"
    };
}

statements! { "secrets";
    /// One.
    FIND OnDemand = concat!("SELECT ", document!(), " FROM secrets s WHERE s.id = ?1");
    /// A page of a project's, oldest first.
    LIST OnDemand = concat!("SELECT ", document!(), " FROM secrets s
        WHERE s.project_id = ?1 AND (s.created_at, s.id) > (?2, ?3) ORDER BY s.created_at, s.id LIMIT ?4");
    /// A new one.
    INSERT OnDemand = "INSERT INTO secrets (id, project_id, name, name_key, value, hint, created_at, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)";
    /// Another name, another value, or both: a null keeps what is there. A new value brings its own hint.
    UPDATE OnDemand = "UPDATE secrets SET name = coalesce(?2, name), name_key = coalesce(?3, name_key),
        value = coalesce(?4, value), hint = CASE WHEN ?4 IS NULL THEN hint ELSE ?5 END,
        updated_at = ?6, version = version + 1 WHERE id = ?1";
    /// Gone.
    DELETE OnDemand = "DELETE FROM secrets WHERE id = ?1";
    /// Holds where the row is as it was read.
    UNCHANGED OnDemand = "INSERT INTO preconditions (holds)
        SELECT count(*) FROM secrets WHERE id = ?1 AND version = ?2";
    /// Who uses it.
    USERS OnDemand = "SELECT json_object('id', id, 'name', name) FROM providers
        WHERE project_id = ?1 AND secret_id = ?2 ORDER BY created_at, id LIMIT 20";
    /// How its users send it.
    METHODS OnDemand = "SELECT DISTINCT json_object('kind', kind, 'auth_method', auth_method) FROM providers
        WHERE project_id = ?1 AND secret_id = ?2";
    /// The sealed value, to check what a provider is about to be linked to.
    VALUE OnDemand = "SELECT json_object('value', value) FROM secrets WHERE id = ?1 AND project_id = ?2";
}

/// A stored secret, without its value.
#[derive(Debug, Clone, Deserialize)]
pub struct SecretRow {
    /// Its id.
    pub id: SecretId,
    /// Its project.
    pub project_id: ProjectId,
    /// Its name.
    pub name: String,
    /// The last characters of a long value.
    pub hint: Option<String>,
    /// How many providers use it.
    pub provider_count: u64,
    /// Counts its writes.
    pub version: i64,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds.
    pub updated_at: i64,
}

/// Where a secret's value is sealed.
pub fn place<'a>(project: &'a ProjectId, id: &'a SecretId) -> Place<'a> {
    Place { project: project.as_str(), table: "secrets", column: "value", row: id.as_str() }
}

/// Finds a secret.
pub async fn find(db: &dyn Db, id: &SecretId) -> Result<Option<SecretRow>, StoreError> {
    query_one(db, FIND.with([id.as_str().into()])).await
}

/// A page of a project's secrets after a position.
pub async fn list(
    db: &dyn Db,
    project: &ProjectId,
    after: (i64, &str),
    limit: i64,
) -> Result<Vec<SecretRow>, StoreError> {
    query(db, LIST.with(page(project.as_str(), after, limit))).await
}

/// The sealed value of a project's secret.
pub async fn value(db: &dyn Db, project: &ProjectId, id: &SecretId) -> Result<Option<Sealed>, StoreError> {
    #[derive(Deserialize)]
    struct Row {
        value: Sealed,
    }
    let row: Option<Row> = query_one(db, VALUE.with([id.as_str().into(), project.as_str().into()])).await?;
    Ok(row.map(|row| row.value))
}

/// A provider that uses a secret.
#[derive(Debug, Clone, Deserialize, serde::Serialize)]
pub struct SecretUser {
    /// The provider's id.
    pub id: String,
    /// The provider's name.
    pub name: String,
}

/// The providers that use a secret, at most 20.
pub async fn users(db: &dyn Db, secret: &SecretRow) -> Result<Vec<SecretUser>, StoreError> {
    query(db, USERS.with([secret.project_id.as_str().into(), secret.id.as_str().into()])).await
}

/// The auth methods of the providers that use a secret.
pub async fn methods(db: &dyn Db, secret: &SecretRow) -> Result<Vec<AuthMethod>, StoreError> {
    #[derive(Deserialize)]
    struct Row {
        kind: String,
        auth_method: Option<String>,
    }
    let params = [secret.project_id.as_str().into(), secret.id.as_str().into()];
    let rows: Vec<Row> = query(db, METHODS.with(params)).await?;
    let of = |row: Row| match row.auth_method {
        Some(method) => AuthMethod::parse(&method),
        None => Kind::parse(&row.kind).map(|kind| kind.traits().auth_method),
    };
    Ok(rows.into_iter().filter_map(of).collect())
}

/// Demands that the row is as it was read.
pub fn unchanged(secret: &SecretRow) -> Statement {
    UNCHANGED.with([secret.id.as_str().into(), secret.version.into()])
}
