//! Tools, and which of them the model may call.

use super::{content, refused};
use crate::domain::invalid::Invalid;
use crate::json::json;
use crate::translate::neutral::{
    Fields, Function, Given, Losses, Parallel, Request, Severity, Tool, ToolChoice, WebSearch,
};
use serde_json::Value;

/// Reads `tools` and `tool_choice`.
pub(super) fn read(fields: &mut Fields, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    if let Some(mut tools) = fields.array("tools")? {
        while let Some(tool) = tools.next_object() {
            let mut tool = tool?;
            request.tools.extend(read_tool(&mut tool, losses)?);
            tool.rest(losses);
        }
    }
    if let Some(mut choice) = fields.object("tool_choice")? {
        read_choice(&mut choice, request)?;
        choice.rest(losses);
    }
    Ok(())
}

fn read_tool(tool: &mut Fields, losses: &mut Losses) -> Result<Option<Tool>, Invalid> {
    let kind = tool.text("type")?.unwrap_or_else(|| "custom".to_owned());
    // How early inputs are streamed and who else may call a tool are hints for Anthropic's servers; a tool that is
    // loaded late there is simply there from the beginning here.
    tool.ignore(&["eager_input_streaming", "allowed_callers", "defer_loading"]);
    let name = tool.text("name")?;
    match kind.split('_').next().unwrap_or_default() {
        _ if kind == "custom" => custom(name, tool, losses).map(Some),
        _ if kind.starts_with("web_search_") => web_search(tool, losses).map(Some),
        _ if kind.starts_with("tool_search_tool_") => {
            losses.detail(tool.at(), "is not needed: all tools are given to the model at once");
            Ok(None)
        }
        "bash" | "memory" => documented(&kind, name, tool, losses).map(Some),
        "text" if kind.starts_with("text_editor_") => documented(&kind, name, tool, losses).map(Some),
        family @ ("computer" | "code" | "web" | "mcp" | "advisor") => {
            let why = format!("(`{kind}`) is known to Anthropic's models only: leave it out, or ask one of those");
            match family {
                "web" | "advisor" => losses.offer(tool.at(), why),
                _ => losses.meaning(tool.at(), why),
            }
            *tool = Fields::of(json!({}), tool.at().to_owned())?;
            Ok(None)
        }
        _ => Err(refused(&tool.place("type"), &format!("is no type of tool: `{kind}`"))),
    }
}

fn custom(name: Option<String>, tool: &mut Fields, losses: &mut Losses) -> Result<Tool, Invalid> {
    let place = tool.place("name");
    let name = name.ok_or_else(|| refused(&place, "is missing: it must be a string"))?;
    let place = tool.place("input_schema");
    let parameters = tool.take("input_schema");
    if parameters.as_ref().is_some_and(|schema| !schema.is_object()) {
        return Err(refused(&place, "must be a JSON Schema"));
    }
    Ok(Tool::Function(Function {
        at: tool.at().to_owned(),
        name,
        description: tool.text("description")?,
        parameters,
        strict: tool.boolean("strict")?,
        cache: content::cache_mark(tool, losses)?,
    }))
}

fn web_search(tool: &mut Fields, losses: &mut Losses) -> Result<Tool, Invalid> {
    let search = WebSearch {
        at: tool.at().to_owned(),
        allowed_domains: tool.texts("allowed_domains")?.unwrap_or_default(),
        blocked_domains: tool.texts("blocked_domains")?.unwrap_or_default(),
        max_uses: tool.count("max_uses")?,
        user_location: tool.take("user_location"),
        severity: Severity::Meaning,
    };
    // A mark on a vendor's own tool has no place elsewhere.
    content::cache_mark(tool, losses)?;
    tool.ignore(&["strict"]);
    Ok(Tool::WebSearch(search))
}

