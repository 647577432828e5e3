//! An account in its object's storage: what was said is written before it is answered.

use super::account::Account;
use super::message::{Amounts, Asked, Settled, Standing, Verdict};
use crate::domain::limits::Limits;
use crate::domain::timestamp::Timestamp;
use crate::ports::{ObjectDb, Statement};
use crate::store::{StoreError, rows, statements};
use serde_json::Value;
use std::cell::RefCell;

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
    /// The counts.
    ACCOUNT OnDemand = "SELECT document FROM account WHERE id = 1";
    /// Those of some calls that have not settled.
    LEASES PerCall = "SELECT json_object('call', call, 'admitted_at', admitted_at, 'tokens', tokens, 'nano_usd', nano_usd)
        FROM leases WHERE call IN (SELECT value FROM json_each(?1))";
    /// The counts as they are now.
    KEEP PerCall = "INSERT INTO account (id, document) VALUES (1, ?1)
        ON CONFLICT (id) DO UPDATE SET document = excluded.document";
    /// A new one.
    OPEN PerCall = "INSERT INTO leases (call, admitted_at, tokens, nano_usd) VALUES (?1, ?2, ?3, ?4)";
    /// Settled.
    CLOSE PerCall = "DELETE FROM leases WHERE call IN (SELECT value FROM json_each(?1))";
    /// Those that never settled.
    EXPIRED OnDemand = "SELECT json_object('call', call, 'admitted_at', admitted_at, 'tokens', tokens, 'nano_usd', nano_usd)
        FROM leases WHERE admitted_at <= ?1";
    /// No longer.
    EXPIRE OnDemand = "DELETE FROM leases WHERE admitted_at <= ?1";
}

/// What is reserved for a call.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) call: String,
    pub(super) admitted_at: Timestamp,
    pub(super) reserved: Amounts,
}

/// What an object knows of its storage while it runs, because nobody else writes there: its account, once it was read.
#[derive(Debug, Default)]
pub struct Memory(RefCell<Option<Account>>);

impl Memory {
    /// The object's storage was emptied.
    pub fn forget(&self) {
        self.0.take();
    }
}

/// The account of one token. Where something fails, what is known of it is forgotten.
pub struct Book<'a> {
    db: &'a dyn ObjectDb,
    memory: &'a Memory,
    account: Account,
}

impl<'a> Book<'a> {
    /// Opens it; the first time, it is made.
    pub fn open(db: &'a dyn ObjectDb, memory: &'a Memory) -> Result<Self, StoreError> {
        let account = match memory.0.take() {
            Some(account) => account,
            None => {
                let outcomes = db.transaction(&[ACCOUNT_TABLE.with([]), LEASES_TABLE.with([]), ACCOUNT.with([])])?;
                let stored = outcomes.last().map_or(Ok(Vec::new()), rows::<Value>)?;
                stored.first().map_or(Ok(Account::default()), |document| readable(Account::read(document)))?
            }
        };
        Ok(Self { db, memory, account })
    }

    /// Admits a call or says why not; a refusal changes nothing. Asked again, a call is still admitted.
    pub fn admit(mut self, asked: &Asked, now: Timestamp) -> Result<Verdict, StoreError> {
        let now = self.account.advance(now);
        let mut writes = Vec::new();
        if now.ms() - self.account.swept_at >= SWEEP_MS {
            writes.extend(self.sweep(now)?);
        }
        let is_admitted = !self.leases(LEASES.with([named([asked.call.as_str()]).into()]))?.is_empty();
        let refused = if is_admitted { None } else { self.account.admit(&asked.limits, asked.reserved, now).err() };
        if refused.is_none() && !is_admitted {
            let Amounts { tokens, nano_usd } = asked.reserved;
            let tokens = i64::try_from(tokens.min(MOST_TOKENS)).unwrap_or_default();
            writes.push(OPEN.with([asked.call.as_str().into(), now.ms().into(), tokens.into(), nano_usd.into()]));
        }
        let standing = self.account.standing(&asked.limits, now);
        self.close(writes)?;
        Ok(Verdict { refused, standing })
    }

    /// Settles calls. One that was not admitted, or has settled, changes nothing.
    pub fn settle<'s>(
        mut self,
        settled: impl Iterator<Item = &'s Settled> + Clone,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let calls = named(settled.clone().map(|settled| settled.call.as_str()));
        let leases = self.leases(LEASES.with([calls.as_str().into()]))?;
        let mut writes = Vec::new();
        if !leases.is_empty() {
            writes.push(CLOSE.with([calls.into()]));
        }
        self.account.advance(now);
        for Lease { call, admitted_at, reserved } in leases {
            if let Some(settled) = settled.clone().find(|settled| settled.call == call) {
                self.account.settle(admitted_at, reserved, settled.used);
            }
        }
        self.close(writes)
    }

    /// Where the token stands.
    pub fn standing(mut self, limits: &Limits, now: Timestamp) -> Result<Standing, StoreError> {
        let now = self.account.advance(now);
        let standing = self.account.standing(limits, now);
        self.close(Vec::new())?;
        Ok(standing)
    }

    fn leases(&self, asked: Statement) -> Result<Vec<Lease>, StoreError> {
        let outcomes = self.db.transaction(&[asked])?;
        let documents = outcomes.first().map_or(Ok(Vec::new()), rows::<Value>)?;
        documents.iter().map(|document| readable(Lease::read(document))).collect()
    }

    /// Calls that never settled have come to what was reserved for them.
    fn sweep(&mut self, now: Timestamp) -> Result<Vec<Statement>, StoreError> {
        self.account.swept_at = now.ms();
        let until = now.ms() - LEASE_MS;
        for Lease { admitted_at, reserved, .. } in self.leases(EXPIRED.with([until.into()]))? {
            self.account.settle(admitted_at, reserved, reserved);
        }
        Ok(vec![EXPIRE.with([until.into()])])
    }

    /// Writes what has changed, the counts with it, and then knows of it.
    fn close(self, mut writes: Vec<Statement>) -> Result<(), StoreError> {
        if !writes.is_empty() {
            writes.push(KEEP.with([self.account.document().into()]));
            self.db.transaction(&writes)?;
        }
        self.memory.0.replace(Some(self.account));
        Ok(())
    }
}

fn readable<T>(read: Option<T>) -> Result<T, StoreError> {
    read.ok_or_else(|| StoreError::Corrupt("limits".into()))
}

/// Calls, as statements take them.
fn named<'c>(calls: impl IntoIterator<Item = &'c str>) -> String {
    Value::from_iter(calls).to_string()
}
