//! Tokens.

use super::*;
use crate::access::Role;
use crate::domain::glob::MAX_GLOB_BYTES;
use crate::domain::limits::{MOST_PER_MINUTE, MOST_USD, Period};

/// A role's name.
pub(super) const ROLE: Type = Type::Word(|| Role::ALL.map(Role::as_str).into());

const GLOB: Type = text(1, MAX_GLOB_BYTES as u32).pattern(r"^[^\x00-\x1f\x7f-\x9f]*$");
const GLOBS: Type = Type::List { of: &GLOB, least: 1, most: 32 };

/// A token, and the bodies that mint and change one.
pub static TOKEN: Object = Object {
    name: "Token",
    doc: "What a client or an operator presents. It has the rights of its role or its policy, and never more than its \
          user's.",
    fields: &[
        id("tok_"),
        PROJECT_ID,
        field(
            "user_id",
            Type::Id("usr_"),
            "The user that it acts for: its calls go out with that user's own keys. A token stays with its user.",
        )
        .or_null(),
        field("name", NAME, "What people call it.").required().example(r#""ci""#),
        read("hint", TEXT, "The token's first characters."),
        field(
            "role",
            ROLE,
            "A named policy. A token has a role or a policy: giving one takes the place of the other. Without either it \
             gets its user's role, or `member`.",
        )
        .or_null()
        .example(r#""member""#),
        field(
            "policy",
            Type::List { of: &Type::Object(&STATEMENT), least: 1, most: 32 },
            "What it may do, in statements. What none allows is denied, and a deny wins.",
        )
        .or_null()
        .example(r#"[{"effect": "allow", "actions": ["llm:Invoke", "models:*"]}]"#),
        field(
            "allowed_models",
            Type::List { of: &GLOB, least: 1, most: 64 },
            "Patterns of the selectors that it may call, `*` standing for anything. Null: all.",
        )
        .or_null()
        .example(r#"["OpenAI^gpt-5*"]"#),
        field(
            "limits",
            Type::Object(&LIMITS),
            "What its calls may use. An update changes the limits that it names; null takes all away.",
        )
        .or_null()
        .example(
            r#"{"requests_per_minute": 60, "tokens_per_minute": null, "budget_usd": 5, "budget_period": "month"}"#,
        ),
        field("expires_at", Type::Time, "When it ends. Null: never.").or_null().example(r#""2030-01-31T12:00:00Z""#),
        field("disabled", Type::Truth, "Whether it is refused for now.").default("false"),
        CREATED_AT,
        UPDATED_AT,
        read(
            "standing",
            Type::Object(&STANDING),
            "What it has used of its limits, where it has any and is asked for by itself; null while nobody can say.",
        )
        .sometimes()
        .or_null_when_read(),
        read("token", text(48, 48), "The token itself. It is shown this once.").once(),
    ],
    ..CLOSED
};

const PER_MINUTE: Type = Type::Whole(1, MOST_PER_MINUTE);

/// `limits`.
pub static LIMITS: Object = Object {
    name: "Limits",
    doc: "The most that a token's calls may use, each limit by itself; null: any amount.",
    fields: &[
        field("requests_per_minute", PER_MINUTE, "Calls in any sixty seconds.").or_null(),
        field("tokens_per_minute", PER_MINUTE, "Tokens in any sixty seconds, input and output.").or_null(),
        field(
            "budget_usd",
            Type::Number { from: Bound::At(0.0), to: MOST_USD },
            "US dollars of `billed_usd` in a period, exact to the billionth.",
        )
        .or_null()
        .example("5"),
        field(
            "budget_period",
            Type::Word(|| Period::ALL.map(Period::as_str).into()),
            "After which the budget is there anew, in UTC: `total` is never, and taken where a budget comes without one.",
        )
        .or_null(),
    ],
    ..CLOSED
};

/// `standing`.
pub static STANDING: Object = Object {
    name: "Standing",
    doc: "What a token has used of its limits; null where it has no limit.",
    fields: &[
        read("requests_per_minute", Type::Object(&RATE), "Calls in the last sixty seconds.").or_null(),
        read("tokens_per_minute", Type::Object(&RATE), "Tokens in the last sixty seconds.").or_null(),
        read("budget", Type::Object(&BUDGET_STANDING), "Money.").or_null(),
    ],
    ..CLOSED
};

/// A limit of calls or tokens.
pub static RATE: Object = Object {
    name: "Rate",
    doc: "What was used in the last sixty seconds.",
    fields: &[
        read("limit", COUNT, "The most there may be."),
        read("used", COUNT, "How many there were; it may be more, where a call came to more than was reserved for it."),
        read("remaining", COUNT, "How many more there may be."),
        read("resets_at", Type::Time, "When all of them are there again."),
    ],
    ..CLOSED
};

/// `budget`.
pub static BUDGET_STANDING: Object = Object {
    name: "BudgetStanding",
    doc: "What was spent of a budget in its current period.",
    fields: &[
        read("limit_usd", USD, "The budget."),
        read("period", Type::Word(|| Period::ALL.map(Period::as_str).into()), "Its period."),
        read("spent_usd", USD, "What calls that are over were billed."),
        read("reserved_usd", USD, "What is reserved for calls in progress."),
        read("remaining_usd", USD, "What is left for further calls."),
        read("resets_at", Type::Time, "When the next period begins; null: never.").or_null(),
    ],
    ..CLOSED
};

/// An element of `policy`.
pub static STATEMENT: Object = Object {
    name: "Statement",
    doc: "Gives, or takes, the right to some actions on some resources.",
    fields: &[
        field("effect", Type::Word(|| vec!["allow", "deny"]), "Gives or takes.").required(),
        field("actions", GLOBS, "Patterns of actions, such as `models:*`.").required(),
        field("resources", GLOBS, "Patterns of resources: ids, and selectors for `llm:Invoke`. Absent: all of them.")
            .sometimes()
            .or_null(),
    ],
    ..CLOSED
};
