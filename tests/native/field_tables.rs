//! The tables of fields against the API: answers show what the tables list, and bodies are taken or refused as they say.

use crate::data_plane::Isolate;
use crate::fake_extensions::{BUNDLED, MODULE};
use crate::harness::{Answer, Api};
use crate::json_schema::{Unnamed, assert_fits, fits};
use crate::token_limits::STANDING;
use crate::usage::{TODAY, row, write};
use serde_json::{Value, json};
use sluice::admin::schema::admin_panel::{
    FETCHED, MESSAGE, PANEL_MODELS, PANEL_PROVIDER, PANEL_PROVIDERS, PLAIN_ERROR, TOGGLE,
};
use sluice::admin::schema::ai_providers::{self, AI_PROVIDER};
use sluice::admin::schema::audit::{AUDIT_ENTRY, OF_AUDIT_LOG};
use sluice::admin::schema::discovery::{AVAILABLE_MODEL, IMPORT, IMPORTED, TESTED};
use sluice::admin::schema::error::ERROR;
use sluice::admin::schema::extensions::EXTENSION;
use sluice::admin::schema::health::HEALTH;
use sluice::admin::schema::me::ME;
use sluice::admin::schema::models::{MODEL, OF_SELECTABLE};
use sluice::admin::schema::own_keys::OWN_KEY;
use sluice::admin::schema::page::{IN_PROJECT, PAGE};
use sluice::admin::schema::projects::PROJECT;
use sluice::admin::schema::providers::{ON_DELETE, PROVIDER};
use sluice::admin::schema::requests::{OF_REQUESTS, REQUEST};
use sluice::admin::schema::resolve::{OF_RESOLVE, RESOLUTION};
use sluice::admin::schema::sealing_keys::{ON_ROTATE, ROTATION, SEALING_KEY};
use sluice::admin::schema::secrets::SECRET;
use sluice::admin::schema::tokens::{STATEMENT, TOKEN};
use sluice::admin::schema::usage::{OF_USAGE, TOTALS};
use sluice::admin::schema::users::USER;
use sluice::admin::schema::{
    Bound, CLOSED, Field, Null, Object, Purpose, References, Shown, Type, UNBOUNDED, Written, component, parameter,
    schema,
};

fn inline(object: &Object, purpose: Purpose) -> Value {
    schema(object, purpose, References::Inline)
}

#[track_caller]
fn shows(value: &Value, object: &Object, purpose: Purpose) {
    assert_fits(value, &inline(object, purpose), Unnamed::Refused);
}

/// A resource whose table says what its bodies may have.
struct Resource {
    object: &'static Object,
    collection: String,
    /// The least that a creation takes.
    least: Value,
    /// Values that need something that is there, or further fields with them.
    good: Vec<(&'static str, Value)>,
}

impl Resource {
    /// A body with one field more, or another value of it.
    fn with(&self, field: &str, value: &Value) -> Value {
        let mut body = self.least.clone();
        body[field] = value.clone();
        body
    }

