//! What goes on after the answer: relaying a stream, and writing usage rows together.

use super::analytics;
use super::d1::D1;
use super::executor::Alarm;
use super::extensions::Left;
use super::isolate;
use super::js;
use super::limiter::Objects;
use super::pump::Stream;
use super::queue;
use super::system::Platform;
use crate::deployment::RowSink;
use crate::gateway::ledger::{Duty, GROUP_WAIT, Ledger};
use crate::gateway::limit::settled;
use crate::limits::{Message, Settled};
use crate::ports::Clock;
use crate::store::StoreError;
use crate::store::usage::{UsageRow, insert};
use futures_util::future::join;
use worker::Env;

/// Tries to write one group, each after a longer wait; then the rows are left to the next call's group.
const TRIES: u32 = 3;

/// What a call leaves to be done after its answer.
pub enum Settlement {
    /// It is over: its row.
    Row(Box<UsageRow>),
    /// Its answer is a stream that is still to be relayed.
    Stream(Box<Stream>),
    /// It went through extensions, which are to hear what it came to.
    Extended(Box<Settlement>, Left),
}

/// Sees a call's settlement through.
pub async fn settle(env: &Env, settlement: Settlement) {
    let (settlement, extensions) = match settlement {
        Settlement::Extended(settlement, extensions) => (*settlement, Some(extensions)),
        other => (other, None),
    };
    let mut row = match settlement {
        Settlement::Row(row) => *row,
        Settlement::Stream(stream) => stream.run().await,
        Settlement::Extended(..) => return,
    };
    let extended = match extensions {
        None => None,
        Some(left) => Some((left.read(&mut row).await, left)),
    };
    let told = row.token_id.as_ref().filter(|_| row.limited).map(|token| (token.clone(), settled(&row)));
    join(keep(env, row), tell(env, told)).await;
    if let Some((usage, left)) = extended {
        left.settle(env, &usage).await;
    }
}

/// Keeps a call's row wherever the operator wants it.
async fn keep(env: &Env, row: UsageRow) {
    // No call gets here without a deployment that can be read.
    let Ok(sinks) = isolate::deployment(env).map(|deployment| deployment.usage) else { return };
    if sinks.points {
        analytics::write(env, &row);
    }
    if sinks.rows != RowSink::Nowhere && isolate::ledger(|ledger| ledger.add(row, Platform.now())) == Duty::Write {
        write_group(env, sinks.rows).await;
    }
}

/// Tells the token's limiter what the call came to, and others that end meanwhile; or leaves it to one that is telling already.
async fn tell(env: &Env, told: Option<(String, Settled)>) {
    let Some((token, call)) = told else { return };
    let added = isolate::settlements(|settlements| settlements.add(&token, call, Platform.now()));
    let Some((teller, first)) = added else { return };
    let mut message = Some(first);
    while let Some(told) = message {
        tell_limiter(env, &token, &told).await;
        message = isolate::settlements(|settlements| settlements.next(teller));
    }
}

/// If that fails, what was reserved stays charged.
async fn tell_limiter(env: &Env, token: &str, message: &Message) {
    let objects = Objects(env);
    for attempt in 1..=TRIES {
        match objects.ask::<()>(token, message).await {
            Ok(()) => return,
            Err(error) if attempt == TRIES => {
                js::log_error(&format!("limits: calls of {token} stay charged as they were reserved: {error:?}"));
            }
            Err(_) => Alarm::after(GROUP_WAIT * attempt).await,
        }
    }
}

async fn write_singly(database: &D1<'_>, rows: Vec<UsageRow>) {
    for row in rows {
        if let Err(error) = insert(database, std::slice::from_ref(&row)).await {
            js::log_error(&format!("usage: the row of {} is given up: {error:?}", row.request_id));
        }
    }
}

async fn write_group(env: &Env, sink: RowSink) {
    let database = D1(env);
    for attempt in 1..=TRIES {
        Alarm::after(GROUP_WAIT * attempt).await;
        let rows = isolate::ledger(Ledger::take);
        if sink == RowSink::Queue {
            match queue::send(env, &rows).await {
                Ok(()) => return,
                // D1 is there without it, and does not mind what the queue has taken already.
                Err(error) => js::log_error(&format!("usage: the queue does not take {} rows: {error:?}", rows.len())),
            }
        }
        let Err(error) = insert(&database, &rows).await else { return };
        if !matches!(error, StoreError::Away(_)) {
            // One row that cannot be stored must not keep the others from it.
            return write_singly(&database, rows).await;
        }
        let held = rows.len();
        let lost = isolate::ledger(|ledger| ledger.hold(rows));
        js::log_error(&format!("usage: {held} rows could not be written and are held ({lost} given up): {error:?}"));
        if attempt == TRIES || isolate::ledger(|ledger| ledger.adopt(Platform.now())) == Duty::None {
            return;
        }
    }
}
