//! What a client's own vendor bears.

use super::*;

fn chat(messages: Value) -> Value {
    json!({"model": "m", "messages": messages})
}

fn with(mut body: Value, more: Value) -> Value {
    let (Some(all), Value::Object(more)) = (body.as_object_mut(), more) else { panic!("objects") };
    all.extend(more);
    body
}

fn call(id: &str, name: &str, arguments: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}

fn called(calls: Value) -> Value {
    json!({"role": "assistant", "content": null, "tool_calls": calls})
}

fn result(id: &str, content: Value) -> Value {
    json!({"role": "tool", "tool_call_id": id, "content": content})
}

fn user(content: impl Into<Value>) -> Value {
    json!({"role": "user", "content": content.into()})
}

fn function(name: &str, parameters: Value) -> Value {
    json!({"type": "function", "function": {"name": name, "parameters": parameters}})
}

#[test]
fn a_chat_of_any_shape_keeps_every_vendors_rules() {
    let long = "fc_0123456789012345678901234567890123456789012345678901".to_owned();
    let assistant = |content: Value| json!({"role": "assistant", "content": content});
    for messages in [
        json!([{"role": "system", "content": "Only the operator speaks."}]),
        json!([assistant("I begin.".into()), user("Go on.")]),
        json!([user("One."), user("Two."), user("Three.")]),
        json!([user("")]),
        json!([user(json!([]))]),
        json!([user("x"), assistant(Value::Null), user("y")]),
        json!([user("x"), assistant("".into()), user("y")]),
        json!([user("x"), assistant(json!([])), user("y")]),
        json!([user("x"), assistant("   ".into())]),
        json!([{"role": "system", "content": ""}, user("x")]),
        json!([user("x"), assistant("prefilled: ".into())]),
        json!([user("x"), {"role": "developer", "content": "Late."}, user("y")]),
        json!([user("x"), assistant("y".into()), {"role": "developer", "content": "Late and last."}]),
        json!([user("x"), {"role": "assistant", "content": null, "refusal": "No."}, user("y")]),
        json!([user("x"), {"role": "assistant", "content": null, "reasoning_content": "Thought only."}, user("y")]),
        json!([user("x"), result("nobody", "stray".into()), user("y")]),
        json!([result("nobody", "".into())]),
        json!([
            user("x"),
            called(json!([call("a", "f", "{}"), call("b", "f", "{}")])),
            result("a", "1".into()),
            user("y")
        ]),
        json!([user("x"), called(json!([call("a", "f", "{}")]))]),
        json!([user("x"), called(json!([call("a", "f", "{}")])), user("interrupted")]),
        json!([user("x"), called(json!([call("a", "f", "{}")])), user("first"), result("a", "late".into())]),
        json!([user("x"), called(json!([call("a", "f", "{}")])), {"role": "system", "content": "n"}, result("a", "1".into())]),
        json!([user("x"), called(json!([call("a", "f", "{}")])), result("a", "1".into()), result("a", "again".into())]),
        json!([
            user("x"),
            called(json!([call("0", "f", "{}")])),
            result("0", "1".into()),
            called(json!([call("0", "f", "{}")])),
            result("0", "2".into())
        ]),
        json!([
            user("x"),
            called(json!([call("a", "f", "{}"), call("a", "f", "{}")])),
            result("a", "1".into()),
            result("a", "2".into())
        ]),
        json!([user("x"), called(json!([call(&long, "f", "{}")])), result(&long, "1".into())]),
        json!([
            user("x"),
            called(json!([call("a", "f", ""), call("b", "f", "{oops"), call("c", "f", "[1]"), call("d", "f", "null")])),
            result("a", Value::Null),
            result("b", "".into()),
            result("c", json!([])),
            result("d", " ".into())
        ]),
        json!([user("x"), {"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": ""}},
               {"role": "function", "name": "f", "content": "1"}]),
    ] {
        let bare = chat(messages);
        sent_everywhere(Client::ChatCompletions, &bare);
        let tools = json!([function("f", json!({"type": "object", "properties": {"x": {"type": "string"}}}))]);
        sent_everywhere(Client::ChatCompletions, &with(bare.clone(), json!({"tools": tools})));
        sent_everywhere(Client::ChatCompletions, &with(bare, json!({"tools": tools, "reasoning_effort": "high"})));
    }
}

#[test]
fn tools_of_any_shape_keep_every_vendors_rules() {
    let mut deep = json!({"type": "string"});
    for _ in 0..40 {
        deep = json!({"type": "object", "properties": {"in": deep}});
    }
    let many: Vec<Value> = (0..100).map(|n| function(&format!("tool_{n}"), json!({"type": "object"}))).collect();
    for tools in [
        json!([{"type": "function", "function": {"name": "nothing"}}]),
        json!([function("empty", json!({}))]),
        json!([function("bare", json!({"type": "object"}))]),
        json!([function("deep", deep)]),
        json!([
            function(&"long_".repeat(20), json!({"type": "object"})),
            function("größe", json!({})),
            function("a.b/c", json!({}))
        ]),
        json!([function(
            "choice",
            json!({"anyOf": [{"type": "object", "properties": {"a": {}}}, {"type": "object", "properties": {"b": {}}}]})
        )]),
        json!([function(
            "named",
            json!({"$ref": "#/definitions/A", "definitions": {"A": {"type": "object", "properties": {"a": {}}}}})
        )]),
        Value::Array(many),
    ] {
        let named = tools[0]["function"]["name"].clone();
        for choice in
            [json!("auto"), json!("required"), json!("none"), json!({"type": "function", "function": {"name": named}})]
        {
            let body = with(
                chat(json!([user("x")])),
                json!({"tools": tools, "tool_choice": choice, "parallel_tool_calls": false}),
            );
            sent_everywhere(Client::ChatCompletions, &body);
        }
    }
}

