//! Someone else writes between a handler's read and its write, or the database goes away: all of it, or nothing.

use crate::harness::{Answer, Api};
use serde_json::{Value, json};

/// A database with one of each, and the paths to them.
struct Scene {
    api: Api,
    provider: String,
    model: String,
    secret: String,
    user: String,
    token: String,
    project: String,
}

fn scene() -> Scene {
    let api = Api::new();
    let provider = api.provider("a");
    let model = api.model(&provider, "m1");
    let secret = api.secret("s", "sk-0123456789abcdefghij");
    let token = api.post("/api/v1/tokens", json!({"name": "t"})).must(201).id();
    let user = api.user("u");
    let project = api.post("/api/v1/projects", json!({"name": "other"})).must(201).id();
    Scene {
        provider: format!("/api/v1/providers/{provider}"),
        model: format!("/api/v1/providers/{provider}/models/{model}"),
        secret: format!("/api/v1/secrets/{secret}"),
        user: format!("/api/v1/users/{user}"),
        token: format!("/api/v1/tokens/{token}"),
        project: format!("/api/v1/projects/{project}"),
        api,
    }
}

impl Scene {
    fn all(&self) -> [(&str, &str); 6] {
        [
            ("providers", &self.provider),
            ("models", &self.model),
            ("secrets", &self.secret),
            ("users", &self.user),
            ("tokens", &self.token),
            ("projects", &self.project),
        ]
    }

    /// Runs a request into which `sql` slips; the database must then be as `sql` alone left it.
    fn overtaken(&self, sql: String, request: impl FnOnce() -> Answer) -> Answer {
        let after = std::rc::Rc::new(std::cell::RefCell::new(String::new()));
        let seen = std::rc::Rc::clone(&after);
        self.api.db.before_next_write(move |db| {
            db.run(&sql);
            *seen.borrow_mut() = db.dump();
        });
        let answer = request();
        assert!(!after.borrow().is_empty(), "nothing was written: {answer:?}");
        assert_eq!(self.api.db.dump(), *after.borrow(), "half a write: {answer:?}");
        answer
    }
}

fn named(path: &str) -> Value {
    json!({if path.contains("/models/") { "model" } else { "name" }: "mine"})
}

#[test]
fn a_row_that_changed_since_it_was_read_is_not_overwritten() {
    for index in 0..6 {
        let scene = scene();
        let (table, path) = scene.all()[index];
        let other = format!(
            "UPDATE {table} SET name = 'theirs', name_key = 'theirs', version = version + 1 WHERE id = '{}'",
            id(path)
        );
        let other = if table == "tokens" { other.replace("name_key = 'theirs', ", "") } else { other };
        scene.overtaken(other.clone(), || scene.api.patch(path, named(path))).refuses(
            412,
            "request.precondition_failed",
            "",
        );
        scene.overtaken(other, || scene.api.delete(path)).refuses(412, "request.precondition_failed", "");
    }
}

#[test]
fn a_row_that_was_deleted_since_it_was_read_stays_deleted() {
    for index in 0..6 {
        let scene = scene();
        let (table, path) = scene.all()[index];
        let mut sql = format!("DELETE FROM {table} WHERE id = '{}'", id(path));
        if table == "providers" {
            sql = format!("DELETE FROM models; {sql}");
        }
        scene.overtaken(sql, || scene.api.patch(path, named(path))).refuses(412, "request.precondition_failed", "");
    }
}

fn id(path: &str) -> &str {
    path.rsplit('/').next().expect("an id")
}

#[test]
fn a_name_that_was_taken_meanwhile_is_a_conflict() {
    let scene = scene();
    let project = scene.api.default_project();
    let sql = format!(
        "INSERT INTO providers (id, project_id, name, name_key, kind, credential_source, created_at, updated_at)
         VALUES ('aip_x', '{project}', 'Mine', 'mine', 'openai', 'unset', 1, 1)"
    );
    let create = || {
        scene.api.post(
            "/api/v1/providers",
            json!({"name": "mine", "provider": "openai", "api_key": "sk-0123456789abcdefghij"}),
        )
    };
    scene.overtaken(sql, create).refuses(409, "provider.name_conflict", "name");
}

