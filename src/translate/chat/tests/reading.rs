//! Requests of clients.

use super::{golden, object};
use crate::domain::invalid::Invalid;
use crate::domain::protocol::Protocol;
use crate::translate::chat::read_request;
use crate::translate::neutral::{
    Body, CacheMark, Call, CallInput, Document, Losses, Part, Reasoned, Request, Role, Severity, Signature, Source,
    Tool, ToolChoice,
};
use serde_json::{Value, json};

fn read(body: Value) -> (Request, Losses) {
    let mut losses = Losses::default();
    let request = read_request(object(body), &mut losses).unwrap_or_else(|invalid| panic!("{invalid}"));
    (request, losses)
}

fn refused(body: Value) -> Invalid {
    read_request(object(body), &mut Losses::default()).expect_err("refused")
}

fn said(messages: Value) -> Request {
    read(json!({"model": "m", "messages": messages})).0
}

fn fields(losses: &Losses, severity: Severity) -> Vec<&str> {
    let with = losses.as_slice().iter().filter(|loss| loss.severity == severity);
    with.map(|loss| loss.field.as_str()).collect()
}

fn text(at: &str, text: &str) -> Part {
    Part::new(at, Body::Text(text.into()))
}

#[test]
fn the_leading_operators_are_the_system_and_later_ones_stay_where_they_are() {
    let request = said(json!([
        {"role": "system", "content": "a"},
        {"role": "developer", "content": [{"type": "text", "text": "b"}, {"type": "text", "text": ""}]},
        {"role": "user", "content": "c"},
        {"role": "system", "content": "d"},
    ]));
    assert_eq!(request.system, [text("messages[0].content", "a"), text("messages[1].content[0]", "b")]);
    assert_eq!(request.turns.iter().map(|turn| turn.role).collect::<Vec<_>>(), [Role::User, Role::System]);
}

