//! Streams, both ways.

use super::{STOP, golden, origin, read_stream, reply, stream_of, sum, write_stream};
use crate::domain::kind::Kind;
use crate::domain::usage::TokenCounts;
use crate::translate::chat::{StreamReader, read_answer, write_answer};
use crate::translate::neutral::{
    Answer, AnswerPart, Begin, Block, Call, CallInput, Event, Fault, FinishReason, Reader, UsageChunk,
};
use serde_json::{Value, json};

fn calls(answer: &Answer) -> Vec<(&str, &str, &str)> {
    let mut calls = Vec::new();
    for part in &answer.parts {
        if let AnswerPart::Call(Call { id, name, input: CallInput::Json(input) | CallInput::Text(input) }) = part {
            calls.push((id.as_str(), name.as_str(), input.as_str()));
        }
    }
    calls
}

fn fragment(index: u64, id: Option<&str>, name: Option<&str>, arguments: &str) -> Value {
    let mut call = json!({"index": index, "function": {"arguments": arguments}});
    if let Some(id) = id {
        call["id"] = id.into();
    }
    if let Some(name) = name {
        call["function"]["name"] = name.into();
    }
    json!({"tool_calls": [call]})
}

#[test]
fn fragments_of_parallel_calls_that_interleave_come_out_in_order() {
    let events = read_stream(
        Kind::OpenAi,
        &stream_of(
            &[
                fragment(0, Some("a"), Some("f"), ""),
                fragment(1, Some("b"), Some("g"), "{\"y\":"),
                fragment(0, None, None, "{\"x\":\"}"),
                fragment(1, None, None, "2}"),
                fragment(0, None, None, "\"}"),
                fragment(2, Some("c"), Some("h"), "{}"),
                json!({"content": "after"}),
            ],
            STOP,
        ),
    );
    let answer = sum(&events);
    assert_eq!(calls(&answer), [("a", "f", "{\"x\":\"}\"}"), ("b", "g", "{\"y\":2}"), ("c", "h", "{}")]);
    assert!(matches!(answer.parts.last(), Some(AnswerPart::Text { text, .. }) if text == "after"));
    let opened = events.iter().filter(|event| matches!(event, Event::Open(_))).count();
    assert_eq!((opened, events.iter().filter(|event| **event == Event::Close).count()), (4, 4));
}

#[test]
fn a_complete_call_does_not_hold_up_the_next_one() {
    let (mut reader, mut events) = (StreamReader::new(origin(Kind::OpenAi)), Vec::new());
    for delta in [
        fragment(0, Some("a"), Some("f"), "{\"x\":1}"),
        fragment(1, Some("b"), Some("g"), "{\"y\":"),
        fragment(1, None, None, "2"),
    ] {
        let chunk = json!({"choices": [{"delta": delta}]}).to_string();
        reader.event(None, chunk.as_bytes(), &mut events);
    }
    assert_eq!(events.last(), Some(&Event::Delta("2".into())));
}

#[test]
fn calls_that_come_whole_or_all_numbered_zero_are_told_apart() {
    let whole = |id: Option<&str>, name: &str, arguments: &str| fragment(0, id, Some(name), arguments);
    let by_id = [whole(Some("a"), "f", "{\"x\":1}"), whole(Some("b"), "f", "{\"x\":2}")];
    let answer = sum(&read_stream(Kind::Ollama, &stream_of(&by_id, STOP)));
    assert_eq!(calls(&answer), [("a", "f", "{\"x\":1}"), ("b", "f", "{\"x\":2}")]);
    let by_name = [whole(None, "f", "{\"x\":1}"), whole(None, "g", "")];
    let answer = sum(&read_stream(Kind::Ollama, &stream_of(&by_name, STOP)));
    let [(first, "f", "{\"x\":1}"), (second, "g", "{}")] = calls(&answer)[..] else { panic!("{answer:?}") };
    assert!(first != second && first.starts_with("call_"));
    let repeated = [whole(Some("a"), "f", "{\"x\":"), whole(Some("a"), "f", "1}")];
    let answer = sum(&read_stream(Kind::Custom, &stream_of(&repeated, STOP)));
    assert_eq!(calls(&answer), [("a", "f", "{\"x\":1}")]);
}

