//! Totals: exact, grouped, of one project, before and after retention.

use crate::harness::{ADMIN_TOKEN, Api, K1, NOW};
use serde_json::{Value, json};
use sluice::store::usage::{UsageRow, insert};

pub const DAY: i64 = 86_400_000;
/// The midnight of the tests' Friday, 2026-11-20.
pub const TODAY: i64 = NOW - NOW % DAY;

/// A call of today's first hour that went well.
pub fn row(api: &Api, request: &str) -> UsageRow {
    UsageRow {
        request_id: request.into(),
        project_id: api.default_project(),
        created_at: TODAY,
        token_id: None,
        user_id: None,
        provider_id: Some("aip_0000000000000001".into()),
        provider_name: Some("openai".into()),
        model_id: Some("mdl_0000000000000001".into()),
        model: Some("gpt-5".into()),
        requested_model: Some("best".into()),
        protocol: "responses",
        upstream_protocol: Some("responses"),
        streamed: false,
        status: 200,
        error_code: None,
        attempts: 1,
        input_tokens: 10,
        output_tokens: 5,
        cache_read_tokens: 3,
        cache_write_tokens: 2,
        reasoning_tokens: 1,
        cost_nano_usd: 50,
        billed_nano_usd: 75,
        priced: true,
        estimated: false,
        latency_ms: 12,
        first_byte_ms: Some(3),
        limited: false,
        attempts_log: Vec::new(),
    }
}

pub fn write(api: &Api, rows: &[UsageRow]) {
    pollster::block_on(insert(&api.db, rows)).expect("written");
}

/// One hourly run of retention.
pub fn prune(api: &Api) -> sluice::retention::Report {
    let now = sluice::ports::Clock::now(&api.clock);
    pollster::block_on(sluice::retention::run(&api.db, api.deployment.retention, now)).expect("a run")
}

pub fn keeping(rows_days: &str) -> Api {
    Api::with(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1), ("RETENTION_DAYS", rows_days)])
}

pub fn data(api: &Api, query: &str) -> Vec<Value> {
    let body = api.get(&format!("/api/v1/usage{query}")).must(200).body;
    assert_eq!(body["next_cursor"], Value::Null, "{body}");
    body["data"].as_array().expect("a list").clone()
}

/// Calls of two providers, two tokens and three days, one of them failed.
fn fill(api: &Api) {
    let mut rows = Vec::new();
    for n in 0..12i64 {
        let other = n % 2 == 1;
        rows.push(UsageRow {
            created_at: TODAY - (n % 3) * DAY + n * 3_600_000,
            token_id: (n % 4 != 0).then(|| format!("tok_000000000000000{}", n % 2)),
            user_id: other.then(|| "usr_0000000000000001".into()),
            provider_id: Some(format!("aip_000000000000000{}", 1 + n % 2)),
            provider_name: Some(if other { "anthropic" } else { "openai" }.into()),
            model_id: Some(format!("mdl_000000000000000{}", 1 + n % 2)),
            model: Some(if other { "claude" } else { "gpt-5" }.into()),
            status: if n == 7 { 502 } else { 200 },
            estimated: n == 4,
            priced: n != 5,
            cost_nano_usd: 1 + n,
            ..row(api, &format!("req_{n:016}"))
        });
    }
    write(api, &rows);
}

#[test]
fn without_grouping_there_is_one_row_of_exact_totals() {
    let api = Api::new();
    let none = data(&api, "");
    assert_eq!((none.len(), &none[0]["calls"], &none[0]["cost_usd"]), (1, &json!(0), &json!(0)));
    fill(&api);
    assert_eq!(
        data(&api, ""),
        [json!({"calls": 12, "errors": 1, "input_tokens": 120, "output_tokens": 60, "cache_read_tokens": 36,
            "cache_write_tokens": 24, "reasoning_tokens": 12, "cost_usd": serde_json::from_str::<Value>("0.000000078").expect("a number"),
            "billed_usd": serde_json::from_str::<Value>("0.0000009").expect("a number"), "estimated_calls": 1, "unpriced_calls": 1})]
    );
}

#[test]
fn money_and_tokens_beyond_2_to_the_53_and_2_to_the_63_are_exact() {
    let api = keeping("1");
    let most = (1u64 << 53) - 1;
    let rows: Vec<_> = (0..1500)
        .map(|n| UsageRow {
            input_tokens: most,
            cost_nano_usd: (1 << 53) - 1,
            created_at: TODAY - (n % 3) * DAY,
            ..row(&api, &format!("req_{n}"))
        })
        .collect();
    write(&api, &rows);
    for _ in 0..2 {
        let totals = &data(&api, "")[0];
        assert_eq!(totals["input_tokens"].to_string(), (i128::from(most) * 1500).to_string());
        assert_eq!(totals["cost_usd"].to_string(), "13510798882.1114865");
        prune(&api);
    }
}