    /// Bodies that must be taken, each with the field that it is about.
    fn good_bodies(&self, field: &Field) -> Vec<Value> {
        let given = self.good.iter().filter(|(name, _)| *name == field.name);
        let given: Vec<Value> = given.map(|(_, body)| body.clone()).collect();
        if !given.is_empty() {
            return given;
        }
        good_values(field).iter().map(|value| json!({ field.name: value })).collect()
    }
}

fn resources(api: &Api) -> Vec<Resource> {
    let provider = api.provider("Base");
    let secret = api.secret("base", "sk-0123456789abcdefghijkl");
    let (project, user) = (api.default_project(), api.user("base"));
    let resource = |object, path: &str, least, good| Resource { object, collection: path.into(), least, good };
    let in_project = ("project_id", json!({ "project_id": project }));
    vec![
        resource(
            &PROVIDER,
            "/api/v1/providers",
            json!({"name": "n", "provider": "openai"}),
            vec![
                in_project.clone(),
                ("secret_id", json!({ "secret_id": secret })),
                (
                    "custom_headers",
                    json!({"auth_method": "custom_headers", "custom_headers": {"X-Team-Key": "k-0123456789"}}),
                ),
                ("auth_method", json!({"auth_method": "bearer"})),
                ("protocol", json!({"protocol": "responses"})),
                ("provider", json!({"provider": "anthropic"})),
                ("default_model", json!({"default_model": null})),
            ],
        ),
        resource(
            &MODEL,
            &format!("/api/v1/providers/{provider}/models"),
            json!({"model": "m"}),
            vec![("provider_id", json!({ "provider_id": provider }))],
        ),
        resource(
            &SECRET,
            "/api/v1/secrets",
            json!({"name": "n", "value": "sk-0123456789abcdefghijkl"}),
            vec![in_project.clone()],
        ),
        resource(
            &EXTENSION,
            "/api/v1/extensions",
            json!({"name": "n", "module_base64": MODULE}),
            vec![
                in_project.clone(),
                ("bundled", json!({"bundled": BUNDLED, "module_base64": null})),
                ("module_base64", json!({"module_base64": MODULE})),
            ],
        ),
        resource(&USER, "/api/v1/users", json!({"name": "n"}), vec![in_project.clone()]),
        resource(
            &TOKEN,
            "/api/v1/tokens",
            json!({"name": "n"}),
            vec![
                in_project,
                ("user_id", json!({"user_id": null})),
                ("user_id", json!({ "user_id": user })),
                ("role", json!({"role": "viewer"})),
            ],
        ),
        resource(&PROJECT, "/api/v1/projects", json!({"name": "n"}), vec![]),
    ]
}

/// Values at the bounds, the example, the default, each word, and null where it is one.
fn good_values(field: &Field) -> Vec<Value> {
    let mut values: Vec<Value> = [field.example, field.default]
        .into_iter()
        .filter(|json| !json.is_empty())
        .map(|json| serde_json::from_str(json).expect("JSON"))
        .collect();
    match field.kind {
        Type::Truth => values.extend([json!(true), json!(false)]),
        Type::Word(words) => values.extend(words().iter().map(|word| json!(word))),
        Type::Whole(from, to) => values.extend([json!(from), json!(to)]),
        Type::Number { from: Bound::At(from), to } => values.extend([json!(from), json!(to)]),
        Type::Number { to, .. } => values.extend([json!(0.5), json!(to)]),
        // Of the patterns, a name's takes any letter.
        Type::Text { most, pattern, .. } if most <= 200 && pattern.contains(r"\x00") => {
            values.push(json!("x".repeat(most as usize)));
        }
        Type::List { of, least: 0, most } => {
            values.push(json!([]));
            if let Type::Text { least: 1, .. } = of {
                values.push((0..most).map(|n| json!(format!("x{n}"))).collect());
            }
        }
        _ => {}
    }
    if field.null == Null::Clears {
        values.push(Value::Null);
    }
    values
}

/// Values of each JSON type, and such as lie just beyond a bound.
fn suspects(field: &Field) -> Vec<Value> {
    let mut values = vec![
        Value::Null,
        json!(true),
        json!(7),
        json!(1.5),
        json!("text"),
        json!(""),
        json!([]),
        json!([7]),
        json!({}),
        json!({"unknown": 7}),
    ];
    match field.kind {
        Type::Text { most, .. } if most != UNBOUNDED => values.push(json!("x".repeat(most as usize + 1))),
        Type::Whole(from, to) => values.extend([json!(from - 1), json!(to + 1)]),
        Type::Number { from: Bound::At(from), to } => values.extend([json!(from - 0.001), json!(to + 0.001)]),
        Type::Number { from: Bound::Above(from), to } => values.extend([json!(from), json!(to + 0.001)]),
        Type::List { of, most, .. } if most != UNBOUNDED => {
            values.push((0..=most).map(|n| json!(format!("x^{n}"))).collect());
            if let Type::Text { most, .. } = of {
                values.push(json!(["x".repeat((*most as usize).min(10_000) + 1)]));
            }
        }
        Type::Map { least: 1, most, .. } => {
            values.push((0..=most).map(|n| (format!("X-{n}"), json!("v"))).collect::<serde_json::Map<_, _>>().into());
        }
        _ => {}
    }
    values
}

fn property<'s>(schema: &'s Value, field: &Field) -> &'s Value {
    &schema["properties"][field.name]
}

