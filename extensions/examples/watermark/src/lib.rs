//! Says at the beginning of each answer that a model wrote it, in whole answers as in streams.
//!
//! ```json
//! {"line": "Written by a language model."}
//! ```

use std::collections::VecDeque;

use sluice_extension::{
    Call, Description, Event, EventOutcome, Extension, Protocol, Response, ResponseOutcome, Value, export,
};

const LINE: &str = "Written by a language model.";

/// Streams that are remembered at once: those that began longest ago are forgotten first.
const MOST_STREAMS: usize = 256;

/// Where a stream's text began: the answer, as the call and its choice, and the part of it that got the line.
#[derive(PartialEq)]
struct Begun {
    answer: String,
    part: String,
}

/// The extension.
pub struct Watermark {
    line: String,
    begun: VecDeque<Begun>,
}

impl Extension for Watermark {
    type Config = Value;

    fn describe() -> Description {
        Description::new("watermark", "1.0.0", &["response", "event"]).described("Begins each answer with a line")
    }

    fn configure(config: Value) -> Result<Self, String> {
        let line = match config.get("line") {
            None => LINE,
            Some(line) => line.as_str().ok_or("config.line: not a text")?,
        };
        Ok(Self { line: format!("{line}\n\n"), begun: VecDeque::new() })
    }

    fn response(&mut self, call: &Call, mut response: Response) -> ResponseOutcome {
        if response.status != 200 {
            return ResponseOutcome::unchanged();
        }
        self.mark_whole(call, &mut response.body);
        ResponseOutcome::rewrite(response.body)
    }

    fn event(&mut self, call: &Call, mut event: Event) -> EventOutcome {
        let data = &mut event.data;
        let marked = match call.protocol {
            Protocol::Responses => self.mark_response_event(call, data),
            Protocol::AnthropicMessages => {
                let part = number(data, "index");
                data.pointer_mut("/delta/text").is_some_and(|text| self.mark_piece(&call.request_id, &part, text))
            }
            _ => self.mark_chunk(call, data),
        };
        if marked { EventOutcome::rewrite(event.data) } else { EventOutcome::unchanged() }
    }
}

impl Watermark {
    /// The first text of each choice, and of answers that have no choices.
    fn mark_whole(&self, call: &Call, body: &mut Value) {
        let choices = body.get("choices").and_then(Value::as_array).map_or(1, Vec::len);
        let mut left = choices;
        call.texts_in_response(body, |text| {
            if left > 0 {
                text.insert_str(0, &self.line);
                left -= 1;
            }
        });
    }

    fn mark_chunk(&mut self, call: &Call, data: &mut Value) -> bool {
        let Some(Value::Array(choices)) = data.get_mut("choices") else { return false };
        let mut marked = false;
        for choice in choices {
            let answer = format!("{}#{}", call.request_id, number(choice, "index"));
            if let Some(text) = choice.pointer_mut("/delta/content") {
                marked |= self.mark_piece(&answer, "", text);
            }
        }
        marked
    }

    /// A text of Responses comes in pieces, and then whole, four times over.
    fn mark_response_event(&mut self, call: &Call, data: &mut Value) -> bool {
        let answer = &call.request_id;
        let part = format!("{}/{}", number(data, "output_index"), number(data, "content_index"));
        let kind = data.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        match kind.as_str() {
            "response.output_text.delta" => {
                data.get_mut("delta").is_some_and(|text| self.mark_piece(answer, &part, text))
            }
            "response.output_text.done" => self.mark_again(answer, &part, data.get_mut("text")),
            "response.content_part.done" => self.mark_again(answer, &part, data.pointer_mut("/part/text")),
            "response.output_item.done" => {
                let part = format!("{}/0", number(data, "output_index"));
                self.mark_again(answer, &part, data.pointer_mut("/item/content/0/text"))
            }
            "response.completed" | "response.incomplete" => match data.get_mut("response") {
                Some(response) => {
                    self.mark_whole(call, response);
                    true
                }
                None => false,
            },
            _ => false,
        }
    }

    fn mark_piece(&mut self, answer: &str, part: &str, text: &mut Value) -> bool {
        let Value::String(text) = text else { return false };
        if text.is_empty() || self.begun.iter().any(|begun| begun.answer == answer) {
            return false;
        }
        if self.begun.len() == MOST_STREAMS {
            self.begun.pop_front();
        }
        self.begun.push_back(Begun { answer: answer.to_owned(), part: part.to_owned() });
        text.insert_str(0, &self.line);
        true
    }

