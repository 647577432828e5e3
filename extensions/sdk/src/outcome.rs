//! What an extension answers.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::envelope::ABI;

/// A call that is not to go on: the client gets it as an error of its protocol.
#[derive(Debug, Clone, PartialEq)]
struct Refusal {
    status: u16,
    message: String,
    code: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Answer {
    body: Option<Value>,
    model: Option<String>,
    tags: BTreeMap<String, Value>,
    data: Option<Value>,
    drop: bool,
    refuse: Option<Refusal>,
    error: Option<String>,
}

impl Answer {
    fn refused(status: u16, message: impl Into<String>) -> Self {
        Self { refuse: Some(Refusal { status, message: message.into(), code: None }), ..Self::default() }
    }

    pub(crate) fn failed(words: impl Into<String>) -> Self {
        Self { error: Some(words.into()), ..Self::default() }
    }

    fn with_code(mut self, code: impl Into<String>) -> Self {
        if let Some(refusal) = &mut self.refuse {
            refusal.code = Some(code.into());
        }
        self
    }

    /// The answer's text; `None` for no change.
    pub(crate) fn into_text(self) -> Option<String> {
        let mut members = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        };
        put("body", self.body);
        put("model", self.model.map(Value::from));
        put("tags", (!self.tags.is_empty()).then(|| Value::Object(self.tags.into_iter().collect())));
        put("data", self.data);
        put("drop", self.drop.then_some(Value::Bool(true)));
        put("refuse", self.refuse.map(Refusal::into_json));
        put("error", self.error.map(Value::from));
        if members.is_empty() {
            return None;
        }
        members.insert("abi".to_owned(), ABI.into());
        Some(Value::Object(members).to_string())
    }
}

impl Refusal {
    fn into_json(self) -> Value {
        let mut members = Map::new();
        members.insert("status".to_owned(), self.status.into());
        members.insert("message".to_owned(), self.message.into());
        if let Some(code) = self.code {
            members.insert("code".to_owned(), code.into());
        }
        Value::Object(members)
    }
}

/// What becomes of a call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RequestOutcome(pub(crate) Answer);

impl RequestOutcome {
    /// It goes on as it is.
    pub fn unchanged() -> Self {
        Self::default()
    }

    /// It goes on with another body.
    pub fn rewrite(body: Value) -> Self {
        Self(Answer { body: Some(body), ..Answer::default() })
    }

    /// It is refused with a status of 400 to 499, or 503.
    pub fn refuse(status: u16, message: impl Into<String>) -> Self {
        Self(Answer::refused(status, message))
    }

    /// The extension could not do its work; what becomes of the call is the operator's choice, `on_error`.
    pub fn fail(words: impl Into<String>) -> Self {
        Self(Answer::failed(words))
    }

    /// And is routed as if the client had asked for this model.
    #[must_use]
    pub fn retarget(mut self, selector: impl Into<String>) -> Self {
        self.0.model = Some(selector.into());
        self
    }

    /// And has a tag that a model's `when` can ask for. The name is of a-z, 0-9 and `_`; the value a string, a number
    /// or a boolean.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.tags.insert(name.into(), value.into());
        self
    }

    /// And a refusal has a code for programs, such as `pii.card_number`.
    #[must_use]
    pub fn code(self, code: impl Into<String>) -> Self {
        Self(self.0.with_code(code))
    }
}

/// What becomes of a whole answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResponseOutcome(pub(crate) Answer);

impl ResponseOutcome {
    /// The client gets it as it is.
    pub fn unchanged() -> Self {
        Self::default()
    }

    /// The client gets another body.
    pub fn rewrite(body: Value) -> Self {
        Self(Answer { body: Some(body), ..Answer::default() })
    }

    /// The client gets an error with a status of 400 to 499, or 503, in its place.
    pub fn refuse(status: u16, message: impl Into<String>) -> Self {
        Self(Answer::refused(status, message))
    }

    /// The extension could not do its work.
    pub fn fail(words: impl Into<String>) -> Self {
        Self(Answer::failed(words))
    }

    /// And a refusal has a code for programs.
    #[must_use]
    pub fn code(self, code: impl Into<String>) -> Self {
        Self(self.0.with_code(code))
    }
}

/// What becomes of an event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventOutcome(pub(crate) Answer);

impl EventOutcome {
    /// The client gets it as it is.
    pub fn unchanged() -> Self {
        Self::default()
    }

    /// The client gets other data under the same name.
    pub fn rewrite(data: Value) -> Self {
        Self(Answer { data: Some(data), ..Answer::default() })
    }

    /// The client does not get it.
    pub fn drop() -> Self {
        Self(Answer { drop: true, ..Answer::default() })
    }

    /// The extension could not do its work.
    pub fn fail(words: impl Into<String>) -> Self {
        Self(Answer::failed(words))
    }
}
