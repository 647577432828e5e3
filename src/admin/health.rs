//! `/healthz`: is the deployment configured, and does D1 answer?

use super::{Reply, World};
use crate::json::json;
use crate::refusal::Refusal;
use crate::store::{PING, query_one};
use serde_json::Value;

/// 200 where everything is in place, else 503 that says what is missing: `degraded` where it is D1 alone, so that calls go
/// on for a while with what isolates and copies know, and `unavailable` where nothing can be served.
pub async fn check(world: World<'_>) -> Reply {
    let said =
        |result: Result<(), Refusal>| result.map_or_else(|refusal| refusal.message.clone(), |()| "ok".to_owned());
    let admin_token = said(world.deployment.root().map(|_| ()));
    let sealing_keys = said(world.deployment.ring().map(|_| ()));
    let database = match query_one::<Value>(world.db, PING.with([])).await {
        Ok(Some(_)) => "ok",
        // "no such table" and "cannot be reached" differ for the operator, not for a stranger.
        _ => "the database does not answer, or its migrations were not applied",
    };
    let is_configured = admin_token == "ok" && sealing_keys == "ok";
    let status = match (is_configured, database) {
        (true, "ok") => "ok",
        (true, _) => "degraded",
        (false, _) => "unavailable",
    };
    let body = json!({
        "status": status,
        "version": env!("CARGO_PKG_VERSION"),
        "checks": {"admin_token": admin_token, "sealing_keys": sealing_keys, "database": database},
        "usage_sinks": world.deployment.usage.words().collect::<Vec<_>>(),
    });
    Reply::json(if status == "ok" { 200 } else { 503 }, &body)
}
