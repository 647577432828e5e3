//! The request log: newest first, filterable, and stable while calls go on.

use crate::harness::Api;
use crate::usage::{DAY, TODAY, row, write};
use serde_json::{Value, json};
use sluice::store::requests::AttemptRow;
use sluice::store::usage::UsageRow;

fn ids(api: &Api, query: &str) -> Vec<String> {
    api.get(&format!("/api/v1/requests{query}")).must(200).column("request_id")
}

#[test]
fn a_call_is_shown_with_all_that_was_written_of_it() {
    let api = Api::new();
    let id = "req_0000000000000001";
    write(&api, &[row(&api, id)]);
    let project = api.default_project();
    api.db.run(&format!(
        "INSERT INTO request_attempts (request_id, attempt, project_id, created_at, provider_id, status, error_code,
         error_message, latency_ms) VALUES ('{id}', 2, '{project}', {TODAY} + 5, 'aip_2', 200, NULL, NULL, 7),
         ('{id}', 1, '{project}', {TODAY}, 'aip_1', 429, 'upstream.error', 'slow down', 5)"
    ));
    let usd = |digits: &str| serde_json::from_str::<Value>(digits).expect("a number");
    let expected = json!({
        "request_id": id, "project_id": project, "created_at": "2026-11-20T00:00:00.000Z", "token_id": null,
        "user_id": null, "provider_id": "aip_0000000000000001", "provider_name": "openai",
        "model_id": "mdl_0000000000000001", "model": "gpt-5", "requested_model": "best", "protocol": "responses",
        "upstream_protocol": "responses", "streamed": false, "status": 200, "error_code": null, "attempts": 1,
        "input_tokens": 10, "output_tokens": 5, "cache_read_tokens": 3, "cache_write_tokens": 2, "reasoning_tokens": 1,
        "cost_usd": usd("0.00000005"), "billed_usd": usd("0.000000075"), "priced": true, "estimated": false,
        "latency_ms": 12, "first_byte_ms": 3,
        "attempts_log": [
            {"attempt": 1, "created_at": "2026-11-20T00:00:00.000Z", "provider_id": "aip_1", "model_id": null,
             "status": 429, "error_code": "upstream.error", "error_message": "slow down", "latency_ms": 5},
            {"attempt": 2, "created_at": "2026-11-20T00:00:00.005Z", "provider_id": "aip_2", "model_id": null,
             "status": 200, "error_code": null, "error_message": null, "latency_ms": 7},
        ],
    });
    let one = api.get(&format!("/api/v1/requests/{id}")).must(200);
    assert_eq!(one.body, expected);
    assert!(one.header("etag").is_some());
    assert_eq!(api.get("/api/v1/requests").must(200).body, json!({"data": [expected], "next_cursor": null}));
    api.get("/api/v1/requests/req_0000000000000002").refuses(404, "not_found", "");
    api.get("/api/v1/requests/nonsense").refuses(404, "not_found", "");
}

#[test]
fn the_attempts_of_many_calls_are_written_with_them_and_once() {
    let api = Api::new();
    let attempt = |n: i64| AttemptRow {
        attempt: n,
        created_at: TODAY + n,
        provider_id: Some(format!("aip_{n}")),
        model_id: None,
        status: (n != 1).then_some(429),
        error_code: Some("upstream.error".into()),
        error_message: Some("\u{1F30A} \"slow\" ".repeat(60)),
        latency_ms: n,
    };
    let rows: Vec<_> = (0..120)
        .map(|n| UsageRow { attempts_log: (1..=5).map(attempt).collect(), ..row(&api, &format!("req_{n:016}")) })
        .collect();
    let before = api.db.batches.get();
    write(&api, &rows);
    assert_eq!(api.db.batches.get() - before, 1, "one transaction");
    write(&api, &rows);
    assert_eq!(api.db.count("SELECT count(*) FROM request_attempts"), 600);
    let shown = api.get("/api/v1/requests/req_0000000000000007").must(200).body["attempts_log"].clone();
    let expected: Vec<_> = (1..=5)
        .map(|n| {
            json!({"attempt": n, "created_at": format!("2026-11-20T00:00:00.00{n}Z"), "provider_id": format!("aip_{n}"),
                "model_id": null, "status": if n == 1 { Value::Null } else { json!(429) }, "error_code": "upstream.error",
                "error_message": attempt(n).error_message, "latency_ms": n})
        })
        .collect();
    assert_eq!(shown, json!(expected));
    let project = api.db.one("SELECT DISTINCT project_id FROM request_attempts");
    assert_eq!(project, api.default_project());
}

