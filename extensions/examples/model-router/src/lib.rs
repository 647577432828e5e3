//! Sends a call to the model that its words ask for: the first rule that fits decides.
//!
//! ```json
//! {"rules": [
//!   {"name": "code", "keywords": ["stack trace", "refactor"], "model": "coder"},
//!   {"name": "long", "at_least_chars": 20000, "model": "long-context"},
//!   {"name": "small", "at_most_chars": 200, "models": ["auto"], "model": "small"}]}
//! ```
//! The call gets the tags `route`, the rule's name, and `prompt_chars`.

use serde::Deserialize;
use sluice_extension::{Call, Description, Extension, RequestOutcome, Value, export};

/// What the operator writes.
#[derive(Deserialize)]
pub struct Config {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    name: String,
    /// The selector to route to.
    model: String,
    /// Only calls that ask for one of these; empty: all.
    #[serde(default)]
    models: Vec<String>,
    /// Only prompts with one of these words, whatever the case; empty: all.
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    at_least_chars: usize,
    at_most_chars: Option<usize>,
}

impl Rule {
    fn fits(&self, model: &str, prompt: &str, chars: usize) -> bool {
        (self.models.is_empty() || self.models.iter().any(|each| each == model))
            && (self.keywords.is_empty() || self.keywords.iter().any(|word| prompt.contains(word.as_str())))
            && chars >= self.at_least_chars
            && self.at_most_chars.is_none_or(|most| chars <= most)
    }
}

/// The extension.
pub struct ModelRouter {
    rules: Vec<Rule>,
}

impl Extension for ModelRouter {
    type Config = Config;

    fn describe() -> Description {
        Description::new("model-router", "1.0.0", &["request"]).described("Routes by the prompt's words and length")
    }

    fn configure(Config { mut rules }: Config) -> Result<Self, String> {
        for (index, rule) in rules.iter_mut().enumerate() {
            if rule.model.is_empty() || rule.name.is_empty() {
                return Err(format!("config.rules[{index}]: name and model must not be empty"));
            }
            rule.keywords.iter_mut().for_each(|word| *word = word.to_lowercase());
        }
        Ok(Self { rules })
    }

    fn request(&mut self, call: &Call, mut body: Value) -> RequestOutcome {
        let mut prompt = String::new();
        call.texts_in_request(&mut body, |_, text| {
            prompt.push_str(&text.to_lowercase());
            prompt.push('\n');
        });
        let chars = prompt.chars().filter(|each| *each != '\n').count();
        match self.rules.iter().find(|rule| rule.fits(&call.model, &prompt, chars)) {
            None => RequestOutcome::unchanged(),
            Some(rule) => RequestOutcome::unchanged()
                .retarget(&rule.model)
                .tag("route", rule.name.as_str())
                .tag("prompt_chars", chars),
        }
    }
}

export!(ModelRouter);

#[cfg(test)]
mod tests {
    use sluice_extension::{json, testing::Configured};

    use super::*;

    fn routed(model: &str, prompt: &str) -> Option<Value> {
        let mut router: Configured<ModelRouter> = Configured::with(json!({"rules": [
            {"name": "code", "keywords": ["Stack Trace"], "model": "coder"},
            {"name": "long", "at_least_chars": 50, "model": "long"},
            {"name": "small", "at_most_chars": 10, "models": ["auto"], "model": "tiny"}]}))
        .unwrap();
        router.request("chat_completions", json!({"model": model, "messages": [{"role": "user", "content": prompt}]}))
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let code = routed("auto", "here is a STACK TRACE").unwrap();
        assert_eq!(code, json!({"abi": 1, "model": "coder", "tags": {"route": "code", "prompt_chars": 21}}));
        assert_eq!(routed("auto", &"x".repeat(50)).unwrap()["model"], "long");
        assert_eq!(routed("auto", "hi").unwrap()["model"], "tiny");
        assert_eq!(routed("gpt", "hi"), None);
        assert_eq!(routed("auto", "of middling length"), None);
    }

    #[test]
    fn a_rule_without_a_model_is_refused_by_its_place() {
        let refused = Configured::<ModelRouter>::with(json!({"rules": [{"name": "a", "model": ""}]}));
        assert_eq!(refused.err().unwrap(), "config.rules[0]: name and model must not be empty");
        assert!(Configured::<ModelRouter>::with(json!({})).err().unwrap().starts_with("config: missing field `rules`"));
    }
}
