//! What goes on while D1 does not answer: calls, with what the isolate or a copy knows (SPEC section 6).

use crate::data_plane::{Isolate, sent};
use crate::harness::{ADMIN_TOKEN, K1, K2};
use crate::sqlite::MemoryShelf;
use serde_json::json;
use sluice::gateway::admit::{Admitted, Presented};
use sluice::refusal::{Reason, Refusal};
use std::cell::RefCell;

const BODY: &str = r#"{"model":"m"}"#;
const CHAT: &str = "/v1/chat/completions";
/// `STALE_IF_ERROR_MS` of [`Isolate::new`].
const USABLE_MS: i64 = 60_000;

impl Isolate {
    fn with_model() -> Self {
        let isolate = Self::new();
        isolate.api.model(&isolate.api.provider("main"), "m");
        isolate
    }

    /// Another isolate of the same data centre: it shares the copies, and has read nothing yet.
    fn another(self) -> Self {
        Self { cache: RefCell::default(), chat_only: RefCell::default(), ..self }
    }

    fn goes_away(self) -> Self {
        self.api.db.away.set(true);
        self
    }

    fn names(&self) -> Vec<String> {
        self.shelf.copies.borrow().keys().cloned().collect()
    }

    fn admit_token(&self, token: &str, at: i64) -> Result<Admitted, Refusal> {
        let authorization = format!("Bearer {token}");
        self.admit_with(Presented { authorization: Some(&authorization), ..Presented::default() }, at)
    }
}

#[track_caller]
fn is_away(admitted: Result<Admitted, Refusal>) {
    assert_eq!(admitted.expect_err("away").reason, Reason::DatabaseAway);
}

#[test]
fn a_cold_isolate_goes_on_from_the_copy_that_another_one_made() {
    let isolate = Isolate::with_model();
    isolate.admit(0).expect("cold");
    assert_eq!(isolate.names().len(), 2, "a caller, and its project's rows: {:?}", isolate.names());
    let isolate = isolate.another().goes_away();
    let admitted = isolate.admit(5000).expect("from the copy");
    let plan = isolate.plan_as(&admitted, CHAT, &[], BODY).expect("planned");
    assert_eq!(sent(&plan, "authorization"), Some("Bearer sk-0123456789abcdefghijkl"), "the credential opens");
    assert_eq!(isolate.round_trips(|| isolate.admit(5001).expect("known now")).0, 0);
}

#[test]
fn a_copy_is_used_only_until_it_is_too_old() {
    let isolate = Isolate::with_model();
    isolate.admit(0).expect("cold");
    let isolate = isolate.another().goes_away();
    isolate.admit(USABLE_MS - 1).expect("still usable");
    is_away(isolate.admit(USABLE_MS));
    is_away(isolate.another().admit(USABLE_MS));
}

#[test]
fn as_long_as_d1_answers_no_copy_is_asked_and_what_it_says_goes_into_the_copy() {
    let isolate = Isolate::with_model();
    isolate.admit(0).expect("cold");
    let isolate = isolate.another();
    isolate.api.db.run("UPDATE tokens SET disabled = 1");
    assert_eq!(isolate.admit(1).expect_err("D1 answers").reason, Reason::Unauthenticated);
    let isolate = isolate.another().goes_away();
    assert_eq!(isolate.admit(2).expect_err("the copy knows").reason, Reason::Unauthenticated);
}

#[test]
fn a_clock_that_is_behind_the_copys_does_not_make_it_younger() {
    let isolate = Isolate::with_model();
    isolate.admit(1000).expect("cold");
    is_away(isolate.another().goes_away().admit(0));
}

#[test]
fn a_revoked_token_is_taken_out_of_the_copies_where_that_is_noticed() {
    let isolate = Isolate::with_model();
    isolate.admit(0).expect("cold");
    let id = isolate.api.db.one("SELECT id FROM tokens");
    isolate.api.delete(&format!("/api/v1/tokens/{id}")).must(204);
    isolate.admit(1000).expect_err("revoked");
    assert!(isolate.names().iter().all(|name| name.starts_with("project/")), "{:?}", isolate.names());
    is_away(isolate.another().goes_away().admit(1001));
}

#[test]
fn who_was_never_copied_hears_that_d1_is_away_and_not_that_the_token_is_wrong() {
    let isolate = Isolate::with_model();
    isolate.admit(0).expect("cold");
    let other = isolate.api.token(json!({"name": "other"}));
    let isolate = isolate.another().goes_away();
    is_away(isolate.admit_token(&other, 1));
    is_away(isolate.admit_token("slu_nonsense", 1));
}

#[test]
fn a_copy_holds_nothing_in_clear_and_opens_for_nobody_else() {
    let isolate = Isolate::with_model();
    let other = isolate.api.token(json!({"name": "other", "allowed_models": ["nothing^*"]}));
    isolate.admit(0).expect("cold");
    isolate.admit_token(&other, 0).expect("cold");
    let copies = isolate.shelf.copies.borrow().clone();
    let callers: Vec<&String> = copies.keys().filter(|name| name.starts_with("token/")).collect();
    assert_eq!((copies.len(), callers.len()), (3, 2));
    for copy in copies.values() {
        assert!(copy.starts_with("v1.k1.") && !copy.contains("main"), "{copy}");
    }
    // Whoever may write the cache gives the fenced token the other's rights.
    isolate.shelf.copies.borrow_mut().insert(callers[0].clone(), copies[callers[1]].clone());
    isolate.shelf.copies.borrow_mut().insert(callers[1].clone(), copies[callers[0]].clone());
    let isolate = isolate.another().goes_away();
    is_away(isolate.admit(1));
    is_away(isolate.admit_token(&other, 1));
    for forged in ["", "v1.k1.", "v1.k9.AAAA", "{\"read_at\": 0}", &copies[callers[0]].replace("v1.k1", "v1.k2")] {
        for name in &callers {
            isolate.shelf.copies.borrow_mut().insert((*name).clone(), forged.to_owned());
        }
        is_away(isolate.admit(1));
    }
}

