//! `upstream [port]`: says `{"port": …}` and serves until its standard input ends.
//!
//! The path may begin with `/events/<count>` and `/gap/<microseconds>` for streams, in this order; what follows ends as the
//! protocol's path does, or is the raw endpoint. A stream is what asks for one. `GET /calls` says how many were answered.

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Body, Frame, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use memchr::memmem::Finder;
use sluice_bench::answers::Protocol;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future as _;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::time::{Instant, Sleep};

type Answer = Response<Either<Full<Bytes>, Events>>;
type Stream = Rc<[Bytes]>;

const DEFAULT_EVENTS: usize = 200;
const RAW: usize = 1024;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let port: u16 = std::env::args().nth(1).map_or(0, |port| port.parse().expect("upstream [port]"));
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("{{\"port\": {}}}", listener.local_addr()?.port());
    let upstream = Rc::new(Upstream::new());
    tokio::task::LocalSet::new()
        .run_until(async {
            tokio::select! {
                ended = serve(&listener, upstream) => ended,
                _ = starter_is_gone() => Ok(()),
            }
        })
        .await
}

/// Whoever started us holds our standard input, and takes it along however it ends.
async fn starter_is_gone() {
    let mut input = tokio::io::stdin();
    while matches!(input.read(&mut [0; 64]).await, Ok(1..)) {}
}

async fn serve(listener: &TcpListener, upstream: Rc<Upstream>) -> std::io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let upstream = Rc::clone(&upstream);
        tokio::task::spawn_local(async move {
            let service = service_fn(|request| {
                let upstream = Rc::clone(&upstream);
                async move { upstream.answer(request).await }
            });
            // A connection that breaks is the gateway's business, and the load sees what came of it.
            let _ = hyper::server::conn::http1::Builder::new()
                .auto_date_header(false)
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

struct Upstream {
    calls: Cell<u64>,
    whole: [Bytes; 3],
    raw: Bytes,
    streams: RefCell<HashMap<(usize, usize, bool), Stream>>,
    stream_asked: [Finder<'static>; 2],
    usage_asked: [Finder<'static>; 2],
}

impl Upstream {
    fn new() -> Self {
        Self {
            calls: Cell::new(0),
            whole: Protocol::ALL.map(Protocol::whole),
            raw: Bytes::from(vec![b'r'; RAW]),
            streams: RefCell::default(),
            stream_asked: [Finder::new(br#""stream":true"#), Finder::new(br#""stream": true"#)],
            usage_asked: [Finder::new(br#""include_usage":true"#), Finder::new(br#""include_usage": true"#)],
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Answer, hyper::Error> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let (settings, path) = Settings::of(head.uri.path());
        if head.method == Method::GET && path == "/calls" {
            return Ok(whole("application/json", Bytes::from(format!("{{\"calls\": {}}}", self.calls.get()))));
        }
        self.calls.set(self.calls.get() + 1);
        let asked = |finders: &[Finder]| finders.iter().any(|finder| finder.find(&body).is_some());
        let Some(protocol) = Protocol::of_path(path) else {
            return Ok(whole("application/octet-stream", self.raw.clone()));
        };
        if asked(&self.stream_asked) {
            let events = self.stream(protocol, settings.events, asked(&self.usage_asked));
            return Ok(streamed(Events::new(events, settings.gap)));
        }
        Ok(whole("application/json", self.whole[protocol as usize].clone()))
    }

    fn stream(&self, protocol: Protocol, events: usize, usage: bool) -> Stream {
        let mut streams = self.streams.borrow_mut();
        let made = streams.entry((protocol as usize, events, usage));
        Rc::clone(made.or_insert_with(|| protocol.stream(events, usage).into()))
    }
}

struct Settings {
    events: usize,
    gap: Duration,
}

impl Settings {
    /// What a path begins with, and the rest of it.
    fn of(path: &str) -> (Self, &str) {
        let (events, path) = setting(path, "/events/");
        let (gap, path) = setting(path, "/gap/");
        let gap = Duration::from_micros(gap.unwrap_or(0) as u64);
        (Self { events: events.unwrap_or(DEFAULT_EVENTS), gap }, path)
    }
}

fn setting<'a>(path: &'a str, name: &str) -> (Option<usize>, &'a str) {
    let Some(rest) = path.strip_prefix(name) else { return (None, path) };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].parse() {
        Ok(number) => (Some(number), &rest[end..]),
        Err(_) => (None, path),
    }
}

fn whole(content_type: &'static str, bytes: Bytes) -> Answer {
    let mut answer = Response::new(Either::Left(Full::new(bytes)));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

fn streamed(events: Events) -> Answer {
    let mut answer = Response::new(Either::Right(events));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}

/// One event after the other, each in a chunk and a write of its own.
struct Events {
    events: Stream,
    next: usize,
    gap: Duration,
    pause: Pin<Box<Sleep>>,
    sent: bool,
}

impl Events {
    fn new(events: Stream, gap: Duration) -> Self {
        Self { events, next: 0, gap, pause: Box::pin(tokio::time::sleep(Duration::ZERO)), sent: false }
    }
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        // hyper writes out what it has when there is nothing more for the moment.
        if std::mem::take(&mut self.sent) {
            if self.gap.is_zero() {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let until = Instant::now() + self.gap;
            self.pause.as_mut().reset(until);
        }
        if !self.gap.is_zero() && self.next > 0 && self.pause.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        let event = self.events.get(self.next).cloned();
        self.next += 1;
        self.sent = event.is_some();
        Poll::Ready(event.map(|event| Ok(Frame::data(event))))
    }
}
