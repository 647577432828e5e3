//! The control plane as its callers see it: a path and JSON in, status, headers and JSON out.

use crate::fake_extensions::FakeExtensions;
use crate::fake_upstream::FakeUpstream;
use crate::openapi;
use crate::sqlite::{FakeClock, Sqlite, SystemRng};
use serde_json::{Value, json};
use sluice::access::route::Surface;
use sluice::admin::{Request, World, serve};
use sluice::deployment::Deployment;
use sluice::discovery::Catalogues;
use sluice::domain::ids::{RequestId, TokenId};
use sluice::domain::limits::Limits;
use sluice::domain::when::{Attribute, Attributes};
use sluice::limits::{Limiters, Standing};
use sluice::mcp::Headers;
use sluice::ports::{Files, Local};
use sluice::refusal::Refusal;
use sluice::routing::{Asking, Candidate, Nothing, Selection, Snapshot};
use std::cell::{Cell, RefCell};

pub const ADMIN_TOKEN: &str = "root-token-of-the-native-tests-0123456789";
pub const K1: &str = "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
pub const K2: &str = "k2:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
/// A Friday morning in November 2026.
pub const NOW: i64 = 1_795_157_074_007;

/// A deployment with its database.
pub struct Api {
    pub db: Sqlite,
    pub clock: FakeClock,
    pub deployment: Deployment,
    pub limiters: FakeLimiters,
    pub upstream: FakeUpstream,
    pub extensions: FakeExtensions,
    pub catalogues: RefCell<Catalogues>,
    /// Everything that was ever answered.
    pub transcript: RefCell<String>,
}

/// The static files as the repository has them.
pub struct Checkout;

impl Files for Checkout {
    fn read<'a>(&'a self, path: &'a str) -> Local<'a, Option<String>> {
        let file = format!("{}{path}", env!("CARGO_MANIFEST_DIR"));
        Box::pin(std::future::ready(std::fs::read_to_string(file).ok()))
    }
}

/// Limiters that say what they are told to; away until then.
#[derive(Default)]
pub struct FakeLimiters {
    pub standing: Cell<Option<Standing>>,
    /// How often one of them was asked.
    pub asked: Cell<usize>,
    /// The tokens that were forgotten.
    pub forgotten: RefCell<Vec<String>>,
}

impl Limiters for FakeLimiters {
    fn standing<'a>(&'a self, _: &'a TokenId, _: &'a Limits) -> Local<'a, Option<Standing>> {
        self.asked.set(self.asked.get() + 1);
        Box::pin(async { self.standing.get() })
    }

    fn forget<'a>(&'a self, tokens: &'a [TokenId]) -> Local<'a, ()> {
        self.forgotten.borrow_mut().extend(tokens.iter().map(TokenId::to_string));
        Box::pin(async {})
    }
}

/// Someone with a token and, perhaps, further headers.
#[derive(Clone)]
pub struct Caller<'a> {
    api: &'a Api,
    authorization: Option<String>,
    content_type: Option<String>,
    if_match: Option<String>,
    if_none_match: Option<String>,
    accept: Option<String>,
    idempotency_key: Option<String>,
    mcp: Headers,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub text: String,
    pub body: Value,
}

pub fn deployment(pairs: &[(&str, &str)]) -> Deployment {
    Deployment::load(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        .expect("a deployment")
}

/// A request that shows nothing to any `when`.
struct Bare;

impl Attributes for Bare {
    fn attribute(&self, _: &str) -> Option<Attribute<'_>> {
        None
    }
}

/// Who serves a bare call for a name in a project's state, best first, equals by age.
pub fn candidates(snapshot: &Snapshot, requested: &str) -> Result<Vec<Candidate>, Refusal> {
    match Selection::of(snapshot, &Asking { model: requested, request: &Bare, may_call: &|_| true }) {
        Ok(selection) => Ok(selection.order().cloned().collect()),
        Err(Nothing::Refused(refusal)) => Err(refusal),
        Err(Nothing::NotAllowed) => panic!("nothing is forbidden here"),
    }
}

