//! What holds for any input, and after any sequence of writes.

use crate::harness::{Api, candidates};
use proptest::prelude::*;
use serde_json::json;
use sluice::routing::Snapshot;
use sluice::store::snapshot::{Caller, read};

fn snapshot(api: &Api) -> Snapshot {
    let read = pollster::block_on(read(&api.db, Caller::Root("default"), None)).expect("read");
    Snapshot::of(read.project.expect("a project"), read.rows.expect("rows"))
}

#[test]
fn no_requested_model_makes_the_lookup_panic_or_answer_another_model() {
    let api = Api::new();
    let p = api.provider("Σ a");
    for model in ["m", "a^b", "İ", "ß/x:y"] {
        api.model(&p, model);
    }
    let snapshot = snapshot(&api);
    proptest!(|(requested in prop_oneof![".*", "[ΣσςİßaA^ m/:]{0,8}", "Σ a\\^.{0,3}"])| {
        if let Ok(found) = candidates(&snapshot, &requested) {
            prop_assert!(!found.is_empty());
            let asked = requested.trim().to_lowercase();
            for candidate in found {
                let model = candidate.model.model().to_lowercase();
                prop_assert!(asked.ends_with(&model) || matches!(&*asked, "σ a" | "" | "auto"), "{requested:?} got {}", candidate.selector());
            }
        }
    });
}

#[test]
fn every_registered_model_is_found_by_its_own_selector() {
    proptest!(ProptestConfig::with_cases(24), |(provider in "[a-zA-ZΑ-Ωα-ωÀ-ÿİ ._-]{1,12}", model in "[a-zA-ZΑ-Ωα-ωÀ-ÿİ^/: ._-]{1,12}")| {
        prop_assume!(!provider.trim().is_empty() && !model.trim().is_empty());
        let api = Api::new();
        let id = api.provider_with(json!({"name": provider, "provider": "openai"}));
        let made = api.post(&format!("/api/v1/providers/{id}/models"), json!({"model": model})).must(201);
        let selector = made.body["selector"].as_str().expect("a selector").to_owned();
        let found = candidates(&snapshot(&api), &selector);
        prop_assert_eq!(found.map(|found| found[0].selector()).map_err(|refusal| refusal.message.clone()), Ok(selector));
    });
}

#[derive(Debug, Clone)]
enum Step {
    Create { provider: usize, model: u8, is_default: Option<bool>, priority: i8 },
    Patch { provider: usize, nth: usize, is_default: Option<bool>, priority: Option<i8>, enabled: Option<bool> },
    Choose { provider: usize, nth: usize },
    Unset { provider: usize },
    Delete { provider: usize, nth: usize },
    Orphan { provider: usize },
    Adopt { provider: usize, nth: usize, is_default: Option<bool> },
}

fn step() -> impl Strategy<Value = Step> {
    let provider = 0..2usize;
    let nth = 0..6usize;
    let flag = any::<Option<bool>>();
    prop_oneof![
        4 => (provider.clone(), 0..8u8, flag.clone(), -2..3i8).prop_map(|(provider, model, is_default, priority)| Step::Create { provider, model, is_default, priority }),
        4 => (provider.clone(), nth.clone(), flag.clone(), prop::option::of(-2..3i8), any::<Option<bool>>())
            .prop_map(|(provider, nth, is_default, priority, enabled)| Step::Patch { provider, nth, is_default, priority, enabled }),
        1 => (provider.clone(), nth.clone()).prop_map(|(provider, nth)| Step::Choose { provider, nth }),
        1 => provider.clone().prop_map(|provider| Step::Unset { provider }),
        2 => (provider.clone(), nth.clone()).prop_map(|(provider, nth)| Step::Delete { provider, nth }),
        1 => provider.clone().prop_map(|provider| Step::Orphan { provider }),
        1 => (provider, nth, flag).prop_map(|(provider, nth, is_default)| Step::Adopt { provider, nth, is_default }),
    ]
}

/// Two providers, by name: one that was deleted comes back under a new id.
fn provider(api: &Api, index: usize) -> String {
    let name = ["a", "b"][index];
    let ids = api.db.all(&format!("SELECT id FROM providers WHERE name = '{name}'"));
    ids.into_iter().next().unwrap_or_else(|| api.provider(name))
}

