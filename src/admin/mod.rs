//! The control plane: `/api/v1`, `/healthz` and `/openapi.json` (SPEC section 5).
//!
//! A request's way: route → 401 → 403 → handler → one batch that holds the change and its audit row → reply.

mod audit;
mod discovery;
mod extensions;
mod form;
mod health;
mod idempotency;
mod me;
mod models;
mod openapi;
mod own_keys;
mod page;
mod projects;
mod providers;
mod reply;
mod requests;
mod resolve;
pub mod schema;
mod sealing_keys;
mod secrets;
mod surface;
mod tokens;
mod usage;
mod users;

pub use reply::Reply;

use crate::access::principal::{no_token, unknown_token};
use crate::access::route::{Matched, Method, Surface, find};
use crate::access::token::bearer;
use crate::access::{Audience, Operation, Principal, TokenHash};
use crate::deployment::Deployment;
use crate::discovery::Catalogues;
use crate::domain::extension::MAX_MODULE_BYTES;
use crate::domain::ids::{ProjectId, ProviderId, RequestId};
use crate::domain::invalid::Invalid;
use crate::domain::name;
use crate::domain::timestamp::Timestamp;
use crate::limits::Limiters;
use crate::mcp;
use crate::ports::{Clock, Db, Extensions, Files, Rng, Upstream};
use crate::protocol::query;
use crate::refusal::{Dialect, Reason, Refusal, render};
use crate::store;
use crate::store::providers::Show;
use form::Form;
use idempotency::ShownOnce;
use std::cell::RefCell;
use std::fmt;

/// The shape of errors on a path of the control plane.
pub fn dialect(path: &str) -> Dialect {
    surface::dialect(Surface::of(path))
}

/// A request of the control plane, as the edge read it. Its `Debug` shows neither the token nor the body.
#[derive(Clone)]
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// The HTTP method as sent.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query, without `?`.
    pub query: String,
    /// The `authorization` header.
    pub authorization: Option<String>,
    /// The `content-type` header.
    pub content_type: Option<String>,
    /// The `if-match` header.
    pub if_match: Option<String>,
    /// The `if-none-match` header.
    pub if_none_match: Option<String>,
    /// The `accept` header.
    pub accept: Option<String>,
    /// The `idempotency-key` header.
    pub idempotency_key: Option<String>,
    /// The caller's address.
    pub address: Option<String>,
    /// The headers that only MCP asks for.
    pub mcp: mcp::Headers,
    /// The body; the edge stops reading a little above [`MAX_BODY_BYTES`].
    pub body: Vec<u8>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, method, path, query, content_type, if_match, if_none_match, accept, address, body, .. } = self;
        f.debug_struct("Request")
            .field("id", id)
            .field("method", method)
            .field("path", path)
            .field("query", query)
            .field("content_type", content_type)
            .field("if_match", if_match)
            .field("if_none_match", if_none_match)
            .field("accept", accept)
            .field("address", address)
            .field("body_bytes", &body.len())
            .finish_non_exhaustive()
    }
}

/// A request body on the control plane (SPEC section 5).
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// The same of one that brings a module, in base64.
const MAX_MODULE_BODY_BYTES: usize = MAX_MODULE_BYTES / 3 * 4 + (128 << 10);

/// How much of a body is read at a path.
pub fn most_body_bytes(path: &str) -> usize {
    if path.starts_with("/api/v1/extensions") { MAX_MODULE_BODY_BYTES } else { MAX_BODY_BYTES }
}

/// What the control plane works with.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The database.
    pub db: &'a dyn Db,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Randomness.
    pub rng: &'a dyn Rng,
    /// The deployment's configuration.
    pub deployment: &'a Deployment,
    /// What the tokens that have limits have used.
    pub limiters: &'a dyn Limiters,
    /// The way to the upstreams.
    pub upstream: &'a dyn Upstream,
    /// What they have listed lately.
    pub catalogues: &'a RefCell<Catalogues>,
    /// What was deployed beside the program.
    pub files: &'a dyn Files,
    /// What runs extensions.
    pub extensions: &'a dyn Extensions,
}

/// One admitted request on its way through a handler.
struct Call<'a> {
    world: World<'a>,
    request: &'a Request,
    operation: Operation,
    principal: Principal,
    now: Timestamp,
    shown_once: ShownOnce,
}

/// Whether a request, once granted, changes something.
pub fn writes(request: &Request) -> bool {
    match find(Method::parse(&request.method), &request.path) {
        Matched::Route(operation, _) => !operation.reads(),
        Matched::MethodNotAllowed(_) | Matched::NoPath => false,
    }
}

/// Answers a request. Every outcome is a reply; nothing is thrown.
pub async fn serve(world: World<'_>, request: &Request) -> Reply {
    answer(world, request).await.unwrap_or_else(|refusal| refused(request, &refusal)).finished(request)
}

fn refused(request: &Request, refusal: &Refusal) -> Reply {
    let rendered = render(refusal, dialect(&request.path), request.id.as_str());
    Reply { status: rendered.status, headers: rendered.headers, body: Some(rendered.body) }
}

