//! What is done: one request that makes, changes or removes.

use super::{Change, Resource, orphan};
use crate::api::{Answer, Client, Failure, Sent};
use crate::diagnostics::{Diagnostics, Path};
use crate::fingerprint;
use crate::schema::Attribute;
use crate::value::{Object, Value, at, from_api, is_same, to_api};
use http::Method;
use serde_json::{Map, Value as Json};

/// How often a change is tried whose object somebody else changes at the same moment.
const MOST_RACES: usize = 5;

/// Makes, changes or removes; the state after, `None` where there is nothing any more.
pub async fn apply(
    resource: &Resource,
    client: &Client,
    prior: Option<&Object>,
    planned: Option<&Object>,
    config: Option<&Object>,
    diagnostics: &mut Diagnostics,
) -> Option<Object> {
    let nothing = Object::new();
    let config = config.unwrap_or(&nothing);
    let (what, done) = match (prior, planned) {
        (None, None) => return None,
        (None, Some(planned)) => {
            let change = Change { config, prior: None, planned };
            ("make", create(resource, client, change).await)
        }
        (Some(prior), Some(planned)) => {
            let change = Change { config, prior: Some(prior), planned };
            match update(resource, client, change, prior, diagnostics).await {
                Ok(None) => return Some(prior.clone()),
                Ok(Some(answer)) => ("change", Ok(answer)),
                Err(failure) => ("change", Err(failure)),
            }
        }
        (Some(prior), None) => return remove(resource, client, prior, diagnostics).await,
    };
    match (done, planned) {
        (Ok(answer), Some(planned)) => {
            let change = Change { config, prior, planned };
            Some(after(resource, change, &answer.body, diagnostics))
        }
        (Err(failure), _) => {
            failure.tell(
                resource.attributes,
                &format!("{what} {}", resource.named(planned.unwrap_or(&nothing))),
                "",
                diagnostics,
            );
            prior.cloned()
        }
        (Ok(_), None) => None,
    }
}

async fn create(resource: &Resource, client: &Client, change: Change<'_>) -> Result<Answer, Failure> {
    let mut body = Map::new();
    for attribute in resource.attributes.iter().filter(|attribute| attribute.is_written()) {
        let value = source(attribute, change);
        if value.is_given() && Some(attribute.name) != resource.parent {
            body.insert(attribute.field.to_owned(), to_api(attribute.kind, value));
        }
    }
    let body = Json::Object(body);
    client.send(Method::POST, &(resource.collection)(change.planned), Sent { body: Some(&body), tag: None }).await
}

/// Where an attribute's new value is: a sealed one is in the configuration only.
fn source<'c>(attribute: &Attribute, change: Change<'c>) -> &'c Value {
    at(if attribute.seal().is_some() { change.config } else { change.planned }, attribute.name)
}

/// Changes what differs, if all that the configuration speaks of still is as it was planned upon; `None` after it told
/// why not.
async fn update(
    resource: &Resource,
    client: &Client,
    change: Change<'_>,
    prior: &Object,
    diagnostics: &mut Diagnostics,
) -> Result<Option<Answer>, Failure> {
    // Of an orphan the prior state has no provider; of others both have the same.
    let path = resource.path(change.planned);
    let mut overtaken = None;
    for _ in 0..MOST_RACES {
        let current = client.get(&path).await?;
        let moved = moved(resource, change, prior, &current.body);
        if !moved.is_empty() {
            for name in moved {
                let detail = format!(
                    "{name} of {} is no longer what the plan was made upon, so that nothing was changed: plan again.",
                    resource.noun
                );
                diagnostics.error(&Path::of(name), "Somebody else has changed it since the plan", detail);
            }
            return Ok(None);
        }
        let mut body = changes(resource, change, &current.body);
        if body.is_empty() {
            return Ok(Some(current));
        }
        (resource.along)(&mut body, change);
        let body = Json::Object(body);
        match client.send(Method::PATCH, &path, Sent { body: Some(&body), tag: current.tag.as_deref() }).await {
            Err(failure) if failure.is_overtaken() => overtaken = Some(failure),
            done => return done.map(Some),
        }
    }
    Err(overtaken.unwrap_or_else(|| Failure::Unreachable("It never stayed as it was.".into())))
}