#[test]
fn settings_at_their_ends_are_borne() {
    for more in [
        json!({"stop": "END"}),
        json!({"stop": ["a", "b", "c", "d", "e"]}),
        json!({"stop": [" ", "\n", "x"]}),
        json!({"stop": ""}),
        json!({"max_tokens": 1}),
        json!({"max_completion_tokens": 1, "reasoning_effort": "high"}),
        json!({"max_completion_tokens": 1_000_000, "reasoning_effort": "max"}),
        json!({"temperature": 2, "top_p": 1, "n": 1, "presence_penalty": 0, "frequency_penalty": 0}),
        json!({"tool_choice": "auto"}),
        json!({"tool_choice": "none", "parallel_tool_calls": true}),
        json!({"parallel_tool_calls": false, "tools": []}),
        json!({"response_format": {"type": "text"}}),
        json!({"response_format": {"type": "json_object"}}),
        json!({"metadata": (0..20).map(|n| (n.to_string(), json!("v"))).collect::<Map<_, _>>()}),
        json!({"user": "u".repeat(300)}),
    ] {
        sent_everywhere(Client::ChatCompletions, &with(chat(json!([user("x")])), more));
    }
}

#[test]
fn a_blank_stop_sequence_is_looked_for_where_the_vendor_refuses_it() {
    let body = with(chat(json!([user("x")])), json!({"stop": ["\n\n", "END"]}));
    let claude = UPSTREAMS[5];
    let (written, dropped) = sent(Client::ChatCompletions, &body, claude);
    assert_eq!((&written["stop_sequences"], dropped.len()), (&json!(["END"]), 0));
}

#[test]
fn a_limit_beyond_the_models_is_lowered() {
    let body = json!({"model": "m", "max_tokens": 64_000, "messages": [user("x")]});
    for (upstream, written, dropped) in sent_everywhere(Client::AnthropicMessages, &body) {
        let limit = [
            "/max_completion_tokens",
            "/max_tokens",
            "/max_output_tokens",
            "/generationConfig/maxOutputTokens",
            "/inferenceConfig/maxTokens",
        ]
        .iter()
        .find_map(|place| written.pointer(place)?.as_u64());
        let expected = match upstream.2 {
            "gpt-4o" => 16_384,
            "us.amazon.nova-pro-v1:0" => 10_000,
            _ => 64_000,
        };
        assert_eq!((limit, dropped.len()), (Some(expected), 0), "{upstream:?}");
    }
}

#[test]
fn what_is_no_request_is_refused_by_its_field() {
    for (body, field) in [
        (chat(json!([])), "messages"),
        (with(chat(json!([user("x")])), json!({"tool_choice": "required"})), "tool_choice"),
        (with(chat(json!([user("x")])), json!({"n": 2})), "n"),
    ] {
        for upstream in upstreams_of(Client::ChatCompletions) {
            let Err(Untranslatable::Invalid(refused) | Untranslatable::Lost(refused)) =
                attempt(Client::ChatCompletions, &body, upstream)
            else {
                panic!("{upstream:?} took {body}")
            };
            assert_eq!(refused.param, field);
        }
    }
}