fn nth(api: &Api, condition: &str, nth: usize) -> Option<String> {
    let ids = api.db.all(&format!("SELECT id FROM models WHERE {condition} ORDER BY id"));
    ids.get(nth % ids.len().max(1)).cloned()
}

fn take(api: &Api, step: &Step) {
    let owned = |id: &str| format!("provider_id = '{id}'");
    match step.clone() {
        Step::Create { provider: index, model, is_default, priority } => {
            let id = provider(api, index);
            let mut body = json!({"model": format!("m{model}"), "priority": priority});
            if let Some(is_default) = is_default {
                body["is_default"] = json!(is_default);
            }
            let answer = api.post(&format!("/api/v1/providers/{id}/models"), body);
            assert!(matches!(answer.status, 201 | 409), "{answer:?}");
        }
        Step::Patch { provider: index, nth: n, is_default, priority, enabled } => {
            let id = provider(api, index);
            let Some(model) = nth(api, &owned(&id), n) else { return };
            let before = api.db.one(&format!("SELECT id FROM models WHERE provider_id = '{id}' AND is_default = 1"));
            let mut body = json!({});
            for (field, value) in [
                ("is_default", is_default.map(|v| json!(v))),
                ("priority", priority.map(|v| json!(v))),
                ("enabled", enabled.map(|v| json!(v))),
            ] {
                if let Some(value) = value {
                    body[field] = value;
                }
            }
            let answer = api.patch(&format!("/api/v1/providers/{id}/models/{model}"), body.clone());
            assert_eq!(answer.status, if body == json!({}) { 422 } else { 200 }, "{answer:?}");
            let after = api.db.one(&format!("SELECT id FROM models WHERE provider_id = '{id}' AND is_default = 1"));
            match is_default {
                Some(true) => assert_eq!(after, model),
                Some(false) if before == model => {}
                _ => assert_eq!(after, before, "{step:?} moved the default"),
            }
        }
        Step::Choose { provider: index, nth: n } => {
            let id = provider(api, index);
            let Some(model) = nth(api, &owned(&id), n) else { return };
            let name = api.db.one(&format!("SELECT model FROM models WHERE id = '{model}'"));
            api.patch(&format!("/api/v1/providers/{id}"), json!({"default_model": name})).must(200);
        }
        Step::Unset { provider: index } => {
            let id = provider(api, index);
            api.patch(&format!("/api/v1/providers/{id}"), json!({"default_model": null})).must(200);
        }
        Step::Delete { provider: index, nth: n } => {
            let id = provider(api, index);
            let Some(model) = nth(api, &owned(&id), n) else { return };
            api.delete(&format!("/api/v1/providers/{id}/models/{model}")).must(204);
        }
        Step::Orphan { provider: index } => {
            let id = provider(api, index);
            api.delete(&format!("/api/v1/providers/{id}?models=orphan")).must(204);
        }
        Step::Adopt { provider: index, nth: n, is_default } => {
            let id = provider(api, index);
            let Some(model) = nth(api, "provider_id IS NULL", n) else { return };
            let mut body = json!({"provider_id": id});
            if let Some(is_default) = is_default {
                body["is_default"] = json!(is_default);
            }
            let answer = api.patch(&format!("/api/v1/providers/{id}/models/{model}"), body);
            assert!(matches!(answer.status, 200 | 409), "{answer:?}");
        }
    }
}

#[test]
fn whatever_is_written_each_provider_with_models_has_exactly_one_default() {
    proptest!(ProptestConfig::with_cases(64), |(steps in prop::collection::vec(step(), 1..25))| {
        let api = Api::new();
        for step in &steps {
            api.clock.advance(1);
            take(&api, step);
            let wrong = api.db.all(
                "SELECT provider_id || ': ' || sum(is_default) FROM models WHERE provider_id IS NOT NULL
                 GROUP BY provider_id HAVING sum(is_default) <> 1",
            );
            prop_assert_eq!(wrong, Vec::<String>::new(), "after {:?}", step);
            prop_assert_eq!(api.db.count("SELECT count(*) FROM models WHERE provider_id IS NULL AND is_default = 1"), 0);
        }
    });
}
