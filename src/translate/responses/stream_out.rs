//! A client's stream (PROTOCOLS.md section 6.2).

use super::draft::{Draft, Ending, Freeform, Item, ItemBody, PartKind};
use super::fault::response_code;
use crate::domain::protocol::Protocol;
use crate::domain::usage::TokenCounts;
use crate::json::{Members, json};
use crate::protocol::json::escape;
use crate::protocol::meter::{Position, StreamFailure, terminal_error_event};
use crate::translate::neutral::{Begin, Block, Citation, Fault, FinishReason, Reply, Signature, Writer};
use serde_json::{Map, Value};

/// Writes a stream of response events.
///
/// Every event is numbered without a gap. An item is only reported as done when the next one begins or the answer ends:
/// whether it is complete, and whether another part of a message follows, is not known before.
#[derive(Debug)]
pub struct StreamWriter {
    draft: Option<Draft>,
    sequence: u64,
    phase: Phase,
    summary: SummaryPart,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Silent,
    Begun,
}

/// Reasoning that shows nothing has no part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SummaryPart {
    Closed,
    Open,
}

impl StreamWriter {
    /// A writer for one answer.
    pub fn new(reply: Reply) -> Self {
        Self { draft: Some(Draft::new(reply)), sequence: 0, phase: Phase::Silent, summary: SummaryPart::Closed }
    }

    /// Writes an event: its name, its number and its members.
    fn event(&mut self, kind: &str, members: Value, out: &mut Vec<u8>) {
        let mut data = Map::new();
        data.put("type", kind);
        data.put("sequence_number", self.next());
        if let Value::Object(members) = members {
            data.extend(members);
        }
        let data = Value::Object(data);
        out.extend_from_slice(format!("event: {kind}\ndata: {data}\n\n").as_bytes());
    }

    fn next(&mut self) -> u64 {
        let number = self.sequence;
        self.sequence += 1;
        number
    }

