//! The vendors' own shapes: the fields that Sluice itself looks at, or that nobody does without. The rest is theirs.

use serde_json::{Value, json};
use std::collections::BTreeMap;

fn open(doc: &str, url: &str, properties: Value, required: &[&str]) -> Value {
    let mut schema = json!({
        "type": "object",
        "description": doc,
        "externalDocs": {"description": "The vendor's own reference.", "url": url},
        "properties": properties,
        "additionalProperties": true,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

pub fn schemas() -> BTreeMap<String, Value> {
    let model = || json!({"type": "string", "description": "Which model. Absent, empty or `auto`: Sluice chooses."});
    let stream = || json!({"type": "boolean", "description": "Whether the answer comes as server-sent events.", "default": false});
    let objects = |doc: &str| json!({"type": "array", "description": doc, "items": {"type": "object"}});
    let number = |doc: &str| json!({"type": "number", "description": doc});
    let whole = |doc: &str| json!({"type": "integer", "description": doc, "minimum": 1});
    let text_or_objects = |doc: &str| json!({"description": doc, "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}]});
    let chat = "https://platform.openai.com/docs/api-reference/chat/create";
    let messages = "https://docs.anthropic.com/en/api/messages";
    let message = json!({
        "type": "object", "properties": {"role": {"type": "string"}}, "required": ["role"], "additionalProperties": true,
    });
    let conversation = json!({"type": "array", "description": "The conversation so far.", "items": message});
    let named = [
        (
            "ChatCompletionRequest",
            open(
                "OpenAI's chat completion, with the fields that most calls have. Every other field is the vendor's.",
                chat,
                json!({
                    "model": model(), "messages": conversation, "stream": stream(),
                    "max_completion_tokens": whole("Most tokens of the answer."),
                    "temperature": number("How freely it is drawn."), "top_p": number("Of which share of the likely."),
                    "tools": objects("What the model may call."),
                    "response_format": {"type": "object", "description": "What the answer must look like."},
                    "metadata": {"type": "object", "description": "Conditions (`when`) may look at it."},
                }),
                &["messages"],
            ),
        ),
        (
            "ResponsesRequest",
            open(
                "OpenAI's response, with the fields that most calls have. Every other field is the vendor's.",
                "https://platform.openai.com/docs/api-reference/responses/create",
                json!({
                    "model": model(), "input": text_or_objects("What the model is told."),
                    "instructions": {"type": ["string", "null"], "description": "How it shall behave."},
                    "stream": stream(), "max_output_tokens": whole("Most tokens of the answer."),
                    "temperature": number("How freely it is drawn."), "tools": objects("What the model may call."),
                    "reasoning": {"type": "object", "description": "How hard it shall think."},
                    "metadata": {"type": "object", "description": "Conditions (`when`) may look at it."},
                }),
                &["input"],
            ),
        ),
        (
            "MessagesRequest",
            open(
                "Anthropic's message, with the fields that most calls have. Every other field is the vendor's.",
                messages,
                json!({
                    "model": model(), "messages": conversation, "max_tokens": whole("Most tokens of the answer."),
                    "system": text_or_objects("How it shall behave."), "stream": stream(),
                    "temperature": number("How freely it is drawn."), "tools": objects("What the model may call."),
                    "thinking": {"type": "object", "description": "How hard it shall think."},
                    "metadata": {"type": "object", "description": "Conditions (`when`) may look at it."},
                }),
                &["messages", "max_tokens"],
            ),
        ),
        (
            "CountTokensRequest",
            open(
                "Anthropic's count of a message's tokens. Every other field is the vendor's.",
                "https://docs.anthropic.com/en/api/messages-count-tokens",
                json!({
                    "model": model(), "messages": conversation, "system": text_or_objects("How it shall behave."),
                    "tools": objects("What the model may call."),
                }),
                &["messages"],
            ),
        ),
        (
            "EmbeddingsRequest",
            open(
                "OpenAI's embedding. Every other field is the vendor's.",
                "https://platform.openai.com/docs/api-reference/embeddings/create",
                json!({
                    "model": model(),
                    "input": {"description": "A text, or several; or their tokens.",
                        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": ["string", "integer", "array"]}}]},
                    "dimensions": whole("How many numbers an embedding has."),
                    "encoding_format": {"type": "string", "enum": ["float", "base64"], "description": "How they are written."},
                }),
                &["input"],
            ),
        ),
        (
            "OpenAiError",
            json!({
                "type": "object",
                "description": "A refusal as OpenAI's clients read it.",
                "properties": {"error": {
                    "type": "object",
                    "properties": {
                        "message": {"type": "string"}, "type": {"type": "string"},
                        "param": {"type": ["string", "null"]}, "code": {"type": ["string", "null"]},
                    },
                    "required": ["message", "type", "param", "code"],
                }},
                "required": ["error"],
            }),
        ),
        (
            "AnthropicError",
            json!({
                "type": "object",
                "description": "A refusal as Anthropic's clients read it.",
                "properties": {
                    "type": {"type": "string", "enum": ["error"]},
                    "error": {
                        "type": "object",
                        "properties": {"type": {"type": "string"}, "message": {"type": "string"}},
                        "required": ["type", "message"],
                    },
                    "request_id": {"type": ["string", "null"]},
                },
                "required": ["type", "error"],
            }),
        ),
        (
            "OpenAiModel",
            json!({
                "type": "object",
                "description": "A model that may be called, in OpenAI's shape.",
                "properties": {
                    "id": {"type": "string", "description": "A selector or a public name."},
                    "object": {"type": "string", "enum": ["model"]},
                    "created": {"type": "integer", "description": "When it was registered, in seconds since 1970."},
                    "owned_by": {"type": "string", "description": "Its provider's name."},
                },
                "required": ["id", "object", "created", "owned_by"],
            }),
        ),
        (
            "OpenAiModelList",
            json!({
                "type": "object",
                "description": "The models that may be called, in OpenAI's shape.",
                "properties": {
                    "object": {"type": "string", "enum": ["list"]},
                    "data": {"type": "array", "items": {"$ref": "#/components/schemas/OpenAiModel"}},
                },
                "required": ["object", "data"],
            }),
        ),
        (
            "AnthropicModel",
            json!({
                "type": "object",
                "description": "A model that may be called, in Anthropic's shape.",
                "properties": {
                    "type": {"type": "string", "enum": ["model"]},
                    "id": {"type": "string", "description": "A selector or a public name."},
                    "display_name": {"type": "string", "description": "Its public name, or the upstream's."},
                    "created_at": {"type": "string", "format": "date-time", "description": "When it was registered."},
                },
                "required": ["type", "id", "display_name", "created_at"],
            }),
        ),
        (
            "AnthropicModelList",
            json!({
                "type": "object",
                "description": "A page of the models that may be called, in Anthropic's shape.",
                "properties": {
                    "data": {"type": "array", "items": {"$ref": "#/components/schemas/AnthropicModel"}},
                    "has_more": {"type": "boolean", "description": "Whether there are further ones in that direction."},
                    "first_id": {"type": ["string", "null"]},
                    "last_id": {"type": ["string", "null"]},
                },
                "required": ["data", "has_more", "first_id", "last_id"],
            }),
        ),
    ];
    named.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}
