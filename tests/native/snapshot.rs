//! What a call finds: `store::snapshot::read` and `Selection::of`.

use crate::harness::{ADMIN_TOKEN, Api, K1, K2, candidates, deployment};
use serde_json::json;
use sluice::access::TokenHash;
use sluice::domain::base_url::PrivateUpstreams;
use sluice::domain::ids::ProjectId;
use sluice::refusal::{Reason, Refusal};
use sluice::routing::{Opened, Snapshot};
use sluice::store::snapshot::{Caller, Read, read};

fn read_as(api: &Api, caller: Caller<'_>, known: Option<i64>) -> Read {
    pollster::block_on(read(&api.db, caller, known)).expect("read")
}

fn snapshot(api: &Api) -> Snapshot {
    let read = read_as(api, Caller::Root("default"), None);
    Snapshot::of(read.project.expect("a project"), read.rows.expect("rows"))
}

/// The selectors that serve a call for a name, best first; or the refusal's code.
fn found(api: &Api, requested: &str) -> Vec<String> {
    match candidates(&snapshot(api), requested) {
        Ok(candidates) => candidates.iter().map(|candidate| candidate.selector()).collect(),
        Err(refusal) => vec![format!("!{}", refusal.reason.code())],
    }
}

fn set_provider(api: &Api, id: &str, body: serde_json::Value) {
    api.patch(&format!("/api/v1/providers/{id}"), body).must(200);
}

#[test]
fn a_model_is_found_by_its_selector_its_names_and_its_providers_name() {
    let api = Api::new();
    let p = api.provider("OpenAI");
    api.model_with(&p, json!({"model": "GPT-5", "name": "Best"}));
    api.model(&p, "gpt-5-mini");
    for (requested, selector) in [
        ("OpenAI^GPT-5", "OpenAI^GPT-5"),
        ("openai^gpt-5", "OpenAI^GPT-5"),
        (" OPENAI ^ gpt-5 ", "OpenAI^GPT-5"),
        ("Best", "OpenAI^GPT-5"),
        ("bEST", "OpenAI^GPT-5"),
        ("gpt-5", "OpenAI^GPT-5"),
        ("GPT-5-MINI", "OpenAI^gpt-5-mini"),
        ("openai", "OpenAI^GPT-5"),
        ("OPENAI", "OpenAI^GPT-5"),
    ] {
        assert_eq!(found(&api, requested), [selector], "{requested}");
    }
    for missing in ["gpt", "openai^", "^gpt-5", "openai^gpt-6", "nobody^gpt-5", "^", "openai^best", "Best^GPT-5"] {
        assert_eq!(found(&api, missing), ["!model.not_found"], "{missing}");
    }
}

#[test]
fn names_in_any_alphabet_are_found_whatever_their_case() {
    let api = Api::new();
    let p = api.provider("ΛΟΓΟΣ");
    api.model_with(&p, json!({"model": "ÆRØ-Σ", "name": "Größe"}));
    for requested in ["ΛΟΓΟΣ^ÆRØ-Σ", "λογος^ærø-σ", "größe", "GRÖßE", "ÆRØ-Σ", "ΛΟΓΟΣ"] {
        assert_eq!(found(&api, requested), ["ΛΟΓΟΣ^ÆRØ-Σ"], "{requested}");
    }
}

#[test]
fn a_selector_splits_at_the_first_caret_and_upstream_names_may_hold_more() {
    let api = Api::new();
    let p = api.provider("gw");
    api.model(&p, "a^b^c");
    api.model(&p, "b^c");
    assert_eq!(found(&api, "gw^a^b^c"), ["gw^a^b^c"]);
    assert_eq!(found(&api, "GW^B^C"), ["gw^b^c"]);
    assert_eq!(found(&api, "a^b^c"), ["gw^a^b^c"], "by its upstream name, for there is no provider `a`");
}

#[test]
fn an_upstream_name_is_looked_for_over_all_providers_best_first() {
    let api = Api::new();
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| api.provider(name));
    api.model(&c, "first");
    api.clock.advance(1);
    api.model(&c, "m");
    api.clock.advance(1);
    api.model(&b, "m");
    api.clock.advance(1);
    api.model_with(&d, json!({"model": "M", "priority": 10}));
    api.model(&a, "m");
    // d by priority; b and a are defaults, b the older one; c is the oldest but no default.
    assert_eq!(found(&api, "m"), ["d^M", "b^m", "a^m", "c^m"]);
    set_provider(&api, &b, json!({"enabled": false}));
    assert_eq!(found(&api, "m"), ["d^M", "a^m", "c^m"]);
}

