//! OpenAI's `/v1/embeddings` from `:batchEmbedContents` (PROTOCOLS.md section 10).

use super::count::resource;
use super::fault;
use crate::domain::invalid::Invalid;
use crate::json::{Members, json, object};
use crate::translate::neutral::{Fault, Fields, Losses};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// How the client wants its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmbeddingEncoding {
    /// As JSON numbers.
    Float,
    /// As base64 of 32-bit floats, little-endian: OpenAI's Python SDK asks for it unless told otherwise.
    Base64,
}

/// Writes the body of `:batchEmbedContents` and tells how the client wants the answer.
///
/// # Errors
/// The request is not OpenAI's, or embeds tokens, which mean nothing to another vendor's model.
pub fn write_embeddings(
    body: Map<String, Value>,
    model: &str,
    losses: &mut Losses,
) -> Result<(Map<String, Value>, EmbeddingEncoding), Invalid> {
    let mut fields = Fields::of_request(body);
    fields.ignore(&["model"]);
    let texts = texts(fields.take("input"))?;
    let dimensions = fields.count("dimensions")?;
    let encoding = match fields.text("encoding_format")?.as_deref() {
        None | Some("float") => EmbeddingEncoding::Float,
        Some("base64") => EmbeddingEncoding::Base64,
        Some(_) => {
            return Err(Invalid::new("encoding_format", "`encoding_format` must be `float` or `base64`"));
        }
    };
    fields.rest(losses);
    let resource = resource(model);
    let request = |text: String| {
        let content = object([("parts", vec![object([("text", text.into())])].into())]);
        let mut request = Map::new();
        request.put("model", resource.clone());
        request.put("content", content);
        if let Some(dimensions) = dimensions {
            request.put("outputDimensionality", dimensions);
        }
        Value::Object(request)
    };
    let requests: Value = texts.into_iter().map(request).collect();
    Ok((Map::from_iter([("requests".to_owned(), requests)]), encoding))
}

fn texts(input: Option<Value>) -> Result<Vec<String>, Invalid> {
    const TOKENS: &str = "`input` holds token numbers, which mean nothing to this model: send the text itself";
    const RULE: &str = "`input` must be a text or a list of texts, and not empty";
    match input {
        Some(Value::String(text)) if !text.is_empty() => Ok(vec![text]),
        Some(Value::Array(texts)) if !texts.is_empty() => {
            let text = |(index, text): (usize, Value)| match text {
                Value::String(text) if !text.is_empty() => Ok(text),
                Value::Number(_) | Value::Array(_) => Err(Invalid::new("input", TOKENS)),
                _ => Err(Invalid::new(format!("input[{index}]"), RULE)),
            };
            texts.into_iter().enumerate().map(text).collect()
        }
        _ => Err(Invalid::new("input", RULE)),
    }
}

/// Writes OpenAI's list from Google's answer, under the model's name that the client shall read.
///
/// # Errors
/// The body is an error or has no embeddings: status 502, or the error's own.
pub fn read_embeddings(body: Value, model: &str, encoding: EmbeddingEncoding) -> Result<Value, Fault> {
    let Value::Object(mut body) = body else { return Err(malformed()) };
    if let Some(error) = body.get("error") {
        return Err(fault::of_error(error, 502));
    }
    let tokens = body.get("usageMetadata").and_then(|usage| usage.get("promptTokenCount")).and_then(Value::as_u64);
    let embeddings = match (body.shift_remove("embeddings"), body.shift_remove("embedding")) {
        (Some(Value::Array(embeddings)), _) => embeddings,
        (_, Some(embedding)) => vec![embedding],
        _ => return Err(malformed()),
    };
    let mut data = Vec::with_capacity(embeddings.len());
    for (index, mut embedding) in embeddings.into_iter().enumerate() {
        let Some(Value::Array(values)) = embedding.get_mut("values").map(Value::take) else { return Err(malformed()) };
        let values = match encoding {
            EmbeddingEncoding::Float => Value::Array(values),
            EmbeddingEncoding::Base64 => packed(&values).ok_or_else(malformed)?,
        };
        data.push(object([("object", "embedding".into()), ("index", index.into()), ("embedding", values)]));
    }
    let tokens = tokens.unwrap_or(0);
    Ok(object([
        ("object", "list".into()),
        ("data", data.into()),
        ("model", model.into()),
        ("usage", json!({"prompt_tokens": tokens, "total_tokens": tokens})),
    ]))
}

fn packed(values: &[Value]) -> Option<Value> {
    let mut bytes = Vec::with_capacity(values.len() * 4);
    for value in values {
        // Read as what it becomes: through a double it could be rounded twice.
        let Value::Number(number) = value else { return None };
        let float: f32 = number.as_str().parse().ok()?;
        bytes.extend_from_slice(&float.to_le_bytes());
    }
    Some(STANDARD.encode(bytes).into())
}

fn malformed() -> Fault {
    Fault::new(502, "the upstream's answer is not what its protocol promises: it has no embeddings")
        .with_code("upstream.malformed")
}
