//! What comes with the extension: attempts that everybody who runs a model sees. They are words in an order, near each other,
//! so one pass over a prompt's words is enough, and a prompt of a kilobyte costs microseconds.

/// Words that may stand between one of a group and one of the next.
const NEAR: usize = 6;

/// Longer words are none of these.
const LONGEST: usize = 16;

struct Attempt {
    name: &'static str,
    /// One word of each group has to come, in this order.
    groups: &'static [&'static [&'static str]],
}

const ATTEMPTS: &[Attempt] = &[
    Attempt {
        name: "ignore_instructions",
        groups: &[
            &["ignore", "disregard", "forget", "override", "bypass"],
            &["previous", "prior", "above", "earlier", "all", "your", "system", "preceding"],
            &["instructions", "instruction", "prompt", "prompts", "rules", "directions", "guidelines"],
        ],
    },
    Attempt {
        name: "reveal_prompt",
        groups: &[
            &["reveal", "show", "print", "repeat", "output", "display", "tell"],
            &["system", "hidden", "initial", "original"],
            &["prompt", "instructions", "instruction", "message"],
        ],
    },
    Attempt {
        name: "role_play_escape",
        groups: &[
            &["now", "act", "pretend", "become"],
            &["dan", "jailbroken", "unrestricted", "unfiltered", "uncensored"],
        ],
    },
    Attempt {
        name: "hidden_mode",
        groups: &[&["enter", "enable", "activate"], &["developer", "jailbreak", "god", "dan"], &["mode"]],
    },
    Attempt {
        name: "decode_and_obey",
        groups: &[&["decode", "decrypt"], &["base64", "rot13", "hex"], &["follow", "execute", "obey"]],
    },
];

/// The marks with which chat templates begin a turn: a user has no business writing them.
const TURNS: [&str; 6] = ["<|im_start|>", "<|start_header_id|>", "[INST]", "[/INST]", "<<SYS>>", "<|system|>"];

/// The name of the attempt that a text makes.
pub fn attempt(text: &str) -> Option<&'static str> {
    if text.contains(['<', '[']) && TURNS.iter().any(|turn| text.contains(turn)) {
        return Some("fake_turn");
    }
    let words = || text.split(|each: char| !each.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    for (index, word) in words().enumerate() {
        let begun = ATTEMPTS.iter().filter(|attempt| begins(attempt.groups, word));
        for attempt in begun {
            if follows(words().skip(index + 1), attempt.groups.get(1..).unwrap_or_default()) {
                return Some(attempt.name);
            }
        }
    }
    None
}

fn begins(groups: &[&[&str]], word: &str) -> bool {
    word.len() <= LONGEST
        && groups.first().is_some_and(|group| group.iter().any(|each| word.eq_ignore_ascii_case(each)))
}

fn follows<'t>(mut words: impl Iterator<Item = &'t str>, groups: &[&[&str]]) -> bool {
    let mut left = groups;
    let mut since = 0;
    while !left.is_empty() {
        let Some(word) = words.next().filter(|_| since <= NEAR) else { return false };
        since += 1;
        if begins(left, word) {
            left = left.get(1..).unwrap_or_default();
            since = 0;
        }
    }
    true
}
