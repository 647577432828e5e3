//! The first phase: who is calling, and on which state of the project. One D1 round trip where the isolate does not
//! know, none where it does.

use super::cache::{Cache, CallerKey, Known, Writes};
use super::copies::Copies;
use crate::access::principal::{forbidden, no_token, unknown_token};
use crate::access::token::bearer;
use crate::access::{Operation, Policy, Role, TokenHash, TokenHolder};
use crate::deployment::Deployment;
use crate::domain::ids::ProjectId;
use crate::domain::kind::AuthMethod;
use crate::domain::limits::Limits;
use crate::domain::name;
use crate::domain::provider::CredentialSource;
use crate::domain::selector::{SEPARATOR, SelectorGlob};
use crate::domain::timestamp::Timestamp;
use crate::ports::{Db, Shelf};
use crate::refusal::{Reason, Refusal};
use crate::routing::breaker::Line;
use crate::routing::{Candidate, Opened, OwnKeys, RoutedProvider, Snapshot};
use crate::seal::KeyRing;
use crate::store;
use crate::store::snapshot::{Caller, Documents, documents, read};
use crate::store::user_keys::SnapshotUserKey;
use crate::store::{StoreError, tokens::TokenRow};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

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

    /// What the caller may use; none where nothing is limited.
    pub fn limits(&self) -> Option<&Limits> {
        self.holder()?.limits.as_ref()
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

    /// Where the credential comes from that the provider is called with; nothing is opened.
    pub fn credential_origin(&self, provider: &RoutedProvider) -> CredentialOrigin {
        match provider.credential_source() {
            _ if self.own_keys.id(provider.id()).is_some() => CredentialOrigin::Own,
            CredentialSource::Keyless => CredentialOrigin::Keyless,
            CredentialSource::Unset => CredentialOrigin::Missing,
            CredentialSource::Inline | CredentialSource::Headers | CredentialSource::Secret => {
                CredentialOrigin::Provider
            }
        }
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

/// Where the credential of a call comes from (SPEC section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialOrigin {
    /// The user brought it.
    Own,
    /// The provider has it.
    Provider,
    /// The provider takes none.
    Keyless,
    /// There is none: a call fails.
    Missing,
}

impl CredentialOrigin {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Own, Self::Provider, Self::Keyless, Self::Missing];

    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Provider => "provider",
            Self::Keyless => "keyless",
            Self::Missing => "missing",
        }
    }
}

/// What a call of somebody whom the control plane has let in would go by, read afresh. Who may not call at all, but may
/// ask who would serve, sees what a member with the same `allowed_models` would get.
pub async fn as_if_called(db: &dyn Db, caller: Caller<'_>) -> Result<Admitted, Refusal> {
    let read = read(db, caller, None).await?;
    let mut holder = read.token.as_ref().map(TokenRow::holder).transpose()?;
    if let Some(holder) = &mut holder
        && !holder.policy.could_permit(Operation::Invoke)
    {
        holder.policy = Policy::of_role(Role::Member);
    }
    let (Some(project), Some(rows)) = (read.project, read.rows) else {
        // Deleted since the control plane let its holder in.
        return Err(unknown_token());
    };
    Ok(Admitted {
        holder: holder.map(Rc::new),
        own_keys: Rc::new(OwnKeys::new(read.own_keys)),
        snapshot: Rc::new(Snapshot::of(project, rows)),
    })
}

/// A caller that was let in.
#[derive(Debug)]
pub struct Admission {
    /// Who it is.
    pub admitted: Admitted,
    /// What is to be done beside the call: the reading that let it in is fresh, but not for long.
    pub renewal: Option<Renewal>,
}

impl From<Admitted> for Admission {
    fn from(admitted: Admitted) -> Self {
        Self { admitted, renewal: None }
    }
}

/// A caller that is to be read again before its reading is too old. One call is told so, and the others go on with what is
/// known: without it, all that are under way when the time is over would ask D1, and wait for it.
#[derive(Debug)]
pub struct Renewal {
    caller: CallerKey,
    now: Timestamp,
}

