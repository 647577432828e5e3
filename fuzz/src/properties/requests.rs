//! Requests: any client's body × every upstream × every policy.

use super::calls::{models, split, translate};
use super::random::Random;
use serde_json::{Map, Value};
use sluice::domain::protocol::Protocol;
use sluice::translate::Untranslatable;
use sluice::translate::neutral::{Client, Delivery, LossPolicy};
use std::collections::BTreeSet;

/// What one policy makes of a request.
#[derive(Debug, PartialEq)]
struct Outcome(Result<(Vec<u8>, Vec<String>, Delivery), Untranslatable>);

/// What holds for one input.
pub fn check(input: &[u8]) -> Option<()> {
    let (protocol, _, body) = split(input)?;
    let client = Client::of(protocol)?;
    let asked: Option<Value> = serde_json::from_slice(body).ok();
    let mut random = Random::of(input);
    for upstream in Protocol::ALL.into_iter().filter(|upstream| *upstream != protocol) {
        let model = *random.pick(&models(upstream))?;
        let under = |policy| {
            Outcome(translate(client, body, upstream, model, policy).map(|translated| {
                assert_eq!(translated.exchange.upstream(), upstream);
                (translated.body, translated.dropped, translated.exchange.delivery())
            }))
        };
        let [strict, safe, allow] = [LossPolicy::Strict, LossPolicy::Safe, LossPolicy::Allow].map(under);
        assert_eq!(allow, under(LossPolicy::Allow), "the same request is translated in two ways");
        policies_agree(&strict, &safe, &allow);
        if let Ok((body, dropped, delivery)) = &allow.0 {
            is_an_object(body);
            let asked = asked.as_ref().expect("what is no JSON is not translated");
            // Else the header that names them grows with a conversation's length.
            assert!(dropped.len() <= 64 + keys(asked), "{} fields are dropped", dropped.len());
            let unique: BTreeSet<_> = dropped.iter().collect();
            assert_eq!(unique.len(), dropped.len(), "a field is dropped twice: {dropped:?}");
            let is_streamed = asked["stream"] == true;
            assert_eq!(is_streamed, *delivery == Delivery::Streamed, "what is asked for as a stream is one");
        }
    }
    Some(())
}

/// A policy decides whether a request goes, never how.
fn policies_agree(strict: &Outcome, safe: &Outcome, allow: &Outcome) {
    if let Ok((_, dropped, _)) = &strict.0 {
        assert!(dropped.is_empty(), "strict drops {dropped:?}");
        assert_eq!(strict, safe, "what strict takes, safe takes alike");
    }
    match (&safe.0, &allow.0) {
        (Ok(_), _) => assert_eq!(safe, allow, "what safe takes, allow takes alike"),
        (Err(Untranslatable::Invalid(_)), _) => assert_eq!(safe, allow, "what is invalid is invalid under any policy"),
        (Err(Untranslatable::Lost(_)), Ok((_, dropped, _))) => assert!(!dropped.is_empty(), "refused for no loss"),
        (Err(Untranslatable::Lost(_)), Err(Untranslatable::Lost(_))) => {}
        (Err(Untranslatable::Lost(_)), Err(Untranslatable::Invalid(invalid))) => panic!("invalid at last: {invalid}"),
    }
    if let (Err(_), Ok((_, dropped, _))) = (&strict.0, &safe.0) {
        assert!(!dropped.is_empty(), "strict refuses what loses nothing");
    }
}

fn is_an_object(body: &[u8]) {
    match serde_json::from_slice::<Map<String, Value>>(body) {
        Ok(_) => {}
        // This reader's bound, not the format's: what the client nested to the bound may lie a level deeper now.
        Err(error) if error.to_string().starts_with("recursion limit") => {}
        Err(error) => panic!("the upstream gets no JSON object: {error}"),
    }
}

fn keys(value: &Value) -> usize {
    match value {
        Value::Object(map) => map.len() + map.values().map(keys).sum::<usize>(),
        Value::Array(values) => values.iter().map(keys).sum(),
        _ => 0,
    }
}