#[test]
fn a_public_name_wins_over_an_upstream_name_and_that_over_a_providers() {
    let api = Api::new();
    let (x, y) = (api.provider("x"), api.provider("y"));
    api.model_with(&x, json!({"model": "one", "name": "y"}));
    api.model(&y, "two");
    assert_eq!(found(&api, "y"), ["x^one"]);
    api.model(&y, "x");
    assert_eq!(found(&api, "x"), ["y^x"]);
}

#[test]
fn what_is_switched_off_says_so_and_comes_back_unchanged() {
    let api = Api::new();
    let p = api.provider("a");
    let m = api.model_with(&p, json!({"model": "m", "name": "public"}));
    let path = format!("/api/v1/providers/{p}/models/{m}");
    set_provider(&api, &p, json!({"enabled": false}));
    for requested in ["a^m", "m", "public", "a"] {
        assert_eq!(found(&api, requested), ["!provider.disabled"], "{requested}");
    }
    assert_eq!(found(&api, "a^other"), ["!model.not_found"]);
    assert!(snapshot(&api).selectable().is_empty());
    set_provider(&api, &p, json!({"enabled": true}));
    assert_eq!(found(&api, "public"), ["a^m"]);
    api.patch(&path, json!({"enabled": false})).must(200);
    for requested in ["a^m", "m", "public", "a"] {
        assert_eq!(found(&api, requested), ["!model.not_found"], "{requested}");
    }
    assert!(snapshot(&api).selectable().is_empty());
}

#[test]
fn an_orphan_says_so_until_it_is_attached() {
    let api = Api::new();
    let (a, b) = (api.provider("a"), api.provider("b"));
    let m = api.model_with(&a, json!({"model": "m", "name": "public"}));
    api.delete(&format!("/api/v1/providers/{a}?models=orphan")).must(204);
    for requested in ["m", "M", "public", "a^m"] {
        assert_eq!(found(&api, requested), ["!model.orphaned"], "{requested}");
    }
    assert_eq!(found(&api, "a"), ["!model.not_found"]);
    api.patch(&format!("/api/v1/providers/{b}/models/{m}"), json!({"provider_id": b})).must(200);
    assert_eq!(found(&api, "public"), ["b^m"]);
    // The name is in use elsewhere: that one serves.
    let c = api.provider("c");
    api.model(&c, "m");
    api.delete(&format!("/api/v1/providers/{b}?models=orphan")).must(204);
    assert_eq!(found(&api, "m"), ["c^m"]);
}

#[test]
fn all_that_can_be_called_is_listed_oldest_first() {
    let api = Api::new();
    let p = api.provider("a");
    for n in ["z", "y", "x"] {
        api.clock.advance(1);
        api.model(&p, n);
    }
    let snapshot = snapshot(&api);
    let listed: Vec<_> = snapshot.selectable().iter().map(|candidate| candidate.selector()).collect();
    assert_eq!(listed, ["a^z", "a^y", "a^x"]);
}

/// The credential of provider `p`'s default model, as a call opens it.
fn opened(api: &Api) -> Result<Opened, Refusal> {
    let snapshot = snapshot(api);
    let provider = candidates(&snapshot, "p")?.swap_remove(0).provider;
    let (_, resolved) = provider.settled(PrivateUpstreams::Refused)?;
    provider.credential(&snapshot.project, resolved.auth_method, api.deployment.ring()).cloned()
}

