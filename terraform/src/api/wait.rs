//! How long to wait before asking again.

use std::time::Duration;

/// How often one request is sent at most.
pub const MOST_TRIES: u32 = 8;

/// The longest wait that a server's `retry-after` brings about; who asks for more is told to the person at the
/// keyboard.
pub const LONGEST: Duration = Duration::from_secs(60);

/// How long to wait before the next try; `None` gives up. `tries` were made; `retry_after` is the answer's header.
pub fn before_next(tries: u32, retry_after: Option<&str>, jitter: f64) -> Option<Duration> {
    if tries >= MOST_TRIES {
        return None;
    }
    match retry_after.and_then(|text| text.trim().parse::<u64>().ok()) {
        Some(seconds) => Some(Duration::from_secs(seconds)).filter(|wait| *wait <= LONGEST),
        None => {
            // A quarter of a second, doubled each time, and up to as much again, so that many do not come back at once.
            let base = 0.25 * f64::from(1u32 << tries.saturating_sub(1).min(6));
            Some(Duration::from_secs_f64(base * (1.0 + jitter.clamp(0.0, 1.0))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_s_word_counts_and_else_the_wait_doubles() {
        assert_eq!(before_next(1, Some("3"), 0.5), Some(Duration::from_secs(3)));
        assert_eq!(before_next(1, Some("0"), 0.5), Some(Duration::ZERO));
        assert_eq!(before_next(1, Some("3600"), 0.5), None, "nobody waits an hour at a prompt");
        assert_eq!(before_next(1, None, 0.0), Some(Duration::from_millis(250)));
        assert_eq!(before_next(3, Some("Wed, 21 Oct 2026 07:28:00 GMT"), 1.0), Some(Duration::from_secs(2)));
        assert_eq!(before_next(MOST_TRIES, None, 0.0), None);
    }
}
