//! An upstream's stream.

mod item;

use super::{answer_in, fault};
use crate::translate::neutral::{Answer, Begin, Event, Fault, Minter, Origin, Reader};
use crate::translate::wire;
use item::Item;
use serde_json::{Map, Value};
use std::collections::VecDeque;

/// Reads a stream of response events.
#[derive(Debug)]
pub struct StreamReader {
    origin: Origin,
    minter: Minter,
    phase: Phase,
    /// Items that are not done, in the order in which they began. The first one's events pass at once; what comes of the
    /// others meanwhile waits within them, because blocks do not interleave.
    items: VecDeque<Item>,
    /// Whether any item came, or only the whole answer at the end.
    heard: Heard,
    /// The places of the items that were passed on to their end.
    passed: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Silent,
    Begun,
    Over,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Nothing,
    Items,
}

impl StreamReader {
    /// A reader for one answer.
    pub fn new(origin: Origin) -> Self {
        let minter = Minter::new(&origin.seed);
        Self { origin, minter, phase: Phase::Silent, items: VecDeque::new(), heard: Heard::Nothing, passed: Vec::new() }
    }

    fn begin(&mut self, begin: impl FnOnce() -> Begin, events: &mut Vec<Event>) {
        if self.phase == Phase::Silent {
            self.phase = Phase::Begun;
            events.push(Event::Begin(begin()));
        }
    }

    fn fail(&mut self, fault: Fault, events: &mut Vec<Event>) {
        self.phase = Phase::Over;
        events.push(Event::Error(fault));
    }

    /// An event of an item. Servers that do not announce their items are forgiven.
    fn of_item(&mut self, kind: &str, data: &mut Map<String, Value>, events: &mut Vec<Event>) {
        let index = data.get("output_index").and_then(Value::as_u64);
        let position = match index {
            Some(index) => self.items.iter().position(|item| item.index == index && !item.is_done()),
            None => self.items.iter().rposition(|item| !item.is_done()),
        };
        let has_ended = |index| self.passed.contains(&index) || self.items.iter().any(|item| item.index == index);
        let position = match position {
            Some(position) if kind != "response.output_item.added" => position,
            // It repeats what was said already.
            None if kind.ends_with(".done") && index.is_some_and(has_ended) => return,
            _ => match Item::beginning(index.unwrap_or_default(), kind, data) {
                Some(item) => {
                    self.items.push_back(item);
                    self.items.len() - 1
                }
                None => return,
            },
        };
        self.begin(Begin::default, events);
        self.heard = Heard::Items;
        if let Some(item) = self.items.get_mut(position) {
            item.event(kind, data, &self.origin, &mut self.minter);
        }
        self.pass_on(events);
    }

    /// Hands over what the first item has, and, if it is done, what the next one has.
    fn pass_on(&mut self, events: &mut Vec<Event>) {
        while let Some(first) = self.items.front_mut() {
            events.append(&mut first.pending);
            if !first.is_done() {
                return;
            }
            self.passed.extend(self.items.pop_front().map(|item| item.index));
        }
    }

    fn complete(&mut self, data: &mut Map<String, Value>, events: &mut Vec<Event>) {
        let Some(Value::Object(mut response)) = data.shift_remove("response") else {
            return self.fail(Fault::malformed("the last event has no `response`"), events);
        };
        if let Some(failure) = answer_in::failure(&response) {
            return self.fail(failure, events);
        }
        self.begin(|| answer_in::begin(&response), events);
        for mut item in std::mem::take(&mut self.items) {
            item.end();
            events.append(&mut item.pending);
        }
        if self.heard == Heard::Nothing {
            self.whole(response.shift_remove("output"), events);
        }
        events.extend(answer_in::usage(&response, &self.origin).map(Event::Usage));
        events.push(Event::Finish(answer_in::finish(&response)));
        events.push(Event::End);
        self.phase = Phase::Over;
    }

    /// An answer of which no piece was streamed.
    fn whole(&mut self, output: Option<Value>, events: &mut Vec<Event>) {
        let Some(Value::Array(items)) = output else { return };
        let mut answer = Answer::new(Begin::default());
        for item in items {
            answer.parts.extend(answer_in::parts(item, &self.origin, &mut self.minter));
        }
        let told = answer.into_events().into_iter();
        let pieces = told
            .filter(|event| {
                matches!(event, Event::Open(_) | Event::Delta(_) | Event::Cite(_) | Event::Sign(_) | Event::Close)
            })
            // Only a whole answer may say what is empty.
            .filter(|event| !matches!(event, Event::Delta(text) if text.is_empty()));
        events.extend(pieces);
    }
}

impl Reader for StreamReader {
    fn event(&mut self, name: Option<&str>, data: &[u8], events: &mut Vec<Event>) {
        if self.phase == Phase::Over || data.trim_ascii_start().starts_with(b"[DONE]") {
            return;
        }
        let mut data = match wire::read::<Value>(data) {
            Ok(Value::Object(data)) => data,
            Ok(_) => return self.fail(Fault::malformed("an event is no object"), events),
            Err(error) => return self.fail(Fault::malformed(error), events),
        };
        let kind = match data.shift_remove("type") {
            Some(Value::String(kind)) => kind,
            _ => name.unwrap_or_default().to_owned(),
        };
        match kind.as_str() {
            "response.created" => {
                let response = data.get("response").and_then(Value::as_object);
                self.begin(|| response.map(answer_in::begin).unwrap_or_default(), events);
            }
            "response.completed" | "response.incomplete" | "response.done" => self.complete(&mut data, events),
            "response.failed" | "response.cancelled" => {
                let response = data.get("response").and_then(Value::as_object);
                let failure = response.and_then(answer_in::failure);
                let unexplained = || Fault::new(500, "the upstream failed without an explanation");
                self.fail(failure.unwrap_or_else(unexplained), events);
            }
            "error" => {
                let data = Value::Object(data);
                let unexplained = || Fault::new(500, "the upstream failed without an explanation");
                self.fail(fault::read_object(500, &data).unwrap_or_else(unexplained), events);
            }
            _ if data.get("error").is_some_and(|error| !error.is_null()) => {
                let data = Value::Object(data);
                let failure = fault::read_object(500, &data);
                self.fail(failure.unwrap_or_else(|| Fault::malformed("an error without words")), events);
            }
            kind => self.of_item(kind, &mut data, events),
        }
    }

    /// Responses has an end of its own: a stream that simply stops was cut.
    fn finish(&mut self, _events: &mut Vec<Event>) {}
}
