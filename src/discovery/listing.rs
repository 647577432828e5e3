//! Which models an upstream has: the vendors' ways to list them (PROTOCOLS.md section 10), one table.

use super::Listed;
use crate::domain::advanced::Effective;
use crate::domain::base_url::BaseUrl;
use crate::domain::kind::Kind;
use crate::domain::name::key;
use crate::domain::protocol::Protocol;
use crate::domain::provider::Resolved;
use crate::domain::timestamp::Timestamp;
use crate::gateway::answer::first_words;
use crate::gateway::plan::{Signed, credential_headers, secrets};
use crate::json::json;
use crate::ports::{Inbound, Outbound, Upstream};
use crate::protocol::path::{Endpoint, SEGMENT, beside_version, endpoint};
use crate::refusal::{Fault, Reason, Refusal};
use crate::routing::headers_out::anthropic_version;
use crate::routing::{Opened, azure};
use percent_encoding::utf8_percent_encode;
use serde_json::Value;
use std::collections::HashSet;
use std::time::Duration;

/// Until a whole page of a list is there.
const WAIT: Duration = Duration::from_secs(30);

/// The largest page.
const MAX_PAGE_BYTES: u32 = 8 << 20;

/// Pages of a thousand; an upstream that goes on for ever is left.
const MOST_PAGES: usize = 20;

/// The account whose models are asked for.
#[derive(Clone, Copy)]
pub struct Account<'a> {
    /// The provider's name.
    pub name: &'a str,
    /// Its kind.
    pub kind: Kind,
    /// Where it is and what it speaks.
    pub resolved: &'a Resolved,
    /// Its `advanced_json`.
    pub effective: &'a Effective,
    /// Its credential.
    pub opened: &'a Opened,
    /// Now.
    pub now: Timestamp,
}

/// A way to list models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// `GET /v1/models`: OpenAI's, and whatever is made after it.
    OpenAi,
    /// The same path in pages.
    Anthropic,
    /// `GET /v1beta/models` in pages.
    Gemini,
    /// `GET /foundation-models` of the control host.
    Bedrock,
    /// `GET /inference-profiles` of the control host: how the newer models there are called.
    BedrockProfiles,
    /// `GET /api/tags`: Ollama's own.
    OllamaTags,
    /// What a resource has deployed: that is what can be called.
    AzureDeployments,
    /// What could be deployed, where the resource does not tell what is.
    AzureModels,
}

/// The ways to ask, best first: the next one is for where the one before is not there.
const fn ways(kind: Kind, protocol: Protocol) -> &'static [Way] {
    match (kind, protocol) {
        (Kind::Azure, _) => &[Way::AzureDeployments, Way::AzureModels],
        (Kind::Ollama, _) => &[Way::OpenAi, Way::OllamaTags],
        (_, Protocol::ChatCompletions | Protocol::Responses) => &[Way::OpenAi],
        (_, Protocol::AnthropicMessages) => &[Way::Anthropic],
        (_, Protocol::Gemini) => &[Way::Gemini],
        (_, Protocol::BedrockConverse) => &[Way::Bedrock],
    }
}

/// A page as it was read.
struct Page {
    models: Vec<Listed>,
    next: Option<String>,
    /// Another list that belongs to this one, where it can be had.
    also: Option<Way>,
}

impl Way {
    fn url(self, account: &Account<'_>, cursor: Option<&str>) -> Result<String, Refusal> {
        let base = &account.resolved.base_url;
        let paged = |url: String, size: &str, from: &str| match cursor {
            Some(cursor) => format!("{url}?{size}&{from}={}", utf8_percent_encode(cursor, SEGMENT)),
            None => format!("{url}?{size}"),
        };
        Ok(match self {
            Self::OpenAi => endpoint(base, Endpoint::Models),
            Self::Anthropic => paged(endpoint(base, Endpoint::Models), "limit=1000", "after_id"),
            Self::Gemini => paged(endpoint(base, Endpoint::GeminiModels), "pageSize=1000", "pageToken"),
            Self::Bedrock => control_host(base) + "/foundation-models",
            Self::BedrockProfiles => paged(control_host(base) + "/inference-profiles", "maxResults=1000", "nextToken"),
            Self::OllamaTags => beside_version(base, "/api/tags"),
            Self::AzureDeployments => azure::deployments(base),
            // It is not under a deployment: whichever.
            Self::AzureModels => azure::url(base, Endpoint::Models, account.effective, "any")?,
        })
    }

