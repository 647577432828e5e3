//! Server-sent events: any bytes, read whole, in pieces, and by a reader that does nothing but follow the standard.

use super::random::Random;
use sluice::protocol::sse::{Content, EventStream};

/// A name, if there is one, and the data.
type Event = (Option<Vec<u8>>, Vec<u8>);

struct Read {
    events: Vec<Event>,
    unfinished: Option<Event>,
    at_boundary: bool,
}

/// What holds for one input.
pub fn check(input: &[u8]) -> Option<()> {
    let mut random = Random::of(input);
    let whole = read([input], usize::MAX);
    let pieces = read(random.pieces(input), usize::MAX);
    assert_eq!(whole.events, pieces.events, "pieces say something else than the whole");
    assert_eq!(whole.unfinished, pieces.unfinished, "pieces leave something else unfinished");
    assert_eq!(whole.at_boundary, pieces.at_boundary, "pieces end elsewhere");
    assert_eq!(whole.events, by_the_standard(input), "the standard says something else");
    // With a bound, what is too large is named and passed by; of the rest nothing is made up.
    for limit in [0, random.below(64)] {
        for event in read(random.pieces(input), limit).events {
            assert!(whole.events.contains(&event), "a bound makes up an event: {event:?}");
        }
    }
    Some(())
}

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limit: usize) -> Read {
    let (mut stream, mut events) = (EventStream::new(limit), Vec::new());
    let (mut fed, mut raw) = (Vec::new(), Vec::<u8>::new());
    for piece in pieces {
        stream.feed(piece, &mut |frame| {
            raw.extend_from_slice(frame.raw);
            if let Content::Event(event) = frame.content {
                events.push((event.name.map(<[u8]>::to_vec), event.data.into_owned()));
            }
        });
        fed.extend_from_slice(piece);
        assert!(stream.held().len() <= limit, "{} bytes are held, the bound is {limit}", stream.held().len());
        assert_eq!(raw.len() + stream.held().len(), fed.len(), "bytes are lost, or come twice");
    }
    raw.extend_from_slice(stream.held());
    assert_eq!(raw, fed, "the frames are not what came");
    let unfinished = stream.unfinished().map(|event| (event.name.map(<[u8]>::to_vec), event.data.into_owned()));
    Read { events, unfinished, at_boundary: stream.at_boundary() }
}

/// WHATWG HTML section 9.2.6, word for word; slow, and beyond doubt.
fn by_the_standard(input: &[u8]) -> Vec<Event> {
    let mut rest = input.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(input);
    let (mut events, mut name, mut data) = (Vec::new(), Vec::new(), None::<Vec<u8>>);
    while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
        let line = &rest[..end];
        let ends_in_two = rest[end..].starts_with(b"\r\n");
        rest = &rest[end + 1 + usize::from(ends_in_two)..];
        if line.is_empty() {
            let name = std::mem::take(&mut name);
            events.extend(data.take().map(|data| (Some(name).filter(|name| !name.is_empty()), data)));
            continue;
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &b""[..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => name = value.to_vec(),
            b"data" => match &mut data {
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                None => data = Some(value.to_vec()),
            },
            _ => {}
        }
    }
    events
}
