//! Who is called next when an upstream has failed (SPEC section 6): a state machine that does no I/O.
//!
//! It holds while nothing of an answer has reached the client. Candidates are called in their order, each once; one that
//! rests is passed over, unless none would be called otherwise.

#[cfg(test)]
mod tests;

use crate::domain::protocol::Protocol;
use crate::refusal::Reason;
use crate::routing::breaker::Pass;
use std::time::Duration;

/// The longest `retry-after` that is waited for; a client that is told a longer one can wait for itself.
pub const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// What an upstream call that brought no answer means for those that may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The upstream failed: somebody else may do better.
    Failed,
    /// It said 200 and then that the request is at fault. Somebody else may see it otherwise, but the upstream works.
    Blamed,
    /// It refused what the client sent: that is the answer.
    Refused,
    /// The client left: nobody is called any more.
    Abandoned,
}

impl Verdict {
    /// Of an error's status (PROTOCOLS.md section 7).
    pub const fn of_status(upstream: Protocol, status: u16) -> Self {
        match (upstream, status) {
            (_, 408 | 409 | 425 | 429 | 500..) => Self::Failed,
            // Bedrock's ModelErrorException: the model failed, not the request.
            (Protocol::BedrockConverse, 424) => Self::Failed,
            _ => Self::Refused,
        }
    }

    /// Of a call that ended without an error's status.
    pub const fn of_reason(reason: Reason) -> Self {
        match reason {
            Reason::ClientClosed => Self::Abandoned,
            Reason::UpstreamUnreachable
            | Reason::UpstreamTimeout
            | Reason::UpstreamMalformed
            | Reason::UpstreamTruncated
            | Reason::UpstreamRedirect
            | Reason::UpstreamError => Self::Failed,
            _ => Self::Refused,
        }
    }
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next<'a, C> {
    /// Call this candidate.
    Try(&'a C),
    /// Wait so long, then call the same one again.
    Again(Duration),
    /// Nobody is left: what the last call came to is the answer.
    Over,
}

/// A call's candidates, and how far it has come with them.
#[derive(Debug)]
pub struct Attempts<'a, C> {
    untried: std::slice::Iter<'a, C>,
    /// Passed over, in their order.
    resting: Vec<&'a C>,
    rest: Rest,
    made: u32,
    most: u32,
}

/// Whether a candidate's rest is respected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Respected,
    /// All that could be called rest, and a call is rather made than refused.
    Disturbed,
}

impl<'a, C> Attempts<'a, C> {
    /// For these candidates, best first, of which `most` calls may be made.
    pub fn new(candidates: &'a [C], most: u32) -> Self {
        Self { untried: candidates.iter(), resting: Vec::new(), rest: Rest::Respected, made: 0, most }
    }

    /// Counts an upstream call, whatever it is made for.
    pub fn made(&mut self) {
        self.made = self.made.saturating_add(1);
    }

    /// Whether another candidate may be called after the one that is being called.
    pub fn may_move_on(&self) -> bool {
        let waits = !self.untried.as_slice().is_empty() || (self.rest == Rest::Disturbed && !self.resting.is_empty());
        waits && self.made < self.most
    }

    /// The next candidate: at first, and where one could not be called. `enter` asks the breaker.
    pub fn next(&mut self, mut enter: impl FnMut(&'a C) -> Pass) -> Next<'a, C> {
        if self.made >= self.most {
            return Next::Over;
        }
        for candidate in self.untried.by_ref() {
            match enter(candidate) {
                Pass::Open | Pass::Probe => return Next::Try(candidate),
                Pass::Resting => self.resting.push(candidate),
            }
        }
        if self.made == 0 {
            self.rest = Rest::Disturbed;
        }
        if self.rest == Rest::Respected || self.resting.is_empty() {
            Next::Over
        } else {
            Next::Try(self.resting.remove(0))
        }
    }

    /// What follows a call that brought no answer. `retry_after` is when the upstream says that it will work again.
    pub fn after(
        &mut self,
        verdict: Verdict,
        retry_after: Option<Duration>,
        enter: impl FnMut(&'a C) -> Pass,
    ) -> Next<'a, C> {
        match verdict {
            Verdict::Refused | Verdict::Abandoned => return Next::Over,
            Verdict::Failed | Verdict::Blamed => {}
        }
        match (self.next(enter), retry_after) {
            (Next::Over, Some(wait)) if self.made < self.most && wait <= LONGEST_WAIT => Next::Again(wait),
            (next, _) => next,
        }
    }
}
