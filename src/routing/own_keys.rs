//! A user's own keys as calls see them: before the provider's credential (SPEC section 6).
//!
//! Invariant: plain data, opened at its first use and wiped with the reading that brought it.

use super::snapshot::{Opened, RoutedProvider, open};
use crate::domain::ids::{ProjectId, ProviderId, UserKeyId};
use crate::domain::kind::AuthMethod;
use crate::refusal::{Reason, Refusal};
use crate::seal::{KeyRing, Sealed};
use crate::store::user_keys::{SnapshotUserKey, place};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The keys of one token's user, by provider. Empty for a token without a user, and for root.
#[derive(Debug, Default)]
pub struct OwnKeys(HashMap<ProviderId, OwnKey>);

#[derive(Debug)]
struct OwnKey {
    id: UserKeyId,
    sealed: Sealed,
    /// As a key, and as what AWS signs with: a provider's method may change under it.
    key: OnceCell<Result<Opened, Refusal>>,
    aws: OnceCell<Result<Opened, Refusal>>,
}

impl OwnKeys {
    /// Takes over what was read.
    pub fn new(rows: Vec<SnapshotUserKey>) -> Self {
        let of = |row: SnapshotUserKey| {
            let key = OwnKey { id: row.id, sealed: row.credential, key: OnceCell::new(), aws: OnceCell::new() };
            (row.provider_id, key)
        };
        Self(rows.into_iter().map(of).collect())
    }

    /// Whether these are the same keys: then what is open stays open.
    pub fn hold(&self, rows: &[SnapshotUserKey]) -> bool {
        let same = |row: &SnapshotUserKey| {
            self.0.get(&row.provider_id).is_some_and(|own| own.id == row.id && own.sealed == row.credential)
        };
        self.0.len() == rows.len() && rows.iter().all(same)
    }

    /// Which key of the user's goes to a provider, if any.
    pub fn id(&self, provider: &ProviderId) -> Option<&UserKeyId> {
        self.0.get(provider).map(|own| &own.id)
    }

    /// The user's own key for a provider, opened at the first call; `None` where there is none.
    ///
    /// # Errors
    /// A key that does not open, or does not fit the provider's method any more. The provider's credential does not
    /// take its place then: the user chose who pays.
    pub fn credential(
        &self,
        project: &ProjectId,
        provider: &RoutedProvider,
        method: AuthMethod,
        ring: Result<&Rc<KeyRing>, Refusal>,
    ) -> Option<Result<&Opened, Refusal>> {
        let own = self.0.get(provider.id())?;
        let cell = match method {
            AuthMethod::CustomHeaders | AuthMethod::None => return Some(Err(out_of_place(provider, method))),
            AuthMethod::AwsSigv4 => &own.aws,
            AuthMethod::Bearer | AuthMethod::XApiKey | AuthMethod::ApiKey | AuthMethod::XGoogApiKey => &own.key,
        };
        let opened = cell.get_or_init(|| {
            open(&own.sealed, &place(project, &own.id), method, ring).map_err(|mut refusal| {
                refusal.message = format!(
                    "your own key for provider `{}`: {}; PUT /api/v1/me/provider-keys/{} replaces it, DELETE takes it \
                     away",
                    provider.name(),
                    refusal.message,
                    provider.id()
                );
                refusal
            })
        });
        Some(opened.as_ref().map_err(Clone::clone))
    }
}

fn out_of_place(provider: &RoutedProvider, method: AuthMethod) -> Refusal {
    let message = format!(
        "your own key for provider `{}` cannot be sent: the provider's auth_method is `{}` now; DELETE \
         /api/v1/me/provider-keys/{} to call it as others do",
        provider.name(),
        method.as_str(),
        provider.id()
    );
    Refusal::new(Reason::CredentialInvalid, message)
}
