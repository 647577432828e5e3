//! Amazon's event stream: frames with the right checksums, but for those that are to be wrong.

use super::material::material;
use super::put;
use crate::properties::aws_event_stream::checksum;
use crate::properties::random::Random;
use libfuzzer_sys::fuzzer_mutate;

const NAMES: [&str; 7] =
    [":message-type", ":event-type", ":exception-type", ":error-code", ":error-message", ":content-type", "x"];
const VALUES: [&str; 7] =
    ["event", "exception", "error", "messageStart", "throttlingException", "application/json", ""];

/// Another stream of frames.
pub fn frames(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut random = Random::new(u64::from(seed));
    if random.one_in(8) {
        return fuzzer_mutate(data, size, max_size);
    }
    let mut frames = split(&data[..size]);
    let (at, other) = (random.below(frames.len()), random.below(frames.len()));
    match random.below(8) {
        0 if !frames.is_empty() => drop(frames.remove(at)),
        1 if !frames.is_empty() => frames.insert(other, frames[at].clone()),
        2 if !frames.is_empty() => frames.swap(at, other),
        3..=5 if !frames.is_empty() => frames[at] = changed(&frames[at], &mut random),
        _ => frames.insert(at, fresh(&mut random)),
    }
    put(data, &frames.concat(), max_size)
}

/// The frames by their lengths, whatever their checksums; the last takes what is left.
fn split(mut rest: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let total = rest.first_chunk().map_or(rest.len(), |total| u32::from_be_bytes(*total) as usize);
        let (frame, after) = rest.split_at(total.clamp(1, rest.len()));
        frames.push(frame.to_vec());
        rest = after;
    }
    frames
}

/// A frame whose inside has changed, and whose checksums say so.
fn changed(frame: &[u8], random: &mut Random) -> Vec<u8> {
    let Some(inside) = frame.get(12..frame.len().saturating_sub(4)) else { return fresh(random) };
    let headers = frame.get(4..8).and_then(|it| it.try_into().ok()).map_or(0, u32::from_be_bytes) as usize;
    let mut inside = inside.to_vec();
    let size = inside.len();
    inside.resize(size + 64, 0);
    let size = fuzzer_mutate(&mut inside, size, size + 64);
    inside.truncate(size);
    let headers = if random.one_in(4) { headers + random.below(3) } else { headers.min(size) };
    let mut frame = sealed(headers, &inside);
    // Lengths that contradict each other have the right checksum too.
    if random.one_in(8) {
        let total = frame[..4].first_chunk().map_or(0, |total: &[u8; 4]| u32::from_be_bytes(*total));
        frame[..4].copy_from_slice(&total.wrapping_add(random.below(64) as u32).wrapping_sub(32).to_be_bytes());
        let sum = checksum(&frame[..8]) as u32;
        frame[8..12].copy_from_slice(&sum.to_be_bytes());
    }
    frame
}

fn fresh(random: &mut Random) -> Vec<u8> {
    let mut headers = Vec::new();
    for _ in 0..random.below(5) {
        let name = random.pick(&NAMES).copied().unwrap_or_default();
        headers.push(name.len() as u8);
        headers.extend_from_slice(name.as_bytes());
        let kind = if random.one_in(3) { random.below(11) as u8 } else { 7 };
        headers.push(kind);
        let value = random.pick(&VALUES).copied().unwrap_or_default();
        let fixed = [0, 0, 1, 2, 4, 8, 0, 0, 8, 16, 0];
        if matches!(kind, 6 | 7) {
            headers.extend_from_slice(&(value.len() as u16).to_be_bytes());
            headers.extend_from_slice(value.as_bytes());
        } else {
            headers.extend(std::iter::repeat_n(kind, fixed[usize::from(kind)]));
        }
    }
    let payload = random.pick(&material().events).map_or("{}", String::as_str);
    let payload = &payload.as_bytes()[..payload.len().min(random.below(200))];
    let length = headers.len();
    sealed(length, &[&headers, payload].concat())
}

fn sealed(headers: usize, inside: &[u8]) -> Vec<u8> {
    let mut frame = [(inside.len() as u32 + 16).to_be_bytes(), (headers as u32).to_be_bytes()].concat();
    frame.extend_from_slice(&(checksum(&frame) as u32).to_be_bytes());
    frame.extend_from_slice(inside);
    frame.extend_from_slice(&(checksum(&frame) as u32).to_be_bytes());
    frame
}
