//! A project as calls see it: what the isolate keeps between calls.
//!
//! Invariant: plain data. What is derived from a row (settings, the opened credential) is worked out at its first use
//! and wiped with the snapshot.

use crate::domain::advanced::{Advanced, Effective, merge};
use crate::domain::base_url::PrivateUpstreams;
use crate::domain::header_map::{CustomHeaders, api_key_text};
use crate::domain::ids::{ModelId, ProjectId, ProviderId};
use crate::domain::invalid::Invalid;
use crate::domain::kind::AuthMethod;
use crate::domain::name::key;
use crate::domain::provider::{CredentialSource, Resolved, Settings};
use crate::domain::selector::Selector;
use crate::refusal::{Reason, Refusal};
use crate::routing::sigv4::Credentials;
use crate::seal::{KeyRing, Place, Plaintext, Sealed};
use crate::store::models::PricesRow;
use crate::store::snapshot::{SnapshotModel, SnapshotProvider};
use crate::store::{providers, secrets};
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

/// A provider of the snapshot.
#[derive(Debug)]
pub struct RoutedProvider {
    row: SnapshotProvider,
    settled: OnceCell<Result<(Settings, Resolved), Refusal>>,
    credential: OnceCell<Result<Opened, Refusal>>,
}

/// A provider's credential, opened.
#[derive(Debug, Clone)]
pub enum Opened {
    /// A key for the provider's auth method.
    Key(Plaintext),
    /// A header map.
    Headers(Rc<CustomHeaders>),
    /// An AWS access key, to sign with.
    Aws(Rc<Credentials>),
    /// Keyless on purpose.
    Keyless,
}

impl RoutedProvider {
    /// Its id.
    pub fn id(&self) -> &ProviderId {
        &self.row.id
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.row.name
    }

    /// What its settings come to. Checked at call time, too: the deployment's rules may have changed since the write.
    pub fn settled(&self, private: PrivateUpstreams) -> Result<&(Settings, Resolved), Refusal> {
        let settle = || {
            let row = &self.row;
            let settings = row.settings.read().map_err(|error| {
                let mut refusal = Refusal::from(error);
                refusal.message = format!("provider `{}`: {}", row.name, refusal.message);
                refusal
            })?;
            let resolved = settings.resolve(private).map_err(|invalid| {
                Refusal::new(Reason::AddressRefused, format!("provider `{}`: {}", row.name, invalid.message))
            })?;
            Ok((settings, resolved))
        };
        self.settled.get_or_init(settle).as_ref().map_err(Clone::clone)
    }

    /// Its credential, opened at the first call and kept until the snapshot goes.
    pub fn credential(
        &self,
        project: &ProjectId,
        method: AuthMethod,
        ring: Result<&Rc<KeyRing>, Refusal>,
    ) -> Result<&Opened, Refusal> {
        self.credential.get_or_init(|| self.open(project, method, ring)).as_ref().map_err(Clone::clone)
    }

    fn open(
        &self,
        project: &ProjectId,
        method: AuthMethod,
        ring: Result<&Rc<KeyRing>, Refusal>,
    ) -> Result<Opened, Refusal> {
        let row = &self.row;
        let sealed = match row.credential_source {
            CredentialSource::Keyless => return Ok(Opened::Keyless),
            CredentialSource::Inline | CredentialSource::Headers => {
                row.credential.as_ref().map(|sealed| (sealed, providers::place(project, &row.id)))
            }
            CredentialSource::Secret => row
                .secret_value
                .as_ref()
                .zip(row.secret_id.as_ref())
                .map(|(sealed, secret)| (sealed, secrets::place(project, secret))),
            CredentialSource::Unset => None,
        };
        let Some((sealed, place)) = sealed else {
            return Err(Refusal::new(
                Reason::CredentialMissing,
                format!(
                    "provider `{}` has no credential: an admin sets one with PATCH /api/v1/providers/{1} (`api_key`, \
                     `secret_id` or `custom_headers`; `api_key: \"\"` for a server that takes none), or a user brings \
                     their own with PUT /api/v1/me/provider-keys/{1}",
                    row.name, row.id
                ),
            ));
        };
        open(sealed, &place, method, ring).map_err(|mut refusal| {
            refusal.message = format!("provider `{}`: {}", row.name, refusal.message);
            refusal
        })
    }
}

