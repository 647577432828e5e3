//! Clock and randomness of the platform.

use super::executor;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Clock, NoRandomness, Rng};
use std::cell::RefCell;

/// The Worker's platform.
pub struct Platform;

impl Clock for Platform {
    fn now(&self) -> Timestamp {
        // A whole number of milliseconds, far below 2^53.
        Timestamp::from_ms(executor::now() as i64)
    }
}

impl Rng for Platform {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(bytes).map_err(|_| NoRandomness)
    }
}

/// The platform's randomness, drawn for many calls at once: for what is random and no secret, such as a request's id.
pub struct Drawn;

/// Enough for some sixty ids.
const DRAWN_BYTES: usize = 1024;

thread_local! {
    static DRAWN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Rng for Drawn {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        DRAWN.with(|drawn| {
            let mut drawn = drawn.borrow_mut();
            if drawn.len() < bytes.len() {
                let mut fresh = vec![0; DRAWN_BYTES.max(bytes.len())];
                getrandom::fill(&mut fresh).map_err(|_| NoRandomness)?;
                *drawn = fresh;
            }
            let left = drawn.len() - bytes.len();
            bytes.copy_from_slice(&drawn.split_off(left));
            Ok(())
        })
    }
}
