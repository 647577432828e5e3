//! The audit log: written in the batch of the change it tells of.

use super::statements;
use crate::ports::Statement;

statements! { "audit";
    /// One change.
    INSERT OnDemand = "INSERT INTO audit_log
        (id, project_id, created_at, actor_id, actor_name, action, resource_type, resource_id, fields, address, request_id)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    /// What goes with a user, before it goes: its tokens and its own keys, a row each. Sixteen hexadecimal digits are
    /// base62, too.
    INSERT_OF_USER OnDemand = "INSERT INTO audit_log
        (id, project_id, created_at, actor_id, actor_name, action, resource_type, resource_id, fields, address, request_id)
        SELECT 'aud_' || lower(hex(randomblob(8))), ?1, ?2, ?3, ?4, ?5, type, id, '[]', ?7, ?8
        FROM (SELECT 'token' AS type, id FROM tokens WHERE project_id = ?1 AND user_id = ?6
              UNION ALL SELECT 'provider_key', id FROM user_provider_keys WHERE user_id = ?6)";
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
    ])
}
