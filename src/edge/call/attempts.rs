//! The upstream calls of one client's call: candidate after candidate until one answers (SPEC section 6).

use super::Call;
use super::attempt::{Called, Failed, Reached, Turn};
use crate::edge::executor::Alarm;
use crate::edge::isolate;
use crate::edge::media;
use crate::edge::system::Platform;
use crate::edge::upstream::client_left;
use crate::gateway::answer::NoAnswer;
use crate::gateway::attempts::{Attempts, Next, Verdict};
use crate::gateway::door::Work;
use crate::gateway::plan::{Plan, Unplanned, plan, plan_otherwise, wanted_media};
use crate::gateway::settle::Record;
use crate::ports::Clock;
use crate::protocol::body::RequestBody;
use crate::refusal::{Reason, Refusal};
use crate::routing::Candidate;
use crate::routing::breaker::Pass;
use crate::translate::media::Media;
use futures_util::future::{Either, select};
use std::pin::pin;
use std::time::Duration;

/// What came of them.
pub(super) enum Came {
    /// An answer.
    Reached(Box<Reached>),
    /// None. This was the last.
    Failed(Box<Failed>, Tried),
    /// Nobody counts this request's tokens: they are to be estimated.
    Uncounted(RequestBody),
}

/// How often a call was tried for its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried {
    Once,
    Again,
}

impl Call<'_> {
    /// Calls the candidates in their order until one answers. A refusal is for a call for which nobody was called.
    pub(super) async fn attempts(
        &self,
        record: &mut Record,
        candidates: &[Candidate],
        body: RequestBody,
    ) -> Result<Came, Refusal> {
        let counts = self.door.work == Work::CountTokens;
        let enter = |candidate: &Candidate| self.enter(candidate);
        let mut attempts = Attempts::new(candidates, self.deployment.max_attempts);
        // The client's bytes, which may be many: they are kept as long as another attempt may need them.
        let mut body = Some(body);
        let (mut media, mut unplanned) = (Media::default(), Unplanned::default());
        let (mut last, mut tried): (Option<Box<Failed>>, _) = (None, Tried::Once);
        let mut next = attempts.next(enter);
        loop {
            let turn = match (next, &body, last) {
                (Next::Try(candidate), Some(body), before) => match self.plan(candidate, body, &mut media).await {
                    Ok(plan) => Turn::new(plan),
                    Err(refusal) => {
                        self.leave(candidate);
                        if self.incoming.is_abandoned() {
                            return Err(client_left());
                        }
                        unplanned.add(candidate, refusal);
                        (next, last) = (attempts.next(enter), before);
                        continue;
                    }
                },
                (Next::Again(wait), _, Some(before)) => {
                    self.pause(wait).await?;
                    before.turn
                }
                (_, _, before) => {
                    last = before;
                    break;
                }
            };
            if record.attempts > 0 {
                tried = Tried::Again;
            }
            attempts.made();
            if !attempts.may_move_on() && turn.plan.otherwise.is_none() && !counts {
                body = None;
            }
            let mut called = self.call(record, turn).await;
            if let Some(body) = &body {
                called = self.call_otherwise(record, called, &mut attempts, (body, &media)).await;
            }
            let failed = match called {
                Ok(reached) => return Ok(Came::Reached(Box::new(reached))),
                Err(failed) => failed,
            };
            match body {
                Some(body) if failed.cannot_count => return Ok(Came::Uncounted(body)),
                kept => body = kept,
            }
            next = attempts.after(failed.verdict, failed.retry_after, enter);
            last = Some(failed);
        }
        if let Some(failed) = last {
            return Ok(Came::Failed(failed, tried));
        }
        match (unplanned.told(), body) {
            (Some((candidate, refusal)), body) => {
                record.candidate = Some(candidate);
                match body {
                    Some(body) if counts && refusal.reason == Reason::ProtocolMismatch => Ok(Came::Uncounted(body)),
                    _ => Err(refusal),
                }
            }
            (None, _) => Err(Refusal::new(Reason::Internal, "the call had no candidate")),
        }
    }

    /// Asks the breaker for a candidate.
    fn enter(&self, candidate: &Candidate) -> Pass {
        let line = self.admitted.line(candidate);
        isolate::breaker(|breaker| breaker.enter(line, self.deployment.breaker, Platform.now()))
    }

    /// Tells the breaker that the candidate was not called after all.
    fn leave(&self, candidate: &Candidate) {
        isolate::breaker(|breaker| breaker.abandoned(self.admitted.line(candidate), Platform.now()));
    }

    async fn plan(&self, candidate: &Candidate, body: &RequestBody, media: &mut Media) -> Result<Plan, Refusal> {
        let wanted = wanted_media(&self.asked(body, media), candidate);
        if !wanted.is_empty() && media.is_empty() {
            *media = media::fetch(self.incoming, self.deployment, &wanted).await?;
        }
        plan(&self.asked(body, media), candidate)
    }

    /// Where the upstream turned out not to have the endpoint: calls it again in the dialect that it has.
    async fn call_otherwise(
        &self,
        record: &mut Record,
        called: Called,
        attempts: &mut Attempts<'_, Candidate>,
        (body, media): (&RequestBody, &Media),
    ) -> Called {
        let (failed, protocol) = match called {
            Err(failed) if failed.lacks_endpoint => match failed.turn.plan.otherwise {
                Some(protocol) => (failed, protocol),
                None => return Err(failed),
            },
            other => return other,
        };
        let Turn { plan, since } = failed.turn;
        let candidate = plan.candidate.clone();
        let plan = match plan_otherwise(&self.asked(body, media), &candidate, protocol) {
            Ok(plan) => plan,
            // The upstream works, and another candidate may carry the request.
            Err(refusal) => return Err(Turn { plan, since }.failed(NoAnswer { refusal, verdict: Verdict::Blamed })),
        };
        attempts.made();
        let called = self.call(record, Turn { plan, since }).await;
        let is_there = match &called {
            Ok(_) => true,
            // A model that exists in neither dialect says nothing about the endpoint.
            Err(failed) => failed.status().is_some() && !failed.lacks_endpoint,
        };
        if is_there {
            self.chat_only.borrow_mut().remember(candidate.provider.id(), Platform.now());
        }
        called
    }

    /// Waits, unless the client leaves.
    async fn pause(&self, wait: Duration) -> Result<(), Refusal> {
        match select(Alarm::after(wait), pin!(self.incoming.abandonment())).await {
            Either::Left(_) => Ok(()),
            Either::Right(_) => Err(client_left()),
        }
    }
}
