//! The migrations and the statements that run on them.

use crate::harness::{Api, NOW};
use crate::sqlite::Sqlite;
use serde_json::json;
use sluice::access::TokenHash;
use sluice::domain::ids::{ModelId, ProviderId};
use sluice::store::snapshot::{Caller, read};
use sluice::store::{ALL, Runs, usage};

#[test]
fn every_table_is_strict() {
    let db = Sqlite::new();
    let loose = db.all(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict
                        AND name NOT LIKE 'sqlite_%'",
    );
    assert_eq!(loose, Vec::<String>::new());
}

#[test]
fn foreign_keys_hold_on_every_reference() {
    let db = Sqlite::new();
    assert_eq!(db.one("PRAGMA foreign_keys"), "1");
    assert_eq!(db.all("PRAGMA foreign_key_check"), Vec::<String>::new());
    for sql in [
        "INSERT INTO secrets (id, project_id, name, name_key, value, created_at, updated_at)
         VALUES ('s', 'prj_none', 'n', 'n', 'v', 1, 1)",
        "INSERT INTO models (id, project_id, provider_id, model, model_key, created_at, updated_at)
         SELECT 'm', id, 'aip_none', 'm', 'm', 1, 1 FROM projects",
        "INSERT INTO tokens (id, project_id, user_id, name, hash, hint, role, created_at, updated_at)
         SELECT 't', id, 'usr_none', 'n', 'h', 'h', 'admin', 1, 1 FROM projects",
    ] {
        assert!(db.refused(sql).contains("FOREIGN KEY"), "{sql}");
    }
}

#[test]
fn a_secret_of_another_project_cannot_be_linked_even_by_raw_sql() {
    let api = Api::new();
    let secret = api.secret("shared", "sk-0123456789abcdefghij");
    api.post("/api/v1/projects", json!({"name": "other"})).must(201);
    let error = api.db.refused(&format!(
        "INSERT INTO providers (id, project_id, name, name_key, kind, credential_source, secret_id, created_at,
         updated_at) SELECT 'p', id, 'n', 'n', 'openai', 'secret', '{secret}', 1, 1 FROM projects WHERE name = 'other'"
    ));
    assert!(error.contains("FOREIGN KEY"), "{error}");
}

#[test]
fn every_statement_of_the_store_prepares() {
    let db = Sqlite::new();
    let statements: Vec<_> = ALL.iter().flat_map(|module| module.iter()).collect();
    assert!(statements.len() > 40);
    for statement in &statements {
        // Panics with SQLite's words where the statement does not prepare.
        let _ = db.plan(statement.text);
    }
    let mut names: Vec<_> = statements.iter().map(|statement| statement.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), statements.len());
}

/// `SCAN m` and `SCAN m USING INDEX …` read a table through; json_each, rows of constants and what the statement itself has made
/// a table of are none.
fn reads_a_table_through(plan: &[String]) -> bool {
    plan.iter().any(|step| {
        let is_own = step.strip_prefix("SCAN ").is_some_and(|name| plan.contains(&format!("MATERIALIZE {name}")));
        !is_own && scans(step)
    })
}

fn scans(step: &str) -> bool {
    step.starts_with("SCAN ")
        && !step.starts_with("SCAN (subquery")
        && !step.contains("json_each")
        && !step.contains("CONSTANT ROW")
        && !step.contains("VIRTUAL TABLE")
}

#[test]
fn what_runs_per_call_goes_through_an_index() {
    let db = Sqlite::new();
    let per_call: Vec<_> =
        ALL.iter().flat_map(|module| module.iter()).filter(|sql| sql.runs == Runs::PerCall).collect();
    assert!(per_call.len() >= 5);
    for statement in per_call {
        let plan = db.plan(statement.text);
        assert!(!reads_a_table_through(&plan), "{}: {plan:#?}", statement.name);
    }
}

#[test]
fn what_an_operator_runs_on_one_row_or_one_page_goes_through_an_index_too() {
    let db = Sqlite::new();
    // These look at everything on purpose.
    let whole = ["projects.LIST", "store.PING", "store.CLEAR_PRECONDITIONS", "sealing.COUNT", "sealing.PENDING"];
    for statement in ALL.iter().flat_map(|module| module.iter()).filter(|sql| !whole.contains(&sql.name)) {
        let plan = db.plan(statement.text);
        assert!(!reads_a_table_through(&plan), "{}: {plan:#?}", statement.name);
    }
}

#[test]
fn every_list_comes_out_of_its_index_in_order() {
    let db = Sqlite::new();
    for statement in ALL.iter().flat_map(|module| module.iter()).filter(|sql| sql.name.contains(".LIST")) {
        let plan = db.plan(statement.text);
        let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE FOR ORDER BY"));
        // A deployment has few projects, and a user at most one key a provider.
        let few = ["projects.LIST", "user_keys.LIST"].contains(&statement.name);
        assert!(!sorts || few, "{}: {plan:#?}", statement.name);
    }
}

