//! A token's limiter over its object's storage: what it lets through, and what it makes of what comes back.

use crate::harness::NOW;
use crate::sqlite::{FakeClock, Sqlite};
use serde_json::json;
use sluice::domain::limits::{Budget, Limits, Period};
use sluice::limits::{Amounts, Asked, LEASE_MS, Limit, Memory, Message, Settled, Standing, Verdict, Wire, answer};
use sluice::ports::Clock;
use std::cell::Cell;

/// An object with its storage, and the calls that come to it.
struct Object {
    db: Sqlite,
    memory: Memory,
    clock: FakeClock,
    limits: Limits,
    calls: Cell<u32>,
}

const NOTHING: Amounts = Amounts { tokens: 0, nano_usd: 0 };

const fn tokens(tokens: u64) -> Amounts {
    Amounts { tokens, nano_usd: 0 }
}

const fn money(nano_usd: i64) -> Amounts {
    Amounts { tokens: 0, nano_usd }
}

fn requests_per_minute(most: u64) -> Limits {
    Limits { requests_per_minute: Some(most), ..Limits::default() }
}

fn budget(nano_usd: i64, period: Period) -> Limits {
    Limits { budget: Some(Budget { nano_usd, period }), ..Limits::default() }
}

impl Object {
    fn new(limits: Limits) -> Self {
        Self { db: Sqlite::empty(), memory: Memory::default(), clock: FakeClock::at(NOW), limits, calls: Cell::new(0) }
    }

    fn ask<T: Wire>(&self, message: &Message) -> T {
        let said = answer((&self.db, &self.memory), &message.write().to_string(), self.clock.now()).expect("an answer");
        T::read(&serde_json::from_str(&said).expect("JSON")).unwrap_or_else(|| panic!("{said}"))
    }

    fn asks(&self, call: &str, reserved: Amounts) -> Verdict {
        self.ask(&Message::Admit(Asked { call: call.into(), limits: self.limits, reserved }))
    }

    /// A new call: its name if it is admitted.
    fn call(&self, reserved: Amounts) -> Option<String> {
        self.calls.set(self.calls.get() + 1);
        let name = format!("req_{}", self.calls.get());
        self.asks(&name, reserved).refused.is_none().then_some(name)
    }

    fn admitted(&self, reserved: Amounts) -> String {
        self.call(reserved).expect("admitted")
    }

    /// Why a new call is refused, and when it may come again.
    fn refused(&self, reserved: Amounts) -> (Limit, Option<i64>) {
        let refused = self.asks("req_refused", reserved).refused.expect("refused");
        (refused.limit, refused.retry_after_ms)
    }

    fn settle(&self, call: &str, used: Amounts) {
        self.settle_together(&[(call, used)]);
    }

    fn settle_together(&self, calls: &[(&str, Amounts)]) {
        let mut calls = calls.iter().map(|(call, used)| Settled { call: (*call).into(), used: *used });
        let first = calls.next().expect("one at least");
        self.ask::<()>(&Message::Settle(first, calls.collect()));
    }

    fn standing(&self) -> Standing {
        self.ask(&Message::Stand(self.limits))
    }

    /// What is spent and what is reserved of the budget.
    fn money(&self) -> (i64, i64) {
        let budget = self.standing().budget.expect("a budget");
        (budget.spent, budget.reserved)
    }
}

#[test]
fn so_many_calls_go_in_a_minute_and_the_next_when_the_first_is_a_minute_old() {
    let object = Object::new(requests_per_minute(3));
    for wait in [0, 10_000, 10_000] {
        object.clock.advance(wait);
        object.admitted(NOTHING);
    }
    // The first was in the second that began 7 ms before it.
    assert_eq!(object.refused(NOTHING), (Limit::Requests, Some(39_993)));
    object.clock.advance(39_992);
    assert_eq!(object.refused(NOTHING), (Limit::Requests, Some(1)));
    object.clock.advance(1);
    object.admitted(NOTHING);
    assert_eq!(object.refused(NOTHING), (Limit::Requests, Some(10_000)));
}

