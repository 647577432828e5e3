//! The kinds of resources.

mod llm_model;
mod llm_provider;
mod organization;
mod secret;
mod token;

use super::{Change, Resource};
use crate::schema::{Attribute, Type, computed, either};
use crate::value::Object;
use serde_json::{Map, Value as Json};

/// All of them.
pub static ALL: [&Resource; 5] =
    [&organization::ORGANIZATION, &secret::SECRET, &llm_provider::LLM_PROVIDER, &llm_model::LLM_MODEL, &token::TOKEN];

const ID: Attribute = computed("id", "id", Type::Text, "Its id.");

const ORGANIZATION_ID: Attribute = either(
    "organization_id",
    "project_id",
    Type::Text,
    "The organization (Sluice's project) that it belongs to: `prj_…`. Without one it is the token's own; `ADMIN_TOKEN`, which \
     has none, then means the project `default`.",
)
.replaces();

const CREATED_AT: Attribute = computed("created_at", "created_at", Type::Time, "When it was made.");

/// Every attribute speaks for itself.
fn as_given(_: &mut Object, _: Change<'_>) {}

/// What changes is all that is said.
fn alone(_: &mut Map<String, Json>, _: Change<'_>) {}

/// The id of an organization, which the API would take by name, too, and then show the id of.
fn check_organization(config: &Object) -> Result<(), sluice::domain::invalid::Invalid> {
    super::broken(config, "organization_id", |id| {
        sluice::domain::ids::ProjectId::parse(id).ok_or_else(|| {
            let rule = "project_id must be an id (prj_…): the data source sluice_organization finds one by its name";
            sluice::domain::invalid::Invalid::new("project_id", rule)
        })
    })
}
