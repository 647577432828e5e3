//! A token's `limits`: each of them is kept, cleared or set by itself, and null clears all.

use crate::admin::form::{Form, Patch};
use crate::admin::reply::time;
use crate::admin::schema::tokens::LIMITS;
use crate::admin::usage::usd;
use crate::domain::invalid::Invalid;
use crate::domain::limits::{Budget, Limits, Period};
use crate::json::json;
use crate::limits::{Rate, Standing};
use crate::ports::Param;
use serde_json::Value;

/// The limits that a body asks for, over those that are stored.
///
/// # Errors
/// Names `limits` or the field in it.
pub fn read(form: &mut Form, stored: Option<Limits>) -> Result<Option<Limits>, Invalid> {
    let fields = match form.value("limits")? {
        Patch::Keep => return Ok(stored),
        Patch::Clear => return Ok(None),
        Patch::Set(Value::Object(fields)) => fields,
        Patch::Set(_) => {
            return Err(Invalid::new("limits", "limits must be an object; null is no limits"));
        }
    };
    let limits = Form::nested(fields, &LIMITS).and_then(|mut form| merged(&mut form, stored.unwrap_or_default()));
    let limits = limits.map_err(|invalid| Invalid::new(format!("limits.{}", invalid.param), invalid.message))?;
    Ok(Some(limits).filter(|limits| !limits.is_unlimited()))
}

fn merged(form: &mut Form, stored: Limits) -> Result<Limits, Invalid> {
    let mut per_minute = |field: &str, stored: Option<u64>| {
        let given = form.whole(field)?;
        given.map(|number| Ok::<_, Invalid>(number.unsigned_abs())).map(|given| given.over(stored))
    };
    Ok(Limits {
        requests_per_minute: per_minute("requests_per_minute", stored.requests_per_minute)?,
        tokens_per_minute: per_minute("tokens_per_minute", stored.tokens_per_minute)?,
        budget: budget(form, stored.budget)?,
    })
}

fn budget(form: &mut Form, stored: Option<Budget>) -> Result<Option<Budget>, Invalid> {
    let amount = form.number("budget_usd")?.map(|usd| Budget::nano_usd("budget_usd", usd))?;
    let amount = amount.over(stored.map(|budget| budget.nano_usd));
    match (amount, form.word("budget_period", Period::parse)?) {
        (None, Patch::Set(_)) => {
            Err(Invalid::new("budget_period", "budget_period is of a budget: give budget_usd with it"))
        }
        (None, Patch::Keep | Patch::Clear) => Ok(None),
        (Some(_), Patch::Clear) => {
            Err(Invalid::new("budget_period", "budget_period cannot be null while there is a budget_usd"))
        }
        (Some(nano_usd), Patch::Set(period)) => Ok(Some(Budget { nano_usd, period })),
        (Some(nano_usd), Patch::Keep) => {
            // Whoever gives an amount without a word means that amount, and not more of it after midnight.
            let period = stored.map_or(Period::Total, |budget| budget.period);
            Ok(Some(Budget { nano_usd, period }))
        }
    }
}

/// The columns, in the order that INSERT and UPDATE have them.
pub fn columns(limits: Option<Limits>) -> [Param; 4] {
    let limits = limits.unwrap_or_default();
    let whole = |number: Option<u64>| number.and_then(|number| i64::try_from(number).ok()).into();
    [
        whole(limits.requests_per_minute),
        whole(limits.tokens_per_minute),
        limits.budget.map(|budget| budget.nano_usd).into(),
        limits.budget.map(|budget| budget.period.as_str()).into(),
    ]
}

/// Limits as the API shows them.
pub fn view(limits: Option<Limits>) -> Value {
    let Some(limits) = limits else { return Value::Null };
    json!({
        "requests_per_minute": limits.requests_per_minute,
        "tokens_per_minute": limits.tokens_per_minute,
        "budget_usd": limits.budget.map(|budget| usd(budget.nano_usd.into())),
        "budget_period": limits.budget.map(|budget| budget.period.as_str()),
    })
}

/// Where a token stands, as the API shows it; null while nobody can say.
pub fn standing(standing: Option<Standing>) -> Value {
    let Some(standing) = standing else { return Value::Null };
    let rate = |rate: Rate| json!({"limit": rate.limit, "used": rate.used, "remaining": rate.remaining(), "resets_at": time(rate.resets_at)});
    let budget = standing.budget.map(|budget| {
        json!({
            "limit_usd": usd(budget.limit.into()),
            "period": budget.period.as_str(),
            "spent_usd": usd(budget.spent.into()),
            "reserved_usd": usd(budget.reserved.into()),
            "remaining_usd": usd(budget.remaining().into()),
            "resets_at": budget.resets_at.map(time),
        })
    });
    json!({
        "requests_per_minute": standing.requests.map(rate),
        "tokens_per_minute": standing.tokens.map(rate),
        "budget": budget,
    })
}
