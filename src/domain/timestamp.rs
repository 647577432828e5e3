//! Instants, to the millisecond, in UTC.

use crate::domain::invalid::Invalid;
use std::fmt;
use std::time::Duration;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime, Time};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Milliseconds since the Unix epoch. Shown as ISO 8601 UTC with milliseconds (SPEC section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The last millisecond of the year 9999, the latest that ISO 8601 can write in four digits.
    const LATEST_MS: i64 = 253_402_300_799_999;

    /// From milliseconds since the epoch, brought into the years 1970 to 9999.
    pub const fn from_ms(ms: i64) -> Self {
        if ms < 0 {
            Self(0)
        } else if ms > Self::LATEST_MS {
            Self(Self::LATEST_MS)
        } else {
            Self(ms)
        }
    }

    /// Milliseconds since the epoch.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// How many milliseconds have passed since `earlier`; zero where the clock went back.
    pub const fn ms_since(self, earlier: Self) -> i64 {
        let ms = self.0.saturating_sub(earlier.0);
        if ms < 0 { 0 } else { ms }
    }

    /// How long ago `earlier` was; no time where the clock went back.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.ms_since(earlier).unsigned_abs())
    }

    /// So much later.
    pub fn after(self, wait: Duration) -> Self {
        Self::from_ms(self.0.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)))
    }

    /// ISO 8601's basic format, to the second: `20150830T123600Z`.
    pub fn basic(self) -> String {
        let (date, time) = self.date_time();
        format!(
            "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
            date.year(),
            u8::from(date.month()),
            date.day(),
            time.hour(),
            time.minute(),
            time.second()
        )
    }

    /// The midnight (UTC) that began its day.
    pub const fn day_start(self) -> Self {
        Self(self.0 - self.0 % DAY_MS)
    }

    /// The midnight (UTC) that began its month.
    pub fn month_start(self) -> Self {
        let (date, _) = self.date_time();
        self.day_start().days_later(1 - i64::from(date.day()))
    }

    /// The midnight (UTC) that this is, or the next one.
    pub const fn day_end(self) -> Self {
        Self::from_ms(self.0 + DAY_MS - 1).day_start()
    }

    /// So many days later, or, where negative, earlier; within the years 1970 to 9999.
    pub const fn days_later(self, days: i64) -> Self {
        Self::from_ms(self.0.saturating_add(days.saturating_mul(DAY_MS)))
    }

    /// Its day in UTC: `2026-11-20`.
    pub fn day(self) -> String {
        let (date, _) = self.date_time();
        format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
    }

    /// Reads RFC 3339, or a day of it, which is its midnight in UTC.
    pub fn parse_time_or_day(param: &str, text: &str) -> Result<Self, Invalid> {
        let of_day =
            if text.len() == 10 { Self::parse(param, &format!("{text}T00:00:00Z")) } else { Self::parse(param, text) };
        of_day.map_err(|_| {
            Invalid::new(
                param,
                format!("{param} must be a day, such as 2027-01-31, or a timestamp, such as 2027-01-31T12:00:00Z"),
            )
        })
    }

    fn date_time(self) -> (Date, Time) {
        let instant = OffsetDateTime::from_unix_timestamp(self.0 / 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        (instant.date(), instant.time())
    }

    /// Reads RFC 3339, any offset.
    pub fn parse(param: &str, text: &str) -> Result<Self, Invalid> {
        OffsetDateTime::parse(text, &Rfc3339)
            .ok()
            .and_then(|instant| i64::try_from(instant.unix_timestamp_nanos() / 1_000_000).ok())
            .filter(|ms| (0..=Self::LATEST_MS).contains(ms))
            .map(Self)
            .ok_or_else(|| {
                Invalid::new(param, format!("{param} must be an RFC 3339 timestamp, such as 2027-01-31T12:00:00Z"))
            })
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = self.date_time();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            date.year(),
            u8::from(date.month()),
            date.day(),
            time.hour(),
            time.minute(),
            time.second(),
            self.0 % 1000
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_shown_in_utc_with_milliseconds() {
        assert_eq!(Timestamp::from_ms(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_ms(1_795_157_074_007).to_string(), "2026-11-20T06:44:34.007Z");
    }

    #[test]
    fn the_basic_format_has_no_separators_and_drops_the_milliseconds() {
        assert_eq!(Timestamp::from_ms(1_440_938_160_999).basic(), "20150830T123600Z");
        assert_eq!(Timestamp::from_ms(i64::MAX).basic(), "99991231T235959Z");
    }

    #[test]
    fn any_offset_is_read_and_anything_else_is_refused_by_name() {
        let read = |text| Timestamp::parse("expires_at", text);
        assert_eq!(read("2026-11-20T07:44:34.007+01:00").map(Timestamp::ms), Ok(1_795_157_074_007));
        for bad in ["", "tomorrow", "2026-11-20", "1969-12-31T23:59:59Z", "2026-13-01T00:00:00Z"] {
            assert_eq!(read(bad).expect_err(bad).param, "expires_at");
        }
    }

    #[test]
    fn a_day_is_its_midnight_in_utc() {
        let read = |text| Timestamp::parse_time_or_day("from", text);
        assert_eq!(read("2026-11-20").map(|at| at.to_string()).as_deref(), Ok("2026-11-20T00:00:00.000Z"));
        let noon = read("2026-11-20T13:00:00+01:00").expect("a time");
        assert_eq!([noon.day_start(), noon.day_end()].map(Timestamp::day), ["2026-11-20", "2026-11-21"]);
        assert_eq!(noon.day_start().day_end(), noon.day_start());
        assert_eq!(noon.days_later(-20_000_000), Timestamp::from_ms(0));
        for bad in ["", "2026-13-01", "2026-1-1", "20261120", "yesterday", "2026-11-20T"] {
            assert_eq!(read(bad).expect_err(bad).param, "from");
        }
    }

    #[test]
    fn a_clock_that_went_back_yields_no_negative_duration() {
        assert_eq!(Timestamp::from_ms(5).ms_since(Timestamp::from_ms(9)), 0);
    }
}