#[track_caller]
fn refused_on(answer: &Answer, field: &Field, value: &Value) {
    let param = answer.body["error"]["param"].as_str().unwrap_or_default();
    let named = param == field.name || param.starts_with(&format!("{}.", field.name));
    // A project that is named amiss is not there.
    let status = answer.status == 422 || (answer.status == 404 && field.name == "project_id");
    assert!(status && named, "{} of {value}: {}", field.name, answer.text);
    shows(&answer.body, &ERROR, Purpose::Read);
}

#[test]
fn each_writable_field_is_taken_as_its_table_says() {
    let api = Api::new();
    for resource in resources(&api) {
        let (create, update) = (inline(resource.object, Purpose::Create), inline(resource.object, Purpose::Update));
        for field in resource.object.writable() {
            let bodies = resource.good_bodies(field);
            assert!(!bodies.is_empty(), "{} has no example", field.name);
            for body in bodies {
                let mut whole = resource.least.clone();
                whole.as_object_mut().expect("an object").extend(body.as_object().expect("an object").clone());
                assert_fits(&whole, &create, Unnamed::Allowed);
                let made = api.post(&resource.collection, whole).must(201);
                shows(&made.body, resource.object, Purpose::Made);
                let path = format!("{}/{}", resource.collection, made.id());
                shows(&api.get(&path).must(200).body, resource.object, Purpose::Read);
                api.delete(&path).must(204);
                // What has its least fields only takes the same later.
                let path =
                    format!("{}/{}", resource.collection, api.post(&resource.collection, resource.least.clone()).id());
                assert_fits(&body, &update, Unnamed::Allowed);
                shows(&api.patch(&path, body).must(200).body, resource.object, Purpose::Read);
                api.delete(&path).must(204);
            }
        }
    }
}

#[test]
fn each_field_refuses_what_its_table_does_not_allow() {
    let api = Api::new();
    for resource in resources(&api) {
        let made = api.post(&resource.collection, resource.least.clone()).must(201);
        let path = format!("{}/{}", resource.collection, made.id());
        let create = inline(resource.object, Purpose::Create);
        for field in resource.object.writable() {
            for value in suspects(field) {
                if fits(&value, property(&create, field), Unnamed::Refused).is_ok() {
                    continue;
                }
                let posted = api.changes_nothing(|| api.post(&resource.collection, resource.with(field.name, &value)));
                refused_on(&posted, field, &value);
                let patched = api.changes_nothing(|| api.patch(&path, json!({ field.name: value })));
                refused_on(&patched, field, &value);
            }
            if field.written == Written::Required {
                let mut without = resource.least.clone();
                without.as_object_mut().expect("an object").remove(field.name);
                api.changes_nothing(|| api.post(&resource.collection, without)).invalid(field.name);
            }
        }
        for field in resource.object.fields.iter().filter(|field| field.written == Written::Never) {
            let refused = api.changes_nothing(|| api.patch(&path, json!({ field.name: made.body[field.name] })));
            refused.invalid(field.name);
            assert!(refused.message().contains("read-only"), "{}", refused.message());
        }
        api.changes_nothing(|| api.patch(&path, json!({}))).invalid("");
        api.changes_nothing(|| api.patch(&path, json!({"unknown": 1}))).invalid("unknown");
        api.delete(&path).must(204);
    }
}