#[test]
fn a_stream_ends_only_where_its_protocol_ends() {
    let text = [json!({"content": "a"})];
    let end = |stream: &str| read_stream(Kind::Custom, stream).last().cloned().unwrap();
    assert_eq!(end(&stream_of(&text, STOP)), Event::End);
    assert_eq!(end(&stream_of(&text, "data: [DONE]\n\n")), Event::End);
    let finished = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n";
    assert_eq!(end(&stream_of(&text, finished)), Event::End);
    assert_eq!(end(&stream_of(&text, "")), Event::Delta("a".into()), "a cut stream is not whole");
    assert!(matches!(end("data: [DONE]\n\n"), Event::Error(_)));
}

#[test]
fn azures_lead_in_is_not_an_answer_and_groqs_usage_is_found() {
    let (mut reader, mut events) = (StreamReader::new(origin(Kind::Azure)), Vec::new());
    reader.event(None, br#"{"id":"","choices":[],"created":0,"model":"","prompt_filter_results":[]}"#, &mut events);
    assert_eq!(events, []);
    reader.event(None, br#"{"id":"c","model":"gpt","choices":[{"delta":{"content":"a"}}]}"#, &mut events);
    let begin = Begin { id: Some("c".into()), model: Some("gpt".into()), ..Begin::default() };
    assert_eq!(events.first(), Some(&Event::Begin(begin)));
    let groq = r#"data: {"choices":[{"delta":{"reasoning":"hm"},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":9,"completion_tokens":4}}}"#;
    let answer = sum(&read_stream(Kind::Groq, &format!("{groq}\n\ndata: [DONE]\n\n")));
    assert_eq!(answer.usage, Some(TokenCounts { input: 9, output: 4, ..TokenCounts::default() }));
}

#[test]
fn an_error_within_a_stream_is_the_last_that_is_read() {
    let events = read_stream(Kind::OpenAi, &(golden("answers/chat_completions/error.sse") + STOP));
    let Some(Event::Error(fault)) = events.last() else { panic!("{events:?}") };
    assert_eq!((fault.status, fault.code.as_deref()), (500, Some("server_error")));
    let events = read_stream(Kind::OpenAi, "data: {\"choices\"\n\ndata: [DONE]\n\n");
    assert!(matches!(&events[..], [Event::Error(fault)] if fault.code.as_deref() == Some("upstream.malformed")));
}

#[test]
fn what_nobody_knows_is_skipped() {
    let events = read_stream(Kind::Azure, &golden("answers/chat_completions/unknown_events.sse"));
    assert_eq!(events.last(), Some(&Event::End));
    let answer = sum(&events);
    let hello = AnswerPart::Text { text: "Hello".into(), citations: vec![] };
    assert_eq!((answer.parts, answer.usage.map(|usage| usage.output)), (vec![hello], Some(3)));
}

#[test]
fn only_an_upstream_that_wants_its_thoughts_back_signs_them() {
    let stream = stream_of(&[json!({"reasoning": "h"}), json!({"reasoning": "m"}), json!({"content": "a"})], STOP);
    let unary = json!({"id": "c", "choices": [{"message": {"reasoning": "hm", "content": "a"}}]});
    for (kind, signs) in [(Kind::Custom, 1), (Kind::OpenAi, 0)] {
        let events = read_stream(kind, &stream);
        assert_eq!(events.iter().filter(|event| matches!(event, Event::Sign(_))).count(), signs);
        assert_eq!(sum(&events), read_answer(unary.clone(), &origin(kind)).unwrap());
    }
}

#[test]
fn a_client_gets_exactly_the_chunks_that_openai_sends() {
    let events = [
        Event::Begin(Begin { id: Some("chatcmpl-1".into()), model: Some("m".into()), created: Some(7), usage: None }),
        Event::Open(Block::Text),
        Event::Delta("a\u{2028}\"".into()),
        Event::Close,
        Event::Open(Block::Call { id: "1".into(), name: "f".into() }),
        Event::Delta("{\"x\":".into()),
        Event::Delta("1}".into()),
        Event::Close,
        Event::Open(Block::Call { id: "2".into(), name: "g".into() }),
        Event::Close,
        Event::Open(Block::FreeformCall { id: "3".into(), name: "p".into() }),
        Event::Delta("raw".into()),
        Event::Close,
        Event::Usage(TokenCounts { input: 1, output: 2, ..TokenCounts::default() }),
        Event::End,
    ];
    let chunk = |delta: &str, finish: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{finish}}}],\"usage\":null}}\n\n"
        )
    };
    let deltas = [
        r#"{"role":"assistant","content":"","refusal":null}"#,
        "{\"content\":\"a\u{2028}\\\"\"}",
        r#"{"tool_calls":[{"index":0,"id":"1","type":"function","function":{"name":"f","arguments":""}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}"#,
        r#"{"tool_calls":[{"index":1,"id":"2","type":"function","function":{"name":"g","arguments":""}}]}"#,
        r#"{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}"#,
        r#"{"tool_calls":[{"index":2,"id":"3","type":"custom","custom":{"name":"p","input":""}}]}"#,
        r#"{"tool_calls":[{"index":2,"custom":{"input":"raw"}}]}"#,
    ];
    let usage = r#"{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}"#;
    let expected = deltas.iter().map(|delta| chunk(delta, "null")).collect::<String>()
        + &chunk("{}", "\"tool_calls\"")
        + &format!(
            "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\",\"choices\":[],\"usage\":{usage}}}\n\ndata: [DONE]\n\n"
        );
    assert_eq!(write_stream(&events, reply(UsageChunk::Wanted)), expected);
    let without = write_stream(&events, reply(UsageChunk::Unwanted));
    assert!(!without.contains("usage") && without.ends_with("data: [DONE]\n\n"));
}

