//! Usage rows by way of a queue: what goes into a message, and what becomes of one that arrives.
//!
//! A queue delivers at least once and in any order. Rows are idempotent on their request's id, so that is enough.

use crate::ports::Db;
use crate::store::StoreError;
use crate::store::usage::{Documents, STATEMENT_BYTES, UsageRow, write};

/// The most bytes of rows in one message: below the 64,000 that Cloudflare bills as one operation, with what a message
/// carries beside its body. A row has about 700, and 25,000 with the longest attempts.
const MESSAGE_BYTES: usize = 60_000;

/// Messages sent at once: together below the 256,000 bytes that a queue takes.
pub const AT_ONCE: usize = 4;

/// The messages that carry rows.
pub fn messages(rows: &[UsageRow]) -> Result<Vec<String>, StoreError> {
    Ok(Documents::pack(rows, MESSAGE_BYTES)?.iter().map(Documents::text).collect())
}

/// What the queue is told of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// All of it is in the database.
    Written,
    /// It is to be delivered again, and in the end to lie with the dead letters.
    Again,
}

/// Writes what came, many messages in one statement, and says what became of each of them.
///
/// A message that this version cannot read is delivered again, because another version may be able to. A row that the
/// database refuses keeps no other from it, neither of its own message nor of another.
pub async fn deliver(db: &dyn Db, bodies: &[String]) -> Vec<Receipt> {
    let mut receipts = vec![Receipt::Again; bodies.len()];
    let mut portions = portions(bodies);
    while let Some(portion) = portions.pop() {
        match write(db, std::slice::from_ref(&portion.documents)).await {
            Ok(()) => {
                for at in portion.messages {
                    if let Some(receipt) = receipts.get_mut(at) {
                        *receipt = Receipt::Written;
                    }
                }
            }
            // Nor would it answer for the rest of this delivery.
            Err(StoreError::Away(_)) => break,
            Err(_) => portions.extend(portion.parts(bodies)),
        }
    }
    receipts
}

/// What is written at once.
struct Portion {
    documents: Documents,
    /// The messages that it is all of.
    messages: Vec<usize>,
}

/// All messages that can be read, in as few portions as statements take; the first one last.
fn portions(bodies: &[String]) -> Vec<Portion> {
    let mut portions: Vec<Portion> = Vec::new();
    for (at, body) in bodies.iter().enumerate().rev() {
        let Some(documents) = Documents::parse(body) else { continue };
        match portions.last_mut() {
            Some(last) if last.documents.bytes() + documents.bytes() <= STATEMENT_BYTES => {
                last.documents.join(&documents);
                last.messages.push(at);
            }
            _ => portions.push(Portion { documents, messages: vec![at] }),
        }
    }
    portions
}

impl Portion {
    /// What is tried in its place, as it was refused: each message by itself, then each row, which nobody is told of.
    fn parts(self, bodies: &[String]) -> Vec<Self> {
        let mut parts = Vec::new();
        match &*self.messages {
            [] => {}
            [_] => {
                for documents in self.documents.singly() {
                    parts.push(Self { documents, messages: Vec::new() });
                }
            }
            many => {
                for at in many {
                    if let Some(documents) = bodies.get(*at).and_then(|body| Documents::parse(body)) {
                        parts.push(Self { documents, messages: vec![*at] });
                    }
                }
            }
        }
        parts
    }
}

/// The longest that a message waits for its next delivery, in seconds.
const LONGEST_WAIT: u32 = 600;

/// How long a message waits, in seconds, that was delivered so many times already: from two seconds on, twice as long each
/// time. The hundred retries that a queue may be told to make last sixteen hours.
pub fn wait_for_another(deliveries: u32) -> u32 {
    1u32.checked_shl(deliveries).map_or(LONGEST_WAIT, |seconds| seconds.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_waits_longer_each_time_up_to_ten_minutes() {
        let waits = [1, 2, 3, 9, 10, 31, 32, 100].map(wait_for_another);
        assert_eq!(waits, [2, 4, 8, 512, 600, 600, 600, 600]);
        assert!((1..=100).map(wait_for_another).sum::<u32>() > 15 * 3600);
    }
}
