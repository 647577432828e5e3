//! Tools that the model may call.

use super::loss::Severity;
use super::part::CacheMark;
use crate::json::json;
use serde_json::Value;

/// A tool.
#[derive(Debug, Clone, PartialEq)]
pub enum Tool {
    /// One that takes a JSON object.
    Function(Function),
    /// One that takes free text (OpenAI: custom).
    Freeform(Freeform),
    /// The vendor's own search of the web.
    WebSearch(WebSearch),
}

impl Tool {
    /// Its name as the client knows it; the vendor's own have none.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Function(function) => Some(&function.name),
            Self::Freeform(freeform) => Some(&freeform.name),
            Self::WebSearch(_) => None,
        }
    }
}

/// A tool that takes a JSON object.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Where it is in the client's request.
    pub at: String,
    /// Its name as the client knows it.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// The JSON Schema of what it takes; `None` for a tool that takes nothing.
    pub parameters: Option<Value>,
    /// Whether the model is held to the schema, where the client said so.
    pub strict: Option<bool>,
    /// Whether the prompt up to here shall be cached.
    pub cache: Option<CacheMark>,
}

/// A tool that takes free text.
#[derive(Debug, Clone, PartialEq)]
pub struct Freeform {
    /// Where it is in the client's request.
    pub at: String,
    /// Its name as the client knows it.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// OpenAI's flat `format`: `{"type":"text"}` or `{"type":"grammar","syntax":…,"definition":…}`.
    pub format: Option<Value>,
}

impl Freeform {
    /// The tool where there are functions only: one that takes its text as `input`, with the grammar told in words. It is
    /// sent under a name that is [`super::Sent::Wrapped`].
    pub fn into_function(self) -> Function {
        let grammar = self.format.as_ref().and_then(|format| {
            let text = |key: &str| format.get(key).and_then(Value::as_str);
            let syntax = text("syntax").unwrap_or("formal");
            Some(format!("`input` must follow this {syntax} grammar:\n{}", text("definition")?))
        });
        let described: Vec<String> = self.description.into_iter().chain(grammar).collect();
        Function {
            at: self.at,
            name: self.name,
            description: Some(described.join("\n\n")).filter(|description| !description.is_empty()),
            parameters: Some(Self::parameters()),
            strict: None,
            cache: None,
        }
    }

    /// What such a function takes.
    pub fn parameters() -> Value {
        json!({
            "type": "object",
            "properties": {"input": {"type": "string"}},
            "required": ["input"],
            "additionalProperties": false,
        })
    }
}

/// The vendor's own search of the web.
#[derive(Debug, Clone, PartialEq)]
pub struct WebSearch {
    /// Where it is in the client's request.
    pub at: String,
    /// Only these.
    pub allowed_domains: Vec<String>,
    /// Not these.
    pub blocked_domains: Vec<String>,
    /// At most so often.
    pub max_uses: Option<u64>,
    /// `{"type":"approximate","city":…,"region":…,"country":…,"timezone":…}`, alike at OpenAI and Anthropic.
    pub user_location: Option<Value>,
    /// How much is lost where it cannot be had: see [`super::Request::weigh_offers`].
    pub severity: Severity,
}

/// Which tools the model may or must call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    /// As it likes.
    Auto,
    /// None, although they are listed.
    None,
    /// At least one.
    Required,
    /// This one.
    Named(String),
    /// As it likes among these.
    AllowedAuto(Vec<String>),
    /// At least one of these.
    AllowedRequired(Vec<String>),
}