#[test]
fn a_call_first_comes_with_the_role_and_a_refusal_ends_as_filtered() {
    let begin = Event::Begin(Begin::default());
    let call = Event::Open(Block::Call { id: "1".into(), name: "f".into() });
    let written = write_stream(&[begin.clone(), call], reply(UsageChunk::Unwanted));
    assert!(
        written
            .contains(r#""delta":{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"index":0,"id":"1""#)
    );
    let refusal = [
        begin,
        Event::Open(Block::Refusal),
        Event::Delta("no".into()),
        Event::Close,
        Event::Finish(FinishReason::Declined),
        Event::End,
    ];
    let written = write_stream(&refusal, reply(UsageChunk::Unwanted));
    assert!(written.contains(r#""delta":{"refusal":"no"}"#) && written.contains(r#""finish_reason":"content_filter""#));
}

#[test]
fn an_error_is_terminal_and_nothing_says_done() {
    let fault = Fault::new(529, "busy").with_code("overloaded_error");
    let written = write_stream(&[Event::Error(fault)], reply(UsageChunk::Wanted));
    assert_eq!(
        written,
        "data: {\"error\":{\"message\":\"busy\",\"type\":\"server_error\",\"param\":null,\"code\":\"overloaded_error\"}}\n\n"
    );
}

/// A client's accumulator, as the official SDKs have it.
fn accumulate(stream: &str) -> Value {
    let mut message = json!({});
    for data in super::Data::lines_of_data(stream).filter(|data| *data != "[DONE]") {
        let chunk: Value = serde_json::from_str(data).unwrap();
        let Some(choice) = chunk["choices"].get(0) else { continue };
        merge(&mut message, &choice["delta"]);
        if !choice["finish_reason"].is_null() {
            message["finish_reason"] = choice["finish_reason"].clone();
        }
    }
    message
}

fn merge(sum: &mut Value, delta: &Value) {
    match (sum, delta) {
        (Value::String(sum), Value::String(more)) => sum.push_str(more),
        (Value::Object(sum), Value::Object(more)) => {
            more.iter().for_each(|(key, value)| match sum.get_mut(key) {
                Some(known) if key != "index" => merge(known, value),
                _ => drop(sum.insert(key.clone(), value.clone())),
            });
        }
        (Value::Array(sum), Value::Array(more)) => {
            for (position, value) in more.iter().enumerate() {
                let has_calls = value.get("function").is_some() || value.get("custom").is_some();
                let index = if has_calls { value["index"].as_u64().unwrap() as usize } else { sum.len() + position };
                match sum.get_mut(index) {
                    Some(known) => merge(known, value),
                    None => sum.push(value.clone()),
                }
            }
        }
        (sum, more) => *sum = more.clone(),
    }
}

#[test]
fn a_streamed_answer_adds_up_to_the_whole_one() {
    for scenario in ["text", "tools", "thinking_tools", "thinking_text", "refusal", "length", "citations", "unicode"] {
        let body = serde_json::from_str(&golden(&format!("answers/chat_completions/{scenario}.json"))).unwrap();
        let answer = read_answer(body, &origin(Kind::Custom)).unwrap();
        let choice = write_answer(&answer, &reply(UsageChunk::Unwanted))["choices"][0].take();
        let mut expected = choice["message"].clone();
        expected["finish_reason"] = choice["finish_reason"].clone();
        let mut added = accumulate(&write_stream(&answer.into_events(), reply(UsageChunk::Wanted)));
        for message in [&mut added, &mut expected] {
            message.as_object_mut().unwrap().sort_keys();
            if message["annotations"] == json!([]) {
                message.as_object_mut().unwrap().shift_remove("annotations");
            }
            for call in message.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
                call.as_object_mut().unwrap().shift_remove("index");
            }
        }
        assert_eq!(added, expected, "{scenario}");
    }
}

fn chunk(choice: Value) -> String {
    format!("data: {}\n\n", json!({"choices": [choice]}))
}

#[test]
fn names_and_ids_that_are_repeated_empty_or_late_make_no_other_call() {
    let repeated = [
        fragment(0, Some("a"), Some("f"), ""),
        fragment(0, Some("a"), Some("f"), "{\"x\":"),
        fragment(0, Some(""), Some(""), "1}"),
        fragment(0, None, Some("f"), ""),
        fragment(1, Some("b"), Some("g"), "{}"),
        fragment(0, None, Some("f"), ""),
        fragment(0, Some("a"), Some("f"), ""),
    ];
    let answer = sum(&read_stream(Kind::Custom, &stream_of(&repeated, STOP)));
    assert_eq!(calls(&answer), [("a", "f", "{\"x\":1}"), ("b", "g", "{}")]);
    let late = [
        fragment(0, Some("a"), None, ""),
        fragment(0, None, None, "{\"x\""),
        fragment(1, Some("b"), Some("g"), "{\"y\":2}"),
        fragment(0, None, Some("f"), ":1}"),
    ];
    let answer = sum(&read_stream(Kind::Custom, &stream_of(&late, STOP)));
    assert_eq!(calls(&answer), [("a", "f", "{\"x\":1}"), ("b", "g", "{\"y\":2}")]);
    let without_input = [fragment(0, None, Some("f"), ""), fragment(0, None, Some("g"), "")];
    let answer = sum(&read_stream(Kind::Custom, &stream_of(&without_input, STOP)));
    let [(_, "f", "{}"), (_, "g", "{}")] = calls(&answer)[..] else { panic!("{answer:?}") };
}

#[test]
fn compatibles_oddities_are_read_for_what_they_mean() {
    let stream = [
        ": keep-alive\n\n".to_owned(),
        chunk(json!({"delta": {"role": "assistant", "content": null, "reasoning": "hm", "reasoning_content": "hm"}, "finish_reason": ""})),
        chunk(json!({"delta": {"role": "assistant", "content": "a", "tool_calls": null}, "finish_reason": null})),
        chunk(json!({"index": 1, "delta": {"content": "the other choice"}, "finish_reason": "length"})),
        "data: {\"error\": \"\", \"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"b\"}}],\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":1}}\n\n".to_owned(),
        chunk(json!({"delta": null, "finish_reason": "stop"})),
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":3}}\n\n".to_owned(),
        "data: [DONE]\n\ndata: [DONE]\n\n".to_owned(),
        chunk(json!({"delta": {"content": "late"}})),
    ];
    let events = read_stream(Kind::Custom, &stream.concat());
    assert_eq!(events.iter().filter(|event| **event == Event::End).count(), 1);
    let answer = sum(&events);
    let [AnswerPart::Reasoning(thought), AnswerPart::Text { text, .. }] = &answer.parts[..] else {
        panic!("{answer:?}")
    };
    assert_eq!((thought.text.as_str(), text.as_str(), answer.finish), ("hm", "ab", FinishReason::Done));
    assert_eq!(answer.usage, Some(TokenCounts { input: 2, output: 3, ..TokenCounts::default() }));
}

