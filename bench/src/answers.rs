//! The upstream's answers in the three protocols: the same bytes each time, with usage, as their owners document them.

use bytes::Bytes;
use serde_json::{Value, json};

/// Fewer events than this cannot hold a Responses stream's frame and a word.
pub const FEWEST_EVENTS: usize = 10;

/// What every whole answer's text ends with, and no stream's event but the last ones'.
pub const LAST_WORD: &str = "benchmarked.";

const CREATED: u64 = 1_795_000_000;
const TEXT: &str = "The gateway reads who is asking, finds which model serves the call, opens the credential that the model's \
    provider was registered with, sends the body on as it came, and reads on the way back what the call has cost. All of that \
    happens between two system calls of the client, which is why it ought to be benchmarked.";
const WORDS: [&str; 8] = ["every ", "call ", "that ", "goes ", "out ", "is ", "counted ", "once; "];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    ChatCompletions,
    Responses,
    AnthropicMessages,
}

impl Protocol {
    pub const ALL: [Self; 3] = [Self::ChatCompletions, Self::Responses, Self::AnthropicMessages];

    /// By the end of the request's path, whatever is before it; `None` is the raw endpoint.
    pub fn of_path(path: &str) -> Option<Self> {
        if path.ends_with("/chat/completions") {
            Some(Self::ChatCompletions)
        } else if path.ends_with("/responses") {
            Some(Self::Responses)
        } else if path.ends_with("/messages") {
            Some(Self::AnthropicMessages)
        } else {
            None
        }
    }

    /// The whole answer, of about a kilobyte.
    pub fn whole(self) -> Bytes {
        let answer = match self {
            Self::ChatCompletions => chat::whole(),
            Self::Responses => responses::object("completed", json!([responses::message(TEXT)]), responses::usage()),
            Self::AnthropicMessages => anthropic::whole(),
        };
        Bytes::from(answer.to_string())
    }

    /// A stream of exactly `count` events (`FEWEST_EVENTS` at least), each with its blank line. `usage` is Chat Completions'
    /// `include_usage`, which brings one event more; the other protocols always say what a call has cost.
    pub fn stream(self, count: usize, usage: bool) -> Vec<Bytes> {
        let count = count.max(FEWEST_EVENTS);
        match self {
            Self::ChatCompletions => chat::stream(count, usage),
            Self::Responses => responses::stream(count),
            Self::AnthropicMessages => anthropic::stream(count),
        }
    }
}

/// `count` words, the last of which is `LAST_WORD`.
fn words(count: usize) -> impl Iterator<Item = &'static str> {
    (0..count).map(move |at| if at + 1 == count { LAST_WORD } else { WORDS[at % WORDS.len()] })
}

fn named(event: &str, rest: Value) -> Bytes {
    let mut data = json!({"type": event});
    if let (Value::Object(data), Value::Object(rest)) = (&mut data, rest) {
        data.extend(rest);
    }
    Bytes::from(format!("event: {event}\ndata: {data}\n\n"))
}

mod chat {
    use super::*;

    fn usage() -> Value {
        json!({"prompt_tokens": 200, "completion_tokens": 64, "total_tokens": 264,
            "prompt_tokens_details": {"cached_tokens": 50, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0}})
    }

    pub fn whole() -> Value {
        json!({"id": "chatcmpl-bench", "object": "chat.completion", "created": CREATED, "model": "bench-1",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": TEXT, "refusal": null, "annotations": []},
                "logprobs": null, "finish_reason": "stop"}],
            "usage": usage(), "service_tier": "default", "system_fingerprint": "fp_bench"})
    }

    pub fn stream(count: usize, with_usage: bool) -> Vec<Bytes> {
        let chunk = |choices: Value, usage: Value| {
            let mut chunk = json!({"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": CREATED,
                "model": "bench-1", "service_tier": "default", "system_fingerprint": "fp_bench", "choices": choices});
            if with_usage {
                chunk["usage"] = usage;
            }
            Bytes::from(format!("data: {chunk}\n\n"))
        };
        let delta = |delta: Value, finish: Value| {
            chunk(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]), Value::Null)
        };
        let mut events = vec![delta(json!({"role": "assistant", "content": "", "refusal": null}), Value::Null)];
        events.extend(words(count - 3).map(|word| delta(json!({"content": word}), Value::Null)));
        events.push(delta(json!({}), "stop".into()));
        if with_usage {
            events.push(chunk(json!([]), usage()));
        }
        events.push(Bytes::from_static(b"data: [DONE]\n\n"));
        events
    }
}

mod responses {
    use super::*;

