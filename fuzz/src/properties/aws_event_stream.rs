//! Amazon's event stream: any bytes, read whole, in pieces, and by a second reader with checksums of its own.

use super::random::Random;
use sluice::protocol::aws_event_stream::{AwsEventStream, MessageType};

const MAX_MESSAGE_BYTES: usize = 1 << 16;

/// What a message says, or nothing but that it cannot be read.
type Read = Result<Said, ()>;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    message_type: MessageType,
    event_type: String,
    error_message: Option<String>,
    payload: Vec<u8>,
}

/// What holds for one input.
pub fn check(input: &[u8]) -> Option<()> {
    let mut random = Random::of(input);
    for max in [MAX_MESSAGE_BYTES, 16 + random.below(128)] {
        let whole = read([input], max);
        assert_eq!(whole, read(random.pieces(input), max), "pieces say something else than the whole");
        let (expected, frames) = again(input, max);
        assert_eq!(whole, expected, "the second reader says something else");
        no_flipped_bit_is_accepted(input, &frames, &whole, &mut random, max);
    }
    Some(())
}

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, max: usize) -> Vec<Read> {
    let (mut stream, mut read) = (AwsEventStream::new(max), Vec::<Read>::new());
    let mut fed = 0;
    for piece in pieces {
        let was_dead = read.last().is_some_and(Result::is_err);
        let before = read.len();
        stream.feed(piece, &mut |message| {
            read.push(message.map_err(|_| ()).map(|message| Said {
                message_type: message.message_type,
                event_type: message.event_type.to_owned(),
                error_message: message.error_message.map(str::to_owned),
                payload: message.payload.to_vec(),
            }));
        });
        fed += piece.len();
        assert!(stream.held() <= max.min(fed), "{} bytes are held", stream.held());
        assert!(!was_dead || read.len() == before, "it reads on behind a frame that cannot be trusted");
        assert!(!stream.at_boundary() || read.last().is_none_or(Result::is_ok), "a corrupt stream looks complete");
    }
    read
}

/// The same again: what the frames say, and where each accepted one is.
fn again(input: &[u8], max: usize) -> (Vec<Read>, Vec<std::ops::Range<usize>>) {
    let (mut read, mut frames, mut at) = (Vec::new(), Vec::new(), 0);
    let number = |bytes: &[u8]| bytes.iter().fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
    while let Some(prelude) = input.get(at..at + 12) {
        let (total, headers) = (number(&prelude[..4]), number(&prelude[4..8]));
        if number(&prelude[8..]) != checksum(&prelude[..8]) || total < 16 + headers || total > max {
            read.push(Err(()));
            break;
        }
        let Some(frame) = input.get(at..at + total) else { break };
        let (content, sum) = frame.split_at(total - 4);
        let said = if number(sum) == checksum(content) { say(&content[12..], headers) } else { None };
        let Some(said) = said else {
            read.push(Err(()));
            break;
        };
        read.push(Ok(said));
        frames.push(at..at + total);
        at += total;
    }
    (read, frames)
}

fn say(body: &[u8], headers: usize) -> Option<Said> {
    let (mut rest, payload) = body.split_at_checked(headers)?;
    let mut known =
        [b":message-type".as_slice(), b":event-type", b":exception-type", b":error-code", b":error-message"]
            .map(|name| (name, None::<String>));
    while let Some((length, after)) = rest.split_first() {
        let (name, after) = after.split_at_checked(usize::from(*length))?;
        let (kind, after) = after.split_first()?;
        let (prefix, length) = match kind {
            0 | 1 => (0, 0),
            2 => (0, 1),
            3 => (0, 2),
            4 => (0, 4),
            5 | 8 => (0, 8),
            9 => (0, 16),
            6 | 7 => (2, usize::from(*after.first()?) << 8 | usize::from(*after.get(1)?)),
            _ => return None,
        };
        let (value, after) = after.get(prefix..)?.split_at_checked(length)?;
        rest = after;
        let slot = known.iter_mut().find(|(known, _)| *kind == 7 && *known == name);
        if let Some((_, slot)) = slot {
            let text = String::from_utf8(value.to_vec()).ok()?;
            if slot.replace(text).is_some() {
                return None;
            }
        }
    }
    let [(_, message_type), (_, event), (_, exception), (_, code), (_, error_message)] = known;
    let (message_type, event_type) = match message_type.as_deref() {
        Some("event") => (MessageType::Event, event),
        Some("exception") => (MessageType::Exception, exception),
        Some("error") => (MessageType::Error, code),
        _ => (MessageType::Other, None),
    };
    let event_type = event_type.unwrap_or_default();
    Some(Said { message_type, event_type, error_message, payload: payload.to_vec() })
}

/// CRC-32 bit by bit: no table that could be wrong in the same way as the reader's.
pub fn checksum(bytes: &[u8]) -> usize {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 };
        }
    }
    usize::try_from(!sum).expect("32 bits")
}

/// A checksum of 32 bits sees every single flipped bit: what came before is read as ever, and the frame is an error.
fn no_flipped_bit_is_accepted(
    input: &[u8],
    frames: &[std::ops::Range<usize>],
    whole: &[Read],
    random: &mut Random,
    max: usize,
) {
    let index = random.below(frames.len());
    let Some(frame) = frames.get(index) else { return };
    let mut flipped = input.to_vec();
    flipped[frame.start + random.below(frame.len())] ^= 1 << random.below(8);
    let read = read([&flipped[..]], max);
    assert_eq!(read[..index], whole[..index], "a flipped bit changes what came before it");
    assert_eq!(read[index..], [Err(())], "a flipped bit is accepted");
}
