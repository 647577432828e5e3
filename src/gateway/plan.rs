//! The second phase: which model, which upstream, and which bytes and headers go there.

use super::admit::Admitted;
use super::door::CallDoor;
use crate::access::Operation;
use crate::deployment::Deployment;
use crate::domain::advanced::Effective;
use crate::domain::kind::{AuthMethod, Kind};
use crate::domain::protocol::Protocol;
use crate::domain::provider::{Resolved, Settings};
use crate::protocol::body::{BodyError, Changes, RequestBody, StreamUsage};
use crate::protocol::meter::UsageChunk;
use crate::protocol::path::{self, Endpoint};
use crate::refusal::{Reason, Refusal};
use crate::routing::headers_out::{Credential, anthropic_beta, anthropic_version, forwarded};
use crate::routing::{Candidate, Opened, azure};
use std::fmt;
use std::time::Duration;

/// An upstream call, ready to be made.
pub struct Plan {
    /// Who serves it.
    pub candidate: Candidate,
    /// Where to.
    pub url: String,
    /// Headers in the order in which they are set: a later one of the same name replaces an earlier one.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Until the upstream's headers.
    pub first_byte_timeout: Duration,
    /// For the whole call, where the operator bounds it.
    pub timeout: Option<Duration>,
    /// Who a Chat Completions stream's usage chunk is for.
    pub usage_chunk: UsageChunk,
    /// Parts of the credential, to be masked where an upstream repeats them.
    pub secrets: Vec<String>,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers carry the credential, the body is the client's.
        f.debug_struct("Plan")
            .field("url", &self.url)
            .field("model", &self.candidate.selector())
            .finish_non_exhaustive()
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        let reason = match &error {
            BodyError::Malformed(_) => Reason::MalformedJson,
            _ => Reason::BadRequest,
        };
        let refusal = Self::new(reason, error.to_string());
        match error.field() {
            Some(field) => refusal.on(field),
            None => refusal,
        }
    }
}

/// The candidates for the body's model that this caller may call, best first.
pub fn candidates(admitted: &Admitted, body: &RequestBody) -> Result<Vec<Candidate>, Refusal> {
    let model = body.model().unwrap_or_default();
    let mut found = admitted.snapshot.candidates(&model)?;
    found.retain(|candidate| admitted.may_call(candidate));
    if !found.is_empty() {
        return Ok(found);
    }
    let message = format!(
        "this token may not call `{model}`: its `allowed_models` or its policy's `{}` leave the model out; GET \
         /v1/models lists those that it may call",
        Operation::Invoke.action()
    );
    Err(Refusal::new(Reason::ModelForbidden, message).on("model"))
}

/// Plans the call of the first candidate that speaks the client's protocol.
pub fn plan<'h, H>(
    admitted: &Admitted,
    deployment: &Deployment,
    door: CallDoor,
    client_headers: H,
    body: &RequestBody,
    candidates: &[Candidate],
) -> Result<Plan, (Option<Candidate>, Refusal)>
where
    H: Iterator<Item = (&'h str, &'h str)> + Clone,
{
    let mut spoken: Vec<Protocol> = Vec::new();
    let mut unreadable = None;
    for candidate in candidates {
        let settled = candidate
            .provider
            .settled(deployment.private_upstreams)
            .and_then(|(settings, resolved)| Ok((settings, resolved, candidate.effective(settings)?)));
        let (settings, resolved, effective) = match settled {
            Ok(settled) => settled,
            // A row that cannot be used does not stand in the way of the next candidate.
            Err(refusal) => {
                unreadable.get_or_insert((Some(candidate.clone()), refusal));
                continue;
            }
        };
        if resolved.protocols.iter().any(|spoken| door.upstreams.contains(spoken)) {
            return Upstream { candidate, settings, resolved, effective }
                .plan(admitted, deployment, door, client_headers, body)
                .map_err(|refusal| (Some(candidate.clone()), refusal));
        }
        spoken.extend(&resolved.protocols);
    }
    if let Some(refused) = unreadable {
        return Err(refused);
    }
    spoken.sort_unstable();
    spoken.dedup();
    let spoken = spoken.into_iter().map(Protocol::as_str).collect::<Vec<_>>().join(", ");
    let message = format!(
        "the provider of this model speaks {spoken}, not `{}`: call it in its own protocol, or name a model of a \
         provider that speaks yours",
        door.name
    );
    Err((candidates.first().cloned(), Refusal::new(Reason::ProtocolMismatch, message).on("model")))
}

/// The headers that present a credential, to be set over all others of their names.
pub(super) fn credential_headers(opened: &Opened, method: AuthMethod) -> Result<Vec<(String, String)>, Refusal> {
    let unfit = |why: &str| Refusal::new(Reason::CredentialInvalid, format!("the credential cannot be sent: {why}"));
    let credential = match (opened, method) {
        (Opened::Headers(map), _) => Credential::Custom(map),
        (Opened::Keyless, _) => Credential::None,
        (Opened::Key(key), AuthMethod::Bearer) => Credential::Bearer(key.expose()),
        (Opened::Key(key), AuthMethod::XApiKey) => Credential::XApiKey(key.expose()),
        (Opened::Key(key), AuthMethod::ApiKey) => Credential::ApiKey(key.expose()),
        (Opened::Key(key), AuthMethod::XGoogApiKey) => Credential::XGoogApiKey(key.expose()),
        (Opened::Key(_), AuthMethod::CustomHeaders | AuthMethod::AwsSigv4 | AuthMethod::None) => {
            return Err(unfit(&format!("auth_method `{}` cannot be called with yet", method.as_str())));
        }
    };
    let headers = credential.headers().map_err(|invalid| unfit(&invalid.message))?;
    Ok(headers.iter().map(|header| (header.name().to_owned(), header.expose().to_owned())).collect())
}

