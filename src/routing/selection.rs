//! Who serves a call, in which order, and why (SPEC section 6, "Choosing the model").
//!
//! Invariant: the order is total and hangs on the request, the rows and one random number, on nothing else. A call and
//! an explanation of it are the same [`Selection`].

use super::candidate::{Candidate, Condition};
use super::snapshot::{Naming, Snapshot, disabled};
use crate::domain::ids::ProviderId;
use crate::domain::when::Attributes;
use crate::refusal::Refusal;

/// A model that was looked at, and what became of it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The model.
    pub candidate: Candidate,
    /// Whether it may serve the call.
    pub verdict: Verdict,
}

/// What became of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may serve the call.
    Kept(Kept),
    /// It may not.
    Dropped(Dropped),
}

/// Why a model may serve a call; the better reasons first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// Its `when` matches.
    WhenMatched,
    /// It was asked for, and has no `when`.
    Unconditional,
    /// It is the default of the provider that was asked for, or of the project.
    Default,
    /// Its `when` does not match, but neither does any other's.
    NoneMatched,
    /// A model before it names it in `fallbacks`.
    Fallback,
}

/// Why a model may not serve a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// Its provider is switched off.
    ProviderDisabled,
    /// It is switched off itself.
    ModelDisabled,
    /// The token may not call it.
    NotAllowed,
    /// Its `when` does not match.
    WhenUnmatched,
    /// Its stored `when` cannot be read.
    WhenUnreadable,
    /// Another default has a higher priority.
    LowerPriority,
    /// The request carries what only another provider can read back.
    OtherIssuer,
    /// It is in the order already.
    Repeated,
}

impl Kept {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::WhenMatched, Self::Unconditional, Self::Default, Self::NoneMatched, Self::Fallback];

    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WhenMatched => "when_matched",
            Self::Unconditional => "unconditional",
            Self::Default => "default",
            Self::NoneMatched => "none_matched",
            Self::Fallback => "fallback",
        }
    }
}

impl Dropped {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ProviderDisabled,
        Self::ModelDisabled,
        Self::NotAllowed,
        Self::WhenUnmatched,
        Self::WhenUnreadable,
        Self::LowerPriority,
        Self::OtherIssuer,
        Self::Repeated,
    ];

    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ProviderDisabled => "provider_disabled",
            Self::ModelDisabled => "model_disabled",
            Self::NotAllowed => "not_allowed",
            Self::WhenUnmatched => "when_unmatched",
            Self::WhenUnreadable => "when_unreadable",
            Self::LowerPriority => "lower_priority",
            Self::OtherIssuer => "other_issuer",
            Self::Repeated => "repeated",
        }
    }
}

/// Everything that was looked at.
#[derive(Debug, Clone)]
pub struct Selection {
    /// How the request's model was understood.
    pub naming: Naming,
    /// Who goes by it: first what may serve the call, best first, then what may not.
    pub entries: Vec<Entry>,
    /// Whom those before name in `fallbacks`, in that order.
    pub fallbacks: Vec<Entry>,
    /// Selectors among them that no model has.
    pub unknown_fallbacks: Vec<String>,
}

/// Why nothing may serve a call.
#[derive(Debug)]
pub enum Nothing {
    /// As the refusal says.
    Refused(Refusal),
    /// There is something, and the token may not call it.
    NotAllowed,
}

/// The rights and the request that a selection goes by.
pub struct Asking<'a> {
    /// The request's `model`; empty where it has none.
    pub model: &'a str,
    /// What `when` may ask of it. Nothing is read that no model asks for.
    pub request: &'a dyn Attributes,
    /// Whether the token may call a model.
    pub may_call: &'a dyn Fn(&Candidate) -> bool,
}

impl Selection {
    /// Looks at whoever goes by the request's model. Equals stand in a fixed order: [`Self::draw`] comes next.
    pub fn of(snapshot: &Snapshot, asking: &Asking<'_>) -> Result<Self, Nothing> {
        let (naming, named) = snapshot.named(asking.model).map_err(Nothing::Refused)?;
        let judge = |candidate: &Candidate| {
            let verdict = match out_of_reach(candidate, asking.may_call) {
                Some(dropped) => Verdict::Dropped(dropped),
                None if naming == Naming::ProviderName => Verdict::Kept(Kept::Default),
                None => by_condition(candidate, asking.request),
            };
            Entry { candidate: candidate.clone(), verdict }
        };
        let mut entries: Vec<Entry> = match naming {
            // Without a condition a model is never chosen unasked.
            Naming::Auto => named.iter().filter(|candidate| has_condition(candidate)).map(judge).collect(),
            _ => named.iter().map(judge).collect(),
        };
        if !entries.iter().any(Entry::is_kept) {
            match naming {
                Naming::Auto => {
                    let defaults = defaults(snapshot, asking.may_call);
                    let is_default = |entry: &Entry| defaults.iter().any(|default| default.is_of(&entry.candidate));
                    entries.retain(|entry| !is_default(entry));
                    entries.extend(defaults);
                }
                _ => keep_all_unmatched(&mut entries),
            }
        }
        if !entries.iter().any(Entry::is_kept) {
            return Err(nothing(snapshot, naming, &entries, asking.model));
        }
        Ok(Self { naming, entries: ranked(&entries), fallbacks: Vec::new(), unknown_fallbacks: Vec::new() })
    }

