//! AWS Signature Version 4, by which Bedrock knows its caller (AWS IAM User Guide, "Create a signed AWS API request").
//!
//! The signature covers what goes over the wire: the URL has to be in the form that `fetch` leaves alone, and the
//! headers have to arrive as they are given here.

mod canonical;
mod credentials;
#[cfg(test)]
mod tests;

use crate::domain::timestamp::Timestamp;
use crate::routing::headers_out::CredentialHeader;
use canonical::CanonicalRequest;
pub use credentials::Credentials;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// Bedrock's service name in a [`Scope`], the runtime's and the control plane's.
pub const BEDROCK: &str = "bedrock";

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATION: &str = "aws4_request";

const AUTHORIZATION: &str = "authorization";
const HOST: &str = "host";
const X_AMZ_DATE: &str = "x-amz-date";
const X_AMZ_SECURITY_TOKEN: &str = "x-amz-security-token";

/// What is to be signed, exactly as it will be sent.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// `POST`, in upper case.
    pub method: &'a str,
    /// The whole URL, percent-encoded: `https://bedrock-runtime.us-east-1.amazonaws.com/model/…%3A0/converse`. The
    /// host is signed from here.
    pub url: &'a str,
    /// The headers to sign, and no others: those that nobody on the way changes, `content-type` first of all. `host`
    /// and the headers of the signature itself are signed as they will be and passed over here.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body's bytes.
    pub body: &'a [u8],
}

/// Where a signature is good: with the day, the credential scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    /// `us-east-1`.
    pub region: &'a str,
    /// [`BEDROCK`].
    pub service: &'a str,
}

/// The headers that sign a request, to be set over all others of their names: `authorization`, `x-amz-date` and, for
/// temporary credentials, `x-amz-security-token`. They are good for five minutes around `now`.
pub fn sign(
    request: &Request<'_>,
    credentials: &Credentials,
    scope: Scope<'_>,
    now: Timestamp,
) -> Vec<CredentialHeader<'static>> {
    let amz_date = now.basic();
    let scope = CredentialScope::new(&amz_date, scope);
    let canonical = CanonicalRequest::new(request, &amz_date, credentials.session_token());
    let authorization = format!(
        "{ALGORITHM} Credential={}/{}, SignedHeaders={}, Signature={}",
        credentials.access_key_id(),
        scope.text(),
        canonical.signed_headers(),
        hex(&*hmac(&*scope.signing_key(credentials), string_to_sign(&amz_date, &scope, &canonical).as_bytes())),
    );
    let mut headers = vec![
        CredentialHeader::new(AUTHORIZATION, Zeroizing::new(authorization)),
        CredentialHeader::new(X_AMZ_DATE, Zeroizing::new(amz_date)),
    ];
    if let Some(token) = credentials.session_token() {
        headers.push(CredentialHeader::new(X_AMZ_SECURITY_TOKEN, Zeroizing::new(token.to_owned())));
    }
    headers
}

fn string_to_sign(amz_date: &str, scope: &CredentialScope<'_>, canonical: &CanonicalRequest) -> String {
    format!("{ALGORITHM}\n{amz_date}\n{}\n{}", scope.text(), hex(&Sha256::digest(canonical.as_bytes())))
}

/// A [`Scope`] on one day.
struct CredentialScope<'a> {
    /// `20150830`.
    day: &'a str,
    scope: Scope<'a>,
}

impl<'a> CredentialScope<'a> {
    fn new(amz_date: &'a str, scope: Scope<'a>) -> Self {
        Self { day: amz_date.split('T').next().unwrap_or_default(), scope }
    }

    fn text(&self) -> String {
        format!("{}/{}/{}/{TERMINATION}", self.day, self.scope.region, self.scope.service)
    }

    fn signing_key(&self, credentials: &Credentials) -> Zeroizing<[u8; 32]> {
        let secret = credentials.secret_access_key();
        let mut key = Zeroizing::new(Vec::with_capacity(4 + secret.len()));
        key.extend_from_slice(b"AWS4");
        key.extend_from_slice(secret.as_bytes());
        let day = hmac(&key, self.day.as_bytes());
        let region = hmac(&*day, self.scope.region.as_bytes());
        let service = hmac(&*region, self.scope.service.as_bytes());
        hmac(&*service, TERMINATION.as_bytes())
    }
}

fn hmac(key: &[u8], message: &[u8]) -> Zeroizing<[u8; 32]> {
    // HMAC takes a key of any length: there is no error to tell.
    let code = Hmac::<Sha256>::new_from_slice(key).map(|mac| mac.chain_update(message).finalize().into_bytes().into());
    Zeroizing::new(code.unwrap_or_default())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
