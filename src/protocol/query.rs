//! A URL's query.

use percent_encoding::percent_decode_str;

/// A parameter, percent-decoded; the first one of its name. One without `=` is there, and empty: `?dry_run` must not be
/// overlooked.
pub fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let (_, value) = pairs.into_iter().find(|(key, _)| *key == name)?;
    Some(percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_decoded_and_one_without_a_value_is_not_overlooked() {
        let read = |name| parameter("a=1&name=x%2Fy+z&flag&a=2", name);
        assert_eq!(read("a").as_deref(), Some("1"));
        assert_eq!(read("name").as_deref(), Some("x/y z"));
        assert_eq!(read("flag").as_deref(), Some(""));
        assert_eq!(read("other"), None);
    }
}
