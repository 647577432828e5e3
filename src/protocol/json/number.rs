//! JSON numbers, read as the counts they are.

/// A JSON number as a count: `12`, `12.0` and `1.2e1` are 12; negative, fractional and huge ones are `None`.
///
/// A spelling with a fraction or an exponent goes through `f64`, so it is exact up to 2⁵³.
pub fn read_u64(raw: &[u8]) -> Option<u64> {
    const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;
    let text = std::str::from_utf8(raw).ok()?;
    if raw.iter().all(u8::is_ascii_digit) {
        return text.parse().ok();
    }
    // `f64::from_str` also reads `inf` and `nan`, which are no JSON.
    let number: f64 = text
        .bytes()
        .all(|byte| !byte.is_ascii_alphabetic() || byte.eq_ignore_ascii_case(&b'e'))
        .then(|| text.parse().ok())??;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked: integral and within 0..=2^53"
    )]
    ((0.0..=LARGEST_EXACT).contains(&number) && number.fract() == 0.0).then_some(number as u64)
}
