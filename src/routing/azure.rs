//! Azure OpenAI's two ways to name a deployment (PROTOCOLS.md section 9.2): in the path, where `api_version` is a date,
//! and as the `model`, on the dateless v1 path.

use crate::domain::advanced::Effective;
use crate::domain::base_url::BaseUrl;
use crate::domain::invalid::Invalid;
use crate::protocol::path::{self, Endpoint, SEGMENT};
use percent_encoding::utf8_percent_encode;

/// Where a call of a model goes.
///
/// # Errors
/// [`Invalid`] where the deployment's name cannot stand in a path.
pub fn url(base: &BaseUrl, endpoint: Endpoint, effective: &Effective, model: &str) -> Result<String, Invalid> {
    let version = effective.api_version.as_deref();
    let mut url = match version.filter(|version| is_dated(version)) {
        Some(_) => path::endpoint(&classic(base, deployment(effective, model))?, endpoint),
        None => path::endpoint(base, endpoint),
    };
    if let Some(version) = version {
        url.push_str("?api-version=");
        url.push_str(&utf8_percent_encode(version, SEGMENT).to_string());
    }
    Ok(url)
}

/// Where the resource lists its deployments. Only this version of its API does, and no longer everywhere.
pub fn deployments(base: &BaseUrl) -> String {
    format!("{}/openai/deployments?api-version=2023-03-15-preview", resource(base))
}

/// The models that a deployment serves by the operator's word: the names that calls go by.
pub fn models_of<'a>(effective: &'a Effective, deployment: &'a str) -> impl Iterator<Item = &'a str> {
    let mapped = effective.deployments.iter().filter(move |(_, name)| name == deployment);
    let is_mapped = mapped.clone().next().is_some();
    mapped.map(|(model, _)| model.as_str()).chain((!is_mapped).then_some(deployment))
}

/// The name of the deployment that serves a model: `advanced_json.deployments` says, else it has the model's name.
pub fn deployment<'a>(effective: &'a Effective, model: &'a str) -> &'a str {
    effective.deployment(model).unwrap_or(model)
}

/// `2024-10-21`, `2025-04-01-preview`; not `preview`, `latest` or `v1`.
fn is_dated(version: &str) -> bool {
    version.starts_with(|first: char| first.is_ascii_digit())
}

fn classic(base: &BaseUrl, deployment: &str) -> Result<BaseUrl, Invalid> {
    if base.as_str().contains(DEPLOYMENTS) {
        return Ok(base.clone());
    }
    BaseUrl::parse(&format!("{}{DEPLOYMENTS}{}", resource(base), utf8_percent_encode(deployment, SEGMENT)))
}

const DEPLOYMENTS: &str = "/openai/deployments/";

/// The base URL without what is the same for every resource.
fn resource(base: &BaseUrl) -> &str {
    let text = base.as_str();
    match text.split_once(DEPLOYMENTS) {
        Some((resource, _)) => resource,
        None => ["/openai/v1", "/openai"].into_iter().find_map(|tail| text.strip_suffix(tail)).unwrap_or(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::advanced::{Advanced, merge};
    use serde_json::{Value, json};

    fn check(base: &str, advanced: Value, endpoint: Endpoint, expected: &str) {
        let advanced = Advanced::parse(advanced).expect("advanced_json");
        let base = BaseUrl::parse(base).expect("a base URL");
        let url = url(&base, endpoint, &merge(Some(&advanced), None), "gpt-5");
        assert_eq!(url.as_deref(), Ok(expected));
    }

    #[test]
    fn a_dated_version_puts_the_deployment_into_the_path() {
        for base in
            ["https://r.openai.azure.com", "https://r.openai.azure.com/openai", "https://r.openai.azure.com/openai/v1"]
        {
            let dated = json!({"api_version": "2024-10-21", "deployments": {"gpt-5": "prod-5"}});
            check(
                base,
                dated.clone(),
                Endpoint::ChatCompletions,
                "https://r.openai.azure.com/openai/deployments/prod-5/chat/completions?api-version=2024-10-21",
            );
            check(
                base,
                dated,
                Endpoint::Responses,
                "https://r.openai.azure.com/openai/responses?api-version=2024-10-21",
            );
        }
    }

    #[test]
    fn without_a_date_it_is_the_v1_path() {
        let v1 = "https://r.openai.azure.com/openai/v1";
        check(v1, json!({}), Endpoint::Embeddings, "https://r.openai.azure.com/openai/v1/embeddings");
        check(
            v1,
            json!({"api_version": "preview"}),
            Endpoint::Responses,
            "https://r.openai.azure.com/openai/v1/responses?api-version=preview",
        );
    }

    #[test]
    fn a_deployment_that_the_operator_wrote_into_the_base_url_stays() {
        check(
            "https://r.openai.azure.com/openai/deployments/mine",
            json!({"api_version": "2025-04-01-preview"}),
            Endpoint::ChatCompletions,
            "https://r.openai.azure.com/openai/deployments/mine/chat/completions?api-version=2025-04-01-preview",
        );
    }
}
