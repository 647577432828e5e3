//! One call of the data plane, from the door to its usage row.

mod attempt;
mod attempts;
mod reply;

use super::admission;
use super::background::Settlement;
use super::extensions::Way;
use super::isolate;
use super::limiter;
use super::proxy;
use super::request::Incoming;
use super::response::{self, Head, json};
use super::system::Drawn;
use crate::deployment::Deployment;
use crate::gateway::admit::Admitted;
use crate::gateway::door::{self, CallDoor, Door, Work};
use crate::gateway::estimate::roughly;
use crate::gateway::limit;
use crate::gateway::list;
use crate::gateway::plan::{Asked, ChatOnly, candidates};
use crate::gateway::settle::Record;
use crate::protocol::body::RequestBody;
use crate::refusal::Refusal;
use crate::routing::Candidate;
use crate::translate::media::Media;
pub use attempt::MAX_ERROR_BYTES;
use attempts::{Came, Tried};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::Response;
use worker::{Context, Env};

/// Serves one request of the data plane.
pub async fn serve(
    incoming: &Incoming,
    env: &Env,
    context: &Rc<Context>,
    deployment: &Rc<Deployment>,
) -> super::Answered {
    let admitted = match admission::admit(incoming, env, context, deployment).await {
        Ok(admitted) => admitted,
        Err(refusal) => return (super::refused(incoming, &refusal), None),
    };
    match door::find(incoming.method(), incoming.path()) {
        Err(refusal) => (super::refused(incoming, &refusal), None),
        Ok(Door::Options(allow)) => (response::allow(incoming, allow), None),
        Ok(Door::ListModels) => (listed(incoming, list::list(&admitted, incoming.dialect(), incoming.query())), None),
        Ok(Door::GetModel(id)) => (listed(incoming, list::get(&admitted, incoming.dialect(), id)), None),
        Ok(Door::Call(door)) => {
            let call = Call { incoming, env, deployment, admitted, door, chat_only: isolate::chat_only() };
            let mut record = Record::new(incoming.id.clone(), incoming.started);
            let mut way = None;
            let (mut response, mut settlement) = match call.run(&mut record, &mut way).await {
                Ok(answered) => answered,
                Err(refusal) => call.refuse(&record, &refusal, Tried::Once),
            };
            if let Some(way) = way {
                (response, settlement) = call.filtered(&record, &way, (response, settlement)).await;
            }
            (response, Some(settlement))
        }
        Ok(Door::Proxy { provider, rest }) => {
            let (response, row) = proxy::serve(incoming, env, deployment, &admitted, (provider, rest)).await;
            (response, Some(Settlement::Row(Box::new(row))))
        }
    }
}

fn listed(incoming: &Incoming, found: Result<serde_json::Value, Refusal>) -> Result<Response, JsValue> {
    match found {
        Ok(body) => json(incoming, Head::new(incoming, 200), &body.to_string()),
        Err(refusal) => super::refused(incoming, &refusal),
    }
}

/// A model call that was let in.
pub(super) struct Call<'a> {
    pub(super) incoming: &'a Incoming,
    pub(super) env: &'a Env,
    deployment: &'a Deployment,
    pub(super) admitted: Admitted,
    pub(super) door: CallDoor,
    chat_only: Rc<RefCell<ChatOnly>>,
}

/// A response, or the platform's refusal to build one; and what is left to be done after it.
type Answered = (Result<Response, JsValue>, Settlement);

impl Call<'_> {
    /// Body → model → candidates → upstream calls → answer. A refusal on the way becomes one answer and one usage row.
    /// `way` is to be the call's through its project's extensions, where there are any.
    async fn run(&self, record: &mut Record, way: &mut Option<Way>) -> Result<Answered, Refusal> {
        door::check_encoding(self.incoming.header("content-encoding"))?;
        let bytes = self.incoming.body(self.deployment.max_body_bytes).await?;
        let mut body = RequestBody::parse(bytes)?;
        record.requested_model = body.model().map(std::borrow::Cow::into_owned);
        record.streamed = body.streams();
        *way = Way::of(self, &body);
        let mut candidates = Vec::new();
        // Each that joins may bring the call to another provider, and with it to that one's extensions.
        while let Some(way) = way {
            let joined;
            (body, joined) = way.request(body, &candidates).await?;
            if !joined && !candidates.is_empty() {
                break;
            }
            candidates = self.candidates(&body, &way.tags)?;
        }
        if way.is_none() {
            candidates = self.candidates(&body, "")?;
        }
        record.input_tokens = roughly(body.bytes());
        if let Some(limits) = self.admitted.limits() {
            candidates = limit::priced(limits.budget.filter(|_| self.door.work != Work::CountTokens), candidates)?;
            let reserved = limit::reservation(limits, self.door.work, &body, &candidates);
            limiter::reserve(self.env, &self.admitted, record, reserved).await?;
        }
        match self.attempts(record, &candidates, body).await? {
            Came::Reached(reached) => self.relay(record, *reached),
            Came::Failed(failed, tried) => self.tell(record, *failed, tried),
            Came::Uncounted(body) => self.estimate(record, &body),
        }
    }

    /// Who may serve it.
    fn candidates(&self, body: &RequestBody, tags: &str) -> Result<Vec<Candidate>, Refusal> {
        candidates(&Asked { tags, ..self.asked(body, &Media::default()) }, &Drawn)
    }

    /// The call, for those that decide about it.
    fn asked<'c>(
        &'c self,
        body: &'c RequestBody,
        media: &'c Media,
    ) -> Asked<'c, impl Iterator<Item = (&'c str, &'c str)> + Clone> {
        Asked {
            admitted: &self.admitted,
            deployment: self.deployment,
            door: self.door,
            headers: self.incoming.headers(),
            body,
            request: &self.incoming.id,
            started: self.incoming.started,
            chat_only: &self.chat_only,
            media,
            tags: "",
        }
    }
}
