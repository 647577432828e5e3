use super::*;
use crate::translate::neutral::{
    Body, Call, CallInput, Delivery, Effort, Format, Image, Parallel, Role, Source, Summary, Tool, ToolChoice,
};

fn bodies(request: &Request, turn: usize) -> Vec<&Body> {
    request.turns[turn].parts.iter().map(|part| &part.body).collect()
}

#[test]
fn instructions_and_the_operators_first_messages_are_the_system_and_later_ones_stay_where_they_are() {
    let (request, losses) = read(json!({
        "instructions": "A",
        "input": [
            {"role": "developer", "content": "B"},
            {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "C"}]},
            {"role": "user", "content": "hi"},
            {"role": "developer", "content": "D"},
        ],
    }));
    let system: Vec<_> = request.system.iter().map(|part| part.at.as_str()).collect();
    assert_eq!(system, ["instructions", "input[0].content", "input[1].content[0]"]);
    assert_eq!(request.turns.iter().map(|turn| turn.role).collect::<Vec<_>>(), [Role::User, Role::System]);
    assert!(losses.as_slice().is_empty());
}

#[test]
fn reasoning_message_and_calls_are_one_turn_and_their_outputs_the_next() {
    let (request, _) = read(json!({"input": [
        {"role": "user", "content": "go"},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}, {"type": "summary_text", "text": "so"}]},
        {"type": "message", "id": "msg_1", "status": "completed", "phase": "commentary", "role": "assistant",
         "content": [{"type": "output_text", "text": "ok", "annotations": [], "logprobs": []}]},
        {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{\"x\": 1.0}"},
        {"type": "custom_tool_call", "call_id": "c2", "name": "patch", "input": "*** Begin"},
        {"type": "custom_tool_call_output", "call_id": "c2", "output": "done"},
        {"role": "user", "content": "next"},
        {"type": "function_call_output", "call_id": "c1", "output": [
            {"type": "input_text", "text": "see"},
            {"type": "input_image", "image_url": "data:image/png;base64,QUJD", "detail": "low"},
        ]},
    ]}));
    assert_eq!(request.turns.len(), 3);
    let said = bodies(&request, 1);
    assert!(matches!(said[0], Body::Reasoning(reasoned) if reasoned.text == "hm\n\nso"));
    assert_eq!(
        *said[2],
        Body::Call(Call { id: "c1".into(), name: "f".into(), input: CallInput::Json("{\"x\": 1.0}".into()) })
    );
    assert!(matches!(said[3], Body::Call(Call { input: CallInput::Text(text), .. }) if text == "*** Begin"));
    let results = bodies(&request, 2);
    assert!(matches!(results[0], Body::Result(result) if result.name.as_deref() == Some("patch")));
    let Body::Result(shown) = results[1] else { panic!("{results:?}") };
    assert_eq!(shown.name.as_deref(), Some("f"));
    let source = Source::Base64 { media_type: "image/png".into(), data: "QUJD".into() };
    assert_eq!(shown.content[1].body, Body::Image(Image { source, detail: Some("low".into()) }));
    assert_eq!(*results[2], Body::Text("next".into()));
}

#[test]
fn a_call_without_arguments_has_an_empty_object() {
    let (request, _) =
        read(json!({"input": [{"type": "function_call", "call_id": "c", "name": "f", "arguments": ""}]}));
    assert!(matches!(bodies(&request, 0)[0], Body::Call(Call { input: CallInput::Json(json), .. }) if json == "{}"));
}

#[test]
fn a_local_shells_call_and_its_output_pair() {
    let (request, losses) = read(json!({"input": [
        {"type": "local_shell_call", "id": "lsh_1", "call_id": "c", "status": "completed",
         "action": {"type": "exec", "command": ["ls"], "env": {}}},
        {"type": "local_shell_call_output", "id": "c", "output": "a"},
    ]}));
    assert!(matches!(bodies(&request, 1)[0], Body::Result(result) if result.name.as_deref() == Some("local_shell")));
    assert!(losses.as_slice().is_empty(), "{losses:?}");
}

