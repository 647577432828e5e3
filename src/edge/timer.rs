//! One timer of the platform's for several waits.

use super::executor::Alarm;
use super::system::Platform;
use crate::domain::timestamp::Timestamp;
use crate::ports::Clock;
use futures_util::future::{Either, select};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

/// A timer that is set. Setting one costs more than to be woken by one now and then, so a wait that ends later than the
/// timer rings takes it over, and sets it again only if it does ring.
pub struct Timer {
    alarm: Alarm,
    rings: Timestamp,
}

/// The wait was over first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed;

impl Timer {
    /// Set to ring after `wait`.
    pub fn after(wait: Duration) -> Self {
        Self { alarm: Alarm::after(wait), rings: Platform.now().after(wait) }
    }

    /// Waits for `work`, but no longer than `wait` from now.
    ///
    /// # Errors
    /// It takes longer. It is dropped, which ends no call of the platform's.
    pub async fn bound<W: Future>(&mut self, work: W, wait: Duration) -> Result<W::Output, Elapsed> {
        let (mut work, until) = (pin!(work), Platform.now().after(wait));
        if self.rings > until {
            *self = Self::after(wait);
        }
        loop {
            if let Either::Left((done, _)) = select(work.as_mut(), &mut self.alarm).await {
                return Ok(done);
            }
            let left = until.since(Platform.now());
            if left.is_zero() {
                return Err(Elapsed);
            }
            *self = Self::after(left);
        }
    }
}
