//! Each upstream's answer × each client, whole and streamed.

use crate::accumulate::accumulated;
use crate::fixtures::{CLIENTS, Fixture, all, exchange, pretty, snapshot, upstream};
use crate::framing::encode;
use crate::order;
use serde_json::Value;
use sluice::domain::protocol::Protocol;
use sluice::domain::usage::TokenCounts;
use sluice::protocol::meter::{End, Progress};
use sluice::translate::neutral::Client;
use sluice::translate::{read_fault, write_fault};
use std::fmt::Write as _;

/// A stream's bytes as the upstream sends them.
fn bytes(fixture: &Fixture) -> Vec<u8> {
    match fixture.protocol {
        Protocol::BedrockConverse => {
            fixture.text().lines().filter(|line| !line.trim().is_empty()).flat_map(framed).collect()
        }
        _ => fixture.text().into_bytes(),
    }
}

/// One line of a `.jsonl`: `{"event": name, "data": payload}`, or `exception` for `event`.
fn framed(line: &str) -> Vec<u8> {
    let line: Value = serde_json::from_str(line).expect("JSON");
    let (kind, name) =
        ["event", "exception"].into_iter().find_map(|kind| Some((kind, line[kind].as_str()?))).expect("a name");
    let names = [(":message-type", kind), (&*format!(":{kind}-type"), name), (":content-type", "application/json")];
    encode(&names, line["data"].to_string().as_bytes())
}

struct Streamed {
    out: Vec<u8>,
    end: End,
    usage: Option<TokenCounts>,
    progress: Progress,
}

fn stream<'a>(client: Client, protocol: Protocol, chunks: impl IntoIterator<Item = &'a [u8]>) -> Streamed {
    let (mut translator, mut out) = (exchange(client, upstream(protocol), true).stream(), Vec::new());
    chunks.into_iter().for_each(|chunk| translator.feed(chunk, &mut out));
    let end = translator.finish(&mut out);
    Streamed { out, end, usage: translator.usage(), progress: translator.progress() }
}

fn streams() -> Vec<Fixture> {
    let mut streams = all("answers", "sse");
    streams.extend(all("answers", "jsonl"));
    assert!(streams.len() >= 40, "the matrix has lost its streams");
    streams
}

fn clients_of(protocol: Protocol) -> impl Iterator<Item = Client> {
    CLIENTS.into_iter().filter(move |client| client.protocol() != protocol)
}

#[test]
fn every_whole_answer_reaches_every_client_as_reviewed() {
    let answers = all("answers", "json");
    assert!(answers.len() >= 35, "the matrix has lost its answers");
    for fixture in answers {
        let (body, mut told) = (fixture.text(), String::new());
        for client in clients_of(fixture.protocol) {
            let _ = writeln!(told, "──── {}", client.protocol().as_str());
            if fixture.scenario.starts_with("error") {
                let fault = read_fault(fixture.protocol, 429, None, body.as_bytes());
                let body = write_fault(client, &fault, "req_golden");
                let _ = writeln!(told, "{}\nretry after: {:?}", pretty(body.to_string().as_bytes()), fault.retry_after);
                continue;
            }
            match exchange(client, upstream(fixture.protocol), false).answer(body.as_bytes()) {
                Ok(answer) => {
                    let _ = writeln!(told, "{}\nusage: {:?}", pretty(&answer.body), answer.usage);
                }
                Err(fault) => {
                    let _ = writeln!(told, "failed: {fault:?}");
                }
            }
        }
        snapshot("answers", &format!("{}__{}", fixture.protocol.as_str(), fixture.scenario), &body, &told);
    }
}

#[test]
fn every_stream_reaches_every_client_as_reviewed() {
    for fixture in streams() {
        let mut told = String::new();
        for client in clients_of(fixture.protocol) {
            let streamed = stream(client, fixture.protocol, [&bytes(&fixture)[..]]);
            let out = String::from_utf8(streamed.out).expect("UTF-8");
            let _ = write!(told, "──── {}\n{out}", client.protocol().as_str());
            let _ = writeln!(told, "── {:?}, usage: {:?}", streamed.end, streamed.usage);
        }
        snapshot("streams", &format!("{}__{}", fixture.protocol.as_str(), fixture.scenario), &fixture.text(), &told);
    }
}

