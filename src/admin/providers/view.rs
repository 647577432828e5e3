//! A provider as reads show it.

use super::super::reply::time;
use super::super::{Call, models};
use crate::domain::protocol::Protocol;
use crate::json::json;
use crate::store::models::ModelRow;
use crate::store::providers::ProviderRow;
use serde_json::Value;

/// The provider, its models with it. Where its credential comes from is shown to those who manage providers.
pub fn view(call: &Call<'_>, provider: &ProviderRow, models: &[&ModelRow]) -> Value {
    let manages = call.manages(&provider.id);
    let source = provider.credential_source;
    let configured = source.is_configured();
    let credential = if manages {
        json!({"configured": configured, "source": source.shown(), "hint": provider.hint})
    } else {
        json!({"configured": configured, "source": null, "hint": null})
    };
    let visible = models.iter().filter(|model| (manages || model.enabled) && models::is_listed(call, model));
    let default_model = visible.clone().find(|model| model.is_default).map(|model| model.model.as_str());
    let models: Vec<Value> = visible.map(|model| models::view(model)).collect();
    json!({
        "id": provider.id,
        "project_id": provider.project_id,
        "name": provider.name,
        "provider": provider.settings.kind,
        "protocol": provider.settings.protocol,
        "auth_method": provider.settings.auth_method,
        "base_url": provider.settings.base_url,
        "openai_api_mode": provider.settings.openai_api_mode,
        "secret_id": if manages { json!(provider.secret_id) } else { Value::Null },
        "advanced_json": if manages { json!(provider.settings.advanced) } else { Value::Null },
        "default_model": default_model,
        "enabled": provider.enabled,
        "credential": credential,
        "header_names": if manages { json!(provider.header_names) } else { json!([]) },
        "resolved": resolved(call, provider),
        "model_count": models.len(),
        "models": models,
        "created_at": time(provider.created_at),
        "updated_at": time(provider.updated_at),
    })
}

/// What the settings come to; null where the row no longer resolves (the deployment's rules have changed since).
fn resolved(call: &Call<'_>, provider: &ProviderRow) -> Value {
    let settings = provider.settings.read().ok();
    let resolved = settings.and_then(|settings| settings.resolve(call.world.deployment.private_upstreams).ok());
    resolved.map_or(Value::Null, |resolved| {
        json!({
            "base_url": resolved.base_url.as_str(),
            "protocols": resolved.protocols.iter().map(|protocol| Protocol::as_str(*protocol)).collect::<Vec<_>>(),
            "auth_method": resolved.auth_method.as_str(),
        })
    })
}
