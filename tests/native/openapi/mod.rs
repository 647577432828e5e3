//! `/openapi.json`: made of the code's own tables, checked in, served, and held against every answer that the native tests
//! get.

mod answers;
mod components;
mod data_plane;
mod document;
mod mcp;
mod operations;
mod vendors;

pub use answers::hold;

use crate::harness::Api;
use crate::json_schema::{Unnamed, assert_fits};
use document::{document, routed, spelled, text};
use operations::{Answer, GROUPS};
use serde_json::Value;
use sluice::access::route::ROUTES;
use sluice::admin::schema::{References, schema};
use sluice::gateway::door;
use std::path::Path;

/// Where the document is checked in.
fn file() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json")
}

#[test]
fn the_document_that_is_checked_in_is_what_the_tables_make() {
    let made = text(&document());
    if std::env::var_os("OPENAPI_UPDATE").is_some() {
        std::fs::write(file(), &made).expect("written");
    }
    let kept = std::fs::read_to_string(file()).expect("openapi.json");
    let line = made.lines().zip(kept.lines()).position(|(made, kept)| made != kept);
    assert!(
        made == kept,
        "openapi.json is stale from line {} on: `OPENAPI_UPDATE=1 cargo test --locked --test native openapi` writes it anew",
        line.map_or(made.lines().count().min(kept.lines().count()), |line| line) + 1
    );
}

#[test]
fn every_route_is_described_and_every_description_is_of_a_route() {
    let document = document();
    for (method, path, _) in ROUTES {
        assert!(document["paths"][path][spelled(*method)].is_object(), "{method:?} {path} is not in /openapi.json");
    }
    for described in GROUPS.iter().flat_map(|group| group.routes) {
        routed(described.method, described.path);
    }
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            let concrete = path.replace(['{', '}'], "");
            if door::is_data_plane(&concrete) {
                assert!(door::find(&method.to_uppercase(), &concrete).is_ok(), "{method} {path} does not exist");
            }
        }
    }
    for (path, _) in door::CALLS {
        assert!(document["paths"][path]["post"].is_object(), "{path} is not in /openapi.json");
    }
}

#[test]
fn operations_have_names_of_their_own_a_tag_that_is_told_and_a_summary() {
    let document = document();
    let tags: Vec<&Value> = document["tags"].as_array().expect("tags").iter().map(|tag| &tag["name"]).collect();
    let mut ids = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            ids.push(operation["operationId"].as_str().expect("an id"));
            assert!(tags.contains(&&operation["tags"][0]), "{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|text| text.len() > 5), "{method} {path}");
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let told = parameters.filter(|parameter| {
                let shared = parameter["$ref"].as_str().and_then(|to| to.rsplit('/').next());
                let shared = shared.map(|name| &document["components"]["parameters"][name]);
                shared.unwrap_or(parameter)["in"] == "path"
            });
            assert_eq!(told.count(), path.matches('{').count(), "{method} {path}");
        }
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn examples_of_bodies_fit_and_those_that_make_something_do() {
    for described in GROUPS.iter().flat_map(|group| group.routes) {
        let Some(body) = &described.body else { continue };
        let example: Value = serde_json::from_str(body.example).expect("JSON");
        assert_fits(&example, &schema(body.object, body.purpose, References::Inline), Unnamed::Refused);
        if let Answer::Made(_) = described.answer {
            let api = Api::new();
            let provider = described.path.contains("{provider_id}").then(|| api.provider("for the example"));
            let path = described.path.replace("{provider_id}", &provider.unwrap_or_default());
            api.post(&path, example).must(201);
        }
    }
}

#[test]
fn the_document_is_served_without_a_token() {
    let api = Api::new();
    let answer = api.authorized(None).get("/openapi.json").must(200);
    assert_eq!(answer.body["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(answer.body["openapi"], "3.1.0");
    assert!(answer.header("cache-control").is_some_and(|value| value.contains("public")));
    let closed = Api::with(&[]);
    closed.authorized(None).get("/openapi.json").refuses(503, "admin.not_configured", "");
    api.authorized(None).send("POST", "/openapi.json", Vec::new()).refuses(401, "auth.invalid_token", "");
    assert_eq!(
        api.root().send("POST", "/openapi.json", Vec::new()).must(405).header("allow"),
        Some("GET, HEAD, OPTIONS")
    );
}