#[test]
fn a_nested_table_is_the_servers_too() {
    let api = Api::new();
    let statement = |member: &str, value: Value| {
        let mut statement = json!({"effect": "allow", "actions": ["models:*"]});
        statement[member] = value;
        api.post("/api/v1/tokens", json!({"name": "n", "policy": [statement]}))
    };
    for field in STATEMENT.fields {
        for value in suspects(field) {
            if fits(&value, property(&inline(&STATEMENT, Purpose::Create), field), Unnamed::Refused).is_err() {
                let answer = api.changes_nothing(|| statement(field.name, value.clone()));
                assert_eq!(answer.status, 422, "{} of {value}: {}", field.name, answer.text);
            }
        }
    }
    api.changes_nothing(|| statement("unknown", json!(1))).invalid("policy");
    statement("resources", json!(["aip_0123456789abcdef"])).must(201);
    let Type::Object(advanced) = PROVIDER.field("advanced_json").expect("a field").kind else { panic!("no table") };
    let with = |key: &str, value: &Value| {
        api.post(
            "/api/v1/providers",
            json!({"name": "n", "provider": "azure", "base_url": "https://x.example", "advanced_json": {key: value}}),
        )
    };
    for field in advanced.fields {
        for value in suspects(field) {
            if fits(&value, property(&inline(advanced, Purpose::Create), field), Unnamed::Refused).is_err() {
                let answer = api.changes_nothing(|| with(field.name, &value));
                let param = answer.body["error"]["param"].as_str().unwrap_or_default();
                assert!(param.starts_with(&format!("advanced_json.{}", field.name)), "{value}: {}", answer.text);
            }
        }
        if !field.example.is_empty() {
            let made = with(field.name, &serde_json::from_str(field.example).expect("JSON")).must(201);
            shows(&made.body, &PROVIDER, Purpose::Made);
            api.delete(&format!("/api/v1/providers/{}", made.id())).must(204);
        }
    }
}

#[test]
fn answers_that_nobody_writes_show_what_their_tables_list() {
    let isolate = Isolate::new();
    let api = &isolate.api;
    shows(&api.get("/healthz").must(200).body, &HEALTH, Purpose::Read);
    shows(&api.get("/api/v1/me").must(200).body, &ME, Purpose::Read);
    let token = api.token_of_user("ada");
    shows(&api.as_token(&token).get("/api/v1/me").must(200).body, &ME, Purpose::Read);
    let limits = json!({"requests_per_minute": 10, "budget_usd": 5, "budget_period": "day"});
    let limited = api.post("/api/v1/tokens", json!({"name": "limited", "limits": limits})).must(201);
    api.limiters.standing.set(Some(STANDING));
    shows(&api.get(&format!("/api/v1/tokens/{}", limited.id())).must(200).body, &TOKEN, Purpose::Read);
    let limited = limited.body["token"].as_str().expect("a token").to_owned();
    shows(&api.as_token(&limited).get("/api/v1/me").must(200).body, &ME, Purpose::Read);
    let provider = api.provider("main");
    api.model(&provider, "gpt-5");
    shows(&api.get(&format!("/api/v1/providers/{provider}")).body, &PROVIDER, Purpose::Read);
    shows(&api.as_token(&token).get(&format!("/api/v1/providers/{provider}")).body, &PROVIDER, Purpose::Read);
    api.model_with(&provider, json!({"model": "m", "name": "fast", "fallbacks": ["main^gpt-5"]}));
    shows(&api.get("/api/v1/models/resolve?model=fast").must(200).body, &RESOLUTION, Purpose::Read);
    let own = format!("/api/v1/me/provider-keys/{provider}");
    let key = json!({"api_key": "sk-own-0123456789abcdefgh"});
    shows(&api.as_token(&token).put(&own, key).must(201).body, &OWN_KEY, Purpose::Made);
    shows(&api.as_token(&token).get(&own).must(200).body, &OWN_KEY, Purpose::Read);
    for field in OWN_KEY.writable() {
        for value in suspects(field) {
            if fits(&value, property(&inline(&OWN_KEY, Purpose::Create), field), Unnamed::Allowed).is_err() {
                let answer = api.changes_nothing(|| api.as_token(&token).put(&own, json!({ field.name: value })));
                refused_on(&answer, field, &value);
            }
        }
    }
    for key in api.get("/api/v1/sealing-keys").must(200).body["data"].as_array().expect("a list") {
        shows(key, &SEALING_KEY, Purpose::Read);
    }
    shows(&api.post("/api/v1/sealing-keys/rotate?dry_run=true", json!({})).must(200).body, &ROTATION, Purpose::Read);
}

