//! A project as calls see it: what the isolate keeps between calls.
//!
//! Invariant: plain data. What is derived from a row (settings, the opened credential) is worked out at its first use
//! and wiped with the snapshot.

use super::candidate::{Candidate, RoutedModel};
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
use crate::store::extensions::SnapshotExtension;
use crate::store::snapshot::{ProjectRows, SnapshotModel, SnapshotProvider};
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

    /// Whether it is switched on.
    pub fn is_enabled(&self) -> bool {
        self.row.enabled
    }

    /// Where its own credential is.
    pub fn credential_source(&self) -> CredentialSource {
        self.row.credential_source
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
    /// Those with a `when`: what `auto` looks through.
    conditional: Vec<Candidate>,
    /// Lower-cased names of models without a provider.
    orphans: Vec<String>,
    /// What its calls go through, in this order.
    pub extensions: Vec<SnapshotExtension>,
}

/// How a request's model is understood (SPEC section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// As `provider^model`.
    Selector,
    /// As a model's public name.
    PublicName,
    /// As what upstreams call it, whichever provider has it.
    UpstreamName,
    /// As a provider's name, which stands for its default model.
    ProviderName,
    /// Not at all: it is `auto`, empty or absent, and the gateway chooses.
    Auto,
}

impl Naming {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Selector, Self::PublicName, Self::UpstreamName, Self::ProviderName, Self::Auto];

    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Selector => "selector",
            Self::PublicName => "public_name",
            Self::UpstreamName => "upstream_name",
            Self::ProviderName => "provider_name",
            Self::Auto => "auto",
        }
    }
}

/// What a request says where the gateway is to choose.
const AUTO: &str = "auto";

impl Snapshot {
    /// Indexes a project's rows.
    pub fn of((project, revision): (ProjectId, i64), (providers, models, extensions): ProjectRows) -> Self {
        Self { extensions, ..Self::new(project, revision, providers, models) }
    }

    fn new(project: ProjectId, revision: i64, providers: Vec<SnapshotProvider>, models: Vec<SnapshotModel>) -> Self {
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
            conditional: Vec::new(),
            orphans: Vec::new(),
            extensions: Vec::new(),
        };
        for row in models {
            let Some(provider) = row.provider_id.as_ref().and_then(|id| providers.get(id)) else {
                snapshot.orphans.push(key(&row.model));
                snapshot.orphans.extend(row.name.as_deref().map(key));
                continue;
            };
            let (is_default, is_conditional) = (row.is_default, row.when.is_some());
            let model = Rc::new(RoutedModel::new(row));
            let candidate = Candidate { provider: Rc::clone(provider), model };
            snapshot.selectors.insert(selector_key(provider.name(), candidate.model.model()), candidate.clone());
            if let Some(name) = candidate.model.name() {
                snapshot.names.insert(key(name), candidate.clone());
            }
            if is_default {
                snapshot.defaults.insert(key(provider.name()), candidate.clone());
            }
            if is_conditional {
                snapshot.conditional.push(candidate.clone());
            }
            snapshot.upstream_names.entry(key(candidate.model.model())).or_default().push(candidate);
        }
        for candidates in snapshot.upstream_names.values_mut().chain([&mut snapshot.conditional]) {
            sort(candidates, by_order);
        }
        snapshot
    }

    /// Who goes by what a request asks for, in its models' order, switched on or not: a selector, a public name, an upstream name
    /// over all providers, or a provider's name for its default. Nothing found is an error, never another model.
    pub(super) fn named(&self, requested: &str) -> Result<(Naming, &[Candidate]), Refusal> {
        let wanted = key(requested);
        let one = std::slice::from_ref;
        let selector = Selector::split(requested).filter(|(provider, _)| self.providers.contains_key(&key(provider)));
        let named = match selector {
            Some((provider, model)) => {
                self.selectors.get(&selector_key(provider, model)).map(|found| (Naming::Selector, one(found)))
            }
            None => (self.names.get(&wanted).map(|found| (Naming::PublicName, one(found))))
                .or_else(|| Some((Naming::UpstreamName, self.upstream_names.get(&wanted)?.as_slice())))
                .or_else(|| Some((Naming::ProviderName, one(self.defaults.get(&wanted)?))))
                .or_else(|| (wanted.is_empty() || wanted == AUTO).then_some((Naming::Auto, &*self.conditional))),
        };
        named.ok_or_else(|| self.not_found(requested))
    }

    /// Every provider's default, in the models' order.
    pub(super) fn defaults(&self) -> Vec<Candidate> {
        let mut defaults: Vec<Candidate> = self.defaults.values().cloned().collect();
        sort(&mut defaults, by_order);
        defaults
    }

    /// The model of a selector, switched on or not.
    pub(super) fn selected(&self, selector: &str) -> Option<&Candidate> {
        let (provider, model) = Selector::split(selector)?;
        self.selectors.get(&selector_key(provider, model))
    }

    pub(super) fn not_found(&self, requested: &str) -> Refusal {
        let (wanted, model) = (key(requested), Selector::split(requested).map(|(_, model)| key(model)));
        if self.orphans.iter().any(|orphan| *orphan == wanted || Some(orphan) == model.as_ref()) {
            let message = format!("the provider of model `{requested}` was deleted: an admin can attach it to another");
            return Refusal::new(Reason::ModelOrphaned, message).on("model");
        }
        // What a client sent comes back shortened: it may be anything.
        let shown: String = requested.chars().take(200).collect();
        let message = if wanted.is_empty() || wanted == AUTO {
            "the request names no model, no model's `when` matches it, and there is no default that this token may call: \
             send `model`, as GET /v1/models lists them"
                .to_owned()
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
        let mut all: Vec<_> = self.selectors.values().filter(|candidate| candidate.is_enabled()).cloned().collect();
        sort(&mut all, |one, other| one.age().cmp(&other.age()));
        all
    }
}

/// Sorts for any order: the algorithm is in the Worker once.
#[inline(never)]
fn sort(candidates: &mut [Candidate], order: fn(&Candidate, &Candidate) -> Ordering) {
    candidates.sort_by(order);
}

fn by_order(one: &Candidate, other: &Candidate) -> Ordering {
    one.order().cmp(&other.order())
}

/// Each side is lower-cased for itself: how a letter folds may hang on the one after it (`Σ` at a word's end).
fn selector_key(provider: &str, model: &str) -> String {
    format!("{}^{}", key(provider), key(model))
}

pub(super) fn disabled(provider: &RoutedProvider) -> Refusal {
    let message = format!("provider `{}` is disabled: an admin can enable it again", provider.name());
    Refusal::new(Reason::ProviderDisabled, message)
}
