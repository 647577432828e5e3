//! The data plane's phases over SQLite: who is admitted at what price, and what would go to the upstream.

use crate::harness::{ADMIN_TOKEN, Api, K1, NOW, candidates};
use crate::sqlite::{MemoryShelf, SystemRng};
use pollster::block_on;
use serde_json::json;
use sluice::domain::ids::RequestId;
use sluice::domain::timestamp::Timestamp;
use sluice::domain::usage::TokenCounts;
use sluice::gateway::admit::{Admission, Admitted, Presented, Renewal, admit};
use sluice::gateway::answer::{UpstreamError, error_answer, failed_at_once, read_body, said};
use sluice::gateway::attempts::Verdict;
use sluice::gateway::cache::Cache;
use sluice::gateway::door::{self, CallDoor, Door};
use sluice::gateway::plan::{self, Asked, ChatOnly, Plan, Way};
use sluice::gateway::settle::{Consumed, Ending, Record};
use sluice::protocol::body::RequestBody;
use sluice::refusal::{Reason, Refusal};
use sluice::store::usage::insert;
use sluice::translate::media::Media;
use std::cell::RefCell;
use std::rc::Rc;

const KEY: &str = "sk-0123456789abcdefghijkl";

/// An isolate in front of a deployment.
pub struct Isolate {
    pub api: Api,
    pub cache: RefCell<Cache>,
    pub chat_only: RefCell<ChatOnly>,
    pub token: String,
    /// The copies of its data centre.
    pub shelf: MemoryShelf,
}

