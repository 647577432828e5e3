use super::*;

const SCENARIOS: [&str; 8] =
    ["text", "tools", "thinking_tools", "thinking_text", "refusal", "length", "citations", "unicode"];

fn told(lines: &[(&str, Value)]) -> Vec<Event> {
    let mut reader = StreamReader::new(origin(CLAUDE_46));
    let mut events = Vec::new();
    for (name, data) in lines {
        reader.event(Some(name), data.to_string().as_bytes(), &mut events);
    }
    reader.finish(&mut events);
    events
}

fn delta(index: u64, delta: Value) -> (&'static str, Value) {
    ("contentBlockDelta", json!({"contentBlockIndex": index, "delta": delta, "p": "abc"}))
}

fn start(index: u64, id: &str) -> (&'static str, Value) {
    let call = json!({"toolUseId": id, "name": "f"});
    ("contentBlockStart", json!({"contentBlockIndex": index, "start": {"toolUse": call}}))
}

fn stop(index: u64) -> (&'static str, Value) {
    ("contentBlockStop", json!({"contentBlockIndex": index}))
}

fn begun() -> (&'static str, Value) {
    ("messageStart", json!({"role": "assistant"}))
}

/// Checks the order that [`Event`] documents.
fn check_order(events: &[Event]) {
    let mut is_open = false;
    assert!(matches!(events.first(), Some(Event::Begin(_))), "{events:?}");
    for event in events.iter().skip(1) {
        match event {
            Event::Begin(_) => panic!("begun twice: {events:?}"),
            Event::Open(_) => assert!(!std::mem::replace(&mut is_open, true), "interleaved: {events:?}"),
            Event::Close => assert!(std::mem::replace(&mut is_open, false), "closed twice: {events:?}"),
            Event::Delta(text) => assert!(is_open && !text.is_empty(), "{events:?}"),
            Event::Cite(_) | Event::Sign(_) => assert!(is_open, "{events:?}"),
            Event::End => assert!(!is_open, "{events:?}"),
            Event::Usage(_) | Event::Finish(_) | Event::Error(_) => {}
        }
    }
}

#[test]
fn a_stream_adds_up_to_its_unary_twin() {
    for scenario in SCENARIOS {
        for model in [CLAUDE_46, GPT] {
            let body = serde_json::from_str(&golden(&format!("{scenario}.json"))).expect("JSON");
            let whole = read_answer(body, &origin(model)).expect("an answer");
            let events = read_stream(model, &golden(&format!("{scenario}.jsonl")));
            check_order(&events);
            assert_eq!(events.last(), Some(&Event::End), "{scenario}");
            assert_eq!(add_up(events), whole, "{scenario}");
        }
    }
}

#[test]
fn events_that_nobody_knows_are_skipped() {
    let events = read_stream(NOVA, &golden("unknown_events.jsonl"));
    check_order(&events);
    let answer = add_up(events);
    assert_eq!(answer.parts, [AnswerPart::Text { text: "Hello there.".into(), citations: Vec::new() }]);
    assert_eq!(answer.usage.map(|usage| usage.output), Some(6));
}

#[test]
fn an_exception_ends_the_stream_and_nothing_counts_after_it() {
    let mut recorded = golden("error.jsonl");
    recorded.push_str("{\"event\":\"messageStop\",\"data\":{\"stopReason\":\"end_turn\"}}\n");
    let events = read_stream(CLAUDE_46, &recorded);
    let Some(Event::Error(fault)) = events.last() else { panic!("{events:?}") };
    assert_eq!((fault.status, fault.code.as_deref()), (424, Some("modelStreamErrorException")));
}

#[test]
fn a_stream_ends_with_its_metadata_and_not_before() {
    let head = [begun(), delta(0, json!({"text": "Hi"})), stop(0)];
    let stopped = ("messageStop", json!({"stopReason": "end_turn"}));
    let usage = ("metadata", json!({"usage": {"inputTokens": 1, "outputTokens": 2}}));
    let cut = told(&head);
    assert!(!cut.contains(&Event::End), "{cut:?}");
    let mut reader = StreamReader::new(origin(NOVA));
    let mut events = Vec::new();
    for (name, data) in head.iter().chain([&stopped]) {
        reader.event(Some(name), data.to_string().as_bytes(), &mut events);
    }
    assert!(!events.contains(&Event::End), "the usage is to come");
    reader.finish(&mut events);
    reader.finish(&mut events);
    assert_eq!(events.iter().filter(|event| **event == Event::End).count(), 1);
    let unstopped = told(&[&head[..], std::slice::from_ref(&usage)].concat());
    assert!(!unstopped.contains(&Event::End), "{unstopped:?}");
    let whole = told(&[&head[..], &[stopped, usage]].concat());
    assert_eq!(whole.last(), Some(&Event::End));
}

