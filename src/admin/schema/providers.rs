//! Providers.

use super::models::MODEL;
use super::*;
use crate::domain::advanced::REFUSED;
use crate::domain::base_url::MAX_BASE_URL_BYTES;
use crate::domain::header_map::{MAX_HEADER_BYTES, MAX_HEADERS};
use crate::domain::kind::{AuthMethod, Kind, OpenAiApiMode};
use crate::domain::protocol::Protocol;

const PROTOCOL: Type = Type::Word(|| Protocol::ALL.map(Protocol::as_str).into());
const AUTH_METHOD: Type = Type::Word(|| AuthMethod::ALL.map(AuthMethod::as_str).into());

/// Bytes of one header's value, and of a key.
const CREDENTIAL: Type = text(0, MAX_HEADER_BYTES as u32);

/// What `custom_headers` and `extra_headers` map.
const HEADER: Type = text(1, MAX_HEADER_BYTES as u32);

/// A name that selectors begin with.
pub const PREFIX: Type = NAME.pattern(r"^[^\x00-\x1f\x7f-\x9f^]*[^\s\x00-\x1f\x7f-\x9f^][^\x00-\x1f\x7f-\x9f^]*$");

/// What an upstream's address may be.
pub const ADDRESS: Type = text(8, MAX_BASE_URL_BYTES as u32).format("uri");

/// The kinds.
pub const KIND: Type = Type::Word(|| Kind::ALL.map(Kind::as_str).into());

