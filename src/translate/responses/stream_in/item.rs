//! One item of a stream.

use super::super::answer_in;
use crate::translate::neutral::{Block, Blocks, Event, Minter, Origin};
use serde_json::{Map, Value};

/// An item whose pieces are coming.
#[derive(Debug)]
pub(super) struct Item {
    /// Its place in the answer.
    pub(super) index: u64,
    /// What it said and nobody was told yet: a well-formed run of blocks.
    pub(super) pending: Vec<Event>,
    kind: Kind,
    blocks: Blocks,
    state: State,
    /// The part that is being told, and what of it was.
    part: u64,
    told: Told,
    /// How many citations of the part were told.
    cited: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Message,
    Reasoning,
    Call,
    Freeform,
    /// A vendor's own tool, or something newer than this.
    Foreign,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A call whose name is not known yet.
    Unnamed,
    Open,
    Done,
}

/// What was told of the part in question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    /// Some or all of its text. For reasoning: of its summary.
    Text,
    /// For reasoning: of what a raw model thinks aloud, which stands in for a summary.
    Thought,
}

impl Item {
    /// An item that begins with this event; `None` for events that belong to no item.
    pub(super) fn beginning(index: u64, event: &str, data: &Map<String, Value>) -> Option<Self> {
        let announced = data.get("item").and_then(|item| item.get("type")?.as_str());
        let kind = match (announced, event) {
            (Some("message"), _) => Kind::Message,
            (Some("reasoning"), _) => Kind::Reasoning,
            (Some("function_call"), _) => Kind::Call,
            (Some("custom_tool_call"), _) => Kind::Freeform,
            (Some(_), _) => Kind::Foreign,
            (None, event) if event.starts_with("response.output_text.") || event.starts_with("response.refusal.") => {
                Kind::Message
            }
            (None, event) if event.starts_with("response.reasoning") => Kind::Reasoning,
            _ => return None,
        };
        let state = if matches!(kind, Kind::Call | Kind::Freeform) { State::Unnamed } else { State::Open };
        Some(Self {
            index,
            pending: Vec::new(),
            kind,
            blocks: Blocks::default(),
            state,
            part: 0,
            told: Told::Nothing,
            cited: 0,
        })
    }

    /// Whether nothing more is to be waited for.
    pub(super) fn is_done(&self) -> bool {
        self.state == State::Done || self.kind == Kind::Foreign
    }

    /// The stream is over, whether or not it said so of this item.
    pub(super) fn end(&mut self) {
        self.blocks.close(&mut self.pending);
        self.state = State::Done;
    }

    /// Reads one of its events.
    pub(super) fn event(&mut self, event: &str, data: &mut Map<String, Value>, origin: &Origin, minter: &mut Minter) {
        let event = event.strip_prefix("response.").unwrap_or(event);
        match (self.kind, event) {
            (Kind::Message, "output_text.delta") => self.said(data, "delta", Blocks::text),
            (Kind::Message, "output_text.done") => self.said_at_once(data, "text", Blocks::text),
            (Kind::Message, "refusal.delta") => self.said(data, "delta", Blocks::refusal),
            (Kind::Message, "refusal.done") => self.said_at_once(data, "refusal", Blocks::refusal),
            (Kind::Message, "output_text.annotation.added") => {
                self.turn_to(data, "content_index");
                if let Some(annotation) = data.get("annotation") {
                    self.cite(annotation);
                }
            }
            (Kind::Message, "content_part.done") => {
                self.turn_to(data, "content_index");
                if let Some(Value::Object(mut part)) = data.shift_remove("part") {
                    self.rest_of_part(&mut part);
                }
            }
            (Kind::Reasoning, "reasoning_summary_text.delta") => {
                self.thought(data, "delta", "summary_index", Told::Text)
            }
            (Kind::Reasoning, "reasoning_text.delta") => self.thought(data, "delta", "content_index", Told::Thought),
            (Kind::Reasoning, "reasoning_summary_text.done") if self.is_untold(data, "summary_index") => {
                self.thought(data, "text", "summary_index", Told::Text);
            }
            (Kind::Call, "function_call_arguments.delta") | (Kind::Freeform, "custom_tool_call_input.delta") => {
                self.input(string(data, "delta"));
            }
            (Kind::Call, "function_call_arguments.done") => self.input_at_once(data, "arguments"),
            (Kind::Freeform, "custom_tool_call_input.done") => self.input_at_once(data, "input"),
            (_, "output_item.added") => {
                if let Some(Value::Object(item)) = data.get("item") {
                    self.name(item, minter);
                }
            }
            (_, "output_item.done") => {
                if let Some(Value::Object(mut item)) = data.shift_remove("item") {
                    self.name(&item, minter);
                    self.rest_of_item(&mut item, origin);
                }
                self.end();
            }
            _ => {}
        }
    }

