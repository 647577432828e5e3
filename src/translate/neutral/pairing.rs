//! Calls and their results, as every vendor wants them: each result right after the turn that called, each call with one,
//! and no id twice (PROTOCOLS.md sections 3.2 to 3.5).
//!
//! Clients come with histories that are not like that: a user interrupted a round, an agent cut its history in the midst
//! of one, Responses lets results come late, a server counts its calls from zero in every answer. OpenAI, Anthropic and
//! Bedrock answer 400 to each of these, and the conversation could never go on.

use super::loss::Losses;
use super::part::{Body, Call, Outcome, Part, Role, ToolResult, Turn};
use super::request::Request;
use std::collections::{HashMap, VecDeque};

/// What a tool said that never answered: the model shall know.
const NO_RESULT: &str = "There is no result: the call was interrupted.";

/// The calls of one turn of the model's.
#[derive(Default)]
struct Round {
    /// Answered, as they came.
    results: Vec<Part>,
    /// Not answered yet, as they were made: the ids that are sent.
    open: VecDeque<(String, String)>,
}

/// A call that waits for its result.
struct Waiting {
    /// Of which turn.
    round: usize,
    /// The ids that are sent and the tools, first called first: one turn may use an id twice.
    calls: VecDeque<(String, String)>,
}

/// What is known while the conversation is read.
#[derive(Default)]
struct Pairing {
    rounds: Vec<Round>,
    waiting: HashMap<String, Waiting>,
    /// How often a call used an id.
    used: HashMap<String, u32>,
    /// The tools by their calls' ids, for results that come after their call was answered.
    tools: HashMap<String, String>,
}

impl Request {
    /// Pairs calls and results, and gives every result its tool's name. To be called once, when the conversation is
    /// complete. The same conversation always comes out the same, whatever follows it.
    pub fn pair_results(&mut self, losses: &mut Losses) {
        let mut pairing = Pairing::default();
        let turns = std::mem::take(&mut self.turns);
        let mut read: Vec<(Turn, Option<usize>)> = Vec::with_capacity(turns.len());
        for mut turn in turns {
            let round = match turn.role {
                Role::Assistant => pairing.calls(&mut turn),
                Role::User | Role::System => {
                    let parts = std::mem::take(&mut turn.parts);
                    turn.parts = parts.into_iter().flat_map(|part| pairing.answers(part, losses)).collect();
                    None
                }
            };
            read.push((turn, round));
        }
        let mut rounds = pairing.rounds.into_iter();
        for (Turn { role, parts }, round) in read {
            parts.into_iter().for_each(|part| self.say(role, part));
            // Rounds are in the order of their turns.
            let Some(Round { results, open }) = round.and_then(|_| rounds.next()) else { continue };
            let interrupted = open.into_iter().map(|(id, name)| no_result(id, name));
            results.into_iter().chain(interrupted).for_each(|part| self.say(Role::User, part));
        }
    }
}

impl Pairing {
    /// Reads a turn's calls; `None` if it has none.
    fn calls(&mut self, turn: &mut Turn) -> Option<usize> {
        let round = self.rounds.len();
        let calls = turn.parts.iter_mut().filter_map(|part| match &mut part.body {
            Body::Call(call) => Some(call),
            _ => None,
        });
        let mut open = VecDeque::new();
        for Call { id, name, .. } in calls {
            let said = id.clone();
            let used = self.used.entry(said.clone()).or_default();
            *used += 1;
            if *used > 1 {
                *id = format!("{said}:{used}");
            }
            open.push_back((id.clone(), name.clone()));
            self.tools.insert(said.clone(), name.clone());
            let waiting = self.waiting.entry(said).or_insert_with(|| Waiting { round, calls: VecDeque::new() });
            if waiting.round != round {
                // An older call of this id was never answered.
                *waiting = Waiting { round, calls: VecDeque::new() };
            }
            waiting.calls.push_back((id.clone(), name.clone()));
        }
        if open.is_empty() {
            return None;
        }
        self.rounds.push(Round { results: Vec::new(), open });
        Some(round)
    }

    /// Keeps a result for its call's turn; gives back anything else, and a result without a call in words.
    fn answers(&mut self, part: Part, losses: &mut Losses) -> Vec<Part> {
        let Part { at, body, cache } = part;
        let mut result = match body {
            Body::Result(result) => result,
            body => return vec![Part { at, body, cache }],
        };
        let waiting = self.waiting.get_mut(&result.call_id);
        let answered = waiting.and_then(|waiting| Some((waiting.round, waiting.calls.pop_front()?)));
        let Some((round, (id, name))) = answered else {
            result.name = self.tools.get(&result.call_id).cloned();
            losses.detail(&at, "answers no call: it is told to the model as the user's text");
            let mut told = in_words(at, result);
            if let Some(last) = told.last_mut() {
                last.cache = last.cache.or(cache);
            }
            return told;
        };
        if let Some(round) = self.rounds.get_mut(round) {
            round.open.retain(|(open, _)| *open != id);
            (result.call_id, result.name) = (id, Some(name));
            round.results.push(Part { at, body: Body::Result(result), cache });
        }
        Vec::new()
    }
}

