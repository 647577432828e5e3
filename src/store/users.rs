//! Users.

use super::{StoreError, page, query, query_one, statements};
use crate::access::Role;
use crate::domain::ids::{ProjectId, UserId};
use crate::ports::{Db, Statement};
use serde::Deserialize;

/// The columns of a user as one document.
macro_rules! document {
    () => {
        "json_object('id', u.id, 'project_id', u.project_id, 'name', u.name, 'email', u.email, 'role', u.role,
         'disabled', u.disabled, 'version', u.version, 'created_at', u.created_at, 'updated_at', u.updated_at,
         'token_count', (SELECT count(*) FROM tokens t WHERE t.project_id = u.project_id AND t.user_id = u.id))"
    };
}

statements! { "users";
    /// One.
    FIND OnDemand = concat!("SELECT ", document!(), " FROM users u WHERE u.id = ?1");
    /// A page of a project's, oldest first.
    LIST OnDemand = concat!("SELECT ", document!(), " FROM users u
        WHERE u.project_id = ?1 AND (u.created_at, u.id) > (?2, ?3) ORDER BY u.created_at, u.id LIMIT ?4");
    /// A new one.
    INSERT OnDemand = "INSERT INTO users (id, project_id, created_at, updated_at, name, name_key, email, role, disabled)
        VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8)";
    /// Another name, address or role, or switched off or on.
    UPDATE OnDemand = "UPDATE users SET updated_at = ?2, name = ?3, name_key = ?4, email = ?5, role = ?6, disabled = ?7,
        version = version + 1 WHERE id = ?1";
    /// Gone, its tokens and its own keys with it.
    DELETE OnDemand = "DELETE FROM users WHERE id = ?1";
    /// Holds where the row is as it was read.
    UNCHANGED OnDemand = "INSERT INTO preconditions (holds)
        SELECT count(*) FROM users WHERE id = ?1 AND version = ?2";
}

/// A stored user.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "each is the column of its name; the migration explains them")]
pub struct UserRow {
    pub id: UserId,
    pub project_id: ProjectId,
    pub name: String,
    pub email: Option<String>,
    pub role: Role,
    #[serde(deserialize_with = "super::truth")]
    pub disabled: bool,
    pub token_count: u64,
    pub version: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

/// Finds a user.
pub async fn find(db: &dyn Db, id: &UserId) -> Result<Option<UserRow>, StoreError> {
    query_one(db, FIND.with([id.as_str().into()])).await
}

/// A page of a project's users after a position.
pub async fn list(
    db: &dyn Db,
    project: &ProjectId,
    after: (i64, &str),
    limit: i64,
) -> Result<Vec<UserRow>, StoreError> {
    query(db, LIST.with(page(project.as_str(), after, limit))).await
}

/// Demands that the row is as it was read.
pub fn unchanged(user: &UserRow) -> Statement {
    UNCHANGED.with([user.id.as_str().into(), user.version.into()])
}
