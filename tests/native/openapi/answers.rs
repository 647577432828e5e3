//! Holds answers against the document: an undocumented status, a shape that differs, or a refusal for a
//! reason that the operation does not list is a failure, in whichever test it turns up.

use super::document::document;
use crate::json_schema::{Unnamed, fits_within};
use serde_json::Value;
use std::sync::OnceLock;

fn told() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(document)
}

/// An answer of the control plane, as far as the document has its path and method.
pub fn hold(method: &str, path: &str, status: u16, content_type: Option<&str>, body: &Value) {
    let document = told();
    let path = path.strip_suffix('/').unwrap_or(path);
    let paths = document["paths"].as_object().expect("paths");
    // A path that stands there as it is goes before one with a segment of any name.
    let found = paths.get(path).or_else(|| paths.iter().find(|(pattern, _)| matches(pattern, path)).map(|(_, of)| of));
    // Methods are case-sensitive: `get` is none of ours.
    let spelled =
        ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].iter().zip(["get", "get", "post", "put", "patch", "delete"]);
    let key = spelled.filter(|(sent, _)| **sent == method).map(|(_, key)| key).next();
    let Some(operation) = found.zip(key).and_then(|(methods, key)| methods.get(key)) else { return };
    // A fault of the server that a test asked for: nothing that a client may count on.
    if status == 500 {
        return;
    }
    let response = &operation["responses"][status.to_string()];
    let response = match response["$ref"].as_str() {
        Some(to) => document.pointer(to.trim_start_matches('#')).expect("a response"),
        None => response,
    };
    assert!(response.is_object(), "{method} {path}: {status} is not documented: {body}");
    if let Some(code) = body["error"]["code"].as_str() {
        let told = response["description"].as_str().unwrap_or_default();
        assert!(told.contains(&format!("`{code}`")), "{method} {path}: {code} is not documented under {status}");
    }
    let media_type = content_type.unwrap_or("application/json").split(';').next().unwrap_or_default();
    match response["content"].get(media_type) {
        Some(content) if media_type == "application/json" => {
            if let Err(why) = fits_within(document, body, &content["schema"], Unnamed::RefusedInAnyOrder) {
                panic!("{method} {path} {status}: {why}\nin {body:#}");
            }
        }
        Some(_) => {}
        None => assert!(body.is_null(), "{method} {path} {status} has a body that is not documented: {body}"),
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    let (wanted, given): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    wanted.len() == given.len()
        && wanted
            .iter()
            .zip(given)
            .all(|(wanted, given)| *wanted == given || (wanted.starts_with('{') && !given.is_empty()))
}
