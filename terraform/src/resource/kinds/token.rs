//! A token: what a client or an operator presents.

use super::{CREATED_AT, ID, ORGANIZATION_ID, alone, check_organization};
use crate::diagnostics::{Diagnostics, Path};
use crate::resource::{Change, Resource, all_of, broken, broken_json};
use crate::schema::{Attribute, Type, computed, either, optional, required};
use crate::value::{Object, Value, at};
use sluice::access::{Policy, Statement};
use sluice::admin::schema::tokens::TOKEN as FIELDS;
use sluice::domain::invalid::Invalid;
use sluice::domain::name::Name;
use sluice::domain::selector::SelectorGlob;
use sluice::domain::timestamp::Timestamp;

const LIMITS: &[Attribute] = &[
    optional("requests_per_minute", "requests_per_minute", Type::Number, "Calls in any sixty seconds."),
    optional("tokens_per_minute", "tokens_per_minute", Type::Number, "Tokens in any sixty seconds, input and output."),
    optional("budget_usd", "budget_usd", Type::Number, "US dollars that calls may be billed in a period."),
    either(
        "budget_period",
        "budget_period",
        Type::Text,
        "After which the budget is there anew: `day`, `month` or `total`, which is never and is meant without one.",
    ),
];

const ATTRIBUTES: &[Attribute] = &[
    ID,
    ORGANIZATION_ID,
    required("name", "name", Type::Text, "What people call it: 1 to 100 characters."),
    optional(
        "user_id",
        "user_id",
        Type::Text,
        "The user that it acts for: its calls go out with that user's own keys.",
    )
    .replaces(),
    either(
        "role",
        "role",
        Type::Text,
        "`admin`, `member` or `viewer`. A token has a role or a policy; without either it has its user's role, or `member`.",
    ),
    optional(
        "policy",
        "policy",
        Type::Json,
        "JSON, by `jsonencode`: a list of statements `{ effect, actions, resources }`, in place of a role.",
    ),
    optional(
        "allowed_models",
        "allowed_models",
        Type::Set(&Type::Text),
        "Patterns of the selectors that it may call, `*` standing for anything. Without it all.",
    ),
    optional("limits", "limits", Type::Object(LIMITS), "What its calls may use, each limit by itself."),
    optional("expires_at", "expires_at", Type::Time, "When it ends, in RFC 3339. Without it never."),
    optional("disabled", "disabled", Type::Truth, "Whether it is refused for now.").default("false"),
    computed(
        "token",
        "token",
        Type::Text,
        "The token itself. Sluice shows it once, so that Terraform keeps it in the state; an imported token's is null.",
    )
    .sensitive(),
    computed("hint", "hint", Type::Text, "The token's first characters."),
    CREATED_AT,
];

/// `sluice_token`.
pub static TOKEN: Resource = Resource {
    name: "token",
    noun: "the token",
    doc: "A token is what a client or an operator presents. Nobody mints one that may do more than their own.",
    attributes: ATTRIBUTES,
    fields: &FIELDS,
    collection: |_| "/api/v1/tokens".into(),
    parent: None,
    check,
    settle,
    along: alone,
    deletion: |_| ("", ""),
};

fn check(config: &Object, diagnostics: &mut Diagnostics) {
    let statements = |json| {
        let statements: Vec<Statement> = serde_json::from_value(json).map_err(|error| {
            Invalid::new("policy", format!("policy must be a list of {{effect, actions, resources?}}: {error}"))
        })?;
        Policy::from_statements("policy", &statements)
    };
    let checks = [
        check_organization(config),
        broken(config, "name", |name| Name::parse("name", name)),
        broken(config, "expires_at", |text| Timestamp::parse("expires_at", text)),
        broken_json(config, "policy", statements),
        match at(config, "allowed_models") {
            Value::List(globs) => globs
                .iter()
                .filter_map(Value::text)
                .try_for_each(|glob| SelectorGlob::parse("allowed_models", glob).map(|_| ())),
            _ => Ok(()),
        },
    ];
    all_of(ATTRIBUTES, diagnostics, checks);
    if !at(config, "role").is_null() && !at(config, "policy").is_null() {
        diagnostics.error(
            &Path::of("policy"),
            "Two kinds of rights",
            "A token has a role or a policy: give one of them, not both.",
        );
    }
    if let Value::Map(limits) = at(config, "limits")
        && at(limits, "budget_usd").is_null()
        && !at(limits, "budget_period").is_null()
    {
        let detail = "budget_period is of a budget: give budget_usd with it.";
        diagnostics.error(&Path::of("limits"), "A period without a budget", detail);
    }
}

/// A policy takes a role's place, and a budget without a period is for good.
fn settle(state: &mut Object, change: Change<'_>) {
    let [role, policy] = ["role", "policy"].map(|name| at(change.config, name));
    if role.is_null() {
        let had_policy = change.prior.is_some_and(|prior| !at(prior, "policy").is_null());
        let role = match (policy.is_null(), at(change.config, "user_id").is_null()) {
            (false, _) => Some(Value::Null),
            // What it was minted with is no longer said anywhere.
            (true, true) => Some(Value::Text("member".into())),
            (true, false) if had_policy => Some(Value::Text("member".into())),
            (true, false) => None,
        };
        state.extend(role.map(|role| ("role".to_owned(), role)));
    }
    if let Some(Value::Map(limits)) = state.get_mut("limits") {
        let says =
            |name: &str| matches!(at(change.config, "limits"), Value::Map(limits) if !at(limits, name).is_null());
        if !says("budget_period") {
            let period = if says("budget_usd") { Value::Text("total".into()) } else { Value::Null };
            limits.insert("budget_period".into(), period);
        }
    }
}
