//! The messages and the stored counts as JSON, by hand: derived readers of the same took as much of the Worker as all
//! that they speak about.

use super::account::{Account, Spending};
use super::book::Lease;
use super::message::{Amounts, Asked, BudgetStanding, Limit, Message, Rate, Refused, Settled, Standing, Verdict};
use super::window::{Slot, Window};
use crate::domain::limits::{Budget, Limits, Period};
use crate::domain::timestamp::Timestamp;
use crate::json::json;
use serde_json::Value;

/// What is written as JSON and read back.
pub trait Wire: Sized {
    /// As JSON.
    fn write(&self) -> Value;

    /// From JSON; `None` for what is another version's, or nobody's.
    fn read(value: &Value) -> Option<Self>;
}

fn whole(value: &Value, key: &str) -> Option<i64> {
    value.get(key)?.as_i64()
}

fn count(value: &Value, key: &str) -> Option<u64> {
    value.get(key)?.as_u64()
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

/// A member that may be null. The outer `None` is for one that is there and cannot be read.
fn maybe<T: Wire>(value: &Value, key: &str) -> Option<Option<T>> {
    match value.get(key)? {
        Value::Null => Some(None),
        given => T::read(given).map(Some),
    }
}

fn written<T: Wire>(given: &Option<T>) -> Value {
    given.as_ref().map_or(Value::Null, Wire::write)
}

impl Wire for Limits {
    fn write(&self) -> Value {
        json!({
            "requests_per_minute": self.requests_per_minute,
            "tokens_per_minute": self.tokens_per_minute,
            "nano_usd": self.budget.map(|budget| budget.nano_usd),
            "period": self.budget.map(|budget| budget.period.as_str()),
        })
    }

    fn read(value: &Value) -> Option<Self> {
        let budget = match text(value, "period") {
            Some(period) => Some(Budget { nano_usd: whole(value, "nano_usd")?, period: Period::parse(period)? }),
            None => None,
        };
        let requests_per_minute = count(value, "requests_per_minute");
        Some(Self { requests_per_minute, tokens_per_minute: count(value, "tokens_per_minute"), budget })
    }
}

impl Wire for Message {
    fn write(&self) -> Value {
        // What is not asked for is there as well: an object may be of the version before this one.
        let told = |ask: &str, (call, amounts): (&str, &Amounts), limits: Option<&Limits>, others: &[Settled]| {
            json!({"ask": ask, "call": call, "tokens": amounts.tokens, "nano_usd": amounts.nano_usd,
                "limits": limits.map_or(Value::Null, Wire::write),
                "others": Value::Array(others.iter().map(Wire::write).collect())})
        };
        match self {
            Self::Admit(asked) => told("admit", (&asked.call, &asked.reserved), Some(&asked.limits), &[]),
            Self::Settle(settled, others) => told("settle", (&settled.call, &settled.used), None, others),
            Self::Stand(limits) => told("stand", ("", &Amounts::default()), Some(limits), &[]),
        }
    }

    fn read(value: &Value) -> Option<Self> {
        let told = Settled::read(value)?;
        let limits = || Limits::read(value.get("limits")?);
        match text(value, "ask")? {
            "admit" => Some(Self::Admit(Asked { call: told.call, limits: limits()?, reserved: told.used })),
            "settle" => {
                let others = value.get("others").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                Some(Self::Settle(told, others.iter().map(Settled::read).collect::<Option<_>>()?))
            }
            "stand" => limits().map(Self::Stand),
            _ => None,
        }
    }
}

impl Wire for Settled {
    fn write(&self) -> Value {
        json!({"call": self.call, "tokens": self.used.tokens, "nano_usd": self.used.nano_usd})
    }

    fn read(value: &Value) -> Option<Self> {
        let used = Amounts { tokens: count(value, "tokens")?, nano_usd: whole(value, "nano_usd")? };
        Some(Self { call: text(value, "call")?.to_owned(), used })
    }
}

impl Wire for Limit {
    fn write(&self) -> Value {
        json!(match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::Budget => "budget",
        })
    }

    fn read(value: &Value) -> Option<Self> {
        match value.as_str()? {
            "requests" => Some(Self::Requests),
            "tokens" => Some(Self::Tokens),
            "budget" => Some(Self::Budget),
            _ => None,
        }
    }
}

