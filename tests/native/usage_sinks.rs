//! Rows on their way through a queue, data points, and what the API says of either.

use crate::harness::{ADMIN_TOKEN, Api, K1, NOW};
use crate::sqlite::Sqlite;
use crate::usage::{data, row};
use pollster::block_on;
use serde_json::json;
use sluice::gateway::analytics::{BLOBS, DOUBLES, point};
use sluice::gateway::queue::{AT_ONCE, Receipt, deliver, messages};
use sluice::store::requests::AttemptRow;
use sluice::store::usage::{UsageRow, insert};

use Receipt::{Again, Written};

/// What a message may have, and what may be sent at once, less a hundred bytes a message for what lies beside its body.
const MESSAGE_LIMIT: usize = 64_000 - 100;
const BATCH_LIMIT: usize = 256_000 - 100 * AT_ONCE;

fn attempt(number: i64) -> AttemptRow {
    AttemptRow {
        attempt: number,
        created_at: NOW,
        provider_id: Some("aip_0000000000000001".into()),
        model_id: Some("mdl_0000000000000001".into()),
        status: Some(500),
        error_code: Some("upstream.error".into()),
        error_message: Some("said \"no\", comma,\nline".into()),
        latency_ms: 3,
    }
}

/// A call that failed twice before it succeeded.
fn tried(api: &Api, id: &str) -> UsageRow {
    UsageRow { attempts_log: (1..=3).map(attempt).collect(), ..row(api, id) }
}

fn rows(api: &Api, ids: std::ops::Range<usize>) -> Vec<UsageRow> {
    ids.map(|n| if n % 3 == 0 { tried(api, &format!("req_{n}")) } else { row(api, &format!("req_{n}")) }).collect()
}

fn sent(rows: &[UsageRow]) -> Vec<String> {
    messages(rows).expect("messages")
}

/// A message a row.
fn one_each(rows: &[UsageRow]) -> Vec<String> {
    rows.iter().flat_map(|row| sent(std::slice::from_ref(row))).collect()
}

fn received(api: &Api, messages: &[String]) -> Vec<Receipt> {
    block_on(deliver(&api.db, messages))
}

fn counts(db: &Sqlite) -> (i64, i64) {
    (db.count("SELECT count(*) FROM usage"), db.count("SELECT count(*) FROM request_attempts"))
}

#[test]
fn rows_that_come_by_the_queue_are_those_that_would_have_been_written_at_once() {
    let (direct, queued) = (Api::new(), Api::new());
    let rows = UsageRow::of_both(&direct);
    block_on(insert(&direct.db, &rows)).expect("written");
    let messages = sent(&rows);
    assert_eq!(received(&queued, &messages), vec![Written; messages.len()]);
    assert_eq!(stored(&direct), stored(&queued));
    assert_eq!(counts(&queued.db), (200, 201));
}

/// All rows and attempts, in an order that is the same everywhere.
fn stored(api: &Api) -> String {
    let lines = api.db.dump();
    let mut lines: Vec<_> =
        lines.lines().filter(|l| l.starts_with("usage:") || l.starts_with("request_attempts:")).collect();
    lines.sort_unstable();
    lines.join("\n")
}

trait Both {
    fn of_both(api: &Api) -> Vec<UsageRow>;
}

impl Both for UsageRow {
    /// Two hundred calls, of which a third needed attempts, in a project whose id another deployment has, too.
    fn of_both(api: &Api) -> Vec<UsageRow> {
        let mut rows = rows(api, 0..200);
        rows.iter_mut().for_each(|row| row.project_id = "prj_0000000000000001".into());
        rows
    }
}

#[test]
fn whatever_is_delivered_twice_counts_once() {
    let api = Api::new();
    let messages = one_each(&rows(&api, 0..9));
    let twice = [messages.clone(), messages].concat();
    assert_eq!(received(&api, &twice), vec![Written; 18]);
    assert_eq!(received(&api, &twice), vec![Written; 18]);
    assert_eq!(counts(&api.db), (9, 9));
    assert_eq!(data(&api, "")[0]["calls"], json!(9));
}

#[test]
fn no_message_and_no_batch_of_them_is_larger_than_a_queue_takes() {
    let api = Api::new();
    let dear = |n: usize| {
        let long = AttemptRow { error_message: Some("\u{1}".repeat(500)), ..attempt(1) };
        let model = Some("\u{1f600}".repeat(300));
        let attempts_log = (1..=5).map(|attempt| AttemptRow { attempt, ..long.clone() }).collect();
        UsageRow { requested_model: model, attempts_log, ..row(&api, &format!("req_{n}")) }
    };
    for rows in [rows(&api, 0..5000), (0..500).map(dear).collect()] {
        let messages = sent(&rows);
        assert!(messages.iter().all(|message| message.len() <= MESSAGE_LIMIT));
        for batch in messages.chunks(AT_ONCE) {
            assert!(batch.iter().map(String::len).sum::<usize>() <= BATCH_LIMIT);
        }
        let bytes: usize = messages.iter().map(String::len).sum();
        assert!(messages.len() <= bytes / (MESSAGE_LIMIT / 2) + 1, "{} messages of {bytes} bytes", messages.len());
        assert_eq!(received(&api, &messages), vec![Written; messages.len()]);
    }
    assert_eq!(counts(&api.db).0, 5000, "the second five hundred have ids of the first");
}

