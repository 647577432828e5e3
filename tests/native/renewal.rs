//! Readings that are renewed before they are too old, by one call beside its own work, so that no other waits for D1.

use crate::data_plane::Isolate;
use sluice::refusal::Reason;

/// From when on a reading is too old: `CONFIG_TTL_MS` as it is by default.
const OLD: i64 = 1000;
/// From when on it is renewed: a quarter before that.
const DUE: i64 = 750;

impl Isolate {
    fn trips(&self, at: i64) -> usize {
        self.round_trips(|| self.admit(at).expect("admitted")).0
    }
}

#[test]
fn one_call_is_told_to_renew_a_reading_and_the_others_go_on_with_it() {
    let isolate = Isolate::new();
    assert!(isolate.renewal(0).is_none(), "it was read just now");
    assert!(isolate.renewal(DUE - 1).is_none(), "it is young");
    let (trips, renewal) = isolate.round_trips(|| isolate.renewal(DUE));
    assert_eq!(trips, 0, "the call that is told waits for nothing");
    let renewal = renewal.expect("due");
    assert!(isolate.renewal(DUE + 1).is_none(), "somebody was told already");
    assert_eq!(isolate.round_trips(|| isolate.renew(renewal)).0, 1);
    for at in [OLD, DUE + OLD - 1] {
        assert_eq!(isolate.trips(at), 0, "at {at} it is a reading of {DUE}");
    }
    assert_eq!(isolate.trips(DUE + OLD), 1);
}

#[test]
fn a_renewed_reading_is_renewed_in_its_turn() {
    let isolate = Isolate::new();
    isolate.admit(0).expect("cold");
    for round in 1..5 {
        let renewal = isolate.renewal(round * DUE).expect("due");
        isolate.renew(renewal);
    }
    assert_eq!(isolate.trips(4 * DUE + OLD - 1), 0);
}

#[test]
fn a_reading_whose_renewal_never_ends_is_used_no_longer_than_any() {
    let isolate = Isolate::new();
    isolate.admit(0).expect("cold");
    drop(isolate.renewal(DUE).expect("due"));
    assert_eq!((isolate.trips(OLD - 1), isolate.trips(OLD)), (0, 1));
    assert!(isolate.renewal(OLD + DUE).is_some(), "the next one is told of anew");
}

#[test]
fn a_token_that_a_renewal_finds_disabled_or_does_not_find_is_refused_from_then_on() {
    for change in ["UPDATE tokens SET disabled = 1", "DELETE FROM tokens"] {
        let isolate = Isolate::new();
        isolate.admit(0).expect("cold");
        let renewal = isolate.renewal(DUE).expect("due");
        isolate.api.db.run(change);
        isolate.renew(renewal);
        assert_eq!(isolate.admit(DUE + 1).expect_err(change).reason, Reason::Unauthenticated);
    }
}

#[test]
fn an_operators_write_has_a_renewed_reading_read_again() {
    let isolate = Isolate::new();
    isolate.admit(0).expect("cold");
    let renewal = isolate.renewal(DUE).expect("due");
    isolate.renew(renewal);
    isolate.cache.borrow_mut().overtake();
    assert_eq!(isolate.trips(DUE + 1), 1);
}

#[test]
fn where_d1_is_away_calls_go_on_without_waiting_for_it() {
    let isolate = Isolate::new();
    isolate.admit(0).expect("cold");
    let renewal = isolate.renewal(DUE).expect("due");
    isolate.api.db.away.set(true);
    isolate.renew(renewal);
    assert_eq!(isolate.trips(OLD - 1), 0, "fresh still");
    assert_eq!(isolate.trips(OLD), 0, "D1 failed a moment ago");
    assert_eq!(isolate.trips(DUE + 1000), 1, "and is asked again after a pause");
}

#[test]
fn where_each_call_reads_there_is_nothing_to_renew() {
    let isolate = Isolate::with(&[("CONFIG_TTL_MS", "0")]);
    for at in 0..3 {
        let (trips, renewal) = isolate.round_trips(|| isolate.renewal(at));
        assert_eq!((trips, renewal.is_none()), (1, true), "at {at}");
    }
}
