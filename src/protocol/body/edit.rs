//! The upstream's body: the client's bytes with a few spliced in.

use std::borrow::Cow;
use std::ops::Range;

use super::{BodyError, RequestBody, claim};
use crate::protocol::json::{Cursor, Kind, Member, Value, escape};

/// What an upstream gets to read instead of what the client wrote.
#[derive(Debug, Clone, Copy)]
pub struct Changes<'a> {
    /// The upstream's own name of the model.
    pub model: &'a str,
    /// Keys, each once, and raw JSON values for the top level where the client left the key out. `model` and `stream` are
    /// passed over: the one is given above, the other is the client's to choose.
    pub defaults: &'a [(&'a str, &'a [u8])],
    /// Who asks for the usage of a Chat Completions stream.
    pub stream_usage: StreamUsage,
}

/// Whether the upstream is asked to report a stream's usage. A matter of Chat Completions only: the other protocols always
/// report it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamUsage {
    /// The body says what the client says.
    AsTheClientAsks,
    /// If the body asks for a stream, it also asks for `stream_options.include_usage`. When
    /// [`RequestBody::asks_for_stream_usage`] is false, the client must not see the chunk that this brings.
    Requested,
}

impl RequestBody {
    /// The body for an upstream of the same protocol. Borrows when there is nothing to change; else one buffer of the
    /// exact size.
    pub fn for_upstream(&self, changes: &Changes<'_>) -> Cow<'_, [u8]> {
        let splices = self.splices(changes);
        if splices.is_empty() { Cow::Borrowed(self.bytes()) } else { Cow::Owned(splice(self.bytes(), &splices)) }
    }

    /// The changes from front to back; those at the same place stand in the order of their bytes.
    fn splices<'a>(&'a self, changes: &Changes<'a>) -> Vec<Splice<'a>> {
        let after_brace = memchr::memchr(b'{', self.bytes()).map_or(0, |brace| brace + 1);
        let end = self.entries.last().map_or(after_brace, |last| last.value.end);
        let request_usage = changes.stream_usage == StreamUsage::Requested && self.streams();
        let mut splices = Vec::with_capacity(6 + 4 * changes.defaults.len());

        match self.get("model") {
            None => {
                let comma: &[u8] = if self.entries.is_empty() { b"" } else { b"," };
                let text = [b"\"model\":", quoted(changes.model).as_slice(), comma].concat();
                splices.push(Splice::insert(after_brace, Cow::Owned(text)));
            }
            Some(value) if value.text().as_deref() == Some(changes.model) => {}
            Some(value) => splices.push(Splice::replace(&value, Cow::Owned(quoted(changes.model)))),
        }
        if request_usage && let Some(asking) = self.usage_request.splice() {
            let place = splices.partition_point(|splice| splice.start <= asking.start);
            splices.insert(place, asking);
        }
        let mut lacks_options = request_usage && self.usage_request == UsageRequest::NoOptions;
        for &(key, value) in changes.defaults {
            if matches!(key, "model" | "stream") || self.get(key).is_some() {
                continue;
            }
            let mut value = Cow::Borrowed(value);
            if lacks_options && key == "stream_options" {
                lacks_options = false;
                value = requesting_usage(value);
            }
            append_member(&mut splices, end, key, value);
        }
        if lacks_options {
            append_member(&mut splices, end, "stream_options", Cow::Borrowed(USAGE_OPTIONS));
        }
        splices
    }
}

const USAGE_OPTIONS: &[u8] = b"{\"include_usage\":true}";

/// Text that takes the place of a byte range of the body.
struct Splice<'a> {
    start: usize,
    end: usize,
    text: Cow<'a, [u8]>,
}

impl<'a> Splice<'a> {
    const fn insert(at: usize, text: Cow<'a, [u8]>) -> Self {
        Self { start: at, end: at, text }
    }

    fn replace(value: &Value<'_>, text: Cow<'a, [u8]>) -> Self {
        let Range { start, end } = value.span();
        Self { start, end, text }
    }
}

