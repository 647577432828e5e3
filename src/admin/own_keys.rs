//! `/api/v1/me/provider-keys`: a user's own keys at providers (SPEC sections 5 and 6). Written, used, deleted; never read
//! back, and nobody else's to see.

use super::form::Form;
use super::page::Page;
use super::providers::{self, credential};
use super::reply::{check_if_match, time};
use super::schema::own_keys::OWN_KEY;
use super::{Call, Reply, not_found};
use crate::domain::header_map::looks_masked;
use crate::domain::ids::{ProviderId, UserId, UserKeyId};
use crate::domain::invalid::Invalid;
use crate::domain::kind::AuthMethod;
use crate::json::json;
use crate::refusal::{Reason, Refusal};
use crate::seal::Plaintext;
use crate::store::providers::{ProviderRow, Show};
use crate::store::user_keys::{self, UserKeyRow, place};
use crate::store::{StoreError, write_and_read, write_if, written};
use serde_json::Value;

fn view(key: &UserKeyRow) -> Value {
    json!({
        "provider_id": key.provider_id,
        "provider_name": key.provider_name,
        "hint": key.hint,
        "created_at": time(key.created_at),
        "updated_at": time(key.updated_at),
    })
}

/// Whose keys: the user that the caller's token is bound to.
fn user<'c>(call: &'c Call<'_>) -> Result<&'c UserId, Refusal> {
    call.principal.user().ok_or_else(|| {
        Refusal::new(
            Reason::ValidationFailed,
            "own keys belong to a user, and this token is bound to none: present a token that was minted with \
             `user_id` (POST /api/v1/users, then POST /api/v1/tokens)",
        )
    })
}

fn none(provider: &str) -> Refusal {
    Refusal::new(
        Reason::NotFound,
        format!("you have no key of your own for provider `{provider}`: PUT {{\"api_key\": \"…\"}} here sets one"),
    )
}

async fn stored(call: &Call<'_>, provider: &str) -> Result<UserKeyRow, Refusal> {
    let user = user(call)?;
    let key = match ProviderId::parse(provider) {
        Some(id) => user_keys::find(call.world.db, user, &id).await?,
        None => None,
    };
    key.ok_or_else(|| none(provider))
}

pub async fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let page = Page::of(call)?;
    let user = user(call)?;
    let show = if call.manages_providers() { Show::All } else { Show::Enabled };
    let rows = user_keys::list(call.world.db, user, page.after(), page.read_ahead(), show).await?;
    Ok(page.reply(rows, |row| (row.created_at, row.id.as_str()), view))
}

pub async fn get(call: &Call<'_>, provider: &str) -> Result<Reply, Refusal> {
    let key = stored(call, provider).await?;
    if !key.provider_enabled && !call.manages(&key.provider_id) {
        return Err(none(provider));
    }
    Ok(Reply::resource(call.request, &view(&key)))
}

/// The key that the body gives, as the provider's auth method sends it, and what is shown of it.
fn given(form: &mut Form, provider: &ProviderRow) -> Result<(Plaintext, Option<String>), Refusal> {
    let key = Plaintext::new(form.text("api_key")?.required("api_key")?);
    let key = Plaintext::new(key.expose().trim().to_owned());
    let method = provider.settings.read()?.resolved_auth_method()?;
    let refused = |why: String| Err(Invalid::new("api_key", why).into());
    match method {
        AuthMethod::CustomHeaders => {
            return refused(format!(
                "provider `{}` is called with a map of headers (auth_method `custom_headers`), in whose place no single \
                 key fits: an admin can register it once more with a method that sends a key",
                provider.name
            ));
        }
        AuthMethod::None => {
            return refused(format!("provider `{}` takes no credential (auth_method `none`)", provider.name));
        }
        _ if key.expose().is_empty() => {
            return refused("api_key is empty: DELETE takes an own key away".into());
        }
        _ if looks_masked(key.expose()) => {
            return refused("api_key is a masked credential: send the credential itself".into());
        }
        _ => credential::check_fits(method, "api_key", &key)?,
    }
    let hint = credential::hint(method, &key);
    Ok((key, hint))
}

/// Sets the key, or another one in its place.
pub async fn put(call: &Call<'_>, provider: &str) -> Result<Reply, Refusal> {
    let user = user(call)?.clone();
    let (provider, _) = providers::find(call, provider).await?;
    let before = user_keys::find(call.world.db, &user, &provider.id).await?;
    match &before {
        Some(before) => check_if_match(call.request, &view(before))?,
        // Without a key there is nothing that a tag could name, `*` included (RFC 9110 section 13.1.1).
        None if call.request.if_match.is_some() => return Err(StoreError::Precondition.into()),
        None => {}
    }
    let mut form = Form::read(call.request, &OWN_KEY)?;
    let (key, hint) = given(&mut form, &provider)?;
    let id = match &before {
        Some(before) => before.id.clone(),
        None => UserKeyId::generate(call.world.rng)?,
    };
    let project = &provider.project_id;
    let sealed = call.world.deployment.ring()?.seal(&key, &place(project, &id), call.world.rng)?;
    let write = match before {
        Some(_) => {
            user_keys::UPDATE.with([id.as_str().into(), sealed.as_str().into(), hint.into(), call.now.ms().into()])
        }
        None => user_keys::INSERT.with([
            id.as_str().into(),
            project.as_str().into(),
            user.as_str().into(),
            provider.id.as_str().into(),
            sealed.as_str().into(),
            hint.into(),
            call.now.ms().into(),
        ]),
    };
    let statements = vec![write, call.audit(Some(project), ("provider_key", id.as_str()), form.names())?];
    let precondition = before.as_ref().map(user_keys::unchanged);
    let read = vec![user_keys::read(&user, &provider.id)];
    let put = write_and_read(call.world.db, precondition, statements, read).await.map_err(|error| match error {
        // Another PUT was first, and is as it should be read before it is replaced.
        StoreError::Taken(_) => StoreError::Precondition.into(),
        StoreError::Reference => not_found("provider", provider.id.as_str()),
        other => other.into(),
    })?;
    let shown = view(&written(&put)?);
    Ok(match before {
        Some(_) => Reply::resource(call.request, &shown),
        None => Reply::created(format!("/api/v1/me/provider-keys/{}", provider.id), &shown),
    })
}

/// Calls fall back to the provider's credential at once. Works for a disabled provider, too: the key is the user's.
pub async fn delete(call: &Call<'_>, provider: &str) -> Result<Reply, Refusal> {
    let key = stored(call, provider).await?;
    check_if_match(call.request, &view(&key))?;
    let statements = vec![
        user_keys::DELETE.with([key.id.as_str().into()]),
        call.audit(Some(&key.project_id), ("provider_key", key.id.as_str()), &[])?,
    ];
    write_if(call.world.db, user_keys::unchanged(&key), statements).await?;
    Ok(Reply::gone())
}