#[test]
fn every_stream_has_its_protocols_order_and_says_what_its_whole_twin_says() {
    let whole = all("answers", "json");
    for fixture in streams() {
        for client in clients_of(fixture.protocol) {
            let name = format!("{} {} → {}", fixture.protocol.as_str(), fixture.scenario, client.protocol().as_str());
            let streamed = stream(client, fixture.protocol, [&bytes(&fixture)[..]]);
            let out = String::from_utf8(streamed.out).expect("UTF-8");
            order::check(client, &out, streamed.end, true).unwrap_or_else(|broken| panic!("{name}: {broken}\n{out}"));
            let twin =
                whole.iter().find(|whole| whole.protocol == fixture.protocol && whole.scenario == fixture.scenario);
            let Some(twin) = twin.filter(|_| !fixture.scenario.starts_with("error")) else { continue };
            let answer = match exchange(client, upstream(fixture.protocol), false).answer(twin.text().as_bytes()) {
                Ok(answer) => answer,
                Err(fault) => panic!("{name}: {fault:?}"),
            };
            assert_eq!(streamed.usage, answer.usage, "{name}: usage");
            let answer: Value = serde_json::from_slice(&answer.body).expect("JSON");
            assert_eq!(accumulated(client, &out), accumulated_twin(client, answer), "{name}");
        }
    }
}

/// Ids that the upstream gives its whole answers and its streams differ between two fixtures, and mean nothing.
fn accumulated_twin(client: Client, answer: Value) -> Value {
    crate::accumulate::comparable(client, answer)
}

#[test]
fn a_stream_says_the_same_wherever_it_is_split() {
    for (index, fixture) in streams().into_iter().enumerate() {
        let whole = bytes(&fixture);
        for client in clients_of(fixture.protocol) {
            let expected = stream(client, fixture.protocol, [&whole[..]]).out;
            let bytewise = stream(client, fixture.protocol, whole.chunks(1));
            assert!(bytewise.out == expected, "{} {} byte by byte", fixture.protocol.as_str(), fixture.scenario);
        }
        // What is read does not depend on who it is written for, so one client sees every offset of a stream.
        let clients: Vec<Client> = clients_of(fixture.protocol).collect();
        let client = clients[index % clients.len()];
        let expected = stream(client, fixture.protocol, [&whole[..]]).out;
        for at in 0..=whole.len() {
            let (head, tail) = whole.split_at(at);
            let split = stream(client, fixture.protocol, [head, tail]);
            assert!(split.out == expected, "{} {} split at {at}", fixture.protocol.as_str(), fixture.scenario);
        }
    }
}

#[test]
fn a_stream_that_is_cut_never_looks_finished() {
    for fixture in
        streams().into_iter().filter(|fixture| matches!(fixture.scenario.as_str(), "text" | "tools" | "thinking_tools"))
    {
        let whole = bytes(&fixture);
        for client in clients_of(fixture.protocol) {
            let complete = stream(client, fixture.protocol, [&whole[..]]);
            assert_eq!(complete.end, End::Complete, "{} {}", fixture.protocol.as_str(), fixture.scenario);
            for at in (0..whole.len()).step_by(17) {
                let cut = stream(client, fixture.protocol, [&whole[..at]]);
                let looks_finished = cut.progress == Progress::Complete;
                // An upstream may say all that matters before its last byte; the usage may still be to come, and is then
                // reckoned.
                let is_whole = cut.usage.is_none() || cut.usage == complete.usage;
                assert!(!looks_finished || is_whole, "{} cut at {at}", fixture.protocol.as_str());
                assert_eq!(looks_finished, cut.end == End::Complete);
            }
        }
    }
}
