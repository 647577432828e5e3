//! Requests for upstreams.

use super::{golden, object};
use crate::domain::kind::Kind;
use crate::domain::protocol::Protocol;
use crate::translate::chat::{read_request, write_request};
use crate::translate::neutral::{
    Body, Bridge, Call, CallInput, Client, Format, Given, Losses, Outcome, Parallel, Part, Reasoned, Request, Role,
    Sent, Signature, Summary, Target, Thinking, ThinkingMode, ToolResult,
};
use serde_json::{Map, Value, json};

struct Written {
    body: Value,
    bridge: Bridge,
    losses: Losses,
}

fn write(request: Request, kind: Kind, model: &str) -> Written {
    let (mut bridge, mut losses, defaults) = (Bridge::default(), Losses::default(), Map::new());
    let target = Target { protocol: Protocol::ChatCompletions, kind, model, provider: "aip_1", defaults: &defaults };
    let body = write_request(request, &target, &mut bridge, &mut losses).unwrap();
    Written { body: Value::Object(body), bridge, losses }
}

fn of_chat(body: Value, kind: Kind, model: &str) -> Written {
    let request = read_request(object(body), &mut Losses::default()).unwrap_or_else(|invalid| panic!("{invalid}"));
    write(request, kind, model)
}

fn lost(written: &Written) -> Vec<&str> {
    written.losses.as_slice().iter().map(|loss| loss.field.as_str()).collect()
}

fn conversation(parts: Vec<(Role, Body)>) -> Request {
    let mut request = Request::new(Client::AnthropicMessages);
    parts.into_iter().for_each(|(role, body)| request.say(role, Part::new("messages[0].content[0]", body)));
    request.pair_results(&mut Losses::default());
    request
}

fn call(id: &str, name: &str, json: &str) -> Body {
    Body::Call(Call { id: id.into(), name: name.into(), input: CallInput::Json(json.into()) })
}

fn result(call_id: &str, content: Vec<Part>, outcome: Outcome) -> Body {
    Body::Result(ToolResult { call_id: call_id.into(), name: None, content, outcome })
}

#[test]
fn a_request_of_this_protocol_survives_its_own_round_trip() {
    for scenario in ["hello", "images", "structured", "thinking"] {
        let body: Value = serde_json::from_str(&golden(&format!("requests/chat_completions/{scenario}.json"))).unwrap();
        let mut written = of_chat(body.clone(), Kind::OpenAi, "gpt-5.2");
        for key in ["model", "messages", "max_completion_tokens", "response_format", "reasoning_effort"] {
            if scenario == "images" && key == "messages" {
                continue;
            }
            let expected = if key == "model" { json!("gpt-5.2") } else { body[key].clone() };
            assert_eq!(written.body[key].take(), expected, "{scenario} {key}");
        }
        assert_eq!(lost(&written), Vec::<&str>::new(), "{scenario}");
    }
}

#[test]
fn results_follow_their_calls_one_message_each_before_what_the_user_says() {
    let mut request = conversation(vec![
        (Role::User, Body::Text("a".into())),
        (Role::Assistant, Body::Text("I'll ".into())),
        (Role::Assistant, Body::Text("look.".into())),
        (Role::Assistant, call("toolu:1", "f", "{\"x\":1.0}")),
        (Role::Assistant, call("2", "f", "")),
        (Role::User, Body::Text("and?".into())),
        (Role::User, result("2", vec![Part::new("b", Body::Text("no".into()))], Outcome::Failed)),
        (Role::User, result("toolu:1", vec![], Outcome::Done)),
    ]);
    request.system = vec![Part::new("system", Body::Text("s".into())), Part::new("system", Body::Text("t".into()))];
    let written = write(request, Kind::OpenAi, "gpt-4o");
    let fitted = written.body["messages"][2]["tool_calls"][0]["id"].clone();
    assert!(fitted.as_str().unwrap().starts_with("call_"));
    assert_eq!(
        written.body["messages"],
        json!([
            {"role": "system", "content": "s\n\nt"},
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "I'll look.", "tool_calls": [
                {"id": fitted, "type": "function", "function": {"name": "f", "arguments": "{\"x\":1.0}"}},
                {"id": "2", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            ]},
            {"role": "tool", "tool_call_id": "2", "content": "Error: no"},
            {"role": "tool", "tool_call_id": fitted, "content": ""},
            {"role": "user", "content": "and?"},
        ])
    );
}

