//! Keeps an upstream's pieces in blocks that do not interleave.

use super::answer::Citation;
use super::event::{Block, Event};
use super::signature::Signature;

/// Opens and closes blocks as the pieces come. Knows which block is open, and holds nothing else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Blocks(Open);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Open {
    #[default]
    Nothing,
    Text,
    Refusal,
    Reasoning,
    Call,
}

impl Blocks {
    /// More text.
    pub fn text(&mut self, text: impl Into<String>, events: &mut Vec<Event>) {
        self.more(Open::Text, Block::Text, text.into(), events);
    }

    /// More of a refusal.
    pub fn refusal(&mut self, text: impl Into<String>, events: &mut Vec<Event>) {
        self.more(Open::Refusal, Block::Refusal, text.into(), events);
    }

    /// More of what the model thinks.
    pub fn reasoning(&mut self, text: impl Into<String>, events: &mut Vec<Event>) {
        self.more(Open::Reasoning, Block::Reasoning, text.into(), events);
    }

    /// The signature of the open reasoning, or of one that shows nothing.
    pub fn sign(&mut self, signature: Signature, events: &mut Vec<Event>) {
        self.switch(Open::Reasoning, Block::Reasoning, events);
        events.push(Event::Sign(signature));
    }

    /// What the open text rests on; without an open text there is nothing to rest.
    pub fn cite(&mut self, citation: Citation, events: &mut Vec<Event>) {
        if self.0 == Open::Text {
            events.push(Event::Cite(citation));
        }
    }

    /// Whether a text is open, that a citation could be of.
    pub fn is_in_text(self) -> bool {
        self.0 == Open::Text
    }

    /// A call begins: [`Block::Call`] or [`Block::FreeformCall`]. Whatever was open is closed.
    pub fn call(&mut self, call: Block, events: &mut Vec<Event>) {
        self.close(events);
        self.0 = Open::Call;
        events.push(Event::Open(call));
    }

    /// More of the open call's input.
    pub fn input(&mut self, input: impl Into<String>, events: &mut Vec<Event>) {
        let input = input.into();
        if self.0 == Open::Call && !input.is_empty() {
            events.push(Event::Delta(input));
        }
    }

    /// Closes the open block, if there is one.
    pub fn close(&mut self, events: &mut Vec<Event>) {
        if self.0 != Open::Nothing {
            self.0 = Open::Nothing;
            events.push(Event::Close);
        }
    }

    fn more(&mut self, wanted: Open, block: Block, text: String, events: &mut Vec<Event>) {
        if !text.is_empty() {
            self.switch(wanted, block, events);
            events.push(Event::Delta(text));
        }
    }

    fn switch(&mut self, wanted: Open, block: Block, events: &mut Vec<Event>) {
        if self.0 != wanted {
            self.close(events);
            self.0 = wanted;
            events.push(Event::Open(block));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_one_kind_share_a_block_and_empty_ones_open_none() {
        let (mut blocks, mut events) = (Blocks::default(), Vec::new());
        blocks.text("", &mut events);
        blocks.reasoning("hm", &mut events);
        blocks.text("a", &mut events);
        blocks.text("b", &mut events);
        blocks.call(Block::Call { id: "1".into(), name: "f".into() }, &mut events);
        blocks.input("", &mut events);
        blocks.call(Block::Call { id: "2".into(), name: "f".into() }, &mut events);
        blocks.close(&mut events);
        blocks.close(&mut events);
        let opened: Vec<_> = events.iter().filter(|event| matches!(event, Event::Open(_))).collect();
        let closed = events.iter().filter(|event| **event == Event::Close).count();
        assert_eq!((opened.len(), closed), (4, 4));
        assert_eq!(events.first(), Some(&Event::Open(Block::Reasoning)));
    }
}
