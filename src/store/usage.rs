//! Usage: one row a call, written in groups.

use super::requests::AttemptRow;
use super::{StoreError, statements};
use crate::ports::{Db, Statement};
use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};
use serde_json::Value;

/// The most bytes of rows, or of attempts, that one statement is given: D1 takes 2 MB.
pub const STATEMENT_BYTES: usize = 1_000_000;

/// The columns of a row, each with its place in the document that is written of it.
macro_rules! with_columns {
    ($what:ident) => {
        $what! {
            0 request_id, 1 project_id, 2 created_at, 3 token_id, 4 user_id, 5 provider_id, 6 provider_name, 7 model_id,
            8 model, 9 requested_model, 10 protocol, 11 upstream_protocol, 12 streamed, 13 status, 14 error_code,
            15 attempts, 16 input_tokens, 17 output_tokens, 18 cache_read_tokens, 19 cache_write_tokens,
            20 reasoning_tokens, 21 cost_nano_usd, 22 billed_nano_usd, 23 priced, 24 estimated, 25 latency_ms,
            26 first_byte_ms
        }
    };
}

macro_rules! insert {
    ($first:literal $column:ident, $($place:literal $other:ident),+) => {
        concat!(
            "INSERT INTO usage (", stringify!($column), $(", ", stringify!($other)),+,
            ") WITH documents AS MATERIALIZED (SELECT value FROM json_each(?1)) SELECT value ->> ", $first,
            $(", value ->> ", $place),+, " FROM documents WHERE true ON CONFLICT (request_id) DO NOTHING"
        )
    };
}

macro_rules! names {
    ($($place:literal $column:ident),+) => { [$(stringify!($column)),+] };
}

const COLUMNS: [&str; 27] = with_columns!(names);

statements! { "usage";
    /// Many rows from one JSON array of arrays: names in each of them would be the half of it. A row that is there already stays: a
    /// retried write counts nothing twice. `json_each` writes its `value` anew for each column that reads it, unless it is made a
    /// table first.
    INSERT PerCall = with_columns!(insert);
    /// The attempts of many calls from one JSON array; those that are there already stay.
    INSERT_ATTEMPTS PerCall = "INSERT INTO request_attempts (request_id, attempt, project_id, created_at, provider_id,
            model_id, status, error_code, error_message, latency_ms)
        SELECT value ->> 'request_id', value ->> '$.attempt.attempt', value ->> 'project_id',
            value ->> '$.attempt.created_at', value ->> '$.attempt.provider_id', value ->> '$.attempt.model_id',
            value ->> '$.attempt.status', value ->> '$.attempt.error_code', value ->> '$.attempt.error_message',
            value ->> '$.attempt.latency_ms'
        FROM json_each(?1) WHERE true ON CONFLICT (request_id, attempt) DO NOTHING";
}

/// What one call consumed and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the column of its name; the migration explains them")]
pub struct UsageRow {
    pub request_id: String,
    pub project_id: String,
    pub created_at: i64,
    pub token_id: Option<String>,
    pub user_id: Option<String>,
    pub provider_id: Option<String>,
    pub provider_name: Option<String>,
    pub model_id: Option<String>,
    pub model: Option<String>,
    pub requested_model: Option<String>,
    pub protocol: &'static str,
    pub upstream_protocol: Option<&'static str>,
    pub streamed: bool,
    pub status: u16,
    pub error_code: Option<&'static str>,
    pub attempts: u32,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
    pub reasoning_tokens: u64,
    pub cost_nano_usd: i64,
    pub billed_nano_usd: i64,
    pub priced: bool,
    pub estimated: bool,
    pub latency_ms: i64,
    pub first_byte_ms: Option<i64>,
    /// Whether the token's limiter waits to be told what the call came to. No column.
    pub limited: bool,
    /// Rows of their own: what was tried, where a call took more than one attempt or failed.
    pub attempts_log: Vec<AttemptRow>,
}

impl UsageRow {
    /// The row's columns and their values.
    pub fn columns(&self) -> Vec<(&'static str, Value)> {
        let values = json(&Values(self)).ok().and_then(|values| listed(&values)).unwrap_or_default();
        COLUMNS.into_iter().zip(values).collect()
    }
}

/// A row as its statement reads it: its values, each in its column's place.
struct Values<'a>(&'a UsageRow);

macro_rules! serialize_values {
    ($($place:literal $column:ident),+) => {
        impl Serialize for Values<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut values = serializer.serialize_seq(Some(COLUMNS.len()))?;
                $(values.serialize_element(&self.0.$column)?;)+
                values.end()
            }
        }
    };
}

with_columns!(serialize_values);

/// An attempt and the call that it belongs to.
#[derive(Serialize)]
struct Attempt<'a> {
    request_id: &'a str,
    project_id: &'a str,
    attempt: &'a AttemptRow,
}