/// What must not be repeated to a client, whoever repeats it.
pub(super) fn secrets(opened: &Opened) -> Vec<String> {
    match opened {
        Opened::Key(key) => vec![key.expose().to_owned()],
        Opened::Headers(map) => map.iter().flat_map(|(_, value)| secret_parts(value)).collect(),
        Opened::Keyless => Vec::new(),
    }
}

/// Shorter header values (`1`, `true`, `eu-west`) are no credentials, and to mask them would garble every number.
const SHORTEST_SECRET: usize = 8;

/// What must not be repeated of a header's value: all of it, and what follows its scheme (`Bearer …`).
fn secret_parts(value: &str) -> impl Iterator<Item = String> {
    let after_scheme = value.split_once(' ').map(|(_, rest)| rest.trim());
    [Some(value), after_scheme].into_iter().flatten().filter(|part| part.len() >= SHORTEST_SECRET).map(str::to_owned)
}

struct Upstream<'a> {
    candidate: &'a Candidate,
    settings: &'a Settings,
    resolved: &'a Resolved,
    effective: &'a Effective,
}

impl Upstream<'_> {
    fn plan<'h>(
        &self,
        admitted: &Admitted,
        deployment: &Deployment,
        door: CallDoor,
        client_headers: impl Iterator<Item = (&'h str, &'h str)> + Clone,
        body: &RequestBody,
    ) -> Result<Plan, Refusal> {
        let project = &admitted.snapshot.project;
        let opened = self.candidate.provider.credential(project, self.resolved.auth_method, deployment.ring())?;
        let mut headers = self.headers(door.protocol, client_headers);
        headers.extend(credential_headers(opened, self.resolved.auth_method)?);
        let defaults = self.effective.body_defaults.iter().filter(|(key, _)| door.defaults.take(key));
        let defaults: Vec<(&str, &[u8])> = defaults.map(|(key, value)| (key.as_str(), value.as_bytes())).collect();
        let changes = Changes {
            model: self.model(),
            defaults: &defaults,
            stream_usage: match door.endpoint {
                Endpoint::ChatCompletions => StreamUsage::Requested,
                _ => StreamUsage::AsTheClientAsks,
            },
        };
        let stripped = door.endpoint == Endpoint::ChatCompletions && !body.asks_for_stream_usage();
        let milliseconds = |ms: u32| Duration::from_millis(u64::from(ms));
        Ok(Plan {
            candidate: self.candidate.clone(),
            url: self.url(door)?,
            headers,
            body: body.for_upstream(&changes).into_owned(),
            first_byte_timeout: self
                .effective
                .first_byte_timeout_ms
                .map_or(deployment.first_byte_timeout, milliseconds),
            timeout: self.effective.timeout_ms.map(milliseconds),
            usage_chunk: if stripped { UsageChunk::Strip } else { UsageChunk::Keep },
            secrets: secrets(opened),
        })
    }

    fn url(&self, door: CallDoor) -> Result<String, Refusal> {
        let base = &self.resolved.base_url;
        match self.settings.kind {
            Kind::Azure => Ok(azure::url(base, door.endpoint, self.effective, self.candidate.model.model())?),
            _ => Ok(path::endpoint(base, door.endpoint)),
        }
    }

    /// The model as the upstream knows it.
    fn model(&self) -> &str {
        let model = self.candidate.model.model();
        match self.settings.kind {
            Kind::Azure => azure::deployment(self.effective, model),
            _ => model,
        }
    }

    /// Everything but the credential: the client's headers that pass, then ours, then the operator's.
    fn headers<'h>(
        &self,
        protocol: Protocol,
        client: impl Iterator<Item = (&'h str, &'h str)> + Clone,
    ) -> Vec<(String, String)> {
        let of_client = |wanted: &str| client.clone().find(|(name, _)| *name == wanted).map(|(_, value)| value);
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let mut headers: Vec<_> = forwarded(client.clone(), protocol).map(owned).collect();
        headers.push(owned(("content-type", "application/json")));
        if protocol == Protocol::AnthropicMessages {
            let version =
                anthropic_version(of_client("anthropic-version"), self.effective.anthropic_version.as_deref());
            headers.push(owned(("anthropic-version", version)));
            let beta = anthropic_beta(of_client("anthropic-beta"), self.effective.anthropic_beta.as_deref());
            headers.extend(beta.map(|beta| ("anthropic-beta".to_owned(), beta)));
        }
        headers.extend(self.effective.extra_headers.iter().map(owned));
        headers
    }
}
