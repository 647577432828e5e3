//! What a model takes, by its name and its vendor.

use crate::domain::kind::Kind;
use crate::translate::neutral::Effort;

/// Whether a model thinks before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reasons {
    /// It does, and refuses sampling.
    Yes,
    /// It does not, and refuses `reasoning`.
    No,
    /// Its name does not say: Azure's deployments, models of other makers.
    Unknown,
}

/// A model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Model {
    /// Whether it thinks.
    pub(super) reasons: Reasons,
    /// Which efforts it takes, from least to most; none for a model that decides for itself.
    pub(super) efforts: &'static [Effort],
}

use Effort::{High, Low, Max, Medium, Minimal, None as Zero, XHigh};

const O_SERIES: Model = Model { reasons: Reasons::Yes, efforts: &[Low, Medium, High] };
const GPT_5: Model = Model { reasons: Reasons::Yes, efforts: &[Minimal, Low, Medium, High] };
const GPT_5_CODEX: Model = O_SERIES;
const GPT_51: Model = Model { reasons: Reasons::Yes, efforts: &[Zero, Low, Medium, High] };
const GPT_51_CODEX_MAX: Model = Model { reasons: Reasons::Yes, efforts: &[Low, Medium, High, XHigh] };
const GPT_52: Model = Model { reasons: Reasons::Yes, efforts: &[Zero, Low, Medium, High, XHigh] };
const GPT_52_PRO: Model = Model { reasons: Reasons::Yes, efforts: &[Medium, High, XHigh] };
const GPT_56: Model = Model { reasons: Reasons::Yes, efforts: &[Zero, Low, Medium, High, XHigh, Max] };
const GPT_6: Model = Model { reasons: Reasons::Yes, efforts: &[Low, Medium, High, XHigh, Max] };
const PLAIN: Model = Model { reasons: Reasons::No, efforts: &[] };
/// Sampling passes at makers that do not refuse it.
const UNKNOWN: Model = Model { reasons: Reasons::Unknown, efforts: &[Zero, Minimal, Low, Medium, High, XHigh, Max] };
const THREE_EFFORTS: Model = Model { reasons: Reasons::Unknown, efforts: &[Low, Medium, High] };
const OLLAMA: Model = Model { efforts: &[Zero, Low, Medium, High], ..THREE_EFFORTS };
const GROK_3_MINI: Model = Model { reasons: Reasons::Unknown, efforts: &[Low, High] };
const GROK_4: Model = Model { reasons: Reasons::Unknown, efforts: &[] };

impl Model {
    /// The model of a vendor by its name.
    pub(super) fn of(kind: Kind, name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        // Routers put the maker in front, and fine-tuned models their kind: `openai/gpt-5`, `ft:gpt-4o:…`.
        let name = name.rsplit('/').next().unwrap_or_default();
        let name = name.strip_prefix("ft:").unwrap_or(name);
        match kind {
            Kind::XAi => grok(name),
            Kind::Groq => THREE_EFFORTS,
            Kind::Ollama => OLLAMA,
            _ => openai(name),
        }
    }

    /// Whether it takes `text.verbosity` in all of its degrees.
    pub(super) fn takes_verbosity(&self) -> bool {
        self.reasons != Reasons::No && *self != O_SERIES
    }

    /// The effort that it takes and that is nearest to the one that is wanted, rather more than less; `None` if it takes
    /// none at all. Not to think is the default of whatever may not be able to.
    pub(super) fn nearest(&self, wanted: Effort) -> Option<Effort> {
        if wanted == Zero && self.reasons == Reasons::Unknown && !self.efforts.contains(&Zero) {
            return None;
        }
        self.efforts.iter().copied().find(|effort| *effort >= wanted).or_else(|| self.efforts.last().copied())
    }
}