    /// Leaves those of one provider, where there are any: of the last issuer that is among them. `issuers` is who made
    /// what the request carries and only its maker can read, the latest last.
    pub fn narrow(&mut self, issuers: &[ProviderId]) {
        let kept = |issuer: &&ProviderId| self.order().any(|candidate| candidate.provider.id() == *issuer);
        let Some(issuer) = issuers.iter().rev().find(kept) else { return };
        for entry in self.entries.iter_mut().filter(|entry| entry.is_kept()) {
            if entry.candidate.provider.id() != issuer {
                entry.verdict = Verdict::Dropped(Dropped::OtherIssuer);
            }
        }
        self.entries = ranked(&self.entries);
    }

    /// Puts equals into a random order in which each is the first as often as its weight is of theirs. `random` is asked
    /// once, and only where there are equals.
    pub fn draw<E>(&mut self, random: impl FnOnce() -> Result<u64, E>) -> Result<(), E> {
        let mut groups = self.groups_mut().filter(|group| group.len() > 1).peekable();
        if groups.peek().is_none() {
            return Ok(());
        }
        let mut random = SplitMix(random()?);
        for group in groups {
            for at in 0..group.len() {
                let Some(rest) = group.get_mut(at..) else { break };
                let chosen = pick(rest, random.fraction());
                // The others stay in their order.
                if let Some(before) = rest.get_mut(..=chosen) {
                    before.rotate_right(1);
                }
            }
        }
        Ok(())
    }

    /// Adds the fallbacks of those that may serve the call, in their order, each once. Fallbacks' own are not followed:
    /// the order that an operator wrote stays the order that is tried.
    pub fn add_fallbacks(&mut self, snapshot: &Snapshot, may_call: &dyn Fn(&Candidate) -> bool) {
        let candidates: Vec<Candidate> = self.order().cloned().collect();
        for selector in candidates.iter().flat_map(|candidate| candidate.model.fallbacks()) {
            let Some(candidate) = snapshot.selected(selector).cloned() else {
                self.unknown_fallbacks.push(selector.to_owned());
                continue;
            };
            let is_repeated = self.order().any(|known| known.model.id() == candidate.model.id());
            let verdict = match out_of_reach(&candidate, may_call) {
                _ if is_repeated => Verdict::Dropped(Dropped::Repeated),
                Some(dropped) => Verdict::Dropped(dropped),
                None => Verdict::Kept(Kept::Fallback),
            };
            self.fallbacks.push(Entry { candidate, verdict });
        }
    }

    /// Those that may serve the call, in the order in which they are tried.
    pub fn order(&self) -> impl Iterator<Item = &Candidate> {
        let all = self.entries.iter().chain(&self.fallbacks);
        all.filter(|entry| entry.is_kept()).map(|entry| &entry.candidate)
    }

    /// How often an entry comes first among its equals, from 0 to 1; `None` for what may not serve the call.
    pub fn share(&self, entry: &Entry) -> Option<f64> {
        let rank = entry.rank()?;
        let equals = self.entries.iter().filter(|other| other.rank() == Some(rank));
        let total: f64 = equals.map(|other| other.candidate.model.weight()).sum();
        Some(entry.candidate.model.weight() / total)
    }

    fn groups_mut(&mut self) -> impl Iterator<Item = &mut [Entry]> {
        self.entries.chunk_by_mut(|one, other| one.rank().is_some() && one.rank() == other.rank())
    }
}

impl Entry {
    /// Whether it may serve the call.
    pub fn is_kept(&self) -> bool {
        matches!(self.verdict, Verdict::Kept(_))
    }

    fn is_of(&self, candidate: &Candidate) -> bool {
        self.candidate.model.id() == candidate.model.id()
    }

