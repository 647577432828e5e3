//! What an isolate keeps between calls: plain data, never an I/O object.

use super::admit::Admitted;
use crate::access::{TokenHash, TokenHolder};
use crate::domain::ids::ProjectId;
use crate::domain::timestamp::Timestamp;
use crate::routing::{OwnKeys, Snapshot};
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;
use std::time::Duration;

/// Who calls, as the cache keys it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CallerKey {
    /// A stored token, by its full hash.
    Token(TokenHash),
    /// Root, for a project by id or lower-cased name.
    Root(String),
}

/// What is known of a caller.
#[derive(Debug, Clone)]
pub struct Known {
    /// The token's record; none for root.
    pub holder: Option<Rc<TokenHolder>>,
    /// Its user's own keys.
    pub own_keys: Rc<OwnKeys>,
    /// The project's state.
    pub snapshot: Rc<Snapshot>,
    read_at: Timestamp,
    standing: Standing,
    /// Whether somebody was told to renew it.
    claimed: bool,
}

impl Known {
    /// Whether the caller is to be read again now, so that no call has to wait for that when the reading is too old: once, in
    /// the last quarter of `ttl`.
    pub fn claim_renewal(&mut self, now: Timestamp, ttl: Duration) -> bool {
        let is_due = now.since(self.read_at) >= ttl * 3 / 4;
        is_due && !std::mem::replace(&mut self.claimed, true)
    }
}

/// Whether a reading may still be used as long as it is fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Good,
    /// An operator has written since: it only serves while D1 is away.
    Overtaken,
}

/// Callers kept at most. A token that is not kept costs one read more.
const MOST_CALLERS: usize = 4096;

/// The isolate's cache of callers and project states.
#[derive(Debug, Default)]
pub struct Cache {
    callers: HashMap<CallerKey, Known>,
    snapshots: HashMap<ProjectId, Rc<Snapshot>>,
    writes: Writes,
    /// When D1 last failed to answer, if that was after its last answer.
    away_since: Option<Timestamp>,
    /// Which state of the database readings start from, where read replicas are asked.
    session: Option<Session>,
    caller_copies: HashMap<CallerKey, Copied>,
    rows_copies: HashMap<ProjectId, Copied>,
}

/// A state of the database that the isolate has seen.
#[derive(Debug)]
struct Session {
    /// D1's name for it; what sorts later is later.
    bookmark: String,
    /// When the primary was last asked for it.
    primary_asked_at: Timestamp,
    /// The writes that the isolate had seen by then.
    writes: Writes,
}

/// A copy that this isolate made.
#[derive(Debug, Clone, Copy)]
struct Copied {
    at: Timestamp,
    revision: i64,
}

impl Copied {
    fn is_due(copied: Option<&Self>, now: Timestamp, lag: Duration) -> bool {
        copied.is_none_or(|copied| now.since(copied.at) >= lag)
    }
}

/// How long D1 is not asked again by whoever can do without, after it did not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// How many writes of operators this isolate has seen: a reading that began before one of them may not know of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Writes(u64);

impl Cache {
    /// What is known of a caller and no older than `ttl`.
    pub fn fresh(&mut self, caller: &CallerKey, now: Timestamp, ttl: Duration) -> Option<&mut Known> {
        let is_young = |known: &&mut Known| now.since(known.read_at) < ttl;
        self.callers.get_mut(caller).filter(is_young).filter(|known| known.standing == Standing::Good)
    }

    /// What is known of a caller, overtaken or not, for the time that D1 is away.
    pub fn stale(&self, caller: &CallerKey, now: Timestamp, stale_if_error: Duration) -> Option<&Known> {
        self.callers.get(caller).filter(|known| now.since(known.read_at) < stale_if_error)
    }

    /// The revision of the caller's project that the isolate has, however old its reading is.
    pub fn revision(&self, caller: &CallerKey) -> Option<i64> {
        self.callers.get(caller).map(|known| self.latest(known).revision)
    }

    /// The own keys that the isolate has of the caller's user, however old its reading is.
    pub fn own_keys(&self, caller: &CallerKey) -> Option<&Rc<OwnKeys>> {
        self.callers.get(caller).map(|known| &known.own_keys)
    }

    /// The state of a project that the isolate has.
    pub fn snapshot(&self, project: &ProjectId) -> Option<&Rc<Snapshot>> {
        self.snapshots.get(project)
    }

    /// How many writes there were so far; to be asked before a reading begins.
    pub fn writes(&self) -> Writes {
        self.writes
    }

