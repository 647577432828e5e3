//! The closed list of reasons: metrics, the request log and clients' programs go by these codes.

/// Who has to act on a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The caller sent something that cannot be served.
    Client,
    /// The upstream failed.
    Upstream,
    /// Sluice or its deployment failed.
    Ours,
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident = $status:literal $code:literal $fault:ident;)+) => {
        /// Why a request was refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Reason {
            /// All of them, for the documentation and the tests.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The code that programs read.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The HTTP status.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }

            /// What it means, in a sentence, for `/openapi.json`.
            pub const fn doc(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }

            /// Who has to act.
            pub const fn fault(self) -> Fault {
                match self { $(Self::$name => Fault::$fault,)+ }
            }
        }
    };
}

reasons! {
    /// The body is not JSON.
    MalformedJson = 400 "request.malformed_json" Client;
    /// The request cannot be understood, the body aside.
    BadRequest = 400 "request.invalid" Client;
    /// The upstream speaks another protocol than the client.
    ProtocolMismatch = 400 "protocol.unsupported" Client;
    /// Something in the request has no place in the upstream's protocol, and `LOSS_POLICY` does not let it be dropped.
    TranslationLoss = 400 "translation.loss" Client;
    /// No token, or one that is not known, expired or disabled.
    Unauthenticated = 401 "auth.invalid_token" Client;
    /// The token may not do this.
    Forbidden = 403 "auth.forbidden" Client;
    /// The token may not use this model.
    ModelForbidden = 403 "model.forbidden" Client;
    /// The token's limits cannot be held here, because nothing would count or price the call.
    LimitsUnenforceable = 403 "limits.unenforceable" Client;
    /// An extension refused the call; its own code and status stand in their place.
    ExtensionRefused = 403 "extension.refused" Client;
    /// A raw call cannot be shown to the extensions that it would have to go through.
    ExtensionsUnenforceable = 403 "extensions.unenforceable" Client;
    /// The provider is switched off.
    ProviderDisabled = 403 "provider.disabled" Client;
    /// No such path or row.
    NotFound = 404 "not_found" Client;
    /// No such model, or none that is switched on.
    ModelNotFound = 404 "model.not_found" Client;
    /// The model's provider was deleted.
    ModelOrphaned = 404 "model.orphaned" Client;
    /// The path has no such method.
    MethodNotAllowed = 405 "request.method_not_allowed" Client;
    /// The row is in the way of another.
    Conflict = 409 "conflict" Client;
    /// A provider of that name exists.
    ProviderNameConflict = 409 "provider.name_conflict" Client;
    /// The provider has models or keys and the caller asked to be refused then.
    ProviderInUse = 409 "provider.in_use" Client;
    /// A model of that name exists.
    ModelConflict = 409 "model.conflict" Client;
    /// A secret of that name exists.
    SecretNameConflict = 409 "secret.name_conflict" Client;
    /// Providers still use the secret.
    SecretInUse = 409 "secret.in_use" Client;
    /// A user of that name exists.
    UserNameConflict = 409 "user.name_conflict" Client;
    /// An extension of that name exists.
    ExtensionNameConflict = 409 "extension.name_conflict" Client;
    /// A project of that name exists.
    ProjectNameConflict = 409 "project.name_conflict" Client;
    /// The project still holds something.
    ProjectInUse = 409 "project.in_use" Client;
    /// This deployment keeps no rows of calls in D1: what they used is in Analytics Engine.
    UsageElsewhere = 409 "usage.elsewhere" Client;
    /// A request with the same `Idempotency-Key` has not been answered yet.
    IdempotencyInProgress = 409 "idempotency.in_progress" Client;
    /// The row has changed since it was read.
    PreconditionFailed = 412 "request.precondition_failed" Client;
    /// The body is too large.
    TooLarge = 413 "request.too_large" Client;
    /// The body is not declared as JSON.
    UnsupportedMediaType = 415 "request.unsupported_media_type" Client;
    /// A field breaks a rule.
    ValidationFailed = 422 "validation.failed" Client;
    /// An upstream that was asked what it can do did not take the provider's credential.
    UpstreamAuthFailed = 422 "upstream.auth_failed" Client;
    /// An upstream that was asked what it can do did not take the question.
    UpstreamRequestFailed = 422 "upstream.request_failed" Client;
    /// The module is none that can run here.
    ExtensionInvalid = 422 "extension.invalid" Client;
    /// The `Idempotency-Key` was sent with another request before.
    IdempotencyKeyReused = 422 "idempotency.key_reused" Client;
    /// The token has made as many calls as it may in a minute.
    RequestsPerMinute = 429 "limits.requests_per_minute" Client;
    /// The token has used as many tokens as it may in a minute, or the call would take more than a minute has.
    TokensPerMinute = 429 "limits.tokens_per_minute" Client;
    /// What is left of the token's budget does not pay for the call.
    BudgetExhausted = 429 "budget.exhausted" Client;
    /// The client went away before the answer began. No response carries it; the usage row does.
    ClientClosed = 499 "client.closed" Client;
    /// Something that must not happen did.
    Internal = 500 "internal" Ours;
    /// An extension failed that fails closed.
    ExtensionFailed = 502 "extension.failed" Ours;
    /// An extension's code is not what was uploaded.
    ExtensionTampered = 502 "extension.tampered" Ours;
    /// The provider has no credential that this caller could use.
    CredentialMissing = 502 "credential.missing" Client;
    /// The provider's credential cannot be put into headers.
    CredentialInvalid = 502 "credential.invalid" Client;
    /// The provider's address may not be called.
    AddressRefused = 502 "upstream.address_refused" Client;
    /// The upstream could not be reached, or the connection broke.
    UpstreamUnreachable = 502 "upstream.unreachable" Upstream;
    /// The upstream answered something that is not its protocol.
    UpstreamMalformed = 502 "upstream.invalid_response" Upstream;
    /// The upstream sent a redirect.
    UpstreamRedirect = 502 "upstream.redirect" Upstream;
    /// The stream ended without its protocol's end.
    UpstreamTruncated = 502 "upstream.truncated" Upstream;
    /// The upstream said an error of its own.
    UpstreamError = 502 "upstream.error" Upstream;
    /// `ADMIN_TOKEN` is absent or too short.
    AdminNotConfigured = 503 "admin.not_configured" Ours;
    /// `SEALING_KEYS` is absent or malformed.
    SealingNotConfigured = 503 "sealing.not_configured" Ours;
    /// The ring lacks the key that sealed a value.
    SealingKeyMissing = 503 "sealing.key_missing" Ours;
    /// A sealed value does not open: it was changed, moved, or sealed with another key of the same id.
    SealBroken = 503 "sealing.broken" Ours;
    /// A deployment variable cannot be read.
    DeploymentInvalid = 503 "deployment.invalid" Ours;
    /// The object that holds the token to its limits does not answer.
    LimitsUnavailable = 503 "limits.unavailable" Ours;
    /// The deployment has no binding that runs uploaded extensions.
    ExtensionsUnavailable = 503 "extensions.unavailable" Ours;
    /// D1 does not answer.
    DatabaseAway = 503 "database.unavailable" Ours;
    /// The upstream took too long.
    UpstreamTimeout = 504 "upstream.timeout" Upstream;
}
