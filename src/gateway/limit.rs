//! What a call of a limited token asks its limiter before it goes out, and what the client reads of the answer.
//!
//! Nothing here runs for a token without limits.

use super::door::Work;
use super::estimate::input_tokens;
use crate::domain::limits::{Budget, Limits, Period};
use crate::domain::money::usd;
use crate::domain::timestamp::Timestamp;
use crate::domain::usage::TokenCounts;
use crate::limits::{Amounts, BudgetStanding, Limit, Rate, Refused, Settled, Standing, Verdict};
use crate::protocol::body::RequestBody;
use crate::refusal::{Dialect, Reason, Refusal};
use crate::routing::Candidate;
use crate::store::usage::UsageRow;

/// How many output tokens are reserved for a call that sets no bound to them. It may come to more, and then counts as
/// such; whoever wants to reserve less says how many.
pub const UNBOUNDED_OUTPUT: u64 = 4096;

/// Where the three protocols bound the output.
const OUTPUT_BOUNDS: [&str; 3] = ["max_tokens", "max_completion_tokens", "max_output_tokens"];

/// As many answers as OpenAI gives to one request at most.
const MOST_ANSWERS: u64 = 128;

/// A call whose token's limiter was asked, and where the token then stood; unknown where it did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited(pub Option<Standing>);

/// The candidates whose cost a budget can be held to: a model without prices would cost nothing, as far as anybody knew.
///
/// # Errors
/// [`Reason::LimitsUnenforceable`] where none of them has a price.
pub fn priced(budget: Option<Budget>, candidates: Vec<Candidate>) -> Result<Vec<Candidate>, Refusal> {
    if budget.is_none() {
        return Ok(candidates);
    }
    let unpriced = candidates.first().map(Candidate::selector).unwrap_or_default();
    let priced: Vec<_> = candidates.into_iter().filter(has_price).collect();
    if !priced.is_empty() {
        return Ok(priced);
    }
    let message = format!(
        "`{unpriced}` has no prices, so that this token's budget cannot be held: an admin sets cost_per_1k_input and \
         cost_per_1k_output of the model, 0 where it is free"
    );
    Err(Refusal::new(Reason::LimitsUnenforceable, message).on("model"))
}

fn has_price(candidate: &Candidate) -> bool {
    let prices = candidate.model.prices().prices();
    prices.input.is_some() || prices.output.is_some()
}

/// What a call may come to: its input by its length, its output by the bound that it sets, at the price of the most
/// expensive candidate. Counting tokens takes none.
pub fn reservation(limits: &Limits, work: Work, body: &RequestBody, candidates: &[Candidate]) -> Amounts {
    if !limits.measures_usage() || work == Work::CountTokens {
        return Amounts::default();
    }
    let output = if work == Work::Generate { output_bound(body) } else { 0 };
    let tokens = TokenCounts { input: input_tokens(body.bytes()), output, ..TokenCounts::default() };
    let cost = |candidate: &Candidate| {
        let stored = candidate.model.prices();
        stored.multiplier().scale(stored.prices().most(&tokens))
    };
    Amounts {
        tokens: tokens.input.saturating_add(tokens.output),
        nano_usd: candidates.iter().map(cost).max().unwrap_or_default(),
    }
}

fn output_bound(body: &RequestBody) -> u64 {
    let number = |field: &str| body.get(field).and_then(|value| value.number());
    let bound = OUTPUT_BOUNDS.iter().filter_map(|field| number(field)).max().unwrap_or(UNBOUNDED_OUTPUT);
    bound.saturating_mul(number("n").unwrap_or(1).clamp(1, MOST_ANSWERS))
}

/// What the limiter is told when the call is over.
pub fn settled(row: &UsageRow) -> Settled {
    let counted = [row.input_tokens, row.output_tokens, row.cache_read_tokens, row.cache_write_tokens];
    let tokens = counted.into_iter().fold(0, u64::saturating_add);
    Settled { call: row.request_id.clone(), used: Amounts { tokens, nano_usd: row.billed_nano_usd } }
}

/// The 403 of a limited token that would send what nobody counts.
pub fn check_unmetered(limits: Option<&Limits>) -> Result<(), Refusal> {
    if limits.is_none_or(|limits| !limits.measures_usage()) {
        return Ok(());
    }
    let message = "this token has a budget or a limit of tokens, and nobody counts what /v1/proxy uses: call a model by \
                   its own endpoint, or ask for a token without `limits.budget_usd` and `limits.tokens_per_minute`";
    Err(Refusal::new(Reason::LimitsUnenforceable, message))
}

/// The 403 of a limited token that would test a model: its limiter is asked where calls are made, and not here.
pub fn check_test(limits: Option<&Limits>) -> Result<(), Refusal> {
    if limits.is_none() {
        return Ok(());
    }
    let message = "this token has limits, and a test is a call that nobody counts against them: call the model, or test \
                   it with a token without limits";
    Err(Refusal::new(Reason::LimitsUnenforceable, message))
}

