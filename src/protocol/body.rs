//! A client's request body: what the gateway reads in it, and the few bytes that it changes.
//!
//! The body is never rebuilt: SPEC section 6 promises that unknown fields, number spellings and key order reach an
//! upstream of the same protocol as the client wrote them.

mod edit;
mod error;
#[cfg(test)]
mod tests;

pub use edit::{Changes, StreamUsage};
pub use error::BodyError;

use std::borrow::Cow;

use edit::UsageRequest;

use super::json::{self, Key, Kind, Member, Members, Value};

/// More top level members than any protocol has, and few enough that a body full of keys cannot exhaust the isolate.
pub const MAX_MEMBERS: usize = 1024;

/// A request body that is a JSON object, with its top level listed.
#[derive(Debug, Clone)]
pub struct RequestBody {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    model: Option<Entry>,
    delivery: Delivery,
    usage_request: UsageRequest,
}

/// Where a top level member stands in the body.
#[derive(Debug, Clone, Copy)]
struct Entry {
    key: Span,
    value: Span,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    Whole,
    Streamed,
}

impl RequestBody {
    /// Reads a body in one pass. `null` for `model` or `stream` counts as absent.
    ///
    /// # Errors
    /// What is no JSON object, has a `model` that is no string or a `stream` that is no boolean, or has `model`, `stream`
    /// or `stream_options` twice (or once more in another case): the upstream could take the other one, and with it a
    /// model that the token may not call, or an answer that is not metered.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, BodyError> {
        let Some(members) = Members::of(&bytes) else {
            return Err(match json::validate(&bytes) {
                Ok(kind) => BodyError::NotAnObject(kind),
                Err(error) => BodyError::Malformed(error),
            });
        };
        let mut entries = Vec::with_capacity(16);
        let (mut model, mut stream, mut options) = (None, None, None);
        for member in members {
            let member = member.map_err(BodyError::Malformed)?;
            if entries.len() == MAX_MEMBERS {
                return Err(BodyError::TooManyMembers);
            }
            entries.push(Entry::of(&member));
            for (field, seen) in [("model", &mut model), ("stream", &mut stream), ("stream_options", &mut options)] {
                claim(field, field, seen, &member)?;
            }
        }
        let model = match model {
            Some(Member { value: Value { kind: Kind::Null, .. }, .. }) | None => None,
            Some(member) if member.value.kind == Kind::String => Some(Entry::of(&member)),
            Some(member) => return Err(BodyError::wrong_type("model", "a string", member.value.kind)),
        };
        let delivery = match stream.map(|member| (member.value.kind, member.value.boolean())) {
            None | Some((Kind::Null, _) | (_, Some(false))) => Delivery::Whole,
            Some((_, Some(true))) => Delivery::Streamed,
            Some((kind, None)) => return Err(BodyError::wrong_type("stream", "a boolean", kind)),
        };
        let usage_request = UsageRequest::read(&bytes, options.map(|member| member.value))?;
        Ok(Self { bytes, entries, model, delivery, usage_request })
    }

    /// The model that the client asks for, escapes decoded; `None` when absent or `null`.
    pub fn model(&self) -> Option<Cow<'_, str>> {
        self.model.map(|entry| json::decode_string(self.slice(entry.value)))
    }

    /// Whether the client asks for a stream.
    pub fn streams(&self) -> bool {
        self.delivery == Delivery::Streamed
    }

    /// Whether the client itself asked for `stream_options.include_usage`, so that the usage chunk is for it to see.
    pub fn asks_for_stream_usage(&self) -> bool {
        self.usage_request == UsageRequest::Asked
    }

    /// The value of a top level member; the last one if the key repeats, as most parsers have it.
    pub fn get(&self, key: &str) -> Option<Value<'_>> {
        let entry = self.entries.iter().rev().find(|entry| self.key(entry).is(key))?;
        Some(Value { kind: entry.kind, raw: self.slice(entry.value), start: entry.value.start })
    }

    /// The top level keys in their order.
    pub fn keys(&self) -> impl Iterator<Item = Key<'_>> {
        self.entries.iter().map(|entry| self.key(entry))
    }

    /// The body as the client sent it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The body as the client sent it, given away.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn key(&self, entry: &Entry) -> Key<'_> {
        Key { raw: self.slice(entry.key), start: entry.key.start }
    }

    fn slice(&self, span: Span) -> &[u8] {
        self.bytes.get(span.start..span.end).unwrap_or_default()
    }
}

impl Entry {
    fn of(member: &Member<'_>) -> Self {
        let key = Span { start: member.key.start, end: member.key.start + member.key.raw.len() };
        let value = Span { start: member.value.start, end: member.value.start + member.value.raw.len() };
        Self { key, value, kind: member.value.kind }
    }
}

/// Notes `member` if its key is `name`; `field` is the same with what it is nested in.
fn claim<'a>(
    field: &'static str,
    name: &str,
    seen: &mut Option<Member<'a>>,
    member: &Member<'a>,
) -> Result<(), BodyError> {
    if member.key.is(name) {
        return match seen.replace(*member) {
            Some(_) => Err(BodyError::Duplicate { field }),
            None => Ok(()),
        };
    }
    if resembles(&member.key, name) {
        return Err(BodyError::Lookalike { field, key: member.key.decoded().into_owned() });
    }
    Ok(())
}

/// Whether a parser that ignores case takes `key` for `name`. Go's `encoding/json` does, and with it Ollama and other
/// gateways; it also folds the long s and the Kelvin sign.
fn resembles(key: &Key<'_>, name: &str) -> bool {
    if key.raw.len() > json::MAX_ESCAPED_LENGTH * name.len() {
        return false;
    }
    let is_plain = |&byte: &u8| byte.is_ascii() && byte != b'\\';
    if key.raw.iter().all(is_plain) {
        return key.raw.eq_ignore_ascii_case(name.as_bytes());
    }
    let folded = |character: char| match character {
        'ſ' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    key.decoded().chars().map(folded).eq(name.chars())
}
