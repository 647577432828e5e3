use super::*;

const CALL_NOTHING: &str = "Do not call any tool: answer in words.";

fn chosen(choice: ToolChoice) -> Request {
    let mut request = hello();
    request.tools.extend([function("f"), function("g")]);
    request.tool_choice = given("tool_choice", choice);
    request
}

#[test]
fn a_function_is_a_tool_specification() {
    let mut request = hello();
    request.tools.push(function("f"));
    request.tools.push(Tool::Function(Function {
        at: "tools[1]".into(),
        name: "mcp.server/tool".into(),
        description: Some(" ".into()),
        parameters: None,
        strict: Some(false),
        cache: None,
    }));
    let written = write(CLAUDE_46, request);
    let tools = &written.body["toolConfig"]["tools"];
    assert_eq!(
        tools[0]["toolSpec"],
        json!({
            "name": "f", "description": "Does it.",
            "inputSchema": {"json": {"type": "object", "properties": {"x": {"type": "number"}}}},
        })
    );
    let other = &tools[1]["toolSpec"];
    assert_eq!(other["inputSchema"], json!({"json": {"type": "object", "properties": {}}}));
    assert!(other.get("description").is_none() && other.get("strict").is_none(), "{other}");
    let name = other["name"].as_str().expect("a name");
    assert_eq!(written.bridge.names.restore(name), ("mcp.server/tool", Sent::AsIs));
    assert!(written.body["toolConfig"].get("toolChoice").is_none());
}

#[test]
fn a_choice_is_auto_any_or_tool() {
    for (choice, expected) in [
        (ToolChoice::Auto, json!({"auto": {}})),
        (ToolChoice::Required, json!({"any": {}})),
        (ToolChoice::Named("g".into()), json!({"tool": {"name": "g"}})),
    ] {
        let written = write(CLAUDE_46, chosen(choice));
        assert_eq!(written.body["toolConfig"]["toolChoice"], expected);
        assert_eq!(written.lost(), []);
    }
}

#[test]
fn only_the_allowed_tools_are_listed() {
    let written = write(CLAUDE_46, chosen(ToolChoice::AllowedRequired(vec!["g".into()])));
    let config = &written.body["toolConfig"];
    assert_eq!(config["tools"].as_array().map(Vec::len), Some(1));
    assert_eq!(config["tools"][0]["toolSpec"]["name"], "g");
    assert_eq!(config["toolChoice"], json!({"any": {}}));
}

#[test]
fn a_model_that_cannot_be_forced_is_told_in_words() {
    for model in [CLAUDE_5_5, LLAMA] {
        let written = write(model, chosen(ToolChoice::Named("g".into())));
        assert_eq!(written.body["toolConfig"]["toolChoice"], json!({"auto": {}}), "{model}");
        assert_eq!(written.body["system"], json!([{"text": "You must call the tool `g`."}]));
        assert_eq!(written.lost(), [("tool_choice", Severity::Detail)]);
    }
}

#[test]
fn without_a_tool_history_no_choice_means_no_tools() {
    let written = write(CLAUDE_46, chosen(ToolChoice::None));
    assert!(written.body.get("toolConfig").is_none());
    assert!(written.body.get("system").is_none());
    assert_eq!(written.lost(), []);
}

#[test]
fn with_a_tool_history_no_choice_keeps_the_tools_and_says_so() {
    let mut request = looped();
    request.tools.push(function("get_weather"));
    request.tool_choice = given("tool_choice", ToolChoice::None);
    let written = write(CLAUDE_46, request);
    assert_eq!(written.body["toolConfig"]["tools"].as_array().map(Vec::len), Some(1));
    assert!(written.body["toolConfig"].get("toolChoice").is_none());
    assert_eq!(written.body["system"], json!([{"text": CALL_NOTHING}]));
    assert_eq!(written.lost(), [("tool_choice", Severity::Detail)]);
}

