//! Decimal digits. A price such as 0.00025 is no float: Terraform sends it in digits and compares 512 bits of it.

/// The digits without an exponent, leading or trailing zeros, or a minus before nothing; `None` for what is no decimal
/// number, or has more than a thousand places.
pub fn canonical(text: &str) -> Option<String> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) || !(-1000..=1000).contains(&exponent) {
        return None;
    }
    // How many of the digits stand before the point.
    let point = i64::try_from(whole.len()).ok()? + exponent;
    let digit = |place: i64| {
        usize::try_from(place).ok().and_then(|place| digits.get(place)).map_or('0', |digit| char::from(*digit))
    };
    let end = i64::try_from(digits.len()).ok()?;
    let before: String = (0.min(point)..point).map(digit).collect();
    let after: String = (point..end.max(point)).map(digit).collect();
    let (before, after) = (before.trim_start_matches('0'), after.trim_end_matches('0'));
    let sign = if negative && !(before.is_empty() && after.is_empty()) { "-" } else { "" };
    let before = if before.is_empty() { "0" } else { before };
    Some(if after.is_empty() { format!("{sign}{before}") } else { format!("{sign}{before}.{after}") })
}

/// A float's exact value: every float is a decimal number, if a long one.
pub fn of_float(float: f64) -> Option<String> {
    float.is_finite().then(|| canonical(&format!("{float:.1074}"))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_the_same_have_the_same_digits() {
        for (text, digits) in [
            ("0", "0"),
            ("-0", "0"),
            ("007", "7"),
            ("10", "10"),
            ("1e3", "1000"),
            ("2.5e-4", "0.00025"),
            ("0.000250", "0.00025"),
            ("-12.50", "-12.5"),
            ("1.5E+1", "15"),
            ("1e-05", "0.00001"),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(digits), "{text}");
        }
        for text in ["", "-", ".", "1x", "NaN", "1e9999999"] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }

    #[test]
    fn a_float_is_told_to_its_last_digit() {
        assert_eq!(of_float(0.5).as_deref(), Some("0.5"));
        assert_eq!(of_float(-3.0).as_deref(), Some("-3"));
        assert!(of_float(0.1).expect("finite").starts_with("0.1000000000000000055511151231257827"));
        assert_eq!(of_float(f64::INFINITY), None);
    }
}
