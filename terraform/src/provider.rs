//! The provider: what Terraform asks of it, answered by the tables.

use crate::api::Client;
use crate::data_source::{self, DataSource};
use crate::diagnostics::{Diagnostics, Path};
use crate::plugin::messages::{
    AppliedChange, ApplyChange, ConfigureProvider, Diagnosed, DynamicValue, Empty, ImportState, Imported,
    ImportedState, Metadata, Named, PlanChange, PlannedChange, ProviderSchema, ReadDataSource, ReadResource,
    ServerCapabilities, UpgradeState, ValidateConfig, ValidateProviderConfig, ValidatedProviderConfig, Valued,
};
use crate::resource::{self, Resource};
use crate::schema::{self, Attribute, Type, optional};
use crate::value::{Object, Undecodable, Value, at, decode, encode};
use tokio::sync::{RwLock, watch};

/// What the names of its resources begin with.
const PREFIX: &str = "sluice_";

/// The provider's own configuration.
pub const CONFIGURATION: &[Attribute] = &[
    optional(
        "endpoint",
        "",
        Type::Address,
        "The deployment's address, such as `https://sluice.example.workers.dev`. Or in the environment: `SLUICE_ENDPOINT`.",
    ),
    optional(
        "token",
        "",
        Type::Text,
        "A token that may do what the configuration asks for; organizations take `ADMIN_TOKEN`. Or, better, in the environment: \
         `SLUICE_TOKEN`.",
    )
    .sensitive(),
];

/// What the provider is for.
pub const DOC: &str = "Providers, models, secrets, tokens and organizations of a Sluice deployment.";

/// The provider as one process of Terraform's has it.
pub struct Provider {
    client: RwLock<Result<Client, &'static str>>,
    stopped: watch::Sender<bool>,
}

fn resource_of(type_name: &str, diagnostics: &mut Diagnostics) -> Option<&'static Resource> {
    let name = type_name.strip_prefix(PREFIX).unwrap_or_default();
    let found = resource::ALL.into_iter().find(|resource| resource.name == name);
    if found.is_none() {
        diagnostics.error(&Path::default(), "There is no such resource", type_name);
    }
    found
}

fn data_source_of(type_name: &str, diagnostics: &mut Diagnostics) -> Option<&'static DataSource> {
    let name = type_name.strip_prefix(PREFIX).unwrap_or_default();
    let found = data_source::ALL.iter().find(|source| source.name == name);
    if found.is_none() {
        diagnostics.error(&Path::default(), "There is no such data source", type_name);
    }
    found
}

/// A value by a table; what cannot be read is told, and is as if it were null.
fn read(
    attributes: &'static [Attribute],
    value: Option<&DynamicValue>,
    diagnostics: &mut Diagnostics,
) -> Option<Object> {
    decode(attributes, value).unwrap_or_else(|error: Undecodable| {
        diagnostics.error(&Path::default(), "A value cannot be read", error.to_string());
        None
    })
}

const CAPABILITIES: ServerCapabilities = ServerCapabilities { plan_destroy: false, get_provider_schema_optional: true };

impl Provider {
    /// One that is not configured yet.
    pub fn new() -> Self {
        Self { client: RwLock::new(Err("The provider was not configured.")), stopped: watch::Sender::new(false) }
    }

    async fn client(&self, diagnostics: &mut Diagnostics) -> Option<Client> {
        match &*self.client.read().await {
            Ok(client) => Some(client.clone()),
            Err(why) => {
                diagnostics.error(&Path::default(), "Sluice cannot be asked", *why);
                None
            }
        }
    }

    /// What there is, by name.
    pub async fn metadata(&self, _: Empty) -> Metadata {
        let named = |name: &str| Named { type_name: format!("{PREFIX}{name}") };
        Metadata {
            server_capabilities: Some(CAPABILITIES),
            data_sources: data_source::ALL.iter().map(|source| named(source.name)).collect(),
            resources: resource::ALL.iter().map(|resource| named(resource.name)).collect(),
        }
    }

