//! One short call of one model, planned, made and read as the data plane does it. It costs what it costs, and leaves a
//! usage row like any other call.

use crate::deployment::Deployment;
use crate::domain::ids::RequestId;
use crate::domain::protocol::Protocol;
use crate::gateway::admit::Admitted;
use crate::gateway::answer::{Announced, Body, UpstreamError, announced, error_answer, mask, read_body, said};
use crate::gateway::door::{self, CallDoor, Door, Work};
use crate::gateway::estimate::roughly;
use crate::gateway::plan::{Asked, ChatOnly, ClientHeaders, Plan, lacks_endpoint, plan, plan_otherwise};
use crate::gateway::settle::{Consumed, Ending, Record};
use crate::json::{Members, json};
use crate::ports::{Clock, Inbound, Outbound, Upstream};
use crate::protocol::body::RequestBody;
use crate::refusal::{Reason, Refusal};
use crate::routing::Candidate;
use crate::store::usage::UsageRow;
use crate::translate::media::Media;
use serde_json::Value;
use std::cell::RefCell;
use std::time::Duration;

/// For all of it (SPEC section 5).
const WAIT: Duration = Duration::from_secs(30);

/// The largest answer: to three words, a picture at most.
const MAX_ANSWER_BYTES: u32 = 8 << 20;

/// The most characters of an answer that are shown.
const MOST_TEXT: usize = 500;

const PROMPT: &str = "Reply with the word OK.";

/// A bound for what must have one. Thinking counts, too: less would cut off the models that cannot do without.
const MAX_TOKENS: u32 = 1024;

/// What a test needs.
#[derive(Clone, Copy)]
pub struct Probe<'a> {
    /// The way out.
    pub upstream: &'a dyn Upstream,
    /// The time.
    pub clock: &'a dyn Clock,
    /// The deployment's rules.
    pub deployment: &'a Deployment,
    /// Who tests, and on which state of the project.
    pub admitted: &'a Admitted,
    /// The request's own id, which the usage row has, too.
    pub request: &'a RequestId,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// From the beginning to the end of the answer.
    pub latency_ms: i64,
    /// In which dialect the upstream was asked; none if it never was.
    pub protocol: Option<Protocol>,
    /// What the model said, or the status and the words of what went wrong.
    pub outcome: Result<Option<String>, (u16, String)>,
}

/// An answer in the words of the door that was asked.
struct Answered {
    text: Option<String>,
    consumed: Consumed,
}

/// What went wrong, as the caller reads it and as the usage row has it.
struct Failed {
    status: u16,
    message: String,
    reason: Reason,
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self { status: refusal.reason.status(), message: refusal.message.clone(), reason: refusal.reason }
    }
}

/// What the model is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ability {
    /// An answer.
    Generate,
    /// An embedding.
    Embed,
}

