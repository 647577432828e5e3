//! The first phase: who is calling, and on which state of the project. One D1 round trip where the isolate does not
//! know, none where it does.

use super::cache::{Cache, CallerKey, Known};
use crate::access::principal::{forbidden, no_token, unknown_token};
use crate::access::token::bearer;
use crate::access::{Operation, TokenHash, TokenHolder};
use crate::deployment::Deployment;
use crate::domain::ids::ProjectId;
use crate::domain::kind::AuthMethod;
use crate::domain::name;
use crate::domain::selector::{SEPARATOR, SelectorGlob};
use crate::domain::timestamp::Timestamp;
use crate::ports::Db;
use crate::refusal::{Reason, Refusal};
use crate::routing::breaker::Line;
use crate::routing::{Candidate, Opened, OwnKeys, RoutedProvider, Snapshot};
use crate::seal::KeyRing;
use crate::store;
use crate::store::snapshot::{Caller, read};
use crate::store::{StoreError, tokens::TokenRow};
use std::cell::RefCell;
use std::rc::Rc;

/// What a client presents.
#[derive(Debug, Clone, Copy, Default)]
pub struct Presented<'a> {
    /// The `authorization` header.
    pub authorization: Option<&'a str>,
    /// The `x-api-key` header, where older Anthropic clients put the token.
    pub x_api_key: Option<&'a str>,
    /// The `x-sluice-project` header: which project root calls for; `default` without it.
    pub project: Option<&'a str>,
}

/// A caller that may call models, and the state of its project.
#[derive(Debug, Clone)]
pub struct Admitted {
    pub(super) holder: Option<Rc<TokenHolder>>,
    pub(super) own_keys: Rc<OwnKeys>,
    /// The project's state.
    pub snapshot: Rc<Snapshot>,
}

impl Admitted {
    /// The caller's token; none for root.
    pub fn holder(&self) -> Option<&TokenHolder> {
        self.holder.as_deref()
    }

    /// What the provider is called with: the user's own key, else the provider's, else none where it was made keyless
    /// (SPEC section 6).
    ///
    /// # Errors
    /// [`Reason::CredentialMissing`] where there is none of them, and whatever keeps the one there is from being sent.
    pub fn credential<'a>(
        &'a self,
        provider: &'a RoutedProvider,
        method: AuthMethod,
        ring: Result<&Rc<KeyRing>, Refusal>,
    ) -> Result<&'a Opened, Refusal> {
        let project = &self.snapshot.project;
        match self.own_keys.credential(project, provider, method, ring.clone()) {
            Some(own) => own,
            None => provider.credential(project, method, ring),
        }
    }

    /// What the breaker knows a candidate's calls by, when this caller makes them.
    pub fn line<'a>(&'a self, candidate: &'a Candidate) -> Line<'a> {
        Line { model: candidate.model.id(), own_key: self.own_keys.id(candidate.provider.id()) }
    }

    /// Whether the caller may send a provider anything at all: every model of it must be the caller's to call.
    pub fn may_proxy(&self, provider: &str) -> bool {
        let Some(holder) = self.holder() else { return true };
        let Ok(everything) = SelectorGlob::parse("provider", &format!("{provider}{SEPARATOR}*")) else { return false };
        let listed = holder.allowed_models.as_ref();
        holder.policy.permits_all(Operation::Invoke, everything.as_glob())
            && listed.is_none_or(|globs| globs.iter().any(|allowed| allowed.covers(&everything)))
    }

    /// Whether the caller may call the model: by its policy, and by the token's list of models.
    pub fn may_call(&self, candidate: &Candidate) -> bool {
        let Some(holder) = self.holder() else { return true };
        let selector = candidate.selector();
        let names = [Some(selector.as_str()), candidate.model.name()];
        holder.policy.permits(Operation::Invoke, Some(&selector)) && holder.may_call(names.into_iter().flatten())
    }
}