/// A provider, and the bodies that make and change one.
pub static PROVIDER: Object = Object {
    name: "Provider",
    doc: "An account at an upstream: where it is, what it speaks, and the credential that its calls go out with.",
    fields: &[
        id("aip_"),
        PROJECT_ID,
        field(
            "name",
            PREFIX,
            "What selectors call it (`name^model`). Trimmed, unique in its project whatever the case.",
        )
        .required()
        .example(r#""OpenAI production""#),
        field(
            "provider",
            KIND,
            "The kind. It brings a base URL, protocols and an auth method, which the other fields override. Without \
             one, `protocol` and `base_url` are required and the kind is `custom`.",
        )
        .example(r#""openai""#),
        field(
            "protocol",
            PROTOCOL,
            "Pins one protocol; null leaves it to the kind. It may not disagree with `openai_api_mode`.",
        )
        .or_null(),
        field(
            "auth_method",
            AUTH_METHOD,
            "How the credential becomes headers; null leaves it to the kind. Changing it takes the new credential in \
             the same request.",
        )
        .or_null(),
        field(
            "base_url",
            ADDRESS,
            "Where the upstream's API begins, with or without its version; null leaves it to the kind. https and a \
             public host, unless the deployment sets `ALLOW_PRIVATE_UPSTREAMS`; no user name, query or fragment.",
        )
        .or_null()
        .example(r#""https://api.openai.com/v1""#),
        field(
            "openai_api_mode",
            Type::Word(|| OpenAiApiMode::ALL.map(OpenAiApiMode::as_str).into()),
            "Which of OpenAI's dialects it is called in, for the kinds that speak them. `auto` keeps the client's own \
             where the upstream has it.",
        )
        .or_null(),
        field(
            "api_key",
            CREDENTIAL,
            "The credential itself (AWS's as JSON), sealed and never shown again. `\"\"` is keyless on purpose: no auth \
             header is sent. At most one of `api_key`, `secret_id` and `custom_headers`.",
        )
        .write_only()
        .example(r#""sk-proj-0123456789abcdefghij""#),
        field(
            "secret_id",
            Type::Id("sec_"),
            "The secret that holds the credential. Null unlinks it, and the provider then has none. Shown to those who \
             manage the provider.",
        )
        .or_null(),
        field(
            "custom_headers",
            Type::Map { of: &HEADER, least: 1, most: MAX_HEADERS as u32 },
            "The credential as headers, for `auth_method` `custom_headers`: names and values, sealed and never shown \
             again.",
        )
        .write_only()
        .example(r#"{"X-Team-Key": "k-0123456789abcdef"}"#),
        field(
            "advanced_json",
            Type::Object(&ADVANCED),
            "What steers calls beyond the fields here. Shown to those who manage the provider.",
        )
        .or_null()
        .example(r#"{"timeout_ms": 60000, "temperature": 0.2}"#),
        field(
            "default_model",
            text(1, 200),
            "The upstream's name of the model that the provider's name alone means. It must be registered; null leaves \
             the choice to Sluice.",
        )
        .or_null(),
        field("enabled", Type::Truth, "A disabled provider is not called, and members do not see it.").default("true"),
        read("credential", Type::Object(&PROVIDER_CREDENTIAL), "Where its credential comes from."),
        read("header_names", TEXTS, "The names in `custom_headers`. Shown to those who manage the provider."),
        read(
            "resolved",
            Type::Object(&RESOLVED),
            "What its settings come to. Null where the deployment no longer allows its address.",
        )
        .or_null(),
        read("model_count", COUNT, "How many models it has that the caller may see."),
        read("models", list(&Type::Object(&MODEL)), "Those models."),
        CREATED_AT,
        UPDATED_AT,
    ],
    either: &[&["provider"], &["protocol", "base_url"]],
    ..CLOSED
};

/// `credential`.
pub static PROVIDER_CREDENTIAL: Object = Object {
    name: "ProviderCredential",
    doc: "Where a provider's credential comes from, without the credential.",
    fields: &[
        read("configured", Type::Truth, "Whether there is a credential to send."),
        read(
            "source",
            Type::Word(|| vec!["inline", "secret", "headers", "none"]),
            "`none` is keyless on purpose; null is none yet, or not for this caller to see.",
        )
        .or_null(),
        read("hint", TEXT, "The last four characters of a key of 20 or more.").or_null(),
    ],
    ..CLOSED
};

/// `resolved`.
pub static RESOLVED: Object = Object {
    name: "ResolvedProvider",
    doc: "What a provider's settings come to, the kind's defaults filled in.",
    fields: &[
        read("base_url", TEXT, "Where it is called."),
        read("protocols", list(&PROTOCOL), "What it is spoken to in, the preferred one first."),
        read("auth_method", AUTH_METHOD, "How its credential becomes headers."),
    ],
    ..CLOSED
};

/// A DNS label, such as Azure's resource or a region.
const LABEL: Type = text(1, 63).pattern("^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$");

/// A version, a beta or a deployment.
const WORD: Type = text(1, 63).pattern("^[A-Za-z0-9_.-]+$");

const MILLISECONDS: Type = Type::Whole(1, 3_600_000);

/// `advanced_json`, of providers and models.
pub static ADVANCED: Object = Object {
    name: "Advanced",
    doc: "Reserved keys steer Sluice. Every other key is a default for the upstream's request body, filled in where the \
          client set nothing; those that come from each call are refused. A model's value of a key takes the place of \
          the provider's, and its null removes it. At most 16 KiB of JSON.",
    fields: &[
        field(
            "extra_headers",
            Type::Map { of: &HEADER, least: 0, most: MAX_HEADERS as u32 },
            "Headers for every call; none that frames the message or carries a credential.",
        )
        .sometimes()
        .or_null(),
        field(
            "anthropic_version",
            text(10, 10).pattern("^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"),
            "`anthropic-version`, where the client sends none.",
        )
        .sometimes()
        .or_null()
        .example(r#""2023-06-01""#),
        field(
            "anthropic_beta",
            Type::Either(&[
                text(1, UNBOUNDED).pattern(r"^\s*[A-Za-z0-9_.-]{1,63}\s*(,\s*[A-Za-z0-9_.-]{1,63}\s*)*$"),
                Type::List { of: &WORD, least: 1, most: UNBOUNDED },
            ]),
            "`anthropic-beta`: names, separated by commas or in a list.",
        )
        .sometimes()
        .or_null(),
        field("api_version", WORD, "Azure's `api-version`.").sometimes().or_null().example(r#""2024-10-21""#),
        field("resource", LABEL, "Azure's resource: the first label of its host.").sometimes().or_null(),
        field(
            "deployments",
            Type::Map { of: &WORD, least: 0, most: UNBOUNDED },
            "Azure's deployment for each model's name.",
        )
        .sometimes()
        .or_null(),
        field("region", LABEL, "Bedrock's region.").sometimes().or_null().example(r#""eu-west-1""#),
        field("timeout_ms", MILLISECONDS, "Milliseconds for the whole call.").sometimes().or_null(),
        field("first_byte_timeout_ms", MILLISECONDS, "Milliseconds until the upstream's first byte.")
            .sometimes()
            .or_null(),
    ],
    rest: Rest::Kept(&REFUSED),
    ..CLOSED
};

/// Query parameters of DELETE.
pub const ON_DELETE: &[Field] = &[field(
    "models",
    Type::Word(|| vec!["cascade", "orphan", "refuse"]),
    "What becomes of its models: they go along, they stay without a provider, or the provider stays while it has any.",
)
.default(r#""cascade""#)];