#[test]
fn results_come_first_in_the_users_turn_and_know_their_tools() {
    let request = read(serde_json::from_str(&golden("requests/chat_completions/tools.json")).unwrap()).0;
    let results = &request.turns[2];
    assert_eq!((results.role, results.parts.len()), (Role::User, 4));
    let names = results.parts.iter().filter_map(|part| match &part.body {
        Body::Result(result) => Some((result.call_id.as_str(), result.name.as_deref().unwrap())),
        _ => None,
    });
    let names: Vec<_> = names.collect();
    assert_eq!(names[..2], [("call_rome", "get_weather"), ("call_paris", "get_weather")]);
    assert_eq!(names[2].1, "mcp.clock/now");
    let inputs = request.turns[1].parts.iter().filter_map(|part| match &part.body {
        Body::Call(Call { input: CallInput::Json(json), .. }) => Some(json.as_str()),
        _ => None,
    });
    let inputs: Vec<_> = inputs.collect();
    assert_eq!(inputs, [r#"{"city": "Paris", "days": 1.0}"#, r#"{"city":"Rome","days":12345678901234567890}"#, "{}"]);
    let ToolChoice::Named(name) = &request.tool_choice.unwrap().value else { panic!("not named") };
    assert_eq!(name, "mcp.clock/now");
}

#[test]
fn legacy_functions_pair_with_their_results() {
    let (request, losses) = read(json!({
        "model": "m",
        "messages": [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": "{\"x\":1}"}},
            {"role": "function", "name": "f", "content": "1"},
        ],
        "functions": [{"name": "f", "parameters": {"type": "object"}}],
        "function_call": {"name": "f"},
    }));
    let Body::Call(call) = &request.turns[1].parts[0].body else { panic!("no call") };
    let Body::Result(result) = &request.turns[2].parts[0].body else { panic!("no result") };
    assert_eq!((call.id.as_str(), result.name.as_deref()), (result.call_id.as_str(), Some("f")));
    assert_eq!(request.tool_choice.unwrap().field, "function_call");
    assert!(matches!(&request.tools[..], [Tool::Function(function)] if function.at == "functions[0]"));
    assert_eq!(fields(&losses, Severity::Detail), ["functions"]);
}

#[test]
fn what_was_answered_is_taken_back_without_a_loss() {
    let signature = Signature { protocol: Protocol::AnthropicMessages, provider: "aip_1".into(), payload: "{}".into() };
    let (request, losses) = read(json!({"model": "m", "messages": [
        {"role": "user", "content": "a"},
        {
            "role": "assistant", "content": "b", "refusal": null, "annotations": [{"type": "url_citation"}], "audio": null,
            "function_call": null, "parsed": {"x": 1}, "provider_specific_fields": {"y": 1},
            "reasoning_content": "hm",
            "reasoning_details": [{"type": "reasoning.encrypted", "data": signature.pack(), "index": 1}],
            "tool_calls": [{"index": 0, "id": "1", "type": "function", "function": {"name": "f", "arguments": ""}}],
        },
    ]}));
    assert_eq!(losses.as_slice(), []);
    let bodies: Vec<_> = request.turns[1].parts.iter().map(|part| &part.body).collect();
    let reasoned = Body::Reasoning(Reasoned { text: "hm".into(), signature: Some(signature) });
    assert_eq!(bodies[1], &reasoned);
    assert!(matches!(bodies[..], [Body::Text(_), Body::Reasoning(_), Body::Call(_)]));
}

#[test]
fn thoughts_without_a_seal_come_first_and_foreign_seals_are_named() {
    let (request, losses) = read(json!({"model": "m", "messages": [
        {"role": "assistant", "content": "b", "reasoning": "hm", "reasoning_details": [
            {"type": "reasoning.encrypted", "data": "foreign"}, {"type": "reasoning.text", "text": "hm"}]},
    ]}));
    assert!(matches!(&request.turns[0].parts[0].body, Body::Reasoning(Reasoned { signature: None, .. })));
    assert_eq!(fields(&losses, Severity::Detail), ["messages[0].reasoning_details[0]"]);
}

#[test]
fn media_is_read_from_data_urls_addresses_and_ids() {
    let request = said(json!([{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/png;charset=x;base64,iVBO", "detail": "low"}},
        {"type": "image_url", "image_url": "https://example.com/a.png"},
        {"type": "file", "file": {"filename": "a.txt", "file_data": "data:text/plain;base64,aMOp"}},
        {"type": "file", "file": {"file_data": "JVBERi0x"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit"}},
        {"type": "text", "text": "y", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
    ]}]));
    let parts = &request.turns[0].parts;
    let Body::Image(image) = &parts[0].body else { panic!("no image") };
    assert_eq!(image.source, Source::Base64 { media_type: "image/png".into(), data: "iVBO".into() });
    let Body::Image(image) = &parts[1].body else { panic!("no image") };
    assert_eq!(image.source, Source::Url("https://example.com/a.png".into()));
    let sources = parts.iter().filter_map(|part| match &part.body {
        Body::Document(Document { source, .. }) => Some(source.clone()),
        _ => None,
    });
    let pdf = Source::Base64 { media_type: "application/pdf".into(), data: "JVBERi0x".into() };
    assert_eq!(sources.collect::<Vec<_>>(), [Source::Text("hé".into()), pdf, Source::File("file-1".into())]);
    assert_eq!((parts[5].cache, parts[6].cache), (Some(CacheMark::Default), Some(CacheMark::Hour)));
}

#[test]
fn custom_tools_and_allowed_tools_are_read() {
    let (request, losses) = read(json!({
        "model": "m", "messages": [{"role": "user", "content": "x"}],
        "tools": [{"type": "custom", "custom": {"name": "p", "format":
            {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: /x/"}}}}],
        "tool_choice": {"type": "allowed_tools", "allowed_tools":
            {"mode": "required", "tools": [{"type": "custom", "custom": {"name": "p"}}]}},
        "web_search_options": {"search_context_size": "low", "user_location":
            {"type": "approximate", "approximate": {"city": "Paris"}}},
    }));
    let [Tool::Freeform(tool), Tool::WebSearch(search)] = &request.tools[..] else { panic!("{:?}", request.tools) };
    assert_eq!(tool.format, Some(json!({"type": "grammar", "syntax": "lark", "definition": "start: /x/"})));
    assert_eq!(search.user_location, Some(json!({"type": "approximate", "city": "Paris"})));
    assert_eq!(request.tool_choice.unwrap().value, ToolChoice::AllowedRequired(vec!["p".into()]));
    assert_eq!(fields(&losses, Severity::Detail), ["web_search_options.search_context_size"]);
}

#[test]
fn the_newer_field_counts_where_both_are_there() {
    let (request, _) = read(
        json!({"model": "m", "messages": [{"role": "user", "content": "x"}], "max_tokens": 5, "max_completion_tokens": 7,
        "stop": "x", "user": "old", "safety_identifier": "new"}),
    );
    let (limit, user) = (request.max_output.unwrap(), request.end_user.unwrap());
    assert_eq!((limit.field, limit.value, user.field), ("max_completion_tokens", 7, "safety_identifier"));
    assert_eq!(request.stop.unwrap().value, ["x"]);
}

#[test]
fn whatever_cannot_be_carried_is_named() {
    let (_, losses) = read(serde_json::from_str(&golden("requests/chat_completions/losses.json")).unwrap());
    assert_eq!(fields(&losses, Severity::Meaning), ["messages[2].audio", "n", "modalities", "audio"]);
    let details = fields(&losses, Severity::Detail);
    for field in [
        "messages[0].name",
        "messages[1].name",
        "messages[2].reasoning_details[0]",
        "logprobs",
        "top_logprobs",
        "logit_bias",
        "prediction",
        "prompt_cache_options",
        "something_new",
        "web_search_options.search_context_size",
    ] {
        assert!(details.contains(&field), "{field} is not in {details:?}");
    }
}

#[test]
fn what_is_no_request_is_refused_by_its_place() {
    let with = |message: Value| json!({"model": "m", "messages": [message]});
    for (body, place) in [
        (json!({"model": "m"}), "messages"),
        (with(json!({"role": "robot", "content": "x"})), "messages[0].role"),
        (with(json!({"role": "user", "content": 7})), "messages[0].content"),
        (with(json!({"role": "user", "content": [{"type": "hologram"}]})), "messages[0].content[0].type"),
        (with(json!({"role": "system", "content": [{"type": "image_url"}]})), "messages[0].content[0].type"),
        (with(json!({"role": "tool", "content": "x"})), "messages[0].tool_call_id"),
        (
            with(json!({"role": "assistant", "tool_calls": [{"id": "1", "type": "function"}]})),
            "messages[0].tool_calls[0].function",
        ),
        (
            with(json!({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:x,y"}}]})),
            "messages[0].content[0].image_url.url",
        ),
        (json!({"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "mcp"}]}), "tools[0].type"),
        (json!({"messages": [{"role": "user", "content": "x"}], "tool_choice": "maybe"}), "tool_choice"),
        (json!({"messages": [{"role": "user", "content": "x"}], "reasoning_effort": "heroic"}), "reasoning_effort"),
        (
            json!({"messages": [{"role": "user", "content": "x"}], "response_format": {"type": "xml"}}),
            "response_format.type",
        ),
        (json!({"messages": [{"role": "user", "content": "x"}], "stop": 7}), "stop"),
    ] {
        assert_eq!(refused(body.clone()).param, place, "{body}");
    }
}

#[test]
fn every_golden_request_is_read() {
    for scenario in [
        "hello",
        "conversation",
        "tools",
        "images",
        "documents",
        "structured",
        "thinking",
        "thinking_anthropic",
        "thinking_responses",
        "thinking_gemini",
        "agent",
    ] {
        let (request, losses) =
            read(serde_json::from_str(&golden(&format!("requests/chat_completions/{scenario}.json"))).unwrap());
        assert_eq!(losses.as_slice(), [], "{scenario}");
        assert!(!request.turns.is_empty());
        let sealed = request.turns.iter().flat_map(|turn| &turn.parts).any(
            |part| matches!(&part.body, Body::Reasoning(Reasoned { signature: Some(signature), .. }) if signature.provider == "aip_golden"),
        );
        assert_eq!(sealed, scenario.starts_with("thinking_"), "{scenario}");
    }
}