#[test]
fn without_a_ring_that_opens_it_there_is_no_copy() {
    let isolate = Isolate::with_model();
    isolate.admit(0).expect("cold");
    let Isolate { api, shelf, token, cache, chat_only } = isolate.another();
    let api = api.with_ring(K2);
    let isolate = Isolate { api, shelf, token, cache, chat_only }.goes_away();
    is_away(isolate.admit(1));
    let unsealed = Isolate::with_model();
    let Isolate { api, token, cache, chat_only, .. } = unsealed;
    let api = api.redeployed(&[("ADMIN_TOKEN", ADMIN_TOKEN)]);
    let unsealed = Isolate { api, shelf: MemoryShelf::default(), token, cache, chat_only };
    unsealed.admit(0).expect("admitted");
    assert_eq!(unsealed.names(), Vec::<String>::new(), "never in clear");
    let Isolate { api, token, cache, chat_only, .. } = unsealed.another();
    let api = api.redeployed(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1), ("STALE_IF_ERROR_MS", "0")]);
    let strict = Isolate { api, shelf: MemoryShelf::default(), token, cache, chat_only };
    strict.admit(0).expect("admitted");
    assert_eq!(strict.names(), Vec::<String>::new(), "nothing that could never be used");
}

#[test]
fn a_change_reaches_the_copies_with_the_next_reading_and_else_they_are_written_once_in_a_while() {
    let isolate = Isolate::with_model();
    let provider = isolate.api.db.one("SELECT id FROM providers");
    isolate.admit(0).expect("cold");
    let made = || isolate.shelf.made.get();
    for at in [1000, 2000, 5999] {
        isolate.admit(at).expect("read again");
    }
    assert_eq!(made(), 2, "a tenth of the time that they may be used has not passed");
    isolate.admit(7000).expect("read again");
    assert_eq!(made(), 4, "the caller and the rows, anew");
    isolate.api.model(&provider, "n");
    isolate.admit(8000).expect("read again");
    assert_eq!(made(), 6);
    let isolate = isolate.another().goes_away();
    let admitted = isolate.admit(9000).expect("from the copy");
    assert!(isolate.plan_as(&admitted, CHAT, &[], r#"{"model":"n"}"#).is_ok(), "the copy knows the new model");
}

#[test]
fn a_second_caller_of_the_project_shares_its_copied_rows_and_what_is_open_stays_open() {
    let isolate = Isolate::with_model();
    let other = isolate.api.token(json!({"name": "other"}));
    isolate.admit(0).expect("cold");
    isolate.admit_token(&other, 0).expect("cold");
    assert_eq!(isolate.shelf.made.get(), 3);
    let isolate = isolate.another().goes_away();
    let first = isolate.admit(1).expect("from the copy");
    let second = isolate.admit_token(&other, 1).expect("from the copy");
    assert!(std::rc::Rc::ptr_eq(&first.snapshot, &second.snapshot));
}

#[test]
fn a_copy_never_takes_an_isolate_back_to_an_older_state_of_the_project() {
    let isolate = Isolate::with_model();
    let provider = isolate.api.db.one("SELECT id FROM providers");
    let other = isolate.api.token(json!({"name": "other"}));
    isolate.admit_token(&other, 0).expect("copied at the old revision");
    let isolate = isolate.another();
    isolate.api.patch(&format!("/api/v1/providers/{provider}"), json!({"enabled": false})).must(200);
    isolate.admit(1).expect("reads the new revision");
    let isolate = isolate.goes_away();
    let admitted = isolate.admit_token(&other, 2).expect("from the copy");
    let refusal = isolate.plan_as(&admitted, CHAT, &[], BODY).expect_err("disabled");
    assert_eq!(refusal.reason, Reason::ProviderDisabled);
}

#[test]
fn own_keys_and_root_go_on_too() {
    let isolate = Isolate::with_model();
    let provider = isolate.api.db.one("SELECT id FROM providers");
    let hers = isolate.api.token_of_user("Ada");
    let key = json!({"api_key": "sk-of-ada-0123456789abcd"});
    isolate.api.as_token(&hers).put(&format!("/api/v1/me/provider-keys/{provider}"), key).must(201);
    isolate.admit_token(&hers, 0).expect("cold");
    isolate.admit_token(ADMIN_TOKEN, 0).expect("cold");
    let isolate = isolate.another().goes_away();
    for (token, key) in
        [(hers.as_str(), "Bearer sk-of-ada-0123456789abcd"), (ADMIN_TOKEN, "Bearer sk-0123456789abcdefghijkl")]
    {
        let admitted = isolate.admit_token(token, 1).expect("from the copy");
        let plan = isolate.plan_as(&admitted, CHAT, &[], BODY).expect("planned");
        assert_eq!(sent(&plan, "authorization"), Some(key));
    }
}

#[test]
fn after_d1_has_failed_once_who_is_known_does_not_wait_for_it_again_at_once() {
    let isolate = Isolate::with_model();
    isolate.admit(0).expect("cold");
    let isolate = isolate.goes_away();
    let trips = |at: i64| isolate.round_trips(|| isolate.admit(at).expect("stale")).0;
    assert_eq!([trips(2000), trips(2001), trips(2999), trips(3000)], [1, 0, 0, 1]);
    isolate.cache.borrow_mut().overtake();
    assert_eq!(trips(3001), 1, "a write went through, so D1 is back");
}