/// Rows and their attempts, as JSON documents with commas in between: what the statements read, and what can wait
/// elsewhere until it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Documents {
    rows: String,
    attempts: String,
}

/// What a text of documents begins with. Another layout gets another mark, so that no version misreads the other's.
const MARK: &str = "usage.v2\n";

/// The first layout: rows are objects, a member a column. What waited in a queue when Sluice was renewed is in it.
const MARK_OF_OBJECTS: &str = "usage.v1\n";

impl Documents {
    fn of(row: &UsageRow) -> Result<Self, StoreError> {
        let mut documents = Self { rows: json(&Values(row))?, attempts: String::new() };
        let UsageRow { request_id, project_id, attempts_log, .. } = row;
        for attempt in attempts_log {
            append(&mut documents.attempts, &json(&Attempt { request_id, project_id, attempt })?);
        }
        Ok(documents)
    }

    /// Rows in their order, in as few packs as there can be with at most so many bytes each. A row whose own documents are
    /// longer has a pack to itself.
    pub fn pack(rows: &[UsageRow], most_bytes: usize) -> Result<Vec<Self>, StoreError> {
        let mut packs: Vec<Self> = Vec::new();
        for row in rows {
            let one = Self::of(row)?;
            match packs.last_mut().filter(|last| last.bytes() + one.bytes() <= most_bytes) {
                Some(last) => last.join(&one),
                None => packs.push(one),
            }
        }
        Ok(packs)
    }

    /// How long they are.
    pub const fn bytes(&self) -> usize {
        self.rows.len() + self.attempts.len()
    }

    /// Adds others at the end.
    pub fn join(&mut self, others: &Self) {
        append(&mut self.rows, &others.rows);
        append(&mut self.attempts, &others.attempts);
    }

    /// One text of them. JSON that serde writes has no line feed in it.
    pub fn text(&self) -> String {
        [MARK, &self.rows, "\n", &self.attempts].concat()
    }

    /// Reads what [`Self::text`] wrote, now or in the first layout. Whether the documents are any is the database's to say.
    pub fn parse(text: &str) -> Option<Self> {
        let (objects, values) = (text.strip_prefix(MARK_OF_OBJECTS), text.strip_prefix(MARK));
        let (rows, attempts) = objects.or(values)?.split_once('\n')?;
        let rows = if objects.is_some() { values_of(rows)? } else { rows.to_owned() };
        Some(Self { rows, attempts: attempts.to_owned() })
    }

    /// The same, each row and each attempt by itself.
    pub fn singly(&self) -> Vec<Self> {
        let mut singly = Vec::new();
        for rows in each(&self.rows) {
            singly.push(Self { rows, attempts: String::new() });
        }
        for attempts in each(&self.attempts) {
            singly.push(Self { rows: String::new(), attempts });
        }
        singly
    }

    fn statements(&self, statements: &mut Vec<Statement>) {
        for (statement, list) in [(INSERT, &self.rows), (INSERT_ATTEMPTS, &self.attempts)] {
            if !list.is_empty() {
                statements.push(statement.with([array(list).into()]));
            }
        }
    }
}

/// The documents of a list; none where it is no list.
fn each(list: &str) -> Vec<String> {
    listed(&array(list)).iter().flatten().map(Value::to_string).collect()
}

/// The elements of a JSON array, if it is one.
fn listed(json: &str) -> Option<Vec<Value>> {
    match serde_json::from_str(json) {
        Ok(Value::Array(elements)) => Some(elements),
        _ => None,
    }
}

/// Objects of the first layout in today's. What is no object becomes a row of nulls, for the database to refuse.
fn values_of(objects: &str) -> Option<String> {
    let mut rows = String::new();
    for object in listed(&array(objects))? {
        let values = COLUMNS.iter().map(|column| object.get(*column).cloned().unwrap_or_default()).collect();
        append(&mut rows, &Value::Array(values).to_string());
    }
    Some(rows)
}

fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(format!("usage: {error}")))
}

fn append(list: &mut String, documents: &str) {
    if !list.is_empty() && !documents.is_empty() {
        list.push(',');
    }
    list.push_str(documents);
}

fn array(list: &str) -> String {
    ["[", list, "]"].concat()
}

/// Writes rows and their attempts in one transaction; those that are there already stay as they are.
pub async fn insert(db: &dyn Db, rows: &[UsageRow]) -> Result<(), StoreError> {
    write(db, &Documents::pack(rows, STATEMENT_BYTES)?).await
}

/// The same of documents.
pub async fn write(db: &dyn Db, packs: &[Documents]) -> Result<(), StoreError> {
    let mut statements = Vec::new();
    for pack in packs {
        pack.statements(&mut statements);
    }
    if !statements.is_empty() {
        db.batch(statements).await?;
    }
    Ok(())
}
