use super::*;
use crate::domain::usage::TokenCounts;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/answers/gemini");

fn golden(file: &str) -> String {
    std::fs::read_to_string(format!("{FOLDER}/{file}")).expect(file)
}

fn unary(scenario: &str) -> Answer {
    let body = serde_json::from_str(&golden(&format!("{scenario}.json"))).expect("JSON");
    read_answer(body, &origin()).expect("an answer")
}

fn read(chunks: &[&str]) -> Vec<Event> {
    let (mut reader, mut events) = (StreamReader::new(origin()), Vec::new());
    for chunk in chunks {
        reader.event(None, chunk.as_bytes(), &mut events);
    }
    reader.finish(&mut events);
    events
}

fn streamed(scenario: &str) -> Vec<Event> {
    let stream = golden(&format!("{scenario}.sse"));
    let data: Vec<&str> = stream.split("\r\n").filter_map(|line| line.strip_prefix("data: ")).collect();
    read(&data)
}

fn added(events: Vec<Event>) -> Answer {
    let mut answer = Answer::new(Begin::default());
    events.into_iter().for_each(|event| answer.add(event));
    answer
}

/// `Begin (Open (Delta | Cite | Sign)* Close)* End`.
fn assert_order(events: &[Event]) {
    let mut is_open = false;
    assert!(matches!(events.first(), Some(Event::Begin(_))), "{events:?}");
    for event in &events[1..] {
        match event {
            Event::Begin(_) => panic!("begins twice"),
            Event::Open(_) => assert!(!std::mem::replace(&mut is_open, true), "{events:?}"),
            Event::Close => assert!(std::mem::replace(&mut is_open, false), "{events:?}"),
            Event::Delta(delta) => assert!(is_open && !delta.is_empty()),
            Event::Cite(_) | Event::Sign(_) => assert!(is_open),
            _ => {}
        }
    }
    assert!(!is_open);
}

fn reasoning(text: &str, signature: Option<&str>) -> AnswerPart {
    let signature = signature.map(|signature| Signature {
        protocol: Protocol::Gemini,
        provider: PROVIDER.into(),
        payload: json!({ "thoughtSignature": signature }).to_string(),
    });
    AnswerPart::Reasoning(Reasoned { text: text.into(), signature })
}

fn text(text: &str) -> AnswerPart {
    AnswerPart::Text { text: text.into(), citations: vec![] }
}

#[test]
fn a_stream_says_the_same_as_the_whole_answer_and_costs_the_same() {
    for scenario in ["text", "tools", "thinking_tools", "thinking_text", "refusal", "length", "citations", "unicode"] {
        let events = streamed(scenario);
        assert_order(&events);
        assert_eq!(events.last(), Some(&Event::End), "{scenario}");
        assert_eq!(added(events), unary(scenario), "{scenario}");
    }
}

#[test]
fn an_answer_is_the_same_however_it_is_cut() {
    for scenario in ["text", "tools", "thinking_tools", "thinking_text", "citations", "unicode"] {
        let whole: Value = serde_json::from_str(&golden(&format!("{scenario}.json"))).expect("JSON");
        let mut chunks = Vec::new();
        for part in whole["candidates"][0]["content"]["parts"].as_array().expect("parts") {
            let pieces = match part["text"].as_str() {
                Some(text) if !text.is_empty() => {
                    let piece = |letter: char| {
                        let mut piece = part.clone();
                        piece["text"] = letter.to_string().into();
                        piece
                    };
                    text.chars().map(piece).collect()
                }
                _ => vec![part.clone()],
            };
            for piece in pieces {
                let mut chunk = whole.clone();
                chunk["candidates"][0] = json!({"content": {"parts": [piece]}});
                chunks.push(chunk.to_string());
            }
        }
        let mut last = whole.clone();
        last["candidates"][0]["content"]["parts"] = json!([]);
        chunks.push(last.to_string());
        let events = read(&chunks.iter().map(String::as_str).collect::<Vec<_>>());
        assert_order(&events);
        assert_eq!(added(events), unary(scenario), "{scenario}");
    }
}

#[test]
fn usage_leaves_the_cached_out_of_the_input_and_takes_the_thoughts_into_the_output() {
    let cached = TokenCounts { input: 20, output: 12, cache_read: 100, cache_write: 0, reasoning: 0 };
    assert_eq!(unary("text").usage, Some(cached));
    let thought = TokenCounts { input: 75, output: 82, cache_read: 0, cache_write: 0, reasoning: 64 };
    assert_eq!(unary("thinking_tools").usage, Some(thought));
    assert_eq!(unary("citations").usage.map(|usage| usage.input), Some(54));
}

