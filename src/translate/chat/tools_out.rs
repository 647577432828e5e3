//! Writes the tools.

use super::request_out::{NOT_STRICT, Writer};
use crate::json::{Members, json, object};
use crate::translate::neutral::{
    Bridge, Freeform, Function, Given, Losses, Parallel, Request, Sent, Tool, ToolChoice, WebSearch,
};
use crate::translate::tool_schema::{is_strict, rooted};
use serde_json::{Map, Value};

/// Writes `tools`, `tool_choice`, `parallel_tool_calls` and `web_search_options`.
pub(super) fn write(request: &mut Request, writer: &mut Writer<'_>, bridge: &mut Bridge) {
    let freeform: Vec<String> = request
        .tools
        .iter()
        .filter_map(|tool| match tool {
            Tool::Freeform(tool) => Some(tool.name.clone()),
            _ => None,
        })
        .collect();
    let choice = request.tool_choice.take();
    let allowed = match &choice {
        Some(Given { value: ToolChoice::AllowedAuto(names) | ToolChoice::AllowedRequired(names), .. })
            if !writer.quirks.allowed_tools.yes() =>
        {
            Some(names.clone())
        }
        _ => None,
    };
    let is_allowed = |name: &String| allowed.as_ref().is_none_or(|names| names.contains(name));
    let mut tools = Vec::new();
    for tool in std::mem::take(&mut request.tools) {
        match tool {
            Tool::Function(tool) if is_allowed(&tool.name) => tools.push(function(tool, Sent::AsIs, writer, bridge)),
            Tool::Freeform(tool) if is_allowed(&tool.name) => tools.push(free(tool, writer, bridge)),
            Tool::Function(_) | Tool::Freeform(_) => {}
            Tool::WebSearch(search) => web_search(search, writer),
        }
    }
    // OpenAI refuses the other fields without tools.
    if tools.is_empty() {
        return;
    }
    writer.set("tools", tools);
    if let Some(choice) = choice {
        let native = Native { freeform: &freeform, allowed_tools: writer.quirks.allowed_tools.yes() };
        let choice = native.choice(choice.value, writer.quirks.freeform.yes(), bridge);
        writer.set("tool_choice", choice);
    }
    parallel(request.parallel.take(), writer, bridge);
}

fn parallel(given: Option<Given<Parallel>>, writer: &mut Writer<'_>, bridge: &mut Bridge) {
    match given.map(|given| given.value) {
        Some(parallel) if writer.quirks.tunes("parallel_tool_calls", None) => {
            writer.set("parallel_tool_calls", parallel == Parallel::Allowed);
        }
        Some(Parallel::Forbidden) => bridge.calls = Parallel::Forbidden,
        Some(Parallel::Allowed) | None => {}
    }
}

fn function(tool: Function, sent: Sent, writer: &mut Writer<'_>, bridge: &mut Bridge) -> Value {
    let parameters = rooted(tool.parameters);
    let mut function = named(bridge.names.fit(&tool.name, sent), tool.description);
    if let Some(wanted) = tool.strict {
        let at = format!("{}.strict", tool.at);
        strict(wanted, &parameters, at, writer.quirks.strict.yes(), &mut function, writer.losses);
    }
    function.put("parameters", parameters);
    object([("type", "function".into()), ("function", function.into())])
}

fn strict(
    wanted: bool,
    parameters: &Value,
    at: String,
    is_known: bool,
    function: &mut Map<String, Value>,
    losses: &mut Losses,
) {
    let can_be = is_strict(parameters);
    match (wanted, is_known, can_be) {
        (true, false, _) => losses.detail(at, "is not known at this model's provider"),
        (true, true, false) => losses.detail(at, NOT_STRICT),
        _ => {}
    }
    if is_known {
        function.put("strict", wanted && can_be);
    }
}

fn named(name: String, description: Option<String>) -> Map<String, Value> {
    let mut tool = Map::new();
    tool.put("name", name);
    if let Some(description) = description {
        tool.put("description", description);
    }
    tool
}

/// A freeform tool, as what it is or as a function that takes a text.
fn free(tool: Freeform, writer: &mut Writer<'_>, bridge: &mut Bridge) -> Value {
    if writer.quirks.freeform.yes() {
        let Freeform { name, description, format, .. } = tool;
        let mut custom = named(bridge.names.fit(&name, Sent::AsIs), description);
        if let Some(format) = format {
            custom.put("format", nested_format(format));
        }
        return object([("type", "custom".into()), ("custom", custom.into())]);
    }
    function(tool.into_function(), Sent::Wrapped, writer, bridge)
}

/// Chat Completions has the grammar in an object of its own.
fn nested_format(mut format: Value) -> Value {
    match format.as_object_mut() {
        Some(flat) if flat.get("type") == Some(&Value::from("grammar")) && !flat.contains_key("grammar") => {
            flat.shift_remove("type");
            object([("type", "grammar".into()), ("grammar", format)])
        }
        _ => format,
    }
}

fn web_search(search: WebSearch, writer: &mut Writer<'_>) {
    if !writer.quirks.web_search.yes() {
        writer.losses.add(
            search.at,
            search.severity,
            "is a search of the web by the vendor, which this model does not do: give the model a tool of your own",
        );
        return;
    }
    for (domains, name) in [(&search.allowed_domains, "allowed_domains"), (&search.blocked_domains, "blocked_domains")]
    {
        if !domains.is_empty() {
            writer
                .losses
                .meaning(format!("{}.{name}", search.at), "cannot be told to this model: it searches everywhere");
        }
    }
    if search.max_uses.is_some() {
        writer.losses.detail(format!("{}.max_uses", search.at), "cannot be told to this model");
    }
    let mut options = Map::new();
    if let Some(Value::Object(mut location)) = search.user_location {
        location.shift_remove("type");
        options.put("user_location", json!({"type": "approximate", "approximate": location}));
    }
    writer.set("web_search_options", options);
}

/// What a choice needs to know of the tools that were sent as what they are.
struct Native<'a> {
    freeform: &'a [String],
    allowed_tools: bool,
}

impl Native<'_> {
    fn choice(&self, choice: ToolChoice, freeform: bool, bridge: &mut Bridge) -> Value {
        let mut named = |name: String| {
            let is_freeform = self.freeform.contains(&name);
            let sent = if is_freeform && !freeform { Sent::Wrapped } else { Sent::AsIs };
            let kind = if is_freeform && freeform { "custom" } else { "function" };
            let name = bridge.names.fit(&name, sent);
            json!({"type": kind, kind: {"name": name}})
        };
        let mut allowed = |mode: &str, names: Vec<String>| match self.allowed_tools {
            true => {
                let tools: Vec<Value> = names.into_iter().map(&mut named).collect();
                json!({"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}})
            }
            false => mode.into(),
        };
        match choice {
            ToolChoice::Auto => "auto".into(),
            ToolChoice::None => "none".into(),
            ToolChoice::Required => "required".into(),
            ToolChoice::AllowedAuto(names) => allowed("auto", names),
            ToolChoice::AllowedRequired(names) => allowed("required", names),
            ToolChoice::Named(name) => named(name),
        }
    }
}
