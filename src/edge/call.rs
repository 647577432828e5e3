//! One call of the data plane, from the door to its usage row.

use super::d1::D1;
use super::pump::Pump;
use super::request::Incoming;
use super::response::{Head, json, rendered};
use super::system::Platform;
use super::upstream::{self, Answer};
use super::{background, isolate};
use crate::deployment::Deployment;
use crate::gateway::admit::{Admitted, Presented, admit};
use crate::gateway::answer::{Announced, announced, check_body, error_body, headers};
use crate::gateway::door::{self, CallDoor, Door};
use crate::gateway::list;
use crate::gateway::plan::{Plan, candidates, plan};
use crate::gateway::settle::{Consumed, Ending, Record};
use crate::ports::Clock;
use crate::protocol::body::RequestBody;
use crate::refusal::{Dialect, Reason, Refusal, render};
use std::time::Duration;
use wasm_bindgen::JsValue;
use web_sys::Response;
use worker::{Context, Env};

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
        Ok(Door::ListModels) => listed(incoming, list::list(&admitted, incoming.dialect(), incoming.query())),
        Ok(Door::GetModel(id)) => listed(incoming, list::get(&admitted, incoming.dialect(), id)),
        Ok(Door::Call(door)) => {
            let call = Call { incoming, env, context, deployment, admitted, door };
            let mut record = Record::new(incoming.id.clone(), incoming.started);
            match call.run(&mut record).await {
                Ok(response) => response,
                Err(refusal) => call.refuse(&record, &refusal),
            }
        }
    }
}

async fn enter(incoming: &Incoming, env: &Env, deployment: &Deployment) -> Result<Admitted, Refusal> {
    let presented = Presented {
        authorization: incoming.header("authorization"),
        x_api_key: incoming.header("x-api-key"),
        project: incoming.header("x-sluice-project"),
    };
    admit(&D1::of(env), deployment, &isolate::cache(), presented, incoming.started).await
}

fn listed(incoming: &Incoming, found: Result<serde_json::Value, Refusal>) -> Result<Response, JsValue> {
    match found {
        Ok(body) => json(incoming, &Head::new(incoming, 200)?, &body.to_string()),
        Err(refusal) => super::refused(incoming, &refusal),
    }
}

struct Call<'a> {
    incoming: &'a Incoming,
    env: &'a Env,
    context: &'a Context,
    deployment: &'a Deployment,
    admitted: Admitted,
    door: CallDoor,
}

/// A response, or the platform's refusal to build one.
type Built = Result<Response, JsValue>;

