//! What a request asks.

use super::given::Given;
use super::loss::{Losses, Severity};
use super::part::{Body, Part, Role, Turn};
use super::tool::{Tool, ToolChoice};
use crate::domain::protocol::Protocol;
use serde_json::{Map, Number, Value};

/// The dialects that clients speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// OpenAI Chat Completions.
    ChatCompletions,
    /// OpenAI Responses.
    Responses,
    /// Anthropic Messages.
    AnthropicMessages,
}

impl Client {
    /// The client's dialect; `None` for those that only upstreams speak.
    pub const fn of(protocol: Protocol) -> Option<Self> {
        match protocol {
            Protocol::ChatCompletions => Some(Self::ChatCompletions),
            Protocol::Responses => Some(Self::Responses),
            Protocol::AnthropicMessages => Some(Self::AnthropicMessages),
            Protocol::Gemini | Protocol::BedrockConverse => None,
        }
    }

    /// The protocol.
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::ChatCompletions => Protocol::ChatCompletions,
            Self::Responses => Protocol::Responses,
            Self::AnthropicMessages => Protocol::AnthropicMessages,
        }
    }
}

/// A model call. What a client did not say is `None`, never a default.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Whose dialect it came in.
    pub client: Client,
    /// What the operator says first: texts only.
    pub system: Vec<Part>,
    /// The conversation, oldest first.
    pub turns: Vec<Turn>,
    /// What the model may call.
    pub tools: Vec<Tool>,
    /// Whether it may, or must.
    pub tool_choice: Option<Given<ToolChoice>>,
    /// Whether it may call several tools at once.
    pub parallel: Option<Given<Parallel>>,
    /// Most tokens of the answer, reasoning included.
    pub max_output: Option<Given<u64>>,
    /// Where the answer ends.
    pub stop: Option<Given<Vec<String>>>,
    /// From 0 to 2, as OpenAI counts; Anthropic's go to 1.
    pub temperature: Option<Given<Number>>,
    /// Nucleus sampling.
    pub top_p: Option<Given<Number>>,
    /// The most likely tokens only.
    pub top_k: Option<Given<Number>>,
    /// For answers that repeat.
    pub seed: Option<Given<Number>>,
    /// OpenAI's.
    pub presence_penalty: Option<Given<Number>>,
    /// OpenAI's.
    pub frequency_penalty: Option<Given<Number>>,
    /// How much the model shall think.
    pub thinking: Option<Given<Thinking>>,
    /// The shape of the answer.
    pub format: Option<Given<Format>>,
    /// OpenAI's `low`, `medium`, `high`.
    pub verbosity: Option<Given<String>>,
    /// Who asks, as the vendor shall tell users apart.
    pub end_user: Option<Given<String>>,
    /// OpenAI's `prompt_cache_key`.
    pub cache_key: Option<Given<String>>,
    /// The client's own notes.
    pub metadata: Option<Given<Map<String, Value>>>,
    /// How fast and how dear.
    pub service_tier: Option<Given<ServiceTier>>,
    /// Whether the vendor shall keep the answer.
    pub store: Option<Given<bool>>,
    /// Whole or streamed.
    pub delivery: Delivery,
    /// Whether a Chat Completions client asked for the usage chunk.
    pub usage_chunk: UsageChunk,
    /// Members that Responses repeats in its answer, as the client wrote them. Empty for other clients.
    pub echo: Map<String, Value>,
}