async fn answer(world: World<'_>, request: &Request) -> Result<Reply, Refusal> {
    let matched = find(Method::parse(&request.method), &request.path);
    if let Matched::Route(operation, _) = &matched
        && operation.audience() == Audience::Anyone
    {
        return match operation {
            Operation::GetOpenApi => openapi::get(world).await,
            _ => Ok(health::check(world).await),
        };
    }
    let asks_for_methods = request.method == "OPTIONS";
    if let (true, Some(allow)) = (asks_for_methods, allow_to_anyone(&request.path)) {
        return Ok(Reply::allow(allow));
    }
    // A caller without a valid token learns nothing, not even which paths exist.
    let now = world.clock.now();
    let principal = authenticate(world, request, now).await?;
    let (operation, segments) = match matched {
        Matched::Route(operation, segments) => (operation, segments),
        Matched::NoPath => {
            return Err(Refusal::new(Reason::NotFound, format!("there is no {}", request.path)));
        }
        Matched::MethodNotAllowed(allow) if asks_for_methods => return Ok(Reply::allow(allow)),
        Matched::MethodNotAllowed(allow) => {
            let message = format!("{} does not take {}: it takes {allow}", request.path, request.method);
            return Err(Refusal::new(Reason::MethodNotAllowed, message).with_header("allow", allow));
        }
    };
    principal.require(operation, &segments)?;
    let call = Call { world, request, operation, principal, now, shown_once: ShownOnce::default() };
    match idempotency::key_of(request)? {
        // What changes nothing may be done again.
        Some(key) if !call.operation.reads() => idempotency::answer(&call, key, &segments).await,
        _ => dispatch(&call, &segments).await,
    }
}

/// The methods of a path that takes no token.
fn allow_to_anyone(path: &str) -> Option<String> {
    match (find(Some(Method::Get), path), find(None, path)) {
        (Matched::Route(operation, _), Matched::MethodNotAllowed(allow)) => {
            (operation.audience() == Audience::Anyone).then_some(allow)
        }
        _ => None,
    }
}

/// By the door that was taken.
async fn dispatch(call: &Call<'_>, segments: &[&str]) -> Result<Reply, Refusal> {
    match Surface::of(&call.request.path) {
        Surface::Own => own(call, segments).await,
        Surface::AiProviders => surface::ai_providers::dispatch(call, segments).await,
        Surface::AdminPanel => surface::admin_panel::dispatch(call, segments).await,
        Surface::Mcp => surface::mcp::serve(call).await,
    }
}

async fn own(call: &Call<'_>, segments: &[&str]) -> Result<Reply, Refusal> {
    use Operation::*;
    match (call.operation, segments) {
        (GetMe, _) => me::get(call).await,
        (ListProviderKeys, _) => own_keys::list(call).await,
        (GetProviderKey, [provider]) => own_keys::get(call, provider).await,
        (PutProviderKey, [provider]) => own_keys::put(call, provider).await,
        (DeleteProviderKey, [provider]) => own_keys::delete(call, provider).await,
        (ListProjects, _) => projects::list(call).await,
        (CreateProject, _) => projects::create(call).await,
        (GetProject, [id]) => projects::get(call, id).await,
        (UpdateProject, [id]) => projects::update(call, id).await,
        (DeleteProject, [id]) => projects::delete(call, id).await,
        (ListProviders, _) => providers::list(call).await,
        (CreateProvider, _) => providers::create(call).await,
        (GetProvider, [id]) => providers::get(call, id).await,
        (UpdateProvider, [id]) => providers::update(call, id).await,
        (DeleteProvider, [id]) => providers::delete(call, id).await,
        (ResolveModel, _) => resolve::explain(call).await,
        (ListModels, []) => models::list_selectable(call).await,
        (ListModels, [provider]) => models::list(call, provider).await,
        (CreateModel, [provider]) => models::create(call, provider).await,
        (GetModel, [provider, id]) => models::get(call, provider, id).await,
        (UpdateModel, [provider, id]) => models::update(call, provider, id).await,
        (DeleteModel, [provider, id]) => models::delete(call, provider, id).await,
        (ListAvailableModels, [provider]) => discovery::list(call, provider).await,
        (ImportModels, [provider]) => discovery::import(call, provider).await,
        (TestModel, [provider, id]) => discovery::test(call, provider, id).await,
        (ListSecrets, _) => secrets::list(call).await,
        (CreateSecret, _) => secrets::create(call).await,
        (GetSecret, [id]) => secrets::get(call, id).await,
        (UpdateSecret, [id]) => secrets::update(call, id).await,
        (DeleteSecret, [id]) => secrets::delete(call, id).await,
        (ListUsers, _) => users::list(call).await,
        (CreateUser, _) => users::create(call).await,
        (GetUser, [id]) => users::get(call, id).await,
        (UpdateUser, [id]) => users::update(call, id).await,
        (DeleteUser, [id]) => users::delete(call, id).await,
        (ListTokens, _) => tokens::list(call).await,
        (CreateToken, _) => tokens::create(call).await,
        (GetToken, [id]) => tokens::get(call, id).await,
        (UpdateToken, [id]) => tokens::update(call, id).await,
        (DeleteToken, [id]) => tokens::delete(call, id).await,
        (ListUsage, _) => usage::list(call).await,
        (ListRequests, _) => requests::list(call).await,
        (GetRequest, [id]) => requests::get(call, id).await,
        (ListExtensions, _) => extensions::list(call).await,
        (CreateExtension, _) => extensions::create(call).await,
        (GetExtension, [id]) => extensions::get(call, id).await,
        (UpdateExtension, [id]) => extensions::update(call, id).await,
        (DeleteExtension, [id]) => extensions::delete(call, id).await,
        (ListAuditLog, _) => audit::list(call).await,
        (GetSealingKeys, _) => sealing_keys::get(call).await,
        (RotateSealingKeys, _) => sealing_keys::rotate(call).await,
        _ => Err(no_handler()),
    }
}

