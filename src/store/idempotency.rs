//! What a repeated `Idempotency-Key` finds.

use super::{StoreError, query_one, statements};
use crate::ports::{Db, Statement};
use crate::seal::{Place, Sealed};
use serde::Deserialize;

statements! { "idempotency";
    /// By its id.
    FIND OnDemand = "SELECT json_object('created_at', created_at, 'request_id', request_id, 'fingerprint', fingerprint,
            'answer', answer, 'resource_id', (SELECT resource_id FROM audit_log
                WHERE created_at = k.created_at AND request_id = k.request_id ORDER BY id LIMIT 1))
        FROM idempotency_keys k WHERE id = ?1";
    /// Makes room for the next row of an id: the one there has expired, or was given up by that request.
    RELEASE OnDemand = "DELETE FROM idempotency_keys WHERE id = ?1 AND (created_at <= ?2 OR request_id = ?3)";
    /// A change's own row, for the batch of the change. It fails where another request has made it.
    CLAIM OnDemand = "INSERT INTO idempotency_keys (id, created_at, request_id, fingerprint, answer)
        VALUES (?1, ?2, ?3, ?4, ?5)";
    /// The answer, once it is known, unless another request's is there.
    KEEP OnDemand = "INSERT INTO idempotency_keys (id, created_at, request_id, fingerprint, answer)
        VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (id) DO UPDATE SET answer = excluded.answer WHERE request_id = excluded.request_id";
    /// Deletes the oldest before ?1, ?2 of them.
    DELETE_OLD OnDemand = "DELETE FROM idempotency_keys WHERE id IN (
        SELECT id FROM idempotency_keys WHERE created_at <= ?1 ORDER BY created_at LIMIT ?2)";
}

/// What is there for a key.
#[derive(Debug, Clone, Deserialize)]
pub struct KeptRow {
    /// When the change was made.
    pub created_at: i64,
    /// In which request.
    pub request_id: String,
    /// Of what was sent.
    pub fingerprint: String,
    /// What is known of the answer.
    pub answer: Sealed,
    /// The row that the change made or was about, as its audit row tells.
    pub resource_id: Option<String>,
}

/// A row as it is written.
#[derive(Debug)]
pub struct Kept<'a> {
    /// SHA-256 of the principal and the client's key.
    pub id: &'a str,
    /// When the change was made.
    pub created_at: i64,
    /// In which request.
    pub request_id: &'a str,
    /// Of what was sent.
    pub fingerprint: &'a str,
    /// What is known of the answer.
    pub answer: &'a Sealed,
}

impl Kept<'_> {
    fn with(&self, sql: &super::Sql) -> Statement {
        sql.with([
            self.id.into(),
            self.created_at.into(),
            self.request_id.into(),
            self.fingerprint.into(),
            self.answer.as_str().into(),
        ])
    }

    /// The statement that claims the key for the change of its batch.
    pub fn claim(&self) -> Statement {
        self.with(&CLAIM)
    }

    /// The statement that keeps the answer.
    pub fn keep(&self) -> Statement {
        self.with(&KEEP)
    }
}

/// Where an answer is sealed. A key is its caller's alone: there is no project beside it.
pub fn place(id: &str) -> Place<'_> {
    Place { project: "", table: "idempotency_keys", column: "answer", row: id }
}

/// The statement that makes room for an id's next row.
pub fn release(id: &str, expired: i64, given_up: Option<&str>) -> Statement {
    RELEASE.with([id.into(), expired.into(), given_up.into()])
}

/// Whether a refused batch met another request's row.
pub fn is_taken(constraint: &str) -> bool {
    constraint.contains("idempotency_keys.id")
}

/// Finds what is there for a key.
pub async fn find(db: &dyn Db, id: &str) -> Result<Option<KeptRow>, StoreError> {
    query_one(db, FIND.with([id.into()])).await
}