#[test]
fn tools_of_a_namespace_are_flat_functions_and_their_calls_carry_the_same_name() {
    let (request, losses) = read(json!({
        "input": [{"type": "function_call", "call_id": "c", "name": "list", "namespace": "mcp__gh__", "arguments": "{}"}],
        "tools": [
            {"type": "namespace", "name": "crm", "description": "d", "tools": [{"type": "function", "name": "find", "parameters": null, "strict": null}]},
            {"type": "namespace", "name": "mcp__gh__", "description": "d", "tools": [{"type": "custom", "name": "list"}]},
        ],
    }));
    let names = request.tools.iter().map(|tool| match tool {
        Tool::Function(function) => function.name.as_str(),
        Tool::Freeform(freeform) => freeform.name.as_str(),
        Tool::WebSearch(_) => "",
    });
    assert_eq!(names.collect::<Vec<_>>(), ["crm__find", "mcp__gh__list"]);
    assert!(matches!(bodies(&request, 0)[0], Body::Call(call) if call.name == "mcp__gh__list"));
    assert!(losses.as_slice().is_empty(), "{losses:?}");
}

#[test]
fn tools_that_come_with_the_conversation_are_tools_and_are_echoed() {
    let (request, _) = read(json!({"input": [
        {"type": "additional_tools", "role": "developer", "tools": [{"type": "function", "name": "late", "parameters": {}, "strict": false}]},
        {"role": "user", "content": "x"},
    ], "tools": [{"type": "function", "name": "early", "parameters": {}, "strict": false}]}));
    assert_eq!(request.tools.len(), 2);
    assert_eq!(request.echo["tools"][1]["name"], "late");
}

#[test]
fn what_only_openai_keeps_makes_the_call_impossible() {
    for (field, value) in [
        ("previous_response_id", json!("resp_1")),
        ("conversation", json!({"id": "conv_1"})),
        ("background", json!(true)),
        ("prompt", json!({"id": "pmpt_1"})),
    ] {
        let mut body = json!({"input": "x"});
        body[field] = value;
        let (_, losses) = read(body);
        assert_eq!(named(&losses, Severity::Essence), [field]);
    }
    let (_, losses) = read(json!({"input": [{"type": "item_reference", "id": "msg_1"}, {"id": "msg_2"}]}));
    assert_eq!(named(&losses, Severity::Essence), ["input[0]", "input[1]"]);
    let (_, losses) = read(json!({"previous_response_id": "resp_1"}));
    assert_eq!(named(&losses, Severity::Essence), ["previous_response_id"]);
}

#[test]
fn hosted_tools_and_kept_files_are_losses_of_meaning_that_name_them() {
    let (_, losses) = read(json!({
        "input": [
            {"role": "user", "content": [{"type": "input_image", "file_id": "f", "detail": "auto"}, {"type": "input_file", "file_id": "f"}]},
            {"type": "mcp_call", "id": "mcp_1", "name": "x", "arguments": "{}", "server_label": "s"},
        ],
        "tools": [{"type": "file_search", "vector_store_ids": ["v"]}, {"type": "mcp", "server_label": "s"}],
        "store": true,
    }));
    let expected =
        ["store", "input[0].content[0].file_id", "input[0].content[1].file_id", "input[1]", "tools[0]", "tools[1]"];
    assert_eq!(named(&losses, Severity::Meaning), expected);
    assert!(losses.as_slice().iter().any(|loss| loss.why.contains("`file_search`")));
}

#[test]
fn what_says_nothing_is_no_loss() {
    let (_, losses) = read(json!({
        "model": "m", "input": "x", "store": false, "background": false, "truncation": "disabled",
        "include": ["reasoning.encrypted_content"], "top_logprobs": 0, "stream_options": {"include_obfuscation": false},
        "context_management": [], "metadata": {}, "previous_response_id": null, "max_tool_calls": null,
        "text": {"format": {"type": "text"}}, "tools": [],
    }));
    assert!(losses.as_slice().is_empty(), "{losses:?}");
    let (_, losses) =
        read(json!({"input": "x", "truncation": "auto", "include": ["web_search_call.results"], "max_tool_calls": 2}));
    assert_eq!(named(&losses, Severity::Detail), ["truncation", "include[0]", "max_tool_calls"]);
}