    /// The event of which there are many, without a tree.
    fn delta_event(&mut self, delta: &str, out: &mut Vec<u8>) {
        let Some((item, index)) = self.open_item() else { return };
        let (kind, place) = match &item.body {
            ItemBody::Message { content, part: Some(part) } => match part.kind {
                PartKind::Text => {
                    ("response.output_text.delta", format!(r#","content_index":{},"logprobs":[]"#, content.len()))
                }
                PartKind::Refusal => ("response.refusal.delta", format!(r#","content_index":{}"#, content.len())),
            },
            ItemBody::Message { part: None, .. } => return,
            ItemBody::Reasoning { .. } => ("response.reasoning_summary_text.delta", r#","summary_index":0"#.to_owned()),
            ItemBody::Call { freeform: Freeform::No, .. } => ("response.function_call_arguments.delta", String::new()),
            ItemBody::Call { freeform: Freeform::Yes, .. } => ("response.custom_tool_call_input.delta", String::new()),
            ItemBody::Call { freeform: Freeform::Own(_), .. } => return,
        };
        let (id, delta, number) = (item.id.as_str(), escape(delta), self.sequence);
        let event = format!(
            "event: {kind}\ndata: {{\"type\":\"{kind}\",\"sequence_number\":{number},\"item_id\":\"{id}\",\
             \"output_index\":{index}{place},\"delta\":\"{delta}\"}}\n\n"
        );
        out.extend_from_slice(event.as_bytes());
        self.sequence += 1;
    }

    fn open_item(&self) -> Option<(&Item, usize)> {
        let draft = self.draft.as_ref()?;
        Some((draft.item()?, draft.index()))
    }

    /// Reports the open item as done.
    fn settle(&mut self, ending: Ending, out: &mut Vec<u8>) {
        let Some(draft) = &mut self.draft else { return };
        let index = draft.index();
        let Some(item) = draft.settle(ending).cloned() else { return };
        self.event("response.output_item.done", json!({"output_index": index, "item": item}), out);
    }

    fn close_part(&mut self, out: &mut Vec<u8>) {
        let Some(draft) = &mut self.draft else { return };
        let (index, id) = (draft.index(), draft.item().map(|item| item.id.clone()).unwrap_or_default());
        let Some((content_index, part)) = draft.close_part() else { return };
        let part = part.clone();
        let at = |members: Value| placed(&id, index, Some(("content_index", content_index)), members);
        if let Some(refusal) = part.get("refusal") {
            self.event("response.refusal.done", at(json!({ "refusal": refusal })), out);
        } else {
            let annotations = part.get("annotations").and_then(Value::as_array).into_iter().flatten();
            for (number, annotation) in annotations.enumerate() {
                let members = at(json!({"annotation_index": number, "annotation": annotation}));
                self.event("response.output_text.annotation.added", members, out);
            }
            let members = at(json!({"text": part.get("text"), "logprobs": []}));
            self.event("response.output_text.done", members, out);
        }
        self.event("response.content_part.done", at(json!({ "part": part })), out);
    }

    /// Begins an answer of which nothing is known, because it fails or because nobody began it.
    fn begin_anyway(&mut self, out: &mut Vec<u8>) {
        if self.phase == Phase::Silent {
            self.begin(&Begin::default(), out);
        }
    }
}

/// Where in the answer an event belongs.
fn placed(id: &str, index: usize, part: Option<(&str, usize)>, members: Value) -> Value {
    let mut place = Map::new();
    place.put("item_id", id);
    place.put("output_index", index);
    if let Some((key, part)) = part {
        place.put(key, part);
    }
    if let Value::Object(members) = members {
        place.extend(members);
    }
    Value::Object(place)
}

impl Writer for StreamWriter {
    fn begin(&mut self, begin: &Begin, out: &mut Vec<u8>) {
        let Some(draft) = &mut self.draft else { return };
        draft.begin(begin);
        self.phase = Phase::Begun;
        let response = draft.in_progress();
        self.event("response.created", json!({ "response": response }), out);
        self.event("response.in_progress", json!({ "response": response }), out);
    }

    fn open(&mut self, block: &Block, out: &mut Vec<u8>) {
        self.begin_anyway(out);
        let continues = self.draft.as_ref().is_some_and(|draft| draft.continues(block));
        if !continues {
            self.settle(Ending::Completed, out);
        }
        let Some(draft) = &mut self.draft else { return };
        draft.open(block);
        let index = draft.index();
        let Some(item) = draft.item() else { return };
        let (id, announced) = (item.id.clone(), item.announced());
        let part = match &item.body {
            ItemBody::Message { content, part: Some(part) } => Some((content.len(), part.kind.announced())),
            _ => None,
        };
        if !continues {
            self.event("response.output_item.added", json!({"output_index": index, "item": announced}), out);
        }
        if let Some((content_index, part)) = part {
            let members = placed(&id, index, Some(("content_index", content_index)), json!({ "part": part }));
            self.event("response.content_part.added", members, out);
        }
    }

    fn delta(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let first_thought = match self.open_item() {
            Some((Item { id, body: ItemBody::Reasoning { .. } }, index)) if self.summary == SummaryPart::Closed => {
                let part = json!({"part": {"type": "summary_text", "text": ""}});
                Some(placed(id, index, Some(("summary_index", 0)), part))
            }
            _ => None,
        };
        if let Some(members) = first_thought {
            self.summary = SummaryPart::Open;
            self.event("response.reasoning_summary_part.added", members, out);
        }
        self.delta_event(text, out);
        if let Some(draft) = &mut self.draft {
            draft.delta(text);
        }
    }

    fn cite(&mut self, citation: &Citation, _out: &mut Vec<u8>) {
        // Told when the text is complete: one without a span rests on all of it.
        if let Some(draft) = &mut self.draft {
            draft.cite(citation);
        }
    }

    fn sign(&mut self, signature: &Signature, _out: &mut Vec<u8>) {
        if let Some(draft) = &mut self.draft {
            draft.sign(signature);
        }
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        let is_empty_call = matches!(
            self.open_item(),
            Some((Item { body: ItemBody::Call { input, freeform: Freeform::No, .. }, .. }, _)) if input.trim().is_empty()
        );
        if is_empty_call {
            self.delta("{}", out);
        }
        let Some((item, index)) = self.open_item() else { return };
        let id = item.id.as_str();
        match &item.body {
            ItemBody::Message { .. } => self.close_part(out),
            ItemBody::Reasoning { text, .. } if self.summary == SummaryPart::Open => {
                let at = |members| placed(id, index, Some(("summary_index", 0)), members);
                let done = at(json!({ "text": text }));
                let part_done = at(json!({"part": {"type": "summary_text", "text": text}}));
                self.summary = SummaryPart::Closed;
                self.event("response.reasoning_summary_text.done", done, out);
                self.event("response.reasoning_summary_part.done", part_done, out);
            }
            ItemBody::Reasoning { .. } | ItemBody::Call { freeform: Freeform::Own(_), .. } => {}
            ItemBody::Call { input, name, freeform: Freeform::No, .. } => {
                let members = placed(id, index, None, json!({"name": name, "arguments": input}));
                self.event("response.function_call_arguments.done", members, out);
            }
            ItemBody::Call { input, freeform: Freeform::Yes, .. } => {
                let members = placed(id, index, None, json!({ "input": input }));
                self.event("response.custom_tool_call_input.done", members, out);
            }
        }
    }

    fn end(&mut self, finish: &FinishReason, usage: Option<TokenCounts>, out: &mut Vec<u8>) {
        self.begin_anyway(out);
        self.settle(Ending::of(finish), out);
        let Some(draft) = self.draft.take() else { return };
        let response = draft.finished(finish, usage);
        let is_incomplete = response.get("status").is_some_and(|status| status == "incomplete");
        let kind = if is_incomplete { "response.incomplete" } else { "response.completed" };
        self.event(kind, json!({ "response": response }), out);
    }

    /// `response.failed` for those who read events, such as Codex, and then what OpenAI's SDKs raise for, which is also what
    /// ends a native stream that broke.
    fn error(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        self.begin_anyway(out);
        let Some(draft) = self.draft.take() else { return };
        self.event("response.failed", json!({ "response": draft.failed(fault) }), out);
        out.extend(terminal_error_event(
            Protocol::Responses,
            &StreamFailure {
                message: &fault.message,
                code: fault.code.as_deref().unwrap_or_else(|| response_code(fault)),
                sequence_number: self.sequence,
                position: Position::AtBoundary,
            },
        ));
    }
}
