//! Tokens: found by their hash on every cold call, never by anything shorter.

use super::{StoreError, json_list, page, query, query_one, statements};
use crate::access::{Policy, Role, Statement as PolicyStatement, TokenHash, TokenHolder};
use crate::domain::ids::{ProjectId, TokenId, UserId};
use crate::domain::limits::Limits;
use crate::domain::selector::SelectorGlob;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Db, Statement};
use serde::Deserialize;

/// The columns of a token as one document. The hash stays where it is.
macro_rules! document {
    () => {
        concat!("json_object('id', id, 'project_id', project_id, 'user_id', user_id,
         'user', json((SELECT json_object('name', u.name, 'role', u.role, 'disabled', u.disabled) FROM users u WHERE u.id = tokens.user_id)),
         'name', name, 'hint', hint, 'role', role, 'policy', ", json_list!("policy_json"), ", 'allowed_models', ", json_list!("allowed_models_json"), ", 'expires_at', expires_at,
         'limits', CASE WHEN coalesce(requests_per_minute, tokens_per_minute, budget_nano_usd) IS NOT NULL THEN
             json_object('requests_per_minute', requests_per_minute, 'tokens_per_minute', tokens_per_minute,
                 'budget', CASE WHEN budget_nano_usd IS NOT NULL THEN
                     json_object('nano_usd', budget_nano_usd, 'period', budget_period) END) END,
         'disabled', disabled, 'version', version, 'created_at', created_at, 'updated_at', updated_at)")
    };
}

statements! { "tokens";
    /// By the hash of what the caller presented.
    BY_HASH PerCall = concat!("SELECT ", document!(), " FROM tokens WHERE hash = ?1");
    /// One by id.
    FIND OnDemand = concat!("SELECT ", document!(), " FROM tokens WHERE id = ?1");
    /// A page of a project's, oldest first.
    LIST OnDemand = concat!("SELECT ", document!(), " FROM tokens
        WHERE project_id = ?1 AND (created_at, id) > (?2, ?3) ORDER BY created_at, id LIMIT ?4");
    /// The ids of a user's.
    OF_USER OnDemand = "SELECT json_quote(id) FROM tokens WHERE project_id = ?1 AND user_id = ?2 ORDER BY created_at, id";
    /// A new one.
    INSERT OnDemand = "INSERT INTO tokens (id, project_id, created_at, updated_at, user_id, hash, hint,
        name, role, policy_json, allowed_models_json, expires_at, disabled,
        requests_per_minute, tokens_per_minute, budget_nano_usd, budget_period)
        VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
    /// Other rights.
    UPDATE OnDemand = "UPDATE tokens SET updated_at = ?2, name = ?3, role = ?4, policy_json = ?5,
        allowed_models_json = ?6, expires_at = ?7, disabled = ?8, requests_per_minute = ?9, tokens_per_minute = ?10,
        budget_nano_usd = ?11, budget_period = ?12, user_id = ?13, version = version + 1 WHERE id = ?1";
    /// Gone.
    DELETE OnDemand = "DELETE FROM tokens WHERE id = ?1";
    /// Holds where the row is as it was read.
    UNCHANGED OnDemand = "INSERT INTO preconditions (holds)
        SELECT count(*) FROM tokens WHERE id = ?1 AND version = ?2";
}

/// What a token takes from its user.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "each is the column of its name; the migration explains them")]
pub struct TokenUser {
    pub name: String,
    pub role: Role,
    #[serde(deserialize_with = "super::truth")]
    pub disabled: bool,
}

/// A stored token's record.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "each is the column of its name; the migration explains them")]
pub struct TokenRow {
    pub id: TokenId,
    pub project_id: ProjectId,
    pub user_id: Option<UserId>,
    pub user: Option<TokenUser>,
    pub name: String,
    pub hint: String,
    pub role: Option<Role>,
    pub policy: Option<Vec<PolicyStatement>>,
    pub allowed_models: Option<Vec<String>>,
    pub limits: Option<Limits>,
    pub expires_at: Option<i64>,
    #[serde(deserialize_with = "super::truth")]
    pub disabled: bool,
    pub version: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

impl TokenRow {
    /// Where its rights stand: in `role` or in `policy`.
    pub const fn rights_column(&self) -> &'static str {
        if self.role.is_some() { "role" } else { "policy" }
    }

    /// What the token gives: its rights, as far as its user has them. A stored policy that cannot be read gives nothing: the row is corrupt.
    pub fn holder(&self) -> Result<TokenHolder, StoreError> {
        let corrupt = |invalid: crate::domain::invalid::Invalid| StoreError::Corrupt(invalid.to_string());
        let policy = match (&self.role, &self.policy) {
            (Some(role), None) => Policy::of_role(*role),
            (None, Some(statements)) => Policy::from_statements("policy", statements).map_err(corrupt)?,
            _ => return Err(StoreError::Corrupt("tokens.policy".into())),
        };
        let policy = match &self.user {
            Some(user) => policy.within(Policy::of_role(user.role)),
            None => policy,
        };
        let globs = self.allowed_models.as_ref().map(|globs| {
            globs.iter().map(|glob| SelectorGlob::parse("allowed_models", glob)).collect::<Result<_, _>>()
        });
        Ok(TokenHolder {
            id: self.id.clone(),
            name: self.name.clone(),
            project: self.project_id.clone(),
            user: self.user_id.clone(),
            user_name: self.user.as_ref().map(|user| user.name.clone()),
            user_disabled: self.user.as_ref().is_some_and(|user| user.disabled),
            policy,
            allowed_models: globs.transpose().map_err(corrupt)?,
            limits: self.limits,
            expires_at: self.expires_at.map(Timestamp::from_ms),
            disabled: self.disabled,
        })
    }
}

/// Finds a token by its hash.
pub async fn by_hash(db: &dyn Db, hash: &TokenHash) -> Result<Option<TokenRow>, StoreError> {
    query_one(db, BY_HASH.with([hash.hex().into()])).await
}

/// Finds a token by its id.
pub async fn find(db: &dyn Db, id: &TokenId) -> Result<Option<TokenRow>, StoreError> {
    query_one(db, FIND.with([id.as_str().into()])).await
}

/// The ids of a user's tokens.
pub async fn of_user(db: &dyn Db, project: &ProjectId, user: &UserId) -> Result<Vec<TokenId>, StoreError> {
    query(db, OF_USER.with([project.as_str().into(), user.as_str().into()])).await
}

/// A page of a project's tokens after a position.
pub async fn list(
    db: &dyn Db,
    project: &ProjectId,
    after: (i64, &str),
    limit: i64,
) -> Result<Vec<TokenRow>, StoreError> {
    query(db, LIST.with(page(project.as_str(), after, limit))).await
}

/// Demands that the row is as it was read.
pub fn unchanged(token: &TokenRow) -> Statement {
    UNCHANGED.with([token.id.as_str().into(), token.version.into()])
}
