//! The `Response` that a client gets, as it grows. A whole answer and a stream's last event are both its end.

use super::fault::response_code;
use super::namespace::Namespaces;
use super::own_tools::OwnTool;
use super::usage;
use crate::domain::usage::TokenCounts;
use crate::json::{Members, json};
use crate::translate::neutral::{Begin, Block, Citation, Fault, FinishReason, Minter, Reply, Signature};
use serde_json::{Map, Value};

/// The response so far.
#[derive(Debug)]
pub(super) struct Draft {
    reply: Reply,
    begin: Begin,
    id: String,
    namespaces: Namespaces,
    minter: Minter,
    output: Vec<Value>,
    item: Option<Item>,
    refused: Refused,
}

/// Whether the answer says that it declines, which then is no incomplete answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    No,
    Yes,
}

/// The item that is being written.
#[derive(Debug)]
pub(super) struct Item {
    /// Its id.
    pub(super) id: String,
    pub(super) body: ItemBody,
}

/// What is being written.
#[derive(Debug)]
pub(super) enum ItemBody {
    /// Text and refusals that follow each other are the parts of one message: Codex and other agents show every message as
    /// a statement of its own, and a model that cites its sources splits one statement into many blocks.
    Message {
        /// The parts that are complete.
        content: Vec<Value>,
        /// The one that is not.
        part: Option<PartDraft>,
    },
    Reasoning {
        text: String,
        sealed: Option<String>,
    },
    Call {
        call_id: String,
        name: String,
        namespace: Option<String>,
        input: String,
        freeform: Freeform,
    },
}

/// Whether a call takes free text, or is one of a tool of OpenAI's own, whose item tells its input when it is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freeform {
    No,
    Yes,
    Own(OwnTool),
}

/// A part of a message that is being written.
#[derive(Debug)]
pub(super) struct PartDraft {
    pub(super) kind: PartKind,
    pub(super) text: String,
    citations: Vec<Citation>,
}

/// Text, or words of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartKind {
    Text,
    Refusal,
}

/// How an item ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    InProgress,
    Completed,
    Incomplete,
}

impl Ending {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
        }
    }

    /// How the last item ends, by why the answer does.
    pub(super) const fn of(finish: &FinishReason) -> Self {
        match finish {
            FinishReason::Length | FinishReason::ContextFull => Self::Incomplete,
            _ => Self::Completed,
        }
    }
}

impl Draft {
    pub(super) fn new(reply: Reply) -> Self {
        let mut minter = Minter::new(&reply.seed);
        Self {
            id: minter.mint("resp_"),
            namespaces: Namespaces::of(reply.echo.get("tools")),
            begin: Begin::default(),
            minter,
            reply,
            output: Vec::new(),
            item: None,
            refused: Refused::No,
        }
    }

    pub(super) fn begin(&mut self, begin: &Begin) {
        self.begin = begin.clone();
    }

    /// The place of the item that is being written.
    pub(super) fn index(&self) -> usize {
        self.output.len()
    }

    pub(super) fn item(&self) -> Option<&Item> {
        self.item.as_ref()
    }

    /// Whether the block goes on in the open item.
    pub(super) fn continues(&self, block: &Block) -> bool {
        let in_message = matches!(self.item, Some(Item { body: ItemBody::Message { .. }, .. }));
        in_message && matches!(block, Block::Text | Block::Refusal)
    }

    /// Begins a block. An item that cannot hold it has been [settled](Self::settle) before.
    pub(super) fn open(&mut self, block: &Block) {
        let part = |kind| Some(PartDraft { kind, text: String::new(), citations: Vec::new() });
        let kind = match block {
            Block::Text => PartKind::Text,
            Block::Refusal => {
                self.refused = Refused::Yes;
                PartKind::Refusal
            }
            Block::Reasoning => {
                return self.start("rs_", ItemBody::Reasoning { text: String::new(), sealed: None });
            }
            Block::Call { id, name } => return self.start_call(id, name, Freeform::No),
            Block::FreeformCall { id, name } => return self.start_call(id, name, Freeform::Yes),
        };
        match &mut self.item {
            Some(Item { body: ItemBody::Message { part: open, .. }, .. }) => *open = part(kind),
            _ => self.start("msg_", ItemBody::Message { content: Vec::new(), part: part(kind) }),
        }
    }

