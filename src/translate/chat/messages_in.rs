//! Reads a client's conversation.

use super::parts_in::{self, Speaker};
use super::request_in::unknown_word;
use crate::domain::invalid::Invalid;
use crate::translate::neutral::{
    Body, Call, CallInput, Elements, Fields, Losses, Outcome, Part, Reasoned, Request, Role, Signature, ToolResult,
    fit_call_id,
};
use serde_json::Value;

/// What a gateway or an SDK leaves in an assistant's message that is sent back, and that nobody misses.
const ECHOED: &[&str] = &["annotations", "parsed", "provider_specific_fields", "thinking_blocks", "index", "id"];

/// Reads all messages into the request.
pub(super) fn read(messages: Elements, request: &mut Request, losses: &mut Losses) -> Result<(), Invalid> {
    if messages.is_empty() {
        return Err(Invalid::new("messages", "`messages` must have at least one message"));
    }
    let mut reader = Reader { request, losses, function_calls: Vec::new() };
    for (place, value) in messages {
        reader.message(Fields::of(value, place)?)?;
    }
    Ok(())
}

struct Reader<'a> {
    request: &'a mut Request,
    losses: &'a mut Losses,
    /// Names and ids of the calls in the legacy form, which has none: the result names the function only.
    function_calls: Vec<(String, String)>,
}

