//! `/api/v1/projects`.

use crate::harness::Api;
use serde_json::json;

const PATH: &str = "/api/v1/projects";

#[test]
fn a_project_is_made_read_renamed_and_deleted() {
    let api = Api::new();
    let made = api.post(PATH, json!({"name": " Team Blue "})).must(201);
    let path = format!("{PATH}/{}", made.id());
    assert!(made.id().starts_with("prj_"));
    assert_eq!(
        made.body,
        json!({"id": made.id(), "name": "Team Blue", "created_at": "2026-11-20T06:44:34.007Z", "updated_at": "2026-11-20T06:44:34.007Z"})
    );
    assert_eq!(api.get(&path).must(200).body, made.body);
    api.clock.advance(1000);
    let renamed = api.patch(&path, json!({"name": "Team Red"})).must(200).body;
    assert_eq!((&renamed["name"], &renamed["updated_at"]), (&json!("Team Red"), &json!("2026-11-20T06:44:35.007Z")));
    assert_eq!(api.last_audit()["action"], "projects:UpdateProject");
    api.delete(&path).must(204);
    api.get(&path).refuses(404, "not_found", "");
    assert_eq!(
        api.last_audit(),
        json!({"project": made.id(), "actor": "root", "action": "projects:DeleteProject", "type": "project", "id": made.id(),
        "fields": [], "address": "192.0.2.7", "at": crate::harness::NOW + 1000})
    );
}

#[test]
fn bad_names_and_taken_names_are_refused() {
    let api = Api::new();
    for bad in [json!(""), json!(null), json!(5), json!("x".repeat(101))] {
        api.changes_nothing(|| api.post(PATH, json!({"name": bad}))).invalid("name");
    }
    api.changes_nothing(|| api.post(PATH, json!({"name": "DEFAULT"}))).refuses(409, "project.name_conflict", "name");
    let id = api.post(PATH, json!({"name": "other"})).must(201).id();
    api.changes_nothing(|| api.patch(&format!("{PATH}/{id}"), json!({"name": "Default"}))).refuses(
        409,
        "project.name_conflict",
        "name",
    );
    api.changes_nothing(|| api.patch(&format!("{PATH}/{id}"), json!({"revision": 1}))).invalid("revision");
    api.changes_nothing(|| api.patch(&format!("{PATH}/{id}"), json!({"created_at": "x"}))).invalid("created_at");
}

#[test]
fn a_project_that_holds_something_is_not_deleted() {
    let api = Api::new();
    let id = api.post(PATH, json!({"name": "other"})).must(201).id();
    api.post(&format!("/api/v1/tokens?project_id={id}"), json!({"name": "t"})).must(201);
    api.post("/api/v1/secrets?project_id=OTHER", json!({"name": "s", "value": "v-of-a-secret"})).must(201);
    let refused = api.changes_nothing(|| api.delete(&format!("{PATH}/{id}")));
    refused.refuses(409, "project.in_use", "");
    assert_eq!(
        refused.body["error"]["details"],
        json!({"providers": 0, "models": 0, "secrets": 1, "tokens": 1, "users": 0, "extensions": 0})
    );
}

#[test]
fn root_names_a_project_by_id_or_name_and_everything_stays_in_it() {
    let api = Api::new();
    let id = api.post(PATH, json!({"name": "Büro & Co"})).must(201).id();
    let made = api
        .post("/api/v1/providers?project_id=b%C3%BCro+%26%20CO", json!({"name": "p", "provider": "openai"}))
        .must(201);
    assert_eq!(made.body["project_id"], json!(id));
    assert_eq!(api.get("/api/v1/providers").column("id"), Vec::<String>::new());
    assert_eq!(api.get(&format!("/api/v1/providers?project_id={id}")).column("id"), [made.id()]);
    api.get("/api/v1/providers?project_id=nobody").refuses(404, "not_found", "project_id");
    api.get("/api/v1/providers?project_id=prj_0123456789abcdef").refuses(404, "not_found", "project_id");
}

#[test]
fn a_body_names_the_project_of_a_new_row_and_never_moves_one() {
    let api = Api::new();
    let other = api.post(PATH, json!({"name": "other"})).must(201).id();
    let (own, token) = (api.default_project(), api.token_of_role("admin"));
    for (path, mut body) in [
        ("/api/v1/providers", json!({"name": "x", "provider": "openai"})),
        ("/api/v1/secrets", json!({"name": "x", "value": "v-of-a-secret"})),
        ("/api/v1/tokens", json!({"name": "x"})),
    ] {
        body["project_id"] = json!(other);
        api.changes_nothing(|| api.as_token(&token).post(path, body.clone())).refuses(404, "not_found", "project_id");
        let made = api.post(path, body.clone()).must(201);
        assert_eq!(made.body["project_id"], json!(other), "{path}");
        let row = format!("{path}/{}", made.id());
        api.changes_nothing(|| api.patch(&row, json!({"project_id": own}))).invalid("project_id");
        api.changes_nothing(|| api.patch(&row, json!({"project_id": null}))).invalid("project_id");
        api.patch(&row, json!({"project_id": other, "name": "y"})).must(200);
        body["project_id"] = json!("nobody");
        api.changes_nothing(|| api.post(path, body)).refuses(404, "not_found", "project_id");
    }
}

#[test]
fn a_token_sees_its_own_project_and_only_root_makes_and_deletes_them() {
    let api = Api::new();
    let other = api.post(PATH, json!({"name": "other"})).must(201).id();
    let token = api.token_of_role("admin");
    let admin = api.as_token(&token);
    assert_eq!(admin.get(PATH).must(200).column("name"), ["default"]);
    assert_eq!(api.get(PATH).must(200).column("name").len(), 2);
    admin.get(&format!("{PATH}/{other}")).refuses(404, "not_found", "");
    api.changes_nothing(|| admin.patch(&format!("{PATH}/{other}"), json!({"name": "x"}))).refuses(404, "not_found", "");
    api.changes_nothing(|| admin.post(PATH, json!({"name": "x"}))).refuses(403, "auth.forbidden", "");
    let own = api.default_project();
    api.changes_nothing(|| admin.delete(&format!("{PATH}/{own}"))).refuses(403, "auth.forbidden", "");
    assert_eq!(admin.patch(&format!("{PATH}/{own}"), json!({"name": "ours"})).must(200).body["name"], "ours");
}
