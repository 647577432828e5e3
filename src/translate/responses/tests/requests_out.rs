use super::*;
use crate::translate::neutral::{
    Body, Call, CallInput, Client, Document, Effort, Freeform, Function, Given, Image, Outcome, Parallel, Part,
    Reasoned, Role, Signature, Source, Summary, Thinking, ThinkingMode, Tool, ToolChoice, ToolResult, WebSearch,
};
use serde_json::Number;

fn request(client: Client) -> Request {
    let mut request = Request::new(client);
    request.say(Role::User, Part::new("messages[0]", Body::Text("hi".into())));
    request
}

fn say(request: &mut Request, role: Role, body: Body) {
    request.say(role, Part::new("messages[9].content[0]", body));
}

fn call(id: &str, name: &str, input: CallInput) -> Body {
    Body::Call(Call { id: id.into(), name: name.into(), input })
}

fn result(id: &str, content: Vec<Body>, outcome: Outcome) -> Body {
    let content = content.into_iter().map(|body| Part::new("messages[9].content[0].content[0]", body)).collect();
    Body::Result(ToolResult { call_id: id.into(), name: Some("shot".into()), content, outcome })
}

fn sealed(provider: &str) -> Body {
    let payload = r#"{"type":"reasoning","id":"rs_7","summary":[],"encrypted_content":"gAAA"}"#.to_owned();
    let signature = Signature { protocol: Protocol::Responses, provider: provider.into(), payload };
    Body::Reasoning(Reasoned { text: "hm".into(), signature: Some(signature) })
}

fn function(name: &str) -> Tool {
    Tool::Function(Function {
        at: "tools[0]".into(),
        name: name.into(),
        description: None,
        parameters: None,
        strict: None,
        cache: None,
    })
}

fn patch() -> Tool {
    Tool::Freeform(Freeform {
        at: "tools[1]".into(),
        name: "patch".into(),
        description: Some("Edits.".into()),
        format: Some(json!({"type": "grammar", "syntax": "lark", "definition": "start: x"})),
    })
}

fn think(mode: ThinkingMode, effort: Option<Effort>, summary: Summary) -> Option<Given<Thinking>> {
    Some(Given::new("thinking", Thinking { mode, effort, summary }))
}

#[test]
fn a_plain_question_is_asked_without_being_kept() {
    let mut asked = request(Client::ChatCompletions);
    asked.system.push(Part::new("messages[0]", Body::Text("A".into())));
    asked.system.push(Part::new("messages[1]", Body::Text("B".into())));
    asked.max_output = Some(Given::new("max_tokens", 1));
    assert_eq!(
        write_for(asked, Kind::OpenAi, "gpt-4o").body,
        json!({
            "model": "gpt-4o",
            "instructions": "A\n\nB",
            "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}],
            "store": false,
            "max_output_tokens": 16,
            "stream": false,
        })
    );
}

#[test]
fn xai_gets_the_system_as_a_message_and_groq_no_store() {
    let mut asked = request(Client::ChatCompletions);
    asked.system.push(Part::new("messages[0]", Body::Text("A".into())));
    say(&mut asked, Role::System, Body::Text("late".into()));
    let xai = write_for(asked.clone(), Kind::XAi, "grok-5").body;
    assert_eq!(xai["input"][0]["role"], "system");
    assert!(xai.get("instructions").is_none());
    assert_eq!(xai["include"], json!(["reasoning.encrypted_content"]));
    let groq = write_for(asked.clone(), Kind::Groq, "openai/gpt-oss-120b").body;
    assert!(groq.get("store").is_none() && groq.get("include").is_none());
    assert_eq!(groq["input"][1]["role"], "system");
    assert_eq!(write_for(asked, Kind::OpenAi, "gpt-6").body["input"][1]["role"], "developer");
}

#[test]
fn a_system_message_alone_is_the_input() {
    let mut asked = Request::new(Client::ChatCompletions);
    asked.system.push(Part::new("messages[0]", Body::Text("A".into())));
    let body = write_for(asked, Kind::OpenAi, "gpt-6").body;
    assert_eq!((&body["input"][0]["role"], body.get("instructions")), (&json!("system"), None));
}

