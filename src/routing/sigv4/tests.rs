use serde_json::{Value, json};

use super::*;
use crate::domain::base_url::BaseUrl;
use crate::protocol::path::{ModelAction, model_action};

mod vectors;

const HOST_OF_THE_SUITE: &str = "https://example.amazonaws.com";
const SUITE: Scope<'_> = Scope { region: "us-east-1", service: "service" };
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const EMPTY_BODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn at(text: &str) -> Timestamp {
    Timestamp::parse("now", text).unwrap()
}

fn credentials(session_token: Option<&str>) -> Credentials {
    let mut stored = json!({"access_key_id": "AKIDEXAMPLE", "secret_access_key": SECRET});
    if let Some(token) = session_token {
        stored["session_token"] = token.into();
    }
    Credentials::parse_json(&stored.to_string()).unwrap()
}

/// Canonical request, string to sign and the headers, in clear.
struct Signed {
    canonical_request: String,
    string_to_sign: String,
    headers: Vec<(String, String)>,
}

fn signed(request: &Request<'_>, credentials: &Credentials, scope: Scope<'_>, now: &str) -> Signed {
    let now = at(now);
    let amz_date = now.basic();
    let canonical = CanonicalRequest::new(request, &amz_date, credentials.session_token());
    let headers = sign(request, credentials, scope, now);
    Signed {
        canonical_request: canonical.as_str().to_owned(),
        string_to_sign: string_to_sign(&amz_date, &CredentialScope::new(&amz_date, scope), &canonical),
        headers: headers.iter().map(|header| (header.name().to_owned(), header.expose().to_owned())).collect(),
    }
}

#[test]
fn the_published_test_suite_is_signed_as_published() {
    for vector in vectors::VECTORS {
        let url = format!("{HOST_OF_THE_SUITE}{}", vector.target);
        let request =
            Request { method: vector.method, url: &url, headers: vector.headers, body: vector.body.as_bytes() };
        let signed = signed(&request, &credentials(vector.session_token), SUITE, "2015-08-30T12:36:00Z");
        assert_eq!(signed.canonical_request, vector.canonical_request, "{}", vector.name);
        let scope = "20150830/us-east-1/service/aws4_request";
        let string_to_sign = format!("AWS4-HMAC-SHA256\n20150830T123600Z\n{scope}\n{}", vector.hash);
        assert_eq!(signed.string_to_sign, string_to_sign, "{}", vector.name);

        let signed_headers = vector.canonical_request.rsplit('\n').nth(1).unwrap();
        let signature = vector.signature;
        let mut expected = vec![
            (
                "authorization",
                format!(
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, SignedHeaders={signed_headers}, \
                     Signature={signature}"
                ),
            ),
            ("x-amz-date", "20150830T123600Z".to_owned()),
        ];
        expected.extend(vector.session_token.map(|token| ("x-amz-security-token", token.to_owned())));
        let expected: Vec<(String, String)> =
            expected.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(signed.headers, expected, "{}", vector.name);
    }
}

/// smithy-lang/smithy-rs, crate aws-sigv4 1.6.4, `aws-signing-test-suite/v4/double-url-encode`.
#[test]
fn a_path_that_is_encoded_on_the_wire_is_encoded_once_more() {
    let request = Request {
        method: "POST",
        url: "https://lambda.us-east-2.amazonaws.com/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-west-2%3A892717189312\
              %3Afunction%3Amy-rusty-fun/invocations",
        headers: &[],
        body: b"",
    };
    let scope = Scope { region: "us-east-2", service: "lambda" };
    let signed = signed(&request, &credentials(None), scope, "2021-05-11T15:40:45Z");
    assert_eq!(
        signed.canonical_request,
        format!(
            "POST\n/2015-03-31/functions/arn%253Aaws%253Alambda%253Aus-west-2%253A892717189312%253Afunction%253A\
             my-rusty-fun/invocations\n\nhost:lambda.us-east-2.amazonaws.com\nx-amz-date:20210511T154045Z\n\n\
             host;x-amz-date\n{EMPTY_BODY}"
        )
    );
    assert_eq!(
        signed.string_to_sign,
        "AWS4-HMAC-SHA256\n20210511T154045Z\n20210511/us-east-2/lambda/aws4_request\n\
         684dbb3c92a8b6b1e452e23e523c1ea941c713a4c13500bb9f3bdad1e19afaf7"
    );
    assert_eq!(
        signed.headers[0].1,
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20210511/us-east-2/lambda/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature=4b93abbcc68be32bd64c18e2c71150660ab4c29bbd6c32a383a7517a88fc1804"
    );
}

