//! In which dialect a provider is asked (SPEC section 2, `openai_api_mode`).

use crate::domain::ids::ProviderId;
use crate::domain::kind::OpenAiApiMode;
use crate::domain::protocol::Protocol;
use crate::domain::provider::{Resolved, Settings};
use crate::domain::timestamp::Timestamp;
use std::collections::HashMap;
use std::time::Duration;

/// How long an upstream that had no Responses endpoint is asked by Chat Completions at once.
const REMEMBERED: Duration = Duration::from_secs(600);

/// More providers than an isolate serves; beyond it the oldest memories go.
const MOST_REMEMBERED: usize = 1000;

/// The providers that turned out to have no Responses endpoint. An isolate's own memory.
#[derive(Debug, Default)]
pub struct ChatOnly(HashMap<ProviderId, Timestamp>);

impl ChatOnly {
    /// Remembers a provider.
    pub fn remember(&mut self, provider: &ProviderId, now: Timestamp) {
        if self.0.len() >= MOST_REMEMBERED {
            self.0.retain(|_, since| is_fresh(*since, now));
        }
        if self.0.len() < MOST_REMEMBERED {
            self.0.insert(provider.clone(), now);
        }
    }

    /// Whether the provider is to be asked by Chat Completions at once.
    pub fn holds(&self, provider: &ProviderId, now: Timestamp) -> bool {
        self.0.get(provider).is_some_and(|since| is_fresh(*since, now))
    }
}

fn is_fresh(since: Timestamp, now: Timestamp) -> bool {
    now.since(since) < REMEMBERED
}

/// What to ask in, and what to ask in instead if the upstream has no such endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialects {
    /// At first.
    pub first: Protocol,
    /// Within the same call, if the first one is not there.
    pub otherwise: Option<Protocol>,
}

/// Whether the provider's Responses endpoint is believed to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belief {
    /// Nothing is known.
    Untried,
    /// It was not, less than ten minutes ago.
    ChatOnly,
}

/// Chooses: the client's own dialect where the provider has it; else Responses where `auto` says so or the kind prefers
/// it; else what the kind speaks first.
pub fn dialects(client: Protocol, settings: &Settings, resolved: &Resolved, belief: Belief) -> Option<Dialects> {
    let speaks = |protocol| resolved.protocols.contains(&protocol);
    let prefers_responses = settings.openai_api_mode == Some(OpenAiApiMode::Auto) && speaks(Protocol::Responses);
    let first = match resolved.protocols.first() {
        _ if speaks(client) => client,
        _ if prefers_responses => Protocol::Responses,
        Some(first) => *first,
        None => return None,
    };
    Some(match (first, belief) {
        (Protocol::Responses, Belief::Untried) if speaks(Protocol::ChatCompletions) => {
            Dialects { first, otherwise: Some(Protocol::ChatCompletions) }
        }
        (Protocol::Responses, Belief::ChatOnly) if speaks(Protocol::ChatCompletions) => {
            Dialects { first: Protocol::ChatCompletions, otherwise: None }
        }
        _ => Dialects { first, otherwise: None },
    })
}

/// What an error says when it is the endpoint, or the model at this endpoint, that is not there. In lower case.
const NOT_THERE: [&str; 6] =
    ["model_not_found", "endpoint", "v1/responses", "invalid url", "unknown url", "unrecognized request url"];

/// Whether an upstream's error says that it has no Responses endpoint. A refused credential, a rate limit or a failure of
/// the upstream's never does.
pub fn lacks_endpoint(status: u16, body: &[u8]) -> bool {
    match status {
        404 | 405 => true,
        401 | 403 | 429 | 500.. => false,
        400.. => {
            let said = String::from_utf8_lossy(body).to_ascii_lowercase();
            NOT_THERE.iter().any(|word| said.contains(word))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::base_url::PrivateUpstreams;
    use crate::domain::kind::Kind;
    use Protocol::{AnthropicMessages, ChatCompletions, Gemini, Responses};

    fn chosen(
        kind: Kind,
        mode: Option<OpenAiApiMode>,
        client: Protocol,
        belief: Belief,
    ) -> (Protocol, Option<Protocol>) {
        let settings =
            Settings { kind, protocol: None, auth_method: None, base_url: None, openai_api_mode: mode, advanced: None };
        let resolved = settings.resolve(PrivateUpstreams::Allowed).expect("resolved");
        let dialects = dialects(client, &settings, &resolved, belief).expect("a dialect");
        (dialects.first, dialects.otherwise)
    }

    #[test]
    fn a_client_keeps_its_own_dialect_where_the_provider_has_it() {
        assert_eq!(chosen(Kind::OpenAi, None, ChatCompletions, Belief::Untried), (ChatCompletions, None));
        assert_eq!(chosen(Kind::Anthropic, None, AnthropicMessages, Belief::Untried), (AnthropicMessages, None));
        assert_eq!(chosen(Kind::Ollama, None, AnthropicMessages, Belief::Untried), (AnthropicMessages, None));
        assert_eq!(chosen(Kind::Groq, None, Responses, Belief::Untried), (Responses, Some(ChatCompletions)));
    }

    #[test]
    fn another_client_goes_to_responses_first_and_to_chat_where_that_is_not_there() {
        let auto = Some(OpenAiApiMode::Auto);
        assert_eq!(chosen(Kind::OpenAi, None, AnthropicMessages, Belief::Untried), (Responses, Some(ChatCompletions)));
        assert_eq!(chosen(Kind::Groq, auto, AnthropicMessages, Belief::Untried), (Responses, Some(ChatCompletions)));
        assert_eq!(chosen(Kind::Groq, None, AnthropicMessages, Belief::Untried), (ChatCompletions, None));
        assert_eq!(chosen(Kind::OpenAi, auto, AnthropicMessages, Belief::ChatOnly), (ChatCompletions, None));
        assert_eq!(chosen(Kind::OpenAi, auto, ChatCompletions, Belief::ChatOnly), (ChatCompletions, None));
    }

    #[test]
    fn a_pinned_mode_knows_no_other_dialect() {
        let pinned = Some(OpenAiApiMode::Responses);
        for client in [ChatCompletions, Responses, AnthropicMessages] {
            assert_eq!(chosen(Kind::OpenAi, pinned, client, Belief::Untried), (Responses, None));
        }
        assert_eq!(chosen(Kind::Google, None, ChatCompletions, Belief::Untried), (Gemini, None));
    }

    #[test]
    fn only_a_missing_endpoint_falls_back() {
        for (status, body) in [
            (404, ""),
            (405, "nginx"),
            (400, r#"{"error":{"code":"model_not_found"}}"#),
            (400, "Unsupported endpoint"),
            (422, "unknown URL"),
        ] {
            assert!(lacks_endpoint(status, body.as_bytes()), "{status} {body}");
        }
        for status in [401, 403, 429, 500, 502, 503, 529] {
            assert!(!lacks_endpoint(status, b"model_not_found endpoint"), "{status}");
        }
        assert!(!lacks_endpoint(400, br#"{"error":{"code":"invalid_value"}}"#));
    }

    #[test]
    fn a_provider_is_remembered_for_ten_minutes() {
        let (mut memory, provider) = (ChatOnly::default(), ProviderId::parse("aip_0123456789abcdef").expect("an id"));
        assert!(!memory.holds(&provider, Timestamp::from_ms(0)));
        memory.remember(&provider, Timestamp::from_ms(1000));
        assert!(memory.holds(&provider, Timestamp::from_ms(600_999)));
        assert!(!memory.holds(&provider, Timestamp::from_ms(601_000)));
    }
}
