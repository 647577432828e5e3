//! An answer of Converse's.

use super::fault::read_fault;
use super::fields::{take_array, take_object, take_text};
use super::model::is_claude;
use crate::domain::protocol::Protocol;
use crate::domain::usage::TokenCounts;
use crate::json::json;
use crate::translate::neutral::{
    Answer, AnswerPart, Begin, Call, CallInput, Citation, Fault, FinishReason, Minter, Origin, Reasoned, Signature,
    fit_call_id,
};
use serde_json::{Map, Value};

/// Reads the body of Converse's answer. It names neither an id nor a model.
///
/// # Errors
/// The body is an error, or no answer.
pub fn read_answer(body: Value, origin: &Origin) -> Result<Answer, Fault> {
    let Value::Object(mut body) = body else { return Err(malformed("it is no object")) };
    let message = take_object(&mut body, "output").and_then(|mut output| take_object(&mut output, "message"));
    let Some(mut message) = message else {
        let is_error = ["message", "Message", "__type"].into_iter().any(|key| body.contains_key(key));
        let text = Value::Object(body).to_string();
        return Err(if is_error { read_fault(200, None, text.as_bytes()) } else { malformed("it has no message") });
    };
    let mut minter = Minter::new(&origin.seed);
    let content = take_array(&mut message, "content").unwrap_or_default();
    let parts = content.into_iter().filter_map(|block| read_block(block, origin, &mut minter)).collect();
    Ok(Answer {
        begin: Begin::default(),
        parts,
        finish: read_stop(&body).unwrap_or(FinishReason::Done),
        usage: body.get("usage").map(read_usage),
    })
}

fn malformed(what: &str) -> Fault {
    Fault::new(502, format!("the upstream's answer is not what its protocol promises: {what}"))
        .with_code("upstream.malformed")
}

fn read_block(block: Value, origin: &Origin, minter: &mut Minter) -> Option<AnswerPart> {
    let Value::Object(mut block) = block else { return None };
    let (kind, value) = block.iter_mut().next().map(|(kind, value)| (kind.clone(), value.take()))?;
    match (kind.as_str(), value) {
        ("text", Value::String(text)) => text_part(text, Vec::new()),
        ("citationsContent", Value::Object(mut cited)) => {
            let citations = take_array(&mut cited, "citations").unwrap_or_default();
            let text = take_array(&mut cited, "content").map(joined_text).unwrap_or_default();
            text_part(text, citations.iter().map(read_citation).collect())
        }
        ("reasoningContent", Value::Object(mut content)) => {
            let mut proof = Proof::default();
            let mut shown = take_object(&mut content, "reasoningText").unwrap_or_default();
            proof.signature.push_str(&take_text(&mut shown, "signature").unwrap_or_default());
            proof.redacted.push_str(&take_text(&mut content, "redactedContent").unwrap_or_default());
            let text = take_text(&mut shown, "text").unwrap_or_default();
            let signature = proof.sign(&text, origin);
            let says_something = !text.is_empty() || signature.is_some();
            says_something.then_some(AnswerPart::Reasoning(Reasoned { text, signature }))
        }
        // A tool of Amazon's own runs on their side.
        ("toolUse", Value::Object(call)) if call.get("type").is_none() => {
            let (id, name) = read_call(&call, minter);
            let input = call.get("input").filter(|input| !input.is_null());
            let json = input.map_or_else(|| "{}".to_owned(), Value::to_string);
            Some(AnswerPart::Call(Call { id, name, input: CallInput::Json(json) }))
        }
        _ => None,
    }
}

fn text_part(text: String, citations: Vec<Citation>) -> Option<AnswerPart> {
    if text.is_empty() { None } else { Some(AnswerPart::Text { text, citations }) }
}

fn joined_text(content: Vec<Value>) -> String {
    content.iter().filter_map(|part| part.get("text")?.as_str()).collect()
}

/// A call's id, as every vendor takes it, and the tool's name.
pub(super) fn read_call(call: &Map<String, Value>, minter: &mut Minter) -> (String, String) {
    let text = |key| call.get(key).and_then(Value::as_str).unwrap_or_default();
    let id = match text("toolUseId") {
        "" => minter.mint("call_"),
        id => fit_call_id(id).into_owned(),
    };
    (id, text("name").to_owned())
}

/// A source. Where it says so, `source` is an address; else it names a document of the request's.
pub(super) fn read_citation(citation: &Value) -> Citation {
    let text = |key| citation.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let web = citation.pointer("/location/web/url").and_then(Value::as_str);
    let source = text("source").filter(|source| source.starts_with("http://") || source.starts_with("https://"));
    let cited = citation.get("sourceContent").and_then(Value::as_array).cloned().map(joined_text);
    Citation {
        url: web.or(source).map(str::to_owned),
        title: text("title").map(str::to_owned),
        cited_text: cited.filter(|text| !text.is_empty()),
        span: None,
    }
}

/// Why the answer ended, from the object that has `stopReason`; `None` where it is not said.
pub(super) fn read_stop(body: &Map<String, Value>) -> Option<FinishReason> {
    let fields = body.get("additionalModelResponseFields");
    let matched = || {
        let at = |path| fields?.pointer(path)?.as_str();
        at("/stop_sequence").or_else(|| at("/delta/stop_sequence")).map(str::to_owned)
    };
    Some(match body.get("stopReason")?.as_str()? {
        "stop_sequence" => FinishReason::StopSequence(matched()),
        "max_tokens" => FinishReason::Length,
        "model_context_window_exceeded" => FinishReason::ContextFull,
        "guardrail_intervened" | "content_filtered" => FinishReason::Declined,
        // Also `malformed_model_output` and `malformed_tool_use`: what there is of the answer is the answer.
        _ => FinishReason::Done,
    })
}

/// Converse's input excludes what the cache gave and took.
pub(super) fn read_usage(usage: &Value) -> TokenCounts {
    let count = |key| usage.get(key).and_then(Value::as_u64).unwrap_or_default();
    TokenCounts {
        input: count("inputTokens"),
        output: count("outputTokens"),
        cache_read: count("cacheReadInputTokens"),
        cache_write: count("cacheWriteInputTokens"),
        reasoning: 0,
    }
}

/// What proves a piece of reasoning.
#[derive(Debug, Default)]
pub(super) struct Proof {
    /// `reasoningText.signature`.
    pub(super) signature: String,
    /// `redactedContent`, as base64.
    pub(super) redacted: String,
}

impl Proof {
    /// The signature, if there is a proof: Claude's blocks in Anthropic's terms, others' in Converse's, with the model
    /// that alone can read them back.
    pub(super) fn sign(self, text: &str, origin: &Origin) -> Option<Signature> {
        let Self { signature, redacted } = self;
        if signature.is_empty() && redacted.is_empty() {
            return None;
        }
        let (protocol, payload) = match (is_claude(&origin.model), redacted.is_empty()) {
            (true, true) => {
                (Protocol::AnthropicMessages, json!({"type": "thinking", "thinking": text, "signature": signature}))
            }
            (true, false) => (Protocol::AnthropicMessages, json!({"type": "redacted_thinking", "data": redacted})),
            (false, is_shown) => {
                let content = if is_shown {
                    json!({"reasoningText": {"text": text, "signature": signature}})
                } else {
                    json!({"redactedContent": redacted})
                };
                (Protocol::BedrockConverse, json!({"model": origin.model, "reasoningContent": content}))
            }
        };
        Some(Signature { protocol, provider: origin.provider.clone(), payload: payload.to_string() })
    }
}
