//! What a conversation is made of.

use super::signature::Signature;
use crate::translate::wire;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The operator, in the midst of the conversation. What it says before anybody else is [`super::Request::system`].
    System,
    /// The user, and the results of tools.
    User,
    /// The model.
    Assistant,
}

/// What one side says until the other one does. Two turns of one role never follow each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// Who.
    pub role: Role,
    /// What, in order. A user turn's tool results come before everything else in it.
    pub parts: Vec<Part>,
}

/// One piece of a turn.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Where it is in the client's request, such as `messages[2].content[0]`.
    pub at: String,
    /// The piece.
    pub body: Body,
    /// Whether the prompt up to here shall be cached.
    pub cache: Option<CacheMark>,
}

impl Part {
    /// A piece without a cache mark.
    pub fn new(at: impl Into<String>, body: Body) -> Self {
        Self { at: at.into(), body, cache: None }
    }
}

/// The kinds of pieces.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Text; never empty, because most protocols refuse that.
    Text(String),
    /// An image.
    Image(Image),
    /// A PDF or a text to be read.
    Document(Document),
    /// Sound, as base64.
    Audio {
        /// The bytes.
        data: String,
        /// `wav` or `mp3`.
        format: String,
    },
    /// The model calls a tool.
    Call(Call),
    /// What a tool said.
    Result(ToolResult),
    /// The model thinks.
    Reasoning(Reasoned),
    /// The model declines.
    Refusal(String),
}

/// Where the bytes of an image or a document are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Here, as base64.
    Base64 {
        /// What the client says they are, such as `image/png`. Clients err: see the bytes.
        media_type: String,
        /// The bytes.
        data: String,
    },
    /// At a public address.
    Url(String),
    /// At the vendor, under an id that means nothing to another one.
    File(String),
    /// Here, as plain text. Documents only.
    Text(String),
}

impl Source {
    /// A file's bytes; a text is read, because every protocol has texts and few take them as files.
    pub fn of_file(media_type: String, data: String) -> Self {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        let is_text = essence.starts_with("text/") || essence == "application/json";
        if is_text
            && let Ok(bytes) = STANDARD.decode(&data)
            && let Ok(text) = String::from_utf8(bytes)
        {
            return Self::Text(text);
        }
        Self::Base64 { media_type, data }
    }
}

/// An image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The bytes.
    pub source: Source,
    /// OpenAI's `detail`.
    pub detail: Option<String>,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The bytes.
    pub source: Source,
    /// Its title or file name.
    pub title: Option<String>,
    /// Anthropic's `context`: what the model shall know of it, without citing it.
    pub context: Option<String>,
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// As whoever made the call said it; [`super::fit_call_id`] makes it fit another vendor.
    pub id: String,
    /// The tool's name as the client knows it.
    pub name: String,
    /// What it is called with.
    pub input: CallInput,
}

/// What a tool is called with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallInput {
    /// A JSON object as text, spelled as its author spelled it; `{}` where there is nothing. What a model wrote may be no
    /// JSON at all: check before it is embedded.
    Json(String),
    /// The free text of a freeform (OpenAI: custom) tool.
    Text(String),
}

impl CallInput {
    /// The object that most vendors want, whatever a model once wrote: what is no object goes under `value`, what is no JSON
    /// under `_raw`, and a text as the function that [stands for](super::Freeform::into_function) its tool takes it.
    pub fn into_object(self) -> Map<String, Value> {
        let under = |key: &str, value: Value| Map::from_iter([(key.to_owned(), value)]);
        match self {
            Self::Text(text) => under("input", text.into()),
            Self::Json(json) if json.trim().is_empty() => Map::new(),
            Self::Json(json) => match wire::read(json.as_bytes()) {
                Ok(Value::Object(object)) => object,
                Ok(other) => under("value", other),
                Err(_) => under("_raw", json.into()),
            },
        }
    }
}

/// What a tool said.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolResult {
    /// The call's id as the client spells it.
    pub call_id: String,
    /// The tool's name, from the call in the history; `None` for a result without a call.
    pub name: Option<String>,
    /// Texts, images and documents; empty for a tool that said nothing.
    pub content: Vec<Part>,
    /// Whether it went well.
    pub outcome: Outcome,
}

/// Whether a tool did what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It did, or nobody said otherwise.
    Done,
    /// It failed, and the content says why.
    Failed,
}

/// What the model thought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reasoned {
    /// What is shown of it; may be empty.
    pub text: String,
    /// What only its issuer can read back. Without one it is of use to nobody but a reader.
    pub signature: Option<Signature>,
}

/// How long the prompt up to a mark shall be cached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheMark {
    /// As long as the vendor does by default: five minutes at Anthropic.
    Default,
    /// One hour.
    Hour,
}
