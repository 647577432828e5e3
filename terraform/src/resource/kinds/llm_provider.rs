//! A provider: an account at an upstream.

use super::{CREATED_AT, ID, ORGANIZATION_ID, as_given, check_organization};
use crate::diagnostics::{Diagnostics, Path};
use crate::resource::{Change, Resource, all_of, broken, broken_json};
use crate::schema::{Attribute, Type, computed, optional, required};
use crate::value::{Object, Value, at, to_api};
use serde_json::{Map, Value as Json};
use sluice::admin::schema::providers::PROVIDER as FIELDS;
use sluice::domain::advanced::Advanced;
use sluice::domain::base_url::{BaseUrl, PrivateUpstreams};
use sluice::domain::header_map::CustomHeaders;
use sluice::domain::invalid::Invalid;
use sluice::domain::kind::{AuthMethod, Kind, OpenAiApiMode};
use sluice::domain::name::Name;
use sluice::domain::protocol::Protocol;
use sluice::domain::provider::Settings;

const ATTRIBUTES: &[Attribute] = &[
    ID,
    ORGANIZATION_ID,
    required(
        "name",
        "name",
        Type::Text,
        "What selectors call it (`name^model`): 1 to 100 characters without `^`, unique in the organization whatever the case.",
    ),
    optional(
        "kind",
        "provider",
        Type::Text,
        "`openai`, `anthropic`, `google`, `xai`, `groq`, `ollama`, `azure`, `bedrock`, `gateway` or `custom`. A kind brings an \
         endpoint, protocols and an auth method, which the other attributes override. `custom`, which is meant without one, \
         takes `protocol` and `endpoint`.",
    )
    .default("\"custom\""),
    optional(
        "endpoint",
        "base_url",
        Type::Address,
        "Where the upstream's API begins, with or without its version, such as `https://api.openai.com/v1`. https and a public \
         host, unless the deployment sets `ALLOW_PRIVATE_UPSTREAMS`.",
    ),
    optional(
        "protocol",
        "protocol",
        Type::Text,
        "Pins one protocol: `responses`, `chat_completions`, `anthropic_messages`, `gemini` or `bedrock_converse`.",
    ),
    optional(
        "openai_api_mode",
        "openai_api_mode",
        Type::Text,
        "`auto`, `responses` or `chat_completions`, for kinds that speak OpenAI's dialects. It may not disagree with `protocol`.",
    ),
    optional(
        "auth_method",
        "auth_method",
        Type::Text,
        "How the credential becomes headers: `bearer`, `x_api_key`, `custom_headers`, `api_key` (Azure's), `x_goog_api_key`, \
         `aws_sigv4` or `none`. Without one it is the kind's.",
    ),
    optional(
        "token_secret_id",
        "secret_id",
        Type::Text,
        "The `sluice_secret` with the credential. Not together with `custom_headers`. For `auth_method` `custom_headers` it holds \
         the header map as JSON.",
    ),
    optional(
        "custom_headers",
        "custom_headers",
        Type::Map(&Type::Text),
        "The credential as headers, for `auth_method` `custom_headers`. `Host`, `Content-Length`, `Connection` and \
         `Transfer-Encoding` are Sluice's own. Kept as a secret's `value` is.",
    )
    .sealed("custom_headers_hash", "header_names"),
    computed("custom_headers_hash", "", Type::Text, "A salted hash of the headers that Terraform set last."),
    computed("header_names", "header_names", Type::List(&Type::Text), "The names in `custom_headers`.").follows(&[
        "custom_headers_hash",
        "token_secret_id",
        "auth_method",
    ]),
    optional(
        "advanced_json",
        "advanced_json",
        Type::Json,
        "JSON, by `jsonencode`: `timeout_ms`, `first_byte_timeout_ms`, `extra_headers`, `anthropic_version`, `anthropic_beta`, \
         `api_version`, `resource`, `deployments` and `region` steer Sluice; every other key is a default of the request's body.",
    ),
    optional("enabled", "enabled", Type::Truth, "A disabled provider is not called, and members do not see it.").default("true"),
    optional(
        "on_delete",
        "",
        Type::Text,
        "What becomes of models that Terraform does not know when the provider is deleted: `cascade` deletes them with it, with \
         users' own keys for it, `orphan` keeps them without a provider. Without it the deletion fails and names them. It must have \
         been applied before it counts.",
    ),
    CREATED_AT,
];

/// `sluice_llm_provider`.
pub static LLM_PROVIDER: Resource = Resource {
    name: "llm_provider",
    noun: "the provider",
    doc: "An LLM provider is an account at an upstream: where it is, what it speaks, and the credential that calls go out with.",
    attributes: ATTRIBUTES,
    fields: &FIELDS,
    collection: |_| "/api/v1/providers".into(),
    parent: None,
    check,
    settle: as_given,
    along,
    deletion: |state| {
        let query = match at(state, "on_delete").text() {
            Some("cascade") => "?models=cascade",
            Some("orphan") => "?models=orphan",
            _ => "?models=refuse",
        };
        let way_out = "The provider still has models that Terraform does not know, or users' own keys. Import the models, or \
                       delete them, or set on_delete to \"cascade\" (they go along) or \"orphan\" (the models stay without a \
                       provider), apply that, and delete the provider then.";
        (query, way_out)
    },
};

