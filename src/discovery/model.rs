//! A model as an upstream lists it, whatever the vendor calls its properties.

use crate::json::{Members, json};
use serde_json::{Map, Value};

/// A model that an upstream lists.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Its name there: what a model's `model` is.
    pub model: String,
    /// What the upstream says of it, if anything, under one set of names.
    pub capabilities: Option<Map<String, Value>>,
}

/// The longest name that a model may have.
const MOST_CHARACTERS: usize = 200;

/// Our name of a property, and the vendors'.
const PROPERTIES: [(&str, &[&str]); 6] = [
    ("display_name", &["display_name", "displayName", "modelName", "inferenceProfileName"]),
    ("max_input_tokens", &["max_input_tokens", "inputTokenLimit", "context_window", "context_length", "max_model_len"]),
    ("max_output_tokens", &["max_output_tokens", "outputTokenLimit", "max_completion_tokens", "max_tokens"]),
    ("input_modalities", &["input_modalities", "inputModalities"]),
    ("output_modalities", &["output_modalities", "outputModalities"]),
    ("methods", &["supportedGenerationMethods"]),
];

impl Listed {
    /// Reads one entry of a list. `None` for a name that no model can have.
    pub fn read(name: &str, entry: &Value) -> Option<Self> {
        let model = name.trim();
        if model.is_empty() || model.chars().count() > MOST_CHARACTERS || model.chars().any(char::is_control) {
            return None;
        }
        let mut capabilities = Map::new();
        for (ours, theirs) in PROPERTIES {
            let told = theirs.iter().find_map(|name| entry.get(*name)).and_then(plain);
            capabilities.put_some(ours, told);
        }
        let capabilities = Some(capabilities).filter(|told| !told.is_empty());
        Some(Self { model: model.to_owned(), capabilities })
    }

    /// Whether it is known to embed and not to generate.
    pub fn only_embeds(model: &str, capabilities: Option<&Value>) -> bool {
        let has = |property: &str, word: &str| {
            let words = capabilities.and_then(|capabilities| capabilities.get(property)).and_then(Value::as_array);
            words.map(|words| words.iter().any(|one| one.as_str().is_some_and(|one| one.eq_ignore_ascii_case(word))))
        };
        match (has("methods", "generateContent"), has("output_modalities", "embedding")) {
            (Some(generates), _) => !generates && has("methods", "embedContent") == Some(true),
            (None, Some(embeds)) => embeds,
            (None, None) => model.to_ascii_lowercase().contains("embed"),
        }
    }
}

/// A property's value, if it is of a kind that is worth keeping: a text, a number, a list of texts.
fn plain(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => Some(json!(text.chars().take(MOST_CHARACTERS).collect::<String>())),
        Value::Number(_) => Some(value.clone()),
        Value::Array(list) => {
            let texts: Vec<&str> = list.iter().filter_map(Value::as_str).take(32).collect();
            Some(json!(texts))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendors_names_become_ours_and_what_nobody_knows_is_left() {
        let entry = json!({"displayName": "Gemini", "inputTokenLimit": 1048576, "secret_sauce": true, "max_tokens": null,
            "supportedGenerationMethods": ["generateContent", 1]});
        let listed = Listed::read(" gemini-3-pro ", &entry).expect("a model");
        assert_eq!(listed.model, "gemini-3-pro");
        assert_eq!(
            json!(listed.capabilities),
            json!({"display_name": "Gemini", "max_input_tokens": 1048576, "methods": ["generateContent"]})
        );
        for name in ["", "  ", "a\nb", &"x".repeat(201)] {
            assert_eq!(Listed::read(name, &json!({})), None, "{name}");
        }
    }

    #[test]
    fn an_embedding_model_is_known_by_what_is_said_of_it_or_else_by_its_name() {
        for (model, capabilities, expected) in [
            ("text-embedding-3-small", None, true),
            ("gpt-5.4", None, false),
            ("gemini-embedding-001", Some(json!({"methods": ["embedContent"]})), true),
            ("embed-and-talk", Some(json!({"methods": ["generateContent", "embedContent"]})), false),
            ("amazon.titan", Some(json!({"output_modalities": ["EMBEDDING"]})), true),
        ] {
            assert_eq!(Listed::only_embeds(model, capabilities.as_ref()), expected, "{model}");
        }
    }
}
