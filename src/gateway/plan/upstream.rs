//! One candidate's call: its dialect, address, headers and bytes.

use super::{Asked, Belief, Dialects, Plan, Signed, Way, credential_headers, dialects, secrets};
use crate::deployment::Deployment;
use crate::domain::advanced::Effective;
use crate::domain::kind::Kind;
use crate::domain::protocol::Protocol;
use crate::domain::provider::{Resolved, Settings};
use crate::gateway::door::Work;
use crate::protocol::body::{Changes, StreamUsage};
use crate::protocol::meter::UsageChunk;
use crate::refusal::Refusal;
use crate::routing::headers_out::{anthropic_beta, anthropic_version, forwarded};
use crate::routing::url::{Purpose, url};
use crate::routing::{Candidate, azure};
use crate::translate::neutral::{Client, Target};
use crate::translate::{self, Circumstances};
use serde_json::{Map, Value};
use std::time::Duration;

/// A candidate whose settings were read.
pub(super) struct Upstream<'a> {
    candidate: &'a Candidate,
    settings: &'a Settings,
    resolved: &'a Resolved,
    effective: &'a Effective,
}

/// The bytes for an upstream, and the way back.
struct Carried {
    body: Vec<u8>,
    way: Way,
    dropped: Vec<String>,
}

impl<'a> Upstream<'a> {
    /// Reads a candidate's settings; what the deployment's rules do not allow is refused here.
    pub(super) fn settle(candidate: &'a Candidate, deployment: &Deployment) -> Result<Self, Refusal> {
        let (settings, resolved) = candidate.provider.settled(deployment.private_upstreams)?;
        Ok(Self { candidate, settings, resolved, effective: candidate.effective(settings)? })
    }

    /// What the provider speaks.
    pub(super) fn protocols(&self) -> &[Protocol] {
        &self.resolved.protocols
    }

    /// In which dialect the provider does this work; `None` if it does not do it at all.
    pub(super) fn dialects<H>(&self, asked: &Asked<'_, H>) -> Option<Dialects> {
        let only = |first| Dialects { first, otherwise: None };
        match asked.door.work {
            Work::Generate => {
                let provider = self.candidate.provider.id();
                let is_chat_only = asked.chat_only.borrow().holds(provider, asked.started);
                let belief = if is_chat_only { Belief::ChatOnly } else { Belief::Untried };
                dialects(asked.door.protocol, self.settings, self.resolved, belief)
            }
            Work::CountTokens => self.protocols().iter().copied().find(|protocol| self.counts(*protocol)).map(only),
            Work::Embed => self.protocols().iter().copied().find(|protocol| embeds(*protocol)).map(only),
        }
    }

    /// Whether the upstream counts tokens in this dialect. Of those that speak Responses only OpenAI itself does.
    fn counts(&self, protocol: Protocol) -> bool {
        match protocol {
            Protocol::AnthropicMessages | Protocol::Gemini | Protocol::BedrockConverse => true,
            Protocol::Responses => self.settings.kind == Kind::OpenAi,
            Protocol::ChatCompletions => false,
        }
    }

