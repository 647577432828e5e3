//! Who calls whom, and for what.

use serde_json::{Map, Value, json};
use sluice::domain::kind::Kind;
use sluice::domain::protocol::Protocol;
use sluice::domain::timestamp::Timestamp;
use sluice::translate::media::Media;
use sluice::translate::neutral::{Client, Delivery, LossPolicy, Target};
use sluice::translate::{Circumstances, Exchange, Translated, Untranslatable};
use std::sync::OnceLock;

/// Everybody who may call.
pub const CLIENTS: [Client; 3] = [Client::ChatCompletions, Client::Responses, Client::AnthropicMessages];

/// What was asked for, which decides what is to be undone on the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// A word.
    Plain,
    /// With stop sequences, tools that go by another name or as another kind, and one call at a time.
    Rich,
}

/// An input's first line says which protocol it is in and, for an upstream's, what was asked: `gemini`, `gemini rich`.
pub fn split(input: &[u8]) -> Option<(Protocol, Ask, &[u8])> {
    let end = input.iter().position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(&input[..end]).ok()?;
    let (protocol, ask) = match line.strip_suffix(" rich") {
        Some(protocol) => (protocol, Ask::Rich),
        None => (line, Ask::Plain),
    };
    Some((Protocol::parse(protocol)?, ask, &input[end + 1..]))
}

/// The clients whose calls to this upstream are translated.
pub fn clients_of(upstream: Protocol) -> impl Iterator<Item = Client> {
    CLIENTS.into_iter().filter(move |client| client.protocol() != upstream)
}

/// The vendor's models by protocol: where a family has quirks, one with and one without.
pub fn models(upstream: Protocol) -> [(Kind, &'static str); 2] {
    match upstream {
        Protocol::ChatCompletions => [(Kind::OpenAi, "gpt-5.2"), (Kind::Custom, "llama-4")],
        Protocol::Responses => [(Kind::OpenAi, "gpt-5.2"), (Kind::Azure, "gpt-4o")],
        Protocol::AnthropicMessages => {
            [(Kind::Anthropic, "claude-sonnet-4-5"), (Kind::Anthropic, "claude-3-5-haiku-20241022")]
        }
        Protocol::Gemini => [(Kind::Google, "gemini-3-pro"), (Kind::Google, "gemini-2.5-flash")],
        Protocol::BedrockConverse => {
            [(Kind::Bedrock, "us.anthropic.claude-sonnet-4-5-v1:0"), (Kind::Bedrock, "amazon.nova-pro-v1:0")]
        }
    }
}

/// A request, as the gateway has it translated.
pub fn translate(
    client: Client,
    body: &[u8],
    upstream: Protocol,
    (kind, model): (Kind, &str),
    policy: LossPolicy,
) -> Result<Translated, Untranslatable> {
    let defaults = Map::new();
    let target = Target { protocol: upstream, kind, model, provider: "aip_fuzz", defaults: &defaults };
    let started = Timestamp::from_ms(1_790_000_000_000);
    let media = Media::default();
    let circumstances = Circumstances { policy, request: "req_fuzz00000000", started, media: &media };
    sluice::translate::translate(client, body, &target, circumstances)
}

/// Who asks whom for what, and how it is to be delivered.
type Call = (Client, Protocol, Ask, Delivery);

/// What the way back of this call knows. `None` where the upstream cannot be asked this.
pub fn exchange(client: Client, upstream: Protocol, ask: Ask, delivery: Delivery) -> Option<&'static Exchange> {
    static ALL: OnceLock<Vec<(Call, Exchange)>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let mut all = Vec::new();
        for client in CLIENTS {
            for upstream in Protocol::ALL.into_iter().filter(|upstream| *upstream != client.protocol()) {
                for ask in [Ask::Plain, Ask::Rich] {
                    for delivery in [Delivery::Whole, Delivery::Streamed] {
                        let body = body(client, ask, delivery).to_string();
                        let [model, _] = models(upstream);
                        let translated = translate(client, body.as_bytes(), upstream, model, LossPolicy::Allow);
                        all.extend(translated.ok().map(|it| ((client, upstream, ask, delivery), it.exchange)));
                    }
                }
            }
        }
        all
    });
    let this = (client, upstream, ask, delivery);
    all.iter().find(|(call, _)| *call == this).map(|(_, exchange)| exchange)
}

/// `get_weather` and `get_time` are what the models of the fixtures call.
pub fn body(client: Client, ask: Ask, delivery: Delivery) -> Value {
    let streamed = delivery == Delivery::Streamed;
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let (long, messages) = ("a name.with/all:kinds ".repeat(6), json!([{"role": "user", "content": "hello"}]));
    let (plain, more) = match client {
        Client::ChatCompletions => (
            json!({"model": "m", "messages": messages}),
            json!({
                "stop": ["END", "Paris"],
                "parallel_tool_calls": false,
                "tools": [
                    {"type": "custom", "custom": {"name": "get_weather"}},
                    {"type": "function", "function": {"name": "get_time", "parameters": schema}},
                    {"type": "function", "function": {"name": long, "parameters": schema}},
                ],
            }),
        ),
        Client::Responses => (
            json!({"model": "m", "input": "hello"}),
            json!({
                "parallel_tool_calls": false,
                "tools": [
                    {"type": "custom", "name": "get_weather"},
                    {"type": "function", "name": "get_time", "parameters": schema},
                    {"type": "function", "name": long, "parameters": schema},
                ],
            }),
        ),
        Client::AnthropicMessages => (
            json!({"model": "m", "max_tokens": 1000, "messages": messages}),
            json!({
                "stop_sequences": ["END", "Paris"],
                "tool_choice": {"type": "auto", "disable_parallel_tool_use": true},
                "tools": [
                    {"name": "get_weather", "input_schema": schema},
                    {"name": long, "input_schema": schema},
                ],
            }),
        ),
    };
    let mut body = plain;
    body["stream"] = streamed.into();
    if streamed && client == Client::ChatCompletions {
        body["stream_options"] = json!({"include_usage": true});
    }
    if let (Ask::Rich, Some(more)) = (ask, more.as_object()) {
        more.iter().for_each(|(key, value)| body[key] = value.clone());
    }
    body
}