impl Probe<'_> {
    /// Calls the model; the row is the caller's to store.
    pub async fn run(&self, candidate: &Candidate, ability: Ability) -> (Tested, UsageRow) {
        let mut record = Record::new(self.request.clone(), self.clock.now());
        record.requested_model = Some(candidate.selector());
        record.candidate = Some(candidate.clone());
        let (name, result) = match self.door(candidate, ability) {
            Ok(door) => (door.name, self.call(&mut record, candidate, door).await),
            Err(refusal) => ("chat_completions", Err(refusal.into())),
        };
        let now = self.clock.now();
        if let Err(failed) = &result {
            record.failed(failed.reason, &failed.message, now);
        }
        let ending = match &result {
            Ok(answered) => Ending { status: 200, error: None, consumed: answered.consumed },
            Err(failed) => Ending { status: failed.status, error: Some(failed.reason), consumed: Consumed::Nothing },
        };
        let row = record.settle(self.admitted, name, ending, now);
        let outcome = result.map(|answered| answered.text).map_err(|failed| (failed.status, failed.message));
        (Tested { latency_ms: row.latency_ms, protocol: record.upstream_protocol, outcome }, row)
    }

    /// The door whose clients speak the provider's own dialect, so that as little as possible is translated.
    fn door(&self, candidate: &Candidate, ability: Ability) -> Result<CallDoor, Refusal> {
        let (_, resolved) = candidate.provider.settled(self.deployment.private_upstreams)?;
        let path = match (ability, resolved.protocols.first()) {
            (Ability::Embed, _) => "/v1/embeddings",
            (Ability::Generate, Some(Protocol::Responses)) => "/v1/responses",
            (Ability::Generate, Some(Protocol::AnthropicMessages)) => "/v1/messages",
            (Ability::Generate, _) => "/v1/chat/completions",
        };
        match door::find("POST", path)? {
            Door::Call(door) => Ok(door),
            _ => Err(Refusal::new(Reason::Internal, "the test has no door")),
        }
    }

    async fn call(&self, record: &mut Record, candidate: &Candidate, door: CallDoor) -> Result<Answered, Failed> {
        let (chat_only, media) = (RefCell::new(ChatOnly::default()), Media::default());
        let body = RequestBody::parse(self.question(door, candidate)?).map_err(Refusal::from)?;
        record.input_tokens = roughly(body.bytes());
        let asked = Asked {
            admitted: self.admitted,
            deployment: self.deployment,
            door,
            headers: ClientHeaders::of(&[]),
            body: &body,
            request: self.request,
            started: record.started,
            chat_only: &chat_only,
            media: &media,
            tags: "",
        };
        let mut planned = plan(&asked, candidate)?;
        let mut answer = self.reach(record, &planned).await?;
        if let Some(otherwise) = planned.otherwise
            && lacks_endpoint(answer.status, &answer.body)
        {
            record.failed(Reason::UpstreamError, &said(&planned, &answer.body), self.clock.now());
            planned = plan_otherwise(&asked, candidate, otherwise)?;
            answer = self.reach(record, &planned).await?;
        }
        self.read(record.input_tokens, door, &planned, &answer)
    }

    /// The call's body, in the door's dialect.
    fn question(&self, door: CallDoor, candidate: &Candidate) -> Result<Vec<u8>, Refusal> {
        let model = candidate.selector();
        let messages = json!([{"role": "user", "content": PROMPT}]);
        let mut body = match (door.work, door.protocol) {
            (Work::Embed, _) => json!({"model": model, "input": PROMPT}),
            (_, Protocol::Responses) => json!({"model": model, "input": PROMPT, "store": false}),
            // Of the others some take a bound by one name only, some by another: the prompt is bound enough.
            _ => json!({"model": model, "messages": messages}),
        };
        let (settings, _) = candidate.provider.settled(self.deployment.private_upstreams)?;
        let defaults = &candidate.effective(settings)?.body_defaults;
        if let (Protocol::AnthropicMessages, Value::Object(members)) = (door.protocol, &mut body)
            && !defaults.iter().any(|(name, _)| name == "max_tokens")
        {
            members.put("max_tokens", json!(MAX_TOKENS));
        }
        Ok(body.to_string().into_bytes())
    }

    async fn reach(&self, record: &mut Record, plan: &Plan) -> Result<Inbound, Refusal> {
        record.upstream_protocol = Some(plan.protocol);
        record.calls(self.clock.now());
        let whole = plan.timeout.map_or(WAIT, |timeout| timeout.min(WAIT));
        let request = Outbound {
            provider: plan.candidate.provider.name().to_owned(),
            method: "POST",
            url: plan.url.clone(),
            headers: plan.headers.clone(),
            body: plan.body.clone(),
            wait: whole.saturating_sub(self.clock.now().since(record.started)),
            limit: MAX_ANSWER_BYTES,
        };
        let answer = self.upstream.call(request).await?;
        record.answers(answer.status, self.clock.now());
        Ok(answer)
    }

    fn read(&self, input: u64, door: CallDoor, plan: &Plan, answer: &Inbound) -> Result<Answered, Failed> {
        let provider = plan.candidate.provider.name();
        let failed = |message: String| Failed { status: answer.status, message, reason: Reason::UpstreamMalformed };
        match announced(answer.status, answer.header("content-type")) {
            Announced::Body => {
                let (body, counted) =
                    match read_body(door.protocol, plan, &answer.body).map_err(|no_answer| no_answer.refusal)? {
                        Body::AsItCame(counted) => (answer.body.clone(), counted),
                        Body::Rewritten { body, counted, .. } => (body, counted),
                    };
                let text = text_of(&body).map(|text| {
                    let masked = mask(&plan.secrets, text.as_bytes());
                    String::from_utf8_lossy(&masked).chars().take(MOST_TEXT).collect()
                });
                Ok(Answered { text, consumed: Consumed::of_answer(door.work, counted, input) })
            }
            Announced::Error => {
                let error_type = answer.header("x-amzn-errortype");
                let error = UpstreamError { status: answer.status, error_type, body: &answer.body };
                let told = error_answer(door.protocol, plan, error, self.request.as_str());
                let told: Value = serde_json::from_slice(&told.body).unwrap_or_default();
                let message = told.pointer("/error/message").and_then(Value::as_str).unwrap_or_default().to_owned();
                Err(Failed { status: answer.status, message, reason: Reason::UpstreamError })
            }
            Announced::Redirect => Err(Failed {
                status: answer.status,
                message: format!(
                    "provider `{provider}` answered with a redirect, which is never followed because the credential \
                     would go along: set base_url to where it leads"
                ),
                reason: Reason::UpstreamRedirect,
            }),
            Announced::Stream => {
                Err(failed(format!("provider `{provider}` answered with a stream to a call that asked for none")))
            }
            Announced::Nonsense => {
                Err(failed(format!("provider `{provider}` answered with a status that HTTP does not have")))
            }
        }
    }
}

/// What the model said, in whichever of the doors' dialects; none where it said nothing.
fn text_of(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let texts = |message: &Value| {
        list(message, "content").iter().filter_map(|part| part.get("text")?.as_str()).collect::<String>()
    };
    let text = match body.pointer("/choices/0/message/content").and_then(Value::as_str) {
        Some(text) => text.to_owned(),
        None if body.get("output").is_some() => list(&body, "output").iter().map(texts).collect(),
        None => texts(&body),
    };
    Some(text).filter(|text| !text.is_empty())
}
