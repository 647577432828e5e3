//! The reserved keys and what each may hold.

use serde_json::Value;

use super::{ExtraHeaders, Invalid, raw};

/// Longest time-out in milliseconds: one hour.
const MAX_TIMEOUT_MS: u32 = 3_600_000;
/// Longest name of a DNS label, a version, a deployment or a beta, in bytes.
const MAX_NAME_BYTES: usize = 63;

/// One member, read.
pub(super) enum Setting {
    BodyDefault(String, String),
    ExtraHeaders(ExtraHeaders),
    AnthropicVersion(String),
    AnthropicBeta(String),
    ApiVersion(String),
    Resource(String),
    Deployments(Vec<(String, String)>),
    Region(String),
    TimeoutMs(u32),
    FirstByteTimeoutMs(u32),
}

/// Reads one member. Errors are on the key alone, seen from inside the object.
pub(super) fn read(key: &str, value: &Value) -> Result<Setting, Invalid> {
    match key {
        "extra_headers" => ExtraHeaders::from_value(value).map(Setting::ExtraHeaders),
        "anthropic_version" => text(key, value, is_date, "a date such as `2023-06-01`").map(Setting::AnthropicVersion),
        "anthropic_beta" => betas(key, value).map(Setting::AnthropicBeta),
        "api_version" => text(key, value, is_name, "a version such as `2024-10-21`").map(Setting::ApiVersion),
        "resource" => text(key, value, is_label, "the first label of the resource's host").map(Setting::Resource),
        "deployments" => deployments(key, value).map(Setting::Deployments),
        "region" => text(key, value, is_label, "a region such as `eu-west-1`").map(Setting::Region),
        "timeout_ms" => milliseconds(key, value).map(Setting::TimeoutMs),
        "first_byte_timeout_ms" => milliseconds(key, value).map(Setting::FirstByteTimeoutMs),
        _ => Ok(Setting::BodyDefault(key.to_owned(), raw(value))),
    }
}

fn text(key: &str, value: &Value, rule: fn(&str) -> bool, expected: &str) -> Result<String, Invalid> {
    match value.as_str() {
        Some(text) if rule(text) => Ok(text.to_owned()),
        _ => Err(Invalid::new(key, format!("It must be {expected}, as a string."))),
    }
}

fn betas(key: &str, value: &Value) -> Result<String, Invalid> {
    let refused =
        || Invalid::new(key, "It must be a beta's name or an array of names: letters, digits, `-`, `_`, `.`.");
    let names: Vec<&str> = match value {
        Value::String(list) => list.split(',').map(str::trim).collect(),
        Value::Array(names) => names.iter().map(Value::as_str).collect::<Option<_>>().ok_or_else(refused)?,
        _ => return Err(refused()),
    };
    if names.is_empty() || !names.iter().all(|name| is_name(name)) {
        return Err(refused());
    }
    Ok(names.join(","))
}

fn deployments(key: &str, value: &Value) -> Result<Vec<(String, String)>, Invalid> {
    let map = value.as_object().ok_or_else(|| Invalid::new(key, "It must map model names to deployment names."))?;
    map.iter()
        .map(|(model, deployment)| {
            let name = text(model, deployment, is_name, "a deployment's name: letters, digits, `-`, `_`, `.`");
            Ok((model.clone(), name.map_err(|invalid| invalid.within(key))?))
        })
        .collect()
}

fn milliseconds(key: &str, value: &Value) -> Result<u32, Invalid> {
    value.as_u64().and_then(|ms| u32::try_from(ms).ok()).filter(|ms| (1..=MAX_TIMEOUT_MS).contains(ms)).ok_or_else(
        || Invalid::new(key, format!("It must be a whole number of milliseconds from 1 to {MAX_TIMEOUT_MS}.")),
    )
}

fn is_date(text: &str) -> bool {
    let number = |digits: &[u8]| digits.iter().try_fold(0_u32, |n, d| Some(n * 10 + char::from(*d).to_digit(10)?));
    match text.as_bytes() {
        [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] => {
            number(&[*y1, *y2, *y3, *y4]).is_some()
                && number(&[*m1, *m2]).is_some_and(|month| (1..=12).contains(&month))
                && number(&[*d1, *d2]).is_some_and(|day| (1..=31).contains(&day))
        }
        _ => false,
    }
}

/// What may stand in a path segment or a header list as it is.
fn is_name(text: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && !matches!(text, "." | "..")
}

/// A label of a host name: the value becomes part of the URL that the credential is sent to.
fn is_label(text: &str) -> bool {
    is_name(text)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}
