//! The data plane's endpoints.

use crate::access::route::is_providers_alias;
use crate::domain::protocol::Protocol;
use crate::domain::protocol::Protocol::{AnthropicMessages, ChatCompletions, Responses};
use crate::refusal::{Dialect, Reason, Refusal};

/// What a request of the data plane asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Door<'a> {
    /// A model call.
    Call(CallDoor),
    /// `GET /v1/models`.
    ListModels,
    /// `GET /v1/models/{id}`; the id as it stands in the path.
    GetModel(&'a str),
    /// `OPTIONS` on one of them: these methods.
    Options(&'static str),
    /// Any `/v1/proxy/{provider}/{rest}`: the provider's name as it stands in the path, and what follows it.
    Proxy {
        /// The provider's name.
        provider: &'a str,
        /// The path under its base URL, without the query.
        rest: &'a str,
    },
}

/// An endpoint that calls a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallDoor {
    /// The name that usage rows carry.
    pub name: &'static str,
    /// Whose dialect the client speaks: its errors, and how usage is spelled.
    pub protocol: Protocol,
    /// What is done there.
    pub work: Work,
    /// Which of `advanced_json`'s body defaults mean something here.
    pub defaults: Defaults,
}

/// What a model is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// To generate an answer. Every upstream can, in its own protocol or translated.
    Generate,
    /// To count a request's tokens.
    CountTokens,
    /// To embed texts.
    Embed,
}

/// Which body defaults an endpoint takes: those for generating text would be refused elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defaults {
    /// All of them.
    All,
    /// These.
    Only(&'static [&'static str]),
}

impl Defaults {
    /// Whether the endpoint takes a default for this key.
    pub fn take(self, key: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(keys) => keys.contains(&key),
        }
    }
}

/// The endpoints that call a model, each by a POST.
#[rustfmt::skip]
pub const CALLS: [(&str, CallDoor); 5] = [
    ("/v1/chat/completions", CallDoor { name: "chat_completions", protocol: ChatCompletions, work: Work::Generate, defaults: Defaults::All }),
    ("/v1/responses", CallDoor { name: "responses", protocol: Responses, work: Work::Generate, defaults: Defaults::All }),
    ("/v1/messages", CallDoor { name: "anthropic_messages", protocol: AnthropicMessages, work: Work::Generate, defaults: Defaults::All }),
    ("/v1/messages/count_tokens", CallDoor { name: "count_tokens", protocol: AnthropicMessages, work: Work::CountTokens, defaults: Defaults::Only(&[]) }),
    ("/v1/embeddings", CallDoor { name: "embeddings", protocol: ChatCompletions, work: Work::Embed, defaults: Defaults::Only(&["dimensions", "encoding_format"]) }),
];

const PROXY: &str = "/v1/proxy/";

/// What clients speak.
pub const CLIENTS: [Protocol; 3] = [ChatCompletions, Responses, AnthropicMessages];

/// The endpoint at which a client of this protocol has an answer generated; `None` for what no client speaks.
pub fn of_protocol(protocol: Protocol) -> Option<CallDoor> {
    let generates = |door: &&CallDoor| door.work == Work::Generate && door.protocol == protocol;
    CALLS.iter().map(|(_, door)| door).find(generates).copied()
}

/// Whether a path belongs to the data plane: it is under `/v1/`, or would be if an SDK's base URL were right.
pub fn is_data_plane(path: &str) -> bool {
    (path.starts_with("/v1/") && !is_providers_alias(path)) || lacks_version(path)
}

/// Whether only `/v1` is missing in front of an endpoint's path.
fn lacks_version(path: &str) -> bool {
    let with_version = |known: &str| known.strip_prefix("/v1") == Some(path);
    CALLS.iter().any(|(known, _)| with_version(known)) || with_version("/v1/models")
}

/// In whose shape errors go out, before anything else is known: by the path, then by the header that only Anthropic's
/// clients send.
pub fn dialect(path: &str, anthropic_version: Option<&str>) -> Dialect {
    if path.starts_with("/v1/messages") || path == "/messages" || anthropic_version.is_some() {
        Dialect::Anthropic
    } else {
        Dialect::OpenAi
    }
}

