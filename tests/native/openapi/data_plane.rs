//! The data plane: its bodies and answers are their vendors', who describe them in full. Here stand the fields that Sluice
//! itself looks at, or that nobody does without.

use serde_json::{Map, Value, json};
use sluice::gateway::door::{CALLS, CallDoor};
use sluice::refusal::{Dialect, Reason};
use std::collections::BTreeMap;

const OPENAI: &str = "OpenAI's API";
const ANTHROPIC: &str = "Anthropic's API";
const PROXY: &str = "Pass-through";

pub fn tags() -> Vec<Value> {
    let tag = |name: &str, doc: &str, url: &str| json!({"name": name, "description": doc, "externalDocs": {"description": "The vendor's own reference.", "url": url}});
    vec![
        json!({"name": "Document 000", "description": "The providers' paths as document 000 spells them: the same handlers."}),
        tag(OPENAI, "Calls of models as OpenAI's clients make them.", "https://platform.openai.com/docs/api-reference"),
        tag(
            ANTHROPIC,
            "Calls of models as Anthropic's clients make them.",
            "https://docs.anthropic.com/en/api/overview",
        ),
        json!({"name": PROXY, "description": "Whatever else a provider has, with its credential in place of the client's."}),
    ]
}

/// An endpoint that calls a model, as its vendor documents it.
struct Vendor {
    id: &'static str,
    summary: &'static str,
    url: &'static str,
    request: &'static str,
    example: fn() -> Value,
    /// What a whole answer says that it is, for reading.
    answer: &'static str,
    streams: bool,
}

fn vendor(door: &CallDoor) -> Vendor {
    let reference = "https://platform.openai.com/docs/api-reference";
    match door.name {
        "chat_completions" => Vendor {
            id: "createChatCompletion",
            summary: "Chat with a model",
            url: "https://platform.openai.com/docs/api-reference/chat/create",
            request: "ChatCompletionRequest",
            example: || json!({"model": "OpenAI^gpt-5-mini", "messages": [{"role": "user", "content": "Hello"}]}),
            answer: "A chat completion; with `stream`, chunks of one.",
            streams: true,
        },
        "responses" => Vendor {
            id: "createResponse",
            summary: "Have a model respond",
            url: "https://platform.openai.com/docs/api-reference/responses/create",
            request: "ResponsesRequest",
            example: || json!({"model": "OpenAI^gpt-5-mini", "input": "Hello"}),
            answer: "A response; with `stream`, its events.",
            streams: true,
        },
        "anthropic_messages" => Vendor {
            id: "createMessage",
            summary: "Have a model write a message",
            url: "https://docs.anthropic.com/en/api/messages",
            request: "MessagesRequest",
            example: || {
                json!({"model": "Anthropic^claude-haiku-4-5", "max_tokens": 1024,
                    "messages": [{"role": "user", "content": "Hello"}]})
            },
            answer: "A message; with `stream`, its events.",
            streams: true,
        },
        "count_tokens" => Vendor {
            id: "countTokens",
            summary: "Count the tokens of a message",
            url: "https://docs.anthropic.com/en/api/messages-count-tokens",
            request: "CountTokensRequest",
            example: || json!({"model": "Anthropic^claude-haiku-4-5", "messages": [{"role": "user", "content": "Hello"}]}),
            answer: "How many input tokens the message has.",
            streams: false,
        },
        "embeddings" => Vendor {
            id: "createEmbedding",
            summary: "Embed texts",
            url: "https://platform.openai.com/docs/api-reference/embeddings/create",
            request: "EmbeddingsRequest",
            example: || json!({"model": "OpenAI^text-embedding-3-small", "input": "Hello"}),
            answer: "The texts' embeddings.",
            streams: false,
        },
        other => panic!("the endpoint {other} at {reference} is not described"),
    }
}

pub fn paths() -> Vec<(String, Value)> {
    let mut paths: Vec<(String, Value)> =
        CALLS.iter().map(|(path, door)| ((*path).to_owned(), json!({"post": call(door)}))).collect();
    paths.push(("/v1/models".into(), json!({"get": list()})));
    paths.push(("/v1/models/{id}".into(), json!({"get": get()})));
    let methods = ["get", "post", "put", "patch", "delete"];
    let proxied: Map<String, Value> = methods.iter().map(|method| ((*method).to_owned(), proxy(method))).collect();
    paths.push(("/v1/proxy/{provider_name}/{path}".into(), proxied.into()));
    paths
}

/// Who calls: in either header.
fn security() -> Value {
    json!([{"bearer": []}, {"x-api-key": []}])
}

fn header(name: &str) -> Value {
    json!({"$ref": format!("#/components/headers/{name}")})
}

/// The headers of an answer that an upstream gave.
fn served_by() -> Value {
    json!({
        "x-request-id": header("RequestId"),
        "x-sluice-provider": header("Provider"),
        "x-sluice-model": header("Model"),
        "x-sluice-attempts": header("Attempts"),
        "x-sluice-dropped": header("Dropped"),
    })
}

