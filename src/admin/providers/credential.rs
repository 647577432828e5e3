//! A provider's credential: exactly one of `api_key`, `secret_id`, `custom_headers` (SPEC section 2).

use super::super::Call;
use super::super::form::Form;
use crate::access::Operation;
use crate::domain::header_map::{CustomHeaders, api_key_text};
use crate::domain::ids::{ProjectId, ProviderId, SecretId};
use crate::domain::invalid::Invalid;
use crate::domain::kind::AuthMethod;
use crate::domain::provider::CredentialSource;
use crate::refusal::Refusal;
use crate::routing::sigv4::Credentials;
use crate::seal::Plaintext;
use crate::store::providers::{ProviderRow, StoredCredential, place};
use crate::store::secrets;

/// What the body gives.
#[derive(Debug)]
pub enum Given {
    /// `api_key`.
    Key(Plaintext),
    /// `api_key: ""`: keyless on purpose.
    Keyless,
    /// `secret_id`.
    Secret(SecretId),
    /// `secret_id: null`: the link goes, and nothing takes its place.
    Unlink,
    /// `custom_headers`.
    Headers(CustomHeaders),
}

impl Given {
    /// Takes the credential's fields, of which one at most may be there.
    pub fn read(form: &mut Form, stored: Option<&ProviderRow>) -> Result<Option<Self>, Refusal> {
        // A null link is what a read shows of any provider that has none: sent back, it must not cost the credential.
        let another = form.has("api_key") || form.has("custom_headers");
        let is_linked = stored.is_some_and(|provider| provider.secret_id.is_some());
        if form.take_null("secret_id") && is_linked && !another {
            return Ok(Some(Self::Unlink));
        }
        let fields = ["api_key", "secret_id", "custom_headers"];
        let given: Vec<_> = fields.into_iter().filter(|field| form.has(field)).collect();
        match given.as_slice() {
            [] => Ok(None),
            ["api_key"] => {
                let key = form.text("api_key")?.given("api_key")?.map(Plaintext::new);
                Ok(key.map(key_or_keyless))
            }
            ["secret_id"] => {
                // What is no id is not repeated: it may be the key itself, in the wrong field.
                let no_id = || Invalid::new("secret_id", "secret_id must be the id of a secret (`sec_…`)");
                let secret = form.text("secret_id")?.map(|id| SecretId::parse(&id).ok_or_else(no_id))?;
                Ok(secret.over(None).map(Self::Secret))
            }
            ["custom_headers"] => {
                let headers = form.value("custom_headers")?.given("custom_headers")?;
                Ok(headers.map(|value| CustomHeaders::from_value(&value).map(Self::Headers)).transpose()?)
            }
            [first, rest @ ..] => Err(Invalid::new(
                *first,
                format!("a provider has one credential: give {first} or {}, not both", rest.join(" or ")),
            )
            .into()),
        }
    }
}

fn key_or_keyless(key: Plaintext) -> Given {
    if key.expose().is_empty() { Given::Keyless } else { Given::Key(Plaintext::new(key.expose().trim().to_owned())) }
}

/// Checks that a value is what an auth method sends: a key, a header map as JSON, or AWS's access key as JSON. `param` is
/// the field that brought it.
pub fn check_fits(method: AuthMethod, param: &str, value: &Plaintext) -> Result<(), Invalid> {
    match method {
        AuthMethod::CustomHeaders => CustomHeaders::parse_json(value.expose()).map(|_| ()),
        AuthMethod::AwsSigv4 => Credentials::parse_json(value.expose()).map(|_| ()),
        _ => api_key_text(param, value.expose()).map(|_| ()),
    }
}

/// What is shown of a key. Of AWS's it is the end of the key's id, which is no secret.
pub fn hint(method: AuthMethod, key: &Plaintext) -> Option<String> {
    match method {
        AuthMethod::AwsSigv4 => {
            let id = Credentials::parse_json(key.expose()).ok()?.access_key_id().to_owned();
            Plaintext::new(id).hint()
        }
        _ => key.hint(),
    }
}

