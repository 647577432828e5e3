//! The second phase: which model, which upstream, in which dialect, and which bytes and headers go there.

mod credential;
mod dialect;
mod draw;
mod request;
mod upstream;

pub use credential::{Signed, credential_headers, secrets};
pub use dialect::{Belief, ChatOnly, Dialects, dialects, lacks_endpoint};

use super::admit::Admitted;
use super::door::{CallDoor, Work};
use crate::access::Operation;
use crate::deployment::Deployment;
use crate::domain::ids::RequestId;
use crate::domain::kind::Kind;
use crate::domain::protocol::Protocol;
use crate::domain::timestamp::Timestamp;
use crate::domain::when::When;
use crate::ports::Rng;
use crate::protocol::body::{BodyError, RequestBody};
use crate::protocol::meter::UsageChunk;
use crate::refusal::{Reason, Refusal};
use crate::routing::{Asking, Candidate, Condition, Nothing, Selection};
use crate::translate::gemini::embeddings::EmbeddingEncoding;
use crate::translate::media::{Media, Wanted, wanted, wants_bytes};
use crate::translate::neutral::Client;
use crate::translate::{Exchange, Untranslatable, issuers};
use request::RequestAttributes;
use std::cell::RefCell;
use std::fmt;
use std::time::Duration;
use upstream::Upstream;

/// A call, as far as everything that decides about it needs to know.
pub struct Asked<'a, H> {
    /// Who calls.
    pub admitted: &'a Admitted,
    /// The deployment's rules.
    pub deployment: &'a Deployment,
    /// At which endpoint.
    pub door: CallDoor,
    /// The client's headers, names in lower case.
    pub headers: H,
    /// The client's body.
    pub body: &'a RequestBody,
    /// The request's own id.
    pub request: &'a RequestId,
    /// When the call began.
    pub started: Timestamp,
    /// What the isolate remembers of providers without a Responses endpoint.
    pub chat_only: &'a RefCell<ChatOnly>,
    /// What was fetched for it.
    pub media: &'a Media,
    /// What extensions say of it, a JSON object; empty where none does.
    pub tags: &'a str,
}

/// A client's headers, names in lower case. All who plan have this type, so that planning, and translating with it, is in
/// the Worker once.
#[derive(Debug, Clone)]
pub struct ClientHeaders<'h>(std::slice::Iter<'h, (String, String)>);

impl<'h> ClientHeaders<'h> {
    /// These.
    pub fn of(pairs: &'h [(String, String)]) -> Self {
        Self(pairs.iter())
    }
}

