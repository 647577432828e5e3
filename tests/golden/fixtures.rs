//! The conversations, and who takes part in them.

use serde_json::{Map, Value};
use sluice::domain::kind::Kind;
use sluice::domain::protocol::Protocol;
use sluice::domain::timestamp::Timestamp;
use sluice::translate::media::Media;
use sluice::translate::neutral::{Client, LossPolicy, Target};
use sluice::translate::{Circumstances, Translated, Untranslatable, translate};
use std::fs;
use std::path::{Path, PathBuf};

/// The provider of every fixture's signatures.
pub const PROVIDER: &str = "aip_golden";

pub const CLIENTS: [Client; 3] = [Client::ChatCompletions, Client::Responses, Client::AnthropicMessages];

/// An upstream as the matrix asks it: one current model of each vendor.
#[derive(Clone, Copy)]
pub struct Upstream {
    pub protocol: Protocol,
    pub kind: Kind,
    pub model: &'static str,
}

pub const UPSTREAMS: [Upstream; 5] = [
    Upstream { protocol: Protocol::ChatCompletions, kind: Kind::OpenAi, model: "gpt-5.2" },
    Upstream { protocol: Protocol::Responses, kind: Kind::OpenAi, model: "gpt-5.2" },
    Upstream { protocol: Protocol::AnthropicMessages, kind: Kind::Anthropic, model: "claude-sonnet-4-5" },
    Upstream { protocol: Protocol::Gemini, kind: Kind::Google, model: "gemini-3-pro" },
    Upstream { protocol: Protocol::BedrockConverse, kind: Kind::Bedrock, model: "us.anthropic.claude-sonnet-4-5-v1:0" },
];

pub fn upstream(protocol: Protocol) -> Upstream {
    UPSTREAMS.into_iter().find(|upstream| upstream.protocol == protocol).expect("an upstream")
}

/// A file of the matrix.
pub struct Fixture {
    pub protocol: Protocol,
    pub scenario: String,
    pub path: PathBuf,
}

impl Fixture {
    pub fn text(&self) -> String {
        fs::read_to_string(&self.path).expect("a readable fixture")
    }
}

/// All fixtures of `requests` or `answers` with this extension, in a stable order.
pub fn all(area: &str, extension: &str) -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(area);
    let mut fixtures = Vec::new();
    for protocol in Protocol::ALL {
        let Ok(entries) = fs::read_dir(root.join(protocol.as_str())) else { continue };
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            if path.extension().is_some_and(|found| found == extension) {
                let scenario = path.file_stem().expect("a name").to_string_lossy().into_owned();
                fixtures.push(Fixture { protocol, scenario, path });
            }
        }
    }
    fixtures.sort_by(|one, other| one.path.cmp(&other.path));
    fixtures
}

pub fn translated(client: Client, body: &[u8], upstream: Upstream) -> Result<Translated, Untranslatable> {
    translated_under(client, body, upstream, LossPolicy::Safe)
}

pub fn translated_under(
    client: Client,
    body: &[u8],
    upstream: Upstream,
    policy: LossPolicy,
) -> Result<Translated, Untranslatable> {
    let defaults = Map::new();
    let Upstream { protocol, kind, model } = upstream;
    let target = Target { protocol, kind, model, provider: PROVIDER, defaults: &defaults };
    let circumstances = Circumstances {
        policy,
        request: "req_golden0000000000",
        started: Timestamp::from_ms(1_790_000_000_000),
        media: &Media::default(),
    };
    translate(client, body, &target, circumstances)
}

/// The exchange of an ordinary call that this client made, to read answers with.
pub fn exchange(client: Client, upstream: Upstream, streamed: bool) -> sluice::translate::Exchange {
    let mut body = match client {
        Client::Responses => serde_json::json!({"model": "m", "input": "hello"}),
        Client::ChatCompletions => {
            serde_json::json!({"model": "m", "messages": [{"role": "user", "content": "hello"}]})
        }
        Client::AnthropicMessages => {
            serde_json::json!({"model": "m", "max_tokens": 1000, "messages": [{"role": "user", "content": "hello"}]})
        }
    };
    body["stream"] = streamed.into();
    if client == Client::ChatCompletions && streamed {
        body["stream_options"] = serde_json::json!({"include_usage": true});
    }
    translated(client, body.to_string().as_bytes(), upstream).expect("an ordinary call").exchange
}

pub fn pretty(json: &[u8]) -> String {
    let value: Value = serde_json::from_slice(json).expect("JSON");
    serde_json::to_string_pretty(&value).expect("JSON")
}

/// A snapshot of its own name, beside the fixtures, with the fixture in its head.
pub fn snapshot(folder: &str, name: &str, input: &str, content: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/snapshots").join(folder));
    settings.set_description(input);
    settings.bind(|| insta::assert_snapshot!(name, content));
}
