//! Messages: turns, results, thoughts, images, marks.

use super::*;

#[test]
fn all_results_come_first_in_one_user_message() {
    let request = with_tool(said([
        (Role::User, text("go")),
        (Role::Assistant, call("a", r#"{"n":1.0}"#)),
        (Role::Assistant, call("b", "")),
        (Role::User, text("quick")),
        (Role::User, result("b", "B")),
        (Role::User, result("a", "")),
    ]));
    assert_eq!(
        write(request, OLD).body["messages"],
        serde_json::from_str::<Value>(
            r#"[{"role":"user","content":[{"type":"text","text":"go"}]},
                {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"n":1.0}},
                                               {"type":"tool_use","id":"b","name":"f","input":{}}]},
                {"role":"user","content":[{"type":"tool_result","tool_use_id":"b","content":[{"type":"text","text":"B"}]},
                                          {"type":"tool_result","tool_use_id":"a"},{"type":"text","text":"quick"}]}]"#
        )
        .expect("JSON")
    );
}

#[test]
fn a_failed_tool_that_said_nothing_still_says_something() {
    let failed = ToolResult { call_id: "a:b".into(), name: None, content: Vec::new(), outcome: Outcome::Failed };
    let request = with_tool(said([
        (Role::User, text("go")),
        (Role::Assistant, call("a:b", "{}")),
        (Role::User, Body::Result(failed)),
    ]));
    let messages = &write(request, OLD).body["messages"];
    let block = &messages[2]["content"][0];
    assert_eq!((&block["is_error"], &block["content"]), (&json!(true), &json!([said_text("Error")])));
    assert_eq!(block["tool_use_id"], messages[1]["content"][0]["id"]);
    assert!(block["tool_use_id"].as_str().expect("an id").starts_with("call_"));
}

#[test]
fn what_a_model_wrote_is_always_an_object() {
    for (written, sent) in [("", json!({})), ("[1]", json!({"value": [1]})), ("{\"a\":", json!({"_raw": "{\"a\":"}))] {
        let request = with_tool(said([
            (Role::User, text("go")),
            (Role::Assistant, call("a", written)),
            (Role::User, result("a", "A")),
        ]));
        assert_eq!(write(request, OLD).body["messages"][1]["content"][0]["input"], sent);
    }
}

#[test]
fn the_user_speaks_first_and_blank_texts_are_dropped() {
    let request = said([(Role::Assistant, text("Welcome.")), (Role::User, text(" \n")), (Role::User, text("hi"))]);
    assert_eq!(
        write(request, OLD).body["messages"],
        json!([{"role": "user", "content": [said_text("Continue.")]},
               {"role": "assistant", "content": [said_text("Welcome.")]},
               {"role": "user", "content": [said_text("hi")]}])
    );
    assert_eq!(write(empty(), OLD).body["messages"][0]["content"], json!([said_text("Continue.")]));
}

#[test]
fn a_last_message_of_the_assistants_is_continued_where_the_family_does_that() {
    let prefilled = || said([(Role::User, text("hi")), (Role::Assistant, text("{ \n"))]);
    let continued = write(prefilled(), OLD);
    assert_eq!(continued.body["messages"][1]["content"], json!([said_text("{")]));
    let refused = write(prefilled(), "claude-opus-4-8");
    assert_eq!(refused.body["messages"][2], json!({"role": "user", "content": [said_text("Continue.")]}));
    assert_eq!(refused.lost, ["messages[1]"]);
}

#[test]
fn a_late_instruction_stays_where_it_is() {
    let late = || {
        said([
            (Role::User, text("hi")),
            (Role::System, text("be brief")),
            (Role::Assistant, text("ok")),
            (Role::System, text("be long")),
            (Role::User, text("go")),
        ])
    };
    let new = write(late(), "claude-opus-4-8").body["messages"].clone();
    assert_eq!(new[1], json!({"role": "system", "content": [said_text("be brief")]}));
    let old = write(late(), OLD).body["messages"].clone();
    for (messages, index, words) in [(&old, 0, "be brief"), (&old, 2, "be long"), (&new, 3, "be long")] {
        let told = messages[index]["content"].to_string();
        assert!(told.contains("Instruction from the operator") && told.contains(words), "{told}");
        assert_eq!(messages[index]["role"], "user");
    }
}