#[test]
fn an_image_of_a_result_moves_to_the_users_next_message() {
    let written = of_chat(
        serde_json::from_str(&golden("requests/chat_completions/images.json")).unwrap(),
        Kind::OpenAi,
        "gpt-4o",
    );
    let messages = written.body["messages"].as_array().unwrap();
    assert_eq!(messages[1]["content"], Value::Null);
    assert_eq!(messages[2]["content"], "Here it is.\n(image: see the user's next message)");
    assert_eq!(messages[3]["content"][0], json!({"type": "text", "text": "image from tool screenshot"}));
    assert!(messages[3]["content"][1]["image_url"]["url"].as_str().unwrap().starts_with("data:image/png;base64,iVBOR"));
}

#[test]
fn what_the_model_refuses_is_left_out_and_stops_are_emulated() {
    let body = json!({"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}],
        "max_tokens": 5, "temperature": 0.5, "top_p": 0.9, "presence_penalty": 1, "stop": ["x", "y"], "verbosity": "low",
        "tools": [{"type": "function", "function": {"name": "f"}}], "parallel_tool_calls": false});
    let written = of_chat(body.clone(), Kind::OpenAi, "o3");
    assert_eq!(lost(&written), ["temperature", "top_p", "presence_penalty", "verbosity"]);
    assert_eq!(written.bridge.stops, ["x", "y"]);
    assert_eq!(written.bridge.calls, Parallel::Forbidden);
    assert_eq!(written.body["messages"][0]["role"], "developer");
    assert_eq!((&written.body["max_completion_tokens"], written.body.get("stop")), (&json!(5), None));

    let written = of_chat(body.clone(), Kind::XAi, "grok-4");
    assert_eq!(lost(&written), ["presence_penalty", "verbosity"]);
    assert_eq!(written.bridge.stops, ["x", "y"]);
    assert_eq!(written.body["parallel_tool_calls"], false);

    let written = of_chat(body, Kind::Custom, "llama");
    assert_eq!(lost(&written), ["verbosity"]);
    assert_eq!(written.bridge.calls, Parallel::Forbidden);
    assert_eq!((&written.body["max_tokens"], &written.body["stop"]), (&json!(5), &json!(["x", "y"])));
    assert_eq!(written.body["messages"][0]["role"], "system");
}

#[test]
fn stops_beyond_the_fourth_are_emulated() {
    let body = json!({"messages": [{"role": "user", "content": "x"}], "stop": ["1", "2", "3", "4", "5"]});
    let written = of_chat(body, Kind::OpenAi, "gpt-4o");
    assert_eq!(written.body["stop"], json!(["1", "2", "3", "4"]));
    assert_eq!(written.bridge.stops, ["5"]);
}

#[test]
fn a_budget_becomes_an_effort_where_models_are_known_to_think() {
    let thinking = |mode, effort| {
        let mut request = conversation(vec![(Role::User, Body::Text("a".into()))]);
        request.thinking = Some(Given::new("thinking", Thinking { mode, effort, summary: Summary::Unsaid }));
        request
    };
    for (mode, kind, model, effort, losses) in [
        (ThinkingMode::Budget(2048), Kind::OpenAi, "gpt-5", Some("medium"), 0),
        (ThinkingMode::Off, Kind::OpenAi, "gpt-5", Some("minimal"), 0),
        (ThinkingMode::Off, Kind::OpenAi, "gpt-5.2", Some("none"), 0),
        (ThinkingMode::Adaptive, Kind::XAi, "grok-4.5", Some("medium"), 0),
        (ThinkingMode::Budget(9000), Kind::Groq, "qwen/qwen3-32b", Some("default"), 0),
        (ThinkingMode::Budget(9000), Kind::OpenAi, "gpt-4o", None, 1),
        (ThinkingMode::Off, Kind::OpenAi, "gpt-4o", None, 0),
        (ThinkingMode::Budget(9000), Kind::Custom, "x", None, 1),
        (ThinkingMode::Off, Kind::Custom, "x", None, 0),
    ] {
        let written = write(thinking(mode, None), kind, model);
        assert_eq!(written.body.get("reasoning_effort").and_then(Value::as_str), effort, "{mode:?} {model}");
        assert_eq!(lost(&written).len(), losses, "{mode:?} {model}");
    }
    let named = write(thinking(ThinkingMode::Unsaid, Some(crate::translate::neutral::Effort::Max)), Kind::Custom, "x");
    assert_eq!(named.body["reasoning_effort"], "max");
    let parsed = write(thinking(ThinkingMode::Off, None), Kind::Groq, "qwen/qwen3-32b");
    assert_eq!(parsed.body["reasoning_format"], "parsed");
}

