//! One call between a client and an upstream of different protocols: the request there, the answer back.

use super::media::Media;
use super::neutral::{
    Answer, Bridge, Client, Delivery, Fault, Judged, LossPolicy, Losses, Origin, Reader, Reply, Request, Target, Writer,
};
use super::restore::Restorer;
use super::stream::StreamTranslator;
use super::{anthropic, bedrock, chat, gemini, limits, responses, wire};
use crate::domain::invalid::Invalid;
use crate::domain::protocol::Protocol;
use crate::domain::timestamp::Timestamp;
use crate::domain::usage::TokenCounts;
use serde_json::{Map, Value};

/// A request in the upstream's protocol.
#[derive(Debug)]
pub struct Translated {
    /// The body for the upstream.
    pub body: Vec<u8>,
    /// What it does not carry, in the client's words.
    pub dropped: Vec<String>,
    /// What the answer's translation needs.
    pub exchange: Exchange,
}

/// What is known of a call beside its body.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The deployment's policy.
    pub policy: LossPolicy,
    /// The request's own id.
    pub request: &'a str,
    /// When the call began.
    pub started: Timestamp,
    /// What the client named by its address and was fetched for an upstream that wants bytes.
    pub media: &'a Media,
}

/// What the way back has to know of the way there.
#[derive(Debug, Clone)]
pub struct Exchange {
    client: Client,
    upstream: Protocol,
    delivery: Delivery,
    bridge: Bridge,
    reply: Reply,
    origin: Origin,
}

/// A whole answer in the client's protocol.
#[derive(Debug)]
pub struct TranslatedAnswer {
    /// The body, or all events of the stream that the client asked for.
    pub body: Vec<u8>,
    /// What the call consumed, where the upstream says.
    pub usage: Option<TokenCounts>,
}

/// Why a request has no form in the upstream's protocol. Either names the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Untranslatable {
    /// It is not what the client's own protocol says.
    Invalid(Invalid),
    /// Something would be lost, and the policy does not bear that.
    Lost(Invalid),
}

impl From<Invalid> for Untranslatable {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

/// Reads a client's request.
pub(super) fn read(client: Client, body: &[u8], losses: &mut Losses) -> Result<Request, Invalid> {
    let body: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| Invalid::new("body", format!("the body is not a JSON object that can be read: {error}")))?;
    match client {
        Client::ChatCompletions => chat::read_request(body, losses),
        Client::Responses => responses::read_request(body, losses),
        Client::AnthropicMessages => anthropic::read_request(body, losses),
    }
}

/// Translates a request.
///
/// # Errors
/// A body that is not what the client's protocol says, or a loss that the policy does not bear; either names the field.
pub fn translate(
    client: Client,
    body: &[u8],
    target: &Target<'_>,
    circumstances: Circumstances<'_>,
) -> Result<Translated, Untranslatable> {
    let (mut losses, mut bridge) = (Losses::default(), Bridge::default());
    let mut request = read(client, body, &mut losses)?;
    circumstances.media.inline(&mut request);
    limits::fit(&mut request, target.model);
    let reply = Reply {
        seed: circumstances.request.to_owned(),
        model: target.model.to_owned(),
        created: circumstances.started.ms().div_euclid(1000),
        usage_chunk: request.usage_chunk,
        echo: std::mem::take(&mut request.echo),
    };
    let delivery = request.delivery;
    let write = match target.protocol {
        Protocol::ChatCompletions => chat::write_request,
        Protocol::Responses => responses::write_request,
        Protocol::AnthropicMessages => anthropic::write_request,
        Protocol::Gemini => gemini::write_request,
        Protocol::BedrockConverse => bedrock::write_request,
    };
    let mut body = write(request, target, &mut bridge, &mut losses)?;
    let dropped = match losses.judge(circumstances.policy) {
        Judged::Dropped(dropped) => dropped,
        Judged::Refused(invalid) => return Err(Untranslatable::Lost(invalid)),
    };
    fill_in(&mut body, target.defaults);
    let origin = Origin {
        provider: target.provider.to_owned(),
        model: target.model.to_owned(),
        kind: target.kind,
        seed: circumstances.request.to_owned(),
    };
    let exchange = Exchange { client, upstream: target.protocol, delivery, bridge, reply, origin };
    Ok(Translated { body: Value::Object(body).to_string().into_bytes(), dropped, exchange })
}

/// Puts the operator's defaults where the translation says nothing, within objects too: an upstream may keep all its
/// tunings in one.
pub(super) fn fill_in(body: &mut Map<String, Value>, defaults: &Map<String, Value>) {
    for (key, default) in defaults {
        match (body.get_mut(key), default) {
            (None, _) => {
                body.insert(key.clone(), default.clone());
            }
            (Some(Value::Object(own)), Value::Object(default)) => fill_in(own, default),
            (Some(_), _) => {}
        }
    }
}

