//! The side endpoints: embeddings, and the count of a request's tokens.

use super::exchange::{Circumstances, Untranslatable, fill_in, read};
use super::gemini;
use super::gemini::embeddings::{self, EmbeddingEncoding};
use super::neutral::{Bridge, Client, Fault, Judged, Losses, Target};
use super::{bedrock, responses};
use crate::domain::invalid::Invalid;
use crate::domain::protocol::Protocol;
use serde_json::{Map, Value};

/// OpenAI's request for embeddings in Gemini's protocol, which is the only other one that has them.
///
/// # Errors
/// As [`super::translate`].
pub fn embeddings(
    body: &[u8],
    target: &Target<'_>,
    circumstances: Circumstances<'_>,
) -> Result<(Vec<u8>, EmbeddingEncoding, Vec<String>), Untranslatable> {
    let mut body = object(body)?;
    // The operator's defaults are in OpenAI's terms here, because the endpoint is.
    fill_in(&mut body, target.defaults);
    let mut losses = Losses::default();
    let (body, encoding) = embeddings::write_embeddings(body, target.model, &mut losses)?;
    match losses.judge(circumstances.policy) {
        Judged::Dropped(dropped) => Ok((Value::Object(body).to_string().into_bytes(), encoding, dropped)),
        Judged::Refused(invalid) => Err(Untranslatable::Lost(invalid)),
    }
}

/// Gemini's embeddings as OpenAI's list.
///
/// # Errors
/// A body that has none.
pub fn read_embeddings(body: &[u8], model: &str, encoding: EmbeddingEncoding) -> Result<Vec<u8>, Fault> {
    let body = serde_json::from_slice(body).map_err(Fault::malformed)?;
    embeddings::read_embeddings(body, model, encoding).map(|list| list.to_string().into_bytes())
}

/// An Anthropic request for a count of tokens in the upstream's protocol. What the upstream cannot carry is not counted:
/// a count of the rest is worth more than none.
///
/// # Errors
/// A body that is not what the protocol says.
pub fn count(body: &[u8], target: &Target<'_>) -> Result<Vec<u8>, Untranslatable> {
    let mut body = object(body)?;
    // A request to count has none, and a request to answer must have one.
    body.entry("max_tokens").or_insert_with(|| Value::from(1));
    let body = Value::Object(body).to_string();
    let (mut losses, mut bridge) = (Losses::default(), Bridge::default());
    let request = read(Client::AnthropicMessages, body.as_bytes(), &mut losses)?;
    let write = match target.protocol {
        Protocol::Gemini => gemini::count::write_count,
        Protocol::BedrockConverse => bedrock::write_count,
        _ => responses::write_count,
    };
    let body = write(request, target, &mut bridge, &mut losses)?;
    Ok(Value::Object(body).to_string().into_bytes())
}

/// The count in an upstream's answer.
pub fn read_count(upstream: Protocol, body: &[u8]) -> Option<u64> {
    let body: Value = serde_json::from_slice(body).ok()?;
    match upstream {
        Protocol::Gemini => gemini::count::read_count(&body),
        Protocol::BedrockConverse => bedrock::read_count(&body),
        _ => responses::read_count(&body),
    }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Untranslatable> {
    serde_json::from_slice(body).map_err(|error| {
        Untranslatable::Invalid(Invalid::new(
            "body",
            format!("the body is not a JSON object that can be read: {error}"),
        ))
    })
}
