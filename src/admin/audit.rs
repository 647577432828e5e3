//! The audit row of a change.

use super::Call;
use crate::domain::ids::{AuditId, ProjectId};
use crate::ports::Statement;
use crate::refusal::Refusal;
use crate::store::audit::{Entry, insert};

impl Call<'_> {
    /// The statement that records this call's change, for the batch of the change itself.
    pub(super) fn audit(
        &self,
        project: Option<&ProjectId>,
        resource: (&'static str, &str),
        fields: &[&str],
    ) -> Result<Statement, Refusal> {
        let id = AuditId::generate(self.world.rng)?;
        Ok(insert(&Entry {
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
        }))
    }
}