    /// Keeps what was just read, the reading having begun after `writes`.
    pub fn keep(&mut self, caller: CallerKey, read: &Admitted, now: Timestamp, writes: Writes) {
        let snapshot = Rc::clone(&read.snapshot);
        if self.callers.len() >= MOST_CALLERS && !self.callers.contains_key(&caller) {
            self.callers.clear();
            self.snapshots.clear();
            self.caller_copies.clear();
            self.rows_copies.clear();
        }
        let replaced = self.snapshots.insert(snapshot.project.clone(), Rc::clone(&snapshot));
        if replaced.is_some_and(|older| !Rc::ptr_eq(&older, &snapshot)) {
            // Nobody keeps an older state alive, and with it the credentials that it opened.
            for known in self.callers.values_mut().filter(|known| known.snapshot.project == snapshot.project) {
                known.snapshot = Rc::clone(&snapshot);
            }
        }
        let standing = if writes == self.writes { Standing::Good } else { Standing::Overtaken };
        let (holder, own_keys) = (read.holder.clone(), Rc::clone(&read.own_keys));
        self.callers.insert(caller, Known { holder, own_keys, snapshot, read_at: now, standing, claimed: false });
    }

    /// Forgets a caller: its token is no longer known. Whether it was until now.
    pub fn forget(&mut self, caller: &CallerKey) -> bool {
        self.caller_copies.remove(caller);
        self.callers.remove(caller).is_some()
    }

    /// D1 did not answer.
    pub fn note_away(&mut self, now: Timestamp) {
        self.away_since = Some(now);
    }

    /// The bookmark that a reading may start from, at whichever replica; none where only the primary will do: it was last
    /// asked longer than `lag` ago, or before the isolate's own latest write.
    pub fn bookmark(&self, now: Timestamp, lag: Duration) -> Option<&str> {
        let session = self.session.as_ref().filter(|session| session.writes == self.writes)?;
        (now.since(session.primary_asked_at) < lag).then_some(&session.bookmark)
    }

    /// The primary was asked at some time, after `writes`, and had got so far.
    pub fn note_primary(&mut self, bookmark: String, asked_at: Timestamp, writes: Writes) {
        let is_older = |session: &Session| session.writes == writes && session.bookmark > bookmark;
        if writes == self.writes && !self.session.as_ref().is_some_and(is_older) {
            self.session = Some(Session { bookmark, primary_asked_at: asked_at, writes });
        }
    }

    /// A replica had got so far. No later reading goes back behind it.
    pub fn note_replica(&mut self, bookmark: String) {
        if let Some(session) = self.session.as_mut().filter(|session| session.bookmark < bookmark) {
            session.bookmark = bookmark;
        }
    }

    /// Whether D1 failed to answer a moment ago: then whoever can do without it does not wait for it.
    pub fn spares_d1(&self, now: Timestamp) -> bool {
        self.away_since.is_some_and(|since| now.since(since) < PAUSE)
    }

    /// The project of a caller, as far as it is known.
    pub fn project(&self, caller: &CallerKey) -> Option<&ProjectId> {
        self.callers.get(caller).map(|known| &known.snapshot.project)
    }

    /// Whether a project's rows are to be copied again, whichever revision they have.
    pub fn rows_copy_is_due(&self, project: &ProjectId, now: Timestamp, lag: Duration) -> bool {
        Copied::is_due(self.rows_copies.get(project), now, lag)
    }

    /// Whether a caller's copy is older than `lag`, or names another revision. If so, it counts as made now.
    pub fn claim_caller_copy(&mut self, caller: &CallerKey, revision: i64, now: Timestamp, lag: Duration) -> bool {
        claim(&mut self.caller_copies, caller, Copied { at: now, revision }, lag)
    }

    /// The same of a project's rows.
    pub fn claim_rows_copy(&mut self, project: &ProjectId, revision: i64, now: Timestamp, lag: Duration) -> bool {
        claim(&mut self.rows_copies, project, Copied { at: now, revision }, lag)
    }

    /// The next call of everyone reads: an operator has just written.
    pub fn overtake(&mut self) {
        self.away_since = None;
        self.writes = Writes(self.writes.0.wrapping_add(1));
        for known in self.callers.values_mut() {
            known.standing = Standing::Overtaken;
        }
    }

    fn latest<'a>(&'a self, known: &'a Known) -> &'a Rc<Snapshot> {
        self.snapshots.get(&known.snapshot.project).unwrap_or(&known.snapshot)
    }
}

fn claim<K: Clone + Eq + Hash>(copies: &mut HashMap<K, Copied>, key: &K, copy: Copied, lag: Duration) -> bool {
    let last = copies.get(key);
    let claimed = last.is_some_and(|last| last.revision != copy.revision) || Copied::is_due(last, copy.at, lag);
    if claimed {
        copies.insert(key.clone(), copy);
    }
    claimed
}
