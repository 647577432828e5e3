//! Users' own keys at providers. Each statement asks for the user: a key is its user's alone.

use super::providers::Show;
use super::{StoreError, page, query, query_one, statements};
use crate::domain::ids::{ProjectId, ProviderId, UserId, UserKeyId};
use crate::ports::{Db, Statement};
use crate::seal::{Place, Sealed};
use serde::Deserialize;

/// The columns of an own key as one document. The key itself stays where it is.
macro_rules! document {
    () => {
        "json_object('id', k.id, 'project_id', k.project_id, 'provider_id', k.provider_id, 'provider_name', p.name,
         'provider_enabled', p.enabled, 'hint', k.hint, 'version', k.version, 'created_at', k.created_at,
         'updated_at', k.updated_at)
         FROM user_provider_keys k JOIN providers p ON p.id = k.provider_id"
    };
}

statements! { "user_keys";
    /// With the sealed keys: what a call of the token whose hash is ?1 may send.
    OF_CALLER PerCall = "SELECT json_object('id', k.id, 'provider_id', k.provider_id, 'credential', k.credential)
        FROM tokens t JOIN user_provider_keys k ON k.user_id = t.user_id WHERE t.hash = ?1 ORDER BY k.provider_id";
    /// A user's at a provider.
    FIND OnDemand = concat!("SELECT ", document!(), " WHERE k.user_id = ?1 AND k.provider_id = ?2");
    /// A page of a user's, oldest first; ?5: at enabled providers only.
    LIST OnDemand = concat!("SELECT ", document!(), "
        WHERE k.user_id = ?1 AND (k.created_at, k.id) > (?2, ?3) AND (NOT ?5 OR p.enabled)
        ORDER BY k.created_at, k.id LIMIT ?4");
    /// A new one.
    INSERT OnDemand = "INSERT INTO user_provider_keys
        (id, project_id, user_id, provider_id, credential, hint, created_at, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)";
    /// Another key in its place.
    UPDATE OnDemand = "UPDATE user_provider_keys SET credential = ?2, hint = ?3, updated_at = ?4, version = version + 1
        WHERE id = ?1";
    /// Gone.
    DELETE OnDemand = "DELETE FROM user_provider_keys WHERE id = ?1";
    /// Holds where the row is as it was read.
    UNCHANGED OnDemand = "INSERT INTO preconditions (holds)
        SELECT count(*) FROM user_provider_keys WHERE id = ?1 AND version = ?2";
}

/// A stored own key, without the key.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "each is the column of its name; the migration explains them")]
pub struct UserKeyRow {
    pub id: UserKeyId,
    pub project_id: ProjectId,
    pub provider_id: ProviderId,
    pub provider_name: String,
    #[serde(deserialize_with = "super::truth")]
    pub provider_enabled: bool,
    pub hint: Option<String>,
    pub version: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

/// An own key as calls need it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "each is the column of its name; the migration explains them")]
pub struct SnapshotUserKey {
    pub id: UserKeyId,
    pub provider_id: ProviderId,
    pub credential: Sealed,
}

/// Where a user's own key is sealed.
pub fn place<'a>(project: &'a ProjectId, id: &'a UserKeyId) -> Place<'a> {
    Place { project: project.as_str(), table: "user_provider_keys", column: "credential", row: id.as_str() }
}

/// Finds a user's key at a provider.
pub async fn find(db: &dyn Db, user: &UserId, provider: &ProviderId) -> Result<Option<UserKeyRow>, StoreError> {
    query_one(db, read(user, provider)).await
}

/// The read of a user's key at a provider.
pub fn read(user: &UserId, provider: &ProviderId) -> Statement {
    FIND.with([user.as_str().into(), provider.as_str().into()])
}

/// A page of a user's keys after a position.
pub async fn list(
    db: &dyn Db,
    user: &UserId,
    after: (i64, &str),
    limit: i64,
    show: Show,
) -> Result<Vec<UserKeyRow>, StoreError> {
    query(db, LIST.with(page(user.as_str(), after, limit).chain([(show == Show::Enabled).into()]))).await
}

/// Demands that the row is as it was read.
pub fn unchanged(key: &UserKeyRow) -> Statement {
    UNCHANGED.with([key.id.as_str().into(), key.version.into()])
}