#[test]
fn what_was_refused_does_not_count() {
    let object = Object::new(requests_per_minute(1));
    object.admitted(NOTHING);
    for _ in 0..5 {
        object.refused(NOTHING);
    }
    object.clock.advance(60_000);
    object.admitted(NOTHING);
    let requests = object.standing().requests.expect("limited");
    assert_eq!((requests.used, requests.remaining()), (1, 0));
}

#[test]
fn a_call_that_is_over_is_still_one_of_its_minute() {
    let object = Object::new(requests_per_minute(1));
    let call = object.admitted(NOTHING);
    object.settle(&call, NOTHING);
    assert_eq!(object.refused(NOTHING).0, Limit::Requests);
}

#[test]
fn tokens_are_reserved_and_then_counted_as_they_were() {
    let object = Object::new(Limits { tokens_per_minute: Some(1000), ..Limits::default() });
    let first = object.admitted(tokens(800));
    assert_eq!(object.refused(tokens(201)).0, Limit::Tokens);
    object.settle(&first, tokens(300));
    assert_eq!(object.standing().tokens.expect("limited").remaining(), 700);
    let second = object.admitted(tokens(700));
    // It came to more than anybody thought: the next ones wait for it.
    object.settle(&second, tokens(1500));
    let standing = object.standing().tokens.expect("limited");
    assert_eq!((standing.used, standing.remaining()), (1800, 0));
    assert_eq!(object.refused(tokens(1)), (Limit::Tokens, Some(59_993)));
    object.clock.advance(59_993);
    object.admitted(tokens(1000));
}

#[test]
fn tokens_that_no_minute_has_are_refused_without_a_time_to_come_again() {
    let object = Object::new(Limits { tokens_per_minute: Some(1000), ..Limits::default() });
    assert_eq!(object.refused(tokens(1001)), (Limit::Tokens, None));
    object.admitted(tokens(1000));
}

#[test]
fn of_two_limits_in_the_way_the_longer_is_told() {
    let object = Object::new(Limits { tokens_per_minute: Some(100), ..requests_per_minute(2) });
    object.admitted(tokens(10));
    object.clock.advance(20_000);
    object.admitted(tokens(90));
    // A call could go when the first has left, but not with so many tokens.
    assert_eq!(object.refused(tokens(50)), (Limit::Tokens, Some(59_993)));
    assert_eq!(object.refused(tokens(1)), (Limit::Requests, Some(39_993)));
}

#[test]
fn a_budget_admits_what_it_can_pay_for_and_a_settled_call_gives_back_what_it_did_not_need() {
    let object = Object::new(budget(100, Period::Total));
    let calls: Vec<_> = (0..20).filter_map(|_| object.call(money(10))).collect();
    assert_eq!((calls.len(), object.money()), (10, (0, 100)));
    assert_eq!(object.refused(money(10)), (Limit::Budget, Some(1000)), "some of it may come back at once");
    object.settle(&calls[0], money(4));
    object.settle(&calls[1], NOTHING);
    assert_eq!(object.money(), (4, 80));
    object.admitted(money(16));
    assert_eq!(object.refused(money(1)).0, Limit::Budget);
}

#[test]
fn a_spent_budget_comes_back_with_its_period_or_never() {
    let spent = |period| {
        let object = Object::new(budget(100, period));
        let call = object.admitted(money(100));
        object.settle(&call, money(100));
        object
    };
    let day = spent(Period::Day);
    let until_midnight = 1_795_219_200_000 - NOW;
    assert_eq!(day.refused(money(1)), (Limit::Budget, Some(until_midnight)));
    day.clock.advance(until_midnight);
    assert_eq!(day.money(), (0, 0));
    day.admitted(money(100));
    let month = spent(Period::Month);
    month.clock.advance(until_midnight);
    assert_eq!(month.refused(money(1)), (Limit::Budget, Some(1_796_083_200_000 - 1_795_219_200_000)));
    month.clock.advance(1_796_083_200_000 - 1_795_219_200_000);
    month.admitted(money(100));
    let total = spent(Period::Total);
    total.clock.advance(400 * 86_400_000);
    assert_eq!(total.refused(money(1)), (Limit::Budget, None));
}

