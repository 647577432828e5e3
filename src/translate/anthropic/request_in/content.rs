//! Blocks of content: what is said in messages, system prompts and tool results.

use super::{next_typed, refused};
use crate::domain::invalid::Invalid;
use crate::domain::protocol::Protocol;
use crate::json::json;
use crate::translate::neutral::{
    Body, CacheMark, Call, CallInput, Document, Elements, Fields, Image, Losses, Outcome, Part, Reasoned, Role,
    Signature, Source, ToolResult,
};
use serde_json::Value;

/// The system prompt: a string or text blocks.
pub(super) fn system(fields: &mut Fields, losses: &mut Losses) -> Result<Vec<Part>, Invalid> {
    let place = fields.place("system");
    let Some(value) = fields.take("system") else { return Ok(Vec::new()) };
    let mut parts = blocks(value, place, system_block, losses)?;
    parts.retain(|part| {
        let is_note = matches!(&part.body, Body::Text(text) if text.starts_with(BILLING) && !text.contains('\n'));
        if is_note {
            losses.detail("x-anthropic-billing-header", "is a note for Anthropic, and differs in every call");
        }
        !is_note
    });
    Ok(parts)
}

/// Claude Code puts this line before its prompt, with a hash that is another one in every call. Anthropic takes it away; any
/// other vendor's prompt cache would never hit again.
const BILLING: &str = "x-anthropic-billing-header:";

/// What a message says.
pub(super) fn of_message(message: &mut Fields, role: Role, losses: &mut Losses) -> Result<Vec<Part>, Invalid> {
    let place = message.place("content");
    let content = message.take("content");
    let content = content.ok_or_else(|| refused(&place, "is missing: it must be a string or an array of blocks"))?;
    match role {
        Role::System => blocks(content, place, system_block, losses),
        Role::User => blocks(content, place, user_block, losses),
        Role::Assistant => blocks(content, place, assistant_block, losses),
    }
}

/// The mark of a block, a tool or the request.
pub(super) fn cache_mark(fields: &mut Fields, losses: &mut Losses) -> Result<Option<CacheMark>, Invalid> {
    let Some(mut control) = fields.object("cache_control")? else { return Ok(None) };
    control.ignore(&["type"]);
    let mark = match control.text("ttl")?.as_deref() {
        Some("1h") => CacheMark::Hour,
        None | Some("5m") => CacheMark::Default,
        Some(other) => return Err(refused(&control.place("ttl"), &format!("must be `5m` or `1h`, not `{other}`"))),
    };
    control.rest(losses);
    Ok(Some(mark))
}

type ReadBlock = fn(&str, &mut Fields, &mut Losses) -> Result<Vec<Body>, Invalid>;

/// A string or an array of blocks. Empty texts say nothing and are left out.
fn blocks(content: Value, place: String, read: ReadBlock, losses: &mut Losses) -> Result<Vec<Part>, Invalid> {
    let elements = match content {
        Value::String(text) if text.is_empty() => return Ok(Vec::new()),
        Value::String(text) => return Ok(vec![Part::new(place, Body::Text(text))]),
        Value::Array(elements) => elements,
        _ => return Err(refused(&place, "must be a string or an array of blocks")),
    };
    let (mut elements, mut parts) = (Elements::new(elements, place), Vec::new());
    while let Some(block) = next_typed(&mut elements) {
        let (kind, mut block) = block?;
        let cache = cache_mark(&mut block, losses)?;
        let bodies = read(&kind, &mut block, losses)?;
        parts.extend(
            bodies.into_iter().filter(|body| !matches!(body, Body::Text(text) if text.is_empty())).map(|body| Part {
                at: block.at().to_owned(),
                body,
                cache,
            }),
        );
        block.rest(losses);
    }
    Ok(parts)
}

fn system_block(kind: &str, block: &mut Fields, _: &mut Losses) -> Result<Vec<Body>, Invalid> {
    match kind {
        "text" => text(block),
        other => Err(unknown(block, other, "a system prompt consists of `text` blocks")),
    }
}

