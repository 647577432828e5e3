//! The audit rows of a change, and the log that they make.

use super::page::Page;
use super::reply::time;
use super::usage::filters;
use super::{Call, Reply};
use crate::access::Principal;
use crate::domain::ids::{AuditId, ProjectId, UserId};
use crate::domain::timestamp::Timestamp;
use crate::json::json;
use crate::ports::Statement;
use crate::refusal::Refusal;
use crate::store::audit::{AuditRow, Entry, Filter, insert, insert_of_user, list as rows};
use serde_json::Value;

impl Call<'_> {
    /// The statement that records this call's change, for the batch of the change itself.
    pub(super) fn audit(
        &self,
        project: Option<&ProjectId>,
        resource: (&'static str, &str),
        fields: &[&str],
    ) -> Result<Statement, Refusal> {
        let id = AuditId::generate(self.world.rng)?;
        Ok(insert(&self.entry(&id, project, resource, fields)))
    }

    /// The statements that record a user's deletion, and that of what goes with it, for before it goes.
    pub(super) fn audit_user_deletion(&self, project: &ProjectId, user: &str) -> Result<[Statement; 2], Refusal> {
        let id = AuditId::generate(self.world.rng)?;
        let entry = self.entry(&id, Some(project), ("user", user), &[]);
        Ok([insert_of_user(&entry), insert(&entry)])
    }

    fn entry<'e>(
        &'e self,
        id: &'e AuditId,
        project: Option<&'e ProjectId>,
        resource: (&'static str, &'e str),
        fields: &'e [&'e str],
    ) -> Entry<'e> {
        Entry {
            id: id.as_str(),
            project: project.map(ProjectId::as_str),
            at: self.now.ms(),
            actor_id: self.principal.id(),
            actor_name: self.principal.name(),
            user_id: self.principal.user().map(UserId::as_str),
            action: self.operation.action(),
            resource_type: resource.0,
            resource_id: resource.1,
            fields,
            address: self.request.address.as_deref(),
            request_id: self.request.id.as_str(),
        }
    }
}

fn view(row: &AuditRow) -> Value {
    json!({
        "id": row.id,
        "project_id": row.project_id,
        "created_at": time(row.created_at),
        "actor_id": row.actor_id,
        "actor_name": row.actor_name,
        "user_id": row.user_id,
        "action": row.action,
        "resource_type": row.resource_type,
        "resource_id": row.resource_id,
        "fields": row.fields,
        "address": row.address,
        "request_id": row.request_id,
    })
}

/// Who changed what, newest first. Root reads of every project, and what belongs to none, unless it names one.
pub async fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let page = Page::newest_first(call)?;
    let span = filters::span(call, |_| Timestamp::from_ms(0))?;
    let project = match (&call.principal, call.query("project_id")) {
        (Principal::Root, None) => None,
        _ => Some(call.project().await?),
    };
    let filter = Filter {
        span,
        actor: call.query("actor"),
        action: call.query("action"),
        resource_type: call.query("resource_type"),
        resource_id: call.query("resource_id"),
        request_id: call.query("request_id"),
    };
    let rows = rows(call.world.db, project.as_ref(), page.after(), page.read_ahead(), filter).await?;
    Ok(page.reply(rows, |row| (row.created_at, row.id.as_str()), view))
}
