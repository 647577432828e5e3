//! Totals of what was used, over rows and roll-ups alike.
//!
//! Invariant: a call is a row or part of a roll-up, never both: [`super::retention`] moves it in one transaction, and
//! one statement here reads both. So nothing is counted twice, and nothing is missed.

use super::{StoreError, query, rows, statements};
use crate::domain::ids::ProjectId;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Db, Param};
use serde::{Deserialize, Deserializer};

/// A sum that may exceed 2^63, as two halves of it that cannot.
macro_rules! exact {
    ($column:literal) => {
        concat!("json_array(sum(", $column, " >> 32), sum(", $column, " & 4294967295)) AS ", $column)
    };
}

/// Whether a row is of what was asked for.
macro_rules! filtered {
    () => {
        "(?11 IS NULL OR provider_id IN (SELECT value FROM json_each(?11)))
         AND (?12 IS NULL OR model_id IN (SELECT value FROM json_each(?12)))
         AND (?13 IS NULL OR user_id IN (SELECT value FROM json_each(?13)))
         AND (?14 IS NULL OR token_id IN (SELECT value FROM json_each(?14)))"
    };
}

/// What a row is counted under: empty where that is not asked for, or not known.
macro_rules! keys {
    () => {
        "CASE WHEN ?7 THEN COALESCE(provider_id, '') ELSE '' END AS p,
         CASE WHEN ?8 THEN COALESCE(model_id, '') ELSE '' END AS m,
         CASE WHEN ?9 THEN COALESCE(user_id, '') ELSE '' END AS u,
         CASE WHEN ?10 THEN COALESCE(token_id, '') ELSE '' END AS t"
    };
}

statements! { "totals";
    /// ?1: the project; ?2, ?3: from, to, in milliseconds; ?4, ?5: the days of roll-ups, from, to; ?6: how much of
    /// `YYYY-MM-DDTHH` to group by; ?7 to ?10: group by provider, model, user, token; ?11 to ?14: only these; ?15 to
    /// ?19: after this group; ?20: how many. A provider's and a model's name is the latest that the calls went by.
    READ OnDemand = concat!("SELECT json_insert(json_object('bucket', bucket, 'provider_id', p, 'model_id', m,
            'user_id', u, 'token_id', t, 'provider_name', provider_name, 'model', model,
            'user_name', (SELECT name FROM users WHERE id = u), 'token_name', (SELECT name FROM tokens WHERE id = t)),
            '$.calls', calls, '$.errors', errors, '$.input_tokens', json(input_tokens),
            '$.output_tokens', json(output_tokens), '$.cache_read_tokens', json(cache_read_tokens),
            '$.cache_write_tokens', json(cache_write_tokens), '$.reasoning_tokens', json(reasoning_tokens),
            '$.cost_nano_usd', json(cost_nano_usd), '$.billed_nano_usd', json(billed_nano_usd),
            '$.estimated_calls', estimated, '$.unpriced_calls', unpriced)
        FROM (SELECT bucket, p, m, u, t, max(at), provider_name, model, sum(calls) AS calls, sum(errors) AS errors,
            ", exact!("input_tokens"), ", ", exact!("output_tokens"), ", ", exact!("cache_read_tokens"), ",
            ", exact!("cache_write_tokens"), ", ", exact!("reasoning_tokens"), ", ", exact!("cost_nano_usd"), ",
            ", exact!("billed_nano_usd"), ", sum(estimated) AS estimated, sum(unpriced) AS unpriced
          FROM (SELECT substr(strftime('%Y-%m-%dT%H', created_at / 1000, 'unixepoch'), 1, ?6) AS bucket, ", keys!(), ",
              created_at AS at, provider_name, model, 1 AS calls, ", super::retention::failed!(), " AS errors,
              input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nano_usd,
              billed_nano_usd, estimated, 1 - priced AS unpriced
            FROM usage WHERE project_id = ?1 AND created_at >= ?2 AND created_at < ?3 AND ", filtered!(), "
            UNION ALL
            SELECT substr(day, 1, ?6), ", keys!(), ", unixepoch(day) * 1000, provider_name, model, calls, errors,
              input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nano_usd,
              billed_nano_usd, estimated_calls, unpriced_calls
            FROM usage_daily WHERE project_id = ?1 AND day >= ?4 AND day < ?5 AND ", filtered!(), ")
          WHERE ?15 IS NULL OR (bucket, p, m, u, t) > (?15, ?16, ?17, ?18, ?19)
          GROUP BY bucket, p, m, u, t ORDER BY bucket, p, m, u, t LIMIT ?20)");
    /// Which of a span of days have roll-ups: the last of them, and whether ?4 and ?5 are among them.
    ROLLED_UP OnDemand = "SELECT json_object('last', max(day), 'first_day', COALESCE(max(day = ?4), 0),
            'last_day', COALESCE(max(day = ?5), 0))
        FROM usage_daily WHERE project_id = ?1 AND day >= ?2 AND day < ?3";
}

/// A span of time: from, inclusive, to, exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Inclusive.
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
}

/// How much of the time totals are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// Nothing of it.
    None,
    /// The day, in UTC.
    Day,
    /// The hour, in UTC.
    Hour,
}

/// Which rows: ids, or `None` for all.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "each is the ids of its name")]
pub struct Only {
    pub providers: Option<Vec<String>>,
    pub models: Option<Vec<String>>,
    pub users: Option<Vec<String>>,
    pub tokens: Option<Vec<String>>,
}

impl Only {
    /// The four parameters, each a JSON array or null.
    pub fn params(&self) -> [Param; 4] {
        let param = |ids: &Option<Vec<String>>| ids.as_ref().map(|ids| serde_json::json!(ids).to_string()).into();
        [param(&self.providers), param(&self.models), param(&self.users), param(&self.tokens)]
    }
}

