//! What a call and its token's limiter say to each other.

use crate::domain::limits::{Limits, Period};
use crate::domain::money::NanoUsd;

/// Tokens and money, reckoned or real.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Input and output tokens, cached ones and reasoning included.
    pub tokens: u64,
    /// What is billed, in billionths of a US dollar.
    pub nano_usd: NanoUsd,
}

/// A call that would go out.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The request's id: asked twice, it is admitted once.
    pub call: String,
    /// The limits as the token has them now: the limiter keeps counts only.
    pub limits: Limits,
    /// What the call may come to.
    pub reserved: Amounts,
}

/// A call that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The request's id.
    pub call: String,
    /// What it came to.
    pub used: Amounts,
}

/// The limiter's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Why not; admitted otherwise.
    pub refused: Option<Refused>,
    /// Where the token stands, the call included if it was admitted.
    pub standing: Standing,
}

/// Which limit is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// `requests_per_minute`
    Requests,
    /// `tokens_per_minute`
    Tokens,
    /// `budget_usd`
    Budget,
}

/// Why a call has to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Which limit is in the way.
    pub limit: Limit,
    /// After which time the same call could go; `None` where waiting does not help.
    pub retry_after_ms: Option<i64>,
}

/// Where a token stands: only what is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Calls.
    pub requests: Option<Rate>,
    /// Tokens.
    pub tokens: Option<Rate>,
    /// Money.
    pub budget: Option<BudgetStanding>,
}

/// Where a token stands within the last sixty seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The limit.
    pub limit: u64,
    /// What has been used of it, which may be more: a call may come to more than was reserved.
    pub used: u64,
    /// When all of it is there again, in milliseconds since the epoch.
    pub resets_at: i64,
}

impl Rate {
    /// What is left.
    pub const fn remaining(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

/// Where a token stands within its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetStanding {
    /// The budget.
    pub limit: NanoUsd,
    /// Its period.
    pub period: Period,
    /// What calls of this period came to, as far as they are over.
    pub spent: NanoUsd,
    /// What is reserved for calls of this period that are not over.
    pub reserved: NanoUsd,
    /// When the next period begins, in milliseconds since the epoch.
    pub resets_at: Option<i64>,
}

impl BudgetStanding {
    /// What is left for further calls.
    pub const fn remaining(&self) -> NanoUsd {
        let left = self.limit.saturating_sub(self.spent).saturating_sub(self.reserved);
        if left < 0 { 0 } else { left }
    }
}

/// What an object is asked.
#[derive(Debug, Clone)]
pub enum Message {
    /// May this call go out? A [`Verdict`].
    Admit(Asked),
    /// It is over, and so are these. `null`.
    Settle(Settled, Vec<Settled>),
    /// Where does the token stand against these limits? A [`Standing`].
    Stand(Limits),
}