#[test]
fn a_model_does_not_come_under_a_provider_that_went_meanwhile() {
    let scene = scene();
    let sql = "DELETE FROM models; DELETE FROM providers".to_owned();
    let create = || scene.api.post(&format!("{}/models", scene.provider), json!({"model": "m2", "is_default": true}));
    scene.overtaken(sql, create).refuses(404, "not_found", "");
}

#[test]
fn a_secret_that_went_meanwhile_is_not_linked() {
    let scene = scene();
    let secret = id(&scene.secret);
    let sql = format!("DELETE FROM secrets WHERE id = '{secret}'");
    scene.overtaken(sql, || scene.api.patch(&scene.provider, json!({"secret_id": secret}))).invalid("secret_id");
    let scene = self::scene();
    let secret = id(&scene.secret);
    let sql = format!("DELETE FROM secrets WHERE id = '{secret}'");
    let body = json!({"name": "b", "provider": "openai", "secret_id": secret});
    scene.overtaken(sql, || scene.api.post("/api/v1/providers", body)).invalid("secret_id");
}

#[test]
fn a_secret_that_came_into_use_meanwhile_is_not_deleted() {
    let scene = scene();
    let sql = format!(
        "UPDATE providers SET credential_source = 'secret', credential = NULL, secret_id = '{}'",
        id(&scene.secret)
    );
    scene.overtaken(sql, || scene.api.delete(&scene.secret)).refuses(409, "secret.in_use", "");
}

#[test]
fn a_default_that_went_meanwhile_leaves_the_old_one_in_place() {
    let scene = scene();
    let other = scene.api.model(id(&scene.provider), "m2");
    let sql = format!("DELETE FROM models WHERE id = '{other}'");
    let answer = scene.overtaken(sql, || scene.api.patch(&scene.provider, json!({"default_model": "m2"})));
    answer.refuses(412, "request.precondition_failed", "");
    assert_eq!(scene.api.db.all("SELECT model FROM models WHERE is_default = 1"), ["m1"]);
}

#[test]
fn refusing_to_delete_tells_a_changed_provider_from_one_in_use() {
    let scene = scene();
    scene.api.delete(&scene.model).must(204);
    let path = format!("{}?models=refuse", scene.provider);
    let sql = "UPDATE providers SET name = 'theirs', name_key = 'theirs', version = version + 1".to_owned();
    scene.overtaken(sql, || scene.api.delete(&path)).refuses(412, "request.precondition_failed", "");
    let sql = format!(
        "INSERT INTO models (id, project_id, provider_id, model, model_key, created_at, updated_at)
         SELECT 'mdl_0123456789abcdef', project_id, id, 'late', 'late', 1, 1 FROM providers WHERE id = '{}'",
        id(&scene.provider)
    );
    let refused = scene.overtaken(sql, || scene.api.delete(&path));
    refused.refuses(409, "provider.in_use", "");
    assert_eq!(refused.body["error"]["details"]["names"], json!(["late"]));
}

#[test]
fn a_model_registered_while_its_provider_goes_goes_along() {
    let scene = scene();
    let sql = format!(
        "INSERT INTO models (id, project_id, provider_id, model, model_key, created_at, updated_at)
         SELECT 'mdl_0123456789abcdef', project_id, id, 'late', 'late', 1, 1 FROM providers WHERE id = '{}'",
        id(&scene.provider)
    );
    scene.api.db.before_next_write(move |db| db.run(&sql));
    scene.api.delete(&scene.provider).must(204);
    assert_eq!(scene.api.db.count("SELECT count(*) FROM models"), 0);
}

