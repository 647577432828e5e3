//! Retention: old rows become daily totals, and no sum changes by it.

use crate::harness::{ADMIN_TOKEN, Api, K1, NOW};
use crate::usage::{DAY, TODAY, data, keeping, prune, row, write};
use proptest::prelude::*;
use serde_json::Value;
use sluice::ports::Clock;
use sluice::retention::{CHUNK, MOST_CHUNKS, Report, run};
use sluice::store::retention::roll_up;
use sluice::store::usage::UsageRow;

const GROUPINGS: [&str; 8] =
    ["", "model", "provider", "user", "token", "day", "model,provider", "day,token,user,provider,model"];

/// Everything that can be asked of the last hundred days by day.
fn answers(api: &Api) -> Vec<Vec<Value>> {
    let ask = |grouping: &&str| data(api, &format!("?from=2026-08-01&limit=200&group_by={grouping}"));
    GROUPINGS.iter().map(ask).collect()
}

fn old(api: &Api, n: i64) -> UsageRow {
    UsageRow {
        created_at: TODAY - (n % 6) * DAY + (n % 24) * 3_600_000,
        token_id: (n % 3 != 0).then(|| format!("tok_000000000000000{}", n % 3)),
        user_id: (n % 5 == 0).then(|| "usr_0000000000000001".into()),
        provider_id: (n % 7 != 0).then(|| format!("aip_000000000000000{}", n % 7)),
        provider_name: (n % 7 != 0).then(|| format!("provider {}", n % 7)),
        model_id: (n % 7 != 0).then(|| format!("mdl_000000000000000{}", n % 7)),
        model: (n % 7 != 0).then(|| format!("model {}", n % 7)),
        status: if n % 11 == 0 { 500 } else { 200 },
        error_code: (n % 13 == 0).then_some("upstream.truncated"),
        estimated: n % 4 == 0,
        priced: n % 6 != 0,
        cost_nano_usd: n * 7 + 1,
        billed_nano_usd: n * 9 + 2,
        input_tokens: u64::try_from(n).unwrap_or_default(),
        ..row(api, &format!("req_{n:016}"))
    }
}

#[test]
fn every_sum_is_the_same_before_and_after_rows_are_rolled_up() {
    let api = keeping("2");
    write(&api, &(0..1300).map(|n| old(&api, n)).collect::<Vec<_>>());
    let before = answers(&api);
    let report = prune(&api);
    assert_eq!(answers(&api), before);
    assert!(report.rolled_up > CHUNK && !report.unfinished, "{report:?}");
    assert_eq!(api.db.count(&format!("SELECT count(*) FROM usage WHERE created_at < {TODAY} - 2 * {DAY}")), 0);
    let kept = api.db.count("SELECT count(*) FROM usage");
    assert_eq!(kept + i64::try_from(report.rolled_up).expect("a count"), 1300);
    assert_eq!(prune(&api), Report::default(), "there is nothing left to do");
}

#[test]
fn a_day_is_rolled_up_once_it_is_whole_and_old_enough() {
    let api = keeping("2");
    let at = |id: &str, at: i64| UsageRow { created_at: at, ..row(&api, id) };
    write(&api, &[at("req_in", TODAY - 2 * DAY), at("req_out", TODAY - 2 * DAY - 1)]);
    assert_eq!(prune(&api).rolled_up, 1);
    assert_eq!(api.db.all("SELECT request_id FROM usage"), ["req_in"]);
    assert_eq!(api.db.all("SELECT day FROM usage_daily"), ["2026-11-17"]);
    api.clock.advance(TODAY + DAY - NOW - 1);
    assert_eq!(prune(&api).rolled_up, 0, "one millisecond before midnight");
    api.clock.advance(1);
    assert_eq!(prune(&api).rolled_up, 1);
}

#[test]
fn a_row_that_comes_late_joins_its_day() {
    let api = keeping("2");
    let late = |id: &str| UsageRow { created_at: TODAY - 4 * DAY, ..row(&api, id) };
    write(&api, &[late("req_1")]);
    prune(&api);
    write(&api, &[late("req_2")]);
    assert_eq!(data(&api, "?group_by=day")[0]["calls"], 2, "one in the roll-up, one still a row");
    prune(&api);
    assert_eq!(data(&api, "?group_by=day")[0]["calls"], 2);
    assert_eq!(api.db.count("SELECT count(*) FROM usage_daily"), 1);
}

#[test]
fn nothing_is_moved_for_ever_where_retention_is_zero() {
    let api = Api::with(&[
        ("ADMIN_TOKEN", ADMIN_TOKEN),
        ("SEALING_KEYS", K1),
        ("RETENTION_DAYS", "0"),
        ("ROLLUP_RETENTION_DAYS", "0"),
        ("AUDIT_RETENTION_DAYS", "0"),
    ]);
    write(&api, &[UsageRow { created_at: 1, ..row(&api, "req_1") }]);
    let before = api.db.dump();
    assert_eq!(prune(&api), Report::default());
    assert_eq!(api.db.dump(), before);
    assert_eq!(data(&api, "?from=1970-01-01&group_by=hour")[0]["hour"], "1970-01-01T00:00:00.000Z");
}

