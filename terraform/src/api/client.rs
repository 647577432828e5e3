//! Requests: sent again where that is harmless and may help.

use super::{Answer, Failure, refused, wait};
use crate::log;
use http::{HeaderMap, HeaderValue, Method, header};
use ring::rand::SecureRandom;
use serde_json::Value as Json;
use std::time::Duration;
use tokio::sync::watch;

/// A deployment, and who asks it.
#[derive(Clone)]
pub struct Client {
    endpoint: String,
    authorization: HeaderValue,
    http: reqwest::Client,
    stopped: watch::Receiver<bool>,
}

/// What is sent beside the path.
#[derive(Default)]
pub struct Sent<'b> {
    /// The body.
    pub body: Option<&'b Json>,
    /// The tag that what is changed must still have.
    pub tag: Option<&'b str>,
}

impl Client {
    /// A client. `stopped` turns true when Terraform is told to stop.
    ///
    /// # Errors
    /// Where the token cannot be sent in a header, or the system has no certificates.
    pub fn new(endpoint: &str, token: &str, terraform: &str, stopped: watch::Receiver<bool>) -> Result<Self, String> {
        let mut authorization = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| "The token holds what no header may: is it quoted, or ended by a line break?".to_owned())?;
        authorization.set_sensitive(true);
        let agent = format!("terraform-provider-sluice/{} terraform/{terraform}", env!("CARGO_PKG_VERSION"));
        let http = reqwest::Client::builder()
            .user_agent(agent)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(60))
            .build()
            .map_err(|error| told(&error))?;
        Ok(Self { endpoint: endpoint.trim().trim_end_matches('/').to_owned(), authorization, http, stopped })
    }

    /// Reads.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.send(Method::GET, path, Sent::default()).await
    }

    /// All rows of a list, page by page.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn list(&self, path: &str) -> Result<Vec<Json>, Failure> {
        let mut rows = Vec::new();
        let mut cursor = String::new();
        loop {
            let and = if path.ends_with('?') {
                ""
            } else if path.contains('?') {
                "&"
            } else {
                "?"
            };
            let mut answer = self.get(&format!("{path}{and}limit=200{cursor}")).await?.body;
            if let Some(Json::Array(page)) = answer.get_mut("data") {
                rows.append(page);
            }
            match answer.get("next_cursor").and_then(Json::as_str) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(rows),
            }
        }
    }

    /// Sends a request, and again where it was turned away for now (429, 503), or, if doing it twice is doing it once,
    /// where no answer came.
    ///
    /// # Errors
    /// What Sluice refused, or why it could not be asked.
    pub async fn send(&self, method: Method, path: &str, sent: Sent<'_>) -> Result<Answer, Failure> {
        let headers = self.headers(&method, &sent)?;
        let body = sent.body.map(Json::to_string);
        // A keyed POST is done once however often it is sent; a tag fits once.
        let is_repeatable = method != Method::PATCH;
        let mut tries = 0;
        loop {
            tries += 1;
            let mut request =
                self.http.request(method.clone(), format!("{}{path}", self.endpoint)).headers(headers.clone());
            if let Some(body) = &body {
                request = request.body(body.clone());
            }
            let (failure, retry_after) = match request.send().await {
                Err(error) => {
                    log::debug(&format!("{method} {path}: no answer, try {tries}"));
                    let may_repeat = is_repeatable || error.is_connect();
                    let failure = Failure::Unreachable(told(&error));
                    if !may_repeat {
                        return Err(failure);
                    }
                    (failure, None)
                }
                Ok(response) => {
                    let status = response.status().as_u16();
                    let header = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
                    let (tag, retry_after) = (header("etag"), header("retry-after"));
                    let id = header("x-request-id").unwrap_or_default();
                    log::debug(&format!("{method} {path}: {status}, try {tries}, request {id}"));
                    let bytes = response.bytes().await.map_err(|error| Failure::Unreachable(told(&error)))?;
                    match status {
                        204 => return Ok(Answer { tag, body: Json::Null }),
                        200..300 => return answer(tag, &bytes),
                        // 409 says when, too, where an earlier try with the same key is still under way.
                        429 | 503 => (refused(status, &bytes), retry_after),
                        409 if retry_after.is_some() => (refused(status, &bytes), retry_after),
                        _ => return Err(refused(status, &bytes)),
                    }
                }
            };
            let Some(pause) = wait::before_next(tries, retry_after.as_deref(), random()) else { return Err(failure) };
            let mut stopped = self.stopped.clone();
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stopped.wait_for(|stopped| *stopped) => return Err(failure),
            }
        }
    }

    fn headers(&self, method: &Method, sent: &Sent<'_>) -> Result<HeaderMap, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, self.authorization.clone());
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if sent.body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let of = |text: &str| {
            HeaderValue::from_str(text).map_err(|_| Failure::Unreachable("Sluice's tag is no header's value.".into()))
        };
        if let Some(tag) = sent.tag {
            headers.insert(header::IF_MATCH, of(tag)?);
        }
        if *method == Method::POST {
            let mut key = [0; 16];
            ring::rand::SystemRandom::new()
                .fill(&mut key)
                .map_err(|_| Failure::Unreachable("The system gives no random numbers.".into()))?;
            let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
            headers.insert("idempotency-key", of(&format!("terraform-{key}"))?);
        }
        Ok(headers)
    }
}

fn answer(tag: Option<String>, bytes: &[u8]) -> Result<Answer, Failure> {
    let body = serde_json::from_slice(bytes).map_err(|_| {
        Failure::Unreachable("The endpoint's answer is no JSON: is it the deployment's address?".into())
    })?;
    Ok(Answer { tag, body })
}

/// An error and what caused it. It holds the address, and nothing that was sent.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}

/// From 0 to 1.
fn random() -> f64 {
    let mut byte = [0];
    let _ = ring::rand::SystemRandom::new().fill(&mut byte);
    let [byte] = byte;
    f64::from(byte) / 255.0
}