/// Every write there is.
fn writes(scene: &Scene) -> Vec<(&'static str, String, Value)> {
    let models = format!("{}/models", scene.provider);
    vec![
        (
            "POST",
            "/api/v1/providers".into(),
            json!({"name": "new", "provider": "openai", "api_key": "sk-0123456789abcdefghij"}),
        ),
        (
            "PATCH",
            scene.provider.clone(),
            json!({"name": "new", "default_model": "m1", "api_key": "sk-0123456789abcdefghij"}),
        ),
        ("POST", models, json!({"model": "new", "is_default": true})),
        ("PATCH", scene.model.clone(), json!({"model": "new", "is_default": true})),
        ("DELETE", scene.model.clone(), json!({})),
        ("DELETE", scene.provider.clone(), json!({})),
        ("DELETE", format!("{}?models=orphan", scene.provider), json!({})),
        ("POST", "/api/v1/secrets".into(), json!({"name": "new", "value": "v-of-a-secret"})),
        ("PATCH", scene.secret.clone(), json!({"name": "new", "value": "w-of-a-secret"})),
        ("DELETE", scene.secret.clone(), json!({})),
        ("POST", "/api/v1/users".into(), json!({"name": "new"})),
        ("PATCH", scene.user.clone(), json!({"name": "new", "role": "viewer"})),
        ("DELETE", scene.user.clone(), json!({})),
        ("POST", "/api/v1/tokens".into(), json!({"name": "new", "user_id": id(&scene.user)})),
        ("PATCH", scene.token.clone(), json!({"name": "new"})),
        ("DELETE", scene.token.clone(), json!({})),
        ("POST", "/api/v1/projects".into(), json!({"name": "new"})),
        ("PATCH", scene.project.clone(), json!({"name": "new"})),
        ("DELETE", scene.project.clone(), json!({})),
        ("POST", "/api/v1/sealing-keys/rotate".into(), json!({})),
    ]
}

#[test]
fn while_the_database_is_away_writes_answer_503_and_change_nothing() {
    for index in 0..writes(&scene()).len() {
        let scene = scene();
        let (method, path, body) = writes(&scene)[index].clone();
        scene.api.db.away.set(true);
        let refused = scene.api.changes_nothing(|| scene.api.root().send(method, &path, body.to_string().into_bytes()));
        refused.refuses(503, "database.unavailable", "");
        assert_eq!(refused.header("retry-after"), Some("1"));
    }
}

#[test]
fn whenever_the_database_goes_away_a_503_means_that_nothing_changed() {
    for index in 0..writes(&scene()).len() {
        for answered in 0..6 {
            let scene = scene();
            let (method, path, body) = writes(&scene)[index].clone();
            let before = scene.api.db.dump();
            scene.api.db.answers.set(Some(answered));
            let answer = scene.api.root().send(method, &path, body.to_string().into_bytes());
            let unchanged = scene.api.db.dump() == before;
            if answer.status == 503 {
                assert!(unchanged, "{method} {path} said 503 after {answered} batches and had written");
            } else {
                assert!(answer.status < 300, "{method} {path}: {answer:?}");
            }
        }
    }
}

#[test]
fn reads_answer_503_while_the_database_is_away() {
    let scene = scene();
    scene.api.db.away.set(true);
    for (_, path) in scene.all() {
        scene.api.get(path).refuses(503, "database.unavailable", "");
    }
    for path in [
        "/api/v1/providers",
        "/api/v1/models",
        "/api/v1/secrets",
        "/api/v1/users",
        "/api/v1/tokens",
        "/api/v1/projects",
        "/api/v1/sealing-keys",
    ] {
        scene.api.get(path).refuses(503, "database.unavailable", "");
    }
    scene.api.as_token("slu_0123456789abcdefghijABCDEFGHIJ0123456789abcd").get("/api/v1/me").refuses(
        503,
        "database.unavailable",
        "",
    );
    scene.api.get("/api/v1/me").must(200);
}

#[test]
fn the_preconditions_table_is_empty_after_every_write() {
    for index in 0..writes(&scene()).len() {
        let scene = scene();
        let (method, path, body) = writes(&scene)[index].clone();
        scene.api.root().send(method, &path, body.to_string().into_bytes());
        assert_eq!(scene.api.db.count("SELECT count(*) FROM preconditions"), 0, "{method} {path}");
    }
}
