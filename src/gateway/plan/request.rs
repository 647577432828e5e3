//! What a request shows to a model's `when` (SPEC section 6). Nothing is read that no model asks for.

use super::Asked;
use crate::domain::protocol::Protocol;
use crate::domain::when::{Attribute, Attributes};
use crate::gateway::admit::Admitted;
use crate::protocol::body::RequestBody;
use crate::protocol::json::{Cursor, Kind, Value};
use crate::protocol::prompt::Prompt;
use std::borrow::Cow;
use std::cell::OnceCell;

/// Where clients of any protocol put tags, comma-separated: vendors refuse them in the body.
const TAGS: &str = "x-sluice-tags";

/// Where Cloudflare's edge says from which country a request came.
const COUNTRY: &str = "cf-ipcountry";

/// A request, seen as attributes.
pub(super) struct RequestAttributes<'a> {
    admitted: &'a Admitted,
    client: Protocol,
    body: &'a RequestBody,
    tags: &'a str,
    /// Finds a header by its lower-case name.
    header: &'a dyn Fn(&str) -> Option<String>,
    prompt: OnceCell<Prompt>,
}

impl<'a> RequestAttributes<'a> {
    pub(super) fn of<H>(asked: &Asked<'a, H>, header: &'a dyn Fn(&str) -> Option<String>) -> Self {
        let Asked { admitted, door, body, tags, .. } = asked;
        Self { admitted, client: door.protocol, body, tags, header, prompt: OnceCell::new() }
    }

    fn prompt(&self) -> Prompt {
        *self.prompt.get_or_init(|| Prompt::of(self.body))
    }

    /// The most that the answer may have, by each protocol's name for it.
    fn max_tokens(&self) -> Option<u64> {
        let names: &[&str] = match self.client {
            Protocol::Responses => &["max_output_tokens"],
            Protocol::ChatCompletions => &["max_completion_tokens", "max_tokens"],
            _ => &["max_tokens"],
        };
        names.iter().find_map(|name| self.body.get(name)?.number())
    }

    fn tools(&self) -> u64 {
        let mut count = 0;
        if let Some(tools) = self.body.get("tools") {
            Cursor::new(tools.raw).elements(|_| count += 1);
        }
        count
    }

    /// The header's, and those in the body's `metadata.tags`: a list, or comma-separated as OpenAI's metadata wants it.
    fn tags(&self) -> Option<Attribute<'_>> {
        let in_body = self.body.get("metadata").and_then(|metadata| member(metadata, "tags"));
        let mut tags: Vec<String> = (self.header)(TAGS).iter().flat_map(|tags| split(tags)).collect();
        match in_body.and_then(attribute) {
            Some(Attribute::Text(text)) => tags.extend(split(&text)),
            Some(Attribute::List(list)) => tags.extend(list.into_owned()),
            _ => {}
        }
        (!tags.is_empty()).then_some(Attribute::List(Cow::Owned(tags)))
    }
}

impl Attributes for RequestAttributes<'_> {
    fn attribute(&self, name: &str) -> Option<Attribute<'_>> {
        let Self { admitted, body, .. } = self;
        let holder = admitted.holder();
        match name {
            "protocol" => text(self.client.as_str()),
            "stream" => Some(Attribute::Bool(body.streams())),
            "model" => text(body.model()?),
            "user" => {
                holder.and_then(|holder| id_and_name(holder.user.as_ref()?.as_str(), holder.user_name.as_deref()))
            }
            "token" => holder.and_then(|holder| id_and_name(holder.id.as_str(), Some(&holder.name))),
            "project" => text(admitted.snapshot.project.as_str()),
            "tags" => self.tags(),
            "max_tokens" => self.max_tokens().map(number),
            "tools" => Some(number(self.tools())),
            "images" => Some(number(self.prompt().images)),
            "input_chars" => Some(number(self.prompt().chars)),
            "country" => text((self.header)(COUNTRY)?),
            other => match other.strip_prefix("tags.") {
                Some(name) => attribute(member(Cursor::new(self.tags.as_bytes()).value()?, name)?),
                None => attribute(member(body.get("metadata")?, other.strip_prefix("metadata.")?)?),
            },
        }
    }
}

fn text<'t>(text: impl Into<Cow<'t, str>>) -> Option<Attribute<'t>> {
    Some(Attribute::Text(text.into()))
}

/// Rows go by their ids and by their names: either one matches.
fn id_and_name(id: &str, name: Option<&str>) -> Option<Attribute<'static>> {
    Some(Attribute::List([Some(id), name].into_iter().flatten().map(str::to_owned).collect()))
}

#[expect(clippy::cast_precision_loss, reason = "attributes are doubles, as JSON's numbers are")]
fn number(count: u64) -> Attribute<'static> {
    Attribute::Number(count as f64)
}

fn split(tags: &str) -> impl Iterator<Item = String> {
    tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned)
}

/// The member at a dotted path; a key that holds dots itself is found, too.
fn member<'a>(object: Value<'a>, path: &str) -> Option<Value<'a>> {
    let mut found = None;
    Cursor::new(object.raw).members(|key, cursor| {
        let key = key.decoded();
        let rest = path.strip_prefix(&*key);
        match rest {
            Some("") => found = cursor.value(),
            Some(rest) if found.is_none() => {
                let inner = rest.strip_prefix('.').zip(cursor.value());
                found = inner.and_then(|(rest, inner)| member(inner, rest));
            }
            _ => {}
        }
    });
    found
}

fn attribute(value: Value<'_>) -> Option<Attribute<'_>> {
    match value.kind {
        Kind::String => value.text().map(Attribute::Text),
        Kind::Number => value.decimal().map(Attribute::Number),
        Kind::Bool => value.boolean().map(Attribute::Bool),
        Kind::Array => {
            let mut texts = Vec::new();
            Cursor::new(value.raw).elements(|element| {
                texts.extend(element.value().and_then(|value| value.text()).map(Cow::into_owned));
            });
            Some(Attribute::List(Cow::Owned(texts)))
        }
        Kind::Null | Kind::Object => None,
    }
}
