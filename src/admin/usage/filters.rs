//! What totals and the request log can be narrowed to.

use crate::admin::Call;
use crate::domain::ids::{ModelId, ProjectId, ProviderId, TokenId, UserId};
use crate::domain::invalid::Invalid;
use crate::domain::name::key;
use crate::domain::timestamp::Timestamp;
use crate::refusal::Refusal;
use crate::store::totals::{Named, Only, Span, named};

/// What becomes of a name that nothing goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// Refused: a typo must not read as zero.
    Refused,
    /// Nothing has its id.
    Nothing,
}

/// Reads `provider`, `model`, `user` and `token`: ids, of what is gone, too, or names of what is there.
pub async fn only(call: &Call<'_>, project: &ProjectId, unknown_model: Unknown) -> Result<Only, Refusal> {
    use Unknown::Refused;
    Ok(Only {
        providers: ids(call, project, "provider", Named::Provider, Refused).await?,
        models: ids(call, project, "model", Named::Model, unknown_model).await?,
        users: ids(call, project, "user", Named::User, Refused).await?,
        tokens: ids(call, project, "token", Named::Token, Refused).await?,
    })
}

async fn ids(
    call: &Call<'_>,
    project: &ProjectId,
    param: &str,
    what: Named,
    unknown: Unknown,
) -> Result<Option<Vec<String>>, Refusal> {
    let Some(text) = call.query(param) else { return Ok(None) };
    let is_id = match what {
        Named::Provider => ProviderId::parse(&text).is_some(),
        Named::Model => ModelId::parse(&text).is_some(),
        Named::User => UserId::parse(&text).is_some(),
        Named::Token => TokenId::parse(&text).is_some(),
    };
    if is_id {
        return Ok(Some(vec![text]));
    }
    let name = if what == Named::Token { text.clone() } else { key(&text) };
    let found = named(call.world.db, what, project, &name).await?;
    if found.is_empty() && unknown == Unknown::Refused {
        let message = format!("there is no {param} `{text}` in this project: one that was deleted goes by its id");
        return Err(Invalid::new(param, message).into());
    }
    Ok(Some(found))
}

/// Reads `from` and `to`. `since` says where a span begins that is not told, from where it ends or from now.
pub fn span(call: &Call<'_>, since: impl Fn(Timestamp) -> Timestamp) -> Result<Span, Invalid> {
    let read = |param: &str| call.query(param).map(|text| Timestamp::parse_time_or_day(param, &text)).transpose();
    let (from, to) = (read("from")?, read("to")?);
    let from = from.unwrap_or_else(|| since(to.map_or(call.now, |to| to.min(call.now))));
    // A row of a faster clock than this one's counts, too.
    let to = to.unwrap_or(Timestamp::from_ms(i64::MAX));
    if from >= to {
        return Err(Invalid::new("to", format!("to must be later than from, which is {from}")));
    }
    Ok(Span { from, to })
}
