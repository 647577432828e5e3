//! The request log: what was called, and what came of it. No bodies (SPEC section 5).

use super::page::Page;
use super::reply::time;
use super::usage::filters::{self, Unknown};
use super::usage::{check_kept, usd};
use super::{Call, Reply, not_found};
use crate::domain::ids::RequestId;
use crate::domain::invalid::Invalid;
use crate::domain::timestamp::Timestamp;
use crate::refusal::Refusal;
use crate::store::requests::{self, AttemptRow, Filter, RequestRow};
use serde_json::{Value, json};

fn view(row: &RequestRow) -> Value {
    json!({
        "request_id": row.request_id,
        "project_id": row.project_id,
        "created_at": time(row.created_at),
        "token_id": row.token_id,
        "user_id": row.user_id,
        "provider_id": row.provider_id,
        "provider_name": row.provider_name,
        "model_id": row.model_id,
        "model": row.model,
        "requested_model": row.requested_model,
        "protocol": row.protocol,
        "upstream_protocol": row.upstream_protocol,
        "streamed": row.streamed,
        "status": row.status,
        "error_code": row.error_code,
        "attempts": row.attempts,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "cache_read_tokens": row.cache_read_tokens,
        "cache_write_tokens": row.cache_write_tokens,
        "reasoning_tokens": row.reasoning_tokens,
        "cost_usd": usd(row.cost_nano_usd.into()),
        "billed_usd": usd(row.billed_nano_usd.into()),
        "priced": row.priced,
        "estimated": row.estimated,
        "latency_ms": row.latency_ms,
        "first_byte_ms": row.first_byte_ms,
        "attempts_log": row.attempts_log.iter().map(attempt).collect::<Vec<_>>(),
    })
}

fn attempt(row: &AttemptRow) -> Value {
    let mut shown = json!(row);
    if let Value::Object(fields) = &mut shown {
        fields.insert("created_at".into(), time(row.created_at).into());
    }
    shown
}

/// `404`, or `4xx` for all of its hundred.
fn status(text: &str) -> Result<(i64, i64), Invalid> {
    let hundred = text.strip_suffix("xx").and_then(|digit| digit.parse::<i64>().ok()).filter(|n| (1..=5).contains(n));
    let one = || text.parse::<i64>().ok().filter(|n| (100..=599).contains(n));
    hundred
        .map(|hundred| (hundred * 100, hundred * 100 + 99))
        .or_else(|| one().map(|one| (one, one)))
        .ok_or_else(|| Invalid::new("status", "status must be a number such as 429, or 2xx, 3xx, 4xx or 5xx"))
}

fn streamed(text: &str) -> Result<bool, Invalid> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Invalid::new("streamed", "streamed must be true or false")),
    }
}

pub async fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    check_kept(call)?;
    let page = Page::newest_first(call)?;
    let status = call.query("status").as_deref().map(status).transpose()?;
    let streamed = call.query("streamed").as_deref().map(streamed).transpose()?;
    let span = filters::span(call, |_| Timestamp::from_ms(0))?;
    let project = call.project().await?;
    let filter = Filter {
        span,
        status,
        streamed,
        error_code: call.query("error_code"),
        only: filters::only(call, &project, Unknown::Nothing).await?,
        requested_model: call.query("model"),
    };
    let rows = requests::list(call.world.db, &project, page.after(), page.read_ahead(), &filter).await?;
    Ok(page.reply(rows, |row| (row.created_at, row.request_id.as_str()), view))
}

pub async fn get(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    check_kept(call)?;
    let row = match RequestId::parse(id) {
        Some(id) => requests::find(call.world.db, &id).await?,
        None => None,
    };
    let row = row.filter(|row| call.sees(&row.project_id)).ok_or_else(|| not_found("request", id))?;
    Ok(Reply::resource(call.request, &view(&row)))
}
