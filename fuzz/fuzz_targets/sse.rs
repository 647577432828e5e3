//! Server-sent events' framing.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use sluice_fuzz::properties;

fuzz_target!(|input: &[u8]| -> Corpus { properties::sse::check(input).map_or(Corpus::Reject, |()| Corpus::Keep) });
