//! A token's counts, and what they let through. Pure: the object's storage is [`super::Book`]'s.

use super::message::{Amounts, BudgetStanding, Limit, Rate, Refused, Standing};
use super::window::{Counted, Window};
use crate::domain::limits::{Budget, Limits, Period};
use crate::domain::money::NanoUsd;
use crate::domain::timestamp::Timestamp;

/// When to come back for a budget that only calls in flight hold: some of them will be over by then.
const HELD_RETRY_MS: i64 = 1000;

/// What a token's calls came to, or may still come to. All periods are counted whatever the limits are, so that another
/// period, or a budget that is given later, begins with what was spent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    pub(super) window: Window,
    pub(super) day: Spending,
    pub(super) month: Spending,
    pub(super) total: Spending,
    /// The latest time that was seen: the object may move to a machine whose clock is behind.
    pub(super) latest: i64,
    /// When leases were last looked through for expired ones.
    pub(super) swept_at: i64,
}

/// Money within one period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Spending {
    /// When the period began, in milliseconds since the epoch.
    pub(super) since: i64,
    /// What calls that are over came to.
    pub(super) spent: NanoUsd,
    /// What is reserved for those that are not.
    pub(super) held: NanoUsd,
}

impl Spending {
    const fn charged(&self) -> NanoUsd {
        self.spent.saturating_add(self.held)
    }

    fn hold(&mut self, reserved: NanoUsd) {
        self.held = self.held.saturating_add(reserved);
    }

    fn settle(&mut self, reserved: NanoUsd, used: NanoUsd) {
        self.held = self.held.saturating_sub(reserved).max(0);
        self.spent = self.spent.saturating_add(used);
    }
}

impl Account {
    /// Goes on to `now`: what lies behind no longer counts. Returns the time that counts.
    pub fn advance(&mut self, now: Timestamp) -> Timestamp {
        self.latest = self.latest.max(now.ms());
        let now = Timestamp::from_ms(self.latest);
        self.window.advance(second(now));
        for period in Period::ALL {
            let (began, spending) = (period.began(now).ms(), self.spending(period));
            if spending.since < began {
                *spending = Spending { since: began, ..Spending::default() };
            }
        }
        now
    }

    /// Admits a call and charges what is reserved for it, or says why not, and then nothing is charged. `now` is what
    /// [`Self::advance`] returned.
    pub fn admit(&mut self, limits: &Limits, reserved: Amounts, now: Timestamp) -> Result<(), Refused> {
        self.check_rates(limits, reserved.tokens, now)?;
        if let Some(budget) = limits.budget {
            self.check_budget(budget, reserved.nano_usd, now)?;
        }
        self.window.add(second(now), reserved.tokens);
        for period in Period::ALL {
            self.spending(period).hold(reserved.nano_usd);
        }
        Ok(())
    }

    /// Of the limits that are in the way the one that takes longest.
    fn check_rates(&self, limits: &Limits, tokens: u64, now: Timestamp) -> Result<(), Refused> {
        let wants = [
            (Limit::Requests, Counted::Requests, limits.requests_per_minute, 1),
            (Limit::Tokens, Counted::Tokens, limits.tokens_per_minute, tokens),
        ];
        let mut longest: Option<Refused> = None;
        for (limit, counted, most, wanted) in wants {
            let Some(most) = most else { continue };
            if wanted > most {
                return Err(Refused { limit, retry_after_ms: None });
            }
            let excess = self.window.sum(counted).saturating_add(wanted).saturating_sub(most);
            if excess == 0 {
                continue;
            }
            let wait = self.window.free_at(counted, excess).map_or(0, |free| free * 1000 - now.ms());
            if longest.is_none_or(|other| other.retry_after_ms < Some(wait)) {
                longest = Some(Refused { limit, retry_after_ms: Some(wait) });
            }
        }
        longest.map_or(Ok(()), Err)
    }

    fn check_budget(&mut self, budget: Budget, wanted: NanoUsd, now: Timestamp) -> Result<(), Refused> {
        let spending = *self.spending(budget.period);
        if spending.charged().saturating_add(wanted) <= budget.nano_usd && spending.charged() < budget.nano_usd {
            return Ok(());
        }
        let is_held = spending.spent < budget.nano_usd && spending.spent.saturating_add(wanted) <= budget.nano_usd;
        let retry_after_ms = if is_held {
            Some(HELD_RETRY_MS)
        } else if wanted > budget.nano_usd {
            None
        } else {
            budget.period.ends(now).map(|end| end.ms_since(now))
        };
        Err(Refused { limit: Limit::Budget, retry_after_ms })
    }

    /// Puts what a call came to in place of what was reserved for it when it was admitted. Both count where the call
    /// began: a period that has ended meanwhile no longer counts at all.
    pub fn settle(&mut self, admitted_at: Timestamp, reserved: Amounts, used: Amounts) {
        self.window.correct(second(admitted_at), reserved.tokens, used.tokens);
        for period in Period::ALL {
            let (began, spending) = (period.began(admitted_at).ms(), self.spending(period));
            if spending.since == began {
                spending.settle(reserved.nano_usd, used.nano_usd);
            }
        }
    }

    /// Where the token stands. `now` is what [`Self::advance`] returned.
    pub fn standing(&mut self, limits: &Limits, now: Timestamp) -> Standing {
        let rate = |counted, limit: Option<u64>| {
            limit.map(|limit| Rate {
                limit,
                used: self.window.sum(counted),
                resets_at: self.window.empty_at(counted).map_or(now.ms(), |second| second * 1000),
            })
        };
        let requests = rate(Counted::Requests, limits.requests_per_minute);
        let tokens = rate(Counted::Tokens, limits.tokens_per_minute);
        let budget = limits.budget.map(|budget| {
            let spending = *self.spending(budget.period);
            BudgetStanding {
                limit: budget.nano_usd,
                period: budget.period,
                spent: spending.spent,
                reserved: spending.held,
                resets_at: budget.period.ends(now).map(Timestamp::ms),
            }
        });
        Standing { requests, tokens, budget }
    }

    const fn spending(&mut self, period: Period) -> &mut Spending {
        match period {
            Period::Day => &mut self.day,
            Period::Month => &mut self.month,
            Period::Total => &mut self.total,
        }
    }
}

const fn second(at: Timestamp) -> i64 {
    at.ms() / 1000
}
