//! Every sealed column, for counting and for rotation.

use super::{StoreError, query, statements};
use crate::ports::{Db, Statement};
use crate::seal::{Place, Sealed};
use serde::Deserialize;

statements! { "sealing";
    /// How many values each key id seals.
    COUNT OnDemand = "SELECT json_object('key_id', key_id, 'rows', count(*)) FROM (
            SELECT substr(sealed, 4, instr(substr(sealed, 4), '.') - 1) AS key_id FROM (
                SELECT value AS sealed FROM secrets
                UNION ALL SELECT credential FROM providers WHERE credential IS NOT NULL
                UNION ALL SELECT credential FROM user_provider_keys
                UNION ALL SELECT answer FROM idempotency_keys))
        GROUP BY key_id ORDER BY key_id";
    /// Values that another key than the sealing one sealed; ?1 is how the sealing one's begin.
    PENDING OnDemand = "SELECT json_object('table', t, 'id', id, 'project_id', project_id, 'sealed', sealed) FROM (
            SELECT 'secrets' AS t, id, project_id, value AS sealed FROM secrets
            UNION ALL SELECT 'providers', id, project_id, credential FROM providers WHERE credential IS NOT NULL
            UNION ALL SELECT 'user_provider_keys', id, project_id, credential FROM user_provider_keys
            UNION ALL SELECT 'idempotency_keys', id, '', answer FROM idempotency_keys)
        WHERE substr(sealed, 1, length(?1)) <> ?1 ORDER BY t, id LIMIT ?2";
    /// A secret's value, unless someone wrote another one meanwhile.
    RESEAL_SECRET OnDemand = "UPDATE secrets SET value = ?3 WHERE id = ?1 AND value = ?2";
    /// A provider's credential, unless someone wrote another one meanwhile.
    RESEAL_PROVIDER OnDemand = "UPDATE providers SET credential = ?3 WHERE id = ?1 AND credential = ?2";
    /// A user's key, unless someone wrote another one meanwhile.
    RESEAL_USER_KEY OnDemand = "UPDATE user_provider_keys SET credential = ?3 WHERE id = ?1 AND credential = ?2";
    /// A kept answer, unless someone kept another one meanwhile.
    RESEAL_ANSWER OnDemand = "UPDATE idempotency_keys SET answer = ?3 WHERE id = ?1 AND answer = ?2";
}

/// How many values a key seals.
#[derive(Debug, Clone, Deserialize)]
pub struct KeyCount {
    /// The key's id, as the values name it.
    pub key_id: String,
    /// How many.
    pub rows: u64,
}

/// The tables that hold sealed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// `secrets.value`.
    Secrets,
    /// `providers.credential`.
    Providers,
    /// `user_provider_keys.credential`.
    UserProviderKeys,
    /// `idempotency_keys.answer`.
    IdempotencyKeys,
}

/// A sealed value that waits for the sealing key.
#[derive(Debug, Clone, Deserialize)]
pub struct PendingRow {
    /// Its table.
    pub table: Table,
    /// Its row.
    pub id: String,
    /// Its project.
    pub project_id: String,
    /// The value.
    pub sealed: Sealed,
}

impl PendingRow {
    /// Where it is sealed.
    pub fn place(&self) -> Place<'_> {
        let (table, column) = match self.table {
            Table::Secrets => ("secrets", "value"),
            Table::Providers => ("providers", "credential"),
            Table::UserProviderKeys => ("user_provider_keys", "credential"),
            Table::IdempotencyKeys => ("idempotency_keys", "answer"),
        };
        Place { project: &self.project_id, table, column, row: &self.id }
    }

    /// The statement that replaces the value, if it is still this one.
    pub fn replace_with(&self, resealed: &Sealed) -> Statement {
        let statement = match self.table {
            Table::Secrets => RESEAL_SECRET,
            Table::Providers => RESEAL_PROVIDER,
            Table::UserProviderKeys => RESEAL_USER_KEY,
            Table::IdempotencyKeys => RESEAL_ANSWER,
        };
        statement.with([self.id.as_str().into(), self.sealed.as_str().into(), resealed.as_str().into()])
    }
}

/// Counts the values that each key seals.
pub async fn count(db: &dyn Db) -> Result<Vec<KeyCount>, StoreError> {
    query(db, COUNT.with([])).await
}

/// Up to `limit` values that another key than `sealing_id` sealed.
pub async fn pending(db: &dyn Db, sealing_id: &str, limit: i64) -> Result<Vec<PendingRow>, StoreError> {
    query(db, PENDING.with([format!("v1.{sealing_id}.").into(), limit.into()])).await
}
