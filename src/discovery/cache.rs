//! What upstreams have listed, kept for a minute: whoever picks models in the console asks again and again.

use super::Listed;
use crate::domain::ids::ProviderId;
use crate::domain::timestamp::Timestamp;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

/// How long a list may be shown again.
const KEPT: Duration = Duration::from_secs(60);

/// More providers than anybody looks at in a minute.
const MOST: usize = 64;

/// An isolate's own memory. A list belongs to one revision of its project: whatever is written there, the provider's
/// credential and address among it, and in whichever isolate, the upstream is asked anew.
#[derive(Debug, Default)]
pub struct Catalogues(HashMap<ProviderId, Kept>);

#[derive(Debug)]
struct Kept {
    revision: i64,
    read_at: Timestamp,
    models: Rc<Vec<Listed>>,
}

impl Catalogues {
    /// What the provider's upstream listed less than a minute ago, at this revision.
    pub fn fresh(&self, provider: &ProviderId, revision: i64, now: Timestamp) -> Option<Rc<Vec<Listed>>> {
        let kept = self.0.get(provider).filter(|kept| kept.revision == revision && is_fresh(kept.read_at, now))?;
        Some(Rc::clone(&kept.models))
    }

    /// Keeps what it has just listed.
    pub fn keep(&mut self, provider: &ProviderId, revision: i64, now: Timestamp, models: &Rc<Vec<Listed>>) {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert(provider.clone(), Kept { revision, read_at: now, models: Rc::clone(models) });
    }
}

fn is_fresh(read_at: Timestamp, now: Timestamp) -> bool {
    now.since(read_at) < KEPT
}
