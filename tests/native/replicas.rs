//! Calls that are admitted by what a read replica says, which may be behind: never further than `REPLICA_LAG_MS`.

use crate::harness::{Api, NOW};
use crate::sqlite::{FakeClock, MemoryShelf, Sqlite};
use pollster::block_on;
use serde_json::json;
use sluice::gateway::admit::{Admitted, Presented, admit};
use sluice::gateway::cache::Cache;
use sluice::gateway::replicas::{PRIMARY, Replicas, Seen, Sessions};
use sluice::ports::{Clock, Db, DbError, Local, Statement};
use sluice::refusal::{Reason, Refusal};
use std::cell::RefCell;
use std::time::Duration;

const LAG_MS: i64 = 10_000;
/// `CONFIG_TTL_MS`, as it is by default.
const TTL_MS: i64 = 1000;

/// The primary with one replica, which gets nothing until a bookmark makes it catch up.
struct Replicated {
    primary: Sqlite,
    replica: RefCell<(String, Sqlite)>,
    /// Where each session started.
    starts: RefCell<Vec<String>>,
}

impl Replicated {
    fn bookmark(&self) -> String {
        format!("{:0>12}", self.primary.one("SELECT total_changes()"))
    }

    /// Where sessions started since this was asked last.
    fn starts(&self) -> Vec<String> {
        std::mem::take(&mut self.starts.borrow_mut())
    }
}

impl Sessions for Replicated {
    fn batch_from<'a>(&'a self, start: &'a str, statements: Vec<Statement>) -> Local<'a, Result<Seen, DbError>> {
        self.starts.borrow_mut().push(start.to_owned());
        Box::pin(async move {
            if start == PRIMARY {
                return Ok((self.primary.batch(statements).await?, Some(self.bookmark())));
            }
            if *start > *self.replica.borrow().0 {
                *self.replica.borrow_mut() = (self.bookmark(), self.primary.copy());
            }
            let (seen, replica) = &*self.replica.borrow();
            Ok((block_on(replica.batch(statements))?, Some(seen.clone())))
        })
    }
}

/// An isolate that reads from replicas.
struct Isolate {
    api: Api,
    sessions: Replicated,
    cache: RefCell<Cache>,
    clock: FakeClock,
    token: String,
}

impl Isolate {
    fn new() -> Self {
        let mut api = Api::new();
        api.model(&api.provider("main"), "m");
        let token = api.token(json!({"name": "app"}));
        let replica = RefCell::new((String::new(), api.db.copy()));
        let primary = std::mem::replace(&mut api.db, Sqlite::empty());
        let sessions = Replicated { primary, replica, starts: RefCell::default() };
        Self { api, sessions, cache: RefCell::default(), clock: FakeClock::at(NOW), token }
    }

    fn admit_token(&self, token: &str) -> Result<Admitted, Refusal> {
        let authorization = format!("Bearer {token}");
        let presented = Presented { authorization: Some(&authorization), ..Presented::default() };
        let lag = Duration::from_millis(LAG_MS.unsigned_abs());
        let replicas = Replicas { sessions: &self.sessions, cache: &self.cache, clock: &self.clock, lag };
        let shelf = MemoryShelf::default();
        let sources = (&replicas as _, &shelf as _);
        let admission = admit(sources, &self.api.deployment, &self.cache, presented, self.clock.now());
        block_on(admission).map(|admission| admission.admitted)
    }

    fn admit(&self) -> Result<Admitted, Refusal> {
        self.admit_token(&self.token)
    }

    /// Goes on so far that nothing the isolate has read is fresh any more.
    fn later(&self) {
        self.clock.advance(TTL_MS);
    }

    fn revoke(&self) {
        self.sessions.primary.run("UPDATE tokens SET disabled = 1");
    }
}

