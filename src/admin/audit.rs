//! The audit rows of a change.

use super::Call;
use crate::domain::ids::{AuditId, ProjectId};
use crate::ports::Statement;
use crate::refusal::Refusal;
use crate::store::audit::{Entry, insert, insert_of_user};

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
            action: self.operation.action(),
            resource_type: resource.0,
            resource_id: resource.1,
            fields,
            address: self.request.address.as_deref(),
            request_id: self.request.id.as_str(),
        }
    }
}
