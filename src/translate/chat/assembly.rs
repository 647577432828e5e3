//! Puts an upstream's pieces in blocks that do not interleave.

use super::citations;
use super::said::{Form, Fragment, Said};
use crate::domain::protocol::Protocol;
use crate::json::json;
use crate::translate::claude::Takes;
use crate::translate::neutral::{Block, Blocks, Citation, Event, Minter, Origin, Signature, fit_call_id};
use std::collections::VecDeque;

/// Where a block stands that is told piece by piece.
///
/// One call at most is open; what comes while its input is incomplete waits behind it, because the fragments of parallel
/// calls may interleave.
#[derive(Debug)]
pub(super) struct Assembly {
    blocks: Blocks,
    /// The open call is the first, if there is any.
    waiting: VecDeque<Piece>,
    /// Calls that are told to their end.
    told: Vec<Call>,
    minter: Minter,
    /// The provider that signs its thoughts, where they have to come back to it.
    signs: Option<String>,
    /// The field of the open reasoning, as long as it is not signed.
    thinking: Option<&'static str>,
    text: Text,
    /// Citations that came before the first character.
    early: Vec<Citation>,
}

/// The content up to now, in characters: citations count through all of it, and a block's own from its beginning.
#[derive(Debug, Default)]
struct Text {
    told: u64,
    block_from: u64,
}

#[derive(Debug)]
enum Piece {
    Reasoning(&'static str, String),
    Text(String),
    Cite(Citation),
    Refusal(String),
    Call(Call),
}

impl Piece {
    /// Whether it can be told: a call without a name cannot.
    fn is_ready(&self) -> bool {
        !matches!(self, Self::Call(call) if !call.has_name())
    }
}

#[derive(Debug)]
struct Call {
    index: Option<u64>,
    /// The id as the upstream spells it.
    id: Option<String>,
    name: String,
    form: Form,
    /// What has not been told yet.
    input: String,
    end: JsonEnd,
}

impl Call {
    /// Whether nothing more belongs to it. A free text never tells.
    fn is_complete(&self) -> bool {
        self.form == Form::Json && self.end.reached() && self.has_name()
    }

    /// Some servers tell the name after the id.
    fn has_name(&self) -> bool {
        !self.name.is_empty()
    }

