//! `/api/v1/sealing-keys`: rotation under traffic, and ciphertexts out of place.

use crate::harness::{Api, K1, K2};
use crate::sqlite::SystemRng;
use serde_json::{Value, json};
use sluice::domain::ids::{ProjectId, ProviderId, SecretId};
use sluice::seal::{KeyRing, Plaintext, SealError, Sealed};
use sluice::store::{providers, secrets};

const KEY: &str = "sk-0123456789abcdefghijWXYZ";
const ROTATE: &str = "/api/v1/sealing-keys/rotate";

fn both() -> String {
    format!("{K2},{K1}")
}

/// `count` secrets and providers each, sealed with k1.
fn filled(count: usize) -> Api {
    let api = Api::new();
    for n in 0..count {
        api.secret(&format!("s{n:03}"), &format!("{KEY}-{n}"));
        api.provider_with(json!({"name": format!("p{n:03}"), "provider": "openai", "api_key": format!("{KEY}-{n}")}));
    }
    api
}

fn of_key(api: &Api, key: &str) -> i64 {
    api.db.count(&format!(
        "SELECT (SELECT count(*) FROM secrets WHERE value LIKE 'v1.{key}.%') + (SELECT count(*) FROM providers WHERE credential LIKE 'v1.{key}.%')"
    ))
}

/// Opens everything with a ring, in its place.
fn opens_all(api: &Api, ring: &str) {
    let ring = KeyRing::parse(Some(ring)).expect("a ring");
    let rows = |table: &str, column: &str| {
        api.db
            .all(&format!("SELECT json_array(project_id, id, {column}, name) FROM {table} WHERE {column} IS NOT NULL"))
    };
    for row in rows("secrets", "value") {
        let [project, id, sealed, name]: [String; 4] = serde_json::from_str(&row).expect("a row");
        let (project, id) = (ProjectId::parse(&project).expect("id"), SecretId::parse(&id).expect("id"));
        let opened = ring.open(&Sealed::from_stored(sealed), &secrets::place(&project, &id)).expect("opens");
        let n: usize = name[1..].parse().expect("a number");
        assert_eq!(opened.expose(), format!("{KEY}-{n}"));
    }
    for row in rows("providers", "credential") {
        let [project, id, sealed, name]: [String; 4] = serde_json::from_str(&row).expect("a row");
        let (project, id) = (ProjectId::parse(&project).expect("id"), ProviderId::parse(&id).expect("id"));
        let opened = ring.open(&Sealed::from_stored(sealed), &providers::place(&project, &id)).expect("opens");
        let n: usize = name[1..].parse().expect("a number");
        assert_eq!(opened.expose(), format!("{KEY}-{n}"));
    }
}

#[test]
fn counts_say_how_many_rows_each_key_seals_unknown_keys_included() {
    let api = filled(2);
    let key = |id: &str, rows: u64, sealing: bool, in_ring: bool| json!({"id": id, "rows": rows, "sealing": sealing, "in_ring": in_ring});
    assert_eq!(api.get("/api/v1/sealing-keys").must(200).body["data"], json!([key("k1", 4, true, true)]));
    let api = api.with_ring(&both());
    api.secret("s900", &format!("{KEY}-900"));
    assert_eq!(
        api.get("/api/v1/sealing-keys").body["data"],
        json!([key("k2", 1, true, true), key("k1", 4, false, true)])
    );
    let api = api.with_ring(K2);
    assert_eq!(
        api.get("/api/v1/sealing-keys").body["data"],
        json!([key("k2", 1, true, true), key("k1", 4, false, false)])
    );
}

#[test]
fn rotation_reseals_everything_and_every_value_still_opens() {
    let api = filled(3).with_ring(&both());
    let said = api.post(ROTATE, json!({})).must(200).body;
    assert_eq!(said, json!({"sealing_key_id": "k2", "dry_run": false, "checked": 6, "resealed": 6, "remaining": 0}));
    opens_all(&api, K2);
    assert_eq!(api.last_audit()["action"], "sealingKeys:RotateSealingKeys");
    assert_eq!(api.last_audit()["project"], Value::Null);
    let audit = api.audit_rows();
    assert_eq!(api.post(ROTATE, json!({})).must(200).body["resealed"], 0);
    assert_eq!(api.audit_rows(), audit, "nothing changed, nothing to record");
}