/// A tool that the client runs and whose schema only Claude knows by heart: any model can call it once it is told.
fn documented(kind: &str, name: Option<String>, tool: &mut Fields, losses: &mut Losses) -> Result<Tool, Invalid> {
    let (usual, description, parameters) = match kind.split('_').next() {
        Some("bash") => ("bash", BASH, bash()),
        Some("memory") => ("memory", MEMORY, memory()),
        _ => ("str_replace_based_edit_tool", TEXT_EDITOR, text_editor(kind)),
    };
    tool.ignore(&["max_characters"]);
    Ok(Tool::Function(Function {
        at: tool.at().to_owned(),
        name: name.unwrap_or_else(|| usual.to_owned()),
        description: Some(description.to_owned()),
        parameters: Some(parameters),
        strict: None,
        cache: content::cache_mark(tool, losses)?,
    }))
}

const BASH: &str = "Runs commands in a bash session that persists between calls.";
const MEMORY: &str = "Keeps notes in files under /memories that persist between conversations: view a directory or file, \
                      create, edit, delete or rename files. Look there before you begin a task.";
const TEXT_EDITOR: &str = "Views, creates and edits text files. str_replace replaces old_str, which must occur exactly \
                           once, by new_str.";

fn bash() -> Value {
    json!({"type": "object", "properties": {
        "command": {"type": "string", "description": "The command to run. Required unless restart is true."},
        "restart": {"type": "boolean", "description": "true restarts the session."}
    }})
}

fn text_editor(kind: &str) -> Value {
    // The newest ones call the text to insert `insert_text` and can undo nothing.
    let is_new = kind.rsplit('_').next().and_then(|date| date.parse::<u32>().ok()).is_none_or(|date| date >= 2025_0429);
    let (commands, inserted) = if is_new {
        (json!(["view", "create", "str_replace", "insert"]), "insert_text")
    } else {
        (json!(["view", "create", "str_replace", "insert", "undo_edit"]), "new_str")
    };
    let mut schema = json!({"type": "object", "properties": {
        "command": {"type": "string", "enum": commands},
        "path": {"type": "string", "description": "The path of the file or directory."},
        "file_text": {"type": "string", "description": "For create: the content of the new file."},
        "old_str": {"type": "string", "description": "For str_replace: the text to replace, exactly as it is in the file."},
        "new_str": {"type": "string", "description": "For str_replace: the new text."},
        "insert_line": {"type": "integer", "description": "For insert: the line after which to insert; 0 for the beginning."},
        "view_range": {"type": "array", "items": {"type": "integer"},
                       "description": "For view: the first and the last line, from 1; -1 for the end."}
    }, "required": ["command", "path"]});
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties
            .insert(inserted.to_owned(), json!({"type": "string", "description": "The text to write or insert."}));
    }
    schema
}

fn memory() -> Value {
    json!({"type": "object", "properties": {
        "command": {"type": "string", "enum": ["view", "create", "str_replace", "insert", "delete", "rename"]},
        "path": {"type": "string", "description": "The path under /memories; for all commands but rename."},
        "view_range": {"type": "array", "items": {"type": "integer"}, "description": "For view: the first and the last line."},
        "file_text": {"type": "string", "description": "For create: the content."},
        "old_str": {"type": "string", "description": "For str_replace: the text to replace."},
        "new_str": {"type": "string", "description": "For str_replace: the new text."},
        "insert_line": {"type": "integer", "description": "For insert: the line after which to insert."},
        "insert_text": {"type": "string", "description": "For insert: the text."},
        "old_path": {"type": "string", "description": "For rename: the path as it is."},
        "new_path": {"type": "string", "description": "For rename: the path as it shall be."}
    }, "required": ["command"]})
}

fn read_choice(choice: &mut Fields, request: &mut Request) -> Result<(), Invalid> {
    let chosen = match choice.need_text("type")?.as_str() {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "none" => ToolChoice::None,
        "tool" => ToolChoice::Named(choice.need_text("name")?),
        other => {
            let rule = format!("must be `auto`, `any`, `tool` or `none`, not `{other}`");
            return Err(refused("tool_choice.type", &rule));
        }
    };
    request.tool_choice = Some(Given::new("tool_choice", chosen));
    let parallel = choice.boolean("disable_parallel_tool_use")?.map(|disabled| match disabled {
        true => Parallel::Forbidden,
        false => Parallel::Allowed,
    });
    request.parallel = Fields::given("tool_choice.disable_parallel_tool_use", parallel);
    Ok(())
}
