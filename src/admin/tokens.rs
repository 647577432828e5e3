//! Tokens: shown once, never stronger than their maker.

pub mod limits;

use super::form::{Form, Patch};
use super::page::Page;
use super::reply::{check_if_match, time};
use super::schema::tokens::TOKEN;
use super::{Call, Reply, not_found};
use crate::access::{Operation, PlainToken, Policy, Principal, Role, Statement, TokenHash};
use crate::domain::ids::{ProjectId, TokenId, UserId};
use crate::domain::invalid::Invalid;
use crate::domain::limits::Limits;
use crate::domain::name::Name;
use crate::domain::selector::SelectorGlob;
use crate::domain::timestamp::Timestamp;
use crate::json::{Members, json};
use crate::ports::Param;
use crate::refusal::{Reason, Refusal};
use crate::store::tokens::{self, TokenRow};
use crate::store::users::{self, UserRow};
use crate::store::{StoreError, write_and_read, write_if, written};
use serde_json::Value;

fn view(token: &TokenRow) -> Value {
    json!({
        "id": token.id,
        "project_id": token.project_id,
        "user_id": token.user_id,
        "name": token.name,
        "hint": token.hint,
        "role": token.role,
        "policy": token.policy,
        "allowed_models": token.allowed_models,
        "limits": limits::view(token.limits),
        "expires_at": token.expires_at.map(time),
        "disabled": token.disabled,
        "created_at": time(token.created_at),
        "updated_at": time(token.updated_at),
    })
}

async fn find(call: &Call<'_>, id: &str) -> Result<TokenRow, Refusal> {
    let token = match TokenId::parse(id) {
        Some(id) => tokens::find(call.world.db, &id).await?,
        None => None,
    };
    token.filter(|token| call.sees(&token.project_id)).ok_or_else(|| not_found("token", id))
}

/// What the token shall be, the body's fields over what is stored.
struct Change {
    name: Name,
    rights: Rights,
    allowed_models: Option<Vec<SelectorGlob>>,
    limits: Option<Limits>,
    expires_at: Option<Timestamp>,
    disabled: bool,
}

enum Rights {
    Role(Role),
    Policy(Vec<Statement>),
}

impl Rights {
    const fn field(&self) -> &'static str {
        match self {
            Self::Role(_) => "role",
            Self::Policy(_) => "policy",
        }
    }

    fn policy(&self) -> Result<Policy, Invalid> {
        match self {
            Self::Role(role) => Ok(Policy::of_role(*role)),
            Self::Policy(statements) => Policy::from_statements("policy", statements),
        }
    }

    fn read(form: &mut Form, stored: Option<&TokenRow>, user: Option<&UserRow>) -> Result<Self, Invalid> {
        let role = form.word("role", Role::parse)?;
        let statements = form.value("policy")?.map(statements)?;
        let cleared = [("role", role == Patch::Clear), ("policy", statements == Patch::Clear)];
        let (role, statements) = (role.over(None), statements.over(None));
        let never_none = |field: &str| {
            Invalid::new(field, format!("{field} cannot be null without another: a token has a role or a policy"))
        };
        match (role, statements, stored) {
            (Some(_), Some(_), _) => {
                Err(Invalid::new("policy", "a token has a role or a policy: give one of them, not both"))
            }
            (Some(role), None, _) => Ok(Self::Role(role)),
            (None, Some(statements), _) => Ok(Self::Policy(statements)),
            (None, None, Some(stored)) if cleared.contains(&(stored.rights_column(), true)) => {
                Err(never_none(stored.rights_column()))
            }
            (None, None, Some(TokenRow { role: Some(role), .. })) => Ok(Self::Role(*role)),
            (None, None, Some(TokenRow { policy: Some(statements), .. })) => Ok(Self::Policy(statements.clone())),
            // What its user may; without one the least that is of use: it calls models and changes nothing.
            (None, None, _) => Ok(Self::Role(user.map_or(Role::Member, |user| user.role))),
        }
    }
}

fn statements(value: Value) -> Result<Vec<Statement>, Invalid> {
    serde_json::from_value(value).map_err(|error| {
        Invalid::new("policy", format!("policy must be a list of {{effect, actions, resources?}}: {error}"))
    })
}

impl Change {
    fn read(form: &mut Form, stored: Option<&TokenRow>, user: Option<&UserRow>) -> Result<Self, Invalid> {
        let name = form.text("name")?;
        let name = match stored {
            None => name.required("name")?,
            Some(stored) => name.given("name")?.unwrap_or_else(|| stored.name.clone()),
        };
        let allowed = form.texts("allowed_models")?.over(stored.and_then(|stored| stored.allowed_models.clone()));
        let expires = form.text("expires_at")?.map(|text| Timestamp::parse("expires_at", &text))?;
        let disabled = form.truth("disabled")?.given("disabled")?;
        Ok(Self {
            name: Name::parse("name", &name)?,
            rights: Rights::read(form, stored, user)?,
            allowed_models: allowed.map(globs).transpose()?,
            limits: limits::read(form, stored.and_then(|stored| stored.limits))?,
            expires_at: expires.over(stored.and_then(|stored| stored.expires_at).map(Timestamp::from_ms)),
            disabled: disabled.unwrap_or(stored.is_some_and(|stored| stored.disabled)),
        })
    }

