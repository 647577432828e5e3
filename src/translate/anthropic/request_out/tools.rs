//! Tools, and which of them the model may call.

use super::Marks;
use crate::domain::kind::Kind;
use crate::json::{Members, json};
use crate::translate::claude::Family;
use crate::translate::neutral::{
    Body, Bridge, Call, CallInput, Client, Freeform, Function, Given, Losses, Parallel, Request, Sent, Target, Tool,
    ToolChoice, WebSearch,
};
use crate::translate::tool_schema::rooted;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// The names of the tools that take free text, which are functions here.
pub(super) fn freeform_names(tools: &[Tool]) -> HashSet<String> {
    let name = |tool: &Tool| match tool {
        Tool::Freeform(freeform) => Some(freeform.name.clone()),
        _ => None,
    };
    tools.iter().filter_map(name).collect()
}

/// Writes `tools` and `tool_choice`. What Anthropic cannot be told becomes an instruction.
#[expect(clippy::too_many_arguments, reason = "everything that a request's tools touch")]
pub(super) fn write(
    request: &mut Request,
    target: &Target<'_>,
    family: &Family,
    marks: &mut Marks,
    bridge: &mut Bridge,
    body: &mut Map<String, Value>,
    instructions: &mut Vec<String>,
    losses: &mut Losses,
) {
    let freeform = freeform_names(&request.tools);
    let mut tools = std::mem::take(&mut request.tools);
    let choice = request.tool_choice.take();
    if let Some(ToolChoice::AllowedAuto(names) | ToolChoice::AllowedRequired(names)) =
        choice.as_ref().map(|choice| &choice.value)
    {
        tools.retain(|tool| tool.name().is_none_or(|name| names.iter().any(|allowed| allowed == name)));
    }
    let mut written: Vec<Value> =
        tools.into_iter().filter_map(|tool| write_tool(tool, target, marks, bridge, losses)).collect();
    if written.is_empty() {
        // Anthropic wants the tools of the history defined, even where none may be called any more.
        written = tools_of_the_history(request, &freeform, bridge);
        if !written.is_empty() {
            body.put("tools", written);
            body.put("tool_choice", json!({"type": "none"}));
        }
        return;
    }
    body.put("tools", written);
    let parallel = request.parallel.as_ref().map(|parallel| parallel.value);
    let mut sent =
        choice.and_then(|choice| write_choice(choice, family, request.client, &freeform, bridge, instructions, losses));
    if parallel == Some(Parallel::Forbidden) {
        let choice = sent.get_or_insert_with(|| json!({"type": "auto"}));
        if let Some(choice) = choice.as_object_mut().filter(|choice| choice.get("type") != Some(&"none".into())) {
            choice.put("disable_parallel_tool_use", true);
        }
    }
    body.put_some("tool_choice", sent);
}

fn write_tool(
    tool: Tool,
    target: &Target<'_>,
    marks: &mut Marks,
    bridge: &mut Bridge,
    losses: &mut Losses,
) -> Option<Value> {
    match tool {
        Tool::Function(function) => Some(write_function(function, Sent::AsIs, marks, bridge, losses)),
        Tool::Freeform(freeform) => {
            Some(write_function(freeform.into_function(), Sent::Wrapped, marks, bridge, losses))
        }
        Tool::WebSearch(search) => write_web_search(search, target, losses),
    }
}

fn write_function(
    function: Function,
    sent: Sent,
    marks: &mut Marks,
    bridge: &mut Bridge,
    losses: &mut Losses,
) -> Value {
    if function.strict == Some(true) {
        losses.detail(
            format!("{}.strict", function.at),
            "is not asked of Anthropic, which limits how many tools can have it: check what the tool is called with",
        );
    }
    let mut tool = Map::new();
    tool.put("name", bridge.names.fit(&function.name, sent));
    tool.put_some("description", function.description);
    tool.put("input_schema", rooted(function.parameters));
    marks.put(function.cache, &mut tool);
    Value::Object(tool)
}

fn write_web_search(search: WebSearch, target: &Target<'_>, losses: &mut Losses) -> Option<Value> {
    let is_claude = target.model.to_ascii_lowercase().contains("claude");
    if !is_claude && target.kind != Kind::Anthropic {
        let why = "cannot be done by this model's provider: leave it out, or offer a tool of your own";
        losses.add(search.at, search.severity, why);
        return None;
    }
    let mut tool = Map::new();
    tool.put("type", "web_search_20250305");
    tool.put("name", "web_search");
    tool.put_some("max_uses", search.max_uses);
    match (search.allowed_domains.is_empty(), search.blocked_domains.is_empty()) {
        (true, true) => {}
        (true, false) => {
            tool.put("blocked_domains", search.blocked_domains);
        }
        (false, is_alone) => {
            if !is_alone {
                losses.detail(
                    search.at,
                    "can have allowed domains or blocked ones at Anthropic: the allowed ones are sent",
                );
            }
            tool.put("allowed_domains", search.allowed_domains);
        }
    }
    tool.put_some("user_location", search.user_location);
    Some(Value::Object(tool))
}

/// A definition for every tool that was called. What it took is not known any more.
fn tools_of_the_history(request: &Request, freeform: &HashSet<String>, bridge: &mut Bridge) -> Vec<Value> {
    let mut seen = HashSet::new();
    let mut tools = Vec::new();
    for part in request.turns.iter().flat_map(|turn| &turn.parts) {
        let Body::Call(Call { name, input, .. }) = &part.body else { continue };
        if seen.insert(name) {
            let is_freeform = freeform.contains(name) || matches!(input, CallInput::Text(_));
            let (sent, schema) =
                if is_freeform { (Sent::Wrapped, Freeform::parameters()) } else { (Sent::AsIs, rooted(None)) };
            tools.push(json!({"name": bridge.names.fit(name, sent), "input_schema": schema}));
        }
    }
    tools
}

fn write_choice(
    Given { field, value }: Given<ToolChoice>,
    family: &Family,
    client: Client,
    freeform: &HashSet<String>,
    bridge: &mut Bridge,
    instructions: &mut Vec<String>,
    losses: &mut Losses,
) -> Option<Value> {
    let fit = |name: &str, bridge: &mut Bridge| {
        bridge.names.fit(name, if freeform.contains(name) { Sent::Wrapped } else { Sent::AsIs })
    };
    let unforced = |instruction: String, instructions: &mut Vec<String>, losses: &mut Losses| {
        instructions.push(instruction);
        losses.detail(field, "is told to this model in words: it cannot be forced to call a tool");
        Some(json!({"type": "auto"}))
    };
    match value {
        ToolChoice::Auto | ToolChoice::AllowedAuto(_) => Some(json!({"type": "auto"})),
        ToolChoice::None => Some(json!({"type": "none"})),
        ToolChoice::Required | ToolChoice::AllowedRequired(_) if !family.forced_tool.yes() => {
            unforced("You must call at least one tool before you answer.".to_owned(), instructions, losses)
        }
        ToolChoice::Required | ToolChoice::AllowedRequired(_) => Some(json!({"type": "any"})),
        ToolChoice::Named(name) if !family.forced_tool.yes() => {
            let name = fit(&name, bridge);
            unforced(format!("You must call the tool `{name}` before you answer."), instructions, losses)
        }
        ToolChoice::Named(name) => {
            let mut choice = json!({"type": "tool", "name": fit(&name, bridge)});
            // OpenAI calls a named tool once.
            if let (Client::ChatCompletions | Client::Responses, Some(choice)) = (client, choice.as_object_mut()) {
                choice.put("disable_parallel_tool_use", true);
            }
            Some(choice)
        }
    }
}