#[test]
fn a_freeform_tool_is_wrapped_where_there_are_functions_only() {
    let body: Value = serde_json::from_str(&golden("requests/chat_completions/agent.json")).unwrap();
    let native = of_chat(body.clone(), Kind::OpenAi, "gpt-5.2");
    assert_eq!(native.body["tools"][1], body["tools"][1]);
    assert_eq!(native.body["messages"][7]["tool_calls"][0], body["messages"][7]["tool_calls"][0]);
    let wrapped = of_chat(body, Kind::Groq, "openai/gpt-oss-120b");
    let function = &wrapped.body["tools"][1]["function"];
    assert_eq!(function["parameters"]["required"], json!(["input"]));
    assert!(function["description"].as_str().unwrap().contains("start: /.+/"));
    let call = &wrapped.body["messages"][7]["tool_calls"][0];
    assert_eq!(
        call["function"]["arguments"],
        json!({"input": "*** Begin Patch\n-a - b\n+a + b\n*** End Patch"}).to_string()
    );
    assert_eq!(wrapped.bridge.names.restore("apply_patch"), ("apply_patch", Sent::Wrapped));
}

#[test]
fn allowed_tools_are_chosen_or_the_others_left_out() {
    let body = json!({"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": {"name": "f"}},
        {"type": "function", "function": {"name": "g"}}],
        "tool_choice": {"type": "allowed_tools", "allowed_tools":
            {"mode": "required", "tools": [{"type": "function", "function": {"name": "g"}}]}}});
    let native = of_chat(body.clone(), Kind::OpenAi, "gpt-5");
    assert_eq!(native.body["tool_choice"], body["tool_choice"]);
    let filtered = of_chat(body, Kind::Ollama, "qwen3");
    assert_eq!(filtered.body["tools"].as_array().unwrap().len(), 1);
    assert_eq!(filtered.body["tool_choice"], "required");
    let none =
        of_chat(json!({"messages": [{"role": "user", "content": "x"}], "tool_choice": "none"}), Kind::OpenAi, "gpt-5");
    assert_eq!(none.body.get("tool_choice"), None);
}

#[test]
fn a_schema_is_strict_only_where_openai_would_take_it() {
    let strict = |schema: Value, strict: Option<bool>, kind| {
        let mut request = conversation(vec![]);
        let format = Format::JsonSchema { name: None, description: None, schema, strict };
        request.format = Some(Given::new("output_config.format", format));
        write(request, kind, "gpt-5").body["response_format"]["json_schema"].take()
    };
    let closed = json!({"type": "object", "properties": {"a": {"type": "array", "items":
        {"type": "object", "properties": {}, "additionalProperties": false}}}, "required": ["a"], "additionalProperties": false});
    let open = json!({"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {}}}}, "required": ["a"],
        "additionalProperties": false});
    assert_eq!(
        strict(closed.clone(), None, Kind::OpenAi),
        json!({"name": "response", "strict": true, "schema": closed})
    );
    assert_eq!(strict(open.clone(), None, Kind::OpenAi)["strict"], false);
    assert_eq!(strict(closed.clone(), Some(false), Kind::OpenAi)["strict"], false);
    assert_eq!(strict(closed, None, Kind::Custom).get("strict"), None);
    let tool = json!({"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function":
        {"name": "f", "strict": true, "parameters": open}}]});
    let written = of_chat(tool, Kind::OpenAi, "gpt-5");
    assert_eq!(written.body["tools"][0]["function"]["strict"], false);
    assert_eq!(lost(&written), ["tools[0].strict"]);
}

#[test]
fn files_and_sound_go_where_they_are_read() {
    let body: Value = serde_json::from_str(&golden("requests/chat_completions/documents.json")).unwrap();
    let openai = of_chat(body.clone(), Kind::OpenAi, "gpt-5.2");
    let content = &openai.body["messages"][0]["content"];
    assert_eq!(content[0], body["messages"][0]["content"][0]);
    assert_eq!(content[1]["text"], "<document title=\"notes.txt\">\nGrüße: the tower is 330 m high.\n\n</document>");
    let groq = of_chat(body, Kind::Groq, "llama");
    assert_eq!(lost(&groq), ["messages[0].content[0]"]);
    let search = of_chat(
        json!({"messages": [{"role": "user", "content": "x"}], "web_search_options": {}}),
        Kind::OpenAi,
        "gpt-5",
    );
    assert_eq!(lost(&search), ["web_search_options"]);
    let search = of_chat(
        json!({"messages": [{"role": "user", "content": "x"}], "web_search_options": {}}),
        Kind::OpenAi,
        "gpt-4o-search-preview",
    );
    assert_eq!(search.body["web_search_options"], json!({}));
}

