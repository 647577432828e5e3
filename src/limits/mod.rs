//! What the calls of a limited token ask before they go out, and tell when they are over (SPEC section 6).
//!
//! One Durable Object a token does this work (`edge/limiter_object.rs`), so that there is one writer and the counts are
//! exact whatever comes at once. A call's reservation is charged when it is admitted, and replaced by what the call
//! really came to when it settles: a settlement that never comes leaves the reservation as the charge.

mod account;
mod book;
mod message;
#[cfg(test)]
mod tests;
mod window;
mod wire;

pub use account::Account;
pub use book::{Book, LEASE_MS, Memory, STATEMENTS};
pub use message::{Amounts, Asked, BudgetStanding, Limit, Message, Rate, Refused, Settled, Standing, Verdict};
pub use wire::Wire;

use crate::domain::ids::TokenId;
use crate::domain::limits::Limits;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Local, ObjectDb};
use crate::store::StoreError;

/// The objects of the tokens, as the control plane reaches them.
pub trait Limiters {
    /// Where a token stands against its limits; `None` while its object does not answer.
    fn standing<'a>(&'a self, token: &'a TokenId, limits: &'a Limits) -> Local<'a, Option<Standing>>;

    /// Lets tokens' objects forget what they counted. What does not answer keeps a few counts that nobody asks for.
    fn forget<'a>(&'a self, tokens: &'a [TokenId]) -> Local<'a, ()>;
}

/// Answers a message, JSON for JSON.
///
/// # Errors
/// What the storage says, and [`StoreError::Corrupt`] for a message of another version's.
pub fn answer((db, memory): (&dyn ObjectDb, &Memory), message: &str, now: Timestamp) -> Result<String, StoreError> {
    let Some(message) = serde_json::from_str(message).ok().as_ref().and_then(Message::read) else {
        return Err(StoreError::Corrupt("limits.message".into()));
    };
    let book = Book::open(db, memory)?;
    let said = match message {
        Message::Admit(asked) => book.admit(&asked, now)?.write(),
        Message::Settle(settled, others) => book.settle(std::iter::once(&settled).chain(&others), now)?.write(),
        Message::Stand(limits) => book.standing(&limits, now)?.write(),
    };
    Ok(said.to_string())
}
