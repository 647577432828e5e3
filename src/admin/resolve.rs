//! `/api/v1/models/resolve`: who would serve a call, in which order and why, without calling anybody.
//!
//! Invariant: the answer is the selection that a call would go by, not another reckoning of it.

use super::form::check_body;
use super::{Call, Reply};
use crate::access::token::bearer;
use crate::access::{Operation, Principal, TokenHash};
use crate::domain::invalid::Invalid;
use crate::domain::protocol::Protocol;
use crate::domain::when::When;
use crate::gateway::admit::{Admitted, as_if_called};
use crate::gateway::door;
use crate::gateway::plan::{Asked, dialect, explanation, matches, when_matches};
use crate::json::{Members, json};
use crate::protocol::body::RequestBody;
use crate::refusal::Refusal;
use crate::routing::{Dropped, Entry, Selection, Verdict};
use crate::store::snapshot::Caller;
use crate::translate::media::Media;
use serde_json::Value;

/// GET says which model is asked for in `?model=`, POST is a call's whole body. Headers that a `when` may ask for come as
/// `?tags=` and `?country=`; `?when=` is a condition that is tried on the call before it is saved.
pub async fn explain(call: &Call<'_>) -> Result<Reply, Refusal> {
    let admitted = admitted(call).await?;
    let body = RequestBody::parse(request(call)?)?;
    let door = protocol(call)?;
    let (tags, country) = (call.query("tags"), call.query("country"));
    if country.as_deref().is_some_and(|country| country.chars().count() != 2) {
        return Err(Invalid::new("country", "country must be two letters, such as CH").into());
    }
    let condition = condition(call)?;
    let headers = [("x-sluice-tags", tags.as_deref()), ("cf-ipcountry", country.as_deref())];
    let asked = Asked {
        admitted: &admitted,
        deployment: call.world.deployment,
        door,
        headers: headers.into_iter().filter_map(|(name, value)| Some((name, value?))),
        body: &body,
        request: &call.request.id,
        started: call.now,
        chat_only: &Default::default(),
        media: &Media::default(),
        tags: "",
    };
    let condition_matches = condition.map(|when| matches(&asked, &when));
    let answer = |served: Served| {
        Reply::json(
            200,
            &json!({
                "model": body.model(),
                "named_by": served.named_by,
                "protocol": door.protocol.as_str(),
                "may_call": may_call(call),
                "candidates": served.candidates,
                "fallbacks": served.fallbacks,
                "unknown_fallbacks": served.unknown_fallbacks,
                "condition_matches": condition_matches,
            }),
        )
    };
    match served(call, &asked) {
        // Whether a condition matches can be told before any model would serve the call.
        Err(_) if condition_matches.is_some() => Ok(answer(Served::default())),
        served => served.map(answer),
    }
}

/// Who would serve a call.
#[derive(Default)]
struct Served {
    named_by: Option<&'static str>,
    candidates: Vec<Value>,
    fallbacks: Vec<Value>,
    unknown_fallbacks: Vec<String>,
}

fn served<'h, H>(call: &Call<'_>, asked: &Asked<'_, H>) -> Result<Served, Refusal>
where
    H: Iterator<Item = (&'h str, &'h str)> + Clone,
{
    let selection = explanation(asked)?;
    let told = |entry: &Entry| view(asked, entry);
    let shown = |entry: &&Entry| is_visible(call, entry);
    check_usable(asked, &selection)?;
    let candidates: Vec<Value> = selection
        .entries
        .iter()
        .filter(shown)
        .map(|entry| {
            let mut view = told(entry);
            if let Value::Object(fields) = &mut view {
                fields.put("share", json!(selection.share(entry)));
            }
            view
        })
        .collect();
    let fallbacks: Vec<Value> = selection.fallbacks.iter().filter(shown).map(told).collect();
    Ok(Served {
        named_by: Some(selection.naming.as_str()),
        candidates,
        fallbacks,
        unknown_fallbacks: selection.unknown_fallbacks,
    })
}