fn no_such_secret(id: &str) -> Invalid {
    Invalid::new("secret_id", format!("there is no secret `{id}` in this project"))
}

/// Checks the credential against the auth method, seals it, and says what to store.
pub async fn store(
    call: &Call<'_>,
    project: &ProjectId,
    provider: &ProviderId,
    method: AuthMethod,
    given: Option<&Given>,
) -> Result<StoredCredential, Refusal> {
    let nothing = StoredCredential {
        source: CredentialSource::Unset,
        sealed: None,
        hint: None,
        header_names: vec![],
        secret_id: None,
    };
    let seal = |value: &Plaintext| {
        let ring = call.world.deployment.ring()?;
        Ok::<_, Refusal>(ring.seal(value, &place(project, provider), call.world.rng)?)
    };
    match (given, method) {
        (None | Some(Given::Unlink), AuthMethod::None) => {
            Ok(StoredCredential { source: CredentialSource::Keyless, ..nothing })
        }
        (None | Some(Given::Unlink), _) => Ok(nothing),
        (Some(Given::Keyless), AuthMethod::CustomHeaders) => Err(goes_with("api_key", method)),
        (Some(Given::Keyless), _) => Ok(StoredCredential { source: CredentialSource::Keyless, ..nothing }),
        (Some(Given::Key(_)), AuthMethod::CustomHeaders | AuthMethod::None) => Err(goes_with("api_key", method)),
        (Some(Given::Key(key)), _) => {
            check_fits(method, "api_key", key)?;
            let (sealed, hint) = (Some(seal(key)?), hint(method, key));
            Ok(StoredCredential { source: CredentialSource::Inline, sealed, hint, ..nothing })
        }
        (Some(Given::Headers(headers)), AuthMethod::CustomHeaders) => Ok(StoredCredential {
            source: CredentialSource::Headers,
            sealed: Some(seal(&Plaintext::new(headers.expose_json().to_string()))?),
            header_names: headers.names().map(str::to_owned).collect(),
            ..nothing
        }),
        (Some(Given::Headers(_)), _) => Err(goes_with("custom_headers", method)),
        (Some(Given::Secret(_)), AuthMethod::None) => Err(goes_with("secret_id", method)),
        (Some(Given::Secret(secret)), _) => {
            check_secret(call, project, secret, method).await?;
            Ok(StoredCredential { source: CredentialSource::Secret, secret_id: Some(secret.clone()), ..nothing })
        }
    }
}

fn goes_with(field: &str, method: AuthMethod) -> Refusal {
    let message = match method {
        AuthMethod::CustomHeaders => format!(
            "{field} does not go with auth_method `custom_headers`: give custom_headers, or a secret_id whose value is the header map as JSON"
        ),
        AuthMethod::None => format!("{field} does not go with auth_method `none`, which sends no credential"),
        _ => format!("{field} goes with auth_method `custom_headers` only; this provider's is `{}`", method.as_str()),
    };
    Invalid::new(field, message).into()
}

/// A secret must exist, open, and hold what the method needs, before anything is linked to it. Whoever links it decides
/// where it is sent, and so must have the right to it.
async fn check_secret(
    call: &Call<'_>,
    project: &ProjectId,
    secret: &SecretId,
    method: AuthMethod,
) -> Result<(), Refusal> {
    call.principal.require(Operation::GetSecret, &[secret.as_str()]).map_err(|refusal| refusal.on("secret_id"))?;
    let Some(sealed) = secrets::value(call.world.db, project, secret).await? else {
        return Err(no_such_secret(secret.as_str()).into());
    };
    let value = call.world.deployment.ring()?.open(&sealed, &secrets::place(project, secret))?;
    let fits = check_fits(method, "secret_id", &value);
    // The rule that the value breaks is told, under the name of the field that was sent.
    fits.map_err(|broken| {
        Invalid::new("secret_id", format!("the secret's value does not fit: {}", broken.message)).into()
    })
}
