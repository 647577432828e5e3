//! Tools of OpenAI's whose calls the client carries out, with items of their own in place of function calls. Any model can
//! call them as functions, and the client gets the items that it knows: so Codex finds its deferred tools on every upstream.

use super::draft::Ending;
use crate::json::{Members, json};
use serde_json::{Map, Value};

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnTool {
    /// A search among tools that the client holds back: `execution: "client"`.
    ToolSearch,
    /// A shell on the client's machine.
    LocalShell,
}

impl OwnTool {
    /// The tool by its type and by who carries it out.
    pub(super) fn parse(kind: &str, execution: Option<&str>) -> Option<Self> {
        match (kind, execution) {
            ("tool_search", Some("client")) => Some(Self::ToolSearch),
            ("local_shell", _) => Some(Self::LocalShell),
            _ => None,
        }
    }

    /// The one that a call of this name is of, if the client's `tools` have it.
    pub(super) fn called(name: &str, tools: Option<&Value>) -> Option<Self> {
        let word = |tool: &Value, key: &str| tool.get(key).and_then(Value::as_str).map(str::to_owned);
        let mut tools = tools.and_then(Value::as_array).into_iter().flatten();
        tools.find_map(|tool| {
            let own = Self::parse(&word(tool, "type")?, word(tool, "execution").as_deref())?;
            (own.name() == name).then_some(own)
        })
    }

    /// The function's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ToolSearch => "tool_search",
            Self::LocalShell => "local_shell",
        }
    }

    /// What the model is told of it where the client says nothing.
    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::ToolSearch => {
                "Searches for tools that are not listed. Those that are found can be called afterwards."
            }
            Self::LocalShell => "Runs a command on the user's machine and returns its output.",
        }
    }

    /// What the function takes where the client says nothing.
    pub(super) fn parameters(self) -> Value {
        match self {
            Self::ToolSearch => json!({
                "type": "object",
                "properties": {"query": {"type": "string", "description": "What the tool shall do."}},
                "required": ["query"],
            }),
            Self::LocalShell => json!({
                "type": "object",
                "properties": {
                    "command": {"type": "array", "items": {"type": "string"}, "description": "The program and its arguments."},
                    "working_directory": {"type": "string"},
                    "timeout_ms": {"type": "integer"},
                    "env": {"type": "object", "additionalProperties": {"type": "string"}},
                },
                "required": ["command"],
            }),
        }
    }

    /// What the items' ids begin with.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::ToolSearch => "tsc_",
            Self::LocalShell => "lsh_",
        }
    }

    /// The call as the client's item; `input` is the function's arguments so far.
    pub(super) fn item(self, id: &str, call_id: &str, input: &str, ending: Ending) -> Value {
        let arguments = match serde_json::from_str(input) {
            Ok(Value::Object(arguments)) => arguments,
            _ => Map::new(),
        };
        let status = ending.as_str();
        match self {
            Self::ToolSearch => json!({
                "id": id, "type": "tool_search_call", "status": status, "execution": "client", "call_id": call_id,
                "arguments": arguments,
            }),
            Self::LocalShell => {
                let mut action = Map::new();
                action.put("type", "exec");
                action.put("command", json!([]));
                action.put("env", json!({}));
                action.extend(arguments);
                json!({"id": id, "type": "local_shell_call", "status": status, "call_id": call_id, "action": action})
            }
        }
    }
}
