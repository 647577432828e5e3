//! `load`: reads what to ask from standard input, as JSON, asks it over and over, and says in JSON what came of it.
//!
//! Closed loop: each connection asks again when it has read its answer, and never before.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use sluice_bench::checks::{Expected, Seen};
use sluice_bench::figures::{Spread, spread};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// A call that takes longer is a call that failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between two tries after a failure, so that a gateway that is gone is not asked a million times.
const AFTER_A_FAILURE: Duration = Duration::from_millis(10);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    url: String,
    #[serde(default = "post")]
    method: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    connections: usize,
    /// Whichever comes first.
    seconds: Option<f64>,
    calls: Option<u64>,
    expect: Expected,
}

fn post() -> String {
    "POST".to_owned()
}

#[derive(Serialize)]
struct Report {
    /// Answers that were as expected.
    calls: u64,
    seconds: f64,
    per_second: f64,
    latency_us: Spread,
    /// Until the first byte of the answer's body.
    first_byte_us: Spread,
    bytes: u64,
    events: u64,
    /// How many calls failed in which way.
    errors: BTreeMap<String, u64>,
    /// What the first one that failed said.
    first_error: Option<String>,
}

#[derive(Default)]
struct Tally {
    begun: u64,
    latencies: Vec<u64>,
    first_bytes: Vec<u64>,
    bytes: u64,
    events: u64,
    errors: BTreeMap<String, u64>,
    first_error: Option<String>,
}

impl Tally {
    fn failed(&mut self, fault: String, words: String) {
        self.first_error.get_or_insert_with(|| format!("{fault}: {words}"));
        *self.errors.entry(fault).or_default() += 1;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).expect("standard input is text");
    let asked: Asked = serde_json::from_str(&text).expect("standard input says what to ask");
    let report = tokio::task::LocalSet::new().run_until(run(asked)).await;
    println!("{}", serde_json::to_string(&report).expect("a report is JSON"));
}

async fn run(asked: Asked) -> Report {
    let asked = Rc::new(asked);
    let tally = Rc::new(RefCell::new(Tally::default()));
    let began = Instant::now();
    let until = asked.seconds.map(|seconds| began + Duration::from_secs_f64(seconds));
    let connections: Vec<_> = (0..asked.connections)
        .map(|_| tokio::task::spawn_local(connection(Rc::clone(&asked), Rc::clone(&tally), until)))
        .collect();
    for connection in connections {
        connection.await.expect("a connection's task does not panic");
    }
    let seconds = began.elapsed().as_secs_f64();
    let mut tally = tally.take();
    let calls = tally.latencies.len() as u64;
    Report {
        calls,
        seconds,
        per_second: calls as f64 / seconds,
        latency_us: spread(&mut tally.latencies),
        first_byte_us: spread(&mut tally.first_bytes),
        bytes: tally.bytes,
        events: tally.events,
        errors: tally.errors,
        first_error: tally.first_error,
    }
}

async fn connection(asked: Rc<Asked>, tally: Rc<RefCell<Tally>>, until: Option<Instant>) {
    let url: Uri = asked.url.parse().expect("the URL is one");
    let authority = url.authority().expect("the URL has a host").as_str().to_owned();
    let target = url.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let body = Bytes::from(asked.body.clone());
    let mut sender = None;
    loop {
        if until.is_some_and(|until| Instant::now() >= until) {
            return;
        }
        {
            let mut tally = tally.borrow_mut();
            if asked.calls.is_some_and(|calls| tally.begun >= calls) {
                return;
            }
            tally.begun += 1;
        }
        let mut request =
            Request::builder().method(asked.method.as_str()).uri(target.as_str()).header("host", &authority);
        for (name, value) in &asked.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body.clone())).expect("the request is one");
        let called = tokio::time::timeout(PATIENCE, call(&mut sender, &authority, request));
        let outcome = called.await.unwrap_or_else(|_| Err("no answer in time".to_owned()));
        match outcome {
            Ok(answer) => {
                let mut tally = tally.borrow_mut();
                match answer.seen.fault(answer.status, &asked.expect) {
                    Some(fault) => tally.failed(fault, answer.seen.words()),
                    None => {
                        tally.latencies.push(answer.whole);
                        tally.first_bytes.push(answer.first_byte);
                        tally.bytes += answer.seen.length();
                        tally.events += answer.seen.events();
                    }
                }
            }
            Err(fault) => {
                sender = None;
                tally.borrow_mut().failed(fault.clone(), String::new());
                tokio::time::sleep(AFTER_A_FAILURE).await;
            }
        }
    }
}

struct Answered {
    status: u16,
    seen: Seen,
    /// Nanoseconds from before the request until the first byte of the body, and until its end.
    first_byte: u64,
    whole: u64,
}

async fn call(
    sender: &mut Option<SendRequest<Full<Bytes>>>,
    authority: &str,
    request: Request<Full<Bytes>>,
) -> Result<Answered, String> {
    let began = Instant::now();
    let elapsed = || began.elapsed().as_nanos() as u64;
    let words = |error: hyper::Error| error.to_string();
    let mut ready = match sender.take() {
        Some(sender) if !sender.is_closed() => sender,
        _ => connect(authority).await?,
    };
    ready.ready().await.map_err(words)?;
    let answer = ready.send_request(request).await.map_err(words)?;
    let status = answer.status().as_u16();
    let mut body = answer.into_body();
    let mut seen = Seen::default();
    let mut first_byte = None;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(words)?.into_data() {
            first_byte.get_or_insert_with(elapsed);
            seen.feed(&data);
        }
    }
    let whole = elapsed();
    *sender = Some(ready);
    Ok(Answered { status, seen, first_byte: first_byte.unwrap_or(whole), whole })
}

async fn connect(authority: &str) -> Result<SendRequest<Full<Bytes>>, String> {
    let stream = TcpStream::connect(authority).await.map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::task::spawn_local(async move {
        // The call that was on it says why it broke.
        let _ = connection.await;
    });
    Ok(sender)
}
