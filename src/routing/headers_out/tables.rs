//! Which header is which. Names are in lower case.

use super::Vendor;
use crate::domain::header_map::{is_credential, is_framing};

/// Prefixes of headers about the client's connection to us, and of our own.
const STAYING_PREFIXES: [&str; 7] = ["cf-", "x-forwarded-", "x-sluice-", "sec-", "proxy-", "x-original-", "x-envoy-"];

/// Request headers of one vendor's API, or of its agent: whose conversation it is concerns no other vendor.
const REQUEST_VENDORS: [(&str, Vendor); 7] = [
    ("openai-", Vendor::OpenAi),
    ("x-codex-", Vendor::OpenAi),
    ("anthropic-", Vendor::Anthropic),
    ("x-claude-", Vendor::Anthropic),
    ("x-goog-", Vendor::Google),
    ("x-amz-", Vendor::Amazon),
    ("x-amzn-", Vendor::Amazon),
];

/// Prefixes of response headers that mean something to one vendor's clients.
const RESPONSE_VENDOR_PREFIXES: [&str; 6] = ["x-ratelimit-", "openai-", "anthropic-", "x-goog-", "x-amzn-", "x-ms-"];

/// Whether a client's header ends here whatever the upstream: about the connection, the client's credentials and
/// address, or a browser's page.
pub(super) fn stays_with_us(name: &str) -> bool {
    match name {
        "accept-encoding" | "expect" | "via" | "cdn-loop" | "forwarded" | "x-forwarded" | "x-real-ip" => true,
        "true-client-ip" | "x-client-ip" | "x-cluster-client-ip" | "fastly-client-ip" | "x-appengine-user-ip" => true,
        "origin" | "referer" | "priority" | "dnt" | "upgrade-insecure-requests" | "access-control-request-method" => {
            true
        }
        "access-control-request-headers" | "x-csrf-token" | "x-xsrf-token" => true,
        // They would change what the upstream's own proxies take the call for.
        "x-http-method-override" | "x-http-method" | "x-method-override" => true,
        // A signature over our own request is the only one that holds.
        "x-amz-date" | "x-amz-content-sha256" | "x-amz-signature" | "x-amz-credential" | "x-amz-algorithm" => true,
        _ => STAYING_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || is_framing(name) || is_credential(name),
    }
}

/// Whether a request header describes the body, which Sluice writes anew.
pub(super) fn describes_body(name: &str) -> bool {
    matches!(
        name,
        "content-type"
            | "content-encoding"
            | "content-language"
            | "content-location"
            | "content-md5"
            | "content-digest"
            | "repr-digest"
            | "digest"
            | "signature"
            | "signature-input"
    )
}

/// The vendor whose API a request header belongs to.
pub(super) fn vendor_of_request(name: &str) -> Option<Vendor> {
    REQUEST_VENDORS.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, vendor)| *vendor)
}

/// Whether a response header is for any client, whatever protocol it speaks.
pub(super) fn reaches_every_client(name: &str) -> bool {
    matches!(
        name,
        "content-type"
            | "content-language"
            | "content-disposition"
            | "content-range"
            | "accept-ranges"
            | "cache-control"
            | "etag"
            | "last-modified"
            | "date"
            | "retry-after"
            | "retry-after-ms"
            | "x-should-retry"
            | "request-id"
            | "x-request-id"
            | "apim-request-id"
            | "x-amzn-requestid"
    )
}

/// Whether a response header is for clients of the upstream's own vendor.
pub(super) fn reaches_clients_of_the_same_vendor(name: &str) -> bool {
    match name {
        "ratelimit" | "ratelimit-policy" | "ratelimit-limit" | "ratelimit-remaining" | "ratelimit-reset" => true,
        _ => RESPONSE_VENDOR_PREFIXES.iter().any(|prefix| name.starts_with(prefix)),
    }
}
