//! When an upstream wants to be asked again (PROTOCOLS.md section 7).

use crate::domain::timestamp::Timestamp;
use std::time::Duration;
use time::{Date, Month, PrimitiveDateTime, Time};

/// Further away than any upstream means.
const MOST_SECONDS: f64 = 366.0 * 86_400.0;

/// Reads `retry-after-ms`, which is finer, or else `retry-after`: seconds, or HTTP's date, of which the past is now.
/// What is neither is as good as none.
pub fn retry_after<'h>(header: impl Fn(&str) -> Option<&'h str>, now: Timestamp) -> Option<Duration> {
    let number = |name: &str| header(name)?.trim().parse::<f64>().ok();
    let seconds = match number("retry-after-ms") {
        Some(ms) => Some(ms / 1000.0),
        None => number("retry-after"),
    };
    match seconds {
        Some(seconds) if (0.0..=MOST_SECONDS).contains(&seconds) => Some(Duration::from_secs_f64(seconds)),
        Some(_) => None,
        None => {
            let then = http_date(header("retry-after")?)?;
            Some(then.since(now))
        }
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7; nobody sends the obsolete forms any more).
fn http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = text.split_whitespace().skip(1);
    let day = parts.next()?.parse().ok()?;
    let month = parts.next()?;
    let month = u8::try_from(MONTHS.iter().position(|known| *known == month)? + 1).ok()?;
    let year = parts.next()?.parse().ok()?;
    let mut clock = parts.next()?.split(':').map(|part| part.parse::<u8>().ok());
    let mut next = || clock.next().flatten();
    let time = Time::from_hms(next()?, next()?, next()?).ok()?;
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
    let instant = PrimitiveDateTime::new(date, time).assume_utc();
    (parts.next() == Some("GMT")).then(|| Timestamp::from_ms(instant.unix_timestamp().saturating_mul(1000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_795_157_074_007);

    fn read(headers: &[(&str, &'static str)]) -> Option<Duration> {
        retry_after(|wanted| headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value), NOW)
    }

    #[test]
    fn seconds_milliseconds_and_dates_are_read() {
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(read(&[("retry-after", "7")]), ms(7000));
        assert_eq!(read(&[("retry-after", " 0 ")]), ms(0));
        assert_eq!(read(&[("retry-after", "1.5")]), ms(1500));
        assert_eq!(read(&[("retry-after", "2"), ("retry-after-ms", "1234")]), ms(1234));
        assert_eq!(read(&[("retry-after", "Fri, 20 Nov 2026 06:44:36 GMT")]), ms(1993));
        assert_eq!(read(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]), ms(0), "the past is now");
    }

    #[test]
    fn nonsense_says_nothing() {
        for nonsense in [
            "",
            "soon",
            "-1",
            "NaN",
            "inf",
            "1e99",
            "Fri, 20 Nov 2026 06:44:36",
            "Fri, 20 Nov 2026 06:44 GMT",
            "Fri, 31 Feb 2026 06:44:36 GMT",
            "Fri, 20 Foo 2026 06:44:36 GMT",
        ] {
            assert_eq!(read(&[("retry-after", nonsense)]), None, "{nonsense:?}");
        }
        assert_eq!(read(&[]), None);
    }
}
