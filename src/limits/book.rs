//! An account in its object's storage: what was said is written before it is answered.

use super::account::Account;
use super::message::{Amounts, Asked, Settled, Standing, Verdict};
use super::wire::Wire;
use crate::domain::limits::Limits;
use crate::domain::money::NanoUsd;
use crate::domain::timestamp::Timestamp;
use crate::json::json;
use crate::ports::{ObjectDb, Outcome, Statement};
use crate::store::{StoreError, rows, statements};
use serde_json::Value;
use std::cell::Cell;

/// How long a call may take to settle: a day, longer than any. Whoever has not settled by then never will, and what was
/// reserved for it stays charged.
pub const LEASE_MS: i64 = 86_400_000;

/// How often leases are looked through for expired ones, at the next admission.
const SWEEP_MS: i64 = 3_600_000;

/// The most tokens that a lease says: what the storage carries exactly.
const MOST_TOKENS: u64 = (1 << 53) - 1;

statements! { "limits";
    /// The counts.
    ACCOUNT_TABLE PerCall = "CREATE TABLE IF NOT EXISTS account (
        id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL) STRICT";
    /// One row a call that was admitted and has not settled: what is reserved for it.
    LEASES_TABLE PerCall = "CREATE TABLE IF NOT EXISTS leases (
        call TEXT PRIMARY KEY, admitted_at INTEGER NOT NULL, tokens INTEGER NOT NULL, nano_usd INTEGER NOT NULL) STRICT";
    /// The counts, and a call's lease.
    STATE PerCall = "SELECT json_object('account', json((SELECT document FROM account WHERE id = 1)), 'lease',
            json((SELECT json_object('admitted_at', admitted_at, 'tokens', tokens, 'nano_usd', nano_usd)
                FROM leases WHERE call = ?1)))";
    /// The counts as they are now.
    KEEP PerCall = "INSERT INTO account (id, document) VALUES (1, ?1)
        ON CONFLICT (id) DO UPDATE SET document = excluded.document";
    /// A new one.
    OPEN PerCall = "INSERT INTO leases (call, admitted_at, tokens, nano_usd) VALUES (?1, ?2, ?3, ?4)";
    /// Settled.
    CLOSE PerCall = "DELETE FROM leases WHERE call = ?1";
    /// Those that never settled.
    EXPIRED OnDemand = "SELECT json_object('admitted_at', admitted_at, 'tokens', tokens, 'nano_usd', nano_usd)
        FROM leases WHERE admitted_at <= ?1";
    /// No longer.
    EXPIRE OnDemand = "DELETE FROM leases WHERE admitted_at <= ?1";
}

/// What is reserved for a call.
#[derive(Debug)]
struct Lease {
    admitted_at: i64,
    tokens: u64,
    nano_usd: NanoUsd,
}

impl Wire for Lease {
    fn write(&self) -> Value {
        json!({"admitted_at": self.admitted_at, "tokens": self.tokens, "nano_usd": self.nano_usd})
    }

    fn read(value: &Value) -> Option<Self> {
        let number = |key: &str| value.get(key)?.as_i64();
        let tokens = number("tokens")?.unsigned_abs();
        Some(Self { admitted_at: number("admitted_at")?, tokens, nano_usd: number("nano_usd")? })
    }
}

impl Lease {
    const fn reserved(&self) -> Amounts {
        Amounts { tokens: self.tokens, nano_usd: self.nano_usd }
    }
}

/// Whether an object's tables are there for certain: it has made them since it began, and not been told to forget.
#[derive(Debug, Default)]
pub struct Tables(Cell<bool>);

impl Tables {
    /// The object's storage was emptied.
    pub fn gone(&self) {
        self.0.set(false);
    }
}

/// The account of one token.
pub struct Book<'a> {
    db: &'a dyn ObjectDb,
}

