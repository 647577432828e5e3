//! `toolConfig`.

use super::cache::{Marks, Place};
use super::fields::{object, one};
use super::model::{Forced, Model};
use crate::json::{Members, json};
use crate::translate::claude::relaxed;
use crate::translate::neutral::{
    Body, Bridge, Call, CallInput, Client, Freeform, Function, Given, Losses, Parallel, Request, Sent, Tool, ToolChoice,
};
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
        tools.retain(|tool| names.iter().any(|name| Some(name.as_str()) == name_of(tool)));
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
    let mut config = object([("tools", written.into())]);
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

fn name_of(tool: &Tool) -> Option<&str> {
    match tool {
        Tool::Function(function) => Some(&function.name),
        Tool::Freeform(freeform) => Some(&freeform.name),
        Tool::WebSearch(_) => None,
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
            written.push(write_function(function, model, bridge, losses));
            written.extend(marks.point(mark, Place::Tools, &at, losses));
        }
        Tool::Freeform(freeform) => written.push(write_freeform(freeform, bridge)),
        Tool::WebSearch(search) => {
            losses.meaning(search.at, "is a search that Bedrock's Converse does not have: give a function of your own");
        }
    }
}

fn write_function(function: Function, model: &Model, bridge: &mut Bridge, losses: &mut Losses) -> Value {
    let Function { at, name, description, parameters, strict, .. } = function;
    let is_strict = strict == Some(true) && model.schema.yes();
    if strict == Some(true) && !is_strict {
        losses.detail(format!("{at}.strict"), "is not known to this model");
    }
    let schema = if is_strict { relaxed(of_object(parameters)) } else { of_object(parameters) };
    let mut spec = specification(bridge.names.fit(&name, Sent::AsIs), description, schema);
    if is_strict {
        spec.put("strict", true);
    }
    one("toolSpec", spec)
}

fn write_freeform(freeform: Freeform, bridge: &mut Bridge) -> Value {
    let Freeform { name, description, format, .. } = freeform;
    let grammar = format.as_ref().and_then(|format| {
        let definition = format.get("definition")?.as_str()?;
        let syntax = format.get("syntax").and_then(Value::as_str).unwrap_or("grammar");
        Some(format!("The input follows this {syntax} grammar:\n{definition}"))
    });
    let words: Vec<String> = description.into_iter().chain(grammar).collect();
    let schema = json!({
        "type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"],
        "additionalProperties": false,
    });
    one("toolSpec", specification(bridge.names.fit(&name, Sent::Wrapped), Some(words.join("\n\n")), schema))
}

fn specification(name: String, description: Option<String>, schema: Value) -> Map<String, Value> {
    let mut spec = object([("name", name.into())]);
    // A blank description is refused, none is not.
    if let Some(description) = description.filter(|description| !description.trim().is_empty()) {
        spec.put("description", description);
    }
    spec.put("inputSchema", one("json", schema));
    spec
}

/// A schema whose root is an object, as Converse demands.
fn of_object(parameters: Option<Value>) -> Value {
    match parameters {
        Some(Value::Object(mut schema)) => {
            schema.entry("type").or_insert_with(|| "object".into());
            schema.into()
        }
        _ => json!({"type": "object", "properties": {}}),
    }
}

/// The tools that the history calls, each taking any object.
fn from_history(request: &Request, bridge: &mut Bridge) -> Vec<Value> {
    let mut names: Vec<String> = Vec::new();
    for part in request.turns.iter().flat_map(|turn| &turn.parts) {
        let name = match &part.body {
            Body::Call(call) => sent_call_name(call, bridge),
            Body::Result(result) if result.name.is_none() => "tool".to_owned(),
            _ => continue,
        };
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