    /// Nobody mints, or widens, a token beyond their own (SPEC section 4).
    fn check_within(&self, minter: &Principal) -> Result<(), Refusal> {
        let Principal::Token(own) = minter else { return Ok(()) };
        let beyond = |param: &str, what: &str| {
            let message = format!("{param} would give more than your own token has: {what}");
            Err(Refusal::new(Reason::Forbidden, message).on(param))
        };
        if !own.policy.covers(&self.rights.policy()?) {
            return beyond(self.rights.field(), "narrow it to what you may do yourself");
        }
        match (&own.allowed_models, &self.allowed_models) {
            (None, _) => {}
            (Some(_), None) => return beyond("allowed_models", "give the models, yours at most"),
            (Some(own), Some(minted)) => {
                if !minted.iter().all(|glob| own.iter().any(|wider| wider.covers(glob))) {
                    return beyond("allowed_models", "leave out what yours does not allow");
                }
            }
        }
        if let Some((param, most)) = own.limits.unwrap_or_default().exceeded_by(&self.limits.unwrap_or_default()) {
            return beyond(param, &format!("yours is {most}, give that at most"));
        }
        match (own.expires_at, self.expires_at) {
            (Some(end), None) => beyond("expires_at", &format!("yours ends at {end}")),
            (Some(end), Some(minted)) if minted > end => beyond("expires_at", &format!("yours ends at {end}")),
            _ => Ok(()),
        }
    }

    /// A role beyond the user's is refused. A policy may hold wildcards, which the user's role narrows at each reading.
    fn check_role_within(&self, user: &UserRow) -> Result<(), Invalid> {
        match self.rights {
            Rights::Role(role) if !Policy::of_role(user.role).covers(&Policy::of_role(role)) => {
                let message = format!(
                    "role `{}` is more than the token's user has: give a {}'s, or raise the role of `{}` first",
                    role.as_str(),
                    user.role.as_str(),
                    user.id
                );
                Err(Invalid::new("role", message))
            }
            _ => Ok(()),
        }
    }

    /// From `name` to `budget_period`, in the order that INSERT and UPDATE have them.
    fn columns(&self) -> impl Iterator<Item = Param> {
        let (role, policy) = match &self.rights {
            Rights::Role(role) => (Some(role.as_str()), None),
            Rights::Policy(statements) => (None, Some(json!(statements).to_string())),
        };
        let globs = |globs: &Vec<SelectorGlob>| json!(globs.iter().map(SelectorGlob::as_str).collect::<Vec<_>>());
        let own = [
            self.name.as_str().into(),
            role.into(),
            policy.into(),
            self.allowed_models.as_ref().map(|allowed| globs(allowed).to_string()).into(),
            self.expires_at.map(Timestamp::ms).into(),
            self.disabled.into(),
        ];
        own.into_iter().chain(limits::columns(self.limits))
    }
}

fn globs(texts: Vec<String>) -> Result<Vec<SelectorGlob>, Invalid> {
    if texts.is_empty() || texts.len() > 64 {
        let message = "allowed_models must hold 1 to 64 selector patterns; null allows every model";
        return Err(Invalid::new("allowed_models", message));
    }
    texts.iter().map(|text| SelectorGlob::parse("allowed_models", text)).collect()
}

/// The user that a token is minted for. It acts with that user's own keys, so that whoever mints it must have what the
/// user has.
async fn user_of(call: &Call<'_>, project: &ProjectId, given: Option<String>) -> Result<Option<UserRow>, Refusal> {
    let Some(given) = given else { return Ok(None) };
    let user = match UserId::parse(&given) {
        Some(id) => users::find(call.world.db, &id).await?,
        None => None,
    };
    let user = user.filter(|user| user.project_id == *project).ok_or_else(|| no_user(&given))?;
    match &call.principal {
        Principal::Token(own) if !own.policy.covers(&Policy::of_role(user.role)) => {
            let role = user.role.as_str();
            let message = format!(
                "user_id would give more than your own token has: `{given}` is a {role}; have a token minted by someone \
                 who may do what a {role} may"
            );
            Err(Refusal::new(Reason::Forbidden, message).on("user_id"))
        }
        _ => Ok(Some(user)),
    }
}

fn no_user(id: &str) -> Invalid {
    Invalid::new("user_id", format!("there is no user `{id}` in this project: POST /api/v1/users makes one"))
}

pub async fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let page = Page::of(call)?;
    let project = call.project().await?;
    let rows = tokens::list(call.world.db, &project, page.after(), page.read_ahead()).await?;
    let shown = |row: &TokenRow| call.lists(Operation::GetToken, &[row.id.as_str()]).then(|| view(row));
    Ok(page.reply(rows, |row| (row.created_at, row.id.as_str()), shown))
}

