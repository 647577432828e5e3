//! Promises as futures, told of by one closure for all: a `JsFuture` makes two for each, which are garbage with a finalizer.
//!
//! Only for what `background::open` holds the request open for. Where the platform drops a request whose client has left, no promise
//! of it is ever told of: a `JsFuture` goes with its promise as garbage, and what waits here would stay.

use super::js::{self, Listener};
use js_sys::Promise;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use wasm_bindgen::JsValue;

/// A promise that is waited for. Dropped, it is waited for no more, and goes on.
pub struct Awaited(u32);

enum Waiting {
    Pending(Option<Waker>),
    Settled(Result<JsValue, JsValue>),
}

thread_local! {
    static WAITING: RefCell<HashMap<u32, Waiting>> = RefCell::new(HashMap::new());
    static NEXT: Cell<u32> = const { Cell::new(0) };
    static LISTENER: Listener = listener();
}

fn listener() -> Listener {
    let listener = Listener::new(|id, kept, value| settle(id, if kept { Ok(value) } else { Err(value) }));
    js::listen(&listener);
    listener
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

impl From<Promise> for Awaited {
    fn from(promise: Promise) -> Self {
        let id = NEXT.with(|next| next.replace(next.get().wrapping_add(1)));
        WAITING.with_borrow_mut(|waiting| waiting.insert(id, Waiting::Pending(None)));
        LISTENER.with(|_| js::watch(&promise, id));
        Self(id)
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
