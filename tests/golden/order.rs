//! The order of events that each client's protocol promises (PROTOCOLS.md section 6), as its SDKs rely on it.

use serde_json::Value;
use sluice::protocol::meter::End;
use sluice::translate::neutral::Client;

/// One event of a stream's text.
pub struct Event {
    pub name: Option<String>,
    pub data: String,
}

impl Event {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {}", self.data))
    }
}

/// The events of a stream's text.
pub fn events(text: &str) -> Vec<Event> {
    let blocks = text.split("\n\n").filter(|block| !block.is_empty());
    let field = |block: &str, name: &str| {
        let values: Vec<_> = block
            .split('\n')
            .filter_map(|line| line.strip_prefix(name))
            .map(|value| value.strip_prefix(' ').unwrap_or(value))
            .collect();
        if values.is_empty() { None } else { Some(values.join("\n")) }
    };
    blocks.filter_map(|block| Some(Event { name: field(block, "event:"), data: field(block, "data:")? })).collect()
}

/// Whether the stream keeps its protocol's order, and ends as it did. `metered` is whether the upstream has said what the
/// call consumed: what nobody knows, nobody is told.
pub fn check(client: Client, text: &str, end: End, metered: bool) -> Result<(), String> {
    if !text.is_empty() && !text.ends_with("\n\n") {
        return Err("the last event is not complete".into());
    }
    let events = events(text);
    match client {
        Client::ChatCompletions => chat(&events, end, metered),
        Client::Responses => responses(&events, end, metered),
        Client::AnthropicMessages => anthropic(&events, end),
    }
}

macro_rules! ensure {
    ($condition:expr, $($what:tt)+) => {
        if !$condition {
            return Err(format!($($what)+));
        }
    };
}

fn chat(events: &[Event], end: End, metered: bool) -> Result<(), String> {
    let (mut finished, mut usage, mut done, mut error, mut calls) = (false, false, false, false, 0_u64);
    let mut constant: Option<(Value, Value, Value)> = None;
    for (at, event) in events.iter().enumerate() {
        ensure!(event.name.is_none(), "chunk {at} has a name");
        ensure!(!done && !error, "chunk {at} follows the end");
        if event.data == "[DONE]" {
            ensure!(finished && (usage || !metered), "[DONE] without a finish or the usage that was asked for");
            done = true;
            continue;
        }
        let chunk = event.json();
        if chunk.get("error").is_some() {
            error = true;
            continue;
        }
        ensure!(chunk["object"] == "chat.completion.chunk", "chunk {at} is no chunk");
        let same = (chunk["id"].clone(), chunk["created"].clone(), chunk["model"].clone());
        ensure!(constant.get_or_insert(same.clone()) == &same, "chunk {at} has another id, time or model");
        let choices = chunk["choices"].as_array().ok_or("no choices")?;
        if choices.is_empty() {
            ensure!(finished && !usage && chunk["usage"].is_object(), "chunk {at} brings the usage out of turn");
            usage = true;
            continue;
        }
        ensure!(chunk.get("usage") == Some(&Value::Null), "chunk {at} lacks `usage: null`");
        ensure!(!finished, "chunk {at} follows the finish");
        let choice = &choices[0];
        ensure!((choice["delta"]["role"] == "assistant") == (at == 0), "the role is the first chunk's");
        for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let index = call["index"].as_u64().ok_or("a call without index")?;
            let is_new = call.get("id").is_some();
            ensure!(index + 1 == if is_new { calls + 1 } else { calls }, "call {index} out of order");
            ensure!(is_new == call.get("type").is_some(), "id and type come together");
            ensure!(
                is_new == (call["function"].get("name").is_some() || call["custom"].get("name").is_some()),
                "id and name come together"
            );
            calls += u64::from(is_new);
        }
        if !choice["finish_reason"].is_null() {
            finished = true;
        }
    }
    ensure!(done == (end == End::Complete), "[DONE] is {done}, the end is {end:?}");
    ensure!(error == (end == End::ErrorReported), "the error is {error}, the end is {end:?}");
    Ok(())
}

