use proptest::prelude::*;

use super::*;

/// A stream and the body that the same call would have had without streaming.
struct Fixture {
    protocol: Protocol,
    stream: &'static str,
    unary: &'static str,
    usage: TokenCounts,
    text_bytes: u64,
}

/// The usage chunk of [`CHAT`], whole.
const CHAT_USAGE: &str = concat!(
    r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795000000,"model":"gpt-5.6","choices":[],"#,
    r#""usage":{"prompt_tokens":2006,"completion_tokens":300,"total_tokens":2306,"prompt_tokens_details":{"cached_tokens":"#,
    r#"1920,"cache_write_tokens":6,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":256,"audio_tokens":0,"#,
    "\"accepted_prediction_tokens\":0}},\"obfuscation\":\"\"}\n\n",
);

const CHAT: Fixture = Fixture {
    protocol: Protocol::ChatCompletions,
    stream: concat!(
        r#"data: {"choices":[],"created":0,"id":"","model":"","prompt_filter_results":[{"prompt_index":0}]}"#,
        "\n\n",
        r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795000000,"model":"gpt-5.6","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}],"usage":null}"#,
        "\n\n",
        r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795000000,"model":"gpt-5.6","choices":[{"index":0,"delta":{"content":"Say \"usage\":{ é\n"},"finish_reason":null}],"usage":null}"#,
        "\n\n: keep-alive\n\n",
        r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795000000,"model":"gpt-5.6","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":null}],"usage":null}"#,
        "\n\n",
        r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795000000,"model":"gpt-5.6","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#,
        "\n\n",
        r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795000000,"model":"gpt-5.6","choices":[],"usage":{"prompt_tokens":2006,"completion_tokens":300,"total_tokens":2306,"prompt_tokens_details":{"cached_tokens":1920,"cache_write_tokens":6,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":256,"audio_tokens":0,"accepted_prediction_tokens":0}},"obfuscation":""}"#,
        "\n\ndata: [DONE]\n\n",
    ),
    unary: r#"{"id":"chatcmpl-1","object":"chat.completion","created":1795000000,"model":"gpt-5.6","choices":[{"index":0,"message":{"role":"assistant","content":"Say \"usage\":{ é\n","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":2006,"completion_tokens":300,"total_tokens":2306,"prompt_tokens_details":{"cached_tokens":1920,"cache_write_tokens":6,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":256,"audio_tokens":0}},"service_tier":"default","error":null}"#,
    usage: TokenCounts { input: 80, output: 300, cache_read: 1920, cache_write: 6, reasoning: 256 },
    text_bytes: 20 + 3,
};

const RESPONSES: Fixture = Fixture {
    protocol: Protocol::Responses,
    stream: concat!(
        "event: response.created\n",
        r#"data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress","error":null,"model":"gpt-6","output":[],"tools":[],"usage":null}}"#,
        "\n\nevent: response.in_progress\n",
        r#"data: {"type":"response.in_progress","sequence_number":1,"response":{"id":"resp_1","object":"response","status":"in_progress","error":null,"output":[],"usage":null}}"#,
        "\n\nevent: response.output_item.added\n",
        r#"data: {"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]}}"#,
        "\n\nevent: response.output_text.delta\n",
        r#"data: {"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hello","logprobs":[],"obfuscation":"x9"}"#,
        "\n\nevent: response.output_text.done\n",
        r#"data: {"type":"response.output_text.done","sequence_number":4,"item_id":"msg_1","output_index":0,"content_index":0,"text":"Hello","logprobs":[]}"#,
        "\n\nevent: response.completed\n",
        r#"data: {"type":"response.completed","sequence_number":5,"response":{"id":"resp_1","object":"response","status":"completed","error":null,"output":[{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hello","annotations":[]}]}],"usage":{"input_tokens":1000,"input_tokens_details":{"cached_tokens":600,"cache_write_tokens":100},"output_tokens":90,"output_tokens_details":{"reasoning_tokens":64},"total_tokens":1090},"metadata":{"usage":"none"}}}"#,
        "\n\n",
    ),
    unary: r#"{"id":"resp_1","object":"response","created_at":1795000000,"status":"completed","error":null,"incomplete_details":null,"output":[{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hello","annotations":[]}]}],"usage":{"input_tokens":1000,"input_tokens_details":{"cached_tokens":600,"cache_write_tokens":100},"output_tokens":90,"output_tokens_details":{"reasoning_tokens":64},"total_tokens":1090},"metadata":{"usage":"none"}}"#,
    usage: TokenCounts { input: 300, output: 90, cache_read: 600, cache_write: 100, reasoning: 64 },
    text_bytes: 5,
};

