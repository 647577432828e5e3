//! The items of a client's `input`.

use super::content_in::{self, Speaker};
use super::namespace::flat;
use super::own_tools::OwnTool;
use super::tools_in;
use crate::domain::invalid::Invalid;
use crate::translate::neutral::{
    Body, Call, CallInput, Elements, Fields, Losses, Outcome, Part, Reasoned, Request, Role, Signature, ToolResult,
};
use serde_json::Value;

/// Reads `input` into the conversation. What the operator says before anybody else joins `request.system`.
pub(super) fn read(input: Value, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    let values = match input {
        Value::String(text) => {
            if !text.is_empty() {
                request.say(Role::User, Part::new("input", Body::Text(text)));
            }
            return Ok(());
        }
        Value::Array(values) => values,
        _ => return Err(Invalid::new("input", "`input` must be a string or an array of items")),
    };
    let mut elements = Elements::new(values, "input");
    while let Some(fields) = elements.next_object() {
        item(fields?, request, losses)?;
    }
    Ok(())
}

fn item(mut fields: Fields, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    let kind = match fields.text("type")? {
        Some(kind) => kind,
        None if fields.has("role") => "message".to_owned(),
        None => "item_reference".to_owned(),
    };
    // What the gateway or OpenAI had answered, and the client sends back.
    if kind != "item_reference" && kind != "local_shell_call_output" {
        fields.ignore(&["id"]);
    }
    fields.ignore(&["status", "phase"]);
    let at = fields.at().to_owned();
    match kind.as_str() {
        "message" => message(&mut fields, request, losses)?,
        "reasoning" => reasoning(&mut fields, request, losses)?,
        "function_call" => {
            let (id, name) = (fields.need_text("call_id")?, tool_name(&mut fields)?);
            let arguments = fields.text("arguments")?.filter(|json| !json.trim().is_empty());
            let input = CallInput::Json(arguments.unwrap_or_else(|| "{}".to_owned()));
            request.say(Role::Assistant, Part::new(at, Body::Call(Call { id, name, input })));
        }
        "custom_tool_call" => {
            let (id, name) = (fields.need_text("call_id")?, tool_name(&mut fields)?);
            let input = CallInput::Text(fields.text("input")?.unwrap_or_default());
            request.say(Role::Assistant, Part::new(at, Body::Call(Call { id, name, input })));
        }
        "local_shell_call" => {
            let id = fields.need_text("call_id")?;
            let action = fields.take("action").unwrap_or_else(|| Value::Object(serde_json::Map::new()));
            let call = Call { id, name: "local_shell".to_owned(), input: CallInput::Json(action.to_string()) };
            request.say(Role::Assistant, Part::new(at, Body::Call(call)));
        }
        "function_call_output" | "custom_tool_call_output" | "local_shell_call_output" => {
            output(&mut fields, request, losses)?;
        }
        "additional_tools" => {
            fields.ignore(&["role"]);
            more_tools(&mut fields, request, losses)?;
        }
        "item_reference" => {
            reference(&mut fields, losses)?;
            return Ok(());
        }
        "tool_search_call" => {
            let arguments = fields.take("arguments").unwrap_or_else(|| Value::Object(serde_json::Map::new()));
            fields.ignore(&["execution"]);
            match fields.text("call_id")? {
                Some(id) => {
                    let (name, input) = (OwnTool::ToolSearch.name().to_owned(), CallInput::Json(arguments.to_string()));
                    request.say(Role::Assistant, Part::new(at, Body::Call(Call { id, name, input })));
                }
                None => losses.detail(at, "is a search that OpenAI made; the tools that it found are kept"),
            }
        }
        "tool_search_output" => found_tools(&mut fields, request, losses)?,
        "agent_message" => agent_message(&mut fields, request, losses)?,
        "web_search_call" => {
            losses.detail(at, "is a search that OpenAI made; what the model said of it is kept");
            return Ok(());
        }
        "configuration_update" => {
            losses.detail(at, "changes settings in the midst of a conversation, which only OpenAI knows");
            return Ok(());
        }
        known if HOSTED.contains(&known) => {
            losses.meaning(at, format!("is of type `{known}`, which only OpenAI can read: leave it out"));
            return Ok(());
        }
        other => {
            let place = fields.place("type");
            return Err(Invalid::new(
                &place,
                format!("`{place}` must be an item type of the Responses API, not `{other}`"),
            ));
        }
    }
    fields.rest(losses);
    Ok(())
}

/// Items of OpenAI's own tools and machinery.
const HOSTED: [&str; 19] = [
    "apply_patch_call",
    "apply_patch_call_output",
    "code_interpreter_call",
    "compaction",
    "compaction_summary",
    "compaction_trigger",
    "computer_call",
    "computer_call_output",
    "context_compaction",
    "file_search_call",
    "image_generation_call",
    "mcp_approval_request",
    "mcp_approval_response",
    "mcp_call",
    "mcp_list_tools",
    "program",
    "program_output",
    "shell_call",
    "shell_call_output",
];

fn message(fields: &mut Fields, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    let role = fields.need_text("role")?;
    let (role, speaker) = match role.as_str() {
        "user" => (Role::User, Speaker::Human),
        "assistant" => (Role::Assistant, Speaker::Model),
        "system" | "developer" => (Role::System, Speaker::Human),
        other => {
            let place = fields.place("role");
            let rule = format!("`{place}` must be `user`, `assistant`, `system` or `developer`, not `{other}`");
            return Err(Invalid::new(place, rule));
        }
    };
    let place = fields.place("content");
    let content = fields.take("content").ok_or_else(|| Invalid::new(&place, format!("`{place}` is missing")))?;
    for part in content_in::read(content, &place, speaker, losses)? {
        match (role, &part.body) {
            (Role::System, Body::Text(_)) if request.turns.is_empty() => request.system.push(part),
            (Role::System, Body::Text(_)) => request.say(Role::System, part),
            (Role::System, _) => losses.meaning(part.at, "is no text: only the user can show images and files"),
            _ => request.say(role, part),
        }
    }
    Ok(())
}