    /// Reads a page; `None` if it is none.
    fn read(self, body: &[u8], effective: &Effective) -> Option<Page> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let (list, next) = match self {
            // Some lists are in no object at all.
            Self::OpenAi => (body.get("data").or(body.get("models")).unwrap_or(&body), None),
            Self::Anthropic => {
                let more = body.get("has_more").and_then(Value::as_bool) == Some(true);
                (body.get("data")?, text(&body, "last_id").filter(|_| more))
            }
            // An account without models has no member for them.
            Self::Gemini if body.as_object()?.is_empty() => return Some(Page::of(Vec::new(), None)),
            Self::Gemini => (body.get("models")?, text(&body, "nextPageToken")),
            Self::Bedrock => (body.get("modelSummaries")?, None),
            Self::BedrockProfiles => (body.get("inferenceProfileSummaries")?, text(&body, "nextToken")),
            Self::OllamaTags => (body.get("models")?, None),
            Self::AzureDeployments | Self::AzureModels => (body.get("data")?, None),
        };
        let list = list.as_array()?;
        let names = |entry: &Value| {
            let name = self.names().iter().find_map(|name| text(entry, name)).unwrap_or_default();
            match self {
                Self::Gemini => vec![name.strip_prefix("models/").unwrap_or(&name).to_owned()],
                Self::AzureDeployments => azure::models_of(effective, &name).map(str::to_owned).collect(),
                _ => vec![name],
            }
        };
        let callable = list.iter().filter(|entry| self.is_callable(entry));
        let models = callable.flat_map(|entry| names(entry).into_iter().filter_map(|name| Listed::read(&name, entry)));
        let mut page = Page::of(models.collect(), next.filter(|next| !next.is_empty()));
        let by_profile_only = |entry: &Value| !self.is_callable(entry) && infers(entry, "INFERENCE_PROFILE");
        if self == Self::Bedrock && list.iter().any(by_profile_only) {
            page.also = Some(Self::BedrockProfiles);
        }
        Some(page)
    }

    /// The members that may hold a model's name, the surest first.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::OpenAi => &["id", "model", "name"],
            Self::Anthropic | Self::AzureDeployments | Self::AzureModels => &["id"],
            Self::Gemini => &["name"],
            Self::Bedrock => &["modelId"],
            Self::BedrockProfiles => &["inferenceProfileId"],
            Self::OllamaTags => &["model", "name"],
        }
    }

    /// Whether what is listed can be called by its name.
    fn is_callable(self, entry: &Value) -> bool {
        let is_or_says_nothing = |word: &str| entry.get("status").is_none_or(|status| status == word);
        match self {
            Self::Bedrock => entry.get("inferenceTypesSupported").is_none() || infers(entry, "ON_DEMAND"),
            Self::BedrockProfiles => is_or_says_nothing("ACTIVE"),
            Self::AzureDeployments => is_or_says_nothing("succeeded"),
            // Groq lists what it has switched off, too.
            _ => entry.get("active").is_none_or(|active| active != false),
        }
    }
}

impl Page {
    const fn of(models: Vec<Listed>, next: Option<String>) -> Self {
        Self { models, next, also: None }
    }
}

fn infers(entry: &Value, how: &str) -> bool {
    let types = entry.get("inferenceTypesSupported").and_then(Value::as_array);
    types.is_some_and(|types| types.iter().any(|one| one == how))
}

/// Bedrock lists at another host than it infers at. An address of the operator's own serves both.
fn control_host(base: &BaseUrl) -> String {
    match base.origin().strip_prefix("https://bedrock-runtime") {
        Some(rest) if rest.ends_with(".amazonaws.com") || rest.ends_with(".amazonaws.com.cn") => {
            format!("https://bedrock{rest}")
        }
        _ => base.as_str().to_owned(),
    }
}

/// What the account's upstream lists, each model once, in its order.
///
/// # Errors
/// [`Reason::UpstreamAuthFailed`], [`Reason::UpstreamRequestFailed`] and [`Reason::UpstreamError`], with the upstream's
/// status and words as details; whatever keeps the question from being asked.
pub async fn available(upstream: &dyn Upstream, account: &Account<'_>) -> Result<Vec<Listed>, Refusal> {
    let protocol = account.resolved.protocols.first().copied().unwrap_or(Protocol::ChatCompletions);
    let mut refused = None;
    for way in ways(account.kind, protocol) {
        match all_pages(upstream, account, *way).await {
            Ok((mut models, also)) => {
                if let Some(also) = also
                    && let Ok((more, _)) = all_pages(upstream, account, also).await
                {
                    // A credential that may not list these still calls the others.
                    models.extend(more);
                }
                let mut seen = HashSet::new();
                models.retain(|listed| seen.insert(key(&listed.model)));
                return Ok(models);
            }
            Err(Unlisted::NotThere(refusal)) => {
                refused.get_or_insert(refusal);
            }
            Err(Unlisted::Refused(refusal)) => return Err(refusal),
        }
    }
    Err(refused.unwrap_or_else(|| Refusal::new(Reason::Internal, "there is no way to list this provider's models")))
}

