//! Policies: what a token may do. Default deny, deny wins (SPEC section 4).

use super::{Audience, Operation};
use crate::domain::glob::{Case, Glob};
use crate::domain::invalid::Invalid;
use serde::{Deserialize, Serialize};

/// The named policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything in its project.
    Admin,
    /// Calls models, reads models and providers without credentials, manages its own keys.
    Member,
    /// Reads, and calls nothing.
    Viewer,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Member, Self::Viewer];

    /// The name in JSON and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    const fn actions(self) -> &'static [&'static str] {
        match self {
            Self::Admin => &["*"],
            Self::Member => &[
                "llm:Invoke",
                "aiProviders:ListAiProviders",
                "aiProviders:GetAiProvider",
                "models:ListModels",
                "models:GetModel",
                "models:ResolveModel",
                "providerKeys:ListProviderKeys",
                "providerKeys:GetProviderKey",
                "providerKeys:PutProviderKey",
                "providerKeys:DeleteProviderKey",
            ],
            Self::Viewer => &[
                "projects:ListProjects",
                "projects:GetProject",
                "aiProviders:ListAiProviders",
                "aiProviders:GetAiProvider",
                "models:ListModels",
                "models:GetModel",
                "models:ResolveModel",
                "usage:ListUsage",
                "usage:ListRequests",
                "usage:GetRequest",
            ],
        }
    }
}

/// Whether a statement gives or takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Gives.
    Allow,
    /// Takes, whatever else allows it.
    Deny,
}

/// One statement as it is written and stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Gives or takes.
    pub effect: Effect,
    /// Action patterns, such as `models:*`.
    pub actions: Vec<String>,
    /// Resource patterns: ids, and selectors for `llm:Invoke`. Absent: every resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    effect: Effect,
    actions: Vec<Glob>,
    resources: Vec<Glob>,
}

impl Rule {
    fn applies(&self, operation: Operation, resources: &[&str]) -> bool {
        let named = |pattern: &Glob| match resources {
            [] => pattern.as_str() == "*",
            resources => resources.iter().any(|resource| pattern.matches(resource)),
        };
        self.actions.iter().any(|action| action.matches(operation.action())) && self.resources.iter().any(named)
    }
}

/// What a token may do, ready to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    rules: Vec<Rule>,
    /// What goes beyond this is not allowed, whatever the rules say: a user's token never has more than its user.
    bound: Option<Box<Self>>,
}

/// Statements, and patterns in a statement's list, at most.
const MOST: usize = 32;

impl Policy {
    /// Reads and checks statements. `param` is the field they came in.
    pub fn from_statements(param: &str, statements: &[Statement]) -> Result<Self, Invalid> {
        if statements.is_empty() || statements.len() > MOST {
            return Err(Invalid::new(param, format!("{param} must hold 1 to {MOST} statements")));
        }
        let rule = |(index, statement): (usize, &Statement)| {
            let at = format!("{param}.{index}");
            Ok(Rule {
                effect: statement.effect,
                actions: patterns(&format!("{at}.actions"), &statement.actions)?,
                resources: match &statement.resources {
                    None => vec![Glob::parse(param, "*", Case::Sensitive)?],
                    Some(resources) => patterns(&format!("{at}.resources"), resources)?,
                },
            })
        };
        let rules = statements.iter().enumerate().map(rule).collect::<Result<_, _>>()?;
        Ok(Self { rules, bound: None })
    }

    /// The policy of a role.
    pub fn of_role(role: Role) -> Self {
        let glob = |text: &str| Glob::parse("role", text, Case::Insensitive).ok();
        let rule = Rule {
            effect: Effect::Allow,
            actions: role.actions().iter().filter_map(|action| glob(action)).collect(),
            resources: glob("*").into_iter().collect(),
        };
        Self { rules: vec![rule], bound: None }
    }

    /// The same, as far as `bound` allows it, too.
    #[must_use]
    pub fn within(self, bound: Self) -> Self {
        Self { bound: Some(Box::new(bound)), ..self }
    }

