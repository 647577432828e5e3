//! Cursors: a list goes on where it stopped, whatever was written meanwhile.

use super::schema::page::{DEFAULT_LIMIT, MAX_LIMIT};
use super::{Call, Reply};
use crate::domain::invalid::Invalid;
use crate::json::json;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Before every row's time, and after it.
const OLDEST: i64 = -1;
const NEWEST: i64 = 1 << 53;

/// The part of a list that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    limit: i64,
    created_at: i64,
    id: String,
}

impl Page {
    /// Reads `limit` and `cursor`.
    pub fn of(call: &Call<'_>) -> Result<Self, Invalid> {
        Self::parse(call.query("limit").as_deref(), call.query("cursor").as_deref(), OLDEST)
    }

    /// The same of a list that begins with the newest row: its position is after the page's first row.
    pub fn newest_first(call: &Call<'_>) -> Result<Self, Invalid> {
        Self::parse(call.query("limit").as_deref(), call.query("cursor").as_deref(), NEWEST)
    }

    /// Reads `limit` alone.
    pub fn limit(call: &Call<'_>) -> Result<i64, Invalid> {
        Self::parse(call.query("limit").as_deref(), None, OLDEST).map(|page| page.limit)
    }

    fn parse(limit: Option<&str>, cursor: Option<&str>, start: i64) -> Result<Self, Invalid> {
        let limit =
            match limit {
                None => DEFAULT_LIMIT,
                Some(text) => text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)).ok_or_else(|| {
                    Invalid::new("limit", format!("limit must be a whole number from 1 to {MAX_LIMIT}"))
                })?,
            };
        let (created_at, id) = match cursor {
            None => (start, String::new()),
            Some(cursor) => position(cursor).ok_or_else(bad_cursor)?,
        };
        Ok(Self { limit, created_at, id })
    }

    /// The position before the page's first row.
    pub fn after(&self) -> (i64, &str) {
        (self.created_at, &self.id)
    }

    /// How many rows to read: one more than are shown tells whether there is a next page.
    pub fn read_ahead(&self) -> i64 {
        self.limit + 1
    }

    /// The list, with the cursor of the next page if there is one. `position` is a row's place in the order; a row
    /// without a `view` is left out, and the cursor goes on behind it.
    pub fn reply<T, V: Into<Option<Value>>>(
        &self,
        mut rows: Vec<T>,
        position: impl Fn(&T) -> (i64, &str),
        view: impl Fn(&T) -> V,
    ) -> Reply {
        let shown = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > shown;
        rows.truncate(shown);
        let last = rows.last().filter(|_| more).map(|row| {
            let (created_at, id) = position(row);
            URL_SAFE_NO_PAD.encode(format!("{created_at}:{id}"))
        });
        let shown: Vec<Value> = rows.iter().filter_map(|row| view(row).into()).collect();
        Reply::json(200, &json!({"data": shown, "next_cursor": last}))
    }
}

/// The refusal of a cursor that no page gave.
pub fn bad_cursor() -> Invalid {
    Invalid::new("cursor", "cursor must be the next_cursor of the page before, as it was given")
}

fn position(cursor: &str) -> Option<(i64, String)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (created_at, id) = text.split_once(':')?;
    Some((created_at.parse().ok().filter(|at| (0..1 << 53).contains(at))?, id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_to_the_row_after_the_last_one() {
        let page = Page::parse(Some("2"), None, OLDEST).expect("a page");
        let reply = page.reply(vec![(5, "a"), (5, "b"), (6, "c")], |row| *row, |row| json!(row.1));
        let body: Value = serde_json::from_str(&reply.body.expect("a body")).expect("JSON");
        assert_eq!(body["data"], json!(["a", "b"]));
        let next = Page::parse(None, body["next_cursor"].as_str(), OLDEST).expect("a page");
        assert_eq!((next.after(), next.limit), ((5, "b"), DEFAULT_LIMIT));
    }

    #[test]
    fn limits_and_cursors_that_cannot_be_are_refused() {
        for bad in ["0", "201", "-1", "x", "1.5", ""] {
            assert_eq!(Page::parse(Some(bad), None, OLDEST).expect_err("refused").param, "limit");
        }
        for bad in ["", "!!", "YWJj", "LTE6YQ"] {
            assert_eq!(Page::parse(None, Some(bad), OLDEST).expect_err("refused").param, "cursor", "{bad}");
        }
    }
}