#[test]
fn thoughts_go_back_to_whoever_thought_them_in_the_field_they_came_in() {
    let reasoned = |provider: &str| {
        let payload = "{\"field\":\"reasoning\"}".to_owned();
        let signature = Signature { protocol: Protocol::ChatCompletions, provider: provider.into(), payload };
        Body::Reasoning(Reasoned { text: "hm".into(), signature: Some(signature) })
    };
    let turn =
        |reasoned: Body| conversation(vec![(Role::Assistant, reasoned), (Role::Assistant, Body::Text("a".into()))]);
    let mine = write(turn(reasoned("aip_1")), Kind::Custom, "deepseek").body;
    assert_eq!(mine["messages"][0], json!({"role": "assistant", "content": "a", "reasoning": "hm"}));
    for (body, kind) in [
        (reasoned("aip_2"), Kind::Custom),
        (reasoned("aip_1"), Kind::OpenAi),
        (Body::Reasoning(Reasoned { text: "hm".into(), signature: None }), Kind::Custom),
    ] {
        let written = write(turn(body), kind, "m");
        assert_eq!(written.body["messages"][0], json!({"role": "assistant", "content": "a"}));
        assert_eq!(lost(&written), Vec::<&str>::new());
    }
}

#[test]
fn cache_marks_are_kept_where_the_model_knows_them() {
    let body: Value = serde_json::from_str(&golden("requests/chat_completions/agent.json")).unwrap();
    let marked = of_chat(body.clone(), Kind::OpenAi, "gpt-5.6").body;
    assert_eq!(marked["messages"][0]["content"][1]["prompt_cache_breakpoint"], json!({"mode": "explicit"}));
    let unmarked = of_chat(body, Kind::OpenAi, "gpt-5.2").body;
    assert_eq!(unmarked["messages"][0]["content"], "You are a coding agent.\n\nWorking directory: /src");
}

#[test]
fn a_stream_always_brings_its_usage_and_notes_go_where_they_are_known() {
    let body = json!({"messages": [{"role": "user", "content": "x"}], "stream": true, "user": "x".repeat(100), "metadata": {"a": "b"},
        "service_tier": "flex", "prompt_cache_key": "k", "store": false});
    let written = of_chat(body.clone(), Kind::OpenAi, "gpt-5");
    assert_eq!(written.body["stream_options"], json!({"include_usage": true}));
    assert_eq!(written.body["safety_identifier"].as_str().unwrap().len(), 43);
    assert_eq!((&written.body["service_tier"], &written.body["prompt_cache_key"]), (&json!("flex"), &json!("k")));
    assert_eq!(written.body.get("store"), None);
    assert_eq!(lost(&written), ["metadata"]);
    let ollama = of_chat(body, Kind::Ollama, "m");
    assert_eq!(lost(&ollama), ["user", "prompt_cache_key", "metadata", "service_tier"]);
}

#[test]
fn a_longer_conversation_begins_like_the_shorter_one() {
    let body: Value = serde_json::from_str(&golden("requests/chat_completions/agent.json")).unwrap();
    let whole = of_chat(body.clone(), Kind::Groq, "llama").body;
    let mut cut = body;
    cut["messages"].as_array_mut().unwrap().truncate(7);
    let shorter = of_chat(cut, Kind::Groq, "llama").body;
    let shorter = shorter["messages"].as_array().unwrap();
    assert_eq!(shorter[..], whole["messages"].as_array().unwrap()[..shorter.len()]);
}

#[test]
fn a_model_that_refuses_to_think_with_tools_is_not_asked_to() {
    let body = |tools: bool| {
        let mut body = json!({"messages": [{"role": "user", "content": "x"}], "reasoning_effort": "high"});
        if tools {
            body["tools"] = json!([{"type": "function", "function": {"name": "f"}}]);
        }
        body
    };
    for (model, tools, effort, losses) in [
        ("gpt-5.2", true, Some("high"), vec![]),
        ("gpt-5.4", true, None, vec!["reasoning_effort"]),
        ("gpt-5.5", true, Some("none"), vec!["reasoning_effort"]),
        ("gpt-5.6-terra", true, Some("none"), vec!["reasoning_effort"]),
        ("gpt-5.6-terra", false, Some("high"), vec![]),
        ("gpt-6", true, Some("high"), vec![]),
    ] {
        let written = of_chat(body(tools), Kind::OpenAi, model);
        assert_eq!(written.body.get("reasoning_effort").and_then(Value::as_str), effort, "{model}");
        assert_eq!(lost(&written), losses, "{model}");
    }
    let mut unsaid = body(true);
    unsaid.as_object_mut().unwrap().remove("reasoning_effort");
    let written = of_chat(unsaid, Kind::Azure, "gpt-5.6");
    assert_eq!((&written.body["reasoning_effort"], lost(&written)), (&json!("none"), vec![]));
}