    /// Its statements, and those of its bound: what one list allows, the other must allow, too.
    pub fn statements(&self) -> Vec<Vec<Statement>> {
        let texts = |globs: &[Glob]| globs.iter().map(|glob| glob.as_str().to_owned()).collect();
        let statement = |rule: &Rule| Statement {
            effect: rule.effect,
            actions: texts(&rule.actions),
            resources: Some(texts(&rule.resources)),
        };
        let own = self.rules.iter().map(statement).collect();
        let bound = self.bound.as_ref().map(|bound| bound.statements()).unwrap_or_default();
        std::iter::once(own).chain(bound).collect()
    }

    fn bound_allows(&self, asked: impl FnOnce(&Self) -> bool) -> bool {
        self.bound.as_deref().is_none_or(asked)
    }

    /// Whether the action is allowed on the resource. `None` is the collection as a whole: a statement that names
    /// resources says nothing about it.
    pub fn permits(&self, operation: Operation, resource: Option<&str>) -> bool {
        self.permits_on(operation, resource.as_slice())
    }

    /// The same of a row within others, such as a model of a provider: a statement on any of them is one on the row.
    pub fn permits_on(&self, operation: Operation, resources: &[&str]) -> bool {
        let mut allowed = false;
        for rule in self.rules.iter().filter(|rule| rule.applies(operation, resources)) {
            match rule.effect {
                Effect::Deny => return false,
                Effect::Allow => allowed = true,
            }
        }
        allowed && self.bound_allows(|bound| bound.permits_on(operation, resources))
    }

    /// Whether a deny names the row, or one that it lies within.
    pub fn denies(&self, operation: Operation, resources: &[&str]) -> bool {
        self.rules.iter().any(|rule| rule.effect == Effect::Deny && rule.applies(operation, resources))
    }

    /// Whether there is any resource that the action might be allowed on: one that no deny takes wholly.
    pub fn could_permit(&self, operation: Operation) -> bool {
        let about = |effect: Effect| {
            let rules = self.rules.iter().filter(move |rule| rule.effect == effect);
            let on_action = rules.filter(|rule| rule.actions.iter().any(|action| action.matches(operation.action())));
            on_action.flat_map(|rule| &rule.resources)
        };
        about(Effect::Allow).any(|given| !about(Effect::Deny).any(|taken| taken.covers(given)))
            && self.bound_allows(|bound| bound.could_permit(operation))
    }

    /// Whether the action is allowed on everything that `resources` covers. A deny of any part of it is a no, and so is
    /// one that cannot be told apart from it.
    pub fn permits_all(&self, operation: Operation, resources: &Glob) -> bool {
        let on_action = |rule: &&Rule| rule.actions.iter().any(|action| action.matches(operation.action()));
        let mut rules = self.rules.iter().filter(on_action);
        let allows = rules
            .clone()
            .any(|rule| rule.effect == Effect::Allow && rule.resources.iter().any(|ours| ours.covers(resources)));
        allows
            && !rules.any(|rule| rule.effect == Effect::Deny)
            && self.bound_allows(|bound| bound.permits_all(operation, resources))
    }

    /// Whether everything that `other` allows is allowed here, too: nobody mints more than they have.
    ///
    /// Actions that no version has yet count, too: a grant outlives the version that made it.
    /// Errs on the side of "no": each resource that `other` allows must lie within one that is allowed here, and
    /// whatever is denied here must be denied there in the same words, or be wider there. What bounds `other` does not
    /// count: it may be lifted.
    pub fn covers(&self, other: &Self) -> bool {
        self.covers_whatever_comes(other)
            && self.covers_what_there_is(other)
            && self.bound_allows(|bound| bound.covers(other))
    }