    /// What everything looks like.
    pub async fn schema(&self, _: Empty) -> ProviderSchema {
        let resources = resource::ALL
            .iter()
            .map(|resource| (format!("{PREFIX}{}", resource.name), schema::message(resource.doc, resource.attributes)));
        let sources = data_source::ALL
            .iter()
            .map(|source| (format!("{PREFIX}{}", source.name), schema::message(&source.doc, source.attributes)));
        ProviderSchema {
            provider: Some(schema::message(DOC, CONFIGURATION)),
            resource_schemas: resources.collect(),
            data_source_schemas: sources.collect(),
            server_capabilities: Some(CAPABILITIES),
        }
    }

    /// Checks the provider's own configuration.
    pub async fn validate(&self, request: ValidateProviderConfig) -> ValidatedProviderConfig {
        let mut diagnostics = Diagnostics::default();
        let config = read(CONFIGURATION, request.config.as_ref(), &mut diagnostics).unwrap_or_default();
        if let Some(endpoint) = at(&config, "endpoint").text() {
            check_endpoint(endpoint, &mut diagnostics);
        }
        ValidatedProviderConfig { diagnostics: diagnostics.into_messages() }
    }

    /// Takes the configuration, or what the environment says in its place.
    pub async fn configure(&self, request: ConfigureProvider) -> Diagnosed {
        let mut diagnostics = Diagnostics::default();
        let config = read(CONFIGURATION, request.config.as_ref(), &mut diagnostics).unwrap_or_default();
        let mut said = |name: &str, variable: &str| match at(&config, name) {
            Value::Unknown => {
                Err("The provider's configuration is not known before something else was applied: apply that first.")
            }
            Value::Text(text) => Ok(text.clone()),
            _ => std::env::var(variable).ok().filter(|text| !text.is_empty()).ok_or_else(|| {
                let detail = format!("Set {name} in the provider's block, or {variable} in the environment.");
                diagnostics.error(&Path::of(name), format!("The provider has no {name}"), detail);
                "The provider is not configured."
            }),
        };
        let said = (said("endpoint", "SLUICE_ENDPOINT"), said("token", "SLUICE_TOKEN"));
        let client = match said {
            (Ok(endpoint), Ok(token)) => {
                check_endpoint(&endpoint, &mut diagnostics);
                Client::new(&endpoint, token.trim(), &request.terraform_version, self.stopped.subscribe()).map_err(
                    |why| {
                        diagnostics.error(&Path::of("token"), "The provider cannot be configured", why);
                        "The provider is not configured."
                    },
                )
            }
            (Err(why), _) | (_, Err(why)) => Err(why),
        };
        *self.client.write().await = client;
        Diagnosed { diagnostics: diagnostics.into_messages() }
    }

    /// Checks a resource's configuration.
    pub async fn validate_resource(&self, request: ValidateConfig) -> Diagnosed {
        let mut diagnostics = Diagnostics::default();
        if let Some(resource) = resource_of(&request.type_name, &mut diagnostics)
            && let Some(config) = read(resource.attributes, request.config.as_ref(), &mut diagnostics)
        {
            resource.validate(&config, &mut diagnostics);
        }
        Diagnosed { diagnostics: diagnostics.into_messages() }
    }

    /// Checks a data source's configuration.
    pub async fn validate_data_source(&self, request: ValidateConfig) -> Diagnosed {
        let mut diagnostics = Diagnostics::default();
        if let Some(source) = data_source_of(&request.type_name, &mut diagnostics)
            && let Some(config) = read(source.attributes, request.config.as_ref(), &mut diagnostics)
        {
            source.validate(&config, &mut diagnostics);
        }
        Diagnosed { diagnostics: diagnostics.into_messages() }
    }

