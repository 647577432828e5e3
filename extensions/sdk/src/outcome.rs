//! What an extension answers.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// A call that is not to go on: the client gets it as an error of its protocol.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Refusal {
    status: u16,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    drop: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refuse: Option<Refusal>,
    #[serde(skip_serializing_if = "Option::is_none")]
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
        Self(Answer { drop: Some(true), ..Answer::default() })
    }

    /// The extension could not do its work.
    pub fn fail(words: impl Into<String>) -> Self {
        Self(Answer::failed(words))
    }
}
