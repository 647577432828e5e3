//! Rows that are old enough become daily roll-ups.

use super::{StoreError, audit, idempotency, statements};
use crate::domain::timestamp::Timestamp;
use crate::ports::{Db, Outcome};

/// Whether a call counts as failed: its client got an error, or a stream that ended in one.
macro_rules! failed {
    () => {
        "(status >= 400 OR error_code IS NOT NULL)"
    };
}
pub(crate) use failed;

/// The oldest rows before ?1, ?2 of them: the same ones for each statement of a batch.
macro_rules! chunk {
    ($columns:literal) => {
        concat!("SELECT ", $columns, " FROM usage WHERE created_at < ?1 ORDER BY created_at, request_id LIMIT ?2")
    };
}

/// Adds to a roll-up's column. It stops at 2^62, far from what SQLite would turn into a float: a chunk of 500 rows of
/// 2^53 at most stays below that, too. Without it, one upstream that reports nonsense would stop retention for good.
macro_rules! add {
    ($column:literal) => {
        concat!($column, " = min(", $column, " + excluded.", $column, ", 4611686018427387904)")
    };
}

statements! { "retention";
    /// Adds a chunk to the roll-ups of its days. Names are the latest that the calls went by.
    ROLL_UP OnDemand = concat!("INSERT INTO usage_daily (project_id, day, token_id, user_id, provider_id, model_id,
            calls, errors, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
            cost_nano_usd, billed_nano_usd, estimated_calls, unpriced_calls, provider_name, model)
        SELECT project_id, day, token, user, provider, model_of, calls, errors, input_tokens, output_tokens,
            cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nano_usd, billed_nano_usd, estimated, unpriced,
            provider_name, model
        FROM (SELECT project_id, strftime('%Y-%m-%d', created_at / 1000, 'unixepoch') AS day,
                COALESCE(token_id, '') AS token, COALESCE(user_id, '') AS user,
                COALESCE(provider_id, '') AS provider, COALESCE(model_id, '') AS model_of,
                count(*) AS calls, sum", failed!(), " AS errors,
                sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens,
                sum(cache_read_tokens) AS cache_read_tokens, sum(cache_write_tokens) AS cache_write_tokens,
                sum(reasoning_tokens) AS reasoning_tokens, sum(cost_nano_usd) AS cost_nano_usd,
                sum(billed_nano_usd) AS billed_nano_usd, sum(estimated) AS estimated, sum(1 - priced) AS unpriced,
                max(created_at), provider_name, model
            FROM (", chunk!("*"), ") GROUP BY project_id, day, token, user, provider, model_of)
        WHERE true ON CONFLICT (project_id, day, token_id, user_id, provider_id, model_id) DO UPDATE SET ",
        add!("calls"), ", ", add!("errors"), ", ", add!("input_tokens"), ", ", add!("output_tokens"), ", ",
        add!("cache_read_tokens"), ", ", add!("cache_write_tokens"), ", ", add!("reasoning_tokens"), ", ",
        add!("cost_nano_usd"), ", ", add!("billed_nano_usd"), ", ", add!("estimated_calls"), ", ",
        add!("unpriced_calls"), ", provider_name = COALESCE(excluded.provider_name, provider_name),
        model = COALESCE(excluded.model, model)");
    /// Deletes the same chunk.
    DELETE_ROWS OnDemand = concat!("DELETE FROM usage WHERE request_id IN (", chunk!("request_id"), ")");
    /// Deletes the oldest attempts before ?1, ?2 of them.
    DELETE_ATTEMPTS OnDemand = "DELETE FROM request_attempts WHERE (request_id, attempt) IN (
        SELECT request_id, attempt FROM request_attempts WHERE created_at < ?1 ORDER BY created_at LIMIT ?2)";
    /// Deletes the oldest roll-ups before the day ?1, ?2 of them.
    DELETE_ROLLUPS OnDemand = "DELETE FROM usage_daily
        WHERE (project_id, day, token_id, user_id, provider_id, model_id) IN (
            SELECT project_id, day, token_id, user_id, provider_id, model_id FROM usage_daily
            WHERE day < ?1 ORDER BY day LIMIT ?2)";
}

fn deleted(outcomes: &[Outcome]) -> u64 {
    outcomes.last().map_or(0, |outcome| outcome.changes)
}

/// Moves the oldest rows before `before` into roll-ups, `limit` of them at most, all or none; says how many.
pub async fn roll_up(db: &dyn Db, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
    let params = || [before.ms().into(), limit.into()];
    Ok(deleted(&db.batch(vec![ROLL_UP.with(params()), DELETE_ROWS.with(params())]).await?))
}

/// Deletes the oldest attempts before `before`, `limit` of them at most; says how many.
pub async fn delete_attempts(db: &dyn Db, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
    Ok(deleted(&db.batch(vec![DELETE_ATTEMPTS.with([before.ms().into(), limit.into()])]).await?))
}

/// Deletes the oldest roll-ups of days before that of `before`, `limit` of them at most; says how many.
pub async fn delete_rollups(db: &dyn Db, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
    Ok(deleted(&db.batch(vec![DELETE_ROLLUPS.with([before.day().into(), limit.into()])]).await?))
}

/// Deletes the oldest rows of the audit log before `before`, `limit` of them at most; says how many.
pub async fn delete_audit_rows(db: &dyn Db, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
    Ok(deleted(&db.batch(vec![audit::DELETE_OLD.with([before.ms().into(), limit.into()])]).await?))
}

/// Deletes the oldest answers that were kept since `before` or longer, `limit` of them at most; says how many.
pub async fn delete_idempotency_keys(db: &dyn Db, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
    Ok(deleted(&db.batch(vec![idempotency::DELETE_OLD.with([before.ms().into(), limit.into()])]).await?))
}
