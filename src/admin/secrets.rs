//! Secrets: written, linked, rotated; never read back.

use super::form::Form;
use super::page::Page;
use super::providers::credential;
use super::reply::{check_if_match, time};
use super::schema::secrets::SECRET;
use super::{Call, Reply, not_found};
use crate::access::Operation;
use crate::domain::header_map::{MAX_HEADER_BYTES, looks_masked};
use crate::domain::ids::{ProjectId, SecretId};
use crate::domain::invalid::Invalid;
use crate::domain::name::Name;
use crate::json::json;
use crate::refusal::{Reason, Refusal};
use crate::seal::Plaintext;
use crate::store::secrets::{self, SecretRow};
use crate::store::{StoreError, write_and_read, write_if, written};
use serde_json::Value;

fn view(secret: &SecretRow) -> Value {
    json!({
        "id": secret.id,
        "project_id": secret.project_id,
        "name": secret.name,
        "has_value": true,
        "hint": secret.hint,
        "provider_count": secret.provider_count,
        "created_at": time(secret.created_at),
        "updated_at": time(secret.updated_at),
    })
}

async fn find(call: &Call<'_>, id: &str) -> Result<SecretRow, Refusal> {
    let secret = match SecretId::parse(id) {
        Some(id) => secrets::find(call.world.db, &id).await?,
        None => None,
    };
    secret.filter(|secret| call.sees(&secret.project_id)).ok_or_else(|| not_found("secret", id))
}

/// A secret holds a key or a header map in JSON; which of them is known only where it is linked.
fn plaintext(value: String) -> Result<Plaintext, Invalid> {
    let value = Plaintext::new(value);
    let text = value.expose().trim();
    if text.is_empty() {
        return Err(Invalid::new("value", "value must not be empty: a provider without a key takes `api_key: \"\"`"));
    }
    if text.len() > MAX_HEADER_BYTES {
        return Err(Invalid::new("value", format!("value must not exceed {MAX_HEADER_BYTES} bytes")));
    }
    if looks_masked(text) {
        return Err(Invalid::new("value", "value is a masked credential: send the credential itself, or leave it out"));
    }
    Ok(Plaintext::new(text.to_owned()))
}

/// The hint of a key. A header map ends in the end of its last value, which may be short enough to be told whole.
fn hint(value: &Plaintext) -> Option<String> {
    value.hint().filter(|_| !value.expose().starts_with('{'))
}

/// A new value must be what the linked providers send: their calls would fail on anything else.
async fn check_fits(call: &Call<'_>, secret: &SecretRow, value: &Plaintext) -> Result<(), Refusal> {
    for method in secrets::methods(call.world.db, secret).await? {
        credential::check_fits(method, "value", value).map_err(|broken| {
            let message =
                format!("providers that send it as `{}` use this secret: {}", method.as_str(), broken.message);
            Invalid::new("value", message)
        })?;
    }
    Ok(())
}

fn conflict(error: StoreError) -> Refusal {
    match error {
        StoreError::Taken(_) => Refusal::new(
            Reason::SecretNameConflict,
            "a secret of this name exists (names that differ in case only are the same): choose another name, or \
             PATCH that one to rotate its value",
        )
        .on("name"),
        other => other.into(),
    }
}

pub async fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let page = Page::of(call)?;
    let project = call.project().await?;
    let rows = secrets::list(call.world.db, &project, page.after(), page.read_ahead()).await?;
    let shown = |row: &SecretRow| call.lists(Operation::GetSecret, &[row.id.as_str()]).then(|| view(row));
    Ok(page.reply(rows, |row| (row.created_at, row.id.as_str()), shown))
}

pub async fn get(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    Ok(Reply::resource(call.request, &view(&find(call, id).await?)))
}

fn seal(call: &Call<'_>, project: &ProjectId, id: &SecretId, value: &Plaintext) -> Result<String, Refusal> {
    let sealed = call.world.deployment.ring()?.seal(value, &secrets::place(project, id), call.world.rng)?;
    Ok(sealed.as_str().to_owned())
}

pub async fn create(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut form = Form::read(call.request, &SECRET)?;
    let name = Name::parse("name", &form.text("name")?.required("name")?)?;
    let value = plaintext(form.text("value")?.required("value")?)?;
    let project = call.project_for(&mut form).await?;
    let id = SecretId::generate(call.world.rng)?;
    let statements = vec![
        secrets::INSERT.with([
            id.as_str().into(),
            project.as_str().into(),
            name.as_str().into(),
            name.key().into(),
            seal(call, &project, &id, &value)?.into(),
            hint(&value).into(),
            call.now.ms().into(),
        ]),
        call.audit(Some(&project), ("secret", id.as_str()), form.names())?,
    ];
    let read = vec![secrets::FIND.with([id.as_str().into()])];
    let made = write_and_read(call.world.db, None, statements, read).await.map_err(conflict)?;
    Ok(Reply::created(format!("/api/v1/secrets/{id}"), &view(&written(&made)?)))
}

pub async fn update(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let secret = find(call, id).await?;
    check_if_match(call.request, &view(&secret))?;
    let mut form = Form::read_update(call.request, &SECRET)?;
    call.stays_in(&mut form, &secret.project_id)?;
    let name = form.text("name")?.given("name")?.map(|name| Name::parse("name", &name)).transpose()?;
    let value = form.text("value")?.given("value")?.map(plaintext).transpose()?;
    if let Some(value) = &value {
        check_fits(call, &secret, value).await?;
    }
    let sealed = value.as_ref().map(|value| seal(call, &secret.project_id, &secret.id, value)).transpose()?;
    let statements = vec![
        secrets::UPDATE.with([
            secret.id.as_str().into(),
            name.as_ref().map(Name::as_str).into(),
            name.as_ref().map(Name::key).into(),
            sealed.into(),
            value.as_ref().and_then(hint).into(),
            call.now.ms().into(),
        ]),
        call.audit(Some(&secret.project_id), ("secret", id), form.names())?,
    ];
    let read = vec![secrets::FIND.with([secret.id.as_str().into()])];
    let precondition = Some(secrets::unchanged(&secret));
    let changed = write_and_read(call.world.db, precondition, statements, read).await.map_err(conflict)?;
    Ok(Reply::resource(call.request, &view(&written(&changed)?)))
}

pub async fn delete(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let secret = find(call, id).await?;
    check_if_match(call.request, &view(&secret))?;
    let statements = vec![
        secrets::DELETE.with([secret.id.as_str().into()]),
        call.audit(Some(&secret.project_id), ("secret", id), &[])?,
    ];
    match write_if(call.world.db, secrets::unchanged(&secret), statements).await {
        Ok(_) => Ok(Reply::gone()),
        Err(StoreError::Reference) => {
            let users = secrets::users(call.world.db, &secret).await?;
            let names = users.iter().map(|user| user.name.as_str()).collect::<Vec<_>>().join(", ");
            let message = format!("the secret is in use by {names}: link another credential there first");
            Err(Refusal::new(Reason::SecretInUse, message).with_details(json!({ "providers": users })))
        }
        Err(other) => Err(other.into()),
    }
}