const MESSAGES: Fixture = Fixture {
    protocol: Protocol::AnthropicMessages,
    stream: concat!(
        "event: message_start\n",
        r#"data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,"cache_creation_input_tokens":128,"cache_read_input_tokens":4096,"cache_creation":{"ephemeral_5m_input_tokens":128,"ephemeral_1h_input_tokens":0},"output_tokens":1,"service_tier":"standard"}}}"#,
        "\n\nevent: content_block_start\n",
        r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        "\n\nevent: ping\ndata: {\"type\": \"ping\"}\n\nevent: content_block_delta\n",
        r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm."}}"#,
        "\n\nevent: content_block_delta\n",
        r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQBCgIYAhIM"}}"#,
        "\n\nevent: content_block_stop\n",
        r#"data: {"type":"content_block_stop","index":0}"#,
        "\n\nevent: content_block_delta\n",
        r#"data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hello"}}"#,
        "\n\nevent: message_delta\n",
        r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":30,"output_tokens":55,"output_tokens_details":{"thinking_tokens":40}}}"#,
        "\n\nevent: message_stop\n",
        r#"data: {"type":"message_stop"}"#,
        "\n\n",
    ),
    unary: r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5","content":[{"type":"thinking","thinking":"Hm.","signature":"EqQBCgIYAhIM"},{"type":"text","text":"Hello"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":30,"cache_creation_input_tokens":128,"cache_read_input_tokens":4096,"output_tokens":55,"output_tokens_details":{"thinking_tokens":40},"service_tier":"standard"}}"#,
    usage: TokenCounts { input: 30, output: 55, cache_read: 4096, cache_write: 128, reasoning: 40 },
    text_bytes: 3 + 5,
};

const FIXTURES: [Fixture; 3] = [CHAT, RESPONSES, MESSAGES];

/// What is known of a stream after it has ended.
#[derive(Debug, PartialEq, Eq)]
struct Relayed {
    bytes: String,
    end: End,
    usage: Option<TokenCounts>,
    text_bytes: u64,
}

fn relay<'a>(protocol: Protocol, usage_chunk: UsageChunk, chunks: impl IntoIterator<Item = &'a [u8]>) -> Relayed {
    let mut meter = StreamMeter::new(protocol, usage_chunk);
    let mut bytes = Vec::new();
    for chunk in chunks {
        match meter.feed(chunk) {
            Relay::AsIs => bytes.extend_from_slice(chunk),
            Relay::Rewritten(rewritten) => {
                assert_eq!(usage_chunk, UsageChunk::Strip);
                bytes.extend_from_slice(rewritten);
            }
        }
    }
    let Finish { end, flush } = meter.finish();
    bytes.extend_from_slice(flush);
    let bytes = String::from_utf8_lossy(&bytes).into_owned();
    Relayed { bytes, end, usage: meter.usage(), text_bytes: meter.text_bytes() }
}

/// Relays the stream whole, byte by byte and cut at every offset; all have to come to the same.
fn at_every_split(protocol: Protocol, usage_chunk: UsageChunk, stream: &str) -> Relayed {
    let bytes = stream.as_bytes();
    let whole = relay(protocol, usage_chunk, [bytes]);
    assert_eq!(relay(protocol, usage_chunk, bytes.chunks(1)), whole, "byte by byte");
    for split in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(split);
        assert_eq!(relay(protocol, usage_chunk, [head, tail]), whole, "split at {split}");
    }
    whole
}

fn keep(protocol: Protocol, stream: &str) -> Relayed {
    at_every_split(protocol, UsageChunk::Keep, stream)
}

#[test]
fn a_streamed_call_counts_the_same_as_its_unary_twin() {
    for Fixture { protocol, stream, unary, usage, text_bytes } in FIXTURES {
        let facts = unary_usage(protocol, unary.as_bytes()).unwrap();
        assert_eq!(facts, ResponseFacts { usage: Some(usage), outcome: Outcome::Answered });
        for end in ["\n", "\r\n", "\r"] {
            let stream = stream.replace('\n', end);
            let relayed = keep(protocol, &stream);
            assert_eq!(relayed, Relayed { bytes: stream, end: End::Complete, usage: Some(usage), text_bytes });
        }
    }
}

