//! What the core does for a warm call, in functions that are called once: `scripts/instructions.mjs` counts the instructions of
//! each under callgrind and holds them against checked-in numbers. Here it is held that they do what they are counted for.

use crate::data_plane::{Isolate, call_door};
use crate::harness::NOW;
use serde_json::json;
use sluice::domain::ids::RequestId;
use sluice::domain::timestamp::Timestamp;
use sluice::domain::usage::TokenCounts;
use sluice::gateway::admit::Admitted;
use sluice::gateway::answer::{Body, Counted, read_body};
use sluice::gateway::door::Work;
use sluice::gateway::estimate::roughly;
use sluice::gateway::plan::Plan;
use sluice::gateway::relay::StreamRelay;
use sluice::gateway::settle::{Consumed, Ending, Record};
use sluice::protocol::meter::{End, Relay};

const PATH: &str = "/v1/chat/completions";
const ANSWER: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-5","choices":[{"index":0,"message":{"role":"assistant","content":"A short paragraph, as it was asked for, with a word or two more than that."},"finish_reason":"stop"}],"usage":{"prompt_tokens":200,"completion_tokens":20,"total_tokens":220,"prompt_tokens_details":{"cached_tokens":100}}}"#;
const HEADERS: [(&str, &str); 6] = [
    ("accept", "application/json"),
    ("authorization", "Bearer of somebody"),
    ("content-type", "application/json"),
    ("host", "sluice.example"),
    ("user-agent", "OpenAI/JS 7.55.0"),
    ("x-stainless-lang", "js"),
];

/// An isolate that has answered before, with so many models.
fn warm(models: u32) -> Isolate {
    let isolate = Isolate::new();
    let provider = isolate.api.provider("main");
    isolate.api.model(&provider, "gpt-5");
    isolate.api.db.run(&format!(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {models})
         INSERT INTO models (id, project_id, provider_id, model, model_key, created_at, updated_at)
         SELECT printf('mdl_%016d', n), project_id, id, 'other-' || n, 'other-' || n, n, n FROM providers, numbers"
    ));
    answered(&isolate, &body(200));
    isolate
}

/// A request of about so many bytes.
fn body(bytes: usize) -> String {
    let content = "Could it be the bearing, or has the \"coupling\" moved?\n".repeat(bytes / 52 + 1);
    json!({"model": "main^gpt-5", "temperature": 0.2, "messages": [
        {"role": "system", "content": "You answer in one short paragraph."}, {"role": "user", "content": content}]})
    .to_string()
}

/// A call, from its head to its row.
fn answered(isolate: &Isolate, body: &str) -> (Plan, TokenCounts) {
    let (admitted, mut record, plan) = planned(isolate, body);
    let Ok(Body::AsItCame(Counted::Reported(tokens))) = read_body(call_door(PATH).protocol, &plan, ANSWER.as_bytes())
    else {
        panic!("the answer passes as it came");
    };
    record.candidate = Some(plan.candidate.clone());
    let consumed = Consumed::of_answer(Work::Generate, Counted::Reported(tokens), record.input_tokens);
    let row = record.settle(
        &admitted,
        "chat_completions",
        Ending { status: 200, error: None, consumed },
        Timestamp::from_ms(NOW + 9),
    );
    assert_eq!(row.output_tokens, 20);
    (plan, tokens)
}

fn planned(isolate: &Isolate, body: &str) -> (Admitted, Record, Plan) {
    let admitted = isolate.admit(1).expect("admitted");
    let mut record = Record::new(RequestId::parse("req_0123456789abcdef").expect("an id"), Timestamp::from_ms(NOW));
    record.input_tokens = roughly(body.as_bytes());
    let plan = isolate.plan_as(&admitted, PATH, &HEADERS, body).expect("planned");
    (admitted, record, plan)
}

#[inline(never)]
fn measured_small(isolate: &Isolate, body: &str) -> (Plan, TokenCounts) {
    answered(isolate, body)
}

#[inline(never)]
fn measured_large(isolate: &Isolate, body: &str) -> (Plan, TokenCounts) {
    answered(isolate, body)
}

#[inline(never)]
fn measured_among_thousands(isolate: &Isolate, body: &str) -> (Plan, TokenCounts) {
    answered(isolate, body)
}

#[inline(never)]
fn measured_events(relay: &mut StreamRelay, events: &[String]) -> usize {
    events.iter().filter(|event| matches!(relay.feed(event.as_bytes()), Relay::AsIs)).count()
}

fn is_right((plan, tokens): (Plan, TokenCounts), body: &str) {
    assert_eq!(plan.body.len(), body.len() - "main^".len());
    assert_eq!(tokens, TokenCounts { input: 100, output: 20, cache_read: 100, ..TokenCounts::default() });
}

#[test]
fn a_warm_call_of_one_kilobyte() {
    let (isolate, body) = (warm(10), body(1_000));
    is_right(measured_small(&isolate, &body), &body);
}

#[test]
fn a_warm_call_of_a_hundred_kilobytes() {
    let (isolate, body) = (warm(10), body(100_000));
    is_right(measured_large(&isolate, &body), &body);
}

#[test]
fn a_warm_call_among_five_thousand_models() {
    let (isolate, body) = (warm(5_000), body(1_000));
    is_right(measured_among_thousands(&isolate, &body), &body);
}

#[test]
fn a_hundred_events_of_a_stream() {
    let isolate = warm(10);
    let body = body(200).replacen('{', "{\"stream\":true,\"stream_options\":{\"include_usage\":true},", 1);
    let (_, _, plan) = planned(&isolate, &body);
    let mut relay = StreamRelay::new(call_door(PATH).protocol, &plan);
    let event = |at| {
        let delta = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5",
            "choices": [{"index": 0, "delta": {"content": format!("word {at} ")}, "finish_reason": null}], "usage": null});
        format!("data: {delta}\n\n")
    };
    let events: Vec<_> = (0..100).map(event).collect();
    assert_eq!(measured_events(&mut relay, &events), 100);
    assert_eq!(relay.finish().end, End::Truncated);
}