impl Renewal {
    /// Reads the caller again, for the calls to come. What goes wrong is theirs to find: they ask anew.
    pub async fn run(self, (db, shelf): (&dyn Db, &dyn Shelf), deployment: &Deployment, cache: &RefCell<Cache>) {
        let Self { caller, now } = &self;
        let asking = Asking { db, copies: Copies::of(shelf, deployment), cache, caller, now: *now };
        if let Err(Unread::Away(_)) = asking.database().await {
            cache.borrow_mut().note_away(*now);
        }
    }
}

/// Admits a caller. `now` is when the call began.
///
/// # Errors
/// 401 and 403; and 503 where D1 does not answer, and neither the isolate nor `shelf` knows the caller.
pub async fn admit(
    (db, shelf): (&dyn Db, &dyn Shelf),
    deployment: &Deployment,
    cache: &RefCell<Cache>,
    presented: Presented<'_>,
    now: Timestamp,
) -> Result<Admission, Refusal> {
    let root = deployment.root()?;
    let token = presented.authorization.and_then(bearer).or(presented.x_api_key.map(str::trim)).ok_or_else(no_token)?;
    let hash = TokenHash::of(token);
    let caller = if hash == *root {
        let project = presented.project.map(str::trim).unwrap_or("default");
        CallerKey::Root(if ProjectId::parse(project).is_some() { project.to_owned() } else { name::key(project) })
    } else {
        CallerKey::Token(hash)
    };
    let ttl = deployment.config_ttl;
    let known = cache.borrow_mut().fresh(&caller, now, ttl).map(|known| (known.clone(), known.claim_renewal(now, ttl)));
    let admission = match known {
        Some((known, is_due)) => {
            Admission { admitted: known.into(), renewal: is_due.then_some(Renewal { caller, now }) }
        }
        None => {
            let copies = Copies::of(shelf, deployment);
            let asking = Asking { db, copies, cache, caller: &caller, now };
            asking.whoever_answers(deployment.stale_if_error).await?.into()
        }
    };
    if let Some(holder) = &admission.admitted.holder {
        holder.check_valid(now)?;
        if !holder.policy.could_permit(Operation::Invoke) {
            return Err(forbidden(Operation::Invoke, None));
        }
    }
    Ok(admission)
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

impl From<StoreError> for Unread {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Away(_) => Self::Away(error),
            other => Self::Refused(other.into()),
        }
    }
}

/// A caller of whom the isolate knows nothing, or nothing fresh.
struct Asking<'a> {
    db: &'a dyn Db,
    copies: Option<Copies<'a>>,
    cache: &'a RefCell<Cache>,
    caller: &'a CallerKey,
    now: Timestamp,
}

