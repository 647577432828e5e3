//! Joins an upstream's base URL and an endpoint's path, whichever part of the path the operator already wrote.
//!
//! The three spellings that people paste all mean the same: the bare host, the base with its version, and the full URL
//! of one endpoint (SPEC section 2, URL joining).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::base_url::BaseUrl;
use crate::domain::invalid::Invalid;
use crate::domain::protocol::Protocol;

/// An endpoint whose path does not depend on the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// OpenAI: `POST /v1/chat/completions`.
    ChatCompletions,
    /// OpenAI: `POST /v1/responses`.
    Responses,
    /// OpenAI: `POST /v1/responses/input_tokens`.
    ResponsesInputTokens,
    /// Anthropic: `POST /v1/messages`.
    Messages,
    /// Anthropic: `POST /v1/messages/count_tokens`.
    CountTokens,
    /// OpenAI: `POST /v1/embeddings`.
    Embeddings,
    /// OpenAI and Anthropic: `GET /v1/models`.
    Models,
    /// Gemini: `GET /v1beta/models`.
    GeminiModels,
}

/// An endpoint that names its model in the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelAction {
    /// Gemini: `POST /v1beta/models/{model}:generateContent`.
    GeminiGenerate,
    /// Gemini: `POST /v1beta/models/{model}:streamGenerateContent?alt=sse`.
    GeminiStream,
    /// Gemini: `POST /v1beta/models/{model}:countTokens`.
    GeminiCountTokens,
    /// Gemini: `POST /v1beta/models/{model}:batchEmbedContents`.
    GeminiEmbed,
    /// Bedrock: `POST /model/{model}/converse`.
    Converse,
    /// Bedrock: `POST /model/{model}/converse-stream`.
    ConverseStream,
    /// Bedrock: `POST /model/{model}/count-tokens`.
    ConverseCountTokens,
}

impl Endpoint {
    /// Every endpoint. A tail that ends in another one's is listed before it, so that the longest is found first.
    pub const ALL: [Self; 8] = [
        Self::ChatCompletions,
        Self::ResponsesInputTokens,
        Self::Responses,
        Self::CountTokens,
        Self::Messages,
        Self::Embeddings,
        Self::Models,
        Self::GeminiModels,
    ];

