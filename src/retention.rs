//! Retention: what a Cron trigger does once an hour. Old rows become daily totals; old totals and old audit rows go.
//!
//! Invariants: a chunk is one transaction that adds rows to their roll-up and deletes the same rows, so that a run
//! which is cut off anywhere loses nothing and counts nothing twice; a run is bounded, and the next one goes on.

use crate::domain::retention::{IDEMPOTENCY_KEPT_MS, Retention};
use crate::domain::timestamp::Timestamp;
use crate::ports::Db;
use crate::store::{StoreError, retention};

/// Rows in one chunk.
pub const CHUNK: u64 = 500;

/// Chunks of each table in one run: 50,000 calls an hour is 1.2 million a day, more than one D1 holds a month of. Two
/// statements a chunk stay within what a paid Worker may send in one invocation (1,000); a free one (50) is cut off
/// after some chunks and goes on an hour later.
pub const MOST_CHUNKS: usize = 100;

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Rows that became part of a roll-up.
    pub rolled_up: u64,
    /// Attempts that were deleted.
    pub attempts_deleted: u64,
    /// Roll-ups that were deleted.
    pub rollups_deleted: u64,
    /// Rows of the audit log that were deleted.
    pub audit_rows_deleted: u64,
    /// Answers to idempotency keys that were deleted.
    pub idempotency_keys_deleted: u64,
    /// Whether the run ended at its bound, so that there may be more to do.
    pub unfinished: bool,
}

/// One run.
pub async fn run(db: &dyn Db, kept: Retention, now: Timestamp) -> Result<Report, StoreError> {
    let mut report = Report::default();
    if let Some(before) = kept.rows_since(now) {
        report.rolled_up = bounded(&mut report.unfinished, |limit| retention::roll_up(db, before, limit)).await?;
        report.attempts_deleted =
            bounded(&mut report.unfinished, |limit| retention::delete_attempts(db, before, limit)).await?;
    }
    if let Some(before) = kept.rollups_since(now) {
        report.rollups_deleted =
            bounded(&mut report.unfinished, |limit| retention::delete_rollups(db, before, limit)).await?;
    }
    if let Some(before) = kept.audit_since(now) {
        report.audit_rows_deleted =
            bounded(&mut report.unfinished, |limit| retention::delete_audit_rows(db, before, limit)).await?;
    }
    let before = Timestamp::from_ms(now.ms() - IDEMPOTENCY_KEPT_MS);
    report.idempotency_keys_deleted =
        bounded(&mut report.unfinished, |limit| retention::delete_idempotency_keys(db, before, limit)).await?;
    Ok(report)
}

/// Chunk after chunk until one is not full.
async fn bounded<F: Future<Output = Result<u64, StoreError>>>(
    unfinished: &mut bool,
    chunk: impl Fn(i64) -> F,
) -> Result<u64, StoreError> {
    let mut total = 0;
    for _ in 0..MOST_CHUNKS {
        let done = chunk(i64::try_from(CHUNK).unwrap_or(1)).await?;
        total += done;
        if done < CHUNK {
            return Ok(total);
        }
    }
    *unfinished = true;
    Ok(total)
}
