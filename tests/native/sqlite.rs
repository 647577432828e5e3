//! The database port over SQLite, as strict as D1: doubles for integers, one transaction a batch, D1's words.

use rusqlite::limits::Limit;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Statement as Prepared, params_from_iter};
use sluice::ports::{Clock, Db, DbError, Local, Make, NoRandomness, ObjectDb, Outcome, Param, Rng, Shelf, Statement};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sluice::domain::timestamp::Timestamp;

/// <https://developers.cloudflare.com/d1/platform/limits/>: where SQLite itself would let more through.
const D1_LIMITS: [(Limit, i32); 5] = [
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 32),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 100),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 100_000),
    (Limit::SQLITE_LIMIT_COLUMN, 100),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
];

/// What someone else does to the database in between.
type Interloper = Box<dyn FnOnce(&Sqlite)>;

/// An in-memory database with every migration applied.
pub struct Sqlite {
    connection: Connection,
    /// Whether nothing answers.
    pub away: Cell<bool>,
    /// Batches that still answer, after which the database is away.
    pub answers: Cell<Option<usize>>,
    /// Batches so far.
    pub batches: Cell<usize>,
    /// Statements that an object ran so far.
    pub statements: Cell<usize>,
    before_write: RefCell<Option<Interloper>>,
}

impl Sqlite {
    pub fn new() -> Self {
        let database = Self::empty();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let mut files: Vec<_> =
            std::fs::read_dir(folder).expect("migrations").map(|e| e.expect("file").path()).collect();
        files.sort();
        for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "sql")) {
            let sql = std::fs::read_to_string(file).expect("UTF-8");
            database.connection.execute_batch(&sql).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        }
        database
    }

    /// Without a table, as a Durable Object finds its own.
    pub fn empty() -> Self {
        let connection = Connection::open_in_memory().expect("SQLite");
        connection.execute_batch("PRAGMA foreign_keys = ON").expect("foreign keys");
        for (limit, most) in D1_LIMITS {
            connection.set_limit(limit, most).expect("a limit");
        }
        Self {
            connection,
            away: Cell::new(false),
            answers: Cell::new(None),
            batches: Cell::new(0),
            statements: Cell::new(0),
            before_write: RefCell::new(None),
        }
    }

    /// The same database as it is now, for a replica that gets no further.
    pub fn copy(&self) -> Self {
        static COPIES: AtomicUsize = AtomicUsize::new(0);
        let name = format!("sluice-{}-{}.sqlite", std::process::id(), COPIES.fetch_add(1, Ordering::Relaxed));
        let file = std::env::temp_dir().join(name);
        self.connection.execute("VACUUM INTO ?1", [file.to_str()]).expect("a copy");
        let connection = Connection::open(&file).expect("the copy");
        let copy = Self { connection, ..Self::empty() };
        // Read before its name goes: the file itself stays for as long as it is open.
        assert!(copy.count("SELECT count(*) FROM projects") > 0);
        std::fs::remove_file(&file).expect("removed");
        copy
    }

    /// Lets someone else in just before the next batch that writes: between a handler's read and its write.
    pub fn before_next_write(&self, interloper: impl FnOnce(&Self) + 'static) {
        *self.before_write.borrow_mut() = Some(Box::new(interloper));
    }

    /// Runs raw SQL.
    pub fn run(&self, sql: &str) {
        self.connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Runs raw SQL that must be refused; the error's text.
    pub fn refused(&self, sql: &str) -> String {
        self.connection.execute_batch(sql).expect_err(sql).to_string()
    }

    /// The first column of the first row, as text.
    pub fn one(&self, sql: &str) -> String {
        self.all(sql).into_iter().next().unwrap_or_else(|| panic!("no row: {sql}"))
    }

    /// A whole number.
    pub fn count(&self, sql: &str) -> i64 {
        self.one(sql).parse().expect(sql)
    }

    /// The first column of every row, as text.
    pub fn all(&self, sql: &str) -> Vec<String> {
        let mut statement = self.connection.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        read(&mut statement, &[]).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The plan of a statement, a line a step. Parameters are left unbound.
    pub fn plan(&self, sql: &str) -> Vec<String> {
        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        let mut statement = self.connection.prepare(&explain).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let mut rows = statement.raw_query();
        let mut steps = Vec::new();
        while let Some(row) = rows.next().expect("a plan") {
            steps.push(row.get::<_, String>(3).expect("detail"));
        }
        steps
    }

    /// Every value of every table, as text.
    pub fn dump(&self) -> String {
        let tables = self.all("SELECT name FROM sqlite_master WHERE type = 'table'");
        let mut text = String::new();
        for table in tables {
            let mut statement = self.connection.prepare(&format!("SELECT * FROM \"{table}\"")).expect("a table");
            let columns = statement.column_count();
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next().expect("a row") {
                for column in 0..columns {
                    text.push_str(&format!("{table}: {:?}\n", row.get::<_, Sql>(column).expect("a value")));
                }
            }
        }
        text
    }

    fn run_batch(&self, statements: &[Statement]) -> Result<Vec<Outcome>, DbError> {
        self.connection.execute_batch("BEGIN IMMEDIATE").expect("no nested batches");
        let outcomes: Result<Vec<_>, _> = statements.iter().map(|statement| self.run_one(statement)).collect();
        let end = if outcomes.is_ok() { "COMMIT" } else { "ROLLBACK" };
        self.connection.execute_batch(end).expect(end);
        outcomes
    }

    fn run_one(&self, statement: &Statement) -> Result<Outcome, DbError> {
        let mut prepared =
            self.connection.prepare(statement.sql).unwrap_or_else(|error| panic!("{}: {error}", statement.sql));
        assert_eq!(prepared.parameter_count(), statement.params.len(), "parameters of {}", statement.sql);
        let params: Vec<Sql> = statement.params.iter().map(as_d1_binds).collect();
        let before = self.connection.total_changes();
        let rows = read(&mut prepared, &params).map_err(|error| refusal(&error, statement.sql))?;
        // D1 counts what triggers change, too.
        Ok(Outcome { rows, changes: self.connection.total_changes() - before })
    }
}

impl ObjectDb for Sqlite {
    fn transaction(&self, statements: &[Statement]) -> Result<Vec<Outcome>, DbError> {
        if self.away.get() {
            return Err(DbError::Unavailable("storage is away".into()));
        }
        self.statements.set(self.statements.get() + statements.len());
        self.run_batch(statements)
    }
}

impl Db for Sqlite {
    fn batch(&self, statements: Vec<Statement>) -> Local<'_, Result<Vec<Outcome>, DbError>> {
        Box::pin(async move {
            self.batches.set(self.batches.get() + 1);
            let spent = self.answers.get() == Some(0);
            self.answers.set(self.answers.get().map(|left| left.saturating_sub(1)));
            if self.away.get() || spent {
                return Err(DbError::Unavailable("D1_ERROR: Network connection lost.".into()));
            }
            let writes = statements.iter().any(|statement| !statement.sql.trim_start().starts_with("SELECT"));
            if let Some(interloper) = writes.then(|| self.before_write.borrow_mut().take()).flatten() {
                interloper(self);
            }
            self.run_batch(&statements)
        })
    }
}

