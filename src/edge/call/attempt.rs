//! One upstream call, up to where it is certain that it brings an answer: a body that was read whole, or a stream that has
//! begun. Until then the client was told nothing, and somebody else may be called.

use super::Call;
use crate::domain::timestamp::Timestamp;
use crate::edge::isolate;
use crate::edge::pump::{Bounds, Pump};
use crate::edge::system::Platform;
use crate::edge::upstream::{self, Answer, Outgoing};
use crate::gateway::answer::{
    Announced, Body, ErrorAnswer, NoAnswer, UpstreamError, announced, error_answer, read_body, said,
};
use crate::gateway::attempts::Verdict;
use crate::gateway::door::Work;
use crate::gateway::plan::{Plan, lacks_endpoint};
use crate::gateway::relay::StreamRelay;
use crate::gateway::settle::Record;
use crate::ports::Clock;
use crate::protocol::retry_after::retry_after;
use crate::refusal::{Reason, Refusal};
use js_sys::Uint8Array;
use std::time::Duration;
use wasm_bindgen::JsValue;

/// The largest answer that is read whole: generated images come as text. As much as a request may have.
const MAX_ANSWER_BYTES: u32 = 32 << 20;

/// The largest error that is read.
pub const MAX_ERROR_BYTES: u32 = 1 << 20;

/// How long an error's words are waited for: its status alone is enough to go on with.
const ERROR_WAIT: Duration = Duration::from_secs(10);

/// A candidate whose turn it is.
pub(super) struct Turn {
    /// Its call.
    pub plan: Plan,
    /// When its first call began: `timeout_ms` bounds all of them.
    pub since: Timestamp,
}

/// What an upstream call came to.
pub(super) type Called = Result<Reached, Box<Failed>>;

/// An answer for the client.
pub(super) struct Reached {
    pub plan: Plan,
    pub content: Content,
}

/// How it comes.
pub(super) enum Content {
    /// As a stream that has begun, or takes its time to.
    Stream(Pump),
    /// Whole.
    Whole { answer: Answer, bytes: Uint8Array, body: Body },
}

/// A call that brought no answer.
pub(super) struct Failed {
    pub turn: Turn,
    pub verdict: Verdict,
    /// When the upstream says that it will work again.
    pub retry_after: Option<Duration>,
    /// Whether it said that it has no such endpoint.
    pub lacks_endpoint: bool,
    /// Whether it was asked to count tokens and said that it cannot.
    pub cannot_count: bool,
    pub told: Told,
}

/// What the client is told of it, if it comes to that.
pub(super) enum Told {
    /// The upstream's own error.
    Error { answer: Answer, error: ErrorAnswer },
    /// Ours.
    Refusal(Refusal),
}

impl Turn {
    pub fn new(plan: Plan) -> Self {
        Self { plan, since: Platform.now() }
    }

    /// What remains of the operator's bound on the candidate's calls, if that is less.
    fn within(&self, wait: Duration) -> Duration {
        let spent = Platform.now().since(self.since);
        self.plan.timeout.map_or(wait, |whole| wait.min(whole.saturating_sub(spent)))
    }

    /// When the answer has to be over.
    fn deadline(&self) -> Option<Timestamp> {
        self.plan.timeout.map(|whole| self.since.after(whole))
    }

    pub fn failed(self, why: impl Into<NoAnswer>) -> Box<Failed> {
        let NoAnswer { refusal, verdict } = why.into();
        Box::new(Failed {
            turn: self,
            verdict,
            retry_after: None,
            lacks_endpoint: false,
            cannot_count: false,
            told: Told::Refusal(refusal),
        })
    }
}

impl Failed {
    /// The status of the upstream's error.
    pub fn status(&self) -> Option<u16> {
        match &self.told {
            Told::Error { answer, .. } => Some(answer.status),
            Told::Refusal(_) => None,
        }
    }
}