#[test]
fn sealed_reasoning_goes_before_what_it_led_to_and_never_alone() {
    let mut asked = request(Client::AnthropicMessages);
    say(&mut asked, Role::Assistant, sealed("aip_golden"));
    say(&mut asked, Role::Assistant, call("toolu_1", "f", CallInput::Json("{}".into())));
    say(&mut asked, Role::User, result("toolu_1", vec![Body::Text("1".into())], Outcome::Done));
    say(&mut asked, Role::Assistant, sealed("aip_other"));
    say(&mut asked, Role::Assistant, Body::Text("one".into()));
    say(&mut asked, Role::Assistant, sealed("aip_golden"));
    say(&mut asked, Role::User, Body::Text("and?".into()));
    let written = write_for(asked, Kind::OpenAi, "gpt-6");
    let kinds: Vec<_> =
        written.body["input"].as_array().expect("items").iter().map(|item| item["type"].clone()).collect();
    assert_eq!(kinds, ["message", "reasoning", "function_call", "function_call_output", "message", "message"]);
    assert_eq!(
        written.body["input"][1],
        json!({"type": "reasoning", "id": "rs_7", "summary": [], "encrypted_content": "gAAA"})
    );
    assert_eq!(
        written.body["input"][2],
        json!({"type": "function_call", "call_id": "toolu_1", "name": "f", "arguments": "{}"})
    );
    assert_eq!(written.body["input"][4]["content"], json!([{"type": "output_text", "text": "one"}]));
    assert!(written.losses.as_slice().is_empty());
}

#[test]
fn a_tools_images_stay_in_its_output_and_its_failure_is_put_into_words() {
    let image = || {
        Body::Image(Image {
            source: Source::Base64 { media_type: "image/png".into(), data: "QUJD".into() },
            detail: None,
        })
    };
    let document =
        Body::Document(Document { source: Source::Url("https://e.com/a.pdf".into()), title: None, context: None });
    let mut asked = request(Client::AnthropicMessages);
    say(&mut asked, Role::Assistant, call("a:b", "shot", CallInput::Json("{}".into())));
    say(&mut asked, Role::Assistant, call("c2", "shot", CallInput::Json("{}".into())));
    say(&mut asked, Role::User, result("a:b", vec![Body::Text("see".into()), image(), document], Outcome::Done));
    say(&mut asked, Role::User, result("c2", vec![Body::Text("no".into()), Body::Text("way".into())], Outcome::Failed));
    say(&mut asked, Role::User, Body::Text("go on".into()));
    let rich = write_for(asked.clone(), Kind::OpenAi, "gpt-6").body;
    assert_eq!(rich["input"][1]["call_id"], rich["input"][3]["call_id"]);
    assert_ne!(rich["input"][1]["call_id"], "a:b");
    assert_eq!(
        rich["input"][3]["output"],
        json!([
            {"type": "input_text", "text": "see"},
            {"type": "input_image", "image_url": "data:image/png;base64,QUJD", "detail": "auto"},
            {"type": "input_file", "file_url": "https://e.com/a.pdf"},
        ])
    );
    assert_eq!(rich["input"][4]["output"], "Error: no\n\nway");
    let poor = write_for(asked, Kind::Groq, "m").body;
    assert_eq!(poor["input"][3]["output"], "see");
    let shown: Vec<_> =
        poor["input"][5]["content"].as_array().expect("parts").iter().map(|part| part["type"].clone()).collect();
    assert_eq!(shown, ["input_text", "input_image", "input_file", "input_text"]);
}

#[test]
fn freeform_tools_are_custom_at_openai_and_wrapped_elsewhere() {
    let mut asked = request(Client::Responses);
    asked.tools = vec![function("f"), patch()];
    asked.tool_choice = Some(Given::new("tool_choice", ToolChoice::Named("patch".into())));
    asked.parallel = Some(Given::new("parallel_tool_calls", Parallel::Forbidden));
    say(&mut asked, Role::Assistant, call("c", "patch", CallInput::Text("a \"b\"".into())));
    say(&mut asked, Role::User, result("c", vec![], Outcome::Done));
    let native = write_for(asked.clone(), Kind::OpenAi, "gpt-6").body;
    assert_eq!(
        native["tools"],
        json!([
            {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}, "strict": false},
            {"type": "custom", "name": "patch", "description": "Edits.", "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"}},
        ])
    );
    assert_eq!(native["tool_choice"], json!({"type": "custom", "name": "patch"}));
    assert_eq!(native["parallel_tool_calls"], false);
    assert_eq!(
        native["input"][1],
        json!({"type": "custom_tool_call", "call_id": "c", "name": "patch", "input": "a \"b\""})
    );
    assert_eq!(native["input"][2], json!({"type": "custom_tool_call_output", "call_id": "c", "output": ""}));
    let wrapped = write_for(asked, Kind::Ollama, "qwen3");
    assert_eq!(wrapped.body["tools"][1]["type"], "function");
    assert!(wrapped.body["tools"][1]["description"].as_str().expect("text").contains("start: x"));
    assert_eq!(wrapped.body["tool_choice"], json!({"type": "function", "name": "patch"}));
    assert_eq!(wrapped.body["input"][1]["arguments"], r#"{"input":"a \"b\""}"#);
    assert_eq!(wrapped.body["input"][2]["type"], "function_call_output");
    assert_eq!(wrapped.bridge.names.restore("patch").1, crate::translate::neutral::Sent::Wrapped);
    assert_eq!(wrapped.bridge.calls, Parallel::Forbidden);
    assert!(wrapped.losses.as_slice().is_empty());
}