    /// Pattern by pattern: each action that `other` allows lies within one that is allowed here, and a denial here
    /// that could touch it is made there as well.
    fn covers_whatever_comes(&self, other: &Self) -> bool {
        let of = |policy: &'_ Self, effect: Effect| -> Vec<Rule> {
            policy.rules.iter().filter(|rule| rule.effect == effect).cloned().collect()
        };
        let (allowed, denied, denied_there) =
            (of(self, Effect::Allow), of(self, Effect::Deny), of(other, Effect::Deny));
        let granted: Vec<Glob> = of(other, Effect::Allow).into_iter().flat_map(|rule| rule.actions).collect();
        let within = |action: &Glob| allowed.iter().flat_map(|rule| &rule.actions).any(|ours| ours.covers(action));
        let repeated = |rule: &Rule, action: &Glob| {
            rule.resources.iter().all(|resource| {
                denied_there.iter().any(|theirs| {
                    theirs.actions.iter().any(|wider| wider.covers(action))
                        && theirs.resources.iter().any(|wider| wider.covers(resource))
                })
            })
        };
        granted.iter().all(|grant| {
            let touched = |action: &&Glob| may_meet(action, grant);
            within(grant)
                && denied.iter().all(|rule| rule.actions.iter().filter(touched).all(|action| repeated(rule, action)))
        })
    }

    fn covers_what_there_is(&self, other: &Self) -> bool {
        let grantable = Operation::ALL.iter().filter(|operation| operation.audience() == Audience::Permitted);
        grantable.map(|operation| operation.action()).all(|action| {
            let about = |policy: &'_ Self, effect: Effect| -> Vec<Glob> {
                let rules = policy.rules.iter().filter(|rule| rule.effect == effect);
                let on_action = rules.filter(|rule| rule.actions.iter().any(|pattern| pattern.matches(action)));
                on_action.flat_map(|rule| rule.resources.iter().cloned()).collect()
            };
            let (given, allowed) = (about(other, Effect::Allow), about(self, Effect::Allow));
            let (taken_there, taken_here) = (about(other, Effect::Deny), about(self, Effect::Deny));
            given.is_empty()
                || given.iter().all(|resource| allowed.iter().any(|ours| ours.covers(resource)))
                    && taken_here.iter().all(|denied| taken_there.iter().any(|theirs| theirs.covers(denied)))
        })
    }
}

/// Whether some text may fit both patterns. Only what their beginnings rule out is "no".
fn may_meet(one: &Glob, other: &Glob) -> bool {
    let beginning = |glob: &Glob| glob.as_str().split('*').next().unwrap_or_default().to_ascii_lowercase();
    let literal = |glob: &Glob| !glob.as_str().contains('*');
    match (literal(one), literal(other)) {
        (true, _) => other.matches(one.as_str()),
        (_, true) => one.matches(other.as_str()),
        _ => {
            let (a, b) = (beginning(one), beginning(other));
            a.starts_with(&b) || b.starts_with(&a)
        }
    }
}