/// Opens a sealed credential and reads what the method sends.
pub(super) fn open(
    sealed: &Sealed,
    place: &Place<'_>,
    method: AuthMethod,
    ring: Result<&Rc<KeyRing>, Refusal>,
) -> Result<Opened, Refusal> {
    let plaintext = ring?.open(sealed, place)?;
    let unfit = |invalid: Invalid| {
        Refusal::new(Reason::CredentialInvalid, format!("its credential cannot be sent: {}", invalid.message))
    };
    match method {
        AuthMethod::CustomHeaders => CustomHeaders::parse_json(plaintext.expose())
            .map(|headers| Opened::Headers(Rc::new(headers)))
            .map_err(unfit),
        AuthMethod::AwsSigv4 => {
            Credentials::parse_json(plaintext.expose()).map(|key| Opened::Aws(Rc::new(key))).map_err(unfit)
        }
        _ => {
            let key = api_key_text("api_key", plaintext.expose()).map_err(unfit)?;
            Ok(Opened::Key(Plaintext::new(key.to_owned())))
        }
    }
}

/// A model of the snapshot.
#[derive(Debug)]
pub struct RoutedModel {
    row: SnapshotModel,
    effective: OnceCell<Result<Effective, Refusal>>,
}

impl RoutedModel {
    /// Its id.
    pub fn id(&self) -> &ModelId {
        &self.row.id
    }

    /// The upstream's name.
    pub fn model(&self) -> &str {
        &self.row.model
    }

    /// The public name.
    pub fn name(&self) -> Option<&str> {
        self.row.name.as_deref()
    }

    /// When it was registered, in milliseconds.
    pub fn created_at(&self) -> i64 {
        self.row.created_at
    }

    /// What its tokens cost.
    pub fn prices(&self) -> &PricesRow {
        &self.row.prices
    }
}

/// A model with its provider: one way to serve a call.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The provider.
    pub provider: Rc<RoutedProvider>,
    /// The model.
    pub model: Rc<RoutedModel>,
}

impl Candidate {
    /// `provider^model`.
    pub fn selector(&self) -> String {
        format!("{}^{}", self.provider.row.name, self.model.row.model)
    }

    /// The provider's `advanced_json` under the model's.
    pub fn effective(&self, settings: &Settings) -> Result<&Effective, Refusal> {
        let effective = || {
            let own = self.model.row.advanced.clone().map(Advanced::parse).transpose().map_err(|_| {
                Refusal::new(Reason::Internal, format!("model `{}`: `advanced_json` cannot be read", self.selector()))
            })?;
            Ok(merge(settings.advanced.as_ref(), own.as_ref()))
        };
        self.model.effective.get_or_init(effective).as_ref().map_err(Clone::clone)
    }

    fn enabled(&self) -> bool {
        self.provider.row.enabled && self.model.row.enabled
    }

    fn age(&self) -> (i64, &str) {
        (self.model.row.created_at, self.model.row.id.as_str())
    }

    /// Priority first, then the provider's default, then age.
    fn order(&self) -> (std::cmp::Reverse<i64>, std::cmp::Reverse<bool>, i64, &str) {
        let row = &self.model.row;
        (std::cmp::Reverse(row.priority), std::cmp::Reverse(row.is_default), row.created_at, row.id.as_str())
    }
}

/// A project's providers and models.
#[derive(Debug)]
pub struct Snapshot {
    /// The project.
    pub project: ProjectId,
    /// Which state of it.
    pub revision: i64,
    providers: HashMap<String, Rc<RoutedProvider>>,
    /// By lower-cased selector.
    selectors: HashMap<String, Candidate>,
    /// By lower-cased public name.
    names: HashMap<String, Candidate>,
    /// By lower-cased upstream name.
    upstream_names: HashMap<String, Vec<Candidate>>,
    /// By lower-cased provider name.
    defaults: HashMap<String, Candidate>,
    /// Lower-cased names of models without a provider.
    orphans: Vec<String>,
}

impl Snapshot {
    /// Indexes what was read.
    pub fn new(
        project: ProjectId,
        revision: i64,
        providers: Vec<SnapshotProvider>,
        models: Vec<SnapshotModel>,
    ) -> Self {
        let providers: HashMap<ProviderId, Rc<RoutedProvider>> = providers
            .into_iter()
            .map(|row| {
                let id = row.id.clone();
                (id, Rc::new(RoutedProvider { row, settled: OnceCell::new(), credential: OnceCell::new() }))
            })
            .collect();
        let mut snapshot = Self {
            project,
            revision,
            providers: providers.values().map(|provider| (key(&provider.row.name), Rc::clone(provider))).collect(),
            selectors: HashMap::with_capacity(models.len()),
            names: HashMap::new(),
            upstream_names: HashMap::with_capacity(models.len()),
            defaults: HashMap::new(),
            orphans: Vec::new(),
        };
        for row in models {
            let Some(provider) = row.provider_id.as_ref().and_then(|id| providers.get(id)) else {
                snapshot.orphans.push(key(&row.model));
                snapshot.orphans.extend(row.name.as_deref().map(key));
                continue;
            };
            let is_default = row.is_default;
            let model = Rc::new(RoutedModel { row, effective: OnceCell::new() });
            let candidate = Candidate { provider: Rc::clone(provider), model };
            snapshot.selectors.insert(selector_key(provider.name(), candidate.model.model()), candidate.clone());
            if let Some(name) = candidate.model.name() {
                snapshot.names.insert(key(name), candidate.clone());
            }
            if is_default {
                snapshot.defaults.insert(key(provider.name()), candidate.clone());
            }
            snapshot.upstream_names.entry(key(candidate.model.model())).or_default().push(candidate);
        }
        for candidates in snapshot.upstream_names.values_mut() {
            sort(candidates, |one, other| one.order().cmp(&other.order()));
        }
        snapshot
    }

