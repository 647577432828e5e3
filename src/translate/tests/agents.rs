//! What agents send by themselves must work at every upstream under `LOSS_POLICY=safe`.

use super::*;
use crate::translate::neutral::{Answer, AnswerPart, Begin, Call, CallInput, Reply, UsageChunk};

fn tools_of_codex() -> Value {
    json!([
        {"type": "function", "name": "exec_command", "description": "Runs a command.", "strict": false,
         "parameters": {"type": "object", "properties": {"cmd": {"type": "string"}}, "required": ["cmd"], "additionalProperties": false}},
        {"type": "custom", "name": "apply_patch", "description": "Edits files.",
         "format": {"type": "grammar", "syntax": "lark", "definition": "start: LINE+"}},
        {"type": "tool_search", "execution": "client", "description": "Finds deferred tools.",
         "parameters": {"type": "object", "properties": {"query": {"type": "string"}, "limit": {"type": "number"}}, "required": ["query"]}},
        {"type": "web_search", "external_web_access": false, "search_content_types": ["text", "image"]},
        {"type": "image_generation", "output_format": "png"}
    ])
}

/// As Codex writes it, with its history of a search for tools.
fn codex() -> Value {
    let found = json!([{"type": "namespace", "name": "mcp__calendar", "description": "d", "tools": [
        {"type": "function", "name": "create_event", "description": "d", "defer_loading": true, "strict": false,
         "parameters": {"type": "object", "properties": {}}}]}]);
    json!({
        "model": "gpt-5.4", "instructions": "You are Codex.", "tool_choice": "auto", "parallel_tool_calls": true,
        "input": [
            {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "<permissions/>"}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Book it."}],
             "internal_chat_message_metadata_passthrough": {"turn_id": "t"}},
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAAfromopenai"},
            {"type": "tool_search_call", "call_id": "call_s", "status": "completed", "execution": "client", "arguments": {"query": "calendar", "limit": 1.0}},
            {"type": "tool_search_output", "call_id": "call_s", "status": "completed", "execution": "client", "tools": found},
            {"type": "function_call", "call_id": "call_e", "name": "create_event", "namespace": "mcp__calendar", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call_e", "output": "done"},
            {"type": "tool_search_call", "call_id": "call_t", "status": "completed", "execution": "client", "arguments": {"query": "calendar"}},
            {"type": "tool_search_output", "call_id": "call_t", "status": "completed", "execution": "client", "tools": found},
            {"type": "agent_message", "author": "/root/helper", "recipient": "/root", "content": [{"type": "input_text", "text": "I am done."}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "And?"}]}
        ],
        "tools": tools_of_codex(), "reasoning": {"effort": "high", "summary": "auto"}, "store": false, "stream": true,
        "include": ["reasoning.encrypted_content"], "prompt_cache_key": "0199", "text": {"verbosity": "medium"},
        "client_metadata": {"x-codex-installation-id": "i"}, "service_tier": "priority"
    })
}

#[test]
fn codex_works_everywhere_with_what_it_offers_by_itself() {
    for (upstream, written, dropped) in sent_everywhere(Client::Responses, &codex()) {
        let told = written.to_string();
        for kept in ["exec_command", "apply_patch", "tool_search", "mcp__calendar__create_event", "I am done.", "And?"]
        {
            assert!(told.contains(kept), "{upstream:?} lost {kept}");
        }
        // A search that may see kept pages only is not made a live one, and images are not made; both are named.
        assert!(
            !told.contains("web_search") && !told.contains("googleSearch") && dropped.contains(&"tools[]".to_owned())
        );
    }
}

