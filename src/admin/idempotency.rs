//! `Idempotency-Key`: a POST that is sent again gets its first answer again, for 24 hours, and is done once.
//!
//! The key's row is written in the batch of the change, so that there is no change without it, and holds what only that
//! moment knew, such as a new token. The answer follows as soon as it is known. Where it was lost, with the isolate or
//! with the database, it is made anew from the row that the change made.

use super::reply::header_name;
use super::{Call, Reply, Request, World, dispatch, refused};
use crate::access::Operation;
use crate::access::route::{Matched, Method, Surface, find};
use crate::domain::invalid::Invalid;
use crate::domain::retention::IDEMPOTENCY_KEPT_MS;
use crate::json::{Members, json};
use crate::ports::{Db, DbError, Local, Outcome, Statement};
use crate::refusal::{Fault, Reason, Refusal};
use crate::seal::{KeyRing, Plaintext, Sealed};
use crate::store::idempotency::{self, Kept, KeptRow, is_taken, place, release};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The header, and the `param` of its refusals.
const HEADER: &str = "idempotency-key";

/// What marks an answer that was given before.
const REPLAYED: (&str, &str) = ("idempotency-replayed", "true");

/// After that a request without an answer is taken to have died: no request of the control plane lives longer.
const GIVEN_UP_MS: i64 = 60_000;

/// What an answer shows only once, on its way from the handler to the row that keeps it.
pub type ShownOnce = Rc<RefCell<Map<String, Value>>>;

/// What a row holds: the answer, or, as long as that is not known, the members of it that nothing else can tell.
#[derive(Serialize, Deserialize)]
struct Answer {
    status: Option<u16>,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

/// A request under its key.
struct Keyed<'c> {
    call: &'c Call<'c>,
    ring: &'c KeyRing,
    id: String,
    fingerprint: String,
}

/// The request's key, if it is one that is kept. MCP's clients send the same headers with every message, so that theirs
/// says nothing of one.
pub fn key_of(request: &Request) -> Result<Option<&str>, Invalid> {
    let is_kept = request.method == "POST" && Surface::of(&request.path) != Surface::Mcp;
    let key = request.idempotency_key.as_deref().filter(|_| is_kept);
    match key.map(str::trim) {
        Some(key) if key.is_empty() || key.len() > 255 || !key.bytes().all(|byte| (0x20..0x7f).contains(&byte)) => {
            Err(Invalid::new(HEADER, "the Idempotency-Key must be 1 to 255 printable ASCII characters, such as a UUID"))
        }
        key => Ok(key),
    }
}

/// Answers under a key: again where it was answered before, else as [`dispatch`] does.
pub async fn answer(call: &Call<'_>, key: &str, segments: &[&str]) -> Result<Reply, Refusal> {
    let request = call.request;
    let keyed = Keyed {
        call,
        // What cannot be kept must not be done.
        ring: call.world.deployment.ring()?,
        id: digest(&[call.principal.id().as_bytes(), key.as_bytes()]),
        fingerprint: digest(&[
            request.method.as_bytes(),
            request.path.as_bytes(),
            request.query.as_bytes(),
            request.content_type.as_deref().unwrap_or_default().as_bytes(),
            &request.body,
        ]),
    };
    let given_up = match keyed.find().await? {
        None => None,
        Some(row) => match keyed.repeat(&row).await? {
            Some(reply) => return Ok(reply),
            None => Some(row.request_id),
        },
    };
    keyed.run(segments, given_up).await
}

