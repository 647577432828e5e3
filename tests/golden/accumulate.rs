//! What a client makes of a stream: the whole answer, put together as its SDK does.

use crate::order::events;
use serde_json::{Map, Value, json};
use sluice::translate::neutral::Client;

/// The answer that the stream's events add up to, comparable with a whole one.
pub fn accumulated(client: Client, text: &str) -> Value {
    let answer = match client {
        Client::ChatCompletions => chat(text),
        Client::Responses => responses(text),
        Client::AnthropicMessages => anthropic(text),
    };
    comparable(client, answer)
}

/// Without what differs between two answers of an upstream that say the same: its ids, and the object's name.
pub fn comparable(client: Client, mut answer: Value) -> Value {
    let fields: &[&str] = match client {
        Client::ChatCompletions => &["id", "object", "created", "model", "system_fingerprint", "service_tier"],
        Client::Responses => &["id", "created_at", "completed_at", "model"],
        Client::AnthropicMessages => &["id", "model"],
    };
    if let Some(map) = answer.as_object_mut() {
        fields.iter().for_each(|field| {
            map.shift_remove(*field);
        });
    }
    without_ids(&mut answer);
    answer
}

/// Item, call and signature ids: the fixtures of one scenario may carry different ones.
fn without_ids(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for key in ["id", "call_id"] {
                map.shift_remove(key);
            }
            map.values_mut().for_each(without_ids);
            map.sort_keys();
        }
        Value::Array(values) => values.iter_mut().for_each(without_ids),
        _ => {}
    }
}

fn chat(text: &str) -> Value {
    let mut message = Map::new();
    let (mut finish, mut usage, mut calls) = (Value::Null, Value::Null, Vec::<Value>::new());
    for event in events(text).iter().filter(|event| event.data != "[DONE]") {
        let chunk = event.json();
        if chunk["usage"].is_object() {
            usage = chunk["usage"].clone();
        }
        let Some(choice) = chunk["choices"].get(0) else { continue };
        if !choice["finish_reason"].is_null() {
            finish = choice["finish_reason"].clone();
        }
        for (key, delta) in choice["delta"].as_object().into_iter().flatten() {
            match (key.as_str(), delta) {
                ("tool_calls", Value::Array(fragments)) => {
                    fragments.iter().for_each(|fragment| add_call(&mut calls, fragment))
                }
                ("role", _) => {
                    message.insert(key.clone(), delta.clone());
                }
                (_, Value::String(more)) => {
                    let so_far = message.get(key).and_then(Value::as_str).unwrap_or_default();
                    message.insert(key.clone(), format!("{so_far}{more}").into());
                }
                (_, Value::Array(more)) => {
                    let so_far = message.entry(key.clone()).or_insert_with(|| json!([]));
                    so_far.as_array_mut().expect("an array").extend(more.iter().cloned());
                }
                (_, Value::Null) => {
                    message.entry(key.clone()).or_insert(Value::Null);
                }
                other => panic!("a delta that no SDK adds: {other:?}"),
            }
        }
    }
    if !calls.is_empty() {
        calls.iter_mut().for_each(|call| {
            call.as_object_mut().expect("a call").shift_remove("index");
        });
        message.insert("tool_calls".into(), calls.into());
    }
    // A stream begins with `content: ""`, a whole answer of nothing but calls has null.
    for key in ["content", "refusal"] {
        let is_empty = message.get(key).is_none_or(|value| value == "");
        if is_empty {
            message.insert(key.into(), Value::Null);
        }
    }
    message.entry("annotations").or_insert_with(|| json!([]));
    json!({"choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish}], "usage": usage})
}

fn add_call(calls: &mut Vec<Value>, fragment: &Value) {
    let index = usize::try_from(fragment["index"].as_u64().expect("an index")).expect("small");
    if calls.len() == index {
        calls.push(fragment.clone());
        return;
    }
    for (part, field) in [("function", "arguments"), ("custom", "input")] {
        if let Some(more) = fragment[part][field].as_str() {
            let so_far = calls[index][part][field].as_str().unwrap_or_default().to_owned();
            calls[index][part][field] = (so_far + more).into();
        }
    }
}

/// The last event has all of it; that its deltas say the same is checked on the way.
fn responses(text: &str) -> Value {
    let (mut texts, mut last) = (Map::new(), Value::Null);
    for event in events(text) {
        let data = event.json();
        let kind = data["type"].as_str().unwrap_or_default().to_owned();
        let place = format!("{}/{}/{}", data["item_id"], data["content_index"], data["summary_index"]);
        if let (Some(of), Some(delta)) = (kind.strip_suffix(".delta"), data["delta"].as_str()) {
            let so_far = texts.entry(format!("{of} {place}")).or_insert_with(|| json!(""));
            *so_far = format!("{}{delta}", so_far.as_str().expect("text")).into();
        } else if let Some(of) = kind.strip_suffix(".done") {
            let done = ["text", "arguments", "refusal", "input"].into_iter().find_map(|field| data[field].as_str());
            if let Some(done) = done {
                let said = texts.get(&format!("{of} {place}")).and_then(Value::as_str).unwrap_or_default();
                assert_eq!(said, done, "{kind}");
            }
        } else if matches!(kind.as_str(), "response.completed" | "response.incomplete" | "response.failed") {
            last = data["response"].clone();
        }
    }
    last
}

fn anthropic(text: &str) -> Value {
    let mut message = Value::Null;
    for event in events(text) {
        let data = event.json();
        let index = usize::try_from(data["index"].as_u64().unwrap_or_default()).expect("small");
        match data["type"].as_str().unwrap_or_default() {
            "message_start" => message = data["message"].clone(),
            "content_block_start" => {
                message["content"].as_array_mut().expect("content").push(data["content_block"].clone())
            }
            "content_block_delta" => add_delta(&mut message["content"][index], &data["delta"]),
            "content_block_stop" => {
                let block = &mut message["content"][index];
                if let Some(json) = block["partial"].as_str().map(str::to_owned) {
                    block["input"] = serde_json::from_str(&json).expect("JSON");
                    block.as_object_mut().expect("a block").shift_remove("partial");
                }
            }
            "message_delta" => {
                for (key, value) in data["delta"].as_object().into_iter().flatten() {
                    message[key.as_str()] = value.clone();
                }
                for (key, value) in data["usage"].as_object().into_iter().flatten() {
                    message["usage"][key.as_str()] = value.clone();
                }
            }
            _ => {}
        }
    }
    message
}

fn add_delta(block: &mut Value, delta: &Value) {
    let (key, from) = match delta["type"].as_str().expect("a delta's type") {
        "text_delta" => ("text", "text"),
        "thinking_delta" => ("thinking", "thinking"),
        "signature_delta" => ("signature", "signature"),
        "input_json_delta" => ("partial", "partial_json"),
        "citations_delta" => {
            let citations = block.as_object_mut().expect("a block").entry("citations").or_insert_with(|| json!([]));
            if citations.is_null() {
                *citations = json!([]);
            }
            return citations.as_array_mut().expect("citations").push(delta["citation"].clone());
        }
        other => panic!("{other} is no delta of Anthropic's"),
    };
    let so_far = block[key].as_str().unwrap_or_default().to_owned();
    block[key] = (so_far + delta[from].as_str().expect("text")).into();
}
