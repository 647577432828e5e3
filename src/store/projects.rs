//! Projects.

use super::{StoreError, page, query, query_one, statements};
use crate::domain::ids::ProjectId;
use crate::ports::{Db, Statement};
use serde::Deserialize;

statements! { "projects";
    /// One by id, or by name where it is not an id.
    FIND OnDemand = "SELECT json_object('id', id, 'name', name, 'version', version, 'created_at', created_at,
        'updated_at', updated_at) FROM projects WHERE id = ?1 OR name_key = ?1 LIMIT 1";
    /// A page, oldest first. ?1: only this one; ?2, ?3: after this one.
    LIST OnDemand = "SELECT json_object('id', id, 'name', name, 'version', version, 'created_at', created_at,
        'updated_at', updated_at) FROM projects
        WHERE (?1 IS NULL OR id = ?1) AND (created_at, id) > (?2, ?3) ORDER BY created_at, id LIMIT ?4";
    /// A new one.
    INSERT OnDemand = "INSERT INTO projects (id, name, name_key, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)";
    /// Another name.
    UPDATE OnDemand = "UPDATE projects SET name = ?2, name_key = ?3, updated_at = ?4, version = version + 1 WHERE id = ?1";
    /// Gone.
    DELETE OnDemand = "DELETE FROM projects WHERE id = ?1";
    /// Holds where the row is as it was read.
    UNCHANGED OnDemand = "INSERT INTO preconditions (holds)
        SELECT count(*) FROM projects WHERE id = ?1 AND version = ?2";
    /// What a project still holds.
    HOLDINGS OnDemand = "SELECT json_object(
        'providers', (SELECT count(*) FROM providers WHERE project_id = ?1),
        'models', (SELECT count(*) FROM models WHERE project_id = ?1),
        'secrets', (SELECT count(*) FROM secrets WHERE project_id = ?1),
        'tokens', (SELECT count(*) FROM tokens WHERE project_id = ?1),
        'users', (SELECT count(*) FROM users WHERE project_id = ?1),
        'extensions', (SELECT count(*) FROM extensions WHERE project_id = ?1))";
}

/// A stored project.
#[derive(Debug, Clone, Deserialize)]
pub struct ProjectRow {
    /// Its id.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// Counts its writes.
    pub version: i64,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds.
    pub updated_at: i64,
}

/// What stands in the way of deleting a project.
#[derive(Debug, Clone, Copy, Deserialize, serde::Serialize)]
#[expect(missing_docs, reason = "each counts the rows its name says")]
pub struct Holdings {
    pub providers: u64,
    pub models: u64,
    pub secrets: u64,
    pub tokens: u64,
    pub users: u64,
    pub extensions: u64,
}

/// Finds a project by id or by lower-cased name.
pub async fn find(db: &dyn Db, id_or_name_key: &str) -> Result<Option<ProjectRow>, StoreError> {
    query_one(db, FIND.with([id_or_name_key.into()])).await
}

/// A page of projects after a position.
pub async fn list(
    db: &dyn Db,
    only: Option<&ProjectId>,
    after: (i64, &str),
    limit: i64,
) -> Result<Vec<ProjectRow>, StoreError> {
    query(db, LIST.with(page(only.map(ProjectId::as_str), after, limit))).await
}

/// What the project still holds.
pub async fn holdings(db: &dyn Db, id: &ProjectId) -> Result<Option<Holdings>, StoreError> {
    query_one(db, HOLDINGS.with([id.as_str().into()])).await
}

/// Demands that the row is as it was read.
pub fn unchanged(project: &ProjectRow) -> Statement {
    UNCHANGED.with([project.id.as_str().into(), project.version.into()])
}