#[test]
fn a_live_search_beside_other_tools_is_the_upstreams_own_or_dropped() {
    let mut body = codex();
    body["tools"][3] = json!({"type": "web_search", "external_web_access": true});
    for (upstream, written, _) in sent_everywhere(Client::Responses, &body) {
        let told = written["tools"].to_string();
        let searches = told.contains("web_search_20250305") || told.contains("googleSearch");
        let can = matches!(upstream.2, "claude-sonnet-4-5" | "claude-opus-5-5" | "gemini-3-pro");
        assert_eq!(searches, can, "{upstream:?}");
    }
}

#[test]
fn a_vendors_tool_that_is_the_purpose_of_a_call_is_refused() {
    let alone = json!({"model": "m", "input": "x", "tools": [{"type": "image_generation"}]});
    let mut forced = codex();
    forced["tools"] = json!([tools_of_codex()[0], {"type": "web_search"}]);
    forced["tool_choice"] = json!("required");
    let mut data = codex();
    data["tools"] = json!([tools_of_codex()[0], {"type": "file_search", "vector_store_ids": ["vs_1"]}]);
    let nova = UPSTREAMS[10];
    for body in [alone, forced, data] {
        assert!(matches!(attempt(Client::Responses, &body, nova), Err(Untranslatable::Lost(_))), "{body}");
    }
}

#[test]
fn a_search_for_tools_comes_back_as_the_item_that_codex_knows() {
    let Value::Object(echo) = json!({"tools": tools_of_codex()}) else { panic!() };
    let reply = Reply { seed: "r".into(), model: "m".into(), created: 0, usage_chunk: UsageChunk::Unwanted, echo };
    let mut answer = Answer::new(Begin::default());
    let input = CallInput::Json(r#"{"query":"calendar","limit":2.0}"#.into());
    answer.parts.push(AnswerPart::Call(Call { id: "call_s".into(), name: "tool_search".into(), input }));
    let mut item = crate::translate::responses::write_answer(&answer, &reply)["output"][0].take();
    item.as_object_mut().expect("an item").shift_remove("id");
    assert_eq!(
        item.to_string(),
        r#"{"type":"tool_search_call","status":"completed","execution":"client","call_id":"call_s","arguments":{"query":"calendar","limit":2.0}}"#
    );
}

#[test]
fn the_ai_sdks_references_to_thoughts_are_details_and_others_are_refused() {
    let body = |id: &str| json!({"model": "m", "input": [{"role": "user", "content": "x"}, {"type": "item_reference", "id": id}]});
    for upstream in upstreams_of(Client::Responses) {
        assert_eq!(sent(Client::Responses, &body("rs_1"), upstream).1, ["input[]"]);
        let Err(Untranslatable::Lost(refused)) = attempt(Client::Responses, &body("msg_1"), upstream) else { panic!() };
        assert!(refused.message.contains("store: false"), "{}", refused.message);
    }
}

#[test]
fn claude_code_works_everywhere() {
    let body = json!({
        "model": "claude-opus-4-8", "max_tokens": 32000, "stream": true,
        "system": [
            {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.177.01c; cc_entrypoint=cli; cch=36ee5;"},
            {"type": "text", "text": "You are Claude Code.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
        ],
        "thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "metadata": {"user_id": "{\"device_id\":\"d\",\"account_uuid\":\"\",\"session_id\":\"s\"}"},
        "tools": [
            {"name": "Bash", "description": "Runs.", "input_schema": {"$schema": "x", "type": "object", "properties": {"command": {"type": "string"}}}, "eager_input_streaming": true},
            {"name": "mcp__x__y", "description": "d", "input_schema": {"type": "object"}, "defer_loading": true},
            {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"},
            {"type": "advisor_20260301", "name": "advisor", "model": "claude-opus-5"}
        ],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Go."}]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "", "signature": "EqQBnative"},
                {"type": "tool_use", "id": "toolu_1", "name": "ToolSearch", "input": {"query": "y"}},
                {"type": "tool_use", "id": "toolu_2", "name": "Bash", "input": {"command": "ls"}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "tool_reference", "tool_name": "mcp__x__y"}]},
                {"type": "tool_result", "tool_use_id": "toolu_2", "content": "", "is_error": true, "cache_control": {"type": "ephemeral"}}]},
            {"role": "system", "content": "The user opened a file."}
        ]
    });
    for (upstream, written, dropped) in sent_everywhere(Client::AnthropicMessages, &body) {
        let told = written.to_string();
        assert!(
            !told.contains("cch=36ee5") && dropped.contains(&"x-anthropic-billing-header".to_owned()),
            "{upstream:?}"
        );
        assert!(told.contains("mcp__x__y") && told.contains("The user opened a file."), "{upstream:?}");
    }
}

