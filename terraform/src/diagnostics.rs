//! What a person is told: a summary, a sentence, and the attribute at fault.

use crate::plugin::messages::{self, AttributePath, Selector, Severity};
use crate::schema::{Attribute, Type};
use sluice::domain::invalid::Invalid;

/// A way to a value: attributes' names, keys and indexes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Attribute(String),
    Key(String),
    Index(i64),
}

impl Path {
    /// An attribute.
    pub fn of(name: &str) -> Self {
        Self(vec![Step::Attribute(name.into())])
    }

    /// A map's element.
    pub fn key(mut self, name: &str) -> Self {
        self.0.push(Step::Key(name.into()));
        self
    }

    /// Where the API's `param` is in a table: `custom_headers.Host` is an element. Within a nested object it is the
    /// object, because Terraform finds no line of the configuration for less. What no attribute stands for is nowhere.
    pub fn of_param(attributes: &[Attribute], param: &str) -> Self {
        let (field, rest) = param.split_once('.').map_or((param, None), |(field, rest)| (field, Some(rest)));
        let Some(attribute) = attributes.iter().find(|attribute| !field.is_empty() && attribute.field == field) else {
            return Self::default();
        };
        let path = Self::of(attribute.name);
        match (attribute.kind, rest) {
            (Type::Map(_), Some(key)) => path.key(key),
            (Type::List(_), Some(rest)) => match rest.split('.').next().map(str::parse) {
                Some(Ok(index)) => Self(path.0.into_iter().chain([Step::Index(index)]).collect()),
                _ => path,
            },
            _ => path,
        }
    }

    /// As the protocol has it; none for the whole.
    pub fn message(&self) -> Option<AttributePath> {
        let steps: Vec<_> = self
            .0
            .iter()
            .map(|step| messages::Step {
                selector: Some(match step {
                    Step::Attribute(name) => Selector::AttributeName(name.clone()),
                    Step::Key(key) => Selector::ElementKeyString(key.clone()),
                    Step::Index(index) => Selector::ElementKeyInt(*index),
                }),
            })
            .collect();
        (!steps.is_empty()).then_some(AttributePath { steps })
    }
}

/// All that is told about one request.
#[derive(Debug, Default, PartialEq)]
pub struct Diagnostics(Vec<messages::Diagnostic>);

impl Diagnostics {
    fn push(&mut self, severity: Severity, path: &Path, summary: String, detail: String) {
        self.0.push(messages::Diagnostic { severity: severity.into(), summary, detail, attribute: path.message() });
    }

    /// Something that must not be.
    pub fn error(&mut self, path: &Path, summary: impl Into<String>, detail: impl Into<String>) {
        self.push(Severity::Error, path, summary.into(), detail.into());
    }

    /// Something to know.
    pub fn warning(&mut self, path: &Path, summary: impl Into<String>, detail: impl Into<String>) {
        self.push(Severity::Warning, path, summary.into(), detail.into());
    }

    /// A value that breaks one of Sluice's rules, found before anything was sent.
    pub fn invalid(&mut self, attributes: &[Attribute], invalid: &Invalid) {
        let path = Path::of_param(attributes, &invalid.param);
        self.error(&path, "A value breaks a rule", in_terraforms_words(attributes, &invalid.message));
    }

    /// Whether anything must not be.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|told| told.severity == i32::from(Severity::Error))
    }

    /// As the protocol has them.
    pub fn into_messages(self) -> Vec<messages::Diagnostic> {
        self.0
    }
}

/// The API's sentence with the attributes' names in place of the fields', where a whole word is one that differs.
pub fn in_terraforms_words(attributes: &[Attribute], sentence: &str) -> String {
    let renamed = |word: &str| {
        let attribute = attributes.iter().find(|attribute| attribute.field == word && attribute.name != word);
        // `provider` and `model` are words of the language, too.
        attribute.filter(|_| word.contains('_')).map_or(word, |attribute| attribute.name).to_owned()
    };
    let mut told = String::new();
    let mut word = String::new();
    for letter in sentence.chars().chain(['\0']) {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            word.push(letter);
            continue;
        }
        told.push_str(&renamed(&word));
        word.clear();
        if letter != '\0' {
            told.push(letter);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{optional, required};

    const NESTED: &[Attribute] = &[optional("budget_usd", "budget_usd", Type::Number, "")];
    const TABLE: &[Attribute] = &[
        required("endpoint", "base_url", Type::Address, ""),
        optional("custom_headers", "custom_headers", Type::Map(&Type::Text), ""),
        optional("limits", "limits", Type::Object(NESTED), ""),
        optional("fallbacks", "fallbacks", Type::List(&Type::Text), ""),
        optional("on_delete", "", Type::Text, ""),
    ];

    #[test]
    fn a_refusal_s_field_is_found_in_the_configuration() {
        assert_eq!(Path::of_param(TABLE, "base_url"), Path::of("endpoint"));
        assert_eq!(Path::of_param(TABLE, "custom_headers.Host"), Path::of("custom_headers").key("Host"));
        assert_eq!(Path::of_param(TABLE, "limits.budget_usd"), Path::of("limits"));
        assert_eq!(
            Path::of_param(TABLE, "fallbacks.1"),
            Path(vec![Step::Attribute("fallbacks".into()), Step::Index(1)])
        );
        assert_eq!(Path::of_param(TABLE, "if-match"), Path::default());
        assert_eq!(Path::of_param(TABLE, ""), Path::default());
    }

    #[test]
    fn a_refusal_speaks_of_attributes() {
        assert_eq!(
            in_terraforms_words(TABLE, "base_url must be https, not my_base_url."),
            "endpoint must be https, not my_base_url."
        );
    }
}
