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
    let read: Vec<Option<Documents>> = bodies.iter().map(|body| Documents::parse(body)).collect();
    let mut receipts = Vec::with_capacity(read.len());
    for group in groups(&read) {
        match write_group(db, group).await {
            Ok(of_group) => receipts.extend(of_group),
            // Nor would it answer for the rest of this delivery.
            Err(Away) => break,
        }
    }
    receipts.resize(read.len(), Receipt::Again);
    receipts
}

/// The database does not answer.
struct Away;

/// Neighbours that one statement takes together.
fn groups(read: &[Option<Documents>]) -> impl Iterator<Item = &[Option<Documents>]> {
    let bytes = |documents: &Option<Documents>| documents.as_ref().map_or(0, Documents::bytes);
    let mut total = 0;
    read.chunk_by(move |last, next| {
        total += bytes(last);
        let fits = total + bytes(next) <= STATEMENT_BYTES;
        if !fits {
            total = 0;
        }
        fits
    })
}

async fn write_group(db: &dyn Db, group: &[Option<Documents>]) -> Result<Vec<Receipt>, Away> {
    let mut together = Documents::default();
    group.iter().flatten().for_each(|documents| together.join(documents));
    let is_written = is_written(db, &together).await?;
    let mut receipts = Vec::with_capacity(group.len());
    for documents in group {
        receipts.push(match documents {
            Some(_) if is_written => Receipt::Written,
            Some(documents) => write_singly(db, documents).await?,
            None => Receipt::Again,
        });
    }
    Ok(receipts)
}

async fn write_singly(db: &dyn Db, documents: &Documents) -> Result<Receipt, Away> {
    if is_written(db, documents).await? {
        return Ok(Receipt::Written);
    }
    for one in documents.singly() {
        is_written(db, &one).await?;
    }
    Ok(Receipt::Again)
}

/// Whether the database took it, rather than refused it.
async fn is_written(db: &dyn Db, documents: &Documents) -> Result<bool, Away> {
    match write(db, std::slice::from_ref(documents)).await {
        Ok(()) => Ok(true),
        Err(StoreError::Away(_)) => Err(Away),
        Err(_) => Ok(false),
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
