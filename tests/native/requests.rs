//! What every path does with a request, whatever it is about.

use crate::harness::{Answer, Api};
use serde_json::{Value, json};

const PATHS: [&str; 4] = ["/api/v1/providers", "/api/v1/secrets", "/api/v1/tokens", "/api/v1/projects"];

fn raw(api: &Api, body: &str) -> Answer {
    api.root().send("POST", "/api/v1/secrets", body.as_bytes().to_vec())
}

#[test]
fn malformed_json_is_400_with_its_position_and_without_its_words() {
    let api = Api::new();
    for (body, line, column) in [
        ("{\"name\": \"a\",\n  \"value\" \"sk-hidden\"}", 2, 11),
        ("", 1, 0),
        ("{\"value\": \"sk-hidden", 1, 20),
        ("{} trailing", 1, 4),
    ] {
        let refused = api.changes_nothing(|| raw(&api, body));
        refused.refuses(400, "request.malformed_json", "");
        assert_eq!(refused.body["error"]["details"], json!({"line": line, "column": column}), "{body}");
        assert!(!refused.text.contains("hidden"), "{}", refused.text);
    }
    for body in ["[]", "null", "\"x\"", "7"] {
        raw(&api, body).invalid("");
    }
    let deep = format!("{}{}", "{\"a\":".repeat(5000), "}".repeat(5000));
    raw(&api, &deep).refuses(400, "request.malformed_json", "");
    let refused = api.root().send("POST", "/api/v1/secrets", vec![b'{', 0xff, 0xfe]);
    refused.refuses(400, "request.malformed_json", "");
}

#[test]
fn a_body_that_is_not_declared_as_json_is_415() {
    let api = Api::new();
    let body = || json!({"name": "a", "value": "v-of-a-secret"});
    for media_type in [
        None,
        Some(""),
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("application/jsonx"),
        Some("multipart/form-data; boundary=json"),
    ] {
        let caller = api.root().content_type(media_type);
        api.changes_nothing(|| caller.post("/api/v1/secrets", body())).refuses(
            415,
            "request.unsupported_media_type",
            "",
        );
    }
    for (n, media_type) in
        ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"].into_iter().enumerate()
    {
        let mut body = body();
        body["name"] = json!(format!("s{n}"));
        api.root().content_type(Some(media_type)).post("/api/v1/secrets", body).must(201);
    }
}

#[test]
fn a_body_above_a_mebibyte_is_413() {
    let api = Api::new();
    let mut body = b"{\"name\": \"a\"".to_vec();
    body.resize((1 << 20) + 1, b' ');
    api.changes_nothing(|| api.root().send("POST", "/api/v1/secrets", body.clone())).refuses(
        413,
        "request.too_large",
        "",
    );
    body.resize((1 << 20) - 1, b' ');
    body.push(b'}');
    api.root().send("POST", "/api/v1/secrets", body).invalid("value");
}

#[test]
fn a_path_says_which_methods_it_takes() {
    let api = Api::new();
    for (method, path, allow) in [
        ("PUT", "/api/v1/providers", "GET, HEAD, POST, OPTIONS"),
        ("DELETE", "/api/v1/secrets", "GET, HEAD, POST, OPTIONS"),
        ("POST", "/api/v1/tokens/x", "GET, HEAD, PATCH, DELETE, OPTIONS"),
        ("PATCH", "/api/v1/me/provider-keys/x", "GET, HEAD, PUT, DELETE, OPTIONS"),
        ("GET", "/api/v1/sealing-keys/rotate", "POST, OPTIONS"),
        ("POST", "/api/v1/me", "GET, HEAD, OPTIONS"),
        ("get", "/api/v1/me", "GET, HEAD, OPTIONS"),
        ("POST", "/healthz", "GET, HEAD, OPTIONS"),
    ] {
        let refused = api.root().send(method, path, b"{}".to_vec());
        refused.refuses(405, "request.method_not_allowed", "");
        assert_eq!(refused.header("allow"), Some(allow), "{method} {path}");
    }
}

