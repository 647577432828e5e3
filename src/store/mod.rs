//! SQL, one file an aggregate. The same text runs on D1 and, in native tests, on SQLite.
//!
//! Invariants: every query selects one JSON document a row; every statement is listed in [`ALL`], so that a test
//! prepares each of them against the migrations and looks at the plan of those that run per call.

pub mod audit;
pub mod extensions;
pub mod idempotency;
pub mod models;
pub mod projects;
pub mod providers;
pub mod requests;
pub mod retention;
pub mod sealing;
pub mod secrets;
pub mod snapshot;
pub mod tokens;
pub mod totals;
pub mod usage;
pub mod user_keys;
pub mod users;

use crate::ports::{Db, DbError, Outcome, Param, Statement};
use crate::refusal::{Reason, Refusal};
use serde::de::DeserializeOwned;

/// How often a statement runs, and so what its plan must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// On a cold call or for each group of calls: through an index, always.
    PerCall,
    /// When an operator asks.
    OnDemand,
}

/// A statement of the store.
#[derive(Debug)]
pub struct Sql {
    /// `aggregate.name`, for the tests.
    pub name: &'static str,
    /// The SQL.
    pub text: &'static str,
    /// How often it runs.
    pub runs: Runs,
}

impl Sql {
    /// Binds the parameters.
    pub fn with(&self, params: impl IntoIterator<Item = Param>) -> Statement {
        Statement { sql: self.text, params: params.into_iter().collect() }
    }
}

/// Declares a module's statements and its list of them.
macro_rules! statements {
    ($aggregate:literal; $($(#[$doc:meta])* $name:ident $runs:ident = $sql:expr;)+) => {
        $($(#[$doc])* pub const $name: $crate::store::Sql = $crate::store::Sql {
            name: concat!($aggregate, ".", stringify!($name)),
            text: $sql,
            runs: $crate::store::Runs::$runs,
        };)+

        /// Every statement of this module.
        pub const STATEMENTS: &[&$crate::store::Sql] = &[$(&$name,)+];
    };
}
pub(crate) use statements;

/// A JSON column in a document. Text that is no JSON, which only a hand in the database can have put there, stays a
/// string: `json()` would fail the whole query, and with it every row beside this one.
macro_rules! json_column {
    ($column:literal) => {
        concat!("CASE WHEN json_valid(", $column, ") THEN json(", $column, ") ELSE ", $column, " END")
    };
}
pub(crate) use json_column;

/// A column that holds a JSON array. What is none reads as the empty one, for the same reason.
macro_rules! json_list {
    ($column:literal) => {
        concat!(
            "CASE WHEN json_valid(",
            $column,
            ") AND json_type(",
            $column,
            ") = 'array' THEN json(",
            $column,
            ")
             WHEN ",
            $column,
            " IS NOT NULL THEN json('[]') END"
        )
    };
}
pub(crate) use json_list;

/// Every statement of the store.
pub const ALL: &[&[&Sql]] = &[
    STATEMENTS,
    audit::STATEMENTS,
    extensions::STATEMENTS,
    idempotency::STATEMENTS,
    models::STATEMENTS,
    projects::STATEMENTS,
    providers::STATEMENTS,
    requests::STATEMENTS,
    retention::STATEMENTS,
    sealing::STATEMENTS,
    secrets::STATEMENTS,
    snapshot::STATEMENTS,
    tokens::STATEMENTS,
    totals::STATEMENTS,
    totals::names::STATEMENTS,
    usage::STATEMENTS,
    user_keys::STATEMENTS,
    users::STATEMENTS,
];

statements! { "store";
    /// Ends a batch that began with a precondition.
    CLEAR_PRECONDITIONS OnDemand = "DELETE FROM preconditions";
    /// Does the database answer, and has it been migrated?
    PING OnDemand = "SELECT json_object('projects', count(*)) FROM projects";
}

impl From<&str> for Param {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Param {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Param {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<f64> for Param {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<bool> for Param {
    fn from(yes: bool) -> Self {
        Self::Integer(i64::from(yes))
    }
}

impl<T: Into<Param>> From<Option<T>> for Param {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The store's error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// A row with these unique columns exists: `providers.project_id, providers.name_key`.
    Taken(String),
    /// A row that was named does not exist, or is still referred to.
    Reference,
    /// The row is not as it was read, or is gone.
    Precondition,
    /// D1 does not answer.
    Away(String),
    /// A row that a migration or an operator left behind cannot be read; the text says which field.
    Corrupt(String),
}

impl From<DbError> for StoreError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(text) => Self::Away(text),
            DbError::Constraint(text) => {
                if let Some((_, columns)) = text.split_once("UNIQUE constraint failed: ") {
                    // D1 appends its own code: `…: SQLITE_CONSTRAINT`.
                    Self::Taken(columns.split(": ").next().unwrap_or_default().to_owned())
                } else if text.contains("precondition_holds") {
                    Self::Precondition
                } else {
                    Self::Reference
                }
            }
        }
    }
}

impl From<StoreError> for Refusal {
    /// What SQLite said stays out of it: it may name the schema, and it tells a client nothing.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken(_) => Self::new(Reason::Conflict, "a row with the same unique fields exists"),
            StoreError::Reference => Self::new(
                Reason::Conflict,
                "the write refers to something that does not exist, or is still referred to",
            ),
            StoreError::Precondition => Self::new(
                Reason::PreconditionFailed,
                "the resource was changed or deleted since it was read: read it again and repeat the write",
            ),
            StoreError::Away(why) if why.contains("no such table") || why.contains("no such column") => Self::new(
                Reason::DatabaseAway,
                "the database has not been migrated to this version: `npm run deploy` does it, and `npm start` locally",
            ),
            StoreError::Away(_) => {
                Self::new(Reason::DatabaseAway, "the database does not answer; nothing was changed, try again")
                    .with_header("retry-after", "1")
            }
            StoreError::Corrupt(field) => {
                Self::new(Reason::Internal, format!("a stored row cannot be read: {field}")).on(field)
            }
        }
    }
}

/// The position before the first row of a list, and the length of one that has no pages.
pub const WHOLE: ((i64, &str), i64) = ((-1, ""), -1);

/// The first four parameters of every list: what it is of, the position before its first row, and its length.
fn page<'a>(of: impl Into<Option<&'a str>>, after: (i64, &str), limit: i64) -> impl Iterator<Item = Param> {
    [of.into().into(), after.0.into(), after.1.into(), limit.into()].into_iter()
}

