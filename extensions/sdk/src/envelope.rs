//! What the host hands over, as types. Members that are not named here are ignored, as the contract asks of both sides.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

/// The version of the envelope and of the exports.
pub(crate) const ABI: u32 = 1;

/// What an extension says of itself.
#[derive(Debug, Clone)]
pub struct Description {
    name: &'static str,
    version: &'static str,
    description: &'static str,
    hooks: &'static [&'static str],
}

impl Description {
    /// `name` is of a-z, 0-9, `_` and `-`; `hooks` are those that the host shall call: `request`, `response`, `event`
    /// and `settle`. An extension that does not list a hook does not pay for it.
    pub const fn new(name: &'static str, version: &'static str, hooks: &'static [&'static str]) -> Self {
        Self { name, version, description: "", hooks }
    }

    /// With a sentence for whoever chooses among extensions.
    #[must_use]
    pub const fn described(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    pub(crate) fn to_json(&self) -> Value {
        let Self { name, version, description, hooks } = self;
        json!({"abi": ABI, "name": name, "version": version, "description": description, "hooks": hooks})
    }
}

/// The client's protocol, in which all bodies and events are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// `POST /v1/chat/completions`.
    ChatCompletions,
    /// `POST /v1/responses`.
    Responses,
    /// `POST /v1/messages`.
    AnthropicMessages,
    /// `POST /v1/embeddings`.
    Embeddings,
    /// One that came after this crate.
    #[serde(other)]
    Other,
}

/// The call that a hook is about. It never holds a credential.
#[derive(Debug, Clone, Deserialize)]
pub struct Call {
    /// As the client's `x-request-id` has it, and the usage row.
    pub request_id: String,
    /// The client's protocol.
    pub protocol: Protocol,
    /// The path of the request.
    #[serde(default)]
    pub path: String,
    /// Whether the answer is to be a stream of events.
    #[serde(default)]
    pub stream: bool,
    /// The model as the client wrote it.
    #[serde(default)]
    pub model: String,
    /// The project of the token.
    #[serde(default)]
    pub project_id: String,
    /// The token's id, not the token.
    #[serde(default)]
    pub token_id: String,
    /// The user whom the token was minted for.
    #[serde(default)]
    pub user_id: Option<String>,
    /// The few headers that are no secret: `user-agent`, `accept-language`, `content-type`, `anthropic-version`,
    /// `anthropic-beta`, `openai-beta`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// A whole answer, in the client's protocol.
#[derive(Debug, Clone)]
pub struct Response {
    /// Its HTTP status.
    pub status: u16,
    /// Its JSON.
    pub body: Value,
}

/// One event of a streamed answer, in the client's protocol.
#[derive(Debug, Clone, Deserialize)]
pub struct Event {
    /// What its `event:` line says.
    #[serde(default)]
    pub name: Option<String>,
    /// Its data, parsed.
    pub data: Value,
}

/// What a call came to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// The status that the client got.
    pub status: u16,
    /// The provider's name; null when none was reached.
    pub provider: Option<String>,
    /// The upstream's name of the model.
    pub model: Option<String>,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Of those read, how many from the upstream's cache.
    pub cached_input_tokens: u64,
    /// Of those written, how many for reasoning.
    pub reasoning_tokens: u64,
    /// What the upstream asks for it, US dollars, as decimal text.
    pub cost_usd: Option<String>,
    /// What the project is billed, US dollars, as decimal text.
    pub billed_usd: Option<String>,
    /// Upstreams that were tried.
    pub attempts: u32,
    /// Milliseconds to the first byte.
    pub first_byte_ms: Option<u64>,
    /// Milliseconds to the last byte.
    pub total_ms: Option<u64>,
    /// Whether the tokens are an estimate, for want of the upstream's word.
    pub estimated: bool,
}
