//! What the core asks of the world. `edge/` answers in production, the tests answer natively.

use crate::domain::timestamp::Timestamp;
use crate::refusal::Refusal;
use serde_json::Value;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A future of the one thread that a Worker has.
pub type Local<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The time of day. On Workers it stands still between I/O.
pub trait Clock {
    /// The current time.
    fn now(&self) -> Timestamp;
}

/// Cryptographic randomness.
pub trait Rng {
    /// Fills `bytes` wholly, or fails and the caller must give up: a weak nonce or id is never used instead.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The platform gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRandomness;

impl fmt::Display for NoRandomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the platform gave no random bytes")
    }
}

impl std::error::Error for NoRandomness {}

/// The database, in SQL: the same text runs on D1 and, in native tests, on SQLite.
pub trait Db {
    /// Runs the statements as one transaction and one round trip: all of them, or none.
    ///
    /// The answer holds one [`Outcome`] a statement, in their order.
    fn batch(&self, statements: Vec<Statement>) -> Local<'_, Result<Vec<Outcome>, DbError>>;
}

/// The database of a Durable Object: it lies in the same process, so that nobody waits and nobody comes in between.
pub trait ObjectDb {
    /// Runs the statements as one transaction: all of them, or none. The answer is as [`Db::batch`]'s.
    fn transaction(&self, statements: &[Statement]) -> Result<Vec<Outcome>, DbError>;
}

/// Copies beside the database, which may get lost at any time: the edge's cache.
pub trait Shelf {
    /// Keeps a copy under a name for so long. Nobody waits for it, and nobody hears whether it was kept.
    fn keep(&self, name: String, keep_for: Duration, make: Make);

    /// The copy under a name, if it is there.
    fn find<'a>(&'a self, name: &'a str) -> Local<'a, Option<String>>;

    /// Takes the copy under a name away. Nobody waits for it.
    fn clear(&self, name: String);
}

/// What runs extensions, as the control plane asks it about a module before any call goes through it.
pub trait Extensions {
    /// Lets a module come up with a configuration, and say what it is.
    ///
    /// # Errors
    /// It is none that can run here, it refuses its configuration, or nothing runs uploaded modules in this deployment.
    fn check<'a>(&'a self, module: Module<'a>, config: &'a Value) -> Local<'a, Result<Checked, Refusal>>;
}

/// A module in question.
#[derive(Debug, Clone, Copy)]
pub enum Module<'a> {
    /// Base64, as it was sent.
    Uploaded(&'a str),
    /// One that was built into the Worker, by its name.
    Bundled(&'a str),
    /// Code that is stored, by its hash.
    Stored(&'a str),
}

/// What a module turned out to be.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What it says of itself.
    pub described: Value,
    /// SHA-256 of what was uploaded or built in, hexadecimal; none of what is stored already.
    pub sha256: Option<String>,
    /// How many bytes that has.
    pub bytes: Option<i64>,
    /// What is to be run and stored for it: its hash, and base64. None where it is stored or built in already.
    pub code: Option<(String, String)>,
}

/// The files that were deployed beside the program.
pub trait Files {
    /// The text of the file at a path, which begins with `/`; `None` where it is not there.
    fn read<'a>(&'a self, path: &'a str) -> Local<'a, Option<String>>;
}

/// A shelf without boards, for a reading that no copy shall stand in for.
#[derive(Debug, Clone, Copy)]
pub struct NoShelf;

impl Shelf for NoShelf {
    fn keep(&self, _: String, _: Duration, _: Make) {}

    fn find<'a>(&'a self, _: &'a str) -> Local<'a, Option<String>> {
        Box::pin(std::future::ready(None))
    }

    fn clear(&self, _: String) {}
}

/// Makes a copy, when there is time for it.
pub type Make = Box<dyn FnOnce(&dyn Rng) -> Option<String>>;

/// One SQL statement with its numbered parameters.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The SQL; parameters are `?1`, `?2`, …
    pub sql: &'static str,
    /// The values of the parameters, in order.
    pub params: Vec<Param>,
}

impl Statement {
    /// Whether it is more than a query.
    pub fn writes(&self) -> bool {
        !self.sql.trim_start().starts_with("SELECT")
    }
}

/// A bound value. Integers must fit a JavaScript double exactly, because D1 takes nothing wider.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// SQL NULL.
    Null,
    /// A whole number between ±2^53.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// UTF-8 text.
    Text(String),
}

/// What one statement did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// One JSON document a row: every query of the store selects a single text column, so that a row crosses the
    /// JavaScript border once and integers stay exact.
    pub rows: Vec<String>,
    /// Rows inserted, updated or deleted, those that triggers changed for it among them: a sign of whether, not a count.
    pub changes: u64,
}

/// The database refused or did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DbError {
    /// A constraint said no; the text is SQLite's (`UNIQUE constraint failed: providers.project_id, …`).
    Constraint(String),
    /// The database could not be reached or broke; the text is for the operator's log.
    Unavailable(String),
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constraint(text) => write!(f, "the database refused: {text}"),
            Self::Unavailable(text) => write!(f, "the database is away: {text}"),
        }
    }
}

impl std::error::Error for DbError {}

/// Upstreams, where their answers are read whole: the control plane's questions. A model call's answer is relayed as it
/// comes, by `edge`.
pub trait Upstream {
    /// Sends a request once and reads its answer, whatever its status. A redirect is an answer, too: it is not followed.
    ///
    /// # Errors
    /// What kept the answer from coming, as the caller reads it: unreachable, too late, too large, broken off.
    fn call(&self, request: Outbound) -> Local<'_, Result<Inbound, Refusal>>;
}

/// A request to an upstream. No `Debug`: its headers carry the credential.
pub struct Outbound {
    /// The provider's name, for the messages.
    pub provider: String,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Where to.
    pub url: String,
    /// Headers in the order in which they are set: a later one of the same name replaces an earlier one.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// Until all of the answer is there.
    pub wait: Duration,
    /// The most bytes that an answer may have.
    pub limit: u32,
}

/// An upstream's answer.
#[derive(Debug, Clone)]
pub struct Inbound {
    /// The HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// All of the body.
    pub body: Vec<u8>,
}

impl Inbound {
    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
