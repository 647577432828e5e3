//! Totals of what was used (SPEC section 5).

mod csv;
pub mod filters;

use super::page::{self, Page};
use super::{Call, Reply};
use crate::deployment::RowSink;
use crate::domain::invalid::Invalid;
use crate::domain::money;
use crate::domain::timestamp::Timestamp;
use crate::refusal::{Reason, Refusal};
use crate::store::totals::{self, Bucket, Key, Question, RolledUp, Span, Totals};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use filters::Unknown;
use serde_json::{Map, Number, Value, json};

/// A span that is not told: the last days, and today.
const DEFAULT_DAYS: i64 = 30;

/// Rows of a CSV file, which has no next page.
const MOST_LINES: i64 = 10_000;

/// What totals are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dimension {
    Model,
    Provider,
    User,
    Token,
    Day,
    Hour,
}

use Dimension::{Day, Hour, Model, Provider, Token, User};

const DIMENSIONS: [(&str, Dimension, &[&str]); 6] = [
    ("model", Model, &["model_id", "model"]),
    ("provider", Provider, &["provider_id", "provider_name"]),
    ("user", User, &["user_id", "user_name"]),
    ("token", Token, &["token_id", "token_name"]),
    ("day", Day, &["day"]),
    ("hour", Hour, &["hour"]),
];

const SUMS: [&str; 11] = [
    "calls",
    "errors",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_usd",
    "billed_usd",
    "estimated_calls",
    "unpriced_calls",
];

impl Dimension {
    fn parse(word: &str) -> Result<Self, Invalid> {
        let found = DIMENSIONS.iter().find(|(name, _, _)| *name == word).map(|(_, dimension, _)| *dimension);
        found.ok_or_else(|| {
            let names: Vec<&str> = DIMENSIONS.iter().map(|(name, _, _)| *name).collect();
            Invalid::new("group_by", format!("group_by takes, separated by commas: {}", names.join(", ")))
        })
    }

    fn fields(self) -> &'static [&'static str] {
        DIMENSIONS.iter().find(|(_, dimension, _)| *dimension == self).map_or(&[], |(_, _, fields)| fields)
    }

    fn values(self, row: &Totals) -> Vec<Value> {
        let of = |id: &str, name: &Option<String>| match id {
            "" => vec![Value::Null, Value::Null],
            id => vec![json!(id), json!(name)],
        };
        match self {
            Model => of(&row.model_id, &row.model),
            Provider => of(&row.provider_id, &row.provider_name),
            User => of(&row.user_id, &row.user_name),
            Token => of(&row.token_id, &row.token_name),
            Day => vec![json!(row.bucket.get(..10).unwrap_or(&row.bucket))],
            Hour => vec![json!(format!("{}:00:00.000Z", row.bucket))],
        }
    }
}

fn grouping(text: Option<String>) -> Result<Vec<Dimension>, Invalid> {
    let mut dimensions = Vec::new();
    for word in text.iter().filter(|text| !text.is_empty()).flat_map(|text| text.split(',')).map(str::trim) {
        let dimension = Dimension::parse(word)?;
        if dimensions.contains(&dimension) {
            return Err(Invalid::new("group_by", format!("group_by names {word} twice")));
        }
        dimensions.push(dimension);
    }
    Ok(dimensions)
}

/// A JSON number of any length.
fn number(digits: String) -> Value {
    digits.parse::<Number>().map_or(Value::Null, Value::Number)
}

/// US dollars of billionths of them, to the last digit.
pub fn usd(nano: i128) -> Value {
    number(money::usd(nano))
}

fn sums(row: &Totals) -> [Value; SUMS.len()] {
    [
        json!(row.calls),
        json!(row.errors),
        number(row.input_tokens.to_string()),
        number(row.output_tokens.to_string()),
        number(row.cache_read_tokens.to_string()),
        number(row.cache_write_tokens.to_string()),
        number(row.reasoning_tokens.to_string()),
        usd(row.cost_nano_usd),
        usd(row.billed_nano_usd),
        json!(row.estimated_calls),
        json!(row.unpriced_calls),
    ]
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Csv,
}

/// `format`, or what the caller accepts. Whoever takes JSON as well gets JSON.
fn format(call: &Call<'_>) -> Result<Format, Invalid> {
    let accepts = |media_type: &str| {
        let accept = call.request.accept.as_deref().unwrap_or_default();
        accept.split(',').any(|item| item.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(media_type))
    };
    match call.query("format").as_deref() {
        Some("json") => Ok(Format::Json),
        Some("csv") => Ok(Format::Csv),
        Some(_) => Err(Invalid::new("format", "format must be json or csv")),
        None if accepts("text/csv") && !accepts("application/json") => Ok(Format::Csv),
        None => Ok(Format::Json),
    }
}

fn key_of(cursor: &str) -> Result<Key, Invalid> {
    let read = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    read.ok_or_else(page::bad_cursor)
}

