//! Tools and the choice among them, as clients write them.

use super::namespace::flat;
use super::own_tools::OwnTool;
use crate::domain::invalid::Invalid;
use crate::translate::neutral::{Elements, Fields, Freeform, Function, Losses, Severity, Tool, ToolChoice, WebSearch};
use serde_json::Value;

/// Reads `tools` at a place, and adds them to those that are known.
pub(super) fn read(value: Value, at: &str, tools: &mut Vec<Tool>, losses: &mut Losses) -> Result<(), Invalid> {
    let Value::Array(values) = value else {
        return Err(Invalid::new(at, format!("`{at}` must be an array of tools")));
    };
    let mut elements = Elements::new(values, at);
    while let Some(fields) = elements.next_object() {
        tool(fields?, None, tools, losses)?;
    }
    Ok(())
}

fn tool(
    mut fields: Fields,
    namespace: Option<&str>,
    tools: &mut Vec<Tool>,
    losses: &mut Losses,
) -> Result<(), Invalid> {
    let at = fields.at().to_owned();
    let kind = fields.need_text("type")?;
    let execution = fields.text("execution")?;
    // A tool that is loaded late at OpenAI is simply there from the beginning here.
    fields.ignore(&["defer_loading"]);
    if let (Some(own), None) = (OwnTool::parse(&kind, execution.as_deref()), namespace) {
        tools.push(Tool::Function(Function {
            at,
            name: own.name().to_owned(),
            description: Some(fields.text("description")?.unwrap_or_else(|| own.description().to_owned())),
            parameters: Some(fields.take("parameters").unwrap_or_else(|| own.parameters())),
            strict: None,
            cache: None,
        }));
        fields.rest(losses);
        return Ok(());
    }
    match (kind.as_str(), namespace) {
        ("function", _) => tools.push(Tool::Function(Function {
            at,
            name: named(&mut fields, namespace)?,
            description: fields.text("description")?,
            parameters: fields.take("parameters"),
            strict: fields.boolean("strict")?,
            cache: None,
        })),
        ("custom", _) => tools.push(Tool::Freeform(Freeform {
            at,
            name: named(&mut fields, namespace)?,
            description: fields.text("description")?,
            format: fields.take("format"),
        })),
        ("namespace", None) => {
            let name = fields.need_text("name")?;
            // It introduces the group to the model; each tool still has its own description.
            fields.ignore(&["description"]);
            if let Some(mut inner) = fields.array("tools")? {
                while let Some(fields) = inner.next_object() {
                    tool(fields?, Some(&name), tools, losses)?;
                }
            }
        }
        // Prompts of the user's would leave for the live web, which the client does not want: it is none that others have.
        (kind, None) if is_web_search(kind) && fields.peek("external_web_access") == Some(&Value::Bool(false)) => {
            losses
                .offer(at, "is a search among the pages that OpenAI keeps, which no other provider has: leave it out");
            return Ok(());
        }
        (kind, None) if is_web_search(kind) => {
            let mut filters = fields.object("filters")?;
            let mut domains = |key| filters.as_mut().map_or(Ok(None), |filters| filters.texts(key));
            let (allowed, blocked) = (domains("allowed_domains")?, domains("blocked_domains")?);
            tools.push(Tool::WebSearch(WebSearch {
                at,
                allowed_domains: allowed.unwrap_or_default(),
                blocked_domains: blocked.unwrap_or_default(),
                max_uses: None,
                user_location: fields.take("user_location"),
                severity: Severity::Meaning,
            }));
            fields.ignore(&["external_web_access"]);
            if let Some(filters) = filters {
                filters.rest(losses);
            }
        }
        ("tool_search", None) => {
            losses.detail(at, "is not needed: all tools are given to the model at once");
            return Ok(());
        }
        ("image_generation", None) => {
            losses.offer(at, "makes images at OpenAI, which this model's provider does not do here: leave it out");
            return Ok(());
        }
        (hosted, None) => {
            let why =
                format!("is `{hosted}`, a tool of OpenAI's own that this model's provider does not have: leave it out");
            losses.meaning(at, why);
            return Ok(());
        }
        (other, Some(_)) => {
            let place = fields.place("type");
            return Err(Invalid::new(&place, format!("`{place}` must be `function` or `custom`, not `{other}`")));
        }
    }
    fields.rest(losses);
    Ok(())
}

fn named(fields: &mut Fields, namespace: Option<&str>) -> Result<String, Invalid> {
    let name = fields.need_text("name")?;
    Ok(namespace.map_or_else(|| name.clone(), |namespace| flat(namespace, &name)))
}

fn is_web_search(kind: &str) -> bool {
    kind == "web_search" || kind.starts_with("web_search_")
}

/// Reads `tool_choice`; `None` where it cannot be carried, which is then a loss.
pub(super) fn choice(value: Value, losses: &mut Losses) -> Result<Option<ToolChoice>, Invalid> {
    const AT: &str = "tool_choice";
    let mut fields = match value {
        Value::String(word) => {
            return match word.as_str() {
                "auto" => Ok(Some(ToolChoice::Auto)),
                "none" => Ok(Some(ToolChoice::None)),
                "required" => Ok(Some(ToolChoice::Required)),
                other => Err(Invalid::new(
                    AT,
                    format!("`{AT}` must be `auto`, `none`, `required` or an object, not `{other}`"),
                )),
            };
        }
        value => Fields::of(value, AT)?,
    };
    let kind = fields.need_text("type")?;
    let choice = match kind.as_str() {
        "function" | "custom" => ToolChoice::Named(choice_name(&mut fields)?),
        "allowed_tools" => {
            let mode = fields.text("mode")?;
            let names = allowed(&mut fields, losses)?;
            if mode.as_deref() == Some("required") {
                ToolChoice::AllowedRequired(names)
            } else {
                ToolChoice::AllowedAuto(names)
            }
        }
        hosted => {
            losses.meaning(AT, format!("forces `{hosted}`, a tool of OpenAI's own: name a function instead"));
            return Ok(None);
        }
    };
    fields.rest(losses);
    Ok(Some(choice))
}

fn choice_name(fields: &mut Fields) -> Result<String, Invalid> {
    let namespace = fields.text("namespace")?;
    named(fields, namespace.as_deref())
}

fn allowed(fields: &mut Fields, losses: &mut Losses) -> Result<Vec<String>, Invalid> {
    let mut names = Vec::new();
    let Some(mut tools) = fields.array("tools")? else { return Ok(names) };
    while let Some(tool) = tools.next_object() {
        let mut tool = tool?;
        let kind = tool.need_text("type")?;
        if let "function" | "custom" = kind.as_str() {
            names.push(choice_name(&mut tool)?);
        } else {
            losses.detail(tool.at(), format!("allows `{kind}`, which has no name to be allowed by"));
        }
    }
    Ok(names)
}
