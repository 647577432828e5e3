//! Tool names that the upstream takes, and the way back to the client's own.

use super::ids::digest;
use std::collections::HashMap;

/// What the strictest vendors take (PROTOCOLS.md section 3.4).
const LONGEST: usize = 64;

/// How a tool of the client's was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// As what it is.
    AsIs,
    /// A freeform tool as a function that takes `{"input": "<text>"}`, because the upstream has functions only.
    Wrapped,
}

/// Which names the upstream got for which tools.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// By the name that the upstream knows. Only tools that were renamed or wrapped.
    changed: HashMap<String, (String, Sent)>,
}

impl Names {
    /// The name for the upstream: the client's own where every vendor takes that, else a stand-in that is the same each
    /// time.
    pub fn fit(&mut self, name: &str, sent: Sent) -> String {
        let fitted = if fits(name) { name.to_owned() } else { stand_in(name) };
        if fitted != name || sent == Sent::Wrapped {
            self.changed.insert(fitted.clone(), (name.to_owned(), sent));
        }
        fitted
    }

    /// The client's name for what the upstream called, and how it was sent.
    pub fn restore<'a>(&'a self, called: &'a str) -> (&'a str, Sent) {
        self.changed.get(called).map_or((called, Sent::AsIs), |(name, sent)| (name.as_str(), *sent))
    }
}

fn fits(name: &str) -> bool {
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    begins && name.len() <= LONGEST && name.bytes().all(is_plain)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn stand_in(name: &str) -> String {
    const HASH: usize = 8;
    let plain = name.bytes().map(|byte| if is_plain(byte) { char::from(byte) } else { '_' });
    // The leading underscore is for the vendor that wants a letter first.
    let leading = if name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic()) { "" } else { "_" };
    let kept: String = plain.take(LONGEST - HASH - 2).collect();
    format!("{leading}{kept}_{}", digest(&[name], HASH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_name_is_sent_as_it_is() {
        let mut names = Names::default();
        assert_eq!(names.fit("get_weather", Sent::AsIs), "get_weather");
        assert_eq!(names.restore("get_weather"), ("get_weather", Sent::AsIs));
        assert_eq!(names, Names::default());
    }

    #[test]
    fn a_name_that_a_vendor_refuses_gets_a_stand_in_and_comes_back() {
        for name in ["mcp.server/tool", "7zip", &"long".repeat(30), "", "ünïcode"] {
            let mut names = Names::default();
            let fitted = names.fit(name, Sent::AsIs);
            assert!(fits(&fitted), "{fitted}");
            assert_eq!(names.restore(&fitted), (name, Sent::AsIs));
            assert_eq!(names.fit(name, Sent::AsIs), fitted);
        }
        let mut names = Names::default();
        assert_ne!(names.fit("a.b", Sent::AsIs), names.fit("a/b", Sent::AsIs));
    }

    #[test]
    fn a_wrapped_tool_is_known_as_such() {
        let mut names = Names::default();
        let fitted = names.fit("apply_patch", Sent::Wrapped);
        assert_eq!(names.restore(&fitted), ("apply_patch", Sent::Wrapped));
    }
}
