//! Who am I?

use super::reply::time;
use super::tokens::limits;
use super::{Call, Reply};
use crate::access::{Operation, Principal};
use crate::json::json;
use crate::refusal::Refusal;
use crate::store;
use serde_json::Value;

pub async fn get(call: &Call<'_>) -> Result<Reply, Refusal> {
    let user = match call.principal.user() {
        Some(id) => store::users::find(call.world.db, id).await?,
        None => None,
    };
    let user = user.map(|user| json!({"id": user.id, "name": user.name, "email": user.email, "role": user.role}));
    let of = |may: &dyn Fn(Operation) -> bool| -> Vec<&str> {
        let those = Operation::ALL.iter().filter(|operation| may(**operation));
        those.map(|operation| operation.action()).collect()
    };
    let actions = of(&|operation| call.principal.may(operation, None));
    let possible_actions = of(&|operation| call.principal.could(operation));
    let policies = match &call.principal {
        Principal::Root => None,
        Principal::Token(holder) => Some(holder.policy.statements()),
    };
    let standing = match &call.principal {
        Principal::Token(holder) => match &holder.limits {
            Some(limits) => call.world.limiters.standing(&holder.id, limits).await,
            None => None,
        },
        Principal::Root => None,
    };
    let mut view = match &call.principal {
        Principal::Root => json!({"kind": "root", "id": "root", "name": call.principal.name(), "project_id": null,
            "user_id": null, "allowed_models": null, "limits": null, "standing": null, "expires_at": null}),
        Principal::Token(holder) => json!({
            "kind": "token",
            "id": holder.id,
            "name": holder.name,
            "project_id": holder.project,
            "user_id": holder.user,
            "allowed_models": holder.allowed_models.as_ref()
                .map(|globs| globs.iter().map(|glob| glob.as_str()).collect::<Vec<_>>()),
            "limits": limits::view(holder.limits),
            "standing": limits::standing(standing),
            "expires_at": holder.expires_at.map(|end| time(end.ms())),
        }),
    };
    if let Value::Object(fields) = &mut view {
        fields.insert("user".into(), json!(user));
        fields.insert("actions".into(), json!(actions));
        fields.insert("possible_actions".into(), json!(possible_actions));
        fields.insert("policies".into(), json!(policies));
    }
    Ok(Reply::json(200, &view))
}