fn key(opened: &Opened) -> &str {
    match opened {
        Opened::Key(key) => key.expose(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_credential_opens_from_wherever_it_is() {
    const KEY: &str = "sk-0123456789abcdefghij";
    let api = Api::new();
    let p = api.provider_with(json!({"name": "p", "provider": "openai"}));
    api.model(&p, "m");
    assert_eq!(opened(&api).expect_err("none").reason, Reason::CredentialMissing);
    set_provider(&api, &p, json!({"api_key": KEY}));
    assert_eq!(key(&opened(&api).expect("inline")), KEY);
    let secret = api.secret("s", &format!("{KEY}-linked"));
    set_provider(&api, &p, json!({"secret_id": secret}));
    assert_eq!(key(&opened(&api).expect("linked")), format!("{KEY}-linked"));
    api.patch(&format!("/api/v1/secrets/{secret}"), json!({"value": format!("{KEY}-rotated")})).must(200);
    assert_eq!(key(&opened(&api).expect("rotated")), format!("{KEY}-rotated"));
    set_provider(&api, &p, json!({"api_key": ""}));
    assert!(matches!(opened(&api), Ok(Opened::Keyless)));
    let map = api.secret("map", r#"{"X-Key": "v1", "X-Team": "blue"}"#);
    for body in [
        json!({"auth_method": "custom_headers", "custom_headers": {"X-Key": "v1", "X-Team": "blue"}}),
        json!({"secret_id": map}),
    ] {
        set_provider(&api, &p, body);
        match opened(&api).expect("headers") {
            Opened::Headers(headers) => {
                assert_eq!(headers.iter().collect::<Vec<_>>(), [("X-Key", "v1"), ("X-Team", "blue")])
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_credential_that_does_not_open_fails_closed_and_names_its_provider() {
    let api = Api::new();
    let p = api.provider("p");
    api.model(&p, "m");
    let q = api.provider("q");
    let swapped = api.db.one(&format!("SELECT credential FROM providers WHERE id = '{q}'"));
    let api = api.with_ring(K2);
    let refusal = opened(&api).expect_err("missing key");
    assert_eq!(refusal.reason, Reason::SealingKeyMissing);
    assert!(refusal.message.contains("`p`") && refusal.message.contains("`k1`"), "{}", refusal.message);
    let api = api.with_ring("");
    assert_eq!(opened(&api).expect_err("no ring").reason, Reason::SealingNotConfigured);
    let api = api.with_ring(K1);
    api.db.run(&format!("UPDATE providers SET credential = '{swapped}' WHERE id = '{p}'"));
    assert_eq!(opened(&api).expect_err("swapped").reason, Reason::SealBroken);
}

#[test]
fn an_address_that_is_no_longer_allowed_is_refused_at_the_call() {
    let api = Api::with(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1), ("ALLOW_PRIVATE_UPSTREAMS", "true")]);
    let p = api.provider_with(json!({"name": "p", "provider": "ollama", "api_key": ""}));
    api.model(&p, "m");
    let provider = candidates(&snapshot(&api), "p").expect("found").swap_remove(0).provider;
    assert_eq!(provider.settled(PrivateUpstreams::Refused).expect_err("refused").reason, Reason::AddressRefused);
    assert_eq!(deployment(&[]).private_upstreams, PrivateUpstreams::Refused);
}

#[test]
fn a_revision_that_is_known_brings_no_rows() {
    let api = Api::new();
    let p = api.provider("a");
    let first = read_as(&api, Caller::Root("default"), None);
    let (project, revision) = first.project.expect("a project");
    assert_eq!(project.as_str(), api.default_project());
    let batches = api.db.batches.get();
    let again = read_as(&api, Caller::Root(project.as_str()), Some(revision));
    assert_eq!(api.db.batches.get(), batches + 1);
    assert!(again.rows.is_none() && again.project == Some((project.clone(), revision)));
    api.model(&p, "m");
    let changed = read_as(&api, Caller::Root("default"), Some(revision));
    assert_eq!(changed.rows.map(|(providers, models, _)| (providers.len(), models.len())), Some((1, 1)));
}

#[test]
fn a_token_brings_its_own_project_and_an_unknown_one_brings_nothing() {
    let api = Api::new();
    api.provider("a");
    let other = api.post("/api/v1/projects", json!({"name": "Other"})).must(201).id();
    let minted = api.post(&format!("/api/v1/tokens?project_id={other}"), json!({"name": "t"})).must(201);
    let hash = TokenHash::of(minted.body["token"].as_str().expect("a token"));
    let read = read_as(&api, Caller::Token(&hash), None);
    assert_eq!(read.token.map(|token| token.id.as_str().to_owned()), Some(minted.id()));
    assert_eq!(read.project.as_ref().map(|(id, _)| id.clone()), ProjectId::parse(&other));
    assert_eq!(read.rows.map(|(providers, ..)| providers.len()), Some(0));
    let nobody = read_as(&api, Caller::Token(&TokenHash::of("slu_nobody")), None);
    assert!(nobody.token.is_none() && nobody.project.is_none() && nobody.rows.is_none());
    assert_eq!(read_as(&api, Caller::Root("other"), None).project.map(|(id, _)| id.as_str().to_owned()), Some(other));
    assert!(read_as(&api, Caller::Root("nowhere"), None).project.is_none());
}

#[test]
fn an_empty_project_reads_as_empty() {
    let api = Api::new();
    assert!(snapshot(&api).selectable().is_empty());
    assert_eq!(found(&api, "anything"), ["!model.not_found"]);
}
