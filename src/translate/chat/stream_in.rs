//! Reads an upstream's answer, whole or streamed, with the same machine: so both say the same.

use super::assembly::Assembly;
use super::fault;
use super::quirks::Quirks;
use super::said::{Said, take_text};
use super::usage;
use crate::domain::usage::TokenCounts;
use crate::translate::neutral::{Answer, Begin, Event, Fault, FinishReason, Origin, Reader};
use crate::translate::wire;
use serde_json::{Map, Value};

/// Reads a whole answer.
///
/// # Errors
/// What the upstream reports in an answer with status 200, and what is no answer.
pub fn read_answer(body: Value, origin: &Origin) -> Result<Answer, Fault> {
    if let Some(fault) = fault::reported(&body) {
        return Err(fault);
    }
    let Value::Object(mut body) = body else { return Err(no_answer("its answer is no JSON object")) };
    let begin = begin(&mut body);
    let Some(choice) = Choice::of(&mut body, &["message", "delta"]) else {
        return Err(no_answer("its answer has no choices"));
    };
    let finish = choice.finish()?;
    let mut assembly = Assembly::new(origin, Quirks::of(origin.kind, &origin.model).reasoning_back);
    let mut events = Vec::new();
    assembly.add(Said::of(choice.message), &mut events);
    assembly.complete(&mut events);
    let mut answer = Answer::new(begin);
    events.into_iter().for_each(|event| answer.add(event));
    answer.finish = finish.unwrap_or(FinishReason::Done);
    answer.usage = reported_usage(&body, origin);
    Ok(answer)
}

fn no_answer(why: &str) -> Fault {
    Fault::new(502, format!("the upstream did not answer as Chat Completions does: {why}"))
        .with_code("upstream.malformed")
}

fn begin(body: &mut Map<String, Value>) -> Begin {
    Begin {
        id: take_text(body, "id"),
        model: take_text(body, "model"),
        created: body.get("created").and_then(Value::as_i64).filter(|created| *created > 0),
        usage: None,
    }
}

/// The first choice. There is one, because nobody asks for more.
struct Choice {
    message: Map<String, Value>,
    reason: Option<String>,
    fault: Option<Fault>,
}

impl Choice {
    /// The choice, with the first of these that is a message.
    fn of(body: &mut Map<String, Value>, messages: &[&str]) -> Option<Self> {
        let Some(Value::Array(choices)) = body.get_mut("choices").map(Value::take) else { return None };
        let is_first = |choice: &Value| choice.get("index").and_then(Value::as_u64).unwrap_or_default() == 0;
        let choice = choices.into_iter().find(is_first)?;
        // OpenRouter reports here what befell the vendor behind it.
        let fault = fault::reported(&choice);
        let Value::Object(mut choice) = choice else { return None };
        let message = messages.iter().find_map(|key| match choice.get_mut(*key)?.take() {
            Value::Object(message) => Some(message),
            _ => None,
        });
        Some(Self { message: message.unwrap_or_default(), reason: take_text(&mut choice, "finish_reason"), fault })
    }

    /// Why the answer ended, if it did: what broke off is no answer, though its status says so. A refusal in so many words
    /// is an answer like any other.
    fn finish(&self) -> Result<Option<FinishReason>, Fault> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let Some(reason) = self.reason.as_deref() else { return Ok(None) };
        Ok(Some(match reason {
            "length" | "max_tokens" => FinishReason::Length,
            "model_length" => FinishReason::ContextFull,
            "content_filter" | "sensitive" => FinishReason::Declined,
            "error" | "network_error" => return Err(broken_off(502, reason)),
            "insufficient_system_resource" => return Err(broken_off(503, reason)),
            _ => FinishReason::Done,
        }))
    }
}

fn broken_off(status: u16, reason: &str) -> Fault {
    Fault::new(status, format!("the upstream broke off its answer ({reason})")).with_code(reason)
}

