use proptest::prelude::*;

use super::*;
use crate::domain::header_map::CustomHeaders;

fn passing(name: &str) -> Vec<Protocol> {
    Protocol::ALL.into_iter().filter(|upstream| disposition(name, *upstream).passes()).collect()
}

#[test]
fn what_belongs_to_the_clients_connection_or_identity_never_passes() {
    for name in [
        "connection",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "proxy-authenticate",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "host",
        "content-length",
        "content-type",
        "content-encoding",
        "cookie",
        "authorization",
        "x-api-key",
        "api-key",
        "x-goog-api-key",
        "cf-ray",
        "cf-connecting-ip",
        "cf-aig-authorization",
        "cdn-loop",
        "x-forwarded-for",
        "x-forwarded-proto",
        "forwarded",
        "x-real-ip",
        "true-client-ip",
        "accept-encoding",
        "x-sluice-anything",
        "sec-fetch-mode",
        "sec-ch-ua",
        "origin",
        "referer",
        "priority",
        "expect",
        "via",
        "x-amz-security-token",
        "x-amz-date",
        "x-goog-iam-authorization-token",
        "x-http-method-override",
    ] {
        assert_eq!(passing(name), [], "{name}");
    }
}

#[test]
fn ordinary_headers_pass_to_every_upstream() {
    for name in [
        "accept",
        "accept-language",
        "user-agent",
        "idempotency-key",
        "x-stainless-lang",
        "x-stainless-retry-count",
        "x-client-request-id",
        "http-referer",
        "x-title",
        "traceparent",
        "x-custom",
        "session-id",
        "section",
        "cfg",
    ] {
        assert_eq!(passing(name), Protocol::ALL, "{name}");
    }
}

#[test]
fn vendor_headers_pass_to_their_vendor_only() {
    use Protocol::*;
    let cases: [(&str, &[Protocol]); 11] = [
        ("anthropic-version", &[AnthropicMessages]),
        ("anthropic-beta", &[AnthropicMessages]),
        ("anthropic-dangerous-direct-browser-access", &[AnthropicMessages]),
        ("openai-organization", &[ChatCompletions, Responses]),
        ("openai-project", &[ChatCompletions, Responses]),
        ("openai-beta", &[ChatCompletions, Responses]),
        ("x-codex-turn-metadata", &[ChatCompletions, Responses]),
        ("x-claude-code-session-id", &[AnthropicMessages]),
        ("x-goog-user-project", &[Gemini]),
        ("x-amz-meta", &[BedrockConverse]),
        ("x-amzn-bedrock-trace", &[BedrockConverse]),
    ];
    for (name, expected) in cases {
        assert_eq!(passing(name), expected, "{name}");
    }
}

#[test]
fn a_raw_call_keeps_what_describes_its_body() {
    for name in ["content-type", "content-encoding", "content-md5", "range"] {
        assert!(raw_disposition(name, Protocol::ChatCompletions).passes(), "{name}");
    }
    for name in ["content-length", "authorization", "cookie", "anthropic-beta", "x-forwarded-for"] {
        assert!(!raw_disposition(name, Protocol::ChatCompletions).passes(), "{name}");
    }
}

#[test]
fn headers_that_connection_names_are_dropped() {
    let client = [
        ("connection", "close, X-Secret"),
        ("connection", "x-other"),
        ("x-secret", "1"),
        ("x-other", "2"),
        ("x-kept", "3"),
        ("authorization", "Bearer client"),
    ];
    assert_eq!(forwarded(client, Protocol::Responses).collect::<Vec<_>>(), [("x-kept", "3")]);
}

#[test]
fn answers_keep_what_clients_read() {
    use Protocol::*;
    for name in ["content-type", "retry-after", "retry-after-ms", "x-request-id", "request-id", "x-should-retry"] {
        for client in Protocol::ALL {
            assert!(response_disposition(name, AnthropicMessages, client).passes(), "{name}");
        }
    }
    for name in [
        "x-ratelimit-remaining-requests",
        "openai-processing-ms",
        "openai-organization",
        "anthropic-organization-id",
        "anthropic-ratelimit-tokens-reset",
    ] {
        assert!(response_disposition(name, ChatCompletions, Responses).passes(), "{name}");
        assert!(!response_disposition(name, AnthropicMessages, Responses).passes(), "{name}");
    }
}