fn no_result(call_id: String, name: String) -> Part {
    let content = vec![Part::new("", Body::Text(NO_RESULT.to_owned()))];
    Part::new("", Body::Result(ToolResult { call_id, name: Some(name), content, outcome: Outcome::Failed }))
}

fn in_words(at: String, result: ToolResult) -> Vec<Part> {
    let what = match result.outcome {
        Outcome::Done => "Result",
        Outcome::Failed => "Failure",
    };
    let whose = result.name.map_or_else(|| "a tool".to_owned(), |name| format!("the tool `{name}`"));
    let mut told = vec![Part::new(at, Body::Text(format!("{what} of an earlier call of {whose}:")))];
    told.extend(result.content);
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::neutral::{CallInput, Client};

    enum Said {
        Text(Role, &'static str),
        Call(&'static str),
        Result(&'static str, &'static str),
    }
    use Said::{Call as C, Result as R, Text as T};

    fn paired(said: Vec<Said>) -> (Vec<String>, usize) {
        let mut request = Request::new(Client::ChatCompletions);
        for said in said {
            let text = |text: &str| Body::Text(text.to_owned());
            let (role, body) = match said {
                T(role, said) => (role, text(said)),
                C(id) => {
                    let (id, name, input) = (id.to_owned(), format!("tool_{id}"), CallInput::Json("{}".into()));
                    (Role::Assistant, Body::Call(Call { id, name, input }))
                }
                R(id, said) => {
                    let content = vec![Part::new("inner", text(said))];
                    let outcome = Outcome::Done;
                    (Role::User, Body::Result(ToolResult { call_id: id.into(), name: None, content, outcome }))
                }
            };
            request.say(role, Part::new("at", body));
        }
        let mut losses = Losses::default();
        request.pair_results(&mut losses);
        let turns = request.turns.iter().map(|turn| {
            let parts = turn.parts.iter().map(|part| match &part.body {
                Body::Text(text) => text.clone(),
                Body::Call(call) => format!("call {}", call.id),
                Body::Result(result) => match &result.content[0].body {
                    Body::Text(text) => format!("{}={text}", result.call_id),
                    other => panic!("{other:?}"),
                },
                other => panic!("{other:?}"),
            });
            let role = match turn.role {
                Role::System => 'S',
                Role::User => 'U',
                Role::Assistant => 'A',
            };
            format!("{role}: {}", parts.collect::<Vec<_>>().join(" | "))
        });
        (turns.collect(), losses.as_slice().len())
    }

    #[test]
    fn a_round_that_is_in_order_stays_as_it_is() {
        let said = vec![T(Role::User, "go"), C("a"), C("b"), R("b", "2"), R("a", "1"), T(Role::User, "so?")];
        assert_eq!(paired(said), (vec!["U: go".into(), "A: call a | call b".into(), "U: b=2 | a=1 | so?".into()], 0));
    }

    #[test]
    fn results_go_right_after_their_calls_whoever_spoke_in_between() {
        let said = vec![C("a"), T(Role::System, "note"), R("a", "1"), T(Role::User, "so?")];
        assert_eq!(
            paired(said).0,
            ["A: call a", "U: a=1", "S: note", "U: so?"].map(str::to_owned),
            "the operator spoke between call and result"
        );
        let said = vec![C("a"), C("b"), R("a", "1"), T(Role::Assistant, "wait"), R("b", "2")];
        assert_eq!(paired(said).0, ["A: call a | call b", "U: a=1 | b=2", "A: wait"].map(str::to_owned));
    }

    #[test]
    fn a_call_without_a_result_gets_one_that_says_so() {
        let (turns, losses) = paired(vec![C("a"), C("b"), R("a", "1"), T(Role::Assistant, "so"), C("c")]);
        assert_eq!(
            turns,
            [
                "A: call a | call b".to_owned(),
                format!("U: a=1 | b={NO_RESULT}"),
                "A: so | call c".to_owned(),
                format!("U: c={NO_RESULT}")
            ]
        );
        assert_eq!(losses, 0, "nothing of the client's is lost");
    }

    #[test]
    fn a_result_without_a_call_is_told_in_words() {
        let (turns, losses) = paired(vec![R("z", "old"), T(Role::User, "go"), C("a"), R("a", "1"), R("a", "again")]);
        assert_eq!(
            turns,
            [
                "U: Result of an earlier call of a tool: | old | go",
                "A: call a",
                "U: a=1 | Result of an earlier call of the tool `tool_a`: | again"
            ]
            .map(str::to_owned)
        );
        assert_eq!(losses, 2);
    }

    #[test]
    fn an_id_that_every_round_uses_again_becomes_unique() {
        let said = vec![C("0"), R("0", "1"), C("0"), C("0"), R("0", "2"), R("0", "3")];
        assert_eq!(
            paired(said).0,
            ["A: call 0", "U: 0=1", "A: call 0:2 | call 0:3", "U: 0:2=2 | 0:3=3"].map(str::to_owned)
        );
    }
}