/// The attributes that the configuration speaks of and that are neither as they were nor as they shall be.
fn moved(resource: &Resource, change: Change<'_>, prior: &Object, current: &Json) -> Vec<&'static str> {
    let is_moved = |attribute: &&Attribute| {
        let Some(shown) = current.get(attribute.field).filter(|_| attribute.is_written() && attribute.is_shown())
        else {
            return false;
        };
        let shown = from_api(attribute.kind, shown);
        let is = |value: &Value| is_same(attribute.kind, value, &shown);
        at(change.config, attribute.name).is_given()
            && !is(at(prior, attribute.name))
            && !is(at(change.planned, attribute.name))
    };
    resource.attributes.iter().filter(is_moved).map(|attribute| attribute.name).collect()
}

/// The body that makes what there is what shall be.
fn changes(resource: &Resource, change: Change<'_>, current: &Json) -> Map<String, Json> {
    let mut body = Map::new();
    for attribute in resource.attributes.iter().filter(|attribute| attribute.is_written()) {
        let value = source(attribute, change);
        let is_due = match attribute.seal() {
            // Only a value whose hash is not known yet is another one.
            Some(seal) => value.is_given() && *at(change.planned, seal.hash) == Value::Unknown,
            None => {
                let shown = current.get(attribute.field).map_or(Value::Null, |shown| from_api(attribute.kind, shown));
                value.is_known() && !is_same(attribute.kind, value, &shown)
            }
        };
        let is_orphan = current.get(attribute.field).is_none_or(Json::is_null);
        if is_due && (is_orphan || Some(attribute.name) != resource.parent) {
            body.insert(attribute.field.to_owned(), to_api(attribute.kind, value));
        }
    }
    body
}

/// The state after: what was planned, and for the rest what Sluice says.
fn after(resource: &Resource, change: Change<'_>, json: &Json, diagnostics: &mut Diagnostics) -> Object {
    let mut state = change.planned.clone();
    for attribute in resource.attributes {
        if attribute.seal().is_some() {
            continue;
        }
        let planned = at(change.planned, attribute.name);
        let shown = match json.get(attribute.field) {
            Some(shown) if attribute.is_shown() => from_api(attribute.kind, shown),
            _ if planned.is_known() => continue,
            _ => Value::Null,
        };
        if planned.is_known() {
            if attribute.is_written()
                && !is_same(attribute.kind, planned, &shown)
                && at(change.config, attribute.name).is_given()
            {
                let detail = format!(
                    "Sluice keeps another value of {} than the configuration has: the next plan will show it.",
                    attribute.name
                );
                diagnostics.warning(&Path::of(attribute.name), "A value did not last", detail);
            }
        } else {
            state.insert(attribute.name.to_owned(), shown);
        }
    }
    for attribute in resource.attributes {
        let Some(seal) = attribute.seal().filter(|seal| *at(change.planned, seal.hash) == Value::Unknown) else {
            continue;
        };
        let hash = fingerprint::of(attribute.kind, at(change.config, attribute.name));
        state.insert(seal.hash.to_owned(), hash.map_or(Value::Null, Value::Text));
    }
    state
}

/// Removes; the state stays where that was refused.
async fn remove(resource: &Resource, client: &Client, prior: &Object, diagnostics: &mut Diagnostics) -> Option<Object> {
    let (query, way_out) = (resource.deletion)(prior);
    let is_orphan = resource.parent.is_some_and(|parent| at(prior, parent).is_null());
    let path = if is_orphan { orphan::path(client, prior).await } else { Ok(Some(resource.path(prior))) };
    let done = match path {
        Ok(Some(path)) => client.send(Method::DELETE, &format!("{path}{query}"), Sent::default()).await.map(|_| ()),
        Ok(None) => Ok(()),
        Err(failure) => Err(failure),
    };
    match done {
        Ok(()) => None,
        Err(failure) if failure.is_gone() => None,
        Err(failure) => {
            let in_use = matches!(&failure, Failure::Refused(refused) if refused.status == 409);
            let way_out = if in_use { way_out } else { "" };
            failure.tell(resource.attributes, &format!("delete {}", resource.named(prior)), way_out, diagnostics);
            Some(prior.clone())
        }
    }
}
