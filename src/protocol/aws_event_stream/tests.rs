use proptest::prelude::*;

use super::message::crc32;
use super::*;

const MAX: usize = 1 << 20;

/// What a reader told, owned: type, name, error message, payload; or the error.
type Told = Result<(MessageType, String, Option<String>, Vec<u8>), FrameError>;

fn own(told: Result<Message<'_>, FrameError>) -> Told {
    told.map(|message| {
        let error_message = message.error_message.map(str::to_owned);
        (message.message_type, message.event_type.to_owned(), error_message, message.payload.to_vec())
    })
}

fn told<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Told>, AwsEventStream) {
    let mut stream = AwsEventStream::new(MAX);
    let mut all = Vec::new();
    for chunk in chunks {
        stream.feed(chunk, &mut |message| all.push(own(message)));
    }
    (all, stream)
}

/// One header as it stands in the frame: name, type, the value with its length where it has one.
type RawHeader<'a> = (&'a str, u8, &'a [u8]);

fn encode_raw(headers: &[RawHeader<'_>], payload: &[u8]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value_type, value) in headers {
        block.push(u8::try_from(name.len()).unwrap());
        block.extend_from_slice(name.as_bytes());
        block.push(*value_type);
        block.extend_from_slice(value);
    }
    frame(16 + block.len() + payload.len(), block.len(), &[&block, payload].concat())
}

fn frame(total: usize, headers: usize, content: &[u8]) -> Vec<u8> {
    let mut frame =
        [u32::try_from(total).unwrap().to_be_bytes(), u32::try_from(headers).unwrap().to_be_bytes()].concat();
    frame.extend_from_slice(&crc32(&frame).to_be_bytes());
    frame.extend_from_slice(content);
    frame.extend_from_slice(&crc32(&frame).to_be_bytes());
    frame
}

fn text(value: &str) -> Vec<u8> {
    [&u16::try_from(value.len()).unwrap().to_be_bytes()[..], value.as_bytes()].concat()
}

fn encode(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let values: Vec<Vec<u8>> = headers.iter().map(|(_, value)| text(value)).collect();
    let raw: Vec<RawHeader<'_>> =
        headers.iter().zip(&values).map(|((name, _), value)| (*name, 7, value.as_slice())).collect();
    encode_raw(&raw, payload)
}

fn event(name: &str, payload: &str) -> Vec<u8> {
    let headers = [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")];
    encode(&headers, payload.as_bytes())
}

fn other(payload: &[u8]) -> Told {
    Ok((MessageType::Other, String::new(), None, payload.to_vec()))
}

/// AWS's own vectors: awslabs/aws-c-event-stream `tests/message_streaming_decoder_test.c` and boto/botocore
/// `tests/unit/test_eventstream.py`.
fn published() -> Vec<(&'static [u8], Told)> {
    vec![
        (b"\0\0\0\x10\0\0\0\0\x05\xc2H\xeb}\x98\xc8\xff", other(b"")),
        (b"\0\0\0\x17\0\0\0\x07)\x86\x01X\x04byte\x02\xff\xc2\xf8i\xdc", other(b"")),
        (b"\0\0\0\x19\0\0\0\tq\x0e\x92>\x05short\x03\xff\xff\xb2|\xb6\xcc", other(b"")),
        (b"\0\0\0\x1d\0\0\0\r\x83\xe3\xf0\xe7\x07integer\x04\xff\xff\xff\xff\x8b\x8e\x12\xeb", other(b"")),
        (b"\0\0\0\x1e\0\0\0\x0e]J\xdb\x8d\x04long\x05\xff\xff\xff\xff\xff\xff\xff\xffK\xc22\xda", other(b"")),
        (b"\0\0\0\x1a\0\0\0\n\xaf\xa7\xb9T\x08event-id\0jD\x14\xad", other(b"")),
        (b"\0\0\0\x1e\0\0\0\x0e]J\xdb\x8d\x08event-id\x04\0\0\0 *O\xb0\xea", other(b"")),
        (b"\0\0\0\x1d\0\0\0\0\xfdR\x8cZ{'foo':'bar'}\xc3e96", other(b"{'foo':'bar'}")),
        (
            b"\0\0\0=\0\0\0 \x07\xfd\x83\x96\x0ccontent-type\x07\0\x10application/json{'foo':'bar'}\x8d\x9c\x08\xb1",
            other(b"{'foo':'bar'}"),
        ),
        (
            b"\0\0\0\x62\0\0\0\x52\x03\xb5\xcb\x9c\x010\0\x011\x01\x012\x02\x02\x013\x03\0\x03\x014\x04\0\0\0\x04\x015\
              \x05\0\0\0\0\0\0\0\x05\x016\x06\0\x05bytes\x017\x07\0\x04utf8\x018\x08\0\0\0\0\0\0\0\x08\x019\x090123456789\
              abcdef\x63\x35\x36\x71",
            other(b""),
        ),
        (
            b"\0\0\0\x52\0\0\0\x42\xbf\x23\x63\x7e\x0d:message-type\x07\0\x05error\x0b:error-code\x07\0\x04code\
              \x0e:error-message\x07\0\x07message\x6b\x6c\xea\x3d",
            Ok((MessageType::Error, "code".to_owned(), Some("message".to_owned()), Vec::new())),
        ),
    ]
}

#[test]
fn published_messages_are_read_at_every_split() {
    for (bytes, expected) in published() {
        for split in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(split);
            let (told, stream) = told([head, tail]);
            assert_eq!(told, std::slice::from_ref(&expected), "{bytes:?} split at {split}");
            assert!(stream.at_boundary());
        }
    }
}

