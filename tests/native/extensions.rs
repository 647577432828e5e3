//! `/api/v1/extensions`, and what a call reads of them.

use crate::fake_extensions::{BUNDLED, MODULE};
use crate::harness::{Answer, Api};
use serde_json::{Value, json};
use sluice::store::extensions::SnapshotExtension;
use sluice::store::snapshot::{Caller, read};

const PATH: &str = "/api/v1/extensions";

fn upload(api: &Api, fields: Value) -> Answer {
    let mut body = json!({"name": "pii", "module_base64": MODULE});
    body.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    api.post(PATH, body)
}

/// What calls of the default project go through.
fn of_calls(api: &Api) -> Vec<SnapshotExtension> {
    let read = pollster::block_on(read(&api.db, Caller::Root("default"), None)).expect("a reading");
    read.rows.expect("rows").2
}

#[test]
fn an_upload_is_shown_without_its_module_and_with_what_that_says_of_itself() {
    let api = Api::new();
    let made = upload(&api, json!({"config": {"cards": true}, "hooks": ["request"], "order": 5})).must(201);
    assert_eq!(made.body["source"], "uploaded");
    assert_eq!(made.body["on_error"], "closed");
    assert_eq!(made.body["time_limit_ms"], 50);
    assert_eq!(made.body["hooks"], json!(["request"]));
    assert_eq!(made.body["module"]["name"], "fake");
    assert_eq!(made.body["module"]["bytes"], 8);
    assert_eq!(
        made.body["health"],
        json!({"status": "ok", "since": null, "failures": 0, "code": null, "message": null})
    );
    assert!(!made.text.contains(MODULE), "{}", made.text);
    let read = api.get(&format!("{PATH}/{}", made.id())).must(200);
    assert_eq!(read.body, made.body);
    assert_eq!(api.get(PATH).must(200).column("name"), ["pii"]);
}

#[test]
fn calls_read_what_is_enabled_in_its_order_and_no_code() {
    let api = Api::new();
    let last = upload(&api, json!({"name": "last", "order": 9})).must(201).id();
    upload(&api, json!({"name": "off", "enabled": false})).must(201);
    upload(&api, json!({"name": "first", "order": -1})).must(201);
    let names = |api: &Api| of_calls(api).into_iter().map(|row| row.name).collect::<Vec<_>>();
    assert_eq!(names(&api), ["first", "last"]);
    api.patch(&format!("{PATH}/{last}"), json!({"order": -2})).must(200);
    assert_eq!(names(&api), ["last", "first"]);
    let run: Value = serde_json::from_str(&of_calls(&api)[0].run).expect("JSON");
    assert_eq!((&run["name"], &run["version"], &run["bundled"]), (&json!("last"), &json!(2), &Value::Null));
    assert_eq!(run["code"].as_str().map(str::len), Some(64));
    api.patch(&format!("{PATH}/{last}"), json!({"enabled": false})).must(200);
    assert_eq!(names(&api), ["first"]);
}

#[test]
fn code_is_stored_in_parts_under_its_hash_and_goes_when_nothing_runs_it() {
    let api = Api::new();
    // A module at the limit: what is stored for it has more than one part.
    let large = format!("AGFzbQEA{}", "AAAA".repeat(349_000));
    let made = upload(&api, json!({"module_base64": large})).must(201);
    let code = of_calls(&api)[0].run.clone();
    let hash: Value = serde_json::from_str::<Value>(&code).expect("JSON")["code"].clone();
    let parts =
        || api.db.count(&format!("SELECT count(*) FROM extension_modules WHERE sha256 = {hash}").replace('"', "'"));
    assert_eq!(parts(), 2);
    // Another isolate may still know of the old one for a moment.
    api.patch(&format!("{PATH}/{}", made.id()), json!({"module_base64": MODULE})).must(200);
    assert_eq!(parts(), 2);
    api.clock.advance(2 * 3_600_000);
    api.patch(&format!("{PATH}/{}", made.id()), json!({"order": 1})).must(200);
    assert_eq!(parts(), 0);
    assert_eq!(api.db.count("SELECT count(*) FROM extension_modules"), 1);
}