fn project_header() -> Value {
    json!({
        "name": "x-sluice-project", "in": "header",
        "description": "The project that `ADMIN_TOKEN` calls for, by id or name; `default` without it. Other tokens have theirs.",
        "schema": {"type": "string"},
    })
}

fn tags_header() -> Value {
    json!({
        "name": "x-sluice-tags", "in": "header",
        "description": "Words that conditions (`when`) may ask for, separated by commas. No upstream sees them.",
        "schema": {"type": "string", "examples": ["batch,nightly"]},
    })
}

fn call(door: &CallDoor) -> Value {
    let told = vendor(door);
    let dialect = Dialect::from(door.protocol);
    let mut content = json!({"application/json": {"schema": {"type": "object", "additionalProperties": true}}});
    if told.streams {
        content["text/event-stream"] = json!({"schema": {"type": "string"}});
    }
    let mut responses = Map::new();
    responses.insert("200".into(), json!({"description": told.answer, "headers": served_by(), "content": content}));
    responses.extend(refusals(dialect, CALL_REASONS));
    responses.extend(relayed(dialect));
    json!({
        "operationId": told.id,
        "tags": [if dialect == Dialect::Anthropic { ANTHROPIC } else { OPENAI }],
        "summary": told.summary,
        "description": "`model` is a selector (`provider^model`), a public name, an upstream's name, a provider's name, or \
            nothing: the project's conditions and defaults then decide. Takes the action `llm:Invoke`.",
        "externalDocs": {"description": "The vendor's own reference.", "url": told.url},
        "security": security(),
        "parameters": [project_header(), tags_header()],
        "requestBody": {"required": true, "content": {"application/json": {
            "schema": {"$ref": format!("#/components/schemas/{}", told.request)},
            "examples": {"usual": {"value": (told.example)()}},
        }}},
        "responses": responses,
    })
}

/// What every request of the data plane can meet.
const DOOR_REASONS: &[Reason] = &[
    Reason::Unauthenticated,
    Reason::Forbidden,
    Reason::NotFound,
    Reason::AdminNotConfigured,
    Reason::DeploymentInvalid,
    Reason::DatabaseAway,
];

/// What a call of a model can meet, the upstream's own words aside.
const CALL_REASONS: &[Reason] = &[
    Reason::MalformedJson,
    Reason::BadRequest,
    Reason::ProtocolMismatch,
    Reason::TranslationLoss,
    Reason::Unauthenticated,
    Reason::Forbidden,
    Reason::ModelForbidden,
    Reason::LimitsUnenforceable,
    Reason::ProviderDisabled,
    Reason::NotFound,
    Reason::ModelNotFound,
    Reason::ModelOrphaned,
    Reason::TooLarge,
    Reason::UnsupportedMediaType,
    Reason::RequestsPerMinute,
    Reason::TokensPerMinute,
    Reason::BudgetExhausted,
    Reason::CredentialMissing,
    Reason::CredentialInvalid,
    Reason::AddressRefused,
    Reason::UpstreamUnreachable,
    Reason::UpstreamMalformed,
    Reason::UpstreamRedirect,
    Reason::UpstreamTruncated,
    Reason::UpstreamError,
    Reason::AdminNotConfigured,
    Reason::SealingNotConfigured,
    Reason::SealingKeyMissing,
    Reason::SealBroken,
    Reason::DeploymentInvalid,
    Reason::LimitsUnavailable,
    Reason::DatabaseAway,
    Reason::UpstreamTimeout,
];

const PROXY_REASONS: &[Reason] = &[
    Reason::Unauthenticated,
    Reason::ModelForbidden,
    Reason::LimitsUnenforceable,
    Reason::ProviderDisabled,
    Reason::NotFound,
    Reason::RequestsPerMinute,
    Reason::CredentialMissing,
    Reason::CredentialInvalid,
    Reason::AddressRefused,
    Reason::UpstreamUnreachable,
    Reason::AdminNotConfigured,
    Reason::SealingNotConfigured,
    Reason::SealingKeyMissing,
    Reason::SealBroken,
    Reason::DeploymentInvalid,
    Reason::LimitsUnavailable,
    Reason::DatabaseAway,
    Reason::UpstreamTimeout,
];

fn refusals(dialect: Dialect, reasons: &[Reason]) -> Map<String, Value> {
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for reason in reasons {
        by_status.entry(reason.status()).or_default().push(reason.doc());
    }
    by_status.into_iter().map(|(status, docs)| (status.to_string(), refusal(dialect, &docs.join(" ")))).collect()
}

/// An upstream's own error: its status, and its words in the client's shape.
fn relayed(dialect: Dialect) -> Map<String, Value> {
    let told = |status: &str| (status.to_owned(), refusal(dialect, "The upstream's own status, and its own words."));
    [told("4XX"), told("5XX")].into_iter().collect()
}