/// Groq has a stream's usage in a place of its own.
fn reported_usage(body: &Map<String, Value>, origin: &Origin) -> Option<TokenCounts> {
    let own = body.get("usage").and_then(|usage| usage::read(usage, origin.kind));
    own.or_else(|| usage::read(body.get("x_groq")?.get("usage")?, origin.kind))
}

/// Reads a stream of chunks.
#[derive(Debug)]
pub struct StreamReader {
    origin: Origin,
    assembly: Assembly,
    progress: Progress,
    ending: Ending,
    usage: Option<TokenCounts>,
}

/// Whether the choice said why it finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Open,
    Told,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Nothing was said: Azure's first chunk has no choices and no id.
    Before,
    Answering,
    /// Ended, or failed.
    Over,
}

impl StreamReader {
    /// A reader for a stream of which nothing was read yet.
    pub fn new(origin: Origin) -> Self {
        let assembly = Assembly::new(&origin, Quirks::of(origin.kind, &origin.model).reasoning_back);
        Self { origin, assembly, progress: Progress::Before, ending: Ending::Open, usage: None }
    }

    fn chunk(&mut self, mut chunk: Map<String, Value>, events: &mut Vec<Event>) {
        let usage = reported_usage(&chunk, &self.origin);
        let has_choice = matches!(chunk.get("choices"), Some(Value::Array(choices)) if !choices.is_empty());
        if !has_choice && usage.is_none() {
            return;
        }
        if self.progress == Progress::Before {
            self.progress = Progress::Answering;
            events.push(Event::Begin(begin(&mut chunk)));
        }
        if let Some(choice) = Choice::of(&mut chunk, &["delta", "message"]) {
            let finish = choice.finish();
            self.assembly.add(Said::of(choice.message), events);
            match finish {
                Ok(None) => {}
                Ok(Some(finish)) => {
                    self.assembly.complete(events);
                    self.ending = Ending::Told;
                    events.push(Event::Finish(finish));
                }
                Err(fault) => return self.fail(fault, events),
            }
        }
        if let Some(usage) = usage.filter(|usage| self.usage != Some(*usage)) {
            self.usage = Some(usage);
            events.push(Event::Usage(usage));
        }
    }

    fn end(&mut self, events: &mut Vec<Event>) {
        self.assembly.complete(events);
        if self.ending == Ending::Open {
            events.push(Event::Finish(FinishReason::Done));
        }
        self.progress = Progress::Over;
        events.push(Event::End);
    }

    fn fail(&mut self, fault: Fault, events: &mut Vec<Event>) {
        self.progress = Progress::Over;
        events.push(Event::Error(fault));
    }
}

impl Reader for StreamReader {
    fn event(&mut self, _name: Option<&str>, data: &[u8], events: &mut Vec<Event>) {
        match self.progress {
            Progress::Over => return,
            Progress::Before if is_done(data) => {
                return self.fail(Fault::malformed("it ended before it began"), events);
            }
            Progress::Answering if is_done(data) => return self.end(events),
            Progress::Before | Progress::Answering => {}
        }
        if data.trim_ascii().is_empty() {
            return;
        }
        let chunk = match wire::read::<Value>(data) {
            Ok(chunk) => chunk,
            Err(error) => return self.fail(Fault::malformed(error), events),
        };
        if let Some(fault) = fault::reported(&chunk) {
            return self.fail(fault, events);
        }
        match chunk {
            Value::Object(chunk) => self.chunk(chunk, events),
            _ => self.fail(Fault::malformed("a chunk is no JSON object"), events),
        }
    }

    /// Some compatible servers never send `[DONE]` (PROTOCOLS.md section 9.7): a choice that said why it finished is whole.
    fn finish(&mut self, events: &mut Vec<Event>) {
        if self.progress == Progress::Answering && self.ending == Ending::Told {
            self.end(events);
        }
    }
}

fn is_done(data: &[u8]) -> bool {
    data.trim_ascii_start().starts_with(b"[DONE]")
}
