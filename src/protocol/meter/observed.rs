//! What a stream's events tell, event by event.

use super::{is_truthy, usage};
use crate::domain::protocol::Protocol;
use crate::domain::usage::TokenCounts;
use crate::protocol::json::{Cursor, Kind};
use crate::protocol::sse::Event;

/// How far a stream has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing that commits the upstream to an answer: no event, or only those that also precede a refusal (Responses'
    /// `response.created`, `queued` and `in_progress`; Anthropic's `ping`; Azure's chunk without choices). An error that
    /// follows can still go to another upstream.
    LeadIn,
    /// The answer has begun.
    Answering,
    /// The protocol's terminator was seen. Nothing after it changes that.
    Complete,
    /// The upstream reported an error. A terminator after it does not make it a success.
    ErrorReported,
}

/// What an event is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Answer,
    /// A Chat Completions chunk without choices that only brings the usage.
    UsageOnly,
}

/// What was learnt so far.
#[derive(Debug)]
pub(super) struct Observed {
    protocol: Protocol,
    pub(super) progress: Progress,
    pub(super) usage: Option<TokenCounts>,
    pub(super) text_bytes: u64,
    pub(super) next_sequence_number: u64,
    pub(super) choices: Choices,
}

/// Whether a Chat Completions choice said why it finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choices {
    Open,
    Finished,
}

impl Observed {
    pub(super) const fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            progress: Progress::LeadIn,
            usage: None,
            text_bytes: 0,
            next_sequence_number: 0,
            choices: Choices::Open,
        }
    }

    pub(super) fn event(&mut self, event: &Event<'_>) -> Purpose {
        match self.protocol {
            Protocol::ChatCompletions => return self.chat(&event.data),
            Protocol::Responses => self.responses(event),
            Protocol::AnthropicMessages => self.anthropic(event),
            Protocol::Gemini | Protocol::BedrockConverse => self.advance(Progress::Answering),
        }
        Purpose::Answer
    }

    /// An event too large to be read: its name still tells whether the stream ends with it.
    pub(super) fn oversized(&mut self, name: Option<&[u8]>) {
        self.advance(named(name.unwrap_or_default()));
    }

    /// Moves on, never back, and never past an end.
    fn advance(&mut self, progress: Progress) {
        match (self.progress, progress) {
            (Progress::Complete | Progress::ErrorReported, _) | (_, Progress::LeadIn) => {}
            (Progress::LeadIn | Progress::Answering, further) => self.progress = further,
        }
    }

    fn chat(&mut self, data: &[u8]) -> Purpose {
        if data.trim_ascii_start().starts_with(b"[DONE]") {
            self.advance(Progress::Complete);
            return Purpose::Answer;
        }
        let (mut count, mut text, mut error, mut choices) = (0_u64, 0, false, self.choices);
        let (mut usage, mut groq_usage) = (None, None);
        Cursor::new(data).members(|key, cursor| match key.raw {
            b"choices" => cursor.elements(|cursor| {
                count += 1;
                cursor.members(|key, cursor| match key.raw {
                    b"delta" => text += chat_delta(cursor),
                    b"finish_reason" if cursor.kind() == Some(Kind::String) => choices = Choices::Finished,
                    _ => {}
                });
            }),
            b"usage" => usage::read(Protocol::ChatCompletions, cursor, &mut usage),
            b"x_groq" => cursor.members(|key, cursor| {
                if key.raw == b"usage" {
                    usage::read(Protocol::ChatCompletions, cursor, &mut groq_usage);
                }
            }),
            b"error" => error = cursor.value().is_some_and(|value| is_truthy(&value)),
            _ => {}
        });
        self.text_bytes += text;
        self.choices = choices;
        self.usage = usage.or(groq_usage).or(self.usage);
        self.advance(match (error, count) {
            (true, _) => Progress::ErrorReported,
            (false, 0) => Progress::LeadIn,
            (false, _) => Progress::Answering,
        });
        if count == 0 && usage.is_some() && !error { Purpose::UsageOnly } else { Purpose::Answer }
    }

    fn responses(&mut self, event: &Event<'_>) {
        let mut kind = None;
        let (mut text, mut error) = (0, false);
        Cursor::new(&event.data).members(|key, cursor| match key.raw {
            b"type" => kind = cursor.value().map(|value| unquoted(value.raw)),
            b"sequence_number" => {
                if let Some(number) = cursor.value().and_then(|value| value.number()) {
                    self.next_sequence_number = number.saturating_add(1);
                }
            }
            b"delta" => text = string_bytes(cursor),
            b"response" => cursor.members(|key, cursor| {
                if key.raw == b"usage" {
                    usage::read(Protocol::Responses, cursor, &mut self.usage);
                }
            }),
            b"error" => error = cursor.value().is_some_and(|value| is_truthy(&value)),
            _ => {}
        });
        let name = event.name.or(kind).unwrap_or_default();
        // Base64 audio is no text.
        if name.ends_with(b".delta") && !name.ends_with(b"audio.delta") {
            self.text_bytes += text;
        }
        self.advance(if error { Progress::ErrorReported } else { named(name) });
    }

    fn anthropic(&mut self, event: &Event<'_>) {
        let mut kind = None;
        let (mut text, mut error) = (0, false);
        Cursor::new(&event.data).members(|key, cursor| match key.raw {
            b"type" => kind = cursor.value().map(|value| unquoted(value.raw)),
            b"delta" => cursor.members(|key, cursor| {
                if let b"text" | b"thinking" | b"partial_json" = key.raw {
                    text += string_bytes(cursor);
                }
            }),
            b"usage" => usage::read(Protocol::AnthropicMessages, cursor, &mut self.usage),
            b"message" => cursor.members(|key, cursor| {
                if key.raw == b"usage" {
                    usage::read(Protocol::AnthropicMessages, cursor, &mut self.usage);
                }
            }),
            b"error" => error = cursor.value().is_some_and(|value| is_truthy(&value)),
            _ => {}
        });
        self.text_bytes += text;
        self.advance(if error { Progress::ErrorReported } else { named(event.name.or(kind).unwrap_or_default()) });
    }
}

