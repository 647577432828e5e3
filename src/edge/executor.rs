//! Runs the future of each request: it is polled within the turn in which what it waits for is told, and everything is told by
//! one closure. `wasm_bindgen_futures` polls a turn later, and its `JsFuture` makes two closures for each promise, which are garbage
//! with a finalizer.
//!
//! Only for what the platform holds open ([`super::js::Held`], or a `waitUntil`). Where it drops a request whose client has left, no promise of that
//! is ever told of: a `JsFuture` goes with its promise as garbage, and what waits here would stay.

use super::js::{self, Listener};
use async_task::Runnable;
use js_sys::Promise;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use wasm_bindgen::JsValue;

/// What may be going on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// JavaScript runs, or nothing.
    Elsewhere,
    /// The same, and a turn of ours was asked for.
    Asked,
    /// Futures are polled until none is woken.
    Ours,
}

thread_local! {
    static TURN: Cell<Turn> = const { Cell::new(Turn::Elsewhere) };
    static NOW: Cell<Option<f64>> = const { Cell::new(None) };
    static WOKEN: RefCell<VecDeque<Runnable>> = const { RefCell::new(VecDeque::new()) };
    static WAITING: RefCell<HashMap<u32, Waiting>> = RefCell::new(HashMap::new());
    static NEXT: Cell<u32> = const { Cell::new(FIRST) };
    static LISTENER: Listener = listener();
}

/// No number of anything that is waited for: a turn that was asked for.
const NOTHING: u32 = 0;
const FIRST: u32 = 1;

/// Runs a future, up to where it waits for the first time before this returns.
pub fn run(future: impl Future<Output = ()> + 'static) {
    let future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(future);
    let (runnable, task) = async_task::spawn_local(future, woken);
    task.detach();
    turn(|| {
        runnable.run();
    });
}

/// Polls what `begins` and what that wakes, until nobody is awake.
fn turn(begins: impl FnOnce()) {
    TURN.set(Turn::Ours);
    NOW.set(None);
    begins();
    while let Some(runnable) = WOKEN.with_borrow_mut(VecDeque::pop_front) {
        runnable.run();
    }
    TURN.set(Turn::Elsewhere);
}

/// The time in milliseconds. It stands still within a turn, as the platform's own does, which costs more to ask.
pub fn now() -> f64 {
    if TURN.get() != Turn::Ours {
        return js::now();
    }
    NOW.get().unwrap_or_else(|| {
        let now = js::now();
        NOW.set(Some(now));
        now
    })
}

fn woken(runnable: Runnable) {
    WOKEN.with_borrow_mut(|woken| woken.push_back(runnable));
    // By a `JsFuture` or the like, in the midst of its own.
    if TURN.get() == Turn::Elsewhere {
        TURN.set(Turn::Asked);
        LISTENER.with(|_| js::wake(NOTHING));
    }
}

fn listener() -> Listener {
    let listener = Listener::new(|id, kept, value| turn(|| settle(id, if kept { Ok(value) } else { Err(value) })));
    js::listen(&listener);
    listener
}

/// A promise that is waited for. Dropped, it is waited for no more, and goes on.
pub struct Awaited(u32);

enum Waiting {
    Pending(Option<Waker>),
    Settled(Result<JsValue, JsValue>),
}

fn settle(id: u32, outcome: Result<JsValue, JsValue>) {
    let waker = WAITING.with_borrow_mut(|waiting| {
        let slot = waiting.get_mut(&id)?;
        match std::mem::replace(slot, Waiting::Settled(outcome)) {
            Waiting::Pending(waker) => waker,
            Waiting::Settled(_) => None,
        }
    });
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Awaited {
    fn begin(tell: impl FnOnce(u32)) -> Self {
        let id = NEXT.with(|next| next.replace(next.get().checked_add(1).unwrap_or(FIRST)));
        WAITING.with_borrow_mut(|waiting| waiting.insert(id, Waiting::Pending(None)));
        LISTENER.with(|_| tell(id));
        Self(id)
    }
}

impl From<Promise> for Awaited {
    fn from(promise: Promise) -> Self {
        Self::begin(|id| js::watch(&promise, id))
    }
}

impl Future for Awaited {
    type Output = Result<JsValue, JsValue>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        WAITING.with_borrow_mut(|waiting| match waiting.remove(&self.0) {
            Some(Waiting::Settled(outcome)) => Poll::Ready(outcome),
            Some(Waiting::Pending(_)) => {
                waiting.insert(self.0, Waiting::Pending(Some(context.waker().clone())));
                Poll::Pending
            }
            // It has been told already: a future is not asked again after that.
            None => Poll::Pending,
        })
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        WAITING.with_borrow_mut(|waiting| waiting.remove(&self.0));
    }
}

/// A timer of the platform's. Dropped, it does not ring.
pub struct Alarm {
    rings: Awaited,
    /// As long as it has not rung.
    timer: Option<i32>,
}

impl Alarm {
    /// Rings after `wait`.
    pub fn after(wait: Duration) -> Self {
        let mut timer = None;
        // More than this is less to the platform.
        let wait = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        let rings = Awaited::begin(|id| timer = Some(js::ring(wait, id)));
        Self { rings, timer }
    }
}

impl Future for Alarm {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let rung = Pin::new(&mut self.rings).poll(context);
        rung.map(|_| self.timer = None)
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(timer) = self.timer {
            js::clear_timeout(timer);
        }
    }
}