    /// Whether a fragment is more of it. One that brings another id, another name, or a name and input after the input is
    /// complete, begins a call of its own: some servers number all of them 0. Others repeat the name in every fragment.
    fn goes_on_with(&self, fragment: &Fragment) -> bool {
        let Fragment { index, id, name, input, .. } = fragment;
        let same_index = index.is_none() || self.index == *index;
        let same_id = match (id, &self.id) {
            (Some(id), Some(its)) => id == its,
            (Some(_), None) => index.is_some(),
            (None, _) => true,
        };
        let is_new = name.as_ref().filter(|_| self.has_name()).is_some_and(|name| {
            *name != self.name || (id.is_none() && (index.is_none() || (self.is_complete() && !input.is_empty())))
        });
        same_index && same_id && !is_new
    }
}

impl Assembly {
    pub(super) fn new(origin: &Origin, reasoning_back: Takes) -> Self {
        Self {
            blocks: Blocks::default(),
            waiting: VecDeque::new(),
            told: Vec::new(),
            minter: Minter::new(&origin.seed),
            signs: reasoning_back.yes().then(|| origin.provider.clone()),
            thinking: None,
            text: Text::default(),
            early: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, said: Said, events: &mut Vec<Event>) {
        if let Some((field, text)) = said.reasoning {
            self.piece(Piece::Reasoning(field, text), events);
        }
        if !said.content.is_empty() {
            self.piece(Piece::Text(said.content), events);
        }
        for citation in said.citations {
            self.piece(Piece::Cite(citation), events);
        }
        if !said.refusal.is_empty() {
            self.piece(Piece::Refusal(said.refusal), events);
        }
        for fragment in said.calls {
            self.fragment(fragment, events);
        }
    }

    /// Everything was said.
    pub(super) fn complete(&mut self, events: &mut Vec<Event>) {
        while let Some(piece) = self.waiting.pop_front() {
            if let Piece::Call(call) = piece {
                self.told.push(call);
            }
            self.tell_what_waits(events, |_| true);
        }
        self.sign(events);
        self.blocks.close(events);
    }

    fn piece(&mut self, piece: Piece, events: &mut Vec<Event>) {
        self.advance(events);
        if self.waiting.is_empty() {
            self.tell(piece, events);
        } else {
            self.waiting.push_back(piece);
        }
    }

    fn fragment(&mut self, fragment: Fragment, events: &mut Vec<Event>) {
        let goes_on = |piece: &Piece| matches!(piece, Piece::Call(call) if call.goes_on_with(&fragment));
        if let Some(position) = self.waiting.iter().rposition(goes_on) {
            return self.go_on(position, fragment, events);
        }
        // More of a call that is told to its end can only repeat what was said.
        let brings_nothing = fragment.name.is_none() || fragment.input.is_empty();
        if brings_nothing && self.told.iter().any(|told| told.index == fragment.index && told.goes_on_with(&fragment)) {
            return;
        }
        let Fragment { index, id, name, input, form } = fragment;
        let mut end = JsonEnd::default();
        end.feed(&input);
        let call = Call { index, id, name: name.unwrap_or_default(), form, input, end };
        self.advance(events);
        self.waiting.push_back(Piece::Call(call));
        if self.waiting.len() == 1 {
            self.open_first(events);
        }
    }

    fn go_on(&mut self, position: usize, fragment: Fragment, events: &mut Vec<Event>) {
        let Some(Piece::Call(call)) = self.waiting.get_mut(position) else { return };
        call.end.feed(&fragment.input);
        let is_open = position == 0 && call.has_name();
        if is_open {
            return self.blocks.input(fragment.input, events);
        }
        call.input.push_str(&fragment.input);
        call.id = call.id.take().or(fragment.id);
        if let (false, Some(name)) = (call.has_name(), fragment.name) {
            call.name = name;
            if position == 0 {
                self.open_first(events);
            }
        }
    }

    /// Leaves the open call behind if it is complete, and tells what has waited for that.
    fn advance(&mut self, events: &mut Vec<Event>) {
        let is_complete = matches!(self.waiting.front(), Some(Piece::Call(call)) if call.is_complete());
        if is_complete && let Some(Piece::Call(call)) = self.waiting.pop_front() {
            self.told.push(call);
            self.tell_what_waits(events, Call::is_complete);
        }
    }

    /// Tells pieces up to the first call that is not `done`, which stays open.
    fn tell_what_waits(&mut self, events: &mut Vec<Event>, done: impl Fn(&Call) -> bool) {
        loop {
            match self.waiting.front() {
                None => return,
                Some(Piece::Call(_)) => {
                    self.open_first(events);
                    let is_done = matches!(self.waiting.front(), Some(Piece::Call(call)) if done(call));
                    if !is_done || self.waiting.len() == 1 {
                        return;
                    }
                    if let Some(Piece::Call(call)) = self.waiting.pop_front() {
                        self.told.push(call);
                    }
                }
                Some(_) => {
                    if let Some(piece) = self.waiting.pop_front() {
                        self.tell(piece, events);
                    }
                }
            }
        }
    }

    fn open_first(&mut self, events: &mut Vec<Event>) {
        self.sign(events);
        let Some(Piece::Call(call)) = self.waiting.front_mut().filter(|piece| piece.is_ready()) else { return };
        let id = match call.id.as_deref() {
            Some(id) => fit_call_id(id).into_owned(),
            None => self.minter.mint("call_"),
        };
        let name = call.name.clone();
        let block = match call.form {
            Form::Json => Block::Call { id, name },
            Form::Text => Block::FreeformCall { id, name },
        };
        self.blocks.call(block, events);
        self.blocks.input(std::mem::take(&mut call.input), events);
    }

    fn tell(&mut self, piece: Piece, events: &mut Vec<Event>) {
        if !matches!(piece, Piece::Reasoning(..)) {
            self.sign(events);
        }
        match piece {
            Piece::Reasoning(field, text) => {
                self.thinking = Some(field);
                self.blocks.reasoning(text, events);
            }
            Piece::Text(text) => self.tell_text(text, events),
            Piece::Cite(citation) if self.text.told == 0 => self.early.push(citation),
            Piece::Cite(citation) => self.cite(citation, events),
            Piece::Refusal(text) => self.blocks.refusal(text, events),
            Piece::Call(_) => {}
        }
    }

    fn tell_text(&mut self, text: String, events: &mut Vec<Event>) {
        if !self.blocks.is_in_text() {
            self.text.block_from = self.text.told;
        }
        self.text.told = self.text.told.saturating_add(citations::characters(&text));
        self.blocks.text(text, events);
        for citation in std::mem::take(&mut self.early) {
            self.cite(citation, events);
        }
    }

    fn cite(&mut self, citation: Citation, events: &mut Vec<Event>) {
        let within = |place: u64| place.saturating_sub(self.text.block_from);
        let span = citation.span.map(|(from, to)| (within(from), within(to)));
        self.blocks.cite(Citation { span, ..citation }, events);
    }

    /// The thoughts end. Their own text goes back with them, so the signature only says whose they are and in which field
    /// they came.
    fn sign(&mut self, events: &mut Vec<Event>) {
        if let (Some(field), Some(provider)) = (self.thinking.take(), &self.signs) {
            let payload = json!({"field": field}).to_string();
            let signature = Signature { protocol: Protocol::ChatCompletions, provider: provider.clone(), payload };
            self.blocks.sign(signature, events);
        }
    }
}

/// Looks for the end of a JSON object that comes in pieces.
#[derive(Debug, Clone, Copy, Default)]
struct JsonEnd {
    depth: u32,
    place: Place,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Before,
    Within,
    InString,
    Escaped,
    After,
}

impl JsonEnd {
    fn reached(self) -> bool {
        self.place == Place::After
    }

    fn feed(&mut self, json: &str) {
        for byte in json.bytes() {
            self.place = match (self.place, byte) {
                (Place::Before, b'{') => {
                    self.depth = 1;
                    Place::Within
                }
                (Place::Within, b'{' | b'[') => {
                    self.depth = self.depth.saturating_add(1);
                    Place::Within
                }
                (Place::Within, b'}' | b']') => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 { Place::After } else { Place::Within }
                }
                (Place::Within, b'"') | (Place::Escaped, _) => Place::InString,
                (Place::InString, b'"') => Place::Within,
                (Place::InString, b'\\') => Place::Escaped,
                (place, _) => place,
            };
        }
    }
}
