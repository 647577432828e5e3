//! A provider's settings, and what they come to.

use crate::domain::advanced::{Advanced, merge};
use crate::domain::base_url::{BaseUrl, PrivateUpstreams};
use crate::domain::invalid::Invalid;
use crate::domain::kind::{AuthMethod, Kind, OpenAiApiMode};
use crate::domain::protocol::Protocol;
use serde::Deserialize;

/// Where a provider's credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialSource {
    /// Nowhere yet: only users with their own key can call it.
    Unset,
    /// There is none, on purpose: no auth header is sent.
    Keyless,
    /// A key, sealed in the provider's row.
    Inline,
    /// A header map, sealed in the provider's row.
    Headers,
    /// In a linked secret.
    Secret,
}

impl CredentialSource {
    /// The name in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Keyless => "keyless",
            Self::Inline => "inline",
            Self::Headers => "headers",
            Self::Secret => "secret",
        }
    }

    /// The name that reads show: `none` is on purpose, nothing is not yet (SPEC section 2).
    pub const fn shown(self) -> Option<&'static str> {
        match self {
            Self::Unset => None,
            Self::Keyless => Some("none"),
            Self::Inline | Self::Headers | Self::Secret => Some(self.as_str()),
        }
    }

    /// Whether there is a credential to send.
    pub const fn is_configured(self) -> bool {
        matches!(self, Self::Inline | Self::Headers | Self::Secret)
    }
}

/// What an operator set; `None` leaves it to the kind.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The kind.
    pub kind: Kind,
    /// Pins one protocol.
    pub protocol: Option<Protocol>,
    /// Overrides the kind's method.
    pub auth_method: Option<AuthMethod>,
    /// Overrides the kind's address.
    pub base_url: Option<BaseUrl>,
    /// 000's way of pinning.
    pub openai_api_mode: Option<OpenAiApiMode>,
    /// Reserved keys and body defaults.
    pub advanced: Option<Advanced>,
}

/// What the settings come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Where it is.
    pub base_url: BaseUrl,
    /// What it speaks, preferred first.
    pub protocols: Vec<Protocol>,
    /// How its credential becomes headers.
    pub auth_method: AuthMethod,
}

impl Settings {
    /// Checks the settings against each other and fills in what the kind brings. The address is checked too: at write
    /// and again at each call, because rows outlive the deployment's variable.
    pub fn resolve(&self, private: PrivateUpstreams) -> Result<Resolved, Invalid> {
        let base_url = self.resolved_base_url()?;
        base_url.check_reach(private)?;
        Ok(Resolved { base_url, protocols: self.resolved_protocols()?, auth_method: self.resolved_auth_method()? })
    }

    /// The method in force.
    pub fn resolved_auth_method(&self) -> Result<AuthMethod, Invalid> {
        let method = self.auth_method.unwrap_or(self.kind.traits().auth_method);
        if self.kind.takes(method) {
            return Ok(method);
        }
        Err(Invalid::new(
            "auth_method",
            format!(
                "a provider of kind `{}` does not take auth_method `{}`: use `{}`, `custom_headers` or `none`, or \
                 register it as kind `custom`",
                self.kind.as_str(),
                method.as_str(),
                self.kind.traits().auth_method.as_str()
            ),
        ))
    }

    fn resolved_protocols(&self) -> Result<Vec<Protocol>, Invalid> {
        if let Some(mode) = self.openai_api_mode {
            if !self.kind.speaks_openai() {
                return Err(Invalid::new(
                    "openai_api_mode",
                    format!(
                        "openai_api_mode is for kinds that speak OpenAI's dialects; `{}` does not",
                        self.kind.as_str()
                    ),
                ));
            }
            if let Some(protocol) = self.protocol
                && mode.pins() != Some(protocol)
                && !(mode == OpenAiApiMode::Auto && is_openai(protocol))
            {
                return Err(Invalid::new(
                    "openai_api_mode",
                    format!(
                        "protocol `{}` and openai_api_mode `{}` disagree: both pin the protocol, give one of them",
                        protocol.as_str(),
                        mode.as_str()
                    ),
                ));
            }
        }
        let pinned = self.protocol.or(self.openai_api_mode.and_then(OpenAiApiMode::pins));
        Ok(pinned.map_or_else(|| self.kind.traits().protocols.to_vec(), |protocol| vec![protocol]))
    }

    /// A bare host gets the path that the vendor's API is under, where that is more than a version.
    fn with_path(&self, base_url: &BaseUrl) -> Result<BaseUrl, Invalid> {
        let known = self.kind.traits().base_url.and_then(|known| BaseUrl::parse(known).ok());
        match known {
            _ if !base_url.path().is_empty() => Ok(base_url.clone()),
            Some(known) if known.origin() == base_url.origin() => Ok(known),
            _ if self.kind == Kind::Azure => BaseUrl::parse(&format!("{}{AZURE_PATH}", base_url.as_str())),
            _ => Ok(base_url.clone()),
        }
    }

