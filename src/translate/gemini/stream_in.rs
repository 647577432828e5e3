//! The stream of `:streamGenerateContent?alt=sse`: each event is a piece of an answer, in the answer's own shape.

use super::fault;
use super::grounding::{Extent, Grounding};
use crate::domain::protocol::Protocol;
use crate::domain::usage::TokenCounts;
use crate::translate::neutral::{
    Begin, Block, Blocks, Event, Fault, FinishReason, Minter, Origin, Reader, Signature, fit_call_id,
};
use crate::translate::wire;
use serde_json::{Map, Value};

/// Reads the stream. A whole answer is a stream of one event.
#[derive(Debug)]
pub struct StreamReader {
    provider: String,
    minter: Minter,
    blocks: Blocks,
    stage: Stage,
    /// Whether the client has something to show.
    said: Said,
    /// The open text, for its citations.
    text: Option<Extent>,
    grounding: Grounding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Before,
    Within,
    /// The reason of the end was told; more may follow, such as the usage.
    Ended,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    Something,
}

/// What makes an event one of an answer's: others are skipped.
const KNOWN: [&str; 5] = ["candidates", "promptFeedback", "usageMetadata", "responseId", "modelVersion"];

/// What a `finishReason` means.
enum Ending {
    Good(FinishReason),
    /// The model's output is of no use to anybody.
    Bad,
}

impl Reader for StreamReader {
    fn event(&mut self, _name: Option<&str>, data: &[u8], events: &mut Vec<Event>) {
        if self.stage == Stage::Failed || data.trim_ascii() == b"[DONE]" {
            return;
        }
        match wire::read(data) {
            Ok(Value::Object(chunk)) => self.chunk(chunk, events),
            Ok(other) => match fault::error_of(other) {
                Some(error) => self.fail(fault::of_error(&error, 502), events),
                None => self.fail(Fault::malformed("an event is no JSON object"), events),
            },
            Err(error) => self.fail(Fault::malformed(error), events),
        }
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        if self.stage == Stage::Failed {
            return;
        }
        self.leave_text(events);
        self.blocks.close(events);
        if self.stage == Stage::Ended {
            events.push(Event::End);
        }
    }
}

impl StreamReader {
    /// A reader of one answer.
    pub fn new(origin: Origin) -> Self {
        Self {
            minter: Minter::new(&origin.seed),
            provider: origin.provider,
            blocks: Blocks::default(),
            stage: Stage::Before,
            said: Said::Nothing,
            text: None,
            grounding: Grounding::default(),
        }
    }

    pub(super) fn chunk(&mut self, mut chunk: Map<String, Value>, events: &mut Vec<Event>) {
        if let Some(error) = chunk.get("error") {
            return self.fail(fault::of_error(error, 502), events);
        }
        if !KNOWN.iter().any(|key| chunk.contains_key(*key)) {
            return;
        }
        let is_first = self.stage == Stage::Before;
        if is_first {
            self.stage = Stage::Within;
            let text = |key: &str| chunk.get(key).and_then(Value::as_str).map(str::to_owned);
            let begin = Begin { id: text("responseId"), model: text("modelVersion"), created: None, usage: None };
            events.push(Event::Begin(begin));
        }
        events.extend(chunk.get("usageMetadata").and_then(usage).map(Event::Usage));
        let candidate = match chunk.shift_remove("candidates") {
            Some(Value::Array(candidates)) => candidates.into_iter().find(is_first_candidate),
            _ => None,
        };
        match candidate {
            Some(candidate) => self.candidate(candidate, is_first, events),
            None => self.feedback(chunk.get("promptFeedback"), events),
        }
    }

    fn candidate(&mut self, mut candidate: Value, is_first: bool, events: &mut Vec<Event>) {
        if let Some(metadata) = candidate.get_mut("groundingMetadata") {
            self.grounding.learn(metadata);
        }
        if let Some(Value::Array(parts)) = candidate.pointer_mut("/content/parts").map(Value::take) {
            for (index, part) in parts.into_iter().enumerate() {
                if let Value::Object(part) = part {
                    let index = u64::try_from(index).ok().filter(|_| is_first);
                    self.part(part, index, events);
                }
            }
        }
        let text = |key: &str| candidate.get(key).and_then(Value::as_str);
        let Some(reason) = text("finishReason") else { return };
        match ending(reason) {
            Ending::Good(finish) => {
                self.stage = Stage::Ended;
                if finish == FinishReason::Declined && self.said == Said::Nothing {
                    let why = text("finishMessage").unwrap_or("it was withheld");
                    self.refuse(format!("Google gave no answer ({reason}): {why}"), events);
                }
                events.push(Event::Finish(finish));
            }
            Ending::Bad => {
                let why = text("finishMessage").unwrap_or("the model's output could not be used");
                self.fail(Fault::new(502, format!("{why} ({reason})")).with_code(reason), events);
            }
        }
    }

    /// A blocked prompt has no candidates at all.
    fn feedback(&mut self, feedback: Option<&Value>, events: &mut Vec<Event>) {
        let text = |key: &str| feedback.and_then(|feedback| feedback.get(key)).and_then(Value::as_str);
        let Some(reason) = text("blockReason") else { return };
        let why = text("blockReasonMessage").unwrap_or("its content is not allowed");
        self.stage = Stage::Ended;
        self.refuse(format!("Google blocked the prompt ({reason}): {why}"), events);
        events.push(Event::Finish(FinishReason::Declined));
    }

