//! Whole answers: any body of an upstream's × every client, whole and as the events of a stream; and as an error.

use super::calls::{clients_of, exchange, split};
use crate::accumulate::{accumulated, comparable};
use crate::order;
use serde_json::{Map, Value};
use sluice::protocol::meter::End;
use sluice::translate::neutral::{Client, Delivery, Fault};
use sluice::translate::{read_fault, write_fault};
use std::collections::BTreeMap;

/// What holds for one input.
pub fn check(input: &[u8]) -> Option<()> {
    let (upstream, ask, body) = split(input)?;
    let fault = read_fault(upstream, 429, None, body);
    assert_eq!(fault, read_fault(upstream, 429, None, body), "an error is read in two ways");
    for client in clients_of(upstream) {
        is_an_error(client, &fault);
        let Some(whole) = exchange(client, upstream, ask, Delivery::Whole) else { continue };
        let Some(streamed) = exchange(client, upstream, ask, Delivery::Streamed) else { continue };
        match (whole.answer(body), streamed.answer(body)) {
            (Ok(whole), Ok(streamed)) => {
                assert_eq!(whole.usage, streamed.usage, "a stream counts otherwise");
                let answer: Value = serde_json::from_slice(&whole.body).expect("JSON");
                is_an_answer(client, &answer);
                let events = String::from_utf8(streamed.body).expect("UTF-8");
                let metered = whole.usage.is_some();
                order::check(client, &events, End::Complete, metered)
                    .unwrap_or_else(|broken| panic!("{client:?}: {broken}\n{events}"));
                if has_broken_inputs(client, &events) {
                    continue;
                }
                let [said, answer] =
                    [accumulated(client, &events), comparable(client, answer)].map(|it| silent(client, it));
                assert_eq!(said, answer, "a stream says something else\n{events}");
            }
            (Err(whole), Err(streamed)) => {
                assert_eq!(whole, streamed, "a stream fails otherwise");
                is_an_error(client, &whole);
            }
            (whole, streamed) => panic!("whole: {whole:?}\nstreamed: {streamed:?}"),
        }
    }
    Some(())
}

/// What says nothing, said alike: a stream of Chat Completions cannot tell an empty text from none, nor no usage from null.
fn silent(client: Client, mut answer: Value) -> Value {
    if client == Client::ChatCompletions {
        for key in ["content", "refusal"] {
            let text = &mut answer["choices"][0]["message"][key];
            if *text == "" {
                *text = Value::Null;
            }
        }
        if answer["usage"].is_null() {
            answer["usage"] = Value::Null;
        }
    }
    answer.sort_all_objects();
    answer
}

/// Whether a call's input is no object, as when the model was cut off within it. A stream has passed it on before that is
/// known, and an accumulated answer has no place for it.
fn has_broken_inputs(client: Client, events: &str) -> bool {
    let mut inputs = BTreeMap::<u64, String>::new();
    for event in order::events(events).iter().filter(|_| client == Client::AnthropicMessages) {
        let data = event.json();
        if let (Some(index), Some(more)) = (data["index"].as_u64(), data["delta"]["partial_json"].as_str()) {
            inputs.entry(index).or_default().push_str(more);
        }
    }
    inputs.values().any(|input| serde_json::from_str::<Map<String, Value>>(input).is_err())
}

fn is_an_answer(client: Client, answer: &Value) {
    let is_one = match client {
        Client::ChatCompletions => {
            let choice = &answer["choices"][0];
            answer["object"] == "chat.completion"
                && choice["message"].is_object()
                && choice["finish_reason"].is_string()
        }
        Client::Responses => {
            answer["object"] == "response" && answer["output"].is_array() && answer["status"].is_string()
        }
        Client::AnthropicMessages => {
            answer["type"] == "message" && answer["content"].is_array() && answer["stop_reason"].is_string()
        }
    };
    assert!(is_one, "{client:?} gets no answer: {answer}");
}

/// That an upstream reports with any status is an error with a status of one.
fn is_an_error(client: Client, fault: &Fault) {
    assert!((400..=599).contains(&fault.status), "an error with the status {}: {fault:?}", fault.status);
    let body = write_fault(client, fault, "req_fuzz00000000");
    assert!(body["error"].is_object(), "{client:?} gets no error: {body}");
}
