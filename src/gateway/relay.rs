//! A stream on its way to the client: as it came, or translated.

use super::answer::mask;
use super::plan::{Plan, Way};
use crate::domain::protocol::Protocol;
use crate::domain::usage::TokenCounts;
use crate::protocol::meter::{End, Progress, Relay, StreamMeter, UsageChunk};
use crate::translate::StreamTranslator;
use crate::translate::neutral::Fault;

/// Reads an upstream's stream and says what the client gets.
pub struct StreamRelay {
    way: StreamWay,
    out: Vec<u8>,
    secrets: Vec<String>,
}

enum StreamWay {
    Same(Box<StreamMeter>),
    Translated(Box<StreamTranslator>),
}

/// The last word on a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finish<'a> {
    /// How it ended.
    pub end: End,
    /// Bytes that are still the client's.
    pub flush: &'a [u8],
}

impl StreamRelay {
    /// For a stream of which nothing was read yet. `client` is the client's protocol.
    pub fn new(client: Protocol, plan: &Plan) -> Self {
        let way = match &plan.way {
            Way::Translated(exchange) => StreamWay::Translated(Box::new(exchange.stream())),
            Way::Same { usage_chunk } => StreamWay::Same(Box::new(StreamMeter::new(client, *usage_chunk))),
            Way::Embeddings(_) | Way::Count => StreamWay::Same(Box::new(StreamMeter::new(client, UsageChunk::Keep))),
        };
        Self { way, out: Vec::new(), secrets: plan.secrets.clone() }
    }

    /// Reads a chunk, and says what the client gets for it.
    pub fn feed(&mut self, chunk: &[u8]) -> Relay<'_> {
        match &mut self.way {
            StreamWay::Same(meter) => meter.feed(chunk),
            StreamWay::Translated(translator) => {
                self.out.clear();
                translator.feed(chunk, &mut self.out);
                if translator.progress() == Progress::ErrorReported {
                    // Some upstreams repeat the key that they refuse.
                    self.out = mask(&self.secrets, &self.out);
                }
                Relay::Rewritten(&self.out)
            }
        }
    }

    /// Whether the client gets each chunk as it came: then it need not be read before it is passed on.
    pub fn passes_as_it_comes(&self) -> bool {
        match &self.way {
            StreamWay::Same(meter) => meter.passes_as_it_comes(),
            StreamWay::Translated(_) => false,
        }
    }

    /// No chunk follows: judges the end. To be called once.
    pub fn finish(&mut self) -> Finish<'_> {
        match &mut self.way {
            StreamWay::Same(meter) => {
                let finish = meter.finish();
                Finish { end: finish.end, flush: finish.flush }
            }
            StreamWay::Translated(translator) => {
                self.out.clear();
                let end = translator.finish(&mut self.out);
                Finish { end, flush: &self.out }
            }
        }
    }

    /// Whether something of the gateway's own, such as a ping, may be sent now: never within an event.
    pub fn at_boundary(&self) -> bool {
        match &self.way {
            StreamWay::Same(meter) => meter.at_boundary(),
            // Each event that a translation writes is whole.
            StreamWay::Translated(_) => true,
        }
    }

    /// How far the stream has come.
    pub fn progress(&self) -> Progress {
        match &self.way {
            StreamWay::Same(meter) => meter.progress(),
            StreamWay::Translated(translator) => translator.progress(),
        }
    }

    /// What the upstream has reported so far.
    pub fn usage(&self) -> Option<TokenCounts> {
        match &self.way {
            StreamWay::Same(meter) => meter.usage(),
            StreamWay::Translated(translator) => translator.usage(),
        }
    }

    /// Bytes of generated text that were relayed, for an estimate.
    pub fn text_bytes(&self) -> u64 {
        match &self.way {
            StreamWay::Same(meter) => meter.text_bytes(),
            StreamWay::Translated(translator) => translator.text_bytes(),
        }
    }

    /// The error that the upstream reported, where the translation has read it.
    pub fn fault(&self) -> Option<&Fault> {
        match &self.way {
            StreamWay::Same(_) => None,
            StreamWay::Translated(translator) => translator.fault(),
        }
    }

    /// The words of that error, nothing secret among them.
    pub fn said(&self) -> Option<String> {
        let fault = self.fault()?;
        Some(String::from_utf8_lossy(&mask(&self.secrets, fault.message.as_bytes())).into_owned())
    }

    /// What tells the client that the stream broke, as it has to stand after what was relayed.
    pub fn terminal_error(&mut self, message: &str, code: &str) -> Vec<u8> {
        match &mut self.way {
            StreamWay::Same(meter) => meter.terminal_error(message, code),
            StreamWay::Translated(translator) => {
                let mut out = Vec::new();
                translator.terminal_error(&Fault::new(502, message).with_code(code), &mut out);
                out
            }
        }
    }
}