    pub fn usage() -> Value {
        json!({"input_tokens": 200, "input_tokens_details": {"cached_tokens": 50}, "output_tokens": 64,
            "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 264})
    }

    fn part(text: &str) -> Value {
        json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
    }

    pub fn message(text: &str) -> Value {
        json!({"id": "msg_bench", "type": "message", "status": "completed", "role": "assistant", "content": [part(text)]})
    }

    pub fn object(status: &str, output: Value, usage: Value) -> Value {
        json!({"id": "resp_bench", "object": "response", "created_at": CREATED, "status": status, "background": false,
            "error": null, "incomplete_details": null, "instructions": null, "max_output_tokens": null, "model": "bench-1",
            "output": output, "parallel_tool_calls": true, "previous_response_id": null,
            "reasoning": {"effort": null, "summary": null}, "store": true, "temperature": 1.0,
            "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_p": 1.0, "truncation": "disabled",
            "usage": usage, "user": null, "metadata": {}})
    }

    pub fn stream(count: usize) -> Vec<Bytes> {
        let mut events = Vec::new();
        let mut push = |event: &str, mut data: Value| {
            data["sequence_number"] = events.len().into();
            events.push(named(event, data));
        };
        let text: String = words(count - 8).collect();
        let inside = || json!({"item_id": "msg_bench", "output_index": 0, "content_index": 0});
        let with = |name: &str, value: Value| {
            let mut data = inside();
            data[name] = value;
            data
        };
        let begun = || json!({"response": object("in_progress", json!([]), Value::Null)});
        push("response.created", begun());
        push("response.in_progress", begun());
        let added =
            json!({"id": "msg_bench", "type": "message", "status": "in_progress", "role": "assistant", "content": []});
        push("response.output_item.added", json!({"output_index": 0, "item": added}));
        push("response.content_part.added", with("part", part("")));
        for word in words(count - 8) {
            let mut data = with("delta", word.into());
            data["logprobs"] = json!([]);
            push("response.output_text.delta", data);
        }
        let mut done = with("text", text.as_str().into());
        done["logprobs"] = json!([]);
        push("response.output_text.done", done);
        push("response.content_part.done", with("part", part(&text)));
        push("response.output_item.done", json!({"output_index": 0, "item": message(&text)}));
        push("response.completed", json!({"response": object("completed", json!([message(&text)]), usage())}));
        events
    }
}

mod anthropic {
    use super::*;

    fn usage(output: u32) -> Value {
        json!({"input_tokens": 150, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 50, "output_tokens": output,
            "service_tier": "standard"})
    }

    fn message(content: Value, stop: Value, usage: Value) -> Value {
        json!({"id": "msg_bench", "type": "message", "role": "assistant", "model": "bench-1", "content": content,
            "stop_reason": stop, "stop_sequence": null, "usage": usage})
    }

    pub fn whole() -> Value {
        message(json!([{"type": "text", "text": TEXT}]), "end_turn".into(), usage(64))
    }

    pub fn stream(count: usize) -> Vec<Bytes> {
        let begun = json!({"message": message(json!([]), Value::Null, usage(1))});
        let mut events = vec![
            named("message_start", begun),
            named("content_block_start", json!({"index": 0, "content_block": {"type": "text", "text": ""}})),
        ];
        events.extend(words(count - 5).map(|word| {
            named("content_block_delta", json!({"index": 0, "delta": {"type": "text_delta", "text": word}}))
        }));
        events.push(named("content_block_stop", json!({"index": 0})));
        let ended =
            json!({"delta": {"stop_reason": "end_turn", "stop_sequence": null}, "usage": {"output_tokens": 64}});
        events.push(named("message_delta", ended));
        events.push(named("message_stop", json!({})));
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Counter;

    #[test]
    fn a_stream_has_as_many_events_as_were_asked_for_and_ends_as_its_protocol_does() {
        for (protocol, end) in [
            (Protocol::ChatCompletions, "data: [DONE]\n\n"),
            (Protocol::Responses, "\"metadata\":{}},\"sequence_number\":9}\n\n"),
            (Protocol::AnthropicMessages, "data: {\"type\":\"message_stop\"}\n\n"),
        ] {
            for count in [FEWEST_EVENTS, 200] {
                let end = end.replace(":9}", &format!(":{}}}", count - 1));
                let events = protocol.stream(count, false);
                assert_eq!(events.len(), count, "{protocol:?}");
                let bytes = events.concat();
                let mut counter = Counter::default();
                counter.feed(&bytes);
                assert_eq!(counter.count(), count as u64, "{protocol:?}");
                let text = String::from_utf8(bytes).unwrap();
                assert!(text.ends_with(&end), "{protocol:?}: {text}");
                assert!(text.contains(LAST_WORD));
            }
        }
    }

    #[test]
    fn chat_completions_says_what_it_has_cost_only_where_it_was_asked() {
        let text = |usage| String::from_utf8(Protocol::ChatCompletions.stream(20, usage).concat()).unwrap();
        assert!(!text(false).contains("usage"));
        assert!(text(true).contains("\"total_tokens\":264"));
        assert_eq!(Protocol::ChatCompletions.stream(20, true).len(), 21);
    }

    #[test]
    fn a_whole_answer_has_its_last_word_and_its_usage_the_same_each_time() {
        for protocol in Protocol::ALL {
            let text = String::from_utf8(protocol.whole().to_vec()).unwrap();
            assert!(text.contains(LAST_WORD) && text.contains("\"usage\":{"), "{text}");
            assert_eq!(protocol.whole(), protocol.whole());
        }
    }
}