fn refusal(dialect: Dialect, doc: &str) -> Value {
    let schema = match dialect {
        Dialect::Anthropic => "AnthropicError",
        _ => "OpenAiError",
    };
    json!({
        "description": doc,
        "headers": {"x-request-id": header("RequestId")},
        "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{schema}")}}},
    })
}

/// Refusals whose shape depends on who asks.
fn either_refusals(reasons: &[Reason]) -> Map<String, Value> {
    let mut refusals = refusals(Dialect::OpenAi, reasons);
    for refusal in refusals.values_mut() {
        refusal["content"]["application/json"]["schema"] = either("OpenAiError", "AnthropicError");
    }
    refusals
}

fn either(one: &str, other: &str) -> Value {
    let shapes = [one, other].map(|name| json!({"$ref": format!("#/components/schemas/{name}")}));
    json!({ "anyOf": shapes })
}

fn anthropic_version() -> Value {
    json!({
        "name": "anthropic-version", "in": "header",
        "description": "What Anthropic's clients send: with it, the answer has Anthropic's shape.",
        "schema": {"type": "string", "examples": ["2023-06-01"]},
    })
}

fn list() -> Value {
    let parameter = |name: &str, doc: &str, schema: Value| json!({"name": name, "in": "query", "description": doc, "schema": schema});
    let mut responses = Map::new();
    responses.insert(
        "200".into(),
        json!({
            "description": "The selectors and public names that this token may call.",
            "headers": {"x-request-id": header("RequestId")},
            "content": {"application/json": {"schema": either("OpenAiModelList", "AnthropicModelList")}},
        }),
    );
    let reasons = [DOOR_REASONS, &[Reason::BadRequest]].concat();
    responses.extend(either_refusals(&reasons));
    json!({
        "operationId": "listCallableModels",
        "tags": [OPENAI],
        "summary": "List the models that this token may call",
        "description": "In OpenAI's shape, or in Anthropic's pages where `anthropic-version` is sent.",
        "security": security(),
        "parameters": [
            anthropic_version(),
            project_header(),
            parameter("limit", "Anthropic's pages: how many.", json!({"type": "integer", "minimum": 1, "maximum": 1000, "default": 20})),
            parameter("after_id", "Anthropic's pages: those after this id.", json!({"type": "string"})),
            parameter("before_id", "Anthropic's pages: those before this id.", json!({"type": "string"})),
        ],
        "responses": responses,
    })
}

fn get() -> Value {
    let mut responses = Map::new();
    responses.insert(
        "200".into(),
        json!({
            "description": "The model, by one of the names that the list shows.",
            "headers": {"x-request-id": header("RequestId")},
            "content": {"application/json": {"schema": either("OpenAiModel", "AnthropicModel")}},
        }),
    );
    responses.extend(either_refusals(&[DOOR_REASONS, &[Reason::ModelNotFound]].concat()));
    json!({
        "operationId": "getCallableModel",
        "tags": [OPENAI],
        "summary": "Read a model that this token may call",
        "description": "In OpenAI's shape, or in Anthropic's where `anthropic-version` is sent.",
        "security": security(),
        "parameters": [
            {"name": "id", "in": "path", "required": true,
                "description": "A selector or a public name; slashes may stand in it as they are.",
                "schema": {"type": "string", "minLength": 1, "examples": ["OpenAI^gpt-5-mini"]}},
            anthropic_version(),
            project_header(),
        ],
        "responses": responses,
    })
}

fn proxy(method: &str) -> Value {
    let mut responses = Map::new();
    let any = json!({"*/*": {"schema": {}}});
    for status in ["2XX", "3XX"] {
        responses.insert(
            status.into(),
            json!({"description": "What the provider answered.", "headers": {
                "x-request-id": header("RequestId"),
                "x-sluice-provider": header("Provider"),
                "x-sluice-attempts": header("Attempts"),
            }, "content": any}),
        );
    }
    responses.extend(either_refusals(PROXY_REASONS));
    for (status, mut refusal) in relayed(Dialect::OpenAi) {
        refusal["content"] = any.clone();
        responses.insert(status, refusal);
    }
    let mut operation = json!({
        "operationId": format!("{method}ByProxy"),
        "tags": [PROXY],
        "summary": format!("Send a raw {} to a provider", method.to_uppercase()),
        "description": "The bytes go to this path under the provider's base URL, and its answer's come back as they are: \
            images, audio, files, batches. Takes the action `llm:Invoke` on every model of the provider.",
        "security": security(),
        "parameters": [
            {"name": "provider_name", "in": "path", "required": true, "description": "The provider's name.",
                "schema": {"type": "string", "minLength": 1, "examples": ["OpenAI production"]}},
            {"name": "path", "in": "path", "required": true,
                "description": "The path at the provider; slashes stand in it as they are.",
                "schema": {"type": "string", "examples": ["audio/speech"]}},
            project_header(),
        ],
        "responses": responses,
    });
    if ["post", "put", "patch"].contains(&method) {
        operation["requestBody"] = json!({"content": any});
    }
    operation
}