/// Why there is no list.
enum Unlisted {
    /// The upstream does not have this way.
    NotThere(Refusal),
    /// Another way would not help.
    Refused(Refusal),
}

impl From<Refusal> for Unlisted {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

async fn all_pages(
    upstream: &dyn Upstream,
    account: &Account<'_>,
    way: Way,
) -> Result<(Vec<Listed>, Option<Way>), Unlisted> {
    let (mut models, mut also, mut cursor) = (Vec::new(), None, None);
    for _ in 0..MOST_PAGES {
        let answer = ask(upstream, account, way, cursor.as_deref()).await?;
        match answer.status {
            200..=299 => {}
            400 | 404 | 405 | 410 => return Err(Unlisted::NotThere(refusal(account, &answer))),
            _ => return Err(Unlisted::Refused(refusal(account, &answer))),
        }
        let page = way.read(&answer.body, account.effective).ok_or_else(|| unreadable(account, &answer))?;
        models.extend(page.models);
        also = also.or(page.also);
        match page.next {
            // A cursor that stands still would be asked for again and again.
            Some(next) if cursor.as_ref() != Some(&next) => cursor = Some(next),
            _ => break,
        }
    }
    Ok((models, also))
}

async fn ask(
    upstream: &dyn Upstream,
    account: &Account<'_>,
    way: Way,
    cursor: Option<&str>,
) -> Result<Inbound, Refusal> {
    let Account { resolved, effective, .. } = account;
    let url = way.url(account, cursor)?;
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut headers = vec![owned(("accept", "application/json"))];
    if way == Way::Anthropic {
        headers.push(owned(("anthropic-version", anthropic_version(None, effective.anthropic_version.as_deref()))));
    }
    headers.extend(effective.extra_headers.iter().map(owned));
    let signed = Signed { method: "GET", url: &url, region: effective.region(), body: &[], now: account.now };
    headers.extend(credential_headers(account.opened, resolved.auth_method, Some(signed))?);
    let wait = [effective.timeout_ms, effective.first_byte_timeout_ms].into_iter().flatten();
    let wait = wait.map(|ms| Duration::from_millis(u64::from(ms))).fold(WAIT, Duration::min);
    let provider = account.name.to_owned();
    let request = Outbound { provider, method: "GET", url, headers, body: Vec::new(), wait, limit: MAX_PAGE_BYTES };
    upstream.call(request).await.map_err(|mut refusal| {
        if refusal.reason.fault() == Fault::Upstream {
            refusal.reason = Reason::UpstreamError;
        }
        refusal
    })
}

/// What an upstream's refusal is to an operator: the credential, the question, or the upstream itself is at fault.
fn refusal(account: &Account<'_>, answer: &Inbound) -> Refusal {
    let (name, status) = (account.name, answer.status);
    let (reason, message) = match status {
        401 | 403 => (
            Reason::UpstreamAuthFailed,
            format!("provider `{name}` does not take its credential ({status}): set another one, or its auth_method"),
        ),
        300..=399 => (
            Reason::UpstreamError,
            format!(
                "provider `{name}` answered {status} with a redirect, which is never followed because the credential \
                 would go along: set base_url to where it leads"
            ),
        ),
        400..=499 => (
            Reason::UpstreamRequestFailed,
            format!("provider `{name}` does not list its models there ({status}): look at its base_url and protocol"),
        ),
        _ => {
            (Reason::UpstreamError, format!("provider `{name}` failed to list its models ({status}): try again later"))
        }
    };
    Refusal::new(reason, message).with_details(details(account, answer))
}

fn unreadable(account: &Account<'_>, answer: &Inbound) -> Refusal {
    let message = format!(
        "provider `{}` answered {} with something that is no list of models: look at its base_url and protocol",
        account.name, answer.status
    );
    Refusal::new(Reason::UpstreamError, message).with_details(details(account, answer))
}

fn details(account: &Account<'_>, answer: &Inbound) -> Value {
    json!({"status": answer.status, "body": first_words(&secrets(account.opened), &answer.body)})
}