    fn start_call(&mut self, call_id: &str, name: &str, freeform: Freeform) {
        let own = OwnTool::called(name, self.reply.echo.get("tools")).filter(|_| freeform == Freeform::No);
        let freeform = own.map_or(freeform, Freeform::Own);
        let prefix = match freeform {
            Freeform::No => "fc_",
            Freeform::Yes => "ctc_",
            Freeform::Own(own) => own.prefix(),
        };
        let (namespace, name) = self.namespaces.split(name);
        let body = ItemBody::Call {
            call_id: call_id.to_owned(),
            name: name.to_owned(),
            namespace: namespace.map(str::to_owned),
            input: String::new(),
            freeform,
        };
        self.start(prefix, body);
    }

    fn start(&mut self, prefix: &str, body: ItemBody) {
        let id = self.minter.mint(prefix);
        self.item = Some(Item { id, body });
    }

    pub(super) fn delta(&mut self, delta: &str) {
        let Some(item) = &mut self.item else { return };
        match &mut item.body {
            ItemBody::Message { part: Some(PartDraft { text, .. }), .. }
            | ItemBody::Reasoning { text, .. }
            | ItemBody::Call { input: text, .. } => text.push_str(delta),
            ItemBody::Message { part: None, .. } => {}
        }
    }

    pub(super) fn cite(&mut self, citation: &Citation) {
        if let Some(Item { body: ItemBody::Message { part: Some(part), .. }, .. }) = &mut self.item {
            part.citations.push(citation.clone());
        }
    }

    pub(super) fn sign(&mut self, signature: &Signature) {
        if let Some(Item { body: ItemBody::Reasoning { sealed, .. }, .. }) = &mut self.item {
            *sealed = Some(signature.pack());
        }
    }

    /// Ends the open part of a message: its place and what it says.
    pub(super) fn close_part(&mut self) -> Option<(usize, &Value)> {
        let Some(Item { body: ItemBody::Message { content, part }, .. }) = &mut self.item else { return None };
        content.push(part.take()?.finished());
        content.last().map(|part| (content.len() - 1, part))
    }

    /// Completes the open item.
    pub(super) fn settle(&mut self, ending: Ending) -> Option<&Value> {
        self.close_part();
        let item = self.item.take()?;
        self.output.push(item.finished(ending));
        self.output.last()
    }

    /// The response before anything was said.
    pub(super) fn in_progress(&self) -> Value {
        Value::Object(self.response("in_progress", Value::Null, Value::Null, Vec::new(), None))
    }

    /// The response as it ended.
    pub(super) fn finished(mut self, finish: &FinishReason, usage: Option<TokenCounts>) -> Value {
        self.settle(Ending::of(finish));
        let output = std::mem::take(&mut self.output);
        let (status, details) = match finish {
            FinishReason::Length | FinishReason::ContextFull => ("incomplete", json!({"reason": "max_output_tokens"})),
            FinishReason::Declined if self.refused == Refused::No => {
                ("incomplete", json!({"reason": "content_filter"}))
            }
            FinishReason::Done | FinishReason::StopSequence(_) | FinishReason::Declined | FinishReason::Paused => {
                ("completed", Value::Null)
            }
        };
        Value::Object(self.response(status, Value::Null, details, output, usage))
    }

    /// The response as far as it came.
    pub(super) fn failed(mut self, fault: &Fault) -> Value {
        self.settle(Ending::Incomplete);
        let output = std::mem::take(&mut self.output);
        let error = json!({"code": response_code(fault), "message": fault.message});
        Value::Object(self.response("failed", error, Value::Null, output, None))
    }

