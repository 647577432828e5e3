//! An organization: what Sluice calls a project.

use super::{CREATED_AT, ID, alone, as_given};
use crate::resource::{Resource, all_of, broken};
use crate::schema::{Attribute, Type, required};
use sluice::admin::schema::projects::PROJECT;
use sluice::domain::name::Name;

const ATTRIBUTES: &[Attribute] = &[
    ID,
    required("name", "name", Type::Text, "Its name, unique in the deployment whatever the case: 1 to 100 characters."),
    CREATED_AT,
];

/// `sluice_organization`.
pub static ORGANIZATION: Resource = Resource {
    name: "organization",
    noun: "the organization",
    doc: "An organization is what Sluice calls a project: the tenant that everything belongs to. Only `ADMIN_TOKEN` may make, \
          rename or delete one. It can be deleted once nothing is in it.",
    attributes: ATTRIBUTES,
    fields: &PROJECT,
    collection: |_| "/api/v1/projects".into(),
    parent: None,
    check: |config, diagnostics| {
        all_of(ATTRIBUTES, diagnostics, [broken(config, "name", |name| Name::parse("name", name))]);
    },
    settle: as_given,
    along: alone,
    deletion: |_| ("", "The organization still holds what Terraform does not know of: delete that first."),
};
