//! CSV as spreadsheets read it (RFC 4180).

use serde_json::Value;

/// A header and its rows, each line ended by CRLF.
pub fn document(header: &[&str], rows: impl Iterator<Item = Vec<Value>>) -> String {
    let mut text = header.join(",");
    text.push_str("\r\n");
    for row in rows {
        let cells: Vec<String> = row.iter().map(cell).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// A cell. Text that a spreadsheet would run as a formula gets an apostrophe before it: whoever names a model must
/// not compute in the books of whoever opens the file.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) => text,
        other => return other.to_string(),
    };
    let guarded = match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n') => format!("'{text}"),
        _ => text.clone(),
    };
    if guarded.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_are_quoted_where_they_must_be_and_no_name_is_a_formula() {
        let row = vec![json!("a,b"), json!("say \"hi\""), json!("=1+1"), json!("@x,\r\n"), json!(null), json!(7)];
        let text = document(&["a", "b"], std::iter::once(row));
        assert_eq!(text, "a,b\r\n\"a,b\",\"say \"\"hi\"\"\",'=1+1,\"'@x,\r\n\",,7\r\n");
        for name in ["+1", "-1", "\t=1", "\r=1", "\n=1"] {
            assert!(cell(&json!(name)).trim_start_matches('"').starts_with('\''), "{name:?}");
        }
    }
}