    fn mark_again(&self, answer: &str, part: &str, text: Option<&mut Value>) -> bool {
        let begun = Begun { answer: answer.to_owned(), part: part.to_owned() };
        match text {
            Some(Value::String(text)) if self.begun.contains(&begun) => {
                text.insert_str(0, &self.line);
                true
            }
            _ => false,
        }
    }
}

fn number(value: &Value, name: &str) -> String {
    value.get(name).map(Value::to_string).unwrap_or_default()
}

export!(Watermark);

#[cfg(test)]
mod tests {
    use sluice_extension::{json, testing::Configured};

    use super::*;

    fn watermark() -> Configured<Watermark> {
        Configured::with(json!({"line": "AI:"})).unwrap()
    }

    #[test]
    fn a_whole_answer_begins_with_the_line_in_each_protocol() {
        let chat = json!({"choices": [{"index": 0, "message": {"role": "assistant", "content": "a"}},
            {"index": 1, "message": {"role": "assistant", "content": "b"}}]});
        let chat = watermark().response("chat_completions", chat).unwrap();
        assert_eq!(chat.pointer("/body/choices/0/message/content").unwrap(), "AI:\n\na");
        assert_eq!(chat.pointer("/body/choices/1/message/content").unwrap(), "AI:\n\nb");
        let blocks = json!({"content": [{"type": "thinking", "thinking": "t"}, {"type": "text", "text": "a"},
            {"type": "text", "text": "b"}]});
        let blocks = watermark().response("anthropic_messages", blocks).unwrap();
        assert_eq!(blocks.pointer("/body/content/1/text").unwrap(), "AI:\n\na");
        assert_eq!(blocks.pointer("/body/content/2/text").unwrap(), "b");
        let items = json!({"output": [{"type": "reasoning", "summary": []},
            {"type": "message", "content": [{"type": "output_text", "text": "a"}]}]});
        let items = watermark().response("responses", items).unwrap();
        assert_eq!(items.pointer("/body/output/1/content/0/text").unwrap(), "AI:\n\na");
    }

    #[test]
    fn a_stream_has_the_line_once_before_its_first_word() {
        let mut chat = watermark();
        let chunk = |text| json!({"choices": [{"index": 0, "delta": {"content": text}}]});
        assert_eq!(chat.event("chat_completions", None, chunk("")), None);
        let first = chat.event("chat_completions", None, chunk("a")).unwrap();
        assert_eq!(first.pointer("/data/choices/0/delta/content").unwrap(), "AI:\n\na");
        assert_eq!(chat.event("chat_completions", None, chunk("b")), None);

        let mut blocks = watermark();
        let delta = json!({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "a"}});
        let name = Some("content_block_delta");
        let first = blocks.event("anthropic_messages", name, delta.clone()).unwrap();
        assert_eq!(first.pointer("/data/delta/text").unwrap(), "AI:\n\na");
        assert_eq!(blocks.event("anthropic_messages", name, delta), None);
    }

    #[test]
    fn a_stream_of_responses_says_the_same_whole_as_in_pieces() {
        let mut items = watermark();
        let mut said = |data: Value| items.event("responses", None, data).unwrap();
        let place = |kind: &str| json!({"type": kind, "output_index": 1, "content_index": 0});
        let with = |kind: &str, member: &str, value: Value| {
            let mut data = place(kind);
            data[member] = value;
            data
        };
        let item = json!({"type": "message", "content": [{"type": "output_text", "text": "a"}]});
        for (data, text) in [
            (with("response.output_text.delta", "delta", json!("a")), "/data/delta"),
            (with("response.output_text.done", "text", json!("a")), "/data/text"),
            (
                with("response.content_part.done", "part", json!({"type": "output_text", "text": "a"})),
                "/data/part/text",
            ),
            (with("response.output_item.done", "item", item.clone()), "/data/item/content/0/text"),
            (
                with("response.completed", "response", json!({"output": [{"type": "reasoning"}, item]})),
                "/data/response/output/1/content/0/text",
            ),
        ] {
            assert_eq!(said(data).pointer(text).unwrap(), "AI:\n\na", "{text}");
        }
    }

    #[test]
    fn a_line_that_is_no_text_is_refused() {
        assert_eq!(Configured::<Watermark>::with(json!({"line": 1})).err().unwrap(), "config.line: not a text");
    }
}
