//! Counting a stream's events as they arrive, in whatever pieces.

/// Counts blank lines: each ends an event.
#[derive(Default)]
pub struct Counter {
    count: u64,
    ended_with_newline: bool,
}

impl Counter {
    pub fn feed(&mut self, bytes: &[u8]) {
        for at in memchr::memchr_iter(b'\n', bytes) {
            let before = match at.checked_sub(1) {
                Some(before) => bytes[before] == b'\n',
                None => self.ended_with_newline,
            };
            self.count += u64::from(before);
        }
        if let Some(last) = bytes.last() {
            self.ended_with_newline = *last == b'\n';
        }
    }

    pub fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_counted_wherever_the_pieces_are_cut() {
        let stream = b"data: 1\n\nevent: two\ndata: 2\n\ndata: [DONE]\n\n";
        for cut in 0..=stream.len() {
            let mut counter = Counter::default();
            counter.feed(&stream[..cut]);
            counter.feed(b"");
            counter.feed(&stream[cut..]);
            assert_eq!(counter.count(), 3, "cut at {cut}");
        }
    }
}