    /// What equals have in common.
    fn rank(&self) -> Option<(Kept, i64)> {
        match self.verdict {
            Verdict::Kept(why) => Some((why, self.candidate.model.priority())),
            Verdict::Dropped(_) => None,
        }
    }

    fn why(&self) -> Option<Kept> {
        self.rank().map(|(why, _)| why)
    }
}

/// What may serve the call comes first, and for the better reason; else the order stays, which is that of the models.
fn ranked(entries: &[Entry]) -> Vec<Entry> {
    let whys = Kept::ALL.map(Some).into_iter().chain([None]);
    whys.flat_map(|why| entries.iter().filter(move |entry| entry.why() == why)).cloned().collect()
}

/// What keeps a model from anybody, or from this caller.
fn out_of_reach(candidate: &Candidate, may_call: &dyn Fn(&Candidate) -> bool) -> Option<Dropped> {
    if !candidate.provider.is_enabled() {
        Some(Dropped::ProviderDisabled)
    } else if !candidate.model.is_enabled() {
        Some(Dropped::ModelDisabled)
    } else if !may_call(candidate) {
        Some(Dropped::NotAllowed)
    } else {
        None
    }
}

fn has_condition(candidate: &Candidate) -> bool {
    !matches!(candidate.model.condition(), Condition::None)
}

fn by_condition(candidate: &Candidate, request: &dyn Attributes) -> Verdict {
    match candidate.model.condition() {
        Condition::None => Verdict::Kept(Kept::Unconditional),
        Condition::When(when) if when.matches(request) => Verdict::Kept(Kept::WhenMatched),
        Condition::When(_) => Verdict::Dropped(Dropped::WhenUnmatched),
        Condition::Unreadable => Verdict::Dropped(Dropped::WhenUnreadable),
    }
}

/// Who was asked for by name is not refused for its `when`.
fn keep_all_unmatched(entries: &mut [Entry]) {
    for entry in entries {
        if matches!(entry.verdict, Verdict::Dropped(Dropped::WhenUnmatched | Dropped::WhenUnreadable)) {
            entry.verdict = Verdict::Kept(Kept::NoneMatched);
        }
    }
}

/// The defaults of the project: those of the highest priority may serve the call.
fn defaults(snapshot: &Snapshot, may_call: &dyn Fn(&Candidate) -> bool) -> Vec<Entry> {
    let defaults = snapshot.defaults();
    let within = |candidate: &&Candidate| out_of_reach(candidate, may_call).is_none();
    let highest = defaults.iter().filter(within).map(|candidate| candidate.model.priority()).max();
    let judge = |candidate: &Candidate| {
        let verdict = match out_of_reach(candidate, may_call) {
            Some(dropped) => Verdict::Dropped(dropped),
            None if Some(candidate.model.priority()) == highest => Verdict::Kept(Kept::Default),
            None => Verdict::Dropped(Dropped::LowerPriority),
        };
        Entry { candidate: candidate.clone(), verdict }
    };
    defaults.iter().map(judge).collect()
}

fn nothing(snapshot: &Snapshot, naming: Naming, entries: &[Entry], requested: &str) -> Nothing {
    let of = |why: Dropped| entries.iter().find(|entry| entry.verdict == Verdict::Dropped(why));
    if of(Dropped::NotAllowed).is_some() && naming != Naming::Auto {
        return Nothing::NotAllowed;
    }
    match of(Dropped::ProviderDisabled).filter(|_| naming != Naming::Auto) {
        Some(entry) => Nothing::Refused(disabled(&entry.candidate.provider).on("model")),
        None => Nothing::Refused(snapshot.not_found(requested)),
    }
}

/// The one that a fraction of the whole weight falls on.
fn pick(equals: &[Entry], fraction: f64) -> usize {
    let weight = |entry: &Entry| entry.candidate.model.weight();
    let mut left = fraction * equals.iter().map(weight).sum::<f64>();
    for (at, entry) in equals.iter().enumerate() {
        left -= weight(entry);
        if left < 0.0 {
            return at;
        }
    }
    // What rounding left over belongs to the last one.
    equals.len().saturating_sub(1)
}

/// SplitMix64: many draws out of one random number (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators,
/// 2014). Nothing secret hangs on it.
struct SplitMix(u64);

impl SplitMix {
    /// From 0 to below 1.
    fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        #[expect(clippy::cast_precision_loss, reason = "53 bits are what a double holds exactly")]
        let whole = (mixed >> 11) as f64;
        whole / 9_007_199_254_740_992.0
    }
}
