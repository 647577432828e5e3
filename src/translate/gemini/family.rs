//! What a generation of Gemini takes, by the model's name.

/// A model's place in its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Family {
    line: Line,
    /// Major and minor; `(0, 0)` for what is no Gemini.
    version: (u32, u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Pro,
    Flash,
    FlashLite,
    /// Image and speech models, and whatever else.
    Other,
}

/// How a generation is told how much to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// It does not think, or nobody knows how to tell it.
    Unknown,
    /// By `thinkingBudget`, in tokens.
    Budget {
        /// The least that it takes besides `off`.
        least: u64,
        /// What comes closest to no thinking at all.
        off: u64,
        /// The most that it takes.
        most: u64,
    },
    /// By `thinkingLevel`.
    Level {
        /// What comes closest to no thinking at all.
        least: &'static str,
        /// Its word for a medium effort.
        medium: &'static str,
    },
}

/// Names without a version, such as `gemini-flash-latest`, lead to the newest.
const NEWEST: (u32, u32) = (u32::MAX, 0);

impl Family {
    /// The family of `gemini-2.5-flash-lite-preview-09-2025`, `models/gemini-3.1-pro-preview`, …
    pub(super) fn of(model: &str) -> Self {
        let model = model.to_ascii_lowercase();
        let Some((_, name)) = model.split_once("gemini") else { return Self { line: Line::Other, version: (0, 0) } };
        let words = || name.split(|letter: char| !letter.is_ascii_alphanumeric());
        let mut numbers = words().skip_while(|word| number(word).is_none());
        let version = match numbers.next().and_then(number) {
            Some(major) => (major, numbers.next().and_then(number).unwrap_or(0)),
            None => NEWEST,
        };
        let is = |line: &str| words().any(|word| word == line);
        let line = match () {
            () if is("image") || is("tts") || is("audio") => Line::Other,
            () if is("lite") => Line::FlashLite,
            () if is("flash") => Line::Flash,
            () if is("pro") => Line::Pro,
            () => Line::Other,
        };
        Self { line, version }
    }

    /// Calls and their results carry ids, media belong into a result, and a step's first call must be signed.
    pub(super) fn pairs_by_id(self) -> bool {
        self.version >= (3, 0)
    }

    /// It takes a JSON mime type or a search of the web together with functions.
    pub(super) fn combines_tools(self) -> bool {
        self.version >= (3, 0)
    }

    /// It fetches what a public address names.
    pub(super) fn fetches(self) -> bool {
        self.version >= (2, 5)
    }

    /// It heeds `temperature`, `topP` and `topK`; newer ones ignore or refuse them.
    pub(super) fn samples(self) -> bool {
        self.version < (3, 5) || (self.version == (3, 5) && self.line != Line::FlashLite)
    }

    /// It goes on with an answer that the conversation ends in.
    pub(super) fn continues(self) -> bool {
        self.version < (3, 6)
    }

    /// How it is told how much to think.
    pub(super) fn depth(self) -> Depth {
        let (major, minor) = self.version;
        match (self.line, major, minor) {
            (Line::Other, ..) | (_, 0..=1, _) | (_, 2, 0..=4) => Depth::Unknown,
            (Line::Pro, 2, _) => Depth::Budget { least: 128, off: 128, most: 32_768 },
            (Line::Flash, 2, _) => Depth::Budget { least: 1, off: 0, most: 24_576 },
            (Line::FlashLite, 2, _) => Depth::Budget { least: 512, off: 0, most: 24_576 },
            (Line::Pro, 3, 0) => Depth::Level { least: "LOW", medium: "HIGH" },
            (Line::Flash, 3, 0..=6) | (Line::FlashLite, 3, _) => Depth::Level { least: "MINIMAL", medium: "MEDIUM" },
            _ => Depth::Level { least: "LOW", medium: "MEDIUM" },
        }
    }
}

/// A version's number; a date or `001` is none.
fn number(word: &str) -> Option<u32> {
    if word.len() <= 2 { word.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_is_read_from_every_spelling_of_its_name() {
        for (model, line, version) in [
            ("gemini-1.5-pro-002", Line::Pro, (1, 5)),
            ("gemini-2.0-flash-001", Line::Flash, (2, 0)),
            ("models/gemini-2.5-flash-lite-preview-09-2025", Line::FlashLite, (2, 5)),
            ("gemini-3-flash-preview", Line::Flash, (3, 0)),
            ("Gemini-3.1-Pro-Preview", Line::Pro, (3, 1)),
            ("gemini-flash-latest", Line::Flash, NEWEST),
            ("gemini-2.5-flash-image", Line::Other, (2, 5)),
            ("gemma-3-27b-it", Line::Other, (0, 0)),
        ] {
            assert_eq!(Family::of(model), Family { line, version }, "{model}");
        }
    }

    #[test]
    fn how_deep_a_generation_thinks_is_said_in_its_own_terms() {
        let least = |model: &str| match Family::of(model).depth() {
            Depth::Unknown => "-".to_owned(),
            Depth::Budget { off, .. } => off.to_string(),
            Depth::Level { least, .. } => least.to_owned(),
        };
        for (model, said) in [
            ("gemini-2.0-flash", "-"),
            ("gemini-2.5-pro", "128"),
            ("gemini-2.5-flash", "0"),
            ("gemini-3-flash-preview", "MINIMAL"),
            ("gemini-3.1-pro-preview", "LOW"),
            ("gemini-3.5-flash-lite", "MINIMAL"),
            ("gemini-3.8-flash", "LOW"),
            ("gemini-pro-latest", "LOW"),
        ] {
            assert_eq!(least(model), said, "{model}");
        }
    }
}