impl Keyed<'_> {
    async fn find(&self) -> Result<Option<KeptRow>, Refusal> {
        let row = idempotency::find(self.call.world.db, &self.id).await?;
        Ok(row.filter(|row| row.created_at > self.expired()))
    }

    fn expired(&self) -> i64 {
        self.call.now.ms() - IDEMPOTENCY_KEPT_MS
    }

    /// The answer that was given before; `None` where the request that had the key has died without leaving a row.
    async fn repeat(&self, row: &KeptRow) -> Result<Option<Reply>, Refusal> {
        if row.fingerprint != self.fingerprint {
            let message = "this Idempotency-Key was sent with another request before: take a new key for a new request";
            return Err(Refusal::new(Reason::IdempotencyKeyReused, message).on(HEADER));
        }
        let opened = self.ring.open(&row.answer, &place(&self.id))?;
        let known: Answer = serde_json::from_str(opened.expose())
            .map_err(|_| Refusal::new(Reason::Internal, "a stored answer cannot be read"))?;
        if let Some(status) = known.status {
            let known_names = known.headers.into_iter().filter_map(|(name, value)| Some((header_name(&name)?, value)));
            let headers = known_names.chain([(REPLAYED.0, REPLAYED.1.to_owned())]).collect();
            return Ok(Some(Reply { status, headers, body: known.body }));
        }
        if let Some(reply) = self.made(row, known.body.as_deref()).await? {
            self.keep((row.created_at, &row.request_id), &reply, None).await;
            return Ok(Some(reply));
        }
        if self.call.now.ms() - row.created_at < GIVEN_UP_MS {
            let message = "a request with this Idempotency-Key is under way: wait for its answer, or send it again";
            return Err(Refusal::new(Reason::IdempotencyInProgress, message)
                .on(HEADER)
                .with_header("retry-after", "1"));
        }
        Ok(None)
    }

    /// The answer to a creation, read from what it made.
    async fn made(&self, row: &KeptRow, shown_once: Option<&str>) -> Result<Option<Reply>, Refusal> {
        let request = self.call.request;
        let Some(id) = &row.resource_id else { return Ok(None) };
        let location = format!("{}/{id}", request.path.trim_end_matches('/'));
        let Matched::Route(operation, segments) = find(Some(Method::Get), &location) else { return Ok(None) };
        let read = Request {
            method: "GET".into(),
            path: location.clone(),
            if_none_match: None,
            body: Vec::new(),
            ..request.clone()
        };
        let call = self.call.of(self.call.world, &read, operation);
        let Ok(mut reply) = dispatch(&call, &segments).await else { return Ok(None) };
        let once: Option<Map<String, Value>> = shown_once.and_then(|text| serde_json::from_str(text).ok());
        if let (Some(once), Some(body)) = (once, reply.body.as_deref())
            && let Ok(mut shown) = serde_json::from_str::<Map<String, Value>>(body)
        {
            shown.extend(once);
            reply.body = Some(Value::Object(shown).to_string());
        }
        reply.status = 201;
        reply.headers.push(("location", location));
        Ok(Some(reply))
    }

    /// Does what is asked, and keeps the answer if it would be the same again.
    async fn run(&self, segments: &[&str], given_up: Option<String>) -> Result<Reply, Refusal> {
        let claiming = Claiming {
            keyed: self,
            given_up,
            shown_once: ShownOnce::default(),
            claimed: Cell::new(false),
            lost: Cell::new(false),
        };
        let world = World { db: &claiming, ..self.call.world };
        let mut call = self.call.of(world, self.call.request, self.call.operation);
        call.shown_once = Rc::clone(&claiming.shown_once);
        let outcome = dispatch(&call, segments).await;
        if claiming.lost.get() {
            return match self.find().await? {
                Some(row) => self.repeat(&row).await?.ok_or_else(|| Refusal::from(NotKept)),
                None => Err(NotKept.into()),
            };
        }
        let reply = match outcome {
            Ok(reply) => reply,
            Err(refusal) if is_final(&refusal) => refused(self.call.request, &refusal),
            Err(refusal) => return Err(refusal),
        };
        let own = (self.call.now.ms(), self.call.request.id.as_str());
        self.keep(own, &reply, claiming.given_up.as_deref()).await;
        Ok(reply)
    }

    fn seal(&self, answer: &Answer) -> Result<Sealed, Refusal> {
        let text = Plaintext::new(json!(answer).to_string());
        Ok(self.ring.seal(&text, &place(&self.id), self.call.world.rng)?)
    }

    /// Keeps an answer. Where that fails, what was done is done, and the next request finds the claim.
    async fn keep(&self, (created_at, request_id): (i64, &str), reply: &Reply, given_up: Option<&str>) {
        let headers = reply.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let answer = Answer { status: Some(reply.status), headers, body: reply.body.clone() };
        let Ok(answer) = self.seal(&answer) else { return };
        let (id, fingerprint) = (&self.id, &self.fingerprint);
        let kept = Kept { id, created_at, request_id, fingerprint, answer: &answer };
        let _ = self.call.world.db.batch(vec![release(id, self.expired(), given_up), kept.keep()]).await;
    }
}