impl<'a> Book<'a> {
    /// Opens it; the first time, it is made.
    pub fn open(db: &'a dyn ObjectDb, tables: &Tables) -> Result<Self, StoreError> {
        if !tables.0.get() {
            db.transaction(&[ACCOUNT_TABLE.with([]), LEASES_TABLE.with([])])?;
            tables.0.set(true);
        }
        Ok(Self { db })
    }

    /// Admits a call or says why not; a refusal changes nothing. Asked again, a call is still admitted.
    pub fn admit(&self, asked: &Asked, now: Timestamp) -> Result<Verdict, StoreError> {
        let (mut account, lease) = self.read(&asked.call)?;
        let mut writes = Vec::new();
        let now = account.advance(now);
        if now.ms() - account.swept_at >= SWEEP_MS {
            writes.extend(self.sweep(&mut account, now)?);
        }
        let refused = match lease {
            Some(_) => None,
            None => account.admit(&asked.limits, asked.reserved, now).err(),
        };
        if refused.is_none() && lease.is_none() {
            let Amounts { tokens, nano_usd } = asked.reserved;
            let tokens = i64::try_from(tokens.min(MOST_TOKENS)).unwrap_or_default();
            writes.push(OPEN.with([asked.call.as_str().into(), now.ms().into(), tokens.into(), nano_usd.into()]));
        }
        if !writes.is_empty() {
            writes.push(keep(&account));
            self.db.transaction(&writes)?;
        }
        Ok(Verdict { refused, standing: account.standing(&asked.limits, now) })
    }

    /// Settles a call. One that was not admitted, or has settled, changes nothing.
    pub fn settle(&self, settled: &Settled, now: Timestamp) -> Result<(), StoreError> {
        let (mut account, lease) = self.read(&settled.call)?;
        let Some(lease) = lease else { return Ok(()) };
        account.advance(now);
        account.settle(Timestamp::from_ms(lease.admitted_at), lease.reserved(), settled.used);
        self.db.transaction(&[CLOSE.with([settled.call.as_str().into()]), keep(&account)])?;
        Ok(())
    }

    /// Where the token stands.
    pub fn standing(&self, limits: &Limits, now: Timestamp) -> Result<Standing, StoreError> {
        let (mut account, _) = self.read("")?;
        let now = account.advance(now);
        Ok(account.standing(limits, now))
    }

    fn read(&self, call: &str) -> Result<(Account, Option<Lease>), StoreError> {
        let outcomes = self.db.transaction(&[STATE.with([call.into()])])?;
        let states = outcomes.first().map_or(Ok(Vec::new()), rows::<Value>)?;
        let [state] = states.as_slice() else {
            return Err(StoreError::Away("the object's storage answered in part".into()));
        };
        Ok((member(state, "account")?.unwrap_or_default(), member(state, "lease")?))
    }

    /// Calls that never settled have come to what was reserved for them.
    fn sweep(&self, account: &mut Account, now: Timestamp) -> Result<Vec<Statement>, StoreError> {
        account.swept_at = now.ms();
        let until = now.ms() - LEASE_MS;
        let outcomes = self.db.transaction(&[EXPIRED.with([until.into()])])?;
        for lease in outcomes.first().map_or(Ok(Vec::new()), documents::<Lease>)? {
            account.settle(Timestamp::from_ms(lease.admitted_at), lease.reserved(), lease.reserved());
        }
        Ok(vec![EXPIRE.with([until.into()])])
    }
}

fn documents<T: Wire>(outcome: &Outcome) -> Result<Vec<T>, StoreError> {
    let read = |value: &Value| T::read(value).ok_or_else(|| StoreError::Corrupt("limits".into()));
    rows::<Value>(outcome)?.iter().map(read).collect()
}

/// What a reading says of something; nothing where it is not there.
fn member<T: Wire>(state: &Value, name: &str) -> Result<Option<T>, StoreError> {
    match state.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => T::read(value).map(Some).ok_or_else(|| StoreError::Corrupt("limits".into())),
    }
}

fn keep(account: &Account) -> Statement {
    KEEP.with([account.write().to_string().into()])
}