impl Wire for Refused {
    fn write(&self) -> Value {
        json!({"limit": self.limit.write(), "retry_after_ms": self.retry_after_ms})
    }

    fn read(value: &Value) -> Option<Self> {
        Some(Self { limit: Limit::read(value.get("limit")?)?, retry_after_ms: whole(value, "retry_after_ms") })
    }
}

impl Wire for Verdict {
    fn write(&self) -> Value {
        json!({"refused": written(&self.refused), "standing": self.standing.write()})
    }

    fn read(value: &Value) -> Option<Self> {
        Some(Self { refused: maybe(value, "refused")?, standing: Standing::read(value.get("standing")?)? })
    }
}

impl Wire for Standing {
    fn write(&self) -> Value {
        json!({"requests": written(&self.requests), "tokens": written(&self.tokens), "budget": written(&self.budget)})
    }

    fn read(value: &Value) -> Option<Self> {
        let (requests, tokens) = (maybe(value, "requests")?, maybe(value, "tokens")?);
        Some(Self { requests, tokens, budget: maybe(value, "budget")? })
    }
}

impl Wire for Rate {
    fn write(&self) -> Value {
        json!({"limit": self.limit, "used": self.used, "resets_at": self.resets_at})
    }

    fn read(value: &Value) -> Option<Self> {
        let (limit, used) = (count(value, "limit")?, count(value, "used")?);
        Some(Self { limit, used, resets_at: whole(value, "resets_at")? })
    }
}

impl Wire for BudgetStanding {
    fn write(&self) -> Value {
        json!({"limit": self.limit, "period": self.period.as_str(), "spent": self.spent, "reserved": self.reserved,
            "resets_at": self.resets_at})
    }

    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            limit: whole(value, "limit")?,
            period: Period::parse(text(value, "period")?)?,
            spent: whole(value, "spent")?,
            reserved: whole(value, "reserved")?,
            resets_at: whole(value, "resets_at"),
        })
    }
}

/// Nothing to say.
impl Wire for () {
    fn write(&self) -> Value {
        Value::Null
    }

    fn read(value: &Value) -> Option<Self> {
        value.as_null()
    }
}

impl Lease {
    /// As its statements answer.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let Settled { call, used: reserved } = Settled::read(value)?;
        Some(Self { call, admitted_at: Timestamp::from_ms(whole(value, "admitted_at")?), reserved })
    }
}

impl Account {
    /// As it is stored. It is written at each call and read once: no tree of JSON is built for it.
    pub(super) fn document(&self) -> String {
        let mut text = String::from("{");
        for (period, Spending { since, spent, held }) in
            [("day", self.day), ("month", self.month), ("total", self.total)]
        {
            text.push_str(&format!("\"{period}\":[{since},{spent},{held}],"));
        }
        let Self { latest, swept_at, .. } = self;
        text.push_str(&format!("\"latest\":{latest},\"swept_at\":{swept_at},\"window\":["));
        for (at, Slot { second, requests, tokens }) in self.window.slots.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            text.push_str(&format!("{comma}[{second},{requests},{tokens}]"));
        }
        text.push_str("]}");
        text
    }

    pub(super) fn read(value: &Value) -> Option<Self> {
        let spending = |period: &str| Spending::read(value.get(period)?);
        let slots = value.get("window")?.as_array()?.iter().map(Slot::read).collect::<Option<_>>()?;
        Some(Self {
            window: Window { slots },
            day: spending("day")?,
            month: spending("month")?,
            total: spending("total")?,
            latest: whole(value, "latest")?,
            swept_at: whole(value, "swept_at")?,
        })
    }
}

impl Spending {
    fn read(value: &Value) -> Option<Self> {
        let [since, spent, held] = value.as_array()?.as_slice() else { return None };
        Some(Self { since: since.as_i64()?, spent: spent.as_i64()?, held: held.as_i64()? })
    }
}

impl Slot {
    fn read(value: &Value) -> Option<Self> {
        let [second, requests, tokens] = value.as_array()?.as_slice() else { return None };
        Some(Self { second: second.as_i64()?, requests: requests.as_u64()?, tokens: tokens.as_u64()? })
    }
}
