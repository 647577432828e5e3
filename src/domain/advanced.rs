//! `advanced_json`: what steers Sluice at one provider or model, and what it adds to the upstream's request body
//! (SPEC section 2).

use serde_json::{Map, Value};

use super::header_map::ExtraHeaders;
use super::invalid::Invalid;

mod settings;

use settings::Setting;

/// Most bytes of the object as JSON.
pub const MAX_ADVANCED_BYTES: usize = 16 * 1024;

const PARAM: &str = "advanced_json";

/// Bedrock's region where `advanced_json` names none; also in its default address.
const DEFAULT_REGION: &str = "us-east-1";

/// Members that the call itself decides; a default for them would rewrite what the client said.
pub const REFUSED: [&str; 10] = [
    "model",
    "messages",
    "input",
    "instructions",
    "system",
    "contents",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
];

/// A checked `advanced_json`, kept as it was written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Advanced(Map<String, Value>);

impl Advanced {
    /// Takes the object of a request body or a stored row.
    ///
    /// A null is allowed everywhere: at a model it removes the provider's value of that key, at a provider it says
    /// nothing and is kept only to be shown again.
    ///
    /// # Errors
    /// [`Invalid`] on `advanced_json` or `advanced_json.<key>`: not an object, larger than [`MAX_ADVANCED_BYTES`], a
    /// key that belongs to the call, or a reserved key with a value that is not its own.
    pub fn parse(value: Value) -> Result<Self, Invalid> {
        let Value::Object(object) = value else {
            return Err(Invalid::new(PARAM, "It must be a JSON object."));
        };
        for (key, value) in &object {
            if REFUSED.contains(&key.as_str()) {
                let message = format!("`{key}` comes from each call and cannot have a default; remove it.");
                return Err(Invalid::new(key, message).within(PARAM));
            }
            if !value.is_null() {
                settings::read(key, value).map_err(|invalid| invalid.within(PARAM))?;
            }
        }
        let advanced = Self(object);
        if advanced.to_json().len() > MAX_ADVANCED_BYTES {
            return Err(Invalid::new(PARAM, format!("It has at most {MAX_ADVANCED_BYTES} bytes.")));
        }
        Ok(advanced)
    }

    /// The object as it was written.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The object as compact JSON, to be stored.
    pub fn to_json(&self) -> String {
        raw(&self.0)
    }
}

/// What a call is made with: the provider's values under the model's.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Effective {
    /// Members for the upstream's request body, as key and JSON text, filled in where the client set nothing.
    pub body_defaults: Vec<(String, String)>,
    /// Headers for every call.
    pub extra_headers: ExtraHeaders,
    /// `anthropic-version`, where the client sends none: `YYYY-MM-DD`.
    pub anthropic_version: Option<String>,
    /// `anthropic-beta`, comma-separated.
    pub anthropic_beta: Option<String>,
    /// Azure's `api-version` query parameter.
    pub api_version: Option<String>,
    /// Azure's resource name, the first label of its host.
    pub resource: Option<String>,
    /// Azure's deployment for each model name.
    pub deployments: Vec<(String, String)>,
    /// Bedrock's region.
    pub region: Option<String>,
    /// Milliseconds for the whole call.
    pub timeout_ms: Option<u32>,
    /// Milliseconds until the upstream's first byte.
    pub first_byte_timeout_ms: Option<u32>,
}

impl Effective {
    /// Azure's deployment for a model; the comparison is exact.
    pub fn deployment(&self, model: &str) -> Option<&str> {
        self.deployments.iter().find(|(name, _)| name == model).map(|(_, deployment)| deployment.as_str())
    }

    /// Bedrock's region.
    pub fn region(&self) -> &str {
        self.region.as_deref().unwrap_or(DEFAULT_REGION)
    }

    fn apply(&mut self, setting: Setting) {
        match setting {
            Setting::BodyDefault(key, json) => self.body_defaults.push((key, json)),
            Setting::ExtraHeaders(headers) => self.extra_headers = headers,
            Setting::AnthropicVersion(version) => self.anthropic_version = Some(version),
            Setting::AnthropicBeta(beta) => self.anthropic_beta = Some(beta),
            Setting::ApiVersion(version) => self.api_version = Some(version),
            Setting::Resource(resource) => self.resource = Some(resource),
            Setting::Deployments(deployments) => self.deployments = deployments,
            Setting::Region(region) => self.region = Some(region),
            Setting::TimeoutMs(ms) => self.timeout_ms = Some(ms),
            Setting::FirstByteTimeoutMs(ms) => self.first_byte_timeout_ms = Some(ms),
        }
    }
}

/// Merges by top-level key: the model's value wins, a nested object replaces the other as a whole, and a null at the
/// model removes the provider's value (SPEC section 2).
pub fn merge(provider: Option<&Advanced>, model: Option<&Advanced>) -> Effective {
    let overridden = |key: &str| model.is_some_and(|model| model.0.contains_key(key));
    let of_provider = provider.into_iter().flat_map(|provider| &provider.0).filter(|(key, _)| !overridden(key));
    let of_model = model.into_iter().flat_map(|model| &model.0);

    let mut effective = Effective::default();
    for (key, value) in of_provider.chain(of_model).filter(|(_, value)| !value.is_null()) {
        // Both sides were read once when they were parsed, so no value is left out here.
        if let Ok(setting) = settings::read(key, value) {
            effective.apply(setting);
        }
    }
    effective
}

fn raw(value: &impl serde::Serialize) -> String {
    // A tree of strings, numbers and booleans with string keys always serialises.
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
