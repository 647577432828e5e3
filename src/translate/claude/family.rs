//! The families, by the model's name.

/// Whether a family takes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// It does.
    Yes,
    /// It refuses it.
    No,
}

impl Takes {
    /// Whether it does.
    pub const fn yes(self) -> bool {
        matches!(self, Self::Yes)
    }
}

/// Which sampling parameters a family takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sampling {
    /// All of them.
    All,
    /// `temperature` or `top_p`, not both.
    OneOf,
    /// None.
    Nothing,
}

/// What a family takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// `temperature`, `top_p`, `top_k`.
    pub sampling: Sampling,
    /// `thinking: {type: "enabled", budget_tokens}`.
    pub budget: Takes,
    /// `thinking: {type: "disabled"}`.
    pub disabled: Takes,
    /// `thinking: {type: "between_tools"}`.
    pub between_tools: Takes,
    /// `thinking: {type: "adaptive"}` and `output_config.effort`.
    pub adaptive: Takes,
    /// `tool_choice` `any` and `tool`.
    pub forced_tool: Takes,
    /// `output_config.format`.
    pub native_schema: Takes,
    /// A last message of the assistant's.
    pub prefill: Takes,
    /// `role: "system"` within the messages.
    pub mid_system: Takes,
    /// The most output tokens, for requests that do not say how many.
    pub max_output: u64,
}

/// What a model does that is no Claude, at an upstream that speaks Anthropic's protocol: nobody knows, so whatever the
/// client wants is tried.
const FOREIGN: Family = Family {
    sampling: Sampling::All,
    budget: Takes::Yes,
    disabled: Takes::Yes,
    between_tools: Takes::No,
    adaptive: Takes::No,
    forced_tool: Takes::Yes,
    native_schema: Takes::No,
    prefill: Takes::Yes,
    mid_system: Takes::No,
    max_output: 8192,
};

/// A Claude that is newer than this table.
const NEWER: Family = Family {
    sampling: Sampling::Nothing,
    budget: Takes::No,
    disabled: Takes::Yes,
    between_tools: Takes::No,
    adaptive: Takes::Yes,
    forced_tool: Takes::No,
    native_schema: Takes::Yes,
    prefill: Takes::No,
    mid_system: Takes::Yes,
    max_output: 64_000,
};

const V3: Family = Family { max_output: 4096, budget: Takes::No, ..FOREIGN };
const V35: Family = Family { max_output: 8192, ..V3 };
const V37: Family = Family { max_output: 64_000, budget: Takes::Yes, ..V3 };
const V40: Family = V37;
const V41: Family = Family { native_schema: Takes::Yes, max_output: 32_000, ..V37 };
const V45: Family = Family { sampling: Sampling::OneOf, native_schema: Takes::Yes, ..V37 };
const V46: Family = Family { sampling: Sampling::All, adaptive: Takes::Yes, prefill: Takes::No, ..V45 };
const V47: Family = Family { sampling: Sampling::Nothing, budget: Takes::No, ..V46 };
const V48: Family = Family { mid_system: Takes::Yes, ..V47 };
const OPUS_5: Family = V48;
const HAIKU_55: Family = V48;
const FABLE_5: Family = Family { disabled: Takes::No, ..V48 };
const OPUS_55: Family = Family { forced_tool: Takes::No, ..FABLE_5 };
const SONNET_55: Family = Family { between_tools: Takes::Yes, ..OPUS_55 };

impl Family {
    /// The family of a model by its name, in any vendor's spelling: `claude-sonnet-4-5-20250929`,
    /// `us.anthropic.claude-opus-4-1-20250805-v1:0`, `claude-3-7-sonnet@20250219`.
    pub fn of(model: &str) -> Self {
        let model = model.to_ascii_lowercase();
        let Some((_, name)) = model.split_once("claude") else { return FOREIGN };
        let mut words = name.split(|letter: char| !letter.is_ascii_alphanumeric()).peekable();
        let (mut line, mut version) = ("", None);
        while let Some(word) = words.next() {
            match (word, number(word), version) {
                ("opus" | "sonnet" | "haiku" | "fable", ..) => line = word,
                (_, Some(major), None) => {
                    version = Some((major, words.peek().and_then(|next| number(next)).unwrap_or(0)))
                }
                _ => {}
            }
        }
        match (line, version) {
            (_, Some((3, 0..=4))) => V3,
            (_, Some((3, 5 | 6))) => V35,
            (_, Some((3, _))) => V37,
            ("opus", Some((4, 0))) => Self { max_output: 32_000, ..V40 },
            (_, Some((4, 0))) => V40,
            (_, Some((4, 1..=4))) => V41,
            (_, Some((4, 5))) => V45,
            (_, Some((4, 6))) => V46,
            (_, Some((4, 7))) => V47,
            (_, Some((4, 8..))) => V48,
            ("sonnet", Some((5, 0..=4))) => V47,
            ("opus", Some((5, 0..=4))) => OPUS_5,
            ("fable", Some((5, 0))) => FABLE_5,
            ("haiku", Some((5, 5))) => HAIKU_55,
            ("opus", Some((5, 5))) | ("fable", Some((5, 1))) => OPUS_55,
            ("sonnet", Some((5, 5))) => SONNET_55,
            (_, Some((1 | 2, _))) => V3,
            _ => NEWER,
        }
    }
}

/// A version's number; a date is none.
fn number(word: &str) -> Option<u32> {
    if word.len() <= 2 { word.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_known_in_every_vendors_spelling() {
        for (model, family) in [
            ("claude-3-haiku-20240307", V3),
            ("claude-3-5-sonnet-20241022", V35),
            ("claude-3-7-sonnet@20250219", V37),
            ("claude-sonnet-4-20250514", V40),
            ("us.anthropic.claude-opus-4-1-20250805-v1:0", V41),
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", V45),
            ("claude-haiku-4-5", V45),
            ("claude-opus-4.6", V46),
            ("claude-opus-4-8", V48),
            ("claude-sonnet-5", V47),
            ("claude-opus-5", OPUS_5),
            ("claude-fable-5-1", OPUS_55),
            ("Claude-Sonnet-5-5-20260901", SONNET_55),
            ("claude-opus-7", NEWER),
            ("claude-mythos", NEWER),
            ("kimi-k3", FOREIGN),
        ] {
            assert_eq!(Family::of(model), family, "{model}");
        }
    }

    #[test]
    fn what_newer_families_refuse_is_not_sent_to_them() {
        assert_eq!(Family::of("claude-opus-4-7").sampling, Sampling::Nothing);
        assert_eq!(Family::of("claude-opus-5-5").forced_tool, Takes::No);
        assert_eq!(Family::of("claude-fable-5").disabled, Takes::No);
        assert!(Family::of("claude-sonnet-5-5").between_tools.yes());
    }
}
