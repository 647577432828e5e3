//! What the route table and the tables of fields cannot tell: which object a route takes and gives, what narrows it, and
//! what it refuses beyond what all routes of its kind refuse. A row a route.

use Method::{Delete, Get, Patch, Post, Put};
use serde_json::Value;
use sluice::access::route::Method;
use sluice::admin::schema::admin_panel::{FETCHED, MESSAGE, PANEL_MODELS, PANEL_PROVIDER, PANEL_PROVIDERS, TOGGLE};
use sluice::admin::schema::ai_providers::{AI_PROVIDER, IN_PROJECT as IN_PROJECT_001};
use sluice::admin::schema::audit::{AUDIT_ENTRY, OF_AUDIT_LOG};
use sluice::admin::schema::discovery::{AVAILABLE_MODEL, IMPORT, IMPORTED, TESTED};
use sluice::admin::schema::extensions::EXTENSION;
use sluice::admin::schema::health::HEALTH;
use sluice::admin::schema::me::ME;
use sluice::admin::schema::models::{MODEL, OF_SELECTABLE};
use sluice::admin::schema::own_keys::OWN_KEY;
use sluice::admin::schema::page::{IN_PROJECT, PAGE};
use sluice::admin::schema::projects::PROJECT;
use sluice::admin::schema::providers::{ON_DELETE, PROVIDER};
use sluice::admin::schema::requests::{OF_REQUESTS, REQUEST};
use sluice::admin::schema::resolve::{OF_RESOLVE, RESOLUTION};
use sluice::admin::schema::sealing_keys::{ON_ROTATE, ROTATION, SEALING_KEY};
use sluice::admin::schema::secrets::SECRET;
use sluice::admin::schema::tokens::TOKEN;
use sluice::admin::schema::usage::{OF_USAGE, TOTALS};
use sluice::admin::schema::users::USER;
use sluice::admin::schema::{CLOSED, Field, Object, Purpose, Rest, TEXT, field};
use sluice::refusal::Reason;