/// Admits a caller. `now` is when the call began.
pub async fn admit(
    db: &dyn Db,
    deployment: &Deployment,
    cache: &RefCell<Cache>,
    presented: Presented<'_>,
    now: Timestamp,
) -> Result<Admitted, Refusal> {
    let root = deployment.root()?;
    let token = presented.authorization.and_then(bearer).or(presented.x_api_key.map(str::trim)).ok_or_else(no_token)?;
    let hash = TokenHash::of(token);
    let caller = if hash == *root {
        let project = presented.project.map(str::trim).unwrap_or("default");
        CallerKey::Root(if ProjectId::parse(project).is_some() { project.to_owned() } else { name::key(project) })
    } else {
        CallerKey::Token(hash)
    };
    let known = cache.borrow().fresh(&caller, now, deployment.config_ttl).cloned();
    let admitted = match known {
        Some(known) => known.into(),
        None => match refresh(db, cache, &caller, now).await {
            Ok(read) => read,
            Err(away) => {
                // Rather what was true a while ago than nothing at all, as long as the operator allows it.
                let stale = cache.borrow().stale(&caller, now, deployment.stale_if_error).cloned();
                match (away, stale) {
                    (Unread::Away(_), Some(known)) => known.into(),
                    (Unread::Away(error), None) => return Err(error.into()),
                    (Unread::Refused(refusal), _) => return Err(refusal),
                }
            }
        },
    };
    if let Some(holder) = &admitted.holder {
        holder.check_valid(now)?;
        if !holder.policy.could_permit(Operation::Invoke) {
            return Err(forbidden(Operation::Invoke, None));
        }
    }
    Ok(admitted)
}

impl From<Known> for Admitted {
    fn from(known: Known) -> Self {
        Self { holder: known.holder, own_keys: known.own_keys, snapshot: known.snapshot }
    }
}

enum Unread {
    Away(StoreError),
    Refused(Refusal),
}

async fn refresh(db: &dyn Db, cache: &RefCell<Cache>, caller: &CallerKey, now: Timestamp) -> Result<Admitted, Unread> {
    let (known, writes) = (cache.borrow().revision(caller), cache.borrow().writes());
    let asked = match caller {
        CallerKey::Token(hash) => Caller::Token(hash),
        CallerKey::Root(project) => Caller::Root(project),
    };
    let unread = |error| match error {
        StoreError::Away(_) => Unread::Away(error),
        other => Unread::Refused(other.into()),
    };
    let mut read = read(db, asked, known).await.map_err(unread)?;
    if let (Some((project, revision)), None) = (&read.project, &read.rows)
        && cache.borrow().snapshot(project).is_none_or(|snapshot| snapshot.revision != *revision)
    {
        // The revision was another project's, which had the name before; or the snapshot went away meanwhile.
        read = store::snapshot::read(db, asked, None).await.map_err(unread)?;
    }
    let holder = match (caller, &read.token) {
        (CallerKey::Root(_), _) => None,
        (CallerKey::Token(_), Some(row)) => Some(Rc::new(holder(row)?)),
        (CallerKey::Token(_), None) => {
            cache.borrow_mut().forget(caller);
            return Err(Unread::Refused(unknown_token()));
        }
    };
    let Some((project, revision)) = read.project else {
        let message = "there is no such project: name one in `x-sluice-project`, by its id or its name";
        return Err(Unread::Refused(Refusal::new(Reason::NotFound, message).on("x-sluice-project")));
    };
    let current = cache.borrow().snapshot(&project).filter(|snapshot| snapshot.revision == revision).cloned();
    let snapshot = match (current, read.rows) {
        // What the isolate has opened stays open.
        (Some(snapshot), _) => snapshot,
        (None, Some((providers, models))) => Rc::new(Snapshot::new(project, revision, providers, models)),
        (None, None) => {
            return Err(Unread::Away(StoreError::Away("the isolate's snapshot went away meanwhile".into())));
        }
    };
    let open = cache.borrow().own_keys(caller).filter(|open| open.hold(&read.own_keys)).cloned();
    let own_keys = open.unwrap_or_else(|| Rc::new(OwnKeys::new(read.own_keys)));
    let admitted = Admitted { holder, own_keys, snapshot };
    cache.borrow_mut().keep(caller.clone(), &admitted, now, writes);
    Ok(admitted)
}

fn holder(row: &TokenRow) -> Result<TokenHolder, Unread> {
    row.holder().map_err(|error| Unread::Refused(error.into()))
}
