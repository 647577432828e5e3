//! Anthropic's stream (PROTOCOLS.md section 6.3).

#[cfg(test)]
mod tests;

use super::{answer_in, counts, fault};
use crate::domain::usage::TokenCounts;
use crate::json::Members;
use crate::translate::neutral::{Block, Blocks, Citation, Event, Fault, Minter, Origin, Reader};
use crate::translate::wire;
use serde_json::{Map, Value};

/// Reads Anthropic's events. Holds the thoughts of the open block, because they are part of their own proof.
#[derive(Debug, Clone)]
pub struct StreamReader {
    origin: Origin,
    minter: Minter,
    blocks: Blocks,
    open: Open,
    usage: Option<TokenCounts>,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Silent,
    Begun,
    Over,
}

/// The open block of the upstream's.
#[derive(Debug, Clone, PartialEq)]
enum Open {
    /// None, or one of which nothing is read.
    Nothing,
    /// With the citations that came before the first character, as those of a web search do.
    Text { early: Vec<Citation> },
    /// The block as it began, and what was added.
    Thinking { block: Map<String, Value>, text: String, signature: String },
    /// The whole input, where the block began with it; deltas take its place.
    Call { whole: Option<String> },
}

impl StreamReader {
    /// A reader for one answer.
    pub fn new(origin: Origin) -> Self {
        let minter = Minter::new(&origin.seed);
        Self { origin, minter, blocks: Blocks::default(), open: Open::Nothing, usage: None, phase: Phase::Silent }
    }

    fn fail(&mut self, fault: Fault, events: &mut Vec<Event>) {
        self.phase = Phase::Over;
        events.push(Event::Error(fault));
    }

    fn message_start(&mut self, data: &Map<String, Value>, events: &mut Vec<Event>) {
        if self.phase == Phase::Begun {
            return;
        }
        self.phase = Phase::Begun;
        let empty = Map::new();
        let message = data.get("message").and_then(Value::as_object).unwrap_or(&empty);
        if let Some(usage) = message.get("usage") {
            counts::read(usage, &mut self.usage);
        }
        let mut begin = answer_in::begin(message);
        begin.usage = self.usage;
        events.push(Event::Begin(begin));
        events.extend(self.usage.map(Event::Usage));
    }

    fn block_start(&mut self, mut data: Map<String, Value>, events: &mut Vec<Event>) {
        // A server that forgot to begin is forgiven.
        self.message_start(&Map::new(), events);
        self.block_stop(events);
        let Some(Value::Object(block)) = data.remove("content_block") else { return };
        let text = |key: &str| block.get(key).and_then(Value::as_str).unwrap_or_default();
        match text("type") {
            "text" => {
                self.open = Open::Text { early: answer_in::citations(block.get("citations")) };
                self.text(text("text"), events);
            }
            "thinking" | "redacted_thinking" => {
                let (thoughts, signature) = (text("thinking").to_owned(), text("signature").to_owned());
                self.blocks.reasoning(thoughts.as_str(), events);
                self.open = Open::Thinking { text: thoughts, signature, block };
            }
            "tool_use" => {
                let (id, name) = (answer_in::call_id(text("id"), &mut self.minter), text("name").to_owned());
                self.blocks.call(Block::Call { id, name }, events);
                let says = |input: &&Value| input.as_object().is_some_and(|input| !input.is_empty());
                self.open = Open::Call { whole: block.get("input").filter(says).map(Value::to_string) };
            }
            _ => {}
        }
    }

    fn block_delta(&mut self, data: &Map<String, Value>, events: &mut Vec<Event>) {
        let Some(delta) = data.get("delta").and_then(Value::as_object) else { return };
        let said = |key: &str| delta.get(key).and_then(Value::as_str).unwrap_or_default();
        match (said("type"), &mut self.open) {
            ("text_delta", Open::Text { .. }) => self.text(said("text"), events),
            ("citations_delta", Open::Text { early }) => {
                early.extend(delta.get("citation").and_then(answer_in::citation));
                self.text("", events);
            }
            ("thinking_delta", Open::Thinking { text, .. }) => {
                text.push_str(said("thinking"));
                self.blocks.reasoning(said("thinking"), events);
            }
            ("signature_delta", Open::Thinking { signature, .. }) => signature.push_str(said("signature")),
            ("input_json_delta", Open::Call { whole }) => {
                if !said("partial_json").is_empty() {
                    *whole = None;
                }
                self.blocks.input(said("partial_json"), events);
            }
            _ => {}
        }
    }

    /// More text, and what the text rests on as soon as there is one.
    fn text(&mut self, text: &str, events: &mut Vec<Event>) {
        self.blocks.text(text, events);
        if let (true, Open::Text { early }) = (self.blocks.is_in_text(), &mut self.open) {
            early.drain(..).for_each(|citation| self.blocks.cite(citation, events));
        }
    }

    fn block_stop(&mut self, events: &mut Vec<Event>) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing | Open::Text { .. } | Open::Call { whole: None } => {}
            Open::Call { whole: Some(input) } => self.blocks.input(input, events),
            Open::Thinking { mut block, text, signature } => {
                if !block.contains_key("data") {
                    block.put("thinking", text);
                    block.put("signature", signature);
                }
                if let Some(signature) = answer_in::sign(block, &self.origin) {
                    self.blocks.sign(signature, events);
                }
            }
        }
        self.blocks.close(events);
    }

    fn message_delta(&mut self, data: &Map<String, Value>, events: &mut Vec<Event>) {
        self.message_start(&Map::new(), events);
        if let Some(usage) = data.get("usage") {
            counts::read(usage, &mut self.usage);
            events.extend(self.usage.map(Event::Usage));
        }
        let delta = data.get("delta").and_then(Value::as_object);
        events.extend(delta.and_then(answer_in::finish).map(Event::Finish));
    }
}

impl Reader for StreamReader {
    fn event(&mut self, name: Option<&str>, data: &[u8], events: &mut Vec<Event>) {
        if self.phase == Phase::Over || data.is_empty() {
            return;
        }
        let data: Map<String, Value> = match wire::read(data) {
            Ok(data) => data,
            Err(error) => return self.fail(Fault::malformed(error), events),
        };
        let kind = data.get("type").and_then(Value::as_str).or(name).unwrap_or_default().to_owned();
        match kind.as_str() {
            "message_start" => self.message_start(&data, events),
            "error" => self.fail(fault::fault_by_type(&data), events),
            "message_stop" if self.phase == Phase::Silent => {
                self.fail(Fault::malformed("it ended before it began"), events);
            }
            "content_block_start" => self.block_start(data, events),
            "content_block_delta" => self.block_delta(&data, events),
            "content_block_stop" => self.block_stop(events),
            "message_delta" => self.message_delta(&data, events),
            "message_stop" => {
                self.phase = Phase::Over;
                self.block_stop(events);
                events.push(Event::End);
            }
            _ => {}
        }
    }

    /// A stream without `message_stop` was cut, so there is nothing to add.
    fn finish(&mut self, _: &mut Vec<Event>) {}
}