/// What an event's name says in Responses and Messages; their names do not clash.
fn named(name: &[u8]) -> Progress {
    match name {
        b"response.completed" | b"response.incomplete" | b"message_stop" => Progress::Complete,
        b"response.failed" | b"error" => Progress::ErrorReported,
        b"response.created" | b"response.queued" | b"response.in_progress" | b"ping" => Progress::LeadIn,
        _ => Progress::Answering,
    }
}

/// Bytes of generated text in a Chat Completions delta: content, refusal, reasoning and the arguments of calls.
pub(super) fn chat_delta(cursor: &mut Cursor<'_>) -> u64 {
    let mut bytes = 0;
    cursor.members(|key, cursor| match key.raw {
        b"content" | b"refusal" | b"reasoning" | b"reasoning_content" => bytes += string_bytes(cursor),
        b"tool_calls" => cursor.elements(|cursor| {
            cursor.members(|key, cursor| {
                if key.raw == b"function" {
                    cursor.members(|key, cursor| {
                        if let b"name" | b"arguments" = key.raw {
                            bytes += string_bytes(cursor);
                        }
                    });
                }
            });
        }),
        _ => {}
    });
    bytes
}

/// The length of the string that comes next, without quotes and with its escapes as they stand; 0 for anything else.
pub(super) fn string_bytes(cursor: &mut Cursor<'_>) -> u64 {
    match cursor.value() {
        Some(value) if value.kind == Kind::String => value.raw.len().saturating_sub(2) as u64,
        _ => 0,
    }
}

fn unquoted(raw: &[u8]) -> &[u8] {
    raw.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(raw)
}
