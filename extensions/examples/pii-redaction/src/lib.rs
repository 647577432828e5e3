//! Takes card numbers, e-mail addresses, bank accounts and telephone numbers out of a prompt before it leaves, or refuses
//! the call.
//!
//! ```json
//! {"detect": ["card", "email", "iban", "phone"], "action": "redact", "roles": ["user", "tool"]}
//! ```
//! All members are optional: everything is looked for, everywhere. Each thing is replaced by `[CARD_1]`, `[EMAIL_2]`, …, the
//! same thing by the same name within a call, so that the model can still tell them apart. Answers are not touched: the
//! model never saw what they could give away, and nothing is kept that could be put back.

mod detect;

use std::collections::HashMap;

use serde::Deserialize;
use sluice_extension::{Call, Description, Extension, RequestOutcome, Role, Value, export};

use crate::detect::{Kind, find};

/// What the operator writes.
#[derive(Deserialize)]
pub struct Config {
    detect: Option<Vec<String>>,
    #[serde(default)]
    action: Action,
    roles: Option<Vec<String>>,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Action {
    #[default]
    Redact,
    Refuse,
}

/// The extension.
pub struct PiiRedaction {
    kinds: Vec<Kind>,
    roles: Vec<Role>,
    action: Action,
}

const ROLES: [(&str, Role); 4] =
    [("system", Role::System), ("user", Role::User), ("assistant", Role::Assistant), ("tool", Role::Tool)];

impl Extension for PiiRedaction {
    type Config = Config;

    fn describe() -> Description {
        Description::new("pii-redaction", "1.0.0", &["request"])
            .described("Takes card numbers, e-mail addresses, bank accounts and telephone numbers out of prompts")
    }

    fn configure(config: Config) -> Result<Self, String> {
        let kinds = Kind::ALL.map(|kind| (kind.name(), kind));
        Ok(Self {
            kinds: chosen(config.detect, &kinds, "config.detect")?,
            roles: chosen(config.roles, &ROLES, "config.roles")?,
            action: config.action,
        })
    }

    fn request(&mut self, call: &Call, mut body: Value) -> RequestOutcome {
        let mut names = Names::default();
        call.texts_in_request(&mut body, |role, text| {
            if self.roles.contains(&role) {
                redact(text, &self.kinds, &mut names);
            }
        });
        match names.first {
            None => RequestOutcome::unchanged(),
            Some(kind) if self.action == Action::Refuse => {
                RequestOutcome::refuse(422, format!("The prompt contains what must not leave: {}.", described(kind)))
                    .code(format!("pii.{}", kind.name()))
            }
            Some(_) => RequestOutcome::rewrite(body).tag("pii_redacted", names.given.len()),
        }
    }
}

/// The names that a call's findings got.
#[derive(Default)]
struct Names {
    given: HashMap<String, String>,
    first: Option<Kind>,
}

impl Names {
    fn of(&mut self, kind: Kind, found: &str) -> &str {
        self.first.get_or_insert(kind);
        let number = self.given.len() + 1;
        let key = found.chars().filter(|each| !matches!(each, ' ' | '-')).collect::<String>().to_lowercase();
        self.given.entry(key).or_insert_with(|| format!("[{}_{number}]", kind.name().to_uppercase()))
    }
}

fn redact(text: &mut String, kinds: &[Kind], names: &mut Names) {
    let found = find(text, kinds);
    if found.is_empty() {
        return;
    }
    let mut redacted = String::with_capacity(text.len());
    let mut from = 0;
    for (kind, range) in found {
        redacted.push_str(text.get(from..range.start).unwrap_or_default());
        redacted.push_str(names.of(kind, text.get(range.clone()).unwrap_or_default()));
        from = range.end;
    }
    redacted.push_str(text.get(from..).unwrap_or_default());
    *text = redacted;
}

fn chosen<T: Copy>(written: Option<Vec<String>>, known: &[(&str, T)], member: &str) -> Result<Vec<T>, String> {
    let Some(written) = written else { return Ok(known.iter().map(|(_, value)| *value).collect()) };
    written
        .iter()
        .enumerate()
        .map(|(index, name)| {
            known.iter().find(|(known, _)| known == name).map(|(_, value)| *value).ok_or_else(|| {
                let all: Vec<_> = known.iter().map(|(name, _)| *name).collect();
                format!("{member}[{index}]: not one of {}", all.join(", "))
            })
        })
        .collect()
}

fn described(kind: Kind) -> &'static str {
    match kind {
        Kind::Card => "a card number",
        Kind::Email => "an e-mail address",
        Kind::Iban => "a bank account",
        Kind::Phone => "a telephone number",
    }
}

export!(PiiRedaction);

#[cfg(test)]
mod tests {
    use sluice_extension::{json, testing::Configured};

    use super::*;

    const CARD: &str = "4111 1111 1111 1111";

    fn redacted(config: Value, protocol: &str, body: Value) -> Option<Value> {
        Configured::<PiiRedaction>::with(config).unwrap().request(protocol, body)
    }

    #[test]
    fn a_card_is_taken_out_of_a_prompt_of_each_protocol() {
        let text = format!("my card is {CARD}");
        for (protocol, body, place) in [
            ("chat_completions", json!({"messages": [{"role": "user", "content": text}]}), "/body/messages/0/content"),
            ("responses", json!({"input": text}), "/body/input"),
            (
                "anthropic_messages",
                json!({"messages": [{"role": "user", "content": [{"type": "text", "text": text}]}]}),
                "/body/messages/0/content/0/text",
            ),
            ("embeddings", json!({"input": [text]}), "/body/input/0"),
        ] {
            let answer = redacted(json!({}), protocol, body).unwrap();
            assert_eq!(answer.pointer(place).unwrap(), "my card is [CARD_1]", "{protocol}");
            assert_eq!(answer["tags"], json!({"pii_redacted": 1}));
        }
    }

    #[test]
    fn the_same_thing_has_the_same_name_and_another_one_another() {
        let body =
            json!({"input": "4111111111111111, a@example.com, 4111-1111-1111-1111, A@example.com, b@example.com"});
        let answer = redacted(json!({}), "responses", body).unwrap();
        assert_eq!(answer["body"]["input"], "[CARD_1], [EMAIL_2], [CARD_1], [EMAIL_2], [EMAIL_3]");
    }

    #[test]
    fn what_is_not_looked_for_stays_and_a_prompt_without_findings_is_not_rewritten() {
        let body = json!({"input": format!("{CARD} a@example.com")});
        let answer = redacted(json!({"detect": ["email"]}), "responses", body.clone()).unwrap();
        assert_eq!(answer["body"]["input"], format!("{CARD} [EMAIL_1]"));
        assert_eq!(redacted(json!({"roles": ["system"]}), "responses", body), None);
        assert_eq!(redacted(json!({}), "responses", json!({"input": "nothing to see"})), None);
    }

    #[test]
    fn a_call_can_be_refused_instead() {
        let answer = redacted(json!({"action": "refuse"}), "responses", json!({"input": CARD})).unwrap();
        assert_eq!(answer["refuse"]["status"], 422);
        assert_eq!(answer["refuse"]["code"], "pii.card");
        assert!(!answer.to_string().contains("4111"));
    }

    #[test]
    fn a_configuration_that_names_what_is_not_known_is_refused() {
        let words = Configured::<PiiRedaction>::with(json!({"detect": ["card", "shoe"]})).err().unwrap();
        assert_eq!(words, "config.detect[1]: not one of email, iban, card, phone");
    }
}