#[test]
fn roll_ups_and_attempts_go_when_their_time_is_over() {
    let api = Api::with(&[
        ("ADMIN_TOKEN", ADMIN_TOKEN),
        ("SEALING_KEYS", K1),
        ("RETENTION_DAYS", "1"),
        ("ROLLUP_RETENTION_DAYS", "10"),
    ]);
    let at = |id: &str, days: i64| UsageRow { created_at: TODAY - days * DAY, ..row(&api, id) };
    write(&api, &[at("req_9", 9), at("req_10", 10), at("req_11", 11), at("req_0", 0)]);
    api.db.run(&format!(
        "INSERT INTO request_attempts (request_id, attempt, project_id, created_at, latency_ms)
         VALUES ('req_9', 1, 'p', {TODAY} - 9 * {DAY}, 1), ('req_0', 1, 'p', {TODAY}, 1), ('req_0', 2, 'p', {TODAY}, 1)"
    ));
    let report = prune(&api);
    assert_eq!(report, Report { rolled_up: 3, attempts_deleted: 1, rollups_deleted: 1, ..Report::default() });
    assert_eq!(api.db.all("SELECT day FROM usage_daily ORDER BY day"), ["2026-11-10", "2026-11-11"]);
    assert_eq!(api.db.count("SELECT count(*) FROM request_attempts"), 2);
}

#[test]
fn a_run_is_bounded_and_the_next_one_goes_on() {
    let api = keeping("1");
    let project = api.default_project();
    let most = CHUNK * u64::try_from(MOST_CHUNKS).expect("a count");
    api.db.run(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {most} + 1)
         INSERT INTO usage (request_id, project_id, created_at, protocol, streamed, status, attempts, input_tokens,
          output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nano_usd, billed_nano_usd, priced,
          estimated, latency_ms) SELECT 'req_' || i, '{project}', {TODAY} - 3 * {DAY} + i % 7, 'p', 0, 200, 1, 1, 1, 0, 0, 0,
          i, i, 1, 0, 1 FROM n"
    ));
    let before = data(&api, "")[0].clone();
    let first = prune(&api);
    assert_eq!((first.rolled_up, first.unfinished), (most, true));
    assert_eq!(data(&api, "")[0], before);
    let second = prune(&api);
    assert_eq!((second.rolled_up, second.unfinished), (1, false));
    assert_eq!(data(&api, "")[0], before);
}

#[test]
fn chunks_end_where_they_are_full() {
    let api = keeping("1");
    for rows in [CHUNK - 1, CHUNK, CHUNK + 1] {
        let rows = i64::try_from(rows).expect("a count");
        write(&api, &(0..rows).map(|n| UsageRow { created_at: TODAY - 9 * DAY, ..old(&api, n) }).collect::<Vec<_>>());
        assert_eq!(i64::try_from(prune(&api).rolled_up), Ok(rows));
        assert_eq!(api.db.count("SELECT count(*) FROM usage"), 0);
    }
    assert_eq!(api.db.count("SELECT sum(calls) FROM usage_daily"), 3 * i64::try_from(CHUNK).expect("a count"));
}

#[test]
fn a_run_that_is_cut_off_loses_nothing_and_doubles_nothing() {
    let api = keeping("1");
    write(&api, &(0..1700).map(|n| UsageRow { created_at: TODAY - 9 * DAY + n, ..old(&api, n) }).collect::<Vec<_>>());
    let before = answers(&api);
    for answers_left in [0, 1, 2, 0] {
        api.db.answers.set(Some(answers_left));
        let cut = pollster::block_on(run(&api.db, api.deployment.retention, api.clock.now()));
        assert!(cut.is_err(), "{cut:?}");
        api.db.answers.set(None);
        assert_eq!(answers(&api), before);
    }
    assert_eq!(api.db.count("SELECT count(*) FROM usage"), 200);
    assert_eq!(prune(&api).rolled_up, 200);
    assert_eq!(answers(&api), before);
}

#[test]
fn hours_are_known_within_retention_and_it_says_so_beyond() {
    let api = keeping("7");
    write(&api, &[UsageRow { created_at: TODAY - 8 * DAY, ..row(&api, "req_1") }, row(&api, "req_2")]);
    let refused = api.get("/api/v1/usage?group_by=hour&from=2026-11-12");
    refused.invalid("group_by");
    assert!(refused.message().contains("from=2026-11-13"), "{}", refused.message());
    assert_eq!(data(&api, "?group_by=hour").len(), 1, "untold, the span begins where rows do");
    assert_eq!(data(&api, "?group_by=hour&from=2026-11-13").len(), 1);
    api.get("/api/v1/usage?group_by=hour&to=2026-11-01").invalid("group_by");
    prune(&api);
    // Longer retention brings no row back.
    let api = api.redeployed(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1), ("RETENTION_DAYS", "30")]);
    let refused = api.get("/api/v1/usage?group_by=hour&from=2026-11-12");
    refused.invalid("group_by");
    assert!(refused.message().contains("from=2026-11-13"), "{}", refused.message());
    assert_eq!(data(&api, "?group_by=day&from=2026-11-12").len(), 2);
}