    /// The call in the first of the dialects.
    pub(super) fn plan<'h, H>(&self, asked: &Asked<'_, H>, dialects: Dialects) -> Result<Plan, Refusal>
    where
        H: Iterator<Item = (&'h str, &'h str)> + Clone,
    {
        let (deployment, protocol) = (asked.deployment, dialects.first);
        let provider = &self.candidate.provider;
        let opened = asked.admitted.credential(provider, self.resolved.auth_method, deployment.ring())?;
        let Carried { body, way, dropped } = self.carry(asked, protocol)?;
        let purpose = match asked.door.work {
            Work::Generate if asked.streams() => Purpose::Stream,
            Work::Generate => Purpose::Answer,
            Work::CountTokens => Purpose::Count,
            Work::Embed => Purpose::Embed,
        };
        let model = self.candidate.model.model();
        let url = url(self.settings.kind, &self.resolved.base_url, (protocol, purpose), self.effective, model)?;
        let mut headers = self.headers(protocol, asked.headers.clone());
        let region = self.effective.region();
        let signed = Signed { method: "POST", url: &url, region, body: &body, now: asked.started };
        headers.extend(credential_headers(opened, self.resolved.auth_method, Some(signed))?);
        let milliseconds = |ms: u32| Duration::from_millis(u64::from(ms));
        Ok(Plan {
            candidate: self.candidate.clone(),
            kind: self.settings.kind,
            protocol,
            otherwise: dialects.otherwise,
            url,
            headers,
            body,
            way,
            dropped,
            first_byte_timeout: self
                .effective
                .first_byte_timeout_ms
                .map_or(deployment.first_byte_timeout, milliseconds),
            timeout: self.effective.timeout_ms.map(milliseconds),
            secrets: secrets(opened),
        })
    }

    fn carry<H>(&self, asked: &Asked<'_, H>, protocol: Protocol) -> Result<Carried, Refusal> {
        let is_same = match asked.door.work {
            Work::Generate | Work::CountTokens => protocol == asked.door.protocol,
            Work::Embed => protocol != Protocol::Gemini,
        };
        if is_same { Ok(self.same(asked)) } else { self.translated(asked, protocol) }
    }

    /// The client's bytes, with the model and missing defaults put in.
    fn same<H>(&self, asked: &Asked<'_, H>) -> Carried {
        let door = asked.door;
        let is_chat = door.work == Work::Generate && door.protocol == Protocol::ChatCompletions;
        let defaults = self.effective.body_defaults.iter().filter(|(key, _)| door.defaults.take(key));
        let defaults: Vec<(&str, &[u8])> = defaults.map(|(key, value)| (key.as_str(), value.as_bytes())).collect();
        let changes = Changes {
            model: self.model(),
            defaults: &defaults,
            stream_usage: if is_chat { StreamUsage::Requested } else { StreamUsage::AsTheClientAsks },
        };
        let stripped = is_chat && !asked.body.asks_for_stream_usage();
        let usage_chunk = if stripped { UsageChunk::Strip } else { UsageChunk::Keep };
        let body = asked.body.for_upstream(&changes).into_owned();
        let body = translate::without_foreign_signatures(door.protocol, body);
        Carried { body, way: Way::Same { usage_chunk }, dropped: Vec::new() }
    }

    fn translated<H>(&self, asked: &Asked<'_, H>, protocol: Protocol) -> Result<Carried, Refusal> {
        let defaults = self.defaults(asked);
        let target = Target {
            protocol,
            kind: self.settings.kind,
            model: self.model(),
            provider: self.candidate.provider.id().as_str(),
            defaults: &defaults,
        };
        let circumstances = Circumstances {
            policy: asked.deployment.loss_policy,
            request: asked.request.as_str(),
            started: asked.started,
            media: asked.media,
        };
        let body = asked.body.bytes();
        Ok(match (asked.door.work, Client::of(asked.door.protocol)) {
            (Work::Generate, Some(client)) => {
                let translated = translate::translate(client, body, &target, circumstances)?;
                let way = Way::Translated(Box::new(translated.exchange));
                Carried { body: translated.body, way, dropped: translated.dropped }
            }
            (Work::Embed, _) => {
                let (body, encoding, dropped) = translate::embeddings(body, &target, circumstances)?;
                Carried { body, way: Way::Embeddings(encoding), dropped }
            }
            (Work::CountTokens | Work::Generate, _) => {
                Carried { body: translate::count(body, &target)?, way: Way::Count, dropped: Vec::new() }
            }
        })
    }

    /// The operator's defaults that mean something to this endpoint.
    fn defaults<H>(&self, asked: &Asked<'_, H>) -> Map<String, Value> {
        let taken = self.effective.body_defaults.iter().filter(|(key, _)| asked.door.defaults.take(key));
        // They were written by serde_json, which reads its own writing.
        taken.filter_map(|(key, value)| Some((key.clone(), serde_json::from_str(value).ok()?))).collect()
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

const fn embeds(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::ChatCompletions | Protocol::Responses | Protocol::Gemini)
}
