//! What a provider's upstream lists.

use crate::api::{Client, Failure};
use crate::schema::{Attribute, Type, computed, required};
use crate::value::{Object, at};
use serde_json::{Value as Json, json};

pub const DOC: &str = "The models that a provider's upstream lists with the credential that the provider has.";

const MODEL: &[Attribute] = &[
    computed("remote_model_name", "model", Type::Text, "The upstream's name of it."),
    computed("configured", "configured", Type::Truth, "Whether the provider has it registered."),
    computed("model_id", "model_id", Type::Text, "As which model; null where it is not."),
    computed(
        "capabilities",
        "capabilities",
        Type::Json,
        "What the upstream says of it, as JSON; null where it says nothing.",
    ),
];

pub const ATTRIBUTES: &[Attribute] = &[
    required("provider_id", "provider_id", Type::Text, "The `sluice_llm_provider`."),
    computed("models", "models", Type::Objects(MODEL), "The models, as the upstream orders them."),
];

/// Asks the upstream, through Sluice.
pub async fn read(client: &Client, config: &Object) -> Result<Json, Failure> {
    let provider = at(config, "provider_id").text().unwrap_or_default();
    let models = client.get(&format!("/api/v1/providers/{provider}/available-models")).await?.body;
    Ok(json!({"provider_id": provider, "models": models.get("data").cloned().unwrap_or_default()}))
}
