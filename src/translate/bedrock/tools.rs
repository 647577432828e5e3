//! `toolConfig`.

use super::cache::{Marks, Place};
use super::fields::one;
use super::model::{Forced, Model};
use crate::json::{Members, json, members};
use crate::translate::claude::{is_recursive, relaxed};
use crate::translate::neutral::{
    Body, Bridge, Call, CallInput, Client, Function, Given, Losses, Parallel, Request, Sent, Tool, ToolChoice,
};
use crate::translate::tool_schema::rooted;
use serde_json::{Map, Value};

/// What the model is told because Converse has no word for it.
const CALL_NOTHING: &str = "Do not call any tool: answer in words.";
const CALL_SOMETHING: &str = "You must call at least one of the tools.";

/// The tools, the choice and the marks among them. What the model has to be told in words goes to `notes`.
pub(super) fn write(
    request: &mut Request,
    model: &Model,
    bridge: &mut Bridge,
    marks: &mut Marks,
    notes: &mut Vec<String>,
    losses: &mut Losses,
) -> Option<Value> {
    let has_history = request.has_tool_history();
    let mut tools = std::mem::take(&mut request.tools);
    let choice = request.tool_choice.take();
    bridge.calls = parallel(request, choice.as_ref());

    if let Some(Given { value: ToolChoice::AllowedAuto(names) | ToolChoice::AllowedRequired(names), .. }) = &choice {
        tools.retain(|tool| names.iter().any(|name| Some(name.as_str()) == tool.name()));
    }
    let forbidden = matches!(&choice, Some(Given { value: ToolChoice::None, .. }));
    if !has_history && (forbidden || tools.is_empty()) {
        return None;
    }
    let named = choice.as_ref().and_then(|choice| named_tool(&choice.value, &tools, bridge));
    let mut written = Vec::new();
    for tool in tools {
        write_tool(tool, model, bridge, marks, &mut written, losses);
    }
    // Converse refuses calls and results in the history where it is told of no tools.
    let is_invented = written.is_empty();
    if is_invented && has_history {
        written = from_history(request, bridge);
    }
    if written.is_empty() {
        return None;
    }
    let mut config = members([("tools", written.into())]);
    if is_invented || forbidden {
        notes.push(CALL_NOTHING.to_owned());
        if let Some(choice) = choice.filter(|_| forbidden && !is_invented) {
            losses
                .detail(choice.field, "cannot be `none` at Bedrock once a tool was called: the model is told in words");
        }
    } else if let Some(choice) = choice.and_then(|choice| write_choice(choice, named, model, notes, losses)) {
        config.put("toolChoice", choice);
    }
    Some(config.into())
}

/// Converse cannot be told to make one call at a time. OpenAI's named choice means one call.
fn parallel(request: &Request, choice: Option<&Given<ToolChoice>>) -> Parallel {
    let is_named = matches!(choice, Some(Given { value: ToolChoice::Named(_), .. }));
    match &request.parallel {
        Some(given) => given.value,
        None if is_named && request.client != Client::AnthropicMessages => Parallel::Forbidden,
        None => Parallel::Allowed,
    }
}

/// The name by which the chosen tool is sent.
fn named_tool(choice: &ToolChoice, tools: &[Tool], bridge: &mut Bridge) -> Option<String> {
    let ToolChoice::Named(name) = choice else { return None };
    let is_freeform = tools.iter().any(|tool| matches!(tool, Tool::Freeform(freeform) if freeform.name == *name));
    Some(bridge.names.fit(name, if is_freeform { Sent::Wrapped } else { Sent::AsIs }))
}

fn write_choice(
    choice: Given<ToolChoice>,
    named: Option<String>,
    model: &Model,
    notes: &mut Vec<String>,
    losses: &mut Losses,
) -> Option<Value> {
    let Given { field, value } = choice;
    let (written, note) = match (value, model.forced) {
        (ToolChoice::Auto | ToolChoice::AllowedAuto(_), _) => (one("auto", Map::new()), None),
        (ToolChoice::None, _) => return None,
        (ToolChoice::Required | ToolChoice::AllowedRequired(_), Forced::Any | Forced::Named) => {
            (one("any", Map::new()), None)
        }
        (ToolChoice::Required | ToolChoice::AllowedRequired(_), Forced::Neither) => {
            (one("auto", Map::new()), Some(CALL_SOMETHING.to_owned()))
        }
        (ToolChoice::Named(name), forced) => {
            let name = named.unwrap_or(name);
            let note = format!("You must call the tool `{name}`.");
            match forced {
                Forced::Named => (json!({"tool": {"name": name}}), None),
                Forced::Any => (one("any", Map::new()), Some(note)),
                Forced::Neither => (one("auto", Map::new()), Some(note)),
            }
        }
    };
    if note.is_some() {
        losses.detail(field, "cannot be forced with this model: it is told in words");
    }
    notes.extend(note);
    Some(written)
}

fn write_tool(
    tool: Tool,
    model: &Model,
    bridge: &mut Bridge,
    marks: &mut Marks,
    written: &mut Vec<Value>,
    losses: &mut Losses,
) {
    match tool {
        Tool::Function(function) => {
            let (mark, at) = (function.cache, function.at.clone());
            written.push(write_function(function, Sent::AsIs, model, bridge, losses));
            written.extend(marks.point(mark, Place::Tools, &at, losses));
        }
        Tool::Freeform(freeform) => {
            written.push(write_function(freeform.into_function(), Sent::Wrapped, model, bridge, losses));
        }
        Tool::WebSearch(search) => {
            let why = "is a search that Bedrock's Converse does not have: give a function of your own";
            losses.add(search.at, search.severity, why);
        }
    }
}

fn write_function(function: Function, sent: Sent, model: &Model, bridge: &mut Bridge, losses: &mut Losses) -> Value {
    let Function { at, name, description, parameters, strict, .. } = function;
    let schema = rooted(parameters);
    let is_strict = strict == Some(true) && model.schema.yes() && !is_recursive(&schema);
    if strict == Some(true) && !is_strict {
        losses.detail(format!("{at}.strict"), "is not known to this model, or not with a schema that refers to itself");
    }
    let schema = if is_strict { relaxed(schema) } else { schema };
    let mut spec = specification(bridge.names.fit(&name, sent), description, schema);
    if is_strict {
        spec.put("strict", true);
    }
    one("toolSpec", spec)
}

fn specification(name: String, description: Option<String>, schema: Value) -> Map<String, Value> {
    let mut spec = members([("name", name.into())]);
    // A blank description is refused, none is not.
    if let Some(description) = description.filter(|description| !description.trim().is_empty()) {
        spec.put("description", description);
    }
    spec.put("inputSchema", one("json", schema));
    spec
}

/// The tools that the history calls, each taking any object.
fn from_history(request: &Request, bridge: &mut Bridge) -> Vec<Value> {
    let mut names: Vec<String> = Vec::new();
    for part in request.turns.iter().flat_map(|turn| &turn.parts) {
        let Body::Call(call) = &part.body else { continue };
        let name = sent_call_name(call, bridge);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let spec = |name: String| {
        let description = "A tool of an earlier turn, which is not at hand any more.".to_owned();
        one("toolSpec", specification(name, Some(description), json!({"type": "object"})))
    };
    names.into_iter().map(spec).collect()
}

/// The name by which a call of the history is sent.
pub(super) fn sent_call_name(call: &Call, bridge: &mut Bridge) -> String {
    let sent = match call.input {
        CallInput::Json(_) => Sent::AsIs,
        CallInput::Text(_) => Sent::Wrapped,
    };
    bridge.names.fit(&call.name, sent)
}
