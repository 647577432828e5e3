//! Readings from D1's read replicas, no further behind than the operator allows.
//!
//! A replica may be behind by any length of time, and D1 does not say by how much. What it promises is that a session that
//! starts from a bookmark sees that state or a later one. So the primary is asked once in `REPLICA_LAG_MS` an isolate, and
//! replicas in between, from the bookmark that the primary gave: nothing that is read is older than that. After a write of
//! its own an isolate asks the primary first, and so does whoever is not known to a replica.

use super::cache::Cache;
use crate::ports::{Clock, Db, DbError, Local, Outcome, Statement};
use std::cell::RefCell;
use std::time::Duration;

/// The outcomes of a batch, and the bookmark of the state that it saw.
pub type Seen = (Vec<Outcome>, Option<String>);

/// Where a session starts that only the primary may answer.
pub const PRIMARY: &str = "first-primary";

/// D1's sessions.
pub trait Sessions {
    /// Runs the statements as [`Db::batch`] does, in a session that starts from `start`: a bookmark, or [`PRIMARY`].
    fn batch_from<'a>(&'a self, start: &'a str, statements: Vec<Statement>) -> Local<'a, Result<Seen, DbError>>;
}

/// A database that is read from its replicas. For readings only.
pub struct Replicas<'a> {
    /// Its sessions.
    pub sessions: &'a dyn Sessions,
    /// Where the isolate keeps its bookmark.
    pub cache: &'a RefCell<Cache>,
    /// The time.
    pub clock: &'a dyn Clock,
    /// How far behind a replica may be.
    pub lag: Duration,
}

impl Db for Replicas<'_> {
    fn batch(&self, statements: Vec<Statement>) -> Local<'_, Result<Vec<Outcome>, DbError>> {
        Box::pin(async move {
            let Self { sessions, cache, clock, lag } = self;
            let mut bookmark = cache.borrow().bookmark(clock.now(), *lag).map(str::to_owned);
            loop {
                let (asked_at, writes) = (clock.now(), cache.borrow().writes());
                let start = bookmark.as_deref().unwrap_or(PRIMARY);
                let (outcomes, seen) = sessions.batch_from(start, statements.clone()).await?;
                let is_known = outcomes.iter().any(|outcome| !outcome.rows.is_empty());
                let from_primary = bookmark.take().is_none();
                if let Some(seen) = seen {
                    let mut cache = cache.borrow_mut();
                    if from_primary { cache.note_primary(seen, asked_at, writes) } else { cache.note_replica(seen) }
                }
                // What was made a moment ago is not there yet: a new token must not be told that it is none.
                if from_primary || is_known {
                    return Ok(outcomes);
                }
            }
        })
    }
}