#[test]
fn options_says_which_methods_a_path_takes_to_whoever_may_know() {
    let api = Api::new();
    for (path, allow) in [
        ("/api/v1/providers", "GET, HEAD, POST, OPTIONS"),
        ("/v1/llm-providers/x", "GET, HEAD, PATCH, DELETE, OPTIONS"),
        ("/healthz", "GET, HEAD, OPTIONS"),
    ] {
        let told = api.root().send("OPTIONS", path, Vec::new()).must(204);
        assert_eq!((told.header("allow"), told.text.as_str()), (Some(allow), ""), "{path}");
    }
    let member = api.token_of_role("member");
    api.as_token(&member).send("OPTIONS", "/api/v1/secrets", Vec::new()).must(204);
    api.root().send("OPTIONS", "/api/v1/nowhere", Vec::new()).refuses(404, "not_found", "");
    api.authorized(None).send("OPTIONS", "/api/v1/providers", Vec::new()).refuses(401, "auth.invalid_token", "");
    api.authorized(None).send("OPTIONS", "/healthz", Vec::new()).must(204);
}

#[test]
fn whatever_is_read_has_a_tag_and_is_not_sent_twice_to_who_has_it() {
    let api = Api::new();
    let provider = api.provider("a");
    for path in [
        "/api/v1/me",
        "/api/v1/providers",
        &format!("/api/v1/providers/{provider}"),
        &format!("/api/v1/providers/{provider}/models"),
        "/api/v1/models",
        "/api/v1/tokens",
        "/api/v1/projects",
        "/api/v1/audit-log",
        "/api/v1/usage",
        "/api/v1/usage?format=csv",
        "/api/v1/requests",
        "/api/v1/sealing-keys",
    ] {
        let tag = api.get(path).must(200).etag();
        let again = api.root().if_none_match(&tag).get(path).must(304);
        assert_eq!((again.text.as_str(), again.etag()), ("", tag.clone()), "{path}");
        assert_eq!(api.root().if_none_match(&tag).send("HEAD", path, Vec::new()).status, 304, "{path}");
        api.root().if_none_match("\"another\"").get(path).must(200);
    }
    let before = api.get("/api/v1/providers").etag();
    api.patch(&format!("/api/v1/providers/{provider}"), json!({"enabled": false})).must(200);
    assert_ne!(api.get("/api/v1/providers").etag(), before);
}

#[test]
fn no_answer_is_for_a_cache() {
    let api = Api::new();
    let provider = api.provider("a");
    let path = format!("/api/v1/providers/{provider}");
    let tag = api.get(&path).etag();
    for answer in [
        api.get(&path),
        api.root().if_none_match(&tag).get(&path),
        api.get("/api/v1/nowhere"),
        api.authorized(None).get(&path),
        api.post("/api/v1/users", json!({"name": "u"})),
        api.root().send("OPTIONS", &path, Vec::new()),
        api.get("/api/v1/usage?format=csv"),
        api.get("/healthz"),
        api.delete(&path),
    ] {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
    }
}

#[test]
fn a_path_that_is_not_there_is_404() {
    let api = Api::new();
    for path in [
        "/",
        "/api",
        "/api/v1",
        "/api/v2/providers",
        "/api/v1/Providers",
        "/api/v1/people",
        "/api/v1/providers//models",
        "/healthz/x",
        "//healthz",
    ] {
        for method in ["GET", "POST", "PUT"] {
            api.root().send(method, path, b"{}".to_vec()).refuses(404, "not_found", "");
        }
    }
}

#[test]
fn head_answers_as_get_does() {
    let api = Api::new();
    let id = api.provider("a");
    let path = format!("/api/v1/providers/{id}");
    let (get, head) = (api.get(&path), api.root().send("HEAD", &path, Vec::new()));
    assert_eq!((head.status, head.headers), (200, get.headers));
    assert_eq!(api.root().send("HEAD", "/api/v1/nowhere", Vec::new()).status, 404);
}

