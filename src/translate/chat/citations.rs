//! `annotations`, both ways (PROTOCOLS.md section 4.3).

use crate::json::json;
use crate::translate::neutral::Citation;
use serde_json::Value;

/// Reads an annotation; `None` for what is no citation of an address.
pub(super) fn read(annotation: &Value) -> Option<Citation> {
    let cited = annotation.get("url_citation")?;
    let text = |key: &str| cited.get(key).and_then(Value::as_str).map(str::to_owned);
    let place = |key: &str| cited.get(key).and_then(Value::as_u64);
    Some(Citation {
        url: Some(text("url")?),
        title: text("title"),
        cited_text: None,
        span: place("start_index").zip(place("end_index")),
    })
}

/// Writes a citation of a text that reaches over `block` in the message's content, both in characters; `None` for one
/// without an address, which this protocol has no place for.
pub(super) fn write(citation: &Citation, block: (u64, u64)) -> Option<Value> {
    let url = citation.url.as_deref()?;
    let (from, to) =
        citation.span.map_or(block, |(from, to)| (block.0.saturating_add(from), block.0.saturating_add(to)));
    let title = citation.title.as_deref().unwrap_or_default();
    Some(json!({
        "type": "url_citation",
        "url_citation": {"start_index": from, "end_index": to, "url": url, "title": title},
    }))
}

/// The length of a text in characters.
pub(super) fn characters(text: &str) -> u64 {
    u64::try_from(text.chars().count()).unwrap_or(u64::MAX)
}
