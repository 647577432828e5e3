//! Streams: an upstream's events × every client, whole and in pieces.

use super::calls::{clients_of, exchange, split};
use super::random::Random;
use crate::framing::encode;
use crate::order;
use serde_json::Value;
use sluice::domain::protocol::Protocol;
use sluice::domain::usage::TokenCounts;
use sluice::protocol::meter::{End, Progress};
use sluice::translate::neutral::{Client, Delivery, Fault};
use sluice::translate::{Exchange, StreamTranslator};

/// All that a stream says.
#[derive(Debug, PartialEq)]
struct Told {
    out: String,
    end: End,
    progress: Progress,
    usage: Option<TokenCounts>,
    text_bytes: u64,
    fault: Option<Fault>,
}

/// What holds for one input.
pub fn check(input: &[u8]) -> Option<()> {
    let (upstream, ask, text) = split(input)?;
    let mut random = Random::of(input);
    let bytes = match upstream {
        Protocol::BedrockConverse => framed(text),
        _ => text.to_vec(),
    };
    for client in clients_of(upstream) {
        let Some(exchange) = exchange(client, upstream, ask, Delivery::Streamed) else { continue };
        let (whole, mut translator) = tell(exchange, &[&bytes]);
        let (pieces, _) = tell(exchange, &random.pieces(&bytes));
        assert_eq!(whole, pieces, "{client:?} gets something else in pieces");
        is_told(client, &whole);
        nothing_follows(client, whole, &mut translator, &bytes);
    }
    Some(())
}

fn tell(exchange: &Exchange, pieces: &[&[u8]]) -> (Told, StreamTranslator) {
    let (mut translator, mut out) = (exchange.stream(), Vec::new());
    for piece in pieces {
        let is_over = matches!(translator.progress(), Progress::Complete | Progress::ErrorReported);
        let before = out.len();
        translator.feed(piece, &mut out);
        assert!(!is_over || out.len() == before, "something follows the end");
    }
    let end = translator.finish(&mut out);
    let told = Told {
        out: String::from_utf8(out).expect("UTF-8"),
        end,
        progress: translator.progress(),
        usage: translator.usage(),
        text_bytes: translator.text_bytes(),
        fault: translator.fault().cloned(),
    };
    (told, translator)
}

/// Valid events in the order that the client relies on, which look finished where they are, and only there.
fn is_told(client: Client, told: &Told) {
    order::check(client, &told.out, told.end, told.usage.is_some())
        .unwrap_or_else(|broken| panic!("{client:?}: {broken}\n{}", told.out));
    for event in order::events(&told.out).iter().filter(|event| event.data != "[DONE]") {
        assert!(event.json().is_object(), "an event is no object: {}", event.data);
    }
    let is_so = match told.end {
        End::Complete => told.progress == Progress::Complete && told.fault.is_none(),
        End::ErrorReported => told.progress == Progress::ErrorReported && told.fault.is_some(),
        _ => matches!(told.progress, Progress::LeadIn | Progress::Answering) && told.fault.is_none(),
    };
    assert!(is_so, "the end is {:?}, and so is not the rest: {told:?}", told.end);
}

/// A stream that was cut gets one error, any other gets nothing more, whatever comes.
fn nothing_follows(client: Client, told: Told, translator: &mut StreamTranslator, bytes: &[u8]) {
    let (mut out, metered) = (told.out.into_bytes(), told.usage.is_some());
    let ended = out.len();
    translator.terminal_error(&Fault::new(502, "the upstream's stream broke"), &mut out);
    let end = match told.end {
        End::Complete | End::ErrorReported => {
            assert_eq!(out.len(), ended, "an error follows the end");
            told.end
        }
        _ => End::ErrorReported,
    };
    let ended = out.len();
    translator.feed(bytes, &mut out);
    translator.finish(&mut out);
    assert_eq!(out.len(), ended, "something follows the end");
    let out = String::from_utf8(out).expect("UTF-8");
    order::check(client, &out, end, metered).unwrap_or_else(|broken| panic!("{client:?}, cut: {broken}\n{out}"));
}

/// Lines of `{"event": name, "data": payload}`, or `exception` or `error` for `event`, in Amazon's framing. Any other line
/// goes as it is, as what a broken stream brings.
pub fn framed(text: &[u8]) -> Vec<u8> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.flat_map(|line| frame(line).unwrap_or_else(|| line.to_vec())).collect()
}

fn frame(line: &[u8]) -> Option<Vec<u8>> {
    let line: Value = serde_json::from_slice(line).ok()?;
    let (kind, header) = [("event", ":event-type"), ("exception", ":exception-type"), ("error", ":error-code")]
        .into_iter()
        .find(|(kind, _)| line[kind].is_string())?;
    let name = line[kind].as_str().filter(|name| name.len() < 1000)?;
    Some(encode(&[(":message-type", kind), (header, name)], line["data"].to_string().as_bytes()))
}