impl Api {
    /// Private upstreams refused, one sealing key.
    pub fn new() -> Self {
        Self::with(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1)])
    }

    pub fn with(variables: &[(&str, &str)]) -> Self {
        Self {
            db: Sqlite::new(),
            clock: FakeClock::at(NOW),
            deployment: deployment(variables),
            limiters: FakeLimiters::default(),
            upstream: FakeUpstream::default(),
            extensions: FakeExtensions::default(),
            catalogues: RefCell::default(),
            transcript: RefCell::default(),
        }
    }

    /// The same database under other variables.
    pub fn redeployed(self, variables: &[(&str, &str)]) -> Self {
        Self { deployment: deployment(variables), ..self }
    }

    /// With another ring.
    pub fn with_ring(self, ring: &str) -> Self {
        self.redeployed(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", ring)])
    }

    pub fn root(&self) -> Caller<'_> {
        self.as_token(ADMIN_TOKEN)
    }

    pub fn as_token(&self, token: &str) -> Caller<'_> {
        self.authorized(Some(format!("Bearer {token}")))
    }

    pub fn authorized(&self, authorization: Option<String>) -> Caller<'_> {
        Caller {
            api: self,
            authorization,
            content_type: Some("application/json".into()),
            if_match: None,
            if_none_match: None,
            accept: None,
            idempotency_key: None,
            mcp: Headers::default(),
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.root().get(path)
    }

    pub fn post(&self, path: &str, body: Value) -> Answer {
        self.root().post(path, body)
    }

    pub fn patch(&self, path: &str, body: Value) -> Answer {
        self.root().patch(path, body)
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.root().delete(path)
    }

    /// The project of the first boot.
    pub fn default_project(&self) -> String {
        self.db.one("SELECT id FROM projects WHERE name_key = 'default'")
    }

    /// Registers an OpenAI account with a key; its id.
    pub fn provider(&self, name: &str) -> String {
        self.provider_with(json!({"name": name, "provider": "openai", "api_key": "sk-0123456789abcdefghijkl"}))
    }

    pub fn provider_with(&self, body: Value) -> String {
        self.post("/api/v1/providers", body).must(201).id()
    }

    /// Registers a model; its id.
    pub fn model(&self, provider: &str, model: &str) -> String {
        self.model_with(provider, json!({"model": model}))
    }

    pub fn model_with(&self, provider: &str, body: Value) -> String {
        self.post(&format!("/api/v1/providers/{provider}/models"), body).must(201).id()
    }

    pub fn secret(&self, name: &str, value: &str) -> String {
        self.post("/api/v1/secrets", json!({"name": name, "value": value})).must(201).id()
    }

    /// Mints a token; the token itself.
    pub fn token(&self, body: Value) -> String {
        let minted = self.post("/api/v1/tokens", body).must(201);
        minted.body["token"].as_str().expect("a token").to_owned()
    }

    /// A user of the default project; its id.
    pub fn user(&self, name: &str) -> String {
        self.post("/api/v1/users", json!({"name": name})).must(201).id()
    }

    /// A user and a token of it; the token.
    pub fn token_of_user(&self, name: &str) -> String {
        let user = self.user(name);
        self.token(json!({"name": name, "user_id": user}))
    }

    pub fn token_of_role(&self, role: &str) -> String {
        self.token(json!({"name": role, "role": role}))
    }

    pub fn clock_ms(&self) -> i64 {
        sluice::ports::Clock::now(&self.clock).ms()
    }

    pub fn audit_rows(&self) -> i64 {
        self.db.count("SELECT count(*) FROM audit_log")
    }

    /// The last audit row, as JSON.
    pub fn last_audit(&self) -> Value {
        let row = self.db.one(
            "SELECT json_object('project', project_id, 'actor', actor_id, 'action', action, 'type', resource_type,
             'id', resource_id, 'fields', json(fields), 'address', address, 'at', created_at)
             FROM audit_log ORDER BY rowid DESC LIMIT 1",
        );
        serde_json::from_str(&row).expect("JSON")
    }

    /// Asserts that a request is refused and that the database is as it was, audit log included.
    pub fn changes_nothing(&self, request: impl FnOnce() -> Answer) -> Answer {
        let before = self.db.dump();
        let answer = request();
        assert!(answer.status >= 400, "{answer:?}");
        assert_eq!(self.db.dump(), before, "a refused request wrote something: {answer:?}");
        answer
    }
}

