//! Writes a stream for a client (PROTOCOLS.md section 6.1).

use super::answer_out::{self, BETWEEN_THOUGHTS};
use super::{citations, fault, usage};
use crate::domain::usage::TokenCounts;
use crate::json::json;
use crate::translate::neutral::{Begin, Block, Citation, Fault, FinishReason, Reply, Signature, UsageChunk, Writer};
use serde_json::Value;
use std::io::Write;

/// Writes the chunks of one answer. Holds its head, the places of its citations and its signatures, and no text.
#[derive(Debug)]
pub struct StreamWriter {
    reply: Reply,
    /// The beginning of every chunk, up to `choices`.
    head: String,
    /// The end of every chunk but the usage's.
    tail: &'static str,
    role: RoleChunk,
    open: Open,
    calls: usize,
    /// Characters of the content up to now.
    content: u64,
    /// Where the open text began in the content.
    block_from: u64,
    cited: Vec<Citation>,
    annotations: Vec<Value>,
    thoughts: Thoughts,
    refusal: Said,
    details: Vec<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RoleChunk {
    Owed,
    Sent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Text,
    Refusal,
    Reasoning,
    /// With whether its input has begun.
    Call(Said),
    FreeformCall,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    Something,
}

/// Whether a train of thought has to be told apart from an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thoughts {
    None,
    Told,
    /// Another one begins.
    Another,
}

impl StreamWriter {
    /// A writer for an answer that has not begun.
    pub fn new(reply: Reply) -> Self {
        let tail = match reply.usage_chunk {
            UsageChunk::Wanted => ",\"usage\":null}\n\n",
            UsageChunk::Unwanted => "}\n\n",
        };
        Self {
            reply,
            head: String::new(),
            tail,
            role: RoleChunk::Owed,
            open: Open::Nothing,
            calls: 0,
            content: 0,
            block_from: 0,
            cited: Vec::new(),
            annotations: Vec::new(),
            thoughts: Thoughts::None,
            refusal: Said::Nothing,
            details: Vec::new(),
        }
    }

    /// A chunk with the one choice that there is. `delta` is complete but for what `text` brings, which stands, quoted,
    /// between its two halves.
    fn chunk(&self, delta: (&str, &str, &str), finish_reason: Option<&str>, out: &mut Vec<u8>) {
        let (before, text, after) = delta;
        push(out, &[&self.head, "[{\"index\":0,\"delta\":", before]);
        if !after.is_empty() {
            push_quoted(out, text);
        }
        push(out, &[after, ",\"logprobs\":null,\"finish_reason\":"]);
        match finish_reason {
            Some(reason) => push(out, &["\"", reason, "\""]),
            None => push(out, &["null"]),
        }
        push(out, &["}]", self.tail]);
    }

    fn delta_of(&self, delta: &Value, out: &mut Vec<u8>) {
        self.chunk((&delta.to_string(), "", ""), None, out);
    }

    /// The role comes in the first chunk, with `content` as what it is going to be as far as that is known.
    fn say_role(&mut self, content: &Value, out: &mut Vec<u8>) {
        if self.role == RoleChunk::Owed {
            self.role = RoleChunk::Sent;
            self.delta_of(&json!({"role": "assistant", "content": content, "refusal": null}), out);
        }
    }

    /// Id, type and name in the first fragment only: clients concatenate what they get.
    fn open_call(&mut self, mut call: Value, out: &mut Vec<u8>) {
        if let Value::Object(call) = &mut call {
            call.shift_insert(0, "index".to_owned(), self.calls.into());
        }
        self.calls += 1;
        let delta = match self.role {
            RoleChunk::Owed => json!({"role": "assistant", "content": null, "refusal": null, "tool_calls": [call]}),
            RoleChunk::Sent => json!({"tool_calls": [call]}),
        };
        self.role = RoleChunk::Sent;
        self.delta_of(&delta, out);
    }

    fn input(&self, (inner, field): (&str, &str), text: &str, out: &mut Vec<u8>) {
        let index = self.calls.saturating_sub(1);
        let before = format!("{{\"tool_calls\":[{{\"index\":{index},\"{inner}\":{{\"{field}\":");
        self.chunk((&before, text, "}}]}"), None, out);
    }

    /// The places of citations are known with the end of the text that they reach over.
    fn place_citations(&mut self) {
        let block = (self.block_from, self.content);
        self.annotations.extend(self.cited.drain(..).filter_map(|citation| citations::write(&citation, block)));
    }

    /// A list in one chunk and only one: of a second one Python's SDK would demand indexes, and Node's would forget the
    /// first.
    fn say_list(&self, key: &str, list: Vec<Value>, out: &mut Vec<u8>) {
        if !list.is_empty() {
            self.delta_of(&json!({key: list}), out);
        }
    }

