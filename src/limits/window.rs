//! The last sixty seconds, a slot a second.

use serde::{Deserialize, Serialize};

/// How many slots count.
const SECONDS: i64 = 60;

/// Calls and tokens of the last sixty clock seconds: in no sixty consecutive seconds there are more than the limit. (A
/// minute by the clock would let twice as many through around its turn.)
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window(Vec<Slot>);

/// One second in which calls were admitted. A tuple, because it is written with each call: second since the epoch,
/// calls, tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Slot(i64, u64, u64);

/// What of a slot is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Calls.
    Requests,
    /// Tokens.
    Tokens,
}

impl Slot {
    const fn of(&self, counted: Counted) -> u64 {
        match counted {
            Counted::Requests => self.1,
            Counted::Tokens => self.2,
        }
    }
}

impl Window {
    /// Forgets what no longer counts.
    pub fn advance(&mut self, second: i64) {
        self.0.retain(|slot| slot.0 > second - SECONDS);
    }

    /// Counts a call with its tokens.
    pub fn add(&mut self, second: i64, tokens: u64) {
        match self.0.last_mut() {
            Some(slot) if slot.0 == second => {
                slot.1 = slot.1.saturating_add(1);
                slot.2 = slot.2.saturating_add(tokens);
            }
            _ => self.0.push(Slot(second, 1, tokens)),
        }
    }

    /// Puts `used` in place of the tokens that were reserved in that second, if it still counts.
    pub fn correct(&mut self, second: i64, reserved: u64, used: u64) {
        if let Some(slot) = self.0.iter_mut().find(|slot| slot.0 == second) {
            slot.2 = slot.2.saturating_sub(reserved).saturating_add(used);
        }
    }

    /// How much there is.
    pub fn sum(&self, counted: Counted) -> u64 {
        self.0.iter().fold(0, |sum, slot| sum.saturating_add(slot.of(counted)))
    }

    /// In which second `excess` of it will have left; the first after all of it for more than there is.
    pub fn free_at(&self, counted: Counted, excess: u64) -> Option<i64> {
        let mut left = 0_u64;
        for slot in &self.0 {
            left = left.saturating_add(slot.of(counted));
            if left >= excess {
                return Some(slot.0 + SECONDS);
            }
        }
        self.empty_at(counted)
    }

    /// In which second nothing of it will be left; `None` if there is nothing.
    pub fn empty_at(&self, counted: Counted) -> Option<i64> {
        self.0.iter().rev().find(|slot| slot.of(counted) > 0).map(|slot| slot.0 + SECONDS)
    }
}
