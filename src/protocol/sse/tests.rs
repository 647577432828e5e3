use proptest::prelude::*;

use super::*;

type Owned = (Option<String>, String);

/// The events of a stream that comes in these chunks. The frames have to add up to the stream's bytes.
fn events<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Owned> {
    let mut stream = EventStream::new(1 << 20);
    let (mut events, mut raw, mut fed) = (Vec::new(), Vec::new(), Vec::new());
    for chunk in chunks {
        fed.extend_from_slice(chunk);
        stream.feed(chunk, &mut |frame| {
            raw.extend_from_slice(frame.raw);
            if let Content::Event(event) = frame.content {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                events.push((event.name.map(text), text(&event.data)));
            }
        });
    }
    raw.extend_from_slice(stream.held());
    assert_eq!(raw, fed);
    events
}

fn check(stream: &str, expected: &[(Option<&str>, &str)]) {
    let expected: Vec<Owned> =
        expected.iter().map(|(name, data)| (name.map(str::to_owned), (*data).to_owned())).collect();
    let bytes = stream.as_bytes();
    assert_eq!(events([bytes]), expected, "whole");
    for split in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(split);
        assert_eq!(events([head, tail]), expected, "split at {split}");
    }
    assert_eq!(events(bytes.chunks(1)), expected, "byte by byte");
}

#[test]
fn an_event_has_a_name_and_data() {
    check("event: ping\ndata: {\"a\":1}\n\n", &[(Some("ping"), "{\"a\":1}")]);
    check("data: one\n\ndata: two\n\n", &[(None, "one"), (None, "two")]);
}

#[test]
fn every_line_end_of_the_standard_ends_a_line() {
    for end in ["\n", "\r\n", "\r"] {
        let stream = "event: e|data: 1|data: 2||data: 3||: ping||data: 4||".replace('|', end);
        check(&stream, &[(Some("e"), "1\n2"), (None, "3"), (None, "4")]);
    }
    check("data: 1\r\n\ndata: 2\n\r\ndata: 3\r\rdata: 4\n\r", &[(None, "1"), (None, "2"), (None, "3"), (None, "4")]);
}

#[test]
fn text_separators_of_unicode_end_no_line() {
    check("data: a\u{2028}b\u{2029}c\u{85}d\n\n", &[(None, "a\u{2028}b\u{2029}c\u{85}d")]);
}

#[test]
fn one_space_after_the_colon_is_no_data() {
    check("data:a\n\ndata:  b\n\ndata\n\ndata:\n\n", &[(None, "a"), (None, " b"), (None, ""), (None, "")]);
}

#[test]
fn comments_blank_lines_and_unknown_fields_dispatch_nothing() {
    check("\n\r\n: hello\n\nid: 7\nretry: 1\n\nevent: e\n\ndata: x\n\n", &[(None, "x")]);
}

#[test]
fn a_byte_order_mark_may_open_the_stream_and_only_that() {
    check("\u{feff}data: a\n\n\u{feff}data: b\n\ndata: c\n\n", &[(None, "a"), (None, "c")]);
    check("\u{feff}\ndata: a\n\n", &[(None, "a")]);
}

#[test]
fn an_event_without_its_blank_line_is_not_dispatched_but_can_be_looked_at() {
    let mut stream = EventStream::new(100);
    stream.feed(b"data: 1\n\nevent: e\ndata: [DONE]", &mut |_| ());
    assert!(!stream.at_boundary());
    let event = stream.unfinished().unwrap();
    assert_eq!((event.name, &*event.data), (Some(&b"e"[..]), &b"[DONE]"[..]));
}

#[test]
fn a_boundary_is_where_a_ping_may_stand() {
    let mut stream = EventStream::new(100);
    for (chunk, boundary) in [
        ("", true),
        ("data: 1", false),
        ("\r", false),
        ("\n", false),
        ("\r", true),
        ("\n", true),
        (": c\n", false),
        ("\n", true),
        ("\u{feff}", false),
    ] {
        stream.feed(chunk.as_bytes(), &mut |_| ());
        assert_eq!(stream.at_boundary(), boundary, "after {chunk:?}");
    }
}

#[test]
fn an_oversized_event_is_named_and_passed_over() {
    let text = format!("data: a\n\nevent: big\ndata: {}\n\ndata: b\n\n", "x".repeat(100));
    for size in [1, 7, 64, 1000] {
        let mut stream = EventStream::new(50);
        let mut seen = Vec::new();
        for chunk in text.as_bytes().chunks(size) {
            stream.feed(chunk, &mut |frame| match frame.content {
                Content::Event(event) => seen.push(String::from_utf8(event.data.into_owned()).unwrap()),
                Content::Oversized { name } => seen.push(format!("oversized {:?}", name.map(str::from_utf8))),
                Content::Silence | Content::Continuation => {}
            });
            assert!(stream.held().len() <= 50);
        }
        assert_eq!(seen, ["a", "oversized Some(Ok(\"big\"))", "b"], "chunks of {size}");
        assert!(stream.at_boundary());
    }
}

proptest! {
    #[test]
    fn the_chunks_do_not_matter(
        pieces in prop::collection::vec(prop::sample::select(&["\n", "\r", "\r\n", "data", ":", " ", "event: a", "data: x", "ä", "\u{feff}", "id"][..]), 0..30),
        splits in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
    ) {
        let stream = pieces.concat();
        let bytes = stream.as_bytes();
        let mut at: Vec<usize> = splits.iter().map(|split| split.index(bytes.len() + 1)).collect();
        at.extend([0, bytes.len()]);
        at.sort_unstable();
        let chunks = at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
        let whole = events([bytes]);
        prop_assert_eq!(events(chunks), whole.clone());
        prop_assert_eq!(events(bytes.chunks(1)), whole);
    }

    #[test]
    fn arbitrary_bytes_add_up_to_themselves(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 0..6)) {
        events(chunks.iter().map(Vec::as_slice));
    }
}
