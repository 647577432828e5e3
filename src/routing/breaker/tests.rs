use super::*;
use proptest::prelude::*;

const RULES: Rules = Rules { failures: 3, rest: Duration::from_secs(60) };

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_000_000 + ms)
}

fn model(n: usize) -> ModelId {
    ModelId::parse(&format!("mdl_{n:016}")).expect("an id")
}

fn shared(model: &ModelId) -> Line<'_> {
    Line { model, own_key: None }
}

fn fail(breaker: &mut Breaker, line: Line<'_>, times: u32) {
    (0..times).for_each(|_| breaker.failed(line, RULES, None, at(0)));
}

#[test]
fn three_failures_in_a_row_rest_a_line_for_a_minute_and_then_one_call_tries() {
    let (mut breaker, model) = (Breaker::default(), model(1));
    let line = shared(&model);
    fail(&mut breaker, line, 2);
    assert_eq!(breaker.enter(line, RULES, at(0)), Pass::Open);
    fail(&mut breaker, line, 1);
    assert_eq!(breaker.enter(line, RULES, at(59_999)), Pass::Resting);
    assert_eq!(breaker.enter(line, RULES, at(60_000)), Pass::Probe);
    assert_eq!(breaker.enter(line, RULES, at(60_001)), Pass::Resting, "one at a time");
    breaker.answered(line);
    assert_eq!(breaker.enter(line, RULES, at(60_002)), Pass::Open);
}

#[test]
fn a_probe_that_fails_begins_another_rest_at_once() {
    let (mut breaker, model) = (Breaker::default(), model(1));
    let line = shared(&model);
    fail(&mut breaker, line, 3);
    assert_eq!(breaker.enter(line, RULES, at(60_000)), Pass::Probe);
    breaker.failed(line, RULES, None, at(61_000));
    assert_eq!(breaker.enter(line, RULES, at(120_999)), Pass::Resting);
    assert_eq!(breaker.enter(line, RULES, at(121_000)), Pass::Probe);
}

#[test]
fn a_probe_whose_client_left_or_that_never_came_back_lets_another_one_try() {
    let (mut breaker, model) = (Breaker::default(), model(1));
    let line = shared(&model);
    fail(&mut breaker, line, 3);
    assert_eq!(breaker.enter(line, RULES, at(60_000)), Pass::Probe);
    breaker.abandoned(line, at(60_500));
    assert_eq!(breaker.enter(line, RULES, at(60_500)), Pass::Probe);
    assert_eq!(breaker.enter(line, RULES, at(120_499)), Pass::Resting);
    assert_eq!(breaker.enter(line, RULES, at(120_500)), Pass::Probe);
}

#[test]
fn an_answer_in_between_begins_the_row_anew() {
    let (mut breaker, model) = (Breaker::default(), model(1));
    let line = shared(&model);
    fail(&mut breaker, line, 2);
    breaker.answered(line);
    fail(&mut breaker, line, 2);
    assert_eq!(breaker.enter(line, RULES, at(1)), Pass::Open);
}

#[test]
fn an_upstream_says_itself_how_long_it_rests_within_reason() {
    for (retry_after, rests_until) in [(7, 7_000), (0, 0), (86_400, 3_600_000)] {
        let (mut breaker, model) = (Breaker::default(), model(1));
        let line = shared(&model);
        fail(&mut breaker, line, 2);
        breaker.failed(line, RULES, Some(Duration::from_secs(retry_after)), at(0));
        if rests_until > 0 {
            assert_eq!(breaker.enter(line, RULES, at(rests_until - 1)), Pass::Resting);
        }
        assert_eq!(breaker.enter(line, RULES, at(rests_until)), Pass::Probe);
    }
}

#[test]
fn another_model_and_another_accounts_key_are_lines_of_their_own() {
    let (mut breaker, one, other) = (Breaker::default(), model(1), model(2));
    let key = UserKeyId::parse("uky_0000000000000001").expect("an id");
    let own = Line { model: &one, own_key: Some(&key) };
    fail(&mut breaker, own, 3);
    assert_eq!(breaker.enter(own, RULES, at(1)), Pass::Resting);
    assert_eq!([shared(&one), shared(&other)].map(|line| breaker.enter(line, RULES, at(1))), [Pass::Open; 2]);
}

#[test]
fn zero_failures_switch_it_off() {
    let off = Rules { failures: 0, ..RULES };
    let (mut breaker, model) = (Breaker::default(), model(1));
    (0..9).for_each(|_| breaker.failed(shared(&model), off, None, at(0)));
    assert_eq!(breaker.enter(shared(&model), off, at(0)), Pass::Open);
    assert!(breaker.0.is_empty());
}

#[test]
fn what_it_remembers_is_bounded_and_those_that_rest_stay() {
    let mut breaker = Breaker::default();
    let resting = model(0);
    fail(&mut breaker, shared(&resting), 3);
    (1..3 * MOST_REMEMBERED).for_each(|n| fail(&mut breaker, shared(&model(n)), 1));
    assert!(breaker.0.len() <= MOST_REMEMBERED);
    assert_eq!(breaker.enter(shared(&resting), RULES, at(1)), Pass::Resting);
}

/// What may happen to a line.
#[derive(Debug, Clone, Copy)]
enum Happens {
    Failure(Option<u64>),
    Answer,
    Abandonment,
    Call,
}

fn history() -> impl Strategy<Value = Vec<(i64, Happens)>> {
    let happens = prop_oneof![
        prop::option::of(0u64..200).prop_map(Happens::Failure),
        Just(Happens::Answer),
        Just(Happens::Abandonment),
        Just(Happens::Call),
    ];
    prop::collection::vec((0i64..90_000, happens), 0..60)
}

proptest! {
    #[test]
    fn a_line_rests_only_after_enough_failures_and_never_for_longer_than_it_may(history in history()) {
        let (mut breaker, model) = (Breaker::default(), model(1));
        let line = shared(&model);
        let (mut now, mut in_a_row) = (0, 0);
        for (passes, happens) in history {
            now += passes;
            match happens {
                Happens::Failure(retry_after) => {
                    breaker.failed(line, RULES, retry_after.map(Duration::from_secs), at(now));
                    in_a_row += 1;
                }
                Happens::Answer => {
                    breaker.answered(line);
                    in_a_row = 0;
                }
                Happens::Abandonment => breaker.abandoned(line, at(now)),
                Happens::Call => {
                    let pass = breaker.enter(line, RULES, at(now));
                    prop_assert!(pass == Pass::Open || in_a_row >= 3, "{pass:?} after {in_a_row}");
                    prop_assert_eq!(pass == Pass::Open, in_a_row < 3);
                }
            }
        }
        let long_after = now + 3_600_000 + 60_000;
        prop_assert!(breaker.enter(line, RULES, at(long_after)) != Pass::Resting);
        if in_a_row >= 3 {
            prop_assert_eq!(breaker.enter(line, RULES, at(long_after)), Pass::Resting, "one at a time");
        }
    }
}