#[test]
fn a_tool_history_without_tools_has_them_made_up_from_the_calls() {
    let mut request = looped();
    say(&mut request, Role::Assistant, call("call_2", "get_weather", "{}"));
    say(&mut request, Role::User, result("call_2", "rain", Outcome::Done));
    request.pair_results(&mut Losses::default());
    let written = write(CLAUDE_46, request);
    let tools = written.body["toolConfig"]["tools"].as_array().expect("tools").clone();
    assert_eq!(tools.len(), 1);
    assert_eq!(tools[0]["toolSpec"]["name"], "get_weather");
    assert_eq!(tools[0]["toolSpec"]["inputSchema"], json!({"json": {"type": "object"}}));
    assert_eq!(written.body["system"], json!([{"text": CALL_NOTHING}]));
    assert_eq!(written.lost(), []);
}

#[test]
fn a_freeform_tool_is_wrapped_as_a_function_of_one_text() {
    let mut request = hello();
    let format = json!({"type": "grammar", "syntax": "lark", "definition": "start: WORD"});
    request.tools.push(Tool::Freeform(Freeform {
        at: "tools[0]".into(),
        name: "apply_patch".into(),
        description: Some("Patches.".into()),
        format: Some(format),
    }));
    request.tool_choice = given("tool_choice", ToolChoice::Named("apply_patch".into()));
    let input = CallInput::Text("*** Begin".into());
    say(&mut request, Role::Assistant, Body::Call(Call { id: "c1".into(), name: "apply_patch".into(), input }));
    say(&mut request, Role::User, result("c1", "ok", Outcome::Done));
    let written = write(CLAUDE_46, request);
    let spec = &written.body["toolConfig"]["tools"][0]["toolSpec"];
    assert_eq!(spec["inputSchema"]["json"]["required"], json!(["input"]));
    assert!(spec["description"].as_str().is_some_and(|words| words.contains("lark") && words.contains("start: WORD")));
    assert_eq!(written.body["messages"][1]["content"][0]["toolUse"]["input"], json!({"input": "*** Begin"}));
    assert_eq!(written.body["toolConfig"]["toolChoice"], json!({"tool": {"name": "apply_patch"}}));
    assert_eq!(written.bridge.names.restore("apply_patch"), ("apply_patch", Sent::Wrapped));
}

#[test]
fn one_call_at_a_time_is_left_to_the_gateway() {
    let mut request = chosen(ToolChoice::Auto);
    request.parallel = given("parallel_tool_calls", Parallel::Forbidden);
    let written = write(CLAUDE_46, request);
    assert_eq!(written.bridge.calls, Parallel::Forbidden);
    assert_eq!(written.lost(), []);
    assert_eq!(write(CLAUDE_46, chosen(ToolChoice::Named("f".into()))).bridge.calls, Parallel::Forbidden);
    assert_eq!(write(CLAUDE_46, chosen(ToolChoice::Required)).bridge.calls, Parallel::Allowed);
}

#[test]
fn the_vendors_search_is_lost() {
    let mut request = hello();
    request.tools.push(Tool::WebSearch(WebSearch {
        at: "tools[0]".into(),
        allowed_domains: Vec::new(),
        blocked_domains: Vec::new(),
        max_uses: None,
        user_location: None,
        severity: Severity::Meaning,
    }));
    let written = write(CLAUDE_46, request);
    assert_eq!(written.lost(), [("tools[0]", Severity::Meaning)]);
    assert!(written.body.get("toolConfig").is_none());
}

#[test]
fn a_strict_tool_is_strict_where_the_model_can_be_held_to_it() {
    let strict = || {
        let mut request = hello();
        let Tool::Function(tool) = function("f") else { panic!() };
        request.tools.push(Tool::Function(Function { strict: Some(true), ..tool }));
        request
    };
    assert_eq!(write(CLAUDE_45, strict()).body["toolConfig"]["tools"][0]["toolSpec"]["strict"], true);
    let written = write(NOVA, strict());
    assert!(written.body["toolConfig"]["tools"][0]["toolSpec"].get("strict").is_none());
    assert_eq!(written.lost(), [("tools[0].strict", Severity::Detail)]);
}
