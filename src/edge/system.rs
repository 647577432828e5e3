//! Clock and randomness of the platform.

use crate::domain::timestamp::Timestamp;
use crate::ports::{Clock, NoRandomness, Rng};

/// The Worker's platform.
pub struct Platform;

impl Clock for Platform {
    fn now(&self) -> Timestamp {
        // A whole number of milliseconds, far below 2^53.
        Timestamp::from_ms(js_sys::Date::now() as i64)
    }
}

impl Rng for Platform {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(bytes).map_err(|_| NoRandomness)
    }
}