    /// `index` is the part's own in an answer's first chunk, where Google counts citations by part.
    fn part(&mut self, mut part: Map<String, Value>, index: Option<u64>, events: &mut Vec<Event>) {
        if let Some(call) = part.shift_remove("functionCall") {
            // The signature belongs to this call: it comes before it, so that it goes back with it.
            self.sign(&mut part, &["thoughtSignature"], events);
            self.call(call, events);
        } else if part.contains_key("toolCall") || part.contains_key("toolResponse") {
            self.sign(&mut part, &["toolCall", "toolResponse", "thoughtSignature"], events);
        } else if let Some(Value::String(text)) = part.shift_remove("text") {
            if part.get("thought").and_then(Value::as_bool) == Some(true) {
                self.leave_text(events);
                self.blocks.reasoning(text, events);
            } else {
                self.say(text, index, events);
            }
            self.sign(&mut part, &["thoughtSignature"], events);
        } else {
            // A signature may come alone; what else a part may hold has no counterpart.
            self.sign(&mut part, &["thoughtSignature"], events);
        }
    }

    fn say(&mut self, text: String, index: Option<u64>, events: &mut Vec<Event>) {
        if text.is_empty() {
            return;
        }
        let extent = self.text.get_or_insert_default();
        match index {
            Some(index) => extent.begin_part(index),
            None => extent.forget_parts(),
        }
        extent.add(&text);
        self.said = Said::Something;
        self.blocks.text(text, events);
    }

    fn call(&mut self, mut call: Value, events: &mut Vec<Event>) {
        self.leave_text(events);
        let text = |key: &str| call.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let id = text("id").map(|id| fit_call_id(id).into_owned());
        let name = text("name").unwrap_or_default().to_owned();
        let id = id.unwrap_or_else(|| self.minter.mint("call_"));
        let args = match call.get_mut("args").map(Value::take) {
            Some(args @ Value::Object(_)) => args.to_string(),
            _ => "{}".to_owned(),
        };
        self.said = Said::Something;
        self.blocks.call(Block::Call { id, name }, events);
        self.blocks.input(args, events);
        self.blocks.close(events);
    }

    /// Keeps what Google wants back of a part: a block of its own for each, because a block has one signature.
    fn sign(&mut self, part: &mut Map<String, Value>, wanted: &[&str], events: &mut Vec<Event>) {
        let kept: Map<String, Value> = wanted
            .iter()
            .filter_map(|key| part.shift_remove_entry(*key))
            .filter(|(_, value)| value.as_str() != Some(""))
            .collect();
        if kept.is_empty() {
            return;
        }
        self.leave_text(events);
        let payload = Value::Object(kept).to_string();
        let signature = Signature { protocol: Protocol::Gemini, provider: self.provider.clone(), payload };
        self.blocks.sign(signature, events);
        self.blocks.close(events);
    }

    fn refuse(&mut self, words: String, events: &mut Vec<Event>) {
        self.leave_text(events);
        self.blocks.refusal(words, events);
    }

    /// Cites while the text is still open: it is not any more once anything else begins.
    fn leave_text(&mut self, events: &mut Vec<Event>) {
        if let Some(text) = self.text.take() {
            for citation in self.grounding.cite(&text) {
                self.blocks.cite(citation, events);
            }
        }
    }

    fn fail(&mut self, fault: Fault, events: &mut Vec<Event>) {
        self.stage = Stage::Failed;
        events.push(Event::Error(fault));
    }
}

/// One candidate is asked for; an operator's defaults may ask for more.
fn is_first_candidate(candidate: &Value) -> bool {
    candidate.get("index").and_then(Value::as_u64).unwrap_or_default() == 0
}

/// PROTOCOLS.md section 4.1. Whether the model called a tool is told by the calls.
fn ending(reason: &str) -> Ending {
    match reason {
        "MAX_TOKENS" | "CONTINUATION" => Ending::Good(FinishReason::Length),
        "SAFETY" | "RECITATION" | "LANGUAGE" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "MODEL_ARMOR"
        | "OTHER" | "NO_IMAGE" => Ending::Good(FinishReason::Declined),
        "MALFORMED_FUNCTION_CALL"
        | "UNEXPECTED_TOOL_CALL"
        | "TOO_MANY_TOOL_CALLS"
        | "MISSING_THOUGHT_SIGNATURE"
        | "MALFORMED_RESPONSE" => Ending::Bad,
        _ if reason.starts_with("IMAGE_") => Ending::Good(FinishReason::Declined),
        _ => Ending::Good(FinishReason::Done),
    }
}

/// PROTOCOLS.md section 4.2: Google's input includes what was cached, its output excludes the thoughts.
fn usage(metadata: &Value) -> Option<TokenCounts> {
    let count = |key: &str| metadata.get(key).and_then(Value::as_u64);
    let (prompt, candidates) = (count("promptTokenCount"), count("candidatesTokenCount"));
    prompt.or(candidates)?;
    let cached = count("cachedContentTokenCount").unwrap_or(0);
    let thoughts = count("thoughtsTokenCount").unwrap_or(0);
    let prompt = prompt.unwrap_or(0).saturating_sub(cached);
    Some(TokenCounts {
        input: prompt.saturating_add(count("toolUsePromptTokenCount").unwrap_or(0)),
        output: candidates.unwrap_or(0).saturating_add(thoughts),
        cache_read: cached,
        cache_write: 0,
        reasoning: thoughts,
    })
}