#[test]
fn published_messages_are_read_one_after_the_other() {
    let (frames, expected): (Vec<&[u8]>, Vec<Told>) = published().into_iter().unzip();
    let stream = frames.concat();
    for size in [1, 2, 3, 7, 11, 12, 13, 64, stream.len()] {
        let (told, reader) = told(stream.chunks(size));
        assert_eq!(told, expected, "chunks of {size}");
        assert!(reader.at_boundary());
    }
}

#[test]
fn published_corruptions_are_told() {
    let valid_but_headers_too_long =
        b"\0\0\0\x3d\xff\0\x01\x02\x15\x83\xf5\xc2\x0ccontent-type\x07\0\x10application/json\
                                       {'foo':'bar'}\x2f\x37\x7f\x5d";
    let cases: [(&[u8], FrameError); 5] = [
        (b"\x01\0\0\x1d\0\0\0\0\xfdR\x8cZ{'foo':'bar'}\xc3e96", FrameError::PreludeChecksum),
        (b"\0\0\0\x1d\0\0\0\0\xfdR\x8cZ{'foo':'bar'\x8d\xc3e96", FrameError::MessageChecksum),
        (
            b"\0\0\0=\0\0\0 \x07\xfd\x83\x96\x0ccontent+type\x07\0\x10application/json{'foo':'bar'}\x8d\x9c\x08\xb1",
            FrameError::MessageChecksum,
        ),
        (
            b"\0\0\0=\xff\0\x01\x02\x07\xfd\x83\x96\x0ccontent-type\x07\0\x10application/json{'foo':'bar'}\x8d\x9c\x08\xb1",
            FrameError::PreludeChecksum,
        ),
        (valid_but_headers_too_long, FrameError::Lengths { total: 0x3d, headers: 0xff00_0102 }),
    ];
    for (bytes, error) in cases {
        assert_eq!(told([bytes]).0, [Err(error)]);
        assert_eq!(told(bytes.chunks(1)).0, [Err(error)]);
    }
}

#[test]
fn the_encoder_of_these_tests_writes_the_published_bytes() {
    let (bytes, _) = &published()[8];
    assert_eq!(encode(&[("content-type", "application/json")], b"{'foo':'bar'}"), *bytes);
}

