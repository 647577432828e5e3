//! Undoes on the way back what the way there had to do: names, wrapped inputs, stop sequences, one call at a time.

use super::neutral::{Block, Bridge, CallInput, Citation, Event, FinishReason, Parallel, Sent};
use super::wire;
use serde_json::Value;

mod stops;
#[cfg(test)]
mod tests;

use stops::{Scan, Stops};

/// Turns an upstream's events into the client's. Holds a text's last characters while a stop sequence may begin in them,
/// and a wrapped call until it is complete; nothing else.
#[derive(Debug)]
pub struct Restorer {
    bridge: Bridge,
    stops: Stops,
    /// The stop sequence that ended the answer.
    stopped: Option<String>,
    calls: u32,
    open: Open,
    /// Citations of a text of which the client has nothing yet.
    early: Vec<Citation>,
}

/// The upstream's open block.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Open {
    /// None, or one that goes on as it came.
    Plain,
    /// A text that may hold a stop sequence; it is opened for the client with its first character.
    Text(Opened),
    /// A call whose input has not begun.
    EmptyCall,
    /// A call that is no call of a function at the client's: its name, its id and its input so far.
    Wrapped { id: String, name: String, input: String },
    /// One that the client does not get.
    Swallowed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opened {
    NotYet,
    Already,
}

impl Restorer {
    /// For the answer to a request that was sent over this bridge.
    pub fn new(bridge: Bridge) -> Self {
        let stops = Stops::new(&bridge.stops);
        Self { bridge, stops, stopped: None, calls: 0, open: Open::Plain, early: Vec::new() }
    }

    /// Adds what the client gets for an event.
    pub fn event(&mut self, event: Event, out: &mut Vec<Event>) {
        match event {
            Event::Open(block) => self.open(block, out),
            Event::Delta(text) => self.delta(text, out),
            Event::Cite(_) | Event::Sign(_) if self.open == Open::Swallowed => {}
            Event::Cite(citation) if self.open == Open::Text(Opened::NotYet) => self.early.push(citation),
            Event::Close => self.close(out),
            Event::Finish(finish) => out.push(Event::Finish(self.finish(finish))),
            Event::End => {
                if let Some(stop) = self.stopped.take() {
                    out.push(Event::Finish(FinishReason::StopSequence(Some(stop))));
                }
                out.push(Event::End);
            }
            other => out.push(other),
        }
    }

    fn open(&mut self, block: Block, out: &mut Vec<Event>) {
        self.early.clear();
        if self.stopped.is_some() {
            self.open = Open::Swallowed;
            return;
        }
        self.open = match block {
            Block::Text if !self.stops.is_empty() => Open::Text(Opened::NotYet),
            Block::Call { .. } | Block::FreeformCall { .. } => {
                self.calls += 1;
                return self.open_call(block, out);
            }
            other => {
                out.push(Event::Open(other));
                Open::Plain
            }
        };
    }

    fn open_call(&mut self, block: Block, out: &mut Vec<Event>) {
        let is_one_too_many = self.calls > 1 && self.bridge.calls == Parallel::Forbidden;
        self.open = match block {
            _ if is_one_too_many => Open::Swallowed,
            Block::Call { id, name } => match self.bridge.names.restore(&name) {
                (name, Sent::Wrapped) => Open::Wrapped { id, name: name.to_owned(), input: String::new() },
                (name, Sent::AsIs) => {
                    out.push(Event::Open(Block::Call { id, name: name.to_owned() }));
                    Open::EmptyCall
                }
            },
            Block::FreeformCall { id, name } => {
                let name = self.bridge.names.restore(&name).0.to_owned();
                out.push(Event::Open(Block::FreeformCall { id, name }));
                Open::Plain
            }
            other => {
                out.push(Event::Open(other));
                Open::Plain
            }
        };
    }

    fn delta(&mut self, text: String, out: &mut Vec<Event>) {
        match &mut self.open {
            Open::Swallowed => {}
            Open::Wrapped { input, .. } => input.push_str(&text),
            Open::Text(opened) => {
                let (emitted, stop) = match self.stops.feed(&text) {
                    Scan::Goes(emitted) => (emitted, None),
                    Scan::Stops { before, stop } => (before, Some(stop)),
                };
                emit(emitted, opened, &mut self.early, out);
                if let Some(stop) = stop {
                    if *opened == Opened::Already {
                        out.push(Event::Close);
                    }
                    self.open = Open::Swallowed;
                    self.stopped = Some(stop);
                }
            }
            Open::EmptyCall => {
                self.open = Open::Plain;
                out.push(Event::Delta(text));
            }
            Open::Plain => out.push(Event::Delta(text)),
        }
    }

    fn close(&mut self, out: &mut Vec<Event>) {
        match std::mem::replace(&mut self.open, Open::Plain) {
            Open::Swallowed => {}
            Open::Plain => out.push(Event::Close),
            Open::Text(mut opened) => {
                emit(self.stops.flush(), &mut opened, &mut self.early, out);
                if opened == Opened::Already {
                    out.push(Event::Close);
                }
            }
            // Every client parses the input, and nothing is no JSON.
            Open::EmptyCall => out.extend([Event::Delta("{}".to_owned()), Event::Close]),
            Open::Wrapped { id, name, input } => {
                out.push(Event::Open(Block::FreeformCall { id, name }));
                let text = unwrapped(input);
                if !text.is_empty() {
                    out.push(Event::Delta(text));
                }
                out.push(Event::Close);
            }
        }
    }

    fn finish(&self, finish: FinishReason) -> FinishReason {
        match &self.stopped {
            Some(stop) => FinishReason::StopSequence(Some(stop.clone())),
            None => finish,
        }
    }
}

/// Gives the client a text's next characters, and the block first where it has none yet.
fn emit(text: String, opened: &mut Opened, early: &mut Vec<Citation>, out: &mut Vec<Event>) {
    if text.is_empty() {
        return;
    }
    if *opened == Opened::NotYet {
        *opened = Opened::Already;
        out.push(Event::Open(Block::Text));
    }
    out.push(Event::Delta(text));
    out.extend(early.drain(..).map(Event::Cite));
}

/// The text in `{"input": "<text>"}`. A model that did not keep to that gets its words through as they are.
pub fn unwrapped(input: String) -> String {
    match wire::read::<Value>(input.as_bytes()) {
        Ok(Value::Object(mut fields)) => match fields.remove("input") {
            Some(Value::String(text)) => text,
            _ => input,
        },
        Ok(Value::String(text)) => text,
        _ => input,
    }
}

/// A freeform call's text as the input of the function that stands for it.
pub fn wrapped(text: &str) -> CallInput {
    CallInput::Json(crate::json::json!({ "input": text }).to_string())
}
