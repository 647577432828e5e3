//! An upstream's stream × every client, fed in pieces.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use sluice_fuzz::{mutate, properties};

fuzz_target!(|input: &[u8]| -> Corpus { properties::streams::check(input).map_or(Corpus::Reject, |()| Corpus::Keep) });

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::document(data, size, max_size, seed)
});