fn responses(events: &[Event], end: End, metered: bool) -> Result<(), String> {
    let (mut items, mut open, mut over) = (0_u64, false, None);
    for (at, event) in events.iter().enumerate() {
        let data = event.json();
        let kind = data["type"].as_str().ok_or("no type")?.to_owned();
        ensure!(event.name.as_deref() == Some(&kind), "event {at}: name and type differ");
        // A failure is told twice: as agents read it, and as the SDKs raise it.
        let is_told_again = kind == "error" && over == Some(End::ErrorReported);
        ensure!(over.is_none() || is_told_again, "event {at} follows the end");
        ensure!(data["sequence_number"] == at, "event {at} has the number {}", data["sequence_number"]);
        match (at, kind.as_str()) {
            (0, "response.created") | (1, "response.in_progress") => {
                ensure!(data["response"]["status"] == "in_progress", "it has not ended yet");
            }
            (_, "response.created" | "response.in_progress") => return Err(format!("{kind} at {at}")),
            (_, "response.output_item.added") => {
                ensure!(!open && data["output_index"] == items, "item out of order at {at}");
                ensure!(
                    data["item"]["status"].is_null() || data["item"]["status"] == "in_progress",
                    "a new item is in progress"
                );
                open = true;
            }
            (_, "response.output_item.done") => {
                ensure!(open && data["output_index"] == items, "item ends out of order at {at}");
                (open, items) = (false, items + 1);
            }
            (_, "response.completed" | "response.incomplete") => {
                ensure!(!open, "an item is open at the end");
                ensure!(
                    data["response"]["output"].as_array().map(Vec::len) == usize::try_from(items).ok(),
                    "items are missing"
                );
                ensure!(data["response"]["usage"].is_object() || !metered, "the usage is missing");
                over = Some(End::Complete);
            }
            (_, "response.failed" | "error") => over = Some(End::ErrorReported),
            (_, delta) => {
                ensure!(open && data["output_index"] == items, "{delta} at {at} belongs to no open item");
                ensure!(data["item_id"].is_string(), "{delta} without item_id");
            }
        }
    }
    ensure!(over.unwrap_or(End::Truncated) == end, "ended {over:?}, the end is {end:?}");
    Ok(())
}

fn anthropic(events: &[Event], end: End) -> Result<(), String> {
    let (mut blocks, mut open, mut delta, mut over) = (0_u64, false, false, None);
    for (at, event) in events.iter().enumerate() {
        let data = event.json();
        let kind = data["type"].as_str().ok_or("no type")?.to_owned();
        ensure!(event.name.as_deref() == Some(&kind), "event {at}: name and type differ");
        ensure!(over.is_none(), "event {at} follows the end");
        match kind.as_str() {
            "message_start" => {
                ensure!(at == 0 && data["message"]["content"] == serde_json::json!([]), "message_start at {at}")
            }
            "error" => over = Some(End::ErrorReported),
            _ if at == 0 => return Err(format!("{kind} comes first")),
            "content_block_start" => {
                ensure!(!open && !delta && data["index"] == blocks, "block out of order at {at}");
                open = true;
            }
            "content_block_delta" => ensure!(open && data["index"] == blocks, "delta of no open block at {at}"),
            "content_block_stop" => {
                ensure!(open && data["index"] == blocks, "stop of no open block at {at}");
                (open, blocks) = (false, blocks + 1);
            }
            "message_delta" => {
                ensure!(!open && !delta, "message_delta at {at}");
                ensure!(data["delta"]["stop_reason"].is_string(), "no stop_reason");
                ensure!(data["usage"]["output_tokens"].is_u64(), "no usage");
                delta = true;
            }
            "message_stop" => {
                ensure!(delta, "message_stop without message_delta");
                over = Some(End::Complete);
            }
            "ping" => {}
            other => return Err(format!("{other} is no event of Anthropic's")),
        }
    }
    ensure!(over.unwrap_or(End::Truncated) == end, "ended {over:?}, the end is {end:?}");
    Ok(())
}
