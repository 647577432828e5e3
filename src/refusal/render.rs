//! A refusal in the caller's own shape (PROTOCOLS.md section 7, SPEC section 5).

use super::{Reason, Refusal};
use crate::domain::protocol::Protocol;
use crate::json::{Members, json};
use crate::protocol::error_type;
use serde_json::Value;

/// The shape of errors that a caller understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `/api/v1`: `{"error": {"code", "message", "param"?, "details"?, "request_id"}}`.
    Admin,
    /// The doors of documents 001 and 002: `{"error": "…"}`.
    Plain,
    /// OpenAI's: `{"error": {"message", "type", "param", "code"}}`.
    OpenAi,
    /// Anthropic's: `{"type": "error", "error": {"type", "message"}, "request_id"}`.
    Anthropic,
}

impl From<Protocol> for Dialect {
    fn from(protocol: Protocol) -> Self {
        match protocol {
            Protocol::AnthropicMessages => Self::Anthropic,
            Protocol::ChatCompletions | Protocol::Responses | Protocol::Gemini | Protocol::BedrockConverse => {
                Self::OpenAi
            }
        }
    }
}

/// A refusal ready for the wire.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// HTTP status.
    pub status: u16,
    /// Headers beside `content-type` and `x-request-id`.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
}

/// Puts a refusal into words. The only place that does.
pub fn render(refusal: &Refusal, dialect: Dialect, request_id: &str) -> Rendered {
    let own = refusal.own.as_ref().map(|(status, _)| *status);
    let body = match dialect {
        Dialect::Admin => admin(refusal, request_id),
        Dialect::Plain => json!({"error": sentence(refusal)}),
        Dialect::OpenAi => json!({"error": {
            "message": refusal.message,
            "type": own.map_or_else(|| openai_type(refusal.reason), error_type::openai),
            "param": refusal.param,
            "code": refusal.own.as_ref().map_or_else(|| openai_code(refusal.reason), |(_, code)| code),
        }}),
        Dialect::Anthropic => json!({
            "type": "error",
            "error": {
                "type": own.map_or_else(|| anthropic_type(refusal.reason), error_type::anthropic),
                "message": refusal.message,
            },
            "request_id": request_id,
        }),
    };
    let status = match (dialect, refusal.reason) {
        // Both vendors answer 400 where the admin API answers 422.
        (Dialect::OpenAi | Dialect::Anthropic, Reason::ValidationFailed) => 400,
        _ => own.unwrap_or(refusal.reason.status()),
    };
    let mut headers = refusal.headers.clone();
    if dialect == Dialect::Anthropic {
        // Where Anthropic's SDKs look for it.
        headers.push(("request-id", request_id.to_owned()));
    }
    if matches!(dialect, Dialect::OpenAi | Dialect::Anthropic) {
        // The vendors' SDKs hide a 5xx behind two more tries, and ours would only say the same again.
        let again = matches!(
            refusal.reason,
            Reason::DatabaseAway
                | Reason::LimitsUnavailable
                | Reason::UpstreamUnreachable
                | Reason::UpstreamTimeout
                | Reason::UpstreamTruncated
        );
        // A minute passes; a budget, or a call that is larger than any minute, is not helped by trying.
        let soon = matches!(refusal.reason, Reason::RequestsPerMinute | Reason::TokensPerMinute)
            && headers.iter().any(|(name, _)| *name == "retry-after");
        headers.push(("x-should-retry", (again || soon).to_string()));
    }
    Rendered { status, headers, body: body.to_string() }
}

fn admin(refusal: &Refusal, request_id: &str) -> Value {
    let mut error = json!({"code": refusal.reason.code(), "message": refusal.message, "request_id": request_id});
    if let Value::Object(fields) = &mut error {
        if let Some(param) = &refusal.param {
            fields.put("param", json!(param));
        }
        if let Some(details) = &refusal.details {
            fields.put("details", details.clone());
        }
    }
    json!({ "error": error })
}

/// All in one sentence: the field is named where the message does not.
fn sentence(refusal: &Refusal) -> String {
    match &refusal.param {
        Some(param) if !refusal.message.contains(param.as_str()) => format!("{param}: {}", refusal.message),
        _ => refusal.message.clone(),
    }
}

/// The codes that OpenAI's own users test for, where there is one; else Sluice's.
fn openai_code(reason: Reason) -> &'static str {
    match reason {
        Reason::Unauthenticated => "invalid_api_key",
        Reason::RequestsPerMinute | Reason::TokensPerMinute => "rate_limit_exceeded",
        other => other.code(),
    }
}

/// OpenAI's word for an account that has nothing left; else by the status.
fn openai_type(reason: Reason) -> &'static str {
    match reason {
        Reason::BudgetExhausted => "insufficient_quota",
        other => error_type::openai(other.status()),
    }
}

/// The same of Anthropic's.
fn anthropic_type(reason: Reason) -> &'static str {
    match reason {
        Reason::BudgetExhausted => "billing_error",
        other => error_type::anthropic(other.status()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(refusal: &Refusal, dialect: Dialect) -> Value {
        serde_json::from_str(&render(refusal, dialect, "req_1").body).expect("JSON")
    }

    #[test]
    fn each_dialect_has_every_field_its_clients_require() {
        for reason in Reason::ALL {
            let refusal = Refusal::new(*reason, "why").on("model");
            let openai = body(&refusal, Dialect::OpenAi);
            for field in ["message", "type", "param", "code"] {
                assert!(openai["error"].get(field).is_some(), "{reason:?} lacks {field}");
            }
            let anthropic = body(&refusal, Dialect::Anthropic);
            assert_eq!((&anthropic["type"], &anthropic["request_id"]), (&json!("error"), &json!("req_1")));
            assert_eq!(anthropic["error"]["message"], "why");
            let admin = body(&refusal, Dialect::Admin);
            assert_eq!(admin["error"]["code"], reason.code());
            assert_eq!(admin["error"]["param"], "model");
            assert_eq!(body(&refusal, Dialect::Plain), json!({"error": "model: why"}));
        }
    }

    #[test]
    fn codes_are_unique() {
        let mut codes: Vec<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Reason::ALL.len());
    }
}