#[test]
fn an_update_with_nothing_in_it_is_refused() {
    let api = Api::new();
    let provider = api.provider("a");
    let model = api.model(&provider, "m");
    let secret = api.secret("s", "sk-0123456789abcdefghij");
    let token = api.post("/api/v1/tokens", json!({"name": "t"})).must(201).id();
    let project = api.default_project();
    for path in [
        format!("/api/v1/providers/{provider}"),
        format!("/api/v1/providers/{provider}/models/{model}"),
        format!("/api/v1/secrets/{secret}"),
        format!("/api/v1/tokens/{token}"),
        format!("/api/v1/projects/{project}"),
    ] {
        api.changes_nothing(|| api.patch(&path, json!({}))).invalid("");
        let tag = api.get(&path).etag();
        api.changes_nothing(|| api.patch(&path, json!({"no_such_field": 1}))).invalid("no_such_field");
        // The tag stands until something changes, and only then.
        assert_eq!(api.get(&path).etag(), tag);
        assert_eq!(api.root().if_none_match(&tag).get(&path).must(304).text, "");
        api.root().if_none_match(&format!("\"x\", W/{tag}")).get(&path).must(304);
        api.root().if_none_match("\"x\"").get(&path).must(200);
        let field = if path.contains("models") { "model" } else { "name" };
        let stale = api.root().if_match("\"0123456789abcdef01234567\"");
        api.changes_nothing(|| stale.patch(&path, json!({field: "renamed"}))).refuses(
            412,
            "request.precondition_failed",
            "",
        );
        let changed =
            api.root().if_match(&format!("\"other\", {tag}")).patch(&path, json!({field: "renamed"})).must(200);
        assert_ne!(changed.etag(), tag);
        assert_eq!(api.get(&path).etag(), changed.etag());
        api.changes_nothing(|| api.root().if_match(&tag).patch(&path, json!({field: "again"}))).refuses(
            412,
            "request.precondition_failed",
            "",
        );
        api.root().if_match("*").patch(&path, json!({field: "again"})).must(200);
        if !path.contains("projects") {
            api.changes_nothing(|| api.root().if_match(&tag).delete(&path)).refuses(
                412,
                "request.precondition_failed",
                "",
            );
        }
    }
}

/// Follows the cursors of a list to its end.
fn walk(api: &Api, path: &str, limit: usize) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("{path}?limit={limit}{cursor}")).must(200);
        let ids = page.column("id");
        assert!(ids.len() <= limit);
        seen.extend(ids);
        let Some(next) = page.body["next_cursor"].as_str() else { return seen };
        cursor = format!("&cursor={next}");
    }
}

#[test]
fn a_list_is_walked_without_gaps_or_repeats_though_all_rows_are_of_one_millisecond() {
    let api = Api::new();
    let ids: Vec<_> = (0..7).map(|n| api.provider(&format!("p{n}"))).collect();
    let mut expected = ids.clone();
    expected.sort();
    for limit in [1, 2, 3, 6, 7, 8] {
        assert_eq!(walk(&api, "/api/v1/providers", limit), expected, "by {limit}");
    }
    for id in &ids[..3] {
        api.model(id, "m");
    }
    assert_eq!(walk(&api, "/api/v1/models", 2).len(), 3);
    let first = api.get("/api/v1/providers?limit=3").body;
    let models = api.get("/api/v1/providers?limit=7").body;
    let counts: i64 =
        models["data"].as_array().expect("a list").iter().filter_map(|row| row["model_count"].as_i64()).sum();
    assert_eq!(counts, 3, "each page has its providers' models");
    // A row that is deleted or added meanwhile moves nothing.
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    api.delete(&format!("/api/v1/providers/{}", expected[2])).must(204);
    let second = api.get(&format!("/api/v1/providers?limit=50&cursor={cursor}")).must(200);
    assert_eq!(second.column("id"), expected[3..]);
    assert_eq!(second.body["next_cursor"], Value::Null);
}

#[test]
fn every_list_has_bounds_and_refuses_what_is_no_cursor() {
    let api = Api::new();
    let provider = api.provider("a");
    let models = format!("/api/v1/providers/{provider}/models");
    for path in PATHS.into_iter().chain(["/api/v1/models", &models]) {
        for limit in ["0", "201", "-1", "many", "1.0", ""] {
            api.get(&format!("{path}?limit={limit}")).invalid("limit");
        }
        for cursor in ["", "x", "MTox%00", "%"] {
            api.get(&format!("{path}?cursor={cursor}")).invalid("cursor");
        }
        api.get(&format!("{path}?limit=200")).must(200);
        api.get(&format!("{path}?limit=1&unrelated=1")).must(200);
    }
}

#[test]
fn fifty_rows_make_a_page_unless_asked_otherwise() {
    let api = Api::new();
    for n in 0..51 {
        api.secret(&format!("s{n}"), "v-of-a-secret");
    }
    let page = api.get("/api/v1/secrets").must(200);
    assert_eq!(page.column("id").len(), 50);
    assert!(page.body["next_cursor"].is_string());
    assert_eq!(api.get("/api/v1/secrets?limit=51").body["next_cursor"], Value::Null);
}

#[test]
fn nothing_is_cached_on_the_way() {
    let api = Api::new();
    let id = api.provider("a");
    for path in [
        "/api/v1/providers".to_owned(),
        format!("/api/v1/providers/{id}"),
        "/api/v1/me".to_owned(),
        "/healthz".to_owned(),
    ] {
        assert_eq!(api.get(&path).header("cache-control"), Some("no-store"), "{path}");
    }
}
