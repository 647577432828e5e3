//! Which candidates rest after they failed (SPEC section 6): an isolate's own memory, plain data.
//!
//! Invariant: it only ever orders attempts. A call whose every candidate rests is made all the same.

#[cfg(test)]
mod tests;

use crate::domain::ids::{ModelId, UserKeyId};
use crate::domain::timestamp::Timestamp;
use std::collections::HashMap;
use std::time::Duration;

/// More lines than fail in an isolate at the same time; beyond it, further failures are not remembered.
const MOST_REMEMBERED: usize = 1000;

/// The longest rest, whatever an upstream's `retry-after` says: an operator who raised a limit must not wait for days.
const LONGEST_REST: Duration = Duration::from_secs(3600);

/// What fails together: one model of one provider, called with one account's key. The provider alone would be too much
/// (vendors limit and overload models apart), and a user's own key that is used up says nothing about the provider's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// The model; its provider goes without saying.
    pub model: &'a ModelId,
    /// The user's own key, where the call goes out with one.
    pub own_key: Option<&'a UserKeyId>,
}

/// The deployment's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// `BREAKER_FAILURES`: in a row, until a line rests; 0: none ever does.
    pub failures: u32,
    /// `BREAKER_REST_MS`: for how long, where the upstream does not say.
    pub rest: Duration,
}

/// Whether a call may go to a line now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// It may.
    Open,
    /// It may, and is the one that tries whether the line works again: whoever has this pass reports what came of it.
    Probe,
    /// It rests, or another call is trying.
    Resting,
}

/// A line that failed of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// So many times in a row, and not often enough yet.
    Failing(u32),
    Resting {
        until: Timestamp,
    },
    /// Somebody tries.
    Probed {
        since: Timestamp,
    },
}

/// The lines that failed of late. Those that work are not in it.
#[derive(Debug, Default)]
pub struct Breaker(HashMap<(ModelId, Option<UserKeyId>), Standing>);

impl Breaker {
    /// Asks whether a call may go to a line.
    pub fn enter(&mut self, line: Line<'_>, rules: Rules, now: Timestamp) -> Pass {
        let Some(standing) = self.of(line).filter(|_| rules.failures > 0) else { return Pass::Open };
        match *standing {
            Standing::Failing(_) => Pass::Open,
            Standing::Resting { until } if now < until => Pass::Resting,
            // A call that was to try and never came back does not keep the others away for ever.
            Standing::Probed { since } if since.after(rules.rest) > now => Pass::Resting,
            Standing::Resting { .. } | Standing::Probed { .. } => {
                *standing = Standing::Probed { since: now };
                Pass::Probe
            }
        }
    }

    /// The line failed; `retry_after` is when the upstream says it will work again.
    pub fn failed(&mut self, line: Line<'_>, rules: Rules, retry_after: Option<Duration>, now: Timestamp) {
        if rules.failures == 0 {
            return;
        }
        let until = now.after(retry_after.unwrap_or(rules.rest).min(LONGEST_REST));
        let after = |failures: u32| {
            if failures < rules.failures { Standing::Failing(failures) } else { Standing::Resting { until } }
        };
        match self.of(line) {
            Some(standing) => {
                *standing = match *standing {
                    Standing::Failing(failures) => after(failures.saturating_add(1)),
                    Standing::Resting { until: known } => Standing::Resting { until: known.max(until) },
                    Standing::Probed { .. } => Standing::Resting { until },
                }
            }
            None => self.remember(line, after(1), now),
        }
    }

    /// The line answered, be it with a refusal of what the client sent: it works.
    pub fn answered(&mut self, line: Line<'_>) {
        if !self.0.is_empty() {
            self.0.remove(&owned(line));
        }
    }

    /// The call ended without a word about the line: its client left, or it was not made. Another one may try.
    pub fn abandoned(&mut self, line: Line<'_>, now: Timestamp) {
        if let Some(standing @ Standing::Probed { .. }) = self.of(line) {
            *standing = Standing::Resting { until: now };
        }
    }

    fn of(&mut self, line: Line<'_>) -> Option<&mut Standing> {
        // Nothing fails, mostly: then nothing is built to be looked up.
        if self.0.is_empty() { None } else { self.0.get_mut(&owned(line)) }
    }

    fn remember(&mut self, line: Line<'_>, standing: Standing, now: Timestamp) {
        if self.0.len() >= MOST_REMEMBERED {
            self.0.retain(|_, known| matches!(known, Standing::Resting { until } if now < *until));
        }
        if self.0.len() < MOST_REMEMBERED {
            self.0.insert(owned(line), standing);
        }
    }
}

fn owned(line: Line<'_>) -> (ModelId, Option<UserKeyId>) {
    (line.model.clone(), line.own_key.cloned())
}
