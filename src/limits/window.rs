//! The last sixty seconds, a slot a second.

/// How many slots count.
const SECONDS: i64 = 60;

/// Calls and tokens of the last sixty clock seconds: in no sixty consecutive seconds there are more than the limit. (A
/// minute by the clock would let twice as many through around its turn.)
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window {
    /// Oldest first; none without a call.
    pub(super) slots: Vec<Slot>,
}

/// One second in which calls were admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    /// Since the epoch.
    pub(super) second: i64,
    /// How many.
    pub(super) requests: u64,
    /// Their tokens.
    pub(super) tokens: u64,
}

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
            Counted::Requests => self.requests,
            Counted::Tokens => self.tokens,
        }
    }
}

impl Window {
    /// Forgets what no longer counts.
    pub fn advance(&mut self, second: i64) {
        self.slots.retain(|slot| slot.second > second - SECONDS);
    }

    /// Counts a call with its tokens.
    pub fn add(&mut self, second: i64, tokens: u64) {
        match self.slots.last_mut() {
            Some(slot) if slot.second == second => {
                slot.requests = slot.requests.saturating_add(1);
                slot.tokens = slot.tokens.saturating_add(tokens);
            }
            _ => self.slots.push(Slot { second, requests: 1, tokens }),
        }
    }

    /// Puts `used` in place of the tokens that were reserved in that second, if it still counts.
    pub fn correct(&mut self, second: i64, reserved: u64, used: u64) {
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.second == second) {
            slot.tokens = slot.tokens.saturating_sub(reserved).saturating_add(used);
        }
    }

    /// How much there is.
    pub fn sum(&self, counted: Counted) -> u64 {
        self.slots.iter().fold(0, |sum, slot| sum.saturating_add(slot.of(counted)))
    }

    /// In which second `excess` of it will have left; the first after all of it for more than there is.
    pub fn free_at(&self, counted: Counted, excess: u64) -> Option<i64> {
        let mut left = 0_u64;
        for slot in &self.slots {
            left = left.saturating_add(slot.of(counted));
            if left >= excess {
                return Some(slot.second + SECONDS);
            }
        }
        self.empty_at(counted)
    }

    /// In which second nothing of it will be left; `None` if there is nothing.
    pub fn empty_at(&self, counted: Counted) -> Option<i64> {
        self.slots.iter().rev().find(|slot| slot.of(counted) > 0).map(|slot| slot.second + SECONDS)
    }
}