#[test]
fn allowed_tools_are_a_choice_at_openai_and_a_shorter_list_elsewhere() {
    let mut asked = request(Client::ChatCompletions);
    asked.tools = vec![function("f"), function("g")];
    asked.tool_choice = Some(Given::new("tool_choice", ToolChoice::AllowedRequired(vec!["g".into()])));
    let native = write_for(asked.clone(), Kind::OpenAi, "gpt-6").body;
    let tools = json!([{"type": "function", "name": "g"}]);
    assert_eq!(native["tool_choice"], json!({"type": "allowed_tools", "mode": "required", "tools": tools}));
    let shorter = write_for(asked, Kind::XAi, "grok-5").body;
    assert_eq!((&shorter["tool_choice"], shorter["tools"].as_array().map(Vec::len)), (&json!("required"), Some(1)));
}

#[test]
fn anthropics_thinking_becomes_an_effort_and_a_summary() {
    for (mode, effort, summary, model, expected) in [
        (ThinkingMode::Budget(5000), None, Summary::Unsaid, "gpt-6", json!({"effort": "high", "summary": "auto"})),
        (
            ThinkingMode::Adaptive,
            Some(Effort::Max),
            Summary::Wanted,
            "gpt-5",
            json!({"effort": "high", "summary": "auto"}),
        ),
        (ThinkingMode::Adaptive, None, Summary::Omitted, "gpt-6", Value::Null),
        (ThinkingMode::Off, None, Summary::Unsaid, "gpt-5.1", json!({"effort": "none"})),
        (ThinkingMode::Off, None, Summary::Unsaid, "gpt-5", json!({"effort": "minimal"})),
        (ThinkingMode::Off, None, Summary::Unsaid, "gpt-4o", Value::Null),
    ] {
        let mut asked = request(Client::AnthropicMessages);
        asked.thinking = think(mode, effort, summary);
        let written = write_for(asked, Kind::OpenAi, model);
        assert_eq!(written.body.get("reasoning").cloned().unwrap_or_default(), expected, "{mode:?} {model}");
        assert_eq!(written.body.get("include").is_some(), model != "gpt-4o");
        assert!(written.losses.as_slice().is_empty());
    }
}

#[test]
fn thinking_is_not_forbidden_to_what_may_not_be_able_to() {
    for (kind, model) in
        [(Kind::Azure, "deployment"), (Kind::Groq, "llama"), (Kind::XAi, "grok-5"), (Kind::Custom, "m")]
    {
        let mut asked = request(Client::AnthropicMessages);
        asked.thinking = think(ThinkingMode::Off, None, Summary::Unsaid);
        let written = write_for(asked, kind, model);
        assert_eq!(written.body.get("reasoning"), None, "{model}");
        assert!(written.losses.as_slice().is_empty());
    }
}

#[test]
fn models_that_do_not_think_are_not_asked_to_and_models_that_do_take_no_sampling() {
    let mut asked = request(Client::ChatCompletions);
    asked.thinking = Some(Given::new(
        "reasoning_effort",
        Thinking { mode: ThinkingMode::Unsaid, effort: Some(Effort::High), summary: Summary::Unsaid },
    ));
    asked.temperature = Some(Given::new("temperature", Number::from(1)));
    asked.seed = Some(Given::new("seed", Number::from(7)));
    asked.stop = Some(Given::new("stop", vec!["END".into()]));
    let plain = write_for(asked.clone(), Kind::OpenAi, "gpt-4.1");
    assert_eq!(named(&plain.losses, Severity::Detail), ["reasoning_effort", "seed"]);
    assert_eq!(plain.body["temperature"], 1);
    assert_eq!(plain.bridge.stops, ["END"]);
    let thinks = write_for(asked.clone(), Kind::OpenAi, "o3");
    assert_eq!(named(&thinks.losses, Severity::Detail), ["temperature", "seed"]);
    assert_eq!(thinks.body["reasoning"], json!({"effort": "high"}));
    let unsettable = write_for(asked, Kind::XAi, "grok-4");
    assert_eq!(named(&unsettable.losses, Severity::Detail), ["reasoning_effort", "seed"]);
}

