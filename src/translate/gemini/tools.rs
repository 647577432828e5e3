//! `tools` and `toolConfig`.

use super::family::Family;
use crate::json::{Members, json};
use crate::translate::neutral::{
    Function, Given, Losses, Names, Parallel, Request, Sent, Severity, Tool, ToolChoice, WebSearch,
};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// The tools as the model gets them.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) tools: Vec<Value>,
    pub(super) config: Map<String, Value>,
}

/// The upstream's names of tools, and which of them are freeform ones in disguise.
#[derive(Debug)]
pub(super) struct ToolNames<'a> {
    names: &'a mut Names,
    freeform: HashSet<String>,
}

impl<'a> ToolNames<'a> {
    pub(super) fn new(names: &'a mut Names) -> Self {
        Self { names, freeform: HashSet::new() }
    }

    pub(super) fn function(&mut self, name: &str) -> String {
        let sent = if self.freeform.contains(name) { Sent::Wrapped } else { Sent::AsIs };
        self.names.fit(name, sent)
    }

    pub(super) fn freeform(&mut self, name: &str) -> String {
        self.freeform.insert(name.to_owned());
        self.names.fit(name, Sent::Wrapped)
    }
}

/// Writes the tools and what the client said of their use. `calls` gets what the upstream cannot be told.
pub(super) fn write(
    request: &mut Request,
    family: Family,
    named: &mut ToolNames<'_>,
    calls: &mut Parallel,
    losses: &mut Losses,
) -> Written {
    let (mut declared, search) = declare(std::mem::take(&mut request.tools), named, losses);
    if let Some(Given { value: Parallel::Forbidden, .. }) = request.parallel
        && !declared.is_empty()
    {
        *calls = Parallel::Forbidden;
    }
    let mut written = Written::default();
    let choice = request.tool_choice.take();
    let searches =
        search.is_some_and(|search| may_search(search, choice.as_ref(), declared.is_empty(), family, losses));
    if declared.is_empty() {
        if let Some(Given {
            field,
            value: ToolChoice::Required | ToolChoice::Named(_) | ToolChoice::AllowedRequired(_),
        }) = choice
        {
            losses.meaning(field, "cannot be kept: Gemini is made to call functions only, and there is none");
        }
    } else {
        if let Some(Given { value: ToolChoice::AllowedAuto(allowed), .. }) = &choice {
            declared.retain(|(name, _)| allowed.contains(name));
        }
        if let Some(calling) = choice.and_then(|choice| calling(choice.value, named)) {
            written.config.put("functionCallingConfig", calling);
        }
    }
    if !declared.is_empty() {
        let declarations = declared.into_iter().map(|(_, declaration)| declaration).collect::<Vec<_>>();
        written.tools.push(super::object([("functionDeclarations", declarations.into())]));
    }
    if searches {
        if !written.tools.is_empty() {
            written.config.put("includeServerSideToolInvocations", json!(true));
        }
        written.tools.push(json!({"googleSearch": {}}));
    }
    written
}

/// The functions' declarations, by the client's names, and the search.
fn declare(
    tools: Vec<Tool>,
    named: &mut ToolNames<'_>,
    losses: &mut Losses,
) -> (Vec<(String, Value)>, Option<WebSearch>) {
    let (mut declared, mut search) = (Vec::with_capacity(tools.len()), None);
    for tool in tools {
        match tool {
            Tool::Function(function) => {
                let fitted = named.function(&function.name);
                declared.push((function.name.clone(), declaration(function, fitted, losses)));
            }
            Tool::Freeform(freeform) => {
                let fitted = named.freeform(&freeform.name);
                declared.push((freeform.name.clone(), declaration(freeform.into_function(), fitted, losses)));
            }
            Tool::WebSearch(wanted) => search = Some(wanted),
        }
    }
    (declared, search)
}

fn declaration(function: Function, fitted: String, losses: &mut Losses) -> Value {
    let Function { at, parameters, description, strict, cache, .. } = function;
    if strict == Some(true) {
        losses.detail(format!("{at}.strict"), "has no counterpart in Gemini's function declarations");
    }
    if cache.is_some() {
        losses.detail(format!("{at}.cache_control"), "is not needed: Gemini caches prompts by itself");
    }
    let mut declaration = Map::new();
    declaration.put("name", fitted);
    if let Some(description) = description {
        declaration.put("description", description);
    }
    if let Some(schema) = parameters.filter(|schema| !takes_nothing(schema)) {
        declaration.put("parametersJsonSchema", schema);
    }
    declaration.into()
}

/// An object without properties, which Gemini refuses where it expects parameters.
fn takes_nothing(schema: &Value) -> bool {
    const SAYS_NOTHING: [&str; 6] = ["type", "$schema", "title", "description", "strict", "required"];
    let Value::Object(schema) = schema else { return schema.is_null() };
    schema.iter().all(|(key, value)| match (key.as_str(), value) {
        ("properties", Value::Object(properties)) => properties.is_empty(),
        ("additionalProperties", Value::Bool(others)) => !others,
        _ => SAYS_NOTHING.contains(&key.as_str()),
    })
}

/// Whether the search goes with the rest; tells what it loses.
fn may_search(
    search: WebSearch,
    choice: Option<&Given<ToolChoice>>,
    alone: bool,
    family: Family,
    losses: &mut Losses,
) -> bool {
    let WebSearch { at, allowed_domains, blocked_domains, max_uses, user_location, severity } = search;
    if matches!(choice, Some(Given { value: ToolChoice::None, .. })) {
        return false;
    }
    if !alone && !family.combines_tools() {
        let why = "cannot go together with functions at this model: leave one of them out, or take Gemini 3";
        losses.add(at, severity, why);
        return false;
    }
    if !(allowed_domains.is_empty() && blocked_domains.is_empty()) {
        losses.add(at.clone(), severity, "limits the search to some domains, which Google's search does not take");
        // A search that would look where it must not is not offered at all, unless it is what the request is about.
        if severity == Severity::Detail {
            return false;
        }
    }
    if max_uses.is_some() {
        losses.detail(format!("{at}.max_uses"), "has no counterpart in Google's search");
    }
    if user_location.is_some() {
        losses.detail(format!("{at}.user_location"), "has no counterpart in Google's search");
    }
    true
}

/// `functionCallingConfig`; automatic is what Gemini does unasked.
fn calling(choice: ToolChoice, named: &mut ToolNames<'_>) -> Option<Value> {
    let mut among = |names: Vec<String>| {
        let names = names.iter().map(|name| named.function(name)).collect::<Vec<_>>();
        json!({"mode": "ANY", "allowedFunctionNames": names})
    };
    match choice {
        ToolChoice::Auto | ToolChoice::AllowedAuto(_) => None,
        ToolChoice::None => Some(json!({"mode": "NONE"})),
        ToolChoice::Required => Some(json!({"mode": "ANY"})),
        ToolChoice::Named(name) => Some(among(vec![name])),
        ToolChoice::AllowedRequired(names) => Some(among(names)),
    }
}