#[test]
fn an_answer_that_the_upstream_broke_off_is_no_answer() {
    let error = json!({"code": 502, "message": "the vendor is away"});
    for (choice, status) in [
        (json!({"delta": {"content": ""}, "finish_reason": "error", "error": error}), 502),
        (json!({"delta": {}, "finish_reason": "error"}), 502),
        (json!({"delta": {}, "finish_reason": "insufficient_system_resource"}), 503),
    ] {
        let stream = chunk(json!({"delta": {"content": "half"}})) + &chunk(choice.clone()) + "data: [DONE]\n\n";
        let events = read_stream(Kind::Custom, &stream);
        assert!(matches!(events.last(), Some(Event::Error(fault)) if fault.status == status), "{events:?}");
        let mut whole = json!({"choices": [choice]});
        whole["choices"][0]["message"] = json!({"content": "half"});
        assert_eq!(read_answer(whole, &origin(Kind::Custom)).expect_err("no answer").status, status);
    }
    let flat = "data: {\"object\":\"error\",\"message\":\"no\",\"code\":400}\n\n";
    let events = read_stream(Kind::Custom, flat);
    assert_eq!(events, [Event::Error(Fault::new(400, "no").with_code("400"))]);
}

#[test]
fn citations_before_their_text_or_of_a_second_one_keep_their_place() {
    let cite = |from: u64, to: u64| {
        json!({"annotations": [{"type": "url_citation",
            "url_citation": {"url": "https://a", "title": "t", "start_index": from, "end_index": to}}]})
    };
    let deltas = [
        cite(0, 3),
        json!({"content": "One"}),
        json!({"reasoning_content": "hm"}),
        json!({"content": " and two"}),
        cite(8, 11),
    ];
    let answer = sum(&read_stream(Kind::Custom, &stream_of(&deltas, STOP)));
    let spans: Vec<_> = answer
        .parts
        .iter()
        .filter_map(|part| if let AnswerPart::Text { citations, .. } = part { Some(citations) } else { None })
        .map(|citations| citations.iter().filter_map(|citation| citation.span).collect::<Vec<_>>())
        .collect();
    assert_eq!(spans, [[(0, 3)], [(5, 8)]]);
}