fn splice(bytes: &[u8], splices: &[Splice<'_>]) -> Vec<u8> {
    let removed: usize = splices.iter().map(|splice| splice.end - splice.start).sum();
    let added: usize = splices.iter().map(|splice| splice.text.len()).sum();
    let mut spliced = Vec::with_capacity(bytes.len() - removed + added);
    let mut at = 0;
    for splice in splices {
        spliced.extend_from_slice(bytes.get(at..splice.start).unwrap_or_default());
        spliced.extend_from_slice(&splice.text);
        at = splice.end;
    }
    spliced.extend_from_slice(bytes.get(at..).unwrap_or_default());
    spliced
}

fn append_member<'a>(splices: &mut Vec<Splice<'a>>, at: usize, key: &'a str, value: Cow<'a, [u8]>) {
    let key = match escape(key) {
        Cow::Borrowed(key) => Cow::Borrowed(key.as_bytes()),
        Cow::Owned(key) => Cow::Owned(key.into_bytes()),
    };
    for text in [Cow::Borrowed(&b",\""[..]), key, Cow::Borrowed(&b"\":"[..]), value] {
        splices.push(Splice::insert(at, text));
    }
}

fn quoted(text: &str) -> Vec<u8> {
    ["\"", &escape(text), "\""].concat().into_bytes()
}

/// A default for `stream_options` that also asks for the usage.
fn requesting_usage(options: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let value = Cursor::new(&options).value();
    let Ok(request) = UsageRequest::read(&options, value) else { return options };
    match request.splice() {
        Some(change) => Cow::Owned(splice(&options, &[change])),
        None => options,
    }
}

/// What `stream_options` says about usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UsageRequest {
    /// There is no `stream_options`.
    NoOptions,
    /// `include_usage` is true.
    Asked,
    /// An object without the key; its first member, if it has one, would stand at `at`.
    NoFlag { at: usize, members: Emptiness },
    /// `null` for the flag or for all options, or a flag that is `false`, at `start..end`.
    Declined { start: usize, end: usize, text: &'static str },
    /// A type that the upstream refuses, and whose words for that the client should get.
    Unreadable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Emptiness {
    Empty,
    Filled,
}

impl UsageRequest {
    /// Reads the options, of which `document` holds the bytes.
    pub(super) fn read(document: &[u8], options: Option<Value<'_>>) -> Result<Self, BodyError> {
        let Some(options) = options else { return Ok(Self::NoOptions) };
        let Range { start, end } = options.span();
        match options.kind {
            Kind::Null => return Ok(Self::Declined { start, end, text: "{\"include_usage\":true}" }),
            Kind::Object => {}
            Kind::Bool | Kind::Number | Kind::String | Kind::Array => return Ok(Self::Unreadable),
        }
        let mut flag = None;
        let mut members = Emptiness::Empty;
        let mut outcome = Ok(());
        Cursor::at(document, start).members(|key, cursor| {
            members = Emptiness::Filled;
            if let (Ok(()), Some(value)) = (&outcome, cursor.value()) {
                outcome = claim("stream_options.include_usage", "include_usage", &mut flag, &Member { key, value });
            }
        });
        outcome?;
        Ok(match flag.map(|member| (member.value, member.value.boolean())) {
            None => Self::NoFlag { at: start + 1, members },
            Some((_, Some(true))) => Self::Asked,
            Some((value, Some(false))) => Self::declined(&value),
            Some((value, None)) if value.kind == Kind::Null => Self::declined(&value),
            Some((_, None)) => Self::Unreadable,
        })
    }

    fn declined(flag: &Value<'_>) -> Self {
        let Range { start, end } = flag.span();
        Self::Declined { start, end, text: "true" }
    }

    /// The change inside the options, where there are some.
    fn splice(self) -> Option<Splice<'static>> {
        match self {
            Self::NoOptions | Self::Asked | Self::Unreadable => None,
            Self::NoFlag { at, members: Emptiness::Empty } => {
                Some(Splice::insert(at, Cow::Borrowed(b"\"include_usage\":true")))
            }
            Self::NoFlag { at, members: Emptiness::Filled } => {
                Some(Splice::insert(at, Cow::Borrowed(b"\"include_usage\":true,")))
            }
            Self::Declined { start, end, text } => Some(Splice { start, end, text: Cow::Borrowed(text.as_bytes()) }),
        }
    }
}
