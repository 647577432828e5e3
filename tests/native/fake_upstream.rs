//! The port to upstreams, answered by the test: what was asked is kept, and nothing is answered that was not prepared.

use serde_json::{Value, json};
use sluice::ports::{Inbound, Local, Outbound, Upstream};
use sluice::refusal::{Reason, Refusal};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

/// One request as an upstream got it.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Value,
    pub wait: Duration,
}

impl Asked {
    /// A header as it arrives: a later one of the same name replaces an earlier one.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Default)]
pub struct FakeUpstream {
    asked: RefCell<Vec<Asked>>,
    answers: RefCell<VecDeque<Result<Inbound, Refusal>>>,
    otherwise: RefCell<Option<Inbound>>,
}

impl FakeUpstream {
    /// Prepares the next answer: a status and JSON.
    pub fn answers(&self, status: u16, body: Value) {
        self.says(status, &body.to_string());
    }

    /// Prepares the next answer, of any text.
    pub fn says(&self, status: u16, body: &str) {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        self.answers.borrow_mut().push_back(Ok(Inbound { status, headers, body: body.as_bytes().to_vec() }));
    }

    /// What is answered with 200 whenever nothing else was prepared.
    pub fn otherwise(&self, body: Value) {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        *self.otherwise.borrow_mut() = Some(Inbound { status: 200, headers, body: body.to_string().into_bytes() });
    }

    /// The next call fails on the way.
    pub fn fails(&self, reason: Reason, message: &str) {
        self.answers.borrow_mut().push_back(Err(Refusal::new(reason, message)));
    }

    /// The next answer is OpenAI's list.
    pub fn lists(&self, models: &[&str]) {
        let data: Vec<Value> = models.iter().map(|id| json!({"id": id, "object": "model", "created": 1})).collect();
        self.answers(200, json!({"object": "list", "data": data}));
    }

    /// What was asked since the last time. Nothing that was prepared may be left.
    pub fn taken(&self) -> Vec<Asked> {
        assert!(self.answers.borrow().is_empty(), "an answer was prepared and nobody asked");
        self.asked.take()
    }
}

impl Upstream for FakeUpstream {
    fn call(&self, request: Outbound) -> Local<'_, Result<Inbound, Refusal>> {
        let body =
            if request.body.is_empty() { Value::Null } else { serde_json::from_slice(&request.body).expect("JSON") };
        let Outbound { method, url, headers, wait, .. } = request;
        let prepared = self.answers.borrow_mut().pop_front();
        let answer = prepared.or_else(|| self.otherwise.borrow().clone().map(Ok));
        let answer = answer.unwrap_or_else(|| panic!("nobody expects {method} {url}"));
        self.asked.borrow_mut().push(Asked { method, url, headers, body, wait });
        Box::pin(async move { answer })
    }
}
