//! One call of the data plane, from the door to its usage row.

use super::background::{self, Settlement};
use super::d1::D1;
use super::isolate;
use super::js;
use super::media;
use super::proxy;
use super::pump::{Bounds, Pump, Stream};
use super::request::Incoming;
use super::response::{self, Head, json};
use super::system::Platform;
use super::upstream::{self, Answer, Outgoing};
use crate::deployment::Deployment;
use crate::domain::timestamp::Timestamp;
use crate::gateway::admit::{Admitted, Presented, admit};
use crate::gateway::answer::{Announced, Body, UpstreamError, announced, error_answer, headers, read_body};
use crate::gateway::door::{self, CallDoor, Door, Work};
use crate::gateway::estimate::input_tokens;
use crate::gateway::list;
use crate::gateway::plan::{Asked, Plan, candidates, lacks_endpoint, plan, plan_otherwise, wanted_media};
use crate::gateway::relay::StreamRelay;
use crate::gateway::settle::{Consumed, Ending, Record};
use crate::ports::Clock;
use crate::protocol::body::RequestBody;
use crate::refusal::{Dialect, Reason, Refusal, render};
use crate::translate::media::Media;
use crate::translate::neutral::Delivery;
use std::time::Duration;
use wasm_bindgen::JsValue;
use web_sys::Response;
use worker::{Context, Env};

/// The largest answer that is read whole: generated images come as text. As much as a request may have.
const MAX_ANSWER_BYTES: u32 = 32 << 20;

/// The largest error that is read.
pub const MAX_ERROR_BYTES: u32 = 1 << 20;

/// Serves one request of the data plane.
pub async fn serve(
    incoming: &Incoming,
    env: &Env,
    context: &Context,
    deployment: &Deployment,
) -> Result<Response, JsValue> {
    let admitted = match enter(incoming, env, deployment).await {
        Ok(admitted) => admitted,
        Err(refusal) => return super::refused(incoming, &refusal),
    };
    match door::find(incoming.method(), incoming.path()) {
        Err(refusal) => super::refused(incoming, &refusal),
        Ok(Door::Options(allow)) => response::allow(incoming, allow),
        Ok(Door::ListModels) => listed(incoming, list::list(&admitted, incoming.dialect(), incoming.query())),
        Ok(Door::GetModel(id)) => listed(incoming, list::get(&admitted, incoming.dialect(), id)),
        Ok(Door::Call(door)) => {
            let leave = background::open(context, env);
            let call = Call { incoming, deployment, admitted, door };
            let mut record = Record::new(incoming.id.clone(), incoming.started);
            let (response, settlement) = match call.run(&mut record).await {
                Ok(answered) => answered,
                Err(refusal) => call.refuse(&record, &refusal),
            };
            // Nobody listens only where the platform has already ended the request.
            let _ = leave.send(settlement);
            response
        }
        Ok(Door::Proxy { provider, rest }) => {
            let leave = background::open(context, env);
            let (response, row) = proxy::serve(incoming, deployment, &admitted, (provider, rest)).await;
            let _ = leave.send(Settlement::Row(Box::new(row)));
            response
        }
    }
}

async fn enter(incoming: &Incoming, env: &Env, deployment: &Deployment) -> Result<Admitted, Refusal> {
    let presented = Presented {
        authorization: incoming.header("authorization"),
        x_api_key: incoming.header("x-api-key"),
        project: incoming.header("x-sluice-project"),
    };
    admit(&D1(env), deployment, &isolate::cache(), presented, incoming.started).await
}

fn listed(incoming: &Incoming, found: Result<serde_json::Value, Refusal>) -> Result<Response, JsValue> {
    match found {
        Ok(body) => json(incoming, &Head::new(incoming, 200)?, &body.to_string()),
        Err(refusal) => super::refused(incoming, &refusal),
    }
}

/// An upstream that has answered.
struct Reached {
    plan: Plan,
    answer: Answer,
    /// What it said, where that was read already.
    said: Option<Vec<u8>>,
}