/// Refuses what only rows could tell where roll-ups have taken their place.
fn check_rows(
    span: Span,
    bucket: Bucket,
    rows_since: Option<Timestamp>,
    rolled: Option<&RolledUp>,
) -> Result<(), Invalid> {
    let rolled_until = rolled.and_then(|rolled| rolled.last.as_deref());
    let too_early = rows_since.filter(|since| span.from < *since);
    if bucket == Bucket::Hour && (too_early.is_some() || rolled_until.is_some()) {
        let first = rolled_until
            .and_then(|day| Timestamp::parse_time_or_day("from", day).ok())
            .map(|day| day.days_later(1))
            .max(too_early)
            .unwrap_or(span.from);
        return Err(Invalid::new(
            "group_by",
            format!(
                "hours are known as long as calls have their own rows (RETENTION_DAYS), and days after that: take from={} \
                 or later, or group by day",
                first.day()
            ),
        ));
    }
    let cut = |at: Timestamp, rolled: Option<bool>| at != at.day_start() && rolled == Some(true);
    for (param, at, rolled) in
        [("from", span.from, rolled.map(|r| r.first_day)), ("to", span.to, rolled.map(|r| r.last_day))]
    {
        if cut(at, rolled) {
            let (day, next) = (at.day(), at.day_end().day());
            let message = format!("the calls of {day} are known as a whole day only: take {param}={day} or {next}");
            return Err(Invalid::new(param, message));
        }
    }
    Ok(())
}

/// Refuses where the deployment keeps no rows of calls: what D1 still has from before would pass for all there was.
pub fn check_kept(call: &Call<'_>) -> Result<(), Refusal> {
    if call.world.deployment.usage.rows != RowSink::Nowhere {
        return Ok(());
    }
    let message = "this deployment keeps no rows of calls (USAGE_SINK is `analytics`): ask Analytics Engine's SQL API for \
                   what they used, as SCALE.md shows";
    Err(Refusal::new(Reason::UsageElsewhere, message))
}

pub async fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    check_kept(call)?;
    let dimensions = grouping(call.query("group_by"))?;
    let format = format(call)?;
    let by = |dimension| dimensions.contains(&dimension);
    let bucket = match (by(Hour), by(Day)) {
        (true, _) => Bucket::Hour,
        (false, true) => Bucket::Day,
        (false, false) => Bucket::None,
    };
    let rows_since = call.world.deployment.retention.rows_since(call.now);
    let span = filters::span(call, |end| {
        let from = end.day_start().days_later(-DEFAULT_DAYS);
        let rows_since = rows_since.filter(|since| bucket == Bucket::Hour && *since < end);
        Some(from).max(rows_since).unwrap_or(from)
    })?;
    let (limit, cursor) = match format {
        Format::Json => (Page::limit(call)?, call.query("cursor").as_deref().map(key_of).transpose()?),
        Format::Csv => match ["limit", "cursor"].into_iter().find(|param| call.query(param).is_some()) {
            Some(param) => return Err(Invalid::new(param, format!("a CSV file is whole: leave {param} out")).into()),
            None => (MOST_LINES, None),
        },
    };
    let project = call.project().await?;
    let only = filters::only(call, &project, Unknown::Refused).await?;
    let question = Question {
        project: &project,
        span,
        bucket,
        by: [by(Provider), by(Model), by(User), by(Token)],
        only: &only,
        after: cursor.as_ref(),
        limit: limit + 1,
    };
    let (mut rows, rolled) = totals::read(call.world.db, &question).await?;
    check_rows(span, bucket, rows_since, rolled.as_ref())?;
    if rows.is_empty() && dimensions.is_empty() && cursor.is_none() {
        rows.push(Totals::default());
    }
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let header: Vec<&str> = dimensions.iter().flat_map(|d| d.fields()).copied().chain(SUMS).collect();
    let values = |row: &Totals| -> Vec<Value> {
        dimensions.iter().flat_map(|dimension| dimension.values(row)).chain(sums(row)).collect()
    };
    if format == Format::Json {
        let object = |row| header.iter().map(|name| (*name).to_owned()).zip(values(row)).collect::<Map<_, _>>();
        let data: Vec<_> = rows.iter().map(object).collect();
        let next = rows.last().filter(|_| more).map(|row| URL_SAFE_NO_PAD.encode(json!(row.key()).to_string()));
        return Ok(Reply::json(200, &json!({"data": data, "next_cursor": next})));
    }
    if more {
        let message =
            format!("these are more than {MOST_LINES} rows: group by less, or take shorter spans, or JSON's pages");
        return Err(Invalid::new("group_by", message).into());
    }
    Ok(Reply {
        status: 200,
        headers: vec![
            ("cache-control", "no-store".into()),
            ("content-type", "text/csv; charset=utf-8; header=present".into()),
            ("content-disposition", "attachment; filename=\"usage.csv\"".into()),
        ],
        body: Some(csv::document(&header, rows.iter().map(values))),
    })
}
