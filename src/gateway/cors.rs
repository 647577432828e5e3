//! Calls from web pages (Fetch standard, section 3.3), where the deployment's `CORS_ORIGINS` lets them. The data plane
//! only: the control plane is for its own console and for programs.

use crate::domain::origins::Origins;

/// What a browser says of a page's request.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a str,
    /// The `origin` header.
    pub origin: Option<&'a str>,
    /// The `access-control-request-method` header: it asks before it sends.
    pub request_method: Option<&'a str>,
    /// The `access-control-request-headers` header.
    pub request_headers: Option<&'a str>,
}

/// Headers of an answer.
pub type Headers<'a> = Vec<(&'static str, &'a str)>;

/// What scripts may read of an answer. Whoever knows the `*`, which every browser does, needs no names.
const EXPOSED: &str = "x-request-id, request-id, retry-after, x-sluice-provider, x-sluice-model, x-sluice-attempts, x-sluice-extensions, \
                       x-sluice-dropped, x-sluice-estimated, *";

/// What every answer of the data plane says, errors and streams included. Nothing where the deployment has no origins.
pub fn headers<'a>(origins: &Origins, origin: Option<&'a str>) -> Headers<'a> {
    let varies = match origins {
        Origins::None => return Vec::new(),
        Origins::Any => None,
        // A cache must not give one page's answer to another.
        Origins::These(_) => Some(("vary", "Origin")),
    };
    let allowed = origin.and_then(|origin| origins.allow(origin));
    let to_page = |origin| [("access-control-allow-origin", origin), ("access-control-expose-headers", EXPOSED)];
    allowed.map(to_page).into_iter().flatten().chain(varies).collect()
}

/// The answer to a browser that asks whether it may send a page's request: it cannot bring a token along. `None` where
/// the request is no such question, or the deployment has no origins. Which headers clients send is theirs to know, and
/// which path takes which method is told by the path, in words that the page can then read.
pub fn preflight<'a>(origins: &Origins, asked: Asked<'a>) -> Option<Headers<'a>> {
    let asks = asked.method == "OPTIONS" && asked.origin.is_some() && asked.request_method.is_some();
    if !asks || *origins == Origins::None {
        return None;
    }
    let mut headers = headers(origins, asked.origin);
    if asked.origin.and_then(|origin| origins.allow(origin)).is_some() {
        headers.retain(|(name, _)| *name != "access-control-expose-headers");
        headers.push(("access-control-allow-methods", "GET, HEAD, POST, PUT, PATCH, DELETE"));
        headers.extend(asked.request_headers.map(|names| ("access-control-allow-headers", names)));
        headers.push(("access-control-max-age", "7200"));
    }
    headers.retain(|(name, _)| *name != "vary");
    headers.push(("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"));
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://app.example.com";

    fn value<'h>(headers: &'h Headers<'_>, name: &str) -> Option<&'h str> {
        headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    fn asked(origin: &str) -> Asked<'_> {
        let request_headers = Some("authorization,content-type,x-stainless-lang");
        Asked { method: "OPTIONS", origin: Some(origin), request_method: Some("POST"), request_headers }
    }

    #[test]
    fn a_page_that_may_call_is_told_so_and_what_it_may_send_and_read() {
        let origins = Origins::parse(PAGE).expect("origins");
        let preflight = preflight(&origins, asked(PAGE)).expect("a preflight");
        assert_eq!(value(&preflight, "access-control-allow-origin"), Some(PAGE));
        assert_eq!(
            value(&preflight, "access-control-allow-headers"),
            Some("authorization,content-type,x-stainless-lang")
        );
        assert!(value(&preflight, "access-control-allow-methods").is_some_and(|methods| methods.contains("POST")));
        assert!(value(&preflight, "vary").is_some_and(|vary| vary.contains("Origin")));
        let answer = headers(&origins, Some(PAGE));
        assert_eq!(
            (value(&answer, "access-control-allow-origin"), value(&answer, "vary")),
            (Some(PAGE), Some("Origin"))
        );
        assert!(value(&answer, "access-control-expose-headers").is_some_and(|names| names.contains("x-request-id")));
        assert_eq!(value(&answer, "access-control-allow-credentials"), None);
    }

    #[test]
    fn another_page_is_told_nothing() {
        let origins = Origins::parse(PAGE).expect("origins");
        let preflight = preflight(&origins, asked("https://evil.example")).expect("a preflight");
        assert!(preflight.iter().all(|(name, _)| *name == "vary"), "{preflight:?}");
        assert_eq!(headers(&origins, Some("https://evil.example")), [("vary", "Origin")]);
        assert_eq!(headers(&origins, None), [("vary", "Origin")], "a cache knows that it depends");
    }

    #[test]
    fn without_origins_nothing_is_said_and_options_is_a_request_like_any_other() {
        assert_eq!(headers(&Origins::None, Some(PAGE)), []);
        assert_eq!(preflight(&Origins::None, asked(PAGE)), None);
        let plain = Asked { request_method: None, ..asked(PAGE) };
        assert_eq!(preflight(&Origins::Any, plain), None);
        assert_eq!(preflight(&Origins::Any, Asked { method: "POST", ..asked(PAGE) }), None);
        assert_eq!(value(&headers(&Origins::Any, Some("null")), "access-control-allow-origin"), Some("*"));
    }
}