#[test]
fn a_stream_tells_a_search_for_tools_as_a_whole_item() {
    use crate::translate::neutral::{Block, FinishReason, Writer};
    let Value::Object(echo) = json!({"tools": tools_of_codex()}) else { panic!() };
    let reply = Reply { seed: "r".into(), model: "m".into(), created: 0, usage_chunk: UsageChunk::Unwanted, echo };
    let (mut writer, mut out) = (crate::translate::responses::StreamWriter::new(reply), Vec::new());
    writer.begin(&Begin::default(), &mut out);
    writer.open(&Block::Call { id: "call_s".into(), name: "tool_search".into() }, &mut out);
    for piece in [r#"{"query":"#, r#""calendar"}"#] {
        writer.delta(piece, &mut out);
    }
    writer.close(&mut out);
    writer.end(&FinishReason::Done, None, &mut out);
    let text = String::from_utf8(out).expect("UTF-8");
    let events: Vec<Value> =
        text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect();
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().expect("a type")).collect();
    assert_eq!(
        kinds,
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.output_item.done",
            "response.completed"
        ]
    );
    assert_eq!((&events[2]["item"]["arguments"], &events[2]["item"]["status"]), (&json!({}), &json!("in_progress")));
    assert_eq!(events[3]["item"]["arguments"], json!({"query": "calendar"}));
    assert_eq!(events[3]["item"], events[4]["response"]["output"][0]);
    assert!(events.iter().enumerate().all(|(number, event)| event["sequence_number"] == number));
}

/// A conversation that began at OpenAI and goes on at Claude, whose turn the reasoning opened, and back.
#[test]
fn codex_moves_between_providers_in_the_midst_of_a_conversation() {
    let mut body = codex();
    for (upstream, written, dropped) in sent_everywhere(Client::Responses, &body) {
        assert!(!written.to_string().contains("gAAAAfromopenai"), "{upstream:?}");
        assert!(dropped.contains(&"input[].encrypted_content".to_owned()), "{upstream:?}");
    }
    // What OpenAI searched and found in the web is gone, what it said of it stays.
    let searched = json!({"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}});
    body["input"].as_array_mut().expect("items").insert(2, searched);
    sent_everywhere(Client::Responses, &body);
}

#[test]
fn one_more_turn_leaves_what_came_before_as_it_was() {
    let whole = codex();
    let items = whole["input"].as_array().expect("items").clone();
    let first = |count: usize, upstream| {
        let mut body = whole.clone();
        body["input"] = Value::Array(items[..count].to_vec());
        let (written, _) = sent(Client::Responses, &body, upstream);
        ["messages", "contents"].into_iter().find_map(|key| written[key].as_array().cloned()).expect("messages")
    };
    for upstream in upstreams_of(Client::Responses) {
        let longest = first(items.len(), upstream);
        // The places after which Codex really calls: the user's words and its tools' results.
        for count in [2, 5, 7, 9] {
            let shorter = first(count, upstream);
            let common = shorter.len() - 1;
            let strip = |messages: &[Value]| {
                json!(messages).to_string().replace(r#","cache_control":{"type":"ephemeral"}"#, "")
            };
            assert_eq!(strip(&shorter[..common]), strip(&longest[..common]), "{upstream:?} {count}");
        }
    }
}
