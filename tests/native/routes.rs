//! The one table of routes: each leads somewhere, under the documents' action names. Who may take it: `permissions.rs`.

use crate::harness::{ADMIN_TOKEN, Answer, Api};
use sluice::access::Operation;
use sluice::access::route::{Method, ROUTES};

/// Calls a route with ids that exist nowhere.
fn call(api: &Api, token: Option<&str>, (method, pattern): (Method, &str)) -> Answer {
    let path = pattern
        .replace("{project_id}", "prj_0000000000000000")
        .replace("{provider_id}", "aip_0000000000000000")
        .replace("{model_id}", "mdl_0000000000000000")
        .replace("{secret_id}", "sec_0000000000000000")
        .replace("{user_id}", "usr_0000000000000000")
        .replace("{extension_id}", "ext_0000000000000000")
        .replace("{token_id}", "tok_0000000000000000")
        .replace("{request_id}", "req_0000000000000000");
    assert!(!path.contains('{'), "{pattern} takes a segment that this test does not know");
    api.authorized(token.map(|token| format!("Bearer {token}"))).send(method.as_str(), &path, b"{}".to_vec())
}

#[test]
fn every_route_has_a_handler() {
    let api = Api::new();
    for (method, pattern, operation) in ROUTES {
        let answer = call(&api, Some(ADMIN_TOKEN), (*method, *pattern));
        assert!(!answer.text.contains("has no handler"), "{operation:?} on {pattern}");
        assert!([200, 400, 404, 422].contains(&answer.status), "{pattern}: {} {}", answer.status, answer.text);
    }
}

#[test]
fn actions_are_unique_and_spelled_as_the_documents_spell_them() {
    let mut actions: Vec<_> = Operation::ALL.iter().map(|operation| operation.action()).collect();
    for documented in [
        "aiProviders:ListAiProviders",
        "aiProviders:GetAiProvider",
        "aiProviders:CreateAiProvider",
        "aiProviders:UpdateAiProvider",
        "aiProviders:DeleteAiProvider",
        "llm:Invoke",
    ] {
        assert!(actions.contains(&documented), "{documented}");
    }
    actions.sort_unstable();
    actions.dedup();
    assert_eq!(actions.len(), Operation::ALL.len());
}