#[test]
fn what_no_period_could_pay_for_is_refused_without_a_time_to_come_again() {
    let object = Object::new(budget(100, Period::Day));
    assert_eq!(object.refused(money(101)), (Limit::Budget, None));
    let object = Object::new(budget(0, Period::Total));
    assert_eq!(object.refused(NOTHING).0, Limit::Budget, "nothing may be spent, not even on what is free");
}

#[test]
fn a_call_counts_in_the_period_in_which_it_began() {
    let object = Object::new(budget(100, Period::Day));
    let call = object.admitted(money(60));
    object.clock.advance(18 * 3_600_000);
    let today = object.admitted(money(100));
    object.settle(&call, money(90));
    assert_eq!(object.money(), (0, 100), "yesterday's call is yesterday's");
    object.settle(&today, money(70));
    assert_eq!(object.money(), (70, 0));
    let ever: Standing = object.ask(&Message::Stand(budget(1000, Period::Total)));
    assert_eq!(ever.budget.map(|budget| (budget.spent, budget.reserved)), Some((160, 0)));
}

#[test]
fn changed_limits_count_at_the_next_call_with_what_was_used_before() {
    let mut object = Object::new(requests_per_minute(5));
    for _ in 0..3 {
        let call = object.admitted(money(30));
        object.settle(&call, money(30));
    }
    object.limits = requests_per_minute(3);
    assert_eq!(object.refused(NOTHING).0, Limit::Requests);
    object.limits = budget(100, Period::Month);
    assert_eq!(object.money(), (90, 0), "all periods are counted, whichever is limited");
    object.admitted(money(10));
    object.limits = budget(90, Period::Day);
    assert_eq!(object.refused(NOTHING).0, Limit::Budget);
}

#[test]
fn asking_or_settling_twice_counts_once() {
    let object = Object::new(Limits { requests_per_minute: Some(1), ..budget(100, Period::Total) });
    assert_eq!(object.asks("req_a", money(60)).refused, None);
    let again = object.asks("req_a", money(60));
    assert_eq!((again.refused, object.money()), (None, (0, 60)));
    object.settle("req_a", money(50));
    object.settle("req_a", money(50));
    object.settle("req_never_asked", money(50));
    assert_eq!(object.money(), (50, 0));
}

#[test]
fn a_call_that_never_settles_stays_charged_as_reserved_and_no_lease_stays_for_ever() {
    let object = Object::new(budget(100, Period::Total));
    object.admitted(money(40));
    object.clock.advance(LEASE_MS - 1);
    let late = object.admitted(money(10));
    assert_eq!(object.money(), (0, 50));
    object.clock.advance(3_600_000);
    object.admitted(money(5));
    assert_eq!((object.money(), object.db.count("SELECT count(*) FROM leases")), ((40, 15), 2));
    object.settle(&late, NOTHING);
    object.settle("req_1", NOTHING);
    assert_eq!(object.money(), (40, 5), "an expired lease cannot settle any more");
}

#[test]
fn counts_outlive_the_object_and_a_clock_that_goes_back_frees_nothing() {
    let object = Object::new(Limits { requests_per_minute: Some(1), ..budget(100, Period::Day) });
    object.admitted(money(10));
    let moved = Object { memory: Memory::default(), clock: FakeClock::at(NOW - 86_400_000), ..object };
    assert_eq!(moved.refused(money(10)).0, Limit::Requests);
    assert_eq!(moved.money(), (0, 10));
}

#[test]
fn a_refused_call_writes_nothing() {
    let object = Object::new(budget(100, Period::Day));
    object.admitted(money(100));
    let before = object.db.dump();
    object.refused(money(1));
    object.standing();
    assert_eq!(object.db.dump(), before);
}

#[test]
fn storage_that_fails_is_an_error_and_no_admission() {
    let object = Object::new(budget(100, Period::Day));
    object.admitted(money(10));
    object.db.away.set(true);
    let asked = Message::Admit(Asked { call: "req_x".into(), limits: object.limits, reserved: NOTHING });
    let storage = (&object.db as _, &object.memory);
    assert!(answer(storage, &asked.write().to_string(), object.clock.now()).is_err());
    object.db.away.set(false);
    assert!(answer(storage, "{\"Other\":1}", object.clock.now()).is_err());
    assert_eq!(object.money(), (0, 10));
}