#[test]
fn one_delivery_is_few_statements() {
    let api = Api::new();
    let messages = one_each(&rows(&api, 0..100));
    let before = api.db.batches.get();
    assert_eq!(received(&api, &messages), vec![Written; 100]);
    assert_eq!(api.db.batches.get() - before, 1);
}

#[test]
fn while_d1_is_away_everything_comes_again_and_nothing_is_asked_twice() {
    let api = Api::new();
    let messages = one_each(&rows(&api, 0..5));
    api.db.away.set(true);
    let before = api.db.batches.get();
    assert_eq!(received(&api, &messages), vec![Again; 5]);
    assert_eq!(api.db.batches.get() - before, 1);
    api.db.away.set(false);
    assert_eq!(received(&api, &messages), vec![Written; 5]);
    assert_eq!(counts(&api.db).0, 5);
}

#[test]
fn what_was_written_before_d1_went_away_does_not_come_again() {
    let api = Api::new();
    // More than one statement takes.
    let messages = sent(&rows(&api, 0..4000));
    api.db.answers.set(Some(1));
    let receipts = received(&api, &messages);
    let written = receipts.iter().filter(|receipt| **receipt == Written).count();
    assert!(written > 0 && written < messages.len(), "{written} of {}", messages.len());
    assert_eq!(receipts, [vec![Written; written], vec![Again; messages.len() - written]].concat());
    api.db.answers.set(None);
    let again: Vec<_> = messages[written..].to_vec();
    assert_eq!(received(&api, &again), vec![Written; again.len()]);
    assert_eq!(counts(&api.db).0, 4000);
}

#[test]
fn a_message_that_cannot_be_read_comes_again_and_keeps_no_other_from_being_written() {
    let api = Api::new();
    let good = one_each(&rows(&api, 1..3));
    for bad in [
        "",
        "usage.v3\n\n",
        "usage.v1\n",
        "usage.v2\n",
        "usage.v1\n{\"request_id\":\n",
        "usage.v1\n[]\n",
        "usage.v2\n[\"req_\n",
        "usage.v2\n\n][",
    ] {
        let messages = [good[0].clone(), bad.to_owned(), good[1].clone()];
        assert_eq!(received(&api, &messages), [Written, Again, Written], "{bad:?}");
    }
    assert_eq!(received(&api, &["not ours".to_owned()]), [Again]);
    assert_eq!(received(&api, &[]), []);
    assert_eq!(counts(&api.db).0, 2);
}

#[test]
fn what_waited_in_a_queue_in_the_first_layout_is_written_as_it_would_have_been_then() {
    let (then, now) = (Api::new(), Api::new());
    let row = |api: &Api| UsageRow { project_id: "prj_0000000000000001".into(), ..tried(api, "req_1") };
    let row_then = r#"{"first_byte_ms":3,"request_id":"req_1","project_id":"prj_0000000000000001","created_at":CREATED,"token_id":null,"user_id":null,"provider_id":"aip_0000000000000001","provider_name":"openai","model_id":"mdl_0000000000000001","model":"gpt-5","requested_model":"best","protocol":"responses","upstream_protocol":"responses","streamed":false,"status":200,"error_code":null,"attempts":1,"input_tokens":10,"output_tokens":5,"cache_read_tokens":3,"cache_write_tokens":2,"reasoning_tokens":1,"cost_nano_usd":50,"billed_nano_usd":75,"priced":true,"estimated":false,"latency_ms":12}"#
        .replace("CREATED", &row(&now).created_at.to_string());
    let sent_now = sent(&[row(&now)])[0].clone();
    let attempts = sent_now.lines().last().expect("attempts");
    assert_eq!(
        received(&then, &[format!("usage.v1\n{row_then},{}\n{attempts}", row_then.replace("req_1", "req_2"))]),
        [Written]
    );
    assert_eq!(
        received(
            &now,
            &[sent_now, sent(&[UsageRow { request_id: "req_2".into(), attempts_log: vec![], ..row(&now) }])[0].clone()]
        ),
        [Written; 2]
    );
    assert_eq!(stored(&then), stored(&now));
    assert_eq!(counts(&then.db), (2, 3));
}

