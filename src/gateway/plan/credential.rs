//! How an opened credential is presented, and what of it must never be repeated.

use crate::domain::kind::AuthMethod;
use crate::domain::timestamp::Timestamp;
use crate::refusal::{Reason, Refusal};
use crate::routing::headers_out::{Credential, CredentialHeader};
use crate::routing::{Opened, sigv4};

/// The call that a signature is made over.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Where to.
    pub url: &'a str,
    /// Whose region.
    pub region: &'a str,
    /// The body, to the byte.
    pub body: &'a [u8],
    /// Now.
    pub now: Timestamp,
}

/// The headers that present a credential, to be set over all others of their names. `signed` is what `aws_sigv4` signs;
/// without it, as in a raw pass-through whose body is not read, such a credential cannot be presented.
pub fn credential_headers(
    opened: &Opened,
    method: AuthMethod,
    signed: Option<Signed<'_>>,
) -> Result<Vec<(String, String)>, Refusal> {
    let unfit = |why: &str| Refusal::new(Reason::CredentialInvalid, format!("the credential cannot be sent: {why}"));
    let credential = match (opened, method) {
        (Opened::Headers(map), _) => Credential::Custom(map),
        (Opened::Keyless, _) => Credential::None,
        (Opened::Aws(credentials), _) => {
            let Some(signed) = signed else {
                return Err(unfit(
                    "AWS signs the whole body, which a raw pass-through does not read: use a Bedrock API key with \
                     auth_method `bearer`",
                ));
            };
            return Ok(sign(credentials, signed));
        }
        (Opened::Key(key), AuthMethod::Bearer) => Credential::Bearer(key.expose()),
        (Opened::Key(key), AuthMethod::XApiKey) => Credential::XApiKey(key.expose()),
        (Opened::Key(key), AuthMethod::ApiKey) => Credential::ApiKey(key.expose()),
        (Opened::Key(key), AuthMethod::XGoogApiKey) => Credential::XGoogApiKey(key.expose()),
        (Opened::Key(_), AuthMethod::CustomHeaders | AuthMethod::AwsSigv4 | AuthMethod::None) => {
            return Err(unfit(&format!("it does not fit auth_method `{}`: save it again", method.as_str())));
        }
    };
    Ok(exposed(&credential.headers().map_err(|invalid| unfit(&invalid.message))?))
}

fn sign(credentials: &sigv4::Credentials, signed: Signed<'_>) -> Vec<(String, String)> {
    // What has no body has no type, either.
    let typed: &[_] = if signed.body.is_empty() { &[] } else { &[("content-type", "application/json")] };
    let request = sigv4::Request { method: signed.method, url: signed.url, headers: typed, body: signed.body };
    let scope = sigv4::Scope { region: signed.region, service: sigv4::BEDROCK };
    exposed(&sigv4::sign(&request, credentials, scope, signed.now))
}

fn exposed(headers: &[CredentialHeader<'_>]) -> Vec<(String, String)> {
    headers.iter().map(|header| (header.name().to_owned(), header.expose().to_owned())).collect()
}

/// What must not be repeated to a client, whoever repeats it.
pub fn secrets(opened: &Opened) -> Vec<String> {
    match opened {
        Opened::Key(key) => vec![key.expose().to_owned()],
        Opened::Headers(map) => map.iter().flat_map(|(_, value)| secret_parts(value)).collect(),
        Opened::Aws(credentials) => credentials.secrets().map(str::to_owned).collect(),
        Opened::Keyless => Vec::new(),
    }
}

/// Shorter header values (`1`, `true`, `eu-west`) are no credentials, and to mask them would garble every number.
const SHORTEST_SECRET: usize = 8;

/// What must not be repeated of a header's value: all of it, and what follows its scheme (`Bearer …`).
fn secret_parts(value: &str) -> impl Iterator<Item = String> {
    let after_scheme = value.split_once(' ').map(|(_, rest)| rest.trim());
    [Some(value), after_scheme].into_iter().flatten().filter(|part| part.len() >= SHORTEST_SECRET).map(str::to_owned)
}
