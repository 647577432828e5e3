//! What the provider says of itself: lines on stderr in the form that Terraform sorts by level. They hold methods,
//! paths, statuses and request ids, and never a body or a header.

use serde_json::json;
use std::io::Write;

/// For `TF_LOG=DEBUG` and finer.
pub fn debug(message: &str) {
    let line = json!({"@level": "debug", "@module": "sluice", "@message": message});
    // Nobody may read it any more.
    let _ = writeln!(std::io::stderr(), "{line}");
}
