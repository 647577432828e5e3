//! A stream of ConverseStream's.

use super::answer_in::{Proof, read_call, read_citation, read_stop, read_usage};
use super::fault::exception;
use super::fields::{take_object, take_text};
use crate::translate::neutral::{Begin, Block, Blocks, Citation, Event, Fault, FinishReason, Minter, Origin, Reader};
use crate::translate::wire;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use std::collections::VecDeque;

/// Reads a stream's events. Holds the fragments of a block that comes while a call is open, and the text of reasoning,
/// which its signature has to repeat.
#[derive(Debug)]
pub struct StreamReader {
    origin: Origin,
    minter: Minter,
    stage: Stage,
    blocks: Blocks,
    /// The blocks that have begun and not ended, the one that is being told first.
    open: VecDeque<Open>,
    /// The told block's, for its end.
    told: Told,
}

/// How far the stream has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Before,
    Answering,
    /// The answer is complete; what it consumed may follow.
    Stopped,
    Over,
}

/// A block that has begun.
#[derive(Debug)]
struct Open {
    index: u64,
    is_call: bool,
    is_done: bool,
    waiting: Vec<Piece>,
}

/// What the end of the told block has to say.
#[derive(Debug, Default)]
struct Told {
    reasoning: String,
    proof: Proof,
    has_text: bool,
    early: Vec<Citation>,
}

#[derive(Debug)]
enum Piece {
    Call { id: String, name: String },
    Input(String),
    Text(String),
    Cite(Citation),
    Reasoning(String),
    Signature(String),
    Redacted(String),
}

impl StreamReader {
    /// A reader for one answer.
    pub fn new(origin: Origin) -> Self {
        let minter = Minter::new(&origin.seed);
        Self {
            origin,
            minter,
            stage: Stage::Before,
            blocks: Blocks::default(),
            open: VecDeque::new(),
            told: Told::default(),
        }
    }

    fn begin(&mut self, events: &mut Vec<Event>) {
        if self.stage == Stage::Before {
            self.stage = Stage::Answering;
            events.push(Event::Begin(Begin::default()));
        }
    }

    fn fail(&mut self, fault: Fault, events: &mut Vec<Event>) {
        self.stage = Stage::Over;
        events.push(Event::Error(fault));
    }

    fn start(&mut self, mut data: Map<String, Value>, events: &mut Vec<Event>) {
        let Some(call) = take_object(&mut data, "start").and_then(|mut start| take_object(&mut start, "toolUse"))
        else {
            return;
        };
        // A tool of Amazon's own runs on their side.
        if call.get("type").is_some() {
            return;
        }
        let (id, name) = read_call(&call, &mut self.minter);
        let index = index_of(&data);
        self.stop(index, events);
        self.piece(index, Piece::Call { id, name }, events);
    }

    fn delta(&mut self, mut data: Map<String, Value>, events: &mut Vec<Event>) {
        let index = index_of(&data);
        let Some(mut delta) = take_object(&mut data, "delta") else { return };
        if let Some(text) = take_text(&mut delta, "text") {
            self.piece(index, Piece::Text(text), events);
        }
        if let Some(citation) = delta.get("citation") {
            self.piece(index, Piece::Cite(read_citation(citation)), events);
        }
        if let Some(mut call) = take_object(&mut delta, "toolUse")
            && let Some(input) = take_text(&mut call, "input")
        {
            self.piece(index, Piece::Input(input), events);
        }
        if let Some(mut reasoning) = take_object(&mut delta, "reasoningContent") {
            let pieces = [
                take_text(&mut reasoning, "text").map(Piece::Reasoning),
                take_text(&mut reasoning, "signature").map(Piece::Signature),
                take_text(&mut reasoning, "redactedContent").map(Piece::Redacted),
            ];
            pieces.into_iter().flatten().for_each(|piece| self.piece(index, piece, events));
        }
    }

    /// A piece of a block: told at once if it is that block's turn.
    fn piece(&mut self, index: u64, piece: Piece, events: &mut Vec<Event>) {
        let is_call = matches!(piece, Piece::Call { .. });
        let known = self.open.iter().position(|open| open.index == index && !open.is_done);
        let at = known.unwrap_or_else(|| {
            // Only a call has to be whole: anything else ends where another block begins.
            if let Some(first) = self.open.front_mut().filter(|first| !first.is_call) {
                first.is_done = true;
                self.advance(events);
            }
            self.open.push_back(Open { index, is_call, is_done: false, waiting: Vec::new() });
            self.open.len() - 1
        });
        if at == 0 {
            self.tell(piece, events);
        } else if let Some(open) = self.open.get_mut(at) {
            open.waiting.push(piece);
        }
    }

