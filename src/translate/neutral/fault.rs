//! What an upstream says when it fails.

use std::fmt;

/// How vendors say that a prompt does not fit: all words of a line. Anthropic, Bedrock, vLLM and its kin, Google, xAI.
const TOO_LONG: [&[&str]; 6] = [
    &["prompt is too long"],
    &["input is too long"],
    &["maximum context length"],
    &["input token count", "exceeds the maximum"],
    &["maximum prompt length"],
    &["exceeds", "context window"],
];

/// An upstream's error, whatever its protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The HTTP status: the upstream's, or the one that its error stands for where it came in a stream.
    pub status: u16,
    /// The upstream's own words.
    pub message: String,
    /// The upstream's code or type, such as `context_length_exceeded`, `rate_limit_error`, `RESOURCE_EXHAUSTED`.
    pub code: Option<String>,
    /// The field that it names, where it does.
    pub param: Option<String>,
    /// Seconds until another try, where the body says so.
    pub retry_after: Option<u32>,
}

impl Fault {
    /// An error that has nothing but words.
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), code: None, param: None, retry_after: None }
    }

    /// The same with the upstream's code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The same, and where its words say that the prompt does not fit the model, with OpenAI's code for that: most vendors
    /// have words alone, and agents shorten their history when they see the code.
    #[must_use]
    pub fn recognised(mut self) -> Self {
        let said = self.message.to_ascii_lowercase();
        let says = |words: &&[&str]| words.iter().all(|word| said.contains(word));
        if matches!(self.status, 400 | 413 | 422) && TOO_LONG.iter().any(says) {
            self.code = Some("context_length_exceeded".to_owned());
        }
        self
    }

    /// Data that is not what the protocol promises.
    pub fn malformed(what: impl fmt::Display) -> Self {
        Self::new(502, format!("the upstream's stream is not what its protocol promises: {what}"))
            .with_code("upstream.malformed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_that_does_not_fit_is_recognised_by_the_words_of_each_vendor() {
        for words in [
            "prompt is too long: 210000 tokens > 200000 maximum",
            "Input is too long for requested model.",
            "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens.",
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
        ] {
            let fault = Fault::new(400, words).with_code("INVALID_ARGUMENT").recognised();
            assert_eq!(fault.code.as_deref(), Some("context_length_exceeded"), "{words}");
        }
        let other = Fault::new(400, "max_tokens exceeds the maximum of the model").with_code("c");
        assert_eq!(other.clone().recognised(), other);
        let busy = Fault::new(429, "the maximum context length of your tier per minute");
        assert_eq!(busy.clone().recognised(), busy);
    }
}