impl Caller<'_> {
    pub fn content_type(mut self, value: Option<&str>) -> Self {
        self.content_type = value.map(str::to_owned);
        self
    }

    pub fn if_match(mut self, tag: &str) -> Self {
        self.if_match = Some(tag.to_owned());
        self
    }

    pub fn if_none_match(mut self, tag: &str) -> Self {
        self.if_none_match = Some(tag.to_owned());
        self
    }

    pub fn accept(mut self, media_types: &str) -> Self {
        self.accept = Some(media_types.to_owned());
        self
    }

    pub fn idempotency_key(mut self, key: &str) -> Self {
        self.idempotency_key = Some(key.to_owned());
        self
    }

    pub fn mcp_headers(mut self, headers: Headers) -> Self {
        self.mcp = headers;
        self
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, Vec::new())
    }

    pub fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, body.to_string().into_bytes())
    }

    pub fn patch(&self, path: &str, body: Value) -> Answer {
        self.send("PATCH", path, body.to_string().into_bytes())
    }

    pub fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, body.to_string().into_bytes())
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, Vec::new())
    }

    pub fn request(&self, method: &str, path: &str, body: Vec<u8>) -> Request {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Request {
            id: RequestId::at(sluice::ports::Clock::now(&self.api.clock), &SystemRng).expect("randomness"),
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            authorization: self.authorization.clone(),
            content_type: self.content_type.clone(),
            if_match: self.if_match.clone(),
            if_none_match: self.if_none_match.clone(),
            accept: self.accept.clone(),
            idempotency_key: self.idempotency_key.clone(),
            address: Some("192.0.2.7".into()),
            mcp: self.mcp.clone(),
            body,
        }
    }

    pub fn send(&self, method: &str, path: &str, body: Vec<u8>) -> Answer {
        let api = self.api;
        let request = self.request(method, path, body);
        let world = World {
            db: &api.db,
            clock: &api.clock,
            rng: &SystemRng,
            deployment: &api.deployment,
            limiters: &api.limiters,
            upstream: &api.upstream,
            catalogues: &api.catalogues,
            files: &Checkout,
            extensions: &api.extensions,
        };
        let reply = pollster::block_on(serve(world, &request));
        let text = reply.body.unwrap_or_default();
        let is_json = reply.headers.iter().all(|(name, value)| *name != "content-type" || value.contains("json"));
        let body = if text.is_empty() || !is_json { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
        let answer = Answer { status: reply.status, headers: reply.headers, text, body };
        if answer.status >= 400 && !(method == "GET" && path == "/healthz") {
            let error = &answer.body["error"];
            if answer.body.get("jsonrpc").is_some() {
                assert!(error["code"].is_i64() && error["message"].is_string(), "{answer:?}");
            } else if matches!(Surface::of(&request.path), Surface::Own | Surface::Mcp) {
                let replayed = answer.header("idempotency-replayed").is_some();
                assert!(replayed || error["request_id"] == request.id.as_str(), "{answer:?}");
                assert!(error["message"].as_str().is_some_and(|message| message.len() > 10), "{answer:?}");
            } else {
                // 001 and 002: one field, one sentence.
                assert!(error.as_str().is_some_and(|message| message.len() > 10), "{answer:?}");
                assert_eq!(answer.body.as_object().map(serde_json::Map::len), Some(1), "{answer:?}");
            }
        }
        let plain = request.path.as_str();
        openapi::hold(method, plain, answer.status, answer.header("content-type"), &answer.body);
        api.transcript.borrow_mut().push_str(&format!("{method} {path} {answer:?}\n"));
        answer
    }
}

impl Answer {
    /// Asserts the status.
    #[track_caller]
    pub fn must(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Asserts a refusal: status, code and the field at fault (`""`: none).
    #[track_caller]
    pub fn refuses(&self, status: u16, code: &str, param: &str) {
        let error = &self.body["error"];
        let (got_code, got_param) = (error["code"].as_str(), error["param"].as_str().unwrap_or_default());
        assert_eq!((self.status, got_code, got_param), (status, Some(code), param), "{}", self.text);
    }

    /// Asserts a refusal in the documents' shape: status, and words of its sentence.
    #[track_caller]
    pub fn says(&self, status: u16, words: &[&str]) {
        let sentence = self.body["error"].as_str().unwrap_or_default();
        assert_eq!(self.status, status, "{}", self.text);
        for word in words {
            assert!(sentence.contains(word), "{word:?} is not in {}", self.text);
        }
    }

    /// Asserts a 422 on a field.
    #[track_caller]
    pub fn invalid(&self, param: &str) {
        self.refuses(422, "validation.failed", param);
    }

    pub fn id(&self) -> String {
        self.body["id"].as_str().expect("an id").to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    pub fn etag(&self) -> String {
        self.header("etag").expect("an etag").to_owned()
    }

    pub fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }

    /// One field of every row of a list.
    pub fn column(&self, field: &str) -> Vec<String> {
        let rows = self.body["data"].as_array().expect("a list");
        rows.iter().map(|row| row[field].as_str().unwrap_or_default().to_owned()).collect()
    }
}
