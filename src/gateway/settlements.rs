//! Calls of limited tokens that are over and whose limiter is still to be told. While one of them tells it, those that end leave
//! what they came to, and are told of together: each message costs its object, which takes a thousand a second, and the isolate as
//! much as a call.

use crate::domain::timestamp::Timestamp;
use crate::limits::{Message, Settled};
use std::time::Duration;

/// How long one call goes on telling of others, and in how many messages. Then the next that ends takes its place: the platform cuts
/// off what goes on for half a minute after an answer, and on the free plan what asks more than 50 times.
const TELLER_LEASE: Duration = Duration::from_secs(10);
const MOST_MESSAGES: u32 = 8;

/// The most calls in one message.
const MOST_TOGETHER: usize = 100;

/// Who tells a token's limiter of the token's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Teller(u64);

/// What the isolate has to tell.
#[derive(Debug, Default)]
pub struct Settlements {
    /// By token: those few of which a call is ending just now.
    waiting: Vec<Waiting>,
    tellers: u64,
}

#[derive(Debug)]
struct Waiting {
    token: String,
    teller: Teller,
    /// Since when, and how often, that one has told.
    since: Timestamp,
    messages: u32,
    calls: Vec<Settled>,
}

impl Settlements {
    /// Adds a token's call. If it is to tell of it: as whom, and what. Then it goes on with [`Self::next`]. Otherwise another does.
    pub fn add(&mut self, token: &str, settled: Settled, now: Timestamp) -> Option<(Teller, Message)> {
        let teller = Teller(self.tellers);
        match self.waiting.iter_mut().find(|waiting| waiting.token == token) {
            Some(waiting) => {
                waiting.calls.push(settled);
                if now.since(waiting.since) < TELLER_LEASE && waiting.messages < MOST_MESSAGES {
                    return None;
                }
                (waiting.teller, waiting.since, waiting.messages) = (teller, now, 0);
            }
            None => {
                let token = token.to_owned();
                self.waiting.push(Waiting { token, teller, since: now, messages: 0, calls: vec![settled] });
            }
        }
        self.tellers += 1;
        self.next(teller).map(|message| (teller, message))
    }

    /// What is to be told after that, if anything is, and nobody has taken the teller's place.
    pub fn next(&mut self, teller: Teller) -> Option<Message> {
        let at = self.waiting.iter().position(|waiting| waiting.teller == teller)?;
        let waiting = self.waiting.get_mut(at)?;
        let together = waiting.calls.len().min(MOST_TOGETHER);
        let mut calls = waiting.calls.drain(..together);
        let Some(first) = calls.next() else {
            drop(calls);
            self.waiting.swap_remove(at);
            return None;
        };
        waiting.messages += 1;
        Some(Message::Settle(first, calls.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Amounts;

    const NOW: Timestamp = Timestamp::from_ms(1_000_000);

    fn call(name: &str) -> Settled {
        Settled { call: name.into(), used: Amounts::default() }
    }

    fn told(message: &Message) -> Vec<&str> {
        let Message::Settle(first, others) = message else { panic!("{message:?}") };
        std::iter::once(first).chain(others).map(|settled| settled.call.as_str()).collect()
    }

    #[test]
    fn a_call_that_ends_alone_is_told_of_at_once_and_leaves_nothing() {
        let mut settlements = Settlements::default();
        for name in ["req_1", "req_2"] {
            let (teller, message) = settlements.add("tok_1", call(name), NOW).expect("told at once");
            assert_eq!(told(&message), [name]);
            assert!(settlements.next(teller).is_none() && settlements.waiting.is_empty());
        }
    }

    #[test]
    fn calls_that_end_while_another_is_told_of_go_together_and_those_of_other_tokens_by_themselves() {
        let mut settlements = Settlements::default();
        let (teller, _) = settlements.add("tok_1", call("req_1"), NOW).expect("the first");
        for name in ["req_2", "req_3"] {
            assert!(settlements.add("tok_1", call(name), NOW).is_none());
        }
        let (_, message) = settlements.add("tok_2", call("req_4"), NOW).expect("of another token");
        assert_eq!(told(&message), ["req_4"]);
        assert_eq!(told(&settlements.next(teller).expect("two")), ["req_2", "req_3"]);
        assert!(settlements.add("tok_1", call("req_5"), NOW).is_none(), "it goes on");
        assert_eq!(told(&settlements.next(teller).expect("one")), ["req_5"]);
        assert!(settlements.next(teller).is_none());
        assert!(settlements.add("tok_1", call("req_6"), NOW).is_some());
    }

    #[test]
    fn nobody_tells_for_ever_and_of_a_teller_that_is_gone_another_takes_what_it_left() {
        let mut settlements = Settlements::default();
        let over = NOW.after(TELLER_LEASE);
        let before = Timestamp::from_ms(over.ms() - 1);
        let (first, _) = settlements.add("tok_1", call("req_1"), NOW).expect("the first");
        assert!(settlements.add("tok_1", call("req_2"), before).is_none());
        let (second, message) = settlements.add("tok_1", call("req_3"), over).expect("in its place");
        assert_eq!(told(&message), ["req_2", "req_3"]);
        assert!(settlements.add("tok_1", call("req_4"), over).is_none());
        assert!(settlements.next(first).is_none(), "no longer its business");
        assert_eq!(told(&settlements.next(second).expect("one")), ["req_4"]);
    }

    #[test]
    fn after_so_many_messages_the_next_call_takes_the_tellers_place() {
        let mut settlements = Settlements::default();
        let (first, _) = settlements.add("tok_1", call("req_1"), NOW).expect("the first");
        for _ in 1..MOST_MESSAGES {
            assert!(settlements.add("tok_1", call("req_2"), NOW).is_none());
            settlements.next(first).expect("one");
        }
        let (second, message) = settlements.add("tok_1", call("req_3"), NOW).expect("in its place");
        assert_eq!(told(&message), ["req_3"]);
        assert!(settlements.next(first).is_none() && settlements.next(second).is_none());
        assert!(settlements.waiting.is_empty());
    }

    #[test]
    fn a_message_has_so_many_calls_and_none_is_left_out() {
        let mut settlements = Settlements::default();
        let (teller, _) = settlements.add("tok_1", call("req_0"), NOW).expect("the first");
        let names: Vec<_> = (1..=2 * MOST_TOGETHER + 1).map(|number| format!("req_{number}")).collect();
        for name in &names {
            settlements.add("tok_1", call(name), NOW);
        }
        let messages: Vec<_> = std::iter::from_fn(|| settlements.next(teller)).collect();
        assert!(messages.iter().all(|message| told(message).len() <= MOST_TOGETHER));
        assert_eq!(messages.iter().flat_map(told).collect::<Vec<_>>(), names);
    }
}