impl Asking<'_> {
    /// D1; and where it does not answer, rather what was true a while ago than nothing at all, as long as the operator
    /// allows it: what the isolate knows, else the copy.
    async fn whoever_answers(&self, stale_if_error: Duration) -> Result<Admitted, Refusal> {
        let stale = self.cache.borrow().stale(self.caller, self.now, stale_if_error).cloned();
        let is_spared = self.cache.borrow().spares_d1(self.now);
        if let (Some(known), true) = (&stale, is_spared) {
            return Ok(known.clone().into());
        }
        match self.database().await {
            Ok(admitted) => Ok(admitted),
            Err(Unread::Refused(refusal)) => Err(refusal),
            Err(Unread::Away(error)) => {
                self.cache.borrow_mut().note_away(self.now);
                match stale {
                    Some(known) => Ok(known.into()),
                    None => self.copy().await.ok_or_else(|| error.into()),
                }
            }
        }
    }

    async fn database(&self) -> Result<Admitted, Unread> {
        let Self { db, cache, caller, now, .. } = *self;
        let writes = cache.borrow().writes();
        let asked = match caller {
            CallerKey::Token(hash) => Caller::Token(hash),
            CallerKey::Root(project) => Caller::Root(project),
        };
        let mut known = if self.rows_are_wanted() { None } else { cache.borrow().revision(caller) };
        let mut documents = documents(db, asked, known).await?;
        let mut read = documents.read(known)?;
        if let (Some((project, revision)), None) = (&read.project, &read.rows)
            && cache.borrow().snapshot(project).is_none_or(|snapshot| snapshot.revision != *revision)
        {
            // The revision was another project's, which had the name before; or the snapshot went away meanwhile.
            known = None;
            documents = store::snapshot::documents(db, asked, known).await?;
            read = documents.read(known)?;
        }
        let holder = match (caller, &read.token) {
            (CallerKey::Root(_), _) => None,
            (CallerKey::Token(_), Some(row)) => Some(Rc::new(row.holder()?)),
            (CallerKey::Token(_), None) => {
                self.forget();
                return Err(Unread::Refused(unknown_token()));
            }
        };
        let Some((project, revision)) = read.project else {
            let message = "there is no such project: name one in `x-sluice-project`, by its id or its name";
            return Err(Unread::Refused(Refusal::new(Reason::NotFound, message).on("x-sluice-project")));
        };
        let rows_came = read.rows.is_some();
        let current = cache.borrow().snapshot(&project).filter(|snapshot| snapshot.revision == revision).cloned();
        let snapshot = match (current, read.rows) {
            // What the isolate has opened stays open.
            (Some(snapshot), _) => snapshot,
            (None, Some(rows)) => Rc::new(Snapshot::of((project, revision), rows)),
            (None, None) => {
                return Err(Unread::Away(StoreError::Away("the isolate's snapshot went away meanwhile".into())));
            }
        };
        self.keep_copies(&documents, &snapshot, rows_came);
        Ok(self.keep(holder, read.own_keys, snapshot, now, writes))
    }

    /// Whether the project's rows are asked for although the isolate has them: to be copied again.
    fn rows_are_wanted(&self) -> bool {
        let cache = self.cache.borrow();
        let wanted = |copies: &Copies<'_>| {
            let project = cache.project(self.caller)?;
            Some(cache.rows_copy_is_due(project, self.now, copies.lag()))
        };
        self.copies.as_ref().and_then(wanted).unwrap_or_default()
    }

    fn keep_copies(&self, documents: &Documents, snapshot: &Snapshot, rows_came: bool) {
        let Some(copies) = &self.copies else { return };
        let (mut cache, lag) = (self.cache.borrow_mut(), copies.lag());
        let Snapshot { project, revision, .. } = snapshot;
        if rows_came && cache.claim_rows_copy(project, *revision, self.now, lag) {
            copies.keep_rows(project, *revision, documents.rows());
        }
        if cache.claim_caller_copy(self.caller, *revision, self.now, lag) {
            copies.keep_caller(self.caller, documents, self.now);
        }
    }

    /// A token that was known and is not any more is not to be found in a copy, either.
    fn forget(&self) {
        let was_known = self.cache.borrow_mut().forget(self.caller);
        if let Some(copies) = self.copies.as_ref().filter(|_| was_known) {
            copies.clear_caller(self.caller);
        }
    }

    async fn copy(&self) -> Option<Admitted> {
        let copies = self.copies.as_ref()?;
        let writes = self.cache.borrow().writes();
        let (documents, read_at) = copies.caller(self.caller, self.now).await?;
        let read = documents.read(None).ok()?;
        let holder = match (self.caller, &read.token) {
            (CallerKey::Root(_), _) => None,
            (CallerKey::Token(_), row) => Some(Rc::new(row.as_ref()?.holder().ok()?)),
        };
        let (project, revision) = read.project?;
        let newer = self.cache.borrow().snapshot(&project).filter(|known| known.revision >= revision).cloned();
        let snapshot = match newer {
            Some(snapshot) => snapshot,
            None => {
                let rows = copies.rows(&project, revision).await?;
                Rc::new(Snapshot::of((project, revision), documents.with_rows(rows).read(None).ok()?.rows?))
            }
        };
        Some(self.keep(holder, read.own_keys, snapshot, read_at, writes))
    }

    /// Keeps what was read at some time, the reading having begun after `writes`.
    fn keep(
        &self,
        holder: Option<Rc<TokenHolder>>,
        own_keys: Vec<SnapshotUserKey>,
        snapshot: Rc<Snapshot>,
        read_at: Timestamp,
        writes: Writes,
    ) -> Admitted {
        let open = self.cache.borrow().own_keys(self.caller).filter(|open| open.hold(&own_keys)).cloned();
        let own_keys = open.unwrap_or_else(|| Rc::new(OwnKeys::new(own_keys)));
        let admitted = Admitted { holder, own_keys, snapshot };
        self.cache.borrow_mut().keep(self.caller.clone(), &admitted, read_at, writes);
        admitted
    }
}