#[test]
fn groups_carry_ids_and_names_and_add_up_to_the_total() {
    let api = Api::new();
    fill(&api);
    let by_provider = data(&api, "?group_by=provider");
    assert_eq!(
        by_provider.iter().map(|row| (row["provider_name"].as_str(), row["calls"].as_i64())).collect::<Vec<_>>(),
        [(Some("openai"), Some(6)), (Some("anthropic"), Some(6))]
    );
    assert_eq!(by_provider[1]["provider_id"], "aip_0000000000000002");
    let fields: Vec<_> = by_provider[0].as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(fields[..3], ["provider_id", "provider_name", "calls"], "nothing that was not asked for");
    let by_day = data(&api, "?group_by=day");
    assert_eq!(
        by_day.iter().map(|row| row["day"].as_str().unwrap_or_default()).collect::<Vec<_>>(),
        ["2026-11-18", "2026-11-19", "2026-11-20"]
    );
    let by_hour = data(&api, "?group_by=hour,model");
    assert_eq!(by_hour.len(), 12);
    assert_eq!((&by_hour[0]["hour"], &by_hour[0]["model"]), (&json!("2026-11-18T02:00:00.000Z"), &json!("gpt-5")));
    for grouping in ["model", "provider", "user", "token", "day", "hour", "day,token,model,user,provider,hour"] {
        let rows = data(&api, &format!("?group_by={grouping}"));
        assert_eq!(rows.iter().filter_map(|row| row["calls"].as_i64()).sum::<i64>(), 12, "{grouping}");
    }
    let by_token = data(&api, "?group_by=token");
    assert_eq!((&by_token[0]["token_id"], &by_token[0]["token_name"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_token_and_a_user_go_by_the_names_they_have_now() {
    let api = Api::new();
    let token = api.post("/api/v1/tokens", json!({"name": "ci", "role": "member"})).must(201).id();
    write(&api, &[UsageRow { token_id: Some(token.clone()), ..row(&api, "req_1") }, row(&api, "req_2")]);
    assert_eq!(data(&api, "?group_by=token")[1]["token_name"], "ci");
    assert_eq!(data(&api, "?token=ci")[0]["calls"], 1);
    assert_eq!(data(&api, &format!("?token={token}"))[0]["calls"], 1);
    api.delete(&format!("/api/v1/tokens/{token}")).must(204);
    assert_eq!(data(&api, "?group_by=token")[1]["token_name"], Value::Null);
    assert_eq!(data(&api, &format!("?token={token}"))[0]["calls"], 1, "what is gone goes by its id");
    api.get("/api/v1/usage?token=ci").invalid("token");
}

#[test]
fn filters_take_ids_names_and_selectors_and_refuse_what_nothing_goes_by() {
    let api = Api::new();
    let provider = api.provider("OpenAI");
    let model = api.model_with(&provider, json!({"model": "GPT-5", "name": "best"}));
    let mine = UsageRow { provider_id: Some(provider.clone()), model_id: Some(model.clone()), ..row(&api, "req_1") };
    write(&api, &[mine, row(&api, "req_2")]);
    for filter in [
        format!("provider={provider}"),
        "provider=openai".into(),
        format!("model={model}"),
        "model=gpt-5".into(),
        "model=best".into(),
        "model=openai%5Egpt-5".into(),
        "provider=OPENAI&model=best".into(),
    ] {
        assert_eq!(data(&api, &format!("?{filter}"))[0]["calls"], 1, "{filter}");
    }
    assert_eq!(data(&api, &format!("?provider={provider}&model=mdl_0000000000000001"))[0]["calls"], 0);
    for param in ["provider", "model", "user", "token"] {
        api.get(&format!("/api/v1/usage?{param}=nobody")).invalid(param);
    }
}

#[test]
fn the_span_begins_inclusive_ends_exclusive_and_is_thirty_days_unless_told() {
    let api = Api::new();
    let at = |id: &str, at: i64| UsageRow { created_at: at, ..row(&api, id) };
    write(
        &api,
        &[
            at("req_1", TODAY - 30 * DAY),
            at("req_2", TODAY - 30 * DAY - 1),
            at("req_3", TODAY),
            at("req_4", TODAY - 1),
            at("req_5", NOW + 1000),
        ],
    );
    let calls = |query: &str| data(&api, query)[0]["calls"].as_i64().expect("a count");
    assert_eq!(calls(""), 4);
    assert_eq!(calls("?from=2026-11-20"), 2);
    assert_eq!(calls("?from=2026-11-19&to=2026-11-20"), 1);
    assert_eq!(calls("?from=2026-11-20T01:00:00%2B01:00&to=2026-11-20T00:00:00.001Z"), 1);
    assert_eq!(calls("?from=2020-01-01"), 5);
    for (query, param) in [
        ("?from=2026-11-20&to=2026-11-20", "to"),
        ("?to=tomorrow", "to"),
        ("?from=7", "from"),
        ("?group_by=colour", "group_by"),
        ("?group_by=day,day", "group_by"),
        ("?format=xml", "format"),
        ("?limit=0", "limit"),
        ("?cursor=x", "cursor"),
        ("?format=csv&limit=7", "limit"),
    ] {
        api.get(&format!("/api/v1/usage{query}")).invalid(param);
    }
}

#[test]
fn pages_of_groups_hold_each_group_once_while_calls_go_on() {
    let api = Api::new();
    fill(&api);
    let all = data(&api, "?group_by=day,model,token");
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for _ in 0..20 {
        let page = api.get(&format!("/api/v1/usage?group_by=day,model,token&limit=2{cursor}")).must(200).body;
        seen.extend(page["data"].as_array().expect("rows").clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, all);
    assert!(all.len() > 6);
}

#[test]
fn csv_is_rfc_4180_and_no_name_in_it_is_a_formula() {
    let api = Api::new();
    let evil = UsageRow { model: Some("=HYPERLINK(\"x\",1)".into()), ..row(&api, "req_1") };
    let plain = UsageRow { model_id: None, model: None, ..row(&api, "req_2") };
    write(&api, &[evil, plain]);
    let expected = "model_id,model,day,calls,errors,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,\
        reasoning_tokens,cost_usd,billed_usd,estimated_calls,unpriced_calls\r\n\
        ,,2026-11-20,1,0,10,5,3,2,1,0.00000005,0.000000075,0,0\r\n\
        mdl_0000000000000001,\"'=HYPERLINK(\"\"x\"\",1)\",2026-11-20,1,0,10,5,3,2,1,0.00000005,0.000000075,0,0\r\n";
    let csv = api.get("/api/v1/usage?group_by=model,day&format=csv").must(200);
    assert_eq!(csv.text, expected);
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"usage.csv\""));
    let accepted = api.root().accept("text/csv;q=0.9, */*;q=0.1").get("/api/v1/usage?group_by=model,day").must(200);
    assert_eq!(accepted.text, expected);
    let json = api.root().accept("text/csv, application/json").get("/api/v1/usage").must(200);
    assert_eq!(json.body["data"][0]["calls"], 2);
    let asked = api.root().accept("text/csv").get("/api/v1/usage?format=json").must(200);
    assert_eq!(asked.body["data"][0]["calls"], 2);
}

#[test]
fn another_projects_calls_are_never_counted_before_or_after_they_are_rolled_up() {
    let api = keeping("1");
    let other = api.post("/api/v1/projects", json!({"name": "other"})).must(201).id();
    let old = |id: &str| UsageRow { created_at: TODAY - 5 * DAY, ..row(&api, id) };
    write(&api, &[old("req_1"), UsageRow { project_id: other.clone(), cost_nano_usd: 1_000, ..old("req_2") }]);
    let admin = api.token(json!({"name": "a", "role": "admin"}));
    for _ in 0..2 {
        for query in ["", "?group_by=day,model,provider"] {
            assert_eq!(data(&api, query)[0]["cost_usd"].to_string(), "0.00000005");
            let own = api.as_token(&admin).get(&format!("/api/v1/usage{query}")).must(200);
            assert_eq!(own.body["data"][0]["calls"], 1);
        }
        assert_eq!(data(&api, &format!("?project_id={other}"))[0]["cost_usd"].to_string(), "0.000001");
        api.as_token(&admin).get(&format!("/api/v1/usage?project_id={other}")).refuses(404, "not_found", "project_id");
        prune(&api);
    }
    assert_eq!(api.db.count("SELECT count(*) FROM usage"), 0);
}

#[test]
fn viewers_and_admins_read_usage_and_members_do_not() {
    let api = Api::new();
    for (role, status) in [("viewer", 200), ("admin", 200), ("member", 403)] {
        let token = api.token_of_role(role);
        for path in ["/api/v1/usage", "/api/v1/usage?format=csv", "/api/v1/requests"] {
            assert_eq!(api.as_token(&token).get(path).status, status, "{role} {path}");
        }
    }
    let policy = json!([{"effect": "allow", "actions": ["usage:ListUsage"]}]);
    let books = api.token(json!({"name": "books", "policy": policy}));
    api.as_token(&books).get("/api/v1/usage").must(200);
    api.as_token(&books).get("/api/v1/requests").refuses(403, "auth.forbidden", "");
}