    /// Every member that the SDKs know of a response, whether or not they require it.
    fn response(
        &self,
        status: &str,
        error: Value,
        incomplete_details: Value,
        output: Vec<Value>,
        usage: Option<TokenCounts>,
    ) -> Map<String, Value> {
        let echo = |key: &str, default: Value| self.reply.echo.get(key).cloned().unwrap_or(default);
        let mut response = Map::new();
        let mut put = |key: &str, value: Value| {
            response.put(key, value);
        };
        put("id", self.id.as_str().into());
        put("object", "response".into());
        put("created_at", self.begin.created.unwrap_or(self.reply.created).into());
        put("status", status.into());
        put("background", false.into());
        put("error", error);
        put("incomplete_details", incomplete_details);
        put("instructions", echo("instructions", Value::Null));
        put("max_output_tokens", echo("max_output_tokens", Value::Null));
        put("max_tool_calls", echo("max_tool_calls", Value::Null));
        put("model", self.begin.model.as_ref().unwrap_or(&self.reply.model).as_str().into());
        put("output", Value::Array(output));
        put("parallel_tool_calls", echo("parallel_tool_calls", true.into()));
        put("previous_response_id", Value::Null);
        put("prompt_cache_key", echo("prompt_cache_key", Value::Null));
        put("reasoning", echo("reasoning", json!({"effort": null, "summary": null})));
        put("safety_identifier", echo("safety_identifier", Value::Null));
        put("service_tier", echo("service_tier", "default".into()));
        put("store", false.into());
        put("temperature", echo("temperature", Value::Null));
        put("text", echo("text", json!({"format": {"type": "text"}})));
        put("tool_choice", echo("tool_choice", "auto".into()));
        put("tools", echo("tools", Value::Array(Vec::new())));
        put("top_logprobs", 0.into());
        put("top_p", echo("top_p", Value::Null));
        put("truncation", "disabled".into());
        put("usage", usage.map_or(Value::Null, usage::write));
        put("user", echo("user", Value::Null));
        put("metadata", echo("metadata", json!({})));
        response
    }
}

impl Item {
    /// The item as it is announced: with nothing in it.
    pub(super) fn announced(&self) -> Value {
        let id = self.id.as_str();
        match &self.body {
            ItemBody::Message { .. } => message(id, Ending::InProgress, Vec::new()),
            ItemBody::Reasoning { .. } => json!({"id": id, "type": "reasoning", "summary": []}),
            ItemBody::Call { call_id, name, namespace, freeform, .. } => {
                call(id, call_id, name, namespace.as_deref(), String::new(), *freeform, Ending::InProgress)
            }
        }
    }

    fn finished(self, ending: Ending) -> Value {
        match self.body {
            ItemBody::Message { content, .. } => message(&self.id, ending, content),
            ItemBody::Reasoning { text, sealed } => {
                let summary = if text.is_empty() { json!([]) } else { json!([{"type": "summary_text", "text": text}]) };
                let mut item = json!({"id": self.id, "type": "reasoning", "summary": summary});
                if let (Some(sealed), Value::Object(fields)) = (sealed, &mut item) {
                    fields.put("encrypted_content", sealed);
                }
                item
            }
            ItemBody::Call { call_id, name, namespace, input, freeform } => {
                call(&self.id, &call_id, &name, namespace.as_deref(), input, freeform, ending)
            }
        }
    }
}

fn message(id: &str, ending: Ending, content: Vec<Value>) -> Value {
    json!({"id": id, "type": "message", "status": ending.as_str(), "content": content, "role": "assistant"})
}

fn call(
    id: &str,
    call_id: &str,
    name: &str,
    namespace: Option<&str>,
    input: String,
    freeform: Freeform,
    ending: Ending,
) -> Value {
    let (kind, key) = match freeform {
        Freeform::No => ("function_call", "arguments"),
        Freeform::Yes => ("custom_tool_call", "input"),
        Freeform::Own(own) => return own.item(id, call_id, &input, ending),
    };
    let mut item = Map::new();
    item.put("id", id);
    item.put("type", kind);
    item.put("status", ending.as_str());
    item.put(key, input);
    item.put("call_id", call_id);
    item.put("name", name);
    if let Some(namespace) = namespace {
        item.put("namespace", namespace);
    }
    Value::Object(item)
}

impl PartKind {
    /// The part as it is announced.
    pub(super) fn announced(self) -> Value {
        PartDraft { kind: self, text: String::new(), citations: Vec::new() }.finished()
    }
}

impl PartDraft {
    fn finished(self) -> Value {
        match self.kind {
            PartKind::Text => {
                let whole = u64::try_from(self.text.chars().count()).unwrap_or(u64::MAX);
                let annotations: Vec<Value> =
                    self.citations.into_iter().filter_map(|citation| annotation(citation, whole)).collect();
                json!({"type": "output_text", "annotations": annotations, "logprobs": [], "text": self.text})
            }
            PartKind::Refusal => json!({"type": "refusal", "refusal": self.text}),
        }
    }
}

/// A citation of a page. Responses cites documents by OpenAI's ids of them, which others do not have.
fn annotation(citation: Citation, whole: u64) -> Option<Value> {
    let url = citation.url?;
    let (start, end) = citation.span.unwrap_or((0, whole));
    let title = citation.title.unwrap_or_else(|| url.clone());
    Some(json!({"type": "url_citation", "start_index": start, "end_index": end, "url": url, "title": title}))
}
