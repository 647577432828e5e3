//! The client's half of a stream, and the relaying itself.

use super::super::executor::{Alarm, Awaited};
use super::super::js::{Feed, Flow};
use super::{Over, PING, Pump};
use crate::domain::timestamp::Timestamp;
use crate::edge::system::Platform;
use crate::ports::Clock;
use futures_util::future::{Either, select};
use js_sys::Uint8Array;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::JsValue;
use web_sys::WritableStreamDefaultWriter;

/// How many bytes may have been passed on before they are read: dozens of events.
const ROOM: u32 = 8192;

/// A stream with both its halves.
pub struct Relaying {
    pub(super) pump: Pump,
    pub(super) writer: WritableStreamDefaultWriter,
}

impl Relaying {
    /// Relays what the upstream sends, up to where that ends.
    pub(super) async fn relay(&mut self) -> Over {
        for chunk in std::mem::take(&mut self.pump.held) {
            if self.write(&chunk).await.is_err() {
                return Over::ClientLeft;
            }
        }
        if self.pump.ended.is_some() {
            return Over::Ended;
        }
        let reading = Rc::clone(&self.pump.reading);
        let feed = Feed::new(move |chunk: Uint8Array| {
            reading.borrow_mut().feed(&chunk).map_or(JsValue::UNDEFINED, JsValue::from)
        });
        let room = if self.pump.reading.borrow().stream.passes_as_it_comes() { ROOM } else { 0 };
        let flow = Flow::new(&self.pump.reader, &self.writer, &feed, room);
        let begun = self.pump.begun.take().map_or(JsValue::UNDEFINED, JsValue::from);
        let over = self.watch(&flow, Awaited::from(flow.run(&begun))).await;
        flow.stop();
        over
    }

    /// Waits for the flow's end; meanwhile keeps time, and the client with pings.
    async fn watch(&self, flow: &Flow, mut end: Awaited) -> Over {
        let mut pinged = Platform.now();
        loop {
            let heard = pinged.max(at(flow.heard()));
            // One timer for many chunks: it is asked again when it rings, not set anew for each of them.
            let wait = match self.pump.bounds.left(at(flow.moved())) {
                Ok(left) => self.until_ping(left, heard),
                Err(over) => return over,
            };
            if let Either::Left((end, _)) = select(&mut end, Alarm::after(wait)).await {
                return self.over(end.ok().and_then(|word| word.as_string()).as_deref());
            }
            let client_is_busy = flow.moved().is_infinite();
            if client_is_busy || !self.owes_ping(pinged.max(at(flow.heard()))) {
                continue;
            }
            pinged = Platform.now();
            flow.tell();
            if self.pump.reading.borrow().stream.at_boundary()
                && self.write(&Uint8Array::new_from_slice(PING)).await.is_err()
            {
                return Over::ClientLeft;
            }
        }
    }

    fn over(&self, end: Option<&str>) -> Over {
        match end {
            Some("ended") => Over::Ended,
            Some("left") => Over::ClientLeft,
            _ if self.pump.client.aborted() => Over::ClientLeft,
            _ => Over::Broken,
        }
    }

    /// Whether the client has heard nothing since `heard` for so long that it gets a ping.
    fn owes_ping(&self, heard: Timestamp) -> bool {
        self.pump.bounds.ping_interval.is_some_and(|interval| Platform.now().since(heard) >= interval)
    }

    /// `left`, or until the next ping is due.
    fn until_ping(&self, left: Duration, heard: Timestamp) -> Duration {
        let silent = Platform.now().since(heard);
        self.pump.bounds.ping_interval.map_or(left, |interval| left.min(interval.saturating_sub(silent)))
    }

    async fn write(&self, chunk: &Uint8Array) -> Result<(), JsValue> {
        if chunk.length() == 0 {
            return Ok(());
        }
        Awaited::from(self.writer.write_with_chunk(chunk)).await.map(|_| ())
    }

    /// The last bytes and the end of the client's stream.
    pub(super) async fn write_last(&self, last: &[u8]) -> Result<(), JsValue> {
        self.write(&Uint8Array::new_from_slice(last)).await?;
        Awaited::from(self.writer.close()).await.map(|_| ())
    }
}

/// A time of JavaScript's; one that never comes is the last.
fn at(milliseconds: f64) -> Timestamp {
    // `as` saturates.
    Timestamp::from_ms(milliseconds as i64)
}
