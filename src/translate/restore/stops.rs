//! Stop sequences, looked for in a text as it comes.

/// Looks for stop sequences. Holds the end of the text as long as one of them may begin there.
#[derive(Debug)]
pub(super) struct Stops {
    sequences: Vec<String>,
    held: String,
}

/// What became of a piece of text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// So much of it is free of stop sequences.
    Goes(String),
    /// A stop sequence came; the text before it.
    Stops { before: String, stop: String },
}

impl Stops {
    pub(super) fn new(sequences: &[String]) -> Self {
        Self { sequences: sequences.iter().filter(|stop| !stop.is_empty()).cloned().collect(), held: String::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sequences.is_empty()
    }

    /// Reads on. Work is linear in the piece, for a given set of sequences.
    pub(super) fn feed(&mut self, text: &str) -> Scan {
        self.held.push_str(text);
        let first = self.sequences.iter().filter_map(|stop| Some((self.held.find(stop)?, stop)));
        // The one that is complete first, however the text is split; of two, the one that began earlier.
        let first = first.min_by_key(|(at, stop)| (at + stop.len(), *at));
        if let Some((at, stop)) = first {
            let stop = stop.clone();
            let mut before = std::mem::take(&mut self.held);
            before.truncate(at);
            return Scan::Stops { before, stop };
        }
        let kept = self.possible_beginning();
        let held = self.held.split_off(self.held.len() - kept);
        Scan::Goes(std::mem::replace(&mut self.held, held))
    }

    /// What was held when the text ended without one.
    pub(super) fn flush(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// The length of the longest end of the text that a sequence begins with.
    fn possible_beginning(&self) -> usize {
        let longest = |stop: &String| {
            let lengths = stop.char_indices().map(|(at, _)| at).skip(1);
            lengths.filter(|length| stop.get(..*length).is_some_and(|start| self.held.ends_with(start))).max()
        };
        self.sequences.iter().filter_map(longest).max().unwrap_or(0)
    }
}
