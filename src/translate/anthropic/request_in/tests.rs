use super::*;
use crate::domain::protocol::Protocol;
use crate::translate::neutral::{CacheMark, CallInput, Parallel, Part, Severity, Signature, Source, Tool, ToolChoice};
use serde_json::json;

fn read(body: Value) -> Result<(Request, Losses), Invalid> {
    let Value::Object(body) = body else { panic!("no object") };
    let mut losses = Losses::default();
    read_request(body, &mut losses).map(|request| (request, losses))
}

fn asked(mut body: Value) -> (Request, Losses) {
    let fields = body.as_object_mut().expect("an object");
    fields.entry("max_tokens").or_insert(json!(100));
    fields.entry("messages").or_insert(json!([{"role": "user", "content": "hi"}]));
    read(body).expect("a request")
}

fn refused_at(body: Value) -> String {
    read(body).expect_err("refused").param
}

fn assistant(blocks: Value) -> Vec<Part> {
    let messages = json!([{"role": "user", "content": "hi"}, {"role": "assistant", "content": blocks}]);
    asked(json!({"messages": messages})).0.turns[1].parts.clone()
}

#[test]
fn max_tokens_and_messages_are_required_as_at_anthropic() {
    assert_eq!(refused_at(json!({"messages": [{"role": "user", "content": "x"}]})), "max_tokens");
    assert_eq!(refused_at(json!({"max_tokens": 1})), "messages");
    assert_eq!(refused_at(json!({"max_tokens": 1, "messages": []})), "messages");
    assert_eq!(refused_at(json!({"max_tokens": "1", "messages": [{"role": "user", "content": "x"}]})), "max_tokens");
}

#[test]
fn what_is_wrong_is_refused_by_its_place() {
    let message =
        |role: &str, content: Value| json!({"max_tokens": 1, "messages": [{"role": role, "content": content}]});
    for (body, at) in [
        (message("tool", json!("x")), "messages[0].role"),
        (message("user", json!(7)), "messages[0].content"),
        (message("user", json!([{"type": "hologram"}])), "messages[0].content[0].type"),
        (
            message("user", json!([{"type": "tool_use", "id": "a", "name": "f", "input": {}}])),
            "messages[0].content[0].type",
        ),
        (
            message("assistant", json!([{"type": "tool_use", "id": "a", "name": "f", "input": "{}"}])),
            "messages[0].content[0].input",
        ),
        (
            message("user", json!([{"type": "image", "source": {"type": "bytes"}}])),
            "messages[0].content[0].source.type",
        ),
        (
            message(
                "user",
                json!([{"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1d"}}]),
            ),
            "messages[0].content[0].cache_control.ttl",
        ),
    ] {
        assert_eq!(refused_at(body), at);
    }
    assert_eq!(
        refused_at(
            json!({"max_tokens": 1, "messages": [{"role": "user", "content": "x"}], "tools": [{"type": "rocket"}]})
        ),
        "tools[0].type"
    );
}

