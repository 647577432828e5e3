//! Copies of what callers go by, for the time that D1 is away (SPEC section 6).
//!
//! Invariants: a copy holds rows as they were read, credentials sealed in them, and is sealed as a whole once more under
//! the name that it is kept under: whoever can read or write the shelf learns nothing from it and can put nothing into
//! it. A copy says when its rows were read, and is never used beyond `STALE_IF_ERROR_MS` after that.

use super::cache::CallerKey;
use crate::deployment::Deployment;
use crate::domain::ids::ProjectId;
use crate::domain::timestamp::Timestamp;
use crate::ports::Shelf;
use crate::seal::{KeyRing, Plaintext, Sealed};
use crate::store::snapshot::{Documents, Rows};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use std::rc::Rc;
use std::time::Duration;

/// The most that a copy lags behind what its isolate knows.
const MOST_LAG: Duration = Duration::from_secs(60);

/// Where copies are, and what seals them.
pub struct Copies<'a> {
    shelf: &'a dyn Shelf,
    ring: &'a Rc<KeyRing>,
    usable_for: Duration,
}

/// What a caller goes by, but for the project's rows, which its project's other callers share.
#[derive(Serialize, Deserialize)]
struct CallerCopy {
    read_at: i64,
    documents: Documents,
}

impl<'a> Copies<'a> {
    /// The deployment's; `None` where there is no key to seal them with, or no time for which they could be used.
    pub fn of(shelf: &'a dyn Shelf, deployment: &'a Deployment) -> Option<Self> {
        let usable_for = deployment.stale_if_error;
        let ring = deployment.ring().ok()?;
        (!usable_for.is_zero()).then_some(Self { shelf, ring, usable_for })
    }

    /// After how long a copy is written again.
    pub fn lag(&self) -> Duration {
        MOST_LAG.min(self.usable_for / 10)
    }

    /// Copies what a caller goes by.
    pub fn keep_caller(&self, caller: &CallerKey, documents: &Documents, read_at: Timestamp) {
        let copy = CallerCopy { read_at: read_at.ms(), documents: documents.clone() };
        self.keep(caller_name(caller), self.usable_for, copy);
    }

    /// Copies a project's rows. They outlast every caller's copy that needs them.
    pub fn keep_rows(&self, project: &ProjectId, revision: i64, rows: &Rows) {
        self.keep(rows_name(project, revision), self.usable_for * 2, rows.clone());
    }

    fn keep(&self, name: String, keep_for: Duration, copy: impl Serialize + 'static) {
        let (ring, under) = (Rc::clone(self.ring), name.clone());
        let make = move |rng: &dyn crate::ports::Rng| {
            let copy = Plaintext::new(serde_json::to_string(&copy).ok()?);
            Some(ring.seal_copy(copy.expose(), &under, rng).ok()?.as_str().to_owned())
        };
        self.shelf.keep(name, keep_for, Box::new(make));
    }

    /// Takes a caller's copy away.
    pub fn clear_caller(&self, caller: &CallerKey) {
        self.shelf.clear(caller_name(caller));
    }

    /// What a caller went by, without the project's rows, and when that was read.
    pub async fn caller(&self, caller: &CallerKey, now: Timestamp) -> Option<(Documents, Timestamp)> {
        let CallerCopy { read_at, documents } = self.find(&caller_name(caller)).await?;
        let age = u64::try_from(now.ms().checked_sub(read_at)?).ok()?;
        (Duration::from_millis(age) < self.usable_for).then(|| (documents, Timestamp::from_ms(read_at)))
    }

    /// A project's rows.
    pub async fn rows(&self, project: &ProjectId, revision: i64) -> Option<Rows> {
        self.find(&rows_name(project, revision)).await
    }

    async fn find<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Option<T> {
        let sealed = Sealed::from_stored(self.shelf.find(name).await?);
        serde_json::from_str(self.ring.open_copy(&sealed, name).ok()?.expose()).ok()
    }
}

fn caller_name(caller: &CallerKey) -> String {
    match caller {
        CallerKey::Token(hash) => format!("token/{}", hash.hex()),
        CallerKey::Root(project) => format!("root/{}", utf8_percent_encode(project, NON_ALPHANUMERIC)),
    }
}

fn rows_name(project: &ProjectId, revision: i64) -> String {
    format!("project/{project}/{revision}")
}