#[test]
fn all_citations_come_in_one_chunk_for_the_sdks_cannot_add_up_two() {
    let cited = |url: &str| {
        Event::Cite(crate::translate::neutral::Citation {
            url: Some(url.into()),
            title: None,
            cited_text: None,
            span: None,
        })
    };
    let text = |text: &str, url: &str| [Event::Open(Block::Text), Event::Delta(text.into()), cited(url), Event::Close];
    let mut events = vec![Event::Begin(Begin::default())];
    events.extend(text("One.", "https://a"));
    events.extend(text(" Two.", "https://b"));
    events.push(Event::End);
    let stream = write_stream(&events, reply(UsageChunk::Unwanted));
    let lists: Vec<&str> = stream.lines().filter(|line| line.contains("annotations")).collect();
    let [list] = lists[..] else { panic!("{stream}") };
    let chunk: Value = serde_json::from_str(list.strip_prefix("data: ").unwrap()).unwrap();
    let annotations = chunk["choices"][0]["delta"]["annotations"].as_array().unwrap();
    let places = annotations
        .iter()
        .map(|one| (one["url_citation"]["start_index"].as_u64(), one["url_citation"]["end_index"].as_u64()));
    assert_eq!(places.collect::<Vec<_>>(), [(Some(0), Some(4)), (Some(4), Some(9))]);
}

#[test]
fn half_an_emoji_does_not_end_an_answer() {
    let delta = |text: &str| format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n");
    let stream = delta("\\ud83d") + &delta("\\ude00\\ud83d\\ude00") + STOP;
    let answer = sum(&read_stream(Kind::Custom, &stream));
    assert!(matches!(&answer.parts[..], [AnswerPart::Text { text, .. }] if text == "\u{FFFD}\u{FFFD}😀"), "{answer:?}");
}
