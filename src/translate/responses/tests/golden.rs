use super::*;
use std::path::PathBuf;

fn folder(kind: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(kind).join("responses")
}

fn bytes(kind: &str, file: &str) -> Vec<u8> {
    std::fs::read(folder(kind).join(file)).expect("a fixture")
}

const ANSWERS: [&str; 8] =
    ["text", "tools", "thinking_tools", "thinking_text", "refusal", "length", "citations", "unicode"];

#[test]
fn a_stream_adds_up_to_the_whole_answer() {
    for name in ANSWERS {
        let whole = serde_json::from_slice(&bytes("answers", &format!("{name}.json"))).expect("JSON");
        let whole = read_answer(whole, &origin()).expect("an answer");
        let events = streamed(&bytes("answers", &format!("{name}.sse")));
        assert_eq!(events.last(), Some(&Event::End), "{name}");
        assert_eq!(added_up(events), whole, "{name}");
    }
}

#[test]
fn a_clients_stream_ends_with_the_whole_response() {
    let echo = json!({"instructions": "Be brief.", "tools": [{"type": "function", "name": "f"}]});
    for name in ANSWERS {
        let events = streamed(&bytes("answers", &format!("{name}.sse")));
        let stream = told(&write_stream(&events, reply(echo.clone())));
        let whole = write_answer(&added_up(events), &reply(echo.clone()));
        assert_eq!(stream.last().expect("an end")["response"], whole, "{name}");
        let items: Vec<_> = stream.iter().filter(|event| event["type"] == "response.output_item.done").collect();
        for (index, item) in items.iter().enumerate() {
            assert_eq!((&item["output_index"], &item["item"]), (&json!(index), &whole["output"][index]), "{name}");
        }
        assert_eq!(items.len(), whole["output"].as_array().expect("output").len(), "{name}");
    }
}

#[test]
fn unknown_events_items_and_comments_are_skipped() {
    let answer = added_up(streamed(&bytes("answers", "unknown_events.sse")));
    assert_eq!(write_answer(&answer, &reply(json!({})))["output"][0]["content"][0]["text"], "Still here.");
    assert_eq!(answer.parts.len(), 1);
}

#[test]
fn an_error_in_a_stream_is_told_with_its_status_and_without_an_end() {
    let events = streamed(&bytes("answers", "error.sse"));
    let Some(Event::Error(fault)) = events.last() else { panic!("{events:?}") };
    assert_eq!((fault.status, fault.code.as_deref()), (429, Some("rate_limit_exceeded")));
    assert!(!events.contains(&Event::End));
    let unary = read_fault(429, None, &bytes("answers", "error.json"));
    assert_eq!((&unary.message, &unary.code), (&fault.message, &fault.code));
}

#[test]
fn every_golden_request_is_read_and_written_again_without_a_loss_of_meaning() {
    for entry in std::fs::read_dir(folder("requests")).expect("a folder") {
        let path = entry.expect("a file").path();
        let body: Value = serde_json::from_slice(&std::fs::read(&path).expect("bytes")).expect("JSON");
        let (request, losses) = read(body.clone());
        let is_lossy = path.file_stem().is_some_and(|name| name == "losses");
        assert_eq!(losses.as_slice().is_empty(), !is_lossy, "{path:?}: {losses:?}");
        let written = write_for(request.clone(), Kind::OpenAi, "gpt-6");
        if !is_lossy {
            assert_eq!(named(&written.losses, Severity::Meaning), [""; 0], "{path:?}");
        }
        assert_eq!(write_for(request, Kind::OpenAi, "gpt-6").body, written.body);
    }
}

#[test]
fn codexs_request_goes_to_openai_as_codex_means_it() {
    let body: Value = serde_json::from_slice(&bytes("requests", "agent.json")).expect("JSON");
    let (input, tool) = (body["input"].clone(), body["tools"][2].clone());
    let (request, _) = read(body);
    assert_eq!(request.system.len(), 2);
    let written = write_for(request, Kind::OpenAi, "gpt-6-codex");
    assert_eq!(named(&written.losses, Severity::Detail), [""; 0]);
    let body = written.body;
    assert_eq!(body["store"], false);
    assert_eq!(body["include"], json!(["reasoning.encrypted_content"]));
    assert_eq!(body["reasoning"], json!({"effort": "medium", "summary": "auto"}));
    assert_eq!(body["text"], json!({"verbosity": "low"}));
    assert_eq!(body["tools"][2], tool);
    assert_eq!(body["tools"][3]["name"], "mcp__issues__list_issues");
    let items = body["input"].as_array().expect("items");
    let kinds: Vec<_> = items.iter().map(|item| item["type"].as_str().expect("a type")).collect();
    assert_eq!(
        kinds,
        [
            "message",
            "message",
            "function_call",
            "function_call",
            "function_call_output",
            "function_call_output",
            "custom_tool_call",
            "custom_tool_call_output"
        ]
    );
    assert_eq!(items[2]["arguments"], r#"{"cmd":"cargo test","yield_time_ms":1000.0}"#);
    assert_eq!(items[3]["name"], "mcp__issues__list_issues");
    assert_eq!(items[6]["input"], input[9]["input"]);
}

#[test]
fn reasoning_comes_back_to_the_provider_that_sealed_it_and_to_no_other() {
    for (file, is_ours) in [("thinking_responses", true), ("thinking_anthropic", false), ("thinking_gemini", false)] {
        let body: Value = serde_json::from_slice(&bytes("requests", &format!("{file}.json"))).expect("JSON");
        let (request, _) = read(body);
        let written = write_for(request, Kind::OpenAi, "gpt-6").body;
        let sealed = written["input"].as_array().expect("items").iter().find(|item| item["type"] == "reasoning");
        assert_eq!(sealed.is_some(), is_ours, "{file}");
        if let Some(item) = sealed {
            assert_eq!(item["id"], "rs_golden");
            assert_eq!(written["input"][2]["type"], "function_call");
        }
    }
}
