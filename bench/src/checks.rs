//! Whether an answer is the one that was asked for: a gateway that answers something else is not fast.

use crate::events::Counter;
use memchr::memmem;
use serde::Deserialize;

/// How much of an answer's end is kept to be looked at.
const KEPT: usize = 16 * 1024;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    #[serde(default = "ok")]
    pub status: u16,
    /// The body's exact length in bytes, where nothing may be changed on the way.
    pub length: Option<u64>,
    /// The number of a stream's events.
    pub events: Option<u64>,
    /// What must be in the answer's last 16 KiB.
    #[serde(default)]
    pub contains: Vec<String>,
}

fn ok() -> u16 {
    200
}

/// An answer's body as it is read.
#[derive(Default)]
pub struct Seen {
    length: u64,
    events: Counter,
    end: Vec<u8>,
}

impl Seen {
    pub fn feed(&mut self, piece: &[u8]) {
        self.length += piece.len() as u64;
        self.events.feed(piece);
        if self.end.len() + piece.len() > 2 * KEPT {
            self.end.drain(..self.end.len().saturating_sub(KEPT));
        }
        self.end.extend_from_slice(piece);
    }

    pub fn length(&self) -> u64 {
        self.length
    }

    pub fn events(&self) -> u64 {
        self.events.count()
    }

    /// The end of the body, for a person to read.
    pub fn words(&self) -> String {
        let from = self.end.len().saturating_sub(600);
        String::from_utf8_lossy(&self.end[from..]).into_owned()
    }

    /// What is wrong with the answer, in words that are the same for the same fault.
    pub fn fault(&self, status: u16, expected: &Expected) -> Option<String> {
        if status != expected.status {
            return Some(format!("status {status}"));
        }
        if expected.length.is_some_and(|length| length != self.length) {
            return Some("another length".to_owned());
        }
        if expected.events.is_some_and(|events| events != self.events()) {
            return Some("another number of events".to_owned());
        }
        let missing = |text: &&String| memmem::find(&self.end, text.as_bytes()).is_none();
        expected.contains.iter().find(missing).map(|text| format!("no {text:?} in it"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(pieces: &[&str]) -> Seen {
        let mut seen = Seen::default();
        pieces.iter().for_each(|piece| seen.feed(piece.as_bytes()));
        seen
    }

    fn expected(text: &str) -> Expected {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn an_answer_is_held_against_all_that_is_expected_of_it() {
        let answer = seen(&["data: a\n", "\ndata: [DO", "NE]\n\n"]);
        assert_eq!(answer.fault(200, &expected(r#"{"length": 23, "events": 2, "contains": ["[DONE]"]}"#)), None);
        assert_eq!(answer.fault(503, &expected("{}")).as_deref(), Some("status 503"));
        assert_eq!(answer.fault(200, &expected(r#"{"length": 24}"#)).as_deref(), Some("another length"));
        assert_eq!(answer.fault(200, &expected(r#"{"events": 3}"#)).as_deref(), Some("another number of events"));
        assert_eq!(answer.fault(200, &expected(r#"{"contains": ["stop"]}"#)).as_deref(), Some("no \"stop\" in it"));
    }

    #[test]
    fn the_end_of_a_long_answer_is_kept() {
        let mut answer = Seen::default();
        (0..100).for_each(|_| answer.feed(&[b'x'; 1000]));
        answer.feed(b"the end");
        assert_eq!(answer.fault(200, &expected(r#"{"length": 100007, "contains": ["the end"]}"#)), None);
        assert!(answer.end.len() <= 2 * KEPT);
    }
}