    fn resolved_base_url(&self) -> Result<BaseUrl, Invalid> {
        if let Some(base_url) = &self.base_url {
            return self.with_path(base_url);
        }
        let reserved = merge(self.advanced.as_ref(), None);
        let text = match (self.kind, self.kind.traits().base_url) {
            (_, Some(base_url)) => base_url.to_owned(),
            (Kind::Azure, None) => match reserved.resource {
                Some(resource) => format!("https://{resource}.openai.azure.com{AZURE_PATH}"),
                None => {
                    return Err(Invalid::new(
                        "base_url",
                        "a provider of kind `azure` needs base_url, or advanced_json.resource with the resource's name",
                    ));
                }
            },
            (Kind::Bedrock, None) => {
                format!("https://bedrock-runtime.{}.amazonaws.com", reserved.region())
            }
            (kind, None) => {
                return Err(Invalid::new("base_url", format!("a provider of kind `{}` needs base_url", kind.as_str())));
            }
        };
        BaseUrl::parse(&text)
    }
}

/// Where Azure serves OpenAI's dialects; its console shows the host only.
const AZURE_PATH: &str = "/openai/v1";

const fn is_openai(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::ChatCompletions | Protocol::Responses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn settings(kind: Kind) -> Settings {
        Settings { kind, protocol: None, auth_method: None, base_url: None, openai_api_mode: None, advanced: None }
    }

    fn resolve(settings: &Settings) -> Result<Resolved, String> {
        settings.resolve(PrivateUpstreams::Allowed).map_err(|invalid| invalid.param)
    }

    #[test]
    fn a_kind_brings_its_address_protocols_and_auth_method() {
        let anthropic = resolve(&settings(Kind::Anthropic)).expect("resolved");
        assert_eq!(anthropic.base_url.as_str(), "https://api.anthropic.com");
        assert_eq!(anthropic.protocols, [Protocol::AnthropicMessages]);
        assert_eq!(anthropic.auth_method, AuthMethod::XApiKey);
    }

    #[test]
    fn every_known_address_is_valid_and_the_others_are_asked_for() {
        for kind in Kind::ALL {
            let asked = matches!(kind, Kind::Azure | Kind::Gateway | Kind::Custom);
            assert_eq!(resolve(&settings(kind)).is_err(), asked, "{kind:?}");
        }
    }

    #[test]
    fn azure_finds_its_address_by_the_resources_name() {
        let advanced = Advanced::parse(json!({"resource": "acme-east"})).ok();
        let azure = resolve(&Settings { advanced, ..settings(Kind::Azure) }).expect("resolved");
        assert_eq!(azure.base_url.as_str(), "https://acme-east.openai.azure.com/openai/v1");
    }

    #[test]
    fn a_bare_host_gets_the_path_that_the_vendors_api_is_under() {
        let at = |kind, base_url: &str| {
            resolve(&Settings { base_url: BaseUrl::parse(base_url).ok(), ..settings(kind) }).expect("resolved").base_url
        };
        for (kind, base_url, expected) in [
            (Kind::Azure, "https://r.openai.azure.com/", "https://r.openai.azure.com/openai/v1"),
            (Kind::Azure, "https://r.openai.azure.com/openai", "https://r.openai.azure.com/openai"),
            (Kind::Groq, "https://api.groq.com", "https://api.groq.com/openai/v1"),
            (Kind::Groq, "https://groq.example.com", "https://groq.example.com"),
            (Kind::OpenAi, "https://api.openai.com", "https://api.openai.com/v1"),
            (Kind::Anthropic, "https://api.anthropic.com/v1", "https://api.anthropic.com/v1"),
        ] {
            assert_eq!(at(kind, base_url).as_str(), expected);
        }
    }

    #[test]
    fn a_mode_pins_the_protocol_and_may_not_disagree_with_it() {
        let with =
            |protocol, openai_api_mode| resolve(&Settings { protocol, openai_api_mode, ..settings(Kind::OpenAi) });
        let pinned = with(None, Some(OpenAiApiMode::ChatCompletions)).expect("resolved");
        assert_eq!(pinned.protocols, [Protocol::ChatCompletions]);
        assert!(with(Some(Protocol::Responses), Some(OpenAiApiMode::Responses)).is_ok());
        assert!(with(Some(Protocol::Responses), Some(OpenAiApiMode::Auto)).is_ok());
        assert_eq!(
            with(Some(Protocol::Responses), Some(OpenAiApiMode::ChatCompletions)).expect_err("refused"),
            "openai_api_mode"
        );
        let anthropic = Settings { openai_api_mode: Some(OpenAiApiMode::Auto), ..settings(Kind::Anthropic) };
        assert_eq!(resolve(&anthropic).expect_err("refused"), "openai_api_mode");
    }

    #[test]
    fn an_address_is_checked_whoever_brought_it() {
        let ollama = settings(Kind::Ollama);
        assert_eq!(ollama.resolve(PrivateUpstreams::Refused).expect_err("private").param, "base_url");
        assert!(ollama.resolve(PrivateUpstreams::Allowed).is_ok());
    }

    #[test]
    fn a_vendors_own_method_is_for_that_vendor() {
        let with = |kind, method| {
            resolve(&Settings {
                auth_method: Some(method),
                base_url: BaseUrl::parse("https://llm.example.com").ok(),
                ..settings(kind)
            })
        };
        assert!(with(Kind::OpenAi, AuthMethod::AwsSigv4).is_err());
        assert!(with(Kind::Anthropic, AuthMethod::ApiKey).is_err());
        assert!(with(Kind::Custom, AuthMethod::ApiKey).is_ok());
        assert!(with(Kind::Groq, AuthMethod::CustomHeaders).is_ok());
    }
}
