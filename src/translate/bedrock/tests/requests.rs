use super::*;

fn messages(written: &Written) -> &Value {
    &written.body["messages"]
}

fn image(media_type: &str, data: &str) -> Body {
    let source = Source::Base64 { media_type: media_type.into(), data: data.into() };
    Body::Image(Image { source, detail: None })
}

fn document(source: Source, title: Option<&str>) -> Body {
    Body::Document(Document { source, title: title.map(str::to_owned), context: None })
}

#[test]
fn a_word_of_the_users_is_one_message_and_neither_model_nor_stream_is_in_the_body() {
    let mut request = hello();
    request.delivery = Delivery::Streamed;
    request.system.push(Part::new("messages[0]", text("Be brief.")));
    let written = write(LLAMA, request);
    assert_eq!(
        written.body,
        json!({
            "messages": [{"role": "user", "content": [{"text": "Hello"}]}],
            "system": [{"text": "Be brief."}],
        })
    );
    assert_eq!(written.lost(), []);
}

#[test]
fn turns_alternate_and_begin_with_the_user_and_blank_texts_are_left_out() {
    let mut request = request();
    say(&mut request, Role::Assistant, text("Hi, how can I help?"));
    say(&mut request, Role::User, text(" \n"));
    say(&mut request, Role::Assistant, text("Are you there?"));
    say(&mut request, Role::User, text("Yes"));
    assert_eq!(
        *messages(&write(CLAUDE_46, request)),
        json!([
            {"role": "user", "content": [{"text": "Continue."}]},
            {"role": "assistant", "content": [{"text": "Hi, how can I help?"}, {"text": "Are you there?"}]},
            {"role": "user", "content": [{"text": "Yes"}]},
        ])
    );
}

#[test]
fn a_late_word_of_the_operators_is_a_note_to_the_user_after_the_results() {
    let mut request = hello();
    say(&mut request, Role::Assistant, call("call_1", "f", "{}"));
    say(&mut request, Role::System, text("Speak French."));
    say(&mut request, Role::User, result("call_1", "ok", Outcome::Done));
    let written = write(CLAUDE_46, request);
    let user = &messages(&written)[2]["content"];
    assert_eq!(user[0]["toolResult"]["toolUseId"], "call_1");
    assert_eq!(user[1], json!({"text": "Note from the operator:\nSpeak French."}));
}

#[test]
fn a_begun_answer_goes_to_models_that_continue_it_and_others_are_told_to_continue() {
    let begun = || {
        let mut request = hello();
        say(&mut request, Role::Assistant, text("{\"a\": \n"));
        request
    };
    let kept = write(CLAUDE_45, begun());
    assert_eq!(messages(&kept)[1], json!({"role": "assistant", "content": [{"text": "{\"a\":"}]}));
    for model in [CLAUDE_46, LLAMA] {
        let written = write(model, begun());
        assert_eq!(messages(&written)[2], json!({"role": "user", "content": [{"text": "Continue."}]}), "{model}");
    }
}

#[test]
fn a_call_round_keeps_numbers_and_marks_failures() {
    let mut request = hello();
    let input = r#"{"limit":1.0,"id":12345678901234567890}"#;
    say(&mut request, Role::Assistant, text("Looking."));
    say(&mut request, Role::Assistant, call("call_1", "f", input));
    say(&mut request, Role::Assistant, call("id.with.dots", "g", ""));
    say(&mut request, Role::Assistant, call("call_3", "h", "{broken"));
    say(&mut request, Role::Assistant, call("call_4", "h", "[1]"));
    say(&mut request, Role::User, text("And?"));
    say(&mut request, Role::User, result("call_1", "fine", Outcome::Done));
    say(&mut request, Role::User, result("id.with.dots", "boom", Outcome::Failed));
    say(&mut request, Role::User, result("call_3", "", Outcome::Done));
    let written = write(CLAUDE_46, request);
    let [_, assistant, user] = messages(&written).as_array().expect("messages").as_slice() else { panic!() };
    let calls = &assistant["content"];
    assert_eq!(calls[1]["toolUse"]["input"].to_string(), input);
    assert_eq!(calls[2]["toolUse"]["input"], json!({}));
    assert_eq!(calls[3]["toolUse"]["input"], json!({"_raw": "{broken"}));
    assert_eq!(calls[4]["toolUse"]["input"], json!({"value": [1]}));
    let id = calls[2]["toolUse"]["toolUseId"].clone();
    assert!(id.as_str().is_some_and(|id| id.starts_with("call_")), "{id}");
    assert_eq!(
        user["content"],
        json!([
            {"toolResult": {"toolUseId": "call_1", "content": [{"text": "fine"}]}},
            {"toolResult": {"toolUseId": id, "content": [{"text": "boom"}], "status": "error"}},
            {"toolResult": {"toolUseId": "call_3", "content": [{"text": "(no output)"}]}},
            {"text": "And?"},
        ])
    );
}