impl Reached {
    fn lacks_endpoint(&self) -> bool {
        lacks_endpoint(self.answer.status, self.said.as_deref().unwrap_or_default())
    }
}

/// The most that `x-sluice-dropped` says, in bytes.
const MAX_DROPPED_BYTES: usize = 1000;

fn listed_in_header(dropped: &[String]) -> String {
    let mut list = String::new();
    for field in dropped {
        if list.len() + field.len() > MAX_DROPPED_BYTES {
            list.push_str(", …");
            break;
        }
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(field);
    }
    list
}

/// Without these, proxies on the way gather events before they pass them on.
fn announce_stream(head: &Head) {
    head.set("content-type", "text/event-stream; charset=utf-8");
    head.set("cache-control", "no-cache, no-transform");
}

struct Call<'a> {
    incoming: &'a Incoming,
    deployment: &'a Deployment,
    admitted: Admitted,
    door: CallDoor,
}

/// A response, or the platform's refusal to build one; and what is left to be done after it.
type Answered = (Result<Response, JsValue>, Settlement);

impl Call<'_> {
    /// Body → model → plan → upstream → answer. A refusal on the way becomes one answer and one usage row.
    async fn run(&self, record: &mut Record) -> Result<Answered, Refusal> {
        door::check_encoding(self.incoming.header("content-encoding"))?;
        let bytes = self.incoming.body(self.deployment.max_body_bytes).await?;
        let request_bytes = bytes.len();
        let body = RequestBody::parse(bytes)?;
        record.requested_model = body.model().map(std::borrow::Cow::into_owned);
        record.streamed = body.streams();
        let candidates = candidates(&self.admitted, &body)?;
        let (chat_only, nothing) = (isolate::chat_only(), Media::default());
        let asked = Asked {
            admitted: &self.admitted,
            deployment: self.deployment,
            door: self.door,
            headers: self.incoming.headers(),
            body: &body,
            request: &self.incoming.id,
            started: self.incoming.started,
            chat_only: &chat_only,
            media: &nothing,
        };
        let media = media::fetch(self.incoming, self.deployment, &wanted_media(&asked, &candidates)).await?;
        let asked = Asked { media: &media, ..asked };
        let planned = match plan(&asked, &candidates) {
            Ok(planned) => planned,
            Err((candidate, refusal)) => {
                record.candidate = candidate;
                let counts = self.door.work == Work::CountTokens;
                return if counts && refusal.reason == Reason::ProtocolMismatch {
                    self.estimate(record, &body)
                } else {
                    Err(refusal)
                };
            }
        };
        let Reached { plan, answer, said } = match planned.otherwise {
            Some(otherwise) => {
                let reached = self.reach(record, planned).await?;
                if !reached.lacks_endpoint() {
                    reached
                } else {
                    let plan = plan_otherwise(&asked, &reached.plan.candidate, otherwise)?;
                    let other = self.reach(record, plan).await?;
                    // A model that exists in neither dialect says nothing about the endpoint.
                    if !other.lacks_endpoint() {
                        let provider = other.plan.candidate.provider.id();
                        chat_only.borrow_mut().remember(provider, Platform.now());
                    }
                    other
                }
            }
            None if self.door.work == Work::CountTokens => {
                let reached = self.reach(record, planned).await?;
                if reached.plan.cannot_count(reached.answer.status) {
                    reached.answer.abort.abort();
                    return self.estimate(record, &body);
                }
                reached
            }
            None => {
                // Nobody needs the request's bytes any more, which may be many.
                drop(body);
                self.reach(record, planned).await?
            }
        };
        let announced = announced(answer.status, answer.header("content-type"));
        record.streamed = announced == Announced::Stream;
        match announced {
            Announced::Stream => self.relay_stream(record, &plan, answer, request_bytes).await,
            Announced::Body => self.relay_body(record, &plan, &answer).await,
            Announced::Error => self.relay_error(record, &plan, &answer, said).await,
            Announced::Redirect => {
                answer.abort.abort();
                Err(redirected(&plan, &answer))
            }
            Announced::Nonsense => {
                answer.abort.abort();
                let (provider, status) = (plan.candidate.provider.name(), answer.status);
                let message =
                    format!("provider `{provider}` answered with the status {status}, which HTTP does not have");
                Err(Refusal::new(Reason::UpstreamMalformed, message))
            }
        }
    }

    /// Calls the upstream and waits for its headers; for its words too, where they may say that it has no such endpoint.
    async fn reach(&self, record: &mut Record, plan: Plan) -> Result<Reached, Refusal> {
        record.candidate = Some(plan.candidate.clone());
        record.upstream_protocol = Some(plan.protocol);
        record.attempts += 1;
        let wait = self.within(&plan, record, plan.first_byte_timeout);
        let answer = upstream::call(self.incoming, &Outgoing::of(&plan), wait).await?;
        record.first_byte = Some(Platform.now());
        let is_refused = plan.otherwise.is_some() && (400..500).contains(&answer.status);
        let said = if is_refused { Some(self.words(record, &plan, &answer).await?) } else { None };
        Ok(Reached { plan, answer, said })
    }

    /// The body of an upstream's error.
    async fn words(&self, record: &Record, plan: &Plan, answer: &Answer) -> Result<Vec<u8>, Refusal> {
        let wait = self.within(plan, record, self.deployment.idle_timeout);
        let provider = plan.candidate.provider.name();
        Ok(upstream::read_body(self.incoming, provider, answer, wait, MAX_ERROR_BYTES).await?.to_vec())
    }

    /// Counts tokens for a model whose upstream cannot, and says that it is an estimate.
    fn estimate(&self, record: &Record, body: &RequestBody) -> Result<Answered, Refusal> {
        let head = Head::new(self.incoming, 200).map_err(unbuilt)?;
        head.set("x-sluice-estimated", "true");
        let counted = crate::json::json!({"input_tokens": input_tokens(body.bytes())});
        let ending = Ending { status: 200, error: None, consumed: Consumed::Nothing };
        Ok((json(self.incoming, &head, &counted.to_string()), self.settled(record, ending)))
    }

    /// What remains of the operator's bound on the whole call, if that is less.
    fn within(&self, plan: &Plan, record: &Record, wait: Duration) -> Duration {
        let spent = u64::try_from(Platform.now().ms_since(record.started)).unwrap_or_default();
        plan.timeout.map_or(wait, |whole| wait.min(whole.saturating_sub(Duration::from_millis(spent))))
    }

    fn head(&self, record: &Record, plan: &Plan, answer: &Answer) -> Result<Head, JsValue> {
        let head = Head::new(self.incoming, answer.status)?;
        let upstream = answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in headers(upstream, plan, self.door.protocol) {
            head.set(name, value);
        }
        head.set("x-request-id", self.incoming.id.as_str());
        head.set_name("x-sluice-provider", plan.candidate.provider.name());
        head.set_name("x-sluice-model", &plan.candidate.selector());
        head.set("x-sluice-attempts", &record.attempts.to_string());
        if !plan.dropped.is_empty() {
            head.set_name("x-sluice-dropped", &listed_in_header(&plan.dropped));
        }
        Ok(head)
    }

    async fn relay_stream(
        &self,
        record: &Record,
        plan: &Plan,
        answer: Answer,
        request_bytes: usize,
    ) -> Result<Answered, Refusal> {
        let relay = StreamRelay::new(self.door.protocol, plan);
        let deadline = plan.timeout.map(|whole| {
            let whole = i64::try_from(whole.as_millis()).unwrap_or(i64::MAX);
            Timestamp::from_ms(record.started.ms().saturating_add(whole))
        });
        let bounds = Bounds { idle: self.deployment.idle_timeout, deadline };
        let mut pump = Pump::new(self.incoming, answer, bounds, relay).map_err(unbuilt)?;
        pump.lead_in(plan).await?;
        let head = self.head(record, plan, &pump.answer).map_err(unbuilt)?;
        announce_stream(&head);
        let (relaying, readable) = pump.open().map_err(unbuilt)?;
        let (record, admitted, door) = (record.clone(), self.admitted.clone(), self.door);
        let stream = Stream { relaying, record, admitted, door, request_bytes };
        Ok((head.stream(&readable), Settlement::Stream(Box::new(stream))))
    }

    async fn relay_body(&self, record: &Record, plan: &Plan, answer: &Answer) -> Result<Answered, Refusal> {
        let wait = self.within(plan, record, self.deployment.idle_timeout);
        let buffer =
            upstream::read_body(self.incoming, plan.candidate.provider.name(), answer, wait, MAX_ANSWER_BYTES).await?;
        let body = read_body(self.door.protocol, plan, &buffer.to_vec())?;
        let head = self.head(record, plan, answer).map_err(unbuilt)?;
        head.set("content-type", "application/json");
        let (response, usage) = match body {
            Body::AsItCame(usage) => (head.buffer(&buffer), usage),
            Body::Rewritten { body, delivery, usage } => {
                if delivery == Delivery::Streamed {
                    announce_stream(&head);
                }
                (head.bytes(&body), usage)
            }
        };
        let consumed = usage.map_or(Consumed::Nothing, Consumed::Reported);
        Ok((response, self.settled(record, Ending { status: answer.status, error: None, consumed })))
    }

    async fn relay_error(
        &self,
        record: &Record,
        plan: &Plan,
        answer: &Answer,
        said: Option<Vec<u8>>,
    ) -> Result<Answered, Refusal> {
        let body = match said {
            Some(said) => said,
            None => self.words(record, plan, answer).await?,
        };
        let error_type = answer.header("x-amzn-errortype");
        let error = UpstreamError { status: answer.status, error_type, body: &body };
        let told = error_answer(self.door.protocol, plan, error, self.incoming.id.as_str());
        let ending = Ending { status: told.status, error: Some(Reason::UpstreamError), consumed: Consumed::Nothing };
        let head = self.head(record, plan, answer).map_err(unbuilt)?.with_status(told.status);
        head.set("content-type", "application/json");
        if let (Some(seconds), None) = (told.retry_after, answer.header("retry-after")) {
            head.set("retry-after", &seconds.to_string());
        }
        Ok((head.bytes(&told.body), self.settled(record, ending)))
    }

    fn settled(&self, record: &Record, ending: Ending) -> Settlement {
        Settlement::Row(Box::new(record.settle(&self.admitted, self.door.name, ending, Platform.now())))
    }

    fn refuse(&self, record: &Record, refusal: &Refusal) -> Answered {
        js::log_refusal(&self.incoming.id, refusal);
        let rendered = render(refusal, Dialect::from(self.door.protocol), self.incoming.id.as_str());
        let ending = Ending { status: rendered.status, error: Some(refusal.reason), consumed: Consumed::Nothing };
        let response = Head::new(self.incoming, rendered.status).and_then(|head| {
            if let Some(candidate) = &record.candidate {
                head.set_name("x-sluice-provider", candidate.provider.name());
                head.set_name("x-sluice-model", &candidate.selector());
            }
            head.set("x-sluice-attempts", &record.attempts.to_string());
            response::rendered_onto(self.incoming, &head, rendered)
        });
        (response, self.settled(record, ending))
    }
}

/// The platform refused to build a part of the answer. Nothing that a client or an upstream sends brings this about.
fn unbuilt(error: JsValue) -> Refusal {
    Refusal::new(Reason::Internal, format!("the answer could not be built: {error:?}"))
}

fn redirected(plan: &Plan, answer: &Answer) -> Refusal {
    let message = format!(
        "provider `{}` answered {} with a redirect, which is never followed because the credential would go along: \
         set base_url to where it leads",
        plan.candidate.provider.name(),
        answer.status
    );
    Refusal::new(Reason::UpstreamRedirect, message)
}
