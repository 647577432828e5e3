//! What is relayed and what is translated is counted alike: the price of a call must not depend on who makes it.

use crate::fixtures::{CLIENTS, exchange, upstream};
use serde_json::{Value, json};
use sluice::domain::protocol::Protocol;
use sluice::domain::usage::TokenCounts;
use sluice::protocol::meter::{StreamMeter, UsageChunk, unary_usage};

/// The counts of a client that speaks the upstream's protocol, and of one that does not, of one body.
fn both(protocol: Protocol, body: &[u8]) -> (Option<TokenCounts>, Option<TokenCounts>) {
    let client = CLIENTS.into_iter().find(|client| client.protocol() != protocol).expect("another client");
    let translated = exchange(client, upstream(protocol), false).answer(body).expect("an answer").usage;
    (unary_usage(protocol, body).expect("an answer").usage, translated)
}

fn both_streamed(protocol: Protocol, stream: &[u8]) -> (Option<TokenCounts>, Option<TokenCounts>) {
    let client = CLIENTS.into_iter().find(|client| client.protocol() != protocol).expect("another client");
    let mut meter = StreamMeter::new(protocol, UsageChunk::Keep);
    meter.feed(stream);
    meter.finish();
    let mut translator = exchange(client, upstream(protocol), true).stream();
    translator.feed(stream, &mut Vec::new());
    translator.finish(&mut Vec::new());
    (meter.usage(), translator.usage())
}

#[test]
fn every_golden_answer_counts_the_same_relayed_and_translated() {
    for client in CLIENTS {
        let protocol = client.protocol();
        for (extension, streamed) in [("json", false), ("sse", true)] {
            for fixture in crate::fixtures::all("answers", extension) {
                if fixture.protocol != protocol || fixture.scenario.starts_with("error") {
                    continue;
                }
                let body = fixture.text().into_bytes();
                let (relayed, translated) =
                    if streamed { both_streamed(protocol, &body) } else { both(protocol, &body) };
                assert!(relayed.is_some(), "{}", fixture.scenario);
                assert_eq!(relayed, translated, "{} {}", protocol.as_str(), fixture.scenario);
            }
        }
    }
}

/// What vendors count in OpenAI's words, by the names of either protocol.
const ODD: [&str; 9] = [
    // xAI: the cache outside of the prompt, reasoning beside the output.
    r#"{"I":10,"O":5,"total_tokens":115,"ID":{"cached_tokens":64},"OD":{"reasoning_tokens":100}}"#,
    r#"{"I":10,"O":5,"total_tokens":15,"OD":{"reasoning_tokens":100}}"#,
    r#"{"I":10,"O":5,"OD":{"reasoning_tokens":100}}"#,
    r#"{"I":10,"O":50,"OD":{"reasoning_tokens":20}}"#,
    r#"{"I":10,"O":50,"ID":{"cached_tokens":8,"cache_write_tokens":4},"OD":null}"#,
    // Moonshot and DeepSeek.
    r#"{"I":10,"O":5,"cached_tokens":6}"#,
    r#"{"I":10,"O":5,"prompt_cache_hit_tokens":6,"prompt_cache_miss_tokens":4,"ID":{"cached_tokens":6}}"#,
    r#"{"I":10.0,"O":5e0,"ID":{"cached_tokens":2.0},"OD":{"reasoning_tokens":null}}"#,
    r#"{"I":null,"O":5,"ID":[]}"#,
];

#[test]
fn odd_counts_are_read_alike_relayed_and_translated() {
    for odd in ODD {
        let chat = [
            ("I", "prompt_tokens"),
            ("O", "completion_tokens"),
            ("ID", "prompt_tokens_details"),
            ("OD", "completion_tokens_details"),
        ];
        let responses = [
            ("I", "input_tokens"),
            ("O", "output_tokens"),
            ("ID", "input_tokens_details"),
            ("OD", "output_tokens_details"),
        ];
        let named = |names: [(&str, &str); 4]| {
            names.into_iter().fold(odd.to_owned(), |usage, (short, name)| {
                usage.replace(&format!("\"{short}\":"), &format!("\"{name}\":"))
            })
        };
        let (chat, responses) = (named(chat), named(responses));
        let bodies = [
            (
                Protocol::ChatCompletions,
                format!(r#"{{"choices":[{{"message":{{"content":"a"}},"finish_reason":"stop"}}],"usage":{chat}}}"#),
            ),
            (Protocol::Responses, format!(r#"{{"status":"completed","output":[],"usage":{responses}}}"#)),
        ];
        for (protocol, body) in bodies {
            let (relayed, translated) = both(protocol, body.as_bytes());
            assert!(relayed.is_some(), "{odd}");
            assert_eq!(relayed, translated, "{} {odd}", protocol.as_str());
        }
        let stream = format!("data: {{\"choices\":[],\"usage\":{chat}}}\n\ndata: [DONE]\n\n");
        let (relayed, translated) = both_streamed(Protocol::ChatCompletions, stream.as_bytes());
        assert_eq!(relayed, translated, "{odd}");
        let stream = format!(
            "event: response.completed\ndata: {{\"type\":\"response.completed\",\"response\":{{\"output\":[],\"usage\":{responses}}}}}\n\n"
        );
        let (relayed, translated) = both_streamed(Protocol::Responses, stream.as_bytes());
        assert_eq!(relayed, translated, "{odd}");
    }
}

#[test]
fn anthropics_counts_are_read_alike_where_they_leave_out_or_null() {
    for (first, last) in [
        (json!({"input_tokens": 9, "cache_read_input_tokens": null, "output_tokens": 1}), json!({"output_tokens": 20})),
        (json!(null), json!({"input_tokens": 9.0, "output_tokens": 20, "output_tokens_details": null})),
        (
            json!({"input_tokens": 0}),
            json!({"input_tokens": 7, "cache_creation_input_tokens": 3, "output_tokens": 2,
            "output_tokens_details": {"thinking_tokens": 1}}),
        ),
        (json!({"input_tokens": 5}), Value::Null),
    ] {
        let events = [
            json!({"type": "message_start", "message": {"usage": first}}),
            json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": last}),
            json!({"type": "message_stop"}),
        ];
        let stream: String = events
            .iter()
            .map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().expect("a type")))
            .collect();
        let (relayed, translated) = both_streamed(Protocol::AnthropicMessages, stream.as_bytes());
        assert!(relayed.is_some());
        assert_eq!(relayed, translated, "{first} {last}");
    }
}