    /// Whatever the pieces before had left out.
    fn rest_of_item(&mut self, item: &mut Map<String, Value>, origin: &Origin) {
        match self.kind {
            Kind::Message => {
                let Some(Value::Array(parts)) = item.shift_remove("content") else { return };
                for (index, part) in (0_u64..).zip(parts) {
                    if let (true, Value::Object(mut part)) = (index >= self.part, part) {
                        self.turn_to_part(index);
                        self.rest_of_part(&mut part);
                    }
                }
            }
            Kind::Reasoning => {
                if self.told == Told::Nothing {
                    self.blocks.reasoning(answer_in::reasoning_text(item), &mut self.pending);
                }
                if let Some(signature) = answer_in::signature(item, origin) {
                    self.blocks.sign(signature, &mut self.pending);
                }
            }
            Kind::Call => self.input_at_once(item, "arguments"),
            Kind::Freeform => self.input_at_once(item, "input"),
            Kind::Foreign => {}
        }
    }

    fn rest_of_part(&mut self, part: &mut Map<String, Value>) {
        if self.told == Told::Nothing {
            match part.get("type").and_then(Value::as_str) {
                Some("refusal") => self.blocks.refusal(string(part, "refusal"), &mut self.pending),
                _ => self.blocks.text(string(part, "text"), &mut self.pending),
            }
            self.told = Told::Text;
        }
        let annotations = part.get("annotations").and_then(Value::as_array);
        for annotation in annotations.into_iter().flatten().skip(self.cited) {
            self.cite(annotation);
        }
    }

    fn said(&mut self, data: &mut Map<String, Value>, key: &str, say: fn(&mut Blocks, String, &mut Vec<Event>)) {
        self.turn_to(data, "content_index");
        let text = string(data, key);
        if !text.is_empty() {
            self.told = Told::Text;
            say(&mut self.blocks, text, &mut self.pending);
        }
    }

    fn said_at_once(
        &mut self,
        data: &mut Map<String, Value>,
        key: &str,
        say: fn(&mut Blocks, String, &mut Vec<Event>),
    ) {
        self.turn_to(data, "content_index");
        if self.told == Told::Nothing {
            self.said(data, key, say);
        }
    }

    /// Each part is a block of its own, although its neighbours are of the same kind.
    fn turn_to(&mut self, data: &Map<String, Value>, key: &str) {
        let part = data.get(key).and_then(Value::as_u64).unwrap_or(self.part);
        self.turn_to_part(part);
    }

    fn turn_to_part(&mut self, part: u64) {
        if part != self.part {
            self.blocks.close(&mut self.pending);
            (self.part, self.told, self.cited) = (part, Told::Nothing, 0);
        }
    }

    fn cite(&mut self, annotation: &Value) {
        self.cited += 1;
        if let Some(citation) = answer_in::citation(annotation) {
            self.blocks.cite(citation, &mut self.pending);
        }
    }

    /// Thoughts in parts are paragraphs of one block. Whoever thinks aloud and sums it up is heard once.
    fn thought(&mut self, data: &mut Map<String, Value>, key: &str, index: &str, told: Told) {
        let text = string(data, key);
        if text.is_empty() || (self.told != Told::Nothing && self.told != told) {
            return;
        }
        let part = data.get(index).and_then(Value::as_u64).unwrap_or(self.part);
        if part != self.part && self.told != Told::Nothing {
            self.blocks.reasoning("\n\n", &mut self.pending);
        }
        (self.part, self.told) = (part, told);
        self.blocks.reasoning(text, &mut self.pending);
    }

    /// Whether no delta has told anything of the part.
    fn is_untold(&self, data: &Map<String, Value>, index: &str) -> bool {
        let part = data.get(index).and_then(Value::as_u64).unwrap_or(self.part);
        self.told == Told::Nothing || part > self.part
    }

    fn name(&mut self, item: &Map<String, Value>, minter: &mut Minter) {
        let name = item.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
        let (State::Unnamed, Some(name)) = (self.state, name) else { return };
        let (id, name) = (answer_in::call_id(item.get("call_id").and_then(Value::as_str), minter), name.to_owned());
        let call = match self.kind {
            Kind::Freeform => Block::FreeformCall { id, name },
            _ => Block::Call { id, name },
        };
        self.blocks.call(call, &mut self.pending);
        self.state = State::Open;
    }

    fn input(&mut self, input: String) {
        if self.state == State::Open && !input.is_empty() {
            self.told = Told::Text;
            self.blocks.input(input, &mut self.pending);
        }
    }

    fn input_at_once(&mut self, data: &mut Map<String, Value>, key: &str) {
        if self.told == Told::Nothing {
            self.input(string(data, key));
        }
    }
}

fn string(map: &mut Map<String, Value>, key: &str) -> String {
    match map.get_mut(key).map(Value::take) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}