#[test]
fn what_cannot_be_is_refused_by_name_and_changes_nothing() {
    let api = Api::new();
    let taken = upload(&api, json!({"name": "Taken"})).must(201).id();
    let too_large = "AAAA".repeat(349_526);
    for (fields, status, code, param) in [
        (json!({"name": "taken"}), 409, "extension.name_conflict", "name"),
        (json!({"module_base64": "bm8gd2FzbQ=="}), 422, "extension.invalid", "module_base64"),
        (json!({"module_base64": "not base64!"}), 422, "validation.failed", "module_base64"),
        (json!({"module_base64": too_large}), 422, "validation.failed", "module_base64"),
        (json!({"config": {"refused": 1}}), 422, "extension.invalid", "config"),
        (json!({"config": "text"}), 422, "validation.failed", "config"),
        (json!({"config": {"x": "y".repeat(70_000)}}), 422, "validation.failed", "config"),
        (json!({"hooks": []}), 422, "validation.failed", "hooks"),
        (json!({"hooks": ["configure"]}), 422, "validation.failed", "hooks"),
        (json!({"time_limit_ms": 0}), 422, "validation.failed", "time_limit_ms"),
        (json!({"on_error": "maybe"}), 422, "validation.failed", "on_error"),
        (json!({"scope": {"provider_ids": ["aip_0000000000000000"]}}), 422, "validation.failed", "scope"),
        (json!({"scope": {"token_ids": ["nonsense"]}}), 422, "validation.failed", "scope.token_ids"),
        (json!({"scope": {"users": []}}), 422, "validation.failed", "scope.users"),
        (json!({"bundled": BUNDLED}), 422, "validation.failed", "bundled"),
    ] {
        api.changes_nothing(|| upload(&api, fields.clone())).refuses(status, code, param);
    }
    api.changes_nothing(|| api.post(PATH, json!({"name": "n"}))).invalid("module_base64");
    api.changes_nothing(|| api.patch(&format!("{PATH}/{taken}"), json!({}))).invalid("");
    api.extensions.unbound.set(true);
    api.changes_nothing(|| upload(&api, json!({}))).refuses(503, "extensions.unavailable", "");
}

#[test]
fn a_bundled_one_is_enabled_by_its_name_where_nothing_runs_uploads() {
    let api = Api::new();
    api.extensions.unbound.set(true);
    let made = api.post(PATH, json!({"name": "g", "bundled": BUNDLED, "on_error": "open"})).must(201);
    assert_eq!((&made.body["source"], &made.body["bundled"]), (&json!("bundled"), &json!(BUNDLED)));
    api.post(PATH, json!({"name": "h", "bundled": "other"})).refuses(422, "extension.invalid", "bundled");
    // Its settings change without another module.
    let changed = api.patch(&format!("{PATH}/{}", made.id()), json!({"config": {"a": 1}})).must(200);
    assert_eq!(changed.body["config"], json!({"a": 1}));
}

#[test]
fn a_module_comes_up_again_only_where_it_or_its_config_changes() {
    let api = Api::new();
    let path = format!("{PATH}/{}", upload(&api, json!({"hooks": ["request"]})).must(201).id());
    assert_eq!(api.extensions.asked.get(), 1);
    api.patch(&path, json!({"order": 3, "enabled": false})).must(200);
    assert_eq!(api.extensions.asked.get(), 1);
    api.patch(&path, json!({"config": {"refused": true}})).refuses(422, "extension.invalid", "config");
    assert_eq!(api.extensions.asked.get(), 2);
    // Another module brings its own hooks.
    let changed = api.patch(&path, json!({"module_base64": "AGFzbQEAAAAA"})).must(200);
    assert_eq!(changed.body["hooks"], json!(["request", "response", "event", "settle"]));
}