/// The signatures of Bedrock's calls below are those of botocore 1.44.5's `SigV4Auth` for the same request.
fn bedrock(model: &str, token: Option<&str>) -> Signed {
    let base = BaseUrl::parse("https://bedrock-runtime.eu-west-1.amazonaws.com").unwrap();
    let url = model_action(&base, ModelAction::Converse, model).unwrap();
    let body = br#"{"messages":[]}"#;
    let request =
        Request { method: "POST", url: &url, headers: &[("Content-Type", "application/json")], body: &body[..] };
    let scope = Scope { region: "eu-west-1", service: BEDROCK };
    signed(&request, &credentials(token), scope, "2026-11-20T06:44:34.007Z")
}

#[test]
fn a_colon_in_bedrocks_model_id_is_encoded_twice() {
    let signed = bedrock("anthropic.claude-3-5-sonnet-20241022-v2:0", None);
    assert_eq!(
        signed.canonical_request,
        "POST\n/model/anthropic.claude-3-5-sonnet-20241022-v2%253A0/converse\n\ncontent-type:application/json\n\
         host:bedrock-runtime.eu-west-1.amazonaws.com\nx-amz-date:20261120T064434Z\n\n\
         content-type;host;x-amz-date\n5e4ce7b36ba37b78a5d5f9fd08e6b7b54ba6879d651aa46ec9e1d6fa24ebe30a"
    );
    assert_eq!(
        signed.headers[0].1,
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261120/eu-west-1/bedrock/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date, \
         Signature=5987ef5d7e3ef95e2e95fa8a112a434051f255e7fdca8f92008d70202f29a823"
    );
}

#[test]
fn an_arn_for_a_model_is_one_segment() {
    let signed = bedrock("arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-pro-v1:0", None);
    assert_eq!(
        signed.canonical_request.lines().nth(1),
        Some(
            "/model/arn%253Aaws%253Abedrock%253Aeu-west-1%253A123456789012%253Ainference-profile%252F\
             eu.amazon.nova-pro-v1%253A0/converse"
        )
    );
    assert!(
        signed.headers[0].1.ends_with("=0d37cf88bd395f744f05565e8d5347c63d975e002ca0169c62753c06ab841d84"),
        "{}",
        signed.headers[0].1
    );
}

#[test]
fn a_session_token_is_signed_and_sent() {
    let signed = bedrock("amazon.nova-lite-v1:0", Some("IQoJb3JpZ2luX2VjEXAMPLE=="));
    assert!(signed.canonical_request.contains("\nx-amz-security-token:IQoJb3JpZ2luX2VjEXAMPLE==\n"));
    assert!(
        signed.headers[0].1.ends_with(
            "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, \
             Signature=d1631e359cf7636f11bd85e358c8e0dc58ea48c4ab4c3e49cbbad654d457835f"
        ),
        "{}",
        signed.headers[0].1
    );
    assert_eq!(signed.headers[2], ("x-amz-security-token".to_owned(), "IQoJb3JpZ2luX2VjEXAMPLE==".to_owned()));
}

#[test]
fn headers_of_the_signature_are_signed_as_sluice_sends_them() {
    let with = |headers| {
        let request = Request { method: "GET", url: "https://example.amazonaws.com/", headers, body: b"" };
        signed(&request, &credentials(None), SUITE, "2015-08-30T12:36:00Z").canonical_request
    };
    let stale = [
        ("Host", "evil.example"),
        ("X-Amz-Date", "19700101T000000Z"),
        ("Authorization", "Bearer x"),
        ("x-amz-security-token", "stale"),
    ];
    assert_eq!(with(&stale), with(&[]));
}