    fn pieces(&self) -> usize {
        usize::from(self.content > 0) + usize::from(self.refusal == Said::Something) + self.calls
    }
}

impl Writer for StreamWriter {
    fn begin(&mut self, begin: &Begin, _out: &mut Vec<u8>) {
        let mut head = Vec::with_capacity(160);
        push(&mut head, &["data: {\"id\":"]);
        push_quoted(&mut head, &answer_out::id(begin, &self.reply));
        let created = answer_out::created(begin, &self.reply).to_string();
        push(&mut head, &[",\"object\":\"chat.completion.chunk\",\"created\":", &created, ",\"model\":"]);
        push_quoted(&mut head, answer_out::model(begin, &self.reply));
        push(&mut head, &[",\"choices\":"]);
        self.head = String::from_utf8(head).unwrap_or_default();
    }

    fn open(&mut self, block: &Block, out: &mut Vec<u8>) {
        self.open = match block {
            Block::Text => {
                self.say_role(&Value::String(String::new()), out);
                self.block_from = self.content;
                Open::Text
            }
            Block::Refusal => {
                self.say_role(&Value::Null, out);
                Open::Refusal
            }
            Block::Reasoning => {
                self.say_role(&Value::Null, out);
                if self.thoughts == Thoughts::Told {
                    self.thoughts = Thoughts::Another;
                }
                Open::Reasoning
            }
            Block::Call { id, name } => {
                let function = json!({"name": name, "arguments": ""});
                self.open_call(json!({"id": id, "type": "function", "function": function}), out);
                Open::Call(Said::Nothing)
            }
            Block::FreeformCall { id, name } => {
                let custom = json!({"name": name, "input": ""});
                self.open_call(json!({"id": id, "type": "custom", "custom": custom}), out);
                Open::FreeformCall
            }
        };
    }

    fn delta(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        match self.open {
            Open::Nothing => {}
            Open::Text => {
                self.content += citations::characters(text);
                self.chunk(("{\"content\":", text, "}"), None, out);
            }
            Open::Refusal => {
                self.refusal = Said::Something;
                self.chunk(("{\"refusal\":", text, "}"), None, out);
            }
            Open::Reasoning => {
                if self.thoughts == Thoughts::Another {
                    self.chunk(("{\"reasoning_content\":", BETWEEN_THOUGHTS, "}"), None, out);
                }
                self.thoughts = Thoughts::Told;
                self.chunk(("{\"reasoning_content\":", text, "}"), None, out);
            }
            Open::Call(_) => {
                if !text.trim().is_empty() {
                    self.open = Open::Call(Said::Something);
                }
                self.input(("function", "arguments"), text, out);
            }
            Open::FreeformCall => self.input(("custom", "input"), text, out),
        }
    }

    fn cite(&mut self, citation: &Citation, _out: &mut Vec<u8>) {
        if citation.url.is_some() {
            self.cited.push(citation.clone());
        }
    }

    fn sign(&mut self, signature: &Signature, _out: &mut Vec<u8>) {
        self.details.push(answer_out::reasoning_detail(&signature.pack(), self.pieces()));
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Text => self.place_citations(),
            Open::Call(Said::Nothing) => self.input(("function", "arguments"), "{}", out),
            _ => {}
        }
    }

    fn end(&mut self, finish: &FinishReason, counts: Option<TokenCounts>, out: &mut Vec<u8>) {
        self.say_role(&Value::String(String::new()), out);
        let (annotations, details) = (std::mem::take(&mut self.annotations), std::mem::take(&mut self.details));
        self.say_list("annotations", annotations, out);
        self.say_list("reasoning_details", details, out);
        self.chunk(("{}", "", ""), Some(answer_out::finish_reason(finish, self.calls)), out);
        if let (UsageChunk::Wanted, Some(counts)) = (self.reply.usage_chunk, counts) {
            push(out, &[&self.head, "[],\"usage\":", &usage::write(counts).to_string(), "}\n\n"]);
        }
        push(out, &["data: [DONE]\n\n"]);
    }

    fn error(&mut self, fault: &Fault, out: &mut Vec<u8>) {
        push(out, &["data: ", &fault::write_fault(fault, "").to_string(), "\n\n"]);
    }
}

fn push(out: &mut Vec<u8>, texts: &[&str]) {
    texts.iter().for_each(|text| out.extend_from_slice(text.as_bytes()));
}

fn push_quoted(out: &mut Vec<u8>, text: &str) {
    // Writing to a vector cannot fail; were it to, the chunk would still be JSON.
    if serde_json::to_writer(&mut *out, text).is_err() {
        let _ = out.write_all(b"\"\"");
    }
}