/// The route table and the dispatches are held together by a test.
fn no_handler() -> Refusal {
    Refusal::new(Reason::NotFound, "this operation has no handler")
}

/// The one way to a principal on the control plane: no cache, so that a revoked token is revoked here at once.
async fn authenticate(world: World<'_>, request: &Request, now: Timestamp) -> Result<Principal, Refusal> {
    let root = world.deployment.root()?;
    let header = request.authorization.as_deref().ok_or_else(no_token)?;
    let token = bearer(header).ok_or_else(no_token)?;
    let hash = TokenHash::of(token);
    if hash == *root {
        return Ok(Principal::Root);
    }
    let row = store::tokens::by_hash(world.db, &hash).await?.ok_or_else(unknown_token)?;
    let holder = row.holder()?;
    holder.check_valid(now)?;
    Ok(Principal::Token(Box::new(holder)))
}

impl Call<'_> {
    /// A query parameter.
    fn query(&self, name: &str) -> Option<String> {
        query::parameter(&self.request.query, name)
    }

    /// The project that a list is about: a token's own; for root `?project_id=`, an id or a name, and `default`
    /// without one.
    async fn project(&self) -> Result<ProjectId, Refusal> {
        self.project_named(self.query("project_id")).await
    }

    /// The project that a creation is about: the body may name it, too.
    async fn project_for(&self, form: &mut Form) -> Result<ProjectId, Refusal> {
        let in_body = form.text("project_id")?.given("project_id")?;
        self.project_named(in_body.or(self.query("project_id"))).await
    }

    async fn project_named(&self, asked: Option<String>) -> Result<ProjectId, Refusal> {
        let none =
            |named: &str| Refusal::new(Reason::NotFound, format!("there is no project `{named}`")).on("project_id");
        match (&self.principal, asked) {
            (Principal::Token(holder), None) => Ok(holder.project.clone()),
            (Principal::Token(holder), Some(asked)) if asked == holder.project.as_str() => Ok(holder.project.clone()),
            (Principal::Token(_), Some(asked)) => Err(none(&asked)),
            (Principal::Root, asked) => {
                let asked = asked.unwrap_or_else(|| "default".into());
                let named = if ProjectId::parse(&asked).is_some() { asked.clone() } else { name::key(&asked) };
                match store::projects::find(self.world.db, &named).await? {
                    Some(project) => Ok(project.id),
                    None => Err(none(&asked)),
                }
            }
        }
    }

    /// Refuses an update that would move a row into another project.
    fn stays_in(&self, form: &mut Form, project: &ProjectId) -> Result<(), Invalid> {
        match form.text("project_id")?.given("project_id")? {
            Some(named) if named != project.as_str() => {
                Err(Invalid::new("project_id", "a row stays in its project: make another one there"))
            }
            _ => Ok(()),
        }
    }

    /// Whether a row of that project is there for this caller: another project's is not, and nobody learns that it is.
    fn sees(&self, project: &ProjectId) -> bool {
        self.principal.project().is_none_or(|own| own == project)
    }

    /// Whether a list shows a row, which lies within `resources`, to this caller: not where a deny keeps it from listing
    /// it or from reading it.
    fn lists(&self, read: Operation, resources: &[&str]) -> bool {
        ![self.operation, read].into_iter().any(|operation| self.principal.is_denied(operation, resources))
    }

    /// Whether the caller manages the project's providers, and so sees disabled ones and where credentials come from.
    fn manages_providers(&self) -> bool {
        self.principal.may(Operation::UpdateProvider, None)
    }

    /// Which providers a list shows to the caller.
    fn shown_providers(&self) -> Show {
        if self.manages_providers() { Show::All } else { Show::Enabled }
    }

    /// The same of one provider, which a policy may name.
    fn manages(&self, provider: &ProviderId) -> bool {
        self.principal.may(Operation::UpdateProvider, Some(provider.as_str()))
    }
}

fn not_found(what: &str, id: &str) -> Refusal {
    Refusal::new(Reason::NotFound, format!("there is no {what} `{id}`"))
}