#[test]
fn a_rolled_up_day_is_told_whole_or_refused() {
    let api = keeping("2");
    write(&api, &[UsageRow { created_at: TODAY - 4 * DAY + 7_200_000, ..row(&api, "req_1") }]);
    let calls = |query: &str| data(&api, query)[0]["calls"].clone();
    assert_eq!(calls("?from=2026-11-16T03:00:00Z"), 0);
    prune(&api);
    for (query, param) in
        [("?from=2026-11-16T03:00:00Z", "from"), ("?from=2026-11-01&to=2026-11-16T00:00:00.001Z", "to")]
    {
        let refused = api.get(&format!("/api/v1/usage{query}"));
        refused.invalid(param);
        assert!(refused.message().contains("2026-11-17"), "{}", refused.message());
    }
    assert_eq!(calls("?from=2026-11-16&to=2026-11-17"), 1);
    assert_eq!(calls("?from=2026-11-01&to=2026-11-16"), 0);
    assert_eq!(calls("?from=2026-11-15T01:00:00Z&to=2026-11-18T01:00:00Z"), 1, "no roll-up of those days is cut");
}

#[test]
fn sums_that_no_integer_holds_stop_at_a_bound_and_retention_goes_on() {
    let api = keeping("1");
    let nonsense = |n: i64| UsageRow {
        input_tokens: (1 << 53) - 1,
        created_at: TODAY - 3 * DAY,
        ..row(&api, &format!("req_{n}"))
    };
    write(&api, &(0..2000).map(nonsense).collect::<Vec<_>>());
    assert_eq!(prune(&api).rolled_up, 2000);
    let totals = &data(&api, "")[0];
    assert_eq!((totals["calls"].as_i64(), totals["input_tokens"].to_string()), (Some(2000), (1i64 << 62).to_string()));
}

#[derive(Debug, Clone)]
enum Step {
    Calls { from: i64, count: i64 },
    Again { request: i64 },
    Chunk { limit: i64 },
    CutOff { answers: usize },
    Run,
    Hours { hours: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..1000i64, 1..40i64).prop_map(|(from, count)| Step::Calls { from, count }),
        1 => (0..40i64).prop_map(|request| Step::Again { request }),
        3 => (1..30i64).prop_map(|limit| Step::Chunk { limit }),
        1 => (0..3usize).prop_map(|answers| Step::CutOff { answers }),
        2 => Just(Step::Run),
        2 => (1..30i64).prop_map(|hours| Step::Hours { hours }),
    ]
}

#[test]
fn whatever_is_written_and_pruned_in_whatever_order_the_totals_are_those_of_the_calls() {
    proptest!(ProptestConfig::with_cases(24), |(steps in prop::collection::vec(step(), 1..20))| {
        let api = keeping("2");
        // What retention never touches: the same rows in a database of their own.
        let reference = keeping("0");
        reference.db.run(&format!("UPDATE projects SET id = '{}'", api.default_project()));
        let mut written = 0;
        for step in &steps {
            match *step {
                Step::Calls { from, count } => {
                    let rows: Vec<_> = (from..from + count)
                        .map(|n| UsageRow { request_id: format!("req_{}", written + n - from), ..old(&api, n) })
                        .collect();
                    written += count;
                    write(&api, &rows);
                    write(&reference, &rows);
                }
                Step::Again { request } => {
                    // A write that is repeated within retention; later ones cannot happen.
                    let id = format!("req_{}", request % written.max(1));
                    if api.db.count(&format!("SELECT count(*) FROM usage WHERE request_id = '{id}'")) == 1 {
                        write(&api, &[UsageRow { request_id: id, ..old(&api, 3) }]);
                    }
                }
                Step::Chunk { limit } => {
                    let before = api.deployment.retention.rows_since(api.clock.now()).expect("a boundary");
                    pollster::block_on(roll_up(&api.db, before, limit)).expect("a chunk");
                }
                Step::CutOff { answers } => {
                    api.db.answers.set(Some(answers));
                    let _ = pollster::block_on(run(&api.db, api.deployment.retention, api.clock.now()));
                    api.db.answers.set(None);
                }
                Step::Run => {
                    prune(&api);
                }
                Step::Hours { hours } => api.clock.advance(hours * 3_600_000),
            }
            prop_assert_eq!(answers(&api), answers(&reference), "after {:?}", step);
        }
    });
}