#[test]
fn filters_narrow_the_log_and_what_they_cannot_read_they_refuse() {
    let api = Api::new();
    let provider = api.provider("openai");
    let model = api.model(&provider, "gpt-5");
    let base = |id: &str| row(&api, id);
    let rows = [
        UsageRow { provider_id: Some(provider.clone()), model_id: Some(model), ..base("req_000000000000000a") },
        UsageRow { status: 429, error_code: Some("upstream.error"), streamed: true, ..base("req_000000000000000b") },
        UsageRow {
            status: 404,
            error_code: Some("model.not_found"),
            requested_model: Some("typo".into()),
            model_id: None,
            ..base("req_000000000000000c")
        },
        UsageRow {
            status: 502,
            created_at: TODAY - DAY,
            token_id: Some("tok_0000000000000001".into()),
            ..base("req_000000000000000d")
        },
        UsageRow {
            user_id: Some("usr_0000000000000001".into()),
            created_at: TODAY - 90 * DAY,
            ..base("req_000000000000000e")
        },
    ];
    write(&api, &rows);
    for (query, expected) in [
        (
            "",
            &[
                "req_000000000000000c",
                "req_000000000000000b",
                "req_000000000000000a",
                "req_000000000000000d",
                "req_000000000000000e",
            ][..],
        ),
        ("?status=429", &["req_000000000000000b"]),
        ("?status=4xx", &["req_000000000000000c", "req_000000000000000b"]),
        ("?status=5xx", &["req_000000000000000d"]),
        ("?status=2xx&provider=OPENAI", &["req_000000000000000a"]),
        ("?model=openai%5Egpt-5", &["req_000000000000000a"]),
        ("?model=typo", &["req_000000000000000c"]),
        ("?error_code=upstream.error", &["req_000000000000000b"]),
        ("?streamed=true", &["req_000000000000000b"]),
        ("?streamed=false&status=502", &["req_000000000000000d"]),
        ("?token=tok_0000000000000001", &["req_000000000000000d"]),
        ("?user=usr_0000000000000001", &["req_000000000000000e"]),
        ("?from=2026-11-20", &["req_000000000000000c", "req_000000000000000b", "req_000000000000000a"]),
        ("?to=2026-11-20", &["req_000000000000000d", "req_000000000000000e"]),
        ("?from=2026-11-19&to=2026-11-20T00:00:00Z", &["req_000000000000000d"]),
        ("?model=nothing", &[]),
    ] {
        assert_eq!(ids(&api, query), expected, "{query}");
    }
    for (query, param) in [
        ("?status=6xx", "status"),
        ("?status=ok", "status"),
        ("?status=99", "status"),
        ("?streamed=1", "streamed"),
        ("?from=x", "from"),
        ("?from=2026-11-20&to=2026-11-19", "to"),
        ("?provider=nobody", "provider"),
        ("?limit=201", "limit"),
        ("?cursor=!", "cursor"),
    ] {
        api.get(&format!("/api/v1/requests{query}")).invalid(param);
    }
}

#[test]
fn pages_show_each_call_once_while_new_ones_come_in() {
    let api = Api::new();
    // Three of them began in the same millisecond.
    let rows: Vec<_> = (0..9)
        .map(|n| UsageRow { created_at: TODAY + n / 3, ..row(&api, &format!("req_000000000000000{n}")) })
        .collect();
    write(&api, &rows);
    let all = ids(&api, "");
    assert_eq!(all.first().map(String::as_str), Some("req_0000000000000008"));
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for n in 0..20 {
        let page = api.get(&format!("/api/v1/requests?limit=2{cursor}")).must(200);
        seen.extend(page.column("request_id"));
        write(&api, &[UsageRow { created_at: TODAY + 100 + n, ..row(&api, &format!("req_000000000000new{n}")) }]);
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, all);
}

#[test]
fn another_projects_calls_are_not_there() {
    let api = Api::new();
    let other = api.post("/api/v1/projects", json!({"name": "other"})).must(201).id();
    let theirs = "req_0000000000000009";
    write(&api, &[row(&api, "req_0000000000000001"), UsageRow { project_id: other.clone(), ..row(&api, theirs) }]);
    let token = api.token_of_role("viewer");
    let viewer = api.as_token(&token);
    assert_eq!(viewer.get("/api/v1/requests").must(200).column("request_id"), ["req_0000000000000001"]);
    viewer.get("/api/v1/requests/req_0000000000000001").must(200);
    viewer.get(&format!("/api/v1/requests/{theirs}")).refuses(404, "not_found", "");
    viewer.get(&format!("/api/v1/requests?project_id={other}")).refuses(404, "not_found", "project_id");
    assert_eq!(ids(&api, &format!("?project_id={other}")), [theirs]);
    let member = api.token_of_role("member");
    api.as_token(&member).get(&format!("/api/v1/requests/{theirs}")).refuses(403, "auth.forbidden", "");
}