#[test]
fn a_tool_is_strict_only_where_openai_would_take_it_and_has_a_root_that_it_takes() {
    let written = |parameters: Value| {
        let mut asked = request(Client::AnthropicMessages);
        let (at, name) = ("tools[0]".to_owned(), "f".to_owned());
        let (parameters, strict) = (Some(parameters), Some(true));
        asked.tools = vec![Tool::Function(Function { at, name, description: None, parameters, strict, cache: None })];
        let written = write_for(asked, Kind::OpenAi, "gpt-6");
        (written.body["tools"][0].clone(), written.losses)
    };
    let closed = |required: Value| json!({"type": "object", "properties": {"a": {}}, "required": required, "additionalProperties": false});
    let (tool, losses) = written(closed(json!(["a"])));
    assert_eq!((&tool["strict"], losses.as_slice().len()), (&json!(true), 0));
    let (tool, losses) = written(closed(json!([])));
    assert_eq!((&tool["strict"], named(&losses, Severity::Detail)), (&json!(false), vec!["tools[0].strict"]));
    let (tool, _) = written(json!({"type": "object"}));
    assert_eq!(tool["parameters"], json!({"type": "object", "properties": {}}));
}

#[test]
fn a_search_of_the_web_is_the_vendors_own_or_a_loss() {
    let search = |blocked: &[&str]| {
        Tool::WebSearch(WebSearch {
            at: "tools[0]".into(),
            allowed_domains: vec!["e.com".into()],
            blocked_domains: blocked.iter().map(|domain| (*domain).to_owned()).collect(),
            max_uses: Some(2),
            user_location: None,
            severity: Severity::Meaning,
        })
    };
    let mut asked = request(Client::AnthropicMessages);
    asked.tools = vec![search(&["x.com"])];
    let native = write_for(asked.clone(), Kind::OpenAi, "gpt-6");
    assert_eq!(native.body["tools"], json!([{"type": "web_search", "filters": {"allowed_domains": ["e.com"]}}]));
    assert_eq!(named(&native.losses, Severity::Meaning), ["tools[0].blocked_domains"]);
    assert_eq!(named(&native.losses, Severity::Detail), ["tools[0].max_uses"]);
    let lost = write_for(asked, Kind::Groq, "m");
    assert_eq!(named(&lost.losses, Severity::Meaning), ["tools[0]"]);
    assert!(lost.body.get("tools").is_none());
}

#[test]
fn who_asks_is_named_as_the_vendor_wants_it_and_not_longer_than_it_takes() {
    let mut asked = request(Client::AnthropicMessages);
    asked.end_user = Some(Given::new("metadata.user_id", "u".repeat(90)));
    let openai = write_for(asked.clone(), Kind::OpenAi, "gpt-6").body;
    assert_eq!(openai["safety_identifier"].as_str().map(str::len), Some(64));
    assert_eq!(write_for(asked.clone(), Kind::Azure, "d").body["user"], openai["safety_identifier"]);
    let ollama = write_for(asked, Kind::Ollama, "m");
    assert_eq!(named(&ollama.losses, Severity::Detail), ["metadata.user_id"]);
}

#[test]
fn sound_and_foreign_files_are_losses_of_meaning() {
    let mut asked = request(Client::AnthropicMessages);
    say(&mut asked, Role::User, Body::Audio { data: "AA".into(), format: "wav".into() });
    say(&mut asked, Role::User, Body::Image(Image { source: Source::File("file_1".into()), detail: None }));
    let written = write_for(asked, Kind::OpenAi, "gpt-6");
    assert_eq!(named(&written.losses, Severity::Meaning), ["messages[9].content[0]"; 2]);
}

#[test]
fn a_longer_conversation_begins_with_the_same_items() {
    let mut asked = request(Client::AnthropicMessages);
    say(&mut asked, Role::Assistant, sealed("aip_golden"));
    say(&mut asked, Role::Assistant, call("a:b", "my.tool", CallInput::Json("{}".into())));
    say(&mut asked, Role::User, result("a:b", vec![Body::Text("1".into())], Outcome::Done));
    let first = write_for(asked.clone(), Kind::OpenAi, "gpt-6").body;
    say(&mut asked, Role::Assistant, Body::Text("one".into()));
    say(&mut asked, Role::User, Body::Text("more".into()));
    let second = write_for(asked, Kind::OpenAi, "gpt-6").body;
    let (first, second) = (first["input"].as_array().expect("items"), second["input"].as_array().expect("items"));
    assert_eq!(first.as_slice(), &second[..first.len()]);
}