impl Call<'_> {
    /// Body → model → plan → upstream → answer. A refusal on the way becomes one answer and one usage row.
    async fn run(&self, record: &mut Record) -> Result<Built, Refusal> {
        let bytes = self.incoming.body(self.deployment.max_body_bytes).await?;
        let request_bytes = bytes.len();
        let body = RequestBody::parse(bytes)?;
        record.requested_model = body.model().map(std::borrow::Cow::into_owned);
        record.streamed = body.streams();
        let candidates = candidates(&self.admitted, &body)?;
        let plan = plan(&self.admitted, self.deployment, self.door, self.incoming.headers(), &body, &candidates)
            .map_err(|(candidate, refusal)| {
                record.candidate = candidate;
                refusal
            })?;
        drop(body);
        record.candidate = Some(plan.candidate.clone());
        record.attempts = 1;
        let wait = self.within(&plan, record, plan.first_byte_timeout);
        let answer = upstream::call(self.incoming, &plan, wait).await?;
        record.first_byte = Some(Platform.now());
        match announced(answer.status, answer.header("content-type")) {
            Announced::Stream => {
                record.streamed = true;
                Ok(self.relay_stream(record, &plan, answer, request_bytes))
            }
            Announced::Body => {
                record.streamed = false;
                self.relay_body(record, &plan, &answer).await
            }
            Announced::Error => self.relay_error(record, &plan, &answer).await,
            Announced::Redirect => {
                answer.abort.abort();
                Err(redirected(&plan, &answer))
            }
        }
    }

    /// What remains of the operator's bound on the whole call, if that is less.
    fn within(&self, plan: &Plan, record: &Record, wait: Duration) -> Duration {
        let spent = u64::try_from(Platform.now().ms_since(record.started)).unwrap_or_default();
        plan.timeout.map_or(wait, |whole| wait.min(whole.saturating_sub(Duration::from_millis(spent))))
    }

    fn head(&self, plan: &Plan, answer: &Answer) -> Result<Head, JsValue> {
        let head = Head::new(self.incoming, answer.status)?;
        let upstream = answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in headers(upstream, self.door.protocol) {
            head.set(name, value);
        }
        head.set("x-request-id", self.incoming.id.as_str());
        head.set("x-sluice-provider", plan.candidate.provider.name());
        head.set("x-sluice-model", &plan.candidate.selector());
        head.set("x-sluice-attempts", "1");
        Ok(head)
    }

    fn relay_stream(&self, record: &Record, plan: &Plan, answer: Answer, request_bytes: usize) -> Built {
        let head = self.head(plan, &answer)?;
        // Without these, proxies on the way gather events before they pass them on.
        head.set("content-type", "text/event-stream; charset=utf-8");
        head.set("cache-control", "no-cache, no-transform");
        let (pump, readable) = Pump::new(self.incoming, answer, self.deployment.idle_timeout, plan)?;
        let (record, admitted, door, env) = (record.clone(), self.admitted.clone(), self.door, self.env.clone());
        let protocol = door.protocol;
        self.context.wait_until(async move {
            let ending = pump.run(protocol, request_bytes).await;
            background::record_here(&env, record.settle(&admitted, door, ending, Platform.now())).await;
        });
        head.stream(&readable)
    }

    async fn relay_body(&self, record: &Record, plan: &Plan, answer: &Answer) -> Result<Built, Refusal> {
        let wait = self.within(plan, record, self.deployment.idle_timeout);
        let buffer = upstream::read_body(self.incoming, plan, answer, wait).await?;
        let usage = check_body(self.door.protocol, plan, &buffer.to_vec())?;
        let consumed = usage.map_or(Consumed::Nothing, Consumed::Reported);
        self.settle(record, Ending { status: answer.status, error: None, consumed });
        Ok(self.head(plan, answer).and_then(|head| {
            head.set("content-type", "application/json");
            head.buffer(&buffer)
        }))
    }

    async fn relay_error(&self, record: &Record, plan: &Plan, answer: &Answer) -> Result<Built, Refusal> {
        let wait = self.within(plan, record, self.deployment.idle_timeout);
        let said = upstream::read_body(self.incoming, plan, answer, wait).await?.to_vec();
        let body = error_body(self.door.protocol, plan, answer.status, &said, self.incoming.id.as_str());
        let error = Some(Reason::UpstreamError);
        self.settle(record, Ending { status: answer.status, error, consumed: Consumed::Nothing });
        Ok(self.head(plan, answer).and_then(|head| {
            head.set("content-type", "application/json");
            head.bytes(&body)
        }))
    }

    fn settle(&self, record: &Record, ending: Ending) {
        let row = record.settle(&self.admitted, self.door, ending, Platform.now());
        background::record(self.context, self.env, row);
    }

    fn refuse(&self, record: &Record, refusal: &Refusal) -> Built {
        let rendered_refusal = render(refusal, Dialect::from(self.door.protocol), self.incoming.id.as_str());
        let status = rendered_refusal.status;
        self.settle(record, Ending { status, error: Some(refusal.reason), consumed: Consumed::Nothing });
        let response = rendered(self.incoming, rendered_refusal)?;
        if let Some(candidate) = &record.candidate {
            let headers = response.headers();
            headers.set("x-sluice-provider", candidate.provider.name())?;
            headers.set("x-sluice-model", &candidate.selector())?;
        }
        response.headers().set("x-sluice-attempts", &record.attempts.to_string())?;
        Ok(response)
    }
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
