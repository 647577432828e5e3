//! What holds for every input, a file a target. A property that does not hold panics.
//!
//! `check` gives `None` for what is no input of its target at all, which then is not worth mutating.

pub mod answers;
pub mod aws_event_stream;
pub mod calls;
pub mod random;
pub mod requests;
pub mod sse;
pub mod streams;

/// What holds for one input.
pub type Check = fn(&[u8]) -> Option<()>;

/// All targets, by the names of their binaries and their folders.
pub const TARGETS: [(&str, Check); 5] = [
    ("sse", sse::check),
    ("aws_event_stream", aws_event_stream::check),
    ("requests", requests::check),
    ("answers", answers::check),
    ("streams", streams::check),
];
