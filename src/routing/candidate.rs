//! A model with its provider, as calls see them.
//!
//! Invariant: plain data. What is derived from a row is worked out at its first use.

use super::snapshot::RoutedProvider;
use crate::domain::advanced::{Advanced, Effective, merge};
use crate::domain::ids::ModelId;
use crate::domain::provider::Settings;
use crate::domain::when::When;
use crate::refusal::{Reason, Refusal};
use crate::store::models::PricesRow;
use crate::store::snapshot::SnapshotModel;
use serde_json::Value;
use std::cell::OnceCell;
use std::cmp::Reverse;
use std::rc::Rc;

/// A model of the snapshot.
#[derive(Debug)]
pub struct RoutedModel {
    row: SnapshotModel,
    effective: OnceCell<Result<Effective, Refusal>>,
    condition: OnceCell<Condition>,
}

/// Under which requests a model is chosen before others.
#[derive(Debug)]
pub enum Condition {
    /// Any: its `when` is absent or empty.
    None,
    /// Those that match.
    When(When),
    /// The stored `when` cannot be read, so that nothing matches it.
    Unreadable,
}

impl RoutedModel {
    pub(super) fn new(row: SnapshotModel) -> Self {
        Self { row, effective: OnceCell::new(), condition: OnceCell::new() }
    }

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

    /// Higher comes first.
    pub fn priority(&self) -> i64 {
        self.row.priority
    }

    /// Its share among equals, relative to theirs.
    pub fn weight(&self) -> f64 {
        self.row.weight
    }

    /// Whether it is its provider's default.
    pub fn is_default(&self) -> bool {
        self.row.is_default
    }

    /// Whether it is switched on; its provider may not be.
    pub fn is_enabled(&self) -> bool {
        self.row.enabled
    }

    /// The selectors that are tried after it. What is no selector, which only a hand in the database can have put
    /// there, is passed over.
    pub fn fallbacks(&self) -> impl Iterator<Item = &str> {
        self.row.fallbacks.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// Its `when`, read at the first call that asks.
    pub fn condition(&self) -> &Condition {
        self.condition.get_or_init(|| match self.row.when.clone().map(When::parse) {
            None => Condition::None,
            Some(Ok(when)) if when.is_empty() => Condition::None,
            Some(Ok(when)) => Condition::When(when),
            Some(Err(_)) => Condition::Unreadable,
        })
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
        format!("{}^{}", self.provider.name(), self.model.row.model)
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

    pub(super) fn is_enabled(&self) -> bool {
        self.provider.is_enabled() && self.model.row.enabled
    }

    pub(super) fn age(&self) -> (i64, &str) {
        (self.model.row.created_at, self.model.row.id.as_str())
    }

    /// Where it stands among others: by priority, then the provider's default, then age. Equal for none but itself.
    pub(super) fn order(&self) -> (Reverse<i64>, Reverse<bool>, i64, &str) {
        let row = &self.model.row;
        (Reverse(row.priority), Reverse(row.is_default), row.created_at, row.id.as_str())
    }
}