#[test]
fn a_search_in_the_history_and_a_foreign_seal_are_details() {
    let (request, losses) = read(json!({"input": [
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA"},
        {"type": "reasoning", "id": "rs_2", "summary": []},
        {"role": "user", "content": ""},
    ]}));
    assert_eq!(named(&losses, Severity::Detail), ["input[0]", "input[1].encrypted_content"]);
    assert!(request.turns.is_empty());
}

#[test]
fn every_shape_of_tool_choice_is_read() {
    for (choice, expected) in [
        (json!("auto"), ToolChoice::Auto),
        (json!("none"), ToolChoice::None),
        (json!("required"), ToolChoice::Required),
        (json!({"type": "function", "name": "f"}), ToolChoice::Named("f".into())),
        (json!({"type": "custom", "name": "p"}), ToolChoice::Named("p".into())),
        (
            json!({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]}),
            ToolChoice::AllowedAuto(vec!["f".into()]),
        ),
        (
            json!({"type": "allowed_tools", "mode": "required", "tools": [{"type": "custom", "name": "p"}]}),
            ToolChoice::AllowedRequired(vec!["p".into()]),
        ),
    ] {
        let tools = json!([{"type": "function", "name": "f"}, {"type": "custom", "name": "p"}]);
        let (request, _) = read(json!({"input": "x", "tools": tools, "tool_choice": choice}));
        assert_eq!(request.tool_choice.expect("a choice").value, expected);
    }
    let (request, losses) = read(json!({"input": "x", "tool_choice": {"type": "file_search"}}));
    assert_eq!((request.tool_choice, named(&losses, Severity::Meaning)), (None, vec!["tool_choice"]));
}

#[test]
fn tunings_are_read_under_their_own_names_and_echoed() {
    let (request, losses) = read(json!({
        "input": "x", "stream": true, "temperature": 0.5, "max_output_tokens": 5, "parallel_tool_calls": false,
        "reasoning": {"effort": "xhigh", "summary": "concise"}, "user": "u", "safety_identifier": "s",
        "text": {"verbosity": "low", "format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}},
    }));
    assert_eq!(request.delivery, Delivery::Streamed);
    assert_eq!(request.temperature.expect("given").value.to_string(), "0.5");
    assert_eq!(request.parallel.expect("given").value, Parallel::Forbidden);
    let thinking = request.thinking.expect("given").value;
    assert_eq!((thinking.effort, thinking.summary), (Some(Effort::XHigh), Summary::Concise));
    assert_eq!(request.end_user.expect("given").field, "safety_identifier");
    assert!(matches!(request.format.expect("given").value, Format::JsonSchema { strict: None, .. }));
    assert_eq!(request.echo["text"]["format"]["name"], "n");
    assert!(losses.as_slice().is_empty(), "{losses:?}");
}

#[test]
fn a_wrong_type_or_word_is_refused_by_its_place() {
    for (body, param) in [
        (json!({}), "input"),
        (json!({"input": 5}), "input"),
        (json!({"input": ["x"]}), "input[0]"),
        (json!({"input": [{"role": "owner", "content": "x"}]}), "input[0].role"),
        (json!({"input": [{"type": "new_item"}]}), "input[0].type"),
        (json!({"input": [{"role": "user", "content": [{"type": "image_url"}]}]}), "input[0].content[0].type"),
        (json!({"input": [{"role": "assistant", "content": [{"type": "input_image"}]}]}), "input[0].content[0].type"),
        (json!({"input": [{"type": "function_call", "call_id": "c"}]}), "input[0].name"),
        (json!({"input": "x", "reasoning": {"effort": "huge"}}), "reasoning.effort"),
        (json!({"input": "x", "tools": [{"type": "function"}]}), "tools[0].name"),
        (json!({"input": "x", "tool_choice": "any"}), "tool_choice"),
        (json!({"input": "x", "text": {"format": {"type": "xml"}}}), "text.format.type"),
        (json!({"input": "x", "max_output_tokens": -1}), "max_output_tokens"),
        (json!({"input": "x", "stream": "yes"}), "stream"),
    ] {
        assert_eq!(refused(body.clone()).param, param, "{body}");
    }
}
