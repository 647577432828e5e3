//! Fetches what a client names by its address, for an upstream that wants the bytes. No credential goes along, and every
//! redirect is held to the same rules as the address.

use super::request::Incoming;
use super::upstream::{self, Answer, Outgoing};
use crate::deployment::Deployment;
use crate::domain::media_url::MediaUrl;
use crate::refusal::{Reason, Refusal};
use crate::translate::media::{Media, Wanted};
use std::time::Duration;
use wasm_bindgen::JsValue;

/// More images than any upstream takes in one request.
const MOST: usize = 20;

/// The largest image or document.
const MAX_BYTES: u32 = 20 << 20;

/// Until an address has answered, and until it has told all.
const WAIT: Duration = Duration::from_secs(15);

const MOST_REDIRECTS: u32 = 3;

/// Fetches all of it.
pub async fn fetch(incoming: &Incoming, deployment: &Deployment, wanted: &[Wanted]) -> Result<Media, Refusal> {
    let mut media = Media::default();
    if let Some(one_too_many) = wanted.get(MOST) {
        let message =
            format!("at most {MOST} images or documents are fetched for one request: send the others as base64");
        return Err(Refusal::new(Reason::BadRequest, message).on(&*one_too_many.field));
    }
    for wanted in wanted {
        let (media_type, bytes) = one(incoming, deployment, &wanted.url).await.map_err(|why| {
            let field = &wanted.field;
            let message =
                format!("`{field}` could not be fetched for this model's provider, which takes no addresses: {why}");
            Refusal::new(Reason::BadRequest, message).on(&**field)
        })?;
        media.add(wanted.url.clone(), &media_type, &bytes);
    }
    Ok(media)
}

/// The media type and the bytes at an address, or why not.
async fn one(incoming: &Incoming, deployment: &Deployment, url: &str) -> Result<(String, Vec<u8>), String> {
    let private = deployment.private_upstreams;
    let mut url = MediaUrl::parse(url, private).map_err(|invalid| invalid.message)?;
    for _ in 0..=MOST_REDIRECTS {
        let headers = [("accept".to_owned(), "image/*, application/pdf, text/plain;q=0.5".to_owned())];
        let outgoing = Outgoing {
            provider: "its host",
            method: "GET",
            url: url.as_str(),
            headers: &headers,
            body: JsValue::UNDEFINED,
        };
        let mut answer = upstream::call(incoming, &outgoing, WAIT).await.map_err(|refusal| refusal.message.clone())?;
        match (answer.status, answer.header("location")) {
            (200, _) => return read(incoming, &mut answer).await,
            (301 | 302 | 303 | 307 | 308, Some(location)) => {
                url = url.redirected(location, private).map_err(|invalid| invalid.message)?;
                answer.abort.abort();
            }
            (status, _) => {
                answer.abort.abort();
                return Err(format!("its host answered {status}"));
            }
        }
    }
    Err(format!("it redirects more than {MOST_REDIRECTS} times"))
}

async fn read(incoming: &Incoming, answer: &mut Answer) -> Result<(String, Vec<u8>), String> {
    let media_type = answer.header("content-type").unwrap_or_default().to_owned();
    let bytes = upstream::read_body(incoming, "its host", answer, WAIT, MAX_BYTES).await;
    bytes.map(|bytes| (media_type, bytes.to_vec())).map_err(|refusal| refusal.message.clone())
}