#[test]
fn a_call_without_input_and_a_block_without_an_end_are_complete() {
    let events = told(&[
        begun(),
        start(0, "c1"),
        delta(0, json!({"toolUse": {"input": ""}})),
        stop(0),
        delta(1, json!({"text": "Done"})),
        ("messageStop", json!({"stopReason": "tool_use"})),
    ]);
    check_order(&events);
    let answer = add_up(events);
    let AnswerPart::Call(call) = &answer.parts[0] else { panic!() };
    assert_eq!(call.input, CallInput::Json("{}".into()));
    assert_eq!(answer.parts.len(), 2);
}

#[test]
fn fragments_of_calls_that_interleave_come_out_whole() {
    let events = told(&[
        begun(),
        delta(0, json!({"text": "Both."})),
        start(1, "c1"),
        start(2, "c2"),
        delta(2, json!({"toolUse": {"input": "{\"b\""}})),
        delta(1, json!({"toolUse": {"input": "{\"a\""}})),
        delta(3, json!({"text": "After."})),
        delta(2, json!({"toolUse": {"input": ":2}"}})),
        stop(2),
        delta(1, json!({"toolUse": {"input": ":1}"}})),
        stop(1),
        stop(3),
        ("messageStop", json!({"stopReason": "tool_use"})),
    ]);
    check_order(&events);
    let answer = add_up(events);
    let inputs: Vec<_> = answer
        .parts
        .iter()
        .map(|part| match part {
            AnswerPart::Call(Call { input: CallInput::Json(json), .. }) => json.as_str(),
            AnswerPart::Text { text, .. } => text.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(inputs, ["Both.", r#"{"a":1}"#, r#"{"b":2}"#, "After."]);
}

#[test]
fn a_signature_without_words_is_a_block_and_fragments_of_bytes_are_joined() {
    let events = told(&[
        begun(),
        delta(0, json!({"reasoningContent": {"signature": "c2"}})),
        delta(0, json!({"reasoningContent": {"signature": "ln"}})),
        stop(0),
        delta(1, json!({"reasoningContent": {"redactedContent": "YQ=="}})),
        delta(1, json!({"reasoningContent": {"redactedContent": "Yg=="}})),
        stop(1),
        ("messageStop", json!({"stopReason": "end_turn"})),
    ]);
    check_order(&events);
    let payloads: Vec<_> = add_up(events)
        .parts
        .into_iter()
        .map(|part| match part {
            AnswerPart::Reasoning(Reasoned { signature: Some(signature), .. }) => signature.payload,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        payloads,
        [r#"{"type":"thinking","thinking":"","signature":"c2ln"}"#, r#"{"type":"redacted_thinking","data":"YWI="}"#]
    );
}

#[test]
fn the_matched_stop_sequence_is_told() {
    let fields = json!({"delta": {"stop_sequence": "END"}});
    let stopped = ("messageStop", json!({"stopReason": "stop_sequence", "additionalModelResponseFields": fields}));
    let events = told(&[begun(), stopped]);
    assert!(events.contains(&Event::Finish(FinishReason::StopSequence(Some("END".into())))), "{events:?}");
}

#[test]
fn data_that_is_no_object_is_an_error() {
    for data in ["", "nonsense", "[]", "{\"contentBlockIndex\":"] {
        let mut reader = StreamReader::new(origin(NOVA));
        let mut events = Vec::new();
        reader.event(Some("contentBlockDelta"), data.as_bytes(), &mut events);
        let Some(Event::Error(fault)) = events.last() else { panic!("{events:?}") };
        assert_eq!((fault.status, fault.code.as_deref()), (502, Some("upstream.malformed")));
    }
}

#[test]
fn redacted_reasoning_in_fragments_is_one_and_an_exception_may_come_first() {
    let redacted = |base64: &str| delta(0, json!({"reasoningContent": {"redactedContent": base64}}));
    // "a", "bc", "def", "g", each base64 of its own.
    let events = told(&[
        begun(),
        redacted("YQ=="),
        redacted("YmM="),
        redacted("ZGVm"),
        redacted("Zw=="),
        stop(0),
        ("metadata", json!({"usage": {"inputTokens": 1, "outputTokens": 2}})),
        ("messageStop", json!({"stopReason": "guardrail_intervened"})),
    ]);
    check_order(&events);
    assert_eq!(events.last(), Some(&Event::End));
    let answer = add_up(events);
    let [AnswerPart::Reasoning(Reasoned { signature: Some(signature), .. })] = &answer.parts[..] else {
        panic!("{answer:?}")
    };
    assert!(signature.payload.contains("\"YWJjZGVmZw==\""), "{signature:?}");
    assert_eq!((answer.finish, answer.usage.map(|usage| usage.output)), (FinishReason::Declined, Some(2)));
    let first = told(&[("throttlingException", json!({"message": "slow down"})), begun()]);
    assert!(matches!(&first[..], [Event::Error(fault)] if fault.status == 429), "{first:?}");
}

#[test]
fn half_an_emoji_does_not_end_an_answer() {
    let mut reader = StreamReader::new(origin(NOVA));
    let mut events = Vec::new();
    reader.event(Some("contentBlockDelta"), br#"{"contentBlockIndex":0,"delta":{"text":"\ud83d"}}"#, &mut events);
    assert_eq!(events.last(), Some(&Event::Delta("\u{FFFD}".into())));
}