/// The 503 of a limited token whose limiter does not answer. Nothing goes out uncounted.
pub fn unavailable() -> Refusal {
    let message = "what this token has used cannot be looked up at the moment, and its limits are not passed over: try \
                   again";
    Refusal::new(Reason::LimitsUnavailable, message).with_header("retry-after", "1")
}

/// The 429 of a call that the limiter did not admit.
pub fn refusal(refused: Refused, verdict: &Verdict, reserved: Amounts) -> Refusal {
    let standing = &verdict.standing;
    let seconds = refused.retry_after_ms.map(|wait| u64::try_from(wait).unwrap_or_default().div_ceil(1000).max(1));
    let again = |otherwise: &str| match seconds {
        Some(seconds) => format!("try again in {seconds} s"),
        None => otherwise.to_owned(),
    };
    let (reason, message) = match (refused.limit, standing.requests, standing.tokens, standing.budget) {
        (Limit::Requests, Some(rate), ..) => (
            Reason::RequestsPerMinute,
            format!(
                "this token may make {} calls a minute (`limits.requests_per_minute`), and made them: {}",
                rate.limit,
                again("ask for a higher limit")
            ),
        ),
        (Limit::Tokens, _, Some(rate), _) => (
            Reason::TokensPerMinute,
            format!(
                "this token may use {} tokens a minute (`limits.tokens_per_minute`), has used {}, and this call may take \
                 {}: {}",
                rate.limit,
                rate.used,
                reserved.tokens,
                again("bound its output (`max_tokens`), or ask for a higher limit")
            ),
        ),
        (Limit::Budget, _, _, Some(budget)) => (Reason::BudgetExhausted, over_budget(&budget, reserved)),
        // The limiter speaks of limits that it was asked about.
        _ => (Reason::Internal, "the limiter named a limit that this token does not have".to_owned()),
    };
    let refusal = Refusal::new(reason, message);
    match seconds {
        Some(seconds) => refusal.with_header("retry-after", seconds.to_string()),
        None => refusal,
    }
}

fn over_budget(budget: &BudgetStanding, reserved: Amounts) -> String {
    let period = match budget.period {
        Period::Day => "a day",
        Period::Month => "a month",
        Period::Total => "in total",
    };
    let resets = budget.resets_at.map(|at| format!(", wait until {}", Timestamp::from_ms(at))).unwrap_or_default();
    format!(
        "this token may spend {} USD {period} (`limits.budget_usd`), has spent {}, {} are reserved for calls in progress, \
         and this call may cost {}: bound its output (`max_tokens`){resets}, or ask for a higher budget",
        usd(budget.limit.into()),
        usd(budget.spent.into()),
        usd(budget.reserved.into()),
        usd(reserved.nano_usd.into()),
    )
}

/// Whether a header says how much an account may still do. Of the operator's account it says nothing to a limited token.
pub fn is_rate_limit(header: &str) -> bool {
    ["x-ratelimit-", "anthropic-ratelimit-", "ratelimit"].iter().any(|prefix| header.starts_with(prefix))
}