#[test]
fn answers_set_nothing_on_our_origin() {
    for name in [
        "connection",
        "keep-alive",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "proxy-authenticate",
        "set-cookie",
        "set-cookie2",
        "content-encoding",
        "content-length",
        "cf-ray",
        "cf-cache-status",
        "alt-svc",
        "strict-transport-security",
        "server",
        "access-control-allow-origin",
        "nel",
        "report-to",
        "reporting-endpoints",
        "clear-site-data",
        "content-security-policy",
        "service-worker-allowed",
        "location",
        "refresh",
        "link",
        "www-authenticate",
        "x-powered-by",
        "x-sluice-provider",
        "x-frame-options",
        "sourcemap",
    ] {
        for upstream in Protocol::ALL {
            assert!(!response_disposition(name, upstream, upstream).passes(), "{name}");
        }
    }
}

fn shown(credential: Credential<'_>) -> Vec<(String, String)> {
    credential.headers().unwrap().iter().map(|h| (h.name().to_owned(), h.expose().to_owned())).collect()
}

#[test]
fn a_credential_becomes_the_headers_of_its_method() {
    let map = CustomHeaders::new([("X-Key", "a"), ("X-Tenant", "b")]).unwrap();
    let cases = [
        (Credential::Bearer("k"), vec![("authorization", "Bearer k")]),
        (Credential::XApiKey("k"), vec![("x-api-key", "k")]),
        (Credential::ApiKey("k"), vec![("api-key", "k")]),
        (Credential::XGoogApiKey("k\n"), vec![("x-goog-api-key", "k")]),
        (Credential::Custom(&map), vec![("X-Key", "a"), ("X-Tenant", "b")]),
        (Credential::None, vec![]),
    ];
    for (credential, expected) in cases {
        let expected: Vec<_> = expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(shown(credential), expected, "{credential:?}");
    }
}

#[test]
fn a_credential_that_cannot_stand_in_a_header_is_refused_without_repeating_it() {
    for key in ["", " ", "hunter2\r\nx-evil: 1", "hunter2\u{0}", "hünter2"] {
        let error = Credential::Bearer(key).headers().unwrap_err();
        assert_eq!(error.param, "credential");
        assert!(!error.message.contains("nter2"));
    }
}

#[test]
fn debug_shows_no_credential() {
    let map = CustomHeaders::new([("X-Key", "hunter2")]).unwrap();
    for credential in [
        Credential::Bearer("hunter2"),
        Credential::XApiKey("hunter2"),
        Credential::ApiKey("hunter2"),
        Credential::XGoogApiKey("hunter2"),
        Credential::Custom(&map),
    ] {
        assert!(!format!("{credential:?} {:?}", credential.headers()).contains("hunter2"));
    }
}

#[test]
fn anthropics_version_is_the_clients_then_the_operators_then_ours() {
    assert_eq!(anthropic_version(Some("2026-10-21"), Some("2024-01-01")), "2026-10-21");
    assert_eq!(anthropic_version(None, Some("2024-01-01")), "2024-01-01");
    assert_eq!(anthropic_version(Some(" "), None), ANTHROPIC_VERSION);
    assert_eq!(anthropic_version(None, None), "2023-06-01");
}

#[test]
fn anthropics_betas_are_joined_each_once() {
    assert_eq!(anthropic_beta(Some("a, b"), Some("b,c")).as_deref(), Some("a,b,c"));
    assert_eq!(anthropic_beta(None, Some("c")).as_deref(), Some("c"));
    assert_eq!(anthropic_beta(Some(" ,"), None), None);
}

proptest! {
    #[test]
    fn no_prefix_of_ours_or_of_the_edges_ever_passes(
        prefix in prop::sample::select(vec!["cf-", "x-forwarded-", "x-sluice-", "sec-", "proxy-"]), rest in "[a-z-]{0,10}",
    ) {
        let name = format!("{prefix}{rest}");
        for upstream in Protocol::ALL {
            prop_assert!(!raw_disposition(&name, upstream).passes());
            prop_assert!(!disposition(&name, upstream).passes());
        }
    }

    #[test]
    fn what_passes_with_the_body_rewritten_passes_raw(name in "[a-z-]{1,16}") {
        for upstream in Protocol::ALL {
            if disposition(&name, upstream).passes() {
                prop_assert!(raw_disposition(&name, upstream).passes());
            }
        }
    }
}
