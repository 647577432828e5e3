//! Usage rows by way of the queue under the binding `USAGE_QUEUE`: sending them, and writing what arrives.

use super::d1::D1;
use super::js;
use crate::gateway::queue::{AT_ONCE, Receipt, deliver, messages, wait_for_another};
use crate::store::usage::UsageRow;
use js_sys::{Array, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::Env;

#[wasm_bindgen]
extern "C" {
    type Queue;

    #[wasm_bindgen(method, catch, js_name = sendBatch)]
    fn send_batch(this: &Queue, messages: &Array) -> Result<Promise, JsValue>;

    /// What the platform hands to a consumer.
    pub type MessageBatch;

    #[wasm_bindgen(method, getter)]
    fn messages(this: &MessageBatch) -> Array;

    type Message;

    #[wasm_bindgen(method, getter)]
    fn body(this: &Message) -> JsValue;

    #[wasm_bindgen(method, getter)]
    fn attempts(this: &Message) -> u32;

    #[wasm_bindgen(method)]
    fn ack(this: &Message);

    #[wasm_bindgen(method)]
    fn retry(this: &Message, options: &Object);
}

/// Leaves rows to the queue. Once it has said yes they are on its disk.
///
/// # Errors
/// What the queue said instead. It may have taken a part of them.
pub async fn send(env: &Env, rows: &[UsageRow]) -> Result<(), JsValue> {
    let queue: Queue = js::binding(env, "USAGE_QUEUE").unwrap_or_default().unchecked_into();
    let messages = messages(rows).map_err(|error| JsValue::from_str(&format!("{error:?}")))?;
    for some in messages.chunks(AT_ONCE) {
        let batch = Array::new();
        for body in some {
            let message = js::object(&[("body", body.into()), ("contentType", "text".into())])?;
            batch.push(&message);
        }
        JsFuture::from(queue.send_batch(&batch)?).await?;
    }
    Ok(())
}

/// The consumer of `wrangler.toml`, exported as `worker`'s own macro would, without the types around it.
#[wasm_bindgen(js_name = queue)]
pub async fn consume(batch: MessageBatch, env: Env, _context: JsValue) -> Result<JsValue, JsValue> {
    let messages = batch.messages();
    let mut bodies = Vec::new();
    for message in messages.iter() {
        bodies.push(message.unchecked_ref::<Message>().body().as_string().unwrap_or_default());
    }
    let receipts = deliver(&D1(&env), &bodies).await;
    let mut again = 0;
    for (message, receipt) in messages.iter().zip(receipts) {
        let message = message.unchecked_ref::<Message>();
        match receipt {
            Receipt::Written => message.ack(),
            Receipt::Again => {
                again += 1;
                message.retry(&js::object(&[("delaySeconds", wait_for_another(message.attempts()).into())])?);
            }
        }
    }
    if again > 0 {
        js::log_error(&format!("usage: {again} of {} messages could not be written and come again", bodies.len()));
    }
    Ok(JsValue::UNDEFINED)
}