#[test]
fn own_thoughts_come_back_unmodified_and_others_are_dropped() {
    let thought = |protocol, provider: &str, signature: &str| {
        let payload = format!(r#"{{"type":"thinking","thinking":"t","signature":"{signature}"}}"#);
        let signature = Some(Signature { protocol, provider: provider.into(), payload });
        Body::Reasoning(Reasoned { text: "t".into(), signature })
    };
    let request = said([
        (Role::User, text("hi")),
        (Role::Assistant, thought(Protocol::AnthropicMessages, "aip_1", "own")),
        (Role::Assistant, thought(Protocol::AnthropicMessages, "", "native")),
        (Role::Assistant, thought(Protocol::AnthropicMessages, "aip_2", "foreign")),
        (Role::Assistant, thought(Protocol::Gemini, "aip_1", "foreign")),
        (Role::Assistant, Body::Reasoning(Reasoned { text: "unsigned".into(), signature: None })),
        (Role::Assistant, text("so")),
        (Role::User, text("go")),
        (Role::Assistant, thought(Protocol::AnthropicMessages, "aip_1", "cut")),
        (Role::User, text("again")),
    ]);
    let messages = write(request, OLD).body["messages"].clone();
    let block = |signature: &str| json!({"type": "thinking", "thinking": "t", "signature": signature});
    assert_eq!(messages[1]["content"], json!([block("own"), block("native"), said_text("so")]));
    assert_eq!(messages[2]["content"], json!([said_text("go"), said_text("again")]));
}

#[test]
fn images_have_the_type_of_their_bytes() {
    let image = |media_type: &str, data: &str| {
        let source = Source::Base64 { media_type: media_type.into(), data: data.into() };
        Body::Image(Image { source, detail: Some("high".into()) })
    };
    let request = said([
        (Role::User, image("image/png", "/9j/4AAQ")),
        (Role::User, image("image/jpg", "AAAA")),
        (Role::User, image("image/tiff", "SUkq")),
        (Role::User, Body::Image(Image { source: Source::File("file_1".into()), detail: None })),
    ]);
    let written = write(request, OLD);
    let content = &written.body["messages"][0]["content"];
    assert_eq!(content[0]["source"], json!({"type": "base64", "media_type": "image/jpeg", "data": "/9j/4AAQ"}));
    assert_eq!(content[1]["source"]["media_type"], "image/jpeg");
    assert_eq!(content.as_array().map(Vec::len), Some(2));
    assert_eq!(
        written.lost,
        ["messages[0].detail", "messages[1].detail", "messages[2].detail", "messages[2]", "messages[3]"]
    );
}

#[test]
fn documents_are_pdfs_or_texts() {
    let document = |media_type: &str, data: &str| {
        let source = Source::Base64 { media_type: media_type.into(), data: data.into() };
        Body::Document(Document { source, title: Some("t".into()), context: None })
    };
    let request = said([
        (Role::User, document("application/octet-stream", "JVBERi0xLjQ=")),
        (Role::User, document("text/csv; charset=utf-8", "YSxi")),
        (Role::User, document("application/zip", "UEsD")),
    ]);
    let written = write(request, OLD);
    let content = &written.body["messages"][0]["content"];
    assert_eq!(content[0]["source"]["media_type"], "application/pdf");
    assert_eq!(content[1]["source"], json!({"type": "text", "media_type": "text/plain", "data": "a,b"}));
    assert_eq!((&content[1]["title"], written.lost), (&json!("t"), vec!["messages[2]".to_owned()]));
}

#[test]
fn the_last_four_marks_are_kept_and_a_named_cache_marks_the_prompt() {
    let mut request = said((0..3).flat_map(|_| [(Role::User, text("u")), (Role::Assistant, text("a"))]));
    request.say(Role::User, Part::new("", text("u")));
    for part in request.turns.iter_mut().flat_map(|turn| &mut turn.parts).take(5) {
        part.cache = Some(CacheMark::Hour);
    }
    let body = write(request, OLD).body;
    let marked: Vec<_> =
        (0..7).filter(|&index| body["messages"][index]["content"][0].get("cache_control").is_some()).collect();
    assert_eq!(marked, [1, 2, 3, 4]);
    assert_eq!(body["messages"][1]["content"][0]["cache_control"], json!({"type": "ephemeral", "ttl": "1h"}));
    let mut request = asked();
    request.system = vec![Part::new("", text("s"))];
    request.cache_key = Some(Given::new("prompt_cache_key", "k".into()));
    let body = write(request, OLD).body;
    for block in [&body["system"][0], &body["messages"][0]["content"][0]] {
        assert_eq!(block["cache_control"], json!({"type": "ephemeral"}));
    }
}

#[test]
fn one_more_turn_leaves_the_prompt_before_it_as_it_was() {
    let parts = || {
        vec![
            (Role::User, text("go")),
            (Role::Assistant, call("x:1", "{}")),
            (Role::User, result("x:1", "1")),
            (Role::Assistant, call("x:2", "{}")),
            (Role::User, result("x:2", "2")),
        ]
    };
    let shorter = write(with_tool(said(parts().into_iter().take(3))), NEW).body["messages"].clone();
    let longer = write(with_tool(said(parts())), NEW).body["messages"].clone();
    let (shorter, longer) = (shorter.as_array().expect("messages"), longer.as_array().expect("messages"));
    assert_eq!(&longer[..shorter.len()], &shorter[..]);
}
