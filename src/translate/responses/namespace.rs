//! Tools that are grouped under a namespace. No other protocol groups tools, so they travel under one flat name.

use serde_json::Value;
use std::collections::HashMap;

/// The flat name: `crm` and `search` make `crm__search`. Codex's own namespaces end in `__` already.
pub(super) fn flat(namespace: &str, name: &str) -> String {
    let joint = if namespace.ends_with("__") { "" } else { "__" };
    format!("{namespace}{joint}{name}")
}

/// The way back from flat names, by the tools as the client wrote them.
#[derive(Debug, Default)]
pub(super) struct Namespaces(HashMap<String, (String, String)>);

impl Namespaces {
    /// Reads a request's `tools`.
    pub(super) fn of(tools: Option<&Value>) -> Self {
        let mut known = HashMap::new();
        for tool in tools.and_then(Value::as_array).into_iter().flatten() {
            let Some(namespace) = text(tool, "name").filter(|_| text(tool, "type") == Some("namespace")) else {
                continue;
            };
            for inner in tool.get("tools").and_then(Value::as_array).into_iter().flatten() {
                if let Some(name) = text(inner, "name") {
                    known.insert(flat(namespace, name), (namespace.to_owned(), name.to_owned()));
                }
            }
        }
        Self(known)
    }

    /// The namespace, where it has one, and the name within it.
    pub(super) fn split<'a>(&'a self, name: &'a str) -> (Option<&'a str>, &'a str) {
        match self.0.get(name) {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, name),
        }
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}
