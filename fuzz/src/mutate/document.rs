//! Requests, answers and streams: a first line that names the protocol, then JSON, or events with JSON in them.

use super::material::{Material, material};
use super::put;
use crate::properties::random::Random;
use libfuzzer_sys::fuzzer_mutate;
use serde_json::{Map, Value};

/// A string that becomes an escape of half a surrogate pair, which no `Value` can hold.
const LONE_SURROGATE: char = '\u{E000}';

/// Numbers that something is special about.
const NUMBERS: [&str; 14] = [
    "0",
    "-0",
    "-1",
    "1",
    "0.5",
    "1.0",
    "1e2",
    "1e999",
    "-1e-999",
    "9007199254740993",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "123456789012345678901234567890123456789012345678901234567890",
];

/// Texts that something is special about.
const TEXTS: [&str; 16] = [
    "",
    " ",
    "\n\n",
    "data: x\n\n",
    "[DONE]",
    "{",
    "{}",
    "{\"input\":\"text\"}",
    "\u{0}",
    "\u{FEFF}",
    "\u{2028}",
    "😀",
    "e\u{301}",
    "data:image/png;base64,AAAA",
    "https://example.com/a.png",
    "\u{E000}",
];

/// Another document.
pub fn document(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut random = Random::new(u64::from(seed));
    // As bytes: broken JSON, invalid UTF-8, fields twice, cuts.
    if random.one_in(5) {
        return fuzzer_mutate(data, size, max_size);
    }
    let text = String::from_utf8_lossy(&data[..size]).into_owned();
    let Some((protocol, body)) = text.split_once('\n') else { return fuzzer_mutate(data, size, max_size) };
    let protocol = match (random.below(24), protocol.strip_suffix(" rich")) {
        (0, Some(plain)) => plain.to_owned(),
        (0, None) => format!("{protocol} rich"),
        _ => protocol.to_owned(),
    };
    let body = match serde_json::from_str::<Value>(body) {
        Ok(value) => mutated(value, &mut random).unwrap_or_else(|| body.to_owned()),
        Err(_) => events(body, &mut random),
    };
    let input = format!("{protocol}\n{body}");
    // A document that is cut is no document; a stream may be.
    if input.len() > max_size {
        return fuzzer_mutate(data, size, max_size);
    }
    put(data, input.as_bytes(), max_size)
}

fn events(body: &str, random: &mut Random) -> String {
    let between = if body.contains("data:") { "\n\n" } else { "\n" };
    let mut events: Vec<String> = body.split(between).map(str::to_owned).collect();
    let material = material();
    for _ in 0..=random.below(3) {
        let (at, other) = (random.below(events.len()), random.below(events.len()));
        match random.below(10) {
            0 if events.len() > 1 => drop(events.remove(at)),
            1 => events.insert(other, events[at].clone()),
            2 => events.swap(at, other),
            3 => events.insert(at, random.pick(&material.events).cloned().unwrap_or_default()),
            4 if random.one_in(4) => events.truncate(at + 1),
            5 if random.one_in(2) => rename(&mut events[at], material, random),
            _ => change(&mut events[at], random),
        }
    }
    events.join(between)
}

/// Gives an event another name.
fn rename(event: &mut String, material: &Material, random: &mut Random) {
    let word = random.pick(&material.words).map_or("error", String::as_str);
    let lines =
        event.lines().map(|line| if line.starts_with("event:") { format!("event: {word}") } else { line.to_owned() });
    *event = lines.collect::<Vec<_>>().join("\n");
}

/// Changes an event's JSON.
fn change(event: &mut String, random: &mut Random) {
    let Some(at) = event.find('{') else { return };
    let Ok(value) = serde_json::from_str(&event[at..]) else { return };
    if let Some(json) = mutated(value, random) {
        event.replace_range(at.., &json);
    }
}

/// The document with a few changes.
fn mutated(mut value: Value, random: &mut Random) -> Option<String> {
    for _ in 0..=random.below(4) {
        let donor = match random.one_in(2) {
            true => value.clone(),
            false => donor(random),
        };
        let at = random.below(nodes(&value));
        alter(node(&mut value, at)?, &donor, random);
    }
    let text = value.to_string();
    Some(if text.contains(LONE_SURROGATE) { text.replace(LONE_SURROGATE, "\\ud83d") } else { text })
}