fn openai(name: &str) -> Model {
    let is = |word: &str| name.contains(word);
    if let Some(rest) = name.strip_prefix("gpt-5") {
        let minor = rest.strip_prefix('.').map_or(0, leading_number);
        return match minor {
            _ if is("-chat") => PLAIN,
            0 if is("codex") => GPT_5_CODEX,
            0 if is("-pro") => Model { efforts: &[High], ..GPT_5 },
            0 => GPT_5,
            1 if is("codex-max") => GPT_51_CODEX_MAX,
            1 if is("codex") => GPT_5_CODEX,
            1 => GPT_51,
            _ if is("-pro") => GPT_52_PRO,
            2..=5 if is("codex") => GPT_51_CODEX_MAX,
            2..=5 => GPT_52,
            _ => GPT_56,
        };
    }
    let plain = ["gpt-4", "gpt-3.5", "chatgpt-", "gpt-audio", "gpt-realtime"];
    match name {
        _ if plain.iter().any(|prefix| name.starts_with(prefix)) => PLAIN,
        _ if name.starts_with("gpt-6") => GPT_6,
        _ if name.starts_with("codex-") => GPT_5_CODEX,
        _ if name.starts_with("gpt-oss") => THREE_EFFORTS,
        _ if is_o_series(name) => O_SERIES,
        _ => UNKNOWN,
    }
}

/// `o1`, `o3-mini`, `o4-mini-2025-04-16`.
fn is_o_series(name: &str) -> bool {
    let mut letters = name.bytes();
    letters.next() == Some(b'o') && letters.next().is_some_and(|digit| digit.is_ascii_digit())
}

fn grok(name: &str) -> Model {
    match name {
        _ if name.starts_with("grok-3-mini") => GROK_3_MINI,
        _ if name.starts_with("grok-2") || name.starts_with("grok-3") || name.contains("non-reasoning") => PLAIN,
        // The first fours think as much as they see fit, and refuse to be told.
        "grok-4" | "grok-4-latest" | "grok-4-0709" => GROK_4,
        _ if name.starts_with("grok-4-") || name.starts_with("grok-code") => GROK_4,
        _ => THREE_EFFORTS,
    }
}

fn leading_number(text: &str) -> u32 {
    text.bytes()
        .take_while(u8::is_ascii_digit)
        .fold(0, |number, digit| number.saturating_mul(10).saturating_add(u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_name_tells_what_it_takes() {
        for (kind, name, model) in [
            (Kind::OpenAi, "gpt-4o", PLAIN),
            (Kind::OpenAi, "ft:gpt-4.1-mini:acme", PLAIN),
            (Kind::OpenAi, "o4-mini", O_SERIES),
            (Kind::OpenAi, "gpt-5", GPT_5),
            (Kind::OpenAi, "gpt-5-mini-2025-08-07", GPT_5),
            (Kind::OpenAi, "gpt-5-chat-latest", PLAIN),
            (Kind::OpenAi, "gpt-5.1", GPT_51),
            (Kind::OpenAi, "gpt-5.1-codex-max", GPT_51_CODEX_MAX),
            (Kind::OpenAi, "gpt-5.6", GPT_56),
            (Kind::OpenAi, "gpt-6-mini", GPT_6),
            (Kind::Azure, "my-deployment", UNKNOWN),
            (Kind::Custom, "openai/gpt-5.2", GPT_52),
            (Kind::XAi, "grok-4-fast-non-reasoning", PLAIN),
            (Kind::XAi, "grok-4", GROK_4),
            (Kind::Groq, "openai/gpt-oss-120b", THREE_EFFORTS),
        ] {
            assert_eq!(Model::of(kind, name), model, "{name}");
        }
    }

    #[test]
    fn an_effort_that_a_model_refuses_becomes_the_next_one_it_takes() {
        assert_eq!(GPT_5.nearest(Zero), Some(Minimal));
        assert_eq!(GPT_51.nearest(Minimal), Some(Low));
        assert_eq!(O_SERIES.nearest(Max), Some(High));
        assert_eq!(GROK_4.nearest(High), None);
        assert_eq!(THREE_EFFORTS.nearest(Zero), None);
    }
}