impl<'h> Iterator for ClientHeaders<'h> {
    type Item = (&'h str, &'h str);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// An upstream call, ready to be made.
pub struct Plan {
    /// Who serves it.
    pub candidate: Candidate,
    /// Whose.
    pub kind: Kind,
    /// In which dialect.
    pub protocol: Protocol,
    /// In which dialect instead, if the upstream turns out not to have this one's endpoint.
    pub otherwise: Option<Protocol>,
    /// Where to.
    pub url: String,
    /// Headers in the order in which they are set: a later one of the same name replaces an earlier one.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How the answer gets back to the client.
    pub way: Way,
    /// What the upstream does not get to read, in the client's words.
    pub dropped: Vec<String>,
    /// Until the upstream's headers.
    pub first_byte_timeout: Duration,
    /// For the whole call, where the operator bounds it.
    pub timeout: Option<Duration>,
    /// Parts of the credential, to be masked where an upstream repeats them.
    pub secrets: Vec<String>,
}

/// How an answer gets back to the client.
#[derive(Debug)]
pub enum Way {
    /// As it came: both sides speak the same protocol.
    Same {
        /// Who a Chat Completions stream's usage chunk is for.
        usage_chunk: UsageChunk,
    },
    /// Translated.
    Translated(Box<Exchange>),
    /// As OpenAI's list of embeddings.
    Embeddings(EmbeddingEncoding),
    /// As Anthropic's count of tokens.
    Count,
}

impl Plan {
    /// Whether an upstream that was asked to count tokens says by this status that it, or the model, cannot.
    pub fn cannot_count(&self, status: u16) -> bool {
        match (&self.way, status) {
            // Anthropic itself counts for each of its models: there it is the model that is not there.
            (Way::Same { .. }, 404 | 405 | 501) => self.kind != Kind::Anthropic,
            (Way::Count, 400 | 404 | 405 | 501) => true,
            _ => false,
        }
    }
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

impl From<Untranslatable> for Refusal {
    fn from(error: Untranslatable) -> Self {
        let (reason, invalid) = match error {
            Untranslatable::Invalid(invalid) => (Reason::BadRequest, invalid),
            Untranslatable::Lost(invalid) => (Reason::TranslationLoss, invalid),
        };
        Self::new(reason, invalid.message).on(invalid.param)
    }
}

/// Who serves the call, in the order in which they are tried: the candidates for the body's model, then their
/// fallbacks, each once, and none that this caller may not call.
///
/// # Errors
/// There is none: the model is not known, switched off, or not the caller's to call.
pub fn candidates<'h, H>(asked: &Asked<'_, H>, rng: &dyn Rng) -> Result<Vec<Candidate>, Refusal>
where
    H: Iterator<Item = (&'h str, &'h str)> + Clone,
{
    let mut selection = selection(asked)?;
    selection.draw(|| draw::number(asked, rng))?;
    Ok(with_fallbacks(asked, selection).order().cloned().collect())
}

/// What [`candidates`] takes its order from, with equals in the order of their age: to be explained, not to be called.
pub fn explanation<'h, H>(asked: &Asked<'_, H>) -> Result<Selection, Refusal>
where
    H: Iterator<Item = (&'h str, &'h str)> + Clone,
{
    Ok(with_fallbacks(asked, selection(asked)?))
}

/// Whether a model's `when` matches; `None` where it has none that can be read.
pub fn when_matches<'h, H>(asked: &Asked<'_, H>, candidate: &Candidate) -> Option<bool>
where
    H: Iterator<Item = (&'h str, &'h str)> + Clone,
{
    match candidate.model.condition() {
        Condition::When(when) => Some(matches(asked, when)),
        Condition::None | Condition::Unreadable => None,
    }
}

/// Whether a condition matches the call.
pub fn matches<'h, H>(asked: &Asked<'_, H>, when: &When) -> bool
where
    H: Iterator<Item = (&'h str, &'h str)> + Clone,
{
    when.matches(&RequestAttributes::of(asked, &|name| asked.header(name)))
}

/// In which dialect a candidate would be asked; `None` where it does not do this work.
///
/// # Errors
/// Whatever makes [`plan`] pass the candidate over.
pub fn dialect<H>(asked: &Asked<'_, H>, candidate: &Candidate) -> Result<Option<Protocol>, Refusal> {
    let upstream = Upstream::settle(candidate, asked.deployment)?;
    Ok(upstream.dialects(asked).map(|dialects| dialects.first))
}

fn selection<'h, H>(asked: &Asked<'_, H>) -> Result<Selection, Refusal>
where
    H: Iterator<Item = (&'h str, &'h str)> + Clone,
{
    let model = asked.body.model().unwrap_or_default();
    let header = |name: &str| asked.header(name);
    let request = RequestAttributes::of(asked, &header);
    let may_call = |candidate: &Candidate| asked.admitted.may_call(candidate);
    let asking = Asking { model: &model, request: &request, may_call: &may_call };
    let mut selection = Selection::of(&asked.admitted.snapshot, &asking).map_err(|nothing| match nothing {
        Nothing::Refused(refusal) => refusal,
        Nothing::NotAllowed => not_allowed(&model),
    })?;
    if selection.entries.len() > 1 {
        selection.narrow(&issuers(asked.body.bytes()));
    }
    Ok(selection)
}