#[test]
fn a_usage_chunk_that_only_the_gateway_asked_for_is_left_out_and_nothing_else() {
    assert!(CHAT.stream.contains(CHAT_USAGE));
    for end in ["\n", "\r\n", "\r"] {
        let [stream, chunk] = [CHAT.stream, CHAT_USAGE].map(|text| text.replace('\n', end));
        let relayed = at_every_split(CHAT.protocol, UsageChunk::Strip, &stream);
        assert_eq!(relayed.bytes, stream.replace(&chunk, ""));
        assert_eq!((relayed.end, relayed.usage), (End::Complete, Some(CHAT.usage)));
    }
}

#[test]
fn a_chunk_is_rewritten_only_when_something_is_held_or_left_out() {
    let mut meter = StreamMeter::new(Protocol::ChatCompletions, UsageChunk::Strip);
    assert_eq!(meter.feed(b"data: {\"choices\":[{}]}\n\n"), Relay::AsIs);
    assert_eq!(meter.feed(b": ping\n\ndata: {\"cho"), Relay::Rewritten(b": ping\n\n"));
    assert!(meter.at_boundary(), "what is held back has not been relayed");
    assert_eq!(meter.feed(b"ices\":[]"), Relay::Rewritten(b""));
    assert_eq!(meter.feed(b"}\n\nda"), Relay::Rewritten(b"data: {\"choices\":[]}\n\n"));
}

#[test]
fn usage_that_comes_with_a_choice_is_read_and_relayed() {
    let stream = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\ndata: [DONE]\n\n";
    let relayed = at_every_split(Protocol::ChatCompletions, UsageChunk::Strip, stream);
    assert_eq!(relayed.bytes, stream);
    assert_eq!(relayed.usage, Some(TokenCounts { input: 3, output: 1, ..TokenCounts::default() }));
}

#[test]
fn groq_and_xai_are_read_as_they_count() {
    let groq = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"x_groq\":{\"id\":\"r\",\"usage\":{\"queue_time\":0.1,\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":13}}}\n\ndata: [DONE]\n\n";
    let relayed = at_every_split(Protocol::ChatCompletions, UsageChunk::Strip, groq);
    assert_eq!(relayed.bytes, groq);
    assert_eq!(relayed.usage, Some(TokenCounts { input: 9, output: 4, ..TokenCounts::default() }));

    let xai = r#"{"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,"completion_tokens_details":{"reasoning_tokens":100}}}"#;
    let facts = unary_usage(Protocol::ChatCompletions, xai.as_bytes()).unwrap();
    assert_eq!(facts.usage, Some(TokenCounts { input: 10, output: 105, reasoning: 100, ..TokenCounts::default() }));
}

#[test]
fn a_server_that_sends_both_spellings_of_usage_is_read_by_the_one_that_counts() {
    let both = r#"{"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4},"input_tokens":0,"output_tokens":0,"input_tokens_details":{"cached_tokens":0}}}"#;
    let facts = unary_usage(Protocol::ChatCompletions, both.as_bytes()).unwrap();
    assert_eq!(facts.usage, Some(TokenCounts { input: 6, output: 5, cache_read: 4, ..TokenCounts::default() }));
}