#[test]
fn a_failure_is_told_in_words_to_models_without_a_status() {
    let mut request = looped();
    say(&mut request, Role::Assistant, call("call_2", "f", "{}"));
    say(&mut request, Role::User, result("call_2", "boom", Outcome::Failed));
    let written = write(LLAMA, request);
    assert_eq!(
        messages(&written)[4]["content"][0]["toolResult"],
        json!({"toolUseId": "call_2", "content": [{"text": "The tool failed:"}, {"text": "boom"}]})
    );
}

#[test]
fn an_images_format_is_what_its_bytes_say() {
    let mut request = hello();
    for (media_type, data) in [
        ("image/jpeg", "iVBORw0KGgoAAAA"),
        ("image/png", "/9j/4AAQ"),
        ("image/png", "R0lGODlh"),
        ("image/png", "UklGRiQAAABXRUJQVlA4"),
        ("image/webp", "AAAA"),
    ] {
        say(&mut request, Role::User, image(media_type, data));
    }
    let written = write(CLAUDE_46, request);
    let content = messages(&written)[0]["content"].as_array().expect("blocks").clone();
    let formats: Vec<_> = content.iter().skip(1).map(|block| block["image"]["format"].clone()).collect();
    assert_eq!(formats, ["png", "jpeg", "gif", "webp", "webp"]);
    assert_eq!(content[1], json!({"image": {"format": "png", "source": {"bytes": "iVBORw0KGgoAAAA"}}}));
}

#[test]
fn what_has_no_bytes_in_the_request_changes_its_meaning() {
    let mut request = hello();
    say(&mut request, Role::User, Body::Image(Image { source: Source::Url("https://x/y.png".into()), detail: None }));
    say(&mut request, Role::User, document(Source::File("file_1".into()), None));
    say(&mut request, Role::User, document(Source::Url("https://x/y.pdf".into()), None));
    say(&mut request, Role::User, Body::Audio { data: "AAAA".into(), format: "wav".into() });
    say(&mut request, Role::User, image("image/tiff", "SUkqAA"));
    let written = write(CLAUDE_46, request);
    assert_eq!(written.lost().len(), 5);
    assert!(written.losses.as_slice().iter().all(|loss| loss.severity == Severity::Meaning));
    assert!(written.losses.as_slice()[0].why.contains("send it as base64"));
}

#[test]
fn documents_have_plain_and_unique_names_and_a_text_beside_them() {
    let mut request = request();
    let pdf = || Source::Base64 { media_type: "application/octet-stream".into(), data: "JVBERi0xLjc=".into() };
    say(&mut request, Role::User, document(pdf(), Some("a_b.pdf")));
    say(&mut request, Role::User, document(pdf(), Some("a-b.pdf")));
    say(&mut request, Role::User, document(Source::Text("Hi".into()), Some("文書")));
    say(&mut request, Role::User, document(Source::Text("Ho".into()), None));
    let written = write(CLAUDE_46, request);
    let content = &messages(&written)[0]["content"];
    let names: Vec<_> = (0..4).map(|index| content[index]["document"]["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["a-b-pdf", "a-b-pdf (2)", "Document", "Document (2)"]);
    assert_eq!(content[2]["document"], json!({"format": "txt", "name": "Document", "source": {"bytes": "SGk="}}));
    assert!(content[4]["text"].is_string(), "{content}");
}

#[test]
fn a_document_of_a_kind_nobody_reads_is_refused_and_others_are_known_by_type_or_name() {
    let mut request = hello();
    for (media_type, title) in [("text/csv", "a"), ("", "b.docx"), ("application/json", "c.json"), ("video/mp4", "d")] {
        let source = Source::Base64 { media_type: media_type.into(), data: "AAAA".into() };
        say(&mut request, Role::User, document(source, Some(title)));
    }
    let written = write(CLAUDE_46, request);
    let content = messages(&written)[0]["content"].as_array().expect("blocks");
    let formats: Vec<_> = content.iter().skip(1).map(|block| block["document"]["format"].clone()).collect();
    assert_eq!(formats, ["csv", "docx", "txt"]);
    assert_eq!(written.lost(), [("messages[1]", Severity::Meaning)]);
}

#[test]
fn reasoning_goes_back_to_its_issuer_unmodified_and_to_nobody_else() {
    let thought = |protocol, provider: &str, payload: Value| {
        let signature = Signature { protocol, provider: provider.into(), payload: payload.to_string() };
        Body::Reasoning(Reasoned { text: "hm".into(), signature: Some(signature) })
    };
    let claude = json!({"type": "thinking", "thinking": "hm", "signature": "c2ln"});
    let redacted = json!({"type": "redacted_thinking", "data": "cmVk"});
    let gpt = json!({"model": GPT, "reasoningContent": {"redactedContent": "Z3B0"}});
    let mut request = hello();
    for body in [
        thought(Protocol::AnthropicMessages, "aip_1", claude.clone()),
        thought(Protocol::AnthropicMessages, "", redacted),
        thought(Protocol::AnthropicMessages, "aip_2", claude),
        thought(Protocol::Responses, "aip_1", json!({"id": "rs_1"})),
        thought(Protocol::BedrockConverse, "aip_1", gpt),
        Body::Reasoning(Reasoned { text: "only words".into(), signature: None }),
        text("Well."),
    ] {
        say(&mut request, Role::Assistant, body);
    }
    say(&mut request, Role::User, text("Go on"));
    let of = |model| messages(&write(model, request.clone()))[1]["content"].clone();
    assert_eq!(
        of(CLAUDE_46),
        json!([
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}},
            {"reasoningContent": {"redactedContent": "cmVk"}},
            {"text": "Well."},
        ])
    );
    assert_eq!(of(GPT), json!([{"reasoningContent": {"redactedContent": "Z3B0"}}, {"text": "Well."}]));
    assert_eq!(of(NOVA), json!([{"text": "Well."}]));
    assert_eq!(write(NOVA, request.clone()).lost(), []);
}

