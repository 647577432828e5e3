//! What the client gets: an answer, the last upstream's error, or a refusal; and what is left to be settled.

use super::attempt::{Content, Failed, Reached, Told, unbuilt};
use super::attempts::Tried;
use super::{Answered, Call};
use crate::edge::background::Settlement;
use crate::edge::extensions::Way;
use crate::edge::js;
use crate::edge::limiter;
use crate::edge::pump::{Pump, Stream};
use crate::edge::response::{self, Head, json};
use crate::edge::system::Platform;
use crate::edge::upstream::Answer;
use crate::gateway::answer::{Body, ErrorAnswer, headers};
use crate::gateway::estimate::input_tokens;
use crate::gateway::limit::is_rate_limit;
use crate::gateway::plan::Plan;
use crate::gateway::settle::{Consumed, Ending, Record};
use crate::ports::Clock;
use crate::protocol::body::RequestBody;
use crate::refusal::{Dialect, Reason, Refusal, render};
use crate::translate::neutral::Delivery;
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;

/// The most that `x-sluice-dropped` says, in bytes.
const MAX_DROPPED_BYTES: usize = 1000;

impl Call<'_> {
    /// An upstream's answer.
    pub(super) fn relay(&self, record: &mut Record, reached: Reached) -> Result<Answered, Refusal> {
        let Reached { plan, content } = reached;
        record.streamed = matches!(content, Content::Stream(_));
        match content {
            Content::Stream(pump) => self.relay_stream(record, &plan, pump).map_err(unbuilt),
            Content::Whole { answer, bytes, body } => {
                self.relay_whole(record, &plan, &answer, (bytes, body)).map_err(unbuilt)
            }
        }
    }

    fn relay_stream(&self, record: &Record, plan: &Plan, pump: Pump) -> Result<Answered, JsValue> {
        let mut head = self.head(record, plan, (&pump.answer, pump.answer.status));
        announce_stream(&mut head);
        let unjudged = if pump.has_begun() { None } else { Some(self.deployment.breaker) };
        let (relaying, readable) = pump.open()?;
        let (record, admitted, door) = (record.clone(), self.admitted.clone(), self.door);
        let stream = Stream { relaying, record, admitted, door, unjudged };
        Ok((head.stream(&readable), Settlement::Stream(Box::new(stream))))
    }

    fn relay_whole(
        &self,
        record: &Record,
        plan: &Plan,
        answer: &Answer,
        (bytes, body): (Uint8Array, Body),
    ) -> Result<Answered, JsValue> {
        let mut head = self.head(record, plan, (answer, answer.status));
        head.set("content-type", "application/json");
        let (response, counted) = match body {
            Body::AsItCame(counted) => (head.buffer(&bytes), counted),
            Body::Rewritten { body, delivery, counted } => {
                if delivery == Delivery::Streamed {
                    announce_stream(&mut head);
                }
                (head.bytes(&body), counted)
            }
        };
        let consumed = Consumed::of_answer(self.door.work, counted, record.input_tokens);
        Ok((response, self.settled(record, Ending { status: answer.status, error: None, consumed })))
    }

    /// What the last upstream call failed with.
    pub(super) fn tell(&self, record: &mut Record, failed: Failed, tried: Tried) -> Result<Answered, Refusal> {
        match failed.told {
            Told::Refusal(refusal) => Ok(self.refuse(record, &refusal, tried)),
            Told::Error { answer, error } => {
                record.streamed = false;
                self.tell_error(record, &failed.turn.plan, &answer, (error, tried)).map_err(unbuilt)
            }
        }
    }

    fn tell_error(
        &self,
        record: &Record,
        plan: &Plan,
        answer: &Answer,
        (error, tried): (ErrorAnswer, Tried),
    ) -> Result<Answered, JsValue> {
        let ending = Ending { status: error.status, error: Some(Reason::UpstreamError), consumed: Consumed::Nothing };
        let mut head = self.head(record, plan, (answer, error.status));
        head.set("content-type", "application/json");
        if let (Some(seconds), None) = (error.retry_after, answer.header("retry-after")) {
            head.set("retry-after", &seconds.to_string());
        }
        if tried == Tried::Again {
            head.set("x-should-retry", "false");
        }
        Ok((head.bytes(&error.body), self.settled(record, ending)))
    }

    /// The answer as it goes out behind the extensions that the call went through.
    pub(super) async fn filtered(&self, record: &Record, way: &Way, (response, settlement): Answered) -> Answered {
        let Ok(response) = response else { return (response, settlement) };
        let (response, settlement) = match way.respond(self, &response).await {
            Ok(answer) => (Ok(answer), settlement),
            Err(refusal) => {
                let (refused, _) = self.refuse(record, &refusal, Tried::Once);
                (refused, refused_late(settlement, &refusal))
            }
        };
        (response, Settlement::Extended(Box::new(settlement), way.left()))
    }

    /// A refusal of ours.
    pub(super) fn refuse(&self, record: &Record, refusal: &Refusal, tried: Tried) -> Answered {
        js::log_refusal(&self.incoming.id, refusal);
        let mut rendered = render(refusal, Dialect::from(self.door.protocol), self.incoming.id.as_str());
        if tried == Tried::Again {
            // The vendors' SDKs would hide it behind two more tries of the same.
            rendered.headers.push(("x-should-retry", "false".to_owned()));
        }
        let consumed = Consumed::of_refused(self.door.work, refusal.reason, record.attempts, record.input_tokens);
        let ending = Ending { status: rendered.status, error: Some(refusal.reason), consumed };
        let mut head = Head::new(self.incoming, rendered.status);
        name_server(&mut head, record);
        self.announce_limits(&mut head, record);
        (response::rendered_onto(self.incoming, head, rendered), self.settled(record, ending))
    }

    /// Counts tokens for a model whose upstream cannot, and says that it is an estimate.
    pub(super) fn estimate(&self, record: &Record, body: &RequestBody) -> Result<Answered, Refusal> {
        let mut head = Head::new(self.incoming, 200);
        head.set("x-sluice-estimated", "true");
        name_server(&mut head, record);
        self.announce_limits(&mut head, record);
        let counted = crate::json::json!({"input_tokens": input_tokens(body.bytes())});
        let ending = Ending { status: 200, error: None, consumed: Consumed::Nothing };
        Ok((json(self.incoming, head, &counted.to_string()), self.settled(record, ending)))
    }

    fn head(&self, record: &Record, plan: &Plan, (answer, status): (&Answer, u16)) -> Head {
        let mut head = Head::new(self.incoming, status);
        let upstream = answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in headers(upstream, plan, self.door.protocol) {
            if record.limited.is_none() || !is_rate_limit(name) {
                head.set(name, value);
            }
        }
        head.set("x-request-id", self.incoming.id.as_str());
        name_server(&mut head, record);
        self.announce_limits(&mut head, record);
        if !plan.dropped.is_empty() {
            head.set_name("x-sluice-dropped", &listed_in_header(&plan.dropped));
        }
        head
    }

    fn announce_limits(&self, head: &mut Head, record: &Record) {
        limiter::announce(head, record, Dialect::from(self.door.protocol));
    }

    fn settled(&self, record: &Record, ending: Ending) -> Settlement {
        Settlement::Row(Box::new(record.settle(&self.admitted, self.door.name, ending, Platform.now())))
    }
}

/// What the upstream answered was consumed, and did not reach the client.
fn refused_late(settlement: Settlement, refusal: &Refusal) -> Settlement {
    match settlement {
        Settlement::Row(mut row) => {
            row.status = refusal.own.as_ref().map_or(refusal.reason.status(), |(status, _)| *status);
            row.error_code = Some(refusal.reason.code());
            Settlement::Row(row)
        }
        other => other,
    }
}

/// Says who served the call, or was to, and how many upstream calls that took.
fn name_server(head: &mut Head, record: &Record) {
    if let Some(candidate) = &record.candidate {
        head.set_name("x-sluice-provider", candidate.provider.name());
        head.set_name("x-sluice-model", &candidate.selector());
    }
    head.set("x-sluice-attempts", &record.attempts.to_string());
}

/// Without these, proxies on the way gather events before they pass them on.
fn announce_stream(head: &mut Head) {
    head.set("content-type", "text/event-stream; charset=utf-8");
    head.set("cache-control", "no-cache, no-transform");
}

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
