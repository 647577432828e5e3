//! What the way there did, and the way back has to undo.

use super::names::Names;
use super::request::Parallel;

/// What a request's writer leaves to the answer's translation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridge {
    /// The tools' names.
    pub names: Names,
    /// Stop sequences that the upstream does not know: the gateway looks for them and ends the answer there.
    pub stops: Vec<String>,
    /// Whether only the answer's first call counts, because the upstream cannot be told to make one at a time.
    pub calls: Parallel,
}

impl Default for Bridge {
    fn default() -> Self {
        Self { names: Names::default(), stops: Vec::new(), calls: Parallel::Allowed }
    }
}