    /// A stored state by today's schema.
    pub async fn upgrade(&self, request: UpgradeState) -> Valued {
        let mut diagnostics = Diagnostics::default();
        let stored = request.raw_state.map(|raw| DynamicValue { msgpack: Vec::new(), json: raw.json });
        let value = resource_of(&request.type_name, &mut diagnostics).map(|resource| {
            let state = read(resource.attributes, stored.as_ref(), &mut diagnostics);
            encode(resource.attributes, state.as_ref())
        });
        Valued { value, diagnostics: diagnostics.into_messages() }
    }

    /// The state as Sluice has it.
    pub async fn read_resource(&self, request: ReadResource) -> Valued {
        let mut diagnostics = Diagnostics::default();
        // Where it cannot be read it stays as it was.
        let mut value = request.current_state.clone();
        if let Some(resource) = resource_of(&request.type_name, &mut diagnostics)
            && let Some(state) = read(resource.attributes, request.current_state.as_ref(), &mut diagnostics)
            && let Some(client) = self.client(&mut diagnostics).await
        {
            match resource::read(resource, &client, &state).await {
                Ok(state) => value = Some(encode(resource.attributes, state.as_ref())),
                Err(failure) => {
                    failure.tell(
                        resource.attributes,
                        &format!("show {}", resource.named(&state)),
                        "",
                        &mut diagnostics,
                    );
                }
            }
        }
        Valued { value, diagnostics: diagnostics.into_messages() }
    }

    /// What a change will come to.
    pub async fn plan(&self, request: PlanChange) -> PlannedChange {
        let mut diagnostics = Diagnostics::default();
        let Some(resource) = resource_of(&request.type_name, &mut diagnostics) else {
            return PlannedChange { diagnostics: diagnostics.into_messages(), ..PlannedChange::default() };
        };
        let mut of = |value: &Option<DynamicValue>| read(resource.attributes, value.as_ref(), &mut diagnostics);
        let (prior, mut proposed, config) =
            (of(&request.prior_state), of(&request.proposed_new_state), of(&request.config));
        if request.client_capabilities.is_some_and(|client| client.write_only_attributes_allowed) {
            // Terraform asks the configuration for them, and keeps none.
            let sealed = resource.attributes.iter().filter(|attribute| attribute.seal().is_some());
            let sealed = sealed.map(|attribute| (attribute.name.to_owned(), Value::Null));
            proposed.iter_mut().for_each(|proposed| proposed.extend(sealed.clone()));
        }
        let (planned_state, requires_replace) = match (proposed, config) {
            (Some(proposed), Some(config)) => {
                let planned = resource::plan(resource, prior.as_ref(), &proposed, &config, &mut diagnostics);
                (encode(resource.attributes, Some(&planned.state)), planned.replacing)
            }
            _ => (encode(resource.attributes, None), Vec::new()),
        };
        PlannedChange {
            planned_state: Some(planned_state),
            requires_replace,
            planned_private: Vec::new(),
            diagnostics: diagnostics.into_messages(),
        }
    }

    /// Does it.
    pub async fn apply(&self, request: ApplyChange) -> AppliedChange {
        let mut diagnostics = Diagnostics::default();
        let mut new_state = request.prior_state.clone();
        if let Some(resource) = resource_of(&request.type_name, &mut diagnostics) {
            let mut of = |value: &Option<DynamicValue>| read(resource.attributes, value.as_ref(), &mut diagnostics);
            let (prior, planned, config) = (of(&request.prior_state), of(&request.planned_state), of(&request.config));
            if !diagnostics.has_errors()
                && let Some(client) = self.client(&mut diagnostics).await
            {
                let (prior, planned, config) = (prior.as_ref(), planned.as_ref(), config.as_ref());
                let state = resource::apply(resource, &client, prior, planned, config, &mut diagnostics).await;
                new_state = Some(encode(resource.attributes, state.as_ref()));
            }
        }
        AppliedChange { new_state, diagnostics: diagnostics.into_messages() }
    }

