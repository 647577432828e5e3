//! Usage: one row a call, written in groups.

use super::requests::AttemptRow;
use super::{StoreError, statements};
use crate::ports::{Db, Param};
use serde::Serialize;

/// Rows in one statement: a document of about 250 KB, an eighth of what D1 takes.
const GROUP: usize = 500;

statements! { "usage";
    /// Many rows from one JSON array. A row that is there already stays: a retried write counts nothing twice.
    INSERT PerCall = "INSERT INTO usage (request_id, project_id, created_at, token_id, user_id, provider_id,
            provider_name, model_id, model, requested_model, protocol, upstream_protocol, streamed, status, error_code,
            attempts, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
            cost_nano_usd, billed_nano_usd, priced, estimated, latency_ms, first_byte_ms)
        SELECT value ->> 'request_id', value ->> 'project_id', value ->> 'created_at', value ->> 'token_id',
            value ->> 'user_id', value ->> 'provider_id', value ->> 'provider_name', value ->> 'model_id',
            value ->> 'model', value ->> 'requested_model', value ->> 'protocol', value ->> 'upstream_protocol',
            value ->> 'streamed', value ->> 'status', value ->> 'error_code', value ->> 'attempts',
            value ->> 'input_tokens', value ->> 'output_tokens', value ->> 'cache_read_tokens',
            value ->> 'cache_write_tokens', value ->> 'reasoning_tokens', value ->> 'cost_nano_usd',
            value ->> 'billed_nano_usd', value ->> 'priced', value ->> 'estimated', value ->> 'latency_ms',
            value ->> 'first_byte_ms'
        FROM json_each(?1) WHERE true ON CONFLICT (request_id) DO NOTHING";
    /// The attempts of many calls from one JSON array; those that are there already stay.
    INSERT_ATTEMPTS PerCall = "INSERT INTO request_attempts (request_id, attempt, project_id, created_at, provider_id,
            model_id, status, error_code, error_message, latency_ms)
        SELECT value ->> 'request_id', value ->> '$.attempt.attempt', value ->> 'project_id',
            value ->> '$.attempt.created_at', value ->> '$.attempt.provider_id', value ->> '$.attempt.model_id',
            value ->> '$.attempt.status', value ->> '$.attempt.error_code', value ->> '$.attempt.error_message',
            value ->> '$.attempt.latency_ms'
        FROM json_each(?1) WHERE true ON CONFLICT (request_id, attempt) DO NOTHING";
}

/// Attempts in one statement: their messages may take a few KB each.
const ATTEMPTS_GROUP: usize = 200;

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

/// An attempt and the call that it belongs to.
#[derive(Serialize)]
struct Attempt<'a> {
    request_id: &'a str,
    project_id: &'a str,
    attempt: &'a AttemptRow,
}

fn attempts(row: &UsageRow) -> impl Iterator<Item = Attempt<'_>> {
    let UsageRow { request_id, project_id, attempts_log, .. } = row;
    attempts_log.iter().map(|attempt| Attempt { request_id, project_id, attempt })
}

fn document<T: Serialize>(rows: &[T]) -> Result<Param, StoreError> {
    let text = serde_json::to_string(rows).map_err(|error| StoreError::Corrupt(format!("usage: {error}")))?;
    Ok(text.into())
}

/// Writes rows and their attempts in one transaction; those that are there already stay as they are.
pub async fn insert(db: &dyn Db, rows: &[UsageRow]) -> Result<(), StoreError> {
    let mut statements = Vec::new();
    for group in rows.chunks(GROUP) {
        statements.push(INSERT.with([document(group)?]));
    }
    let attempts: Vec<Attempt<'_>> = rows.iter().flat_map(attempts).collect();
    for group in attempts.chunks(ATTEMPTS_GROUP) {
        statements.push(INSERT_ATTEMPTS.with([document(group)?]));
    }
    if !statements.is_empty() {
        db.batch(statements).await?;
    }
    Ok(())
}