/// As a call does: the first refusal is told where none can be asked.
fn check_usable<H>(asked: &Asked<'_, H>, selection: &Selection) -> Result<(), Refusal> {
    let mut dialects = selection.order().map(|candidate| dialect(asked, candidate));
    match dialects.next().transpose() {
        Err(refusal) if dialects.all(|dialect| dialect.is_err()) => Err(refusal),
        _ => Ok(()),
    }
}

/// The call to be explained.
fn request(call: &Call<'_>) -> Result<Vec<u8>, Refusal> {
    if call.request.method == "POST" {
        check_body(call.request)?;
        return Ok(call.request.body.clone());
    }
    let model = call.query("model").ok_or_else(|| {
        Invalid::new("model", "say which model a call asks for, as in ?model=fast, or POST the call's body")
    })?;
    Ok(json!({ "model": model }).to_string().into_bytes())
}

/// The condition that is to be tried, where one is.
fn condition(call: &Call<'_>) -> Result<Option<When>, Invalid> {
    let Some(written) = call.query("when") else { return Ok(None) };
    let value = serde_json::from_str(&written)
        .map_err(|_| Invalid::new("when", "when must be a JSON object, as a model's is: ?when={\"stream\":true}"))?;
    When::parse(value).map(Some)
}

fn protocol(call: &Call<'_>) -> Result<door::CallDoor, Invalid> {
    let named = call.query("protocol");
    let protocol = match &named {
        None => Some(Protocol::ChatCompletions),
        Some(name) => Protocol::parse(name),
    };
    protocol.and_then(door::of_protocol).ok_or_else(|| {
        Invalid::new("protocol", format!("protocol must be one of {}", door::CLIENTS.map(Protocol::as_str).join(", ")))
    })
}

/// The caller as the data plane would know it; root asks for the project that `?project_id=` names.
async fn admitted(call: &Call<'_>) -> Result<Admitted, Refusal> {
    let project = call.project().await?;
    let token = call.request.authorization.as_deref().and_then(bearer).map(TokenHash::of);
    let caller = match (&call.principal, &token) {
        (Principal::Token(_), Some(hash)) => Caller::Token(hash),
        _ => Caller::Root(project.as_str()),
    };
    as_if_called(call.world.db, caller).await
}

fn may_call(call: &Call<'_>) -> bool {
    match &call.principal {
        Principal::Root => true,
        Principal::Token(holder) => holder.policy.could_permit(Operation::Invoke),
    }
}

/// What is switched off is not there for whoever cannot switch it on; and nothing is that the caller may not read.
fn is_visible(call: &Call<'_>, entry: &Entry) -> bool {
    let (provider, model) = (entry.candidate.provider.id(), entry.candidate.model.id());
    let is_off = matches!(entry.verdict, Verdict::Dropped(Dropped::ProviderDisabled | Dropped::ModelDisabled));
    (!is_off || call.manages(provider)) && call.lists(Operation::GetModel, &[provider.as_str(), model.as_str()])
}

fn view<'h, H>(asked: &Asked<'_, H>, entry: &Entry) -> Value
where
    H: Iterator<Item = (&'h str, &'h str)> + Clone,
{
    let Entry { candidate, verdict } = entry;
    let (model, provider) = (&candidate.model, &candidate.provider);
    let reason = match verdict {
        Verdict::Kept(why) => why.as_str(),
        Verdict::Dropped(why) => why.as_str(),
    };
    let (protocol, unusable) = match dialect(asked, candidate) {
        Ok(protocol) => (protocol, None),
        Err(refusal) => (None, Some(json!({"code": refusal.reason.code(), "message": refusal.message}))),
    };
    json!({
        "selector": candidate.selector(),
        "provider_id": provider.id(),
        "provider_name": provider.name(),
        "model_id": model.id(),
        "kept": entry.is_kept(),
        "reason": reason,
        "when_matches": when_matches(asked, candidate),
        "priority": model.priority(),
        "weight": model.weight(),
        "is_default": model.is_default(),
        "credential": asked.admitted.credential_origin(provider).as_str(),
        "upstream_protocol": protocol.map(Protocol::as_str),
        "unusable": unusable,
    })
}