fn user_block(kind: &str, block: &mut Fields, losses: &mut Losses) -> Result<Vec<Body>, Invalid> {
    match kind {
        "tool_result" => tool_result(block, losses),
        "tool_use" | "thinking" | "redacted_thinking" => {
            Err(unknown(block, kind, "such a block belongs in an assistant message"))
        }
        _ => said_to_model(kind, block, losses),
    }
}

/// What users and tools can say.
fn said_to_model(kind: &str, block: &mut Fields, losses: &mut Losses) -> Result<Vec<Body>, Invalid> {
    match kind {
        "text" => text(block),
        "image" => image(block).map(|image| vec![image]),
        "document" => document(block, losses),
        "search_result" => search_result(block, losses),
        "tool_reference" => {
            let name = block.need_text("tool_name")?;
            Ok(vec![Body::Text(format!("The tool `{name}` can be called now."))])
        }
        "container_upload" => {
            block.ignore(&["file_id"]);
            losses.meaning(block.at(), "is a file in a container of Anthropic's: send its content instead");
            Ok(Vec::new())
        }
        _ if is_of_a_server_tool(kind) => left_out(block, losses),
        _ => Err(unknown(block, kind, "no message has such a block")),
    }
}

fn assistant_block(kind: &str, block: &mut Fields, losses: &mut Losses) -> Result<Vec<Body>, Invalid> {
    match kind {
        "tool_use" => tool_use(block).map(|call| vec![call]),
        "thinking" => {
            let thinking = block.text("thinking")?.unwrap_or_default();
            let signature = block.text("signature")?.unwrap_or_default();
            let own = || json!({"type": "thinking", "thinking": thinking, "signature": signature});
            let signature = read_signature(&signature, own);
            Ok(vec![Body::Reasoning(Reasoned { text: thinking, signature })])
        }
        "redacted_thinking" => {
            let data = block.need_text("data")?;
            let signature = read_signature(&data, || json!({"type": "redacted_thinking", "data": data}));
            Ok(vec![Body::Reasoning(Reasoned { text: String::new(), signature })])
        }
        "compaction" => {
            // The summary stands for all that was said before it.
            Ok(vec![Body::Text(block.text("content")?.unwrap_or_default())])
        }
        "tool_result" => Err(unknown(block, kind, "such a block belongs in a user message")),
        _ => said_to_model(kind, block, losses),
    }
}

fn text(block: &mut Fields) -> Result<Vec<Body>, Invalid> {
    // Citations come with what the assistant had said; they mean nothing to a model that did not make them.
    block.ignore(&["citations"]);
    Ok(vec![Body::Text(block.need_text("text")?)])
}

/// One that was packed here, or Anthropic's own block.
fn read_signature(text: &str, own: impl FnOnce() -> Value) -> Option<Signature> {
    if text.is_empty() {
        return None;
    }
    Signature::unpack(text).or_else(|| {
        let (protocol, provider) = (Protocol::AnthropicMessages, String::new());
        Some(Signature { protocol, provider, payload: own().to_string() })
    })
}

fn tool_use(block: &mut Fields) -> Result<Body, Invalid> {
    block.ignore(&["caller"]);
    let (id, name) = (block.need_text("id")?, block.need_text("name")?);
    let place = block.place("input");
    let input = block.take("input").filter(Value::is_object);
    let input = input.ok_or_else(|| refused(&place, "must be an object"))?.to_string();
    Ok(Body::Call(Call { id, name, input: CallInput::Json(input) }))
}

fn tool_result(block: &mut Fields, losses: &mut Losses) -> Result<Vec<Body>, Invalid> {
    let call_id = block.need_text("tool_use_id")?;
    let failed = block.boolean("is_error")?.unwrap_or_default();
    let place = block.place("content");
    let content = match block.take("content") {
        Some(content) => blocks(content, place, said_to_model, losses)?,
        None => Vec::new(),
    };
    let outcome = if failed { Outcome::Failed } else { Outcome::Done };
    Ok(vec![Body::Result(ToolResult { call_id, name: None, content, outcome })])
}

