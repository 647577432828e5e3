//! Each client's request × each upstream.

use crate::fixtures::{UPSTREAMS, all, pretty, snapshot, translated, translated_under};
use serde_json::Value;
use sluice::domain::protocol::Protocol;
use sluice::translate::neutral::{Client, LossPolicy};
use sluice::translate::{Translated, Untranslatable};
use std::fmt::Write as _;

#[test]
fn every_request_reaches_every_upstream_as_reviewed() {
    let fixtures = all("requests", "json");
    assert!(fixtures.len() >= 24, "the matrix has lost its requests");
    for fixture in fixtures {
        let client = Client::of(fixture.protocol).expect("a client's protocol");
        let (body, mut told) = (fixture.text(), String::new());
        for upstream in UPSTREAMS.into_iter().filter(|upstream| upstream.protocol != fixture.protocol) {
            let safe = translated(client, body.as_bytes(), upstream);
            let allowed = match &safe {
                Ok(_) => None,
                Err(_) => Some(translated_under(client, body.as_bytes(), upstream, LossPolicy::Allow)),
            };
            let _ = writeln!(told, "──── {} · {}", upstream.protocol.as_str(), upstream.model);
            told.push_str(&outcome(&safe));
            if let Some(allowed) = allowed {
                let _ = write!(told, "──── … with LOSS_POLICY=allow\n{}", outcome(&allowed));
            }
        }
        let name = format!("{}__{}", fixture.protocol.as_str(), fixture.scenario);
        snapshot("requests", &name, &body, &told);
    }
}

fn outcome(translated: &Result<Translated, Untranslatable>) -> String {
    match translated {
        Ok(translated) if translated.dropped.is_empty() => format!("{}\n", pretty(&translated.body)),
        Ok(translated) => format!("dropped: {}\n{}\n", translated.dropped.join(", "), pretty(&translated.body)),
        Err(Untranslatable::Invalid(invalid)) => format!("invalid: {invalid}\n"),
        Err(Untranslatable::Lost(invalid)) => format!("refused: {invalid}\n"),
    }
}

/// PROTOCOLS.md section 1, rule 7: else every prompt cache misses.
#[test]
fn a_longer_conversation_begins_like_the_shorter_one() {
    for fixture in all("requests", "json").into_iter().filter(|fixture| fixture.scenario == "agent") {
        let client = Client::of(fixture.protocol).expect("a client's protocol");
        let list = if fixture.protocol == Protocol::Responses { "input" } else { "messages" };
        let whole: Value = serde_json::from_str(&fixture.text()).expect("JSON");
        let turns = whole[list].as_array().expect("turns").len();
        for upstream in UPSTREAMS.into_iter().filter(|upstream| upstream.protocol != fixture.protocol) {
            let of_first = |count: usize| {
                let mut cut = whole.clone();
                cut[list].as_array_mut().expect("turns").truncate(count);
                let translated =
                    translated_under(client, cut.to_string().as_bytes(), upstream, LossPolicy::Allow).ok()?;
                let body: Value = serde_json::from_slice(&translated.body).expect("JSON");
                ["messages", "input", "contents"].into_iter().find_map(|key| body[key].as_array().cloned())
            };
            let longer = of_first(turns).expect("translated");
            // Only cuts after a user's word are prompts that were really sent.
            for count in 1..turns {
                let last = &whole[list][count - 1];
                let is_prompt = last["role"] == "user" && !last.to_string().contains("tool_result");
                let Some(shorter) = of_first(count).filter(|_| is_prompt) else { continue };
                let common = shorter.len().saturating_sub(1);
                let name = format!("{} {} {count}", fixture.protocol.as_str(), upstream.protocol.as_str());
                assert_eq!(without_marks(&shorter[..common]), without_marks(&longer[..common]), "{name}");
            }
        }
    }
}

/// Cache marks move with the conversation by design: they are how a client says where it ends.
fn without_marks(turns: &[Value]) -> Vec<Value> {
    let mut turns = turns.to_vec();
    fn strip(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.shift_remove("cache_control");
                map.shift_remove("prompt_cache_breakpoint");
                map.values_mut().for_each(strip);
            }
            Value::Array(values) => {
                values.retain(|value| value.get("cachePoint").is_none());
                values.iter_mut().for_each(strip);
            }
            _ => {}
        }
    }
    turns.iter_mut().for_each(strip);
    turns
}
