//! No credential in any answer, row or debug text.

use crate::harness::{ADMIN_TOKEN, Api, K1, K2};
use crate::sqlite::SystemRng;
use serde_json::json;
use sluice::access::{PlainToken, TokenHash};
use sluice::domain::header_map::CustomHeaders;
use sluice::domain::ids::{ProjectId, SecretId};
use sluice::seal::{KeyRing, Plaintext};
use sluice::store::snapshot::{Caller, read};

const SECRETS: [&str; 7] = [
    "sk-inline-0123456789-PLAINTEXT",
    "sk-linked-0123456789-PLAINTEXT",
    "header-value-0123456789-PLAINTEXT",
    "sk-rotated-0123456789-PLAINTEXT",
    "sk-refused-0123456789-PLAINTEXT",
    "map-value-0123456789-PLAINTEXT",
    "pw-in-url-0123456789-PLAINTEXT",
];

/// Everything an operator does with credentials, mistakes included.
fn a_long_day(api: &Api) {
    let [inline, linked, header, rotated, refused, map, url] = SECRETS;
    let id = api.provider_with(json!({"name": "inline", "provider": "openai", "api_key": inline}));
    let path = format!("/api/v1/providers/{id}");
    let secret = api.secret("linked", linked);
    let header_map = api.secret("map", &json!({"X-Key": map}).to_string());
    api.patch(&path, json!({"auth_method": "custom_headers", "custom_headers": {"X-Key": header}})).must(200);
    api.patch(&path, json!({"secret_id": header_map})).must(200);
    api.patch(&path, json!({"auth_method": "bearer", "secret_id": secret})).must(200);
    api.patch(&format!("/api/v1/secrets/{secret}"), json!({"value": rotated})).must(200);
    api.delete(&format!("/api/v1/secrets/{secret}")).must(409);
    api.provider_with(json!({"name": "second", "provider": "anthropic", "api_key": inline}));
    api.model(&id, "m");
    for body in [
        json!({"api_key": format!("{refused} with space")}),
        json!({"api_key": refused, "secret_id": secret}),
        json!({"custom_headers": {"X": refused}}),
        json!({"secret_id": refused}),
        json!({"auth_method": "custom_headers", "custom_headers": {"Host": refused}}),
        json!({"auth_method": "custom_headers", "custom_headers": {"X": [refused]}}),
        json!({"auth_method": "custom_headers", "custom_headers": {format!("Authorization: Bearer {refused}"): "x"}}),
        json!({"auth_method": "custom_headers", "secret_id": secret}),
        json!({"base_url": format!("https://user:{url}@llm.example.com")}),
        json!({"api_key": {"value": refused}}),
        json!({"enabled": refused}),
        json!({"advanced_json": {"extra_headers": {"Authorization": refused}}}),
    ] {
        let answer = api.changes_nothing(|| api.patch(&path, body));
        assert_eq!(answer.status, 422, "{}", answer.text);
    }
    api.root().send("POST", "/api/v1/secrets", format!("{{\"value\": \"{refused}\" oops").into_bytes()).must(400);
    api.post("/api/v1/secrets", json!({"name": "x", "value": [refused]})).must(422);
    api.get("/api/v1/providers").must(200);
    api.get("/api/v1/secrets").must(200);
    api.get("/api/v1/sealing-keys").must(200);
    api.as_token(SECRETS[0]).get("/api/v1/me").must(401);
    api.db.away.set(true);
    api.post("/api/v1/secrets", json!({"name": "x", "value": refused})).must(503);
    api.db.away.set(false);
}

fn shows_nothing(what: &str, text: &str) {
    let material = [K1, K2].map(|key| &key[3..]);
    for plaintext in SECRETS.into_iter().chain([ADMIN_TOKEN]).chain(material).chain(["PLAINTEXT"]) {
        let at = text.find(plaintext).map(|at| &text[at.saturating_sub(100)..(at + plaintext.len()).min(text.len())]);
        assert_eq!(at, None, "{what} shows a credential");
    }
}

#[test]
fn no_answer_and_no_row_holds_a_credential_in_clear() {
    let api = Api::new();
    a_long_day(&api);
    let api = api.with_ring(&format!("{K2},{K1}"));
    api.post("/api/v1/sealing-keys/rotate", json!({})).must(200);
    let api = api.with_ring("k3:c2hvcnQ=");
    api.get("/api/v1/sealing-keys").must(503);
    shows_nothing("an answer", &api.transcript.borrow());
    shows_nothing("a row", &api.db.dump());
}

#[test]
fn no_debug_text_holds_a_credential() {
    let api = Api::new();
    a_long_day(&api);
    let ring = KeyRing::parse(Some(K1)).expect("a ring");
    let (project, id) = (ProjectId::generate(&SystemRng).expect("id"), SecretId::generate(&SystemRng).expect("id"));
    let plaintext = Plaintext::new(SECRETS[0].into());
    let sealed = ring.seal(&plaintext, &sluice::store::secrets::place(&project, &id), &SystemRng).expect("sealed");
    let headers = CustomHeaders::new([("X-Key", SECRETS[2])]).expect("a map");
    let snapshot = pollster::block_on(read(&api.db, Caller::Root("default"), None)).expect("read");
    let body = json!({"api_key": SECRETS[0]}).to_string().into_bytes();
    let request = api.root().request("POST", "/api/v1/providers", body.clone());
    let shown = format!(
        "{plaintext:?} {ring:?} {sealed:?} {headers:?} {snapshot:?} {:?} {request:?} {:?}",
        api.deployment,
        TokenHash::of(ADMIN_TOKEN)
    );
    shows_nothing("Debug", &shown);
    let bytes = format!("{body:?}");
    assert!(!shown.contains(bytes.trim_matches(['[', ']'])), "Debug shows the body as numbers");
    let token = PlainToken::generate(&SystemRng).expect("a token");
    assert!(!format!("{token:?}").contains(&token.expose()[4..]));
}

#[test]
fn a_refusal_for_a_bad_ring_shows_none_of_it() {
    for ring in [
        "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "k1=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYx",
    ] {
        let api = Api::new().with_ring(ring);
        let refused = api.get("/api/v1/sealing-keys");
        refused.refuses(503, "sealing.not_configured", "");
        assert!(!refused.text.contains("MDEyMz"), "{}", refused.text);
        assert!(!api.authorized(None).get("/healthz").text.contains("MDEyMz"));
    }
}