#[test]
fn the_documents_doors_show_what_their_tables_list() {
    let api = Api::new();
    let made = api.post("/api/v1/ai-providers", json!({"name": "a", "provider": "openai"})).must(201);
    shows(&made.body, &AI_PROVIDER, Purpose::Made);
    let path = format!("/api/v1/ai-providers/{}", made.id());
    let full = json!({"defaultModel": "gpt-5", "config": {"seed": 7}, "baseUrl": "https://llm.example.com"});
    shows(&api.patch(&path, full).must(200).body, &AI_PROVIDER, Purpose::Read);
    shows(&api.get("/api/v1/ai-providers/nowhere").body, &PLAIN_ERROR, Purpose::Read);
    let panel = format!("/api/admin/providers/{}", made.id());
    shows(&api.root().put(&panel, json!({"type": "groq"})).must(200).body, &PANEL_PROVIDER, Purpose::Read);
    shows(&api.get("/api/admin/providers").body, &PANEL_PROVIDERS, Purpose::Read);
    shows(&api.get("/api/models").body, &PANEL_MODELS, Purpose::Read);
    for (method, path, body, table) in [
        ("POST", "/api/v1/ai-providers", json!({"name": "b", "provider": "openai"}), &AI_PROVIDER),
        ("POST", "/api/admin/providers", json!({"name": "c", "type": "openai"}), &PANEL_PROVIDER),
        ("PUT", &format!("{panel}/toggle"), json!({"enabled": true}), &TOGGLE),
    ] {
        for field in table.writable() {
            for value in suspects(field) {
                if fits(&value, property(&inline(table, Purpose::Create), field), Unnamed::Refused).is_ok() {
                    continue;
                }
                let mut bad = body.clone();
                bad[field.name] = value.clone();
                let refused = api.changes_nothing(|| api.root().send(method, path, bad.to_string().into_bytes()));
                let said = refused.body["error"].as_str().unwrap_or_default();
                let word = if field.name == "projectId" { "project" } else { field.name };
                assert!(said.contains(word), "{method} {path} {} of {value}: {}", field.name, refused.text);
            }
        }
    }
    shows(&api.delete(&panel).must(200).body, &MESSAGE, Purpose::Read);
}