#[test]
fn the_first_boot_makes_the_default_project() {
    let db = Sqlite::new();
    let id = db.one("SELECT id FROM projects");
    assert!(sluice::domain::ids::ProjectId::parse(&id).is_some(), "{id}");
    let age = db.count("SELECT unixepoch() * 1000 - created_at FROM projects");
    assert!((-5000..60_000).contains(&age), "{age}");
}

#[test]
fn names_that_differ_in_case_only_are_the_same_in_any_alphabet() {
    let api = Api::new();
    for (first, second) in
        [("openai", "OpenAI"), ("größe", "GRÖSSE".to_lowercase().as_str()), ("ærø", "ÆRØ"), ("привет", "ПРИВЕТ")]
            .map(|(one, other)| (one.to_owned(), other.to_owned()))
    {
        api.post("/api/v1/secrets", json!({"name": first, "value": "some-value-of-a-secret"})).must(201);
        let again = api.post("/api/v1/secrets", json!({"name": second, "value": "some-value-of-a-secret"}));
        // "größe" and "grösse" are two words.
        let same = first.to_lowercase() == second.to_lowercase();
        assert_eq!(again.status, if same { 409 } else { 201 }, "{first} {second}");
    }
}

#[test]
fn the_revision_counts_every_write_that_a_call_could_notice() {
    let api = Api::new();
    let revision = || api.db.count("SELECT revision FROM projects WHERE name = 'default'");
    let last = std::cell::Cell::new(revision());
    let bumped = |what: &str| {
        assert!(revision() > last.get(), "{what} went unnoticed");
        last.set(revision());
    };
    let secret = api.secret("key", "sk-0123456789abcdefghij");
    last.set(revision());
    let provider = api.provider("openai");
    bumped("a new provider");
    api.patch(&format!("/api/v1/providers/{provider}"), json!({"enabled": false})).must(200);
    bumped("a disabled provider");
    api.patch(&format!("/api/v1/providers/{provider}"), json!({"enabled": true, "secret_id": secret})).must(200);
    bumped("a linked secret");
    api.patch(&format!("/api/v1/secrets/{secret}"), json!({"value": "sk-another-value-of-it"})).must(200);
    bumped("a rotated secret");
    let model = api.model(&provider, "gpt-5");
    bumped("a new model");
    api.patch(&format!("/api/v1/providers/{provider}/models/{model}"), json!({"name": "best"})).must(200);
    bumped("a renamed model");
    api.delete(&format!("/api/v1/providers/{provider}/models/{model}")).must(204);
    bumped("a deleted model");
    let project = api.default_project();
    api.db.run(&format!(
        "INSERT INTO users (id, project_id, name, name_key, created_at, updated_at) VALUES ('u', '{project}', 'u', 'u', 1, 1);
         INSERT INTO user_provider_keys (id, project_id, user_id, provider_id, credential, created_at, updated_at)
         VALUES ('k', '{project}', 'u', '{provider}', 'v1.k1.x', 1, 1)"
    ));
    bumped("a user's key");
    api.db.run("UPDATE user_provider_keys SET credential = 'v1.k1.y'");
    bumped("a user's other key");
    api.delete(&format!("/api/v1/providers/{provider}")).must(204);
    bumped("a deleted provider");
    assert_eq!(api.db.count("SELECT count(*) FROM user_provider_keys"), 0);
    api.token_of_role("member");
    assert_eq!(revision(), last.get(), "a token is read at each cold call and needs no new snapshot");
}

#[test]
fn deleting_a_users_row_takes_their_keys_and_tokens_and_is_noticed() {
    let api = Api::new();
    let (project, provider) = (api.default_project(), api.provider("openai"));
    api.db.run(&format!(
        "INSERT INTO users (id, project_id, name, name_key, created_at, updated_at) VALUES ('u', '{project}', 'u', 'u', 1, 1);
         INSERT INTO user_provider_keys (id, project_id, user_id, provider_id, credential, created_at, updated_at)
         VALUES ('k', '{project}', 'u', '{provider}', 'v1.k1.x', 1, 1)"
    ));
    let before = api.db.count("SELECT revision FROM projects WHERE name = 'default'");
    api.db.run("DELETE FROM users");
    assert_eq!(api.db.count("SELECT count(*) FROM user_provider_keys"), 0);
    assert!(api.db.count("SELECT revision FROM projects WHERE name = 'default'") > before);
}

/// Many models by raw SQL, each with ids and ages of its own.
fn fill(api: &Api, provider: &str, count: usize, advanced: Option<&str>) {
    let project = api.default_project();
    let advanced = advanced.map_or("NULL".to_owned(), |json| format!("'{json}'"));
    api.db.run(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
         INSERT INTO models (id, project_id, provider_id, model, model_key, advanced_json, price_input, created_at, updated_at)
         SELECT printf('mdl_%016d', i), '{project}', '{provider}', 'model-' || i, 'model-' || i, {advanced}, i, {NOW} + i, 1 FROM n"
    ));
}