#[test]
fn results_come_first_and_know_the_tool_that_was_called() {
    let (request, losses) = asked(json!({"messages": [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {"n": 1.0}}]},
        {"role": "user", "content": [
            {"type": "text", "text": "and"},
            {"type": "tool_result", "tool_use_id": "t1", "is_error": true, "content": [
                {"type": "text", "text": ""}, {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
                {"type": "tool_reference", "tool_name": "g"}]}]}
    ]}));
    assert_eq!(losses.as_slice(), &[]);
    let Body::Result(result) = &request.turns[2].parts[0].body else { panic!("{:?}", request.turns[2]) };
    assert_eq!((result.name.as_deref(), result.content.len()), (Some("f"), 2));
    assert_eq!(result.content[0].at, "messages[2].content[1].content[1]");
    let Body::Call(call) = &request.turns[1].parts[0].body else { panic!("no call") };
    assert_eq!(call.input, CallInput::Json(r#"{"n":1.0}"#.into()));
}

#[test]
fn a_thought_keeps_the_proof_that_it_came_with() {
    let packed = Signature { protocol: Protocol::Gemini, provider: "aip_1".into(), payload: "{}".into() };
    let parts = assistant(json!([
        {"type": "thinking", "thinking": "a", "signature": "native"},
        {"type": "thinking", "thinking": "b", "signature": packed.pack()},
        {"type": "thinking", "thinking": "c", "signature": ""},
        {"type": "redacted_thinking", "data": "secret"}
    ]));
    let signatures: Vec<_> = parts
        .iter()
        .map(|part| match &part.body {
            Body::Reasoning(reasoned) => reasoned.signature.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    let native = |payload: &str| {
        let (protocol, provider) = (Protocol::AnthropicMessages, String::new());
        Some(Signature { protocol, provider, payload: payload.into() })
    };
    assert_eq!(
        signatures,
        [
            native(r#"{"type":"thinking","thinking":"a","signature":"native"}"#),
            Some(packed),
            None,
            native(r#"{"type":"redacted_thinking","data":"secret"}"#),
        ]
    );
}

#[test]
fn a_system_message_before_everything_is_of_the_system_and_a_later_one_stays() {
    let (request, _) = asked(json!({"system": "one", "messages": [
        {"role": "system", "content": "two"}, {"role": "user", "content": "hi"},
        {"role": "system", "content": [{"type": "text", "text": "late"}]}
    ]}));
    assert_eq!((request.system.len(), request.turns.len()), (2, 2));
    assert_eq!(request.turns[1].role, Role::System);
}

#[test]
fn the_four_ways_to_think_are_told_apart() {
    let thinking = |thinking: Value| asked(json!({"thinking": thinking})).0.thinking.expect("thinking").value;
    assert_eq!(thinking(json!({"type": "enabled", "budget_tokens": 2048})).mode, ThinkingMode::Budget(2048));
    assert_eq!(thinking(json!({"type": "disabled"})).mode, ThinkingMode::Off);
    assert_eq!(thinking(json!({"type": "between_tools"})).mode, ThinkingMode::BetweenTools);
    let adaptive = thinking(json!({"type": "adaptive", "display": "omitted"}));
    assert_eq!((adaptive.mode, adaptive.summary), (ThinkingMode::Adaptive, Summary::Omitted));
    let (effort, _) = asked(json!({"output_config": {"effort": "max"}}));
    let effort = effort.thinking.expect("an effort");
    assert_eq!((effort.field, effort.value.effort), ("output_config.effort", Some(Effort::Max)));
    assert!(
        read(json!({"max_tokens": 1, "messages": [{"role": "user", "content": "x"}],
                        "thinking": {"type": "enabled"}}))
        .is_err()
    );
}

#[test]
fn an_answers_schema_is_strict_where_openai_takes_it_as_strict() {
    let strict = |schema: Value, key: &str| {
        let format = json!({"type": "json_schema", "schema": schema});
        let body = if key == "output_format" { json!({key: format}) } else { json!({key: {"format": format}}) };
        match asked(body).0.format.expect("a format").value {
            Format::JsonSchema { strict, .. } => strict,
            Format::JsonObject => panic!("no schema"),
        }
    };
    let closed = |required: Value| json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": required, "additionalProperties": false});
    assert_eq!(strict(closed(json!(["a"])), "output_config"), Some(true));
    assert_eq!(strict(closed(json!([])), "output_format"), Some(false));
}

#[test]
fn tools_of_every_kind_become_what_other_models_can_call() {
    let (request, losses) = asked(json!({
        "tools": [
            {"name": "f", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral", "ttl": "1h"},
             "eager_input_streaming": true},
            {"type": "bash_20250124", "name": "bash"},
            {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool", "max_characters": 100},
            {"type": "text_editor_20250124", "name": "str_replace_editor"},
            {"type": "memory_20250818", "name": "memory"},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 2},
            {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"},
            {"type": "computer_20250124", "name": "computer", "display_width_px": 1}
        ],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": true}
    }));
    let names: Vec<_> = request
        .tools
        .iter()
        .map(|tool| match tool {
            Tool::Function(function) => function.name.as_str(),
            Tool::WebSearch(_) => "(search)",
            Tool::Freeform(_) => "(freeform)",
        })
        .collect();
    assert_eq!(names, ["f", "bash", "str_replace_based_edit_tool", "str_replace_editor", "memory", "(search)"]);
    let Tool::Function(function) = &request.tools[0] else { panic!("no function") };
    assert_eq!((function.cache, function.at.as_str()), (Some(CacheMark::Hour), "tools[0]"));
    let editor = |index: usize| match &request.tools[index] {
        Tool::Function(function) => function.parameters.as_ref().expect("a schema")["properties"].clone(),
        other => panic!("{other:?}"),
    };
    assert!(editor(2).get("insert_text").is_some() && editor(3).get("insert_text").is_none());
    let lost: Vec<_> = losses.as_slice().iter().map(|loss| (loss.field.as_str(), loss.severity)).collect();
    assert_eq!(lost, [("tools[6]", Severity::Detail), ("tools[7]", Severity::Meaning)]);
    assert_eq!(request.tool_choice.expect("a choice").value, ToolChoice::Required);
    assert_eq!(request.parallel.expect("said").value, Parallel::Forbidden);
}

#[test]
fn documents_and_search_results_are_read_whatever_they_are_made_of() {
    let (request, _) = asked(json!({"messages": [{"role": "user", "content": [
        {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}},
        {"type": "search_result", "title": "T", "source": "https://s", "content": [{"type": "text", "text": "found"}]}
    ]}]}));
    let Body::Document(document) = &request.turns[0].parts[0].body else { panic!("no document") };
    assert_eq!(document.source, Source::Text("a\n\nb".into()));
    assert_eq!(request.turns[0].parts[1].body, Body::Text("T\nhttps://s\n\nfound".into()));
}

#[test]
fn a_mark_for_the_whole_request_is_one_on_its_last_block() {
    let (request, losses) = asked(json!({"cache_control": {"type": "ephemeral"}}));
    assert_eq!(request.turns[0].parts[0].cache, Some(CacheMark::Default));
    assert_eq!(losses.as_slice(), &[]);
}