#[test]
fn what_could_not_be_written_is_not_charged() {
    let object = Object::new(budget(100, Period::Day));
    object.admitted(money(10));
    object.db.run("CREATE TRIGGER full BEFORE UPDATE ON account BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");
    let asked = Message::Admit(Asked { call: "req_x".into(), limits: object.limits, reserved: money(20) }).write();
    for _ in 0..2 {
        assert!(answer((&object.db, &object.memory), &asked.to_string(), object.clock.now()).is_err());
    }
    object.db.run("DROP TRIGGER full");
    assert_eq!(object.money(), (0, 10));
    object.admitted(money(90));
}

#[test]
fn an_account_as_it_was_stored_before_is_read() {
    let object = Object::new(Limits { tokens_per_minute: Some(1000), ..budget(100, Period::Total) });
    object.admitted(NOTHING);
    let second = NOW / 1000 - 1;
    object.db.run(&format!(
        r#"UPDATE account SET document = '{{"window":[[{second},2,300]],"day":[0,0,0],"month":[0,0,0],"total":[0,7,2],"latest":1,"swept_at":1}}'"#
    ));
    object.memory.forget();
    let standing = object.standing();
    assert_eq!((standing.tokens.expect("limited").used, object.money()), (300, (7, 2)));
}

#[test]
fn calls_that_settle_together_each_settle_as_if_alone() {
    let object = Object::new(budget(1000, Period::Day));
    let [first, second] = [object.admitted(money(100)), object.admitted(money(200))];
    let open = object.admitted(money(50));
    object.settle_together(&[
        ("req_never_asked", money(7)),
        (&first, money(10)),
        (&second, money(300)),
        (&first, money(90)),
    ]);
    assert_eq!(object.money(), (310, 50), "once each");
    object.settle_together(&[(&second, NOTHING), (&open, money(5))]);
    assert_eq!(object.money(), (315, 0));
}

#[test]
fn a_settlement_of_the_version_before_is_read_and_one_of_this_version_can_be_read_by_that_one() {
    let object = Object::new(budget(1000, Period::Day));
    let call = object.admitted(money(100));
    let before = format!(r#"{{"ask": "settle", "call": "{call}", "tokens": 0, "nano_usd": 40, "limits": null}}"#);
    answer((&object.db, &object.memory), &before, object.clock.now()).expect("read");
    assert_eq!(object.money(), (40, 0));
    let settled = |call: &str| Settled { call: call.into(), used: money(3) };
    let now = Message::Settle(settled("req_1"), vec![settled("req_2")]).write();
    let expected = json!({"ask": "settle", "call": "req_1", "tokens": 0, "nano_usd": 3, "limits": null});
    for (member, value) in expected.as_object().expect("an object") {
        assert_eq!(now.get(member), Some(value), "{member}: what that version reads");
    }
}

#[test]
fn a_message_costs_one_reading_and_what_it_changes() {
    let object = Object::new(budget(100, Period::Day));
    let statements = |work: &dyn Fn()| {
        let before = object.db.statements.get();
        work();
        object.db.statements.get() - before
    };
    object.admitted(money(1));
    assert_eq!(statements(&|| drop(object.admitted(money(1)))), 3, "the lease and the counts");
    assert_eq!(statements(&|| object.settle("req_2", money(1))), 3);
    assert_eq!(statements(&|| object.settle("req_2", money(1))), 1, "settled already");
    let [third, fourth] = [object.admitted(money(1)), object.admitted(money(1))];
    assert_eq!(statements(&|| object.settle_together(&[(&third, NOTHING), (&fourth, NOTHING)])), 3, "as one alone");
    assert_eq!(statements(&|| assert_eq!(object.refused(money(1000)).0, Limit::Budget)), 1);
    assert_eq!(statements(&|| assert_eq!(object.money(), (1, 1))), 0, "what the object knows");
}

#[test]
fn an_object_that_was_told_to_forget_counts_anew() {
    let object = Object::new(budget(100, Period::Day));
    object.admitted(money(100));
    object.db.run("DROP TABLE account");
    object.db.run("DROP TABLE leases");
    object.memory.forget();
    object.admitted(money(100));
    assert_eq!(object.money(), (0, 100));
}
