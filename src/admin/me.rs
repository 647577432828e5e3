//! Who am I?

use super::reply::time;
use super::{Call, Reply};
use crate::access::{Operation, Principal};
use crate::json::{Members, json};
use serde_json::Value;

pub fn get(call: &Call<'_>) -> Reply {
    let actions: Vec<&str> = Operation::ALL
        .iter()
        .filter(|operation| call.principal.may(**operation, None))
        .map(|operation| operation.action())
        .collect();
    let mut view = match &call.principal {
        Principal::Root => json!({"kind": "root", "id": "root", "name": call.principal.name(), "project_id": null,
            "user_id": null, "allowed_models": null, "expires_at": null}),
        Principal::Token(holder) => json!({
            "kind": "token",
            "id": holder.id,
            "name": holder.name,
            "project_id": holder.project,
            "user_id": holder.user,
            "allowed_models": holder.allowed_models.as_ref()
                .map(|globs| globs.iter().map(|glob| glob.as_str()).collect::<Vec<_>>()),
            "expires_at": holder.expires_at.map(|end| time(end.ms())),
        }),
    };
    if let Value::Object(fields) = &mut view {
        fields.put("actions", json!(actions));
    }
    Reply::json(200, &view)
}
