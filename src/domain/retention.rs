//! How long what was used is kept (SPEC section 6: `RETENTION_DAYS`).

use crate::domain::timestamp::Timestamp;

/// How long an `Idempotency-Key` is its request's: 24 hours.
pub const IDEMPOTENCY_KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// How long rows and roll-ups are kept. `None` is for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// `RETENTION_DAYS`: whole days, in UTC, that a call's own row is kept beside today's.
    pub rows_days: Option<i64>,
    /// `ROLLUP_RETENTION_DAYS`: the same of the daily roll-ups.
    pub rollup_days: Option<i64>,
    /// `AUDIT_RETENTION_DAYS`: the same of the audit log.
    pub audit_days: Option<i64>,
}

impl Retention {
    /// The midnight (UTC) before which rows are rolled up. A day is rolled up as a whole.
    pub fn rows_since(&self, now: Timestamp) -> Option<Timestamp> {
        since(self.rows_days, now)
    }

    /// The midnight (UTC) before which roll-ups are dropped.
    pub fn rollups_since(&self, now: Timestamp) -> Option<Timestamp> {
        since(self.rollup_days, now)
    }

    /// The midnight (UTC) before which rows of the audit log are dropped.
    pub fn audit_since(&self, now: Timestamp) -> Option<Timestamp> {
        since(self.audit_days, now)
    }
}

fn since(days: Option<i64>, now: Timestamp) -> Option<Timestamp> {
    days.map(|days| now.day_start().days_later(-days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boundary_is_a_midnight_that_many_whole_days_before_today() {
        let now = Timestamp::parse("now", "2026-11-20T06:44:34.007Z").expect("a time");
        let kept = Retention { rows_days: Some(1), rollup_days: None, audit_days: Some(0) };
        assert_eq!(kept.rows_since(now).map(|at| at.to_string()).as_deref(), Some("2026-11-19T00:00:00.000Z"));
        assert_eq!(kept.rollups_since(now), None);
        assert_eq!(kept.audit_since(now), Some(now.day_start()));
    }
}