/// The name under which the tool travels: with its namespace, where it has one.
fn tool_name(fields: &mut Fields) -> Result<String, Invalid> {
    let name = fields.need_text("name")?;
    Ok(match fields.text("namespace")?.filter(|namespace| !namespace.is_empty()) {
        Some(namespace) => flat(&namespace, &name),
        None => name,
    })
}

fn reasoning(fields: &mut Fields, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    let summary = texts(fields, "summary")?;
    let content = texts(fields, "content")?;
    let text = if summary.is_empty() { content } else { summary };
    let signature = match fields.text("encrypted_content")?.filter(|sealed| !sealed.is_empty()) {
        None if text.is_empty() => return Ok(()),
        None => None,
        Some(sealed) => match Signature::unpack(&sealed) {
            Some(signature) => Some(signature),
            None => {
                let place = fields.place("encrypted_content");
                losses.detail(place, "was encrypted by another provider, and only that one can read it");
                return Ok(());
            }
        },
    };
    let at = fields.at().to_owned();
    request.say(Role::Assistant, Part::new(at, Body::Reasoning(Reasoned { text, signature })));
    Ok(())
}

/// The texts of a reasoning item's parts, as paragraphs.
fn texts(fields: &mut Fields, key: &str) -> Result<String, Invalid> {
    let Some(mut parts) = fields.array(key)? else { return Ok(String::new()) };
    let mut text = String::new();
    while let Some(part) = parts.next_object() {
        let paragraph = part?.text("text")?.unwrap_or_default();
        if !text.is_empty() && !paragraph.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&paragraph);
    }
    Ok(text)
}

fn output(fields: &mut Fields, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    // A local shell's output names its call by `id`.
    let call_id = match fields.text("call_id")? {
        Some(call_id) => call_id,
        None => fields.need_text(if fields.has("id") { "id" } else { "call_id" })?,
    };
    fields.ignore(&["id", "name", "namespace"]);
    let place = fields.place("output");
    let output = fields.take("output").unwrap_or_else(|| Value::String(String::new()));
    let content = content_in::read(output, &place, Speaker::Human, losses)?;
    // The Responses API has no flag for failures: agents put them into words.
    let result = ToolResult { call_id, name: None, content, outcome: Outcome::Done };
    let at = fields.at().to_owned();
    request.say(Role::User, Part::new(at, Body::Result(result)));
    Ok(())
}

/// An item that OpenAI keeps. The AI SDK refers to reasoning that way unless it is told `store: false`; without it the model
/// thinks anew, and everything that was said and called is there.
fn reference(fields: &mut Fields, losses: &mut Losses) -> Result<(), Invalid> {
    let id = fields.text("id")?.unwrap_or_default();
    let at = fields.at();
    if id.starts_with("rs_") {
        losses.detail(at, "refers to thoughts that are kept at OpenAI only: with the AI SDK set `store: false`");
    } else {
        let why = "names an item that is kept at OpenAI only: send the item itself; with the AI SDK set `store: false`";
        losses.essence(at, why);
    }
    Ok(())
}

/// What a search among deferred tools found: the tools themselves, which are at hand from now on.
fn found_tools(fields: &mut Fields, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    let at = fields.at().to_owned();
    fields.ignore(&["execution"]);
    let known = request.tools.len();
    more_tools(fields, request, losses)?;
    let Some(call_id) = fields.text("call_id")? else { return Ok(()) };
    let names = request.tools.iter().skip(known).filter_map(|tool| Some(format!("`{}`", tool.name()?)));
    let names = names.collect::<Vec<_>>().join(", ");
    let told = if names.is_empty() { "No tool was found.".to_owned() } else { format!("Can be called now: {names}") };
    let content = vec![Part::new(at.clone(), Body::Text(told))];
    let result = ToolResult { call_id, name: None, content, outcome: Outcome::Done };
    request.say(Role::User, Part::new(at, Body::Result(result)));
    Ok(())
}

/// What one of Codex's agents says to another.
fn agent_message(fields: &mut Fields, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    let author = fields.text("author")?.unwrap_or_else(|| "another agent".to_owned());
    fields.ignore(&["recipient"]);
    let place = fields.place("content");
    let content = fields.take("content").unwrap_or_else(|| Value::Array(Vec::new()));
    let said = content_in::read(content, &place, Speaker::Human, losses)?;
    request.say(Role::User, Part::new(fields.at(), Body::Text(format!("Message from {author}:"))));
    said.into_iter().for_each(|part| request.say(Role::User, part));
    Ok(())
}

fn more_tools(fields: &mut Fields, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    let Some(tools) = fields.take("tools") else { return Ok(()) };
    echo_more_tools(&tools, request);
    tools_in::read(tools, &fields.place("tools"), &mut request.tools, losses)
}

/// Tools that come with the conversation are the answer's tools too, and the way back from flat names needs them.
fn echo_more_tools(tools: &Value, request: &mut Request) {
    let Value::Array(more) = tools else { return };
    let known = request.echo.entry("tools").or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(known) = known {
        known.extend(more.iter().cloned());
    }
}