    fn stop(&mut self, index: u64, events: &mut Vec<Event>) {
        if let Some(open) = self.open.iter_mut().find(|open| open.index == index && !open.is_done) {
            open.is_done = true;
            self.advance(events);
        }
    }

    /// Ends the told block if it is done, and tells the next ones as far as they are known.
    fn advance(&mut self, events: &mut Vec<Event>) {
        while self.open.front().is_some_and(|first| first.is_done) {
            self.open.pop_front();
            self.close(events);
            let waiting = self.open.front_mut().map(|next| std::mem::take(&mut next.waiting));
            for piece in waiting.unwrap_or_default() {
                self.tell(piece, events);
            }
        }
    }

    fn tell(&mut self, piece: Piece, events: &mut Vec<Event>) {
        match piece {
            Piece::Call { id, name } => self.blocks.call(Block::Call { id, name }, events),
            Piece::Input(input) => self.blocks.input(input, events),
            Piece::Text(text) => {
                self.told.has_text |= !text.is_empty();
                self.blocks.text(text, events);
                if self.told.has_text {
                    let early = std::mem::take(&mut self.told.early);
                    early.into_iter().for_each(|citation| self.blocks.cite(citation, events));
                }
            }
            Piece::Cite(citation) if self.told.has_text => self.blocks.cite(citation, events),
            Piece::Cite(citation) => self.told.early.push(citation),
            Piece::Reasoning(text) => {
                self.told.reasoning.push_str(&text);
                self.blocks.reasoning(text, events);
            }
            Piece::Signature(text) => self.told.proof.signature.push_str(&text),
            Piece::Redacted(base64) => join_base64(&mut self.told.proof.redacted, &base64),
        }
    }

    fn close(&mut self, events: &mut Vec<Event>) {
        let Told { reasoning, proof, .. } = std::mem::take(&mut self.told);
        if let Some(signature) = proof.sign(&reasoning, &self.origin) {
            self.blocks.sign(signature, events);
        }
        self.blocks.close(events);
    }

    fn message_stop(&mut self, data: &Map<String, Value>, events: &mut Vec<Event>) {
        self.open.iter_mut().for_each(|open| open.is_done = true);
        self.advance(events);
        self.stage = Stage::Stopped;
        events.push(Event::Finish(read_stop(data).unwrap_or(FinishReason::Done)));
    }

    fn metadata(&mut self, data: &Map<String, Value>, events: &mut Vec<Event>) {
        events.extend(data.get("usage").map(|usage| Event::Usage(read_usage(usage))));
        // Without `messageStop` the answer is not complete, whatever it consumed.
        if self.stage == Stage::Stopped {
            self.stage = Stage::Over;
            events.push(Event::End);
        }
    }
}

impl Reader for StreamReader {
    fn event(&mut self, name: Option<&str>, data: &[u8], events: &mut Vec<Event>) {
        const KNOWN: [&str; 6] =
            ["messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"];
        let Some(name) = name.filter(|_| self.stage != Stage::Over) else { return };
        if name.ends_with("Exception") {
            return self.fail(exception(name, data), events);
        }
        if !KNOWN.contains(&name) {
            return;
        }
        let data: Map<String, Value> = match wire::read(data) {
            Ok(data) => data,
            Err(error) => return self.fail(Fault::malformed(format_args!("{name}: {error}")), events),
        };
        self.begin(events);
        match name {
            "messageStop" => self.message_stop(&data, events),
            "metadata" => self.metadata(&data, events),
            // Nothing is said after the answer is complete.
            _ if self.stage != Stage::Answering => {}
            "contentBlockStart" => self.start(data, events),
            "contentBlockDelta" => self.delta(data, events),
            "contentBlockStop" => self.stop(index_of(&data), events),
            _ => {}
        }
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        if self.stage == Stage::Stopped {
            self.stage = Stage::Over;
            events.push(Event::End);
        }
    }
}

fn index_of(data: &Map<String, Value>) -> u64 {
    data.get("contentBlockIndex").and_then(Value::as_u64).unwrap_or_default()
}

/// Every fragment of bytes is base64 of its own, so the padded end of what was there is spelled anew with what follows.
fn join_base64(whole: &mut String, more: &str) {
    let unpadded = whole.trim_end_matches('=').len();
    let settled = if unpadded == whole.len() { unpadded } else { unpadded / 4 * 4 };
    let end = whole.get(settled..).and_then(|end| STANDARD.decode(end).ok());
    match (end, STANDARD.decode(more)) {
        (Some(mut bytes), Ok(rest)) => {
            bytes.extend(rest);
            whole.truncate(settled);
            STANDARD.encode_string(bytes, whole);
        }
        _ => whole.push_str(more),
    }
}