impl Exchange {
    /// The dialect of the upstream.
    pub const fn upstream(&self) -> Protocol {
        self.upstream
    }

    /// Whether the client gets events.
    pub const fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// Translates a whole answer; into a stream's events, if that is what the client asked for.
    ///
    /// # Errors
    /// An error that the upstream reported with a success's status, or a body that is no answer.
    pub fn answer(&self, body: &[u8]) -> Result<TranslatedAnswer, Fault> {
        let answer = self.read_answer(body)?;
        let usage = answer.usage;
        let body = match self.delivery {
            Delivery::Whole => write_answer(self.client, &answer, &self.reply).to_string().into_bytes(),
            Delivery::Streamed => {
                let (mut stream, mut out) = (self.stream(), Vec::new());
                stream.replay(answer.into_events(), &mut out);
                out
            }
        };
        Ok(TranslatedAnswer { body, usage })
    }

    fn read_answer(&self, body: &[u8]) -> Result<Answer, Fault> {
        let body: Value = wire::read(body)
            .map_err(|error| Fault::new(502, format!("it is no JSON: {error}")).with_code("upstream.malformed"))?;
        let read = match self.upstream {
            Protocol::ChatCompletions => chat::read_answer,
            Protocol::Responses => responses::read_answer,
            Protocol::AnthropicMessages => anthropic::read_answer,
            Protocol::Gemini => gemini::read_answer,
            Protocol::BedrockConverse => bedrock::read_answer,
        };
        let answer = read(body, &self.origin)?;
        // A whole answer goes through the same restoration as a stream, so that both say the same.
        let mut restored = Answer::new(answer.begin.clone());
        let (mut restorer, mut events) = (Restorer::new(self.bridge.clone()), Vec::new());
        for event in answer.into_events() {
            restorer.event(event, &mut events);
            events.drain(..).for_each(|event| restored.add(event));
        }
        Ok(restored)
    }

    /// A translator for the upstream's stream.
    pub fn stream(&self) -> StreamTranslator {
        let origin = self.origin.clone();
        let reader: Box<dyn Reader> = match self.upstream {
            Protocol::ChatCompletions => Box::new(chat::StreamReader::new(origin)),
            Protocol::Responses => Box::new(responses::StreamReader::new(origin)),
            Protocol::AnthropicMessages => Box::new(anthropic::StreamReader::new(origin)),
            Protocol::Gemini => Box::new(gemini::StreamReader::new(origin)),
            Protocol::BedrockConverse => Box::new(bedrock::StreamReader::new(origin)),
        };
        let reply = self.reply.clone();
        let writer: Box<dyn Writer> = match self.client {
            Client::ChatCompletions => Box::new(chat::StreamWriter::new(reply)),
            Client::Responses => Box::new(responses::StreamWriter::new(reply)),
            Client::AnthropicMessages => Box::new(anthropic::StreamWriter::new(reply)),
        };
        StreamTranslator::new(self.upstream, reader, Restorer::new(self.bridge.clone()), writer)
    }
}

fn write_answer(client: Client, answer: &Answer, reply: &Reply) -> Value {
    match client {
        Client::ChatCompletions => chat::write_answer(answer, reply),
        Client::Responses => responses::write_answer(answer, reply),
        Client::AnthropicMessages => anthropic::write_answer(answer, reply),
    }
}

/// Reads the body of an upstream's error. `error_type` is Bedrock's `x-amzn-errortype`.
pub fn read_fault(upstream: Protocol, status: u16, error_type: Option<&str>, body: &[u8]) -> Fault {
    let read = match upstream {
        Protocol::ChatCompletions => chat::read_fault,
        Protocol::Responses => responses::read_fault,
        Protocol::AnthropicMessages => anthropic::read_fault,
        Protocol::Gemini => gemini::read_fault,
        Protocol::BedrockConverse => bedrock::read_fault,
    };
    read(status, error_type, body).recognised()
}

/// The status that an error of OpenAI's or Anthropic's shape stands for where it came with a success's; `None` if it is
/// no error.
pub fn reported_status(body: &Value) -> Option<u16> {
    chat::reported(body).map(|fault| fault.status)
}

/// The error's body as the client reads it.
pub fn write_fault(client: Client, fault: &Fault, request: &str) -> Value {
    match client {
        Client::ChatCompletions => chat::write_fault(fault, request),
        Client::Responses => responses::write_fault(fault, request),
        Client::AnthropicMessages => anthropic::write_fault(fault, request),
    }
}

/// The status that a client gets for an upstream's: OpenAI's clients know no 529 (PROTOCOLS.md section 7).
pub const fn status_for(client: Client, status: u16) -> u16 {
    match (client, status) {
        (Client::ChatCompletions | Client::Responses, 529) => 503,
        (_, other) => other,
    }
}