#[test]
fn rotation_goes_in_bounded_batches_and_on_where_it_stopped() {
    let api = filled(60).with_ring(&both());
    let first = api.post(ROTATE, json!({})).must(200).body;
    assert_eq!((&first["resealed"], &first["remaining"]), (&json!(100), &json!(20)));
    assert_eq!(of_key(&api, "k2"), 100);
    let part = api.post(&format!("{ROTATE}?limit=7"), json!({})).must(200).body;
    assert_eq!((&part["resealed"], &part["remaining"]), (&json!(7), &json!(13)));
    let last = api.post(ROTATE, json!({})).must(200).body;
    assert_eq!((&last["resealed"], &last["remaining"]), (&json!(13), &json!(0)));
    opens_all(&api, K2);
    for limit in ["0", "101", "x", ""] {
        api.changes_nothing(|| api.post(&format!("{ROTATE}?limit={limit}"), json!({}))).invalid("limit");
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    let api = filled(2).with_ring(&both());
    let before = api.db.dump();
    let said = api.post(&format!("{ROTATE}?dry_run=true"), json!({})).must(200).body;
    assert_eq!(said, json!({"sealing_key_id": "k2", "dry_run": true, "checked": 4, "resealed": 0, "remaining": 4}));
    for query in ["?dry_run", "?dry_run=", "?dry_run=1", "?dry_run=yes"] {
        api.changes_nothing(|| api.post(&format!("{ROTATE}{query}"), json!({}))).invalid("dry_run");
    }
    assert_eq!(api.db.dump(), before);
}

#[test]
fn a_credential_written_while_rotation_runs_is_not_lost() {
    let api = filled(2).with_ring(&both());
    let row = api.db.one("SELECT json_array(project_id, id) FROM secrets WHERE name = 's000'");
    let [project, id]: [String; 2] = serde_json::from_str(&row).expect("a row");
    let (project, id) = (ProjectId::parse(&project).expect("id"), SecretId::parse(&id).expect("id"));
    // An isolate that still has the old ring writes a new value between the read and the batch.
    let old = KeyRing::parse(Some(K1)).expect("a ring");
    let newer =
        old.seal(&Plaintext::new(format!("{KEY}-0")), &secrets::place(&project, &id), &SystemRng).expect("sealed");
    let text = newer.as_str().to_owned();
    api.db.before_next_write(move |db| db.run(&format!("UPDATE secrets SET value = '{text}' WHERE name = 's000'")));
    let said = api.post(ROTATE, json!({})).must(200).body;
    assert_eq!((&said["resealed"], &said["remaining"]), (&json!(3), &json!(1)));
    assert_eq!(api.db.one("SELECT value FROM secrets WHERE name = 's000'"), newer.as_str());
    assert_eq!(api.post(ROTATE, json!({})).must(200).body["remaining"], 0);
    opens_all(&api, K2);
}

#[test]
fn an_edit_that_read_before_the_rotation_does_not_bring_the_old_seal_back() {
    let api = filled(1).with_ring(&both());
    let secret = api.db.one("SELECT id FROM secrets");
    // The rotation slips in between the edit's read and its write.
    let resealed = api.db.one("SELECT replace(value, 'v1.k1.', 'v1.k9.') FROM secrets");
    let text = resealed.clone();
    api.db.before_next_write(move |db| db.run(&format!("UPDATE secrets SET value = '{text}'")));
    api.patch(&format!("/api/v1/secrets/{secret}"), json!({"name": "renamed"})).must(200);
    assert_eq!(api.db.one("SELECT value FROM secrets"), resealed);
}

#[test]
fn a_row_that_does_not_open_stops_its_batch_and_is_named() {
    let api = filled(2).with_ring(&both());
    let id = api.db.one("SELECT id FROM secrets WHERE name = 's001'");
    api.db.run("UPDATE secrets SET value = substr(value, 1, length(value) - 2) || CASE substr(value, -2) WHEN 'AA' THEN 'BA' ELSE 'AA' END WHERE name = 's001'");
    for query in ["", "?dry_run=true"] {
        let refused = api.changes_nothing(|| api.post(&format!("{ROTATE}{query}"), json!({})));
        refused.refuses(503, "sealing.broken", "");
        assert_eq!(refused.body["error"]["details"], json!({"table": "secrets", "id": id, "key_id": "k1"}));
        assert!(refused.message().contains(&id), "{}", refused.message());
    }
    assert_eq!(of_key(&api, "k2"), 0);
}

#[test]
fn a_key_that_left_the_ring_too_early_is_named() {
    let api = filled(1).with_ring(K2);
    let refused = api.changes_nothing(|| api.post(ROTATE, json!({})));
    refused.refuses(503, "sealing.key_missing", "");
    assert_eq!(refused.body["error"]["details"]["key_id"], "k1");
    assert!(refused.message().contains("`k1`"), "{}", refused.message());
    let secret = api.db.one("SELECT id FROM secrets");
    let body = json!({"name": "x", "provider": "openai", "secret_id": secret});
    let refused = api.changes_nothing(|| api.post("/api/v1/providers", body));
    refused.refuses(503, "sealing.key_missing", "");
    // What needs no key goes on.
    api.patch(&format!("/api/v1/secrets/{secret}"), json!({"name": "renamed"})).must(200);
    api.patch(&format!("/api/v1/secrets/{secret}"), json!({"value": KEY})).must(200);
}

#[test]
fn another_key_under_the_same_id_opens_nothing() {
    let api = filled(1).with_ring("k1:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=");
    let secret = api.db.one("SELECT id FROM secrets");
    let body = json!({"name": "x", "provider": "openai", "secret_id": secret});
    api.changes_nothing(|| api.post("/api/v1/providers", body)).refuses(503, "sealing.broken", "");
}

#[test]
fn a_ciphertext_moved_to_another_row_column_or_project_does_not_open() {
    let api = filled(2);
    let ring = KeyRing::parse(Some(K1)).expect("a ring");
    let sealed = Sealed::from_stored(api.db.one("SELECT value FROM secrets WHERE name = 's000'"));
    let project = ProjectId::parse(&api.default_project()).expect("id");
    let other = ProjectId::parse("prj_0123456789abcdef").expect("id");
    let id = |name: &str| {
        SecretId::parse(&api.db.one(&format!("SELECT id FROM secrets WHERE name = '{name}'"))).expect("id")
    };
    let provider = ProviderId::parse(&api.db.one("SELECT id FROM providers LIMIT 1")).expect("id");
    let (own, next) = (id("s000"), id("s001"));
    assert!(ring.open(&sealed, &secrets::place(&project, &own)).is_ok());
    for place in [secrets::place(&project, &next), secrets::place(&other, &own), providers::place(&project, &provider)]
    {
        assert_eq!(ring.open(&sealed, &place).err(), Some(SealError::Broken), "{place:?}");
    }
    // And as a user meets it: two rows' values swapped by hand.
    let (a, b) = (
        api.db.one("SELECT value FROM secrets WHERE name = 's000'"),
        api.db.one("SELECT value FROM secrets WHERE name = 's001'"),
    );
    api.db.run(&format!("UPDATE secrets SET value = CASE name WHEN 's000' THEN '{b}' ELSE '{a}' END"));
    let body = json!({"name": "x", "provider": "openai", "secret_id": own.as_str()});
    api.changes_nothing(|| api.post("/api/v1/providers", body)).refuses(503, "sealing.broken", "");
    let api = api.with_ring(&both());
    api.changes_nothing(|| api.post(ROTATE, json!({}))).refuses(503, "sealing.broken", "");
}
