//! Who is asking.

use super::{Audience, Operation, Policy};
use crate::domain::ids::{ProjectId, TokenId, UserId};
use crate::domain::limits::Limits;
use crate::domain::selector::SelectorGlob;
use crate::domain::timestamp::Timestamp;
use crate::refusal::{Reason, Refusal};

/// What a stored token gives its holder.
#[derive(Debug, Clone)]
pub struct TokenHolder {
    /// The token's id.
    pub id: TokenId,
    /// The token's name.
    pub name: String,
    /// The project it is bound to.
    pub project: ProjectId,
    /// The user it is bound to.
    pub user: Option<UserId>,
    /// That user's name.
    pub user_name: Option<String>,
    /// Whether that user was switched off, and its tokens with it.
    pub user_disabled: bool,
    /// What it may do; no more than its user may.
    pub policy: Policy,
    /// Which models it may call; `None` is all.
    pub allowed_models: Option<Vec<SelectorGlob>>,
    /// What it may use; `None` is unlimited.
    pub limits: Option<Limits>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Whether it was switched off.
    pub disabled: bool,
}

/// Who is asking.
#[derive(Debug, Clone)]
pub enum Principal {
    /// The holder of `ADMIN_TOKEN`: all projects.
    Root,
    /// The holder of a stored token.
    Token(Box<TokenHolder>),
}

impl Principal {
    /// The id that audit rows carry.
    pub fn id(&self) -> &str {
        match self {
            Self::Root => "root",
            Self::Token(holder) => holder.id.as_str(),
        }
    }

    /// The name that audit rows carry.
    pub fn name(&self) -> &str {
        match self {
            Self::Root => "ADMIN_TOKEN",
            Self::Token(holder) => &holder.name,
        }
    }

    /// The user that it acts for; root acts for none.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::Root => None,
            Self::Token(holder) => holder.user.as_ref(),
        }
    }

    /// The project it is bound to; root is bound to none.
    pub fn project(&self) -> Option<&ProjectId> {
        match self {
            Self::Root => None,
            Self::Token(holder) => Some(&holder.project),
        }
    }

    /// Whether it may do this to that.
    pub fn may(&self, operation: Operation, resource: Option<&str>) -> bool {
        self.may_on(operation, resource.as_slice())
    }

    fn may_on(&self, operation: Operation, resources: &[&str]) -> bool {
        match (operation.audience(), self) {
            (Audience::Anyone | Audience::Holder, _) | (_, Self::Root) => true,
            (Audience::Root, Self::Token(_)) => false,
            (Audience::Permitted, Self::Token(holder)) => holder.policy.permits_on(operation, resources),
        }
    }

    /// Whether there is any row that it might do this to.
    pub fn could(&self, operation: Operation) -> bool {
        match (operation.audience(), self) {
            (Audience::Permitted, Self::Token(holder)) => holder.policy.could_permit(operation),
            _ => self.may(operation, None),
        }
    }

    /// Refuses with 403, naming the action, unless it may do this to the row that `resources` lead to, outermost first.
    pub fn require(&self, operation: Operation, resources: &[&str]) -> Result<(), Refusal> {
        if self.may_on(operation, resources) { Ok(()) } else { Err(forbidden(operation, resources.last().copied())) }
    }

    /// Whether a deny keeps this from it.
    pub fn is_denied(&self, operation: Operation, resources: &[&str]) -> bool {
        match self {
            Self::Root => false,
            Self::Token(holder) => holder.policy.denies(operation, resources),
        }
    }
}

/// The refusal of a caller whose token does not reach that far.
pub fn forbidden(operation: Operation, resource: Option<&str>) -> Refusal {
    let message = match operation.audience() {
        Audience::Root => format!("`{}` takes the deployment's ADMIN_TOKEN", operation.action()),
        _ => format!(
            "this token's policy does not allow `{}`{}: use a token that does, or ask an admin of the project",
            operation.action(),
            resource.map(|resource| format!(" on `{resource}`")).unwrap_or_default()
        ),
    };
    Refusal::new(Reason::Forbidden, message)
}

impl TokenHolder {
    /// The 401 of a token that is switched off, by itself or with its user, or has ended.
    pub fn check_valid(&self, now: Timestamp) -> Result<(), Refusal> {
        let refuse = |why: String| Err(invalid_token(why));
        if self.disabled {
            return refuse("this token is disabled: ask for another one".into());
        }
        if self.user_disabled {
            return refuse("the user of this token is disabled: an admin of the project can enable it again".into());
        }
        match self.expires_at {
            Some(end) if end <= now => refuse(format!("this token expired at {end}: ask for another one")),
            _ => Ok(()),
        }
    }

    /// Whether it may call a model that goes by these names.
    pub fn may_call<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> bool {
        match &self.allowed_models {
            None => true,
            Some(globs) => names.any(|name| globs.iter().any(|glob| glob.matches(name))),
        }
    }
}

/// The refusal of a caller without a token.
pub fn no_token() -> Refusal {
    Refusal::new(
        Reason::Unauthenticated,
        "no token: send `Authorization: Bearer slu_…` (or `x-api-key: slu_…` on the model endpoints)",
    )
    .with_header("www-authenticate", "Bearer")
}

/// The refusal of a token that is not known. Says the same for one that never was and for one that was deleted.
pub fn unknown_token() -> Refusal {
    invalid_token("this token is not known here: it was mistyped or revoked")
}

fn invalid_token(why: impl Into<String>) -> Refusal {
    Refusal::new(Reason::Unauthenticated, why).with_header("www-authenticate", "Bearer error=\"invalid_token\"")
}