#[test]
fn a_scope_names_what_is_in_the_project_and_nothing_else() {
    let api = Api::new();
    let (provider, token) = (api.provider("a"), api.post("/api/v1/tokens", json!({"name": "t"})).must(201).id());
    let scope = json!({"provider_ids": [provider], "token_ids": [token]});
    let made = upload(&api, json!({ "scope": scope })).must(201);
    assert_eq!(made.body["scope"], scope);
    let row = &of_calls(&api)[0];
    assert_eq!(row.ids, [provider, token]);
    api.post("/api/v1/projects", json!({"name": "other"})).must(201);
    let elsewhere = json!({"name": "n", "module_base64": MODULE, "project_id": "other", "scope": scope});
    api.post(PATH, elsewhere).refuses(422, "validation.failed", "scope");
    let changed = api.patch(&format!("{PATH}/{}", made.id()), json!({"scope": {}})).must(200);
    assert_eq!(changed.body["scope"], json!({"provider_ids": [], "token_ids": []}));
}

#[test]
fn three_failures_in_a_row_are_its_health_until_it_works_or_is_changed() {
    let api = Api::new();
    let id = upload(&api, json!({})).must(201).id();
    let told = |fields: Value| {
        let told = json!([fields]).to_string();
        pollster::block_on(sluice::ports::Db::batch(&api.db, sluice::gateway::extensions::health(&told)))
            .expect("written");
    };
    let fails = json!({"id": id, "since": 5, "failures": 3, "code": "trap", "message": "unreachable"});
    let health = || api.get(&format!("{PATH}/{id}")).must(200).body["health"].clone();
    told(fails.clone());
    assert_eq!(
        health(),
        json!({"status": "failing", "since": "1970-01-01T00:00:00.005Z", "failures": 3, "code": "trap", "message": "unreachable"})
    );
    told(json!({"id": id, "failures": 0}));
    assert_eq!(health()["status"], "ok");
    told(fails.clone());
    api.patch(&format!("{PATH}/{id}"), json!({"order": 1})).must(200);
    assert_eq!(health()["status"], "ok");
    // One that is gone meanwhile is nobody's.
    told(fails.clone());
    api.delete(&format!("{PATH}/{id}")).must(204);
    told(fails);
    assert_eq!(api.db.count("SELECT count(*) FROM extension_failures"), 0);
}

#[test]
fn each_write_leaves_an_audit_row_without_the_module_and_moves_the_revision() {
    let api = Api::new();
    let revision = || api.db.count("SELECT revision FROM projects WHERE name = 'default'");
    let before = revision();
    let id = upload(&api, json!({})).must(201).id();
    api.patch(&format!("{PATH}/{id}"), json!({"enabled": false})).must(200);
    api.delete(&format!("{PATH}/{id}")).must(204);
    assert!(revision() >= before + 3);
    let log = api.get(&format!("/api/v1/audit-log?resource_id={id}")).must(200);
    let mut actions = log.column("action");
    actions.sort();
    assert_eq!(actions, ["extensions:CreateExtension", "extensions:DeleteExtension", "extensions:UpdateExtension"]);
    assert!(!log.text.contains(MODULE));
    api.get(&format!("{PATH}/{id}")).refuses(404, "not_found", "");
}

#[test]
fn a_write_meant_for_another_version_is_refused() {
    let api = Api::new();
    let made = upload(&api, json!({})).must(201);
    let path = format!("{PATH}/{}", made.id());
    let tag = made.etag();
    api.patch(&path, json!({"order": 1})).must(200);
    api.root().if_match(&tag).patch(&path, json!({"order": 2})).refuses(412, "request.precondition_failed", "");
    api.root().if_match(&tag).delete(&path).refuses(412, "request.precondition_failed", "");
}

#[test]
fn a_creation_under_an_idempotency_key_is_made_once() {
    let api = Api::new();
    let root = api.root().idempotency_key("k-1");
    let body = json!({"name": "once", "module_base64": MODULE});
    let made = root.post(PATH, body.clone()).must(201);
    let again = root.post(PATH, body).must(201);
    assert_eq!(made.id(), again.id());
    assert_eq!(api.get(PATH).must(200).column("name").len(), 1);
}