#[test]
fn events_exceptions_and_errors_say_what_they_are() {
    let event = event("contentBlockDelta", r#"{"delta":{"text":"hi"}}"#);
    let exception = encode(
        &[(":exception-type", "throttlingException"), (":message-type", "exception"), (":event-type", "messageStop")],
        br#"{"message":"slow down"}"#,
    );
    let unnamed = encode(&[(":message-type", "event")], b"");
    let unknown = encode(&[(":message-type", "initial"), (":event-type", "x")], b"");
    assert_eq!(
        told([&*[event, exception, unnamed, unknown].concat()]).0,
        [
            Ok((MessageType::Event, "contentBlockDelta".to_owned(), None, br#"{"delta":{"text":"hi"}}"#.to_vec())),
            Ok((
                MessageType::Exception,
                "throttlingException".to_owned(),
                None,
                br#"{"message":"slow down"}"#.to_vec()
            )),
            Ok((MessageType::Event, String::new(), None, Vec::new())),
            other(b""),
        ]
    );
}

#[test]
fn headers_of_every_type_are_passed_over_on_the_way_to_the_ones_that_count() {
    let values: [&[u8]; 10] =
        [b"", b"", b"1", b"12", b"1234", b"12345678", b"\0\x03abc", b"\0\0", b"12345678", &[9; 16]];
    let (kind, name) = (text("event"), text("metadata"));
    for (value_type, value) in (0u8..).zip(values) {
        let frame =
            encode_raw(&[("x", value_type, value), (":message-type", 7, &kind), (":event-type", 7, &name)], b"{}");
        assert_eq!(
            told([&*frame]).0,
            [Ok((MessageType::Event, "metadata".to_owned(), None, b"{}".to_vec()))],
            "type {value_type}"
        );
    }
}

#[test]
fn headers_that_cannot_be_read_are_told_although_the_checksums_match() {
    let event = text("event");
    for (headers, error) in [
        (vec![("x", 10, &b""[..])], FrameError::HeaderType(10)),
        (vec![("x", 5, &b"1234567"[..])], FrameError::HeaderCutShort),
        (vec![("x", 6, &b"\0\x04abc"[..])], FrameError::HeaderCutShort),
        (vec![("x", 7, &b"\0"[..])], FrameError::HeaderCutShort),
        (vec![(":event-type", 7, &b"\0\x02\xff\xfe"[..])], FrameError::HeaderText),
        (vec![(":message-type", 7, &*event), (":message-type", 7, &*event)], FrameError::HeaderTwice),
    ] {
        assert_eq!(told([&*encode_raw(&headers, b"payload")]).0, [Err(error)], "{headers:?}");
    }
    let name_beyond_the_headers = frame(18, 2, b"\x09x");
    assert_eq!(told([&*name_beyond_the_headers]).0, [Err(FrameError::HeaderCutShort)]);
}

#[test]
fn a_header_of_another_type_says_nothing_about_the_message() {
    let frame = encode_raw(&[(":message-type", 0, b""), (":event-type", 6, b"\0\x01x")], b"");
    assert_eq!(told([&*frame]).0, [other(b"")]);
}

#[test]
fn nothing_comes_after_an_error() {
    let mut broken = event("messageStart", "{}");
    *broken.last_mut().unwrap() ^= 1;
    let stream = [event("messageStart", "{}"), broken, event("messageStop", "{}")].concat();
    for size in [1, 10, stream.len()] {
        let (told, mut reader) = told(stream.chunks(size));
        assert_eq!(told.len(), 2, "chunks of {size}");
        assert_eq!(told[1], Err(FrameError::MessageChecksum));
        reader.feed(&event("messageStop", "{}"), &mut |_| panic!("a dead stream speaks"));
        assert_eq!((reader.held(), reader.at_boundary()), (0, false));
    }
}

#[test]
fn a_stream_that_ends_inside_a_message_is_told() {
    let whole = event("messageStop", r#"{"stopReason":"end_turn"}"#);
    for length in 1..whole.len() {
        let (told, stream) = told([&whole[..length]]);
        assert_eq!((told.len(), stream.at_boundary(), stream.held()), (0, false, length));
    }
    assert!(AwsEventStream::new(MAX).at_boundary());
}

#[test]
fn a_message_larger_than_the_bound_is_refused_by_its_prelude_and_allocates_nothing() {
    let announced = frame(usize::try_from(u32::MAX).unwrap(), 0, b"");
    let whole = event("contentBlockDelta", "{}");
    for (bytes, total, max) in
        [(&announced, u32::MAX, MAX), (&whole, u32::try_from(whole.len()).unwrap(), whole.len() - 1)]
    {
        for size in [1, bytes.len()] {
            let mut stream = AwsEventStream::new(max);
            let mut told = Vec::new();
            for chunk in bytes.chunks(size) {
                stream.feed(chunk, &mut |message| told.push(own(message)));
                assert!(stream.held.capacity() <= 64);
            }
            assert_eq!(told, [Err(FrameError::TooLarge { total, max })]);
        }
    }
    let mut stream = AwsEventStream::new(whole.len());
    stream.feed(&whole, &mut |message| assert!(message.is_ok()));
    assert!(stream.at_boundary());
}

#[test]
fn a_message_that_announces_much_takes_only_the_memory_of_what_came() {
    let mut stream = AwsEventStream::new(MAX);
    stream.feed(&frame(MAX, 0, b"")[..12], &mut |_| panic!("no message is whole"));
    assert!(stream.held.capacity() <= 64);
}

#[test]
fn a_message_that_is_whole_within_a_chunk_is_not_copied() {
    let chunk = [event("messageStart", "{}"), event("messageStop", "{}")].concat();
    let mut stream = AwsEventStream::new(MAX);
    stream.feed(&chunk, &mut |message| {
        let payload = message.unwrap().payload;
        assert!(chunk.as_ptr_range().contains(&payload.as_ptr()));
    });
    assert_eq!(stream.held.capacity(), 0);
}

#[test]
fn a_message_shorter_than_its_own_framing_is_an_error() {
    assert_eq!(told([&*frame(15, 0, b"")]).0, [Err(FrameError::Lengths { total: 15, headers: 0 })]);
    assert_eq!(told([&*frame(0, 0, b"")]).0, [Err(FrameError::Lengths { total: 0, headers: 0 })]);
}

#[test]
fn errors_say_what_was_wrong() {
    let too_large = FrameError::TooLarge { total: 20, max: 10 };
    assert_eq!(too_large.to_string(), "an event stream message has 20 bytes, and at most 10 are read");
    let lengths = FrameError::Lengths { total: 16, headers: 9 };
    assert_eq!(lengths.to_string(), "an event stream message of 16 bytes cannot hold 9 bytes of headers");
}

fn any_message() -> impl Strategy<Value = (Vec<u8>, Told)> {
    let kinds = prop::sample::select(
        &[
            ("event", ":event-type", MessageType::Event),
            ("exception", ":exception-type", MessageType::Exception),
            ("error", ":error-code", MessageType::Error),
        ][..],
    );
    (kinds, "[a-zé]{0,12}", prop::option::of("[ -~]{0,20}"), prop::collection::vec(any::<u8>(), 0..60)).prop_map(
        |((kind, name_header, message_type), name, error_message, payload)| {
            let mut headers = vec![(":message-type", kind), (name_header, name.as_str())];
            headers.extend(error_message.as_deref().map(|message| (":error-message", message)));
            (encode(&headers, &payload), Ok((message_type, name.clone(), error_message.clone(), payload)))
        },
    )
}

proptest! {
    #[test]
    fn the_chunks_do_not_matter(
        messages in prop::collection::vec(any_message(), 0..6),
        splits in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let (frames, expected): (Vec<Vec<u8>>, Vec<Told>) = messages.into_iter().unzip();
        let bytes = frames.concat();
        let mut at: Vec<usize> = splits.iter().map(|split| split.index(bytes.len() + 1)).collect();
        at.extend([0, bytes.len()]);
        at.sort_unstable();
        let (told, stream) = told(at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]));
        prop_assert_eq!(told, expected);
        prop_assert!(stream.at_boundary());
    }

    #[test]
    fn a_flipped_bit_anywhere_is_an_error((frame, _) in any_message(), size in 1usize..40) {
        for bit in 0..frame.len() * 8 {
            let mut flipped = frame.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let (told, _) = told(flipped.chunks(size));
            prop_assert!(matches!(told[..], [Err(_)]), "bit {bit}: {told:?}");
        }
    }

    #[test]
    fn arbitrary_bytes_are_at_most_one_error(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6),
    ) {
        let (told, stream) = told(chunks.iter().map(Vec::as_slice));
        prop_assert!(told.iter().filter(|message| message.is_err()).count() <= 1);
        prop_assert!(stream.held() <= chunks.concat().len());
    }

    #[test]
    fn arbitrary_headers_behind_matching_checksums_end_in_a_message_or_an_error(
        headers in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let (told, _) = told([&*frame(16 + headers.len(), headers.len(), &headers)]);
        prop_assert_eq!(told.len(), 1);
    }
}