/// Where the token stands, in the headers that clients of this dialect read. `now` is when they are sent.
pub fn headers(standing: &Standing, client: Dialect, now: Timestamp) -> Vec<(&'static str, String)> {
    type Names = [&'static str; 3];
    type Reset = fn(&Rate, Timestamp) -> String;
    let (of_requests, of_tokens, reset): (Names, Names, Reset) = match client {
        Dialect::Anthropic => (
            [
                "anthropic-ratelimit-requests-limit",
                "anthropic-ratelimit-requests-remaining",
                "anthropic-ratelimit-requests-reset",
            ],
            [
                "anthropic-ratelimit-tokens-limit",
                "anthropic-ratelimit-tokens-remaining",
                "anthropic-ratelimit-tokens-reset",
            ],
            |rate, _| Timestamp::from_ms(rate.resets_at).to_string(),
        ),
        _ => (
            ["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"],
            ["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"],
            |rate, now| duration(Timestamp::from_ms(rate.resets_at).ms_since(now)),
        ),
    };
    let mut headers = Vec::new();
    for (rate, [limit, remaining, resets]) in [(standing.requests, of_requests), (standing.tokens, of_tokens)] {
        let Some(rate) = rate else { continue };
        headers.push((limit, rate.limit.to_string()));
        headers.push((remaining, rate.remaining().to_string()));
        headers.push((resets, reset(&rate, now)));
    }
    headers
}

/// As OpenAI writes it: `17ms`, `59s`, `1m0s`.
fn duration(ms: i64) -> String {
    match (ms, ms.unsigned_abs().div_ceil(1000)) {
        (..1000, _) => format!("{ms}ms"),
        (_, seconds @ ..60) => format!("{seconds}s"),
        (_, seconds) => format!("{}m{}s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_795_157_074_007);

    fn body(text: &str) -> RequestBody {
        RequestBody::parse(text.as_bytes().to_vec()).expect("a body")
    }

    #[test]
    fn output_is_reserved_as_far_as_the_client_bounds_it() {
        for (text, expected) in [
            (r#"{"max_tokens": 100}"#, 100),
            (r#"{"max_completion_tokens": 7, "max_tokens": null}"#, 7),
            (r#"{"max_output_tokens": 50}"#, 50),
            (r#"{"max_tokens": 10, "n": 3}"#, 30),
            (r#"{"n": 2}"#, 2 * UNBOUNDED_OUTPUT),
            ("{}", UNBOUNDED_OUTPUT),
            (r#"{"max_tokens": -5, "n": -1}"#, UNBOUNDED_OUTPUT),
            (r#"{"max_tokens": 1e30}"#, UNBOUNDED_OUTPUT),
        ] {
            assert_eq!(output_bound(&body(text)), expected, "{text}");
        }
    }

    #[test]
    fn nothing_is_reckoned_where_only_calls_are_counted_and_for_counting_tokens() {
        let calls = Limits { requests_per_minute: Some(1), ..Limits::default() };
        let asked = body(r#"{"messages": "hello hello hello"}"#);
        assert_eq!(reservation(&calls, Work::Generate, &asked, &[]), Amounts::default());
        let all = Limits { tokens_per_minute: Some(1), ..Limits::default() };
        assert_eq!(reservation(&all, Work::CountTokens, &asked, &[]), Amounts::default());
        assert_eq!(reservation(&all, Work::Embed, &asked, &[]).tokens, 5);
        assert_eq!(reservation(&all, Work::Generate, &asked, &[]).tokens, 5 + UNBOUNDED_OUTPUT);
    }

    #[test]
    fn each_vendors_clients_read_their_own_headers() {
        let rate = |limit, used, wait| Some(Rate { limit, used, resets_at: NOW.ms() + wait });
        let standing = Standing { requests: rate(10, 4, 59_001), tokens: rate(1000, 1200, 800), budget: None };
        let read = |client| headers(&standing, client, NOW);
        let of = |headers: &[(&str, String)], name: &str| {
            headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        };
        let openai = read(Dialect::OpenAi);
        for (name, value) in [
            ("x-ratelimit-limit-requests", "10"),
            ("x-ratelimit-remaining-requests", "6"),
            ("x-ratelimit-reset-requests", "1m0s"),
            ("x-ratelimit-limit-tokens", "1000"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", "800ms"),
        ] {
            assert_eq!(of(&openai, name).as_deref(), Some(value), "{name}");
        }
        let anthropic = read(Dialect::Anthropic);
        assert_eq!(of(&anthropic, "anthropic-ratelimit-requests-remaining").as_deref(), Some("6"));
        assert_eq!(
            of(&anthropic, "anthropic-ratelimit-tokens-reset").as_deref(),
            Some("2026-11-20T06:44:34.807Z"),
            "{anthropic:?}"
        );
        assert!(
            anthropic.iter().all(|(name, _)| is_rate_limit(name)) && openai.iter().all(|(name, _)| is_rate_limit(name))
        );
        let unlimited = Standing { requests: None, tokens: None, budget: None };
        assert_eq!(headers(&unlimited, Dialect::OpenAi, NOW), []);
    }

    #[test]
    fn a_refusal_says_which_limit_how_far_and_what_helps() {
        let standing = Standing {
            requests: Some(Rate { limit: 3, used: 3, resets_at: 0 }),
            tokens: Some(Rate { limit: 1000, used: 900, resets_at: 0 }),
            budget: Some(BudgetStanding {
                limit: 5_000_000_000,
                period: Period::Day,
                spent: 4_990_000_000,
                reserved: 0,
                resets_at: Some(1_795_219_200_000),
            }),
        };
        let told = |limit, retry_after_ms| {
            let refused = Refused { limit, retry_after_ms };
            let verdict = Verdict { refused: Some(refused), standing };
            refusal(refused, &verdict, Amounts { tokens: 4106, nano_usd: 20_000_000 })
        };
        let requests = told(Limit::Requests, Some(12_001));
        assert_eq!(requests.reason, Reason::RequestsPerMinute);
        assert_eq!(requests.headers, [("retry-after", "13".to_owned())]);
        assert!(requests.message.contains("3 calls a minute") && requests.message.contains("in 13 s"));
        let tokens = told(Limit::Tokens, None);
        assert!(tokens.headers.is_empty() && tokens.message.contains("4106") && tokens.message.contains("max_tokens"));
        let budget = told(Limit::Budget, None);
        assert_eq!(budget.reason, Reason::BudgetExhausted);
        for word in ["5 USD a day", "spent 4.99", "cost 0.02", "2026-11-21T00:00:00.000Z"] {
            assert!(budget.message.contains(word), "{}", budget.message);
        }
    }
}
