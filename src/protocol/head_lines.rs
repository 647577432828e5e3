//! A message's head as one text, a line each: what it begins with, then each header's name and value.
//!
//! That is how heads cross the border to JavaScript, where each string has its price. No header holds a line break
//! (RFC 9110 section 5.5), so none needs escaping; what has one all the same is not let in, or it would make headers of its
//! own.

/// A head that is being written.
#[derive(Clone, PartialEq, Eq)]
pub struct HeadLines(String);

/// A line that has a line break in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenLine;

impl HeadLines {
    /// A response's, which begins with its status.
    pub fn of_status(status: u16) -> Self {
        Self(status.to_string())
    }

    /// What a head begins with.
    ///
    /// # Errors
    /// One of them has a line break.
    pub fn beginning(lines: &[&str]) -> Result<Self, BrokenLine> {
        if lines.iter().any(|line| is_broken(line)) {
            return Err(BrokenLine);
        }
        Ok(Self(lines.join("\n")))
    }

    /// Adds a header.
    ///
    /// # Errors
    /// Its name or its value has a line break. Nothing was added.
    pub fn add(&mut self, name: &str, value: &str) -> Result<(), BrokenLine> {
        if is_broken(name) || is_broken(value) {
            return Err(BrokenLine);
        }
        self.0.reserve(name.len() + value.len() + 2);
        for piece in ["\n", name, "\n", value] {
            self.0.push_str(piece);
        }
        Ok(())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_broken(line: &str) -> bool {
    line.bytes().any(|byte| byte == b'\n')
}

/// A head that came: as many lines as it begins with, then its headers, names in lower case as the platform has them.
/// Lines that are missing are empty.
pub fn read<const N: usize>(text: &str) -> ([&str; N], Vec<(String, String)>) {
    let mut lines = text.split('\n');
    let beginning = std::array::from_fn(|_| lines.next().unwrap_or_default());
    let headers = std::iter::from_fn(|| Some((lines.next()?.to_owned(), lines.next().unwrap_or_default().to_owned())));
    (beginning, headers.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let mut head = HeadLines::beginning(&["POST", "https://x/?a=1"]).expect("whole lines");
        head.add("x-empty", "").expect("a header");
        head.add("x-text", "a, b: c\t\u{e9}").expect("a header");
        let (beginning, headers) = read(head.as_str());
        assert_eq!(beginning, ["POST", "https://x/?a=1"]);
        let expected = [("x-empty", ""), ("x-text", "a, b: c\t\u{e9}")];
        assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_head_without_headers_has_none() {
        let (status, headers) = read("200");
        assert_eq!((status, headers), (["200"], Vec::new()));
    }

    #[test]
    fn a_line_break_makes_no_header_of_its_own() {
        let mut head = HeadLines::beginning(&["200"]).expect("a whole line");
        assert_eq!(head.add("x-name", "value\nset-cookie\nevil=1"), Err(BrokenLine));
        assert_eq!(head.add("x-name\nset-cookie", "value"), Err(BrokenLine));
        assert_eq!(head.as_str(), "200");
        assert_eq!(HeadLines::beginning(&["GET", "https://x/\nhost\ny"]), Err(BrokenLine));
    }

    impl std::fmt::Debug for HeadLines {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_tuple("HeadLines").field(&self.0).finish()
        }
    }
}