/// Copies in memory, made at once. Whoever holds it may read and write it, as nobody but the Worker should.
#[derive(Debug, Default)]
pub struct MemoryShelf {
    pub copies: RefCell<BTreeMap<String, String>>,
    /// Copies made so far.
    pub made: Cell<usize>,
}

impl Shelf for MemoryShelf {
    fn keep(&self, name: String, _: Duration, make: Make) {
        self.made.set(self.made.get() + 1);
        self.copies.borrow_mut().extend(make(&SystemRng).map(|copy| (name, copy)));
    }

    fn find<'a>(&'a self, name: &'a str) -> Local<'a, Option<String>> {
        Box::pin(async { self.copies.borrow().get(name).cloned() })
    }

    fn clear(&self, name: String) {
        self.copies.borrow_mut().remove(&name);
    }
}

/// D1's numbers are JavaScript's.
fn as_d1_binds(param: &Param) -> Sql {
    match param {
        Param::Null => Sql::Null,
        Param::Integer(number) => {
            assert!(number.abs() <= 1 << 53, "{number} is no exact double");
            Sql::Real(*number as f64)
        }
        Param::Real(number) => Sql::Real(*number),
        Param::Text(text) => Sql::Text(text.clone()),
    }
}

/// The first column of each row. What is not text must not come from the store; raw assertions may count.
fn read(statement: &mut Prepared<'_>, params: &[Sql]) -> rusqlite::Result<Vec<String>> {
    let mut rows = statement.query(params_from_iter(params))?;
    let mut texts = Vec::new();
    while let Some(row) = rows.next()? {
        texts.push(match row.get::<_, Sql>(0)? {
            Sql::Text(text) => text,
            Sql::Integer(number) => number.to_string(),
            Sql::Real(number) => number.to_string(),
            other => format!("{other:?}"),
        });
    }
    Ok(texts)
}

/// A constraint, in D1's words. Anything else is a bug of the statement.
fn refusal(error: &rusqlite::Error, sql: &str) -> DbError {
    match error {
        rusqlite::Error::SqliteFailure(code, Some(text))
            if code.code == rusqlite::ErrorCode::ConstraintViolation && !text.starts_with("cannot store") =>
        {
            DbError::Constraint(format!("D1_ERROR: {text}: SQLITE_CONSTRAINT"))
        }
        rusqlite::Error::SqliteFailure(_, Some(text)) if text == "malformed JSON" => DbError::Constraint(text.clone()),
        other => panic!("{sql}: {other}"),
    }
}

/// A clock that stands still until it is told otherwise.
pub struct FakeClock(Cell<i64>);

impl FakeClock {
    pub fn at(ms: i64) -> Self {
        Self(Cell::new(ms))
    }

    pub fn advance(&self, ms: i64) {
        self.0.set(self.0.get() + ms);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.get())
    }
}

/// The operating system's randomness.
pub struct SystemRng;

impl Rng for SystemRng {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(bytes).map_err(|_| NoRandomness)
    }
}
