//! What goes on after the answer: writing usage rows together.

use super::d1::D1;
use super::isolate;
use super::js;
use crate::gateway::ledger::{Duty, GROUP_WAIT};
use crate::store::usage::{UsageRow, insert};
use worker::{Context, Delay, Env};

/// Tries to write one group, each after another wait; then the rows are left to the next call's group.
const TRIES: u32 = 3;

/// Adds a row; the call that opens a group writes it, after its answer.
pub fn record(context: &Context, env: &Env, row: UsageRow) {
    if isolate::ledger(|ledger| ledger.add(row)) == Duty::Write {
        let database = D1::of(env);
        context.wait_until(async move { write_group(&database).await });
    }
}

/// The same for a call that is in the background already.
pub async fn record_here(env: &Env, row: UsageRow) {
    if isolate::ledger(|ledger| ledger.add(row)) == Duty::Write {
        write_group(&D1::of(env)).await;
    }
}

async fn write_group(database: &D1) {
    for attempt in 1..=TRIES {
        Delay::from(GROUP_WAIT * attempt).await;
        let rows = isolate::ledger(crate::gateway::ledger::Ledger::take);
        let Err(error) = insert(database, &rows).await else { return };
        let held = rows.len();
        let lost = isolate::ledger(|ledger| ledger.hold(rows));
        js::log_error(&format!("usage: {held} rows could not be written and are held ({lost} given up): {error:?}"));
        if attempt == TRIES || isolate::ledger(crate::gateway::ledger::Ledger::adopt) == Duty::None {
            return;
        }
    }
}