#[test]
fn a_turn_does_not_end_with_thoughts() {
    let payload = json!({"type": "thinking", "thinking": "hm", "signature": "c2ln"}).to_string();
    let signature = Signature { protocol: Protocol::AnthropicMessages, provider: String::new(), payload };
    let mut request = hello();
    say(&mut request, Role::Assistant, Body::Reasoning(Reasoned { text: "hm".into(), signature: Some(signature) }));
    say(&mut request, Role::User, text("Go on"));
    assert_eq!(
        *messages(&write(CLAUDE_46, request)),
        json!([{"role": "user", "content": [{"text": "Hello"}, {"text": "Go on"}]}])
    );
}

#[test]
fn marks_for_the_cache_follow_their_blocks_where_the_model_has_a_cache() {
    let marked = || {
        let mut request = Request::new(Client::AnthropicMessages);
        request.system.push(Part { cache: Some(CacheMark::Hour), ..Part::new("system[0]", text("Be brief.")) });
        let inner = Part { cache: Some(CacheMark::Default), ..Part::new("messages[0].content[0]", text("Hello")) };
        request.say(Role::User, inner);
        let Tool::Function(tool) = function("f") else { panic!() };
        request.tools.push(Tool::Function(Function { cache: Some(CacheMark::Default), ..tool }));
        request
    };
    let (point, hour) =
        (json!({"cachePoint": {"type": "default"}}), json!({"cachePoint": {"type": "default", "ttl": "1h"}}));
    let claude = write(CLAUDE_46, marked());
    assert_eq!(claude.body["system"], json!([{"text": "Be brief."}, hour]));
    assert_eq!(claude.body["messages"][0]["content"], json!([{"text": "Hello"}, point]));
    assert_eq!(claude.body["toolConfig"]["tools"][1], point);
    assert_eq!(claude.lost(), []);
    let nova = write(NOVA, marked());
    assert_eq!(nova.body["system"], json!([{"text": "Be brief."}, point]));
    assert_eq!(nova.lost(), [("tools[0].cache_control", Severity::Detail)]);
    let llama = write(LLAMA, marked());
    assert!(!llama.body.to_string().contains("cachePoint"));
    assert_eq!(llama.lost().len(), 3);
}

#[test]
fn a_fifth_mark_is_one_too_many() {
    let mut request = Request::new(Client::AnthropicMessages);
    for index in 0..5 {
        let at = format!("messages[0].content[{index}]");
        request.say(Role::User, Part { cache: Some(CacheMark::Default), ..Part::new(at, text("x")) });
    }
    let written = write(CLAUDE_46, request);
    assert_eq!(written.body.to_string().matches("cachePoint").count(), 4);
    assert_eq!(written.lost(), [("messages[0].content[4].cache_control", Severity::Detail)]);
}

#[test]
fn a_later_turn_leaves_what_came_before_as_it_was() {
    let mut request = looped();
    let pdf = Source::Base64 { media_type: "application/pdf".into(), data: "JVBERi0=".into() };
    say(&mut request, Role::User, document(pdf, Some("a.pdf")));
    let before = write(CLAUDE_46, request.clone());
    say(&mut request, Role::Assistant, text("Sunny."));
    say(&mut request, Role::User, document(Source::Text("x".into()), Some("a.pdf")));
    let after = write(CLAUDE_46, request);
    let (before, after) = (messages(&before).as_array().expect("turns"), messages(&after).as_array().expect("turns"));
    assert_eq!(after.get(..before.len()), Some(before.as_slice()));
}

#[test]
fn counting_sends_the_prompt_only() {
    let mut request = looped();
    request.max_output = given("max_tokens", 10);
    let (mut bridge, mut losses) = (Bridge::default(), Losses::default());
    let defaults = Map::new();
    let body = write_count(request, &target(CLAUDE_46, &defaults), &mut bridge, &mut losses).expect("written");
    let counted = body["input"]["converse"].as_object().expect("a request");
    assert_eq!(counted.keys().collect::<Vec<_>>(), ["messages", "system", "toolConfig"]);
    assert_eq!(read_count(&json!({"inputTokens": 17})), Some(17));
    assert_eq!(read_count(&json!({})), None);
}
