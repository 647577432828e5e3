//! A stream as an Anthropic client reads it (PROTOCOLS.md section 6.3).

#[cfg(test)]
mod tests;

use super::answer_out::{Ending, Proof, Shows, citation, head};
use super::counts;
use super::fault::error_object;
use crate::domain::usage::TokenCounts;
use crate::json::{Members, json};
use crate::protocol::json::escape;
use crate::translate::neutral::{Begin, Block, Citation, Fault, FinishReason, Reply, Signature, Writer, fit_call_id};
use serde_json::Value;

/// Writes Anthropic's events. Holds the signatures of the last thoughts and nothing else of the answer.
#[derive(Debug, Clone)]
pub struct StreamWriter {
    reply: Reply,
    /// What the next block, or the open one, is numbered.
    index: u64,
    open: Open,
    /// Thoughts that show nothing, until a block follows that does: see [`super::answer_out::last_shown`].
    unshown: Vec<Signature>,
    has_calls: bool,
    has_refused: bool,
    input: Option<TokenCounts>,
}

/// The open block. `content_block_start` waits for its first piece where that decides what is written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Open {
    Nothing,
    Text(Begun),
    Thinking(Begun, Option<Signature>),
    Call,
    FreeformCall,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begun {
    Yes,
    NotYet,
}

impl StreamWriter {
    /// A writer for one answer.
    pub fn new(reply: Reply) -> Self {
        Self {
            reply,
            index: 0,
            open: Open::Nothing,
            unshown: Vec::new(),
            has_calls: false,
            has_refused: false,
            input: None,
        }
    }

    /// Begins a block that shows something, after the thoughts that led to it.
    fn show_block(&mut self, block: &Value, out: &mut Vec<u8>) {
        for signature in std::mem::take(&mut self.unshown) {
            self.unshown_thought(&signature, out);
        }
        self.start_block(block, out);
    }

    fn start_block(&self, block: &Value, out: &mut Vec<u8>) {
        let data = json!({"type": "content_block_start", "index": self.index, "content_block": block});
        event("content_block_start", &data, out);
    }

    fn stop_block(&mut self, out: &mut Vec<u8>) {
        event("content_block_stop", &json!({"type": "content_block_stop", "index": self.index}), out);
        self.index += 1;
    }

    /// A delta of which one member is text. Written by hand, for there are thousands of them.
    fn text_delta(&self, kind: &str, key: &str, text: &str, out: &mut Vec<u8>) {
        let (index, text) = (self.index, escape(text));
        out.extend_from_slice(b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":");
        out.extend_from_slice(index.to_string().as_bytes());
        for piece in [",\"delta\":{\"type\":\"", kind, "\",\"", key, "\":\"", &text, "\"}}\n\n"] {
            out.extend_from_slice(piece.as_bytes());
        }
    }

    fn unshown_thought(&mut self, signature: &Signature, out: &mut Vec<u8>) {
        match Proof::of(signature, Shows::Nothing) {
            Proof::Redacted(data) => self.start_block(&json!({"type": "redacted_thinking", "data": data}), out),
            Proof::Signature(signature) => {
                self.start_block(&json!({"type": "thinking", "thinking": "", "signature": ""}), out);
                self.text_delta("signature_delta", "signature", &signature, out);
            }
        }
        self.stop_block(out);
    }

    fn input_delta(&self, json: &str, out: &mut Vec<u8>) {
        self.text_delta("input_json_delta", "partial_json", json, out);
    }
}

impl Writer for StreamWriter {
    fn begin(&mut self, begin: &Begin, out: &mut Vec<u8>) {
        self.input = begin.usage;
        let mut message = head(begin, &self.reply);
        message.put("content", json!([]));
        message.put("stop_reason", Value::Null);
        message.put("stop_sequence", Value::Null);
        message.put("usage", counts::write(begin.usage.unwrap_or_default()));
        event("message_start", &json!({"type": "message_start", "message": message}), out);
    }

    fn open(&mut self, block: &Block, out: &mut Vec<u8>) {
        self.open = match block {
            Block::Text => Open::Text(Begun::NotYet),
            Block::Refusal => {
                self.has_refused = true;
                Open::Text(Begun::NotYet)
            }
            Block::Reasoning => Open::Thinking(Begun::NotYet, None),
            Block::Call { id, name } | Block::FreeformCall { id, name } => {
                self.has_calls = true;
                self.show_block(&json!({"type": "tool_use", "id": fit_call_id(id), "name": name, "input": {}}), out);
                self.input_delta("", out);
                match block {
                    Block::FreeformCall { .. } => {
                        self.input_delta("{\"input\":\"", out);
                        Open::FreeformCall
                    }
                    _ => Open::Call,
                }
            }
        };
    }

    fn delta(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        match &mut self.open {
            Open::Text(begun) => {
                if std::mem::replace(begun, Begun::Yes) == Begun::NotYet {
                    self.show_block(&json!({"type": "text", "text": ""}), out);
                }
                self.text_delta("text_delta", "text", text, out);
            }
            Open::Thinking(begun, _) => {
                if std::mem::replace(begun, Begun::Yes) == Begun::NotYet {
                    self.show_block(&json!({"type": "thinking", "thinking": "", "signature": ""}), out);
                }
                self.text_delta("thinking_delta", "thinking", text, out);
            }
            Open::Call => self.input_delta(text, out),
            Open::FreeformCall => self.input_delta(&escape(text), out),
            Open::Nothing => {}
        }
    }

    fn cite(&mut self, cited: &Citation, out: &mut Vec<u8>) {
        if self.open == Open::Text(Begun::Yes) {
            let delta = json!({"type": "citations_delta", "citation": citation(cited)});
            let data = json!({"type": "content_block_delta", "index": self.index, "delta": delta});
            event("content_block_delta", &data, out);
        }
    }

    fn sign(&mut self, signature: &Signature, _: &mut Vec<u8>) {
        if let Open::Thinking(_, held) = &mut self.open {
            *held = Some(signature.clone());
        }
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing | Open::Text(Begun::NotYet) => return,
            Open::Text(Begun::Yes) | Open::Call | Open::Thinking(Begun::Yes, None) => {}
            Open::FreeformCall => self.input_delta("\"}", out),
            Open::Thinking(Begun::NotYet, signature) => {
                self.unshown.extend(signature);
                return;
            }
            Open::Thinking(Begun::Yes, Some(signature)) => {
                let (Proof::Signature(proof) | Proof::Redacted(proof)) = Proof::of(&signature, Shows::Thoughts);
                self.text_delta("signature_delta", "signature", &proof, out);
            }
        }
        self.stop_block(out);
    }

    fn end(&mut self, finish: &FinishReason, usage: Option<TokenCounts>, out: &mut Vec<u8>) {
        let ending = Ending::of(finish, self.has_calls, self.has_refused);
        let delta = json!({"stop_reason": ending.reason, "stop_sequence": ending.sequence});
        let usage = counts::write(usage.or(self.input).unwrap_or_default());
        event("message_delta", &json!({"type": "message_delta", "delta": delta, "usage": usage}), out);
        event("message_stop", &json!({"type": "message_stop"}), out);
    }

    fn error(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        event("error", &json!({"type": "error", "error": error_object(fault)}), out);
    }
}

fn event(name: &str, data: &Value, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("event: {name}\ndata: {data}\n\n").as_bytes());
}
