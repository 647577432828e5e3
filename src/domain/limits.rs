//! What a token may use: calls and tokens a minute, and a budget (SPEC section 4).

use crate::domain::invalid::Invalid;
use crate::domain::money::{NanoUsd, usd};
use crate::domain::timestamp::Timestamp;
use serde::Deserialize;

/// The limits of a token; what is `None` is not limited. A token without any limit has no `Limits`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct Limits {
    /// Calls in any sixty seconds.
    pub requests_per_minute: Option<u64>,
    /// Tokens in any sixty seconds, input and output together.
    pub tokens_per_minute: Option<u64>,
    /// What the token's calls may be billed.
    pub budget: Option<Budget>,
}

/// An amount for a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Budget {
    /// The amount, in billionths of a US dollar of `billed_usd`.
    pub nano_usd: NanoUsd,
    /// After which it is there anew.
    pub period: Period,
}

/// When a budget begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// At midnight in UTC.
    Day,
    /// At the midnight in UTC that begins a month.
    Month,
    /// Never.
    Total,
}

/// The most of calls or tokens that a limit can say.
pub const MOST_PER_MINUTE: i64 = 1_000_000_000;

/// The largest budget, in whole US dollars: what D1 carries exactly in billionths.
pub const MOST_USD: f64 = 9_000_000.0;

impl Period {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Day, Self::Month, Self::Total];

    /// The word in the API and in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Total => "total",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.as_str() == word)
    }

    /// When the period that `now` lies in began; the epoch where there is only one.
    pub fn began(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Day => now.day_start(),
            Self::Month => now.month_start(),
            Self::Total => Timestamp::from_ms(0),
        }
    }

    /// When the next one begins.
    pub fn ends(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Day => Some(now.day_start().days_later(1)),
            // No month has more than 31 days, and none begins within the 31 days after another began but the next.
            Self::Month => Some(now.month_start().days_later(31).month_start()),
            Self::Total => None,
        }
    }
}

impl Budget {
    /// From US dollars, as the API writes them: not negative, at most nine million, at most 9 decimals.
    ///
    /// # Errors
    /// Names `param`.
    pub fn nano_usd(param: &str, amount: f64) -> Result<NanoUsd, Invalid> {
        let scaled = (amount * 1e9).round();
        if !(0.0..=MOST_USD).contains(&amount) {
            return Err(Invalid::new(param, format!("{param} must be between 0 and {MOST_USD} US dollars")));
        }
        if (scaled / 1e9 - amount).abs() > f64::EPSILON * amount {
            return Err(Invalid::new(param, format!("{param} must have at most 9 decimals")));
        }
        Ok(scaled as NanoUsd)
    }

    /// Whether `other` can spend no more than this can, whenever it spends it.
    fn covers(self, other: Self) -> bool {
        other.nano_usd <= self.nano_usd && other.period >= self.period
    }
}

impl Limits {
    /// Whether nothing is limited.
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }

    /// Whether tokens or money have to be reckoned before a call.
    pub const fn measures_usage(&self) -> bool {
        self.tokens_per_minute.is_some() || self.budget.is_some()
    }

    /// The first field in which `other` has more than this, and what this has there; nobody mints beyond their own.
    pub fn exceeded_by(&self, other: &Self) -> Option<(&'static str, String)> {
        let beyond = |own: Option<u64>, other: Option<u64>| own.filter(|own| other.is_none_or(|other| other > *own));
        if let Some(own) = beyond(self.requests_per_minute, other.requests_per_minute) {
            return Some(("limits.requests_per_minute", own.to_string()));
        }
        if let Some(own) = beyond(self.tokens_per_minute, other.tokens_per_minute) {
            return Some(("limits.tokens_per_minute", own.to_string()));
        }
        let own = self.budget.filter(|own| other.budget.is_none_or(|other| !own.covers(other)))?;
        Some(("limits.budget_usd", format!("{} USD ({})", usd(own.nano_usd.into()), own.period.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse("at", text).expect("a time")
    }

    #[test]
    fn a_day_and_a_month_begin_at_midnight_in_utc() {
        for (now, day, month) in [
            ("2026-11-28T19:20:00Z", "2026-11-29T00:00:00.000Z", "2026-12-01T00:00:00.000Z"),
            ("2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"),
            ("2028-02-01T00:00:00Z", "2028-02-02T00:00:00.000Z", "2028-03-01T00:00:00.000Z"),
            ("2027-01-31T12:00:00Z", "2027-02-01T00:00:00.000Z", "2027-02-01T00:00:00.000Z"),
        ] {
            let ends = |period: Period| period.ends(at(now)).map(|end| end.to_string());
            assert_eq!((ends(Period::Day), ends(Period::Month)), (Some(day.into()), Some(month.into())), "{now}");
            assert_eq!(ends(Period::Total), None);
        }
        assert_eq!(Period::Month.began(at("2026-11-28T19:20:00Z")), at("2026-11-01T00:00:00Z"));
    }

    #[test]
    fn a_budget_is_read_to_the_billionth() {
        assert_eq!(Budget::nano_usd("budget_usd", 5.0), Ok(5_000_000_000));
        assert_eq!(Budget::nano_usd("budget_usd", 0.000_000_001), Ok(1));
        assert_eq!(Budget::nano_usd("budget_usd", 0.1), Ok(100_000_000));
        for bad in [-1.0, f64::NAN, f64::INFINITY, 9_000_000.5, 1e-10] {
            assert_eq!(Budget::nano_usd("budget_usd", bad).expect_err("refused").param, "budget_usd", "{bad}");
        }
    }

    #[test]
    fn more_is_a_higher_number_none_at_all_or_a_budget_that_comes_back_sooner() {
        let budget = |nano_usd, period| Some(Budget { nano_usd, period });
        let own = Limits {
            requests_per_minute: Some(10),
            tokens_per_minute: Some(1000),
            budget: budget(5_000_000_000, Period::Month),
        };
        let field = |other: Limits| own.exceeded_by(&other).map(|(field, _)| field);
        assert_eq!(field(own), None);
        assert_eq!(
            field(Limits { requests_per_minute: Some(1), budget: budget(5_000_000_000, Period::Total), ..own }),
            None
        );
        assert_eq!(field(Limits { requests_per_minute: Some(11), ..own }), Some("limits.requests_per_minute"));
        assert_eq!(field(Limits { tokens_per_minute: None, ..own }), Some("limits.tokens_per_minute"));
        for more in [None, budget(5_000_000_001, Period::Month), budget(1, Period::Day)] {
            assert_eq!(field(Limits { budget: more, ..own }), Some("limits.budget_usd"), "{more:?}");
        }
        assert_eq!(Limits::default().exceeded_by(&Limits::default()), None);
    }
}