#[test]
fn a_project_of_5000_models_is_read_in_one_round_trip_in_values_far_below_2_mb() {
    let api = Api::new();
    let provider = api.provider("big");
    fill(&api, &provider, 5000, None);
    let biggest = api.db.count(
        "SELECT max(length(j)) FROM (SELECT json_group_array(json_object('id', id, 'model', model)) AS j FROM models
         GROUP BY rowid >> 6)",
    );
    assert!(biggest < 20_000, "{biggest}");
    let before = api.db.batches.get();
    let read = pollster::block_on(read(&api.db, Caller::Root("default"), None)).expect("read");
    assert_eq!(api.db.batches.get(), before + 1);
    let (_, models, _) = read.rows.expect("rows");
    assert_eq!(models.len(), 5000);
    let one = models.iter().find(|model| model.model == "model-4711").expect("a model");
    let input = one.prices.prices().input.map(sluice::domain::money::Price::stored);
    assert_eq!((input, one.created_at), (Some(4711), NOW + 4711));
    assert_eq!(one.provider_id, ProviderId::parse(&provider));
    assert!(ModelId::parse("mdl_0000000000004711").is_some_and(|id| id == one.id));
}

#[test]
fn models_with_the_largest_advanced_json_stay_below_2_mb_a_value() {
    let api = Api::new();
    let provider = api.provider("big");
    let document = json!({"metadata": {"text": "é".repeat(8_180)}});
    let advanced = document.to_string();
    assert!((16_000..=16 * 1024).contains(&advanced.len()), "{}", advanced.len());
    fill(&api, &provider, 300, Some(&advanced));
    let statement = sluice::store::snapshot::MODELS;
    let with = statement.with([sluice::ports::Param::Null, "default".into(), 0.into()]);
    let outcomes = pollster::block_on(sluice::ports::Db::batch(&api.db, vec![with])).expect("read");
    let rows = &outcomes[0].rows;
    assert!(rows.iter().all(|row| row.len() < 1_500_000), "{:?}", rows.iter().map(String::len).collect::<Vec<_>>());
    let read = pollster::block_on(read(&api.db, Caller::Root("default"), None)).expect("read");
    let (_, models, _) = read.rows.expect("rows");
    assert_eq!(models.len(), 300);
    assert!(models.iter().all(|model| model.advanced.as_ref().is_some_and(|json| *json == document)));
}

fn usage_row(request: &str, tokens: u64) -> usage::UsageRow {
    usage::UsageRow {
        request_id: request.into(),
        project_id: "prj_1".into(),
        created_at: NOW,
        token_id: None,
        user_id: None,
        provider_id: Some("aip_1".into()),
        provider_name: Some("openai".into()),
        model_id: None,
        model: Some("gpt-5".into()),
        requested_model: Some("best".into()),
        protocol: "responses",
        upstream_protocol: None,
        streamed: true,
        status: 200,
        error_code: None,
        attempts: 1,
        input_tokens: tokens,
        output_tokens: 2,
        cache_read_tokens: 3,
        cache_write_tokens: 4,
        reasoning_tokens: 1,
        cost_nano_usd: 9_007_199_254_740_993,
        billed_nano_usd: 7,
        priced: true,
        estimated: false,
        latency_ms: 12,
        attempts_log: Vec::new(),
        first_byte_ms: Some(3),
        limited: false,
    }
}

#[test]
fn usage_is_written_in_groups_exactly_and_once_a_request() {
    let db = Sqlite::new();
    let rows: Vec<_> = (0..1200).map(|n| usage_row(&format!("req_{n}"), n)).collect();
    pollster::block_on(usage::insert(&db, &rows)).expect("written");
    assert_eq!(db.batches.get(), 1);
    assert_eq!(db.count("SELECT count(*) FROM usage"), 1200);
    assert_eq!(db.count("SELECT sum(input_tokens) FROM usage"), 1199 * 600);
    assert_eq!(db.one("SELECT cost_nano_usd FROM usage LIMIT 1"), "9007199254740993");
    assert_eq!(
        db.one("SELECT json_array(streamed, priced, estimated, token_id, first_byte_ms) FROM usage LIMIT 1"),
        "[1,1,0,null,3]"
    );
    pollster::block_on(usage::insert(&db, &[usage_row("req_0", 999), usage_row("req_new", 1)])).expect("written again");
    assert_eq!(db.count("SELECT count(*) FROM usage"), 1201);
    assert_eq!(db.count("SELECT input_tokens FROM usage WHERE request_id = 'req_0'"), 0);
    pollster::block_on(usage::insert(&db, &[])).expect("nothing to do");
    assert_eq!(db.batches.get(), 2, "no row, no round trip");
}

#[test]
fn a_provider_never_has_two_defaults_whoever_writes() {
    let api = Api::new();
    let provider = api.provider("openai");
    api.model(&provider, "a");
    api.model(&provider, "b");
    assert!(api.db.refused("UPDATE models SET is_default = 1").contains("UNIQUE"));
}

#[test]
fn a_tokens_hash_is_stored_and_the_token_is_not() {
    let api = Api::new();
    let token = api.token_of_role("member");
    assert_eq!(api.db.one("SELECT hash FROM tokens"), TokenHash::of(&token).hex());
    assert!(!api.db.dump().contains(&token));
}
