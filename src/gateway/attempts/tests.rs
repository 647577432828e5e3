use super::*;
use proptest::prelude::*;

const MOST: u32 = 5;

fn open(_: &u32) -> Pass {
    Pass::Open
}

fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

#[test]
fn failures_go_through_the_candidates_in_order_and_then_it_is_over() {
    let mut attempts = Attempts::new(&[1, 2, 3], MOST);
    assert_eq!(attempts.next(open), Next::Try(&1));
    for expected in [Next::Try(&2), Next::Try(&3), Next::Over] {
        attempts.made();
        assert_eq!(attempts.after(Verdict::Failed, None, open), expected);
    }
}

#[test]
fn no_more_calls_are_made_than_may_be() {
    let mut attempts = Attempts::new(&[1, 2, 3], 2);
    assert_eq!(attempts.next(open), Next::Try(&1));
    attempts.made();
    assert_eq!(attempts.after(Verdict::Failed, None, open), Next::Try(&2));
    attempts.made();
    assert!(!attempts.may_move_on());
    assert_eq!(attempts.after(Verdict::Failed, seconds(0), open), Next::Over);
}

#[test]
fn a_refusal_and_a_client_that_left_end_it() {
    for verdict in [Verdict::Refused, Verdict::Abandoned] {
        let mut attempts = Attempts::new(&[1, 2], MOST);
        attempts.next(open);
        attempts.made();
        assert_eq!(attempts.after(verdict, seconds(1), open), Next::Over);
    }
}

#[test]
fn a_short_retry_after_is_waited_for_on_the_last_candidate_only() {
    let mut attempts = Attempts::new(&[1, 2], MOST);
    attempts.next(open);
    attempts.made();
    assert_eq!(attempts.after(Verdict::Failed, seconds(1), open), Next::Try(&2));
    for _ in 2..MOST {
        attempts.made();
        assert_eq!(attempts.after(Verdict::Failed, seconds(2), open), Next::Again(Duration::from_secs(2)));
    }
    attempts.made();
    assert_eq!(attempts.after(Verdict::Failed, seconds(2), open), Next::Over, "five calls are enough");
    let mut once = Attempts::new(&[1], MOST);
    once.next(open);
    once.made();
    assert_eq!(once.after(Verdict::Failed, Some(LONGEST_WAIT + Duration::from_millis(1)), open), Next::Over);
    assert_eq!(once.after(Verdict::Failed, None, open), Next::Over);
}

#[test]
fn who_rests_is_passed_over_and_stays_so_when_another_one_fails() {
    let rests = |candidate: &u32| if *candidate == 1 { Pass::Resting } else { Pass::Open };
    let mut attempts = Attempts::new(&[1, 2], MOST);
    assert_eq!(attempts.next(rests), Next::Try(&2));
    attempts.made();
    assert_eq!(attempts.after(Verdict::Failed, None, rests), Next::Over);
}

#[test]
fn where_all_rest_they_are_called_all_the_same() {
    let mut attempts = Attempts::new(&[1, 2], MOST);
    assert_eq!(attempts.next(|_| Pass::Resting), Next::Try(&1));
    attempts.made();
    assert!(attempts.may_move_on());
    assert_eq!(attempts.after(Verdict::Failed, None, |_| Pass::Resting), Next::Try(&2));
    attempts.made();
    assert_eq!(attempts.after(Verdict::Failed, None, |_| Pass::Resting), Next::Over);
}

#[test]
fn who_rests_is_called_where_nobody_else_could_be() {
    let rests = |candidate: &u32| if *candidate == 1 { Pass::Resting } else { Pass::Open };
    let mut attempts = Attempts::new(&[1, 2], MOST);
    assert_eq!(attempts.next(rests), Next::Try(&2));
    // It could not be planned: no call was made.
    assert_eq!(attempts.next(rests), Next::Try(&1));
    assert_eq!(attempts.next(rests), Next::Over);
}

#[test]
fn each_status_moves_on_or_does_not() {
    for status in [408, 409, 425, 429, 500, 502, 503, 504, 529, 599] {
        assert_eq!(Verdict::of_status(Protocol::Responses, status), Verdict::Failed, "{status}");
    }
    for status in [400, 401, 402, 403, 404, 413, 422, 424, 451] {
        assert_eq!(Verdict::of_status(Protocol::Responses, status), Verdict::Refused, "{status}");
    }
    assert_eq!(Verdict::of_status(Protocol::BedrockConverse, 424), Verdict::Failed);
}

/// What may come of a candidate that is to be called.
#[derive(Debug, Clone, Copy)]
enum Comes {
    Unplanned,
    Fails(Verdict, Option<u64>),
}

fn comes() -> impl Strategy<Value = Comes> {
    let verdict = prop_oneof![
        8 => Just(Verdict::Failed),
        2 => Just(Verdict::Blamed),
        1 => Just(Verdict::Refused),
        1 => Just(Verdict::Abandoned),
    ];
    prop_oneof![
        1 => Just(Comes::Unplanned),
        4 => (verdict, prop::option::of(0u64..5)).prop_map(|(verdict, after)| Comes::Fails(verdict, after)),
    ]
}

proptest! {
    #[test]
    fn it_ends_and_calls_nobody_out_of_turn(
        resting in prop::collection::vec(any::<bool>(), 0..8),
        most in 1u32..7,
        story in prop::collection::vec(comes(), 40),
    ) {
        let candidates: Vec<usize> = (0..resting.len()).collect();
        let enter = |candidate: &usize| if resting[*candidate] { Pass::Resting } else { Pass::Open };
        let mut attempts = Attempts::new(&candidates, most);
        let (mut tried, mut called) = (Vec::new(), 0);
        let mut next = attempts.next(enter);
        for comes in story {
            match next {
                Next::Over => break,
                Next::Try(candidate) => tried.push(*candidate),
                Next::Again(wait) => prop_assert!(wait <= LONGEST_WAIT && !attempts.may_move_on()),
            }
            next = match comes {
                Comes::Unplanned if !matches!(next, Next::Again(_)) => attempts.next(enter),
                Comes::Unplanned => break,
                Comes::Fails(verdict, retry_after) => {
                    called += 1;
                    attempts.made();
                    let may_move_on = attempts.may_move_on();
                    let next = attempts.after(verdict, retry_after.map(Duration::from_secs), enter);
                    if matches!(verdict, Verdict::Refused | Verdict::Abandoned) {
                        prop_assert_eq!(next, Next::Over);
                    }
                    // Whoever drops the request's bytes by this must not need them again.
                    prop_assert!(may_move_on || !matches!(next, Next::Try(_)));
                    next
                }
            };
        }
        prop_assert!(called <= most);
        let awake: Vec<usize> = tried.iter().copied().filter(|candidate| !resting[*candidate]).collect();
        prop_assert!(awake.is_sorted() && awake.windows(2).all(|pair| pair[0] != pair[1]), "{tried:?}");
        let mut once = tried.clone();
        once.dedup();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), tried.len(), "each once");
        if !candidates.is_empty() {
            prop_assert!(!tried.is_empty(), "a call is rather made than refused");
        }
    }
}