/// What a route answers with when all is well.
#[derive(Clone, Copy)]
pub enum Answer {
    /// 200: a row.
    One(&'static Object),
    /// 200: an object that is no row, and has a tag where it is read only.
    Plain(&'static Object),
    /// 200: a page of objects.
    Page(&'static Object),
    /// 200: the same, or a CSV file of all of them.
    PageOrCsv(&'static Object),
    /// 201: what was made.
    Made(&'static Object),
    /// 201 where it was not there before, else 200.
    Set(&'static Object),
    /// 204.
    Nothing,
    /// 200, and the same under 503 when something is amiss.
    Health(&'static Object),
    /// 200: all of them, in an array.
    Bare(&'static Object),
    /// 200: JSON of that schema.
    Json(fn() -> Value),
}

/// A route's body: its object, for what, and an example of it.
#[derive(Clone, Copy)]
pub struct Body {
    pub object: &'static Object,
    pub purpose: Purpose,
    pub example: &'static str,
    /// Whether the route is not served without one.
    pub required: bool,
}

/// A route as the document tells it.
#[derive(Clone, Copy)]
pub struct Described {
    pub method: Method,
    pub path: &'static str,
    /// Its `operationId`; empty where the operation has one route only and gives its own name.
    pub name: &'static str,
    /// What the operation's own sentence leaves out.
    pub more: &'static str,
    pub query: &'static [&'static [Field]],
    /// A query parameter that must be there.
    pub needs: &'static str,
    pub body: Option<Body>,
    pub answer: Answer,
    /// Beyond those that follow from the rest.
    pub reasons: &'static [&'static [Reason]],
}

/// Routes under one heading.
pub struct Group {
    pub tag: &'static str,
    pub doc: &'static str,
    pub routes: &'static [Described],
}

const fn route(method: Method, path: &'static str, answer: Answer) -> Described {
    Described { method, path, name: "", more: "", query: &[], needs: "", body: None, answer, reasons: &[] }
}

impl Described {
    const fn name(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    const fn more(self, more: &'static str) -> Self {
        Self { more, ..self }
    }

    const fn query(self, query: &'static [&'static [Field]]) -> Self {
        Self { query, ..self }
    }

    const fn needs(self, needs: &'static str) -> Self {
        Self { needs, ..self }
    }

    const fn creates(self, object: &'static Object, example: &'static str) -> Self {
        Self { body: Some(Body { object, purpose: Purpose::Create, example, required: true }), ..self }
    }

    const fn may_be_told(self, object: &'static Object, example: &'static str) -> Self {
        Self { body: Some(Body { object, purpose: Purpose::Create, example, required: false }), ..self }
    }

    const fn updates(self, object: &'static Object, example: &'static str) -> Self {
        Self { body: Some(Body { object, purpose: Purpose::Update, example, required: true }), ..self }
    }

    const fn refuses(self, reasons: &'static [&'static [Reason]]) -> Self {
        Self { reasons, ..self }
    }
}

/// What a module may be refused for.
const EXTENDS: &[Reason] = &[Reason::ExtensionInvalid, Reason::ExtensionsUnavailable];

/// What seals a value.
const SEALS: &[Reason] = &[Reason::SealingNotConfigured];

/// What opens one.
const OPENS: &[Reason] = &[Reason::SealingNotConfigured, Reason::SealingKeyMissing, Reason::SealBroken];

/// Own keys are a user's, which `ADMIN_TOKEN` and some tokens have none of.
const WITHOUT_USER: &[Reason] = &[Reason::ValidationFailed];

/// What asks an upstream what it can do.
const ASKS: &[Reason] = &[
    Reason::UpstreamAuthFailed,
    Reason::UpstreamRequestFailed,
    Reason::CredentialMissing,
    Reason::CredentialInvalid,
    Reason::AddressRefused,
    Reason::UpstreamError,
    Reason::UpstreamRedirect,
    Reason::UpstreamUnreachable,
    Reason::UpstreamMalformed,
    Reason::UpstreamTimeout,
];

/// A call's body, of any protocol.
static CALL: Object = Object {
    name: "Call",
    doc: "The body of a call, in the client's protocol.",
    fields: &[field("model", TEXT, "What the call asks for; absent, null or `auto`: whatever the conditions choose.")
        .or_null()],
    rest: Rest::Kept(&[]),
    ..CLOSED
};

/// What an explanation can find out.
const RESOLVES: &[Reason] = &[
    Reason::BadRequest,
    Reason::ProtocolMismatch,
    Reason::TranslationLoss,
    Reason::ModelForbidden,
    Reason::ProviderDisabled,
    Reason::ModelNotFound,
    Reason::ModelOrphaned,
    Reason::AddressRefused,
];

pub const GROUPS: &[Group] = &[
    Group {
        tag: "Deployment",
        doc: "The deployment itself.",
        routes: &[route(Get, "/healthz", Answer::Health(&HEALTH)), route(Get, "/openapi.json", Answer::Json(openapi))],
    },
    Group {
        tag: "Me",
        doc: "Who the presented token is, and its user's own keys at providers.",
        routes: &[
            route(Get, "/api/v1/me", Answer::Plain(&ME)),
            route(Get, "/api/v1/me/provider-keys", Answer::Page(&OWN_KEY)).query(&[PAGE]),
            route(Get, "/api/v1/me/provider-keys/{provider_id}", Answer::One(&OWN_KEY)).refuses(&[WITHOUT_USER]),
            route(Put, "/api/v1/me/provider-keys/{provider_id}", Answer::Set(&OWN_KEY))
                .creates(&OWN_KEY, r#"{"api_key": "sk-proj-0123456789abcdefghij"}"#)
                .refuses(&[SEALS]),
            route(Delete, "/api/v1/me/provider-keys/{provider_id}", Answer::Nothing).refuses(&[WITHOUT_USER]),
        ],
    },
    Group {
        tag: "Projects",
        doc: "Tenants: everything belongs to one.",
        routes: &[
            route(Get, "/api/v1/projects", Answer::Page(&PROJECT)).query(&[PAGE]),
            route(Post, "/api/v1/projects", Answer::Made(&PROJECT))
                .creates(&PROJECT, r#"{"name": "research"}"#)
                .refuses(&[&[Reason::ProjectNameConflict]]),
            route(Get, "/api/v1/projects/{project_id}", Answer::One(&PROJECT)),
            route(Patch, "/api/v1/projects/{project_id}", Answer::One(&PROJECT))
                .updates(&PROJECT, r#"{"name": "research and development"}"#)
                .refuses(&[&[Reason::ProjectNameConflict]]),
            route(Delete, "/api/v1/projects/{project_id}", Answer::Nothing).refuses(&[&[Reason::ProjectInUse]]),
        ],
    },
    Group {
        tag: "Providers",
        doc: "Accounts at upstreams. `/v1/llm-providers` is another spelling of `/api/v1/providers`.",
        routes: &[
            route(Get, "/api/v1/providers", Answer::Page(&PROVIDER)).query(&[PAGE, IN_PROJECT]),
            route(Post, "/api/v1/providers", Answer::Made(&PROVIDER))
                .query(&[IN_PROJECT])
                .creates(
                    &PROVIDER,
                    r#"{"name": "OpenAI production", "provider": "openai", "api_key": "sk-proj-0123456789abcdefghij"}"#,
                )
                .refuses(&[&[Reason::ProviderNameConflict], OPENS]),
            route(Get, "/api/v1/providers/{provider_id}", Answer::One(&PROVIDER)),
            route(Patch, "/api/v1/providers/{provider_id}", Answer::One(&PROVIDER))
                .updates(&PROVIDER, r#"{"advanced_json": {"timeout_ms": 60000}, "enabled": false}"#)
                .refuses(&[&[Reason::ProviderNameConflict], OPENS]),
            route(Delete, "/api/v1/providers/{provider_id}", Answer::Nothing)
                .query(&[ON_DELETE])
                .refuses(&[&[Reason::ProviderInUse]]),
        ],
    },
    Group {
        tag: "Models",
        doc: "Upstream models under providers, with routing and price.",
        routes: &[
            route(Get, "/api/v1/providers/{provider_id}/models", Answer::Page(&MODEL))
                .name("listModelsOfProvider")
                .query(&[PAGE]),
            route(Post, "/api/v1/providers/{provider_id}/models", Answer::Made(&MODEL))
                .creates(
                    &MODEL,
                    r#"{"model": "gpt-5-mini", "cost_per_1k_input": 0.00025, "cost_per_1k_output": 0.002}"#,
                )
                .refuses(&[&[Reason::ModelConflict]]),
            route(Get, "/api/v1/providers/{provider_id}/models/{model_id}", Answer::One(&MODEL)),
            route(Patch, "/api/v1/providers/{provider_id}/models/{model_id}", Answer::One(&MODEL))
                .updates(&MODEL, r#"{"priority": 10, "tags": ["cheap"]}"#)
                .refuses(&[&[Reason::ModelConflict, Reason::ModelOrphaned]]),
            route(Delete, "/api/v1/providers/{provider_id}/models/{model_id}", Answer::Nothing),
            route(Get, "/api/v1/providers/{provider_id}/available-models", Answer::Page(&AVAILABLE_MODEL))
                .more("All of them, in one page.")
                .refuses(&[ASKS, OPENS]),
            route(Post, "/api/v1/providers/{provider_id}/import-models", Answer::Plain(&IMPORTED))
                .more("What an operator wrote stays as it is, and nothing is deleted.")
                .may_be_told(&IMPORT, r#"{"models": ["gpt-5.4-mini"]}"#)
                .refuses(&[ASKS]),
            route(Post, "/api/v1/providers/{provider_id}/models/{model_id}/test", Answer::Plain(&TESTED))
                .more("The real way, 30 seconds at most. A call that fails is an answer, too: 200, `success` false.")
                .refuses(&[&[Reason::ModelForbidden, Reason::LimitsUnenforceable]]),
            route(Get, "/api/v1/models", Answer::Page(&MODEL))
                .name("listModels")
                .more("Every model of the project that a selector reaches.")
                .query(&[PAGE, IN_PROJECT, OF_SELECTABLE]),
            route(Get, "/api/v1/models/resolve", Answer::Plain(&RESOLUTION))
                .query(&[IN_PROJECT, OF_RESOLVE])
                .needs("model")
                .refuses(&[RESOLVES]),
            route(Post, "/api/v1/models/resolve", Answer::Plain(&RESOLUTION))
                .name("resolveCall")
                .more("The body is the call's own: what its conditions would see.")
                .query(&[IN_PROJECT, OF_RESOLVE.split_at(1).1])
                .creates(&CALL, r#"{"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}"#)
                .refuses(&[RESOLVES]),
        ],
    },
    Group {
        tag: "Secrets",
        doc: "Named sealed values that providers may point to.",
        routes: &[
            route(Get, "/api/v1/secrets", Answer::Page(&SECRET)).query(&[PAGE, IN_PROJECT]),
            route(Post, "/api/v1/secrets", Answer::Made(&SECRET))
                .query(&[IN_PROJECT])
                .creates(&SECRET, r#"{"name": "openai-prod", "value": "sk-proj-0123456789abcdefghij"}"#)
                .refuses(&[&[Reason::SecretNameConflict], SEALS]),
            route(Get, "/api/v1/secrets/{secret_id}", Answer::One(&SECRET)),
            route(Patch, "/api/v1/secrets/{secret_id}", Answer::One(&SECRET))
                .updates(&SECRET, r#"{"value": "sk-proj-0123456789klmnopqrst"}"#)
                .refuses(&[&[Reason::SecretNameConflict], SEALS]),
            route(Delete, "/api/v1/secrets/{secret_id}", Answer::Nothing).refuses(&[&[Reason::SecretInUse]]),
        ],
    },
    Group {
        tag: "Extensions",
        doc: "WebAssembly filters that calls go through.",
        routes: &[
            route(Get, "/api/v1/extensions", Answer::Page(&EXTENSION)).query(&[PAGE, IN_PROJECT]),
            route(Post, "/api/v1/extensions", Answer::Made(&EXTENSION))
                .query(&[IN_PROJECT])
                .more("The module comes up once, in an isolate of its own, and says what it is.")
                .creates(&EXTENSION, r#"{"name": "pii", "config": {"cards": true}, "module_base64": "AGFzbQEAAAA="}"#)
                .refuses(&[&[Reason::ExtensionNameConflict], EXTENDS]),
            route(Get, "/api/v1/extensions/{extension_id}", Answer::One(&EXTENSION)),
            route(Patch, "/api/v1/extensions/{extension_id}", Answer::One(&EXTENSION))
                .updates(&EXTENSION, r#"{"enabled": false}"#)
                .refuses(&[&[Reason::ExtensionNameConflict], EXTENDS]),
            route(Delete, "/api/v1/extensions/{extension_id}", Answer::Nothing),
        ],
    },
    Group {
        tag: "Users",
        doc: "People and services that own tokens and own provider keys.",
        routes: &[
            route(Get, "/api/v1/users", Answer::Page(&USER)).query(&[PAGE, IN_PROJECT]),
            route(Post, "/api/v1/users", Answer::Made(&USER))
                .query(&[IN_PROJECT])
                .creates(&USER, r#"{"name": "ada", "email": "ada@example.com"}"#)
                .refuses(&[&[Reason::UserNameConflict]]),
            route(Get, "/api/v1/users/{user_id}", Answer::One(&USER)),
            route(Patch, "/api/v1/users/{user_id}", Answer::One(&USER))
                .updates(&USER, r#"{"disabled": true}"#)
                .refuses(&[&[Reason::UserNameConflict]]),
            route(Delete, "/api/v1/users/{user_id}", Answer::Nothing),
        ],
    },
    Group {
        tag: "Tokens",
        doc: "What clients and operators present.",
        routes: &[
            route(Get, "/api/v1/tokens", Answer::Page(&TOKEN)).query(&[PAGE, IN_PROJECT]),
            route(Post, "/api/v1/tokens", Answer::Made(&TOKEN))
                .more("The answer shows the token itself, and nothing shows it again.")
                .query(&[IN_PROJECT])
                .creates(&TOKEN, r#"{"name": "ci", "role": "member", "allowed_models": ["OpenAI^gpt-5*"]}"#),
            route(Get, "/api/v1/tokens/{token_id}", Answer::One(&TOKEN)),
            route(Patch, "/api/v1/tokens/{token_id}", Answer::One(&TOKEN)).updates(&TOKEN, r#"{"disabled": true}"#),
            route(Delete, "/api/v1/tokens/{token_id}", Answer::Nothing),
        ],
    },
    Group {
        tag: "Usage",
        doc: "What was called, and what it cost.",
        routes: &[
            route(Get, "/api/v1/usage", Answer::PageOrCsv(&TOTALS))
                .query(&[PAGE, IN_PROJECT, OF_USAGE])
                .refuses(&[&[Reason::UsageElsewhere]]),
            route(Get, "/api/v1/requests", Answer::Page(&REQUEST))
                .more("No bodies; the newest call first.")
                .query(&[PAGE, IN_PROJECT, OF_REQUESTS])
                .refuses(&[&[Reason::UsageElsewhere]]),
            route(Get, "/api/v1/requests/{request_id}", Answer::One(&REQUEST)).refuses(&[&[Reason::UsageElsewhere]]),
        ],
    },
    Group {
        tag: "Document 001",
        doc: "Providers as document 001 has them: another door to the same ones.",
        routes: &[
            route(Get, "/api/v1/ai-providers", Answer::Bare(&AI_PROVIDER))
                .name("listAiProviders")
                .query(&[IN_PROJECT_001]),
            route(Post, "/api/v1/ai-providers", Answer::Made(&AI_PROVIDER))
                .name("createAiProvider")
                .creates(&AI_PROVIDER, r#"{"name": "OpenAI", "provider": "openai", "defaultModel": "gpt-5.4"}"#)
                .refuses(&[&[Reason::ProviderNameConflict], OPENS]),
            route(Get, "/api/v1/ai-providers/{provider_id}", Answer::One(&AI_PROVIDER)).name("getAiProvider"),
            route(Patch, "/api/v1/ai-providers/{provider_id}", Answer::One(&AI_PROVIDER))
                .name("updateAiProvider")
                .updates(&AI_PROVIDER, r#"{"defaultModel": "gpt-5.4-mini"}"#)
                .refuses(&[&[Reason::ProviderNameConflict], OPENS]),
            route(Delete, "/api/v1/ai-providers/{provider_id}", Answer::Nothing)
                .name("deleteAiProvider")
                .query(&[ON_DELETE])
                .refuses(&[&[Reason::ProviderInUse]]),
        ],
    },
    Group {
        tag: "Document 002",
        doc: "Providers as document 002 has them, for those who manage them and for those who use them.",
        routes: &[
            route(Get, "/api/admin/providers", Answer::Plain(&PANEL_PROVIDERS))
                .name("listPanelProviders")
                .query(&[IN_PROJECT]),
            route(Post, "/api/admin/providers", Answer::Made(&PANEL_PROVIDER))
                .name("createPanelProvider")
                .query(&[IN_PROJECT])
                .creates(
                    &PANEL_PROVIDER,
                    r#"{"name": "OpenAI", "type": "openai", "api_key": "sk-proj-0123456789abcdefghij"}"#,
                )
                .refuses(&[&[Reason::ProviderNameConflict], OPENS]),
            route(Get, "/api/admin/providers/{provider_id}", Answer::One(&PANEL_PROVIDER)).name("getPanelProvider"),
            route(Put, "/api/admin/providers/{provider_id}", Answer::One(&PANEL_PROVIDER))
                .name("updatePanelProvider")
                .more("Changes what it names, and keeps the rest.")
                .updates(&PANEL_PROVIDER, r#"{"name": "OpenAI, EU"}"#)
                .refuses(&[&[Reason::ProviderNameConflict], OPENS]),
            route(Put, "/api/admin/providers/{provider_id}/toggle", Answer::One(&PANEL_PROVIDER))
                .name("togglePanelProvider")
                .more("Switches it on or off.")
                .creates(&TOGGLE, r#"{"enabled": false}"#),
            route(Post, "/api/admin/providers/{provider_id}/fetch", Answer::Plain(&FETCHED))
                .name("fetchPanelModels")
                .refuses(&[ASKS]),
            route(Delete, "/api/admin/providers/{provider_id}", Answer::Plain(&MESSAGE))
                .name("deletePanelProvider")
                .query(&[ON_DELETE])
                .refuses(&[&[Reason::ProviderInUse]]),
            route(Get, "/api/providers", Answer::Plain(&PANEL_PROVIDERS))
                .name("listUsersProviders")
                .more("Those that are switched on.")
                .query(&[IN_PROJECT]),
            route(Get, "/api/models", Answer::Plain(&PANEL_MODELS))
                .name("listUsersModels")
                .more("Those that the caller may choose.")
                .query(&[IN_PROJECT]),
        ],
    },
    Group {
        tag: "Audit log",
        doc: "Who changed what.",
        routes: &[route(Get, "/api/v1/audit-log", Answer::Page(&AUDIT_ENTRY))
            .more("Names of fields, no values; the newest change first. `ADMIN_TOKEN` sees all projects without `project_id`.")
            .query(&[PAGE, IN_PROJECT, OF_AUDIT_LOG])],
    },
    Group {
        tag: "Sealing keys",
        doc: "The ring that seals credentials, `SEALING_KEYS`.",
        routes: &[
            route(Get, "/api/v1/sealing-keys", Answer::Page(&SEALING_KEY)).refuses(&[SEALS]),
            route(Post, "/api/v1/sealing-keys/rotate", Answer::Plain(&ROTATION)).query(&[ON_ROTATE]).refuses(&[OPENS]),
        ],
    },
];

fn openapi() -> Value {
    serde_json::json!({
        "type": "object",
        "description": "An OpenAPI 3.1 document: this one.",
        "properties": {"openapi": {"type": "string"}},
        "required": ["openapi"],
        "additionalProperties": true,
    })
}
