//! What a run of calls comes to.

use serde::Serialize;

/// Of durations, in microseconds; all `null` where there was none.
#[derive(Debug, PartialEq, Serialize)]
pub struct Spread {
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p99: Option<f64>,
    pub max: Option<f64>,
    pub mean: Option<f64>,
}

/// Of nanoseconds, which are sorted on the way.
pub fn spread(nanoseconds: &mut [u64]) -> Spread {
    nanoseconds.sort_unstable();
    let us = |ns: u64| ns as f64 / 1000.0;
    let at = |share: f64| percentile(nanoseconds, share).map(us);
    let sum: u64 = nanoseconds.iter().sum();
    Spread {
        p50: at(0.50),
        p90: at(0.90),
        p99: at(0.99),
        max: nanoseconds.last().copied().map(us),
        mean: (!nanoseconds.is_empty()).then(|| us(sum) / nanoseconds.len() as f64),
    }
}

/// The smallest value that at least `share` of all are not above (the nearest-rank percentile).
fn percentile(sorted: &[u64], share: f64) -> Option<u64> {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentiles_of_a_hundred_values_are_those_values() {
        let mut values: Vec<u64> = (1..=100).rev().map(|value| value * 1000).collect();
        let figures = spread(&mut values);
        assert_eq!((figures.p50, figures.p90, figures.p99), (Some(50.0), Some(90.0), Some(99.0)));
        assert_eq!((figures.max, figures.mean), (Some(100.0), Some(50.5)));
    }

    #[test]
    fn one_value_is_all_of_them_and_none_is_null() {
        assert_eq!(spread(&mut [7000]).p99, Some(7.0));
        assert_eq!(spread(&mut []).p50, None);
    }
}