impl Isolate {
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// With some variables more.
    pub fn with(variables: &[(&str, &str)]) -> Self {
        let always = [("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1), ("STALE_IF_ERROR_MS", "60000")];
        let api = Api::with(&[&always, variables].concat());
        let token = api.token(json!({"name": "app"}));
        Self { api, cache: RefCell::default(), chat_only: RefCell::default(), token, shelf: MemoryShelf::default() }
    }

    pub fn admit_with(&self, presented: Presented<'_>, at: i64) -> Result<Admitted, Refusal> {
        self.enter(presented, at).map(|admission| admission.admitted)
    }

    fn enter(&self, presented: Presented<'_>, at: i64) -> Result<Admission, Refusal> {
        let now = Timestamp::from_ms(NOW + at);
        block_on(admit((&self.api.db, &self.shelf), &self.api.deployment, &self.cache, presented, now))
    }

    fn enter_with_own_token(&self, at: i64) -> Result<Admission, Refusal> {
        let authorization = format!("Bearer {}", self.token);
        self.enter(Presented { authorization: Some(&authorization), ..Presented::default() }, at)
    }

    /// What a call of the isolate's own token is told to read again beside its work, if anything, so many milliseconds after the
    /// beginning.
    pub fn renewal(&self, at: i64) -> Option<Renewal> {
        self.enter_with_own_token(at).ok()?.renewal
    }

    /// Has it done.
    pub fn renew(&self, renewal: Renewal) {
        block_on(renewal.run((&self.api.db, &self.shelf), &self.api.deployment, &self.cache));
    }

    /// Admits the isolate's own token, so many milliseconds after the beginning.
    pub fn admit(&self, at: i64) -> Result<Admitted, Refusal> {
        self.enter_with_own_token(at).map(|admission| admission.admitted)
    }

    /// How many round trips some work takes.
    pub fn round_trips<T>(&self, work: impl FnOnce() -> T) -> (usize, T) {
        let before = self.api.db.batches.get();
        let done = work();
        (self.api.db.batches.get() - before, done)
    }

    pub fn plan(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Plan, Refusal> {
        self.plan_as(&self.admit(0)?, path, headers, body)
    }

    /// The same for a caller that was admitted already.
    pub fn plan_as(
        &self,
        admitted: &Admitted,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Plan, Refusal> {
        let body = RequestBody::parse(body.as_bytes().to_vec())?;
        let asked = Asked {
            admitted,
            deployment: &self.api.deployment,
            door: call_door(path),
            headers: headers.iter().copied(),
            body: &body,
            request: &RequestId::parse("req_0123456789abcdef").expect("an id"),
            started: Timestamp::from_ms(NOW),
            chat_only: &self.chat_only,
            media: &Media::default(),
            tags: "",
        };
        let candidates = plan::candidates(&asked, &SystemRng)?;
        let mut refused = plan::Unplanned::default();
        for candidate in &candidates {
            match plan::plan(&asked, candidate) {
                Ok(plan) => return Ok(plan),
                Err(refusal) => refused.add(candidate, refusal),
            }
        }
        Err(refused.told().expect("a candidate").1)
    }
}

pub fn call_door(path: &str) -> CallDoor {
    match door::find("POST", path) {
        Ok(Door::Call(door)) => door,
        other => panic!("{path}: {other:?}"),
    }
}

/// The headers as the upstream would get them: a later one replaces an earlier one.
pub fn sent<'p>(plan: &'p Plan, name: &str) -> Option<&'p str> {
    plan.headers.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

pub fn text(body: &[u8]) -> &str {
    std::str::from_utf8(body).expect("UTF-8")
}

#[test]
fn a_cold_call_takes_one_round_trip_and_a_warm_one_none() {
    let isolate = Isolate::new();
    isolate.api.model(&isolate.api.provider("main"), "gpt-5");
    assert_eq!(isolate.round_trips(|| isolate.admit(0).expect("cold")).0, 1);
    assert_eq!(isolate.round_trips(|| isolate.admit(999).expect("warm")).0, 0);
}

#[test]
fn an_old_reading_is_refreshed_in_one_round_trip_that_brings_only_what_has_changed() {
    let isolate = Isolate::new();
    let provider = isolate.api.provider("main");
    isolate.api.model(&provider, "gpt-5");
    let first = isolate.admit(0).expect("cold");
    let (trips, second) = isolate.round_trips(|| isolate.admit(1000).expect("refreshed"));
    assert_eq!(trips, 1);
    assert!(Rc::ptr_eq(&first.snapshot, &second.snapshot), "what was opened stays open");
    isolate.api.model(&provider, "gpt-6");
    let third = isolate.admit(2000).expect("refreshed");
    assert!(candidates(&third.snapshot, "gpt-6").is_ok());
    assert!(candidates(&second.snapshot, "gpt-6").is_err());
}

#[test]
fn a_second_token_of_the_project_finds_its_credentials_open() {
    let isolate = Isolate::new();
    isolate.api.model(&isolate.api.provider("main"), "gpt-5");
    let first = isolate.admit(0).expect("admitted");
    let other = format!("Bearer {}", isolate.api.token(json!({"name": "other"})));
    let second = isolate.admit_with(Presented { authorization: Some(&other), ..Presented::default() }, 1);
    assert!(Rc::ptr_eq(&first.snapshot, &second.expect("admitted").snapshot));
}

#[test]
fn the_isolate_that_wrote_reads_again_at_once() {
    let isolate = Isolate::new();
    let provider = isolate.api.provider("main");
    isolate.admit(0).expect("cold");
    isolate.api.model(&provider, "gpt-5");
    assert!(
        candidates(&isolate.admit(1).expect("warm").snapshot, "gpt-5").is_err(),
        "another isolate waits for its TTL"
    );
    isolate.cache.borrow_mut().overtake();
    assert!(candidates(&isolate.admit(2).expect("read again").snapshot, "gpt-5").is_ok());
}

#[test]
fn a_revoked_token_is_refused_at_the_next_reading() {
    let isolate = Isolate::new();
    isolate.admit(0).expect("admitted");
    let id = isolate.api.db.one("SELECT id FROM tokens");
    isolate.api.delete(&format!("/api/v1/tokens/{id}")).must(204);
    assert_eq!(isolate.admit(1000).expect_err("revoked").reason, Reason::Unauthenticated);
    assert_eq!(isolate.admit(1001).expect_err("forgotten").reason, Reason::Unauthenticated);
}

#[test]
fn a_token_that_expires_is_refused_without_a_reading() {
    let isolate = Isolate::new();
    let expires_at = Timestamp::from_ms(NOW + 500).to_string();
    let token = format!("Bearer {}", isolate.api.token(json!({"name": "brief", "expires_at": expires_at})));
    let presented = Presented { authorization: Some(&token), ..Presented::default() };
    isolate.admit_with(presented, 0).expect("valid");
    let (trips, refused) = isolate.round_trips(|| isolate.admit_with(presented, 500));
    assert_eq!((trips, refused.expect_err("expired").reason), (0, Reason::Unauthenticated));
}

#[test]
fn calls_go_on_for_a_while_when_d1_is_away_and_then_say_so() {
    let isolate = Isolate::new();
    isolate.admit(0).expect("cold");
    isolate.cache.borrow_mut().overtake();
    isolate.api.db.away.set(true);
    isolate.admit(59_999).expect("stale, and allowed");
    let refusal = isolate.admit(60_000).expect_err("too stale");
    assert_eq!(refusal.reason, Reason::DatabaseAway);
    assert!(!refusal.message.contains("Network connection lost"), "the platform's words are for the log");
}

#[test]
fn the_token_comes_as_bearer_or_as_x_api_key_and_root_names_its_project() {
    let isolate = Isolate::new();
    let by_key = Presented { x_api_key: Some(&isolate.token), ..Presented::default() };
    assert!(isolate.admit_with(by_key, 0).expect("admitted").holder().is_some());
    let root = format!("bearer  {ADMIN_TOKEN} ");
    let root = Presented { authorization: Some(&root), ..Presented::default() };
    let project = isolate.admit_with(root, 0).expect("root").snapshot.project.to_string();
    assert_eq!(project, isolate.api.default_project());
    let elsewhere = Presented { project: Some("nowhere"), ..root };
    assert_eq!(isolate.admit_with(elsewhere, 0).expect_err("no such project").reason, Reason::NotFound);
    for bad in ["", "Bearer", "Bearer ", "Basic abc", "Bearer slu_wrong"] {
        let presented = Presented { authorization: Some(bad), ..Presented::default() };
        assert_eq!(isolate.admit_with(presented, 0).expect_err(bad).reason, Reason::Unauthenticated, "{bad:?}");
    }
}

#[test]
fn a_token_cannot_choose_its_project() {
    let isolate = Isolate::new();
    isolate.api.post("/api/v1/projects", json!({"name": "other"})).must(201);
    let authorization = format!("Bearer {}", isolate.token);
    let presented = Presented { authorization: Some(&authorization), project: Some("other"), ..Presented::default() };
    let admitted = isolate.admit_with(presented, 0).expect("admitted");
    assert_eq!(admitted.snapshot.project.to_string(), isolate.api.default_project());
}

#[test]
fn a_token_that_may_not_invoke_is_refused_before_its_body_is_read() {
    let isolate = Isolate::new();
    let viewer = format!("Bearer {}", isolate.api.token(json!({"name": "viewer", "role": "viewer"})));
    let presented = Presented { authorization: Some(&viewer), ..Presented::default() };
    let refusal = isolate.admit_with(presented, 0).expect_err("forbidden");
    assert_eq!(refusal.reason, Reason::Forbidden);
    assert!(refusal.message.contains("llm:Invoke"), "{}", refusal.message);
}

#[test]
fn only_the_model_changes_in_the_body_and_defaults_fill_in_what_is_absent() {
    let isolate = Isolate::new();
    let provider = isolate.api.provider_with(json!({"name": "main", "provider": "openai", "api_key": KEY,
        "advanced_json": {"temperature": 0.25, "top_p": 0.5, "timeout_ms": 5000}}));
    isolate.api.model_with(&provider, json!({"model": "gpt-5", "name": "fast", "advanced_json": {"top_p": null}}));
    let body = "{ \"model\":\"fast\",\n \"input\" : \"hi\", \"temperature\":1.50, \"x\": 1e2}";
    let plan = isolate.plan("/v1/responses", &[], body).expect("planned");
    assert_eq!(text(&plan.body), body.replace("\"fast\"", "\"gpt-5\""));
    assert_eq!(plan.timeout.map(|timeout| timeout.as_millis()), Some(5000));
    let plan = isolate.plan("/v1/responses", &[], r#"{"model":"fast","input":"hi"}"#).expect("planned");
    assert_eq!(text(&plan.body), r#"{"model":"gpt-5","input":"hi","temperature":0.25}"#);
}

#[test]
fn a_chat_stream_is_asked_for_its_usage_and_the_client_does_not_see_that() {
    use sluice::protocol::meter::UsageChunk;
    let isolate = Isolate::new();
    isolate.api.model(&isolate.api.provider("main"), "gpt-5");
    let plan = |body: &str| isolate.plan("/v1/chat/completions", &[], body).expect("planned");
    let silent = plan(r#"{"model":"gpt-5","stream":true,"messages":[]}"#);
    assert!(text(&silent.body).contains(r#""stream_options":{"include_usage":true}"#), "{}", text(&silent.body));
    let usage_chunk = |plan: &Plan| match plan.way {
        Way::Same { usage_chunk } => usage_chunk,
        ref other => panic!("{other:?}"),
    };
    assert_eq!(usage_chunk(&silent), UsageChunk::Strip);
    let asked = r#"{"model":"gpt-5","stream":true,"stream_options":{"include_usage":true}}"#;
    let asking = plan(asked);
    assert_eq!((text(&asking.body), usage_chunk(&asking)), (asked, UsageChunk::Keep));
    let unary = r#"{"model":"gpt-5","messages":[]}"#;
    assert_eq!(text(&plan(unary).body), unary);
}

#[test]
fn each_auth_method_sends_its_header_and_no_other_and_never_the_clients() {
    let isolate = Isolate::new();
    let client = [
        ("authorization", "Bearer slu_client"),
        ("x-api-key", "slu_client"),
        ("cookie", "a=b"),
        ("cf-connecting-ip", "203.0.113.9"),
        ("x-sluice-project", "other"),
        ("user-agent", "app/1"),
        ("openai-organization", "org-1"),
        ("anthropic-beta", "files"),
    ];
    let cases = [
        ("openai", json!({"provider": "openai", "api_key": KEY}), "authorization", format!("Bearer {KEY}")),
        (
            "azure",
            json!({"provider": "azure", "base_url": "https://acme.openai.azure.com/openai/v1", "api_key": KEY}),
            "api-key",
            KEY.to_owned(),
        ),
        (
            "xkey",
            json!({"provider": "custom", "protocol": "chat_completions", "base_url": "https://llm.example.com",
            "auth_method": "x_api_key", "api_key": KEY}),
            "x-api-key",
            KEY.to_owned(),
        ),
        (
            "own",
            json!({"provider": "custom", "protocol": "chat_completions", "base_url": "https://llm.example.com",
            "auth_method": "custom_headers", "custom_headers": {"X-Team": "blue", "Authorization": "Token t0ps3cret"}}),
            "authorization",
            "Token t0ps3cret".to_owned(),
        ),
    ];
    for (name, mut settings, header, value) in cases {
        settings["name"] = json!(name);
        isolate.api.model(&isolate.api.provider_with(settings), "m");
        isolate.cache.borrow_mut().overtake();
        let body = format!(r#"{{"model":"{name}^m","messages":[]}}"#);
        let plan = isolate.plan("/v1/chat/completions", &client, &body).expect(name);
        assert_eq!(sent(&plan, header), Some(value.as_str()), "{name}");
        assert!(!plan.headers.iter().any(|(_, value)| value.contains("slu_client")), "{name}");
        for other in ["authorization", "x-api-key", "api-key"].into_iter().filter(|other| *other != header) {
            assert_eq!(sent(&plan, other), None, "{name} sends {other}");
        }
        for dropped in ["cookie", "cf-connecting-ip", "x-sluice-project", "anthropic-beta"] {
            assert_eq!(sent(&plan, dropped), None, "{name} passes {dropped}");
        }
        assert_eq!((sent(&plan, "user-agent"), sent(&plan, "openai-organization")), (Some("app/1"), Some("org-1")));
        assert!(!format!("{plan:?}").contains(KEY) && !format!("{plan:?}").contains("t0ps3cret"));
    }
}

#[test]
fn anthropic_gets_the_clients_version_else_the_operators_else_the_first() {
    let isolate = Isolate::new();
    let provider = isolate.api.provider_with(json!({"name": "claude", "provider": "anthropic", "api_key": KEY}));
    isolate.api.model(&provider, "claude-4");
    let body = r#"{"model":"claude-4","max_tokens":1,"messages":[]}"#;
    let version = |headers: &[(&str, &str)]| {
        let plan = isolate.plan("/v1/messages", headers, body).expect("planned");
        assert_eq!(plan.url, "https://api.anthropic.com/v1/messages");
        assert_eq!(sent(&plan, "x-api-key"), Some(KEY));
        sent(&plan, "anthropic-version").map(str::to_owned)
    };
    assert_eq!(version(&[]).as_deref(), Some("2023-06-01"));
    assert_eq!(version(&[("anthropic-version", "2026-10-21")]).as_deref(), Some("2026-10-21"));
    let path = format!("/api/v1/providers/{provider}");
    isolate.api.patch(&path, json!({"advanced_json": {"anthropic_version": "2024-01-01"}})).must(200);
    isolate.cache.borrow_mut().overtake();
    assert_eq!(version(&[]).as_deref(), Some("2024-01-01"));
}

#[test]
fn a_model_that_cannot_be_called_says_why() {
    let isolate = Isolate::new();
    let claude = isolate.api.provider_with(json!({"name": "claude", "provider": "anthropic", "api_key": KEY}));
    isolate.api.model(&claude, "claude-4");
    let bare = isolate.api.provider_with(json!({"name": "bare", "provider": "openai"}));
    isolate.api.model(&bare, "gpt-5");
    let off = isolate.api.provider_with(json!({"name": "off", "provider": "openai", "api_key": KEY, "enabled": false}));
    isolate.api.model(&off, "gpt-5-off");
    let refused = |body: &str| isolate.plan("/v1/chat/completions", &[], body).expect_err(body);
    for (body, reason, word) in [
        (r#"{"model":"gpt-5"}"#, Reason::CredentialMissing, "`bare`"),
        (r#"{"model":"gpt-5-off"}"#, Reason::ProviderDisabled, "`off`"),
        (r#"{"model":"nothing"}"#, Reason::ModelNotFound, "`nothing`"),
        (r#"{"model":7}"#, Reason::BadRequest, "model"),
        (r#"{"model":"gpt-5""#, Reason::MalformedJson, "line 1"),
    ] {
        let refusal = refused(body);
        assert_eq!(refusal.reason, reason, "{body}");
        assert!(refusal.message.contains(word), "{body}: {}", refusal.message);
    }
    let embedded = isolate.plan("/v1/embeddings", &[], r#"{"model":"claude-4","input":"x"}"#).expect_err("refused");
    assert_eq!(embedded.reason, Reason::ProtocolMismatch);
    assert!(embedded.message.contains("anthropic_messages"), "{}", embedded.message);
    isolate.api.delete(&format!("/api/v1/providers/{bare}")).must(204);
    isolate.api.delete(&format!("/api/v1/providers/{claude}")).must(204);
    isolate.cache.borrow_mut().overtake();
    let unnamed = refused("{}");
    assert_eq!(unnamed.reason, Reason::ModelNotFound);
    assert!(unnamed.message.contains("names no model"), "{}", unnamed.message);
}

#[test]
fn a_private_address_is_refused_at_the_call_too_when_the_rule_has_changed_since() {
    let allowed = [("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1), ("ALLOW_PRIVATE_UPSTREAMS", "true")];
    let api = Api::with(&allowed);
    let local = json!({"name": "local", "provider": "openai", "base_url": "http://127.0.0.1:1", "api_key": ""});
    api.model(&api.provider_with(local), "llama");
    let token = api.token(json!({"name": "app"}));
    let api = api.redeployed(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1)]);
    let isolate =
        Isolate { api, cache: RefCell::default(), chat_only: RefCell::default(), token, shelf: MemoryShelf::default() };
    let refusal = isolate.plan("/v1/chat/completions", &[], r#"{"model":"llama"}"#).expect_err("refused");
    assert_eq!(refusal.reason, Reason::AddressRefused);
    assert!(refusal.message.contains("`local`"), "{}", refusal.message);
}

#[test]
fn allowed_models_hold_for_every_name_that_a_model_goes_by() {
    let isolate = Isolate::new();
    let provider = isolate.api.provider("main");
    isolate.api.model_with(&provider, json!({"model": "gpt-5", "name": "fast"}));
    isolate.api.model_with(&provider, json!({"model": "gpt-5-pro", "name": "slow"}));
    let fenced = Isolate {
        token: isolate.api.token(json!({"name": "fenced", "allowed_models": ["MAIN^gpt-5", "x*"]})),
        ..isolate
    };
    let plan = |model: &str| fenced.plan("/v1/responses", &[], &json!({"model": model}).to_string());
    for model in ["main^gpt-5", "Main^GPT-5", "fast", "gpt-5"] {
        assert!(plan(model).is_ok(), "{model}");
    }
    for model in ["main^gpt-5-pro", "slow", "gpt-5-pro"] {
        assert_eq!(plan(model).expect_err(model).reason, Reason::ModelForbidden, "{model}");
    }
}

#[test]
fn what_an_upstream_says_reaches_the_client_without_the_key() {
    let isolate = Isolate::new();
    isolate.api.model(&isolate.api.provider("main"), "gpt-5");
    let door = call_door("/v1/chat/completions");
    let plan = isolate.plan("/v1/chat/completions", &[], r#"{"model":"gpt-5"}"#).expect("planned");
    let html = format!("<html>bad key {KEY}</html>");
    let error = UpstreamError { status: 401, error_type: None, body: html.as_bytes() };
    let body = error_answer(door.protocol, &plan, error, "req_1").body;
    assert!(!text(&body).contains(KEY) && text(&body).contains("bad key"), "{}", text(&body));
    let malformed = read_body(door.protocol, &plan, format!("<html>{KEY}").as_bytes()).expect_err("not JSON");
    assert_eq!(malformed.refusal.reason, Reason::UpstreamMalformed);
    assert!(!malformed.refusal.message.contains(KEY));
    let event = format!("data: {{\"error\":{{\"message\":\"no more of {KEY}\"}}}}\n\n");
    let failed = failed_at_once(&plan, None, event.as_bytes()).refusal;
    assert!(failed.message.contains("no more of") && !failed.message.contains(KEY), "{}", failed.message);
}

#[test]
fn an_error_inside_a_200_tells_whose_fault_it_is() {
    let isolate = Isolate::new();
    isolate.api.model(&isolate.api.provider("main"), "gpt-5");
    for (path, body) in [("/v1/chat/completions", r#"{"model":"gpt-5"}"#), ("/v1/responses", r#"{"model":"gpt-5"}"#)] {
        let plan = isolate.plan(path, &[], body).expect("planned");
        for (error, verdict) in [
            (r#"{"message":"m","type":"server_error"}"#, Verdict::Failed),
            (r#"{"message":"m","type":"rate_limit_error"}"#, Verdict::Failed),
            (r#"{"message":"m","code":503}"#, Verdict::Failed),
            (r#""busy""#, Verdict::Failed),
            (r#"{"message":"m","type":"invalid_request_error"}"#, Verdict::Blamed),
            (r#"{"message":"m","code":400}"#, Verdict::Blamed),
            (r#"{"message":"m","code":"invalid_api_key"}"#, Verdict::Blamed),
        ] {
            let whole = read_body(call_door(path).protocol, &plan, format!("{{\"error\":{error}}}").as_bytes());
            assert_eq!(whole.expect_err(error).verdict, verdict, "{error}");
            let failed = format!("data: {{\"type\":\"response.failed\",\"response\":{{\"error\":{error}}}}}\n\n");
            for event in [format!("data: {{\"error\":{error}}}\n\n"), failed] {
                assert_eq!(failed_at_once(&plan, None, event.as_bytes()).verdict, verdict, "{event}");
            }
        }
        let page = read_body(call_door(path).protocol, &plan, b"<html>").expect_err("no answer");
        assert_eq!(page.verdict, Verdict::Failed);
    }
}

#[test]
fn the_request_log_keeps_an_upstreams_words_and_no_credential() {
    let isolate = Isolate::new();
    isolate.api.model(&isolate.api.provider("main"), "gpt-5");
    let plan = isolate.plan("/v1/responses", &[], r#"{"model":"gpt-5"}"#).expect("planned");
    for (body, words) in [
        (format!(r#"{{"error":{{"message":"no more of {KEY}"}}}}"#), "no more of [credential]"),
        (r#"{"message":"slow\ndown"}"#.to_owned(), "slow down"),
        ("<html>\n  <b>502</b>".to_owned(), "<html> <b>502</b>"),
        (String::new(), ""),
    ] {
        assert_eq!(said(&plan, body.as_bytes()), words);
    }
    assert_eq!(said(&plan, "x".repeat(10_000).as_bytes()).len(), 500);
}

#[test]
fn of_candidates_that_cannot_be_called_the_first_that_could_do_the_work_says_why() {
    let isolate = Isolate::new();
    let elsewhere = isolate.api.provider_with(json!({"name": "claude", "provider": "anthropic", "api_key": KEY}));
    let keyless = isolate.api.provider_with(json!({"name": "nokey", "provider": "openai"}));
    let third = isolate.api.provider_with(json!({"name": "nokey too", "provider": "openai"}));
    for (provider, priority) in [(&elsewhere, 3), (&keyless, 2), (&third, 1)] {
        isolate.api.model_with(provider, json!({"model": "shared", "priority": priority}));
    }
    let refusal = isolate.plan("/v1/embeddings", &[], r#"{"model":"shared","input":"x"}"#).expect_err("nobody");
    assert_eq!(refusal.reason, Reason::CredentialMissing);
    assert!(refusal.message.contains("`nokey`"), "{}", refusal.message);
    let generated = isolate.plan("/v1/responses", &[], r#"{"model":"shared","input":"x"}"#).expect("the first can");
    assert_eq!(generated.candidate.provider.name(), "claude");
}

#[test]
fn a_row_holds_what_the_call_cost_and_is_written_once() {
    let isolate = Isolate::new();
    let provider = isolate.api.provider("main");
    let prices = json!({"model": "gpt-5", "cost_per_1k_input": 0.001, "cost_per_1k_output": 0.01,
        "cost_per_1k_cache_read": 0.0001, "multiplier": 1.5});
    isolate.api.model_with(&provider, prices);
    let door = call_door("/v1/responses");
    let plan = isolate.plan("/v1/responses", &[], r#"{"model":"gpt-5"}"#).expect("planned");
    let request = RequestId::at(Timestamp::from_ms(NOW), &crate::sqlite::SystemRng).expect("an id");
    let mut record = Record::new(request, Timestamp::from_ms(NOW));
    record.requested_model = Some("gpt-5".into());
    record.candidate = Some(plan.candidate);
    record.calls(Timestamp::from_ms(NOW));
    let tokens = TokenCounts { input: 1000, output: 100, cache_read: 10_000, cache_write: 0, reasoning: 40 };
    let ending = Ending { status: 200, error: None, consumed: Consumed::Reported(tokens) };
    let row = record.settle(&isolate.admit(0).expect("admitted"), door.name, ending, Timestamp::from_ms(NOW + 70));
    block_on(insert(&isolate.api.db, &[row.clone(), row.clone()])).expect("written");
    block_on(insert(&isolate.api.db, &[row])).expect("written again");
    let db = &isolate.api.db;
    assert_eq!(db.count("SELECT count(*) FROM usage"), 1);
    assert_eq!(db.count("SELECT cost_nano_usd FROM usage"), 1_000_000 + 1_000_000 + 1_000_000);
    assert_eq!(db.count("SELECT billed_nano_usd FROM usage"), 4_500_000);
    assert_eq!(db.count("SELECT latency_ms FROM usage"), 70);
    assert_eq!(db.one("SELECT token_id FROM usage"), db.one("SELECT id FROM tokens"));
    assert_eq!(db.one("SELECT typeof(streamed) || typeof(status) FROM usage"), "integerinteger");
}

#[test]
fn azure_takes_its_deployment_as_the_model_or_in_the_path() {
    let isolate = Isolate::new();
    let settings = json!({"name": "azure", "provider": "azure", "base_url": "https://r.openai.azure.com", "api_key": KEY,
        "advanced_json": {"deployments": {"gpt-5": "prod-5"}}});
    let provider = isolate.api.provider_with(settings);
    isolate.api.model(&provider, "gpt-5");
    let body = r#"{"model":"azure^gpt-5","messages":[]}"#;
    let v1 = isolate.plan("/v1/chat/completions", &[], body).expect("planned");
    assert_eq!(v1.url, "https://r.openai.azure.com/openai/v1/chat/completions");
    assert_eq!(text(&v1.body), r#"{"model":"prod-5","messages":[]}"#);
    assert_eq!(sent(&v1, "api-key"), Some(KEY));
    let path = format!("/api/v1/providers/{provider}");
    let dated = json!({"advanced_json": {"deployments": {"gpt-5": "prod-5"}, "api_version": "2024-10-21"}});
    isolate.api.patch(&path, dated).must(200);
    isolate.cache.borrow_mut().overtake();
    let classic = isolate.plan("/v1/chat/completions", &[], body).expect("planned");
    let deployment = "https://r.openai.azure.com/openai/deployments/prod-5";
    assert_eq!(classic.url, format!("{deployment}/chat/completions?api-version=2024-10-21"));
}