#[test]
fn the_primary_is_asked_once_in_the_lag_and_replicas_in_between() {
    let isolate = Isolate::new();
    let bookmark = isolate.sessions.bookmark();
    for _ in 0..LAG_MS / TTL_MS {
        isolate.admit().expect("admitted");
        isolate.admit().expect("known");
        isolate.later();
    }
    let mut expected = vec![bookmark; 9];
    expected.insert(0, PRIMARY.to_owned());
    assert_eq!(isolate.sessions.starts(), expected);
    isolate.admit().expect("admitted");
    assert_eq!(isolate.sessions.starts(), [PRIMARY]);
}

#[test]
fn what_another_isolate_wrote_counts_at_the_latest_after_both_delays() {
    let isolate = Isolate::new();
    isolate.admit().expect("admitted");
    isolate.later();
    isolate.admit().expect("the replica has caught up");
    isolate.revoke();
    let mut spent = 0;
    while isolate.admit().is_ok() {
        isolate.later();
        spent += TTL_MS;
        assert!(spent <= LAG_MS + TTL_MS, "a revoked token is still admitted after {spent} ms");
    }
    assert!(spent > TTL_MS, "the replica was behind: else this test shows nothing");
    assert_eq!(isolate.admit().expect_err("revoked").reason, Reason::Unauthenticated);
}

#[test]
fn what_the_isolate_wrote_itself_counts_at_once() {
    let isolate = Isolate::new();
    isolate.admit().expect("admitted");
    isolate.later();
    isolate.admit().expect("by the replica");
    isolate.revoke();
    isolate.cache.borrow_mut().overtake();
    isolate.sessions.starts();
    assert_eq!(isolate.admit().expect_err("revoked").reason, Reason::Unauthenticated);
    assert_eq!(isolate.sessions.starts(), [PRIMARY]);
}

#[test]
fn a_reading_of_the_primary_that_began_before_a_write_is_no_ground_for_later_ones() {
    let isolate = Isolate::new();
    let (bookmark, writes) = (isolate.sessions.bookmark(), isolate.cache.borrow().writes());
    isolate.revoke();
    isolate.cache.borrow_mut().overtake();
    isolate.cache.borrow_mut().note_primary(bookmark, isolate.clock.now(), writes);
    assert_eq!(isolate.admit().expect_err("revoked").reason, Reason::Unauthenticated);
    assert_eq!(isolate.sessions.starts(), [PRIMARY]);
}

#[test]
fn a_token_that_was_minted_a_moment_ago_is_looked_for_at_the_primary() {
    let isolate = Isolate::new();
    isolate.admit().expect("admitted");
    isolate.later();
    isolate.admit().expect("by the replica");
    let minted = format!("slu_{}", "b".repeat(44));
    let hash = sluice::access::TokenHash::of(&minted).hex();
    isolate.sessions.primary.run(&format!(
        "CREATE TEMP TABLE minted AS SELECT * FROM tokens;
         UPDATE minted SET id = 'tok_0000000000000009', hash = '{hash}', name = 'new';
         INSERT INTO tokens SELECT * FROM minted"
    ));
    isolate.admit_token(&minted).expect("there at the primary");
    isolate.sessions.starts();
    let stranger = format!("slu_{}", "c".repeat(44));
    assert_eq!(isolate.admit_token(&stranger).expect_err("nowhere").reason, Reason::Unauthenticated);
    assert_eq!(isolate.sessions.starts().last().map(String::as_str), Some(PRIMARY));
}

#[test]
fn no_reading_goes_back_behind_an_earlier_one() {
    let isolate = Isolate::new();
    isolate.admit().expect("admitted");
    let first = isolate.sessions.bookmark();
    // Somebody else's bookmark has made the replica catch up with a later write.
    isolate.sessions.primary.run("UPDATE tokens SET name = 'renamed'");
    let later = isolate.sessions.bookmark();
    *isolate.sessions.replica.borrow_mut() = (later.clone(), isolate.sessions.primary.copy());
    isolate.later();
    isolate.admit().expect("by the replica");
    isolate.later();
    isolate.admit().expect("by the replica");
    assert_eq!(isolate.sessions.starts(), [PRIMARY.to_owned(), first, later]);
}
