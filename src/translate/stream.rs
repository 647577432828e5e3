//! An upstream's stream as the client's protocol has it, chunk by chunk.
//!
//! Bytes → events of the upstream's framing → neutral events → restored → bytes. Work is linear in the chunk; what is held
//! is the unfinished event, and what the parts say of themselves.

use super::bedrock;
use super::neutral::{Begin, Event, Fault, FinishReason, Reader, Writer};
use super::restore::Restorer;
use crate::domain::protocol::Protocol;
use crate::domain::usage::TokenCounts;
use crate::protocol::aws_event_stream::{AwsEventStream, MessageType};
use crate::protocol::meter::{End, MAX_EVENT_BYTES, Progress};
use crate::protocol::sse::{Content, EventStream};

/// Translates one stream.
pub struct StreamTranslator {
    frames: Frames,
    reader: Box<dyn Reader>,
    restorer: Restorer,
    told: Told,
    read: Vec<Event>,
    restored: Vec<Event>,
}

/// How the upstream frames its events.
enum Frames {
    Sse(EventStream),
    Aws(AwsEventStream),
}

/// What the client was told, and what is to be told at the end.
struct Told {
    writer: Box<dyn Writer>,
    begun: Begun,
    progress: Progress,
    usage: Option<TokenCounts>,
    finish: FinishReason,
    text_bytes: u64,
    fault: Option<Fault>,
}

/// Whether the client knows that the answer begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begun {
    NotYet,
    Already,
}

impl StreamTranslator {
    pub(super) fn new(
        upstream: Protocol,
        reader: Box<dyn Reader>,
        restorer: Restorer,
        writer: Box<dyn Writer>,
    ) -> Self {
        let frames = match upstream {
            Protocol::BedrockConverse => Frames::Aws(AwsEventStream::new(MAX_EVENT_BYTES)),
            _ => Frames::Sse(EventStream::new(MAX_EVENT_BYTES)),
        };
        let told = Told {
            writer,
            begun: Begun::NotYet,
            progress: Progress::LeadIn,
            usage: None,
            finish: FinishReason::Done,
            text_bytes: 0,
            fault: None,
        };
        Self { frames, reader, restorer, told, read: Vec::new(), restored: Vec::new() }
    }

    /// Reads a chunk of the upstream's and writes what the client gets for it.
    pub fn feed(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        let Self { frames, reader, read, .. } = self;
        match frames {
            Frames::Sse(frames) => frames.feed(chunk, &mut |frame| match frame.content {
                Content::Event(event) => {
                    let name = event.name.and_then(|name| std::str::from_utf8(name).ok());
                    reader.event(name, &event.data, read);
                }
                Content::Oversized { .. } => {
                    read.push(Event::Error(Fault::malformed("an event is larger than the gateway reads")));
                }
                Content::Silence | Content::Continuation => {}
            }),
            Frames::Aws(frames) => frames.feed(chunk, &mut |message| match message {
                Ok(message) => match message.message_type {
                    MessageType::Event => reader.event(Some(message.event_type), message.payload, read),
                    MessageType::Exception => {
                        read.push(Event::Error(bedrock::exception(message.event_type, message.payload)));
                    }
                    MessageType::Error => {
                        let words = message.error_message.unwrap_or(message.event_type);
                        read.push(Event::Error(Fault::new(500, words).with_code(message.event_type)));
                    }
                    MessageType::Other => {}
                },
                Err(error) => read.push(Event::Error(Fault::malformed(error))),
            }),
        }
        self.tell(out);
    }

    /// The upstream's stream is over: reads what it left unfinished, and judges the end.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> End {
        if let Frames::Sse(frames) = &self.frames
            && let Some(event) = frames.unfinished()
            && (event.data.starts_with(b"[DONE]") || crate::protocol::json::validate(&event.data).is_ok())
        {
            let name = event.name.and_then(|name| std::str::from_utf8(name).ok());
            self.reader.event(name, &event.data, &mut self.read);
        }
        self.reader.finish(&mut self.read);
        self.tell(out);
        match self.told.progress {
            Progress::Complete => End::Complete,
            Progress::ErrorReported => End::ErrorReported,
            Progress::LeadIn | Progress::Answering => End::Truncated,
        }
    }

    /// Writes events that did not come from a stream.
    pub(super) fn replay(&mut self, events: Vec<Event>, out: &mut Vec<u8>) {
        events.into_iter().for_each(|event| self.told.event(event, out));
    }

    fn tell(&mut self, out: &mut Vec<u8>) {
        for event in self.read.drain(..) {
            self.restorer.event(event, &mut self.restored);
        }
        for event in self.restored.drain(..) {
            self.told.event(event, out);
        }
    }

    /// How far the stream has come.
    pub fn progress(&self) -> Progress {
        self.told.progress
    }

    /// What the upstream has reported so far.
    pub fn usage(&self) -> Option<TokenCounts> {
        self.told.usage
    }

    /// Bytes of generated text that the client was told.
    pub fn text_bytes(&self) -> u64 {
        self.told.text_bytes
    }

    /// The error that the upstream reported in its stream.
    pub fn fault(&self) -> Option<&Fault> {
        self.told.fault.as_ref()
    }

    /// Tells the client that the stream broke.
    pub fn terminal_error(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        self.told.event(Event::Error(fault.clone()), out);
    }
}

impl std::fmt::Debug for StreamTranslator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What it holds is what the model said.
        f.debug_struct("StreamTranslator").field("progress", &self.told.progress).finish_non_exhaustive()
    }
}

impl Told {
    /// An upstream may forget to begin, or begin twice; an answer begins once, before anything is said.
    fn begin(&mut self, begin: &Begin, out: &mut Vec<u8>) {
        if self.begun == Begun::NotYet {
            self.begun = Begun::Already;
            self.usage = begin.usage.or(self.usage);
            self.writer.begin(begin, out);
        }
    }

    fn event(&mut self, event: Event, out: &mut Vec<u8>) {
        if matches!(self.progress, Progress::Complete | Progress::ErrorReported) {
            return;
        }
        match event {
            Event::Begin(begin) => self.begin(&begin, out),
            Event::Open(block) => {
                self.begin(&Begin::default(), out);
                self.progress = Progress::Answering;
                self.writer.open(&block, out);
            }
            Event::Delta(text) if text.is_empty() => {}
            Event::Delta(text) => {
                self.text_bytes += u64::try_from(text.len()).unwrap_or_default();
                self.writer.delta(&text, out);
            }
            Event::Cite(citation) => self.writer.cite(&citation, out),
            Event::Sign(signature) => self.writer.sign(&signature, out),
            Event::Close => self.writer.close(out),
            Event::Usage(usage) => self.usage = Some(usage),
            Event::Finish(finish) => self.finish = finish,
            Event::End => {
                self.begin(&Begin::default(), out);
                self.progress = Progress::Complete;
                self.writer.end(&self.finish, self.usage, out);
            }
            Event::Error(fault) => {
                self.progress = Progress::ErrorReported;
                self.writer.error(&fault, out);
                self.fault = Some(fault);
            }
        }
    }
}
