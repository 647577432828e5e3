//! Amazon's event stream framing. A mutation of bytes never has the right checksum, so most are repaired.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use sluice_fuzz::{mutate, properties};

fuzz_target!(|input: &[u8]| -> Corpus {
    properties::aws_event_stream::check(input).map_or(Corpus::Reject, |()| Corpus::Keep)
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::frames(data, size, max_size, seed)
});
