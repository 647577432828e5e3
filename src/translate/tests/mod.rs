//! Requests that real clients send and that nobody would write into an example, at every upstream: what comes out is held
//! to the rules that the vendors answer 400 to.

mod agents;
mod hostile;
mod rules;

use super::media::Media;
use super::neutral::{Client, LossPolicy, Target};
use super::{Circumstances, Translated, Untranslatable, translate};
use crate::domain::kind::Kind;
use crate::domain::protocol::Protocol;
use crate::domain::timestamp::Timestamp;
use serde_json::{Map, Value, json};

type Upstream = (Protocol, Kind, &'static str);

const UPSTREAMS: [Upstream; 11] = [
    (Protocol::ChatCompletions, Kind::OpenAi, "gpt-5.2"),
    (Protocol::ChatCompletions, Kind::OpenAi, "gpt-4o"),
    (Protocol::ChatCompletions, Kind::Ollama, "qwen3"),
    (Protocol::Responses, Kind::OpenAi, "gpt-5.2"),
    (Protocol::Responses, Kind::XAi, "grok-4"),
    (Protocol::AnthropicMessages, Kind::Anthropic, "claude-sonnet-4-5"),
    (Protocol::AnthropicMessages, Kind::Anthropic, "claude-opus-5-5"),
    (Protocol::Gemini, Kind::Google, "gemini-2.5-pro"),
    (Protocol::Gemini, Kind::Google, "gemini-3-pro"),
    (Protocol::BedrockConverse, Kind::Bedrock, "us.anthropic.claude-sonnet-4-5-v1:0"),
    (Protocol::BedrockConverse, Kind::Bedrock, "us.amazon.nova-pro-v1:0"),
];

fn upstreams_of(client: Client) -> impl Iterator<Item = Upstream> {
    UPSTREAMS.into_iter().filter(move |(protocol, ..)| *protocol != client.protocol())
}

fn attempt(client: Client, body: &Value, (protocol, kind, model): Upstream) -> Result<Translated, Untranslatable> {
    let (defaults, media) = (Map::new(), Media::default());
    let target = Target { protocol, kind, model, provider: "aip_1", defaults: &defaults };
    let started = Timestamp::from_ms(1_700_000_000_000);
    let circumstances = Circumstances { policy: LossPolicy::Safe, request: "req_1", started, media: &media };
    translate(client, body.to_string().as_bytes(), &target, circumstances)
}

/// The body and what it does not carry, held to the upstream's rules.
fn sent(client: Client, body: &Value, upstream: Upstream) -> (Value, Vec<String>) {
    let translated = attempt(client, body, upstream).unwrap_or_else(|error| panic!("{upstream:?}: {error:?}\n{body}"));
    let written: Value = serde_json::from_slice(&translated.body).expect("JSON");
    rules::check(upstream.0, &written).unwrap_or_else(|broken| panic!("{upstream:?}: {broken}\n{body}\n{written:#}"));
    (written, translated.dropped)
}

/// At every upstream.
fn sent_everywhere(client: Client, body: &Value) -> Vec<(Upstream, Value, Vec<String>)> {
    let sent = |upstream| {
        let (written, dropped) = sent(client, body, upstream);
        (upstream, written, dropped)
    };
    upstreams_of(client).map(sent).collect()
}
