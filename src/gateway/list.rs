//! `GET /v1/models[/{id}]`, in both vendors' shapes (SPEC section 6, PROTOCOLS.md section 10).

use super::admit::Admitted;
use crate::domain::name::key;
use crate::domain::timestamp::Timestamp;
use crate::json::json;
use crate::protocol::query::parameter;
use crate::refusal::{Dialect, Reason, Refusal};
use crate::routing::Candidate;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// One name that a call may use.
struct Entry {
    id: String,
    candidate: Candidate,
}

/// Every name that this caller may use: selectors, and public names beside them, oldest model first.
fn entries(admitted: &Admitted) -> Vec<Entry> {
    let callable = admitted.snapshot.selectable().into_iter().filter(|candidate| admitted.may_call(candidate));
    callable
        .flat_map(|candidate| {
            let names = [Some(candidate.selector()), candidate.model.name().map(str::to_owned)];
            names.into_iter().flatten().map(move |id| Entry { id, candidate: candidate.clone() })
        })
        .collect()
}

impl Entry {
    fn view(&self, dialect: Dialect) -> Value {
        let created_at = Timestamp::from_ms(self.candidate.model.created_at());
        match dialect {
            Dialect::Anthropic => json!({
                "type": "model",
                "id": self.id,
                "display_name": self.candidate.model.name().unwrap_or(self.candidate.model.model()),
                "created_at": created_at.to_string(),
            }),
            Dialect::OpenAi | Dialect::Admin | Dialect::Plain => json!({
                "id": self.id,
                "object": "model",
                "created": created_at.ms() / 1000,
                "owned_by": self.candidate.provider.name(),
            }),
        }
    }
}

/// The list.
pub fn list(admitted: &Admitted, dialect: Dialect, query: &str) -> Result<Value, Refusal> {
    let entries = entries(admitted);
    match dialect {
        Dialect::Anthropic => page(&entries, query),
        Dialect::OpenAi | Dialect::Admin | Dialect::Plain => {
            let data: Vec<Value> = entries.iter().map(|entry| entry.view(dialect)).collect();
            Ok(json!({"object": "list", "data": data}))
        }
    }
}

/// Anthropic's pages: `limit` (20, at most 1,000), `after_id`, `before_id`.
fn page(entries: &[Entry], query: &str) -> Result<Value, Refusal> {
    let limit = match parameter(query, "limit") {
        None => 20,
        Some(text) => text.parse().ok().filter(|limit| (1..=1000).contains(limit)).ok_or_else(|| {
            Refusal::new(Reason::ValidationFailed, "limit must be a whole number from 1 to 1000").on("limit")
        })?,
    };
    let place = |id: &str| entries.iter().position(|entry| entry.id == id);
    let (start, end) = match (parameter(query, "after_id"), parameter(query, "before_id")) {
        (Some(after), _) => {
            let start = place(&after).map_or(entries.len(), |at| at + 1);
            (start, entries.len().min(start + limit))
        }
        (None, Some(before)) => {
            let end = place(&before).unwrap_or(0);
            (end.saturating_sub(limit), end)
        }
        (None, None) => (0, entries.len().min(limit)),
    };
    let shown = entries.get(start..end).unwrap_or_default();
    let backwards = parameter(query, "after_id").is_none() && parameter(query, "before_id").is_some();
    Ok(json!({
        "data": shown.iter().map(|entry| entry.view(Dialect::Anthropic)).collect::<Vec<_>>(),
        "has_more": if backwards { start > 0 } else { end < entries.len() },
        "first_id": shown.first().map(|entry| &entry.id),
        "last_id": shown.last().map(|entry| &entry.id),
    }))
}

/// One model by any name that the list shows; `id` as it stands in the path.
pub fn get(admitted: &Admitted, dialect: Dialect, id: &str) -> Result<Value, Refusal> {
    let id = percent_decode_str(id).decode_utf8_lossy();
    let wanted = key(&id);
    let found = entries(admitted).into_iter().find(|entry| key(&entry.id) == wanted);
    found.map(|entry| entry.view(dialect)).ok_or_else(|| {
        let message = format!("there is no model `{id}` here: GET /v1/models lists those that this token may call");
        Refusal::new(Reason::ModelNotFound, message).on("model")
    })
}