#[test]
fn a_port_is_part_of_the_host_and_a_fragment_of_nothing() {
    let canonical = |url| {
        let request = Request { method: "GET", url, headers: &[], body: b"" };
        signed(&request, &credentials(None), SUITE, "2015-08-30T12:36:00Z").canonical_request
    };
    let lines = |url| canonical(url).lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines("http://localhost:4566?a#b")[1..4], ["/", "a=", "host:localhost:4566"]);
    assert_eq!(lines("http://localhost:4566/a/b/..?x=1/2&&x=%2f")[1..3], ["/a/", "x=%2F&x=1%2F2"]);
}

#[test]
fn a_secret_longer_than_a_block_signs_too() {
    let stored = json!({"access_key_id": "AKIDEXAMPLE", "secret_access_key": "k".repeat(100)}).to_string();
    let request = Request { method: "GET", url: HOST_OF_THE_SUITE, headers: &[], body: b"" };
    let long = Credentials::parse_json(&stored).unwrap();
    let signature = |credentials: &Credentials| {
        sign(&request, credentials, SUITE, at("2015-08-30T12:36:00Z"))[0].expose().to_owned()
    };
    assert_ne!(signature(&long), signature(&credentials(None)));
}

fn refusal(stored: &Value) -> (String, String) {
    let invalid = Credentials::parse_json(&stored.to_string()).expect_err("refused");
    (invalid.param, invalid.message)
}

#[test]
fn a_credential_is_read_with_and_without_a_token() {
    let read = credentials(None);
    assert_eq!((read.access_key_id(), read.secret_access_key(), read.session_token()), ("AKIDEXAMPLE", SECRET, None));
    let escaped = r#" {"secret_access_key": "a\/b+c ", "access_key_id": "AKIA_1\n", "session_token": "t=="} "#;
    let read = Credentials::parse_json(escaped).unwrap();
    assert_eq!(
        (read.access_key_id(), read.secret_access_key(), read.session_token()),
        ("AKIA_1", "a/b+c", Some("t=="))
    );
}

#[test]
fn a_credential_is_refused_by_the_field_and_without_its_values() {
    for (stored, param) in [
        (json!("AKIDEXAMPLE:hunter2"), "api_key"),
        (json!(["hunter2"]), "api_key"),
        (json!({"access_key_id": "A", "secret_access_key": "hunter2", "region": "hunter2"}), "api_key.region"),
        (json!({"secret_access_key": "hunter2"}), "api_key.access_key_id"),
        (json!({"access_key_id": "A"}), "api_key.secret_access_key"),
        (json!({"access_key_id": "A", "secret_access_key": ["hunter2"]}), "api_key.secret_access_key"),
        (json!({"access_key_id": "A", "secret_access_key": "hunter2", "session_token": null}), "api_key.session_token"),
        (json!({"access_key_id": "A", "secret_access_key": "hunter2", "session_token": " "}), "api_key.session_token"),
        (json!({"access_key_id": "A", "secret_access_key": "hunter2\r\nx: y"}), "api_key.secret_access_key"),
        (json!({"access_key_id": "A", "secret_access_key": "hunter2********"}), "api_key.secret_access_key"),
        (json!({"access_key_id": "A", "secret_access_key": "hunter2".repeat(2000)}), "api_key.secret_access_key"),
        (json!({"access_key_id": "hunter2/x", "secret_access_key": "s"}), "api_key.access_key_id"),
        (json!({"access_key_id": "hunter2, x", "secret_access_key": "s"}), "api_key.access_key_id"),
    ] {
        let (named, message) = refusal(&stored);
        assert_eq!(named, param, "{stored}");
        assert!(!message.contains("hunter2"), "{message}");
    }
    for text in ["", "hunter2", r#"{"access_key_id": "A", "secret_access_key": "hunter2"} x"#, r#"{"hunter2"#] {
        let invalid = Credentials::parse_json(text).expect_err(text);
        assert_eq!(invalid.param, "api_key");
        assert!(!invalid.message.contains("hunter2"));
    }
}

#[test]
fn debug_shows_no_secret() {
    let credentials = credentials(Some("session-hunter2"));
    let headers = sign(
        &Request { method: "GET", url: HOST_OF_THE_SUITE, headers: &[], body: b"" },
        &credentials,
        SUITE,
        at("2015-08-30T12:36:00Z"),
    );
    let shown = format!("{credentials:?} {headers:?}");
    assert!(!shown.contains(SECRET) && !shown.contains("hunter2") && !shown.contains("Signature="), "{shown}");
}
