//! The most tokens that a model gives in one answer, where that is known.

use super::claude::Family;
use super::neutral::Request;

/// By the beginning of the model's own name; the first that fits counts.
const MOST: [(&str, u64); 14] = [
    ("chatgpt-4o", 16_384),
    ("gpt-4o", 16_384),
    ("gpt-4.1", 32_768),
    ("gpt-4-turbo", 4096),
    ("gpt-3.5", 4096),
    ("gpt-5-chat", 16_384),
    ("o1-preview", 32_768),
    ("o1-mini", 65_536),
    ("gemini-1", 8192),
    ("gemini-2.0", 8192),
    ("gemini-2.5", 65_536),
    ("gemini-3", 65_536),
    ("amazon.nova-2", u64::MAX),
    ("amazon.nova", 10_000),
];

/// Lowers the limit of an answer to what the model can give. Every vendor answers 400 to a limit beyond that, and an agent
/// that was made for another model always sends one: Claude Code asks for 32,000 tokens, whatever the model. A limit that
/// was never going to be reached is no loss.
pub(super) fn fit(request: &mut Request, model: &str) {
    if let (Some(given), Some(most)) = (&mut request.max_output, most_output(model)) {
        given.value = given.value.min(most);
    }
}

/// `None` where nobody knows, or where the operator can raise it.
fn most_output(model: &str) -> Option<u64> {
    let model = model.to_ascii_lowercase();
    if model.contains("claude") {
        let family = Family::of(&model);
        // The newer ones differ by plan and header.
        return (!family.adaptive.yes()).then_some(family.max_output);
    }
    let name = model.rsplit('/').next().unwrap_or_default();
    let name = name.strip_prefix("ft:").unwrap_or(name);
    // Bedrock puts the region in front: `us.amazon.nova-pro-v1:0`.
    let without_region = name.split_once('.').map_or(name, |(_, rest)| rest);
    let fits = |prefix: &str| name.starts_with(prefix) || without_region.starts_with(prefix);
    MOST.into_iter().find(|(prefix, _)| fits(prefix)).map(|(_, most)| most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_can_give_is_known_in_every_spelling_of_its_name() {
        for (model, most) in [
            ("gpt-4o-mini", Some(16_384)),
            ("ft:gpt-4.1:acme", Some(32_768)),
            ("openai/gpt-4o", Some(16_384)),
            ("gpt-5.2", None),
            ("our-deployment", None),
            ("models/gemini-2.5-pro", Some(65_536)),
            ("us.amazon.nova-pro-v1:0", Some(10_000)),
            ("claude-3-5-sonnet-20241022", Some(8192)),
            ("us.anthropic.claude-sonnet-4-5-v1:0", Some(64_000)),
            ("claude-opus-4-8", None),
        ] {
            assert_eq!(most_output(model), most, "{model}");
        }
    }
}