fn patterns(param: &str, texts: &[String]) -> Result<Vec<Glob>, Invalid> {
    if texts.is_empty() || texts.len() > MOST {
        return Err(Invalid::new(param, format!("{param} must hold 1 to {MOST} patterns")));
    }
    texts.iter().map(|text| Glob::parse(param, text, Case::Insensitive)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn policy(statements: Value) -> Policy {
        let statements: Vec<Statement> = serde_json::from_value(statements).expect("statements");
        Policy::from_statements("policy", &statements).expect("a policy")
    }

    #[test]
    fn an_action_that_is_denied_wherever_it_is_allowed_could_not_be_permitted() {
        let could = |denied: Value| {
            let deny = json!({"effect": "deny", "actions": ["models:*"], "resources": denied});
            let allow = json!({"effect": "allow", "actions": ["models:*"], "resources": ["mdl_a*", "mdl_b*"]});
            policy(json!([allow, deny])).could_permit(Operation::DeleteModel)
        };
        assert!(could(json!(["mdl_a*"])) && could(json!(["mdl_a1", "mdl_b1"])));
        assert!(!could(json!(["*"])) && !could(json!(["mdl_b*", "mdl_a*"])));
    }

    #[test]
    fn nothing_is_allowed_by_default_and_a_deny_wins() {
        let policy = policy(json!([
            {"effect": "allow", "actions": ["models:*"]},
            {"effect": "deny", "actions": ["*:DeleteModel"], "resources": ["mdl_prod*"]},
        ]));
        assert!(policy.permits(Operation::DeleteModel, Some("mdl_test1")));
        assert!(!policy.permits(Operation::DeleteModel, Some("mdl_prod1")));
        assert!(!policy.permits(Operation::ListProviders, None));
    }

    #[test]
    fn a_statement_on_named_resources_does_not_open_the_collection() {
        let policy = policy(json!([{"effect": "allow", "actions": ["aiProviders:*"], "resources": ["aip_1*"]}]));
        assert!(policy.permits(Operation::GetProvider, Some("aip_12")));
        assert!(!policy.permits(Operation::ListProviders, None));
    }

    #[test]
    fn a_member_calls_and_reads_and_changes_nothing_but_its_own_keys() {
        let member = Policy::of_role(Role::Member);
        let may: Vec<_> = Operation::ALL.iter().filter(|op| member.permits(**op, Some("x"))).copied().collect();
        use Operation::*;
        let own_keys = [ListProviderKeys, GetProviderKey, PutProviderKey, DeleteProviderKey];
        assert_eq!(
            may,
            [&[ListProviders, GetProvider, ListModels, GetModel, ResolveModel], &own_keys[..], &[Invoke]].concat()
        );
    }

    #[test]
    fn a_bound_takes_away_whatever_lies_beyond_it() {
        let (admin, member) = (Policy::of_role(Role::Admin), Policy::of_role(Role::Member));
        let bounded = admin.clone().within(member.clone());
        let everything = Glob::parse("x", "*", Case::Insensitive).expect("a glob");
        assert!(bounded.permits(Operation::Invoke, Some("a^b")) && bounded.could_permit(Operation::Invoke));
        assert!(bounded.permits_all(Operation::Invoke, &everything));
        assert!(!bounded.permits(Operation::CreateToken, None) && !bounded.could_permit(Operation::CreateToken));
        assert!(!bounded.permits_all(Operation::CreateToken, &everything));
        assert!(bounded.covers(&member) && !bounded.covers(&admin));
        assert!(!member.covers(&bounded), "a bound may be lifted");
    }

    #[test]
    fn a_policy_covers_what_is_no_stronger_and_nothing_else() {
        let admin = Policy::of_role(Role::Admin);
        let member = Policy::of_role(Role::Member);
        let narrow = policy(json!([{"effect": "allow", "actions": ["llm:Invoke"], "resources": ["openai^*"]}]));
        let fenced = policy(json!([
            {"effect": "allow", "actions": ["llm:Invoke"]},
            {"effect": "deny", "actions": ["llm:*"], "resources": ["openai^gpt-5*"]},
        ]));
        for (minter, minted, fits) in [
            (&admin, &admin, true),
            (&admin, &member, true),
            (&member, &admin, false),
            (&member, &narrow, true),
            (&narrow, &member, false),
            (&member, &fenced, true),
            (&fenced, &member, false),
            (&fenced, &fenced, true),
            (&fenced, &narrow, false),
        ] {
            assert_eq!(minter.covers(minted), fits, "{minter:?} mints {minted:?}");
        }
    }

    #[test]
    fn statements_that_cannot_be_are_refused_by_place() {
        for (bad, place) in [
            (json!([]), "policy"),
            (json!([{"effect": "allow", "actions": []}]), "policy.0.actions"),
            (json!([{"effect": "allow", "actions": ["*"], "resources": [""]}]), "policy.0.resources"),
        ] {
            let statements: Vec<Statement> = serde_json::from_value(bad).expect("statements");
            assert_eq!(Policy::from_statements("policy", &statements).expect_err("refused").param, place);
        }
    }
}