fn image(block: &mut Fields) -> Result<Body, Invalid> {
    let mut source = need_source(block)?;
    let source = match source.need_text("type")?.as_str() {
        "base64" => base64(&mut source)?,
        "url" => Source::Url(source.need_text("url")?),
        "file" => Source::File(source.need_text("file_id")?),
        other => return Err(unknown_source(&source, other, "`base64`, `url` or `file`")),
    };
    Ok(Body::Image(Image { source, detail: None }))
}

fn document(block: &mut Fields, losses: &mut Losses) -> Result<Vec<Body>, Invalid> {
    citations_of(block, losses)?;
    let (title, context) = (block.text("title")?, block.text("context")?);
    let mut source = need_source(block)?;
    let mut images = Vec::new();
    let source = match source.need_text("type")?.as_str() {
        "base64" => base64(&mut source)?,
        "url" => Source::Url(source.need_text("url")?),
        "file" => Source::File(source.need_text("file_id")?),
        "text" => Source::Text(source.need_text("data")?),
        "content" => {
            let place = source.place("content");
            let content = source.take("content").unwrap_or_default();
            let mut texts = Vec::new();
            for part in blocks(content, place, said_to_model, losses)? {
                match part.body {
                    Body::Text(text) => texts.push(text),
                    other => images.push(other),
                }
            }
            Source::Text(texts.join("\n\n"))
        }
        other => return Err(unknown_source(&source, other, "`base64`, `url`, `file`, `text` or `content`")),
    };
    let mut bodies = vec![Body::Document(Document { source, title, context })];
    bodies.append(&mut images);
    Ok(bodies)
}

/// A search result is a text with a source, which any model can read.
fn search_result(block: &mut Fields, losses: &mut Losses) -> Result<Vec<Body>, Invalid> {
    citations_of(block, losses)?;
    let (title, source) = (block.need_text("title")?, block.need_text("source")?);
    let place = block.place("content");
    let content = blocks(block.take("content").unwrap_or_default(), place, system_block, losses)?;
    let mut told = format!("{title}\n{source}");
    for part in content {
        if let Body::Text(text) = part.body {
            told.push_str("\n\n");
            told.push_str(&text);
        }
    }
    Ok(vec![Body::Text(told)])
}

fn citations_of(block: &mut Fields, losses: &mut Losses) -> Result<(), Invalid> {
    let Some(mut citations) = block.object("citations")? else { return Ok(()) };
    if citations.boolean("enabled")? == Some(true) {
        losses.detail(citations.at(), "cannot be asked of this model: its answer will name no passages");
    }
    citations.rest(losses);
    Ok(())
}

fn need_source(block: &mut Fields) -> Result<Fields, Invalid> {
    let place = block.place("source");
    block.object("source")?.ok_or_else(|| refused(&place, "is missing: it must be an object"))
}

fn base64(source: &mut Fields) -> Result<Source, Invalid> {
    Ok(Source::Base64 { media_type: source.need_text("media_type")?, data: source.need_text("data")? })
}

/// What Anthropic's own tools left in the history: `server_tool_use`, `web_search_tool_result`, `mcp_tool_use`, …
fn is_of_a_server_tool(kind: &str) -> bool {
    matches!(kind, "server_tool_use" | "mcp_tool_use" | "mcp_tool_result") || kind.ends_with("_tool_result")
}

fn left_out(block: &mut Fields, losses: &mut Losses) -> Result<Vec<Body>, Invalid> {
    losses.detail(block.at(), "is of a tool that Anthropic runs itself, and no other model can read it");
    *block = Fields::of(json!({}), block.at().to_owned())?;
    Ok(Vec::new())
}

fn unknown_source(source: &Fields, found: &str, known: &str) -> Invalid {
    refused(&source.place("type"), &format!("must be {known}, not `{found}`"))
}

fn unknown(block: &Fields, found: &str, rule: &str) -> Invalid {
    refused(&block.place("type"), &format!("must not be `{found}` here: {rule}"))
}