#[test]
fn usage_that_makes_no_sense_counts_nothing_below_zero() {
    let usage = |usage: &str| {
        unary_usage(Protocol::ChatCompletions, format!(r#"{{"usage":{usage}}}"#).as_bytes()).unwrap().usage
    };
    assert_eq!(usage("null"), None);
    assert_eq!(usage("{}"), None);
    assert_eq!(usage("[1]"), None);
    assert_eq!(usage(r#"{"prompt_tokens":"7"}"#), None);
    let odd = usage(
        r#"{"prompt_tokens":5.0,"completion_tokens":-1,"prompt_tokens_details":{"cached_tokens":9},"completion_tokens_details":null}"#,
    );
    assert_eq!(odd, Some(TokenCounts { input: 5, cache_read: 9, ..TokenCounts::default() }));
    let embeddings = usage(r#"{"prompt_tokens":8,"total_tokens":8}"#);
    assert_eq!(embeddings, Some(TokenCounts { input: 8, ..TokenCounts::default() }));
}

#[test]
fn a_body_that_is_no_response_is_refused() {
    let refusal = |body: &str| unary_usage(Protocol::Responses, body.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        refusal("<html>502</html>"),
        "the upstream's response is not valid JSON: expected a value at line 1 column 1 (byte 0)"
    );
    assert_eq!(
        refusal("{\"usage\":{\"input_tokens\":12"),
        "the upstream's response is not valid JSON: expected `,` or `}` at line 1 column 28 (byte 27)"
    );
    assert_eq!(refusal("[]"), "the upstream's response is an array, not a JSON object");
}

#[test]
fn an_error_in_a_successful_response_is_reported() {
    let outcome = |body: &str| unary_usage(Protocol::ChatCompletions, body.as_bytes()).unwrap().outcome;
    for body in [r#"{"error":{"message":"no"}}"#, r#"{"error":"no"}"#] {
        assert_eq!(outcome(body), Outcome::ErrorReported);
    }
    for body in [r#"{"error":null}"#, r#"{"error":false}"#, r#"{"error":""}"#] {
        assert_eq!(outcome(body), Outcome::Answered);
    }
}

#[test]
fn a_truncated_stream_does_not_look_finished() {
    for Fixture { protocol, stream, .. } in FIXTURES {
        let terminators = ["[DONE]", "event: response.completed", "event: message_stop", "\"finish_reason\":\"stop\""];
        let end = terminators.iter().filter_map(|terminator| stream.find(terminator)).min().unwrap();
        for cut in (0..end).filter(|cut| stream.is_char_boundary(*cut)) {
            for usage_chunk in [UsageChunk::Keep, UsageChunk::Strip] {
                let chunk = &stream.as_bytes()[..cut];
                assert_eq!(relay(protocol, usage_chunk, [chunk]).end, End::Truncated, "cut at {cut}");
            }
        }
    }
}

#[test]
fn a_terminator_without_its_last_line_ends_still_counts() {
    for Fixture { protocol, stream, usage, .. } in FIXTURES {
        for usage_chunk in [UsageChunk::Keep, UsageChunk::Strip] {
            let relayed = at_every_split(protocol, usage_chunk, stream.trim_end());
            assert_eq!((relayed.end, relayed.usage), (End::Complete, Some(usage)));
            let last_line = stream.trim_end().lines().next_back().unwrap();
            assert!(relayed.bytes.ends_with(last_line), "the end is not lost");
        }
    }
}

#[test]
fn a_usage_chunk_cut_short_is_neither_counted_nor_relayed() {
    let end = CHAT.stream.find(CHAT_USAGE).unwrap();
    for cut in end..end + CHAT_USAGE.len() - 2 {
        let relayed = relay(CHAT.protocol, UsageChunk::Strip, [&CHAT.stream.as_bytes()[..cut]]);
        assert_eq!(relayed.end, End::Unterminated);
        if cut < end + CHAT_USAGE.len() - 3 {
            assert_eq!(relayed.usage, None, "cut at {cut}");
        }
    }
}

#[test]
fn a_chat_stream_that_finished_without_done_is_told_from_a_broken_one() {
    let stream = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    assert_eq!(keep(Protocol::ChatCompletions, stream).end, End::Unterminated);
    assert_eq!(keep(Protocol::ChatCompletions, "").end, End::Truncated);
}

#[test]
fn an_error_in_the_stream_is_reported_and_no_terminator_after_it_makes_it_a_success() {
    for (protocol, stream) in [
        (Protocol::ChatCompletions, "data: {\"error\":{\"message\":\"m\",\"code\":\"c\"}}\n\ndata: [DONE]\n\n"),
        (Protocol::ChatCompletions, "event: error\ndata: {\"error\":\"overloaded\"}\n\n"),
        (Protocol::Responses, "event: error\ndata: {\"type\":\"error\",\"code\":\"c\",\"message\":\"m\"}\n\n"),
        (Protocol::Responses, "data: {\"type\":\"error\",\"error\":{\"message\":\"m\"}}\n\n"),
        (
            Protocol::Responses,
            "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"error\":{}}}\n\n",
        ),
        (
            Protocol::AnthropicMessages,
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\nevent: message_stop\ndata: {}\n\n",
        ),
    ] {
        assert_eq!(keep(protocol, stream).end, End::ErrorReported, "{stream}");
        let mut meter = StreamMeter::new(protocol, UsageChunk::Keep);
        meter.feed(stream.as_bytes());
        assert_eq!(meter.progress(), Progress::ErrorReported);
    }
}

#[test]
fn an_upstream_is_committed_to_an_answer_only_by_an_event_of_the_answer() {
    for (Fixture { protocol, stream, .. }, lead_in) in FIXTURES.iter().zip([1, 2, 0]) {
        let mut meter = StreamMeter::new(*protocol, UsageChunk::Keep);
        assert_eq!(meter.progress(), Progress::LeadIn);
        meter.feed(b": ping\n\n");
        let mut events = stream.split_inclusive("\n\n");
        for event in events.by_ref().take(lead_in) {
            meter.feed(event.as_bytes());
            assert_eq!(meter.progress(), Progress::LeadIn, "{event}");
        }
        meter.feed(events.next().unwrap().as_bytes());
        assert_eq!(meter.progress(), Progress::Answering);
    }
}

#[test]
fn an_oversized_last_event_still_ends_the_stream() {
    let mut meter = StreamMeter::new(Protocol::Responses, UsageChunk::Keep);
    meter.feed(b"event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"output\":\"");
    let filler = vec![b'x'; 1 << 20];
    for _ in 0..17 {
        meter.feed(&filler);
    }
    meter.feed(b"\"}}\n\n");
    assert_eq!(meter.finish().end, End::Complete);
    assert_eq!(meter.usage(), None);
}

#[test]
fn a_broken_stream_ends_with_an_error_that_stands_on_its_own() {
    let check = |protocol, fed: &str, frame: &str| {
        let mut meter = StreamMeter::new(protocol, UsageChunk::Keep);
        meter.feed(fed.as_bytes());
        let error = String::from_utf8(meter.terminal_error("the \"upstream\" stopped", "upstream.truncated")).unwrap();
        assert_eq!(error, frame);
        meter.feed(error.as_bytes());
        assert_eq!(meter.finish().end, End::ErrorReported);
    };
    check(
        Protocol::ChatCompletions,
        "data: {\"choices\":[{}]}\n\n",
        "data: {\"error\":{\"message\":\"the \\\"upstream\\\" stopped\",\"type\":\"server_error\",\"param\":null,\"code\":\"upstream.truncated\"}}\n\n",
    );
    check(
        Protocol::Responses,
        "event: x.delta\ndata: {\"sequence_number\":41}\n\nevent: x.delta\nda",
        "\n\nevent: error\ndata: {\"type\":\"error\",\"code\":\"upstream.truncated\",\"message\":\"the \\\"upstream\\\" stopped\",\"param\":null,\"sequence_number\":42,\"error\":{\"message\":\"the \\\"upstream\\\" stopped\",\"type\":\"server_error\",\"param\":null,\"code\":\"upstream.truncated\"}}\n\n",
    );
    check(
        Protocol::AnthropicMessages,
        "event: content_block_delta\ndata: {\"type\":\"cont",
        "\n\nevent: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"the \\\"upstream\\\" stopped\"}}\n\n",
    );
}

fn protocol() -> impl Strategy<Value = Protocol> {
    prop::sample::select(&Protocol::ALL[..])
}

fn usage_chunk() -> impl Strategy<Value = UsageChunk> {
    prop::sample::select(&[UsageChunk::Keep, UsageChunk::Strip][..])
}

/// Streams that look almost like one.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&str] = &[
        "\n",
        "\r",
        "\n\n",
        "\r\n\r\n",
        "data: ",
        "data:",
        "event: error",
        "event: message_stop",
        ": c",
        "[DONE]",
        "{",
        "}",
        "{\"choices\":[],\"usage\":{\"prompt_tokens\":1}}",
        "{\"choices\":[{\"delta\":{\"content\":\"",
        "\"}}]}",
        "{\"error\":null}",
        "{\"error\":1}",
        "\"usage\":",
        "[",
        "]",
        ",",
        "\u{feff}",
        "\\",
        "ä",
    ];
    prop::collection::vec(prop::sample::select(PIECES), 0..24).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn the_chunks_of_a_stream_do_not_matter(
        protocol in protocol(), usage_chunk in usage_chunk(), stream in soup(),
        splits in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
    ) {
        let mut at: Vec<usize> = splits.iter().map(|split| split.index(stream.len() + 1)).collect();
        at.extend([0, stream.len()]);
        at.sort_unstable();
        let chunks = at.windows(2).map(|pair| &stream[pair[0]..pair[1]]);
        let whole = relay(protocol, usage_chunk, [&stream[..]]);
        prop_assert_eq!(relay(protocol, usage_chunk, chunks), whole);
    }

    #[test]
    fn arbitrary_bytes_are_relayed(protocol in protocol(), chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 0..6)) {
        let relayed = relay(protocol, UsageChunk::Keep, chunks.iter().map(Vec::as_slice));
        let stream = chunks.concat();
        prop_assert_eq!(relayed.bytes, String::from_utf8_lossy(&stream));
        let _ = unary_usage(protocol, &stream);
    }
}