/// A twin had the key and has let it go again: nothing was done here.
struct NotKept;

impl From<NotKept> for Refusal {
    fn from(_: NotKept) -> Self {
        let message = "another request with this Idempotency-Key was under way: send this one again";
        Self::new(Reason::IdempotencyInProgress, message).on(HEADER).with_header("retry-after", "1")
    }
}

/// Whether asking again would bring the same refusal: what an upstream or the deployment failed at may go well next time.
fn is_final(refusal: &Refusal) -> bool {
    refusal.reason.fault() == Fault::Client && refusal.reason.status() < 500
}

/// The database as a keyed request sees it: its first write claims the key, in the same batch.
struct Claiming<'k> {
    keyed: &'k Keyed<'k>,
    given_up: Option<String>,
    shown_once: ShownOnce,
    claimed: Cell<bool>,
    lost: Cell<bool>,
}

impl Claiming<'_> {
    fn claim(&self) -> Result<[Statement; 2], Refusal> {
        let Keyed { call, id, fingerprint, .. } = self.keyed;
        let once = self.shown_once.borrow();
        let body = (!once.is_empty()).then(|| json!(&*once).to_string());
        let answer = self.keyed.seal(&Answer { status: None, headers: Vec::new(), body })?;
        let (created_at, request_id) = (call.now.ms(), call.request.id.as_str());
        let kept = Kept { id, created_at, request_id, fingerprint, answer: &answer };
        Ok([release(id, self.keyed.expired(), self.given_up.as_deref()), kept.claim()])
    }
}

impl Db for Claiming<'_> {
    fn batch(&self, statements: Vec<Statement>) -> Local<'_, Result<Vec<Outcome>, DbError>> {
        let db = self.keyed.call.world.db;
        if self.claimed.get() || !statements.iter().any(Statement::writes) {
            return db.batch(statements);
        }
        Box::pin(async move {
            let claim = self.claim().map_err(|refusal| DbError::Unavailable(refusal.message.clone()))?;
            let own = claim.len();
            let outcomes = db.batch(claim.into_iter().chain(statements).collect()).await;
            match &outcomes {
                Ok(_) => self.claimed.set(true),
                Err(DbError::Constraint(text)) => self.lost.set(is_taken(text)),
                Err(DbError::Unavailable(_)) => {}
            }
            outcomes.map(|mut outcomes| outcomes.split_off(own.min(outcomes.len())))
        })
    }
}

impl Call<'_> {
    /// The same caller's, of another request.
    pub(super) fn of<'b>(&'b self, world: World<'b>, request: &'b Request, operation: Operation) -> Call<'b> {
        let (principal, shown_once) = (self.principal.clone(), ShownOnce::default());
        Call { world, request, operation, principal, now: self.now, shown_once }
    }

    /// Tells what the answer will show and no row knows.
    pub(super) fn shows_once(&self, member: &str, value: &str) {
        self.shown_once.borrow_mut().put(member, value);
    }
}

/// SHA-256 of texts, each behind its length, in hexadecimal.
fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