/// Runs one query and reads its rows.
pub async fn query<T: DeserializeOwned>(db: &dyn Db, statement: Statement) -> Result<Vec<T>, StoreError> {
    let outcomes = db.batch(vec![statement]).await?;
    outcomes.first().map_or(Ok(Vec::new()), rows)
}

/// Runs one query and reads its first row.
pub async fn query_one<T: DeserializeOwned>(db: &dyn Db, statement: Statement) -> Result<Option<T>, StoreError> {
    Ok(query(db, statement).await?.into_iter().next())
}

/// Writes all of it or nothing.
pub async fn write(db: &dyn Db, statements: Vec<Statement>) -> Result<Vec<Outcome>, StoreError> {
    Ok(db.batch(statements).await?)
}

/// Writes all of it, provided that `precondition` (an `INSERT INTO preconditions …`) holds.
pub async fn write_if(
    db: &dyn Db,
    precondition: Statement,
    mut statements: Vec<Statement>,
) -> Result<Vec<Outcome>, StoreError> {
    statements.insert(0, precondition);
    statements.push(CLEAR_PRECONDITIONS.with([]));
    write(db, statements).await
}

/// Writes as [`write_if`] does and reads back in the same transaction: an answer is never lost to a database that goes
/// away after the write, and never shows what someone else wrote next. The answer holds the outcomes of `reads`.
pub async fn write_and_read(
    db: &dyn Db,
    precondition: Option<Statement>,
    statements: Vec<Statement>,
    reads: Vec<Statement>,
) -> Result<Vec<Outcome>, StoreError> {
    let asked = reads.len();
    let clear = precondition.is_some().then(|| CLEAR_PRECONDITIONS.with([]));
    let batch = precondition.into_iter().chain(statements).chain(clear).chain(reads).collect();
    let mut outcomes = write(db, batch).await?;
    Ok(outcomes.split_off(outcomes.len().saturating_sub(asked)))
}

/// The one document of a read that must find its row, because its batch has just written it.
pub fn written<T: DeserializeOwned>(outcomes: &[Outcome]) -> Result<T, StoreError> {
    match outcomes.first().map(rows).transpose()?.and_then(|found| found.into_iter().next()) {
        Some(row) => Ok(row),
        None => Err(StoreError::Precondition),
    }
}

/// Reads the documents of an outcome.
pub fn rows<T: DeserializeOwned>(outcome: &Outcome) -> Result<Vec<T>, StoreError> {
    each(&outcome.rows)
}

/// Reads documents.
fn each<T: DeserializeOwned>(documents: &[String]) -> Result<Vec<T>, StoreError> {
    let read = |document: &String| serde_json::from_str(document).map_err(|e| StoreError::Corrupt(e.to_string()));
    documents.iter().map(read).collect()
}

/// SQLite's 0 and 1.
pub(crate) fn truth<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    serde::Deserialize::deserialize(deserializer).map(|number: i64| number != 0)
}
