//! What a change will come to, before anything is done.

use super::{Change, Resource};
use crate::diagnostics::{Diagnostics, Path};
use crate::fingerprint;
use crate::plugin::messages::AttributePath;
use crate::schema::{Attribute, Given};
use crate::value::{Object, Value, at, from_api, is_same};

/// A plan.
pub struct Planned {
    /// What there will be, as far as it is known.
    pub state: Object,
    /// The attributes that take another object.
    pub replacing: Vec<AttributePath>,
}

/// Plans a creation, or a change of `prior`. `proposed` is Terraform's own idea: the configuration, and what was
/// computed before where that says nothing.
pub fn plan(
    resource: &Resource,
    prior: Option<&Object>,
    proposed: &Object,
    config: &Object,
    diagnostics: &mut Diagnostics,
) -> Planned {
    // Parts that were not known when the configuration was validated may be known now.
    resource.validate(config, diagnostics);
    let mut state: Object = resource
        .attributes
        .iter()
        .map(|attribute| (attribute.name.to_owned(), settled(attribute, prior, proposed, config)))
        .collect();
    for attribute in resource.attributes {
        let Some(seal) = attribute.seal() else { continue };
        let value = at(config, attribute.name);
        let kept = prior.map_or(&Value::Null, |prior| at(prior, seal.hash));
        let hash = match (value, kept) {
            (Value::Null, _) => Value::Null,
            (value, Value::Text(kept)) if value.is_known() && fingerprint::fits(kept, attribute.kind, value) => {
                Value::Text(kept.clone())
            }
            _ => Value::Unknown,
        };
        state.insert(seal.hash.to_owned(), hash);
    }
    let before = state.clone();
    (resource.settle)(&mut state, Change { config, prior, planned: &before });

    if let Some(prior) = prior {
        let changed = |name: &str| at(&state, name) != at(prior, name);
        let follow: Vec<&str> = resource
            .attributes
            .iter()
            .filter(|attribute| {
                at(config, attribute.name).is_null() && attribute.follows.iter().any(|name| changed(name))
            })
            .map(|attribute| attribute.name)
            .collect();
        state.extend(follow.into_iter().map(|name| (name.to_owned(), Value::Unknown)));
    }
    let replaced = |attribute: &&Attribute| {
        let before = prior.map_or(&Value::Null, |prior| at(prior, attribute.name));
        // An orphan is given to another provider as it is.
        let is_adopted = Some(attribute.name) == resource.parent && before.is_null();
        attribute.replaces && prior.is_some() && !is_adopted && before != at(&state, attribute.name)
    };
    let replacing =
        resource.attributes.iter().filter(replaced).filter_map(|attribute| Path::of(attribute.name).message());
    Planned { replacing: replacing.collect(), state }
}

/// One attribute by itself.
fn settled(attribute: &Attribute, prior: Option<&Object>, proposed: &Object, config: &Object) -> Value {
    let (given, before) = (at(config, attribute.name), prior.map(|prior| at(prior, attribute.name)));
    if attribute.seal().is_some() {
        // Null where Terraform keeps it for itself.
        return at(proposed, attribute.name).clone();
    }
    match before {
        // Another spelling of what is there is no change.
        Some(before) if !given.is_null() && is_same(attribute.kind, given, before) => before.clone(),
        _ if !given.is_null() => at(proposed, attribute.name).clone(),
        _ if !attribute.default.is_empty() => default(attribute),
        Some(before) if matches!(attribute.given, Given::Never | Given::Either) => before.clone(),
        None if matches!(attribute.given, Given::Never | Given::Either) && !attribute.field.is_empty() => {
            Value::Unknown
        }
        _ => Value::Null,
    }
}

fn default(attribute: &Attribute) -> Value {
    serde_json::from_str(attribute.default).map_or(Value::Null, |json| from_api(attribute.kind, &json))
}