/// Finds the endpoint; 404 and 405 otherwise.
pub fn find<'a>(method: &str, path: &'a str) -> Result<Door<'a>, Refusal> {
    if let Some((provider, rest)) = path.strip_prefix(PROXY).and_then(|named| named.split_once('/')) {
        return Ok(Door::Proxy { provider, rest });
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    let (door, allow) = if let Some((_, call)) = CALLS.iter().find(|(pattern, _)| *pattern == path) {
        (Door::Call(*call), "POST, OPTIONS")
    } else if path == "/v1/models" {
        (Door::ListModels, "GET, HEAD, OPTIONS")
    } else if let Some(id) = path.strip_prefix("/v1/models/").filter(|id| !id.is_empty()) {
        (Door::GetModel(id), "GET, HEAD, OPTIONS")
    } else {
        let message = if lacks_version(path) {
            format!("there is no {path}, but /v1{path}: the client's base URL lacks /v1")
        } else if path.starts_with("/v1/v1/") {
            format!("there is no {path}: the client's base URL has one /v1 too many")
        } else {
            let known = CALLS.map(|(pattern, _)| pattern).join(", ");
            format!("there is no {path}; there are {known}, /v1/models and {PROXY}{{provider}}/{{path}}")
        };
        return Err(Refusal::new(Reason::NotFound, message));
    };
    if method == "OPTIONS" {
        return Ok(Door::Options(allow));
    }
    if allow.split(", ").any(|allowed| allowed == method) {
        return Ok(door);
    }
    let message = format!("{path} does not take {method}: it takes {allow}");
    Err(Refusal::new(Reason::MethodNotAllowed, message).with_header("allow", allow))
}

/// Refuses a compressed body: it is edited in place and goes on as it came.
pub fn check_encoding(content_encoding: Option<&str>) -> Result<(), Refusal> {
    match content_encoding.map(str::trim) {
        None | Some("" | "identity") => Ok(()),
        Some(encoding) => {
            let message = format!("send the body uncompressed, not with `content-encoding: {encoding}`");
            Err(Refusal::new(Reason::UnsupportedMediaType, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_has_its_door() {
        for (path, protocol) in [
            ("/v1/chat/completions", Protocol::ChatCompletions),
            ("/v1/responses", Protocol::Responses),
            ("/v1/messages/", Protocol::AnthropicMessages),
        ] {
            let Ok(Door::Call(door)) = find("POST", path) else { panic!("{path}") };
            assert_eq!(door.protocol, protocol);
        }
        assert_eq!(find("GET", "/v1/models/groq^meta-llama/llama-4"), Ok(Door::GetModel("groq^meta-llama/llama-4")));
    }

    #[test]
    fn a_wrong_method_and_a_wrong_path_say_what_is_right() {
        let refusal = find("GET", "/v1/chat/completions").expect_err("refused");
        assert_eq!(
            (refusal.reason, refusal.headers.as_slice()),
            (Reason::MethodNotAllowed, &[("allow", "POST, OPTIONS".into())][..])
        );
        assert_eq!(find("OPTIONS", "/v1/models"), Ok(Door::Options("GET, HEAD, OPTIONS")));
        assert_eq!(find("POST", "/v1/completions").expect_err("refused").reason, Reason::NotFound);
    }

    #[test]
    fn a_wrong_base_url_is_told_as_such() {
        for (path, word) in
            [("/chat/completions", "lacks /v1"), ("/models", "lacks /v1"), ("/v1/v1/messages", "too many")]
        {
            assert!(is_data_plane(path), "{path}");
            let refusal = find("POST", path).expect_err("refused");
            assert!(refusal.message.contains(word), "{}", refusal.message);
        }
        assert!(!is_data_plane("/") && !is_data_plane("/healthz"));
    }

    #[test]
    fn errors_take_anthropics_shape_for_its_path_and_for_its_clients() {
        assert_eq!(dialect("/v1/messages", None), Dialect::Anthropic);
        assert_eq!(dialect("/v1/models", Some("2023-06-01")), Dialect::Anthropic);
        assert_eq!(dialect("/v1/models", None), Dialect::OpenAi);
    }
}