impl Request {
    /// A request that says nothing yet.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            system: Vec::new(),
            turns: Vec::new(),
            tools: Vec::new(),
            tool_choice: None,
            parallel: None,
            max_output: None,
            stop: None,
            temperature: None,
            top_p: None,
            top_k: None,
            seed: None,
            presence_penalty: None,
            frequency_penalty: None,
            thinking: None,
            format: None,
            verbosity: None,
            end_user: None,
            cache_key: None,
            metadata: None,
            service_tier: None,
            store: None,
            delivery: Delivery::Whole,
            usage_chunk: UsageChunk::Unwanted,
            echo: Map::new(),
        }
    }

    /// Adds a piece at the conversation's end, to the last turn if that is of the same role. A tool's result goes before
    /// what else the user said in that turn, because every vendor wants the results right after the calls.
    pub fn say(&mut self, role: Role, part: Part) {
        let continues = self.turns.last().is_some_and(|turn| turn.role == role);
        if !continues {
            self.turns.push(Turn { role, parts: Vec::new() });
        }
        let Some(turn) = self.turns.last_mut() else { return };
        if matches!(part.body, Body::Result(_)) {
            let results = turn.parts.iter().take_while(|said| matches!(said.body, Body::Result(_))).count();
            turn.parts.insert(results, part);
        } else {
            turn.parts.push(part);
        }
    }

    /// Weighs the tools that a vendor runs itself. To be called once, when tools and choice are read.
    ///
    /// A search of the web that is all that a request has is its purpose, and so is one that must be used: an answer without
    /// it is another one. But agents offer such tools in every call, beside their own and for the model to use or not:
    /// Codex a search of the web and the making of images, Claude Code a second model's advice. The model that is asked here
    /// never had them and works with the rest, as it would at its own vendor, while a refusal would end every call of that
    /// agent's. So what is merely offered is dropped and named, and a deployment that minds has `LOSS_POLICY=strict`. What
    /// names data of the application's, such as a store of files or an MCP server, is never merely offered.
    pub fn weigh_offers(&mut self, losses: &mut Losses) {
        let chooses = matches!(
            self.tool_choice.as_ref().map(|given| &given.value),
            None | Some(ToolChoice::Auto | ToolChoice::None | ToolChoice::AllowedAuto(_))
        );
        let has_own = self.tools.iter().any(|tool| matches!(tool, Tool::Function(_) | Tool::Freeform(_)));
        let severity = if chooses && has_own { Severity::Detail } else { Severity::Meaning };
        losses.weigh_offers(severity);
        for tool in &mut self.tools {
            if let Tool::WebSearch(search) = tool {
                search.severity = severity;
            }
        }
    }

    /// Takes away a choice that forces a tool where there is none: every vendor refuses it. To be called once, when tools and
    /// choice are read.
    pub fn weigh_choice(&mut self, losses: &mut Losses) {
        let forces = |given: &mut Given<ToolChoice>| {
            matches!(given.value, ToolChoice::Required | ToolChoice::Named(_) | ToolChoice::AllowedRequired(_))
        };
        if self.tools.is_empty()
            && let Some(choice) = self.tool_choice.take_if(forces)
        {
            losses.meaning(choice.field, "forces a tool, and there is none to be called: offer one in `tools`");
        }
    }

    /// Whether the history has a call of a tool or a result of one: some vendors then demand the tools' definitions.
    pub fn has_tool_history(&self) -> bool {
        let of_tool = |part: &Part| matches!(part.body, Body::Call(_) | Body::Result(_));
        self.turns.iter().any(|turn| turn.parts.iter().any(of_tool))
    }
}

/// Whether several tools may be called at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parallel {
    /// As many as the model likes.
    Allowed,
    /// One at a time.
    Forbidden,
}

/// How much the model shall think, as the client put it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thinking {
    /// Anthropic's switch, where the client has one.
    pub mode: ThinkingMode,
    /// How hard.
    pub effort: Option<Effort>,
    /// Whether its thoughts shall be told.
    pub summary: Summary,
}

/// Anthropic's `thinking.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThinkingMode {
    /// Nothing said: the effort alone decides.
    Unsaid,
    /// Not at all.
    Off,
    /// Only between calls of tools.
    BetweenTools,
    /// As the model sees fit.
    Adaptive,
    /// At most so many tokens.
    Budget(u64),
}

/// How hard the model shall think, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the vendors' own words")]
pub enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
    Max,
}

impl Effort {
    const ALL: [Self; 7] = [Self::None, Self::Minimal, Self::Low, Self::Medium, Self::High, Self::XHigh, Self::Max];

    /// OpenAI's and Anthropic's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::XHigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.as_str() == word)
    }

    /// The effort that a budget of tokens stands for (PROTOCOLS.md section 2.2).
    pub const fn of_budget(tokens: u64) -> Self {
        match tokens {
            4096.. => Self::High,
            2048.. => Self::Medium,
            1024.. => Self::Low,
            _ => Self::Minimal,
        }
    }

    /// The budget of tokens that it stands for at a model that takes nothing else (PROTOCOLS.md section 2.2); `None` for
    /// no thinking at all.
    pub const fn budget(self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Minimal | Self::Low => Some(1024),
            Self::Medium => Some(2048),
            Self::High => Some(4096),
            Self::XHigh => Some(8192),
            Self::Max => Some(16384),
        }
    }
}

/// Whether the client wants to read what the model thought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Summary {
    /// Nothing said.
    Unsaid,
    /// As it is customary (OpenAI's `auto`, Anthropic's `summarized`).
    Wanted,
    /// OpenAI's `concise`.
    Concise,
    /// OpenAI's `detailed`.
    Detailed,
    /// Anthropic's `omitted`.
    Omitted,
}

/// The shape of the answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Format {
    /// Any JSON object.
    JsonObject,
    /// JSON of this schema.
    JsonSchema {
        /// OpenAI wants a name.
        name: Option<String>,
        /// What it is for.
        description: Option<String>,
        /// The JSON Schema.
        schema: Value,
        /// Whether the model is held to it, where the client said so.
        strict: Option<bool>,
    },
}

/// How fast and how dear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceTier {
    /// As the account has it.
    Auto,
    /// The ordinary one: OpenAI's `default`, Anthropic's `standard_only`.
    Standard,
    /// Slower and cheaper.
    Flex,
    /// Faster and dearer.
    Priority,
    /// A word of one vendor's.
    Other(String),
}

/// Whole or streamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "there is no more to say")]
pub enum Delivery {
    Whole,
    Streamed,
}

/// Whether a Chat Completions client gets the usage chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageChunk {
    /// It said `stream_options.include_usage`.
    Wanted,
    /// It did not.
    Unwanted,
}