impl Reader<'_> {
    fn message(&mut self, mut message: Fields) -> Result<(), Invalid> {
        match message.need_text("role")?.as_str() {
            "system" | "developer" => self.operator(&mut message)?,
            "user" => {
                for part in parts_in::content(&mut message, Speaker::User, self.losses)? {
                    self.request.say(Role::User, part);
                }
            }
            "assistant" => self.assistant(&mut message)?,
            "tool" => {
                let call_id = message.need_text("tool_call_id")?;
                message.ignore(&["name"]);
                self.result(&mut message, call_id)?;
            }
            "function" => {
                let name = message.need_text("name")?;
                let called = self.function_calls.iter().rposition(|(called, _)| *called == name);
                let call_id = called.map(|index| self.function_calls.remove(index).1);
                self.result(&mut message, call_id.unwrap_or_else(|| stand_in(&name)))?;
            }
            other => {
                let known = "`system`, `developer`, `user`, `assistant`, `tool`, `function`";
                return Err(unknown_word(&message.place("role"), known, other));
            }
        }
        message.rest(self.losses);
        Ok(())
    }

    fn operator(&mut self, message: &mut Fields) -> Result<(), Invalid> {
        let parts = parts_in::content(message, Speaker::Operator, self.losses)?;
        if self.request.turns.is_empty() {
            self.request.system.extend(parts);
        } else {
            parts.into_iter().for_each(|part| self.request.say(Role::System, part));
        }
        Ok(())
    }

    fn result(&mut self, message: &mut Fields, call_id: String) -> Result<(), Invalid> {
        let at = message.at().to_owned();
        let content = parts_in::content(message, Speaker::Tool, self.losses)?;
        let result = ToolResult { call_id, name: None, content, outcome: Outcome::Done };
        self.request.say(Role::User, Part::new(at, Body::Result(result)));
        Ok(())
    }

    fn assistant(&mut self, message: &mut Fields) -> Result<(), Invalid> {
        let mut parts = parts_in::content(message, Speaker::Assistant, self.losses)?;
        if let Some(refusal) = message.text("refusal")?.filter(|refusal| !refusal.is_empty()) {
            parts.push(Part::new(message.place("refusal"), Body::Refusal(refusal)));
        }
        if let Some(calls) = message.array("tool_calls")? {
            for (place, value) in calls {
                parts.push(self.call(Fields::of(value, place)?)?);
            }
        }
        if let Some(mut call) = message.object("function_call")? {
            let at = call.at().to_owned();
            let (id, name) = (stand_in(&at), call.need_text("name")?);
            self.function_calls.push((name.clone(), id.clone()));
            let input = arguments(&mut call)?;
            call.rest(self.losses);
            parts.push(Part::new(at, Body::Call(Call { id, name, input })));
        }
        if message.take("audio").is_some() {
            self.losses.meaning(
                message.place("audio"),
                "names a spoken answer that is kept at OpenAI only: send its transcript as `content`",
            );
        }
        let said = parts.len();
        for (index, part) in self.reasoning(message).into_iter().rev() {
            parts.insert(index.min(said), part);
        }
        message.ignore(ECHOED);
        parts.into_iter().for_each(|part| self.request.say(Role::Assistant, part));
        Ok(())
    }

    fn call(&mut self, mut call: Fields) -> Result<Part, Invalid> {
        let at = call.at().to_owned();
        let id = call.need_text("id")?;
        let kind = call.text("type")?;
        let missing = |key: &str| {
            let place = format!("{at}.{key}");
            Invalid::new(&place, format!("`{place}` is missing: it must be an object"))
        };
        let (name, input) = match kind.as_deref().unwrap_or("function") {
            "function" => {
                let mut function = call.object("function")?.ok_or_else(|| missing("function"))?;
                let read = (function.need_text("name")?, arguments(&mut function)?);
                function.ignore(&["parsed_arguments"]);
                function.rest(self.losses);
                read
            }
            "custom" => {
                let mut custom = call.object("custom")?.ok_or_else(|| missing("custom"))?;
                let read = (custom.need_text("name")?, CallInput::Text(custom.text("input")?.unwrap_or_default()));
                custom.rest(self.losses);
                read
            }
            other => return Err(unknown_word(&call.place("type"), "`function`, `custom`", other)),
        };
        // A stream's accumulators leave the index.
        call.ignore(&["index"]);
        call.rest(self.losses);
        Ok(Part::new(at, Body::Call(Call { id, name, input })))
    }

    /// What the model thought, as this gateway had answered it, with the number of pieces that were before it.
    fn reasoning(&mut self, message: &mut Fields) -> Vec<(usize, Part)> {
        let shown = ["reasoning_content", "reasoning"].map(|key| (message.place(key), message.take(key)));
        let shown = shown.into_iter().find_map(|(place, value)| match value {
            Some(Value::String(text)) if !text.is_empty() => Some((place, text)),
            _ => None,
        });
        let mut found = Vec::new();
        let place = message.place("reasoning_details");
        if let Some(Value::Array(details)) = message.take("reasoning_details") {
            for (at, mut detail) in Elements::new(details, place) {
                let sealed = ["data", "signature"].into_iter().find_map(|key| match detail.get_mut(key)?.take() {
                    Value::String(sealed) if !sealed.is_empty() => Some(sealed),
                    _ => None,
                });
                let Some(sealed) = sealed else { continue };
                let Some(signature) = Signature::unpack(&sealed) else {
                    self.losses.detail(at, "was sealed by another vendor, and nobody else can read it");
                    continue;
                };
                let index = detail.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
                let reasoned = Reasoned { text: String::new(), signature: Some(signature) };
                found.push((index.unwrap_or_default(), Part::new(at, Body::Reasoning(reasoned))));
            }
        }
        found.sort_by_key(|(index, _)| *index);
        let Some((place, text)) = shown else { return found };
        match found.first_mut() {
            Some((_, Part { body: Body::Reasoning(first), .. })) => first.text = text,
            _ => found.push((0, Part::new(place, Body::Reasoning(Reasoned { text, signature: None })))),
        }
        found
    }
}

fn arguments(function: &mut Fields) -> Result<CallInput, Invalid> {
    let arguments = function.text("arguments")?.filter(|arguments| !arguments.trim().is_empty());
    Ok(CallInput::Json(arguments.unwrap_or_else(|| "{}".to_owned())))
}

/// An id for a call in the legacy form, the same whenever the conversation is sent.
fn stand_in(place: &str) -> String {
    fit_call_id(&format!("function_call:{place}")).into_owned()
}