pub async fn get(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let token = find(call, id).await?;
    let mut shown = view(&token);
    let mut reply = Reply::resource(call.request, &shown);
    let Some(own) = token.limits else { return Ok(reply) };
    // The tag is of the token, and whoever has it has the token as it is, but not what it has used by now.
    let standing = call.world.limiters.standing(&token.id, &own).await;
    if let Value::Object(fields) = &mut shown {
        fields.put("standing", limits::standing(standing));
    }
    if reply.status == 304 {
        reply = Reply { headers: reply.headers, ..Reply::json(200, &shown) };
    }
    reply.body = Some(shown.to_string());
    Ok(reply)
}

pub async fn create(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut form = Form::read(call.request, &TOKEN)?;
    let user = form.text("user_id")?.over(None);
    let project = call.project_for(&mut form).await?;
    let user = user_of(call, &project, user).await?;
    let change = Change::read(&mut form, None, user.as_ref())?;
    change.rights.policy()?;
    change.check_within(&call.principal)?;
    user.as_ref().map_or(Ok(()), |user| change.check_role_within(user))?;
    let id = TokenId::generate(call.world.rng)?;
    let token = PlainToken::generate(call.world.rng)?;
    let own = [
        id.as_str().into(),
        project.as_str().into(),
        call.now.ms().into(),
        user.as_ref().map(|user| user.id.as_str()).into(),
        TokenHash::of(token.expose()).hex().into(),
        token.hint().into(),
    ];
    call.shows_once("token", token.expose());
    let statements = vec![
        tokens::INSERT.with(own.into_iter().chain(change.columns())),
        call.audit(Some(&project), ("token", id.as_str()), form.names())?,
    ];
    let read = vec![tokens::FIND.with([id.as_str().into()])];
    let made = write_and_read(call.world.db, None, statements, read).await.map_err(|error| match (error, &user) {
        (StoreError::Reference, Some(user)) => no_user(user.id.as_str()).into(),
        (other, _) => Refusal::from(other),
    })?;
    let mut shown = view(&written(&made)?);
    // The tag is of the resource, which the token itself is no part of: it serves the next If-Match.
    let mut reply = Reply::created(format!("/api/v1/tokens/{id}"), &shown);
    if let Value::Object(fields) = &mut shown {
        fields.put("token", json!(token.expose()));
    }
    reply.body = Some(shown.to_string());
    Ok(reply)
}

/// The user of a token after an update. A token that has none may get one; whoever holds a user's token goes on as that
/// user, and not as another.
async fn bound_to(call: &Call<'_>, form: &mut Form, token: &TokenRow) -> Result<Option<UserRow>, Refusal> {
    match (&token.user_id, form.text("user_id")?) {
        // What a read shows of a token without a user may be sent back.
        (None, given) => user_of(call, &token.project_id, given.over(None)).await,
        // Whoever changes a token that acts for a user must have what the user has.
        (Some(bound), Patch::Keep) => user_of(call, &token.project_id, Some(bound.to_string())).await,
        (Some(bound), Patch::Set(given)) if given == bound.as_str() => {
            user_of(call, &token.project_id, Some(given)).await
        }
        (Some(_), Patch::Clear | Patch::Set(_)) => {
            Err(Invalid::new("user_id", "a token stays with the user it was minted for: mint another one").into())
        }
    }
}

pub async fn update(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let token = find(call, id).await?;
    check_if_match(call.request, &view(&token))?;
    let mut form = Form::read_update(call.request, &TOKEN)?;
    call.stays_in(&mut form, &token.project_id)?;
    let user = bound_to(call, &mut form, &token).await?;
    let change = Change::read(&mut form, Some(&token), None)?;
    change.rights.policy()?;
    change.check_within(&call.principal)?;
    let rights_given = ["user_id", "role"].iter().any(|field| form.names().contains(field));
    user.as_ref().filter(|_| rights_given).map_or(Ok(()), |user| change.check_role_within(user))?;
    let own = [token.id.as_str().into(), call.now.ms().into()];
    let user_id = user.as_ref().map(|user| user.id.as_str()).into();
    let statements = vec![
        tokens::UPDATE.with(own.into_iter().chain(change.columns()).chain([user_id])),
        call.audit(Some(&token.project_id), ("token", id), form.names())?,
    ];
    let read = vec![tokens::FIND.with([token.id.as_str().into()])];
    let precondition = Some(tokens::unchanged(&token));
    let changed =
        write_and_read(call.world.db, precondition, statements, read).await.map_err(|error| match (error, &user) {
            (StoreError::Reference, Some(user)) => no_user(user.id.as_str()).into(),
            (other, _) => Refusal::from(other),
        })?;
    Ok(Reply::resource(call.request, &view(&written(&changed)?)))
}

pub async fn delete(call: &Call<'_>, id: &str) -> Result<Reply, Refusal> {
    let token = find(call, id).await?;
    check_if_match(call.request, &view(&token))?;
    let statements =
        vec![tokens::DELETE.with([token.id.as_str().into()]), call.audit(Some(&token.project_id), ("token", id), &[])?];
    write_if(call.world.db, tokens::unchanged(&token), statements).await?;
    call.world.limiters.forget(&[token.id]).await;
    Ok(Reply::gone())
}
