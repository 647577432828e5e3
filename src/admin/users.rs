//! Users: who owns tokens and own keys. A user's role bounds whatever its tokens may do.

use super::form::Form;
use super::page::Page;
use super::reply::{check_if_match, time};
use super::schema::users::USER;
use super::{Call, Reply, not_found};
use crate::access::{Operation, Policy, Principal, Role};
use crate::domain::email::Email;
use crate::domain::ids::UserId;
use crate::domain::name::Name;
use crate::json::json;
use crate::ports::Param;
use crate::refusal::{Reason, Refusal};
use crate::store::tokens;
use crate::store::users::{self, UserRow};
use crate::store::{StoreError, write_and_read, write_if, written};
use serde_json::Value;

fn view(user: &UserRow) -> Value {
    json!({
        "id": user.id,
        "project_id": user.project_id,
        "name": user.name,
        "email": user.email,
        "role": user.role,
        "disabled": user.disabled,
        "token_count": user.token_count,
        "created_at": time(user.created_at),
        "updated_at": time(user.updated_at),
    })
}

async fn find(call: &Call<'_>, id: &str) -> Result<UserRow, Refusal> {
    let user = match UserId::parse(id) {
        Some(id) => users::find(call.world.db, &id).await?,
        None => None,
    };
    user.filter(|user| call.sees(&user.project_id)).ok_or_else(|| not_found("user", id))
}

fn conflict(error: StoreError) -> Refusal {
    match error {
        StoreError::Taken(_) => Refusal::new(
            Reason::UserNameConflict,
            "a user of this name exists in the project (names that differ in case only are the same): choose another \
             name",
        )
        .on("name"),
        other => other.into(),
    }
}

/// What the user shall be, the body's fields over what is stored.
struct Change {
    name: Name,
    email: Option<Email>,
    role: Role,
    disabled: bool,
}

impl Change {
    fn read(form: &mut Form, stored: Option<&UserRow>) -> Result<Self, Refusal> {
        let name = form.text("name")?;
        let name = match stored {
            None => name.required("name")?,
            Some(stored) => name.given("name")?.unwrap_or_else(|| stored.name.clone()),
        };
        let email = form.text("email")?.map(|text| Email::parse("email", &text))?;
        let stored_email = stored.and_then(|stored| stored.email.clone()).map(Email::from_stored);
        let role = form.word("role", Role::parse)?.given("role")?;
        let disabled = form.truth("disabled")?.given("disabled")?;
        Ok(Self {
            name: Name::parse("name", &name)?,
            email: email.over(stored_email),
            role: role.or(stored.map(|stored| stored.role)).unwrap_or(Role::Member),
            disabled: disabled.unwrap_or(stored.is_some_and(|stored| stored.disabled)),
        })
    }

    /// From `name` to `disabled`, in the order that INSERT and UPDATE have them.
    fn columns(&self) -> [Param; 5] {
        [
            self.name.as_str().into(),
            self.name.key().into(),
            self.email.as_ref().map(Email::as_str).into(),
            self.role.as_str().into(),
            self.disabled.into(),
        ]
    }
}

/// Nobody makes, or changes, a user that may do more than they may themselves: its role is what its tokens may reach.
fn check_within(call: &Call<'_>, role: Role) -> Result<(), Refusal> {
    let Principal::Token(own) = &call.principal else { return Ok(()) };
    if own.policy.covers(&Policy::of_role(role)) {
        return Ok(());
    }
    let message = format!(
        "role `{}` is more than your own token has: give a lesser one, or ask someone who may do what it may",
        role.as_str()
    );
    Err(Refusal::new(Reason::Forbidden, message).on("role"))
}

pub async fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let page = Page::of(call)?;
    let project = call.project().await?;
    let rows = users::list(call.world.db, &project, page.after(), page.read_ahead()).await?;
    let shown = |row: &UserRow| call.lists(Operation::GetUser, &[row.id.as_str()]).then(|| view(row));
    Ok(page.reply(rows, |row| (row.created_at, row.id.as_str()), shown))
}

pub async fn get(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    Ok(Reply::resource(call.request, &view(&find(call, id).await?)))
}

pub async fn create(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut form = Form::read(call.request, &USER)?;
    let change = Change::read(&mut form, None)?;
    check_within(call, change.role)?;
    let project = call.project_for(&mut form).await?;
    let id = UserId::generate(call.world.rng)?;
    let own = [id.as_str().into(), project.as_str().into(), call.now.ms().into()];
    let statements = vec![
        users::INSERT.with(own.into_iter().chain(change.columns())),
        call.audit(Some(&project), ("user", id.as_str()), form.names())?,
    ];
    let read = vec![users::FIND.with([id.as_str().into()])];
    let made = write_and_read(call.world.db, None, statements, read).await.map_err(conflict)?;
    Ok(Reply::created(format!("/api/v1/users/{id}"), &view(&written(&made)?)))
}

pub async fn update(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let user = find(call, id).await?;
    check_if_match(call.request, &view(&user))?;
    let mut form = Form::read_update(call.request, &USER)?;
    call.stays_in(&mut form, &user.project_id)?;
    let change = Change::read(&mut form, Some(&user))?;
    check_within(call, user.role)?;
    check_within(call, change.role)?;
    let own = [user.id.as_str().into(), call.now.ms().into()];
    let statements = vec![
        users::UPDATE.with(own.into_iter().chain(change.columns())),
        call.audit(Some(&user.project_id), ("user", id), form.names())?,
    ];
    let read = vec![users::FIND.with([user.id.as_str().into()])];
    let precondition = Some(users::unchanged(&user));
    let changed = write_and_read(call.world.db, precondition, statements, read).await.map_err(conflict)?;
    Ok(Reply::resource(call.request, &view(&written(&changed)?)))
}

/// Its tokens are revoked and its own keys deleted with it; the audit log names each of them.
pub async fn delete(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let user = find(call, id).await?;
    check_if_match(call.request, &view(&user))?;
    check_within(call, user.role)?;
    let [of_its_own, audit] = call.audit_user_deletion(&user.project_id, id)?;
    let statements = vec![of_its_own, users::DELETE.with([user.id.as_str().into()]), audit];
    let tokens = tokens::of_user(call.world.db, &user.project_id, &user.id).await?;
    write_if(call.world.db, users::unchanged(&user), statements).await?;
    call.world.limiters.forget(&tokens).await;
    Ok(Reply::gone())
}
