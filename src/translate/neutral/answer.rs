//! What an answer says.

use super::event::{Begin, Block, Event};
use super::part::{Call, CallInput, Reasoned};
use crate::domain::usage::TokenCounts;

/// A whole answer. A stream's is what its events add up to, so that both are written alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The upstream's id, model and time.
    pub begin: Begin,
    /// What the model said, in order.
    pub parts: Vec<AnswerPart>,
    /// Why it ended.
    pub finish: FinishReason,
    /// What it consumed, where the upstream says.
    pub usage: Option<TokenCounts>,
}

/// One piece of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerPart {
    /// Text, with what it rests on.
    Text {
        /// The text.
        text: String,
        /// Its sources.
        citations: Vec<Citation>,
    },
    /// The model declines.
    Refusal(String),
    /// The model thinks.
    Reasoning(Reasoned),
    /// The model calls a tool.
    Call(Call),
}

/// A source of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// Its address; `None` for a document of the request's.
    pub url: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// The words that are cited.
    pub cited_text: Option<String>,
    /// The characters of the text block that rest on it, from and to (exclusive); `None` for all of the block.
    pub span: Option<(u64, u64)>,
}

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FinishReason {
    /// The model was done. Whether it called tools is told by the calls.
    Done,
    /// A stop sequence; which, where that is known.
    StopSequence(Option<String>),
    /// The token limit.
    Length,
    /// The model's context is full.
    ContextFull,
    /// The model or its guard declined.
    Declined,
    /// A tool of the vendor's needs another round.
    Paused,
}

impl Answer {
    /// An answer of which nothing is known yet.
    pub const fn new(begin: Begin) -> Self {
        Self { begin, parts: Vec::new(), finish: FinishReason::Done, usage: None }
    }

    /// Whether the model called a tool of the client's.
    pub fn has_calls(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, AnswerPart::Call(_)))
    }

    /// The answer as the events of a stream.
    pub fn into_events(self) -> Vec<Event> {
        let mut events = vec![Event::Begin(self.begin)];
        for part in self.parts {
            match part {
                AnswerPart::Text { text, citations } => {
                    events.extend([Event::Open(Block::Text), Event::Delta(text)]);
                    events.extend(citations.into_iter().map(Event::Cite));
                }
                AnswerPart::Refusal(text) => events.extend([Event::Open(Block::Refusal), Event::Delta(text)]),
                AnswerPart::Reasoning(Reasoned { text, signature }) => {
                    events.extend([Event::Open(Block::Reasoning), Event::Delta(text)]);
                    events.extend(signature.map(Event::Sign));
                }
                AnswerPart::Call(Call { id, name, input }) => {
                    let (block, input) = match input {
                        CallInput::Json(json) => (Block::Call { id, name }, json),
                        CallInput::Text(text) => (Block::FreeformCall { id, name }, text),
                    };
                    events.extend([Event::Open(block), Event::Delta(input)]);
                }
            }
            events.push(Event::Close);
        }
        events.extend(self.usage.map(Event::Usage));
        events.extend([Event::Finish(self.finish), Event::End]);
        events
    }

    /// Adds one event of a stream.
    pub fn add(&mut self, event: Event) {
        match event {
            Event::Begin(begin) => self.begin = begin,
            Event::Open(block) => self.parts.push(match block {
                Block::Text => AnswerPart::Text { text: String::new(), citations: Vec::new() },
                Block::Refusal => AnswerPart::Refusal(String::new()),
                Block::Reasoning => AnswerPart::Reasoning(Reasoned { text: String::new(), signature: None }),
                Block::Call { id, name } => AnswerPart::Call(Call { id, name, input: CallInput::Json(String::new()) }),
                Block::FreeformCall { id, name } => {
                    AnswerPart::Call(Call { id, name, input: CallInput::Text(String::new()) })
                }
            }),
            Event::Delta(delta) => match self.parts.last_mut() {
                Some(
                    AnswerPart::Text { text, .. }
                    | AnswerPart::Refusal(text)
                    | AnswerPart::Reasoning(Reasoned { text, .. })
                    | AnswerPart::Call(Call { input: CallInput::Json(text) | CallInput::Text(text), .. }),
                ) => text.push_str(&delta),
                None => {}
            },
            Event::Cite(citation) => {
                if let Some(AnswerPart::Text { citations, .. }) = self.parts.last_mut() {
                    citations.push(citation);
                }
            }
            Event::Sign(signed) => {
                if let Some(AnswerPart::Reasoning(Reasoned { signature, .. })) = self.parts.last_mut() {
                    *signature = Some(signed);
                }
            }
            Event::Close => {
                if let Some(AnswerPart::Call(Call { input: CallInput::Json(json), .. })) = self.parts.last_mut()
                    && json.trim().is_empty()
                {
                    *json = "{}".to_owned();
                }
            }
            Event::Usage(usage) => self.usage = Some(usage),
            Event::Finish(finish) => self.finish = finish,
            Event::End | Event::Error(_) => {}
        }
    }
}