    /// The version that goes before the tail where the base names none.
    const fn version(self) -> &'static str {
        match self {
            Self::GeminiModels => "/v1beta",
            _ => "/v1",
        }
    }

    /// The path after the version.
    const fn tail(self) -> &'static str {
        match self {
            Self::ChatCompletions => "/chat/completions",
            Self::Responses => "/responses",
            Self::ResponsesInputTokens => "/responses/input_tokens",
            Self::Messages => "/messages",
            Self::CountTokens => "/messages/count_tokens",
            Self::Embeddings => "/embeddings",
            Self::Models | Self::GeminiModels => "/models",
        }
    }

    /// Where Azure serves the endpoint: under a deployment or beside them (PROTOCOLS section 9.2).
    const fn azure_scope(self) -> AzureScope {
        match self {
            Self::ChatCompletions | Self::Embeddings => AzureScope::Deployment,
            _ => AzureScope::Resource,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AzureScope {
    Deployment,
    Resource,
}

/// What a base URL's path already says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stem<'a> {
    /// The tail follows at once: the path ends in a version, or an endpoint's tail was cut off it.
    Complete(&'a str),
    /// Up to `/openai` of `…/openai/deployments/{name}`, and the whole of it.
    Deployment { resource: &'a str, deployment: &'a str },
    /// The version and the tail follow.
    Bare(&'a str),
}

/// The URL of `endpoint` at an upstream.
pub fn endpoint(base: &BaseUrl, endpoint: Endpoint) -> String {
    let origin = base.origin();
    let tail = endpoint.tail();
    match stem(base.path()) {
        Stem::Complete(path) => format!("{origin}{path}{tail}"),
        Stem::Bare(path) => format!("{origin}{path}{}{tail}", endpoint.version()),
        Stem::Deployment { resource, deployment } => match endpoint.azure_scope() {
            AzureScope::Deployment => format!("{origin}{deployment}{tail}"),
            AzureScope::Resource => format!("{origin}{resource}{tail}"),
        },
    }
}

/// The URL of an action on `model`, whose name becomes one encoded path segment (`:` and `/` included: Bedrock's ids
/// and ARNs hold both). Gemini's `models/…` and `tunedModels/…` keep their collection.
///
/// # Errors
/// [`Invalid`] on `model` when the name is empty, `.` or `..`: as a path segment it would leave the endpoint.
pub fn model_action(base: &BaseUrl, action: ModelAction, model: &str) -> Result<String, Invalid> {
    let (version, suffix) = match action {
        ModelAction::GeminiGenerate => (Some("/v1beta"), ":generateContent"),
        ModelAction::GeminiStream => (Some("/v1beta"), ":streamGenerateContent?alt=sse"),
        ModelAction::GeminiCountTokens => (Some("/v1beta"), ":countTokens"),
        ModelAction::GeminiEmbed => (Some("/v1beta"), ":batchEmbedContents"),
        ModelAction::Converse => (None, "/converse"),
        ModelAction::ConverseStream => (None, "/converse-stream"),
        ModelAction::ConverseCountTokens => (None, "/count-tokens"),
    };
    let (collection, name) = match version {
        Some(_) => GEMINI_COLLECTIONS
            .iter()
            .find_map(|collection| Some((*collection, model.strip_prefix(collection)?.strip_prefix('/')?)))
            .unwrap_or(("models", model)),
        None => ("model", model),
    };
    if matches!(name, "" | "." | "..") {
        return Err(Invalid::new("model", "This name cannot stand in the path of the upstream's URL."));
    }
    let (path, version) = match stem(base.path()) {
        Stem::Complete(path) => (path, ""),
        Stem::Bare(path) | Stem::Deployment { deployment: path, .. } => (path, version.unwrap_or_default()),
    };
    let segment = utf8_percent_encode(name, SEGMENT);
    Ok(format!("{}{path}{version}/{collection}/{segment}{suffix}", base.origin()))
}

/// The URL of a raw pass-through (`/v1/proxy/{provider}/{rest}`): `rest` is the client's path after the provider's
/// name, with its query. A version that the client writes replaces the base's; where neither writes one, the
/// protocol's own is put in, as for the endpoints above.
///
/// # Errors
/// [`Invalid`] on `path` when the path could leave the base or be read in two ways: dot segments in any spelling,
/// empty segments, a backslash, a fragment, or characters that must be percent-encoded.
pub fn raw(base: &BaseUrl, protocol: Protocol, rest: &str) -> Result<String, Invalid> {
    let (path, query) = rest.split_once('?').map_or((rest, ""), |(path, _)| rest.split_at(path.len()));
    let path = path.strip_prefix('/').unwrap_or(path);
    // The client's path has to obey the rules of an operator's.
    BaseUrl::parse(&format!("{}/{path}", base.origin())).map_err(|invalid| Invalid::new("path", invalid.message))?;
    if !query.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return Err(Invalid::new("path", "Its query holds a character that must be percent-encoded."));
    }
    let versioned = path.split('/').next().is_some_and(is_version);
    let (before, version) = match stem(base.path()) {
        Stem::Complete(stem) if versioned => (without_version(stem), ""),
        Stem::Bare(stem) if !versioned => (stem, default_version(protocol)),
        Stem::Complete(stem) | Stem::Bare(stem) | Stem::Deployment { deployment: stem, .. } => (stem, ""),
    };
    Ok(format!("{}{before}{version}/{path}{query}", base.origin()))
}

/// The URL of a path beside the versioned ones, as Ollama's own API is.
pub fn beside_version(base: &BaseUrl, path: &str) -> String {
    let (Stem::Complete(stem) | Stem::Bare(stem) | Stem::Deployment { deployment: stem, .. }) = stem(base.path());
    format!("{}{}{path}", base.origin(), without_version(stem))
}

const fn default_version(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::ChatCompletions | Protocol::Responses | Protocol::AnthropicMessages => "/v1",
        Protocol::Gemini => "/v1beta",
        Protocol::BedrockConverse => "",
    }
}

fn without_version(path: &str) -> &str {
    path.rsplit_once('/').filter(|(_, last)| is_version(last)).map_or(path, |(before, _)| before)
}

/// Where Gemini keeps what can generate; a name may carry one of them in front.
const GEMINI_COLLECTIONS: [&str; 2] = ["models", "tunedModels"];

/// Everything but RFC 3986's unreserved characters.
pub const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn stem(path: &str) -> Stem<'_> {
    let cut = without_tail(path);
    let path = cut.unwrap_or(path);
    match deployment(path) {
        Some(deployment) => deployment,
        None if cut.is_some() || ends_in_version(path) => Stem::Complete(path),
        None => Stem::Bare(path),
    }
}

/// Cuts the tail of any endpoint off the path, if it ends in one.
///
/// `/models` is an endpoint only behind a version: Azure's inference hosts have it as the root of their API.
fn without_tail(path: &str) -> Option<&str> {
    let (tail, before) =
        Endpoint::ALL.iter().find_map(|endpoint| Some((endpoint.tail(), path.strip_suffix(endpoint.tail())?)))?;
    (tail != Endpoint::Models.tail() || ends_in_version(before)).then_some(before)
}

/// Whether an endpoint's tail may follow the path at once.
fn ends_in_version(path: &str) -> bool {
    let mut segments = path.rsplit('/');
    match (segments.next(), segments.next()) {
        (Some(last), _) if is_version(last) => true,
        // Gemini and Vertex serve OpenAI's dialect without a version of its own.
        (Some("openai"), Some(before)) => is_version(before),
        (Some("openapi"), Some("endpoints")) => true,
        _ => false,
    }
}

/// `v1`, `v2`, `v1beta`, `v1beta1`, `v1p1beta1`.
fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|rest| {
        rest.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
            && rest.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
    })
}

/// `…/openai/deployments/{name}`, Azure's classic form.
fn deployment(path: &str) -> Option<Stem<'_>> {
    let (before, _name) = path.rsplit_once('/')?;
    let resource = before.strip_suffix("/deployments").filter(|resource| resource.ends_with("/openai"))?;
    Some(Stem::Deployment { resource, deployment: path })
}

#[cfg(test)]
mod tests;
