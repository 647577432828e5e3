//! Tools and the choice among them, for an upstream.

use super::quirks::Quirks;
use crate::json::{Members, json};
use crate::translate::neutral::{
    Bridge, Freeform, Function, Given, Losses, Parallel, Request, Sent, Severity, Tool, ToolChoice, WebSearch,
};
use crate::translate::tool_schema::{is_strict, rooted};
use serde_json::{Map, Value};

/// Writes `tools`, `tool_choice` and `parallel_tool_calls`.
pub(super) fn write(
    request: &mut Request,
    quirks: &Quirks,
    body: &mut Map<String, Value>,
    bridge: &mut Bridge,
    losses: &mut Losses,
) {
    let mut tools = std::mem::take(&mut request.tools);
    let choice = request.tool_choice.take().map(|given| narrowed(given, quirks, &mut tools));
    if !tools.is_empty()
        && let Some(choice) = choice
    {
        body.put("tool_choice", written_choice(choice, &tools, quirks, bridge));
    }
    let tools: Vec<Value> = tools.into_iter().filter_map(|tool| written(tool, quirks, bridge, losses)).collect();
    let has_tools = !tools.is_empty();
    if has_tools {
        body.put("tools", tools);
    } else {
        body.shift_remove("tool_choice");
    }
    match request.parallel {
        Some(Given { value: Parallel::Forbidden, .. }) if !quirks.parallel.yes() => bridge.calls = Parallel::Forbidden,
        Some(Given { value, .. }) if has_tools && quirks.parallel.yes() => {
            body.put("parallel_tool_calls", value == Parallel::Allowed);
        }
        _ => {}
    }
}

/// Where the vendor cannot be told which tools may be called, the others are left out.
fn narrowed(choice: Given<ToolChoice>, quirks: &Quirks, tools: &mut Vec<Tool>) -> ToolChoice {
    if quirks.allowed_tools.yes() {
        return choice.value;
    }
    let (names, choice) = match choice.value {
        ToolChoice::AllowedAuto(names) => (names, ToolChoice::Auto),
        ToolChoice::AllowedRequired(names) => (names, ToolChoice::Required),
        other => return other,
    };
    tools.retain(|tool| match tool {
        Tool::Function(function) => names.contains(&function.name),
        Tool::Freeform(freeform) => names.contains(&freeform.name),
        Tool::WebSearch(_) => false,
    });
    choice
}

fn written_choice(choice: ToolChoice, tools: &[Tool], quirks: &Quirks, bridge: &mut Bridge) -> Value {
    let mut named = |name: &str| {
        let is_freeform = tools.iter().any(|tool| matches!(tool, Tool::Freeform(freeform) if freeform.name == name));
        let (kind, sent) = match (is_freeform, quirks.custom_tools.yes()) {
            (true, true) => ("custom", Sent::AsIs),
            (true, false) => ("function", Sent::Wrapped),
            (false, _) => ("function", Sent::AsIs),
        };
        json!({"type": kind, "name": bridge.names.fit(name, sent)})
    };
    match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Named(name) => named(&name),
        ToolChoice::AllowedAuto(names) => {
            let tools: Vec<Value> = names.iter().map(|name| named(name)).collect();
            json!({"type": "allowed_tools", "mode": "auto", "tools": tools})
        }
        ToolChoice::AllowedRequired(names) => {
            let tools: Vec<Value> = names.iter().map(|name| named(name)).collect();
            json!({"type": "allowed_tools", "mode": "required", "tools": tools})
        }
    }
}

fn written(tool: Tool, quirks: &Quirks, bridge: &mut Bridge, losses: &mut Losses) -> Option<Value> {
    match tool {
        Tool::Function(function) => Some(written_function(function, Sent::AsIs, bridge, losses)),
        Tool::Freeform(freeform) if quirks.custom_tools.yes() => Some(written_freeform(freeform, bridge)),
        Tool::Freeform(freeform) => Some(written_function(freeform.into_function(), Sent::Wrapped, bridge, losses)),
        Tool::WebSearch(search) if quirks.web_search.yes() => written_search(search, losses),
        Tool::WebSearch(search) => {
            let why = "is a search of the web, which this model's provider does not have: leave it out";
            losses.add(search.at, search.severity, why);
            None
        }
    }
}

/// `strict` is always said: Responses would hold the model to any schema that looks strict, the others' default is not to.
fn written_function(function: Function, sent: Sent, bridge: &mut Bridge, losses: &mut Losses) -> Value {
    let mut tool = Map::new();
    tool.put("type", "function");
    tool.put("name", bridge.names.fit(&function.name, sent));
    if let Some(description) = function.description {
        tool.put("description", description);
    }
    let parameters = rooted(function.parameters);
    let is_wanted = function.strict == Some(true);
    let strict = is_wanted && is_strict(&parameters);
    if is_wanted && !strict {
        losses.detail(
            format!("{}.strict", function.at),
            "needs every property in `required` and `additionalProperties: false` in every object at OpenAI",
        );
    }
    tool.put("parameters", parameters);
    tool.put("strict", strict);
    Value::Object(tool)
}

fn written_freeform(freeform: Freeform, bridge: &mut Bridge) -> Value {
    let mut tool = Map::new();
    tool.put("type", "custom");
    tool.put("name", bridge.names.fit(&freeform.name, Sent::AsIs));
    if let Some(description) = freeform.description {
        tool.put("description", description);
    }
    if let Some(format) = freeform.format {
        tool.put("format", format);
    }
    Value::Object(tool)
}

/// A search that would look where it must not is not offered at all, unless it is what the request is about.
fn written_search(search: WebSearch, losses: &mut Losses) -> Option<Value> {
    if !search.blocked_domains.is_empty() {
        let why = "cannot be forbidden to a search that only knows what is allowed: name the allowed ones";
        losses.add(format!("{}.blocked_domains", search.at), search.severity, why);
        if search.severity == Severity::Detail {
            return None;
        }
    }
    let mut tool = Map::new();
    tool.put("type", "web_search");
    if !search.allowed_domains.is_empty() {
        tool.put("filters", json!({"allowed_domains": search.allowed_domains}));
    }
    if let Some(location) = search.user_location {
        tool.put("user_location", location);
    }
    if search.max_uses.is_some() {
        losses.detail(format!("{}.max_uses", search.at), "has no counterpart in the Responses API");
    }
    Some(Value::Object(tool))
}