/// A document of the fixtures, or the data of one of their events.
fn donor(random: &mut Random) -> Value {
    let material = material();
    let event =
        random.pick(&material.events).and_then(|event| serde_json::from_str(event.get(event.find('{')?..)?).ok());
    match (event, random.one_in(2)) {
        (Some(event), true) => event,
        _ => random.pick(&material.documents).cloned().unwrap_or_default(),
    }
}

fn alter(node: &mut Value, donor: &Value, random: &mut Random) {
    let material = material();
    let word = random.pick(&material.words).cloned().unwrap_or_default();
    match (node, random.below(12)) {
        (node, 0) => *node = scalar(random, &word),
        (node, 1) => *node = some_node(donor, random),
        (node, 2) if random.one_in(3) => *node = deep(std::mem::take(node), random),
        (Value::Object(map), 3 | 4) => drop(key(map, random).and_then(|key| map.shift_remove(&key))),
        (Value::Object(map), 5) => {
            if let Some((key, value)) = key(map, random).and_then(|key| map.shift_remove_entry(&key)) {
                map.insert(if random.one_in(4) { format!("{key}x") } else { word }, value);
            }
        }
        (Value::Object(map), _) => drop(map.insert(word, some_node(donor, random))),
        (Value::Array(values), 3 | 4) if !values.is_empty() => drop(values.remove(random.below(values.len()))),
        (Value::Array(values), 5 | 6) if !values.is_empty() => {
            let (from, to) = (random.below(values.len()), random.below(values.len()));
            values.insert(to, values[from].clone());
        }
        (Value::Array(values), 7) if !values.is_empty() => {
            let (one, other) = (random.below(values.len()), random.below(values.len()));
            values.swap(one, other);
        }
        (Value::Array(values), _) => values.push(some_node(donor, random)),
        (Value::String(text), 3..=5) => {
            let at = text.char_indices().map(|(at, _)| at).nth(random.below(text.chars().count())).unwrap_or_default();
            match random.below(3) {
                0 => text.truncate(at),
                1 => text.insert_str(at, random.pick(&TEXTS).copied().unwrap_or_default()),
                _ => *text = text.repeat(2 + random.below(6)),
            }
        }
        (Value::String(text), 6..) => *text = word,
        (node, _) => *node = scalar(random, &word),
    }
}

fn key(map: &Map<String, Value>, random: &mut Random) -> Option<String> {
    map.keys().nth(random.below(map.len())).cloned()
}

fn scalar(random: &mut Random, word: &str) -> Value {
    match random.below(8) {
        0 => Value::Null,
        1 => Value::Bool(random.one_in(2)),
        2 => Value::Array(Vec::new()),
        3 => Value::Object(Map::new()),
        4 => word.into(),
        5 => random.pick(&TEXTS).copied().into(),
        _ => random.pick(&NUMBERS).and_then(|number| serde_json::from_str(number).ok()).unwrap_or_default(),
    }
}

fn deep(mut value: Value, random: &mut Random) -> Value {
    for _ in 0..random.pick(&[1, 2, 8, 100, 130]).copied().unwrap_or_default() {
        value = match random.one_in(2) {
            true => Value::Array(vec![value]),
            false => Value::Object(Map::from_iter([("a".to_owned(), value)])),
        };
    }
    value
}

fn some_node(value: &Value, random: &mut Random) -> Value {
    let mut value = value.clone();
    let at = random.below(nodes(&value));
    node(&mut value, at).map(std::mem::take).unwrap_or_default()
}

fn nodes(value: &Value) -> usize {
    1 + match value {
        Value::Array(values) => values.iter().map(nodes).sum(),
        Value::Object(map) => map.values().map(nodes).sum(),
        _ => 0,
    }
}

/// A value of the tree by its place in it, from the top.
fn node(value: &mut Value, mut at: usize) -> Option<&mut Value> {
    if at == 0 {
        return Some(value);
    }
    at -= 1;
    let children: Vec<&mut Value> = match value {
        Value::Array(values) => values.iter_mut().collect(),
        Value::Object(map) => map.values_mut().collect(),
        _ => Vec::new(),
    };
    for child in children {
        let inside = nodes(child);
        if at < inside {
            return node(child, at);
        }
        at -= inside;
    }
    None
}
