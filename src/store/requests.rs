//! The request log: usage rows with their attempts, newest first.

use super::totals::{Only, Span};
use super::{StoreError, page, query, query_one, statements};
use crate::domain::ids::{ProjectId, RequestId};
use crate::ports::{Db, Param};
use serde::{Deserialize, Serialize};

/// A call as one document, in two calls because D1 takes 32 arguments a function; `u` is its row.
macro_rules! document {
    () => {
        "json_insert(json_object('request_id', u.request_id, 'project_id', u.project_id, 'created_at', u.created_at,
            'token_id', u.token_id, 'user_id', u.user_id, 'provider_id', u.provider_id,
            'provider_name', u.provider_name, 'model_id', u.model_id, 'model', u.model,
            'requested_model', u.requested_model, 'protocol', u.protocol, 'upstream_protocol', u.upstream_protocol,
            'streamed', u.streamed, 'status', u.status, 'error_code', u.error_code),
            '$.attempts', u.attempts, '$.input_tokens', u.input_tokens, '$.output_tokens', u.output_tokens,
            '$.cache_read_tokens', u.cache_read_tokens, '$.cache_write_tokens', u.cache_write_tokens,
            '$.reasoning_tokens', u.reasoning_tokens, '$.cost_nano_usd', u.cost_nano_usd,
            '$.billed_nano_usd', u.billed_nano_usd, '$.priced', u.priced, '$.estimated', u.estimated,
            '$.latency_ms', u.latency_ms, '$.first_byte_ms', u.first_byte_ms, '$.attempts_log',
            json((SELECT json_group_array(json_object('attempt', attempt, 'created_at', created_at,
                'provider_id', provider_id, 'model_id', model_id, 'status', status, 'error_code', error_code,
                'error_message', error_message, 'latency_ms', latency_ms))
             FROM (SELECT * FROM request_attempts WHERE request_id = u.request_id ORDER BY attempt))))"
    };
}

statements! { "requests";
    /// One by id.
    FIND OnDemand = concat!("SELECT ", document!(), " FROM usage u WHERE u.request_id = ?1");
    /// A page of a project's, newest first. ?5, ?6: from, to; ?7, ?8: with a status from, to; ?9: with this error
    /// code; ?10: streamed or not; ?11 to ?14: of these providers, models, users, tokens; ?15: or with this model
    /// asked for.
    LIST OnDemand = concat!("SELECT ", document!(), " FROM usage u
        WHERE u.project_id = ?1 AND (u.created_at, u.request_id) < (?2, ?3) AND u.created_at >= ?5 AND u.created_at < ?6
          AND (?7 IS NULL OR u.status BETWEEN ?7 AND ?8) AND (?9 IS NULL OR u.error_code = ?9)
          AND (?10 IS NULL OR u.streamed = ?10)
          AND (?11 IS NULL OR u.provider_id IN (SELECT value FROM json_each(?11)))
          AND (?12 IS NULL OR u.model_id IN (SELECT value FROM json_each(?12)) OR u.requested_model = ?15)
          AND (?13 IS NULL OR u.user_id IN (SELECT value FROM json_each(?13)))
          AND (?14 IS NULL OR u.token_id IN (SELECT value FROM json_each(?14)))
        ORDER BY u.created_at DESC, u.request_id DESC LIMIT ?4");
}

/// A call as it was logged.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "each is the column of its name; the migration explains them")]
pub struct RequestRow {
    pub request_id: String,
    pub project_id: ProjectId,
    pub created_at: i64,
    pub token_id: Option<String>,
    pub user_id: Option<String>,
    pub provider_id: Option<String>,
    pub provider_name: Option<String>,
    pub model_id: Option<String>,
    pub model: Option<String>,
    pub requested_model: Option<String>,
    pub protocol: String,
    pub upstream_protocol: Option<String>,
    #[serde(deserialize_with = "super::truth")]
    pub streamed: bool,
    pub status: i64,
    pub error_code: Option<String>,
    pub attempts: i64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cache_read_tokens: i64,
    pub cache_write_tokens: i64,
    pub reasoning_tokens: i64,
    pub cost_nano_usd: i64,
    pub billed_nano_usd: i64,
    #[serde(deserialize_with = "super::truth")]
    pub priced: bool,
    #[serde(deserialize_with = "super::truth")]
    pub estimated: bool,
    pub latency_ms: i64,
    pub first_byte_ms: Option<i64>,
    pub attempts_log: Vec<AttemptRow>,
}

/// One attempt of a call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[expect(missing_docs, reason = "each is the column of its name; the migration explains them")]
pub struct AttemptRow {
    pub attempt: i64,
    pub created_at: i64,
    pub provider_id: Option<String>,
    pub model_id: Option<String>,
    pub status: Option<i64>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub latency_ms: i64,
}

/// Which calls a list shows.
#[derive(Debug, Clone)]
pub struct Filter {
    /// When they began.
    pub span: Span,
    /// Lowest and highest status.
    pub status: Option<(i64, i64)>,
    /// Why they failed.
    pub error_code: Option<String>,
    /// Whether the answer was a stream.
    pub streamed: Option<bool>,
    /// Of which providers, models, users and tokens.
    pub only: Only,
    /// A model as it was asked for: one that is not there has no id.
    pub requested_model: Option<String>,
}

/// Finds a call.
pub async fn find(db: &dyn Db, id: &RequestId) -> Result<Option<RequestRow>, StoreError> {
    query_one(db, FIND.with([id.as_str().into()])).await
}

/// A page of a project's calls before a position.
pub async fn list(
    db: &dyn Db,
    project: &ProjectId,
    before: (i64, &str),
    limit: i64,
    filter: &Filter,
) -> Result<Vec<RequestRow>, StoreError> {
    let own: [Param; 6] = [
        filter.span.from.ms().into(),
        filter.span.to.ms().into(),
        filter.status.map(|(lowest, _)| lowest).into(),
        filter.status.map(|(_, highest)| highest).into(),
        filter.error_code.clone().into(),
        filter.streamed.into(),
    ];
    let asked = [filter.requested_model.clone().into()];
    query(db, LIST.with(page(project.as_str(), before, limit).chain(own).chain(filter.only.params()).chain(asked)))
        .await
}
