//! What holds whatever comes in whatever order.

use super::{Account, Amounts};
use crate::domain::limits::{Budget, Limits, Period};
use crate::domain::timestamp::Timestamp;
use proptest::prelude::*;

/// What happens to an account.
#[derive(Debug, Clone)]
enum Happens {
    /// Time passes.
    Wait(i64),
    /// A call asks.
    Ask(Amounts),
    /// One of the open calls is over, with so many hundredths of what was reserved.
    Settle(usize, u64),
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        (0i64..40_000).prop_map(Happens::Wait),
        (0u64..60, 0i64..60).prop_map(|(tokens, nano_usd)| Happens::Ask(Amounts { tokens, nano_usd })),
        (any::<usize>(), 0u64..=100).prop_map(|(which, hundredths)| Happens::Settle(which, hundredths)),
    ]
}

const LIMITS: Limits = Limits {
    requests_per_minute: Some(5),
    tokens_per_minute: Some(150),
    budget: Some(Budget { nano_usd: 400, period: Period::Total }),
};

fn part(of: Amounts, hundredths: u64) -> Amounts {
    let nano_usd = of.nano_usd * i64::try_from(hundredths).expect("small") / 100;
    Amounts { tokens: of.tokens * hundredths / 100, nano_usd }
}

proptest! {
    #[test]
    fn no_sixty_seconds_and_no_budget_hold_more_than_their_limit(events in prop::collection::vec(happens(), 1..80)) {
        let (mut account, mut now) = (Account::default(), Timestamp::from_ms(1_795_157_074_007));
        let mut open: Vec<(Timestamp, Amounts)> = Vec::new();
        // Second, and tokens as they count now.
        let mut admitted: Vec<(i64, u64)> = Vec::new();
        let mut spent = 0;
        for event in events {
            account.advance(now);
            match event {
                Happens::Wait(ms) => now = Timestamp::from_ms(now.ms() + ms),
                Happens::Ask(reserved) => {
                    let before = account.clone();
                    match account.admit(&LIMITS, reserved, now) {
                        Ok(()) => {
                            open.push((now, reserved));
                            admitted.push((now.ms() / 1000, reserved.tokens));
                        }
                        Err(refused) => {
                            prop_assert_eq!(&account, &before, "a refusal changes nothing");
                            // Nothing else happening, the same call goes after the time that was told, and not before.
                            if let Some(wait) = refused.retry_after_ms.filter(|_| refused.limit != super::Limit::Budget) {
                                let goes = |after: i64| {
                                    let mut later = account.clone();
                                    let at = later.advance(Timestamp::from_ms(now.ms() + after));
                                    later.admit(&LIMITS, reserved, at).err().map(|refused| refused.limit)
                                };
                                prop_assert!(goes(wait - 1).is_some_and(|limit| limit == refused.limit));
                                prop_assert!(goes(wait).is_none_or(|limit| limit == super::Limit::Budget));
                            }
                        }
                    }
                }
                Happens::Settle(which, hundredths) if !open.is_empty() => {
                    let (at, reserved) = open.swap_remove(which % open.len());
                    let used = part(reserved, hundredths);
                    account.settle(at, reserved, used);
                    spent += used.nano_usd;
                    let counted = admitted.iter_mut().find(|(second, tokens)| *second == at.ms() / 1000 && *tokens == reserved.tokens);
                    if let Some(counted) = counted {
                        counted.1 = used.tokens;
                    }
                }
                Happens::Settle(..) => {}
            }
            for (first, _) in &admitted {
                let minute: Vec<_> = admitted.iter().filter(|(second, _)| (*first..first + 60).contains(second)).collect();
                prop_assert!(minute.len() <= 5, "{minute:?}");
                prop_assert!(minute.iter().map(|(_, tokens)| tokens).sum::<u64>() <= 150, "{minute:?}");
            }
            let held: i64 = open.iter().map(|(_, reserved)| reserved.nano_usd).sum();
            account.advance(now);
            let budget = account.standing(&LIMITS, now).budget.expect("a budget");
            prop_assert_eq!((budget.spent, budget.reserved), (spent, held));
            prop_assert!(spent + held <= 400);
        }
        for (at, reserved) in open {
            account.settle(at, reserved, Amounts::default());
        }
        prop_assert_eq!(account.standing(&LIMITS, now).budget.map(|budget| (budget.spent, budget.reserved)), Some((spent, 0)));
    }
}