/// A group's place in the order: bucket, provider, model, user, token.
pub type Key = [String; 5];

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// Whose.
    pub project: &'a ProjectId,
    /// When.
    pub span: Span,
    /// Grouped by which time.
    pub bucket: Bucket,
    /// Grouped by provider, model, user, token.
    pub by: [bool; 4],
    /// Of which.
    pub only: &'a Only,
    /// After this group.
    pub after: Option<&'a Key>,
    /// How many groups at most.
    pub limit: i64,
}

/// One group's totals.
#[derive(Debug, Clone, Default, Deserialize)]
#[expect(missing_docs, reason = "ids are empty where not grouped by or not known; the rest are the columns' sums")]
pub struct Totals {
    pub bucket: String,
    pub provider_id: String,
    pub model_id: String,
    pub user_id: String,
    pub token_id: String,
    pub provider_name: Option<String>,
    pub model: Option<String>,
    pub user_name: Option<String>,
    pub token_name: Option<String>,
    pub calls: i64,
    pub errors: i64,
    #[serde(deserialize_with = "exact")]
    pub input_tokens: i128,
    #[serde(deserialize_with = "exact")]
    pub output_tokens: i128,
    #[serde(deserialize_with = "exact")]
    pub cache_read_tokens: i128,
    #[serde(deserialize_with = "exact")]
    pub cache_write_tokens: i128,
    #[serde(deserialize_with = "exact")]
    pub reasoning_tokens: i128,
    #[serde(deserialize_with = "exact")]
    pub cost_nano_usd: i128,
    #[serde(deserialize_with = "exact")]
    pub billed_nano_usd: i128,
    pub estimated_calls: i64,
    pub unpriced_calls: i64,
}

impl Totals {
    /// Its place in the order.
    pub fn key(&self) -> Key {
        [&self.bucket, &self.provider_id, &self.model_id, &self.user_id, &self.token_id].map(Clone::clone)
    }
}

fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
    let [high, low] = <[i64; 2]>::deserialize(deserializer)?;
    Ok(i128::from(high) * (1 << 32) + i128::from(low))
}

/// What of a span is known by the day only.
#[derive(Debug, Clone, Deserialize)]
pub struct RolledUp {
    /// The last day that has a roll-up.
    pub last: Option<String>,
    /// Whether the day that the span begins in has one.
    #[serde(deserialize_with = "super::truth")]
    pub first_day: bool,
    /// Whether the day that the span ends in has one.
    #[serde(deserialize_with = "super::truth")]
    pub last_day: bool,
}

/// Reads totals, and what of the span was rolled up at the same moment.
pub async fn read(db: &dyn Db, question: &Question<'_>) -> Result<(Vec<Totals>, Option<RolledUp>), StoreError> {
    let Question { project, span, bucket, by, only, after, limit } = question;
    let days = || [project.as_str().into(), span.from.day().into(), span.to.day_end().day().into()];
    let [project_param, first, end]: [Param; 3] = days();
    let length: i64 = match bucket {
        Bucket::None => 0,
        Bucket::Day => 10,
        Bucket::Hour => 13,
    };
    let own = [project_param, span.from.ms().into(), span.to.ms().into(), first, end, length.into()];
    let place = after.map_or([const { Param::Null }; 5], |key| key.clone().map(Param::from));
    let params = own.into_iter().chain(by.map(Param::from)).chain(only.params()).chain(place).chain([(*limit).into()]);
    let ends = [span.from.day().into(), span.to.day().into()];
    let statements = vec![READ.with(params), ROLLED_UP.with(days().into_iter().chain(ends))];
    let outcomes = db.batch(statements).await?;
    let [totals, rolled] = outcomes.as_slice() else { return Ok((Vec::new(), None)) };
    Ok((rows(totals)?, rows(rolled)?.into_iter().next()))
}

/// What a filter may be the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what it says")]
pub enum Named {
    Provider,
    Model,
    User,
    Token,
}

/// The ids that go by a name in a project now. The name is lower-cased, but for a token's.
pub async fn named(db: &dyn Db, named: Named, project: &ProjectId, name: &str) -> Result<Vec<String>, StoreError> {
    #[derive(Deserialize)]
    struct Found {
        id: String,
    }
    let sql = match named {
        Named::Provider => &names::PROVIDERS,
        Named::Model => &names::MODELS,
        Named::User => &names::USERS,
        Named::Token => &names::TOKENS,
    };
    let found: Vec<Found> = query(db, sql.with([project.as_str().into(), name.into()])).await?;
    Ok(found.into_iter().map(|found| found.id).collect())
}

/// Ids by names.
pub mod names {
    use super::statements;

    statements! { "names";
        /// A provider's.
        PROVIDERS OnDemand = "SELECT json_object('id', id) FROM providers WHERE project_id = ?1 AND name_key = ?2";
        /// Models' of an upstream name, a public name or a selector.
        MODELS OnDemand = "SELECT json_object('id', m.id) FROM models m LEFT JOIN providers o ON o.id = m.provider_id
            WHERE m.project_id = ?1
              AND (m.model_key = ?2 OR m.name_key = ?2 OR o.name_key || '^' || m.model_key = ?2)";
        /// A user's.
        USERS OnDemand = "SELECT json_object('id', id) FROM users WHERE project_id = ?1 AND name_key = ?2";
        /// Tokens', whose names need not be unique.
        TOKENS OnDemand = "SELECT json_object('id', id) FROM tokens WHERE project_id = ?1 AND name = ?2";
    }
}
