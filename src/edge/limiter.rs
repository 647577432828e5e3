//! Asking a token's limiter, from the isolate that a call is in.

use super::executor::{Alarm, Awaited};
use super::js;
use super::response::Head;
use super::system::Platform;
use crate::domain::ids::TokenId;
use crate::domain::limits::Limits;
use crate::gateway::admit::Admitted;
use crate::gateway::limit::{self, Limited};
use crate::gateway::settle::Record;
use crate::limits::{Amounts, Asked, Limiters, Message, Standing, Verdict, Wire};
use crate::ports::{Clock, Local};
use crate::refusal::{Dialect, Refusal};
use futures_util::future::{Either, select};
use js_sys::{Object, Promise};
use std::pin::pin;
use std::time::Duration;
use wasm_bindgen::prelude::*;
use web_sys::Response;
use worker::Env;

/// How long an object may take. It answers in milliseconds, or is being moved.
const WAIT: Duration = Duration::from_secs(5);

/// Asks, the object having been moved or restarted in between. Asking twice counts once.
const TRIES: u32 = 2;

#[wasm_bindgen]
extern "C" {
    /// The far end of an object.
    type Stub;

    #[wasm_bindgen(method, catch)]
    fn fetch(this: &Stub, url: &str, init: &Object) -> Result<Promise, JsValue>;
}

/// The object did not answer; the text is for the operator's log.
#[derive(Debug)]
pub struct Unanswered(String);

/// The limiters under the binding `LIMITER`, one a token.
pub struct Objects<'a>(pub &'a Env);

impl Objects<'_> {
    /// Asks a token's limiter.
    pub async fn ask<T: Wire>(&self, token: &str, message: &Message) -> Result<T, Unanswered> {
        let message = message.write().to_string();
        let mut tries = 1;
        let said = loop {
            match self.send(token, "POST", Some(&message)).await {
                Err(Unanswered(why)) if tries < TRIES => {
                    tries += 1;
                    js::log_error(&format!("limits: {token} is asked again: {why}"));
                }
                answered => break answered?,
            }
        };
        let answer = serde_json::from_str(&said).ok().as_ref().and_then(T::read);
        answer.ok_or_else(|| Unanswered(format!("not in this version's words: {said}")))
    }

    async fn send(&self, token: &str, method: &str, body: Option<&str>) -> Result<String, Unanswered> {
        match select(pin!(self.exchange(token, method, body)), Alarm::after(WAIT)).await {
            Either::Left((answered, _)) => answered.map_err(|error| Unanswered(format!("{error:?}"))),
            Either::Right(_) => Err(Unanswered(format!("no answer within {} ms", WAIT.as_millis()))),
        }
    }

    async fn exchange(&self, token: &str, method: &str, body: Option<&str>) -> Result<String, JsValue> {
        let object = self.0.durable_object("LIMITER").and_then(|objects| objects.get_by_name(token));
        let stub: Stub = object.map_err(JsValue::from)?.into_rpc();
        let init = js::object(&[("method", method.into()), ("body", body.map_or(JsValue::UNDEFINED, JsValue::from))])?;
        // The name means nothing: the stub knows where to go.
        let response: Response = Awaited::from(stub.fetch("https://limiter/", &init)?).await?.unchecked_into();
        Ok(Awaited::from(response.text()?).await?.as_string().unwrap_or_default())
    }
}

/// Lets the token's limiter admit a call, if the token has limits, and notes in `record` that it was asked.
///
/// # Errors
/// The 429 of a limit that is in the way, and the 503 of a limiter that does not answer.
pub async fn reserve(env: &Env, admitted: &Admitted, record: &mut Record, reserved: Amounts) -> Result<(), Refusal> {
    let Some(holder) = admitted.holder() else { return Ok(()) };
    let Some(limits) = holder.limits else { return Ok(()) };
    let asked = Asked { call: record.request.as_str().to_owned(), limits, reserved };
    let verdict = Objects(env).ask::<Verdict>(holder.id.as_str(), &Message::Admit(asked)).await;
    let standing = verdict.as_ref().ok().map(|verdict| verdict.standing);
    record.limited = Some(Limited(standing));
    match verdict {
        Ok(Verdict { refused: None, .. }) => Ok(()),
        Ok(verdict @ Verdict { refused: Some(refused), .. }) => Err(limit::refusal(refused, &verdict, reserved)),
        Err(Unanswered(why)) => {
            js::log_error(&format!("limits: {} is refused: {why}", holder.id));
            Err(limit::unavailable())
        }
    }
}

/// Says in the answer's head where the token stands, if its limiter was asked.
pub fn announce(head: &mut Head, record: &Record, client: Dialect) {
    let Some(Limited(Some(standing))) = &record.limited else { return };
    for (name, value) in limit::headers(standing, client, Platform.now()) {
        head.set(name, &value);
    }
}

impl Limiters for Objects<'_> {
    fn standing<'a>(&'a self, token: &'a TokenId, limits: &'a Limits) -> Local<'a, Option<Standing>> {
        Box::pin(async move {
            let standing = self.ask(token.as_str(), &Message::Stand(*limits)).await;
            standing.map_err(|error: Unanswered| js::log_error(&format!("limits: {error:?}"))).ok()
        })
    }

    fn forget<'a>(&'a self, tokens: &'a [TokenId]) -> Local<'a, ()> {
        Box::pin(async move {
            for token in tokens {
                if let Err(Unanswered(why)) = self.send(token.as_str(), "DELETE", None).await {
                    // Nor would the others answer, and an operator waits.
                    return js::log_error(&format!(
                        "limits: what {token} and those after it used is left behind: {why}"
                    ));
                }
            }
        })
    }
}
