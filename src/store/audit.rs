//! The audit log: written in the batch of the change it tells of.

use super::totals::Span;
use super::{StoreError, json_list, page, query, statements};
use crate::domain::ids::ProjectId;
use crate::ports::{Db, Param, Statement};
use serde::Deserialize;

/// A page, newest first. ?5, ?6: from, to; ?7: by this token, by its id or its name, or for this user; ?8: this action,
/// or those that begin as it does before its `*`; ?9 to ?11: of this kind, of this row, in this request.
macro_rules! rows_of {
    ($whose:literal) => {
        concat!(
            "SELECT json_object('id', id, 'project_id', project_id, 'created_at', created_at, 'actor_id', actor_id,
                'actor_name', actor_name, 'user_id', user_id, 'action', action, 'resource_type', resource_type,
                'resource_id', resource_id, 'fields', ",
            json_list!("fields"),
            ", 'address', address, 'request_id', request_id)
             FROM audit_log WHERE ",
            $whose,
            " AND (created_at, id) < (?2, ?3) AND created_at >= ?5 AND created_at < ?6
              AND (?7 IS NULL OR ?7 IN (actor_id, actor_name, user_id))
              AND (?8 IS NULL OR action = ?8
                   OR (?8 LIKE '%*' AND substr(action, 1, length(?8) - 1) = substr(?8, 1, length(?8) - 1)))
              AND (?9 IS NULL OR resource_type = ?9) AND (?10 IS NULL OR resource_id = ?10)
              AND (?11 IS NULL OR request_id = ?11)
             ORDER BY created_at DESC, id DESC LIMIT ?4"
        )
    };
}

statements! { "audit";
    /// One change.
    INSERT OnDemand = "INSERT INTO audit_log
        (id, project_id, created_at, actor_id, actor_name, action, resource_type, resource_id, fields, address, request_id,
         user_id)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    /// What goes with a user, before it goes: its tokens and its own keys, a row each. Sixteen hexadecimal digits are
    /// base62, too.
    INSERT_OF_USER OnDemand = "INSERT INTO audit_log
        (id, project_id, created_at, actor_id, actor_name, action, resource_type, resource_id, fields, address, request_id,
         user_id)
        SELECT 'aud_' || lower(hex(randomblob(8))), ?1, ?2, ?3, ?4, ?5, type, id, '[]', ?7, ?8, ?9
        FROM (SELECT 'token' AS type, id FROM tokens WHERE project_id = ?1 AND user_id = ?6
              UNION ALL SELECT 'provider_key', id FROM user_provider_keys WHERE user_id = ?6)";
    /// Of a project.
    LIST OnDemand = rows_of!("project_id = ?1");
    /// Of all of them, and of none.
    LIST_ALL OnDemand = rows_of!("?1 IS NULL");
    /// Deletes the oldest before ?1, ?2 of them.
    DELETE_OLD OnDemand = "DELETE FROM audit_log WHERE id IN (
        SELECT id FROM audit_log WHERE created_at < ?1 ORDER BY created_at, id LIMIT ?2)";
}

/// Who changed which fields of what. Never values.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The row's own id.
    pub id: &'a str,
    /// The project; none for what belongs to no project.
    pub project: Option<&'a str>,
    /// When, in milliseconds.
    pub at: i64,
    /// The token's id, or `root`.
    pub actor_id: &'a str,
    /// The token's name.
    pub actor_name: &'a str,
    /// The user that it acted for.
    pub user_id: Option<&'a str>,
    /// `module:Operation`.
    pub action: &'static str,
    /// What kind of row.
    pub resource_type: &'static str,
    /// Which row.
    pub resource_id: &'a str,
    /// The names of the fields that were written.
    pub fields: &'a [&'a str],
    /// Where from.
    pub address: Option<&'a str>,
    /// In which request.
    pub request_id: &'a str,
}

/// The statement that records it.
pub fn insert(entry: &Entry<'_>) -> Statement {
    INSERT.with([
        entry.id.into(),
        entry.project.into(),
        entry.at.into(),
        entry.actor_id.into(),
        entry.actor_name.into(),
        entry.action.into(),
        entry.resource_type.into(),
        entry.resource_id.into(),
        crate::json::json!(entry.fields).to_string().into(),
        entry.address.into(),
        entry.request_id.into(),
        entry.user_id.into(),
    ])
}

/// The statement that records what goes with a user; `entry` is of the user itself.
pub fn insert_of_user(entry: &Entry<'_>) -> Statement {
    INSERT_OF_USER.with([
        entry.project.into(),
        entry.at.into(),
        entry.actor_id.into(),
        entry.actor_name.into(),
        entry.action.into(),
        entry.resource_id.into(),
        entry.address.into(),
        entry.request_id.into(),
        entry.user_id.into(),
    ])
}

/// A row as it is read.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "each is the column of its name; the migrations explain them")]
pub struct AuditRow {
    pub id: String,
    pub project_id: Option<String>,
    pub created_at: i64,
    pub actor_id: String,
    pub actor_name: String,
    pub user_id: Option<String>,
    pub action: String,
    pub resource_type: String,
    pub resource_id: String,
    pub fields: Vec<String>,
    pub address: Option<String>,
    pub request_id: String,
}

/// Which rows a list shows.
#[derive(Debug, Clone)]
pub struct Filter {
    /// When.
    pub span: Span,
    /// By whom: a token's id or name, `root`, or a user's id.
    pub actor: Option<String>,
    /// `module:Operation`, or its beginning and `*`.
    pub action: Option<String>,
    /// What kind of row was changed.
    pub resource_type: Option<String>,
    /// Which row.
    pub resource_id: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
}

/// A page before a position: of a project, or of everything.
pub async fn list(
    db: &dyn Db,
    project: Option<&ProjectId>,
    before: (i64, &str),
    limit: i64,
    filter: Filter,
) -> Result<Vec<AuditRow>, StoreError> {
    let statement = if project.is_some() { LIST } else { LIST_ALL };
    let own: [Param; 7] = [
        filter.span.from.ms().into(),
        filter.span.to.ms().into(),
        filter.actor.into(),
        filter.action.into(),
        filter.resource_type.into(),
        filter.resource_id.into(),
        filter.request_id.into(),
    ];
    query(db, statement.with(page(project.map(ProjectId::as_str), before, limit).chain(own))).await
}