#[test]
fn calls_without_ids_get_ids_and_keep_their_numbers() {
    let answer = unary("tools");
    let calls: Vec<&Call> = answer
        .parts
        .iter()
        .filter_map(|part| if let AnswerPart::Call(call) = part { Some(call) } else { None })
        .collect();
    let [paris, oslo] = calls[..] else { panic!("{calls:?}") };
    assert_eq!(paris.input, CallInput::Json(r#"{"city":"Paris","days":1.0,"station":12345678901234567890}"#.into()));
    assert!(paris.id.starts_with("call_") && paris.id != oslo.id);
    assert_eq!(answer.finish, FinishReason::Done);
}

#[test]
fn a_signature_is_told_before_its_call_and_after_its_text() {
    let answer = unary("thinking_tools");
    let thought = "The user wants the weather. I have a tool for that.";
    assert_eq!(answer.parts[0], reasoning(thought, Some("CtUBAcu98PBm3k1vQ0yQm7hP2r0sXw==")));
    assert!(matches!(&answer.parts[1], AnswerPart::Call(call) if call.id == "call_1"));
    let answer = unary("thinking_text");
    let signature = reasoning("", Some("EpABAcu98PCx7Zk0s9dQ4n1uYt5bLw=="));
    assert_eq!(answer.parts, [reasoning("Two and two.", None), text("It is four."), signature]);
}

#[test]
fn a_blocked_prompt_is_a_refusal_that_names_the_reason() {
    let answer = unary("refusal");
    assert_eq!(answer.finish, FinishReason::Declined);
    assert!(matches!(&answer.parts[..], [AnswerPart::Refusal(words)] if words.contains("PROHIBITED_CONTENT")));
    let events = read(&[r#"{"candidates":[{"finishReason":"SAFETY","index":0}]}"#]);
    assert_order(&events);
    let answer = added(events);
    assert_eq!(answer.finish, FinishReason::Declined);
    assert!(matches!(&answer.parts[..], [AnswerPart::Refusal(words)] if words.contains("SAFETY")));
}

#[test]
fn sources_are_cited_by_characters() {
    let answer = unary("citations");
    let [AnswerPart::Text { text, citations }] = &answer.parts[..] else { panic!("{answer:?}") };
    let words = |citation: &Citation| {
        let (from, to) = citation.span.expect("a span");
        let (from, to) = (usize::try_from(from).expect("fits"), usize::try_from(to).expect("fits"));
        text.chars().skip(from).take(to - from).collect::<String>()
    };
    assert_eq!(citations.len(), 3);
    for citation in citations {
        assert_eq!(citation.cited_text, Some(words(citation)));
    }
    assert_eq!(citations[2].url.as_deref(), Some("https://example.org/paris"));
    assert_eq!(citations[2].title.as_deref(), Some("example.org"));
}

#[test]
fn a_citation_counts_from_its_own_part() {
    let body = json!({"candidates": [{"finishReason": "STOP", "content": {"parts": [
        {"text": "hm", "thought": true}, {"text": "né. "}, {"text": "Yes."},
    ]}, "groundingMetadata": {
        "groundingChunks": [{"web": {"uri": "https://a.example"}}],
        "groundingSupports": [{"segment": {"partIndex": 2, "endIndex": 4}, "groundingChunkIndices": [0, 7]}],
    }}]});
    let answer = read_answer(body, &origin()).expect("an answer");
    let [_, AnswerPart::Text { citations, .. }] = &answer.parts[..] else { panic!("{answer:?}") };
    assert_eq!(citations.iter().map(|citation| citation.span).collect::<Vec<_>>(), [Some((4, 8))]);
}

#[test]
fn what_nobody_knows_is_skipped() {
    let events = streamed("unknown_events");
    assert_order(&events);
    assert_eq!(events.last(), Some(&Event::End));
    let answer = added(events);
    assert_eq!(answer.parts, [text("Still here.")]);
    assert_eq!(answer.begin.id.as_deref(), Some("gT8faZqJD4"));
}

#[test]
fn a_stream_without_a_reason_of_its_end_was_cut() {
    let events =
        read(&[r#"{"candidates":[{"content":{"parts":[{"text":"Half"}]}}],"usageMetadata":{"promptTokenCount":3}}"#]);
    assert_order(&events);
    assert!(!events.contains(&Event::End));
}

#[test]
fn an_error_ends_a_stream_and_nothing_counts_after_it() {
    let events = streamed("error");
    let Some(Event::Error(fault)) = events.last() else { panic!("{events:?}") };
    assert_eq!((fault.status, fault.code.as_deref()), (503, Some("UNAVAILABLE")));
    let events = read(&["{nonsense", r#"{"candidates":[{"finishReason":"STOP"}]}"#]);
    assert!(matches!(&events[..], [Event::Error(fault)] if fault.code.as_deref() == Some("upstream.malformed")));
    let events = read(&[r#"[{"error":{"code":429,"message":"Slow","status":"RESOURCE_EXHAUSTED"}}]"#]);
    assert!(matches!(&events[..], [Event::Error(fault)] if fault.status == 429));
}

#[test]
fn a_call_that_the_model_could_not_write_is_an_error_and_no_answer() {
    let body = json!({"candidates": [{"content": {}, "finishReason": "MALFORMED_FUNCTION_CALL",
        "finishMessage": "Malformed function call: print("}]});
    let fault = read_answer(body, &origin()).expect_err("refused");
    assert_eq!((fault.status, fault.code.as_deref()), (502, Some("MALFORMED_FUNCTION_CALL")));
    assert!(fault.message.contains("Malformed function call"), "{fault:?}");
}

#[test]
fn a_body_that_is_no_answer_is_refused() {
    for body in [json!({}), json!([]), json!("x"), json!({"candidates": [], "usageMetadata": {"promptTokenCount": 1}})]
    {
        let fault = read_answer(body, &origin()).expect_err("refused");
        assert_eq!((fault.status, fault.code.as_deref()), (502, Some("upstream.malformed")));
    }
    let body = serde_json::from_str(&golden("error.json")).expect("JSON");
    assert_eq!(read_answer(body, &origin()).expect_err("refused").status, 429);
}

#[test]
fn steps_of_googles_own_tools_are_kept_unseen() {
    let body = json!({"candidates": [{"finishReason": "STOP", "content": {"parts": [
        {"toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "id": "t"}, "thoughtSignature": "S"},
        {"toolResponse": {"toolType": "GOOGLE_SEARCH_WEB", "id": "t", "response": {}}},
        {"text": "Found."},
    ]}}]});
    let answer = read_answer(body, &origin()).expect("an answer");
    let [AnswerPart::Reasoning(first), AnswerPart::Reasoning(_), found] = &answer.parts[..] else {
        panic!("{answer:?}")
    };
    let payload = first.signature.as_ref().and_then(|signature| signature.payload_for(Protocol::Gemini, PROVIDER));
    assert_eq!(
        payload,
        Some(json!({"toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "id": "t"}, "thoughtSignature": "S"}))
    );
    assert_eq!(*found, text("Found."));
}

#[test]
fn what_an_answer_signed_goes_back_where_it_was() {
    for scenario in ["thinking_tools", "thinking_text"] {
        let mut turn = Vec::new();
        for part in unary(scenario).parts {
            turn.push(match part {
                AnswerPart::Text { text, .. } => Body::Text(text),
                AnswerPart::Reasoning(reasoned) => Body::Reasoning(reasoned),
                AnswerPart::Call(call) => Body::Call(call),
                AnswerPart::Refusal(words) => Body::Refusal(words),
            });
        }
        let request = asks(vec![(Role::User, vec![said("x")]), (Role::Assistant, turn)]);
        let body = write(request, "gemini-3-flash-preview").body;
        let parts = body["contents"][1]["parts"].as_array().expect("parts");
        assert_eq!(parts.len(), 1, "{parts:?}");
        let signature = parts[0]["thoughtSignature"].as_str().expect("signed");
        assert!(golden(&format!("{scenario}.json")).contains(signature));
    }
}

#[test]
fn a_signature_may_come_alone_and_other_candidates_are_not_this_answer() {
    let events = read(&[
        r#"{"candidates":[{"index":1,"content":{"parts":[{"text":"other"}]}},{"index":0,"content":{"parts":[{"text":"a"},{"inlineData":{}},{}]}}],"responseId":"r"}"#,
        r#"{"candidates":[{"index":1,"content":{"parts":[{"text":"other"}]},"finishReason":"MAX_TOKENS"}]}"#,
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}},{"thoughtSignature":"sig"}]}}]}"#,
        r#"{"candidates":[{"finishReason":"STOP"}]}"#,
        r#"{"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2}}"#,
    ]);
    assert_order(&events);
    assert_eq!(events.last(), Some(&Event::End));
    let answer = added(events);
    let [AnswerPart::Text { text, .. }, AnswerPart::Call(call), signed] = &answer.parts[..] else {
        panic!("{answer:?}")
    };
    assert_eq!((text.as_str(), &call.input), ("a", &CallInput::Json("{}".into())));
    assert_eq!(*signed, reasoning("", Some("sig")));
    assert_eq!(answer.finish, FinishReason::Done);
    assert_eq!(answer.usage, Some(TokenCounts { input: 3, output: 2, ..TokenCounts::default() }));
}

#[test]
fn half_an_emoji_does_not_end_an_answer() {
    let chunk = r#"{"candidates":[{"content":{"parts":[{"text":"\ud83d"}]},"finishReason":"STOP"}]}"#;
    let events = read(&[chunk]);
    assert!(events.contains(&Event::Delta("\u{FFFD}".into())), "{events:?}");
    assert_eq!(events.last(), Some(&Event::End));
}