#[test]
fn what_upstreams_are_asked_for_is_shown_as_its_tables_list_it() {
    let api = Api::new();
    let provider = api.provider("main");
    let model = api.model(&provider, "gpt-5");
    let at = |path: &str| format!("/api/v1/providers/{provider}/{path}");
    api.upstream.answers(200, json!({"data": [{"id": "gpt-5", "context_window": 1000}, {"id": "gpt-6"}]}));
    for listed in api.get(&at("available-models")).must(200).body["data"].as_array().expect("a list") {
        shows(listed, &AVAILABLE_MODEL, Purpose::Read);
    }
    let body = json!({"models": ["gpt-6"]});
    assert_fits(&body, &inline(&IMPORT, Purpose::Create), Unnamed::Refused);
    shows(&api.post(&at("import-models"), body).must(200).body, &IMPORTED, Purpose::Read);
    api.upstream.lists(&["gpt-5"]);
    let fetch = format!("/api/admin/providers/{provider}/fetch");
    shows(&api.post(&fetch, json!({})).must(200).body, &FETCHED, Purpose::Read);
    shows(&api.get(&at(&format!("models/{model}"))).must(200).body, &MODEL, Purpose::Read);
    for status in [400, 200] {
        let answer = json!({"object": "response", "status": "completed", "output": [], "error": null,
            "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}});
        api.upstream.answers(status, answer);
        shows(&api.post(&at(&format!("models/{model}/test")), json!({})).must(200).body, &TESTED, Purpose::Read);
    }
}

#[test]
fn the_log_and_totals_show_what_their_tables_list() {
    let api = Api::new();
    let id = "req_0000000000000001";
    write(&api, &[row(&api, id)]);
    let project = api.default_project();
    api.db.run(&format!(
        "INSERT INTO request_attempts (request_id, attempt, project_id, created_at, status, latency_ms)
         VALUES ('{id}', 1, '{project}', {TODAY}, 200, 7)"
    ));
    shows(&api.get(&format!("/api/v1/requests/{id}")).must(200).body, &REQUEST, Purpose::Read);
    api.user("u");
    shows(&api.get("/api/v1/audit-log").must(200).body["data"][0], &AUDIT_ENTRY, Purpose::Read);
    let mut shown = Vec::new();
    for group_by in ["", "model", "provider", "user", "token", "day", "hour"] {
        let totals = api.get(&format!("/api/v1/usage?group_by={group_by}")).must(200);
        let row = &totals.body["data"][0];
        shows(row, &TOTALS, Purpose::Read);
        shown.extend(row.as_object().expect("an object").keys().cloned());
    }
    for field in TOTALS.fields {
        assert!(shown.iter().any(|name| name == field.name), "nothing shows {}", field.name);
    }
}

#[test]
fn query_parameters_take_what_their_tables_say() {
    let api = Api::new();
    let provider = api.provider("main");
    api.post("/api/v1/users", json!({"name": "main"})).must(201);
    api.token(json!({"name": "main"}));
    api.model_with(&provider, json!({"model": "main"}));
    let lists: [(&str, &str, &[Field]); 8] = [
        ("GET", "/api/v1/audit-log", OF_AUDIT_LOG),
        ("GET", "/api/v1/providers", PAGE),
        ("GET", "/api/v1/models", OF_SELECTABLE),
        ("GET", "/api/v1/models/resolve?model=main", OF_RESOLVE),
        ("GET", "/api/v1/requests", OF_REQUESTS),
        ("GET", "/api/v1/usage", OF_USAGE),
        ("POST", "/api/v1/sealing-keys/rotate", ON_ROTATE),
        ("DELETE", "/api/v1/providers/aip_0000000000000000", ON_DELETE),
    ];
    for (method, path, parameters) in lists {
        for field in parameters {
            let ask = |value: &Value| {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let path = match method {
                    "DELETE" => format!("/api/v1/providers/{}", api.provider(&format!("to delete by {text}"))),
                    _ => path.to_owned(),
                };
                let query = if path.contains('?') { '&' } else { '?' };
                api.root().send(method, &format!("{path}{query}{}={text}", field.name), Vec::new())
            };
            let by_name = matches!(field.name, "provider" | "model" | "user" | "token").then(|| json!("main"));
            for value in good_values(field).into_iter().chain(by_name) {
                let answer = ask(&value);
                assert!([200, 204].contains(&answer.status), "{path} {} {value}: {}", field.name, answer.text);
            }
            for value in [json!("nonsense"), json!(0), json!(1000), json!("%20")] {
                let typed = match field.kind {
                    Type::Text { .. } => continue,
                    _ => fits(&value, &parameter(field), Unnamed::Refused),
                };
                if typed.is_err() {
                    ask(&value).invalid(field.name);
                }
            }
        }
    }
    for (path, parameter) in
        [("requests", "from"), ("requests", "to"), ("requests", "status"), ("usage", "group_by"), ("usage", "cursor")]
    {
        api.get(&format!("/api/v1/{path}?{parameter}=nonsense")).invalid(parameter);
    }
    api.get("/api/v1/providers?project_id=nonsense").refuses(404, "not_found", "project_id");
}

/// A table, and those that it holds.
fn with_nested(object: &'static Object) -> Vec<&'static Object> {
    let nested = object.fields.iter().filter_map(|field| field.kind.object()).flat_map(with_nested);
    std::iter::once(object).chain(nested).collect()
}

#[test]
fn tables_are_told_in_sentences_and_their_examples_fit() {
    let roots = [
        &PROVIDER,
        &MODEL,
        &SECRET,
        &EXTENSION,
        &USER,
        &TOKEN,
        &PROJECT,
        &OWN_KEY,
        &ME,
        &HEALTH,
        &SEALING_KEY,
        &ROTATION,
        &REQUEST,
        &RESOLUTION,
        &AUDIT_ENTRY,
        &TOTALS,
        &ERROR,
        &AI_PROVIDER,
        &PANEL_PROVIDERS,
        &PANEL_MODELS,
        &TOGGLE,
        &FETCHED,
        &MESSAGE,
        &PLAIN_ERROR,
        &AVAILABLE_MODEL,
        &IMPORT,
        &IMPORTED,
        &TESTED,
    ];
    let parameters = [
        ai_providers::IN_PROJECT,
        PAGE,
        IN_PROJECT,
        OF_SELECTABLE,
        OF_RESOLVE,
        OF_REQUESTS,
        OF_AUDIT_LOG,
        OF_USAGE,
        ON_ROTATE,
        ON_DELETE,
    ];
    let mut tables: Vec<(&str, &str, &[Field])> = Vec::new();
    for object in roots.into_iter().flat_map(|object| with_nested(object)) {
        let twin = tables.iter().find(|(name, ..)| *name == object.name);
        assert!(twin.is_none_or(|(_, doc, _)| *doc == object.doc), "two tables are called {}", object.name);
        tables.push((object.name, object.doc, object.fields));
    }
    tables.extend(parameters.map(|fields| ("parameters", "Parameters.", fields)));
    for (name, doc, fields) in tables {
        assert!(doc.ends_with('.') && name.len() > 1, "{name}");
        for (index, field) in fields.iter().enumerate() {
            assert!(fields.iter().skip(index + 1).all(|other| other.name != field.name), "{name}.{} twice", field.name);
            assert!(field.doc.ends_with('.'), "{name}.{}: {}", field.name, field.doc);
            assert!(field.shown != Shown::Never || field.written != Written::Never, "{name}.{} is nowhere", field.name);
            for json in [field.example, field.default].into_iter().filter(|json| !json.is_empty()) {
                let value = serde_json::from_str(json).unwrap_or_else(|_| panic!("{name}.{}: {json}", field.name));
                assert_fits(&value, &parameter_inline(field), Unnamed::Refused);
            }
        }
    }
}

/// One field's schema by itself.
fn parameter_inline(field: &Field) -> Value {
    let holder = Object { fields: Box::leak(Box::new([*field])), ..CLOSED };
    let written = Object { fields: Box::leak(Box::new([Field { written: Written::Optional, ..*field }])), ..holder };
    property(&inline(&written, Purpose::Create), field).clone()
}

#[test]
fn schemas_stand_alone_for_tools_and_name_each_other_in_openapi() {
    let tool = inline(&PROVIDER, Purpose::Create);
    assert_eq!((&tool["required"], &tool["additionalProperties"]), (&json!(["name"]), &json!(false)));
    assert!(tool.get("anyOf").is_none() && !tool.to_string().contains("$ref"), "{tool:#}");
    assert_eq!(tool["properties"]["api_key"]["writeOnly"], true);
    let protocol = &tool["properties"]["protocol"]["anyOf"];
    assert_eq!((&protocol[0]["type"], &protocol[1]), (&json!("string"), &json!({"type": "null"})));
    let named = schema(&PROVIDER, Purpose::Create, References::Components);
    assert_eq!(named["properties"]["protocol"]["type"], json!(["string", "null"]));
    assert_eq!(named["properties"]["protocol"]["enum"].as_array().and_then(|words| words.last()), Some(&Value::Null));
    assert_eq!(named["anyOf"], json!([{"required": ["provider"]}, {"required": ["protocol", "base_url"]}]));
    let advanced = json!([{"$ref": "#/components/schemas/AdvancedCreate"}, {"type": "null"}]);
    assert_eq!(named["properties"]["advanced_json"]["anyOf"], advanced);
    let update = schema(&PROVIDER, Purpose::Update, References::Components);
    assert_eq!((&update["required"], &update["minProperties"]), (&Value::Null, &json!(1)));
    let read = schema(&TOKEN, Purpose::Read, References::Components);
    assert_eq!((&read["properties"]["token"], &read["properties"]["id"]["readOnly"]), (&Value::Null, &json!(true)));
    let made = schema(&TOKEN, Purpose::Made, References::Components);
    assert!(made["required"].as_array().expect("a list").contains(&json!("token")), "{made:#}");
    assert_eq!(
        (component(&TOKEN, Purpose::Made), component(&USER, Purpose::Made)),
        ("TokenMade".into(), "User".into())
    );
}
