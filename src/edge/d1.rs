//! The `Db` port on D1.

use super::executor::Alarm;
use super::js;
use crate::gateway::replicas::{Seen, Sessions};
use crate::ports::{Db, DbError, Local, Outcome, Param, Statement};
use futures_util::future::{Either, select};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;
use std::pin::pin;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use worker::{D1Database, D1Result, Env};

#[wasm_bindgen]
extern "C" {
    /// D1 as far as `worker` does not declare it in a way that its own statements go with.
    type WithSession;

    #[wasm_bindgen(method, catch, js_name = withSession)]
    fn with_session(this: &WithSession, start: &str) -> Result<JsValue, JsValue>;

    /// It prepares and runs as the database itself does.
    type Session;

    #[wasm_bindgen(method, catch, js_name = getBookmark)]
    fn bookmark(this: &Session) -> Result<Option<String>, JsValue>;
}

/// D1 under the binding `DB`. Looked up when a batch runs: a warm call runs none.
pub struct D1<'a>(pub &'a Env);

/// Runs a batch, in a session if a place to start from is given.
async fn run(env: &Env, start: Option<&str>, statements: Vec<Statement>) -> Result<Seen, DbError> {
    let mut database = env.d1("DB").map_err(|error| DbError::Unavailable(format!("no D1 binding `DB`: {error}")))?;
    if let Some(start) = start {
        let session = JsValue::from(database).unchecked_into::<WithSession>().with_session(start);
        database = D1Database::unchecked_from_js(session.map_err(|error| away(error.into()))?);
    }
    let prepared = statements
        .iter()
        .map(|statement| {
            let params = statement.params.iter().map(bound).collect::<Result<Vec<_>, _>>()?;
            let prepared = database.prepare(statement.sql);
            if params.is_empty() { Ok(prepared) } else { prepared.bind(&params).map_err(away) }
        })
        .collect::<Result<Vec<_>, DbError>>()?;
    let results = database.batch(prepared).await.map_err(|error| classified(&error.to_string()))?;
    let outcomes = results.iter().map(outcome).collect::<Result<_, _>>()?;
    let bookmark = start.and_then(|_| JsValue::from(database).unchecked_into::<Session>().bookmark().ok().flatten());
    Ok((outcomes, bookmark))
}

/// The same, and tells the operator where D1 is away.
async fn run_and_tell(env: &Env, start: Option<&str>, statements: Vec<Statement>) -> Result<Seen, DbError> {
    let seen = run(env, start, statements).await;
    if let Err(DbError::Unavailable(why)) = &seen {
        js::log_error(&format!("D1: {why}"));
    }
    seen
}

impl Db for D1<'_> {
    fn batch(&self, statements: Vec<Statement>) -> Local<'_, Result<Vec<Outcome>, DbError>> {
        Box::pin(async move { Ok(run_and_tell(self.0, None, statements).await?.0) })
    }
}

/// What a call waits for D1. A database that answers later than that is as good as away; what the isolate or a copy
/// knows is better.
const PATIENCE: Duration = Duration::from_secs(5);

/// The same for the data plane's reading, which has something else to go by. Not for writes: nobody knows of one that
/// was not waited for whether it was done.
pub struct ImpatientD1<'a>(pub &'a Env);

impl ImpatientD1<'_> {
    fn soon<'a>(&'a self, start: Option<&'a str>, statements: Vec<Statement>) -> Local<'a, Result<Seen, DbError>> {
        Box::pin(async move {
            match select(pin!(run_and_tell(self.0, start, statements)), Alarm::after(PATIENCE)).await {
                Either::Left((seen, _)) => seen,
                Either::Right(((), _)) => {
                    let why = format!("no answer within {} ms", PATIENCE.as_millis());
                    js::log_error(&format!("D1: {why}"));
                    Err(DbError::Unavailable(why))
                }
            }
        })
    }
}

impl Db for ImpatientD1<'_> {
    fn batch(&self, statements: Vec<Statement>) -> Local<'_, Result<Vec<Outcome>, DbError>> {
        Box::pin(async move { Ok(self.soon(None, statements).await?.0) })
    }
}

impl Sessions for ImpatientD1<'_> {
    fn batch_from<'a>(&'a self, start: &'a str, statements: Vec<Statement>) -> Local<'a, Result<Seen, DbError>> {
        self.soon(Some(start), statements)
    }
}

/// D1 takes doubles only: a whole number beyond 2^53 would be rounded without a word.
pub fn bound(param: &Param) -> Result<JsValue, DbError> {
    match param {
        Param::Null => Ok(JsValue::NULL),
        Param::Real(number) => Ok(JsValue::from_f64(*number)),
        Param::Text(text) => Ok(JsValue::from_str(text)),
        Param::Integer(number) if number.unsigned_abs() <= 1 << 53 => Ok(JsValue::from_f64(*number as f64)),
        Param::Integer(number) => Err(DbError::Unavailable(format!("{number} is beyond what D1 can hold exactly"))),
    }
}

/// Reads the text of an error of SQLite's.
pub fn classified(text: &str) -> DbError {
    let refused = ["constraint failed", "SQLITE_CONSTRAINT", "malformed JSON"];
    if refused.iter().any(|words| text.contains(words)) {
        DbError::Constraint(text.to_owned())
    } else {
        DbError::Unavailable(text.to_owned())
    }
}

fn away(error: worker::Error) -> DbError {
    DbError::Unavailable(error.to_string())
}

fn outcome(result: &D1Result) -> Result<Outcome, DbError> {
    let rows = result.results::<FirstColumn>().map_err(away)?.into_iter().map(|column| column.0).collect();
    let changes = result.meta().map_err(away)?.and_then(|meta| meta.changes).unwrap_or_default();
    Ok(Outcome { rows, changes: u64::try_from(changes).unwrap_or(u64::MAX) })
}

/// The one column that every query of the store selects, whatever D1 calls it.
struct FirstColumn(String);

impl<'de> Deserialize<'de> for FirstColumn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Row;

        impl<'de> Visitor<'de> for Row {
            type Value = FirstColumn;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row of one text column")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<FirstColumn, A::Error> {
                match row.next_entry::<IgnoredAny, String>()? {
                    Some((_, document)) => Ok(FirstColumn(document)),
                    None => Err(serde::de::Error::invalid_length(0, &self)),
                }
            }
        }

        deserializer.deserialize_map(Row)
    }
}
