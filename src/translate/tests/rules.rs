//! What the vendors answer 400 to (PROTOCOLS.md sections 2, 3 and 9).

use super::*;
use std::collections::HashSet;

type Checked = Result<(), String>;

/// The first rule that a body breaks.
pub(super) fn check(protocol: Protocol, body: &Value) -> Checked {
    match protocol {
        Protocol::ChatCompletions => chat(body),
        Protocol::Responses => responses(body),
        Protocol::AnthropicMessages => anthropic(body),
        Protocol::Gemini => gemini(body),
        Protocol::BedrockConverse => bedrock(body),
    }
}

fn ensure(holds: bool, rule: impl Into<String>) -> Checked {
    if holds { Ok(()) } else { Err(rule.into()) }
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn root(schema: &Value) -> Checked {
    ensure(schema["type"] == "object" && schema["properties"].is_object(), format!("a root is no object: {schema}"))?;
    let choices = ["anyOf", "oneOf", "allOf", "$ref"];
    ensure(!choices.iter().any(|key| schema.get(key).is_some()), "a choice at the root")
}

fn id(id: &Value) -> Checked {
    let fits = id.as_str().is_some_and(|id| {
        (1..=40).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    });
    ensure(fits, format!("an id: {id}"))
}

fn name(name: &Value) -> Checked {
    let fits = name.as_str().is_some_and(|name| {
        (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    });
    ensure(fits, format!("a name: {name}"))
}

fn unique(names: Vec<&Value>) -> Checked {
    let mut seen = HashSet::new();
    for name in names {
        ensure(seen.insert(name.to_string()), format!("the tool {name} twice"))?;
    }
    Ok(())
}

fn chat(body: &Value) -> Checked {
    ensure(!list(body, "messages").is_empty(), "no messages")?;
    let mut open: HashSet<String> = HashSet::new();
    for message in list(body, "messages") {
        if message["role"] == "tool" {
            ensure(open.remove(&message["tool_call_id"].to_string()), "a result without a call")?;
            ensure(message["content"].is_string(), "a result that is no text")?;
            continue;
        }
        ensure(open.is_empty(), "a call without a result")?;
        let calls = list(message, "tool_calls");
        ensure(message.get("tool_calls").is_none() || !calls.is_empty(), "an empty list of calls")?;
        let is_empty = message["content"].is_null() || message["content"] == json!([]);
        let is_answer = message["role"] == "assistant" && (!calls.is_empty() || message["refusal"].is_string());
        ensure(!is_empty || is_answer, "a message without content")?;
        for call in calls {
            id(&call["id"])?;
            open.insert(call["id"].to_string());
            if call["type"] == "function" {
                name(&call["function"]["name"])?;
                let arguments = call["function"]["arguments"].as_str().unwrap_or_default();
                ensure(!arguments.is_empty(), "empty arguments")?;
            }
        }
    }
    ensure(open.is_empty(), "a call without a result")?;
    for tool in list(body, "tools").iter().filter(|tool| tool["type"] == "function") {
        name(&tool["function"]["name"])?;
        root(&tool["function"]["parameters"])?;
    }
    unique(list(body, "tools").iter().map(|tool| &tool[tool["type"].as_str().unwrap_or_default()]["name"]).collect())?;
    ensure(body.get("tools").is_some() || body.get("tool_choice").is_none(), "a choice without tools")?;
    ensure(body.get("tools").is_some() || body.get("parallel_tool_calls").is_none(), "parallel without tools")
}

fn responses(body: &Value) -> Checked {
    ensure(!list(body, "input").is_empty(), "no input")?;
    let (mut called, mut answered, mut thought) = (HashSet::new(), HashSet::new(), false);
    for item in list(body, "input") {
        let kind = item["type"].as_str().unwrap_or_default();
        match kind {
            "function_call" | "custom_tool_call" => {
                id(&item["call_id"])?;
                name(&item["name"])?;
                ensure(called.insert(item["call_id"].to_string()), "a call's id twice")?;
            }
            "function_call_output" | "custom_tool_call_output" => {
                ensure(called.contains(&item["call_id"].to_string()), "a result without a call")?;
                ensure(answered.insert(item["call_id"].to_string()), "two results of a call")?;
            }
            "message" => ensure(!list(item, "content").is_empty(), "a message without content")?,
            _ => {}
        }
        let follows = matches!(kind, "message" | "function_call" | "custom_tool_call" | "reasoning");
        ensure(!thought || follows, "reasoning without what it led to")?;
        thought = kind == "reasoning";
    }
    ensure(!thought, "reasoning at the end")?;
    ensure(called == answered, "a call without a result")?;
    for tool in list(body, "tools").iter().filter(|tool| tool["type"] == "function") {
        name(&tool["name"])?;
        root(&tool["parameters"])?;
        ensure(tool["strict"].is_boolean(), "strict unsaid")?;
    }
    unique(list(body, "tools").iter().filter(|tool| tool.get("name").is_some()).map(|tool| &tool["name"]).collect())?;
    ensure(body["max_output_tokens"].as_u64().is_none_or(|limit| limit >= 16), "a limit below 16")?;
    ensure(body.get("tools").is_some() || body.get("tool_choice").is_none(), "a choice without tools")
}

fn anthropic(body: &Value) -> Checked {
    ensure(body["max_tokens"].as_u64().is_some_and(|limit| limit > 0), "no limit")?;
    ensure(body["messages"][0]["role"] == "user", "the user does not begin")?;
    let is_text =
        |block: &Value| block["type"] != "text" || block["text"].as_str().is_some_and(|text| !text.trim().is_empty());
    ensure(list(body, "system").iter().all(is_text), "a blank text")?;
    let (mut open, mut used, mut last) = (HashSet::new(), HashSet::new(), "");
    for message in list(body, "messages") {
        let role = message["role"].as_str().unwrap_or_default();
        ensure(role != last, "one role twice")?;
        last = role;
        ensure(!list(message, "content").is_empty(), "a message without content")?;
        let mut spoken = false;
        for block in list(message, "content") {
            ensure(is_text(block), "a blank text")?;
            match block["type"].as_str() {
                Some("tool_result") => {
                    ensure(!spoken, "a result after a text")?;
                    ensure(open.remove(&block["tool_use_id"].to_string()), "a result without a call")?;
                    ensure(list(block, "content").iter().all(is_text), "a blank text in a result")?;
                }
                Some("tool_use") => {
                    id(&block["id"])?;
                    name(&block["name"])?;
                    ensure(block["input"].is_object(), "an input that is no object")?;
                    ensure(used.insert(block["id"].to_string()), "an id twice")?;
                    open.insert(block["id"].to_string());
                }
                _ => spoken = true,
            }
        }
        ensure(role == "assistant" || open.is_empty(), "a call without a result")?;
    }
    ensure(open.is_empty(), "a call without a result")?;
    for tool in list(body, "tools").iter().filter(|tool| tool.get("input_schema").is_some()) {
        name(&tool["name"])?;
        root(&tool["input_schema"])?;
    }
    unique(list(body, "tools").iter().map(|tool| &tool["name"]).collect())?;
    let stops = list(body, "stop_sequences");
    ensure(stops.iter().all(|stop| !stop.as_str().unwrap_or_default().trim().is_empty()), "a blank stop")?;
    let budget = body["thinking"]["budget_tokens"].as_u64();
    ensure(budget.is_none_or(|budget| budget >= 1024 && Some(budget) < body["max_tokens"].as_u64()), "a budget")?;
    ensure(body.get("tools").is_some() || body.get("tool_choice").is_none(), "a choice without tools")
}

fn gemini(body: &Value) -> Checked {
    ensure(!list(body, "contents").is_empty(), "no contents")?;
    let (mut called, mut last) = (0, "");
    for content in list(body, "contents") {
        let role = content["role"].as_str().unwrap_or_default();
        ensure(role != last, "one role twice")?;
        last = role;
        ensure(!list(content, "parts").is_empty(), "a content without parts")?;
        let count = |key: &str| list(content, "parts").iter().filter(|part| part.get(key).is_some()).count();
        ensure(count("functionResponse") == called, "as many results as calls")?;
        called = count("functionCall");
        let is_blank = |part: &Value| part["text"] == "";
        ensure(!list(content, "parts").iter().any(is_blank), "an empty text")?;
    }
    ensure(called == 0, "a call without a result")?;
    let declared = list(body, "tools").iter().flat_map(|tool| list(tool, "functionDeclarations"));
    unique(declared.map(|tool| &tool["name"]).collect())
}

fn bedrock(body: &Value) -> Checked {
    ensure(body["messages"][0]["role"] == "user", "the user does not begin")?;
    let is_text = |block: &Value| block["text"].as_str().is_none_or(|text| !text.trim().is_empty());
    let (mut open, mut used, mut last) = (HashSet::new(), HashSet::new(), "");
    for message in list(body, "messages") {
        let role = message["role"].as_str().unwrap_or_default();
        ensure(role != last, "one role twice")?;
        last = role;
        ensure(!list(message, "content").is_empty(), "a message without content")?;
        for block in list(message, "content") {
            ensure(is_text(block), "a blank text")?;
            if let Some(result) = block.get("toolResult") {
                ensure(open.remove(&result["toolUseId"].to_string()), "a result without a call")?;
                ensure(!list(result, "content").is_empty(), "an empty result")?;
            }
            if let Some(call) = block.get("toolUse") {
                id(&call["toolUseId"])?;
                name(&call["name"])?;
                ensure(used.insert(call["toolUseId"].to_string()), "an id twice")?;
                open.insert(call["toolUseId"].to_string());
            }
        }
        ensure(role == "assistant" || open.is_empty(), "a call without a result")?;
    }
    ensure(open.is_empty(), "a call without a result")?;
    ensure(used.is_empty() || body.get("toolConfig").is_some(), "a history of tools without tools")?;
    let specs: Vec<_> = list(&body["toolConfig"], "tools").iter().filter_map(|tool| tool.get("toolSpec")).collect();
    unique(specs.iter().map(|spec| &spec["name"]).collect())?;
    for spec in specs {
        name(&spec["name"])?;
        ensure(spec["inputSchema"]["json"]["type"] == "object", "a root that is no object")?;
    }
    Ok(())
}

#[test]
fn the_rules_know_a_broken_body() {
    let text = |text: &str| json!({"type": "text", "text": text});
    for (protocol, body) in [
        (Protocol::ChatCompletions, json!({"messages": []})),
        (Protocol::ChatCompletions, json!({"messages": [{"role": "tool", "tool_call_id": "a", "content": ""}]})),
        (Protocol::ChatCompletions, json!({"messages": [{"role": "user", "content": "x"}], "tool_choice": "auto"})),
        (
            Protocol::Responses,
            json!({"input": [{"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}]}),
        ),
        (Protocol::Responses, json!({"input": [{"type": "reasoning", "summary": []}]})),
        (Protocol::AnthropicMessages, json!({"max_tokens": 1, "messages": [{"role": "user", "content": [text(" ")]}]})),
        (
            Protocol::AnthropicMessages,
            json!({"max_tokens": 1, "messages": [{"role": "assistant", "content": [text("x")]}]}),
        ),
        (Protocol::Gemini, json!({"contents": [{"role": "model", "parts": [{"functionCall": {"name": "f"}}]}]})),
        (
            Protocol::BedrockConverse,
            json!({"messages": [{"role": "user", "content": [{"toolResult": {"toolUseId": "a", "content": [{"text": "x"}]}}]}]}),
        ),
    ] {
        assert!(check(protocol, &body).is_err(), "{body}");
    }
}