#[test]
fn a_messages_conversation_of_any_shape_keeps_every_vendors_rules() {
    let assistant = |content: Value| json!({"role": "assistant", "content": content});
    let thought = json!({"type": "thinking", "thinking": "hm", "signature": "EqQBnative"});
    let tool_use = |id: &str| json!({"type": "tool_use", "id": id, "name": "f", "input": {}});
    let said = |text: &str| json!({"type": "text", "text": text});
    let tool_result = |id: &str, content: Value| json!({"type": "tool_result", "tool_use_id": id, "content": content});
    let png = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}});
    for messages in [
        json!([user("x"), assistant(json!([thought])), user("y")]),
        json!([user("x"), assistant(json!([thought]))]),
        json!([user("x"), assistant(json!([thought, said(" ")])), user("y")]),
        json!([user("x"), assistant(json!([])), user("y")]),
        json!([user("x"), assistant("prefilled ".into())]),
        json!([user(json!([said("a"), said("")])), user("b")]),
        json!([
            user("x"),
            assistant(json!([thought, tool_use("a")])),
            user(json!([said("first"), tool_result("a", json!([]))]))
        ]),
        json!([
            user("x"),
            assistant(json!([tool_use("a"), tool_use("b")])),
            user(json!([tool_result("b", json!([png]))]))
        ]),
        json!([
            user("x"),
            assistant(json!([tool_use("a")])),
            assistant(json!([tool_use("b")])),
            user(json!([tool_result("a", "1".into()), tool_result("b", "2".into())]))
        ]),
        json!([
            user("x"),
            assistant(json!([tool_use("a")])),
            user("stop"),
            assistant("ok".into()),
            user(json!([tool_result("a", "late".into())]))
        ]),
        json!([{"role": "system", "content": "s"}, user("x"), {"role": "system", "content": [said("late")]}]),
        json!([user("x"), assistant(json!([tool_use("a")])), {"role": "system", "content": "mid"}, user(json!([tool_result("a", "1".into())]))]),
        json!([
            user("x"),
            assistant(json!([{"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}])),
            user("y")
        ]),
    ] {
        for thinking in [
            json!({"type": "disabled"}),
            json!({"type": "adaptive"}),
            json!({"type": "enabled", "budget_tokens": 2048}),
        ] {
            let body = json!({"model": "m", "max_tokens": 4096, "messages": messages, "thinking": thinking});
            sent_everywhere(Client::AnthropicMessages, &body);
            let tools =
                json!([{"name": "f", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}}]);
            sent_everywhere(Client::AnthropicMessages, &with(body, json!({"tools": tools})));
        }
    }
}

#[test]
fn a_responses_input_of_any_shape_keeps_every_vendors_rules() {
    let say = |role: &str, text: &str| json!({"type": "message", "role": role, "content": text});
    let fc = |id: &str| json!({"type": "function_call", "call_id": id, "name": "f", "arguments": ""});
    let out = |id: &str, output: Value| json!({"type": "function_call_output", "call_id": id, "output": output});
    let thought = json!({"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": null});
    for input in [
        json!(""),
        json!("x"),
        json!([say("developer", "only")]),
        json!([say("assistant", "first"), say("user", "x")]),
        json!([say("user", "x"), thought]),
        json!([say("user", "x"), thought, say("user", "y")]),
        json!([say("user", "x"), fc("a"), say("user", "interrupts"), out("a", "1".into())]),
        json!([
            say("user", "x"),
            fc("a"),
            fc("b"),
            out("a", "1".into()),
            say("assistant", "wait"),
            out("b", json!([]))
        ]),
        json!([
            say("user", "x"),
            fc("a"),
            say("developer", "note"),
            out("a", "".into()),
            fc("a"),
            out("a", "2".into())
        ]),
        json!([out("z", "stray".into()), say("user", "x")]),
        json!([say("user", "x"), fc("a")]),
        json!([say("user", "x"), {"type": "custom_tool_call", "call_id": "c", "name": "p", "input": ""}, {"type": "custom_tool_call_output", "call_id": "c", "output": "ok"}]),
        json!([say("user", "x"), {"type": "local_shell_call", "id": "l", "call_id": "c", "status": "completed", "action": {"type": "exec", "command": ["ls"], "env": {}}},
               {"type": "local_shell_call_output", "id": "c", "output": "a"}]),
    ] {
        let body = json!({"model": "m", "input": input});
        sent_everywhere(Client::Responses, &body);
        let tools =
            json!([{"type": "function", "name": "f"}, {"type": "custom", "name": "p"}, {"type": "local_shell"}]);
        sent_everywhere(Client::Responses, &with(body, json!({"tools": tools, "reasoning": {"effort": "high"}})));
    }
}

#[test]
fn sealed_thoughts_come_back_before_what_they_led_to_even_if_the_call_was_interrupted() {
    use crate::translate::neutral::Signature;
    let sealed = |protocol, payload: Value| {
        Signature { protocol, provider: "aip_1".into(), payload: payload.to_string() }.pack()
    };
    let item = json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"});
    let tool_use = json!({"type": "tool_use", "id": "a", "name": "f", "input": {}});
    let thought = json!({"type": "redacted_thinking", "data": sealed(Protocol::Responses, item.clone())});
    let body = json!({"model": "m", "max_tokens": 4096, "thinking": {"type": "adaptive"},
        "messages": [user("x"), {"role": "assistant", "content": [thought, tool_use]}, user("stop")]});
    let (written, _) = sent(Client::AnthropicMessages, &body, UPSTREAMS[3]);
    assert_eq!((&written["input"][1], &written["input"][2]["type"]), (&item, &json!("function_call")));
    let thinking = json!({"type": "thinking", "thinking": "hm", "signature": "EqQB"});
    let details = json!([{"type": "reasoning.encrypted", "data": sealed(Protocol::AnthropicMessages, thinking.clone()), "index": 0}]);
    let mut turn = called(json!([call("a", "f", "{}")]));
    turn["reasoning_details"] = details;
    let body = with(chat(json!([user("x"), turn, user("stop")])), json!({"reasoning_effort": "high"}));
    let (written, dropped) = sent(Client::ChatCompletions, &body, UPSTREAMS[5]);
    assert_eq!(
        (&written["messages"][1]["content"][0], &written["thinking"]["type"], dropped.len()),
        (&thinking, &json!("enabled"), 0)
    );
}
