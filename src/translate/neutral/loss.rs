//! What a translation cannot carry, and what the deployment wants done about it (SPEC section 6).

use crate::domain::invalid::Invalid;
use std::borrow::Cow;

/// The deployment's `LOSS_POLICY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LossPolicy {
    /// Refuse what would change the meaning, drop the rest and name it.
    #[default]
    Safe,
    /// Refuse every loss.
    Strict,
    /// Drop everything that can be dropped, and name it.
    Allow,
}

impl LossPolicy {
    /// Reads the variable.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "safe" => Some(Self::Safe),
            "strict" => Some(Self::Strict),
            "allow" => Some(Self::Allow),
            _ => None,
        }
    }
}

/// How much is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A hint, a tuning, a note: the answer means the same without it.
    Detail,
    /// The answer would not be what was asked for.
    Meaning,
    /// The call makes no sense without it, whatever the policy: the history that `previous_response_id` stands for.
    Essence,
}

/// Something that the upstream's protocol has no place for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The field in the client's request.
    pub field: String,
    /// How much is lost.
    pub severity: Severity,
    /// Why, and what to do instead: a clause that follows the field's name.
    pub why: Cow<'static, str>,
}

/// The losses of one request, in the order in which they were met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses {
    told: Vec<Loss>,
    /// Which of them are tools of a vendor's that were [offered](Self::offer).
    offers: Vec<usize>,
}

/// What became of the losses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judged {
    /// The call goes on without these fields. Positions in arrays are left out (`messages[].name`), so that a long
    /// conversation names a field once.
    Dropped(Vec<String>),
    /// The call is refused because of this one.
    Refused(Invalid),
}

impl Losses {
    /// A detail that is left out.
    pub fn detail(&mut self, field: impl Into<String>, why: impl Into<Cow<'static, str>>) {
        self.add(field.into(), Severity::Detail, why.into());
    }

    /// Something without which the answer would be another one.
    pub fn meaning(&mut self, field: impl Into<String>, why: impl Into<Cow<'static, str>>) {
        self.add(field.into(), Severity::Meaning, why.into());
    }

    /// Something without which there is no call.
    pub fn essence(&mut self, field: impl Into<String>, why: impl Into<Cow<'static, str>>) {
        self.add(field.into(), Severity::Essence, why.into());
    }

    /// A tool that the client's vendor would run itself, and that agents offer in every request. How much is lost with it
    /// shows when the request is complete: until [`Self::weigh_offers`] it changes the meaning.
    pub fn offer(&mut self, field: impl Into<String>, why: impl Into<Cow<'static, str>>) {
        self.offers.push(self.told.len());
        self.add(field, Severity::Meaning, why);
    }

    /// Weighs what was offered (`Request::weight_of_offers`).
    pub fn weigh_offers(&mut self, severity: Severity) {
        for index in std::mem::take(&mut self.offers) {
            if let Some(loss) = self.told.get_mut(index) {
                loss.severity = severity;
            }
        }
    }

    /// Something whose severity is known elsewhere.
    pub fn add(&mut self, field: impl Into<String>, severity: Severity, why: impl Into<Cow<'static, str>>) {
        self.told.push(Loss { field: field.into(), severity, why: why.into() });
    }

    /// The losses.
    pub fn as_slice(&self) -> &[Loss] {
        &self.told
    }

    /// Applies the policy.
    pub fn judge(&self, policy: LossPolicy) -> Judged {
        let bearable = match policy {
            LossPolicy::Allow => Severity::Meaning,
            LossPolicy::Safe => Severity::Detail,
            LossPolicy::Strict => return self.refuse(|_| true, policy),
        };
        self.refuse(|severity| severity > bearable, policy)
    }

    fn refuse(&self, unbearable: impl Fn(Severity) -> bool, policy: LossPolicy) -> Judged {
        if let Some(loss) = self.told.iter().find(|loss| unbearable(loss.severity)) {
            let wont = match (loss.severity, policy) {
                (Severity::Essence, _) => String::new(),
                (_, LossPolicy::Strict) => " (LOSS_POLICY is `strict`, so nothing is left out)".to_owned(),
                _ => " (LOSS_POLICY `allow` would leave it out)".to_owned(),
            };
            return Judged::Refused(Invalid::new(&loss.field, format!("`{}` {}{wont}", loss.field, loss.why)));
        }
        let mut dropped: Vec<String> = Vec::new();
        for loss in &self.told {
            let field = without_positions(&loss.field);
            if !dropped.contains(&field) {
                dropped.push(field);
            }
        }
        Judged::Dropped(dropped)
    }
}

fn without_positions(field: &str) -> String {
    let mut depth = 0_u32;
    field
        .chars()
        .filter(|&character| {
            match character {
                '[' => {
                    depth += 1;
                    return depth == 1;
                }
                ']' => {
                    depth = depth.saturating_sub(1);
                    return depth == 0;
                }
                _ => {}
            }
            depth == 0
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses() -> Losses {
        let mut losses = Losses::default();
        losses.detail("messages[0].name", "has no place in the Messages API");
        losses.detail("messages[7].name", "has no place in the Messages API");
        losses.meaning("n", "must be 1: the Messages API gives one answer");
        losses
    }

    #[test]
    fn safe_refuses_a_change_of_meaning_and_drops_details() {
        let Judged::Refused(refused) = losses().judge(LossPolicy::Safe) else { panic!("dropped") };
        assert_eq!(refused.param, "n");
        assert!(refused.message.contains("`n` must be 1"), "{}", refused.message);
        let mut details = losses();
        details.told.truncate(2);
        assert_eq!(details.judge(LossPolicy::Safe), Judged::Dropped(vec!["messages[].name".into()]));
    }

    #[test]
    fn an_offer_changes_the_meaning_until_it_is_weighed() {
        let mut losses = Losses::default();
        losses.offer("tools[0]", "is a search");
        assert!(matches!(losses.judge(LossPolicy::Safe), Judged::Refused(_)));
        losses.weigh_offers(Severity::Detail);
        assert_eq!(losses.judge(LossPolicy::Safe), Judged::Dropped(vec!["tools[]".into()]));
    }

    #[test]
    fn strict_refuses_everything_and_allow_nothing_but_the_essence() {
        let Judged::Refused(refused) = losses().judge(LossPolicy::Strict) else { panic!("dropped") };
        assert_eq!(refused.param, "messages[0].name");
        assert_eq!(losses().judge(LossPolicy::Allow), Judged::Dropped(vec!["messages[].name".into(), "n".into()]));
        let mut essential = losses();
        essential.essence("previous_response_id", "names an answer that is not kept here");
        assert!(matches!(essential.judge(LossPolicy::Allow), Judged::Refused(_)));
    }
}