impl Call<'_> {
    /// Makes the call, and tells the breaker and the record what came of it.
    pub(super) async fn call(&self, record: &mut Record, turn: Turn) -> Called {
        record.candidate = Some(turn.plan.candidate.clone());
        record.upstream_protocol = Some(turn.plan.protocol);
        record.calls(Platform.now());
        let called = self.reach(record, turn).await;
        let (now, rules) = (Platform.now(), self.deployment.breaker);
        match &called {
            Ok(reached) => {
                // A stream that has only announced itself may still turn out to be none.
                if !matches!(&reached.content, Content::Stream(pump) if !pump.has_begun()) {
                    isolate::breaker(|breaker| breaker.answered(self.admitted.line(&reached.plan.candidate)));
                }
            }
            Err(failed) => {
                let line = self.admitted.line(&failed.turn.plan.candidate);
                isolate::breaker(|breaker| match failed.verdict {
                    Verdict::Failed => breaker.failed(line, rules, failed.retry_after, now),
                    Verdict::Blamed | Verdict::Refused => breaker.answered(line),
                    Verdict::Abandoned => breaker.abandoned(line, now),
                });
                if let Told::Refusal(refusal) = &failed.told {
                    record.failed(refusal.reason, &refusal.message, now);
                }
            }
        }
        called
    }

    async fn reach(&self, record: &mut Record, mut turn: Turn) -> Called {
        let wait = turn.within(turn.plan.first_byte_timeout);
        let answer = match upstream::call(self.incoming, &Outgoing::of(&turn.plan), wait).await {
            Ok(answer) => answer,
            Err(refusal) => return Err(turn.failed(refusal)),
        };
        record.answers(answer.status, Platform.now());
        let announced = announced(answer.status, answer.header("content-type"));
        if let Announced::Stream | Announced::Body = announced {
            // It is not sent again.
            turn.plan.body = Vec::new();
        }
        match announced {
            Announced::Stream => self.begin(turn, answer).await,
            Announced::Body => self.read(turn, answer).await,
            Announced::Error => Err(self.read_error(record, turn, answer).await),
            Announced::Redirect => {
                answer.abort.abort();
                let refusal = redirected(&turn.plan, answer.status);
                Err(turn.failed(refusal))
            }
            Announced::Nonsense => {
                answer.abort.abort();
                let (provider, status) = (turn.plan.candidate.provider.name(), answer.status);
                let message =
                    format!("provider `{provider}` answered with the status {status}, which HTTP does not have");
                Err(turn.failed(Refusal::new(Reason::UpstreamMalformed, message)))
            }
        }
    }

    async fn begin(&self, turn: Turn, answer: Answer) -> Called {
        let relay = StreamRelay::new(self.door.protocol, &turn.plan);
        let bounds = Bounds {
            idle: self.deployment.idle_timeout,
            deadline: turn.deadline(),
            ping_interval: self.deployment.ping_interval,
        };
        let begun = match Pump::new(self.incoming, answer, bounds, relay) {
            Ok(mut pump) => pump.lead_in(&turn.plan).await.map(|()| pump),
            Err(error) => Err(unbuilt(error).into()),
        };
        match begun {
            Ok(pump) => Ok(Reached { plan: turn.plan, content: Content::Stream(pump) }),
            Err(why) => Err(turn.failed(why)),
        }
    }

    async fn read(&self, turn: Turn, mut answer: Answer) -> Called {
        let wait = turn.within(self.deployment.idle_timeout);
        let provider = turn.plan.candidate.provider.name();
        let read = match upstream::read_body(self.incoming, provider, &mut answer, wait, MAX_ANSWER_BYTES).await {
            Ok(bytes) => read_body(self.door.protocol, &turn.plan, &bytes.to_vec()).map(|body| (bytes, body)),
            Err(refusal) => Err(refusal.into()),
        };
        match read {
            Ok((bytes, body)) => Ok(Reached { plan: turn.plan, content: Content::Whole { answer, bytes, body } }),
            Err(why) => Err(turn.failed(why)),
        }
    }

    /// The upstream's own error: told in its words, or without where they do not come.
    async fn read_error(&self, record: &mut Record, turn: Turn, mut answer: Answer) -> Box<Failed> {
        let wait = turn.within(self.deployment.idle_timeout.min(ERROR_WAIT));
        let provider = turn.plan.candidate.provider.name();
        let body = match upstream::read_body(self.incoming, provider, &mut answer, wait, MAX_ERROR_BYTES).await {
            Ok(body) => body.to_vec(),
            // Its status is worth more than that its words did not come.
            Err(refusal) if matches!(refusal.reason, Reason::UpstreamTimeout | Reason::UpstreamTruncated) => Vec::new(),
            Err(refusal) => return turn.failed(refusal),
        };
        record.failed(Reason::UpstreamError, &said(&turn.plan, &body), Platform.now());
        let error_type = answer.header("x-amzn-errortype");
        let error = UpstreamError { status: answer.status, error_type, body: &body };
        let error = error_answer(self.door.protocol, &turn.plan, error, self.incoming.id.as_str());
        let in_body = error.retry_after.map(|seconds| Duration::from_secs(u64::from(seconds)));
        let cannot_count = self.door.work == Work::CountTokens && turn.plan.cannot_count(answer.status);
        let verdict =
            if cannot_count { Verdict::Refused } else { Verdict::of_status(turn.plan.protocol, answer.status) };
        Box::new(Failed {
            verdict,
            cannot_count,
            retry_after: retry_after(|name| answer.header(name), Platform.now()).or(in_body),
            lacks_endpoint: lacks_endpoint(answer.status, &body),
            turn,
            told: Told::Error { answer, error },
        })
    }
}

/// The platform refused to build a part of the answer. Nothing that a client or an upstream sends brings this about.
pub(super) fn unbuilt(error: JsValue) -> Refusal {
    Refusal::new(Reason::Internal, format!("the answer could not be built: {error:?}"))
}

fn redirected(plan: &Plan, status: u16) -> Refusal {
    let message = format!(
        "provider `{}` answered {status} with a redirect, which is never followed because the credential would go \
         along: set base_url to where it leads",
        plan.candidate.provider.name()
    );
    Refusal::new(Reason::UpstreamRedirect, message)
}