fn with_fallbacks<H>(asked: &Asked<'_, H>, mut selection: Selection) -> Selection {
    selection.add_fallbacks(&asked.admitted.snapshot, &|candidate| asked.admitted.may_call(candidate));
    selection
}

fn not_allowed(model: &str) -> Refusal {
    let message = format!(
        "this token may not call `{model}`: its `allowed_models` or its policy's `{}` leave the model out; GET \
         /v1/models lists those that it may call",
        Operation::Invoke.action()
    );
    Refusal::new(Reason::ModelForbidden, message).on("model")
}

/// What has to be fetched before a candidate's call can be planned: an upstream that takes no addresses gets the bytes.
pub fn wanted_media<H>(asked: &Asked<'_, H>, candidate: &Candidate) -> Vec<Wanted> {
    let upstream = Upstream::settle(candidate, asked.deployment).ok();
    let dialects = upstream.and_then(|upstream| upstream.dialects(asked));
    match (asked.door.work, dialects, Client::of(asked.door.protocol)) {
        (Work::Generate, Some(dialects), Some(client)) if wants_bytes(dialects.first) => {
            wanted(client, asked.body.bytes())
        }
        _ => Vec::new(),
    }
}

/// Plans a candidate's call.
///
/// # Errors
/// Whatever keeps this candidate from being called; another one may do: see [`Unplanned`].
pub fn plan<'h, H>(asked: &Asked<'_, H>, candidate: &Candidate) -> Result<Plan, Refusal>
where
    H: Iterator<Item = (&'h str, &'h str)> + Clone,
{
    let upstream = Upstream::settle(candidate, asked.deployment)?;
    if let Some(dialects) = upstream.dialects(asked) {
        return upstream.plan(asked, dialects);
    }
    let spoken = upstream.protocols().iter().map(|protocol| protocol.as_str()).collect::<Vec<_>>().join(", ");
    let message = format!(
        "the provider `{}` of this model speaks {spoken}, which has no `{}`: name a model of another provider",
        candidate.provider.name(),
        asked.door.name
    );
    Err(Refusal::new(Reason::ProtocolMismatch, message).on("model"))
}

/// The candidates that could not be called, none of which stands in the way of the next: a row that cannot be read, a
/// credential that is not there, a request that the candidate's protocol cannot carry.
#[derive(Debug, Default)]
pub struct Unplanned(Option<(Candidate, Refusal)>);

impl Unplanned {
    /// Adds one. The first is what the client is told, if it comes to that; but rather why a candidate that could have
    /// done the work was not called than that one cannot do it at all.
    pub fn add(&mut self, candidate: &Candidate, refusal: Refusal) {
        let says_more =
            |known: &Refusal| known.reason == Reason::ProtocolMismatch && refusal.reason != Reason::ProtocolMismatch;
        if self.0.as_ref().is_none_or(|(_, known)| says_more(known)) {
            self.0 = Some((candidate.clone(), refusal));
        }
    }

    /// What the client is told.
    pub fn told(self) -> Option<(Candidate, Refusal)> {
        self.0
    }
}

/// Plans the same candidate's call again in [`Plan::otherwise`].
pub fn plan_otherwise<'h, H>(asked: &Asked<'_, H>, candidate: &Candidate, protocol: Protocol) -> Result<Plan, Refusal>
where
    H: Iterator<Item = (&'h str, &'h str)> + Clone,
{
    Upstream::settle(candidate, asked.deployment)?.plan(asked, Dialects { first: protocol, otherwise: None })
}

impl<H> Asked<'_, H> {
    /// Whether the client wants events.
    fn streams(&self) -> bool {
        self.door.work == Work::Generate && self.body.streams()
    }
}

impl<'h, H: Iterator<Item = (&'h str, &'h str)> + Clone> Asked<'_, H> {
    /// A header by its lower-case name.
    fn header(&self, name: &str) -> Option<String> {
        self.headers.clone().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
    }
}