    /// What is there already.
    pub async fn import(&self, request: ImportState) -> ImportedState {
        let mut diagnostics = Diagnostics::default();
        let mut imported_resources = Vec::new();
        if let Some(resource) = resource_of(&request.type_name, &mut diagnostics)
            && let Some(client) = self.client(&mut diagnostics).await
            && let Some(state) = resource::import(resource, &client, request.id.trim(), &mut diagnostics).await
        {
            let state = Some(encode(resource.attributes, Some(&state)));
            imported_resources.push(Imported { type_name: request.type_name, state });
        }
        ImportedState { imported_resources, diagnostics: diagnostics.into_messages() }
    }

    /// What a data source finds.
    pub async fn read_data_source(&self, request: ReadDataSource) -> Valued {
        let mut diagnostics = Diagnostics::default();
        let mut value = None;
        if let Some(source) = data_source_of(&request.type_name, &mut diagnostics)
            && let Some(config) = read(source.attributes, request.config.as_ref(), &mut diagnostics)
            && let Some(client) = self.client(&mut diagnostics).await
        {
            let state = source.read(&client, &config, &mut diagnostics).await;
            value = state.map(|state| encode(source.attributes, Some(&state)));
        }
        Valued { value, diagnostics: diagnostics.into_messages() }
    }

    /// Waits are over: what is under way is finished, and nothing is asked again.
    pub async fn stop(&self, _: Empty) -> Empty {
        self.stopped.send_replace(true);
        Empty {}
    }
}

/// An address that can be asked. What goes to it is a token, which wants TLS.
fn check_endpoint(endpoint: &str, diagnostics: &mut Diagnostics) {
    use sluice::domain::address::Reach;
    use sluice::domain::base_url::BaseUrl;
    match BaseUrl::parse(endpoint) {
        Err(_) => {
            let detail = "endpoint must be http:// or https:// and a host, without a user name, a query or a fragment.";
            diagnostics.error(&Path::of("endpoint"), "The endpoint is no address", detail);
        }
        Ok(address) if address.origin().starts_with("http://") && address.host().reach() == Reach::Public => {
            let detail = "The token goes to it in clear text: use https.";
            diagnostics.warning(&Path::of("endpoint"), "The endpoint is not encrypted", detail);
        }
        Ok(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::messages::ClientCapabilities;

    async fn planned(capabilities: Option<ClientCapabilities>) -> Object {
        let secret = resource::ALL.into_iter().find(|resource| resource.name == "secret").expect("a resource");
        let text = |text: &str| Value::Text(text.to_owned());
        let config = Object::from([("name".into(), text("key")), ("value".into(), text("sk-0123456789"))]);
        let value = Some(encode(secret.attributes, Some(&config)));
        let request = PlanChange {
            type_name: "sluice_secret".into(),
            prior_state: Some(encode(secret.attributes, None)),
            proposed_new_state: value.clone(),
            config: value,
            client_capabilities: capabilities,
        };
        let planned = Provider::new().plan(request).await;
        assert_eq!(planned.diagnostics, []);
        decode(secret.attributes, planned.planned_state.as_ref()).expect("a state").expect("not null")
    }

    #[tokio::test]
    async fn a_sealed_value_is_in_no_plan_where_terraform_knows_write_only_attributes_and_as_given_where_it_does_not() {
        let knows = planned(Some(ClientCapabilities { write_only_attributes_allowed: true })).await;
        assert!(at(&knows, "value").is_null() && *at(&knows, "value_hash") == Value::Unknown);
        for capabilities in [None, Some(ClientCapabilities { write_only_attributes_allowed: false })] {
            let does_not = planned(capabilities).await;
            assert!(at(&does_not, "value").text() == Some("sk-0123456789"));
            assert!(*at(&does_not, "value_hash") == Value::Unknown);
        }
    }
}
