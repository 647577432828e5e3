//! Usage: one row a call, written in groups.

use super::requests::AttemptRow;
use super::{StoreError, statements};
use crate::ports::{Db, Statement};
use serde::Serialize;
use serde_json::Value;

/// The most bytes of rows, or of attempts, that one statement is given: D1 takes 2 MB.
pub const STATEMENT_BYTES: usize = 1_000_000;

statements! { "usage";
    /// Many rows from one JSON array. A row that is there already stays: a retried write counts nothing twice. `json_each` writes
    /// its `value` anew for each column that reads it, unless it is made a table first.
    INSERT PerCall = "INSERT INTO usage (request_id, project_id, created_at, token_id, user_id, provider_id,
            provider_name, model_id, model, requested_model, protocol, upstream_protocol, streamed, status, error_code,
            attempts, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
            cost_nano_usd, billed_nano_usd, priced, estimated, latency_ms, first_byte_ms)
        WITH documents AS MATERIALIZED (SELECT value FROM json_each(?1))
        SELECT value ->> 'request_id', value ->> 'project_id', value ->> 'created_at', value ->> 'token_id',
            value ->> 'user_id', value ->> 'provider_id', value ->> 'provider_name', value ->> 'model_id',
            value ->> 'model', value ->> 'requested_model', value ->> 'protocol', value ->> 'upstream_protocol',
            value ->> 'streamed', value ->> 'status', value ->> 'error_code', value ->> 'attempts',
            value ->> 'input_tokens', value ->> 'output_tokens', value ->> 'cache_read_tokens',
            value ->> 'cache_write_tokens', value ->> 'reasoning_tokens', value ->> 'cost_nano_usd',
            value ->> 'billed_nano_usd', value ->> 'priced', value ->> 'estimated', value ->> 'latency_ms',
            value ->> 'first_byte_ms'
        FROM documents WHERE true ON CONFLICT (request_id) DO NOTHING";
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    #[serde(skip)]
    pub limited: bool,
    /// Rows of their own: what was tried, where a call took more than one attempt or failed.
    #[serde(skip)]
    pub attempts_log: Vec<AttemptRow>,
}

impl UsageRow {
    /// The row as the statements read it: a JSON object, a member a column.
    pub fn document(&self) -> Result<String, StoreError> {
        json(self)
    }
}

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
const MARK: &str = "usage.v1\n";

impl Documents {
    fn of(row: &UsageRow) -> Result<Self, StoreError> {
        let mut documents = Self { rows: row.document()?, attempts: String::new() };
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

    /// Reads what [`Self::text`] wrote. Whether the documents are any is the database's to say.
    pub fn parse(text: &str) -> Option<Self> {
        let (rows, attempts) = text.strip_prefix(MARK)?.split_once('\n')?;
        Some(Self { rows: rows.to_owned(), attempts: attempts.to_owned() })
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
    match serde_json::from_str(&array(list)) {
        Ok(Value::Array(documents)) => documents.iter().map(Value::to_string).collect(),
        _ => Vec::new(),
    }
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
