//! Reads a client's tools.

use super::parts_in::cache_mark;
use super::request_in::unknown_word;
use crate::domain::invalid::Invalid;
use crate::json::Members;
use crate::translate::neutral::{
    Fields, Freeform, Function, Given, Losses, Parallel, Request, Severity, Tool, ToolChoice, WebSearch,
};
use serde_json::{Map, Value};

/// Reads `tools`, `functions`, `web_search_options` and what the model may do with them.
pub(super) fn read(fields: &mut Fields, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    if let Some(tools) = fields.array("tools")? {
        for (place, value) in tools {
            request.tools.push(tool(Fields::of(value, place)?, losses)?);
        }
    }
    if let Some(functions) = fields.array("functions")? {
        losses.detail("functions", "is answered with `tool_calls`, never with `function_call`: send `tools`");
        for (place, value) in functions {
            let mut function = Fields::of(value, place.clone())?;
            request.tools.push(Tool::Function(read_function(&mut function, place)?));
            function.rest(losses);
        }
    }
    if let Some(options) = fields.object("web_search_options")? {
        request.tools.push(web_search(options, losses)?);
    }
    request.tool_choice = choice(fields, losses)?;
    request.parallel = Fields::given(
        "parallel_tool_calls",
        fields.boolean("parallel_tool_calls")?.map(|allowed| match allowed {
            true => Parallel::Allowed,
            false => Parallel::Forbidden,
        }),
    );
    Ok(())
}

fn tool(mut tool: Fields, losses: &mut Losses) -> Result<Tool, Invalid> {
    let at = tool.at().to_owned();
    let read = match tool.need_text("type")?.as_str() {
        "function" => {
            let mut inner = need_object(&mut tool, "function")?;
            let mut function = read_function(&mut inner, at)?;
            function.cache = cache_mark(&mut tool)?;
            inner.rest(losses);
            Tool::Function(function)
        }
        "custom" => {
            let mut custom = need_object(&mut tool, "custom")?;
            let (name, description) = (custom.need_text("name")?, custom.text("description")?);
            let format = custom.object("format")?.map(|format| flat_format(format, losses)).transpose()?;
            custom.rest(losses);
            Tool::Freeform(Freeform { at, name, description, format })
        }
        other => return Err(unknown_word(&tool.place("type"), "`function`, `custom`", other)),
    };
    tool.rest(losses);
    Ok(read)
}

fn need_object(tool: &mut Fields, key: &str) -> Result<Fields, Invalid> {
    let place = tool.place(key);
    tool.object(key)?.ok_or_else(|| Invalid::new(&place, format!("`{place}` is missing: it must be an object")))
}

fn read_function(function: &mut Fields, at: String) -> Result<Function, Invalid> {
    Ok(Function {
        at,
        name: function.need_text("name")?,
        description: function.text("description")?,
        parameters: function.object("parameters")?.map(|parameters| Value::Object(parameters.into_map())),
        strict: function.boolean("strict")?,
        cache: None,
    })
}

/// `{"type":"grammar","grammar":{"syntax":…,"definition":…}}` without its inner object, as Responses has it.
fn flat_format(mut format: Fields, losses: &mut Losses) -> Result<Value, Invalid> {
    let kind = format.need_text("type")?;
    let grammar = format.object("grammar")?.map(Fields::into_map);
    format.rest(losses);
    let mut flat = Map::new();
    flat.put("type", kind);
    flat.extend(grammar.unwrap_or_default());
    Ok(Value::Object(flat))
}

fn web_search(mut options: Fields, losses: &mut Losses) -> Result<Tool, Invalid> {
    let location = match options.object("user_location")? {
        None => None,
        Some(mut location) => {
            let kind = location.text("type")?.unwrap_or_else(|| "approximate".to_owned());
            let mut flat = Map::new();
            flat.put("type", kind);
            flat.extend(location.object("approximate")?.map(Fields::into_map).unwrap_or_default());
            location.rest(losses);
            Some(Value::Object(flat))
        }
    };
    let search = WebSearch {
        at: options.at().to_owned(),
        allowed_domains: Vec::new(),
        blocked_domains: Vec::new(),
        max_uses: None,
        user_location: location,
        severity: Severity::Meaning,
    };
    options.rest(losses);
    Ok(Tool::WebSearch(search))
}

fn choice(fields: &mut Fields, losses: &mut Losses) -> Result<Option<Given<ToolChoice>>, Invalid> {
    let legacy = match fields.take("function_call") {
        Some(Value::Object(named)) => {
            let mut named = Fields::of(Value::Object(named), "function_call")?;
            Some(ToolChoice::Named(named.need_text("name")?))
        }
        Some(Value::String(word)) => Some(word_choice("function_call", &word)?),
        Some(_) => return Err(Invalid::new("function_call", "`function_call` must be a string or an object")),
        None => None,
    };
    let given = match fields.take("tool_choice") {
        None => None,
        Some(Value::String(word)) => Some(word_choice("tool_choice", &word)?),
        Some(value) => Some(object_choice(Fields::of(value, "tool_choice")?, losses)?),
    };
    Ok(Fields::given("tool_choice", given).or_else(|| Fields::given("function_call", legacy)))
}

fn word_choice(place: &str, word: &str) -> Result<ToolChoice, Invalid> {
    match word {
        "auto" => Ok(ToolChoice::Auto),
        "none" => Ok(ToolChoice::None),
        "required" => Ok(ToolChoice::Required),
        other => Err(unknown_word(place, "`none`, `auto`, `required`, or an object that names a tool", other)),
    }
}

fn object_choice(mut choice: Fields, losses: &mut Losses) -> Result<ToolChoice, Invalid> {
    let read = match choice.need_text("type")?.as_str() {
        kind @ ("function" | "custom") => ToolChoice::Named(need_object(&mut choice, kind)?.need_text("name")?),
        "allowed_tools" => {
            let mut allowed = need_object(&mut choice, "allowed_tools")?;
            let mode = allowed.need_text("mode")?;
            let mut names = Vec::new();
            for (place, value) in allowed.array("tools")?.into_iter().flatten() {
                let mut tool = Fields::of(value, place)?;
                let kind = tool.need_text("type")?;
                names.push(need_object(&mut tool, &kind)?.need_text("name")?);
            }
            allowed.rest(losses);
            match mode.as_str() {
                "auto" => ToolChoice::AllowedAuto(names),
                "required" => ToolChoice::AllowedRequired(names),
                other => return Err(unknown_word("tool_choice.allowed_tools.mode", "`auto`, `required`", other)),
            }
        }
        other => return Err(unknown_word("tool_choice.type", "`function`, `custom`, `allowed_tools`", other)),
    };
    choice.rest(losses);
    Ok(read)
}