fn check(config: &Object, diagnostics: &mut Diagnostics) {
    let checks = [
        check_organization(config),
        broken(config, "name", |name| Name::parse_prefix("name", name)),
        broken(config, "endpoint", BaseUrl::parse),
        broken_json(config, "advanced_json", Advanced::parse),
        check_settings(config),
        check_headers(config),
    ];
    all_of(ATTRIBUTES, diagnostics, checks);
    check_credential(config, diagnostics);
    if let Some(word) = at(config, "on_delete").text()
        && !["cascade", "orphan"].contains(&word)
    {
        let detail =
            "on_delete must be \"cascade\" or \"orphan\"; without it a provider that has models is not deleted.";
        diagnostics.error(&Path::of("on_delete"), "A value breaks a rule", detail);
    }
}

/// What the settings say of each other, by Sluice's own rule. What is not known yet cannot be at fault.
fn check_settings(config: &Object) -> Result<(), Invalid> {
    let known = |name: &str| at(config, name).is_known();
    if !["kind", "protocol", "auth_method", "openai_api_mode", "advanced_json"].into_iter().all(known) {
        return Ok(());
    }
    let text = |name: &str| at(config, name).text();
    let base_url = match at(config, "endpoint") {
        Value::Null => None,
        Value::Text(text) => match BaseUrl::parse(text) {
            Ok(base_url) => Some(base_url),
            // That is told by itself.
            Err(_) => return Ok(()),
        },
        _ => BaseUrl::parse("https://not-known-yet.example").ok(),
    };
    let protocol = text("protocol").and_then(Protocol::parse);
    let kind = match text("kind") {
        Some(kind) => Kind::parse(kind).unwrap_or(Kind::Custom),
        None if protocol.is_some() && at(config, "endpoint").is_null() => {
            return Err(Invalid::new("base_url", "base_url goes with protocol where no kind brings one"));
        }
        None if protocol.is_none() => {
            let message = "protocol is required together with base_url, or a kind in their place";
            return Err(Invalid::new("protocol", message));
        }
        None => Kind::Custom,
    };
    let settings = Settings {
        kind,
        protocol,
        auth_method: text("auth_method").and_then(AuthMethod::parse),
        base_url,
        openai_api_mode: text("openai_api_mode").and_then(OpenAiApiMode::parse),
        advanced: text("advanced_json")
            .and_then(|text| serde_json::from_str(text).ok())
            .and_then(|json| Advanced::parse(json).ok()),
    };
    // Which addresses a deployment may call is for it to say.
    settings.resolve(PrivateUpstreams::Allowed).map(|_| ())
}

/// The headers, of which names are checked although a value may not be known yet.
fn check_headers(config: &Object) -> Result<(), Invalid> {
    let Value::Map(headers) = at(config, "custom_headers") else { return Ok(()) };
    CustomHeaders::new(headers.iter().map(|(name, value)| match value {
        Value::Unknown => (name, "not-known-yet"),
        value => (name, value.text().unwrap_or_default()),
    }))
    .map(|_| ())
}

/// A secret or headers, and which by the auth method.
fn check_credential(config: &Object, diagnostics: &mut Diagnostics) {
    let (secret, headers) = (at(config, "token_secret_id"), at(config, "custom_headers"));
    let mut refuse = |name: &str, detail: &str| {
        diagnostics.error(&Path::of(name), "The credential does not fit the auth method", detail);
    };
    if !secret.is_null() && !headers.is_null() {
        refuse("custom_headers", "A provider has one credential: give token_secret_id or custom_headers, not both.");
        return;
    }
    // A method that the kind brings is checked by `check_settings`; none of them is `custom_headers`.
    let method = match at(config, "auth_method") {
        Value::Unknown => return,
        method => method.text().unwrap_or_default(),
    };
    match method {
        "custom_headers" if secret.is_null() && headers.is_null() => refuse(
            "auth_method",
            "auth_method \"custom_headers\" takes custom_headers, or a token_secret_id whose value is the header map as JSON.",
        ),
        "custom_headers" => {}
        _ if !headers.is_null() => {
            refuse("custom_headers", "custom_headers goes with auth_method \"custom_headers\" only.")
        }
        "none" if !secret.is_null() => {
            refuse("token_secret_id", "auth_method \"none\" sends no credential: leave token_secret_id out.");
        }
        _ => {}
    }
}

/// Another method takes its credential in the same request, and so does another kind, which may bring another method.
fn along(body: &mut Map<String, Json>, change: Change<'_>) {
    let rebinds = body.contains_key("auth_method") || body.contains_key("provider");
    let (secret, headers) = (at(change.planned, "token_secret_id"), at(change.config, "custom_headers"));
    if rebinds && secret.is_given() {
        body.entry("secret_id").or_insert_with(|| to_api(Type::Text, secret));
    } else if rebinds && headers.is_given() {
        body.entry("custom_headers").or_insert_with(|| to_api(Type::Map(&Type::Text), headers));
    }
    // Headers take a link's place by themselves; said together they would be two credentials.
    if body.contains_key("custom_headers") {
        body.remove("secret_id");
    }
}