    /// Who can serve a call for `requested`, best first (SPEC section 6): a selector, a public name, an upstream name
    /// over all providers, or a provider's name for its default. Nothing found is an error, never another model.
    pub fn candidates(&self, requested: &str) -> Result<Vec<Candidate>, Refusal> {
        let wanted = key(requested);
        let selector = Selector::split(requested).filter(|(provider, _)| self.providers.contains_key(&key(provider)));
        let named = match selector {
            Some((provider, model)) => self.selectors.get(&selector_key(provider, model)).map(std::slice::from_ref),
            None => self
                .names
                .get(&wanted)
                .map(std::slice::from_ref)
                .or_else(|| self.upstream_names.get(&wanted).map(Vec::as_slice))
                .or_else(|| self.defaults.get(&wanted).map(std::slice::from_ref)),
        };
        let Some(named) = named else { return Err(self.not_found(requested, &wanted)) };
        let enabled: Vec<Candidate> = named.iter().filter(|candidate| candidate.enabled()).cloned().collect();
        if !enabled.is_empty() {
            return Ok(enabled);
        }
        match named.iter().find(|candidate| !candidate.provider.row.enabled) {
            Some(candidate) => Err(disabled(&candidate.provider).on("model")),
            None => Err(self.not_found(requested, &wanted)),
        }
    }

    fn not_found(&self, requested: &str, wanted: &str) -> Refusal {
        let model = Selector::split(requested).map(|(_, model)| key(model));
        if self.orphans.iter().any(|orphan| orphan == wanted || Some(orphan) == model.as_ref()) {
            let message = format!("the provider of model `{requested}` was deleted: an admin can attach it to another");
            return Refusal::new(Reason::ModelOrphaned, message).on("model");
        }
        // What a client sent comes back shortened: it may be anything.
        let shown: String = requested.chars().take(200).collect();
        let message = if shown.is_empty() {
            "the request names no model: send `model`, as GET /v1/models lists them".to_owned()
        } else {
            format!("there is no model `{shown}` here: GET /v1/models lists those that this token may call")
        };
        Refusal::new(Reason::ModelNotFound, message).on("model")
    }

    /// A provider by name, for a raw pass-through.
    pub fn provider(&self, name: &str) -> Result<&Rc<RoutedProvider>, Refusal> {
        match self.providers.get(&key(name)) {
            Some(provider) if provider.row.enabled => Ok(provider),
            Some(provider) => Err(disabled(provider)),
            None => {
                let shown: String = name.chars().take(200).collect();
                Err(Refusal::new(Reason::NotFound, format!("there is no provider `{shown}` here")))
            }
        }
    }

    /// A provider by id, switched on or off.
    pub fn account(&self, id: &ProviderId) -> Option<&Rc<RoutedProvider>> {
        self.providers.values().find(|provider| provider.id() == id)
    }

    /// A model by id, switched on or off; none if it is orphaned.
    pub fn model(&self, id: &ModelId) -> Option<&Candidate> {
        self.selectors.values().find(|candidate| candidate.model.id() == id)
    }

    /// Everything that can be called, oldest first.
    pub fn selectable(&self) -> Vec<Candidate> {
        let mut all: Vec<_> = self.selectors.values().filter(|candidate| candidate.enabled()).cloned().collect();
        sort(&mut all, |one, other| one.age().cmp(&other.age()));
        all
    }
}

/// Sorts for any order: the algorithm is in the Worker once.
#[inline(never)]
fn sort(candidates: &mut [Candidate], order: fn(&Candidate, &Candidate) -> Ordering) {
    candidates.sort_by(order);
}

/// Each side is lower-cased for itself: how a letter folds may hang on the one after it (`Σ` at a word's end).
fn selector_key(provider: &str, model: &str) -> String {
    format!("{}^{}", key(provider), key(model))
}

fn disabled(provider: &RoutedProvider) -> Refusal {
    let message = format!("provider `{}` is disabled: an admin can enable it again", provider.name());
    Refusal::new(Reason::ProviderDisabled, message)
}
