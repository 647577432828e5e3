//! The one wildcard language of the product: `*` is any run of characters, everything else stands for itself.
//!
//! There is no `?`, no class, no escape and no regular expression, so a pattern cannot blow up: matching costs at most
//! pattern × text, and one pass in the usual case.

use std::fmt;

use super::invalid::Invalid;

/// Longest pattern in bytes.
pub const MAX_GLOB_BYTES: usize = 512;

/// Whether ASCII letters of either case are the same letter. Letters outside ASCII always differ by case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Case {
    /// `A` is not `a`: attribute values (`when`).
    Sensitive,
    /// `A` is `a`: model names, policy actions and resources.
    Insensitive,
}

/// A pattern with `*` wildcards (SPEC sections 2 and 4).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Glob {
    pattern: String,
    case: Case,
}

impl Glob {
    /// Takes the pattern as it is written.
    ///
    /// # Errors
    /// [`Invalid`] on `param` when the pattern is empty, longer than [`MAX_GLOB_BYTES`] or holds a control character.
    pub fn parse(param: &str, pattern: &str, case: Case) -> Result<Self, Invalid> {
        if pattern.is_empty() {
            return Err(Invalid::new(param, "A pattern may not be empty; write `*` to match everything."));
        }
        if pattern.len() > MAX_GLOB_BYTES {
            return Err(Invalid::new(param, format!("A pattern has at most {MAX_GLOB_BYTES} bytes.")));
        }
        if pattern.chars().any(char::is_control) {
            return Err(Invalid::new(param, "A pattern may not hold control characters."));
        }
        Ok(Self { pattern: pattern.to_owned(), case })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.pattern
    }

    /// Whether the whole of `text` fits the pattern.
    pub fn matches(&self, text: &str) -> bool {
        fits(self.pattern.as_bytes(), text.as_bytes(), self.case)
    }

    /// Whether this pattern matches everything that `other` matches: what a principal may grant when it may not grant
    /// more than it has (SPEC section 4).
    ///
    /// The other's `*` is read as a character that only a `*` of ours can swallow, so no text that `other` lets in is
    /// left out. A case-sensitive pattern covers a case-insensitive one only if it is `*` throughout.
    pub fn covers(&self, other: &Self) -> bool {
        match (self.case, other.case) {
            (Case::Sensitive, Case::Insensitive) => self.pattern.bytes().all(|byte| byte == b'*'),
            _ => self.matches(&other.pattern),
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pattern)
    }
}

/// Greedy match that goes back to the last `*` only: an earlier one never has to give anything up.
fn fits(pattern: &[u8], text: &[u8], case: Case) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while let Some(&byte) = text.get(read) {
        match pattern.get(at) {
            Some(b'*') => {
                at += 1;
                retry = Some((at, read));
            }
            Some(&expected) if same(expected, byte, case) => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((after_star, swallowed)) = retry else { return false };
                retry = Some((after_star, swallowed + 1));
                at = after_star;
                read = swallowed + 1;
            }
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

fn same(expected: u8, byte: u8, case: Case) -> bool {
    match case {
        Case::Sensitive => expected == byte,
        Case::Insensitive => expected.eq_ignore_ascii_case(&byte),
    }
}

#[cfg(test)]
mod tests;
