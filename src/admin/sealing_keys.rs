//! Which key seals how much, and moving everything to the first one.

use super::schema::sealing_keys::MAX_BATCH;
use super::{Call, Reply};
use crate::domain::invalid::Invalid;
use crate::json::json;
use crate::refusal::{Reason, Refusal};
use crate::store::sealing::{self, KeyCount, PendingRow};
use crate::store::{rows, write};
use serde_json::Value;

pub async fn get(call: &Call<'_>) -> Result<Reply, Refusal> {
    let ring = call.world.deployment.ring()?;
    let counts = sealing::count(call.world.db).await?;
    let rows = |id: &str| counts.iter().find(|count| count.key_id == id).map_or(0, |count| count.rows);
    let in_ring = ring.ids().map(|id| key(id, rows(id), id == ring.sealing_id(), true));
    let missing = |count: &&KeyCount| !ring.ids().any(|id| id == count.key_id);
    let not_in_ring = counts.iter().filter(missing).map(|count| key(&count.key_id, count.rows, false, false));
    let keys: Vec<Value> = in_ring.chain(not_in_ring).collect();
    Ok(Reply::json(200, &json!({"data": keys, "next_cursor": null})))
}

fn key(id: &str, rows: u64, sealing: bool, in_ring: bool) -> Value {
    json!({"id": id, "rows": rows, "sealing": sealing, "in_ring": in_ring})
}

/// Re-seals one batch. Run again until `remaining` is 0: it goes on where it stopped, under traffic, because each row
/// is replaced only if it still holds the value that was read.
pub async fn rotate(call: &Call<'_>) -> Result<Reply, Refusal> {
    let ring = call.world.deployment.ring()?;
    let dry_run = truth(call, "dry_run")?;
    let limit = match call.query("limit") {
        None => MAX_BATCH,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MAX_BATCH).contains(limit))
            .ok_or_else(|| Invalid::new("limit", format!("limit must be a whole number from 1 to {MAX_BATCH}")))?,
    };
    let pending = sealing::pending(call.world.db, ring.sealing_id(), limit).await?;
    let mut statements = Vec::with_capacity(pending.len() + 2);
    for row in &pending {
        let opened = ring.open(&row.sealed, &row.place()).map_err(|error| name_row(error.into(), row))?;
        statements.push(row.replace_with(&ring.seal(&opened, &row.place(), call.world.rng)?));
    }
    let (resealed, counts) = if dry_run || statements.is_empty() {
        (0, sealing::count(call.world.db).await?)
    } else {
        statements.push(call.audit(None, ("sealing_key", ring.sealing_id()), &["rows"])?);
        // Counted in the same batch: what was written is told, or was not written.
        statements.push(sealing::COUNT.with([]));
        let outcomes = write(call.world.db, statements).await?;
        let resealed: u64 = outcomes.iter().take(pending.len()).map(|outcome| outcome.changes.min(1)).sum();
        (resealed, outcomes.last().map_or(Ok(Vec::new()), rows)?)
    };
    let remaining: u64 = counts.iter().filter(|c| c.key_id != ring.sealing_id()).map(|count| count.rows).sum();
    Ok(Reply::json(
        200,
        &json!({
            "sealing_key_id": ring.sealing_id(),
            "dry_run": dry_run,
            "checked": pending.len(),
            "resealed": resealed,
            "remaining": remaining,
        }),
    ))
}

/// The same refusal, with the row that made it: nothing of its batch was written.
fn name_row(mut refusal: Refusal, row: &PendingRow) -> Refusal {
    let place = row.place();
    refusal.message = format!(
        "{}.{} of `{}` does not open, so nothing of this batch was written: {}",
        place.table, place.column, place.row, refusal.message
    );
    let key_id = row.sealed.key_id().unwrap_or_default();
    refusal.with_details(json!({"table": place.table, "id": place.row, "key_id": key_id}))
}

fn truth(call: &Call<'_>, name: &str) -> Result<bool, Refusal> {
    match call.query(name).as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Refusal::new(Reason::ValidationFailed, format!("{name} must be true or false")).on(name)),
    }
}
