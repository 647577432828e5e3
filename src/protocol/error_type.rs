//! The vendors' own words for a status (PROTOCOLS.md section 7).

/// OpenAI's `error.type`.
pub fn openai(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        // A model's failure (Bedrock), and an upstream that gave up (Google), are none of the client's.
        424 | 499.. => "server_error",
        _ => "invalid_request_error",
    }
}

/// Anthropic's `error.type`.
pub fn anthropic(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        408 | 504 => "timeout_error",
        503 | 529 => "overloaded_error",
        424 | 499.. => "api_error",
        _ => "invalid_request_error",
    }
}