#[test]
fn a_row_that_d1_refuses_keeps_no_other_from_it() {
    let api = Api::new();
    let mut five = rows(&api, 0..5);
    // STRICT and NOT NULL: what a faulty writer might send.
    let (latency, none) = (",12,3]", ",null,3]");
    let refused = sent(&five[3..4])[0].replace(latency, none);
    assert_eq!(received(&api, &[sent(&five[0..1])[0].clone(), refused.clone()]), [Written, Again]);
    five[2].request_id = "req_beside".into();
    let beside = sent(&five[2..4])[0].replacen(latency, none, 2).replacen(none, latency, 1);
    assert_eq!(received(&api, &[refused, beside, sent(&five[4..5])[0].clone()]), [Again, Again, Written]);
    assert_eq!(
        api.db.all("SELECT request_id FROM usage ORDER BY request_id"),
        ["req_0", "req_4", "req_beside"],
        "the refused row is the only one that is missing"
    );
}

#[test]
fn each_column_of_a_data_point_is_where_the_page_says() {
    let api = Api::new();
    let row = UsageRow { token_id: Some("tok_0000000000000001".into()), error_code: None, ..row(&api, "req_1") };
    let point = point(&row);
    let place = |names: &[&str], name: &str| names.iter().position(|known| *known == name).expect(name);
    let blob = |name| point["blobs"][place(&BLOBS, name)].as_str().expect(name);
    let double = |name| point["doubles"][place(&DOUBLES, name)].as_f64().expect(name);
    let length = |list: &str| point[list].as_array().map(Vec::len);
    assert_eq!((length("blobs"), length("doubles")), (Some(BLOBS.len()), Some(DOUBLES.len())));
    assert_eq!(point["indexes"], json!([row.project_id]));
    let names = ["provider_name", "model", "token_id", "user_id", "error_code"];
    assert_eq!(names.map(blob), ["openai", "gpt-5", "tok_0000000000000001", "", ""]);
    assert_eq!(["protocol", "status", "streamed"].map(blob), ["responses", "200", "false"]);
    let tokens = ["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens"];
    assert_eq!(tokens.map(double), [10.0, 5.0, 3.0, 2.0, 1.0]);
    assert_eq!(["cost_nano_usd", "billed_nano_usd"].map(|name| (double(name) * 1e12).round()), [50e3, 75e3]);
    let rest = ["latency_ms", "first_byte_ms", "attempts", "estimated", "priced"];
    assert_eq!(rest.map(double), [12.0, 3.0, 1.0, 0.0, 1.0]);
    let page = include_str!("../../SCALE.md");
    for (kind, names) in [("blob", &BLOBS[..]), ("double", &DOUBLES[..])] {
        for (number, name) in names.iter().enumerate() {
            let line = format!("`{kind}{}` {}", number + 1, name.replace("_nano_usd", "_usd"));
            assert!(page.contains(&line), "SCALE.md does not say {line}");
        }
    }
}

#[test]
fn a_data_point_is_no_larger_than_it_may_be() {
    let api = Api::new();
    let long = Some("\u{1f600}".repeat(100));
    let row = UsageRow { provider_name: long.clone(), model: long, ..row(&api, "req_1") };
    assert!(BLOBS.len() <= 20 && DOUBLES.len() <= 20 && row.project_id.len() <= 96);
    let blobs = point(&row)["blobs"].as_array().expect("blobs").clone();
    assert!(blobs.iter().filter_map(serde_json::Value::as_str).map(str::len).sum::<usize>() <= 16_000);
}

#[test]
fn health_says_where_rows_go_and_what_keeps_none_does_not_add_them_up() {
    let with = |pairs: &[(&'static str, &'static str)]| {
        Api::with(&[&[("ADMIN_TOKEN", ADMIN_TOKEN), ("SEALING_KEYS", K1)], pairs].concat())
    };
    let sinks = |api: &Api| api.authorized(None).get("/healthz").must(200).body["usage_sinks"].clone();
    let (queue, analytics) = (("USAGE_QUEUE", "bound"), ("USAGE_ANALYTICS", "bound"));
    assert_eq!(sinks(&Api::new()), json!(["d1"]));
    let beside = with(&[queue, analytics]);
    assert_eq!(sinks(&beside), json!(["queue", "analytics"]));
    assert_eq!(data(&beside, "")[0]["calls"], json!(0));
    let nowhere = with(&[analytics, ("USAGE_SINK", "analytics")]);
    assert_eq!(sinks(&nowhere), json!(["analytics"]));
    for path in
        ["/api/v1/usage", "/api/v1/usage?format=csv", "/api/v1/requests", "/api/v1/requests/req_0000000000000001"]
    {
        let refused = nowhere.get(path).must(409).body;
        assert_eq!(refused["error"]["code"], "usage.elsewhere", "{path}");
        assert!(refused["error"]["message"].as_str().is_some_and(|text| text.contains("SCALE.md")), "{path}");
    }
}
